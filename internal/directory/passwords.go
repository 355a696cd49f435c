package directory

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
)

// ChangePassword replaces the caller's password, given the one that it replaces. Other
// sessions stay. Each call counts as a try, whatever comes of it.
func (s *Service) ChangePassword(ctx context.Context, call *api.Call, in *cognitoidp.ChangePasswordRequest) (*cognitoidp.ChangePasswordResponse, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	origin, err := s.origin(client, call, nil)
	if err != nil {
		return nil, err
	}
	event := s.risk.Open(client, cognitoidp.EventTypePasswordChange, user, call.Time, origin)
	err = s.changePassword(ctx, client, user, event, in)
	s.recordEnd(ctx, event, user, err)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ChangePasswordResponse{}, nil
}

func (s *Service) changePassword(ctx context.Context, client *catalog.Client, user *store.User, event *risk.Case, in *cognitoidp.ChangePasswordRequest) error {
	pool := client.Pool
	if err := s.attempt(ctx, pool, user.ID, limitChange); err != nil {
		return err
	}
	err := s.provePassword(ctx, pool, user, in.PreviousPassword)
	if in.PreviousPassword != nil {
		event.PasswordHeld(err == nil)
	}
	if err != nil {
		return err
	}
	if err := credential.CheckPolicy(pool, credential.PolicyChange, api.Value(in.ProposedPassword)); err != nil {
		return err
	}
	if err := s.risk.CheckPassword(event, cognitoidp.EventFilterTypePasswordChange, api.Value(in.ProposedPassword)); err != nil {
		return err
	}
	replace, err := s.credential.Replace(ctx, pool, user, api.Value(in.ProposedPassword))
	if err != nil {
		return err
	}
	_, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{ClearFailures: true}, replace)
	if errors.Is(err, credential.ErrChanged) { // then the previous password was not the right one
		return fault.NotAuthorized(textBadPassword).Because(err)
	}
	return orNoUser(err)
}

// provePassword checks the password that a user has, under the same lockout as sign-in. A
// user without one has nothing to prove.
func (s *Service) provePassword(ctx context.Context, pool *catalog.Pool, u *store.User, password *string) error {
	if password == nil {
		if !u.Credential.HasPassword() && !u.Credential.Barred {
			return nil
		}
		return fault.InvalidParameter(textNoPrevious)
	}
	if err := s.credential.CheckLockout(u); err != nil {
		return err
	}
	ok, err := s.credential.VerifyPassword(ctx, pool, u, *password)
	if err != nil {
		return err
	}
	if !ok {
		if err := s.credential.Failed(ctx, pool, u); err != nil {
			return err
		}
		return fault.NotAuthorized(textBadPassword)
	}
	return s.credential.Succeeded(ctx, pool, u)
}

// AdminSetUserPassword sets a user's password: a permanent one confirms the user, a
// temporary one must be replaced at the next sign-in. Nothing is sent.
func (s *Service) AdminSetUserPassword(ctx context.Context, _ *api.Call, in *cognitoidp.AdminSetUserPasswordRequest) (*cognitoidp.AdminSetUserPasswordResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	status, replace := cognitoidp.UserStatusTypeForceChangePassword, s.credential.ReplaceTemporary
	if api.Value(in.Permanent) {
		status, replace = cognitoidp.UserStatusTypeConfirmed, s.credential.Replace
	}
	_, err = s.setPassword(ctx, passwordChange{
		pool: pool, user: user, password: api.Value(in.Password), replace: replace,
		options: store.UpdateOptions{ClearFailures: true},
		then: func(u *store.User) error {
			u.Status = status
			return nil
		},
	})
	return &cognitoidp.AdminSetUserPasswordResponse{}, orNoUser(err)
}

// passwordChange is a new password of a user, with what happens in the same transaction.
type passwordChange struct {
	pool     *catalog.Pool
	user     *store.User
	password string
	options  store.UpdateOptions
	// replace is credential's Replace or ReplaceTemporary.
	replace func(context.Context, *catalog.Pool, *store.User, string) (func(*store.User) error, error)
	// then judges and changes the fresh record, before the password is replaced. It must be pure.
	then func(*store.User) error
}

// setPassword checks policy and history and stores the password. Where somebody else set
// another password meanwhile, history is asked again, a few times.
func (s *Service) setPassword(ctx context.Context, c passwordChange) (*store.User, error) {
	if err := credential.CheckPolicy(c.pool, credential.PolicyChange, c.password); err != nil {
		return nil, err
	}
	for range 3 {
		replace, err := c.replace(ctx, c.pool, c.user, c.password)
		if err != nil {
			return nil, err
		}
		user, err := s.store.UpdateUser(ctx, c.pool.Internal(), c.user.ID, c.options, func(u *store.User) error {
			if err := c.then(u); err != nil {
				return err
			}
			return replace(u)
		})
		if !errors.Is(err, credential.ErrChanged) {
			return user, err
		}
		key := store.Key{Kind: store.KeySub, Value: c.user.Sub}
		if c.user, err = s.store.FindUser(ctx, c.pool.Internal(), key); err != nil {
			return nil, err
		}
	}
	return nil, fault.TooManyRequests(textBusy)
}
