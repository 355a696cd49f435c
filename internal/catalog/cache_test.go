package catalog_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenote-id/cenote/internal/catalog"
)

// source counts loads and returns what it holds.
type source struct {
	mu    sync.Mutex
	value string
	loads int
}

func (s *source) set(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = value
}

func (s *source) load(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.value, nil
}

func want(t *testing.T, c *catalog.Cache, l *catalog.Lease, s *source, value string, loads int) {
	t.Helper()
	got, err := c.Get(t.Context(), l, "key", s.load)
	if err != nil || got != value || s.loads != loads {
		t.Fatalf("got %q, %v after %d loads; want %q after %d", got, err, s.loads, value, loads)
	}
}

func TestCacheServesOnlyUnderAnOpenLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := catalog.NewCache(10), &source{value: "old"}
		want(t, c, nil, s, "old", 1)
		want(t, c, nil, s, "old", 2)
		l := catalog.NewLease(time.Second)
		s.set("new")
		time.Sleep(999 * time.Millisecond)
		want(t, c, l, s, "old", 2) // within the second
		time.Sleep(time.Millisecond)
		synctest.Wait()
		want(t, c, l, s, "new", 3)
	})
}

func TestCacheDropForgetsWhatIsBeingLoaded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, l := catalog.NewCache(10), &source{value: "new"}, catalog.NewLease(time.Hour)
		release, early := make(chan struct{}), make(chan string)
		go func() {
			got, _ := c.Get(t.Context(), l, "key", func(context.Context) (string, error) {
				<-release
				return "old", nil
			})
			early <- got
		}()
		synctest.Wait()
		c.Drop("key") // a write ended after that load had read
		want(t, c, l, s, "new", 1)
		close(release)
		if got := <-early; got != "old" {
			t.Errorf("the caller from before the drop got %q", got)
		}
		synctest.Wait()
		want(t, c, l, s, "new", 1)
	})
}

func TestCacheSharesLoads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := catalog.NewCache(10), &source{value: "value"}
		release := make(chan struct{})
		load := func(ctx context.Context) (string, error) {
			<-release
			return s.load(ctx)
		}
		gone, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() {
			_, err := c.Get(gone, nil, "key", load)
			first <- err
		}()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if got, err := c.Get(t.Context(), nil, "key", load); got != "value" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		synctest.Wait()
		cancel() // the caller that began the load leaves; the others still get its result
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller that left got %v", err)
		}
		close(release)
		wg.Wait()
		if s.loads != 1 {
			t.Errorf("%d loads", s.loads)
		}
	})
}

func TestCacheKeepsNoErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l, missing := catalog.NewCache(10), catalog.NewLease(time.Hour), errors.New("missing")
		_, err := c.Get(t.Context(), l, "key", func(context.Context) (string, error) { return "", missing })
		if !errors.Is(err, missing) {
			t.Fatalf("got %v", err)
		}
		want(t, c, l, &source{value: "there"}, "there", 1)
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, l := catalog.NewCache(3), catalog.NewLease(time.Hour)
		for i := range 20 {
			key := strconv.Itoa(i)
			got, err := c.Get(t.Context(), l, key, func(context.Context) (string, error) { return key, nil })
			if got != key || err != nil {
				t.Fatalf("got %q, %v", got, err)
			}
		}
		if c.Len() != 3 {
			t.Errorf("%d values are kept", c.Len())
		}
	})
}
