//go:build unix

package store_test

import (
	"errors"
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
