package userpool

import (
	"context"
	"errors"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// allClients stands for all clients of a pool that have no style of their own.
const allClients = "ALL"

// SetUICustomization sets the style of the classic login pages for a client, or for all
// that have none. Of CSS and image, what the request leaves out stays; a request with
// neither takes the style away.
func (s *Service) SetUICustomization(ctx context.Context, call *api.Call, in *cognitoidp.SetUICustomizationRequest) (*cognitoidp.SetUICustomizationResponse, error) {
	pool, place, err := s.stylePlace(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	var clientID *string
	if place.Client != "" {
		clientID = &place.Client
	}
	if in.CSS == nil && in.ImageFile == nil {
		err := catalog.Styles(s.deps.Store).Delete(ctx, pool.ID(), pool.Internal(), place.Name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		none := &cognitoidp.UICustomizationType{UserPoolId: in.UserPoolId, ClientId: styledClient(&place)}
		return &cognitoidp.SetUICustomizationResponse{UICustomization: none}, nil
	}
	if err := s.checkStyle(ctx, pool, in); err != nil {
		return nil, err
	}
	style, err := upsert(ctx, catalog.Styles(s.deps.Store), pool.ID(), place, func(old *catalog.Style) (*catalog.Style, error) {
		next := &catalog.Style{}
		if old != nil {
			*next = *old
		}
		setDefault(&next.CreationDate, *api.Time(call.Time))
		next.UserPoolId, next.ClientId, next.LastModifiedDate = in.UserPoolId, styledClient(&place), api.Time(call.Time)
		next.CSSVersion = new(call.Time.UTC().Format(versionLayout))
		if in.CSS != nil {
			next.CSS = in.CSS
		}
		if in.ImageFile != nil {
			next.Image, next.ImageVersion = in.ImageFile, strings.Replace(call.Time.UTC().Format(versionLayout+".000"), ".", "", 1)
		}
		return next, nil
	})
	if err := s.wroteOfClient(pool.ID(), clientID, err); err != nil {
		return nil, err
	}
	return &cognitoidp.SetUICustomizationResponse{UICustomization: s.shownStyle(pool, style)}, nil
}

// stylePlace finds the pool and, where one is named, the client of a style.
func (s *Service) stylePlace(ctx context.Context, poolID, clientID *string) (*catalog.Pool, store.Resource[catalog.Style], error) {
	if api.Value(clientID) == allClients {
		clientID = nil
	}
	pool, name, err := s.poolOrClient(ctx, poolID, clientID)
	if err != nil {
		return nil, store.Resource[catalog.Style]{}, err
	}
	return pool, store.Resource[catalog.Style]{Pool: pool.Internal(), Name: name, Client: api.Value(clientID)}, nil
}

// styledClient is the client of a style as answers name it.
func styledClient(place *store.Resource[catalog.Style]) *string {
	if place.Client == "" {
		return new(allClients)
	}
	return &place.Client
}

func (s *Service) checkStyle(ctx context.Context, pool *catalog.Pool, in *cognitoidp.SetUICustomizationRequest) error {
	domains, err := s.deps.Store.PoolDomains(ctx, pool.Internal())
	if err != nil {
		return err
	}
	if len(domains) == 0 {
		return fault.InvalidParameter("A domain must be associated with this user pool.")
	}
	if err := checkCSS(api.Value(in.CSS)); err != nil {
		return err
	}
	if in.ImageFile != nil {
		if extension, _ := catalog.ImageType(in.ImageFile); extension == "" {
			return fault.InvalidParameter("The image file is neither PNG nor JPEG.")
		}
	}
	return nil
}

// shownStyle is a style as answers show it, with the address of its image.
func (s *Service) shownStyle(pool *catalog.Pool, style *catalog.Style) *cognitoidp.UICustomizationType {
	out := style.UICustomizationType
	if len(style.Image) > 0 {
		extension, _ := catalog.ImageType(style.Image)
		out.ImageUrl = new(s.deps.PublicURL + "/" + pool.ID() + "/assets/" + *out.ClientId + "/" + style.ImageVersion + "/image." + extension)
	}
	return &out
}

// GetUICustomization shows the style that holds for a client: its own, else that of all
// clients, else an empty one.
func (s *Service) GetUICustomization(ctx context.Context, _ *api.Call, in *cognitoidp.GetUICustomizationRequest) (*cognitoidp.GetUICustomizationResponse, error) {
	pool, place, err := s.stylePlace(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{place.Name, catalog.StyleOfPool} {
		style, err := catalog.Styles(s.deps.Store).Find(ctx, pool.Internal(), name)
		if err == nil {
			return &cognitoidp.GetUICustomizationResponse{UICustomization: s.shownStyle(pool, style.Config)}, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return &cognitoidp.GetUICustomizationResponse{UICustomization: &cognitoidp.UICustomizationType{}}, nil
}
