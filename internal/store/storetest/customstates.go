package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
)

// customStates keeps states of custom sign-ins, which are one pool's and go when they have
// expired.
func (s suite) customStates(t *testing.T) {
	db := Open(t, s.fresh(t))
	pool, other := Pool(t, db, "us-east-1_states"), Pool(t, db, "us-east-1_others")
	first, err := db.KeepState(t.Context(), pool.ID, []byte("first"), epoch.Add(time.Minute))
	ok(t, err)
	second, err := db.KeepState(t.Context(), pool.ID, []byte("second"), epoch.Add(time.Hour))
	ok(t, err)
	for id, want := range map[store.StateID]string{first: "first", second: "second"} {
		if got, err := db.KeptState(t.Context(), pool.ID, id); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		if _, err := db.KeptState(t.Context(), other.ID, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another pool: %v", err)
		}
	}
	for after := store.PoolID(0); ; {
		after, err = db.Sweep(t.Context(), after, epoch.Add(30*time.Minute))
		ok(t, err)
		if after == 0 {
			break
		}
	}
	if _, err := db.KeptState(t.Context(), pool.ID, first); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the expired state: %v", err)
	}
	if got, err := db.KeptState(t.Context(), pool.ID, second); err != nil || string(got) != "second" {
		t.Errorf("the other: %q, %v", got, err)
	}
}
