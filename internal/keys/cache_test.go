package keys_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/store"
)

// source is a Source whose reads take a second of the bubble's time.
type source struct {
	pools []store.SigningKeys
	reads atomic.Int64
	fail  atomic.Pointer[error]
}

func (s *source) SigningKeys(ctx context.Context, pool store.PoolID) (store.SigningKeys, error) {
	s.reads.Add(1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return store.SigningKeys{}, ctx.Err()
	}
	if err := s.fail.Load(); err != nil {
		return store.SigningKeys{}, *err
	}
	return s.pools[pool], nil
}

func (s *source) wantReads(t *testing.T, want int64) {
	t.Helper()
	if got := s.reads.Load(); got != want {
		t.Errorf("the source was read %d times, want %d", got, want)
	}
}

func TestCacheReadsOnce(t *testing.T) {
	t.Parallel()
	pools := stored(t, 2)
	synctest.Test(t, func(t *testing.T) {
		s := &source{pools: pools}
		cache := keys.NewCache(s, nil, 0)
		var group sync.WaitGroup
		for i := range 40 {
			group.Go(func() {
				pair, err := cache.Pair(t.Context(), store.PoolID(i%2))
				if err != nil {
					t.Error(err)
					return
				}
				if want := open(t, pools[i%2], nil); pair.ID.KID != want.ID.KID || pair.Access.KID != want.Access.KID {
					t.Errorf("pool %d has other keys", i%2)
				}
			})
		}
		group.Wait()
		s.wantReads(t, 2)
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	pools := stored(t, 3)
	synctest.Test(t, func(t *testing.T) {
		s := &source{pools: pools}
		cache := keys.NewCache(s, nil, 2)
		for _, step := range []struct {
			pool  store.PoolID
			reads int64
		}{{0, 1}, {1, 2}, {0, 2}, {2, 3}, {0, 3}, {1, 4}, {2, 5}} {
			if _, err := cache.Pair(t.Context(), step.pool); err != nil {
				t.Fatal(err)
			}
			s.wantReads(t, step.reads)
		}
	})
}

func TestCacheKeepsNoErrors(t *testing.T) {
	t.Parallel()
	pools := stored(t, 1)
	synctest.Test(t, func(t *testing.T) {
		s := &source{pools: pools}
		broken := errors.New("database away")
		s.fail.Store(&broken)
		cache := keys.NewCache(s, nil, 0)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if _, err := cache.Pair(t.Context(), 0); !errors.Is(err, broken) {
					t.Errorf("Pair = %v", err)
				}
			})
		}
		group.Wait()
		s.wantReads(t, 1)
		s.fail.Store(nil)
		if _, err := cache.Pair(t.Context(), 0); err != nil {
			t.Errorf("Pair after the failure = %v", err)
		}
	})
}

func TestCacheReportsUnreadableKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{pools: make([]store.SigningKeys, 1)}
		if _, err := keys.NewCache(s, nil, 0).Pair(t.Context(), 0); err == nil {
			t.Error("opened no keys")
		}
	})
}

// Whoever opens the keys may go away: the others still get them.
func TestCacheOutlivesItsCallers(t *testing.T) {
	t.Parallel()
	pools := stored(t, 1)
	synctest.Test(t, func(t *testing.T) {
		s := &source{pools: pools}
		cache := keys.NewCache(s, nil, 0)
		first, leave := context.WithCancel(t.Context())
		impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := cache.Pair(first, 0); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if _, err := cache.Pair(impatient, 0); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the impatient one got %v", err)
			}
		})
		for range 3 {
			group.Go(func() {
				if _, err := cache.Pair(t.Context(), 0); err != nil {
					t.Errorf("one who waited got %v", err)
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		leave()
		group.Wait()
		s.wantReads(t, 2)
	})
}

func BenchmarkCache(b *testing.B) {
	cache := keys.NewCache(&source{pools: stored(b, 1)}, nil, 0)
	if _, err := cache.Pair(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cache.Pair(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
	}
}
