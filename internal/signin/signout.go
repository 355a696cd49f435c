package signin

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// GlobalSignOut kills every token of the caller that was issued before now.
func (s *Service) GlobalSignOut(ctx context.Context, call *api.Call, _ *cognitoidp.GlobalSignOutRequest) (*cognitoidp.GlobalSignOutResponse, error) {
	who := call.Principal.User
	pool, err := s.catalog.Pool(ctx, who.PoolID)
	if err != nil {
		return nil, err
	}
	u, err := s.store.FindUser(ctx, pool.Internal(), store.Key{Kind: store.KeySub, Value: who.Sub})
	if err == nil {
		err = s.store.SignOutEverywhere(ctx, pool.Internal(), u.ID, call.Time)
	}
	return empty(orRevoked(err))
}

// orRevoked turns store.ErrNotFound into what a token hears whose user was deleted since it
// was checked, which ends it too.
func orRevoked(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.NotAuthorized(textTokenRevoked).Because(err)
	}
	return err
}

// self returns the user who is calling with an access token, as the check of the token read
// it in this call, and the client that the token was issued to.
func (s *Service) self(ctx context.Context, call *api.Call) (*catalog.Client, *store.User, error) {
	who := call.Principal.User
	client, err := s.catalog.ClientOf(ctx, who.PoolID, who.ClientID)
	if err != nil {
		return nil, nil, err
	}
	if u, ok := who.Record.(*store.User); ok {
		return client, u, nil
	}
	u, err := s.store.FindUser(ctx, client.Pool.Internal(), store.Key{Kind: store.KeySub, Value: who.Sub})
	return client, u, orRevoked(err)
}

// AdminUserGlobalSignOut kills every token of a user that was issued before now.
func (s *Service) AdminUserGlobalSignOut(ctx context.Context, call *api.Call, in *cognitoidp.AdminUserGlobalSignOutRequest) (*cognitoidp.AdminUserGlobalSignOutResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	u, err := s.directory.Find(ctx, pool, api.Value(in.Username))
	if err == nil {
		err = s.store.SignOutEverywhere(ctx, pool.Internal(), u.ID, call.Time)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.UserNotFound(textNoUser).Because(err)
	}
	return empty(err)
}

// empty is the answer of operations without members.
func empty(err error) (*api.Empty, error) {
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
