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
	return s.signOut(ctx, call, pool, u, err)
}

// AdminUserGlobalSignOut kills every token of a user that was issued before now.
func (s *Service) AdminUserGlobalSignOut(ctx context.Context, call *api.Call, in *cognitoidp.AdminUserGlobalSignOutRequest) (*cognitoidp.AdminUserGlobalSignOutResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	u, err := s.directory.Find(ctx, pool, api.Value(in.Username))
	return s.signOut(ctx, call, pool, u, err)
}

// signOut signs out the user that a look-up found, if it found one.
func (s *Service) signOut(ctx context.Context, call *api.Call, pool *catalog.Pool, u *store.User, err error) (*api.Empty, error) {
	if err == nil {
		err = s.store.SignOutEverywhere(ctx, pool.Internal(), u.ID, call.Time)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.UserNotFound(textNoUser).Because(err)
	}
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
