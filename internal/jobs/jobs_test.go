package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/jobs"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// bench is a store, a clock, and what a test's steps did.
type bench struct {
	*testing.T
	db    *store.DB
	hands *storetest.Hands
}

func newBench(t *testing.T) *bench {
	t.Helper()
	hands := storetest.At(start)
	o := storetest.SQLite(t)
	o.Clock = hands.Clock()
	return &bench{t, storetest.Open(t, o), hands}
}

// runner makes a node that knows the given kinds.
func (b *bench) runner(kinds map[string]jobs.Kind) *jobs.Runner {
	b.Helper()
	r, err := jobs.New(jobs.Deps{
		Store: b.db, Clock: b.hands.Clock(), Kinds: kinds, Log: slog.New(slog.NewTextHandler(b.Output(), nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// due lets a runner do what is due and checks how many steps that were.
func (b *bench) due(r *jobs.Runner, want int) {
	b.Helper()
	if n, err := r.RunDue(b.Context()); err != nil || n != want {
		b.Errorf("%v after the start: %d steps, %v; want %d", b.hands.Now().Sub(start), n, err, want)
	}
}

func (b *bench) put(id byte, kind, state string) {
	b.Helper()
	job := store.Job{ID: [16]byte{id}, Kind: kind, State: []byte(state), Due: b.hands.Now()}
	if err := b.db.PutJob(b.Context(), job); err != nil {
		b.Fatal(err)
	}
}

// counting is a step that counts its state up to three.
func counting(after time.Duration) jobs.Step {
	return func(_ context.Context, job *store.Job) (jobs.Outcome, error) {
		if len(job.State) == 3 {
			return jobs.Done(), nil
		}
		return jobs.Again(after, append(job.State, 'x')), nil
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.runner(map[string]jobs.Kind{"quick": {Step: counting(0)}, "slow": {Step: counting(time.Minute)}})
	b.due(r, 0)
	b.put(1, "quick", "")
	b.put(2, "quick", "xx")
	b.put(3, "slow", "")
	b.put(4, "unknown to this node", "")
	b.due(r, 4+2+1)
	b.due(r, 0)
	for range 3 {
		b.hands.Advance(time.Minute)
		b.due(r, 1)
	}
	b.hands.Advance(time.Hour)
	b.due(r, 0)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	weather := errors.New("rain\x00 and " + strings.Repeat("storm ", 200))
	r := b.runner(map[string]jobs.Kind{"k": {Step: func(_ context.Context, job *store.Job) (jobs.Outcome, error) {
		if job.Failures == 3 {
			panic("thunder")
		}
		return jobs.Outcome{}, weather
	}}})
	b.put(1, "k", "state")
	b.due(r, 1)
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		b.hands.Advance(pause*time.Second - time.Millisecond)
		b.due(r, 0)
		b.hands.Advance(time.Millisecond)
		b.due(r, 1)
	}
	b.hands.Advance(time.Hour)
	job, err := b.db.ClaimJob(t.Context(), []string{"k"}, "operator", b.hands.Now(), b.hands.Now())
	if err != nil {
		t.Fatal(err)
	}
	if job.Failures != 12 || string(job.State) != "state" {
		t.Errorf("job has %d failures and the state %q", job.Failures, job.State)
	}
	if !strings.HasPrefix(job.Trouble, `rain\x00 and storm`) || len(job.Trouble) > 600 {
		t.Errorf("trouble %q", job.Trouble)
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(1, "k", "xx")
	// A node takes the job and dies.
	if _, err := b.db.ClaimJob(t.Context(), []string{"k"}, "dead", b.hands.Now(), b.hands.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := b.runner(map[string]jobs.Kind{"k": {Step: counting(0)}})
	b.hands.Advance(time.Minute - time.Millisecond)
	b.due(r, 0)
	b.hands.Advance(time.Millisecond)
	b.due(r, 2)
}

func TestSlowStepLosesJob(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(1, "k", "")
	other := b.runner(map[string]jobs.Kind{"k": {Step: counting(time.Hour)}})
	r := b.runner(map[string]jobs.Kind{"k": {Step: func(context.Context, *store.Job) (jobs.Outcome, error) {
		b.hands.Advance(2 * time.Minute) // longer than the lease
		b.due(other, 1)
		return jobs.Done(), nil
	}}})
	b.due(r, 1)
	// What the other node stored stands.
	b.hands.Advance(time.Hour)
	b.due(other, 1)
}

func TestRecurring(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var done atomic.Int32
	kinds := map[string]jobs.Kind{"hourly": {Every: time.Hour, Step: func(context.Context, *store.Job) (jobs.Outcome, error) {
		done.Add(1)
		return jobs.Done(), nil
	}}}
	r, other := b.runner(kinds), b.runner(kinds)
	b.due(r, 1)
	b.due(other, 0)
	b.hands.Advance(time.Hour)
	b.due(other, 1)
	b.due(r, 0)
	if err := b.db.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.hands.Advance(time.Minute)
	b.due(r, 1)
	if n := done.Load(); n != 3 {
		t.Errorf("done %d times, want 3", n)
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(1, "k", "state")
	ctx, cancel := context.WithCancel(t.Context())
	r := b.runner(map[string]jobs.Kind{"k": {Step: func(ctx context.Context, _ *store.Job) (jobs.Outcome, error) {
		cancel() // the node is told to end in the middle of a step
		<-ctx.Done()
		return jobs.Outcome{}, ctx.Err()
	}}})
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	// The job is free at once, and has not failed.
	job, err := b.db.ClaimJob(t.Context(), []string{"k"}, "next", b.hands.Now(), b.hands.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if job.Failures != 0 || string(job.State) != "state" {
		t.Errorf("job has %d failures and the state %q", job.Failures, job.State)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range byte(10) {
		b.put(i, "k", "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var left atomic.Int32
	left.Store(10)
	r := b.runner(map[string]jobs.Kind{"k": {Step: func(context.Context, *store.Job) (jobs.Outcome, error) {
		if left.Add(-1) == 0 {
			cancel()
		}
		return jobs.Done(), nil
	}}})
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestPoolDeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.runner(map[string]jobs.Kind{store.JobPoolDeletion: jobs.PoolDeletion(b.db)})
	p, q := storetest.Pool(t, b.db, "us-east-1_p"), storetest.Pool(t, b.db, "us-east-1_q")
	for i := range 20 {
		storetest.User(t, b.db, p.ID, fmt.Sprintf("user%d", i))
	}
	kept := storetest.User(t, b.db, q.ID, "kept")
	if err := b.db.DeletePool(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	b.due(r, 0)
	if n, err := b.db.CountUsers(t.Context(), p.ID); err != nil || n != 20 {
		t.Errorf("%d users of the deleted pool, %v; they stay until all nodes know", n, err)
	}
	b.hands.Advance(5 * time.Second)
	b.due(r, 1)
	users, _, err := b.db.ListUsers(t.Context(), p.ID, store.ListQuery{Limit: 60})
	if err != nil || len(users) != 0 {
		t.Errorf("%d users are left, %v", len(users), err)
	}
	if _, err := b.db.FindUser(t.Context(), q.ID, kept.Keys[0]); err != nil {
		t.Errorf("user of another pool: %v", err)
	}
	b.hands.Advance(time.Hour)
	b.due(r, 0)
	// A job that names no pool is kept for an operator to see.
	b.put(1, store.JobPoolDeletion, "nonsense")
	b.due(r, 1)
}

func TestGroupDeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.runner(map[string]jobs.Kind{store.JobGroupDeletion: jobs.GroupDeletion(b.db)})
	p := storetest.Pool(t, b.db, "us-east-1_p")
	storetest.Group(t, b.db, p.ID, "team")
	for i := range 20 {
		u := storetest.User(t, b.db, p.ID, fmt.Sprintf("user%d", i))
		if err := b.db.AddMember(t.Context(), p.ID, "team", u.ID, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.db.DeleteGroup(t.Context(), p.ID, "team"); err != nil {
		t.Fatal(err)
	}
	b.due(r, 0)
	b.hands.Advance(time.Minute)
	b.due(r, 1)
	users, _, err := b.db.ListUsers(t.Context(), p.ID, store.ListQuery{Limit: 60})
	if err != nil || len(users) != 20 {
		t.Fatalf("%d users, %v; they outlive the group", len(users), err)
	}
	for _, u := range users {
		if u.Grouped {
			t.Errorf("%s still has a membership", u.Username)
		}
	}
	b.hands.Advance(time.Hour)
	b.due(r, 0)
	b.put(1, store.JobGroupDeletion, "nonsense")
	b.due(r, 1)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.runner(map[string]jobs.Kind{jobs.KindSweep: jobs.Sweep(b.db, b.hands.Clock())})
	const pools = 51 // one more than a step visits
	var last *store.Pool
	for i := range pools {
		last = storetest.Pool(t, b.db, fmt.Sprintf("us-east-1_%d", i))
	}
	u := storetest.User(t, b.db, last.ID, "alice")
	family := store.Family{Pool: last.ID, User: u.ID, OriginJTI: "j", Expires: start.Add(time.Minute)}
	if err := b.db.RevokeFamily(t.Context(), family); err != nil {
		t.Fatal(err)
	}
	proof := [32]byte{1}
	if _, err := b.db.Spend(t.Context(), proof, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b.due(r, 2)
	if _, family, err := b.db.TokenUser(t.Context(), last.ID, u.Sub, "j", ""); err != nil || !family.Revoked {
		t.Errorf("what has not expired was swept: %v", err)
	}
	b.hands.Advance(10 * time.Minute)
	b.due(r, 2)
	if _, family, err := b.db.TokenUser(t.Context(), last.ID, u.Sub, "j", ""); err != nil || family.Revoked {
		t.Errorf("what has expired was not swept: %v", err)
	}
	if again, err := b.db.Spend(t.Context(), proof, start); err != nil || !again {
		t.Errorf("an expired proof was not swept: %v", err)
	}
}
