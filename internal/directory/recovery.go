package directory

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// ForgotPassword sends a code for a new password. It changes no status.
func (s *Service) ForgotPassword(ctx context.Context, call *api.Call, in *cognitoidp.ForgotPasswordRequest) (*cognitoidp.ForgotPasswordResponse, error) {
	client, user, err := s.visitor(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	origin, err := s.origin(client.Client(), call, in.UserContextData)
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if user == nil {
		user, err = s.Migrate(ctx, call.Time, Migration{
			Client: client.Client(), Name: api.Value(in.Username), Source: trigger.UserMigrationForgotPassword, Metadata: in.ClientMetadata,
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	if client.HidesUsers() && unreachable(pool, user) {
		if adminOnly(pool) { // as for everybody in this pool
			return nil, fault.NotAuthorized(textAdminReset)
		}
		details, err := s.simulate(ctx, call, pool, api.Value(in.Username), store.CodeReset, limitReset)
		return &cognitoidp.ForgotPasswordResponse{CodeDeliveryDetails: details}, err
	}
	to, err := forgottenContact(pool, user)
	if err != nil {
		return nil, err
	}
	details, err := s.sendAsked(ctx, call, asked{
		pool: pool, clientID: client.ID(), user: user, purpose: store.CodeReset, to: to,
		limit: limitReset, source: trigger.MessageForgotPassword, metadata: in.ClientMetadata, unseen: client.HidesUsers(),
	})
	if err == nil { // the code that was stored now is of this time
		s.risk.Record(ctx, s.risk.Open(client.Client(), cognitoidp.EventTypeForgotPassword, user, call.Time, origin), user, cognitoidp.EventResponseTypeInProgress)
	}
	return &cognitoidp.ForgotPasswordResponse{CodeDeliveryDetails: details}, err
}

// unreachable says for whom a client that hides users gets a simulated answer: nobody,
// a disabled user, one without a verified contact.
func unreachable(pool *catalog.Pool, u *store.User) bool {
	if u == nil || !u.Enabled || u.Status == cognitoidp.UserStatusTypeUnconfirmed {
		return true
	}
	_, ok := recoveryContact(pool, u)
	return !ok && resettable(u)
}

// forgottenContact is where the code of ForgotPassword goes, or why none is sent.
func forgottenContact(pool *catalog.Pool, u *store.User) (contact, error) {
	switch {
	case u == nil:
		return contact{}, fault.UserNotFound(textNoUserClient)
	case !u.Enabled:
		return contact{}, fault.NotAuthorized(textDisabled)
	case u.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return contact{}, fault.InvalidParameter(textNoContact)
	case !resettable(u):
		return contact{}, fault.NotAuthorized(textState)
	}
	return requireContact(pool, u)
}

// resettable says whether a password can be reset by a code: in the user's status, and where
// an administrator has not barred the user's password.
func resettable(u *store.User) bool {
	if u.Credential.Barred {
		return false
	}
	return u.Status == cognitoidp.UserStatusTypeConfirmed || u.Status == cognitoidp.UserStatusTypeResetRequired
}

func requireContact(pool *catalog.Pool, u *store.User) (contact, error) {
	if adminOnly(pool) {
		return contact{}, fault.NotAuthorized(textAdminReset)
	}
	to, ok := recoveryContact(pool, u)
	if !ok {
		return contact{}, fault.InvalidParameter(textNoContact)
	}
	return to, nil
}

// adminOnly says whether only administrators reset passwords in this pool. admin_only
// stands alone in a pool's list of mechanisms.
func adminOnly(pool *catalog.Pool) bool {
	ways := pool.RecoveryMechanisms()
	return len(ways) > 0 && ways[0] == cognitoidp.RecoveryOptionNameTypeAdminOnly
}

// recoveryContact is the user's verified contact that the pool's recovery setting prefers
// and that receives no codes of MFA. Pools without the setting prefer the phone number,
// also where it does (Cognito guide: legacy behaviour).
func recoveryContact(pool *catalog.Pool, u *store.User) (contact, bool) {
	order, legacy := contacts(), true
	if ways := pool.RecoveryMechanisms(); ways != nil {
		legacy = false
		order = order[:0]
		for _, way := range ways {
			switch way {
			case cognitoidp.RecoveryOptionNameTypeVerifiedEmail:
				order = append(order, catalog.Email)
			case cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber:
				order = append(order, catalog.PhoneNumber)
			}
		}
	}
	for _, name := range order {
		if value := u.Attributes[name]; value != "" && verified(u, name) && (legacy || !secondFactor(pool, u, name)) {
			return contact{attribute: name, value: value}, true
		}
	}
	return contact{}, false
}

// ConfirmForgotPassword sets a new password by the code of ForgotPassword or
// AdminResetUserPassword. A password that policy or history refuses leaves the code good.
// The address that the code went to was verified before it was sent, and stays as it is.
func (s *Service) ConfirmForgotPassword(ctx context.Context, call *api.Call, in *cognitoidp.ConfirmForgotPasswordRequest) (*cognitoidp.ConfirmForgotPasswordResponse, error) {
	client, user, err := s.visitor(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	origin, err := s.origin(client.Client(), call, in.UserContextData)
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if client.HidesUsers() && (user == nil || !user.Enabled) {
		return nil, s.refuse(ctx, pool, api.Value(in.Username), store.CodeReset, limitReset,
			api.Value(in.ConfirmationCode), fault.CodeMismatch(textBadCode))
	}
	if err := mayConfirmReset(user); err != nil {
		return nil, err
	}
	if err := s.attempt(ctx, pool, user.ID, limitReset); err != nil {
		return nil, err
	}
	code, err := s.judge(ctx, call, pool, user.ID, store.CodeReset, "", api.Value(in.ConfirmationCode))
	if err != nil {
		return nil, err
	}
	if _, err := sentTo(code, user); err != nil {
		return nil, err
	}
	event := s.risk.Open(client.Client(), cognitoidp.EventTypeForgotPassword, user, code.Created, origin)
	if err := s.risk.CheckPassword(event, cognitoidp.EventFilterTypePasswordChange, api.Value(in.Password)); err != nil {
		s.recordEnd(ctx, event, user, err)
		return nil, err
	}
	user, err = s.setPassword(ctx, passwordChange{
		pool: pool, user: user, password: api.Value(in.Password),
		options: store.UpdateOptions{UseCode: ref(code), ClearFailures: true},
		replace: s.credential.Replace,
		then: func(u *store.User) error {
			if err := mayConfirmReset(u); err != nil {
				return err
			}
			if _, err := sentTo(code, u); err != nil {
				return err
			}
			u.Status = cognitoidp.UserStatusTypeConfirmed
			return nil
		},
	})
	if err != nil {
		return nil, usedUp(err)
	}
	s.recordEnd(ctx, event, user, nil)
	err = s.confirmed(ctx, pool, client.ID(), user, trigger.PostConfirmationConfirmForgotPassword, in.ClientMetadata)
	return &cognitoidp.ConfirmForgotPasswordResponse{}, err
}

func mayConfirmReset(u *store.User) error {
	switch {
	case u == nil:
		return fault.UserNotFound(textNoUserClient)
	case !u.Enabled:
		return fault.NotAuthorized(textDisabled)
	case u.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return fault.UserNotConfirmed(textNotConfirmed)
	case !resettable(u):
		return fault.NotAuthorized(textState)
	}
	return nil
}

// AdminResetUserPassword takes a user's password out of use until it is reset by the code
// that this sends.
func (s *Service) AdminResetUserPassword(ctx context.Context, call *api.Call, in *cognitoidp.AdminResetUserPasswordRequest) (*cognitoidp.AdminResetUserPasswordResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	to, err := mayReset(pool, user)
	if err != nil {
		return nil, err
	}
	i, err := s.newCode(call, pool, user.ID, store.CodeReset, to)
	if err != nil {
		return nil, err
	}
	options := store.UpdateOptions{PutCode: &i.record}
	user, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, options, func(u *store.User) error {
		if _, err := mayReset(pool, u); err != nil {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeResetRequired
		return nil
	})
	if err != nil {
		return nil, orNoUser(err)
	}
	err = s.deliver(ctx, pool, trigger.ClientNotApplicable, user, trigger.MessageForgotPassword, i, in.ClientMetadata)
	return &cognitoidp.AdminResetUserPasswordResponse{}, message.AsRoleFault(err, to.medium())
}

func mayReset(pool *catalog.Pool, u *store.User) (contact, error) {
	switch {
	case !u.Enabled:
		return contact{}, fault.NotAuthorized(textDisabledBare)
	case !resettable(u):
		return contact{}, fault.NotAuthorized(textState)
	}
	return requireContact(pool, u)
}
