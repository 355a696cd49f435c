package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// names walks through all pages of a query.
func names(t *testing.T, db *store.DB, pool store.PoolID, q store.ListQuery) []string {
	t.Helper()
	var names []string
	for {
		users, next, err := db.ListUsers(t.Context(), pool, q)
		ok(t, err)
		if len(users) > q.Limit {
			t.Fatalf("a page of %d users, limit %d", len(users), q.Limit)
		}
		for _, u := range users {
			names = append(names, u.Username)
		}
		if next == nil {
			return names
		}
		q.After = next
	}
}

func (s suite) listAll(t *testing.T) {
	db := s.open(t)
	p, q := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	User(t, db, q.ID, "stranger")
	var want []string
	for i := range 25 {
		u := NewUser(p.ID, fmt.Sprintf("u%c", 'z'-i))
		u.Created = epoch.Add(time.Duration(i) * time.Second)
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
		want = append(want, u.Username)
	}
	for _, limit := range []int{1, 5, 24, 25, 26, 60} {
		equal(t, fmt.Sprintf("users, %d at a time, by creation", limit), names(t, db, p.ID, store.ListQuery{Limit: limit}), want)
	}
	users, next, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Limit: 25})
	ok(t, err)
	if len(users) != 25 || next != nil {
		t.Errorf("a full last page has %d users and next %x", len(users), next)
	}
	equal(t, "users of an unknown pool", names(t, db, p.ID+q.ID, store.ListQuery{Limit: 5}), nil)
}

func (s suite) listByAttributes(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	for i, attributes := range []map[string]string{
		{"name": "Ann", "email": "ann@example.com", "family_name": "Lee"},
		{"name": "ANNA", "email": "Anna@Example.com", "family_name": "Lee", "phone_number": "+1555"},
		{"name": "annabel", "given_name": "Annabel", "preferred_username": "abel"},
		{"name": "Bob 50%_", "phone_number": "+15551"},
		{"name": "Émile"},
		{"family_name": "Lee"},
	} {
		u := NewUser(p.ID, fmt.Sprintf("u%d", i))
		u.Created = epoch.Add(time.Duration(i) * time.Second)
		u.Attributes, u.Keys = attributes, u.Keys[:2]
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
	}
	for _, test := range []struct {
		attribute, value string
		prefix           bool
		want             []string
	}{
		{"name", "ann", false, []string{"u0"}},
		{"name", "ann", true, []string{"u0", "u1", "u2"}},
		{"name", "ANNA", true, []string{"u1", "u2"}},
		{"name", "", true, []string{"u0", "u1", "u2", "u3", "u4"}},
		{"name", "", false, nil},
		{"name", "émile", false, []string{"u4"}},
		{"name", "É", true, []string{"u4"}},
		{"name", "bob 50%_", false, []string{"u3"}},
		{"name", "b_b", true, nil},
		{"name", "%", true, nil},
		{"email", "anna@example.com", false, []string{"u1"}},
		{"email", "ann", true, []string{"u0", "u1"}},
		{"email", "ann", false, nil},
		{"phone_number", "+1555", true, []string{"u1", "u3"}},
		{"phone_number", "+1555", false, []string{"u1"}},
		{"given_name", "annabel", false, []string{"u2"}},
		{"preferred_username", "a", true, []string{"u2"}},
		{"family_name", "lee", false, []string{"u0", "u1", "u5"}},
		{"custom:x", "7", false, nil},
	} {
		for _, limit := range []int{1, 2, 60} {
			q := store.ListQuery{Attribute: test.attribute, Value: test.value, Prefix: test.prefix, Limit: limit}
			equal(t, fmt.Sprintf("%s %q prefix=%v limit %d", test.attribute, test.value, test.prefix, limit), names(t, db, p.ID, q), test.want)
		}
	}
	// The index follows the user.
	u, err := db.FindUser(t.Context(), p.ID, store.Key{Kind: store.KeyUsername, Value: "u0"})
	ok(t, err)
	_, err = db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error {
		delete(u.Attributes, "family_name")
		u.Attributes["name"] = "Zoe"
		return nil
	})
	ok(t, err)
	equal(t, "after an update", names(t, db, p.ID, store.ListQuery{Attribute: "name", Prefix: true, Limit: 3}), []string{"u1", "u2", "u3", "u0", "u4"})
	equal(t, "after a removal", names(t, db, p.ID, store.ListQuery{Attribute: "family_name", Value: "Lee", Limit: 3}), []string{"u1", "u5"})
	if _, _, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Attribute: "name", After: []byte("no mark"), Limit: 1}); err == nil {
		t.Error("a page began at nonsense")
	}
}

func (s suite) listByNames(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	for _, name := range []string{"Alice", "alina", "ALF", "bob"} {
		u := NewUser(p.ID, name)
		u.Keys[0].Value = strings.ToLower(name) // as a pool that ignores case folds it
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
	}
	for _, test := range []struct {
		value  string
		prefix bool
		want   []string
	}{
		{"Alice", false, []string{"Alice"}},
		{"alice", false, nil}, // user names are compared with their case
		{"Al", true, []string{"Alice"}},
		{"al", true, []string{"alina"}},
		{"AL", true, []string{"ALF"}},
		{"", true, []string{"ALF", "Alice", "alina", "bob"}},
		{"c", true, nil},
	} {
		for _, limit := range []int{1, 60} {
			q := store.ListQuery{Attribute: "username", Value: test.value, Folded: strings.ToLower(test.value), Prefix: test.prefix, Limit: limit}
			equal(t, fmt.Sprintf("username %q prefix=%v", test.value, test.prefix), names(t, db, p.ID, q), test.want)
		}
	}
	sub := NewUser(p.ID, "bob").Sub
	equal(t, "sub", names(t, db, p.ID, store.ListQuery{Attribute: "sub", Value: sub, Folded: sub, Limit: 2}), []string{"bob"})
	equal(t, "part of a sub", names(t, db, p.ID, store.ListQuery{Attribute: "sub", Value: "sub-of-b", Folded: "sub-of-b", Limit: 2}), nil)
	equal(t, "prefix of a sub", names(t, db, p.ID, store.ListQuery{Attribute: "sub", Value: "sub-of-a", Folded: "sub-of-a", Prefix: true, Limit: 2}), []string{"alina"})
}

func (s suite) listByStates(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	for i, state := range []struct {
		status  cognitoidp.UserStatusType
		enabled bool
	}{
		{cognitoidp.UserStatusTypeUnconfirmed, true},
		{cognitoidp.UserStatusTypeConfirmed, true},
		{cognitoidp.UserStatusTypeConfirmed, false},
		{cognitoidp.UserStatusTypeCompromised, true},
		{cognitoidp.UserStatusTypeConfirmed, true},
		{cognitoidp.UserStatusTypeUnknown, false},
	} {
		u := NewUser(p.ID, fmt.Sprintf("u%d", i))
		u.Created = epoch.Add(time.Duration(i) * time.Second)
		u.Status, u.Enabled = state.status, state.enabled
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
	}
	for _, test := range []struct {
		attribute, value string
		prefix           bool
		want             []string
	}{
		{"cognito:user_status", "CONFIRMED", false, []string{"u1", "u4", "u2"}},
		{"cognito:user_status", "confirmed", false, []string{"u1", "u4", "u2"}},
		{"cognito:user_status", "CO", true, []string{"u3", "u1", "u4", "u2"}},
		{"cognito:user_status", "un", true, []string{"u0", "u5"}},
		{"cognito:user_status", "CONFIRME", false, nil},
		{"status", "Enabled", false, []string{"u3", "u1", "u4", "u0"}},
		{"status", "Disabled", false, []string{"u2", "u5"}},
		{"status", "enabled", false, nil},
		{"status", "Dis", true, []string{"u2", "u5"}},
	} {
		for _, limit := range []int{1, 2, 3, 60} {
			q := store.ListQuery{Attribute: test.attribute, Value: test.value, Prefix: test.prefix, Limit: limit}
			equal(t, fmt.Sprintf("%s %q prefix=%v limit %d", test.attribute, test.value, test.prefix, limit), names(t, db, p.ID, q), test.want)
		}
	}
	if _, _, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Attribute: "status", Value: "Enabled", After: []byte("x"), Limit: 1}); err == nil {
		t.Error("a page began at nonsense")
	}
}

func (s suite) listLongValues(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	stem := strings.Repeat("é", 127) + "x" // 255 bytes: the index is cut inside what follows
	for i, tail := range []string{"", "é", "éa", "éb", "éb" + strings.Repeat("c", 2000), "z"} {
		u := NewUser(p.ID, fmt.Sprintf("u%d", i))
		u.Created = epoch.Add(time.Duration(i) * time.Second)
		u.Attributes["name"] = stem + tail
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
	}
	for _, test := range []struct {
		value  string
		prefix bool
		want   []string
	}{
		{stem, false, []string{"u0"}},
		{stem + "éa", false, []string{"u2"}},
		{stem + "éb", false, []string{"u3"}},
		{stem + "éB", true, []string{"u3", "u4"}},
		{stem + "é", true, []string{"u1", "u2", "u3", "u4"}},
		{stem, true, []string{"u0", "u1", "u2", "u3", "u4", "u5"}},
		{stem + "éb" + strings.Repeat("c", 2000), false, []string{"u4"}},
	} {
		for _, limit := range []int{1, 2, 60} {
			q := store.ListQuery{Attribute: "name", Value: test.value, Prefix: test.prefix, Limit: limit}
			equal(t, fmt.Sprintf("name of %d bytes prefix=%v limit %d", len(test.value), test.prefix, limit), names(t, db, p.ID, q), test.want)
		}
	}
}

func (s suite) listWhileInserting(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	var users []*store.User
	for i := range 150 {
		users = append(users, NewUser(p.ID, fmt.Sprintf("old%03d", i)))
	}
	ok(t, db.CreateUsers(t.Context(), users))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				u := NewUser(p.ID, fmt.Sprintf("o%d-%d", w, i))
				if err := db.CreateUser(t.Context(), u, store.CreateOptions{}); err != nil {
					t.Error(err)
					return
				}
				if err := db.DeleteUser(t.Context(), p.ID, u.ID); i%2 == 0 && err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, q := range []store.ListQuery{
		{Limit: 7},
		{Attribute: "email", Value: "o", Prefix: true, Limit: 7},
		{Attribute: "username", Value: "o", Folded: "o", Prefix: true, Limit: 7},
		{Attribute: "status", Value: "Enabled", Limit: 7},
	} {
		seen := names(t, db, p.ID, q)
		old := slices.DeleteFunc(slices.Clone(seen), func(name string) bool { return !strings.HasPrefix(name, "old") })
		if len(old) != len(users) {
			t.Errorf("list by %q has %d of the %d users that were there all the time", q.Attribute, len(old), len(users))
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != len(seen) {
			t.Errorf("list by %q repeats users", q.Attribute)
		}
	}
	close(stop)
	wg.Wait()
}
