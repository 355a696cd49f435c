package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/internal/clock"
)

// MaxPayload is how many bytes a function may answer (Lambda quotas, synchronous
// invocation).
const MaxPayload = 6 << 20

// budget bounds all attempts of a call together.
const budget = 15 * time.Second

// Error is what a function answered instead of a result: it threw, or its runtime died.
type Error struct {
	// Message is errorMessage, which Cognito shows to clients; Type is errorType.
	Message, Type string
}

// Error returns the function's own words.
func (e *Error) Error() string { return e.Message }

// InvocationError says that no function has answered: it could not be reached, was
// refused, or took too long.
type InvocationError struct {
	// Name is Lambda's exception, such as AccessDeniedException, or a text in its place.
	Name  string
	Cause error // for the log; may be nil
	// again says that another attempt may succeed.
	again bool
}

// Error names the exception and its cause.
func (e *InvocationError) Error() string {
	if e.Cause == nil {
		return e.Name
	}
	return e.Name + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *InvocationError) Unwrap() error { return e.Cause }

// TimeoutName is the Name of an InvocationError for a function that did not answer in time.
const TimeoutName = "Socket timeout while invoking Lambda function"

func timedOut(cause error) error {
	return &InvocationError{Name: TimeoutName, Cause: cause, again: true}
}

// Deps is what a Service needs.
type Deps struct {
	// Entries say where functions run. Of those that match an ARN the one with the closest
	// match wins, of several globs the longest.
	Entries []Entry
	// Environment returns the variables by which a function reaches this server with
	// credentials for the given actions, and when these end; nil is none.
	Environment func(name string, allow []string) (variables map[string]string, until time.Time, err error)
	// Region is where functions believe to be.
	Region string
	// Reload ends processes whose files have changed (development mode).
	Reload bool
	Clock  *clock.Clock
	Random io.Reader
	Log    *slog.Logger
	// Console receives what functions print, a line in a Write, by several goroutines at
	// once; nil leaves it to the log.
	Console io.Writer
	// Metrics receives the package's counters; nil keeps them to itself.
	Metrics prometheus.Registerer
}

// backend runs one function.
type backend interface {
	// attempt invokes the function once. Its error is *Error or *InvocationError.
	attempt(ctx context.Context, c Call) ([]byte, error)
	// tidy ends what has been idle for long; with all, everything.
	tidy(all bool)
}

// Call is one invocation of a function.
type Call struct {
	ARN     string
	Trigger string // such as PreSignUp_SignUp, for logs and webhooks
	Payload []byte // JSON
	// Event asks for no result: the Invoke API answers when it has queued the event.
	Event bool
	// RequestID is the same for all attempts.
	RequestID string
}

// Service runs functions. It is safe for concurrent use.
type Service struct {
	deps    Deps
	entries []Entry
	client  *http.Client
	metrics metrics

	mu       sync.Mutex
	backends map[string]backend // by ARN
	closed   bool
}

// New returns a Service, or what is wrong with an entry.
func New(d Deps) (*Service, error) {
	d.Random = clock.Random(d.Random)
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		deps: d, backends: map[string]backend{}, metrics: newMetrics(d.Metrics),
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
			// A redirect would take a signed event, or a password, somewhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	for _, e := range d.Entries {
		e, err := e.complete()
		if err != nil {
			return nil, err
		}
		s.entries = append(s.entries, e)
	}
	return s, nil
}

// tidyEach is how often idle processes are looked for.
const tidyEach = 10 * time.Second

// Run ends idle processes until ctx ends, and then all.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(tidyEach)
	defer tick.Stop()
	defer s.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			for _, b := range s.running() {
				b.tidy(false)
			}
		}
	}
}

// Close ends all processes. Calls after it fail.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, b := range s.running() {
		b.tidy(true)
	}
	s.client.CloseIdleConnections()
}

func (s *Service) running() []backend {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]backend, 0, len(s.backends))
	for _, b := range s.backends {
		list = append(list, b)
	}
	return list
}

// Do invokes a function and returns its result. The error is *Error or *InvocationError,
// or ctx's when the caller has gone.
func (s *Service) Do(ctx context.Context, c Call) (result []byte, err error) {
	b, entry, err := s.backend(c.ARN)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	began := s.deps.Clock.Outside()
	for n := 1; ; n++ {
		result, err = s.try(within, b, entry, c)
		failure, ok := errors.AsType[*InvocationError](err)
		if !ok || !failure.again || n >= entry.Attempts || within.Err() != nil {
			break
		}
		s.deps.Log.WarnContext(ctx, "function did not answer, trying again",
			"function", c.ARN, "trigger", c.Trigger, "attempt", n, "error", err)
	}
	s.metrics.done(Name(c.ARN), err, s.deps.Clock.Outside().Sub(began))
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		s.deps.Log.WarnContext(ctx, "function failed", "function", c.ARN, "trigger", c.Trigger, "error", err)
	}
	return result, err
}

func (s *Service) try(ctx context.Context, b backend, e *Entry, c Call) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	return b.attempt(ctx, c)
}

// backend returns what runs the function of an ARN.
func (s *Service) backend(arn string) (backend, *Entry, error) {
	entry := s.resolve(arn)
	if entry == nil {
		return nil, nil, &InvocationError{
			Name:  "ResourceNotFoundException",
			Cause: fmt.Errorf("no entry of the configuration's functions matches %s", arn),
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, &InvocationError{Name: "ServiceException", Cause: errors.New("the server is stopping")}
	}
	b, ok := s.backends[arn]
	if !ok {
		made := entry.of(arn)
		switch entry.Kind {
		case KindInvoke:
			b = &invoker{service: s, entry: made}
		case KindWebhook:
			b = &webhook{service: s, entry: made}
		default:
			b = newProcesses(s, made, arn)
		}
		s.backends[arn] = b
	}
	return b, entry, nil
}

// resolve returns the entry that matches an ARN best, nil where none does.
func (s *Service) resolve(arn string) *Entry {
	var best *Entry
	how := matchNone
	for i := range s.entries {
		e := &s.entries[i]
		m := e.matches(arn)
		if m < how || m == how && m == matchGlob && len(e.Pattern) > len(best.Pattern) {
			best, how = e, m
		}
	}
	return best
}

// Resolves says whether an ARN leads to a function.
func (s *Service) Resolves(arn string) bool { return s.resolve(arn) != nil }
