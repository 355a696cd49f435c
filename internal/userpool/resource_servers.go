package userpool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// resourceServers is the table of resource servers, named by their identifiers.
func resourceServers(db *store.DB) store.Resources[cognitoidp.ResourceServerType] {
	return store.NewResources[cognitoidp.ResourceServerType](db, "resource-server")
}

// CreateResourceServer makes a resource server, whose scopes clients can then be allowed.
func (s *Service) CreateResourceServer(ctx context.Context, _ *api.Call, in *cognitoidp.CreateResourceServerRequest) (*cognitoidp.CreateResourceServerResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	table := resourceServers(s.deps.Store)
	if limit := s.deps.Limits.ResourceServersPerPool; limit > 0 {
		n, err := table.Count(ctx, pool.Internal())
		if err != nil {
			return nil, err
		}
		if n >= limit {
			return nil, fault.LimitExceeded(fmt.Sprintf("The limit of %d resource servers in a user pool is reached.", limit))
		}
	}
	r := settledResourceServer(&cognitoidp.ResourceServerType{}, in)
	err = table.Create(ctx, pool.ID(), &store.Resource[cognitoidp.ResourceServerType]{Pool: pool.Internal(), Name: *r.Identifier, Config: r})
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, fault.InvalidParameter(*r.Identifier + " already exists in user pool " + pool.ID() + ".").Because(exists)
	}
	if err := s.wrotePool(pool.ID(), err); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateResourceServerResponse{ResourceServer: r}, nil
}

// settledResourceServer returns a copy of a record with a request laid over it. Where
// there are no scopes, none are shown.
func settledResourceServer(r *cognitoidp.ResourceServerType, in cognitoidp.ResourceServerTypeChange) *cognitoidp.ResourceServerType {
	next := *r
	next.Overlay(in)
	if len(next.Scopes) == 0 {
		next.Scopes = nil
	}
	return next.Clone()
}

// resourceServerOf finds a resource server of a pool.
func (s *Service) resourceServerOf(ctx context.Context, poolID, identifier *string) (*catalog.Pool, *store.Resource[cognitoidp.ResourceServerType], error) {
	return findResource(ctx, s, resourceServers(s.deps.Store), poolID, identifier, resourceServerNotFound)
}

func resourceServerNotFound(identifier string) error {
	return fault.ResourceNotFound("Resource server " + identifier + " does not exist.")
}

// DescribeResourceServer shows a resource server.
func (s *Service) DescribeResourceServer(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeResourceServerRequest) (*cognitoidp.DescribeResourceServerResponse, error) {
	_, r, err := s.resourceServerOf(ctx, in.UserPoolId, in.Identifier)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeResourceServerResponse{ResourceServer: r.Config}, nil
}

// UpdateResourceServer replaces a resource server's name and scopes. Clients keep a scope
// that is gone in their lists, as on AWS.
func (s *Service) UpdateResourceServer(ctx context.Context, _ *api.Call, in *cognitoidp.UpdateResourceServerRequest) (*cognitoidp.UpdateResourceServerResponse, error) {
	return retryConflicts(func() (*cognitoidp.UpdateResourceServerResponse, error) {
		pool, r, err := s.resourceServerOf(ctx, in.UserPoolId, in.Identifier)
		if err != nil {
			return nil, err
		}
		r.Config = settledResourceServer(r.Config, in)
		if err := s.wroteResource(pool, resourceServers(s.deps.Store).Update(ctx, pool.ID(), r), resourceServerNotFound(r.Name), ""); err != nil {
			return nil, err
		}
		return &cognitoidp.UpdateResourceServerResponse{ResourceServer: r.Config}, nil
	})
}

// DeleteResourceServer removes a resource server with its scopes.
func (s *Service) DeleteResourceServer(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteResourceServerRequest) (*api.Empty, error) {
	return deleteResource(ctx, s, resourceServers(s.deps.Store), in.UserPoolId, in.Identifier, resourceServerNotFound, "")
}

// maxListedServers is the page size of ListResourceServers where the request names none.
const maxListedServers = 50

// ListResourceServers lists the resource servers of a pool by their identifiers.
func (s *Service) ListResourceServers(ctx context.Context, call *api.Call, in *cognitoidp.ListResourceServersRequest) (*cognitoidp.ListResourceServersResponse, error) {
	list, next, err := listResources(ctx, s, call, resourceServers(s.deps.Store), listing{
		operation: "ListResourceServers", poolID: in.UserPoolId, token: in.NextToken, size: in.MaxResults, usual: maxListedServers,
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListResourceServersResponse{ResourceServers: []cognitoidp.ResourceServerType{}, NextToken: next}
	for _, r := range list {
		out.ResourceServers = append(out.ResourceServers, *r.Config)
	}
	return out, nil
}

// scopeExists says whether clients of a pool can be allowed a scope: one of OpenID
// Connect's and Cognito's own, or IDENTIFIER/SCOPE of a resource server. An identifier may
// be a URL, so the last slash divides.
func (s *Service) scopeExists(ctx context.Context, pool *catalog.Pool, scope string) (bool, error) {
	if standardScope(scope) {
		return true, nil
	}
	slash := strings.LastIndexByte(scope, '/')
	if slash < 0 {
		return false, nil
	}
	r, err := resourceServers(s.deps.Store).Find(ctx, pool.Internal(), scope[:slash])
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(r.Config.Scopes, func(x cognitoidp.ResourceServerScopeType) bool {
		return api.Value(x.ScopeName) == scope[slash+1:]
	}), nil
}
