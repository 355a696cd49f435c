package catalog

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	pollEvery = 500 * time.Millisecond
	// maxAge is how old a cached snapshot may be (DESIGN.md, section 3).
	maxAge = time.Second
	// overlap is how far each poll reads back again: a transaction that commits late can
	// carry an early time, and nodes' clocks differ a little.
	overlap = time.Minute

	maxPools   = 20_000
	maxClients = 50_000
)

// Deps is what a Catalog needs.
type Deps struct {
	Store *store.DB
	Place naming.Place // pools of other regions do not exist
	Clock *clock.Clock
	Log   *slog.Logger
}

// Catalog finds pools and clients. It is safe for concurrent use.
type Catalog struct {
	deps    Deps
	pools   *cache[*Pool]
	clients *cache[*Client]
	rates   *cache[*rates]
	lease   atomic.Pointer[lease]
}

// New returns a catalog. Until Run polls, every call reads the database.
func New(deps Deps) *Catalog {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Catalog{deps: deps, pools: newCache[*Pool](maxPools), clients: newCache[*Client](maxClients), rates: newCache[*rates](1)}
}

// PoolNotFound is the error for a pool id that names no pool here.
func PoolNotFound(id string) *fault.Error {
	return fault.ResourceNotFound("User pool " + id + " does not exist.")
}

// ClientNotFound is the error for a client id that names no client, or one of another pool.
func ClientNotFound(id string) *fault.Error {
	return fault.ResourceNotFound("User pool client " + id + " does not exist.")
}

// Pool returns a pool by its external id, at most a second old. An id that names no pool,
// or a pool of another region, is a ResourceNotFoundException.
func (c *Catalog) Pool(ctx context.Context, id string) (*Pool, error) {
	if !c.deps.Place.HasPool(id) {
		return nil, PoolNotFound(id)
	}
	return c.pools.get(ctx, c.lease.Load(), id, func(ctx context.Context) (*Pool, error) {
		return c.FreshPool(ctx, id)
	})
}

// Client returns a client with its pool, at most a second old. An id that names no client
// is a ResourceNotFoundException.
func (c *Catalog) Client(ctx context.Context, id string) (*Client, error) {
	client, err := c.clients.get(ctx, c.lease.Load(), id, func(ctx context.Context) (*Client, error) {
		return c.loadClient(ctx, id, c.Pool)
	})
	if err != nil {
		return nil, err
	}
	pool, err := c.Pool(ctx, client.Pool.ID())
	if err != nil {
		return nil, inClientTerms(err, id)
	}
	current, err := client.in(pool, id)
	if err == nil && current != client {
		c.clients.replace(id, client, current)
	}
	return current, err
}

// ClientOf returns a client of a given pool, at most a second old. The pool is looked up
// first; a client of another pool does not exist in this one.
func (c *Catalog) ClientOf(ctx context.Context, poolID, clientID string) (*Client, error) {
	pool, err := c.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	client, err := c.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	return client.in(pool, clientID)
}

// FreshPool is Pool, read from the database.
func (c *Catalog) FreshPool(ctx context.Context, id string) (*Pool, error) {
	if !c.deps.Place.HasPool(id) {
		return nil, PoolNotFound(id)
	}
	record, err := c.deps.Store.Pool(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, PoolNotFound(id)
	}
	if err != nil {
		return nil, err
	}
	risks, err := c.risks(ctx, record)
	if err != nil {
		return nil, err
	}
	return NewPool(record, risks...), nil
}

// FreshClient is Client, read from the database.
func (c *Catalog) FreshClient(ctx context.Context, id string) (*Client, error) {
	return c.loadClient(ctx, id, c.FreshPool)
}

// FreshClientOf is ClientOf, read from the database.
func (c *Catalog) FreshClientOf(ctx context.Context, poolID, clientID string) (*Client, error) {
	pool, err := c.FreshPool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return c.loadClient(ctx, clientID, func(context.Context, string) (*Pool, error) { return pool, nil })
}

func (c *Catalog) loadClient(ctx context.Context, id string, poolByID func(context.Context, string) (*Pool, error)) (*Client, error) {
	record, err := c.deps.Store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ClientNotFound(id)
	}
	if err != nil {
		return nil, err
	}
	pool, err := poolByID(ctx, api.Value(record.Config.UserPoolId))
	if err != nil {
		return nil, inClientTerms(err, id)
	}
	if record.Pool != pool.Internal() {
		return nil, ClientNotFound(id)
	}
	return NewClient(record, pool), nil
}

// inClientTerms reports a missing pool as a missing client, to callers that gave no pool id.
func inClientTerms(err error, clientID string) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return ClientNotFound(clientID)
	}
	return err
}

// in returns the client with another snapshot of its pool. It is ClientNotFound where pool
// is not the client's.
func (c *Client) in(pool *Pool, id string) (*Client, error) {
	switch {
	case c.Pool == pool:
		return c, nil
	case c.Client.Pool != pool.Internal():
		return nil, ClientNotFound(id)
	}
	moved := *c
	moved.Pool = pool
	return &moved, nil
}

// DropPool forgets a pool after it was written or deleted on this node: the next call reads
// the database.
func (c *Catalog) DropPool(id string) { c.pools.drop(id) }

// DropClient forgets a client after it was written or deleted on this node.
func (c *Catalog) DropClient(id string) { c.clients.drop(id) }

// DropAll forgets everything, after the database was emptied.
func (c *Catalog) DropAll() {
	c.pools.clear()
	c.clients.clear()
	c.rates.clear()
}

// Run follows the changes that other nodes write, until ctx ends. While it cannot, every
// call reads the database.
func (c *Catalog) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last time.Time // when the latest poll that succeeded began
	failing := false
	for {
		began, opened := c.deps.Clock.Outside(), newLease(maxAge)
		switch err := c.poll(ctx, last, began); {
		case err == nil:
			last, failing = began, false
			c.lease.Store(opened)
		case ctx.Err() == nil && !failing:
			failing = true
			c.deps.Log.WarnContext(ctx, "configuration changes cannot be read; every call reads the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// poll drops what changed since the poll that began at last. Where no lease is open, the
// last poll may lie so far back that changes are no longer listed, so everything goes.
func (c *Catalog) poll(ctx context.Context, last, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	if !c.lease.Load().open() {
		last = now
		c.DropAll()
	}
	changes, err := c.deps.Store.Changes(ctx, last.Add(-overlap))
	if err != nil {
		return err
	}
	for _, change := range changes {
		switch change.Scope {
		case store.ChangePool:
			c.DropPool(change.ExternalID)
		case store.ChangeClient:
			c.DropClient(change.ExternalID)
		case store.ChangeRates:
			c.DropRates()
		default:
			c.DropAll()
		}
	}
	return nil
}
