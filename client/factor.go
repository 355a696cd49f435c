package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// Factor is a way for a user to prove who they are, under the name that challenges have.
type Factor string

// Second factors, and the first factors of choice-based sign-in. EmailOTP is either.
const (
	SMSMFA           Factor = Factor(cognitoidp.ChallengeNameTypeSmsMfa)           // a code by SMS
	SoftwareTokenMFA Factor = Factor(cognitoidp.ChallengeNameTypeSoftwareTokenMfa) // a code of an authenticator app (TOTP)
	EmailOTP         Factor = Factor(cognitoidp.ChallengeNameTypeEmailOtp)         // a code by e-mail

	SMSOTP      Factor = Factor(cognitoidp.ChallengeNameTypeSmsOtp)      // a code by SMS, in place of a password
	Password    Factor = Factor(cognitoidp.ChallengeNameTypePassword)    // the password, sent
	PasswordSRP Factor = Factor(cognitoidp.ChallengeNameTypePasswordSrp) // the password, proven
	WebAuthn    Factor = Factor(cognitoidp.ChallengeNameTypeWebAuthn)    // a passkey
)

// CodeRequired is the error of a sign-in that asks for a code: one that was sent, or that
// the user's authenticator app shows.
type CodeRequired struct { //nolint:errname // callers answer it rather than report it
	// Factor is SMSMFA, SoftwareTokenMFA, EmailOTP or SMSOTP.
	Factor Factor
	// Delivery says where the code went; nil for SoftwareTokenMFA. Its Attribute is empty.
	Delivery *CodeDelivery

	challenge *Challenge
}

// Error says where to find the code.
func (c *CodeRequired) Error() string {
	if c.Delivery == nil {
		return "client: sign-in needs a code of the authenticator app"
	}
	return "client: sign-in needs the code that went by " + c.Delivery.String()
}

// Unwrap returns the *Challenge, so that errors.As finds every challenge as one.
func (c *CodeRequired) Unwrap() error { return c.challenge }

// Answer goes on with the sign-in. After ErrCodeMismatch, and after ErrExpiredCode where
// an app's code has served once already, Answer can be called again.
func (c *CodeRequired) Answer(ctx context.Context, code string) (*Session, error) {
	return c.challenge.Respond(ctx, map[string]string{string(c.Factor) + "_CODE": code})
}

// delivery reads where the code of the challenge went.
func (c *Challenge) delivery() *CodeDelivery {
	destination := c.Parameters["CODE_DELIVERY_DESTINATION"]
	if destination == "" {
		return nil
	}
	return &CodeDelivery{Destination: printable(destination), Medium: printable(c.Parameters["CODE_DELIVERY_DELIVERY_MEDIUM"])}
}

// SelectMFAType is the error of a sign-in that leaves it to the user which second factor
// to use.
type SelectMFAType struct { //nolint:errname // likewise
	// Choices are the second factors that the user can choose.
	Choices []Factor

	challenge *Challenge
}

// Error names the choices.
func (s *SelectMFAType) Error() string {
	return "client: sign-in needs the choice of a second factor: " + list(s.Choices)
}

// Unwrap returns the *Challenge.
func (s *SelectMFAType) Unwrap() error { return s.challenge }

// Choose goes on with the sign-in by a factor; *CodeRequired follows.
func (s *SelectMFAType) Choose(ctx context.Context, factor Factor) (*Session, error) {
	return s.challenge.Respond(ctx, map[string]string{"ANSWER": string(factor)})
}

func selectMFAType(c *Challenge) error {
	choices, err := c.factors("MFAS_CAN_CHOOSE")
	if err != nil {
		return err
	}
	return &SelectMFAType{Choices: choices, challenge: c}
}

// MFASetup is the error of a sign-in to a pool that demands a second factor of a user who
// has none yet. An authenticator app is set up with AssociateSoftwareToken and
// VerifySoftwareToken, an e-mail address with SetUpEmail; for SMS an administrator has to
// give the user a phone number.
type MFASetup struct { //nolint:errname // likewise
	// Choices are the second factors that the pool takes.
	Choices []Factor

	challenge *Challenge
	token     *string // the Session of AssociateSoftwareToken
	verified  bool
}

// Error names the choices.
func (m *MFASetup) Error() string {
	return "client: sign-in needs a second factor to be set up: " + list(m.Choices)
}

// Unwrap returns the *Challenge.
func (m *MFASetup) Unwrap() error { return m.challenge }

func mfaSetup(c *Challenge) error {
	choices, err := c.factors("MFAS_CAN_SETUP")
	if err != nil {
		return err
	}
	return &MFASetup{Choices: choices, challenge: c}
}

// AssociateSoftwareToken returns the secret that the user's authenticator app has to know,
// in base32. SoftwareTokenURI is the form that apps read from a QR code.
func (m *MFASetup) AssociateSoftwareToken(ctx context.Context) (Secret, error) {
	secret, session, err := m.challenge.user.pool.associateSoftwareToken(ctx, &cognitoidp.AssociateSoftwareTokenRequest{Session: m.challenge.session})
	if err != nil {
		return "", err
	}
	if session == nil {
		return "", fmt.Errorf("%w to AssociateSoftwareToken: no Session", ErrBadAnswer)
	}
	m.token, m.verified = session, false
	return secret, nil
}

// VerifySoftwareToken proves with a code that the app knows the secret, and goes on with
// the sign-in. deviceName is the user's name for the app, and may be empty. After
// ErrEnableSoftwareTokenMFA or ErrCodeMismatch it can be called again.
func (m *MFASetup) VerifySoftwareToken(ctx context.Context, code, deviceName string) (*Session, error) {
	if m.token == nil {
		return nil, errors.New("client: AssociateSoftwareToken comes before VerifySoftwareToken")
	}
	if !m.verified {
		next, err := m.challenge.user.pool.verifySoftwareToken(ctx, &cognitoidp.VerifySoftwareTokenRequest{Session: m.token}, code, deviceName)
		if err != nil {
			return nil, err
		}
		m.token, m.verified = next, true
	}
	answer := *m.challenge
	answer.session = m.token
	return answer.Respond(ctx, nil)
}

// SetUpEmail gives the user an e-mail address, to which a code goes: *CodeRequired follows.
func (m *MFASetup) SetUpEmail(ctx context.Context, address string) (*Session, error) {
	return m.challenge.Respond(ctx, map[string]string{"EMAIL": address})
}

// factors reads a parameter that is a JSON list of factors.
func (c *Challenge) factors(parameter string) ([]Factor, error) {
	var names []Factor
	text := c.Parameters[parameter]
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("%w: %s of %s: %w", ErrBadAnswer, parameter, c.Name, err)
	}
	for i, name := range names {
		names[i] = Factor(printable(string(name)))
	}
	return names, nil
}

func list(factors []Factor) string {
	text := ""
	for i, factor := range factors {
		if i > 0 {
			text += ", "
		}
		text += string(factor)
	}
	return text
}
