package client_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
	"github.com/cenote-id/cenote/client"
)

func TestMain(m *testing.M) {
	code := m.Run()
	demos.end()
	os.Exit(code)
}

// demos is where the examples' server runs, from the first example that needs it to the
// end of the tests.
var demos demoTB

// demoTB is a test to cenotetest, which examples do not have.
type demoTB struct {
	testing.TB // nil: cenotetest calls only what is declared below

	start  sync.Once
	server *cenotetest.Server
	dir    string
	ends   []func()
}

func (*demoTB) Helper()                  {}
func (*demoTB) Context() context.Context { return context.Background() }
func (*demoTB) Output() io.Writer        { return io.Discard }
func (d *demoTB) Cleanup(end func())     { d.ends = append(d.ends, end) }
func (*demoTB) Fatal(args ...any)        { log.Fatal(args...) }
func (*demoTB) Fatalf(f string, a ...any) {
	log.Fatalf(f, a...)
}

func (*demoTB) Errorf(f string, a ...any) {
	log.Fatalf(f, a...)
}

func (d *demoTB) TempDir() string {
	dir, err := os.MkdirTemp("", "cenote-client-")
	if err != nil {
		log.Fatal(err)
	}
	d.dir = dir
	d.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			log.Print(err)
		}
	})
	return dir
}

func (d *demoTB) end() {
	for _, end := range slices.Backward(d.ends) {
		end()
	}
}

// demo is a user pool and an app client on a running server.
type demo struct {
	UserPoolID, ClientID, Endpoint string

	tb      testing.TB
	server  *cenotetest.Server
	factors bool // alice has a phone for second factors
}

// startDemo makes the user pool of an example.
func startDemo() demo { return newDemo(&demos, demoServer()) }

func demoServer() *cenotetest.Server {
	demos.start.Do(func() { demos.server = cenotetest.Start(&demos) })
	return demos.server
}

// newDemo makes a user pool that verifies e-mail addresses and knows the attribute
// given_name, and an app client without a secret; change may alter the latter.
func newDemo(tb testing.TB, server *cenotetest.Server, change ...func(*cognitoidp.CreateUserPoolClientRequest)) demo {
	tb.Helper()
	return newPoolDemo(tb, server, nil, change)
}

// newPoolDemo is newDemo with changes to the pool, too.
func newPoolDemo(
	tb testing.TB, server *cenotetest.Server,
	changePool []func(*cognitoidp.CreateUserPoolRequest), change []func(*cognitoidp.CreateUserPoolClientRequest),
) demo {
	tb.Helper()
	p := &cognitoidp.CreateUserPoolRequest{
		PoolName: new("demo"), AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{"email"},
	}
	for _, c := range changePool {
		c(p)
	}
	pool := server.CreatePool(tb, p)
	in := &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool.Id, ClientName: new("demo"),
		ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{
			"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		},
	}
	for _, c := range change {
		c(in)
	}
	app := server.CreateClient(tb, in)
	return demo{UserPoolID: *pool.Id, ClientID: *app.ClientId, Endpoint: server.URL, tb: tb, server: server}
}

// pool returns the pool as client.New makes it.
func (d demo) pool() *client.Pool {
	pool, err := client.New(client.Config{UserPoolID: d.UserPoolID, ClientID: d.ClientID, Endpoint: d.Endpoint, DeviceName: "my program"})
	if err != nil {
		d.tb.Fatal(err)
	}
	return pool
}

// registered returns the pool with the confirmed user alice in it.
func (d demo) registered() *client.Pool {
	pool := d.pool()
	ctx := d.tb.Context()
	attributes := map[string]string{"email": d.email("alice"), "nickname": "Al"}
	if d.factors {
		attributes["phone_number"] = d.phone()
	}
	r, err := pool.SignUp(ctx, client.Registration{Username: "alice", Password: "Passw0rd!", Attributes: attributes})
	if err == nil {
		err = r.User.ConfirmSignUp(ctx, d.code())
	}
	if err != nil {
		d.tb.Fatal(err)
	}
	return pool
}

// signedIn returns alice's session.
func (d demo) signedIn() *client.Session {
	session, err := d.registered().User("alice").SignIn(d.tb.Context(), "Passw0rd!")
	if err != nil {
		d.tb.Fatal(err)
	}
	return session
}

// dir is a new directory that goes with the server.
func (d demo) dir() string {
	dir, err := os.MkdirTemp(demos.dir, "dir-")
	if err != nil {
		d.tb.Fatal(err)
	}
	return dir
}

// email is a user's address, of which no other demo has one.
func (d demo) email(name string) string { return fmt.Sprintf("%s@%s.example", name, d.ClientID) }

// code is what alice finds in the newest mail.
func (d demo) code() string { return d.server.Code(d.tb, d.email("alice")) }

// invite has an administrator make a user with a temporary password.
func (d demo) invite(name, temporaryPassword string) {
	cenotetest.Must[cognitoidp.AdminCreateUserResponse](d.tb, d.server, "AdminCreateUser", &cognitoidp.AdminCreateUserRequest{
		UserPoolId: &d.UserPoolID, Username: &name, TemporaryPassword: &temporaryPassword,
		MessageAction:  new(cognitoidp.MessageActionTypeSuppress),
		UserAttributes: []cognitoidp.AttributeType{{Name: new("email"), Value: new(d.email(name))}},
	})
}

// accepts says whether the service takes an access token.
func (d demo) accepts(accessToken string) bool {
	_, err := cenotetest.Call[cognitoidp.GetUserResponse](d.tb.Context(), d.server, "GetUser", &cognitoidp.GetUserRequest{AccessToken: &accessToken})
	return err == nil
}
