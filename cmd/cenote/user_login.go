package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/cenote-id/cenote/client"
)

type loginCommand struct {
	poolFlags
	Username        string            `arg:"" optional:"" help:"The user's name or alias; asked for where it is missing."`
	Flow            string            `enum:"srp,password" default:"srp" help:"How to sign in: ${enum}. With srp the password is proven, not sent."`
	PasswordFile    string            `placeholder:"FILE" env:"CENOTE_PASSWORD_FILE" help:"Read the password from FILE, or from standard input where FILE is -."`
	NewPasswordFile string            `placeholder:"FILE" env:"CENOTE_NEW_PASSWORD_FILE" help:"Where a temporary password has to be replaced, read the new one from FILE or standard input (-)."`
	Attribute       map[string]string `short:"a" mapsep:"none" placeholder:"NAME=VALUE" help:"An attribute that has to be given along with a new password. May be repeated."`
	JSON            bool              `name:"json" help:"Print the tokens as JSON."`
}

// Run signs a user in.
func (c *loginCommand) Run(ctx context.Context, p *program) error {
	pool, t, name, err := c.begin(ctx, p, c.Username)
	if err != nil {
		return err
	}
	password, err := t.password(ctx, "Password", c.PasswordFile)
	if err != nil {
		return err
	}
	session, err := c.signIn(ctx, t, pool.User(name), password)
	if err != nil {
		return plain(err)
	}
	if err := c.remember(ctx, pool); err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(describeTokens(session))
	}
	t.print("Signed in as %s.", session.Username())
	return nil
}

// signIn signs the user in and answers the challenges that somebody at a terminal can answer.
func (c *loginCommand) signIn(ctx context.Context, t *terminal, user *client.User, password string) (*client.Session, error) {
	flow := client.SRPFlow
	if c.Flow == "password" {
		flow = client.PasswordFlow
	}
	session, err := user.SignIn(ctx, password, client.WithFlow(flow))
	for {
		if required, ok := errors.AsType[*client.NewPasswordRequired](err); ok {
			session, err = c.replacePassword(ctx, t, required)
			continue
		}
		challenge, ok := errors.AsType[*client.Challenge](err)
		if !ok || codeMember(challenge.Name) == "" {
			return session, err
		}
		session, err = sendCode(ctx, t, challenge)
	}
}

// replacePassword answers NEW_PASSWORD_REQUIRED. At a terminal an unacceptable password
// is asked for again.
func (c *loginCommand) replacePassword(ctx context.Context, t *terminal, required *client.NewPasswordRequired) (*client.Session, error) {
	t.note("The password is a temporary one and has to be replaced.")
	attributes := maps.Clone(c.Attribute)
	if attributes == nil {
		attributes = make(map[string]string)
	}
	for _, name := range required.RequiredAttributes {
		value, err := t.ask(ctx, "Attribute "+name, attributes[name])
		if err != nil {
			return nil, err
		}
		attributes[name] = value
	}
	for {
		password, err := t.newPassword(ctx, "New password", c.NewPasswordFile)
		if err != nil {
			return nil, err
		}
		session, err := required.Answer(ctx, password, attributes)
		if !errors.Is(err, client.ErrInvalidPassword) || !t.interactive || c.NewPasswordFile != "" {
			return session, err
		}
		t.note("%v", err)
	}
}

// codeMember returns the member of the answer that carries the code of a challenge, empty
// for challenges that ask for something else.
func codeMember(challenge string) string {
	switch challenge {
	case "SMS_MFA", "SMS_OTP", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA":
		return challenge + "_CODE"
	default:
		return ""
	}
}

// sendCode answers a challenge that asks for a code. At a terminal a wrong code is asked
// for again.
func sendCode(ctx context.Context, t *terminal, challenge *client.Challenge) (*client.Session, error) {
	question := "Code"
	if destination := challenge.Parameters["CODE_DELIVERY_DESTINATION"]; destination != "" {
		question = "Code sent to " + destination
	}
	for {
		code, err := t.ask(ctx, question, "")
		if err != nil {
			return nil, err
		}
		session, err := challenge.Respond(ctx, map[string]string{codeMember(challenge.Name): code})
		if !errors.Is(err, client.ErrCodeMismatch) || !t.interactive {
			return session, err
		}
		t.note("%v", err)
	}
}

// tokensJSON is what login --json prints.
type tokensJSON struct {
	Username     string    `json:"username"`
	Sub          string    `json:"sub"`
	IDToken      string    `json:"idToken"`
	AccessToken  string    `json:"accessToken"`
	RefreshToken string    `json:"refreshToken"`
	ExpiresAt    time.Time `json:"expiresAt"`
}

func describeTokens(session *client.Session) tokensJSON {
	tokens := session.Tokens()
	return tokensJSON{
		Username:     session.Username(),
		Sub:          tokens.ID.Claims().Subject,
		IDToken:      tokens.ID.JWT(),
		AccessToken:  tokens.Access.JWT(),
		RefreshToken: string(tokens.Refresh),
		ExpiresAt:    tokens.ExpiresAt().UTC(),
	}
}

type whoamiCommand struct {
	poolFlags
	JSON bool `name:"json" help:"Print the user as JSON."`
}

// userJSON is what whoami --json prints.
type userJSON struct {
	Username   string            `json:"username"`
	Attributes map[string]string `json:"attributes"`
}

// Run asks the service who is signed in.
func (c *whoamiCommand) Run(ctx context.Context, p *program) error {
	pool, err := c.open(ctx, p)
	if err != nil {
		return err
	}
	session, err := pool.CurrentSession(ctx)
	if err != nil {
		return plain(err)
	}
	user, err := session.UserData(ctx)
	if err != nil {
		return plain(err)
	}
	t := newTerminal(p)
	if c.JSON {
		return t.printJSON(userJSON{user.Username, user.Attributes})
	}
	t.print("username: %s", user.Username)
	for _, name := range slices.Sorted(maps.Keys(user.Attributes)) {
		t.print("%s: %s", name, user.Attributes[name])
	}
	return nil
}

type logoutCommand struct {
	poolFlags
	Global bool `help:"End the sessions of all the user's devices."`
}

// Run signs the user out.
func (c *logoutCommand) Run(ctx context.Context, p *program) error {
	pool, err := c.open(ctx, p)
	if err != nil {
		return err
	}
	session, err := pool.CurrentSession(ctx)
	if err != nil {
		return plain(err)
	}
	t := newTerminal(p)
	if c.Global {
		if err := session.GlobalSignOut(ctx); err != nil {
			return plain(err)
		}
		t.print("Signed %s out everywhere.", session.Username())
		return nil
	}
	if err := session.SignOut(ctx); err != nil {
		t.note("The session file is cleared, but the session could not be revoked.")
		return plain(err)
	}
	t.print("Signed %s out.", session.Username())
	return nil
}
