package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// answerOf is what both InitiateAuth and RespondToAuthChallenge answer.
type answerOf struct {
	challenge  string
	parameters map[string]string
	session    *string
	result     *cognitoidp.AuthenticationResultType
	available  []cognitoidp.ChallengeNameType // of InitiateAuth alone
}

// initiate calls InitiateAuth; the secret hash for username is added to parameters.
func (p *Pool) initiate(ctx context.Context, flow Flow, again repeat, username string, parameters map[string]string, session *string) (answerOf, error) {
	if hash := p.secretHash(username); hash != nil {
		parameters["SECRET_HASH"] = *hash
	}
	out, err := call[cognitoidp.InitiateAuthResponse](ctx, p, "InitiateAuth", again, &cognitoidp.InitiateAuthRequest{
		AuthFlow:       new(cognitoidp.AuthFlowType(flow)),
		ClientId:       &p.cfg.ClientID,
		AuthParameters: parameters,
		ClientMetadata: p.metadata,
		Session:        session,
	})
	if err != nil {
		return answerOf{}, err
	}
	return answerOf{
		challenge:  string(api.Value(out.ChallengeName)),
		parameters: out.ChallengeParameters,
		session:    out.Session,
		result:     out.AuthenticationResult,
		available:  out.AvailableChallenges,
	}, nil
}

// Challenge is the error of a sign-in that asks for more before it gives tokens. Most
// challenges have a type of their own, which wraps it: *CodeRequired, *SelectMFAType,
// *MFASetup, *NewPasswordRequired, *SelectChallenge, *PasswordRequired, *PasskeyRequired.
// A Challenge alone is one that only the application knows the answer of:
//
//	session, err := user.SignIn(ctx, password)
//	if challenge, ok := errors.AsType[*client.Challenge](err); ok && challenge.Name == "CUSTOM_CHALLENGE" {
//		session, err = challenge.Respond(ctx, map[string]string{"ANSWER": answer})
//	}
//
// It must be answered within the time that the app client gives for it, three minutes by
// default, and by one goroutine at a time.
type Challenge struct { //nolint:errname // callers answer it rather than report it
	// Name is the challenge's name, such as SMS_MFA.
	Name string
	// Parameters are what the service says about it, such as where a code went.
	Parameters map[string]string

	user    *User // by the name that answers have to carry
	session *string
}

// Error names the challenge.
func (c *Challenge) Error() string { return "client: sign-in needs an answer to " + c.Name }

// Respond answers the challenge with the members that Cognito's documentation of
// RespondToAuthChallenge names; the user's name, the device's key and the secret hash are
// added. It returns the session, another challenge as an error, or the refusal. After a
// wrong code or an unacceptable password the same challenge can be answered again.
func (c *Challenge) Respond(ctx context.Context, answers map[string]string) (*Session, error) {
	a, err := c.respond(ctx, c.Name, answers)
	if err != nil {
		return nil, err
	}
	return c.user.proceed(ctx, a)
}

// respond answers the challenge by the name of as, which may be SELECT_CHALLENGE where
// that was asked before.
func (c *Challenge) respond(ctx context.Context, as string, answers map[string]string) (answerOf, error) {
	p := c.user.pool
	responses := maps.Clone(answers)
	if responses == nil {
		responses = make(map[string]string)
	}
	responses["USERNAME"] = c.user.name
	if hash := p.secretHash(c.user.name); hash != nil {
		responses["SECRET_HASH"] = *hash
	}
	if takesDevice(as) {
		if err := c.user.addDevice(ctx, responses); err != nil {
			return answerOf{}, err
		}
	}
	in := &cognitoidp.RespondToAuthChallengeRequest{
		ClientId:           &p.cfg.ClientID,
		ChallengeName:      new(cognitoidp.ChallengeNameType(as)),
		Session:            c.session,
		ChallengeResponses: responses,
		ClientMetadata:     p.metadata,
	}
	out, err := call[cognitoidp.RespondToAuthChallengeResponse](ctx, p, "RespondToAuthChallenge", once, in)
	if unknownDevice(err) && responses[deviceKeyMember] != "" && as != deviceSRP && as != devicePasswordVerifier {
		if err := c.user.dropDevice(ctx); err != nil {
			return answerOf{}, err
		}
		delete(responses, deviceKeyMember)
		out, err = call[cognitoidp.RespondToAuthChallengeResponse](ctx, p, "RespondToAuthChallenge", once, in)
	}
	if err != nil {
		return answerOf{}, err
	}
	return answerOf{
		challenge:  string(api.Value(out.ChallengeName)),
		parameters: out.ChallengeParameters,
		session:    out.Session,
		result:     out.AuthenticationResult,
	}, nil
}

// proceed turns an answer into a session, or into the challenge that comes next.
func (u *User) proceed(ctx context.Context, a answerOf) (*Session, error) {
	if a.result != nil {
		return u.open(ctx, a.result)
	}
	if a.challenge == "" {
		return nil, fmt.Errorf("%w: neither tokens nor a challenge", ErrBadAnswer)
	}
	c := u.challenge(a)
	if c.Name == deviceSRP {
		return c.proveDevice(ctx)
	}
	return nil, c.typed(a)
}

// typed returns the challenge as the type that its name has.
func (c *Challenge) typed(a answerOf) error {
	switch name := Factor(c.Name); name {
	case SMSMFA, SoftwareTokenMFA, EmailOTP, SMSOTP:
		return &CodeRequired{Factor: name, Delivery: c.delivery(), challenge: c}
	case Password, PasswordSRP:
		return &PasswordRequired{Factor: name, challenge: c}
	case WebAuthn:
		return passkeyRequired(c)
	}
	switch c.Name {
	case string(cognitoidp.ChallengeNameTypeNewPasswordRequired):
		return newPasswordRequired(c)
	case string(cognitoidp.ChallengeNameTypeSelectMfaType):
		return selectMFAType(c)
	case string(cognitoidp.ChallengeNameTypeMfaSetup):
		return mfaSetup(c)
	case string(cognitoidp.ChallengeNameTypeSelectChallenge):
		return selectChallenge(c, a.available)
	default:
		return c
	}
}

// challenge returns the challenge in a, to be answered under the name that it carries:
// the canonical user name, whatever alias the sign-in began with.
func (u *User) challenge(a answerOf) *Challenge {
	c := &Challenge{Name: printable(a.challenge), Parameters: a.parameters, user: u, session: a.session}
	for _, parameter := range []string{"USER_ID_FOR_SRP", "USERNAME"} {
		if name := a.parameters[parameter]; name != "" {
			c.user = u.pool.User(name)
			break
		}
	}
	return c
}

// NewPasswordRequired is the error of a sign-in with a temporary password: the user, whom
// an administrator made, has to choose a password now.
type NewPasswordRequired struct { //nolint:errname // likewise
	// RequiredAttributes are the attributes that the pool requires and the user does not
	// have; Answer has to give them.
	RequiredAttributes []string
	// Attributes are the user's attributes as far as the app client may read them.
	Attributes map[string]string

	challenge *Challenge
}

// Prefix of attributes in the parameters and answers of NEW_PASSWORD_REQUIRED.
const userAttributesPrefix = "userAttributes."

// newPasswordRequired reads the two parameters, which are JSON texts.
func newPasswordRequired(c *Challenge) error {
	n := &NewPasswordRequired{challenge: c}
	for parameter, into := range map[string]any{
		"requiredAttributes": &n.RequiredAttributes,
		"userAttributes":     (*api.StringMap)(&n.Attributes),
	} {
		text := c.Parameters[parameter]
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return fmt.Errorf("%w: %s of %s: %w", ErrBadAnswer, parameter, c.Name, err)
		}
	}
	for i, name := range n.RequiredAttributes {
		n.RequiredAttributes[i] = printable(strings.TrimPrefix(name, userAttributesPrefix))
	}
	return n
}

// Error says what is required.
func (n *NewPasswordRequired) Error() string {
	if len(n.RequiredAttributes) == 0 {
		return "client: sign-in needs a new password"
	}
	return "client: sign-in needs a new password and " + strings.Join(n.RequiredAttributes, ", ")
}

// Unwrap returns the *Challenge, so that errors.As finds every challenge as one.
func (n *NewPasswordRequired) Unwrap() error { return n.challenge }

// Answer sets the password, adds attributes, and goes on with the sign-in. Give the
// attributes that are required, and others that have no value so far: AWS refuses those
// that have one, even when it is the same (ErrNotAuthorized). After ErrInvalidPassword
// Answer can be called again.
func (n *NewPasswordRequired) Answer(ctx context.Context, newPassword string, attributes map[string]string) (*Session, error) {
	if newPassword == "" {
		return nil, errors.New("client: the new password is empty")
	}
	answers := map[string]string{"NEW_PASSWORD": newPassword}
	for name, value := range attributes {
		answers[userAttributesPrefix+name] = value
	}
	return n.challenge.Respond(ctx, answers)
}
