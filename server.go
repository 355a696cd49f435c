package cenote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/cenote-id/cenote/internal/access"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/httpd"
	"github.com/cenote-id/cenote/internal/jobs"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/kms"
	"github.com/cenote-id/cenote/internal/libcrypto"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
	"github.com/cenote-id/cenote/internal/wire"
)

// Server is a constructed server: its database is open and its port is bound. Run serves.
type Server struct {
	config     Config
	listener   net.Listener
	ops        net.Listener // nil without OpsListen
	clock      *clock.Clock
	registry   *prometheus.Registry
	db         *store.DB
	catalog    *catalog.Catalog
	arithmetic *srp.Arithmetic
	stock      *keys.Stock
	jobs       *jobs.Runner
	outbox     *jobs.Runner
	functions  *function.Service
	inbox      *message.Inbox // nil in Serve mode
	passwords  *risk.Passwords
	risk       *risk.Service
	access     *access.Control
	wire       *wire.Server
	handler    http.Handler
	newRootKey *RootKey
	running    context.Context // ends when the server is told to stop
	stop       context.CancelFunc
}

// New opens the database, binds the ports and constructs the server. Requests wait until
// Run. The errors of a wrong master key and of a database that does not promise
// durability are store's, wrapped.
func New(ctx context.Context, c Config) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	c.Log = slog.New(wire.LogHandler(c.Log.Handler()))
	s := &Server{config: c, clock: clock.New(c.Now), registry: prometheus.NewRegistry()}
	s.running, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := s.construct(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// construct puts the rooms together, from the ground up.
func (s *Server) construct(ctx context.Context) error {
	if err := s.bind(ctx); err != nil {
		return err
	}
	// Whatever is wrong with the configuration has to show before an empty database gets
	// its root key, which would never be seen.
	if err := s.newFunctions(); err != nil {
		return err
	}
	email, sms, err := s.newSenders()
	if err != nil {
		return err
	}
	if s.passwords, err = risk.OpenPasswords(s.config.CompromisedPasswords); err != nil {
		return err
	}
	// Proving libcrypto and opening the database cost about the same; neither waits.
	library := make(chan *libcrypto.Library, 1)
	go func() { library <- s.loadLibrary() }()
	err = s.open(ctx)
	lib := <-library
	if err != nil {
		return err
	}

	g := gate.New(0, 0)
	s.arithmetic = srp.NewArithmetic(lib)
	s.stock = keys.NewStock(s.config.MakeKey, g, stockedPools)
	place := naming.Place{Region: s.config.Region, AccountID: s.config.AccountID}
	s.catalog = catalog.New(catalog.Deps{Store: s.db, Place: place, Clock: s.clock, Log: s.config.Log})
	triggers := trigger.New(trigger.Deps{Runner: s.functions, Random: s.config.Random})
	codes := kms.New(s.db.Keyring(), s.config.Random)
	messages, err := s.newMessages(triggers, email, sms, codes)
	if err != nil {
		return err
	}
	rooms := s.newRooms(place, g, keys.NewCache(s.db, lib, cachedPools), triggers, messages, codes)
	s.jobs, err = jobs.New(jobs.Deps{
		Store: s.db, Clock: s.clock, Random: s.config.Random, Log: s.config.Log,
		Kinds: map[string]jobs.Kind{
			store.JobPoolDeletion:  jobs.PoolDeletion(s.db),
			store.JobGroupDeletion: jobs.GroupDeletion(s.db),
			store.JobUserImport:    jobs.UserImport(rooms.users.ImportChunk),
			jobs.KindSweep:         jobs.Sweep(s.db, s.clock),
		},
	})
	if err != nil {
		return err
	}
	s.wire = rooms.wire
	s.handler = s.routes(rooms)
	return nil
}

const (
	// stockedPools is for how many pools signing keys are kept ready.
	stockedPools = 2
	// cachedPools is of how many pools the opened signing keys are kept.
	cachedPools = 4096
)

// bind listens, so that a taken port is known before the database is touched and port 0
// is known before issuers are formed.
func (s *Server) bind(ctx context.Context) error {
	var listen net.ListenConfig
	var err error
	if s.listener, err = listen.Listen(ctx, "tcp", s.config.Listen); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if s.config.Mode == Serve && s.config.OpsListen != "" {
		if s.ops, err = listen.Listen(ctx, "tcp", s.config.OpsListen); err != nil {
			return fmt.Errorf("listen for operators: %w", err)
		}
	}
	if s.config.PublicURL == "" {
		s.config.PublicURL, err = s.ownURL()
	}
	return err
}

// ownURL is the public URL of a server that was given none: its listen address, where
// nobody but this machine can reach it.
func (s *Server) ownURL() (string, error) {
	host, _, err := net.SplitHostPort(s.config.Listen)
	if err != nil {
		return "", fmt.Errorf("listen address: %w", err)
	}
	_, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return "", fmt.Errorf("listen address: %w", err)
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost" || ip != nil && ip.IsLoopback():
	case s.config.Mode == Dev:
		host = "127.0.0.1" // a container's published port
	default:
		return "", fmt.Errorf("config: a public URL is required when the listen address %s is not a loopback address", s.config.Listen)
	}
	scheme := "http"
	if s.config.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

func (s *Server) loadLibrary() *libcrypto.Library {
	library, err := libcrypto.Load(s.clock.Outside)
	if err != nil {
		s.config.Log.Info("signing with Go", "reason", err)
		return nil
	}
	s.config.Log.Info("libcrypto loaded", "library", library.String())
	return library
}

// Run serves until ctx ends, then lets requests under way finish. It may be called once;
// Close follows it.
func (s *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, s.stop)()
	ports := []httpd.Port{{Listener: s.listener, TLS: s.config.TLS, Handler: s.handler, Log: s.config.Log}}
	if s.ops != nil {
		ports = append(ports, httpd.Port{Listener: s.ops, Handler: s.operations().Handler(), Log: s.config.Log})
	}
	// What the last requests record is still to be written.
	recording, recorded := context.WithCancel(context.WithoutCancel(ctx))
	var serving sync.WaitGroup
	serving.Add(len(ports))
	for _, p := range ports {
		group.Go(func() error {
			defer serving.Done()
			return p.Serve(ctx)
		})
	}
	group.Go(func() error {
		serving.Wait()
		recorded()
		return nil
	})
	group.Go(func() error { return s.risk.Run(recording) })
	group.Go(func() error { return s.db.Run(ctx) })
	group.Go(func() error { return s.catalog.Run(ctx) })
	group.Go(func() error { return s.jobs.Run(ctx) })
	group.Go(func() error { return s.outbox.Run(ctx) })
	group.Go(func() error { return s.functions.Run(ctx) })
	group.Go(func() error { return s.stock.Run(ctx) })
	group.Go(func() error {
		_ = s.arithmetic.PrepareWhenUsed(ctx) // fails only when ctx ends
		return nil
	})
	return group.Wait()
}

// Close releases the ports and the database. It is safe to call after a failed New and
// more than once.
func (s *Server) Close() error {
	s.stop()
	var errs []error
	for _, l := range []net.Listener{s.listener, s.ops} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.risk != nil && s.db != nil {
		errs = append(errs, s.risk.Close())
	}
	errs = append(errs, s.passwords.Close())
	s.passwords = nil
	if s.functions != nil {
		s.functions.Close()
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
		s.db = nil
	}
	return errors.Join(errs...)
}

// Addr returns the address of the public port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns where clients reach the server: Config.PublicURL or the listen address.
func (s *Server) URL() string { return s.config.PublicURL }

// Handler answers what the public port answers, for use in another server.
func (s *Server) Handler() http.Handler { return s.handler }

// NewRootKey returns the root access key that was made with the database, so that it can
// be shown to the operator this once; nil when the operator gave one or the database
// existed.
func (s *Server) NewRootKey() *RootKey { return s.newRootKey }

// Fresh says whether New found the database empty.
func (s *Server) Fresh() bool { return s.db.Fresh() }

// Advance moves the clock by which the server stamps and judges what it made itself
// (tokens, codes, sessions, lockouts).
func (s *Server) Advance(d time.Duration) { s.clock.Advance(d) }

// Messages returns the messages sent to a destination, newest first, as soon as there is
// one; none when ctx ends before that, and always none in Serve mode.
func (s *Server) Messages(ctx context.Context, to string) []Message {
	if s.inbox == nil {
		return nil
	}
	entries := s.inbox.Wait(ctx, message.Filter{To: strings.TrimSpace(to)})
	out := make([]Message, len(entries))
	for i, e := range entries {
		out[i] = Message{Destination: e.Destination, Subject: e.Subject, Body: e.Body, Code: e.Code, Link: e.Link, Username: e.Username}
	}
	return out
}

// Message is a mail or a text message that a Dev server sent.
type Message struct {
	Destination string
	Username    string
	Subject     string // empty for text messages
	Body        string
	Code        string // the code or temporary password in it
	Link        string // the link in it, empty for none
}
