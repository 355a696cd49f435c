package catalog

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// loadTimeout bounds a read of the database that several callers may be waiting for. It
// does not follow the context of the caller that began it.
const loadTimeout = 10 * time.Second

// cache keeps the results of loads by key and lets callers that miss the same key at the
// same time share one load. A nil *lease, or an expired one, means that nothing kept may
// be used; loads are shared all the same.
type cache[T comparable] struct {
	limit   int
	mu      sync.RWMutex
	entries map[string]T
	flights map[string]*flight[T]
}

// flight is a load under way. It stays in the map of flights until it lands or its key
// is dropped: what it read may then be older than the drop, so it is not kept, and
// callers that come after the drop begin another. (golang.org/x/sync/singleflight does not
// tell whether a key was forgotten during its flight.)
type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func newCache[T comparable](limit int) *cache[T] {
	return &cache[T]{limit: limit, entries: map[string]T{}, flights: map[string]*flight[T]{}}
}

func (c *cache[T]) get(ctx context.Context, l *lease, key string, load func(context.Context) (T, error)) (T, error) {
	if l.open() {
		c.mu.RLock()
		value, ok := c.entries[key]
		c.mu.RUnlock()
		if ok {
			return value, nil
		}
	}
	f := c.join(ctx, key, load)
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (c *cache[T]) join(ctx context.Context, key string, load func(context.Context) (T, error)) *flight[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.flights[key]; ok {
		return f
	}
	f := &flight[T]{done: make(chan struct{})}
	c.flights[key] = f
	go c.fly(context.WithoutCancel(ctx), key, f, load)
	return f
}

func (c *cache[T]) fly(ctx context.Context, key string, f *flight[T], load func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	f.value, f.err = load(ctx)
	c.mu.Lock()
	if c.flights[key] == f {
		delete(c.flights, key)
		if f.err == nil {
			c.keep(key, f.value)
		}
	}
	c.mu.Unlock()
	close(f.done)
}

// keep stores a value, at the expense of an arbitrary other one when the cache is full.
func (c *cache[T]) keep(key string, value T) {
	if _, ok := c.entries[key]; !ok && len(c.entries) >= c.limit {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	c.entries[key] = value
}

// replace keeps next in the place of old, unless old was dropped or replaced meanwhile.
func (c *cache[T]) replace(key string, old, next T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.entries[key]; ok && kept == old {
		c.entries[key] = next
	}
}

// drop forgets a key. A load of it that is under way reaches only those who wait for it now.
func (c *cache[T]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
	delete(c.flights, key)
}

func (c *cache[T]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	clear(c.flights)
}

// lease is the time for which a poll of the changes vouches for what is cached.
type lease struct {
	expired atomic.Bool
}

// newLease returns a lease that expires d from now, measured by the runtime's timers, so
// that neither a moved clock nor a stalled poll prolongs it.
func newLease(d time.Duration) *lease {
	l := &lease{}
	time.AfterFunc(d, func() { l.expired.Store(true) })
	return l
}

func (l *lease) open() bool { return l != nil && !l.expired.Load() }
