package credential_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

const password = "Passw0rd!"

// env is the service on a store of its own with a clock that the test moves.
type env struct {
	*credential.Service
	t       testing.TB
	db      *store.DB
	catalog *catalog.Catalog

	mu  sync.Mutex
	now time.Time
}

func newEnv(tb testing.TB, change ...func(*credential.Deps)) *env {
	tb.Helper()
	e := &env{t: tb, now: time.Date(2026, 3, 3, 9, 5, 7, 0, time.UTC)}
	ticks := clock.New(e.time)
	key, err := seal.NewMasterKey(clock.Random(nil))
	if err != nil {
		tb.Fatal(err)
	}
	e.db, err = store.Open(tb.Context(), store.Options{
		URL: "sqlite:" + filepath.Join(tb.TempDir(), "cenote.db"), Sync: store.SyncOff, MasterKey: key, Clock: ticks,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.db.Close(); err != nil {
			tb.Error(err)
		}
	})
	e.catalog = catalog.New(catalog.Deps{Store: e.db, Place: naming.Place{Region: "us-east-1"}, Clock: ticks})
	deps := credential.Deps{Store: e.db, Arithmetic: new(srp.Arithmetic), Gate: gate.New(0, time.Minute), Clock: ticks}
	for _, f := range change {
		f(&deps)
	}
	e.Service = credential.New(deps)
	return e
}

func (e *env) time() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *env) sleep(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Add(d)
}

// client makes a pool with one client, changed as the test wants.
func (e *env) client(name string, change ...func(*cognitoidp.UserPoolType, *store.Client)) *catalog.Client {
	e.t.Helper()
	poolID, clientID := "us-east-1_"+name, "client"+name
	config := &cognitoidp.UserPoolType{Id: &poolID}
	client := &store.Client{Config: &cognitoidp.UserPoolClientType{UserPoolId: &poolID, ClientId: &clientID}}
	for _, f := range change {
		f(config, client)
	}
	pool := &store.Pool{Config: config, MFA: new(cognitoidp.GetUserPoolMfaConfigResponse)}
	if err := e.db.CreatePool(e.t.Context(), pool, store.SigningKeys{ID: []byte("id"), Access: []byte("access")}); err != nil {
		e.t.Fatal(err)
	}
	client.Pool = pool.ID
	if err := e.db.CreateClient(e.t.Context(), client); err != nil {
		e.t.Fatal(err)
	}
	return must(e.catalog.Client(e.t.Context(), *client.Config.ClientId))(e.t)
}

// user stores a confirmed user with the password, or without one where it is empty.
func (e *env) user(p *catalog.Pool, name, password string) *store.User {
	e.t.Helper()
	u := &store.User{
		Pool: p.Internal(), ID: must(store.NewUserID(e.time(), clock.Random(nil)))(e.t),
		Sub: must(naming.UUID(clock.Random(nil)))(e.t), Username: name,
		Status: cognitoidp.UserStatusTypeConfirmed, Enabled: true, Created: e.time(), Modified: e.time(),
		Attributes: map[string]string{},
	}
	u.Keys = []store.Key{{Kind: store.KeyUsername, Value: name}, {Kind: store.KeySub, Value: u.Sub}}
	if password != "" {
		u.Credential = must(e.New(e.t.Context(), p, name, password))(e.t)
	}
	if err := e.db.CreateUser(e.t.Context(), u, store.CreateOptions{}); err != nil {
		e.t.Fatal(err)
	}
	return e.fresh(u)
}

// fresh reads a user again.
func (e *env) fresh(u *store.User) *store.User {
	e.t.Helper()
	return must(e.db.FindUser(e.t.Context(), u.Pool, store.Key{Kind: store.KeySub, Value: u.Sub}))(e.t)
}

func must[T any](out T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
}

// wantFault checks the exception and its exact text; no code means success.
func wantFault(tb testing.TB, err error, code, message string) {
	tb.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if code == "" && err == nil {
		return
	}
	if !ok || f.Code != code || f.Message != message {
		tb.Errorf("got %v, want %s: %s", err, code, message)
	}
}

const (
	notAuthorized   = "NotAuthorizedException"
	invalidPassword = "InvalidPasswordException"
)
