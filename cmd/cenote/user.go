package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cenote-id/cenote/client"
)

// userCommands act as a user of a user pool, in Cenote or in AWS. They need nothing but
// the pool's and the app client's id.
type userCommands struct {
	Signup         signupCommand         `cmd:"" group:"Users" help:"Register a new user of a user pool."`
	Confirm        confirmCommand        `cmd:"" group:"Users" help:"Confirm a new user with the code that was sent."`
	Login          loginCommand          `cmd:"" group:"Users" help:"Sign in and keep the session in a file."`
	ForgotPassword forgotPasswordCommand `cmd:"" group:"Users" help:"Set a new password with a code that is sent to you."`
	Whoami         whoamiCommand         `cmd:"" group:"Users" help:"Show the user who is signed in."`
	Logout         logoutCommand         `cmd:"" group:"Users" help:"Sign out and revoke the session."`
}

// poolFlags say which user pool is meant and as which app client to speak to it.
type poolFlags struct {
	Endpoint     string        `placeholder:"URL" env:"CENOTE_ENDPOINT" help:"Where the Cenote server is, such as http://127.0.0.1:9229."`
	Region       string        `env:"CENOTE_REGION" help:"The pool's AWS region; without an endpoint the pool is one of AWS."`
	UserPoolID   string        `name:"user-pool-id" placeholder:"ID" env:"CENOTE_USER_POOL_ID" help:"The user pool; by default that of the last login."`
	ClientID     string        `name:"client-id" placeholder:"ID" env:"CENOTE_CLIENT_ID" help:"The app client; by default that of the last login."`
	ClientSecret client.Secret `placeholder:"SECRET" help:"The app client's secret, where it has one ($$CENOTE_CLIENT_SECRET, or in the file $$CENOTE_CLIENT_SECRET_FILE)."`
	SessionFile  string        `placeholder:"FILE" env:"CENOTE_SESSION_FILE" help:"Where sessions are kept; by default cenote/session.json in the user's configuration directory."`
}

// Keys under which the session file keeps what the last login gave, beside the client's own.
const (
	keyEndpoint   = "cenote.endpoint"
	keyUserPoolID = "cenote.userPoolId"
	keyClientID   = "cenote.clientId"
)

// begin is how the commands about one user begin: with the pool, a terminal to talk to, and
// the user's name, asked for where the command line has none.
func (f *poolFlags) begin(ctx context.Context, p *program, given string) (*client.Pool, *terminal, string, error) {
	pool, err := f.open(ctx, p)
	if err != nil {
		return nil, nil, "", err
	}
	t := newTerminal(p)
	name, err := t.ask(ctx, "User name", given)
	return pool, t, name, err
}

// open returns the pool that the flags mean, or that of the last login where they name none.
func (f *poolFlags) open(ctx context.Context, p *program) (*client.Pool, error) {
	file, err := f.sessionFile()
	if err != nil {
		return nil, err
	}
	cfg := client.Config{
		UserPoolID: f.UserPoolID, ClientID: f.ClientID, ClientSecret: f.ClientSecret,
		Endpoint: f.Endpoint, Region: f.Region, Storage: file, DeviceName: deviceName(),
	}
	if f.ClientSecret == "" {
		secret, err := p.secret("CENOTE_CLIENT_SECRET")
		if err != nil {
			return nil, err
		}
		cfg.ClientSecret = client.Secret(secret)
	}
	if cfg.UserPoolID == "" && cfg.ClientID == "" {
		last, err := file.Get(ctx, keyEndpoint, keyUserPoolID, keyClientID)
		if err != nil {
			return nil, err
		}
		cfg.UserPoolID, cfg.ClientID = last[keyUserPoolID], last[keyClientID]
		if cfg.Endpoint == "" {
			cfg.Endpoint = last[keyEndpoint]
		}
	}
	if cfg.UserPoolID == "" || cfg.ClientID == "" {
		return nil, errors.New("which user pool? Give --user-pool-id and --client-id")
	}
	// A password must not go to AWS because a flag was forgotten.
	if cfg.Endpoint == "" && cfg.Region == "" {
		return nil, errors.New("where is the user pool? Give --endpoint for a Cenote server, or --region for AWS")
	}
	pool, err := client.New(cfg)
	if err != nil {
		return nil, plain(err)
	}
	return pool, nil
}

// remember keeps which pool was used, so that the next command needs no flags. Secrets
// are not kept.
func (f *poolFlags) remember(ctx context.Context, pool *client.Pool) error {
	file, err := f.sessionFile()
	if err != nil {
		return err
	}
	return file.Set(ctx, map[string]string{
		keyEndpoint: pool.Endpoint(), keyUserPoolID: pool.UserPoolID(), keyClientID: pool.ClientID(),
	})
}

func (f *poolFlags) sessionFile() (*client.File, error) {
	if f.SessionFile != "" {
		return client.NewFile(f.SessionFile), nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("where to keep the session? Give --session-file: %w", err)
	}
	return client.NewFile(filepath.Join(dir, "cenote", "session.json")), nil
}

// plain returns err in the words for somebody at a terminal, with the command that helps
// where there is one. The service's own texts stay as they are.
func plain(err error) error {
	refused, ok := errors.AsType[*client.Error](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, client.ErrNotSignedIn) && ok:
		return fmt.Errorf("%w\nThe session is over. Sign in again: cenote login", refused)
	case errors.Is(err, client.ErrNotSignedIn):
		return errors.New("nobody is signed in. Sign in with: cenote login")
	case errors.Is(err, client.ErrUserNotConfirmed):
		return fmt.Errorf("%w\nConfirm the user first: cenote confirm", err)
	case errors.Is(err, client.ErrPasswordResetRequired):
		return fmt.Errorf("%w\nSet a new password: cenote forgot-password", err)
	case ok:
		return err
	default:
		return errors.New(strings.TrimPrefix(err.Error(), "client: "))
	}
}
