package risk

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// DefaultRetention is how long events are kept, as on AWS.
const DefaultRetention = 2 * 365 * 24 * time.Hour

// Deps is what a Service is made of.
type Deps struct {
	Store     *store.DB
	Messages  *message.Service
	Passwords *Passwords
	Clock     *clock.Clock
	Random    io.Reader // nil is the operating system's generator
	// PublicURL is where the links in notification mails lead.
	PublicURL string
	// Retention is how long events are kept; 0 is DefaultRetention.
	Retention time.Duration
	Log       *slog.Logger
	// Metrics receives the package's counters; nil keeps them to itself.
	Metrics prometheus.Registerer
}

// Service judges and records. It is safe for concurrent use.
type Service struct {
	deps      Deps
	queue     *queue
	notices   chan notice
	addresses *addresses
	metrics   metrics
}

// New returns a Service. What it records is written by Run, or by Close.
func New(d Deps) *Service {
	d.Random = clock.Random(d.Random)
	if d.Retention == 0 {
		d.Retention = DefaultRetention
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		deps: d, notices: make(chan notice, maxNotices), addresses: newAddresses(), metrics: newMetrics(d.Metrics),
	}
	s.queue = newQueue(s.keep)
	return s
}

// flushTime is how long the end waits for events and notices to leave.
const flushTime = 10 * time.Second

// Run writes events and sends notices until ctx ends, and then what is still there. The
// requests that record must have ended before.
func (s *Service) Run(ctx context.Context) error {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		s.sendNotices(ctx)
	}()
	s.write(ctx)
	<-sent
	return s.Close()
}

// write writes events as they come, until ctx ends.
func (s *Service) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.queue.wake:
		}
		err := s.queue.flush(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		s.deps.Log.WarnContext(ctx, "auth events could not be written; they wait", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
			s.queue.rouse()
		}
	}
}

// Close writes the events that are still there. The error tells how many could not be.
func (s *Service) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	return s.queue.flush(ctx)
}

// Flush writes what has been recorded so far.
func (s *Service) Flush(ctx context.Context) error { return s.queue.flush(ctx) }

// metrics count what is judged and what becomes of events.
type metrics struct {
	judged      *prometheus.CounterVec
	compromised *prometheus.CounterVec
	lost        prometheus.Counter
	unsent      prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		judged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_risk_evaluations_total",
			Help: "Sign-ins that were judged, by the level of risk (none for no risk) and what was done.",
		}, []string{"pool", "operation", "level", "action"}),
		compromised: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_compromised_password_total",
			Help: "Passwords that are known to attackers, by where they were met and what was done.",
		}, []string{"pool", "operation", "action"}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cenote_auth_events_lost_total",
			Help: "Auth events that found no room while the database took none.",
		}),
		unsent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cenote_risk_notices_unsent_total",
			Help: "Notification mails about sign-ins that were not sent.",
		}),
	}
	if r != nil {
		r.MustRegister(m.judged, m.compromised, m.lost, m.unsent)
	}
	return m
}

// push records an event. It waits only while the queue is full, and then writes itself. An
// event that cannot be kept never fails what it tells of.
func (s *Service) push(ctx context.Context, e *store.AuthEvent) {
	if err := s.queue.push(ctx, e); errors.Is(err, errFull) {
		s.metrics.lost.Inc()
		s.deps.Log.ErrorContext(ctx, "an auth event was lost", "error", err)
	}
}
