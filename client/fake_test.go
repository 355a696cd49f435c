package client_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/client"
)

const (
	poolID   = "us-east-1_AbCdEfGhI"
	clientID = "7ghr5379orhbo88d52vphda6s9"
)

// service is what the client's calls reach in these tests: a transport without a network
// behind it, so that synctest can hold the time. Each operation has its own handler.
type service struct {
	tb       testing.TB
	handlers map[string]func(request) answer

	mu    sync.Mutex
	calls []request
}

type request struct {
	operation string
	header    http.Header
	url       string
	in        map[string]any
}

// text returns a member by its path, such as AuthParameters.USERNAME.
func (r request) text(path string) string {
	var at any = r.in
	for _, name := range strings.Split(path, ".") {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	s, _ := at.(string)
	return s
}

type answer struct {
	status int
	body   string
	header http.Header
	err    error // instead of an answer
}

func ok(body any) answer {
	if text, is := body.(string); is {
		return answer{status: http.StatusOK, body: text}
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return answer{status: http.StatusOK, body: string(data)}
}

// refuse answers as the service does.
func refuse(status int, code, message string) answer {
	data, err := json.Marshal(map[string]string{"__type": code, "message": message})
	if err != nil {
		panic(err)
	}
	return answer{status: status, body: string(data), header: http.Header{"X-Amzn-Errortype": {code + ":"}}}
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	req := request{operation: operation, header: r.Header, url: r.URL.String()}
	if err := json.Unmarshal(body, &req.in); err != nil {
		s.tb.Errorf("%s: body is no JSON object: %v", operation, err)
	}
	s.mu.Lock()
	s.calls = append(s.calls, req)
	s.mu.Unlock()
	handle, ok := s.handlers[operation]
	if !ok {
		s.tb.Errorf("unexpected call of %s", operation)
		return nil, fmt.Errorf("no handler for %s", operation)
	}
	a := handle(req)
	if a.err != nil {
		return nil, a.err
	}
	header := http.Header{"X-Amzn-Requestid": {"5090ed1c-b098-47e5-8397-e2f3ef4b41d5"}}
	maps.Copy(header, a.header)
	return &http.Response{
		StatusCode: a.status,
		Header:     header,
		Body:       io.NopCloser(strings.NewReader(a.body)),
		Request:    r,
	}, nil
}

// operations returns the names of the calls so far, in order.
func (s *service) operations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(s.calls))
	for i, call := range s.calls {
		names[i] = call.operation
	}
	return names
}

// newPool returns a pool whose calls reach s; change may set more of the configuration.
func newPool(tb testing.TB, s *service, change ...func(*client.Config)) *client.Pool {
	tb.Helper()
	cfg := client.Config{
		UserPoolID: poolID,
		ClientID:   clientID,
		Endpoint:   "http://cenote.test/",
		HTTPClient: &http.Client{Transport: s},
	}
	for _, c := range change {
		c(&cfg)
	}
	pool, err := client.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return pool
}

// jwt returns a token with the claims; its signature is none, since clients check none.
func jwt(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"kid":"k","alg":"RS256"}`)) + "." + encode(payload) + "." + encode([]byte("signature"))
}

// tokenSet makes an AuthenticationResult for alice, issued at the given time and valid
// for an hour. serial tells token sets apart.
func tokenSet(issued time.Time, serial int) map[string]any {
	claims := map[string]any{
		"sub": "11111111-2222-4333-8444-555555555555", "origin_jti": "o", "jti": fmt.Sprint(serial),
		"iat": issued.Unix(), "exp": issued.Add(time.Hour).Unix(), "auth_time": issued.Unix(),
	}
	access := maps.Clone(claims)
	maps.Copy(access, map[string]any{
		"username": "alice", "token_use": "access", "client_id": clientID,
		"scope": "aws.cognito.signin.user.admin", "cognito:groups": []string{"admins"},
	})
	id := claims
	maps.Copy(id, map[string]any{"cognito:username": "alice", "token_use": "id", "aud": clientID, "email": "a@example.com"})
	return map[string]any{
		"AccessToken": jwt(access), "IdToken": jwt(id), "RefreshToken": fmt.Sprint("refresh-", serial),
		"ExpiresIn": 3600, "TokenType": "Bearer",
	}
}

// signedIn answers like a completed sign-in.
func signedIn(set map[string]any) answer {
	return ok(map[string]any{"AuthenticationResult": set, "ChallengeParameters": map[string]any{}})
}

// refreshed is a token set as a refresh without rotation brings it.
func refreshed(set map[string]any) map[string]any {
	set = maps.Clone(set)
	delete(set, "RefreshToken")
	return set
}

// passwordSession signs alice in at now and returns the session.
func passwordSession(tb testing.TB, pool *client.Pool) *client.Session {
	tb.Helper()
	session, err := pool.User("alice").SignIn(tb.Context(), "Passw0rd!", client.WithFlow(client.PasswordFlow))
	if err != nil {
		tb.Fatal(err)
	}
	return session
}
