// Package clock is where time and randomness come from.
//
// Cenote stamps and judges its own times (tokens, codes, sessions, lockouts) with
// Clock.Now, which development mode may move; times made by others (SigV4 dates, TOTP
// steps, foreign tokens) follow Clock.Outside, which nothing moves. Leases and timeouts
// use the runtime's monotonic time through context and time.Timer.
package clock

import (
	"crypto/rand"
	"io"
	"sync/atomic"
	"time"
)

// Clock tells the time. The zero value is the machine's clock, not moved.
// A Clock is safe for concurrent use.
type Clock struct {
	offset atomic.Int64
	source func() time.Time
}

// New returns a clock that reads source, for tests; a nil source is the machine's clock.
func New(source func() time.Time) *Clock { return &Clock{source: source} }

// Now is the time by which Cenote stamps and judges what it made itself.
func (c *Clock) Now() time.Time { return c.Outside().Add(c.Offset()) }

// Outside is the time by which things made by others are judged.
func (c *Clock) Outside() time.Time {
	if c != nil && c.source != nil {
		return c.source()
	}
	return time.Now()
}

// Offset is how far Now is ahead of Outside.
func (c *Clock) Offset() time.Duration {
	if c == nil {
		return 0
	}
	return time.Duration(c.offset.Load())
}

// Advance moves Now by d and returns the new offset.
func (c *Clock) Advance(d time.Duration) time.Duration { return time.Duration(c.offset.Add(int64(d))) }

// Reset puts Now back to Outside.
func (c *Clock) Reset() { c.offset.Store(0) }

// Random returns r, or the operating system's generator where r is nil.
func Random(r io.Reader) io.Reader {
	if r == nil {
		return rand.Reader
	}
	return r
}
