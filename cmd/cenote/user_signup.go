package main

import (
	"context"

	"github.com/cenote-id/cenote/client"
)

type signupCommand struct {
	poolFlags
	Username     string            `arg:"" optional:"" help:"The new user's name; asked for where it is missing."`
	Attribute    map[string]string `short:"a" mapsep:"none" placeholder:"NAME=VALUE" help:"An attribute, such as email=a@example.com. May be repeated."`
	PasswordFile string            `placeholder:"FILE" env:"CENOTE_PASSWORD_FILE" help:"Read the password from FILE, or from standard input where FILE is -."`
	NoPassword   bool              `help:"Register without a password, where the user pool lets users sign in by other factors."`
}

// Run registers a user.
func (c *signupCommand) Run(ctx context.Context, p *program) error {
	pool, t, name, err := c.begin(ctx, p, c.Username)
	if err != nil {
		return err
	}
	var password string
	if !c.NoPassword {
		if password, err = t.newPassword(ctx, "Password", c.PasswordFile); err != nil {
			return err
		}
	}
	registered, err := pool.SignUp(ctx, client.Registration{
		Username: name, Password: client.Secret(password), Attributes: c.Attribute,
	})
	if err != nil {
		return plain(err)
	}
	t.print("Registered %s with sub %s.", name, registered.Sub)
	if registered.Delivery != nil {
		t.print("A code went by %s. Confirm with it: cenote confirm %s", registered.Delivery, name)
	} else if !registered.Confirmed {
		t.print("An administrator has to confirm the user.")
	}
	return nil
}

type confirmCommand struct {
	poolFlags
	Username   string `arg:"" optional:"" help:"The user's name; asked for where it is missing."`
	Code       string `arg:"" optional:"" help:"The code; asked for where it is missing."`
	Resend     bool   `help:"Have a new code sent, and do nothing else."`
	ForceAlias bool   `help:"Take the e-mail address or phone number away from another user who has it."`
}

// Run confirms a user.
func (c *confirmCommand) Run(ctx context.Context, p *program) error {
	pool, t, name, err := c.begin(ctx, p, c.Username)
	if err != nil {
		return err
	}
	user := pool.User(name)
	if c.Resend {
		delivery, err := user.ResendConfirmationCode(ctx)
		return plain(reportDelivery(t, delivery, err))
	}
	code, err := t.ask(ctx, "Code", c.Code)
	if err != nil {
		return err
	}
	var options []client.ConfirmOption
	if c.ForceAlias {
		options = append(options, client.ForceAlias())
	}
	if err := user.ConfirmSignUp(ctx, code, options...); err != nil {
		return plain(err)
	}
	t.print("Confirmed %s.", name)
	return nil
}

type forgotPasswordCommand struct {
	poolFlags
	Username        string `arg:"" optional:"" help:"The user's name; asked for where it is missing."`
	Code            string `help:"A code that has been sent already."`
	SendOnly        bool   `xor:"code" help:"Have a code sent, and do nothing else."`
	NewPasswordFile string `placeholder:"FILE" env:"CENOTE_NEW_PASSWORD_FILE" help:"Read the new password from FILE, or from standard input where FILE is -."`
}

// Run replaces a forgotten password.
func (c *forgotPasswordCommand) Run(ctx context.Context, p *program) error {
	pool, t, name, err := c.begin(ctx, p, c.Username)
	if err != nil {
		return err
	}
	user := pool.User(name)
	if c.Code == "" {
		delivery, err := user.ForgotPassword(ctx)
		if err := reportDelivery(t, delivery, err); err != nil || c.SendOnly {
			return plain(err)
		}
	}
	code, err := t.ask(ctx, "Code", c.Code)
	if err != nil {
		return err
	}
	password, err := t.newPassword(ctx, "New password", c.NewPasswordFile)
	if err != nil {
		return err
	}
	if err := user.ConfirmForgotPassword(ctx, code, password); err != nil {
		return plain(err)
	}
	t.print("The password of %s is changed.", name)
	return nil
}

// reportDelivery says where a code went, unless there was an error.
func reportDelivery(t *terminal, delivery *client.CodeDelivery, err error) error {
	if err == nil && delivery != nil {
		t.note("A code went by %s.", delivery)
	}
	return err
}
