// Package e2e tests Cenote from outside with an unmodified client, the AWS SDK for Go, and
// with requests written by hand.
//
// Most tests share one server that runs in this process in development mode, each with
// user pools of its own; those that move the clock have a server of their own. What holds
// in production only (signatures, several nodes, shutdown, backups) is tested on the
// program itself, which TestMain builds.
//
// Every answer that passes through a test's client is held against what is true of all
// answers (see inspector), and after the last test the log of all servers is searched for
// every secret that was sent or received.
package e2e

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cenote-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	startBuild(dir)
	code := m.Run()
	endBuild()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "the shared server ended with:", err)
		code = 1
	}
	for _, leak := range book.leaks() {
		fmt.Fprintln(os.Stderr, "logged:", leak)
		code = 1
	}
	return code
}
