package risk_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
)

// shelf is where a queue writes.
type shelf struct {
	mu      sync.Mutex
	ids     map[string]int
	largest int
	broken  error
}

func (s *shelf) put(_ context.Context, events []*store.AuthEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	s.largest = max(s.largest, len(events))
	for _, e := range events {
		s.ids[e.ID]++
	}
	return nil
}

func (s *shelf) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func TestQueueLosesNothing(t *testing.T) {
	t.Parallel()
	s := &shelf{ids: map[string]int{}}
	q := risk.NewQueue(50, s.put)
	var pushing sync.WaitGroup
	for n := range 8 {
		pushing.Go(func() {
			for i := range 500 {
				if err := q.Push(t.Context(), &store.AuthEvent{ID: fmt.Sprint(n, "-", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	pushing.Wait()
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.ids) != 8*500 || q.Length() != 0 {
		t.Errorf("%d events were written, %d wait", len(s.ids), q.Length())
	}
	if s.largest < 2 || s.largest > 100 {
		t.Errorf("%d events were written together", s.largest)
	}
}

func TestQueueWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	s := &shelf{ids: map[string]int{}, broken: errors.New("the database is away")}
	q := risk.NewQueue(3, s.put)
	for i := range 3 {
		if err := q.Push(t.Context(), &store.AuthEvent{ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Push(t.Context(), &store.AuthEvent{ID: "3"}); err == nil {
		t.Error("a full queue took an event without a database")
	}
	if err := q.Flush(t.Context()); err == nil || q.Length() != 3 {
		t.Errorf("%v, %d wait", err, q.Length())
	}
	s.breaks(nil)
	if err := q.Push(t.Context(), &store.AuthEvent{ID: "4"}); err != nil {
		t.Error(err)
	}
	if err := q.Flush(t.Context()); err != nil || len(s.ids) != 4 {
		t.Errorf("%v, %v", err, s.ids)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.breaks(context.Canceled)
	_ = q.Push(t.Context(), &store.AuthEvent{ID: "5"})
	if err := q.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAddressesOfManyFailures(t *testing.T) {
	t.Parallel()
	a, now := risk.NewAddresses(), time.Unix(1_761_000_000, 0)
	ip := netip.MustParseAddr("2001:db8::1")
	for i, want := range map[int]int{0: 0, 2: 0, 3: 10, 10: 20, 32: 40} {
		fresh := risk.NewAddresses()
		for n := range i {
			risk.Fail(fresh, ip, fmt.Sprint("user", n), now)
		}
		if got := risk.Points(fresh, netip.MustParseAddr("2001:db8::2"), now); got != want {
			t.Errorf("%d users failed: %d points, want %d", i, got, want)
		}
	}
	for range 100 {
		risk.Fail(a, ip, "one", now)
	}
	if got := risk.Points(a, ip, now); got != 0 {
		t.Errorf("one user's failures: %d points, want none for the address", got)
	}
	for n := range 5 {
		risk.Fail(a, ip, fmt.Sprint(n), now)
	}
	if got := risk.Points(a, ip, now.Add(11*time.Minute)); got != 0 {
		t.Errorf("%d points after a while", got)
	}
	for n := range 50_000 {
		risk.Fail(a, netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), "x", now)
	}
	if n := risk.Known(a); n > 20_000 {
		t.Errorf("%d addresses are remembered", n)
	}
}
