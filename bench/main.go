// Command bench measures what the server costs: CPU per request, start and memory, beside
// the targets. `make bench` runs it.
//
// It fills a SQLite database with users, runs `cenote serve` on it as a process of its own
// and calls it over loopback connections. CPU is what the operating system has accounted to
// the server's process. Every round also measures, in this process, the units that the
// targets are made of: one RSA signature by crypto/rsa (S), one by the signer in use (L)
// and the arithmetic of one SRP sign-in (M). Machines differ and are never quiet, so only
// the ratios of one run mean anything. What must not grow with the number of users is measured
// on a second server with few of them, in the same rounds; what triggers add is time that a
// caller waits.
//
// With -imports (`make bench-imports`) it measures user imports instead, each beside the
// store's own batches of the same users.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

// errMissed says that -check found a target that was not reached.
var errMissed = errors.New("not every target was reached")

// settings are the flags.
type settings struct {
	users       int
	sample      int // of the users, how many sign in
	factors     int // users who sign in with an authenticator app
	rounds      int
	connections int
	scale       float64 // of the numbers of requests in a round
	starts      int
	keep        string
	server      string // the program under test; empty is this one as a server
	profiles    string
	only        *regexp.Regexp // of the operations; nil is all
	apart       bool
	serverCPUs  cpus // where apart
	check       bool
	database    string // of the server; empty is SQLite in its directory
	config      string // its configuration file; empty is none
	imports     importSettings
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serveIfChild(ctx)
	if errors.Is(err, errNoChild) {
		err = run(ctx, parse(), os.Stdout)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse() settings {
	s := settings{factors: factorUsers}
	flag.IntVar(&s.users, "users", 10_000, "how many users the database has")
	flag.IntVar(&s.sample, "sample", 2_000, "how many of them sign in")
	flag.IntVar(&s.rounds, "rounds", 9, "how often everything is measured")
	flag.IntVar(&s.connections, "connections", 8, "how many callers there are, each waiting for its answer")
	flag.Float64Var(&s.scale, "load", 1, "factor on the number of requests in a round")
	flag.IntVar(&s.starts, "starts", 9, "how often the server is started on an empty database")
	flag.StringVar(&s.keep, "keep", "", "directory for the database, to be used again; temporary when empty")
	flag.StringVar(&s.server, "server", "bin/cenote", "the program to measure; empty runs the checked-out server inside a child of this program")
	flag.StringVar(&s.profiles, "cpuprofile", "", "directory for one CPU profile of the server per operation, taken after the measurement")
	flag.Func("only", "regular expression of the operations to measure", func(text string) (err error) {
		s.only, err = regexp.Compile(text)
		return err
	})
	flag.BoolVar(&s.apart, "apart", false, "give the server half of the CPUs and its callers the others")
	flag.BoolVar(&s.check, "check", false, "fail when a target is missed")
	flag.IntVar(&s.imports.rows, "imports", 0, "measure the import of a file of so many rows, and nothing else")
	flag.IntVar(&s.imports.rounds, "import-rounds", 1, "how often")
	flag.StringVar(&s.imports.postgres, "import-postgres", "", "URL of a PostgreSQL server on which databases can be made, to import into besides SQLite")
	flag.Parse()
	return s
}

// run does everything and prints the report to out.
func run(ctx context.Context, s settings, out io.Writer) (err error) {
	if s.server != "" {
		remove, err := s.install()
		if err != nil {
			return fmt.Errorf("the program to measure (make build): %w", err)
		}
		defer remove()
	}
	if s.apart {
		var callers cpus
		if s.serverCPUs, callers, err = halve(); err != nil {
			return err
		}
		if err := confine(callers); err != nil {
			return err
		}
	}
	if s.imports.rows > 0 {
		return runImports(ctx, s, out)
	}
	dir := s.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "cenote-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	rest, err := measureStarts(ctx, s)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	people, err := prepare(ctx, s, dir, out)
	if err != nil {
		return fmt.Errorf("prepare %d users: %w", s.users, err)
	}
	r, err := measure(ctx, s, dir, people, out)
	if err != nil {
		return err
	}
	r.rest = rest
	if r.triggers, err = measureTriggers(ctx, s); err != nil {
		return fmt.Errorf("triggers: %w", err)
	}
	if err := r.print(out); err != nil {
		return err
	}
	if s.profiles != "" {
		if err := profile(ctx, s, dir, people); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
	}
	if s.check && !r.reached() {
		return errMissed
	}
	return nil
}

// install makes a copy of the program the one to measure. It stays the same while somebody
// builds, and it is like an installed one: a file that has just come from the linker lies
// in the page cache in larger pieces, which count as some MiB more of resident memory.
func (s *settings) install() (remove func(), err error) {
	dir, err := os.MkdirTemp("", "cenote-bench-")
	if err != nil {
		return nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // what is left is the system's to clean up
	program := filepath.Join(dir, "cenote")
	if err := copyFile(program, s.server); err != nil {
		remove()
		return nil, err
	}
	s.server = program
	return remove, nil
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
