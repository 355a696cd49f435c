package access

import (
	"context"
	"sync"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// keyLife is how long a key is remembered, and so how long a disabled one still works.
	keyLife = time.Second
	// keyLimit bounds the cache; only keys that exist get into it.
	keyLimit = 1024
)

// keyCache remembers access keys, so that a burst of signed calls reads each key once.
type keyCache struct {
	keys  Keys
	clock *clock.Clock

	mu    sync.Mutex
	known map[string]cachedKey
}

type cachedKey struct {
	key   *store.AccessKey
	until time.Time
}

func newKeyCache(keys Keys, c *clock.Clock) *keyCache {
	return &keyCache{keys: keys, clock: c, known: map[string]cachedKey{}}
}

// find returns the key with an id, or store.ErrNotFound. Absence is not remembered: a new
// key works at once.
func (c *keyCache) find(ctx context.Context, id string) (*store.AccessKey, error) {
	now := c.clock.Outside()
	c.mu.Lock()
	k, ok := c.known[id]
	c.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.key, nil
	}
	key, err := c.keys.AccessKey(ctx, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= keyLimit {
		clear(c.known)
	}
	c.known[id] = cachedKey{key, now.Add(keyLife)}
	return key, nil
}
