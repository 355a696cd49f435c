package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
)

// racers is how many goroutines do the same at a time, half of them on each of two nodes.
const racers = 32

// race runs fn in all goroutines, which start together.
func race(t *testing.T, nodes [2]*store.DB, fn func(i int, db *store.DB) error) {
	t.Helper()
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			<-start
			if err := fn(i, nodes[i%2]); err != nil {
				t.Errorf("goroutine %d: %v", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
}

func (s suite) raceForName(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	for i := range 3 { // a race for each kind of name
		var winners atomic.Int32
		race(t, nodes, func(n int, db *store.DB) error {
			u := NewUser(p.ID, fmt.Sprintf("user%d-%d", i, n))
			u.Keys[i].Value = "the same " + strconv.Itoa(i)
			err := db.CreateUser(t.Context(), u, store.CreateOptions{})
			if err == nil {
				winners.Add(1)
				return nil
			}
			if e, is := errors.AsType[*store.ExistsError](err); is && e.Kind == u.Keys[i].Kind {
				return nil
			}
			return err
		})
		equal(t, "winners", winners.Load(), 1)
	}
	n, err := nodes[1].CountUsers(t.Context(), p.ID)
	ok(t, err)
	equal(t, "users", n, 3)
}

func (s suite) raceForAlias(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	alias := store.Key{Kind: store.KeyEmail, Value: "one@example.com"}
	ids := make([]store.UserID, racers)
	race(t, nodes, func(i int, db *store.DB) error {
		u := NewUser(p.ID, fmt.Sprintf("user%d", i))
		u.Keys[2] = alias
		err := db.CreateUser(t.Context(), u, store.CreateOptions{Steal: true})
		ids[i] = u.ID
		return err
	})
	owner, err := nodes[0].FindUser(t.Context(), p.ID, alias)
	ok(t, err)
	verified := 0
	users, _, err := nodes[0].ListUsers(t.Context(), p.ID, store.ListQuery{Limit: 60})
	ok(t, err)
	for _, u := range users {
		if u.Attributes["email_verified"] == "true" {
			verified++
			equal(t, "the verified user", u.Username, owner.Username)
		}
	}
	equal(t, "users", len(users), racers)
	equal(t, "verified users", verified, 1)
}

func (s suite) raceOfUpdates(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	race(t, nodes, func(_ int, db *store.DB) error {
		_, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error {
			n, err := strconv.Atoi(u.Attributes["custom:n"])
			u.Attributes["custom:n"] = strconv.Itoa(n + 1)
			return err
		})
		return err
	})
	got, err := nodes[0].FindUser(t.Context(), p.ID, u.Keys[0])
	ok(t, err)
	equal(t, "updates", got.Attributes["custom:n"], strconv.Itoa(7+racers))
	equal(t, "version", got.Version, 1+racers)
}

func (s suite) raceOfPoolUpdates(t *testing.T) {
	nodes := s.nodes(t)
	Pool(t, nodes[0], "us-east-1_p")
	var winners atomic.Int32
	var read sync.WaitGroup
	read.Add(racers)
	race(t, nodes, func(i int, db *store.DB) error {
		p, err := db.Pool(t.Context(), "us-east-1_p")
		read.Done()
		read.Wait()
		if err != nil {
			return err
		}
		p.Config.Name = new(strconv.Itoa(i))
		err = db.UpdatePool(t.Context(), p)
		if err == nil {
			winners.Add(1)
		}
		if errors.Is(err, store.ErrConflict) {
			return nil
		}
		return err
	})
	equal(t, "winners", winners.Load(), 1)
}

func (s suite) raceForProof(t *testing.T) {
	nodes := s.nodes(t)
	for key := range byte(5) {
		var winners atomic.Int32
		race(t, nodes, func(_ int, db *store.DB) error {
			first, err := db.Spend(t.Context(), [32]byte{key}, epoch)
			if first {
				winners.Add(1)
			}
			return err
		})
		equal(t, "winners", winners.Load(), 1)
	}
}

func (s suite) raceForCode(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	ok(t, nodes[0].PutCode(t.Context(), p.ID, u.ID, store.Code{Purpose: store.CodeReset, Hash: []byte("h")}))
	use := store.UpdateOptions{UseCode: &store.CodeRef{Purpose: store.CodeReset, Hash: []byte("h")}}
	var winners atomic.Int32
	race(t, nodes, func(i int, db *store.DB) error {
		_, err := db.UpdateUser(t.Context(), p.ID, u.ID, use, func(u *store.User) error {
			u.Attributes["name"] = strconv.Itoa(i)
			return nil
		})
		if err == nil {
			winners.Add(1)
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	equal(t, "winners", winners.Load(), 1)
}

func (s suite) raceOfFailures(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	var seen [racers + 1]atomic.Int32
	race(t, nodes, func(_ int, db *store.DB) error {
		f, err := db.CountFailure(t.Context(), p.ID, u.ID, store.FailedPassword, func(f store.Failures) store.Failures {
			return store.Failures{Count: f.Count + 1, Last: epoch}
		})
		if err == nil {
			seen[f.Count].Add(1)
		}
		return err
	})
	for n := 1; n <= racers; n++ {
		equal(t, fmt.Sprintf("who were told %d failures", n), seen[n].Load(), 1)
	}
}

func (s suite) raceOfAttempts(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	var taken atomic.Int32
	race(t, nodes, func(_ int, db *store.DB) error {
		got, err := db.TakeAttempt(t.Context(), p.ID, u.ID, "code", 5, time.Hour)
		if got {
			taken.Add(1)
		}
		return err
	})
	equal(t, "attempts", taken.Load(), 5)
}

func (s suite) raceOfRotations(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	for name, grace := range map[string]time.Duration{"with": time.Minute, "without": 0} {
		var rotated, reused, revoked atomic.Int32
		race(t, nodes, func(_ int, db *store.DB) error {
			out, err := db.Rotate(t.Context(), store.Rotation{
				Family: store.Family{Pool: p.ID, User: u.ID, OriginJTI: name, Expires: epoch.Add(time.Hour)},
				Grace:  grace, Now: epoch,
			})
			switch {
			case err != nil:
				return err
			case out.Reused:
				reused.Add(1)
			case out.Revoked:
				revoked.Add(1)
			case out.Generation == 1:
				rotated.Add(1)
			}
			return nil
		})
		if grace > 0 {
			equal(t, "rotations in the grace", rotated.Load(), racers)
			continue
		}
		equal(t, "rotations without grace", rotated.Load(), 1)
		equal(t, "reuse, which revokes", reused.Load(), 1)
		equal(t, "refusals after that", revoked.Load(), racers-2)
	}
}

func (s suite) raceForJobs(t *testing.T) {
	nodes := s.nodes(t)
	const jobs = 10
	for i := range byte(jobs) {
		ok(t, nodes[0].PutJob(t.Context(), store.Job{ID: [16]byte{i}, Kind: "k", Due: epoch}))
	}
	var claimed [jobs]atomic.Int32
	race(t, nodes, func(i int, db *store.DB) error {
		j, err := db.ClaimJob(t.Context(), []string{"k"}, strconv.Itoa(i), epoch, epoch.Add(time.Hour))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			claimed[j.ID[0]].Add(1)
		}
		return err
	})
	for i := range claimed {
		equal(t, fmt.Sprintf("claims of job %d", i), claimed[i].Load(), 1)
	}
}

func (s suite) raceOfCounts(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	race(t, nodes, func(i int, db *store.DB) error {
		for n := range 3 {
			u := NewUser(p.ID, fmt.Sprintf("user%d-%d", i, n))
			if err := db.CreateUser(t.Context(), u, store.CreateOptions{}); err != nil {
				return err
			}
			if n == 1 {
				if err := db.DeleteUser(t.Context(), p.ID, u.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	n, err := nodes[0].CountUsers(t.Context(), p.ID)
	ok(t, err)
	equal(t, "users", n, 2*racers)
}

// spoiltNeighbours lets writes fail after they have written, among others that share their
// commit.
func (s suite) spoiltNeighbours(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	unstorable := &store.Code{Purpose: store.CodeSignUp, Destination: "\x00"}
	for round := range 3 {
		race(t, [2]*store.DB{db, db}, func(i int, db *store.DB) error {
			var o store.CreateOptions
			if i%4 == 0 {
				o.Code = unstorable // found out only after the user is inserted
			}
			err := db.CreateUser(t.Context(), NewUser(p.ID, fmt.Sprintf("user%d-%d", round, i)), o)
			if i%4 == 0 && errors.Is(err, store.ErrUnstorable) {
				return nil
			}
			return err
		})
	}
	n, err := db.CountUsers(t.Context(), p.ID)
	ok(t, err)
	equal(t, "users counted", n, 3*racers*3/4)
	equal(t, "users listed", len(names(t, db, p.ID, store.ListQuery{Attribute: "email", Prefix: true, Limit: 60})), 3*racers*3/4)
	_, err = db.FindUser(t.Context(), p.ID, store.Key{Kind: store.KeyUsername, Value: "user0-0"})
	fails(t, "a user whose creation failed", err, store.ErrNotFound)
}

// panics lets mutations panic: that is their caller's, and nobody else's.
func (s suite) panics(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	var panics atomic.Int32
	race(t, [2]*store.DB{db, db}, func(i int, db *store.DB) error {
		defer func() {
			if recover() != nil {
				panics.Add(1)
			}
		}()
		_, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(*store.User) error {
			if i%2 == 0 {
				panic("a bug")
			}
			return nil
		})
		return err
	})
	equal(t, "panics", panics.Load(), racers/2)
	got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
	ok(t, err)
	equal(t, "version", got.Version, 1+racers/2)
}
