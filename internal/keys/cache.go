package keys

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/cenote-id/cenote/internal/libcrypto"
	"github.com/cenote-id/cenote/internal/store"
)

// Source is where the keys of pools are kept. *store.DB is one.
type Source interface {
	// SigningKeys reads the keys of a pool. They never change.
	SigningKeys(ctx context.Context, pool store.PoolID) (store.SigningKeys, error)
}

// DefaultCacheSize is the number of pools whose keys stay opened.
const DefaultCacheSize = 1024

// Cache opens the keys of pools and keeps those in use. Internal pool ids are never
// used twice, so that what it has is never wrong. It is safe for concurrent use.
type Cache struct {
	source  Source
	library *libcrypto.Library
	size    int

	mu     sync.Mutex
	byPool map[store.PoolID]*list.Element // of *entry
	recent *list.List                     // the most recently used first
}

// entry is the keys of one pool, or their opening under way.
type entry struct {
	pool   store.PoolID
	opened chan struct{} // closed when pair and err are set
	pair   Pair
	err    error
}

// NewCache returns a cache of the keys of at most size pools; size 0 or less is
// DefaultCacheSize. The keys sign with the library where that is faster than Go; it may
// be nil.
func NewCache(source Source, library *libcrypto.Library, size int) *Cache {
	if size <= 0 {
		size = DefaultCacheSize
	}
	return &Cache{
		source: source, library: library, size: size,
		byPool: make(map[store.PoolID]*list.Element), recent: list.New(),
	}
}

// Pair returns the keys of a pool. However many ask at once, the source is read once.
// The error is the source's, ctx's, or says that the keys cannot be read; it is not
// kept.
func (c *Cache) Pair(ctx context.Context, pool store.PoolID) (Pair, error) {
	for {
		e, mine := c.entry(pool)
		if mine {
			c.open(ctx, e)
			return e.pair, e.err
		}
		select {
		case <-e.opened:
		case <-ctx.Done():
			return Pair{}, ctx.Err()
		}
		// Who was opening gave up: that is no answer for others.
		if errors.Is(e.err, context.Canceled) || errors.Is(e.err, context.DeadlineExceeded) {
			if err := ctx.Err(); err != nil {
				return Pair{}, err
			}
			continue
		}
		return e.pair, e.err
	}
}

// entry returns the entry of a pool; where it is new, the caller opens it.
func (c *Cache) entry(pool store.PoolID) (e *entry, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.byPool[pool]; ok {
		c.recent.MoveToFront(at)
		return at.Value.(*entry), false
	}
	e = &entry{pool: pool, opened: make(chan struct{})}
	c.byPool[pool] = c.recent.PushFront(e)
	if c.recent.Len() > c.size {
		oldest := c.recent.Back()
		delete(c.byPool, oldest.Value.(*entry).pool)
		c.recent.Remove(oldest)
	}
	return e, true
}

// open reads and opens the keys of an entry; one that fails is dropped.
func (c *Cache) open(ctx context.Context, e *entry) {
	e.err = errors.New("keys: opening was interrupted")
	defer func() {
		if e.err != nil {
			c.drop(e)
		}
		close(e.opened)
	}()
	stored, err := c.source.SigningKeys(ctx, e.pool)
	if err == nil {
		e.pair, err = Open(stored, c.library)
	}
	e.err = err
}

func (c *Cache) drop(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.byPool[e.pool]; ok && at.Value == e {
		delete(c.byPool, e.pool)
		c.recent.Remove(at)
	}
}
