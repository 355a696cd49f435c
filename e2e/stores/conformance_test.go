//go:build stores

package stores

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

const (
	// bouncerPort is where pgbouncer listens.
	bouncerPort = 5540
	// unprepared is the parameter of a URL that forgoes prepared statements, which belong
	// to one connection of the server.
	unprepared = "default_query_exec_mode=exec"
)

// TestConformance runs what every engine of the store must do on the cluster, reached by
// the names of all its members, and durable: commits wait for the synchronous standby.
func TestConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) store.Options {
		o := storetest.SQLite(t)
		o.URL, o.Sync, o.Connections = trio.url(trio.create(t)), store.SyncFull, 6
		return o
	})
}

// TestPgbouncer runs the same, and two nodes, through pgbouncer in transaction mode, where
// the statements of a node meet another connection of the server each time.
func TestPgbouncer(t *testing.T) {
	host := startPgbouncer(t)
	t.Run("store", func(t *testing.T) {
		storetest.Run(t, func(t testing.TB) store.Options {
			o := storetest.SQLite(t)
			o.URL, o.Connections = databaseURL(host, trio.create(t), unprepared), 6
			return o
		})
	})
	t.Run("nodes", func(t *testing.T) {
		nodes := startNodes(t, databaseURL(host, trio.create(t), unprepared), 2)
		pool, client := makePool(t, nodes[0])
		signInStory(t, nodes, pool, client, "bounced")
	})
}

// startPgbouncer starts a pgbouncer before the leader and returns its address.
func startPgbouncer(t *testing.T) string {
	t.Helper()
	leader, err := trio.leader(t.Context())
	check(t, err)
	config := filepath.Join(trio.dir, "pgbouncer.ini")
	settings := fmt.Appendf(nil, `[databases]
* = host=127.0.0.1 port=%d user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
server_idle_timeout = 2
server_reset_query =
`, leader.postgres, bouncerPort)
	check(t, os.WriteFile(config, settings, 0o644))
	p, err := trio.launch("pgbouncer", nil, "/usr/sbin/pgbouncer", config)
	check(t, err)
	t.Cleanup(func() { p.stop(syscall.SIGTERM) })
	host := address(bouncerPort)
	url := databaseURL(host, "postgres", unprepared)
	check(t, await(t.Context(), 20*time.Second, "pgbouncer answers", func(ctx context.Context) error {
		return errors.Join(p.alive(), execute(ctx, url, "SELECT 1"))
	}))
	return host
}
