package credential_test

import (
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
)

const exceeded = "Password attempts exceeded"

// lockedFor is the documented schedule, written out.
var lockedFor = []time.Duration{
	0, 0, 0, 0, 0, 1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second,
	32 * time.Second, 64 * time.Second, 128 * time.Second, 256 * time.Second, 512 * time.Second,
	900 * time.Second, 900 * time.Second, 900 * time.Second,
}

func TestLockoutSchedule(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Lock").Pool
	u := e.user(p, "jane", "")
	for n := 1; n < len(lockedFor); n++ {
		wantFault(t, e.CheckLockout(e.fresh(u)), "", "")
		wantFault(t, e.Failed(t.Context(), p, u), "", "")
		lock := lockedFor[n]
		if lock == 0 {
			continue
		}
		e.sleep(lock - time.Millisecond)
		wantFault(t, e.CheckLockout(e.fresh(u)), notAuthorized, exceeded)
		// Neither counted nor longer for it.
		wantFault(t, e.Failed(t.Context(), p, u), notAuthorized, exceeded)
		wantFault(t, e.Succeeded(t.Context(), p, u), notAuthorized, exceeded)
		e.sleep(time.Millisecond)
		if got := e.fresh(u).Failures.Count; got != n {
			t.Fatalf("after failure %d the count is %d", n, got)
		}
	}
}

func TestLockoutIsForgotten(t *testing.T) {
	t.Parallel()
	fail := func(e *env, n int) (func(), func() int) {
		p := e.client("Forget").Pool
		u := e.user(p, "jane", "")
		again := func() {
			e.t.Helper()
			wantFault(e.t, e.Failed(e.t.Context(), p, u), "", "")
		}
		for range n {
			again()
			e.sleep(time.Second * 32)
		}
		return again, func() int { return e.fresh(u).Failures.Count }
	}
	t.Run("a quarter of an hour after a lock", func(t *testing.T) {
		t.Parallel()
		e := newEnv(t)
		again, count := fail(e, 5)
		e.sleep(15 * time.Minute)
		again()
		if count() != 1 {
			t.Errorf("the count is %d, want 1", count())
		}
	})
	t.Run("not before", func(t *testing.T) {
		t.Parallel()
		e := newEnv(t)
		again, count := fail(e, 5)
		e.sleep(15*time.Minute - 32*time.Second)
		again()
		if count() != 6 {
			t.Errorf("the count is %d, want 6", count())
		}
	})
	t.Run("not without a lock", func(t *testing.T) {
		t.Parallel()
		e := newEnv(t)
		again, count := fail(e, 3)
		e.sleep(time.Hour)
		again()
		if count() != 4 {
			t.Errorf("the count is %d, want 4", count())
		}
	})
}

func TestSuccessClearsFailures(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Clear").Pool
	u, other := e.user(p, "jane", ""), e.user(p, "joe", "")
	for range 4 {
		wantFault(t, e.Failed(t.Context(), p, u), "", "")
	}
	wantFault(t, e.Succeeded(t.Context(), p, other), "", "")
	if got := e.fresh(u).Failures.Count; got != 4 {
		t.Errorf("somebody else's success left %d failures, want 4", got)
	}
	wantFault(t, e.Succeeded(t.Context(), p, u), "", "")
	if got := e.fresh(u).Failures.Count; got != 0 {
		t.Errorf("success left %d failures", got)
	}
	wantFault(t, e.Succeeded(t.Context(), p, u), "", "")
}

// A right password among guesses that were all sent at once does not get through.
func TestGuessesSentAtOnceLock(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("Burst").Pool
	u := e.user(p, "jane", "") // read once, before the first guess counts
	for range 5 {
		wantFault(t, e.CheckLockout(u), "", "")
		wantFault(t, e.Failed(t.Context(), p, u), "", "")
	}
	wantFault(t, e.CheckLockout(u), "", "")
	wantFault(t, e.Succeeded(t.Context(), p, u), notAuthorized, exceeded)
	wantFault(t, e.Failed(t.Context(), p, u), notAuthorized, exceeded)
}

// Codes lock on the schedule of passwords, with a count and a text of their own.
func TestCodeLockout(t *testing.T) {
	t.Parallel()
	const text = "Too many invalid credentials attempts. User temporarily locked. Please try again after few seconds."
	e := newEnv(t)
	p := e.client("Codes").Pool
	u := e.user(p, "jane", "")
	for n := 1; n < len(lockedFor); n++ {
		wantFault(t, e.CheckCodeLockout(t.Context(), p, u), "", "")
		wantFault(t, e.FailedCode(t.Context(), p, u), "", "")
		wantFault(t, e.CheckLockout(e.fresh(u)), "", "")
		lock := lockedFor[n]
		if lock == 0 {
			continue
		}
		e.sleep(lock - time.Millisecond)
		wantFault(t, e.CheckCodeLockout(t.Context(), p, u), notAuthorized, text)
		wantFault(t, e.FailedCode(t.Context(), p, u), notAuthorized, text)
		wantFault(t, e.SucceededCode(t.Context(), p, u), notAuthorized, text)
		e.sleep(time.Millisecond)
	}
	wantFault(t, e.Succeeded(t.Context(), p, u), "", "")
	f := must(e.db.Failures(t.Context(), p.Internal(), u.ID, store.FailedMFA))(t)
	if f.Count != len(lockedFor)-1 {
		t.Errorf("the count is %d", f.Count)
	}
	wantFault(t, e.SucceededCode(t.Context(), p, u), "", "")
	if f = must(e.db.Failures(t.Context(), p.Internal(), u.ID, store.FailedMFA))(t); f.Count != 0 {
		t.Errorf("success left %d failures", f.Count)
	}
}
