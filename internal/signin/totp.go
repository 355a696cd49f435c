package signin

import (
	"context"
	"errors"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// judgeTOTP judges SOFTWARE_TOKEN_MFA. The code and the Session are used up together: a
// code that was used before leaves the Session good.
func (s *Service) judgeTOTP(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	var step store.Proof
	err := s.judgeGuess(ctx, a, fault.CodeMismatch(textWrongTOTP), func() (ok bool) {
		step, ok = s.credential.MatchTOTP(a.user, a.user.Credential.Seed, in.Responses[paramTOTPCode])
		return ok
	})
	if err != nil {
		return err
	}
	a.spend = func(ctx context.Context) error {
		first, err := s.store.SpendAll(ctx, x.proof(), step)
		if err != nil || first {
			return err
		}
		used, err := s.store.Spent(ctx, x.proof().Key)
		switch {
		case err != nil:
			return err
		case used:
			return badSession(textSessionUsed)
		default:
			return refuse(reasonCode, fault.ExpiredCode(textTOTPUsed))
		}
	}
	return nil
}

// AssociateSoftwareToken hands out the secret of a new authenticator app: to a user who is
// signed in, or to one whose sign-in asks to set one up. An app that is set up already
// stays good until the new one is verified.
func (s *Service) AssociateSoftwareToken(ctx context.Context, call *api.Call, in *cognitoidp.AssociateSoftwareTokenRequest) (*cognitoidp.AssociateSoftwareTokenResponse, error) {
	if err := oneOf(in.AccessToken, in.Session); err != nil {
		return nil, err
	}
	seed, err := s.credential.NewSeed()
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AssociateSoftwareTokenResponse{SecretCode: new(credential.SecretCode(seed))}
	if in.Session != nil {
		out.Session, err = s.associateInSession(ctx, call, *in.Session, seed)
	} else {
		err = s.associate(ctx, call, seed)
	}
	if err != nil {
		return nil, plain(err)
	}
	return out, nil
}

func (s *Service) associate(ctx context.Context, call *api.Call, seed []byte) error {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return err
	}
	if !client.Pool.Offers(catalog.FactorTOTP) {
		return fault.SoftwareTokenMFANotFound(textNoTOTP)
	}
	_, err = s.store.UpdateUser(ctx, u.Pool, u.ID, store.UpdateOptions{NoTouch: true}, func(u *store.User) error {
		u.Credential.NewSeed = seed
		return nil
	})
	return orRevoked(err)
}

func (s *Service) associateInSession(ctx context.Context, call *api.Call, text string, seed []byte) (*string, error) {
	a, x, err := s.setUp(ctx, call, text)
	if err != nil {
		return nil, err
	}
	return s.goOn(a, x, func(x *session) { x.Seed = seed })
}

// VerifySoftwareToken sets an authenticator app up by a code that it shows. In a sign-in the
// app is thereby the user's second factor; elsewhere SetUserMFAPreference makes it that.
func (s *Service) VerifySoftwareToken(ctx context.Context, call *api.Call, in *cognitoidp.VerifySoftwareTokenRequest) (*cognitoidp.VerifySoftwareTokenResponse, error) {
	if err := oneOf(in.AccessToken, in.Session); err != nil {
		return nil, err
	}
	out := &cognitoidp.VerifySoftwareTokenResponse{Status: new(cognitoidp.VerifySoftwareTokenResponseTypeSuccess)}
	var err error
	if in.Session != nil {
		out.Session, err = s.verifyInSession(ctx, call, in)
	} else {
		err = s.verify(ctx, call, in)
	}
	if err != nil {
		return nil, plain(err)
	}
	return out, nil
}

func (s *Service) verify(ctx context.Context, call *api.Call, in *cognitoidp.VerifySoftwareTokenRequest) error {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return err
	}
	if !client.Pool.Offers(catalog.FactorTOTP) {
		return fault.SoftwareTokenMFANotFound(textNoTOTP)
	}
	seed := u.Credential.NewSeed
	if len(seed) == 0 {
		return fault.SoftwareTokenMFANotFound(textNotAssociated)
	}
	_, err = s.install(ctx, u, seed, in, func(u *store.User) error {
		if !slices.Equal(u.Credential.NewSeed, seed) {
			return fault.EnableSoftwareTokenMFA(textCodeMismatch)
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return fault.UserNotFound(textNoUser).Because(err)
	}
	return err
}

func (s *Service) verifyInSession(ctx context.Context, call *api.Call, in *cognitoidp.VerifySoftwareTokenRequest) (*string, error) {
	a, x, err := s.setUp(ctx, call, *in.Session)
	if err != nil {
		return nil, err
	}
	if len(x.Seed) == 0 {
		return nil, badSession(textSession)
	}
	a.user, err = s.install(ctx, a.user, x.Seed, in, func(u *store.User) error {
		if !x.concerns(u) || !slices.Contains(demandOf(a.pool(), u, true).setUp, catalog.FactorTOTP) {
			return credential.ErrChanged
		}
		u.MFA.TOTP = true
		return nil
	})
	if errors.Is(err, credential.ErrChanged) || errors.Is(err, store.ErrNotFound) {
		return nil, s.stale(ctx, x)
	}
	if err != nil {
		return nil, err
	}
	return s.goOn(a, x, func(x *session) { x.Seed, x.SetUp = nil, true })
}

// install makes seed the secret of the user's authenticator app and uses the code up, both
// or neither. may judges the fresh user.
func (s *Service) install(ctx context.Context, u *store.User, seed []byte, in *cognitoidp.VerifySoftwareTokenRequest, may func(*store.User) error) (*store.User, error) {
	step, ok := s.credential.MatchTOTP(u, seed, api.Value(in.UserCode))
	if !ok {
		return nil, fault.EnableSoftwareTokenMFA(textCodeMismatch)
	}
	o := store.UpdateOptions{Spend: []store.Proof{step}, NoTouch: true}
	u, err := s.store.UpdateUser(ctx, u.Pool, u.ID, o, func(u *store.User) error {
		if err := may(u); err != nil {
			return err
		}
		u.Credential.Seed, u.Credential.NewSeed = seed, nil
		u.MFA.AppName = api.Value(in.FriendlyDeviceName)
		return nil
	})
	if errors.Is(err, store.ErrSpent) {
		return nil, fault.EnableSoftwareTokenMFA(textTOTPUsed)
	}
	return u, err
}

// oneOf refuses a request with neither or both of the two that can stand for a user.
func oneOf(accessToken, session *string) error {
	if (accessToken == nil) == (session == nil) {
		return fault.InvalidParameter(textTokenOrSession)
	}
	return nil
}
