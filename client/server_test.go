package client_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
	"github.com/cenote-id/cenote/client"
)

// withSecret has the app client made with a secret.
func withSecret(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) }

// withRotation has refresh tokens rotate.
func withRotation(in *cognitoidp.CreateUserPoolClientRequest) {
	in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"}
	in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{
		Feature: new(cognitoidp.FeatureType("ENABLED")), RetryGracePeriodSeconds: new(0),
	}
}

// secretPool returns the demo's pool for an app client with a secret.
func (d demo) secretPool() *client.Pool {
	d.tb.Helper()
	app := cenotetest.Must[cognitoidp.DescribeUserPoolClientResponse](d.tb, d.server, "DescribeUserPoolClient", &cognitoidp.DescribeUserPoolClientRequest{
		UserPoolId: &d.UserPoolID, ClientId: &d.ClientID,
	})
	pool, err := client.New(client.Config{
		UserPoolID: d.UserPoolID, ClientID: d.ClientID, Endpoint: d.Endpoint,
		ClientSecret: client.Secret(api.Value(app.UserPoolClient.ClientSecret)),
	})
	if err != nil {
		d.tb.Fatal(err)
	}
	return pool
}

// Every operation that a secret has to be proven for, against the server.
func TestServerWithSecret(t *testing.T) {
	t.Parallel()
	d := newDemo(t, cenotetest.Start(t), withSecret)
	pool, ctx := d.secretPool(), t.Context()
	check := func(step string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	r, err := pool.SignUp(ctx, client.Registration{Username: "alice", Password: "Passw0rd!", Attributes: map[string]string{"email": d.email("alice")}})
	check("SignUp", err)
	_, err = r.User.ResendConfirmationCode(ctx)
	check("ResendConfirmationCode", err)
	check("ConfirmSignUp", r.User.ConfirmSignUp(ctx, d.code()))
	_, err = r.User.ForgotPassword(ctx)
	check("ForgotPassword", err)
	check("ConfirmForgotPassword", r.User.ConfirmForgotPassword(ctx, d.code(), "N3w-Passw0rd!"))
	_, err = r.User.SignIn(ctx, "N3w-Passw0rd!", client.WithFlow(client.PasswordFlow))
	check("SignIn by password", err)
	session, err := r.User.SignIn(ctx, "N3w-Passw0rd!")
	check("SignIn by SRP", err)
	check("Refresh", session.Refresh(ctx))
	check("SignOut", session.SignOut(ctx))

	_, err = d.pool().User("alice").SignIn(ctx, "N3w-Passw0rd!")
	want := "NotAuthorizedException: Client " + d.ClientID + " is configured with secret but SECRET_HASH was not received"
	if err == nil || err.Error() != want {
		t.Errorf("without the secret: %v, want %s", err, want)
	}
}

func TestServerWithRotation(t *testing.T) {
	t.Parallel()
	d := newDemo(t, cenotetest.Start(t), withSecret, withRotation)
	pool, ctx := d.secretPool(), t.Context()
	d.invite("alice", "Passw0rd!")
	_, err := pool.User("alice").SignIn(ctx, "Passw0rd!")
	required, ok := errors.AsType[*client.NewPasswordRequired](err)
	if !ok {
		t.Fatalf("SignIn: %v, want *NewPasswordRequired", err)
	}
	session, err := required.Answer(ctx, "N3w-Passw0rd!", nil)
	if err != nil {
		t.Fatal(err)
	}
	first := session.Tokens()
	for range 3 {
		if err := session.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if session.Tokens().Refresh == first.Refresh {
		t.Error("the refresh token did not rotate")
	}
	// Many sessions over one storage would spend the same refresh token, but for its lock.
	d.server.Advance(2 * time.Hour)
	var all sync.WaitGroup
	for range 5 {
		shared, err := pool.CurrentSession(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if _, err := shared.UserData(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// The server's clock runs away: what it finds expired is refreshed, until the refresh
// token has expired too.
func TestServerClock(t *testing.T) {
	t.Parallel()
	d := newDemo(t, cenotetest.Start(t))
	session := d.signedIn()
	d.server.Advance(61 * time.Minute)
	if _, err := session.UserData(t.Context()); err != nil {
		t.Errorf("after an hour: %v", err)
	}
	d.server.Advance(31 * 24 * time.Hour)
	_, err := session.UserData(t.Context())
	if !errors.Is(err, client.ErrNotSignedIn) || !errors.Is(err, client.ErrNotAuthorized) {
		t.Errorf("after a month: %v, want %v and %v", err, client.ErrNotSignedIn, client.ErrNotAuthorized)
	}
}

func TestServerRefusals(t *testing.T) {
	t.Parallel()
	d := newDemo(t, cenotetest.Start(t))
	pool, ctx := d.registered(), t.Context()
	if _, err := pool.SignUp(ctx, client.Registration{Username: "bob", Password: "Passw0rd!", Attributes: map[string]string{"email": d.email("bob")}}); err != nil {
		t.Fatal(err)
	}
	d.invite("carol", "Temp0rary!")
	signIn := func(name, password string, options ...client.SignInOption) func() error {
		return func() error {
			_, err := pool.User(name).SignIn(ctx, password, options...)
			return err
		}
	}
	elsewhere := d
	elsewhere.ClientID = "unknownclient"
	tests := map[string]struct {
		do   func() error
		want error
		text string
	}{
		"wrong password": {signIn("alice", "wrong"), client.ErrNotAuthorized, "Incorrect username or password."},
		"unknown user":   {signIn("nobody", "Passw0rd!"), client.ErrUserNotFound, "User does not exist."},
		"unconfirmed":    {signIn("bob", "Passw0rd!"), client.ErrUserNotConfirmed, "User is not confirmed."},
		"name taken": {func() error {
			_, err := pool.SignUp(ctx, client.Registration{Username: "alice", Password: "Passw0rd!"})
			return err
		}, client.ErrUsernameExists, "User already exists"},
		"weak password": {func() error {
			_, err := pool.SignUp(ctx, client.Registration{Username: "dave", Password: "weak"})
			return err
		}, client.ErrInvalidPassword, "Password did not conform with policy: Password not long enough"},
		"no code asked for": {func() error {
			return pool.User("alice").ConfirmForgotPassword(ctx, "1", "Passw0rd!")
		}, client.ErrExpiredCode, "Invalid code provided, please request a code again."},
		"confirmed already": {func() error {
			return pool.User("alice").ConfirmSignUp(ctx, "1")
		}, client.ErrNotAuthorized, "User cannot be confirmed. Current status is CONFIRMED"},
		"unknown client": {func() error {
			_, err := elsewhere.pool().User("alice").SignIn(ctx, "Passw0rd!")
			return err
		}, client.ErrResourceNotFound, "User pool client unknownclient does not exist."},
		"weak new password": {func() error {
			required, ok := errors.AsType[*client.NewPasswordRequired](signIn("carol", "Temp0rary!")())
			if !ok {
				return errors.New("no new password was required")
			}
			_, err := required.Answer(ctx, "weak", nil)
			return err
		}, client.ErrInvalidPassword, "Password does not conform to policy: Password not long enough"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.do()
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			refused, _ := errors.AsType[*client.Error](err)
			if refused.Message != test.text || refused.Status != 400 || refused.RequestID == "" {
				t.Errorf("%q, status %d, request id %q; want %q, 400, one", refused.Message, refused.Status, refused.RequestID, test.text)
			}
		})
	}
}
