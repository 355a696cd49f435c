package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.SQLite)
}

func TestSQLiteDurability(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sync store.Sync
		want bool
	}{{store.SyncFull, true}, {store.SyncNormal, false}, {store.SyncOff, false}} {
		o := storetest.SQLite(t)
		o.Sync = test.sync
		db := storetest.Open(t, o)
		if got, err := db.Durable(t.Context()); err != nil || got != test.want {
			t.Errorf("sync %d: durable %v, %v; want %v", test.sync, got, err, test.want)
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"plain.db", "with space.db", "100%.db", "a?mode=memory.db", "#.db", "ü.db"} {
		o := storetest.SQLite(t)
		o.URL = "sqlite:" + filepath.Join(dir, path)
		db := storetest.Open(t, o)
		storetest.Pool(t, db, "us-east-1_p")
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, want 0600", path, info.Mode())
		}
	}
	for _, url := range []string{
		"", "sqlite:", "sqlite::memory:", "cenote.db", "mysql://root:secret@localhost/x", "postgres://u:secret@[/x",
		"sqlite:" + filepath.Join(dir, "missing", "cenote.db"),
	} {
		o := storetest.SQLite(t)
		o.URL = url
		_, err := store.Open(t.Context(), o)
		if err == nil {
			t.Errorf("%q was opened", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other")
	execute(t, other, `CREATE TABLE meta (name TEXT, value BLOB)`)
	for _, path := range []string{text, other} {
		o := storetest.SQLite(t)
		if err := store.Restore(t.Context(), o, path); !errors.Is(err, store.ErrNotBackup) {
			t.Errorf("restore from %s: %v, want ErrNotBackup", filepath.Base(path), err)
		}
		storetest.Open(t, o) // and nothing was begun
		o.URL = "sqlite:" + path
		if _, err := store.Open(t.Context(), o); err == nil {
			t.Errorf("%s was opened", filepath.Base(path))
		}
	}
	if err := store.Restore(t.Context(), storetest.SQLite(t), filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("restore from nothing: %v", err)
	}
	if err := store.Restore(t.Context(), storetest.SQLite(t), dir); !errors.Is(err, store.ErrNotBackup) {
		t.Errorf("restore from a directory: %v", err)
	}
}

// execute runs a statement on a database file, past the store.
func execute(t *testing.T, path, text string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func TestSchemaVersions(t *testing.T) {
	t.Parallel()
	version := func(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }
	texts, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	newest := byte(len(texts))
	for _, test := range []struct {
		name, text string
		value      []byte
		want       error
	}{
		{"one ahead", `UPDATE meta SET value = $1 WHERE name = 'schema_version'`, version(newest + 1), nil},
		{"two ahead", `UPDATE meta SET value = $1 WHERE name = 'schema_version'`, version(newest + 2), store.ErrNewerSchema},
		{"other text", `UPDATE meta SET value = $1 WHERE name = 'migration/1'`, []byte("x"), store.ErrMigrationChanged},
	} {
		o := storetest.SQLite(t)
		path := strings.TrimPrefix(o.URL, "sqlite:")
		db, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		execute(t, path, test.text, test.value)
		db, err = store.Open(t.Context(), o)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if err == nil {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSealed looks for secrets in the files of a database.
func TestSealed(t *testing.T) {
	t.Parallel()
	o := storetest.SQLite(t)
	o.RootKey = &store.AccessKey{ID: "ROOT", Secret: "the-secret-of-the-root-key"}
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p := storetest.Pool(t, db, "us-east-1_p") // with "id key of us-east-1_p"
	u := storetest.NewUser(p.ID, "alice")
	u.Credential.Verifier = []byte("the-verifier-of-alice")
	u.Credential.History = []store.PastPassword{{Verifier: []byte("the-old-verifier-of-alice")}}
	if err := db.CreateUser(t.Context(), u, store.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(o.URL, "sqlite:")
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(all), "alice@example.com") {
		t.Fatal("the file does not hold what is not secret: it was not looked at right")
	}
	for _, secret := range []string{"the-secret-of-the-root-key", "id key of", "access key of", "the-verifier-of-alice", "the-old-verifier-of-alice"} {
		if strings.Contains(string(all), secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	// A credential is its user's alone: another's does not open in its place.
	db = storetest.Open(t, o)
	storetest.User(t, db, p.ID, "mallory")
	execute(t, path, `UPDATE users SET credential = (SELECT credential FROM users WHERE username = 'mallory') WHERE username = 'alice'`)
	if _, err := db.FindUser(t.Context(), p.ID, u.Keys[0]); err == nil {
		t.Error("a credential that was moved to another user was opened")
	}
}

// TestUpkeep fills a database, empties it, and sees the file shrink.
func TestUpkeep(t *testing.T) {
	t.Parallel()
	o := storetest.SQLite(t)
	db := storetest.Open(t, o)
	p := storetest.Pool(t, db, "us-east-1_p")
	users := make([]*store.User, 300)
	for i := range users {
		users[i] = storetest.NewUser(p.ID, "user"+strconv.Itoa(i))
		users[i].Attributes["custom:large"] = strings.Repeat("y", 2000)
	}
	if err := db.CreateUsers(t.Context(), users); err != nil {
		t.Fatal(err)
	}
	before := pages(t, o)
	if err := db.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Upkeep(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if after := pages(t, o); after > before/2 {
		t.Errorf("%d pages of %d are left", after, before)
	}
}

// pages asks how large a database is.
func pages(t *testing.T, o store.Options) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(o.URL, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRun(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Run(ctx); err != nil {
		t.Fatal(err)
	}
}
