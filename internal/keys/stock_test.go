package keys_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/keys/keystest"
)

// slow is a generator that takes a second of the bubble's time and counts.
func slow(made *atomic.Int64) keys.Generator {
	generate := keystest.Generator()
	return func(ctx context.Context) (*rsa.PrivateKey, error) {
		made.Add(1)
		select {
		case <-time.After(time.Second):
			return generate(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take takes a pair and tells how long that took.
func take(t *testing.T, stock *keys.Stock) time.Duration {
	t.Helper()
	start := time.Now()
	got, err := stock.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pair := open(t, got, nil)
	if pair.ID.KID == pair.Access.KID {
		t.Error("one key signs both kinds of tokens")
	}
	return time.Since(start)
}

func TestStock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		stock := keys.NewStock(slow(&made), nil, 2)
		if waited := take(t, stock); waited != 2*time.Second {
			t.Errorf("an empty stock gave keys after %v, want 2s", waited)
		}

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- stock.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if made := made.Load(); made != 2+5 {
			t.Errorf("%d keys made for a stock of 4, one in hand and 2 taken", made)
		}
		for range 2 {
			if waited := take(t, stock); waited != 0 {
				t.Errorf("waited %v for keys in stock", waited)
			}
		}
		if waited := take(t, stock); waited == 0 || waited > 2*time.Second {
			t.Errorf("a drained stock gave keys after %v", waited)
		}

		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestStockWaitsForTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, time.Second)
		leave, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var made atomic.Int64
		stock := keys.NewStock(slow(&made), g, 1)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- stock.Run(ctx) }()

		time.Sleep(time.Minute)
		if _, err := stock.Take(t.Context()); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("Take while the gate is full = %v, want ErrBusy", err)
		}
		if made := made.Load(); made != 0 {
			t.Errorf("%d keys made while the gate is full", made)
		}

		leave()
		time.Sleep(time.Minute)
		if waited := take(t, stock); waited != 0 {
			t.Errorf("waited %v for keys in stock", waited)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestStockReportsTheGenerator(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	stock := keys.NewStock(func(context.Context) (*rsa.PrivateKey, error) { return nil, broken }, nil, 1)
	if err := stock.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Run = %v", err)
	}
	if _, err := stock.Take(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Take = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keys.NewStock(keystest.Generator(), gate.New(1, 0), 1).Take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Take under an ended context = %v", err)
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	key, err := keys.NewStock(nil, nil, 1).Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pair := open(t, key, nil)
	if bits := pair.ID.Public.N.BitLen(); bits != keys.Bits || pair.ID.Public.E != 65537 {
		t.Errorf("a key of %d bits with the exponent %d", bits, pair.ID.Public.E)
	}
}
