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
				o.Connections = 4
				return o
			})
		})
	}
	t.Run("move", func(t *testing.T) {
		t.Parallel()
		move(t, server)
	})
	t.Run("no fsync", func(t *testing.T) {
		t.Parallel()
		checkDurability(t, server.Database(t), false)
	})
}

func TestDurablePostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, "fsync=on")
	checkDurability(t, server.Database(t), true)
	checkDurability(t, server.Database(t, "synchronous_commit=off"), false)
	restartUnderLoad(t, server)
}

// checkDurability opens a database whose commits are, or are not, durable.
func checkDurability(t *testing.T, url string, want bool) {
	t.Helper()
	o := storetest.SQLite(t)
	o.URL, o.Sync = url, store.SyncFull
	db, err := store.Open(t.Context(), o)
	if want && err != nil || !want && !errors.Is(err, store.ErrNotDurable) {
		t.Fatalf("opened with SyncFull: %v; the database is durable: %v", err, want)
	}
	if err == nil {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	o.Sync = store.SyncNormal
	if durable, err := storetest.Open(t, o).Durable(t.Context()); err != nil || durable != want {
		t.Errorf("durable %v, %v; want %v", durable, err, want)
	}
}

// restartUnderLoad ends the server in the middle of writes, as a crash would. Writers wait
// for it; what they have been told is stored is there, and whole.
func restartUnderLoad(t *testing.T, server *pgtest.Server) {
	t.Helper()
	const restarts, writers = 2, 8
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
	for thread := range writers {
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
				if len(acknowledged)%50 == 0 {
					select {
					case enough <- struct{}{}:
					default:
					}
				}
				mu.Unlock()
			}
		})
	}
	for range restarts {
		<-enough
		server.Restart(t)
	}
	<-enough
	close(stop)
	wg.Wait()
	checkWhole(t, db, acknowledged)
	// Only a commit that was under way when the server died has an unknown outcome.
	if failed > restarts*writers {
		t.Errorf("%d writes failed in %d restarts with %d writers", failed, restarts, writers)
	}
	t.Logf("%d writes failed", failed)
}

// move carries everything from SQLite to PostgreSQL and back.
func move(t *testing.T, server *pgtest.Server) {
	t.Helper()
	first := storetest.SQLite(t)
	db := storetest.Open(t, first)
	pool := storetest.Pool(t, db, writerPool)
	var names []string
	for i := range 20 {
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
