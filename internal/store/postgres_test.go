//go:build unix

package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/pgtest"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, parameters := range map[string][]string{
		"default":      nil,
		"serializable": {"default_transaction_isolation=serializable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t testing.TB) store.Options {
				o := storetest.SQLite(t)
				o.URL = server.Database(t, parameters...)
				o.Connections = 6
				return o
			})
		})
	}
}

func TestPostgresDurability(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name              string
		server            []string
		parameters        []string
		durable, accepted bool
	}{
		{"as it comes", []string{"fsync=on"}, nil, true, true},
		{"no fsync", []string{"fsync=off"}, nil, false, false},
		{"asynchronous commit", []string{"fsync=on"}, []string{"synchronous_commit=off"}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := storetest.SQLite(t)
			o.URL = pgtest.Start(t, test.server...).Database(t, test.parameters...)
			o.Sync = store.SyncFull
			db, err := store.Open(t.Context(), o)
			if test.accepted {
				if err != nil {
					t.Fatal(err)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			} else if !errors.Is(err, store.ErrNotDurable) {
				t.Fatalf("opened with SyncFull: %v, want ErrNotDurable", err)
			}
			o.Sync = store.SyncNormal
			db = storetest.Open(t, o)
			if durable, err := db.Durable(t.Context()); err != nil || durable != test.durable {
				t.Errorf("durable %v, %v; want %v", durable, err, test.durable)
			}
		})
	}
}

// TestPostgresRestart ends the server under load, as a crash would. Writers wait for it;
// what they have been told is stored is there, and whole.
func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	o := storetest.SQLite(t)
	o.URL = server.Database(t)
	db := storetest.Open(t, o)
	pool := storetest.Pool(t, db, writerPool)
	var mu sync.Mutex
	var acknowledged []string
	var failed int
	stop := make(chan struct{})
	enough := make(chan struct{}, 1)
	var wg sync.WaitGroup
	for thread := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("user%d-%d", thread, i)
				err := db.CreateUser(t.Context(), storetest.NewUser(pool.ID, name), store.CreateOptions{})
				mu.Lock()
				if err == nil {
					acknowledged = append(acknowledged, name)
				} else {
					failed++
				}
				if len(acknowledged)%200 == 0 {
					select {
					case enough <- struct{}{}:
					default:
					}
				}
				mu.Unlock()
			}
		})
	}
	for range 3 {
		<-enough
		server.Restart(t)
	}
	<-enough
	close(stop)
	wg.Wait()
	checkWhole(t, db, acknowledged)
	// Only a commit that was under way when the server died has an unknown outcome.
	if failed > 3*8 {
		t.Errorf("%d writes failed in 3 restarts of 8 writers", failed)
	}
	t.Logf("%d writes failed", failed)
}

// TestMove carries everything from SQLite to PostgreSQL and back.
func TestMove(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	first := storetest.SQLite(t)
	db := storetest.Open(t, first)
	pool := storetest.Pool(t, db, writerPool)
	var names []string
	for i := range 70 {
		names = append(names, fmt.Sprintf("user%d", i))
		storetest.User(t, db, pool.ID, names[i])
	}
	storetest.User(t, db, pool.ID, "𝄞")
	for i := range 3 {
		path := filepath.Join(t.TempDir(), "backup.db")
		if err := db.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		o := storetest.SQLite(t)
		if i%2 == 0 {
			o.URL = server.Database(t)
		}
		if err := store.Restore(t.Context(), o, path); err != nil {
			t.Fatal(err)
		}
		db = storetest.Open(t, o)
		checkWhole(t, db, append(names, "𝄞"))
	}
}
