package signin

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
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
	if errors.Is(err, store.ErrNotFound) { // deleted since the token was checked, which ends it too
		return nil, fault.NotAuthorized(textTokenRevoked).Because(err)
	}
	return empty(err)
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
