package credential

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// Deps is what a Service is made of.
type Deps struct {
	Store      *store.DB
	Arithmetic *srp.Arithmetic
	// Gate admits the modular exponentiations.
	Gate   *gate.Gate
	Clock  *clock.Clock
	Random io.Reader // nil is the operating system's generator
	// FixedCode, when set, is every one-time code that NewCode makes (development mode only).
	FixedCode string
}

// Service proves users. It is safe for concurrent use.
type Service struct {
	store      *store.DB
	arithmetic *srp.Arithmetic
	gate       *gate.Gate
	// slow admits the checks of slow hashes to the gate: they take up to a second and a
	// hundred MiB each, and must leave slots for others.
	slow      *gate.Gate
	clock     *clock.Clock
	random    io.Reader
	fixedCode string
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{
		store: d.Store, arithmetic: d.Arithmetic, gate: d.Gate, clock: d.Clock,
		slow:   gate.New(runtime.GOMAXPROCS(0), slowWait),
		random: clock.Random(d.Random), fixedCode: d.FixedCode,
	}
}

// slowWait is how long a slow hash waits for others: longer than work in the gate, since
// each of them takes longer.
const slowWait = 2 * time.Second

// computeSlowly is compute for the hashes that are made to be slow.
func (s *Service) computeSlowly(ctx context.Context, work func()) error {
	leave, err := s.slow.Enter(ctx)
	if errors.Is(err, gate.ErrBusy) {
		return fault.TooManyRequests("Rate exceeded").Because(err)
	}
	if err != nil {
		return err
	}
	defer leave()
	return s.compute(ctx, work)
}

// compute does CPU-heavy work when the gate admits it; else it is a
// TooManyRequestsException.
func (s *Service) compute(ctx context.Context, work func()) error {
	err := s.gate.Do(ctx, work)
	if errors.Is(err, gate.ErrBusy) {
		return fault.TooManyRequests("Rate exceeded").Because(err)
	}
	return err
}
