package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenote-id/cenote/internal/throttle"
)

// patience is how long a server may take to answer first.
const patience = 30 * time.Second

// server is a running server process.
type server struct {
	command *exec.Cmd
	log     *os.File
	caller  *caller
	start   startCost
}

// startCost is what it took a server from its creation to its first answer.
type startCost struct{ took, cpu time.Duration }

// startServer runs the server on the database in dir and returns when it has answered. Its
// log, one line per request, goes to a file, as it would in production.
func startServer(ctx context.Context, s settings, dir string, root accessKey, env ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	program := s.server
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
		env = append(env, childVariable+"=1")
	}
	arguments := []string{
		"serve", "--listen=" + address, "--ops-listen=",
		"--database=" + s.databaseIn(dir), "--master-key-file=" + filepath.Join(dir, masterKeyFile),
	}
	if s.config != "" {
		arguments = append(arguments, "--config="+s.config)
	}
	command := exec.Command(program, arguments...)
	command.Env = append(cleanEnvironment(), append(env,
		"CENOTE_LIMITS="+limits(), "CENOTE_ROOT_ACCESS_KEY_ID="+root.ID, "CENOTE_ROOT_SECRET_ACCESS_KEY="+root.Secret)...)
	command.Stderr = log
	p := &server{command: command, log: log, caller: newCaller(address, s.connections, root)}
	begin := command.Start
	if s.apart {
		begin = func() error { return startOn(s.serverCPUs, command.Start) }
	}
	began := time.Now()
	if err := begin(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	if err := p.awaitAnswer(ctx, began); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; its log: %s", err, tail(log.Name())), p.stop())
	}
	p.start.took = time.Since(began)
	if p.start.cpu, err = p.cpu(); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// unlimited is a rate that no caller here reaches: calls are counted, as in production, and
// not refused.
const unlimited = 1_000_000

// rates are the limits of a server.
func rates() map[string]float64 {
	all := make(map[string]float64)
	for _, category := range throttle.Categories() {
		all[category] = unlimited
	}
	return all
}

// limits writes them as the program reads them.
func limits() string {
	all := []string{fmt.Sprintf("per-user=%d", unlimited)}
	for category, rate := range rates() {
		all = append(all, fmt.Sprintf("rates.%s=%.0f", category, rate))
	}
	return strings.Join(all, ";")
}

// databaseIn returns the URL of the database of a server whose files are in dir.
func (s settings) databaseIn(dir string) string {
	if s.database != "" {
		return s.database
	}
	return "sqlite:" + filepath.Join(dir, databaseFile)
}

// cleanEnvironment is this process's without settings of the server.
func cleanEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CENOTE_") })
}

// freeAddress returns an address on which nobody listens at the moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// awaitAnswer calls an operation until it is answered; that there is no such client is the
// answer of a server that works.
func (p *server) awaitAnswer(ctx context.Context, began time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, err := p.caller.call(ctx, "InitiateAuth", map[string]any{
			"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "none",
			"AuthParameters": map[string]string{"USERNAME": "nobody", "PASSWORD": "nothing"},
		})
		if refusal, ok := errors.AsType[*refusal](err); ok && refusal.status == 400 {
			return nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("first call: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer after %v: %w", time.Since(began).Round(time.Millisecond), ctx.Err())
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// stop lets the server end in its own way.
func (p *server) stop() error {
	p.caller.close()
	defer p.log.Close()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, p.command.Wait())
	}
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("the server ended badly: %w; its log: %s", err, tail(p.log.Name()))
	}
	return nil
}

// cpu returns the CPU time that the server has used.
func (p *server) cpu() (time.Duration, error) { return processTime(p.command.Process.Pid) }

// memory is the resident memory of a process in bytes, now and at its highest. Own is the
// part of now that is no page of a file, such as the program itself.
type memory struct{ now, own, peak int64 }

func (p *server) memory() (m memory, err error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.command.Process.Pid) + "/status")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		switch kib, _ := strconv.ParseInt(fields[1], 10, 64); fields[0] {
		case "VmRSS:":
			m.now = kib << 10
		case "RssAnon:":
			m.own = kib << 10
		case "VmHWM:":
			m.peak = kib << 10
		}
	}
	if m.now == 0 || m.peak == 0 {
		return m, errors.New("the process's status does not tell its memory")
	}
	return m, nil
}

// settle waits until the server has done what it does after a start, such as making keys:
// until it has been idle for a second.
func (p *server) settle(ctx context.Context) error {
	const step, quiet = 250 * time.Millisecond, 5 * time.Millisecond
	before, err := p.cpu()
	for idle := 0; err == nil && idle < 4; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(step):
		}
		var now time.Duration
		now, err = p.cpu()
		if idle++; now-before > quiet {
			idle = 0
		}
		before = now
	}
	return err
}

// tail returns the end of a log.
func tail(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-2000):])
}

// rest is what a server costs that has nothing to do.
type rest struct {
	starts []startCost
	memory []memory
}

// measureStarts starts the server on empty databases. Memory takes a while to settle, so
// it is taken of a few starts only.
func measureStarts(ctx context.Context, s settings) (r rest, err error) {
	for i := range s.starts {
		if err := r.add(ctx, s, i < 3); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *rest) add(ctx context.Context, s settings, withMemory bool) (err error) {
	dir, err := os.MkdirTemp("", "cenote-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := newRoot()
	if err != nil {
		return err
	}
	p, err := startServer(ctx, s, dir, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	r.starts = append(r.starts, p.start)
	if !withMemory {
		return nil
	}
	if err := p.settle(ctx); err != nil {
		return err
	}
	m, err := p.memory()
	r.memory = append(r.memory, m)
	return err
}
