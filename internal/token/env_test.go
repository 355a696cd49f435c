package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/keys/keystest"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

const publicURL = "http://localhost:9229"

// env is the service on a store of its own with a clock that the test moves.
type env struct {
	*token.Service
	t       testing.TB
	db      *store.DB
	catalog *catalog.Catalog
	keys    *keys.Cache
	stock   *keys.Stock

	mu  sync.Mutex
	now time.Time
}

func newEnv(tb testing.TB, change ...func(*token.Deps)) *env {
	tb.Helper()
	e := &env{t: tb, now: time.Date(2026, 3, 3, 9, 5, 7, 250_000_000, time.UTC)}
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
	e.keys = keys.NewCache(e.db, nil, 0)
	e.stock = keys.NewStock(keystest.Generator(), nil, 0)
	deps := token.Deps{
		Store: e.db, Catalog: e.catalog, Keys: e.keys, Triggers: trigger.New(trigger.Deps{}),
		Gate: gate.New(0, time.Minute), Clock: ticks, PublicURL: publicURL + "/",
	}
	for _, f := range change {
		f(&deps)
	}
	e.Service = token.New(deps)
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

type option func(*cognitoidp.UserPoolType, *cognitoidp.UserPoolClientType)

// client makes a pool with one client, changed as the test wants.
func (e *env) client(name string, options ...option) *catalog.Client {
	e.t.Helper()
	poolID, clientID := "us-east-1_"+name, "client"+name
	pool := &store.Pool{Config: &cognitoidp.UserPoolType{Id: &poolID}, MFA: new(cognitoidp.GetUserPoolMfaConfigResponse)}
	client := &store.Client{Config: &cognitoidp.UserPoolClientType{UserPoolId: &poolID, ClientId: &clientID}}
	for _, o := range options {
		o(pool.Config, client.Config)
	}
	signing := must(e.stock.Take(e.t.Context()))(e.t)
	if err := e.db.CreatePool(e.t.Context(), pool, signing); err != nil {
		e.t.Fatal(err)
	}
	client.Pool = pool.ID
	if err := e.db.CreateClient(e.t.Context(), client); err != nil {
		e.t.Fatal(err)
	}
	return must(e.catalog.Client(e.t.Context(), clientID))(e.t)
}

// sibling makes another client of the pool.
func (e *env) sibling(c *catalog.Client, id string) *catalog.Client {
	e.t.Helper()
	record := &store.Client{Pool: c.Pool.Internal(), Config: &cognitoidp.UserPoolClientType{UserPoolId: c.Pool.Config.Id, ClientId: &id}}
	if err := e.db.CreateClient(e.t.Context(), record); err != nil {
		e.t.Fatal(err)
	}
	return must(e.catalog.Client(e.t.Context(), id))(e.t)
}

// user stores a confirmed user.
func (e *env) user(p *catalog.Pool, name string, attributes map[string]string) *store.User {
	e.t.Helper()
	u := &store.User{
		Pool: p.Internal(), ID: must(store.NewUserID(e.time(), clock.Random(nil)))(e.t),
		Sub: must(naming.UUID(clock.Random(nil)))(e.t), Username: name,
		Status: cognitoidp.UserStatusTypeConfirmed, Enabled: true, Created: e.time(), Modified: e.time(),
		Attributes: attributes,
	}
	u.Keys = []store.Key{{Kind: store.KeyUsername, Value: name}, {Kind: store.KeySub, Value: u.Sub}}
	if err := e.db.CreateUser(e.t.Context(), u, store.CreateOptions{}); err != nil {
		e.t.Fatal(err)
	}
	return e.fresh(u)
}

func (e *env) fresh(u *store.User) *store.User {
	e.t.Helper()
	return must(e.db.FindUser(e.t.Context(), u.Pool, store.Key{Kind: store.KeySub, Value: u.Sub}))(e.t)
}

func (e *env) change(u *store.User, mutate func(*store.User)) {
	e.t.Helper()
	must(e.db.UpdateUser(e.t.Context(), u.Pool, u.ID, store.UpdateOptions{}, func(u *store.User) error { mutate(u); return nil }))(e.t)
}

// issue signs u in through the client.
func (e *env) issue(c *catalog.Client, u *store.User) *cognitoidp.AuthenticationResultType {
	e.t.Helper()
	return must(e.Issue(e.t.Context(), e.grant(c, u)))(e.t)
}

func (e *env) grant(c *catalog.Client, u *store.User) token.Grant {
	return token.Grant{
		Client: c.Proven(), User: u, Time: e.time(), EventID: "event", Source: trigger.TokenAuthentication,
		Event: trigger.Subject{Pool: c.Pool},
	}
}

// refresh uses a refresh token.
func (e *env) refresh(c *catalog.Client, raw string) (*cognitoidp.AuthenticationResultType, error) {
	e.t.Helper()
	opened, err := e.OpenRefresh(e.t.Context(), c, raw, "")
	if err != nil {
		return nil, err
	}
	return e.Refresh(e.t.Context(), token.Renewal{
		Client: c.Proven(), Token: opened, Time: e.time(), Source: trigger.TokenRefreshTokens,
		Event: trigger.Subject{Pool: c.Pool},
	})
}

// claims reads a token's payload without judging it.
func claims(tb testing.TB, raw *string) map[string]any {
	tb.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(payload(tb, api.Value(raw))), &out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// payload is the text of a token's claims.
func payload(tb testing.TB, raw string) string {
	tb.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		tb.Fatalf("%d parts", len(parts))
	}
	return string(must(base64.RawURLEncoding.DecodeString(parts[1]))(tb))
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

const notAuthorized = "NotAuthorizedException"
