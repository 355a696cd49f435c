//go:build unix

// Package pgtest runs a PostgreSQL server for tests: the one that the operating system's
// package provides, with a data directory of its own, on the loopback interface.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Required is the environment variable that, when set, turns a missing server from a
// skipped test into a failed one.
const Required = "CENOTE_REQUIRE_POSTGRES"

const startTimeout = time.Minute

// Server is a running PostgreSQL server.
type Server struct {
	bin, dir  string
	port      int
	settings  []string
	attr      *syscall.SysProcAttr
	process   *exec.Cmd
	exited    chan error
	log       *bytes.Buffer // complete when exited has been received from
	databases atomic.Int32
}

// Start makes a database cluster and starts its server, which ends with the test. The
// default collation is a language's, not that of bytes, so that what relies on the order
// of bytes shows. Settings are "name=value"; fsync is off unless they say otherwise.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	bin, err := programs()
	if err != nil {
		if os.Getenv(Required) == "" {
			t.Skipf("PostgreSQL is not installed (initdb is neither in PATH nor in /usr/lib/postgresql); set %s to make this a failure", Required)
		}
		t.Fatal(err)
	}
	s := &Server{bin: bin, settings: slices.Concat([]string{"fsync=off", "max_connections=200", "shared_buffers=32MB"}, settings)}
	if s.attr, err = attributes(); err != nil {
		t.Fatal(err)
	}
	if s.dir, err = os.MkdirTemp("", "cenote-pg-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop(t)
		if err := os.RemoveAll(s.dir); err != nil {
			t.Error(err)
		}
	})
	if c := s.attr.Credential; c != nil {
		if err := os.Chown(s.dir, int(c.Uid), int(c.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.makeCluster(); err != nil {
		t.Fatal(err)
	}
	if s.port, err = freePort(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	return s
}

// programs finds the directory of the newest server's programs.
func programs() (string, error) {
	const debian = "/usr/lib/postgresql/*/bin/initdb"
	found, err := filepath.Glob(debian)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // other names count as 0
			return n
		}
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL server: %w", err)
	}
	return filepath.Dir(initdb), nil
}

// attributes let the server run as somebody else than root, who it refuses.
func attributes() (*syscall.SysProcAttr, error) {
	attr := processAttributes()
	if os.Getuid() != 0 {
		return attr, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attr, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

func (s *Server) makeCluster() error {
	args := []string{"-D", s.data(), "-U", "cenote", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}
	if out, err := s.command("initdb", append(args, "--locale-provider=icu", "--icu-locale=en-US")...).CombinedOutput(); err != nil {
		// A server built without ICU has the order of bytes only.
		if err := os.RemoveAll(s.data()); err != nil {
			return err
		}
		if second, err := s.command("initdb", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w\n%s%s", err, out, second)
		}
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.attr
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	return cmd
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// start starts the server and waits until it answers.
func (s *Server) start(t testing.TB) {
	t.Helper()
	args := []string{
		"-D", s.data(), "-p", strconv.Itoa(s.port), "-k", s.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=warning",
	}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	s.log, s.exited = new(bytes.Buffer), make(chan error, 1)
	s.process = s.command("postgres", args...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func(p *exec.Cmd, exited chan<- error) { exited <- p.Wait() }(s.process, s.exited)
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url(nil))
		if err == nil {
			if err := conn.Close(ctx); err != nil {
				t.Fatal(err)
			}
			return
		}
		select {
		case <-tick.C:
		case exit := <-s.exited:
			s.process = nil
			t.Fatalf("PostgreSQL ended: %v\n%s", exit, s.log)
		case <-ctx.Done():
			t.Fatalf("PostgreSQL does not answer: %v", err)
		}
	}
}

// stop ends the server as a crash would, which is quick.
func (s *Server) stop(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Error(err)
	}
	<-s.exited
	s.process = nil
}

// Restart ends the server at once, as a crash would, and starts it again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.stop(t)
	s.start(t)
}

// Database returns the URL of an empty place for tables: a schema of its own, which costs a
// hundredth of what a database does. Parameters are settings of its sessions, "name=value".
func (s *Server) Database(t testing.TB, parameters ...string) string {
	t.Helper()
	name := "t" + strconv.Itoa(int(s.databases.Add(1)))
	conn, err := pgx.Connect(t.Context(), s.url(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return s.url(append(parameters, "search_path="+name))
}

func (s *Server) url(parameters []string) string {
	u := fmt.Sprintf("postgres://cenote@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		u += "&" + name + "=" + strings.ReplaceAll(value, " ", "%20")
	}
	return u
}
