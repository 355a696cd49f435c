package gate_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/gate"
)

// enter takes a slot that must be free.
func enter(t *testing.T, g *gate.Gate) (leave func()) {
	t.Helper()
	leave, err := g.Enter(t.Context())
	if err != nil {
		t.Fatalf("Enter: %v", err)
	}
	return leave
}

func TestSlotsAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(2, time.Second)
		leave := enter(t, g)
		enter(t, g)

		start := time.Now()
		if _, err := g.Enter(t.Context()); !errors.Is(err, gate.ErrBusy) {
			t.Fatalf("third Enter = %v, want ErrBusy", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("refused after %v, want 1s", waited)
		}

		leave()
		start = time.Now()
		enter(t, g)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v for a free slot", waited)
		}
	})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(0, 0)
		admitted := 0
		start := time.Now()
		for {
			if _, err := g.Enter(t.Context()); err != nil {
				break
			}
			admitted++
		}
		if admitted < 2 || admitted%2 != 0 {
			t.Errorf("%d slots, want 2 x GOMAXPROCS", admitted)
		}
		if waited := time.Since(start); waited != 250*time.Millisecond {
			t.Errorf("refused after %v, want 250ms", waited)
		}
	})
}

func TestFirstInFirstOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, time.Second)
		leave := enter(t, g)
		var order, want []int
		for i := range 20 {
			want = append(want, i)
			go func() {
				if err := g.Do(t.Context(), func() { order = append(order, i) }); err != nil {
					t.Errorf("Do %d: %v", i, err)
				}
			}()
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("order of admission (-want +got):\n%s", diff)
		}
	})
}

func TestRefusedCallersFreeTheirPlaceInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, time.Second)
		leave := enter(t, g)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := g.Enter(ctx)
			failed <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("Enter under a cancelled context = %v", err)
		}
		leave()
		enter(t, g)
	})
}

func TestEndedContextIsNotAdmitted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := gate.New(1, time.Second).Do(ctx, func() { t.Error("work ran") })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v, want the context's error", err)
	}
}

func TestAwaitIsNotRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, time.Second)
		leave := enter(t, g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := g.Await(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Await in a full gate = %v, want the end of its context", err)
		}
		time.AfterFunc(time.Minute, leave)
		later, err := g.Await(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		later()
		if _, err := (*gate.Gate)(nil).Await(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestPanicFreesTheSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, time.Second)
		func() {
			defer func() { _ = recover() }()
			_ = g.Do(t.Context(), func() { panic("work failed") })
		}()
		enter(t, g)
	})
}

func TestNilGateAdmitsAll(t *testing.T) {
	t.Parallel()
	var g *gate.Gate
	for range 100 {
		enter(t, g)
	}
	ran := false
	if err := g.Do(t.Context(), func() { ran = true }); err != nil || !ran {
		t.Errorf("Do on a nil gate: ran %v, error %v", ran, err)
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	g := gate.New(0, 0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			leave, err := g.Enter(b.Context())
			if err != nil {
				b.Error(err)
				return
			}
			leave()
		}
	})
}
