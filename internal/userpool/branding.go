package userpool

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

type branding = store.Resource[cognitoidp.ManagedLoginBrandingType]

// brandings is the table of managed login brandings, named by their ids. Each has its
// client as an alias, so that a client has at most one.
func brandings(db *store.DB) store.Resources[cognitoidp.ManagedLoginBrandingType] {
	return store.NewResources[cognitoidp.ManagedLoginBrandingType](db, "branding")
}

const (
	textBrandingValues  = "useCognitoProvidedValues or settings should be specified (but not both)"
	textBrandingChanged = "The managed login branding was changed by another request."
)

// CreateManagedLoginBranding gives a client's login pages a style: Cognito's own, or the
// one that settings describe.
func (s *Service) CreateManagedLoginBranding(ctx context.Context, call *api.Call, in *cognitoidp.CreateManagedLoginBrandingRequest) (*cognitoidp.CreateManagedLoginBrandingResponse, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if api.Value(in.UseCognitoProvidedValues) == (in.Settings != nil) {
		return nil, fault.InvalidParameter(textBrandingValues)
	}
	r := &cognitoidp.ManagedLoginBrandingType{
		UserPoolId: in.UserPoolId, UseCognitoProvidedValues: new(in.Settings == nil),
		CreationDate: api.Time(call.Time), LastModifiedDate: api.Time(call.Time),
	}
	if r.Settings, err = mergeSettings(nil, in.Settings); err != nil {
		return nil, err
	}
	if r.Assets, err = mergeAssets(nil, in.Assets); err != nil {
		return nil, err
	}
	id, err := naming.UUID(s.deps.Random)
	if err != nil {
		return nil, err
	}
	r.ManagedLoginBrandingId = &id
	err = brandings(s.deps.Store).Create(ctx, pool.ID(), &branding{
		Pool: pool.Internal(), Name: id, Client: client.ID(), Config: r, Aliases: []string{client.ID()},
	})
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, fault.ManagedLoginBrandingExists("Managed login branding already exists for client " + client.ID() + ".").Because(exists)
	}
	if err := s.wroteOfClient(pool.ID(), in.ClientId, err); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateManagedLoginBrandingResponse{ManagedLoginBranding: r}, nil
}

func brandingNotFound(id string) error {
	return fault.ResourceNotFound("Managed login branding " + id + " does not exist.")
}

// brandingOf finds a branding of a pool.
func (s *Service) brandingOf(ctx context.Context, poolID, id *string) (*catalog.Pool, *branding, error) {
	return findResource(ctx, s, brandings(s.deps.Store), poolID, id, brandingNotFound)
}

// DescribeManagedLoginBranding shows a branding: what was customised of it, or the whole.
func (s *Service) DescribeManagedLoginBranding(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeManagedLoginBrandingRequest) (*cognitoidp.DescribeManagedLoginBrandingResponse, error) {
	_, b, err := s.brandingOf(ctx, in.UserPoolId, in.ManagedLoginBrandingId)
	if err != nil {
		return nil, err
	}
	out, err := shownBranding(b.Config, api.Value(in.ReturnMergedResources))
	return &cognitoidp.DescribeManagedLoginBrandingResponse{ManagedLoginBranding: out}, err
}

// DescribeManagedLoginBrandingByClient shows the branding of a client.
func (s *Service) DescribeManagedLoginBrandingByClient(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeManagedLoginBrandingByClientRequest) (*cognitoidp.DescribeManagedLoginBrandingByClientResponse, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	b, err := brandings(s.deps.Store).FindAlias(ctx, client.Pool.Internal(), client.ID())
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.ResourceNotFound("Managed login branding does not exist for client " + client.ID() + ".")
	}
	if err != nil {
		return nil, err
	}
	out, err := shownBranding(b.Config, api.Value(in.ReturnMergedResources))
	return &cognitoidp.DescribeManagedLoginBrandingByClientResponse{ManagedLoginBranding: out}, err
}

func shownBranding(r *cognitoidp.ManagedLoginBrandingType, merged bool) (*cognitoidp.ManagedLoginBrandingType, error) {
	if !merged {
		return r, nil
	}
	out := *r
	var err error
	out.Settings, err = mergeSettings(defaultSettings, r.Settings)
	return &out, err
}

// UpdateManagedLoginBranding changes a branding. Settings and assets that the request does
// not name stay; UseCognitoProvidedValues takes all of them away.
func (s *Service) UpdateManagedLoginBranding(ctx context.Context, call *api.Call, in *cognitoidp.UpdateManagedLoginBrandingRequest) (*cognitoidp.UpdateManagedLoginBrandingResponse, error) {
	if err := presentBranding(in); err != nil {
		return nil, err
	}
	pool, b, err := s.brandingOf(ctx, in.UserPoolId, in.ManagedLoginBrandingId)
	if err != nil {
		return nil, err
	}
	if api.Value(in.UseCognitoProvidedValues) && in.Settings != nil {
		return nil, fault.InvalidParameter(textBrandingValues)
	}
	next := *b.Config
	next.LastModifiedDate = api.Time(call.Time)
	switch {
	case api.Value(in.UseCognitoProvidedValues):
		next.UseCognitoProvidedValues, next.Settings, next.Assets = new(true), nil, nil
	case in.Settings != nil || in.UseCognitoProvidedValues != nil:
		next.UseCognitoProvidedValues = new(false)
	}
	if next.Settings, err = mergeSettings(next.Settings, in.Settings); err != nil {
		return nil, err
	}
	if next.Assets, err = mergeAssets(next.Assets, in.Assets); err != nil {
		return nil, err
	}
	b.Config = &next
	if err := s.wroteResource(pool, brandings(s.deps.Store).Update(ctx, pool.ID(), b), brandingNotFound(b.Name), textBrandingChanged); err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateManagedLoginBrandingResponse{ManagedLoginBranding: &next}, nil
}

// presentBranding checks that a request names a branding: the model leaves both members
// optional, and the operation can do without neither.
func presentBranding(in *cognitoidp.UpdateManagedLoginBrandingRequest) error {
	var broken api.Violations
	api.CheckPresent(&broken, "managedLoginBrandingId", api.Required, in.ManagedLoginBrandingId != nil)
	api.CheckPresent(&broken, "userPoolId", api.Required, in.UserPoolId != nil)
	if message := broken.Message(); message != "" {
		return fault.InvalidParameter(message)
	}
	return nil
}

// DeleteManagedLoginBranding removes a branding.
func (s *Service) DeleteManagedLoginBranding(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteManagedLoginBrandingRequest) (*api.Empty, error) {
	return deleteResource(ctx, s, brandings(s.deps.Store), in.UserPoolId, in.ManagedLoginBrandingId, brandingNotFound, textBrandingChanged)
}
