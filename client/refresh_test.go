package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

const (
	revokedText  = "Refresh Token has been revoked"
	rotationText = "This API does not support refresh token rotation"
)

// flow answers InitiateAuth: signing in by password, refreshing by refresh.
func flow(refresh func(request) answer) func(request) answer {
	return func(r request) answer {
		if r.in["AuthFlow"] == "REFRESH_TOKEN_AUTH" {
			return refresh(r)
		}
		return passwordSignIn(r)
	}
}

// refreshing answers refreshes with a new set each time, after a while.
func refreshing(serial *atomic.Int64, takes time.Duration) func(request) answer {
	return func(request) answer {
		time.Sleep(takes)
		return signedIn(refreshed(tokenSet(time.Now(), int(serial.Add(1)+1))))
	}
}

func TestRefreshByInitiateAuth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": flow(func(r request) answer {
			want := map[string]any{
				"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": "1example23456789",
				"AuthParameters": map[string]any{
					"REFRESH_TOKEN": "refresh-1",
					"SECRET_HASH":   client.SecretHash("secret", "alice", "1example23456789"),
				},
			}
			if diff := cmp.Diff(want, r.in); diff != "" {
				t.Errorf("InitiateAuth (-want +got):\n%s", diff)
			}
			return signedIn(refreshed(tokenSet(time.Now(), 2)))
		})}}
		pool := newPool(t, s, func(c *client.Config) { c.ClientID, c.ClientSecret = "1example23456789", "secret" })
		session := passwordSession(t, pool)
		old := session.Tokens()
		time.Sleep(59*time.Minute + 30*time.Second) // valid, but about to expire
		access, err := session.AccessToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if access == old.Access.JWT() {
			t.Error("the access token was not refreshed")
		}
		if got := session.Tokens().Refresh; got != old.Refresh {
			t.Errorf("refresh token %q, want the old one %q", string(got), string(old.Refresh))
		}
		stored, err := pool.CurrentSession(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if stored.Tokens().Access.JWT() != access || stored.Tokens().Refresh != old.Refresh {
			t.Error("the new tokens were not stored")
		}
	})
}

func TestRefreshSendsTheDeviceKey(t *testing.T) {
	t.Parallel()
	tracked := tokenSet(time.Now(), 1)
	tracked["AccessToken"] = jwt(map[string]any{
		"username": "alice", "device_key": "us-east-1_d", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	})
	rotates := false
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(r request) answer {
			if r.in["AuthFlow"] != "REFRESH_TOKEN_AUTH" {
				return signedIn(tracked)
			}
			if got := r.text("AuthParameters.DEVICE_KEY"); got != "us-east-1_d" {
				t.Errorf("DEVICE_KEY %q, want us-east-1_d", got)
			}
			if rotates {
				return refuse(400, "UnsupportedOperationException", rotationText)
			}
			return signedIn(refreshed(tracked))
		},
		"GetTokensFromRefreshToken": func(r request) answer {
			if got := r.text("DeviceKey"); got != "us-east-1_d" {
				t.Errorf("DeviceKey %q, want us-east-1_d", got)
			}
			return signedIn(tracked)
		},
	}}
	session := passwordSession(t, newPool(t, s))
	for _, rotates = range []bool{false, true} {
		if err := session.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestRefreshWithRotation(t *testing.T) {
	t.Parallel()
	for _, refusal := range []answer{
		refuse(400, "UnsupportedOperationException", rotationText),
		refuse(400, "InvalidParameterException", "Auth flow not enabled for this client"),
	} {
		t.Run(refusal.body, func(t *testing.T) {
			t.Parallel()
			serial := 1
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": flow(func(request) answer { return refusal }),
				"GetTokensFromRefreshToken": func(r request) answer {
					want := map[string]any{"RefreshToken": fmt.Sprint("refresh-", serial), "ClientId": clientID, "ClientSecret": "secret"}
					if diff := cmp.Diff(want, r.in); diff != "" {
						t.Errorf("GetTokensFromRefreshToken (-want +got):\n%s", diff)
					}
					serial++
					return signedIn(tokenSet(time.Now(), serial))
				},
			}}
			pool := newPool(t, s, func(c *client.Config) { c.ClientSecret = "secret" })
			session := passwordSession(t, pool)
			for range 3 {
				if err := session.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := string(session.Tokens().Refresh), "refresh-4"; got != want {
				t.Errorf("refresh token %q, want %q", got, want)
			}
			// Derived pools know what the first one learned.
			other, err := pool.WithClientMetadata(nil).CurrentSession(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := other.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			rotate := "GetTokensFromRefreshToken"
			want := []string{"InitiateAuth", "InitiateAuth", rotate, rotate, rotate, rotate}
			if diff := cmp.Diff(want, s.operations()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneRefreshForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var serial atomic.Int64
		s := &service{tb: t, handlers: map[string]func(request) answer{
			"InitiateAuth": flow(refreshing(&serial, time.Second)),
			"GetUser":      func(request) answer { return ok(`{"Username":"alice","UserAttributes":[]}`) },
		}}
		session := passwordSession(t, newPool(t, s))
		time.Sleep(2 * time.Hour)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = session.AccessToken(t.Context())
				} else {
					_, err = session.UserData(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := serial.Load(); got != 1 {
			t.Errorf("%d refreshes, want 1", got)
		}
	})
}

// Sessions that share a storage, as two processes would, refresh one after the other,
// and the second finds what the first stored.
func TestOneRefreshForAllSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var serial atomic.Int64
		s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": flow(refreshing(&serial, time.Second))}}
		pool := newPool(t, s)
		passwordSession(t, pool)
		time.Sleep(2 * time.Hour)
		var all sync.WaitGroup
		for range 10 {
			session, err := pool.CurrentSession(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if _, err := session.AccessToken(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := serial.Load(); got != 1 {
			t.Errorf("%d refreshes, want 1", got)
		}
	})
}

// Refresh asks for tokens that are newer than the call, whoever else is refreshing.
func TestExplicitRefreshIsItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var serial atomic.Int64
		s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": flow(refreshing(&serial, time.Second))}}
		session := passwordSession(t, newPool(t, s))
		var all sync.WaitGroup
		all.Go(func() {
			if err := session.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := session.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		all.Wait()
		if got := serial.Load(); got != 2 {
			t.Errorf("%d refreshes, want 2", got)
		}
	})
}

// A goroutine whose context ends in the middle of a refresh does not take the others with it.
func TestRefreshOutlivesAnImpatientCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := &service{tb: t}
		s.handlers = map[string]func(request) answer{"InitiateAuth": flow(func(r request) answer {
			calls++
			if calls == 1 {
				time.Sleep(time.Minute)
				return answer{err: context.Canceled}
			}
			return signedIn(refreshed(tokenSet(time.Now(), 2)))
		})}
		session := passwordSession(t, newPool(t, s))
		time.Sleep(2 * time.Hour)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := session.AccessToken(impatient); err == nil {
				t.Error("the impatient caller got a token")
			}
		})
		synctest.Wait()
		all.Go(func() {
			waiting, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if _, err := session.AccessToken(waiting); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a caller who stops waiting: %v, want %v", err, context.DeadlineExceeded)
			}
		})
		if _, err := session.AccessToken(t.Context()); err != nil {
			t.Errorf("a patient caller: %v", err)
		}
		all.Wait()
		if calls != 2 {
			t.Errorf("%d refreshes, want 2", calls)
		}
	})
}

func TestRefusedRefreshEndsTheSession(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		reply answer
		want  error
		ends  bool
	}{
		"revoked":       {refuse(400, "NotAuthorizedException", revokedText), client.ErrNotAuthorized, true},
		"reused":        {refuse(400, "RefreshTokenReuseException", "reused"), client.ErrRefreshTokenReuse, true},
		"user deleted":  {refuse(400, "UserNotFoundException", "User does not exist."), client.ErrUserNotFound, true},
		"client gone":   {refuse(400, "ResourceNotFoundException", "User pool client x does not exist."), client.ErrResourceNotFound, false},
		"blocked":       {refuse(403, "ForbiddenException", "blocked"), client.ErrForbidden, false},
		"no token":      {ok(`{"ChallengeParameters":{}}`), client.ErrBadAnswer, false},
		"unbuilt":       {refuse(501, "NotImplemented", "no"), client.ErrNotImplemented, false},
		"out of order":  {refuse(500, "InternalErrorException", "x"), client.ErrInternal, false},
		"always busy":   {refuse(400, "TooManyRequestsException", "Rate exceeded"), client.ErrTooManyRequests, false},
		"lambda failed": {refuse(400, "UserLambdaValidationException", "PreTokenGeneration failed with error x."), client.ErrUserLambdaValidation, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": flow(func(request) answer { return test.reply })}}
				pool := newPool(t, s)
				session := passwordSession(t, pool)
				time.Sleep(2 * time.Hour)
				_, err := session.AccessToken(t.Context())
				if !errors.Is(err, test.want) || errors.Is(err, client.ErrNotSignedIn) != test.ends {
					t.Errorf("AccessToken: %v; want %v, ended %t", err, test.want, test.ends)
				}
				if _, err := pool.CurrentSession(t.Context()); errors.Is(err, client.ErrNotSignedIn) != test.ends {
					t.Errorf("CurrentSession: %v, want ended %t", err, test.ends)
				}
				if err := session.Refresh(t.Context()); errors.Is(err, client.ErrNotSignedIn) != test.ends {
					t.Errorf("Refresh again: %v, want ended %t", err, test.ends)
				}
			})
		})
	}
}

// While the tokens have not expired, a refresh that fails for a passing reason does no harm.
func TestValidTokensSurviveAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{tb: t, handlers: map[string]func(request) answer{
			"InitiateAuth": flow(func(request) answer { return answer{err: errors.New("connection refused")} }),
		}}
		session := passwordSession(t, newPool(t, s))
		time.Sleep(59*time.Minute + 10*time.Second)
		if _, err := session.AccessToken(t.Context()); err != nil {
			t.Errorf("shortly before the end: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := session.AccessToken(t.Context()); err == nil {
			t.Error("after the end there was a token")
		}
	})
}

func TestSessionWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{tb: t, handlers: map[string]func(request) answer{
			"InitiateAuth": func(request) answer { return signedIn(refreshed(tokenSet(time.Now(), 1))) },
		}}
		session := passwordSession(t, newPool(t, s))
		time.Sleep(59*time.Minute + 59*time.Second)
		if _, err := session.AccessToken(t.Context()); err != nil {
			t.Errorf("before the end: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := session.AccessToken(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
			t.Errorf("after the end: %v, want %v", err, client.ErrNotSignedIn)
		}
	})
}

// A refresh that comes back after the user signed out must not sign the user in again.
func TestRefreshAfterSignOutIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var serial atomic.Int64
		s := &service{tb: t, handlers: map[string]func(request) answer{
			"InitiateAuth": flow(refreshing(&serial, time.Minute)),
			"RevokeToken":  func(request) answer { return ok("{}") },
		}}
		pool := newPool(t, s)
		session := passwordSession(t, pool)
		var all sync.WaitGroup
		all.Go(func() {
			if err := session.Refresh(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
				t.Errorf("Refresh: %v, want %v", err, client.ErrNotSignedIn)
			}
		})
		synctest.Wait()
		if err := session.SignOut(t.Context()); err != nil {
			t.Error(err)
		}
		all.Wait()
		if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
			t.Errorf("CurrentSession: %v, want %v", err, client.ErrNotSignedIn)
		}
	})
}

// brokenStorage fails where it is told to.
type brokenStorage struct {
	client.Memory
	get, set error
}

func (b *brokenStorage) Get(ctx context.Context, keys ...string) (map[string]string, error) {
	if b.get != nil {
		return nil, b.get
	}
	return b.Memory.Get(ctx, keys...)
}

func (b *brokenStorage) Set(ctx context.Context, items map[string]string) error {
	if b.set != nil {
		return b.set
	}
	return b.Memory.Set(ctx, items)
}

func TestBrokenStorage(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	storage := new(brokenStorage)
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": flow(func(request) answer { return signedIn(refreshed(tokenSet(time.Now(), 2))) }),
		"RevokeToken":  func(request) answer { return ok("{}") },
	}}
	pool := newPool(t, s, func(c *client.Config) { c.Storage = storage })
	session := passwordSession(t, pool)
	storage.set = full
	if _, err := pool.User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow)); !errors.Is(err, full) {
		t.Errorf("SignIn: %v, want %v", err, full)
	}
	if err := session.Refresh(t.Context()); !errors.Is(err, full) {
		t.Errorf("Refresh: %v, want %v", err, full)
	}
	storage.get = full
	if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, full) || errors.Is(err, client.ErrNotSignedIn) {
		t.Errorf("CurrentSession: %v, want %v", err, full)
	}
	if err := session.SignOut(t.Context()); !errors.Is(err, full) {
		t.Errorf("SignOut: %v, want %v", err, full)
	}
	if session.Valid() {
		t.Error("the session goes on after SignOut")
	}
}
