package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

// passwordSignIn answers a sign-in with a token set issued now.
func passwordSignIn(request) answer { return signedIn(tokenSet(time.Now(), 1)) }

func TestSessionStaysWhileFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": passwordSignIn}}
		session := passwordSession(t, newPool(t, s))
		before := session.Tokens()
		time.Sleep(58 * time.Minute)
		access, err := session.AccessToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		id, err := session.IDToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if access != before.Access.JWT() || id != before.ID.JWT() {
			t.Error("the tokens changed")
		}
		if diff := cmp.Diff([]string{"InitiateAuth"}, s.operations()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// The clock of this machine may be wrong by any amount: what counts is the time that has
// passed since the tokens came.
func TestSessionCorrectsTheClock(t *testing.T) {
	t.Parallel()
	for _, drift := range []time.Duration{-48 * time.Hour, 0, 48 * time.Hour} {
		t.Run(drift.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				storage := new(client.Memory)
				s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": func(request) answer {
					return signedIn(tokenSet(time.Now().Add(-drift), 1))
				}}}
				pool := newPool(t, s, func(c *client.Config) { c.Storage = storage })
				signed := passwordSession(t, pool)
				if got := signed.Tokens().ClockDrift; got != drift {
					t.Errorf("drift %v, want %v", got, drift)
				}
				time.Sleep(59*time.Minute + 59*time.Second)
				stored, err := pool.CurrentSession(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for name, session := range map[string]*client.Session{"signed in": signed, "stored": stored} {
					if !session.Valid() {
						t.Errorf("%s: not valid one second before the end", name)
					}
				}
				time.Sleep(time.Second)
				for name, session := range map[string]*client.Session{"signed in": signed, "stored": stored} {
					if session.Valid() {
						t.Errorf("%s: valid at the end", name)
					}
				}
			})
		})
	}
}

func TestCurrentSession(t *testing.T) {
	t.Parallel()
	set := tokenSet(signedAt, 1)
	prefix := "CognitoIdentityServiceProvider." + clientID + "."
	whole := map[string]string{
		prefix + "LastAuthUser":       "alice",
		prefix + "alice.idToken":      set["IdToken"].(string),
		prefix + "alice.accessToken":  set["AccessToken"].(string),
		prefix + "alice.refreshToken": "refresh",
		prefix + "alice.clockDrift":   "-3",
	}
	tests := map[string]struct {
		change    map[string]string // "" removes
		drift     time.Duration
		signedOut bool
	}{
		"as the JavaScript client leaves it": {drift: -3 * time.Second},
		"drift unreadable":                   {change: map[string]string{"alice.clockDrift": "NaN"}},
		"no last user":                       {change: map[string]string{"LastAuthUser": ""}, signedOut: true},
		"another last user":                  {change: map[string]string{"LastAuthUser": "bob"}, signedOut: true},
		"no access token":                    {change: map[string]string{"alice.accessToken": ""}, signedOut: true},
		"no ID token":                        {change: map[string]string{"alice.idToken": ""}, signedOut: true},
		"ID token unreadable":                {change: map[string]string{"alice.idToken": "x"}, signedOut: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storage := new(client.Memory)
			if err := storage.Set(t.Context(), whole); err != nil {
				t.Fatal(err)
			}
			for key, value := range test.change {
				err := storage.Set(t.Context(), map[string]string{prefix + key: value})
				if value == "" {
					err = storage.Remove(t.Context(), prefix+key)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			pool := newPool(t, &service{tb: t}, at(signedAt), func(c *client.Config) { c.Storage = storage })
			session, err := pool.CurrentSession(t.Context())
			if test.signedOut {
				if !errors.Is(err, client.ErrNotSignedIn) {
					t.Errorf("%v, want %v", err, client.ErrNotSignedIn)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tokens := session.Tokens()
			if session.Username() != "alice" || string(tokens.Refresh) != "refresh" || tokens.ClockDrift != test.drift {
				t.Errorf("%s, refresh token %q, drift %v; want alice's, refresh, %v",
					session.Username(), string(tokens.Refresh), tokens.ClockDrift, test.drift)
			}
		})
	}
}

func TestStoredItems(t *testing.T) {
	t.Parallel()
	storage := new(client.Memory)
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(request) answer { return signedIn(tokenSet(signedAt, 1)) },
	}}
	pool := newPool(t, s, at(signedAt.Add(2*time.Second)), func(c *client.Config) { c.Storage = storage })
	session := passwordSession(t, pool)
	prefix := "CognitoIdentityServiceProvider." + clientID + "."
	var keys []string
	for _, key := range []string{"LastAuthUser", "alice.idToken", "alice.accessToken", "alice.refreshToken", "alice.clockDrift", "alice.userData"} {
		keys = append(keys, prefix+key)
	}
	got, err := storage.Get(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		prefix + "LastAuthUser":       "alice",
		prefix + "alice.idToken":      session.Tokens().ID.JWT(),
		prefix + "alice.accessToken":  session.Tokens().Access.JWT(),
		prefix + "alice.refreshToken": "refresh-1",
		prefix + "alice.clockDrift":   "2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if err := session.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err = storage.Get(t.Context(), keys...); err != nil || len(got) != 0 {
		t.Errorf("after Forget: %v, error %v; want nothing", got, err)
	}
}

// Signing one user out leaves another user's session and the mark of the last user alone.
func TestForgetKeepsOthers(t *testing.T) {
	t.Parallel()
	s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": passwordSignIn}}
	storage := new(client.Memory)
	pool := newPool(t, s, func(c *client.Config) { c.Storage = storage })
	session := passwordSession(t, pool)
	last := "CognitoIdentityServiceProvider." + clientID + ".LastAuthUser"
	if err := storage.Set(t.Context(), map[string]string{last: "bob"}); err != nil {
		t.Fatal(err)
	}
	if err := session.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := storage.Get(t.Context(), last); err != nil || got[last] != "bob" {
		t.Errorf("%v, error %v; want bob", got, err)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	unrevocable := tokenSet(time.Now(), 1)
	unrevocable["AccessToken"] = jwt(map[string]any{"username": "alice", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()})
	tests := map[string]struct {
		set   map[string]any
		reply answer
		calls int
		fails bool
		want  error // what the failure is, where it has a name
	}{
		"revoked":          {set: tokenSet(time.Now(), 1), reply: ok("{}"), calls: 1},
		"not revocable":    {set: unrevocable},
		"refused":          {set: tokenSet(time.Now(), 1), reply: refuse(400, "UnsupportedOperationException", "no"), calls: 1, fails: true, want: client.ErrUnsupportedOperation},
		"no network":       {set: tokenSet(time.Now(), 1), reply: answer{err: errors.New("no network")}, calls: 6, fails: true},
		"server in ruins":  {set: tokenSet(time.Now(), 1), reply: answer{status: 502, body: "<html>"}, calls: 6, fails: true},
		"no answer at all": {set: tokenSet(time.Now(), 1), reply: answer{status: 200, body: "{"}, calls: 1, fails: true, want: client.ErrBadAnswer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				s := &service{tb: t, handlers: map[string]func(request) answer{
					"InitiateAuth": func(request) answer { return signedIn(test.set) },
					"RevokeToken": func(r request) answer {
						calls++
						want := map[string]any{"Token": "refresh-1", "ClientId": clientID, "ClientSecret": "secret"}
						if diff := cmp.Diff(want, r.in); diff != "" {
							t.Errorf("RevokeToken (-want +got):\n%s", diff)
						}
						return test.reply
					},
				}}
				pool := newPool(t, s, func(c *client.Config) { c.ClientSecret = "secret" })
				session := passwordSession(t, pool)
				err := session.SignOut(t.Context())
				if (err != nil) != test.fails || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("SignOut: %v, want an error: %t, %v", err, test.fails, test.want)
				}
				if calls != test.calls {
					t.Errorf("%d calls of RevokeToken, want %d", calls, test.calls)
				}
				if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
					t.Errorf("CurrentSession: %v, want %v", err, client.ErrNotSignedIn)
				}
				if _, err := session.AccessToken(t.Context()); !errors.Is(err, client.ErrNotSignedIn) || session.Valid() {
					t.Errorf("AccessToken: %v, valid %t; want %v", err, session.Valid(), client.ErrNotSignedIn)
				}
				if err := session.SignOut(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
					t.Errorf("SignOut again: %v, want %v", err, client.ErrNotSignedIn)
				}
			})
		})
	}
}

// Of two sign-ins of one user, each signs itself out.
func TestSignOutRevokesItsOwnSession(t *testing.T) {
	t.Parallel()
	signIns := 0
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(request) answer {
			signIns++
			set := tokenSet(time.Now(), signIns)
			set["AccessToken"] = jwt(map[string]any{
				"username": "alice", "origin_jti": fmt.Sprint(signIns), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
			})
			return signedIn(set)
		},
		"RevokeToken": func(r request) answer {
			if got := r.text("Token"); got != "refresh-1" {
				t.Errorf("RevokeToken of %q, want refresh-1", got)
			}
			return ok("{}")
		},
	}}
	pool := newPool(t, s)
	first := passwordSession(t, pool)
	passwordSession(t, pool)
	if err := first.SignOut(t.Context()); err != nil {
		t.Error(err)
	}
}

// A session is forgotten even by a caller who has no time left.
func TestSignOutOutlivesItsContext(t *testing.T) {
	t.Parallel()
	s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": passwordSignIn}}
	pool := newPool(t, s)
	session := passwordSession(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := session.SignOut(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("SignOut: %v, want %v", err, context.Canceled)
	}
	if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
		t.Errorf("CurrentSession: %v, want %v", err, client.ErrNotSignedIn)
	}
}

func TestEndingCalls(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*client.Session, context.Context) error{
		"GlobalSignOut": (*client.Session).GlobalSignOut,
		"DeleteUser":    (*client.Session).DeleteUser,
	}
	for operation, end := range tests {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			reply := refuse(400, "NotAuthorizedException", "Access Token has been revoked")
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": passwordSignIn,
				operation:      func(request) answer { return reply },
			}}
			pool := newPool(t, s)
			session := passwordSession(t, pool)
			if err := end(session, t.Context()); !errors.Is(err, client.ErrNotAuthorized) {
				t.Errorf("refused: %v, want %v", err, client.ErrNotAuthorized)
			}
			if _, err := pool.CurrentSession(t.Context()); err != nil {
				t.Errorf("CurrentSession after a refusal: %v", err)
			}
			reply = ok("")
			if err := end(session, t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
				t.Errorf("CurrentSession: %v, want %v", err, client.ErrNotSignedIn)
			}
		})
	}
}
