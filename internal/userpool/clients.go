package userpool

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// CreateUserPoolClient makes an app client.
func (s *Service) CreateUserPoolClient(ctx context.Context, call *api.Call, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.CreateUserPoolClientResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if api.Value(in.GenerateSecret) && in.ClientSecret != nil {
		return nil, fault.InvalidParameter("GenerateSecret and ClientSecret cannot be used together.")
	}
	r := &cognitoidp.UserPoolClientType{CreationDate: api.Time(call.Time), LastModifiedDate: api.Time(call.Time)}
	r.Overlay(in)
	r = r.Clone()
	r.ClientSecret = nil // kept apart from the record
	hasSecret := api.Value(in.GenerateSecret) || in.ClientSecret != nil
	if err := s.settleClient(ctx, creating, pool, r, hasSecret); err != nil {
		return nil, err
	}
	if err := s.checkClientQuota(ctx, pool); err != nil {
		return nil, err
	}
	id, err := s.clientID(api.Value(in.ClientName))
	if err != nil {
		return nil, err
	}
	r.ClientId = &id
	record := &store.Client{Pool: pool.Internal(), Config: r}
	if hasSecret {
		secret, err := s.newSecret(id, in.ClientSecret, call.Time)
		if err != nil {
			return nil, err
		}
		record.Secrets = []store.ClientSecret{secret}
	}
	if err := s.insertClient(ctx, pool, record); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolClientResponse{UserPoolClient: shownClient(record)}, nil
}

func (s *Service) insertClient(ctx context.Context, pool *catalog.Pool, record *store.Client) error {
	id := *record.Config.ClientId
	err := s.deps.Store.CreateClient(ctx, record)
	s.deps.Catalog.DropClient(id)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return fault.InvalidParameter("User pool client " + id + " already exists.").Because(exists)
	}
	if errors.Is(err, store.ErrNotFound) { // the pool was deleted meanwhile
		return catalog.PoolNotFound(pool.ID())
	}
	return err
}

func (s *Service) checkClientQuota(ctx context.Context, pool *catalog.Pool) error {
	limit := s.deps.Limits.ClientsPerPool
	if limit == 0 {
		return nil
	}
	clients, err := s.deps.Store.CountClients(ctx, pool.Internal())
	if err != nil {
		return err
	}
	if clients >= limit {
		return fault.LimitExceeded(fmt.Sprintf("The limit of %d app clients in a user pool is reached.", limit))
	}
	return nil
}

// shownClient is a client as answers show it: with its oldest secret, if it has any.
func shownClient(record *store.Client) *cognitoidp.UserPoolClientType {
	out := *record.Config
	if len(record.Secrets) > 0 {
		out.ClientSecret = &record.Secrets[0].Value
	}
	return &out
}

// DescribeUserPoolClient shows a client as it is in the database.
func (s *Service) DescribeUserPoolClient(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeUserPoolClientRequest) (*cognitoidp.DescribeUserPoolClientResponse, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeUserPoolClientResponse{UserPoolClient: shownClient(client.Client)}, nil
}

// UpdateUserPoolClient replaces a client's settings: what the request leaves out goes back
// to its default, except for the name, the secret and EnableTokenRevocation.
func (s *Service) UpdateUserPoolClient(ctx context.Context, call *api.Call, in *cognitoidp.UpdateUserPoolClientRequest) (*cognitoidp.UpdateUserPoolClientResponse, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	r := *client.Config
	r.Overlay(in)
	if r.ClientName == nil {
		r.ClientName = client.Config.ClientName
	}
	if r.EnableTokenRevocation == nil {
		r.EnableTokenRevocation = client.Config.EnableTokenRevocation
	}
	next := r.Clone()
	next.LastModifiedDate = api.Time(call.Time)
	if err := s.settleClient(ctx, updating, client.Pool, next, client.HasSecret()); err != nil {
		return nil, err
	}
	record := &store.Client{Pool: client.Pool.Internal(), Version: client.Version, Config: next, Secrets: client.Secrets}
	if err := s.wroteClient(client.ID(), s.deps.Store.UpdateClient(ctx, record)); err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolClientResponse{UserPoolClient: shownClient(record)}, nil
}

// DeleteUserPoolClient removes a client with what was set for it; its tokens stop working
// with it.
func (s *Service) DeleteUserPoolClient(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteUserPoolClientRequest) (*api.Empty, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	if err := s.wroteClient(client.ID(), s.deps.Store.DeleteClient(ctx, client.Pool.Internal(), client.ID())); err != nil {
		return nil, err
	}
	s.deps.Catalog.DropPool(client.Pool.ID()) // with the client's risk configuration
	return &api.Empty{}, nil
}

// maxListedClients is the page size of ListUserPoolClients where the request names none.
const maxListedClients = 60

// ListUserPoolClients lists the clients of a pool by their ids.
func (s *Service) ListUserPoolClients(ctx context.Context, call *api.Call, in *cognitoidp.ListUserPoolClientsRequest) (*cognitoidp.ListUserPoolClientsResponse, error) {
	const operation = "ListUserPoolClients"
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	internal := strconv.FormatInt(int64(pool.Internal()), 10)
	after, err := s.openPage(call, in.NextToken, operation, internal)
	if err != nil {
		return nil, err
	}
	limit := maxListedClients
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	clients, err := s.deps.Store.ListClients(ctx, pool.Internal(), after, limit+1)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolClientsResponse{UserPoolClients: []cognitoidp.UserPoolClientDescription{}}
	if len(clients) > limit {
		clients = clients[:limit]
		if out.NextToken, err = s.sealPage(call, *clients[limit-1].Config.ClientId, operation, internal); err != nil {
			return nil, err
		}
	}
	for _, c := range clients {
		out.UserPoolClients = append(out.UserPoolClients, cognitoidp.UserPoolClientDescription{
			ClientId: c.Config.ClientId, UserPoolId: c.Config.UserPoolId, ClientName: c.Config.ClientName,
		})
	}
	return out, nil
}
