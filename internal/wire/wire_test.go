package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/wire"
)

// service implements the operations that the tests call; each answers what its field says.
type service struct {
	cognitoidp.Unimplemented
	initiateAuth func(ctx context.Context, call *api.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error)
	listPools    func(call *api.Call) (*cognitoidp.ListUserPoolsResponse, error)
	getUser      func(call *api.Call) (*cognitoidp.GetUserResponse, error)
	forget       func(call *api.Call) (*api.Empty, error)
}

func (s *service) InitiateAuth(ctx context.Context, call *api.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	return s.initiateAuth(ctx, call, in)
}

func (s *service) ListUserPools(_ context.Context, call *api.Call, _ *cognitoidp.ListUserPoolsRequest) (*cognitoidp.ListUserPoolsResponse, error) {
	return s.listPools(call)
}

func (s *service) GetUser(_ context.Context, call *api.Call, _ *cognitoidp.GetUserRequest) (*cognitoidp.GetUserResponse, error) {
	return s.getUser(call)
}

func (s *service) ForgetDevice(_ context.Context, call *api.Call, _ *cognitoidp.ForgetDeviceRequest) (*api.Empty, error) {
	return s.forget(call)
}

func (s *service) ListUserPoolClientSecrets(context.Context, *api.Call, *cognitoidp.ListUserPoolClientSecretsRequest) (*cognitoidp.ListUserPoolClientSecretsResponse, error) {
	return nil, errors.New("sql: secret detail")
}

// doorman is a gate that knows one token and lets in everybody who sends an Authorization header.
type doorman struct{ denied error }

func (d doorman) Signer(_ context.Context, _ *api.Service, r *http.Request, _ []byte) (*api.IAMPrincipal, error) {
	if r.Header.Get("Authorization") == "" {
		return nil, fault.New("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	return &api.IAMPrincipal{ARN: "arn:aws:iam::000000000000:root"}, nil
}

func (d doorman) Allow(context.Context, *api.IAMPrincipal, *api.Service, *api.Operation, api.Input) error {
	return d.denied
}

func (d doorman) User(_ context.Context, token string) (*api.UserPrincipal, error) {
	switch token {
	case "good":
		return &api.UserPrincipal{Sub: "sub-1"}, nil
	case "orphan":
		return nil, fault.UserNotFound("User does not exist.")
	default:
		return nil, fault.NotAuthorized("Invalid Access Token")
	}
}

// fixture is a server behind a real listener.
type fixture struct {
	url      string
	wire     *wire.Server
	registry *prometheus.Registry
	buffer   *bytes.Buffer
	close    func()
}

// log returns what was logged. It ends the server, which waits for the requests under way.
func (f *fixture) log() string {
	f.close()
	return f.buffer.String()
}

func start(t *testing.T, impl *service, change func(*wire.Config)) *fixture {
	t.Helper()
	f := &fixture{buffer: &bytes.Buffer{}, registry: prometheus.NewRegistry()}
	c := wire.Config{
		Mounts: []wire.Mount{{
			Service: cognitoidp.Service, Impl: impl, Violation: "InvalidParameterException",
			Undeclared: map[string][]string{"GetUser": {"AliasExistsException"}},
			Categories: map[string]string{"InitiateAuth": "UserAuthentication"},
		}},
		Gate: doorman{}, Strict: true, Clock: clock.New(nil), Metrics: f.registry,
		Log: slog.New(wire.LogHandler(slog.NewTextHandler(f.buffer, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
	if change != nil {
		change(&c)
	}
	f.wire = wire.New(c)
	s := httptest.NewServer(f.wire)
	t.Cleanup(s.Close)
	f.url, f.close = s.URL, s.Close
	return f
}

// reply is a response with its body read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) post(t *testing.T, operation, body string, headers ...string) reply {
	t.Helper()
	return f.send(t, http.MethodPost, "/", body, append([]string{"X-Amz-Target", "AWSCognitoIdentityProviderService." + operation}, headers...)...)
}

func (f *fixture) send(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

// counted returns the labels and values of a counter, one series a line. It ends the server.
func (f *fixture) counted(t *testing.T, name string) string {
	t.Helper()
	f.close()
	families, err := f.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() != name {
				continue
			}
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			lines = append(lines, fmt.Sprintf("%s = %v", strings.Join(labels, " "), m.GetCounter().GetValue()))
		}
	}
	return strings.Join(lines, "\n")
}

const initiate = `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"abc","AuthParameters":{"USERNAME":"u","PASSWORD":"hunter2","DEVICE_KEY":null},"ClientMetadata":{},"UserContextData":null,"Unknown":[1]}`

func answering(err error) *service {
	return &service{
		initiateAuth: func(context.Context, *api.Call, *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
			if err != nil {
				return nil, err
			}
			return &cognitoidp.InitiateAuthResponse{ChallengeParameters: api.StringMap{}}, nil
		},
		listPools: func(*api.Call) (*cognitoidp.ListUserPoolsResponse, error) {
			return &cognitoidp.ListUserPoolsResponse{}, err
		},
		getUser: func(*api.Call) (*cognitoidp.GetUserResponse, error) { return &cognitoidp.GetUserResponse{}, err },
		forget:  func(*api.Call) (*api.Empty, error) { return &api.Empty{}, err },
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestSuccess(t *testing.T) {
	t.Parallel()
	var got *cognitoidp.InitiateAuthRequest
	var call *api.Call
	impl := answering(nil)
	impl.initiateAuth = func(_ context.Context, c *api.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
		call, got = c, in
		return &cognitoidp.InitiateAuthResponse{ChallengeParameters: api.StringMap{}}, nil
	}
	f := start(t, impl, nil)
	r := f.send(t, http.MethodPost, "/some/path", initiate, "x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth",
		"Authorization", "AWS4-HMAC-SHA256 nonsense", "User-Agent", "tester")

	if r.status != 200 || r.body != `{"ChallengeParameters":{}}` {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if ct := r.header.Get("Content-Type"); ct != "application/x-amz-json-1.1" {
		t.Errorf("Content-Type %q", ct)
	}
	if id := r.header.Get("x-amzn-RequestId"); !uuid.MatchString(id) || id != call.RequestID {
		t.Errorf("x-amzn-RequestId %q, the handler saw %q", id, call.RequestID)
	}
	if r.header.Get("Date") == "" || r.header.Get("Content-Length") != "26" {
		t.Errorf("Date %q, Content-Length %q", r.header.Get("Date"), r.header.Get("Content-Length"))
	}
	if r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS headers without an Origin")
	}
	want := &cognitoidp.InitiateAuthRequest{
		AuthFlow: new(cognitoidp.AuthFlowType("USER_PASSWORD_AUTH")), ClientId: new("abc"),
		AuthParameters: api.StringMap{"USERNAME": "u", "PASSWORD": "hunter2"}, ClientMetadata: api.StringMap{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if call.UserAgent != "tester" || !call.RemoteIP.IsLoopback() || call.Operation.Name != "InitiateAuth" || time.Since(call.Time) > time.Minute {
		t.Errorf("call %+v", call)
	}
	if log := f.log(); strings.Contains(log, "hunter2") || !strings.Contains(log, "request_id="+call.RequestID) {
		t.Errorf("log:\n%s", log)
	}
	if got := f.counted(t, "cenote_api_requests_total"); got != `category="UserAuthentication" code="OK" operation="InitiateAuth" = 1` {
		t.Errorf("counted %s", got)
	}
}

func TestOutputBodies(t *testing.T) {
	t.Parallel()
	f := start(t, answering(nil), nil)
	if r := f.post(t, "ForgetDevice", `{"AccessToken":"good","DeviceKey":"us-east-1_0"}`); r.status != 200 || r.body != "" || r.header.Get("Content-Length") != "0" {
		t.Errorf("an operation without output: %d %q", r.status, r.body)
	}
	if r := f.post(t, "ListUserPools", `{"MaxResults":1}`, "Authorization", "x"); r.status != 200 || r.body != "{}" {
		t.Errorf("an operation with an empty output: %d %q", r.status, r.body)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const long = "é\r\nInjected: yes"
	tests := []struct {
		name    string
		err     error
		status  int
		code    string
		header  string // x-amzn-ErrorMessage
		body    string
		lenient bool
	}{
		{
			name: "modelled", err: fault.NotAuthorized("Incorrect username or password."), status: 400, code: "NotAuthorizedException",
			header: "Incorrect username or password.", body: `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`,
		},
		{
			name: "with a reason", err: &fault.Error{Code: "InvalidParameterException", Message: "m", Reason: "r"}, status: 400, code: "InvalidParameterException",
			header: "m", body: `{"__type":"InvalidParameterException","message":"m","reasonCode":"r"}`,
		},
		{
			name: "sanitized header", err: fault.InvalidParameter(long), status: 400, code: "InvalidParameterException",
			header: "Injected: yes", body: `{"__type":"InvalidParameterException","message":"é\r\nInjected: yes"}`,
		},
		{
			name: "wrapped", err: errors.Join(fault.UserNotFound("User does not exist.")), status: 400, code: "UserNotFoundException",
			header: "User does not exist.", body: `{"__type":"UserNotFoundException","message":"User does not exist."}`,
		},
		{
			name: "unexpected", err: errors.New("sql: secret detail"), status: 500, code: "InternalErrorException",
			header: "Something went wrong", body: `{"__type":"InternalErrorException","message":"Something went wrong"}`,
		},
		{
			name: "busy", err: errors.Join(gate.ErrBusy), status: 400, code: "TooManyRequestsException",
			header: "Rate exceeded", body: `{"__type":"TooManyRequestsException","message":"Rate exceeded"}`,
		},
		{
			name: "member not implemented", err: &api.NotImplementedError{Operation: "InitiateAuth", Member: "Session"}, status: 501, code: "NotImplemented",
			header: "Member Session of InitiateAuth is not implemented.",
			body:   `{"__type":"NotImplemented","message":"Member Session of InitiateAuth is not implemented."}`,
		},
		{
			name: "undeclared, strict", err: fault.GroupExists("x"), status: 500, code: "InternalErrorException",
			header: "The operation answered an exception that it does not declare: GroupExistsException",
			body:   `{"__type":"InternalErrorException","message":"The operation answered an exception that it does not declare: GroupExistsException"}`,
		},
		{
			name: "undeclared, in production", err: fault.GroupExists("x"), status: 400, code: "GroupExistsException",
			header: "x", body: `{"__type":"GroupExistsException","message":"x"}`, lenient: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, answering(tt.err), func(c *wire.Config) { c.Strict = !tt.lenient })
			r := f.post(t, "InitiateAuth", initiate, "Origin", "http://app.example")
			if r.status != tt.status || r.body != tt.body {
				t.Errorf("got %d %s", r.status, r.body)
			}
			if got := r.header.Get("x-amzn-ErrorType"); got != tt.code+":" {
				t.Errorf("x-amzn-ErrorType %q", got)
			}
			if got := r.header.Get("x-amzn-ErrorMessage"); got != tt.header {
				t.Errorf("x-amzn-ErrorMessage %q", got)
			}
			if r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Access-Control-Expose-Headers") != "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date" {
				t.Errorf("CORS headers missing: %v", r.header)
			}
			if r.header.Get("Injected") != "" {
				t.Error("a message became a header")
			}
		})
	}
}

// A token is refused by an exception that the operation declares.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	f := start(t, &service{}, nil)
	for operation, want := range map[string]string{
		"GetUser":                   `{"__type":"UserNotFoundException","message":"User does not exist."}`,
		"StartWebAuthnRegistration": `{"__type":"NotAuthorizedException","message":"User does not exist."}`,
	} {
		if r := f.post(t, operation, `{"AccessToken":"orphan"}`); r.status != 400 || r.body != want {
			t.Errorf("%s: %d %s", operation, r.status, r.body)
		}
	}
}

func TestUndeclaredByDesign(t *testing.T) {
	t.Parallel()
	f := start(t, answering(fault.AliasExists("a")), nil)
	if r := f.post(t, "GetUser", `{"AccessToken":"good"}`); r.status != 400 {
		t.Errorf("an error of the extra list: %d %s", r.status, r.body)
	}
}

func TestLongMessageHasShortHeader(t *testing.T) {
	t.Parallel()
	f := start(t, answering(fault.InvalidParameter(strings.Repeat("x", 100_000))), nil)
	r := f.post(t, "InitiateAuth", initiate)
	if n := len(r.header.Get("x-amzn-ErrorMessage")); n != 1024 || len(r.body) < 100_000 {
		t.Errorf("header of %d characters, body of %d", n, len(r.body))
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	f := start(t, answering(nil), nil)
	serialization := func(message string) string {
		if message == "" {
			return `{"__type":"SerializationException"}`
		}
		return `{"__type":"SerializationException","Message":"` + message + `"}`
	}
	tests := []struct {
		name, body, want string
	}{
		{"no JSON", `hello`, serialization("")},
		{"cut off", `{"AuthFlow":`, serialization("")},
		{"two values", `{} {}`, serialization("")},
		{"duplicate name", `{"ClientId":"a","ClientId":"b"}`, serialization("")},
		{"duplicate map key", `{"AuthParameters":{"A":"a","A":"b"}}`, serialization("")},
		{"invalid UTF-8", "{\"ClientId\":\"\xff\"}", serialization("")},
		{"list for the input", `[]`, serialization("Expected map or null")},
		{"string for a map", `{"AuthParameters":"x"}`, serialization("Expected map or null")},
		{"number in a map", `{"AuthParameters":{"A":1}}`, serialization("NUMBER_VALUE cannot be converted to String")},
		{"number for a string", `{"ClientId":1}`, serialization("NUMBER_VALUE cannot be converted to String")},
		{"bool for a string", `{"ClientId":true}`, serialization("BOOL_VALUE cannot be converted to String")},
		{"object for a string", `{"ClientId":{}}`, serialization("Start of structure or map found where not expected.")},
		{"list for a string", `{"ClientId":[]}`, serialization("Start of list found where not expected.")},
		{
			"empty body", ``,
			`{"__type":"InvalidParameterException","message":"2 validation errors detected: Value null at 'authFlow' failed to satisfy constraint: Member must not be null; Value at 'clientId' failed to satisfy constraint: Member must not be null"}`,
		},
		{
			"wrong case", `{"authFlow":"USER_PASSWORD_AUTH","clientId":"x"}`,
			`{"__type":"InvalidParameterException","message":"2 validation errors detected: Value null at 'authFlow' failed to satisfy constraint: Member must not be null; Value at 'clientId' failed to satisfy constraint: Member must not be null"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := f.post(t, "InitiateAuth", tt.body)
			if r.status != 400 || !strings.Contains(strings.ReplaceAll(r.body, "Value null at 'clientId'", "Value at 'clientId'"), tt.want) {
				t.Errorf("got %d %s, want %s", r.status, r.body, tt.want)
			}
		})
	}
}

func TestUnknownOperations(t *testing.T) {
	t.Parallel()
	f := start(t, answering(nil), nil)
	for _, target := range []string{"", "AWSCognitoIdentityProviderService.Nonsense", "InitiateAuth", "awscognitoidentityproviderservice.InitiateAuth"} {
		r := f.send(t, http.MethodPost, "/", "{}", "X-Amz-Target", target, "Origin", "null")
		if r.status != 400 || r.body != `{"__type":"UnknownOperationException"}` || r.header.Get("x-amzn-ErrorType") != "UnknownOperationException:" {
			t.Errorf("target %q: %d %s", target, r.status, r.body)
		}
		if r.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("target %q: no CORS headers", target)
		}
	}
	if r := f.send(t, http.MethodGet, "/", ""); r.status != 404 {
		t.Errorf("GET /: %d", r.status)
	}
	if r := f.post(t, "CreateGroup", `{"GroupName":"g","UserPoolId":"us-east-1_abc"}`, "Authorization", "x"); r.status != 501 ||
		r.body != `{"__type":"NotImplemented","message":"Operation CreateGroup is not implemented."}` {
		t.Errorf("an operation that is not built: %d %s", r.status, r.body)
	}
}

// Some operations declare an internal error under another name.
func TestInternalServerException(t *testing.T) {
	t.Parallel()
	f := start(t, answering(nil), nil)
	r := f.post(t, "ListUserPoolClientSecrets", `{"UserPoolId":"us-east-1_abc","ClientId":"c"}`, "Authorization", "x")
	if r.status != 500 || r.body != `{"__type":"InternalServerException","message":"Something went wrong"}` || r.header.Get("X-Amzn-ErrorType") != "InternalServerException:" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	f := start(t, answering(nil), nil)
	pad := func(n int) string {
		return `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"abc","Pad":"` + strings.Repeat("x", n) + `"}`
	}
	if r := f.post(t, "InitiateAuth", pad(1<<20-70)); r.status != 200 {
		t.Errorf("a body under the limit: %d %s", r.status, r.body)
	}
	r := f.post(t, "InitiateAuth", pad(1<<20))
	if r.status != 413 || !strings.Contains(r.body, `"__type":"RequestEntityTooLargeException"`) {
		t.Errorf("a body over the limit: %d %s", r.status, r.body)
	}
	f = start(t, answering(nil), func(c *wire.Config) { c.Mounts[0].BodyLimits = map[string]int64{"InitiateAuth": 2 << 20} })
	if r := f.post(t, "InitiateAuth", pad(2<<20-70)); r.status != 200 {
		t.Errorf("a body under the operation's own limit: %d %s", r.status, r.body)
	}
	if r := f.post(t, "InitiateAuth", pad(2<<20)); r.status != 413 || !strings.Contains(r.body, "exceeds the limit of 2097152 bytes") {
		t.Errorf("a body over the operation's own limit: %d %s", r.status, r.body)
	}
}

func TestAuthorisation(t *testing.T) {
	t.Parallel()
	impl := answering(nil)
	impl.getUser = func(call *api.Call) (*cognitoidp.GetUserResponse, error) {
		return &cognitoidp.GetUserResponse{Username: new(call.Principal.User.Sub)}, nil
	}
	impl.listPools = func(call *api.Call) (*cognitoidp.ListUserPoolsResponse, error) {
		return &cognitoidp.ListUserPoolsResponse{NextToken: new(call.Principal.IAM.ARN)}, nil
	}
	f := start(t, impl, nil)
	denying := start(t, impl, func(c *wire.Config) { c.Gate = doorman{denied: fault.AccessDenied("no")} })
	tests := []struct {
		name, operation, body, authorization string
		f                                    *fixture
		want                                 string
	}{
		{"unsigned", "ListUserPools", `{"MaxResults":1}`, "", f, "Missing Authentication Token"},
		{"signed", "ListUserPools", `{"MaxResults":1}`, "x", f, "arn:aws:iam::000000000000:root"},
		{"denied", "ListUserPools", `{"MaxResults":1}`, "x", denying, `"AccessDeniedException"`},
		{"constraints come before the signature", "ListUserPools", `{}`, "", f, "InvalidParameterException"},
		{"token", "GetUser", `{"AccessToken":"good"}`, "", f, "sub-1"},
		{"bad token", "GetUser", `{"AccessToken":"bad"}`, "", f, "Invalid Access Token"},
		{"no token where the model leaves it optional", "ForgetDevice", `{"DeviceKey":"us-east-1_0"}`, "", f, "Value at 'accessToken' failed to satisfy constraint: Member must not be null"},
		{"a session instead of a token", "AssociateSoftwareToken", `{"Session":"aaaaaaaaaaaaaaaaaaaaaaaa"}`, "", f, "NotImplemented"},
		{"a bad token beside a session", "AssociateSoftwareToken", `{"AccessToken":"bad"}`, "", f, "Invalid Access Token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.f.post(t, tt.operation, tt.body, "Authorization", tt.authorization)
			if !strings.Contains(r.body, tt.want) {
				t.Errorf("got %d %s", r.status, r.body)
			}
		})
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	f := start(t, answering(nil), func(c *wire.Config) {
		c.Throttle = func(context.Context, *api.Call, string, api.Input) error {
			return &fault.Error{Code: "TooManyRequestsException", Message: "Rate exceeded", RetryAfter: 1500 * time.Millisecond}
		}
	})
	if r := f.post(t, "InitiateAuth", initiate); r.status != 400 || r.header.Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q", r.status, r.header.Get("Retry-After"))
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	impl := answering(nil)
	impl.initiateAuth = func(context.Context, *api.Call, *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
		panic("kaboom")
	}
	f := start(t, impl, nil)
	r := f.post(t, "InitiateAuth", initiate, "Origin", "http://a")
	if r.status != 500 || r.body != `{"__type":"InternalErrorException","message":"Something went wrong"}` || r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if log := f.log(); !strings.Contains(log, "kaboom") || !strings.Contains(log, r.header.Get("x-amzn-RequestId")) {
		t.Errorf("log:\n%s", log)
	}
	if got := f.counted(t, "cenote_panics_total"); got != " = 1" {
		t.Errorf("counted %s", got)
	}
}

func TestClientGone(t *testing.T) {
	t.Parallel()
	impl, arrived, done := answering(nil), make(chan struct{}), make(chan struct{})
	impl.initiateAuth = func(ctx context.Context, _ *api.Call, _ *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
		close(arrived)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var log bytes.Buffer
	s := wire.New(wire.Config{
		Mounts: []wire.Mount{{Service: cognitoidp.Service, Impl: impl}}, Gate: doorman{}, Clock: clock.New(nil),
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		close(done)
	}))
	t.Cleanup(l.Close)
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, l.URL, strings.NewReader(initiate))
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	go func() { <-arrived; cancel() }()
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("the cancelled request was answered")
	}
	<-done
	if log := log.String(); !strings.Contains(log, "code=ClientGone") || strings.Contains(log, "level=ERROR") {
		t.Errorf("log:\n%s", log)
	}
}
