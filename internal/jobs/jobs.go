// Package jobs runs the work that outlives requests and nodes: deleting the rows of a
// deleted pool or group, sweeping what has expired. The queue is the store's table of jobs.
//
//	due --claim--> leased by a node --step--> save: how far it is, when it goes on --> due
//	                  |                 |-> done: the job is gone, or due again next period
//	                  |                 '-> error: due again after a growing pause
//	                  '-- the node dies: due when the lease ends
//
// Work is cut into short steps, each of which leaves the store in order. A step that was
// taken but not saved is taken again, so a step must bear that: it deletes what is left, or
// stores its progress in the transaction of its work. Leases and due times follow
// Clock.Outside, which development mode does not move.
package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// lease is how long a claimed job is its node's.
	lease = time.Minute
	// stepTimeout ends a step before its lease does.
	stepTimeout = 45 * time.Second
	// idle is how long a runner without work waits before it looks again.
	idle = time.Second
	// keepEach is how often the runner looks whether the recurring jobs are in the store.
	keepEach = time.Minute
	// firstPause doubles with each failure of a job in a row, up to longestPause.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// troubleSize is how much of an error's text is kept for operators.
	troubleSize = 500
)

// Step takes a job one step further. It must end soon after ctx does. State is the kind's
// own; the step finds there what it returned the last time.
type Step func(ctx context.Context, job *store.Job) (Outcome, error)

// Outcome is what a step has come to.
type Outcome struct {
	done  bool
	after time.Duration
	state []byte
}

// Done ends the job, or the period of a job that recurs.
func Done() Outcome { return Outcome{done: true} }

// Again goes on with the job after a pause, from the given state.
func Again(after time.Duration, state []byte) Outcome { return Outcome{after: after, state: state} }

// Kind is one kind of job.
type Kind struct {
	Step Step
	// Every makes the runner keep one job of the kind, which is due again so long after it
	// was done. Zero is for jobs that somebody puts into the store.
	Every time.Duration
}

// Deps are what a Runner needs.
type Deps struct {
	Store  *store.DB
	Clock  *clock.Clock // nil is the machine's clock
	Random io.Reader    // nil is the operating system's generator
	Log    *slog.Logger
	// Kinds are the kinds that this node works on, by the names in the store.
	Kinds map[string]Kind
	// Workers is how many steps the runner takes at a time; 0 is two.
	Workers int
}

// Runner takes the steps of due jobs. Any number of nodes may run one on the same store.
type Runner struct {
	deps  Deps
	names []string
	node  string
	kept  atomic.Int64 // when keepRecurring last looked, in milliseconds
	woken chan struct{}
}

// New returns a runner of the given kinds.
func New(deps Deps) (*Runner, error) {
	if deps.Clock == nil {
		deps.Clock = clock.New(nil)
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	var id [8]byte
	if _, err := io.ReadFull(clock.Random(deps.Random), id[:]); err != nil {
		return nil, fmt.Errorf("make node id: %w", err)
	}
	return &Runner{
		deps:  deps,
		names: slices.Sorted(maps.Keys(deps.Kinds)),
		node:  hex.EncodeToString(id[:]),
		woken: make(chan struct{}, 1),
	}, nil
}

// Wake makes the runner look for due jobs at once instead of within a second.
func (r *Runner) Wake() {
	select {
	case r.woken <- struct{}{}:
	default: // it is about to look anyway
	}
}

// defaultWorkers is how many steps a runner takes at a time that is not told.
const defaultWorkers = 2

// Run works on due jobs until ctx ends, and returns nil. A step in progress is cancelled.
func (r *Runner) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	workers := r.deps.Workers
	if workers == 0 {
		workers = defaultWorkers
	}
	for range workers {
		wg.Go(func() { r.work(ctx) })
	}
	wg.Wait()
	return nil
}

// work takes one step after the other, and waits when there is none to take.
func (r *Runner) work(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		case <-r.woken:
		}
		n, err := r.RunDue(ctx)
		if err != nil && ctx.Err() == nil {
			r.deps.Log.WarnContext(ctx, "jobs cannot be read", "error", err)
		}
		pause := idle
		if n > 0 {
			pause = 0
		}
		wait.Reset(pause)
	}
}

// RunDue takes the steps that are due now, until none is left, and returns how many it
// took. The error is the store's; those of steps are kept with their jobs.
func (r *Runner) RunDue(ctx context.Context) (steps int, err error) {
	if err := r.keepRecurring(ctx); err != nil {
		return 0, err
	}
	for ctx.Err() == nil {
		now := r.deps.Clock.Outside()
		job, err := r.deps.Store.ClaimJob(ctx, r.names, r.node, now, now.Add(lease))
		if errors.Is(err, store.ErrNotFound) {
			return steps, nil
		}
		if err != nil {
			return steps, err
		}
		steps++
		if err := r.take(ctx, job); err != nil {
			return steps, err
		}
	}
	return steps, nil
}

// keepRecurring makes sure that the job of each recurring kind is in the store, whose data
// development mode may delete at any time.
func (r *Runner) keepRecurring(ctx context.Context) error {
	now := r.deps.Clock.Outside()
	if now.UnixMilli()-r.kept.Load() < keepEach.Milliseconds() {
		return nil
	}
	for _, name := range r.names {
		if r.deps.Kinds[name].Every == 0 {
			continue
		}
		sum := sha256.Sum256([]byte("recurring job " + name))
		job := store.Job{ID: [16]byte(sum[:16]), Kind: name, Due: now}
		if err := r.deps.Store.PutJob(ctx, job); err != nil {
			return err
		}
	}
	r.kept.Store(now.UnixMilli())
	return nil
}

// take takes one step of a claimed job and stores what became of it.
func (r *Runner) take(ctx context.Context, job *store.Job) error {
	kind := r.deps.Kinds[job.Kind]
	outcome, err := r.step(ctx, kind.Step, job)
	if ctx.Err() != nil {
		// The node is ending. The step was not this job's failure; who comes next may go
		// on at once.
		job.Due = r.deps.Clock.Outside()
		return r.save(context.WithoutCancel(ctx), job)
	}
	now := r.deps.Clock.Outside()
	switch {
	case err != nil:
		r.deps.Log.WarnContext(ctx, "job failed", "kind", job.Kind, "failures", job.Failures+1, "error", err)
		job.Failures++
		job.Trouble = trouble(err)
		job.Due = now.Add(pauseAfter(job.Failures))
	case outcome.done && kind.Every == 0:
		return lost(r.deps.Store.FinishJob(ctx, job))
	case outcome.done:
		job.Failures, job.Trouble, job.State, job.Due = 0, "", nil, now.Add(kind.Every)
	default:
		job.Failures, job.Trouble, job.State, job.Due = 0, "", outcome.state, now.Add(outcome.after)
	}
	return r.save(ctx, job)
}

// step calls a step; a panic in it is its failure and not the node's.
func (r *Runner) step(ctx context.Context, step Step, job *store.Job) (o Outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return step(ctx, job)
}

func (r *Runner) save(ctx context.Context, job *store.Job) error {
	return lost(r.deps.Store.SaveJob(ctx, job))
}

// lost makes nothing of a job that another node has taken over after the end of its lease.
func lost(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// pauseAfter is how long a job rests after so many failures in a row.
func pauseAfter(failures int) time.Duration {
	return min(firstPause<<min(failures-1, 16), longestPause)
}

// trouble is what is kept of an error: text that can be stored, not too long.
func trouble(err error) string {
	text := []rune(fmt.Sprintf("%.*q", troubleSize, err.Error()))
	return string(text[1 : len(text)-1])
}
