package client

import (
	"context"
	"encoding/base64"
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
	// ChoiceFlow proves the password without sending it, as one of the first factors that
	// a pool with choice-based sign-in allows. SignInByChoice is for the others.
	ChoiceFlow Flow = Flow(cognitoidp.AuthFlowTypeUserAuth)
	// CustomFlow proves the password without sending it, where the pool's functions want
	// that, and goes on with their challenges. SignInByChallenge is for sign-ins by these
	// alone.
	CustomFlow Flow = Flow(cognitoidp.AuthFlowTypeCustomAuth)
)

// SignInOption changes how SignIn signs in.
type SignInOption func(*signIn)

type signIn struct{ flow Flow }

// WithFlow signs in by another flow than SRPFlow.
func WithFlow(flow Flow) SignInOption { return func(s *signIn) { s.flow = flow } }

// SignIn signs the user in and stores the session as the pool's current one. Where the
// pool tracks devices, it registers this one under the storage at the first sign-in and
// proves it at the following ones.
//
// The error is a *Challenge, or one of the types that wrap it, when the service asks for
// more. Of its refusals, ErrNotAuthorized means a wrong password, a disabled user or a
// lockout, ErrUserNotFound an unknown user (unless the app client hides that),
// ErrUserNotConfirmed that ConfirmSignUp comes first, and ErrPasswordResetRequired that
// ForgotPassword does.
func (u *User) SignIn(ctx context.Context, password string, options ...SignInOption) (*Session, error) {
	s := signIn{flow: SRPFlow}
	for _, option := range options {
		option(&s)
	}
	switch s.flow {
	case SRPFlow:
		return u.signInBySRP(ctx, SRPFlow, password, map[string]string{})
	case ChoiceFlow:
		return u.signInBySRP(ctx, ChoiceFlow, password, map[string]string{preferredChallenge: string(PasswordSRP)})
	case CustomFlow:
		return u.signInBySRP(ctx, CustomFlow, password, map[string]string{"CHALLENGE_NAME": "SRP_A"})
	case PasswordFlow:
		return u.signInByPassword(ctx, password)
	default:
		return nil, fmt.Errorf("client: %q is no sign-in flow with a password", s.flow)
	}
}

// SignInByChallenge begins a sign-in by the challenges of the pool's functions
// (CUSTOM_AUTH), which the app client has to allow. The error is a *Challenge with the
// name CUSTOM_CHALLENGE; a wrong answer brings another one, until the functions give up.
func (u *User) SignInByChallenge(ctx context.Context) (*Session, error) {
	a, err := u.begin(ctx, CustomFlow, map[string]string{}, nil)
	if err != nil {
		return nil, err
	}
	return u.proceed(ctx, a)
}

// begin calls InitiateAuth for a sign-in from this device.
func (u *User) begin(ctx context.Context, flow Flow, parameters map[string]string, session *string) (answerOf, error) {
	parameters["USERNAME"] = u.name
	if err := u.addDevice(ctx, parameters); err != nil {
		return answerOf{}, err
	}
	a, err := u.pool.initiate(ctx, flow, once, u.name, parameters, session)
	if unknownDevice(err) && parameters[deviceKeyMember] != "" {
		if err := u.dropDevice(ctx); err != nil {
			return answerOf{}, err
		}
		delete(parameters, deviceKeyMember)
		return u.pool.initiate(ctx, flow, once, u.name, parameters, session)
	}
	return a, err
}

func (u *User) signInByPassword(ctx context.Context, password string) (*Session, error) {
	a, err := u.begin(ctx, PasswordFlow, map[string]string{"PASSWORD": password}, nil)
	if err != nil {
		return nil, err
	}
	return u.proceed(ctx, a)
}

func (u *User) signInBySRP(ctx context.Context, flow Flow, password string, parameters map[string]string) (*Session, error) {
	exchange, err := srp.NewClient(u.pool.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	parameters["SRP_A"] = exchange.A()
	a, err := u.begin(ctx, flow, parameters, nil)
	if err != nil {
		return nil, err
	}
	if flow != SRPFlow && a.challenge != passwordVerifier {
		return u.proceed(ctx, a) // the pool asks for something else, or for something else first
	}
	return u.verify(ctx, exchange, password, a, "InitiateAuth")
}

// passwordVerifier is the challenge that asks for the proof of an SRP exchange.
const passwordVerifier = string(cognitoidp.ChallengeNameTypePasswordVerifier)

// verify goes on with an SRP exchange that the operation has answered.
func (u *User) verify(ctx context.Context, exchange *srp.Client, password string, a answerOf, operation string) (*Session, error) {
	if a.challenge != passwordVerifier {
		return nil, fmt.Errorf("%w to %s: %s in place of PASSWORD_VERIFIER", ErrBadAnswer, operation, printable(a.challenge))
	}
	id := srp.Identity{Group: u.pool.name, User: a.parameters["USER_ID_FOR_SRP"]}
	if id.User == "" {
		return nil, fmt.Errorf("%w to %s: USER_ID_FOR_SRP is missing", ErrBadAnswer, operation)
	}
	proof, err := u.pool.prove(exchange, id, password, a.parameters)
	if err != nil {
		return nil, fmt.Errorf("%w to %s: %w", ErrBadAnswer, operation, err)
	}
	return u.challenge(a).Respond(ctx, proof)
}

// prove returns the answer to PASSWORD_VERIFIER and DEVICE_PASSWORD_VERIFIER.
func (p *Pool) prove(exchange *srp.Client, id srp.Identity, password string, parameters map[string]string) (map[string]string, error) {
	encoded := parameters["SECRET_BLOCK"]
	block, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("SECRET_BLOCK: %w", err)
	}
	timestamp := srp.Timestamp(p.cfg.Now())
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
