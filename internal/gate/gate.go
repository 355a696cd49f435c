// Package gate admits CPU-heavy work (signatures, SRP arithmetic, slow password hashes)
// so that reads stay fast in a storm of sign-ins: a fixed number of slots, first come
// first served, and a bounded wait, after which the work is refused rather than queued.
package gate

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// DefaultWait is how long work waits for a slot when New is not told otherwise.
const DefaultWait = 250 * time.Millisecond

// ErrBusy says that no slot came free in time. Services answer it with Cognito's
// TooManyRequestsException.
var ErrBusy = errors.New("gate: no slot came free in time")

// Gate is a first-in-first-out semaphore with a bounded wait. A nil Gate admits
// everything at once. A Gate is safe for concurrent use.
//
// Work that holds a slot must not ask for another one: under load it would wait for
// itself.
type Gate struct {
	// A send takes a slot, a receive frees it. The runtime queues blocked senders in
	// order and hands a freed place to the first of them, so nobody overtakes.
	slots chan struct{}
	wait  time.Duration
	leave func()
}

// New returns a gate with the given number of slots, whose callers wait for at most
// wait. Values of zero or less choose the defaults: 2 x GOMAXPROCS slots, DefaultWait.
func New(slots int, wait time.Duration) *Gate {
	if slots <= 0 {
		slots = 2 * runtime.GOMAXPROCS(0)
	}
	if wait <= 0 {
		wait = DefaultWait
	}
	g := &Gate{slots: make(chan struct{}, slots), wait: wait}
	g.leave = func() { <-g.slots }
	return g
}

// Enter takes a slot. The caller calls leave exactly once when its work is done. The
// error is ErrBusy, or the context's error where ctx ended first; leave is nil then.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	if g == nil {
		return func() {}, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case g.slots <- struct{}{}:
		return g.leave, nil
	default:
	}
	patience := time.NewTimer(g.wait)
	defer patience.Stop()
	select {
	case g.slots <- struct{}{}:
		return g.leave, nil
	case <-patience.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Await takes a slot however long it takes, in the same queue as Enter. It is for work
// that cannot be refused any more, because what allowed it is used up: refusing it would
// send the caller away with nothing to try again with. The error is the context's.
func (g *Gate) Await(ctx context.Context) (leave func(), err error) {
	if g == nil {
		return func() {}, nil
	}
	select {
	case g.slots <- struct{}{}:
		return g.leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Do runs work in a slot. Its error is Enter's, and says that work did not run.
func (g *Gate) Do(ctx context.Context, work func()) error {
	leave, err := g.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	work()
	return nil
}
