package directory

import (
	"context"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// AdminEnableUser lets a user in again. Sessions that a disabling ended stay ended.
func (s *Service) AdminEnableUser(ctx context.Context, _ *api.Call, in *cognitoidp.AdminEnableUserRequest) (*cognitoidp.AdminEnableUserResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminEnableUserResponse{}, s.setEnabled(ctx, pool, user, true)
}

// AdminDisableUser keeps a user out and ends all its sessions.
func (s *Service) AdminDisableUser(ctx context.Context, call *api.Call, in *cognitoidp.AdminDisableUserRequest) (*cognitoidp.AdminDisableUserResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	// First the flag: it keeps out whoever signs in between the two writes.
	if err := s.setEnabled(ctx, pool, user, false); err != nil {
		return nil, err
	}
	err = s.store.SignOutEverywhere(ctx, pool.Internal(), user.ID, call.Time)
	return &cognitoidp.AdminDisableUserResponse{}, orNoUser(err)
}

func (s *Service) setEnabled(ctx context.Context, pool *catalog.Pool, user *store.User, enabled bool) error {
	_, err := s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Enabled = enabled
		return nil
	})
	return orNoUser(err)
}

// DeleteUser deletes the caller.
func (s *Service) DeleteUser(ctx context.Context, call *api.Call, _ *cognitoidp.DeleteUserRequest) (*api.Empty, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, s.delete(ctx, client.Pool, user)
}

// AdminDeleteUser deletes a user; the name is free again at once.
func (s *Service) AdminDeleteUser(ctx context.Context, _ *api.Call, in *cognitoidp.AdminDeleteUserRequest) (*api.Empty, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, s.delete(ctx, pool, user)
}

func (s *Service) delete(ctx context.Context, pool *catalog.Pool, user *store.User) error {
	return orNoUser(s.store.DeleteUser(ctx, pool.Internal(), user.ID))
}
