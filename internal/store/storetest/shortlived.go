package storetest

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
)

func (s suite) codes(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	first := store.Code{Purpose: store.CodeSignUp, Medium: "EMAIL", Destination: "a@example.com", Hash: []byte("h1"), Created: epoch, Expires: epoch.Add(24 * time.Hour)}
	u := NewUser(p.ID, "alice")
	ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{Code: &first}))
	got, err := db.Code(t.Context(), p.ID, u.ID, store.CodeSignUp, "")
	ok(t, err)
	equal(t, "code", *got, first)
	_, err = db.Code(t.Context(), p.ID, u.ID, store.CodeReset, "")
	fails(t, "code of another purpose", err, store.ErrNotFound)

	second := first
	second.Hash, second.Medium, second.Expires = []byte("h2"), "SMS", epoch.Add(-time.Hour)
	ok(t, db.PutCode(t.Context(), p.ID, u.ID, second))
	got, err = db.Code(t.Context(), p.ID, u.ID, store.CodeSignUp, "")
	ok(t, err)
	equal(t, "the newer code, expired or not", *got, second)

	for _, attribute := range []string{"email", "phone_number"} {
		ok(t, db.PutCode(t.Context(), p.ID, u.ID, store.Code{Purpose: store.CodeAttribute, Attribute: attribute, Hash: []byte(attribute)}))
	}
	for _, attribute := range []string{"email", "phone_number"} {
		got, err := db.Code(t.Context(), p.ID, u.ID, store.CodeAttribute, attribute)
		ok(t, err)
		equal(t, "code of "+attribute, string(got.Hash), attribute)
	}

	nothing := func(*store.User) error { return nil }
	stale := store.UpdateOptions{UseCode: &store.CodeRef{Purpose: store.CodeSignUp, Hash: first.Hash}}
	_, err = db.UpdateUser(t.Context(), p.ID, u.ID, stale, nothing)
	fails(t, "a replaced code", err, store.ErrNotFound)
	use := store.UpdateOptions{
		UseCode: &store.CodeRef{Purpose: store.CodeSignUp, Hash: second.Hash},
		PutCode: &store.Code{Purpose: store.CodeReset, Hash: []byte("next")},
	}
	_, err = db.UpdateUser(t.Context(), p.ID, u.ID, use, nothing)
	ok(t, err)
	_, err = db.UpdateUser(t.Context(), p.ID, u.ID, use, nothing)
	fails(t, "a used code", err, store.ErrNotFound)
	got, err = db.Code(t.Context(), p.ID, u.ID, store.CodeReset, "")
	ok(t, err)
	equal(t, "the code that the update put", string(got.Hash), "next")
}

func (s suite) failures(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	fail := func(f store.Failures) store.Failures {
		return store.Failures{Count: f.Count + 1, Last: epoch, Until: epoch.Add(time.Duration(f.Count) * time.Second)}
	}
	for n := 1; n <= 3; n++ {
		got, err := db.CountFailure(t.Context(), p.ID, u.ID, store.FailedPassword, fail)
		ok(t, err)
		equal(t, "failures", got, store.Failures{Count: n, Last: epoch, Until: epoch.Add(time.Duration(n-1) * time.Second)})
	}
	want := store.Failures{Count: 3, Last: epoch, Until: epoch.Add(2 * time.Second)}
	found, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
	ok(t, err)
	equal(t, "failures read with the user", found.Failures, want)
	got, err := db.Failures(t.Context(), p.ID, u.ID, store.FailedPassword)
	ok(t, err)
	equal(t, "failures", got, want)
	got, err = db.Failures(t.Context(), p.ID, u.ID, store.FailedMFA)
	ok(t, err)
	equal(t, "failures of the other kind", got, store.Failures{})
	_, err = db.CountFailure(t.Context(), p.ID, u.ID, store.FailedMFA, fail)
	ok(t, err)

	ok(t, db.ClearFailures(t.Context(), p.ID, u.ID, store.FailedPassword))
	ok(t, db.ClearFailures(t.Context(), p.ID, u.ID, store.FailedPassword))
	got, err = db.Failures(t.Context(), p.ID, u.ID, store.FailedMFA)
	ok(t, err)
	equal(t, "failures of the kind that was not cleared", got.Count, 1)
	_, err = db.CountFailure(t.Context(), p.ID, u.ID, store.FailedPassword, fail)
	ok(t, err)
	updated, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{ClearFailures: true}, func(*store.User) error { return nil })
	ok(t, err)
	equal(t, "failures that an update clears", updated.Failures, store.Failures{})
	got, err = db.Failures(t.Context(), p.ID, u.ID, store.FailedPassword)
	ok(t, err)
	equal(t, "failures after that", got, store.Failures{})
}

func (s suite) attempts(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	take := func(kind string, want bool) {
		t.Helper()
		got, err := db.TakeAttempt(t.Context(), p.ID, u.ID, kind, 3, time.Hour)
		if err != nil || got != want {
			t.Errorf("attempt at %v: %v, %v; want %v", hands.Now().Sub(epoch), got, err, want)
		}
	}
	take("reset", true)
	hands.Advance(30 * time.Minute)
	take("reset", true)
	take("reset", true)
	take("reset", false)
	take("other", true)
	hands.Advance(30*time.Minute - time.Millisecond)
	take("reset", false)
	hands.Advance(time.Millisecond) // the window begins with the first attempt
	take("reset", true)
	take("reset", true)
	take("reset", true)
	take("reset", false)
	if got, err := db.TakeAttempt(t.Context(), p.ID, u.ID, "none", 0, time.Hour); got || err != nil {
		t.Errorf("attempt of a kind without any: %v, %v", got, err)
	}
}

func (s suite) spending(t *testing.T) {
	db := s.open(t)
	for i, want := range []bool{true, false, false} {
		first, err := db.Spend(t.Context(), [32]byte{1, 0, 3}, epoch)
		if err != nil || first != want {
			t.Errorf("use %d: first %v, %v", i+1, first, err)
		}
	}
	if first, err := db.Spend(t.Context(), [32]byte{1, 0, 4}, epoch); err != nil || !first {
		t.Errorf("another proof: first %v, %v", first, err)
	}
}

func (s suite) families(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	now := epoch
	rotate := func(jti string, generation int) store.RotateOutcome {
		t.Helper()
		out, err := db.Rotate(t.Context(), store.Rotation{
			Family:     store.Family{Pool: p.ID, User: u.ID, OriginJTI: jti, Expires: epoch.Add(time.Hour)},
			Generation: generation, Grace: 10 * time.Second, Now: now,
		})
		ok(t, err)
		return out
	}
	equal(t, "first rotation", rotate("a", 0), store.RotateOutcome{Generation: 1})
	equal(t, "a retry in the grace", rotate("a", 0), store.RotateOutcome{Generation: 1})
	now = epoch.Add(5 * time.Second)
	equal(t, "next rotation", rotate("a", 1), store.RotateOutcome{Generation: 2})
	now = epoch.Add(15*time.Second - time.Millisecond)
	equal(t, "a retry at the end of the grace", rotate("a", 1), store.RotateOutcome{Generation: 2})
	equal(t, "a family of its own", rotate("b", 0), store.RotateOutcome{Generation: 1})
	now = epoch.Add(15 * time.Second)
	equal(t, "a rotated token after its grace", rotate("a", 1), store.RotateOutcome{Reused: true})
	equal(t, "the newest token after that", rotate("a", 2), store.RotateOutcome{Revoked: true})
	equal(t, "two generations back, in the grace of the last", func() store.RotateOutcome {
		rotate("b", 1)
		return rotate("b", 0)
	}(), store.RotateOutcome{Reused: true})
	equal(t, "a generation that a backup has not seen", rotate("c", 7), store.RotateOutcome{Generation: 8})
	equal(t, "and one ahead of it", rotate("c", 12), store.RotateOutcome{Generation: 13})

	for jti, want := range map[string]bool{"a": true, "b": true, "c": false, "d": false} {
		if _, state, err := db.TokenUser(t.Context(), p.ID, u.Sub, jti, ""); err != nil || state.Revoked != want {
			t.Errorf("sign-in %s revoked: %v, %v; want %v", jti, state.Revoked, err, want)
		}
	}
	family := store.Family{Pool: p.ID, User: u.ID, OriginJTI: "c", Expires: epoch.Add(time.Hour)}
	ok(t, db.RevokeFamily(t.Context(), family))
	ok(t, db.RevokeFamily(t.Context(), family))
	equal(t, "a revoked family", rotate("c", 13), store.RotateOutcome{Revoked: true})
}

func (s suite) jobs(t *testing.T) {
	db := s.open(t)
	lease := time.Minute
	kinds := []string{"a", "b"}
	now := epoch
	claim := func() (*store.Job, error) { return db.ClaimJob(t.Context(), kinds, "node", now, now.Add(lease)) }
	_, err := claim()
	fails(t, "no job", err, store.ErrNotFound)
	ok(t, db.PutJob(t.Context(), store.Job{ID: [16]byte{1}, Kind: "a", State: []byte("s1"), Due: epoch.Add(time.Second)}))
	ok(t, db.PutJob(t.Context(), store.Job{ID: [16]byte{2}, Kind: "b", Due: epoch}))
	ok(t, db.PutJob(t.Context(), store.Job{ID: [16]byte{3}, Kind: "c", Due: epoch.Add(-time.Hour)}))
	ok(t, db.PutJob(t.Context(), store.Job{ID: [16]byte{1}, Kind: "b", State: []byte("later"), Due: epoch}))

	second, err := claim()
	ok(t, err)
	equal(t, "the job that is due", second, &store.Job{ID: [16]byte{2}, Kind: "b", Due: epoch})
	_, err = claim()
	fails(t, "a leased job, and one that is not due", err, store.ErrNotFound)
	now = epoch.Add(time.Second)
	first, err := claim()
	ok(t, err)
	equal(t, "the other", first, &store.Job{ID: [16]byte{1}, Kind: "a", State: []byte("s1"), Due: now})

	first.State, first.Due, first.Failures, first.Trouble = []byte("s2"), now.Add(time.Second), 2, "it rained"
	ok(t, db.SaveJob(t.Context(), first))
	_, err = claim()
	fails(t, "a saved job before it is due", err, store.ErrNotFound)
	now = now.Add(time.Second)
	again, err := claim()
	ok(t, err)
	equal(t, "a saved job", again, first)

	// Whose lease has ended has lost the job.
	now = now.Add(lease)
	for range 2 {
		_, err := claim()
		ok(t, err)
	}
	fails(t, "saving after the lease", db.SaveJob(t.Context(), again), store.ErrConflict)
	fails(t, "finishing after the lease", db.FinishJob(t.Context(), second), store.ErrConflict)
	now = now.Add(lease)
	for range 2 {
		j, err := claim()
		ok(t, err)
		ok(t, db.FinishJob(t.Context(), j))
	}
	now = now.Add(time.Hour)
	_, err = claim()
	fails(t, "finished jobs", err, store.ErrNotFound)
}

func (s suite) sweep(t *testing.T) {
	db, hands := s.openAt(t)
	p, q := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	u, v := User(t, db, p.ID, "alice"), User(t, db, q.ID, "alice")
	soon, late := epoch.Add(time.Hour), epoch.Add(1000*time.Hour)
	ok(t, db.PutCode(t.Context(), p.ID, u.ID, store.Code{Purpose: store.CodeReset, Expires: soon}))
	ok(t, db.PutCode(t.Context(), q.ID, v.ID, store.Code{Purpose: store.CodeReset, Expires: late}))
	ok(t, db.RevokeFamily(t.Context(), store.Family{Pool: p.ID, User: u.ID, OriginJTI: "soon", Expires: soon}))
	ok(t, db.RevokeFamily(t.Context(), store.Family{Pool: p.ID, User: u.ID, OriginJTI: "late", Expires: late}))
	for _, key := range []byte{1, 2} {
		_, err := db.Spend(t.Context(), [32]byte{key}, map[byte]time.Time{1: soon, 2: late}[key])
		ok(t, err)
	}
	_, err := db.CountFailure(t.Context(), p.ID, u.ID, store.FailedMFA, func(store.Failures) store.Failures { return store.Failures{Count: 1, Last: epoch} })
	ok(t, err)
	sweep := func() {
		t.Helper()
		pools := 0
		for after := store.PoolID(0); ; pools++ {
			next, err := db.Sweep(t.Context(), after, hands.Now())
			ok(t, err)
			if next == 0 {
				break
			}
			if next <= after {
				t.Fatalf("swept pool %d after %d", next, after)
			}
			after = next
		}
		equal(t, "swept pools", pools, 2)
	}
	present := func(when string, code, family, failures, changes bool, proof bool) {
		t.Helper()
		_, err := db.Code(t.Context(), p.ID, u.ID, store.CodeReset, "")
		equal(t, when+": the code is there", !errors.Is(err, store.ErrNotFound), code)
		_, state, err := db.TokenUser(t.Context(), p.ID, u.Sub, "soon", "")
		ok(t, err)
		equal(t, when+": the revocation is there", state.Revoked, family)
		f, err := db.Failures(t.Context(), p.ID, u.ID, store.FailedMFA)
		ok(t, err)
		equal(t, when+": the failure is there", f.Count == 1, failures)
		list, err := db.Changes(t.Context(), epoch)
		ok(t, err)
		equal(t, when+": the changes are there", len(list) > 0, changes)
		first, err := db.Spend(t.Context(), [32]byte{1}, soon)
		ok(t, err)
		equal(t, when+": the proof is spent", !first, proof)
	}
	sweep()
	present("at once", true, true, true, true, true)
	hands.Advance(time.Hour)
	sweep()
	present("at the expiry", true, true, true, true, true)
	hands.Advance(2 * time.Minute)
	sweep()
	present("after it", true, false, true, false, false)
	hands.Advance(24 * time.Hour)
	sweep()
	present("a day later", false, false, false, false, false)

	_, err = db.Code(t.Context(), q.ID, v.ID, store.CodeReset, "")
	ok(t, err)
	_, state, err := db.TokenUser(t.Context(), p.ID, u.Sub, "late", "")
	if err != nil || !state.Revoked {
		t.Errorf("a revocation that counts was swept: %v", err)
	}
	if first, err := db.Spend(t.Context(), [32]byte{2}, late); first || err != nil {
		t.Errorf("a proof that counts was swept: %v", err)
	}
}

// signOutSkewed signs a user in and out at random on two nodes whose clocks are up to two
// seconds apart: a sign-out kills exactly the tokens of the sign-ins before it.
func (s suite) signOutSkewed(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	random := rand.New(rand.NewPCG(1, 2))
	now := epoch
	authAfter := func() int64 {
		got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
		ok(t, err)
		return max(got.AuthAfter.Unix(), 0)
	}
	var alive, dead []int64 // the auth_time of tokens
	for range 150 {
		now = now.Add(time.Duration(random.IntN(1500)) * time.Millisecond)
		node := now.Add(time.Duration(random.IntN(2001)-1000) * time.Millisecond)
		if random.IntN(3) > 0 {
			alive = append(alive, max(node.Unix(), authAfter()))
		} else {
			ok(t, db.SignOutEverywhere(t.Context(), p.ID, u.ID, node))
			dead, alive = append(dead, alive...), nil
		}
		limit := authAfter()
		for _, authTime := range alive {
			if authTime < limit {
				t.Fatalf("a token of %d is dead at %d, and nobody has signed out", authTime, limit)
			}
		}
		for _, authTime := range dead {
			if authTime >= limit {
				t.Fatalf("a token of %d is alive at %d after a sign-out", authTime, limit)
			}
		}
	}
}
