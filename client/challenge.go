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
}

// initiate calls InitiateAuth; the secret hash for username is added to parameters.
func (p *Pool) initiate(ctx context.Context, flow Flow, again repeat, username string, parameters map[string]string) (answerOf, error) {
	if hash := p.secretHash(username); hash != nil {
		parameters["SECRET_HASH"] = *hash
	}
	out, err := call[cognitoidp.InitiateAuthResponse](ctx, p, "InitiateAuth", again, &cognitoidp.InitiateAuthRequest{
		AuthFlow:       new(cognitoidp.AuthFlowType(flow)),
		ClientId:       &p.cfg.ClientID,
		AuthParameters: parameters,
		ClientMetadata: p.metadata,
	})
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

// Challenge is the error of a sign-in that asks for more before it gives tokens. Which
// answers a challenge takes is said by Cognito's documentation of RespondToAuthChallenge:
// SMS_MFA takes SMS_MFA_CODE, SOFTWARE_TOKEN_MFA takes SOFTWARE_TOKEN_MFA_CODE, EMAIL_OTP
// takes EMAIL_OTP_CODE, SELECT_MFA_TYPE and CUSTOM_CHALLENGE take ANSWER.
//
//	session, err := user.SignIn(ctx, password)
//	if challenge, ok := errors.AsType[*client.Challenge](err); ok && challenge.Name == "SMS_MFA" {
//		session, err = challenge.Respond(ctx, map[string]string{"SMS_MFA_CODE": code})
//	}
//
// It must be answered within the time that the app client gives for it, three minutes by
// default.
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

// Respond answers the challenge; the user's name and the secret hash are added. It
// returns the session, another challenge as an error, or the refusal. After a wrong code
// or an unacceptable password the same challenge can be answered again.
func (c *Challenge) Respond(ctx context.Context, answers map[string]string) (*Session, error) {
	p := c.user.pool
	responses := maps.Clone(answers)
	if responses == nil {
		responses = make(map[string]string)
	}
	responses["USERNAME"] = c.user.name
	if hash := p.secretHash(c.user.name); hash != nil {
		responses["SECRET_HASH"] = *hash
	}
	out, err := call[cognitoidp.RespondToAuthChallengeResponse](ctx, p, "RespondToAuthChallenge", once, &cognitoidp.RespondToAuthChallengeRequest{
		ClientId:           &p.cfg.ClientID,
		ChallengeName:      new(cognitoidp.ChallengeNameType(c.Name)),
		Session:            c.session,
		ChallengeResponses: responses,
		ClientMetadata:     p.metadata,
	})
	if err != nil {
		return nil, err
	}
	return c.user.proceed(ctx, answerOf{
		challenge:  string(api.Value(out.ChallengeName)),
		parameters: out.ChallengeParameters,
		session:    out.Session,
		result:     out.AuthenticationResult,
	})
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
	if a.challenge == string(cognitoidp.ChallengeNameTypeNewPasswordRequired) {
		return nil, newPasswordRequired(c)
	}
	return nil, c
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
