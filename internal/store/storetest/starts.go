package storetest

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

func (s suite) firstStart(t *testing.T) {
	o := s.fresh(t)
	o.RootKey = &store.AccessKey{ID: "ROOT", Secret: "root secret", User: "root"}
	first := Open(t, o)
	if !first.Fresh() || !first.HasRootKey() {
		t.Errorf("empty database: fresh %v, root key %v; want both", first.Fresh(), first.HasRootKey())
	}
	o.RootKey = &store.AccessKey{ID: "OTHER", Secret: "other secret"}
	second := Open(t, o)
	if second.Fresh() || !second.HasRootKey() {
		t.Errorf("used database: fresh %v, root key %v; want false, true", second.Fresh(), second.HasRootKey())
	}
	keys, err := second.ListAccessKeys(t.Context())
	ok(t, err)
	if len(keys) != 1 || keys[0].ID != "ROOT" || keys[0].Secret != "root secret" || !keys[0].Root {
		t.Errorf("access keys %+v, want the root key of the first start", keys)
	}
}

func (s suite) masterKey(t *testing.T) {
	o := s.fresh(t)
	o.MasterKey = nil
	if _, err := store.Open(t.Context(), o); err == nil {
		t.Error("opened without a master key")
	}
	o.MasterKey = MasterKey(t, 'a')
	db := Open(t, o)
	if db.HasRootKey() {
		t.Error("a root key that nobody gave")
	}
	o.MasterKey = MasterKey(t, 'b')
	if _, err := store.Open(t.Context(), o); !errors.Is(err, store.ErrWrongMasterKey) {
		t.Errorf("other master key: %v, want ErrWrongMasterKey", err)
	}
	if _, _, err := store.Migrate(t.Context(), o); !errors.Is(err, store.ErrWrongMasterKey) {
		t.Errorf("migrate with another master key: %v, want ErrWrongMasterKey", err)
	}
	o.MasterKey = MasterKey(t, 'a')
	before, after, err := store.Migrate(t.Context(), o)
	if err != nil || before != after || after < 1 {
		t.Errorf("migrate again: from %d to %d, %v; want no step", before, after, err)
	}
}

func (s suite) startTogether(t *testing.T) {
	o := s.fresh(t)
	o.RootKey = &store.AccessKey{ID: "ROOT", Secret: "secret"}
	const nodes = 5
	var dbs [nodes]*store.DB
	var errs [nodes]error
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() { dbs[i], errs[i] = store.Open(t.Context(), o) })
	}
	wg.Wait()
	ok(t, errors.Join(errs[:]...))
	fresh := 0
	envelope, err := dbs[0].Keyring().Seal(seal.Session, nil, []byte("text"))
	ok(t, err)
	for _, db := range dbs {
		if db.Fresh() {
			fresh++
		}
		if text, err := db.Keyring().Open(seal.Session, nil, envelope); err != nil || string(text) != "text" {
			t.Errorf("one node cannot open what another sealed: %v", err)
		}
		ok(t, db.Close())
	}
	if fresh != 1 {
		t.Errorf("%d nodes were first, want 1", fresh)
	}
}

func (s suite) restart(t *testing.T) {
	o := s.fresh(t)
	db, err := store.Open(t.Context(), o)
	ok(t, err)
	p := Pool(t, db, "us-east-1_restart")
	u := User(t, db, p.ID, "alice")
	ok(t, db.Close())

	db = Open(t, o)
	got, err := db.Pool(t.Context(), "us-east-1_restart")
	ok(t, err)
	equal(t, "pool after a restart", got, p)
	found, err := db.FindUser(t.Context(), p.ID, u.Keys[2])
	ok(t, err)
	equal(t, "user after a restart", found, u)
}

func (s suite) durable(t *testing.T) {
	o := s.fresh(t)
	db := Open(t, o)
	durable, err := db.Durable(t.Context())
	ok(t, err)
	if o.Sync == store.SyncFull && !durable {
		t.Error("SyncFull, and the engine says that commits are not durable")
	}
}

func (s suite) ready(t *testing.T) {
	o := s.fresh(t)
	db := Open(t, o)
	ok(t, db.Ping(t.Context()))
	ok(t, db.Ready(t.Context()))
	skew, err := db.ClockSkew(t.Context())
	ok(t, err)
	if skew.Abs() > time.Second {
		t.Errorf("clock skew %v on one machine", skew)
	}
	// Development mode may move what the server judges by without being off.
	c := new(clock.Clock)
	c.Advance(time.Hour)
	o.Clock = c
	ok(t, Open(t, o).Ready(t.Context()))
}

// clockSkew opens databases on machines whose clocks are wrong. SQLite has no clock to
// compare with, and no other node that it would matter to.
func (s suite) clockSkew(t *testing.T) {
	var ahead atomic.Int64 // of the machine's clock, which goes on while the database is opened
	o := s.fresh(t)
	o.Clock = clock.New(func() time.Time { return new(clock.Clock).Outside().Add(time.Duration(ahead.Load())) })
	db := Open(t, o)
	ok(t, db.Ready(t.Context()))
	for _, off := range []time.Duration{2 * time.Hour, -4 * time.Hour} {
		ahead.Add(int64(off))
		skew, err := db.ClockSkew(t.Context())
		ok(t, err)
		if skew == 0 {
			ok(t, db.Ready(t.Context()))
			continue
		}
		fails(t, "readiness", db.Ready(t.Context()), store.ErrClockSkew)
		if (skew > 0) != (off > 0) || skew.Abs() < time.Hour {
			t.Errorf("clock skew %v after a move by %v", skew, off)
		}
	}
}

func (s suite) closed(t *testing.T) {
	o := s.fresh(t)
	db, err := store.Open(t.Context(), o)
	ok(t, err)
	ok(t, db.Close())
	if err := db.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if err := db.Ping(t.Context()); err == nil {
		t.Error("a closed database answers")
	}
	if _, err := db.Spend(t.Context(), [32]byte{1}, epoch); err == nil {
		t.Error("a closed database writes")
	}
}

func (s suite) cancelled(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_cancel")
	u := User(t, db, p.ID, "alice")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := db.UpdateUser(ctx, p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Attributes["name"] = "half"
		cancel()
		return nil
	})
	got, findErr := db.FindUser(t.Context(), p.ID, u.Keys[0])
	ok(t, findErr)
	// Cancelled while it runs, a write is either done or refused, and its caller knows which.
	if written := got.Attributes["name"] == "half"; written != (err == nil) {
		t.Errorf("written %v, error %v", written, err)
	}
	if err := db.PutCode(ctx, p.ID, u.ID, store.Code{Purpose: store.CodeReset}); !errors.Is(err, context.Canceled) {
		t.Errorf("write with a cancelled context: %v", err)
	}
	if _, err := db.FindUser(ctx, p.ID, u.Keys[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("read with a cancelled context: %v", err)
	}
	if _, err := db.Code(t.Context(), p.ID, u.ID, store.CodeReset, ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a cancelled write was done: %v", err)
	}
}

func (s suite) backup(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_backup")
	u := User(t, db, p.ID, "zoë 𝄞")
	var more []*store.User
	for i := range 30 {
		more = append(more, NewUser(p.ID, "user"+string(rune('a'+i))))
	}
	ok(t, db.CreateUsers(t.Context(), more))
	token, err := db.Keyring().SealText(seal.RefreshToken, nil, []byte("token"))
	ok(t, err)
	path := filepath.Join(t.TempDir(), "backup.db")
	ok(t, db.Backup(t.Context(), path))
	if err := db.Backup(t.Context(), path); err == nil {
		t.Error("a backup overwrote another")
	}
	User(t, db, p.ID, "later")

	wrong := s.fresh(t)
	wrong.MasterKey = MasterKey(t, 'x')
	if err := store.Restore(t.Context(), wrong, path); !errors.Is(err, store.ErrWrongMasterKey) {
		t.Errorf("restore with another master key: %v, want ErrWrongMasterKey", err)
	}
	o := s.fresh(t)
	ok(t, store.Restore(t.Context(), o, path))
	if err := store.Restore(t.Context(), o, path); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("restore into a used database: %v, want ErrNotEmpty", err)
	}
	restored := Open(t, o)
	if restored.Fresh() {
		t.Error("a restored database is no empty one")
	}
	if text, err := restored.Keyring().OpenText(seal.RefreshToken, nil, token); err != nil || string(text) != "token" {
		t.Errorf("a token from before the backup cannot be opened: %v", err)
	}
	got, err := restored.FindUser(t.Context(), p.ID, u.Keys[2])
	ok(t, err)
	equal(t, "restored user", got, u)
	keys, err := restored.SigningKeys(t.Context(), p.ID)
	ok(t, err)
	equal(t, "restored key", string(keys.ID), "id key of us-east-1_backup")
	if n, err := restored.CountUsers(t.Context(), p.ID); err != nil || n != 31 {
		t.Errorf("%d users restored, %v; want 31", n, err)
	}
}
