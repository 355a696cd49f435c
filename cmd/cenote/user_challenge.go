package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/cenote-id/cenote/client"
)

// factorsByFlag are the values of --factor, but for the password.
var factorsByFlag = map[string]client.Factor{"": "", "email": client.EmailOTP, "sms": client.SMSOTP}

// describeFactor returns a factor in words, with the API's name for it.
func describeFactor(factor client.Factor) string {
	words := map[client.Factor]string{
		client.SMSMFA:           "code by SMS",
		client.SMSOTP:           "code by SMS",
		client.EmailOTP:         "code by e-mail",
		client.SoftwareTokenMFA: "code of an authenticator app",
		client.Password:         "password, sent",
		client.PasswordSRP:      "password",
		client.WebAuthn:         "passkey",
	}[factor]
	if words == "" {
		return string(factor)
	}
	return words + " (" + string(factor) + ")"
}

// deviceName is what this machine is called among the user's devices.
func deviceName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "cenote"
	}
	return "cenote on " + host
}

// answer returns how to answer what a sign-in asks for, or nil where it asks for nothing
// that somebody at a terminal can answer.
func (c *loginCommand) answer(t *terminal, user *client.User, err error) func(context.Context) (*client.Session, error) {
	if e, ok := errors.AsType[*client.CodeRequired](err); ok {
		return func(ctx context.Context) (*client.Session, error) { return giveCode(ctx, t, e) }
	}
	if e, ok := errors.AsType[*client.SelectMFAType](err); ok {
		return func(ctx context.Context) (*client.Session, error) {
			factor, err := choose(ctx, t, "Second factor", e.Choices)
			if err != nil {
				return nil, err
			}
			return e.Choose(ctx, factor)
		}
	}
	if e, ok := errors.AsType[*client.MFASetup](err); ok {
		return func(ctx context.Context) (*client.Session, error) { return c.setUp(ctx, t, user, e) }
	}
	if e, ok := errors.AsType[*client.NewPasswordRequired](err); ok {
		return func(ctx context.Context) (*client.Session, error) { return c.replacePassword(ctx, t, e) }
	}
	if e, ok := errors.AsType[*client.SelectChallenge](err); ok {
		return func(ctx context.Context) (*client.Session, error) { return c.selectChallenge(ctx, t, e) }
	}
	if e, ok := errors.AsType[*client.PasswordRequired](err); ok {
		return func(ctx context.Context) (*client.Session, error) {
			password, err := t.password(ctx, "Password", c.PasswordFile)
			if err != nil {
				return nil, err
			}
			return e.Answer(ctx, password)
		}
	}
	if e, ok := errors.AsType[*client.Challenge](err); ok && e.Name == "CUSTOM_CHALLENGE" {
		return func(ctx context.Context) (*client.Session, error) { return giveAnswer(ctx, t, e) }
	}
	return nil
}

// giveAnswer answers what a user pool's functions ask: all that they tell is shown.
func giveAnswer(ctx context.Context, t *terminal, e *client.Challenge) (*client.Session, error) {
	for _, name := range slices.Sorted(maps.Keys(e.Parameters)) {
		if name != "USERNAME" {
			t.note("%s: %s", name, e.Parameters[name])
		}
	}
	answer, err := t.ask(ctx, "Answer", "")
	if err != nil {
		return nil, err
	}
	return e.Respond(ctx, map[string]string{"ANSWER": answer})
}

// choose has one of several factors chosen, by its number or its name.
func choose(ctx context.Context, t *terminal, question string, choices []client.Factor) (client.Factor, error) {
	switch len(choices) {
	case 0:
		return "", errors.New("the user has nothing to sign in with at a terminal")
	case 1:
		return choices[0], nil
	}
	for i, factor := range choices {
		t.note("%d  %s", i+1, describeFactor(factor))
	}
	for {
		answer, err := t.ask(ctx, question, "")
		if err != nil {
			return "", err
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(choices) {
			return choices[n-1], nil
		}
		if slices.Contains(choices, client.Factor(answer)) {
			return client.Factor(answer), nil
		}
		if !t.interactive {
			return "", fmt.Errorf("%s: %q is none of the choices", question, answer)
		}
		t.note("Give a number from 1 to %d.", len(choices))
	}
}

// selectChallenge has the user choose among what a terminal can do: a passkey needs a
// browser, and to send a password is no choice where it can be proven.
func (c *loginCommand) selectChallenge(ctx context.Context, t *terminal, e *client.SelectChallenge) (*client.Session, error) {
	choices := slices.DeleteFunc(slices.Clone(e.Choices), func(f client.Factor) bool {
		return f == client.WebAuthn || f == client.Password && slices.Contains(e.Choices, client.PasswordSRP)
	})
	factor, err := choose(ctx, t, "Sign in with", choices)
	if err != nil {
		return nil, err
	}
	return e.Choose(ctx, factor)
}

// giveCode answers a challenge that asks for a code. At a terminal a wrong code is asked
// for again.
func giveCode(ctx context.Context, t *terminal, e *client.CodeRequired) (*client.Session, error) {
	question := "Code"
	switch {
	case e.Delivery != nil:
		question = "Code sent to " + e.Delivery.Destination
	case e.Factor == client.SoftwareTokenMFA:
		question = "Code of the authenticator app"
	}
	for {
		code, err := t.ask(ctx, question, "")
		if err != nil {
			return nil, err
		}
		session, err := e.Answer(ctx, code)
		// An app's code that has served once is called expired; the next one will do.
		again := errors.Is(err, client.ErrCodeMismatch) || e.Factor == client.SoftwareTokenMFA && errors.Is(err, client.ErrExpiredCode)
		if !again || !t.interactive {
			return session, err
		}
		t.note("%v", err)
	}
}

// setUp sets up the second factor that the pool demands.
func (c *loginCommand) setUp(ctx context.Context, t *terminal, user *client.User, e *client.MFASetup) (*client.Session, error) {
	t.note("The user pool demands a second factor, which has to be set up.")
	choices := slices.DeleteFunc(slices.Clone(e.Choices), func(f client.Factor) bool {
		return f != client.SoftwareTokenMFA && f != client.EmailOTP
	})
	if len(choices) == 0 {
		return nil, errors.New("an administrator has to give the user a second factor")
	}
	factor, err := choose(ctx, t, "Second factor", choices)
	if err != nil {
		return nil, err
	}
	if factor == client.EmailOTP {
		address, err := t.ask(ctx, "E-mail address", c.Attribute["email"])
		if err != nil {
			return nil, err
		}
		return e.SetUpEmail(ctx, address)
	}
	secret, err := e.AssociateSoftwareToken(ctx)
	if err != nil {
		return nil, err
	}
	t.showSecret(secret, client.SoftwareTokenURI(secret, user.Pool().UserPoolID(), user.Username()))
	for {
		code, err := t.ask(ctx, "Code of the authenticator app", "")
		if err != nil {
			return nil, err
		}
		session, err := e.VerifySoftwareToken(ctx, code, "")
		again := errors.Is(err, client.ErrCodeMismatch) || errors.Is(err, client.ErrEnableSoftwareTokenMFA)
		if !again || !t.interactive {
			return session, err
		}
		t.note("%v", err)
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

// settleDevice says what became of the device, and asks whether to remember it where the
// user pool leaves that to the user.
func (c *loginCommand) settleDevice(ctx context.Context, t *terminal, session *client.Session) error {
	if err := session.DeviceError(); err != nil {
		t.note("This device could not be registered: %v", err)
	}
	if !session.AskToRemember() {
		return nil
	}
	remember := c.RememberDevice
	if remember == nil && t.interactive {
		yes, err := t.confirm(ctx, "Remember this device?")
		if err != nil {
			return err
		}
		remember = &yes
	}
	if remember == nil || !*remember {
		return nil
	}
	if err := session.RememberDevice(ctx, ""); err != nil {
		return err
	}
	t.note("This device is remembered.")
	return nil
}
