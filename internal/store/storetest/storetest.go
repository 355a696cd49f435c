// Package storetest holds what every engine of the store must do (Run), and opens stores
// for the tests of other rooms.
package storetest

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// SQLite returns options for a new SQLite database in a temporary directory, fast and not
// durable.
func SQLite(t testing.TB) store.Options {
	t.Helper()
	return store.Options{
		URL:       "sqlite:" + filepath.Join(t.TempDir(), "cenote.db"),
		Sync:      store.SyncOff,
		MasterKey: MasterKey(t, 'm'),
		Log:       slog.New(slog.NewTextHandler(output(t), nil)),
	}
}

// output is where a test's log goes.
func output(t testing.TB) io.Writer {
	if o, ok := t.(interface{ Output() io.Writer }); ok {
		return o.Output()
	}
	return io.Discard
}

// MasterKey returns the master key of 32 times the same byte.
func MasterKey(t testing.TB, b byte) *seal.MasterKey {
	t.Helper()
	key, err := seal.ParseMasterKey(bytes.Repeat([]byte{b}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Open opens a database and closes it at the end of the test.
func Open(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return db
}

// New opens a new SQLite database.
func New(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, SQLite(t))
}

// Hands is a clock that a test moves.
type Hands struct{ ms atomic.Int64 }

// At returns hands that stand at a time.
func At(now time.Time) *Hands {
	h := new(Hands)
	h.ms.Store(now.UnixMilli())
	return h
}

// Advance moves the hands.
func (h *Hands) Advance(d time.Duration) { h.ms.Add(d.Milliseconds()) }

// Now is where the hands stand.
func (h *Hands) Now() time.Time { return time.UnixMilli(h.ms.Load()).UTC() }

// Clock reads the hands.
func (h *Hands) Clock() *clock.Clock { return clock.New(h.Now) }

// Pool stores a new pool with the given external id.
func Pool(t testing.TB, db *store.DB, externalID string) *store.Pool {
	t.Helper()
	p := &store.Pool{
		Config: &cognitoidp.UserPoolType{Id: new(externalID), Name: new("pool " + externalID), CreationDate: api.Time(epoch)},
		MFA:    &cognitoidp.GetUserPoolMfaConfigResponse{MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOff)},
	}
	keys := store.SigningKeys{ID: []byte("id key of " + externalID), Access: []byte("access key of " + externalID)}
	if err := db.CreatePool(t.Context(), p, keys); err != nil {
		t.Fatalf("create pool %s: %v", externalID, err)
	}
	return p
}

// epoch is when the tests' records were made: not a whole second.
var epoch = time.Date(2026, 3, 29, 0, 59, 59, 987e6, time.UTC)

// NewUser returns a user with a sub, an e-mail address as an alias, and a credential, that
// is not stored.
func NewUser(pool store.PoolID, name string) *store.User {
	sub := fmt.Sprintf("%-36.36s", "sub-of-"+name)
	email := name + "@example.com"
	return &store.User{
		Pool: pool, Sub: sub, Username: name,
		Status: cognitoidp.UserStatusTypeConfirmed, Enabled: true,
		Created: epoch, Modified: epoch,
		Attributes: map[string]string{"email": email, "email_verified": "true", "custom:n": "7"},
		Credential: store.Credential{
			Salt: bytes.Repeat([]byte{1}, 16), Verifier: bytes.Repeat([]byte{2}, 384), Set: epoch,
		},
		Keys: []store.Key{
			{Kind: store.KeyUsername, Value: name},
			{Kind: store.KeySub, Value: sub},
			{Kind: store.KeyEmail, Value: email},
		},
	}
}

// User stores NewUser.
func User(t testing.TB, db *store.DB, pool store.PoolID, name string) *store.User {
	t.Helper()
	u := NewUser(pool, name)
	if err := db.CreateUser(t.Context(), u, store.CreateOptions{}); err != nil {
		t.Fatalf("create user %s: %v", name, err)
	}
	return u
}
