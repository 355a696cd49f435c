package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// Group stores a new group.
func Group(t testing.TB, db *store.DB, pool store.PoolID, name string) *store.Group {
	t.Helper()
	g := &store.Group{Pool: pool, Config: &cognitoidp.GroupType{GroupName: new(name), Precedence: new(len(name))}}
	if err := db.CreateGroup(t.Context(), g, 0); err != nil {
		t.Fatalf("create group %s: %v", name, err)
	}
	return g
}

// groupNames are the names of groups.
func groupNames(groups []*store.Group) []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.Name())
	}
	return names
}

// inGroups fails the test unless the user is in the named groups, and its row says whether
// that is any.
func inGroups(t *testing.T, db *store.DB, u *store.User, want ...string) {
	t.Helper()
	groups, err := db.GroupsOfUser(t.Context(), u.Pool, u.ID, "", 100)
	ok(t, err)
	equal(t, "groups of "+u.Username, groupNames(groups), want)
	fresh, err := db.FindUser(t.Context(), u.Pool, store.Key{Kind: store.KeySub, Value: u.Sub})
	ok(t, err)
	if len(want) > 0 && !fresh.Grouped {
		t.Errorf("%s is in %v, and its row says in none", u.Username, want)
	}
}

// hasMembers fails the test unless the group has the users, in this order.
func hasMembers(t *testing.T, db *store.DB, g *store.Group, want ...string) {
	t.Helper()
	users, err := db.Members(t.Context(), g, store.UserID{}, 100)
	ok(t, err)
	var names []string
	for _, u := range users {
		names = append(names, u.Username)
	}
	equal(t, "members of "+g.Name(), names, want)
}

func (s suite) groups(t *testing.T) {
	db := s.open(t)
	p, other := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	g := Group(t, db, p.ID, "admins")
	if g.Version != 1 || g.ID == (store.GroupID{}) {
		t.Errorf("new group has the id %x and version %d", g.ID, g.Version)
	}
	got, err := db.Group(t.Context(), p.ID, "admins")
	ok(t, err)
	equal(t, "group", got, g)
	for name, pool := range map[string]store.PoolID{"Admins": p.ID, "admins": other.ID, "nobody": p.ID, "a\x00": p.ID} {
		_, err = db.Group(t.Context(), pool, name)
		fails(t, "group "+name, err, store.ErrNotFound)
	}
	again := &store.Group{Pool: p.ID, Config: &cognitoidp.GroupType{GroupName: new("admins")}}
	taken(t, "group with a used name", db.CreateGroup(t.Context(), again, 0), "")
	Group(t, db, other.ID, "admins")

	stale := *g
	g.Config.Description = new("who may all")
	ok(t, db.UpdateGroup(t.Context(), g))
	got, err = db.Group(t.Context(), p.ID, "admins")
	ok(t, err)
	equal(t, "updated group", got, g)
	fails(t, "stale update", db.UpdateGroup(t.Context(), &stale), store.ErrConflict)

	ok(t, db.DeleteGroup(t.Context(), p.ID, "admins"))
	fails(t, "second deletion", db.DeleteGroup(t.Context(), p.ID, "admins"), store.ErrNotFound)
	fails(t, "update of a deleted group", db.UpdateGroup(t.Context(), g), store.ErrNotFound)
	anew := Group(t, db, p.ID, "admins")
	if anew.ID == g.ID {
		t.Error("a group id is used again")
	}
	g.Version = anew.Version
	fails(t, "update of the group before", db.UpdateGroup(t.Context(), g), store.ErrConflict)

	ok(t, db.DeletePool(t.Context(), p))
	late := &store.Group{Pool: p.ID, Config: &cognitoidp.GroupType{GroupName: new("late")}}
	fails(t, "group in a deleted pool", db.CreateGroup(t.Context(), late, 0), store.ErrNotFound)
}

func (s suite) groupList(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	want := []string{"A", "B", "Z", "a", "é", "\U0001f600"}
	for _, name := range []string{want[3], want[1], want[5], want[0], want[4], want[2]} {
		Group(t, db, p.ID, name)
	}
	Group(t, db, Pool(t, db, "us-east-1_q").ID, "other")
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := db.ListGroups(t.Context(), p.ID, after, 4)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, groupNames(page)...)
	}
	equal(t, "groups", got, want)

	more := &store.Group{Pool: p.ID, Config: &cognitoidp.GroupType{GroupName: new("more")}}
	fails(t, "one group too many", db.CreateGroup(t.Context(), more, 6), store.ErrFull)
	_, err := db.Group(t.Context(), p.ID, "more")
	fails(t, "the refused group", err, store.ErrNotFound)
	ok(t, db.CreateGroup(t.Context(), more, 7))
}

func (s suite) members(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	ann, bob := User(t, db, p.ID, "ann"), NewUser(p.ID, "bob")
	bob.Created = epoch.Add(time.Second)
	ok(t, db.CreateUser(t.Context(), bob, store.CreateOptions{}))
	a, b := Group(t, db, p.ID, "a"), Group(t, db, p.ID, "b")
	if ann.Grouped {
		t.Error("a new user is in a group")
	}
	for _, name := range []string{"b", "a", "a"} {
		ok(t, db.AddMember(t.Context(), p.ID, name, ann.ID, 0))
	}
	ok(t, db.AddMember(t.Context(), p.ID, "a", bob.ID, 0))
	inGroups(t, db, ann, "a", "b")
	inGroups(t, db, bob, "a")
	hasMembers(t, db, a, "ann", "bob")
	hasMembers(t, db, b, "ann")

	page, err := db.GroupsOfUser(t.Context(), p.ID, ann.ID, "a", 1)
	ok(t, err)
	equal(t, "second page", groupNames(page), []string{"b"})
	users, err := db.Members(t.Context(), a, ann.ID, 1)
	ok(t, err)
	if len(users) != 1 || users[0].Username != "bob" || !users[0].Grouped {
		t.Errorf("second page of members is %v", users)
	}

	fails(t, "unknown group", db.AddMember(t.Context(), p.ID, "c", ann.ID, 0), store.ErrNoGroup)
	err = db.AddMember(t.Context(), p.ID, "b", store.UserID{1}, 0)
	fails(t, "unknown user", err, store.ErrNotFound)
	if errors.Is(err, store.ErrNoGroup) {
		t.Error("an unknown user is told as an unknown group")
	}
	fails(t, "one group too many", db.AddMember(t.Context(), p.ID, "b", bob.ID, 1), store.ErrFull)
	ok(t, db.AddMember(t.Context(), p.ID, "a", bob.ID, 1)) // is in it
	hasMembers(t, db, b, "ann")

	ok(t, db.RemoveMember(t.Context(), a, bob.ID))
	ok(t, db.RemoveMember(t.Context(), a, bob.ID))
	inGroups(t, db, bob)
	if fresh, err := db.FindUser(t.Context(), p.ID, bob.Keys[0]); err != nil || fresh.Grouped {
		t.Errorf("user who left the only group: %+v, %v", fresh, err)
	}
	hasMembers(t, db, a, "ann")

	ok(t, db.DeleteUser(t.Context(), p.ID, ann.ID))
	hasMembers(t, db, a)
	fails(t, "deleted user", db.AddMember(t.Context(), p.ID, "a", ann.ID, 0), store.ErrNotFound)
}

// purgeGroup does the job that a deleted group has left, when it is due, and returns in how
// many transactions.
func purgeGroup(t *testing.T, db *store.DB, hands *Hands) (transactions int) {
	t.Helper()
	kinds := []string{store.JobGroupDeletion}
	_, err := db.ClaimJob(t.Context(), kinds, "node", hands.Now(), hands.Now().Add(time.Minute))
	fails(t, "job while others may still write", err, store.ErrNotFound)
	hands.Advance(time.Minute)
	job, err := db.ClaimJob(t.Context(), kinds, "node", hands.Now(), hands.Now().Add(time.Minute))
	ok(t, err)
	g, err := job.DeletedGroup()
	ok(t, err)
	for more := true; more; transactions++ {
		more, err = db.PurgeGroup(t.Context(), g)
		ok(t, err)
	}
	ok(t, db.FinishJob(t.Context(), job))
	return transactions
}

func (s suite) groupDeletion(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	old, rest := Group(t, db, p.ID, "team"), Group(t, db, p.ID, "rest")
	var users []*store.User
	for i := range 510 {
		users = append(users, NewUser(p.ID, fmt.Sprintf("user%03d", i)))
	}
	ok(t, db.CreateUsers(t.Context(), users))
	for _, u := range users {
		ok(t, db.AddMember(t.Context(), p.ID, "team", u.ID, 0))
	}
	ok(t, db.AddMember(t.Context(), p.ID, "rest", users[0].ID, 0))
	ok(t, db.DeleteGroup(t.Context(), p.ID, "team"))

	// At once nobody is in it, and the name is free.
	inGroups(t, db, users[0], "rest")
	inGroups(t, db, users[1])
	fresh := Group(t, db, p.ID, "team")
	hasMembers(t, db, fresh)
	ok(t, db.AddMember(t.Context(), p.ID, "team", users[2].ID, 1)) // the old group counts no more
	inGroups(t, db, users[2], "team")

	if n := purgeGroup(t, db, hands); n < 3 {
		t.Errorf("510 members were purged in %d transactions", n)
	}
	hasMembers(t, db, fresh, "user002")
	hasMembers(t, db, old)
	hasMembers(t, db, rest, "user000")
	inGroups(t, db, users[0], "rest")
	inGroups(t, db, users[2], "team")
	for _, u := range users[3:] {
		if fresh, err := db.FindUser(t.Context(), p.ID, u.Keys[0]); err != nil || fresh.Grouped {
			t.Fatalf("after the purge %s has memberships: %v", u.Username, err)
		}
	}
}

func (s suite) raceOfMemberships(t *testing.T) {
	nodes := s.nodes(t)
	db := nodes[0]
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "ann")
	const limit, tries = 3, 12
	for i := range tries {
		Group(t, db, p.ID, fmt.Sprintf("g%02d", i))
	}
	var wg sync.WaitGroup
	results := make([]error, tries)
	for i := range tries {
		wg.Go(func() {
			results[i] = nodes[i%2].AddMember(t.Context(), p.ID, fmt.Sprintf("g%02d", i), u.ID, limit)
		})
	}
	wg.Wait()
	var in []string
	for i, err := range results {
		switch {
		case err == nil:
			in = append(in, fmt.Sprintf("g%02d", i))
		case !errors.Is(err, store.ErrFull):
			t.Errorf("race for room: %v", err)
		}
	}
	if len(in) != limit {
		t.Errorf("%d memberships went through, %d are allowed", len(in), limit)
	}
	slices.Sort(in)
	inGroups(t, db, u, in...)
}

// raceOfMemberAndDeletion lets users come into groups while they are deleted, and groups go
// while users come: nothing of a deleted user or group is left.
func (s suite) raceOfMemberAndDeletion(t *testing.T) {
	nodes := s.nodes(t)
	db := nodes[0]
	p := Pool(t, db, "us-east-1_p")
	g := Group(t, db, p.ID, "g")
	for i := range 8 {
		u := User(t, db, p.ID, fmt.Sprintf("u%d", i))
		name := fmt.Sprintf("h%d", i)
		Group(t, db, p.ID, name)
		var wg sync.WaitGroup
		var added, joined error
		wg.Go(func() { added = nodes[0].AddMember(t.Context(), p.ID, "g", u.ID, 0) })
		wg.Go(func() { ok(t, nodes[1].DeleteUser(t.Context(), p.ID, u.ID)) })
		v := User(t, db, p.ID, fmt.Sprintf("v%d", i))
		wg.Go(func() { joined = nodes[1].AddMember(t.Context(), p.ID, name, v.ID, 0) })
		wg.Go(func() { ok(t, nodes[0].DeleteGroup(t.Context(), p.ID, name)) })
		wg.Wait()
		if added != nil && !errors.Is(added, store.ErrNotFound) {
			t.Errorf("deleted user and group: %v", added)
		}
		if joined != nil && !errors.Is(joined, store.ErrNoGroup) {
			t.Errorf("deleted group and user: %v", joined)
		}
		groups, err := db.GroupsOfUser(t.Context(), p.ID, u.ID, "", 10)
		ok(t, err)
		equal(t, "groups of a deleted user", groupNames(groups), nil)
		inGroups(t, db, v)
	}
	hasMembers(t, db, g)
}
