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
	Flow            string            `enum:"srp,password,choice,custom,custom-srp" default:"srp" help:"How to sign in: ${enum}. With srp the password is proven, not sent; with choice the user pool says what there is to choose; with custom its functions ask, with custom-srp after the password."`
	Factor          string            `enum:",password,email,sms" default:"" help:"With --flow choice, what to sign in with: a password, or a code by email or sms."`
	RememberDevice  *bool             `negatable:"" help:"Where the user pool leaves it to the user, have it remember this device, which may spare a second factor; asked for at a terminal."`
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
	session, err := c.signIn(ctx, t, pool.User(name))
	if err != nil {
		return plain(err)
	}
	if err := c.settleDevice(ctx, t, session); err != nil {
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

// signIn signs the user in and answers what is asked on the way.
func (c *loginCommand) signIn(ctx context.Context, t *terminal, user *client.User) (*client.Session, error) {
	session, err := c.start(ctx, t, user)
	for {
		answer := c.answer(t, user, err)
		if answer == nil {
			return session, err
		}
		session, err = answer(ctx)
	}
}

// start makes the first step of the sign-in.
func (c *loginCommand) start(ctx context.Context, t *terminal, user *client.User) (*client.Session, error) {
	flow := client.SRPFlow
	switch {
	case c.Flow == "choice" && c.Factor != "password":
		return user.SignInByChoice(ctx, factorsByFlag[c.Factor])
	case c.Flow == "choice":
		flow = client.ChoiceFlow
	case c.Factor != "":
		return nil, errors.New("--factor is for --flow choice")
	case c.Flow == "custom":
		return user.SignInByChallenge(ctx)
	case c.Flow == "custom-srp":
		flow = client.CustomFlow
	case c.Flow == "password":
		flow = client.PasswordFlow
	}
	password, err := t.password(ctx, "Password", c.PasswordFile)
	if err != nil {
		return nil, err
	}
	session, err := user.SignIn(ctx, password, client.WithFlow(flow))
	if flow == client.SRPFlow && errors.Is(err, client.ErrInvalidParameter) {
		// An app client may have choice-based sign-in alone, in which the password is
		// proven too. Where it has neither, the first refusal is the one to tell.
		other, choice := user.SignIn(ctx, password, client.WithFlow(client.ChoiceFlow))
		if !errors.Is(choice, client.ErrInvalidParameter) {
			return other, choice
		}
	}
	return session, err
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
	// The second factors, under the names of GetUser, which leaves them out where there are none.
	MFA          []client.Factor `json:"mfa,omitempty"`
	PreferredMFA client.Factor   `json:"preferredMfa,omitempty"`
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
		return t.printJSON(userJSON{user.Username, user.Attributes, user.MFA, user.PreferredMFA})
	}
	t.print("username: %s", user.Username)
	for _, name := range slices.Sorted(maps.Keys(user.Attributes)) {
		t.print("%s: %s", name, user.Attributes[name])
	}
	for _, factor := range user.MFA {
		note := ""
		if factor == user.PreferredMFA {
			note = ", preferred"
		}
		t.print("second factor: %s%s", describeFactor(factor), note)
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
