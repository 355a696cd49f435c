package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
)

// What `cenote dev` has besides the API: messages, the clock, the way back.
func TestDevelopmentTools(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool())
	address := "ann+tag." + email()
	found := make(chan answer, 1)
	go func() { // a test asks before the message is there
		found <- s.send(http.MethodGet, "/_cenote/messages?wait=20s&limit=1&to="+url.QueryEscape(address), "")
	}()
	name := username()
	must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", address)}))(t)
	var list struct {
		Messages []struct{ ID, Time, UserPoolID, ClientID, Username, Medium, Destination, Subject, Body, Code, Source string }
	}
	got := <-found
	if err := json.Unmarshal([]byte(got.body), &list); err != nil || len(list.Messages) != 1 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	m := list.Messages[0]
	book.add("code", m.Code)
	if m.UserPoolID != a.pool || m.ClientID != a.id || m.Username != name || m.Medium != "EMAIL" || m.Destination != address ||
		!strings.Contains(m.Body, m.Code) || m.Subject != "Your verification code" {
		t.Errorf("%+v", m)
	}
	if got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the messages are open to web pages")
	}
	if err := s.confirm(a, name, m.Code); err != nil {
		t.Error(err)
	}
	s.send(http.MethodDelete, "/_cenote/messages", "")
	if got := s.send(http.MethodGet, "/_cenote/messages", ""); strings.TrimSpace(got.body) != `{"messages":[]}` {
		t.Errorf("%s", got.body)
	}
	if got := s.send(http.MethodGet, "/_cenote/inbox", ""); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", got.status, got.header)
	}

	tokens := s.tokens(a, name, password)
	if got := s.send(http.MethodPost, "/_cenote/clock", `{"advance":"61m"}`); got.status != http.StatusOK || !strings.Contains(got.body, `"offset":"1h1m0s"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	_, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	refused[*types.NotAuthorizedException](t, err, "Access Token has expired")
	s.send(http.MethodPost, "/_cenote/clock", `{"reset":true}`)
	s.get(tokens.AccessToken)
	for _, body := range []string{``, `{}`, `{"advance":"soon"}`, `{"advance":"-1h"}`, `{"advance":"1h","reset":true}`} {
		if got := s.send(http.MethodPost, "/_cenote/clock", body); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	if got := s.send(http.MethodPost, "/_cenote/reset", "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden {
		t.Errorf("another origin resets: %d", got.status)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if got := s.send(http.MethodGet, path, ""); got.status != http.StatusOK {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if got := s.send(http.MethodPost, "/_cenote/reset", ""); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	_, err = s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &a.pool})
	refused[*types.ResourceNotFoundException](t, err, "User pool "+a.pool+" does not exist.")
	_, err = s.signIn(a, name, password)
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+a.id+" does not exist.")
	b := s.app(s.pool())
	u := s.member(b.pool)
	s.tokens(b, u.name, u.password)
}

func TestFixedCode(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, func(c *cenote.Config) { c.FixedCode = "9999" }))
	a := s.app(s.pool())
	u := s.newcomer(a)
	refused[*types.CodeMismatchException](t, s.confirm(a, u.name, "0000"), textBadCode)
	if err := s.confirm(a, u.name, "9999"); err != nil {
		t.Error(err)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	const seed = `
- service: cognito-idp
  operation: CreateUserPool
  input: {PoolName: demo, UserPoolTags: {"cenote:id": us-east-1_seeded}}
- service: cognito-idp
  operation: CreateUserPoolClient
  input: {UserPoolId: us-east-1_seeded, ClientName: "_custom_id_:seeded", ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}
- {service: cognito-idp, operation: AdminCreateUser, input: {UserPoolId: us-east-1_seeded, Username: ann, MessageAction: SUPPRESS}}
- {service: cognito-idp, operation: AdminSetUserPassword, input: {UserPoolId: us-east-1_seeded, Username: ann, Password: Corr3ct-horse!, Permanent: true}}
`
	if err := s.server.Seed(s.ctx, strings.NewReader(seed)); err != nil {
		t.Fatal(err)
	}
	s.tokens(app{"us-east-1_seeded", "seeded", ""}, "ann", password)
	err := s.server.Seed(s.ctx, strings.NewReader(`[{service: cognito-idp, operation: CreateUserPool, input: {PoolName: ""}}]`))
	if err == nil || !strings.Contains(err.Error(), "1 validation error detected") && !strings.Contains(err.Error(), "2 validation errors detected") {
		t.Errorf("got %v", err)
	}
}

// The clock of a development server moves what it judges, and no further than that.
func TestClockOfSignatures(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	s.server.Advance(365 * 24 * time.Hour)
	a := s.app(s.pool()) // a signature of now still counts
	u := s.member(a.pool)
	if _, err := s.signInSRP(a, u.name, u.password); err != nil { // so does a timestamp
		t.Error(err)
	}
}
