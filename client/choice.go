package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/srp"
)

// Names of choice-based sign-in in the API.
const (
	preferredChallenge  = "PREFERRED_CHALLENGE"
	selectChallengeName = string(cognitoidp.ChallengeNameTypeSelectChallenge)
)

// SignInByChoice begins a choice-based sign-in (USER_AUTH), which the app client has to
// allow. preferred is the first factor that the caller would like, or empty.
//
// The error says what comes next: *CodeRequired after a code was sent, *PasswordRequired,
// *PasskeyRequired, or *SelectChallenge where several factors are possible and none of
// them was preferred. SignIn with ChoiceFlow is shorter for a password.
func (u *User) SignInByChoice(ctx context.Context, preferred Factor) (*Session, error) {
	parameters := map[string]string{}
	switch preferred {
	case "":
	case PasswordSRP, Password:
		// The service takes these two along with their proof.
		return nil, fmt.Errorf("client: %s is for SignIn with ChoiceFlow", preferred)
	default:
		parameters[preferredChallenge] = string(preferred)
	}
	return u.choose(ctx, parameters, nil)
}

func (u *User) choose(ctx context.Context, parameters map[string]string, session *string) (*Session, error) {
	a, err := u.begin(ctx, ChoiceFlow, parameters, session)
	if err != nil {
		return nil, err
	}
	return u.proceed(ctx, a)
}

// ConfirmAndSignIn confirms a new user, as ConfirmSignUp does, and signs in at once: the
// code that confirms an address is proof enough where the pool has choice-based sign-in.
// Of an *Error, Operation says whether the user has been confirmed: it is ConfirmSignUp
// if not. Where the service gives no session to go on with, the sign-in begins like
// SignInByChoice without a preference.
func (u *User) ConfirmAndSignIn(ctx context.Context, code string, options ...ConfirmOption) (*Session, error) {
	session, err := u.confirm(ctx, code, options)
	if err != nil {
		return nil, err
	}
	return u.choose(ctx, map[string]string{}, session)
}

// SelectChallenge is the error of a choice-based sign-in that leaves it to the user how
// to go on.
type SelectChallenge struct { //nolint:errname // callers answer it rather than report it
	// Choices are the first factors that the user can choose.
	Choices []Factor

	challenge *Challenge
}

func selectChallenge(c *Challenge, available []cognitoidp.ChallengeNameType) error {
	s := &SelectChallenge{challenge: c}
	for _, name := range available {
		s.Choices = append(s.Choices, Factor(printable(string(name))))
	}
	return s
}

// Error names the choices.
func (s *SelectChallenge) Error() string {
	return "client: sign-in needs the choice of a factor: " + list(s.Choices)
}

// Unwrap returns the *Challenge.
func (s *SelectChallenge) Unwrap() error { return s.challenge }

// Choose goes on with the sign-in by a factor: *CodeRequired, *PasskeyRequired or
// *PasswordRequired follows. AnswerPassword is shorter for a password.
func (s *SelectChallenge) Choose(ctx context.Context, factor Factor) (*Session, error) {
	if factor == PasswordSRP || factor == Password {
		return nil, s.password(factor)
	}
	return s.challenge.Respond(ctx, map[string]string{"ANSWER": string(factor)})
}

func (s *SelectChallenge) password(factor Factor) *PasswordRequired {
	return &PasswordRequired{Factor: factor, challenge: s.challenge, chosen: true}
}

// AnswerPassword chooses the password and gives it: proven where the service offers that,
// sent where it does not.
func (s *SelectChallenge) AnswerPassword(ctx context.Context, password string) (*Session, error) {
	factor := PasswordSRP
	if slices.Contains(s.Choices, Password) && !slices.Contains(s.Choices, PasswordSRP) {
		factor = Password
	}
	return s.password(factor).Answer(ctx, password)
}

// PasswordRequired is the error of a choice-based sign-in that asks for the password.
type PasswordRequired struct { //nolint:errname // likewise
	// Factor is PasswordSRP or Password, by which Answer proves or sends the password.
	Factor Factor

	challenge *Challenge
	chosen    bool // the answer goes to SELECT_CHALLENGE, with the choice
}

// Error says what is asked for.
func (p *PasswordRequired) Error() string { return "client: sign-in needs the password" }

// Unwrap returns the *Challenge.
func (p *PasswordRequired) Unwrap() error { return p.challenge }

// Answer goes on with the sign-in.
func (p *PasswordRequired) Answer(ctx context.Context, password string) (*Session, error) {
	answers := map[string]string{}
	as := p.challenge.Name
	if p.chosen {
		as, answers["ANSWER"] = selectChallengeName, string(p.Factor)
	}
	u := p.challenge.user
	if p.Factor == Password {
		answers["PASSWORD"] = password
		a, err := p.challenge.respond(ctx, as, answers)
		if err != nil {
			return nil, err
		}
		return u.proceed(ctx, a)
	}
	exchange, err := srp.NewClient(u.pool.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	answers["SRP_A"] = exchange.A()
	a, err := p.challenge.respond(ctx, as, answers)
	if err != nil {
		return nil, err
	}
	return u.verify(ctx, exchange, password, a, "RespondToAuthChallenge")
}

// PasskeyRequired is the error of a sign-in that asks for a passkey, which only a browser
// or an operating system can use. Options go there as they are, and what comes back goes
// to Answer:
//
//	navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})
type PasskeyRequired struct { //nolint:errname // likewise
	// Options is a PublicKeyCredentialRequestOptionsJSON (Web Authentication Level 3).
	Options json.RawMessage

	challenge *Challenge
}

func passkeyRequired(c *Challenge) error {
	options := json.RawMessage(c.Parameters["CREDENTIAL_REQUEST_OPTIONS"])
	if !json.Valid(options) {
		return fmt.Errorf("%w: CREDENTIAL_REQUEST_OPTIONS of %s is no JSON", ErrBadAnswer, c.Name)
	}
	return &PasskeyRequired{Options: options, challenge: c}
}

// Error says what is asked for.
func (p *PasskeyRequired) Error() string { return "client: sign-in needs a passkey" }

// Unwrap returns the *Challenge.
func (p *PasskeyRequired) Unwrap() error { return p.challenge }

// Answer goes on with the sign-in. credential is an AuthenticationResponseJSON, which
// PublicKeyCredential.toJSON makes.
func (p *PasskeyRequired) Answer(ctx context.Context, credential json.RawMessage) (*Session, error) {
	if !json.Valid(credential) {
		return nil, errors.New("client: the credential is no JSON")
	}
	return p.challenge.Respond(ctx, map[string]string{"CREDENTIAL": string(credential)})
}

// Choose goes on by another factor, for users who do not have their passkey at hand.
func (p *PasskeyRequired) Choose(ctx context.Context, factor Factor) (*Session, error) {
	other := *p.challenge
	other.Name = selectChallengeName
	return (&SelectChallenge{challenge: &other}).Choose(ctx, factor)
}

// AuthFactors is what a user can sign in with.
type AuthFactors struct {
	// Configured are the first and second factors that the user has, under the names of
	// the API: PASSWORD, EMAIL_OTP, SMS_OTP, WEB_AUTHN, SOFTWARE_TOKEN.
	Configured []string
	// PreferredMFA is the second factor that the user prefers, empty when there is none.
	PreferredMFA Factor
	// MFA are the second factors that the user has activated.
	MFA []Factor
}

// AuthFactors asks the service for what the user can sign in with.
func (s *Session) AuthFactors(ctx context.Context) (*AuthFactors, error) {
	out, err := authorised[cognitoidp.GetUserAuthFactorsResponse](ctx, s, "GetUserAuthFactors", repeatable, func(token *string) any {
		return &cognitoidp.GetUserAuthFactorsRequest{AccessToken: token}
	})
	if err != nil {
		return nil, err
	}
	f := &AuthFactors{PreferredMFA: Factor(api.Value(out.PreferredMfaSetting)), MFA: factorList(out.UserMFASettingList)}
	for _, name := range out.ConfiguredUserAuthFactors {
		f.Configured = append(f.Configured, string(name))
	}
	return f, nil
}
