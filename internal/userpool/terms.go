package userpool

import (
	"context"
	"errors"
	"net/url"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

// termsTable is the table of terms documents, named by their ids. A client has one of each
// name, which their aliases see to.
func termsTable(db *store.DB) store.Resources[cognitoidp.TermsType] {
	return store.NewResources[cognitoidp.TermsType](db, "terms")
}

func termsAlias(r *cognitoidp.TermsType) []string {
	return []string{api.Value(r.ClientId) + "/" + api.Value(r.TermsName)}
}

const (
	textTermsChanged = "The terms document was changed by another request."
)

// CreateTerms gives a client terms of use or a privacy policy, as links by language.
func (s *Service) CreateTerms(ctx context.Context, call *api.Call, in *cognitoidp.CreateTermsRequest) (*cognitoidp.CreateTermsResponse, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	r := &cognitoidp.TermsType{CreationDate: api.Time(call.Time), LastModifiedDate: api.Time(call.Time)}
	r.Overlay(in)
	r = r.Clone()
	if err := settleTerms(r); err != nil {
		return nil, err
	}
	id, err := naming.UUID(s.deps.Random)
	if err != nil {
		return nil, err
	}
	r.TermsId = &id
	err = termsTable(s.deps.Store).Create(ctx, pool.ID(), &store.Resource[cognitoidp.TermsType]{
		Pool: pool.Internal(), Name: id, Client: client.ID(), Config: r, Aliases: termsAlias(r),
	})
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, termsExist(r).Because(exists)
	}
	if err := s.wroteOfClient(pool.ID(), in.ClientId, err); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateTermsResponse{Terms: r}, nil
}

// settleTerms checks the links, which login pages will show: to pages on the web, nothing
// that runs. The answer's Links are required, so that a document without any has an empty
// map.
func settleTerms(r *cognitoidp.TermsType) error {
	if r.Links == nil {
		r.Links = api.StringMap{}
	}
	for _, target := range r.Links {
		u, err := url.Parse(target)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fault.InvalidParameter(target + " is not a valid URL.")
		}
	}
	return nil
}

func termsExist(r *cognitoidp.TermsType) *fault.Error {
	return fault.TermsExists("Terms " + api.Value(r.TermsName) + " already exist for client " + api.Value(r.ClientId) + ".")
}

func termsNotFound(id string) error {
	return fault.ResourceNotFound("Terms " + id + " does not exist.")
}

// termsOf finds a terms document of a pool.
func (s *Service) termsOf(ctx context.Context, poolID, id *string) (*catalog.Pool, *store.Resource[cognitoidp.TermsType], error) {
	return findResource(ctx, s, termsTable(s.deps.Store), poolID, id, termsNotFound)
}

// DescribeTerms shows a terms document.
func (s *Service) DescribeTerms(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeTermsRequest) (*cognitoidp.DescribeTermsResponse, error) {
	_, r, err := s.termsOf(ctx, in.UserPoolId, in.TermsId)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeTermsResponse{Terms: r.Config}, nil
}

// UpdateTerms changes a terms document; what the request leaves out stays. Links are
// replaced as a whole.
func (s *Service) UpdateTerms(ctx context.Context, call *api.Call, in *cognitoidp.UpdateTermsRequest) (*cognitoidp.UpdateTermsResponse, error) {
	pool, r, err := s.termsOf(ctx, in.UserPoolId, in.TermsId)
	if err != nil {
		return nil, err
	}
	next := *r.Config
	next.Merge(in)
	r.Config = next.Clone()
	r.Config.LastModifiedDate = api.Time(call.Time)
	if err := settleTerms(r.Config); err != nil {
		return nil, err
	}
	r.Aliases = termsAlias(r.Config)
	err = termsTable(s.deps.Store).Update(ctx, pool.ID(), r)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, termsExist(r.Config).Because(exists)
	}
	if err := s.wroteResource(pool, err, termsNotFound(r.Name), textTermsChanged); err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateTermsResponse{Terms: r.Config}, nil
}

// DeleteTerms removes a terms document.
func (s *Service) DeleteTerms(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteTermsRequest) (*api.Empty, error) {
	return deleteResource(ctx, s, termsTable(s.deps.Store), in.UserPoolId, in.TermsId, termsNotFound, textTermsChanged)
}

// maxListedTerms is the page size of ListTerms where the request names none.
const maxListedTerms = 60

// ListTerms lists the terms documents of a pool by their ids.
func (s *Service) ListTerms(ctx context.Context, call *api.Call, in *cognitoidp.ListTermsRequest) (*cognitoidp.ListTermsResponse, error) {
	list, next, err := listResources(ctx, s, call, termsTable(s.deps.Store), listing{
		operation: "ListTerms", poolID: in.UserPoolId, token: in.NextToken, size: in.MaxResults, usual: maxListedTerms,
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListTermsResponse{Terms: []cognitoidp.TermsDescriptionType{}, NextToken: next}
	for _, r := range list {
		out.Terms = append(out.Terms, cognitoidp.TermsDescriptionType{
			TermsId: r.Config.TermsId, TermsName: r.Config.TermsName, Enforcement: r.Config.Enforcement,
			CreationDate: r.Config.CreationDate, LastModifiedDate: r.Config.LastModifiedDate,
		})
	}
	return out, nil
}
