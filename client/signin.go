package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/srp"
)

// Flow is a way of signing in with a password. The app client must allow it.
type Flow string

const (
	// SRPFlow proves the password without sending it; the default.
	SRPFlow Flow = Flow(cognitoidp.AuthFlowTypeUserSrpAuth)
	// PasswordFlow sends the password, for pools that move users in from elsewhere while
	// they sign in.
	PasswordFlow Flow = Flow(cognitoidp.AuthFlowTypeUserPasswordAuth)
)

// SignInOption changes how SignIn signs in.
type SignInOption func(*signIn)

type signIn struct{ flow Flow }

// WithFlow signs in by another flow than SRPFlow.
func WithFlow(flow Flow) SignInOption { return func(s *signIn) { s.flow = flow } }

// SignIn signs the user in and stores the session as the pool's current one.
//
// The error is *NewPasswordRequired or *Challenge when the service asks for more. Of its
// refusals, ErrNotAuthorized means a wrong password, a disabled user or a lockout,
// ErrUserNotFound an unknown user (unless the app client hides that), ErrUserNotConfirmed
// that ConfirmSignUp comes first, and ErrPasswordResetRequired that ForgotPassword does.
func (u *User) SignIn(ctx context.Context, password string, options ...SignInOption) (*Session, error) {
	s := signIn{flow: SRPFlow}
	for _, option := range options {
		option(&s)
	}
	switch s.flow {
	case SRPFlow:
		return u.signInBySRP(ctx, password)
	case PasswordFlow:
		return u.signInByPassword(ctx, password)
	default:
		return nil, fmt.Errorf("client: %q is no sign-in flow with a password", s.flow)
	}
}

func (u *User) signInByPassword(ctx context.Context, password string) (*Session, error) {
	a, err := u.pool.initiate(ctx, PasswordFlow, once, u.name, map[string]string{"USERNAME": u.name, "PASSWORD": password})
	if err != nil {
		return nil, err
	}
	return u.proceed(ctx, a)
}

func (u *User) signInBySRP(ctx context.Context, password string) (*Session, error) {
	exchange, err := srp.NewClient(u.pool.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	a, err := u.pool.initiate(ctx, SRPFlow, once, u.name, map[string]string{"USERNAME": u.name, "SRP_A": exchange.A()})
	if err != nil {
		return nil, err
	}
	if a.challenge != string(cognitoidp.ChallengeNameTypePasswordVerifier) {
		return nil, fmt.Errorf("%w to InitiateAuth: %s in place of PASSWORD_VERIFIER", ErrBadAnswer, printable(a.challenge))
	}
	proof, err := u.prove(exchange, password, a.parameters)
	if err != nil {
		return nil, fmt.Errorf("%w to InitiateAuth: %w", ErrBadAnswer, err)
	}
	return u.challenge(a).Respond(ctx, proof)
}

// prove returns the answer to PASSWORD_VERIFIER.
func (u *User) prove(exchange *srp.Client, password string, parameters map[string]string) (map[string]string, error) {
	id := srp.Identity{Group: u.pool.name, User: parameters["USER_ID_FOR_SRP"]}
	if id.User == "" {
		return nil, errors.New("USER_ID_FOR_SRP is missing")
	}
	encoded := parameters["SECRET_BLOCK"]
	block, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("SECRET_BLOCK: %w", err)
	}
	timestamp := srp.Timestamp(u.pool.cfg.Now())
	signature, err := exchange.Answer(id, password, parameters["SALT"], parameters["SRP_B"], block, timestamp)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"PASSWORD_CLAIM_SECRET_BLOCK": encoded,
		"PASSWORD_CLAIM_SIGNATURE":    signature,
		"TIMESTAMP":                   timestamp,
	}, nil
}
