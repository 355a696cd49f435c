package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the built command.
var program struct {
	path    string
	abandon context.CancelFunc
	done    chan struct{}
	err     error
}

// startBuild builds the command as a release has it, without race detector and cgo, while
// the tests that do not need it run.
func startBuild(dir string) {
	program.path = filepath.Join(dir, "cenote")
	program.done = make(chan struct{})
	var ctx context.Context
	ctx, program.abandon = context.WithCancel(context.Background())
	go func() {
		defer close(program.done)
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program.path, "github.com/cenote-id/cenote/cmd/cenote")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			program.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	}()
}

// endBuild ends a build that nobody waits for, before its directory is removed.
func endBuild() {
	program.abandon()
	<-program.done
}

// built returns the path of the command.
func built(t *testing.T) string {
	t.Helper()
	<-program.done
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}
