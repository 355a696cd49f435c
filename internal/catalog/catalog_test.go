package catalog_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

var place = naming.Place{Region: "us-east-1", AccountID: "000000000000"}

func newCatalog(db *store.DB) *catalog.Catalog {
	return catalog.New(catalog.Deps{Store: db, Place: place, Clock: clock.New(nil)})
}

// polling returns a catalog that follows changes until the end of the test.
func polling(tb testing.TB, db *store.DB) *catalog.Catalog {
	tb.Helper()
	c := newCatalog(db)
	ctx, stop := context.WithCancel(tb.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	tb.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return c
}

func addClient(tb testing.TB, db *store.DB, pool *store.Pool) *store.Client {
	tb.Helper()
	c := &store.Client{Pool: pool.ID, Config: &cognitoidp.UserPoolClientType{ClientId: new("client"), UserPoolId: pool.Config.Id, ClientName: new("old")}}
	if err := db.CreateClient(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
	return c
}

// eventually waits until a condition holds, at most as long as a poll may take on a busy machine.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not happen", what)
		}
	}
}

func wantNotFound(t *testing.T, err error, message string) {
	t.Helper()
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != "ResourceNotFoundException" || f.Message != message {
		t.Errorf("got %v, want %s", err, message)
	}
}

func TestFinding(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), storetest.New(t)
	c := newCatalog(db)
	pool, other := storetest.Pool(t, db, "us-east-1_Pool"), storetest.Pool(t, db, "us-east-1_Other")
	storetest.Pool(t, db, "eu-west-1_Pool")
	addClient(t, db, pool)

	type find struct {
		pool     func(context.Context, string) (*catalog.Pool, error)
		client   func(context.Context, string) (*catalog.Client, error)
		clientOf func(context.Context, string, string) (*catalog.Client, error)
	}
	for name, f := range map[string]find{
		"cached": {c.Pool, c.Client, c.ClientOf},
		"fresh":  {c.FreshPool, c.FreshClient, c.FreshClientOf},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := f.pool(ctx, "us-east-1_Pool")
			if err != nil || p.ID() != "us-east-1_Pool" || p.Internal() != pool.ID {
				t.Errorf("got pool %v, %v", p, err)
			}
			for _, find := range []func() (*catalog.Client, error){
				func() (*catalog.Client, error) { return f.client(ctx, "client") },
				func() (*catalog.Client, error) { return f.clientOf(ctx, "us-east-1_Pool", "client") },
			} {
				if cl, err := find(); err != nil || cl.ID() != "client" || cl.Pool.Internal() != pool.ID {
					t.Errorf("got client %v, %v", cl, err)
				}
			}
			_, err = f.pool(ctx, "us-east-1_None")
			wantNotFound(t, err, "User pool us-east-1_None does not exist.")
			_, err = f.pool(ctx, "eu-west-1_Pool") // there, but not in this region
			wantNotFound(t, err, "User pool eu-west-1_Pool does not exist.")
			_, err = f.client(ctx, "none")
			wantNotFound(t, err, "User pool client none does not exist.")
			_, err = f.clientOf(ctx, *other.Config.Id, "client")
			wantNotFound(t, err, "User pool client client does not exist.")
			_, err = f.clientOf(ctx, "us-east-1_None", "none")
			wantNotFound(t, err, "User pool us-east-1_None does not exist.")
		})
	}
}

func TestWithoutPollsEveryCallReadsTheDatabase(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), storetest.New(t)
	c := newCatalog(db)
	pool := storetest.Pool(t, db, "us-east-1_Pool")
	client := addClient(t, db, pool)
	if _, err := c.Client(ctx, "client"); err != nil {
		t.Fatal(err)
	}
	pool.Config.Name, client.Config.ClientName = new("new"), new("new")
	if err := errors.Join(db.UpdatePool(ctx, pool), db.UpdateClient(ctx, client)); err != nil {
		t.Fatal(err)
	}
	got, err := c.Client(ctx, "client")
	if err != nil || *got.Config.ClientName != "new" || *got.Pool.Config.Name != "new" {
		t.Errorf("got %v, %v", got, err)
	}
}

// Another node's catalog serves from its cache, and hears of what this one writes.
func TestChangesReachOtherNodes(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), storetest.New(t)
	c := polling(t, db)
	pool := storetest.Pool(t, db, "us-east-1_Pool")
	client := addClient(t, db, pool)

	var cached *catalog.Client
	eventually(t, "serving from the cache", func() bool {
		one, err1 := c.Client(ctx, "client")
		two, err2 := c.Client(ctx, "client")
		cached = two
		return err1 == nil && err2 == nil && one == two
	})
	pool.Config.Name = new("new")
	if err := db.UpdatePool(ctx, pool); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pool's change", func() bool {
		got, err := c.Client(ctx, "client")
		return err == nil && *got.Pool.Config.Name == "new"
	})
	if *cached.Pool.Config.Name == "new" {
		t.Error("a snapshot changed")
	}
	eventually(t, "serving the client with its new pool from the cache", func() bool {
		one, err1 := c.Client(ctx, "client")
		two, err2 := c.Client(ctx, "client")
		return err1 == nil && err2 == nil && one == two
	})
	client.Config.ClientName = new("new")
	if err := db.UpdateClient(ctx, client); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the client's change", func() bool {
		got, err := c.Client(ctx, "client")
		return err == nil && *got.Config.ClientName == "new"
	})
	if err := db.DeletePool(ctx, pool); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deletion", func() bool {
		_, err1 := c.Pool(ctx, "us-east-1_Pool")
		_, err2 := c.Client(ctx, "client")
		return err1 != nil && err2 != nil
	})
	_, err := c.Client(ctx, "client")
	wantNotFound(t, err, "User pool client client does not exist.")
}

// A node that wrote drops what it wrote, and reads its own write at once.
func TestDropping(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), storetest.New(t)
	c := polling(t, db)
	pool := storetest.Pool(t, db, "us-east-1_Pool")
	client := addClient(t, db, pool)
	for _, name := range []string{"one", "two", "three"} {
		if _, err := c.Client(ctx, "client"); err != nil {
			t.Fatal(err)
		}
		pool.Config.Name, client.Config.ClientName = &name, &name
		if err := errors.Join(db.UpdatePool(ctx, pool), db.UpdateClient(ctx, client)); err != nil {
			t.Fatal(err)
		}
		c.DropPool("us-east-1_Pool")
		c.DropClient("client")
		if got, err := c.Client(ctx, "client"); err != nil || *got.Config.ClientName != name || *got.Pool.Config.Name != name {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if err := db.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	c.DropAll()
	_, err := c.Pool(ctx, "us-east-1_Pool")
	wantNotFound(t, err, "User pool us-east-1_Pool does not exist.")
}

// A pool made anew under a used id is another pool: the old one's clients are not its own.
func TestAPoolMadeAnewHasNoOldClients(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), storetest.New(t)
	c := polling(t, db)
	pool := storetest.Pool(t, db, "us-east-1_Pool")
	addClient(t, db, pool)
	eventually(t, "serving from the cache", func() bool {
		one, err1 := c.Client(ctx, "client")
		two, err2 := c.Client(ctx, "client")
		return err1 == nil && err2 == nil && one == two
	})
	if err := db.DeletePool(ctx, pool); err != nil {
		t.Fatal(err)
	}
	storetest.Pool(t, db, "us-east-1_Pool")
	c.DropPool("us-east-1_Pool") // the client is still cached
	_, err := c.Client(ctx, "client")
	wantNotFound(t, err, "User pool client client does not exist.")
	_, err = c.ClientOf(ctx, "us-east-1_Pool", "client")
	wantNotFound(t, err, "User pool client client does not exist.")
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := newCatalog(storetest.New(t)).Run(ctx); err != nil {
		t.Error(err)
	}
}

// Every public operation begins with this.
func BenchmarkClient(b *testing.B) {
	db := storetest.New(b)
	addClient(b, db, storetest.Pool(b, db, "us-east-1_Pool"))
	c, ctx := polling(b, db), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Client(ctx, "client"); err != nil {
			b.Fatal(err)
		}
	}
}
