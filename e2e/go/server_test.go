package e2e

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/keys/keystest"
)

// running is a server that runs in this process.
type running struct {
	*cenote.Server
	dir   string
	stop  context.CancelFunc
	ended chan error
}

// run starts a development server with an empty database.
func start(change func(*cenote.Config)) (*running, error) {
	dir, err := os.MkdirTemp("", "cenote-e2e-")
	if err != nil {
		return nil, err
	}
	master, err := cenote.NewMasterKey(nil)
	if err != nil {
		return nil, err
	}
	c := cenote.Config{
		Mode: cenote.Dev, Listen: "127.0.0.1:0", Ephemeral: true, MasterKey: master,
		Database: "sqlite:" + filepath.Join(dir, "cenote.db"),
		MakeKey:  keystest.Generator(),
		Log:      slog.New(slog.NewTextHandler(&book, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	ctx, stop := context.WithCancel(context.Background())
	server, err := cenote.New(ctx, c)
	if err != nil {
		stop()
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	r := &running{Server: server, dir: dir, stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- server.Run(ctx) }()
	return r, nil
}

// end stops the server and says what went wrong while it ran.
func (r *running) end() error {
	r.stop()
	return errors.Join(<-r.ended, r.Close(), os.RemoveAll(r.dir))
}

var sharedServer struct {
	once   sync.Once
	server *running
	err    error
}

// shared returns the server of the tests that need none of their own.
func shared(t *testing.T) *running {
	t.Helper()
	sharedServer.once.Do(func() { sharedServer.server, sharedServer.err = start(nil) })
	if sharedServer.err != nil {
		t.Fatal(sharedServer.err)
	}
	return sharedServer.server
}

func stopShared() error {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if sharedServer.server == nil {
		return nil
	}
	return sharedServer.server.end()
}

// own returns a server for one test.
func own(t *testing.T, change func(*cenote.Config)) *running {
	t.Helper()
	r, err := start(change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.end(); err != nil {
			t.Error(err)
		}
	})
	return r
}
