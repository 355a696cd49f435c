package directory

import (
	"context"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// ConfirmSignUp confirms a user by the code of its sign-up, whose contact is verified
// with it. An alias that becomes live that way and belongs to another user is refused,
// and the code stays good, unless ForceAliasCreation moves the alias. Where codes to the
// contact may be a first factor, the answer's Session is one.
func (s *Service) ConfirmSignUp(ctx context.Context, call *api.Call, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
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
		if !client.HidesUsers() {
			return nil, fault.UserNotFound(textNoUserClient)
		}
		if err := s.checkSignedUp(call, client.Client(), in.Session, nil); err != nil {
			return nil, err
		}
		return nil, s.refuse(ctx, pool, api.Value(in.Username), store.CodeSignUp, limitConfirm,
			api.Value(in.ConfirmationCode), fault.ExpiredCode(textOldCode))
	}
	if err := confirmable(user); err != nil {
		return nil, err
	}
	if err := s.checkSignedUp(call, client.Client(), in.Session, user); err != nil {
		return nil, err
	}
	user, code, err := s.confirmByCode(ctx, call, client.Client(), user, api.Value(in.ConfirmationCode), api.Value(in.ForceAliasCreation))
	if err != nil {
		return nil, err
	}
	s.recordEnd(ctx, s.risk.Open(client.Client(), cognitoidp.EventTypeSignUp, user, user.Created, origin), user, nil)
	out := new(cognitoidp.ConfirmSignUpResponse)
	if proven := message.AttributeOf(message.Medium(code.Medium)); pool.FirstFactor(catalog.OneTimeFactor(proven)) {
		if out.Session, err = s.beginRegistration(call, client.Client(), user, proven); err != nil {
			return nil, err
		}
	}
	return out, s.confirmed(ctx, pool, client.ID(), user, trigger.PostConfirmationConfirmSignUp, in.ClientMetadata)
}

// confirmByCode confirms a user within the limit of tries, and returns the code that did it
// with the user as it is then. force moves an alias that belongs to another.
func (s *Service) confirmByCode(ctx context.Context, call *api.Call, client *catalog.Client, user *store.User, given string, force bool) (*store.User, *store.Code, error) {
	pool := client.Pool
	if err := confirmable(user); err != nil {
		return nil, nil, err
	}
	if err := s.attempt(ctx, pool, user.ID, limitConfirm); err != nil {
		return nil, nil, err
	}
	code, err := s.judge(ctx, call, pool, user.ID, store.CodeSignUp, "", given)
	if err != nil {
		return nil, nil, err
	}
	options := store.UpdateOptions{UseCode: ref(code), Steal: force && aliasesMove(pool)}
	user, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, options, func(u *store.User) error {
		if err := confirmable(u); err != nil {
			return err
		}
		attribute, err := sentTo(code, u)
		if err != nil {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeConfirmed
		u.Attributes[verifiedFlag(attribute)] = "true"
		u.Keys = KeysOf(pool, u)
		return nil
	})
	if err != nil {
		return nil, nil, aliasTaken(usedUp(err), textAlias)
	}
	return user, code, nil
}

// AdminConfirmSignUp confirms a user without a code and verifies nothing.
func (s *Service) AdminConfirmSignUp(ctx context.Context, _ *api.Call, in *cognitoidp.AdminConfirmSignUpRequest) (*cognitoidp.AdminConfirmSignUpResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	user, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{}, func(u *store.User) error {
		if err := confirmable(u); err != nil {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeConfirmed
		return nil
	})
	if err != nil {
		return nil, orNoUser(err)
	}
	// No client made this call, and unlike other Admin operations it shows none
	// (callerContext.clientId is null, recorded).
	err = s.confirmed(ctx, pool, "", user, trigger.PostConfirmationConfirmSignUp, in.ClientMetadata)
	return &cognitoidp.AdminConfirmSignUpResponse{}, err
}

func confirmable(u *store.User) error {
	if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
		return fault.NotAuthorized(textNotConfirmable + string(u.Status))
	}
	return nil
}

// ResendConfirmationCode sends a new code for a sign-up; the one before is void.
func (s *Service) ResendConfirmationCode(ctx context.Context, call *api.Call, in *cognitoidp.ResendConfirmationCodeRequest) (*cognitoidp.ResendConfirmationCodeResponse, error) {
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
		if len(pool.Config.AutoVerifiedAttributes) == 0 { // as for everybody in this pool
			return nil, fault.NotAuthorized(textNoResend)
		}
		details, err := s.simulate(ctx, call, pool, api.Value(in.Username), store.CodeSignUp, limitResend)
		return &cognitoidp.ResendConfirmationCodeResponse{CodeDeliveryDetails: details}, err
	}
	to, err := resendContact(pool, user)
	if err != nil {
		return nil, err
	}
	details, err := s.sendAsked(ctx, call, asked{
		pool: pool, clientID: client.ID(), user: user, purpose: store.CodeSignUp, to: to,
		limit: limitResend, source: trigger.MessageResendCode, metadata: in.ClientMetadata, unseen: client.HidesUsers(),
	})
	s.recordEnd(ctx, s.risk.Open(client.Client(), cognitoidp.EventTypeResendCode, user, call.Time, origin), user, err)
	return &cognitoidp.ResendConfirmationCodeResponse{CodeDeliveryDetails: details}, err
}

// resendContact is where the new code goes, or why none is sent.
func resendContact(pool *catalog.Pool, u *store.User) (contact, error) {
	switch {
	case u == nil:
		return contact{}, fault.UserNotFound(textNoUserClient)
	case !u.Enabled:
		return contact{}, fault.NotAuthorized(textDisabled)
	case u.Status != cognitoidp.UserStatusTypeUnconfirmed:
		return contact{}, fault.InvalidParameter(textConfirmed)
	}
	to, ok := verificationContact(pool, u)
	if !ok {
		return contact{}, fault.NotAuthorized(textNoResend)
	}
	return to, nil
}
