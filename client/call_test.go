package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/client"
)

// codes are all codes that the package names.
var codes = []client.Code{
	client.ErrAliasExists, client.ErrCodeDeliveryFailure, client.ErrCodeMismatch, client.ErrExpiredCode,
	client.ErrForbidden, client.ErrInternal, client.ErrInvalidLambdaResponse, client.ErrInvalidParameter,
	client.ErrInvalidPassword, client.ErrInvalidUserPoolConfiguration, client.ErrLimitExceeded,
	client.ErrMFAMethodNotFound, client.ErrNotAuthorized, client.ErrPasswordHistory,
	client.ErrPasswordResetRequired, client.ErrRefreshTokenReuse, client.ErrResourceNotFound,
	client.ErrSoftwareTokenMFANotFound, client.ErrTooManyFailedAttempts, client.ErrTooManyRequests,
	client.ErrUnauthorized, client.ErrUnexpectedLambda, client.ErrUnsupportedOperation,
	client.ErrUnsupportedTokenType, client.ErrUserLambdaValidation, client.ErrUserNotConfirmed,
	client.ErrUserNotFound, client.ErrUsernameExists,
}

func TestCodesAreTheModels(t *testing.T) {
	t.Parallel()
	for _, code := range codes {
		if _, ok := cognitoidp.Service.Exceptions[string(code)]; !ok {
			t.Errorf("%s is no exception of the service", code)
		}
	}
}

func TestEveryCodeIsRecognised(t *testing.T) {
	t.Parallel()
	for _, code := range append(codes, client.ErrNotImplemented, "FutureException") {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"ForgotPassword": func(request) answer { return refuse(400, string(code), "The text.") },
			}}
			_, err := newPool(t, s).User("alice").ForgotPassword(t.Context())
			if !errors.Is(err, code) {
				t.Errorf("%v is not %s", err, code)
			}
			for _, other := range codes {
				if other != code && errors.Is(err, other) {
					t.Errorf("%v is also %s", err, other)
				}
			}
			if got, want := err.Error(), string(code)+": The text."; got != want {
				t.Errorf("text %q, want %q", got, want)
			}
		})
	}
}

func TestErrorForms(t *testing.T) {
	t.Parallel()
	const id = "5090ed1c-b098-47e5-8397-e2f3ef4b41d5"
	tests := map[string]struct {
		status int
		header http.Header
		body   string
		want   client.Error
		text   string
	}{
		"as the service": {
			status: 400, body: `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`,
			want: client.Error{Code: client.ErrNotAuthorized, Message: "Incorrect username or password."},
			text: "NotAuthorizedException: Incorrect username or password.",
		},
		"capital message": {
			status: 400, body: `{"__type":"SerializationException","Message":"Expected map or null"}`,
			want: client.Error{Code: "SerializationException", Message: "Expected map or null"},
			text: "SerializationException: Expected map or null",
		},
		"no message": {
			status: 400, body: `{"__type":"UnknownOperationException","message":null}`,
			want: client.Error{Code: "UnknownOperationException"}, text: "UnknownOperationException",
		},
		"namespace": {
			status: 400, body: `{"__type":"com.amazonaws.cognito#UserNotFoundException"}`,
			want: client.Error{Code: client.ErrUserNotFound}, text: "UserNotFoundException",
		},
		"code": {
			status: 400, body: `{"code":"UserNotFoundException:http://x/","message":"x"}`,
			want: client.Error{Code: client.ErrUserNotFound, Message: "x"}, text: "UserNotFoundException: x",
		},
		"only headers": {
			status: 400, header: http.Header{"X-Amzn-Errortype": {"CodeMismatchException:"}, "X-Amzn-Errormessage": {"Invalid."}},
			want: client.Error{Code: client.ErrCodeMismatch, Message: "Invalid."}, text: "CodeMismatchException: Invalid.",
		},
		"reason": {
			status: 400, body: `{"__type":"InvalidParameterException","message":"x","reasonCode":"R"}`,
			want: client.Error{Code: client.ErrInvalidParameter, Message: "x", Reason: "R"}, text: "InvalidParameterException: x",
		},
		"a proxy's page": {
			status: 502, body: "<html>Bad Gateway</html>",
			want: client.Error{}, text: "ForgotPassword: HTTP status 502 Bad Gateway",
		},
		"a redirect":       {status: 307, want: client.Error{}, text: "ForgotPassword: HTTP status 307 Temporary Redirect"},
		"odd types":        {status: 400, body: `{"__type":7,"code":{},"message":[]}`, want: client.Error{}, text: "ForgotPassword: HTTP status 400 Bad Request"},
		"a list":           {status: 400, body: `[{"__type":"x"}]`, want: client.Error{}, text: "ForgotPassword: HTTP status 400 Bad Request"},
		"unknown status":   {status: 599, want: client.Error{}, text: "ForgotPassword: HTTP status 599"},
		"terminal escapes": {status: 400, body: `{"__type":"X","message":"a\u001b[31mb\u009b\u0000"}`, want: client.Error{Code: "X", Message: "a[31mb"}, text: "X: a[31mb"},
		"not UTF-8":        {status: 400, header: http.Header{"X-Amzn-Errortype": {"X"}, "X-Amzn-Errormessage": {"a\xffb"}}, want: client.Error{Code: "X", Message: "a\uFFFDb"}, text: "X: a\uFFFDb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"ForgotPassword": func(request) answer {
					return answer{status: test.status, header: test.header, body: test.body}
				},
			}}
			_, err := newPool(t, s).User("alice").ForgotPassword(t.Context())
			got, is := errors.AsType[*client.Error](err)
			if !is {
				t.Fatalf("%v is no *client.Error", err)
			}
			want := test.want
			want.Status, want.RequestID, want.Operation = test.status, id, "ForgotPassword"
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if got := strings.TrimSpace(got.Error()); got != test.text {
				t.Errorf("text %q, want %q", got, test.text)
			}
		})
	}
}

func TestRepeatedCalls(t *testing.T) {
	t.Parallel()
	down := answer{err: errors.New("connection reset")}
	busy := refuse(400, "TooManyRequestsException", "Rate exceeded")
	tests := map[string]struct {
		failing  answer
		failures int
		calls    int
		want     error
		least    time.Duration // what the waits add up to at least
	}{
		"first try":          {calls: 1},
		"connection reset":   {failing: down, failures: 2, calls: 3, least: 600 * time.Millisecond},
		"throttled":          {failing: busy, failures: 1, calls: 2, least: 200 * time.Millisecond},
		"throttled by 429":   {failing: answer{status: 429}, failures: 1, calls: 2, least: 200 * time.Millisecond},
		"server error":       {failing: refuse(500, "InternalErrorException", "x"), failures: 5, calls: 6, least: 6200 * time.Millisecond},
		"never":              {failing: busy, failures: 100, calls: 6, want: client.ErrTooManyRequests, least: 6200 * time.Millisecond},
		"refused":            {failing: refuse(400, "NotAuthorizedException", "Access Token has been revoked"), failures: 100, calls: 1, want: client.ErrNotAuthorized},
		"limit of the user":  {failing: refuse(400, "LimitExceededException", "x"), failures: 100, calls: 1, want: client.ErrLimitExceeded},
		"unbuilt":            {failing: refuse(501, "NotImplemented", "x"), failures: 100, calls: 1, want: client.ErrNotImplemented},
		"answer unreadable":  {failing: ok("{"), failures: 100, calls: 1, want: client.ErrBadAnswer},
		"answer of a number": {failing: ok("1"), failures: 100, calls: 1, want: client.ErrBadAnswer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				s := &service{tb: t, handlers: map[string]func(request) answer{
					"InitiateAuth": passwordSignIn,
					"GetUser": func(request) answer {
						calls++
						if calls <= test.failures {
							return test.failing
						}
						return ok(`{"Username":"alice","UserAttributes":[]}`)
					},
				}}
				session := passwordSession(t, newPool(t, s))
				start := time.Now()
				_, err := session.UserData(t.Context())
				if !errors.Is(err, test.want) {
					t.Errorf("UserData: %v, want %v", err, test.want)
				}
				if calls != test.calls {
					t.Errorf("%d calls, want %d", calls, test.calls)
				}
				jitter := time.Duration(test.calls-1) * 100 * time.Millisecond
				if took := time.Since(start); took < test.least || took > test.least+jitter {
					t.Errorf("took %v, want %v to %v", took, test.least, test.least+jitter)
				}
			})
		})
	}
}

// What may have had an effect is not repeated: each of these could count as an attempt,
// send a message, or be answered differently the second time.
func TestCallsMadeOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]func(context.Context, *client.Pool, *client.Session) error{
		"SignUp": func(ctx context.Context, p *client.Pool, _ *client.Session) error {
			_, err := p.SignUp(ctx, client.Registration{Username: "bob", Password: "x"})
			return err
		},
		"ForgotPassword": func(ctx context.Context, p *client.Pool, _ *client.Session) error {
			_, err := p.User("bob").ForgotPassword(ctx)
			return err
		},
		"ConfirmSignUp": func(ctx context.Context, p *client.Pool, _ *client.Session) error {
			return p.User("bob").ConfirmSignUp(ctx, "1")
		},
		"ChangePassword": func(ctx context.Context, _ *client.Pool, s *client.Session) error {
			return s.ChangePassword(ctx, "old", "new")
		},
	}
	for operation, do := range tests {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			calls := 0
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": passwordSignIn,
				operation: func(request) answer {
					calls++
					return refuse(500, "InternalErrorException", "x")
				},
			}}
			pool := newPool(t, s)
			session := passwordSession(t, pool)
			if err := do(t.Context(), pool, session); !errors.Is(err, client.ErrInternal) || calls != 1 {
				t.Errorf("%v after %d calls, want %v after 1", err, calls, client.ErrInternal)
			}
		})
	}
}

func TestContextEndsTheWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{tb: t, handlers: map[string]func(request) answer{
			"InitiateAuth": passwordSignIn,
			"GetUser":      func(request) answer { return refuse(500, "InternalErrorException", "x") },
		}}
		session := passwordSession(t, newPool(t, s))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := session.UserData(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, client.ErrInternal) {
			t.Errorf("%v, want both %v and %v", err, context.DeadlineExceeded, client.ErrInternal)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
		if _, err := session.UserData(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with an ended context: %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// Over a real connection: the default client does not carry passwords to where a
// redirect points.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusPermanentRedirect))
	defer server.Close()
	pool, err := client.New(client.Config{UserPoolID: poolID, ClientID: clientID, Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pool.SignUp(t.Context(), client.Registration{Username: "alice", Password: "x"})
	if refused, is := errors.AsType[*client.Error](err); !is || refused.Status != http.StatusPermanentRedirect {
		t.Errorf("%v, want HTTP status 308", err)
	}
}

// FuzzAnswers gives the client arbitrary answers: it must neither panic nor take
// anything but complete tokens for a session.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"AuthenticationResult":{"AccessToken":"a.b.c","IdToken":"a.b.c"}}`)
	f.Add(200, signedIn(tokenSet(signedAt, 1)).body)
	f.Add(200, newPasswordChallenge().body)
	f.Add(200, passwordVerifier("u", "8f", "1aed").body)
	f.Add(400, `{"__type":"NotAuthorizedException","message":"x"}`)
	f.Add(503, "<html>")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		reply := answer{status: status, body: body}
		s := &service{tb: t, handlers: map[string]func(request) answer{
			"InitiateAuth":           func(request) answer { return reply },
			"RespondToAuthChallenge": func(request) answer { return reply },
		}}
		for _, flow := range []client.Flow{client.PasswordFlow, client.SRPFlow} {
			// The same secret each time, so that equal answers take equal ways.
			pool := newPool(t, s, at(signedAt), func(c *client.Config) { c.Random = strings.NewReader(strings.Repeat("5", 32)) })
			session, err := pool.User("alice").SignIn(t.Context(), "x", client.WithFlow(flow))
			if (session == nil) == (err == nil) {
				t.Fatalf("session %v with error %v", session, err)
			}
			if session != nil && (session.Tokens().Access.JWT() == "" || session.Tokens().ID.JWT() == "") {
				t.Fatal("a session without tokens")
			}
			if err != nil && strings.ContainsAny(err.Error(), "\x1b\x00") {
				t.Fatalf("control characters in %q", err)
			}
		}
	})
}
