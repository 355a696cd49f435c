package catalog

import (
	"context"
	"time"
)

// Cache is the cache with plain values, to be tested without a database.
type Cache = cache[string]

// NewCache returns a Cache.
func NewCache(limit int) *Cache { return newCache[string](limit) }

// Get is the cache's get.
func (c *cache[T]) Get(ctx context.Context, l *Lease, key string, load func(context.Context) (T, error)) (T, error) {
	return c.get(ctx, l, key, load)
}

// Drop is the cache's drop.
func (c *cache[T]) Drop(key string) { c.drop(key) }

// Len is how many values are kept.
func (c *cache[T]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.entries)
}

// Lease is the cache's lease.
type Lease = lease

// NewLease returns a lease.
func NewLease(d time.Duration) *Lease { return newLease(d) }
