//go:build stores

// Package stores tests Cenote on a replicated PostgreSQL: three members under Patroni with
// a synchronous standby, three etcd members that elect their leader, and pgbouncer. It
// runs by e2e/stores/run, which installs them.
//
// All of it listens on the loopback interface, in a directory that the environment names.
package stores

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// dirVariable names the environment variable with the directory that the tests work in.
// The built program is in it.
const dirVariable = "CENOTE_STORES_DIR"

// trio is the replicated PostgreSQL of all tests.
var trio *cluster

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir := os.Getenv(dirVariable)
	if dir == "" {
		fmt.Fprintf(os.Stderr, "%s is not set: run e2e/stores/run\n", dirVariable)
		return 1
	}
	var err error
	if trio, err = newCluster(dir); err == nil {
		err = trio.start(context.Background())
		defer trio.stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// await asks every 100 ms until the answer is yes. The last error tells why it was not.
func await(ctx context.Context, patience time.Duration, what string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %v: %w", what, patience, errors.Join(err, context.Cause(ctx)))
		}
	}
}

// check ends the test on an error.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
