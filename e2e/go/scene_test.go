package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
)

// password satisfies the default policy.
const password = "Corr3ct-horse!"

// scene is what a test works with: a client of the SDK and the server that it talks to.
type scene struct {
	*idp.Client
	t      *testing.T
	ctx    context.Context
	server *running // nil where the server is another process
	url    string
	http   *http.Client
}

// open returns a scene on the shared server.
func open(t *testing.T) *scene {
	t.Helper()
	return sceneOn(t, shared(t))
}

// openAlone returns a scene on a server whose clock stands still but for what the test
// moves it, so that nothing depends on how fast the test is.
func openAlone(t *testing.T) *scene {
	t.Helper()
	now := time.Now()
	return sceneOn(t, own(t, func(c *cenote.Config) { c.Now = func() time.Time { return now } }))
}

func sceneOn(t *testing.T, r *running) *scene {
	t.Helper()
	s := sceneAt(t, r.URL(), "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	s.server = r
	return s
}

// sceneAt returns a scene on a server that is reached at a URL, with an access key.
func sceneAt(t *testing.T, url, keyID, secret string) *scene {
	t.Helper()
	client := &http.Client{Transport: &inspector{t: t, base: http.DefaultTransport}}
	return &scene{
		t: t, ctx: t.Context(), url: url, http: client,
		Client: idp.New(idp.Options{
			Region: "us-east-1", BaseEndpoint: &url, HTTPClient: client,
			Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
			Retryer:     patient(),
		}),
	}
}

// patient retries what a busy server asks to be retried, and nothing else: the SDK's own
// retryer would repeat the attempts that the tests count.
func patient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = 5, 200*time.Millisecond
		o.Retryables = []retry.IsErrorRetryable{
			retry.RetryableErrorCode{Codes: map[string]struct{}{"TooManyRequestsException": {}}},
		}
	})
}

// unique returns a name that no other test uses.
func unique(prefix string) string { return prefix + strings.ToLower(rand.Text()[:10]) }

// email returns an address that no other test uses, and that must not be logged.
func email() string {
	address := unique("") + "@example.com"
	book.add("email", address)
	return address
}

// username returns a user name that no other test uses, and that must not be logged.
func username() string {
	name := unique("user-")
	book.add("username", name)
	return name
}

// phone returns a phone number that no other test uses, and that must not be logged.
func phone() string {
	digits := make([]byte, 9)
	rand.Read(digits)
	for i, b := range digits {
		digits[i] = '0' + b%10
	}
	number := "+1" + string(digits)
	book.add("phone number", number)
	return number
}

func ptr[T any](v T) *T { return &v }

// must returns v, and ends the test on an error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fault is an error type of the SDK for an exception that operations declare.
type fault interface {
	error
	ErrorMessage() string
}

// refused checks that a call was refused with an exception of type E and its text.
func refused[E fault](t *testing.T, err error, message string) {
	t.Helper()
	e, ok := errorAs[E](err)
	if !ok {
		t.Errorf("got %v, want a %T: %s", err, e, message)
		return
	}
	if got := e.ErrorMessage(); got != message {
		t.Errorf("%T says %q, want %q", e, got, message)
	}
}

// errorAs finds an exception of type E in an error.
func errorAs[E fault](err error) (E, bool) { return errors.AsType[E](err) }

// pool makes a user pool that verifies e-mail addresses, and returns its id.
func (s *scene) pool(change ...func(*idp.CreateUserPoolInput)) string {
	s.t.Helper()
	in := &idp.CreateUserPoolInput{
		PoolName:               ptr(unique("pool-")),
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
	}
	for _, f := range change {
		f(in)
	}
	return *must(s.CreateUserPool(s.ctx, in))(s.t).UserPool.Id
}

// app is an app client of a pool.
type app struct{ pool, id, secret string }

// allFlows are the flows of an app that may do everything.
var allFlows = []types.ExplicitAuthFlowsType{
	types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
	types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
}

// app makes an app client that may use every flow.
func (s *scene) app(pool string, change ...func(*idp.CreateUserPoolClientInput)) app {
	s.t.Helper()
	in := &idp.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: ptr("app"), ExplicitAuthFlows: allFlows}
	for _, f := range change {
		f(in)
	}
	c := must(s.CreateUserPoolClient(s.ctx, in))(s.t).UserPoolClient
	return app{pool, *c.ClientId, aws.ToString(c.ClientSecret)}
}

// hiding makes an app hide which users exist.
func hiding(in *idp.CreateUserPoolClientInput) {
	in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
}

// withSecret gives an app a secret.
func withSecret(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true }

// hash returns the SECRET_HASH for a name, nil for apps without a secret.
func (a app) hash(name string) *string {
	if a.secret == "" {
		return nil
	}
	return ptr(secretHash(a.secret, name, a.id))
}

func secretHash(secret, name, clientID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(name + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// person is a user as a test knows it.
type person struct{ name, email, password string }

// attributes returns attributes from names and values in turn.
func attributes(pairs ...string) []types.AttributeType {
	var out []types.AttributeType
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.AttributeType{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// valueOf returns an attribute's value, "" when it is not there.
func valueOf(list []types.AttributeType, name string) string {
	for _, a := range list {
		if *a.Name == name {
			return aws.ToString(a.Value)
		}
	}
	return ""
}

// newcomer signs a user up, and leaves it unconfirmed.
func (s *scene) newcomer(a app) person {
	s.t.Helper()
	p := person{username(), email(), password}
	must(s.SignUp(s.ctx, &idp.SignUpInput{
		ClientId: &a.id, SecretHash: a.hash(p.name), Username: &p.name, Password: &p.password,
		UserAttributes: attributes("email", p.email),
	}))(s.t)
	return p
}

// member makes a confirmed user with a verified e-mail address.
func (s *scene) member(pool string, more ...string) person {
	s.t.Helper()
	p := person{username(), email(), password}
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &pool, Username: &p.name, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: attributes(append([]string{"email", p.email, "email_verified", "true"}, more...)...),
	}))(s.t)
	s.setPassword(pool, p.name, p.password)
	return p
}

func (s *scene) setPassword(pool, name, password string) {
	s.t.Helper()
	must(s.AdminSetUserPassword(s.ctx, &idp.AdminSetUserPasswordInput{
		UserPoolId: &pool, Username: &name, Password: &password, Permanent: true,
	}))(s.t)
}

// signIn signs a user in with the password in clear.
func (s *scene) signIn(a app, name, password string) (*idp.InitiateAuthOutput, error) {
	parameters := map[string]string{"USERNAME": name, "PASSWORD": password}
	if h := a.hash(name); h != nil {
		parameters["SECRET_HASH"] = *h
	}
	return s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: parameters,
	})
}

// tokens signs a user in and returns the tokens.
func (s *scene) tokens(a app, name, password string) *types.AuthenticationResultType {
	s.t.Helper()
	out := must(s.signIn(a, name, password))(s.t)
	if out.AuthenticationResult == nil {
		s.t.Fatalf("got challenge %s, want tokens", out.ChallengeName)
	}
	return out.AuthenticationResult
}

// refresh refreshes a sign-in by InitiateAuth.
func (s *scene) refresh(a app, token string) (*idp.InitiateAuthOutput, error) {
	return s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": token},
	})
}

// codeFor returns the newest code that was sent to an address.
func (s *scene) codeFor(to string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	messages := s.server.Messages(ctx, to)
	if len(messages) == 0 {
		s.t.Fatal("no message came")
	}
	book.add("code", messages[0].Code)
	return messages[0].Code
}

// other returns another code than the given one.
func other(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}

// user returns a user as an administrator sees it.
func (s *scene) user(pool, name string) *idp.AdminGetUserOutput {
	s.t.Helper()
	return must(s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: &name}))(s.t)
}
