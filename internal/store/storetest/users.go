package storetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/store"
)

func (s suite) userRoundTrip(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	for _, test := range []struct {
		name   string
		change func(*store.User)
	}{
		{"plain", func(*store.User) {}},
		{"disabled", func(u *store.User) { u.Enabled = false }},
		{"pending", func(u *store.User) { u.Pending = map[string]string{"email": "new@example.com"} }},
		{"history", func(u *store.User) {
			u.Credential.History = []store.PastPassword{{Salt: []byte("s1"), Verifier: []byte("v1")}, {Salt: []byte("s2"), Verifier: []byte("v2")}}
		}},
		{"temporary", func(u *store.User) {
			u.Status = cognitoidp.UserStatusTypeForceChangePassword
			u.Credential.TemporaryUntil = epoch.Add(7 * 24 * time.Hour)
		}},
		{"no-password", func(u *store.User) { u.Credential = store.Credential{} }},
		{"barred", func(u *store.User) { u.Credential.BarPassword() }},
		{"no-attributes", func(u *store.User) { u.Attributes, u.Keys = map[string]string{}, u.Keys[:2] }},
		{"signed-out", func(u *store.User) { u.AuthAfter = epoch.Truncate(time.Second) }},
		{"archived", func(u *store.User) { u.Status = cognitoidp.UserStatusTypeArchived }},
		{"external", func(u *store.User) { u.Status = cognitoidp.UserStatusTypeExternalProvider }},
	} {
		u := NewUser(p.ID, test.name)
		test.change(u)
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
		if u.Version != 1 || u.ID == (store.UserID{}) {
			t.Errorf("%s: new user has the version %d and the id %x", test.name, u.Version, u.ID)
		}
		got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
		ok(t, err)
		equal(t, test.name, got, u)
	}
	u := NewUser(p.ID, "odd")
	u.Status = "NO_SUCH_STATUS"
	if err := db.CreateUser(t.Context(), u, store.CreateOptions{}); err == nil {
		t.Error("a user with an unknown status was stored")
	}
}

func (s suite) userIDs(t *testing.T) {
	random := clock.Random(nil)
	var last store.UserID
	for i := range 50 {
		id, err := store.NewUserID(epoch.Add(time.Duration(i)*time.Millisecond), random)
		ok(t, err)
		if bytes.Compare(last[:], id[:]) >= 0 {
			t.Fatalf("id %x does not come after %x", id, last)
		}
		if id[6]>>4 != 7 || id[8]>>6 != 2 {
			t.Fatalf("id %x is no UUID of version 7", id)
		}
		last = id
	}
	if _, err := store.NewUserID(epoch, strings.NewReader("short")); err == nil {
		t.Error("an id was made without randomness")
	}
}

func (s suite) findUsers(t *testing.T) {
	db := s.open(t)
	p, q := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	alice, bob := User(t, db, p.ID, "alice"), User(t, db, p.ID, "bob")
	for _, k := range alice.Keys {
		got, err := db.FindUser(t.Context(), p.ID, k)
		ok(t, err)
		equal(t, "alice by "+string(k.Kind), got, alice)
		_, err = db.FindUser(t.Context(), q.ID, k)
		fails(t, "alice in another pool", err, store.ErrNotFound)
	}
	none := store.Key{Kind: store.KeyPhone, Value: "+1"}
	for _, test := range []struct {
		keys []store.Key
		want *store.User
	}{
		{[]store.Key{alice.Keys[0], bob.Keys[2]}, alice},
		{[]store.Key{bob.Keys[2], alice.Keys[0]}, bob},
		{[]store.Key{none, none, bob.Keys[1], alice.Keys[2]}, bob},
		{[]store.Key{none, none, none, none, none, none, none, none, none, alice.Keys[2], bob.Keys[0]}, alice},
	} {
		got, err := db.FindUser(t.Context(), p.ID, test.keys...)
		ok(t, err)
		equal(t, "first of several", got.Username, test.want.Username)
	}
	for _, keys := range [][]store.Key{
		nil,
		{none},
		{{Kind: store.KeyUsername, Value: "Alice"}},
		{{Kind: store.KeyEmail, Value: "alice"}},
		{{Kind: "nonsense", Value: "alice"}},
		{{Kind: store.KeyUsername, Value: ""}},
	} {
		_, err := db.FindUser(t.Context(), p.ID, keys...)
		fails(t, "no such user", err, store.ErrNotFound)
	}
}

func (s suite) uniqueNames(t *testing.T) {
	db := s.open(t)
	p, q := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	User(t, db, p.ID, "alice")
	User(t, db, q.ID, "alice")
	for i, kind := range []store.KeyKind{store.KeyUsername, store.KeySub, store.KeyEmail} {
		u := NewUser(p.ID, "bob")
		u.Keys[i] = NewUser(p.ID, "alice").Keys[i]
		taken(t, "same "+string(kind), db.CreateUser(t.Context(), u, store.CreateOptions{}), kind)
		taken(t, "same "+string(kind)+" in bulk", db.CreateUsers(t.Context(), []*store.User{u}), kind)
	}
	both := NewUser(p.ID, "alice")
	taken(t, "the first kind counts", db.CreateUser(t.Context(), both, store.CreateOptions{}), store.KeyUsername)
	// Of what was refused nothing is left.
	User(t, db, p.ID, "bob")
	if n, err := db.CountUsers(t.Context(), p.ID); n != 2 || err != nil {
		t.Errorf("%d users, %v; want 2", n, err)
	}
	// A name of one kind does not take that of another.
	carol := NewUser(p.ID, "carol")
	carol.Keys[2] = store.Key{Kind: store.KeyPreferredUsername, Value: "alice"}
	ok(t, db.CreateUser(t.Context(), carol, store.CreateOptions{}))
}

// Aliases may be longer than what an index holds, and differ only behind that.
func (s suite) longNames(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	var long strings.Builder // of which nothing can be left out by compression
	for i := range 2040 {
		long.WriteRune(rune(0x20000 + i*7919%0xa000))
	}
	alias := func(end string) store.Key {
		return store.Key{Kind: store.KeyPreferredUsername, Value: long.String() + end}
	}
	for _, name := range []string{"alice", "bob"} {
		u := NewUser(p.ID, name)
		u.Keys = append(u.Keys, alias(name))
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
	}
	bob, err := db.FindUser(t.Context(), p.ID, alias("bob"))
	ok(t, err)
	equal(t, "owner of a long name", bob.Username, "bob")
	_, err = db.FindUser(t.Context(), p.ID, alias(""))
	fails(t, "a part of a long name", err, store.ErrNotFound)
	rename := func(end string) error {
		_, err := db.UpdateUser(t.Context(), p.ID, bob.ID, store.UpdateOptions{}, func(u *store.User) error {
			u.Keys[3] = alias(end)
			return nil
		})
		return err
	}
	taken(t, "a long name", rename("alice"), store.KeyPreferredUsername)
	ok(t, rename("carol"))
	_, err = db.FindUser(t.Context(), p.ID, alias("bob"))
	fails(t, "a long name that was given up", err, store.ErrNotFound)
	ok(t, db.DeleteUser(t.Context(), p.ID, bob.ID))
	_, err = db.FindUser(t.Context(), p.ID, alias("carol"))
	fails(t, "a deleted user by a long name", err, store.ErrNotFound)
}

func (s suite) stealAliases(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	phone := store.Key{Kind: store.KeyPhone, Value: "+15550100"}
	alice := NewUser(p.ID, "alice")
	alice.Attributes["phone_number"], alice.Attributes["phone_number_verified"] = phone.Value, "true"
	alice.Keys = append(alice.Keys, phone)
	ok(t, db.CreateUser(t.Context(), alice, store.CreateOptions{}))
	hands.Advance(time.Hour)

	thief := NewUser(p.ID, "thief")
	thief.Keys[2] = alice.Keys[2]
	thief.Keys = append(thief.Keys, phone)
	taken(t, "without steal", db.CreateUser(t.Context(), thief, store.CreateOptions{}), store.KeyEmail)
	ok(t, db.CreateUser(t.Context(), thief, store.CreateOptions{Steal: true}))
	for _, k := range []store.Key{alice.Keys[2], phone} {
		got, err := db.FindUser(t.Context(), p.ID, k)
		ok(t, err)
		equal(t, "owner of the stolen "+string(k.Kind), got.Username, "thief")
	}
	victim, err := db.FindUser(t.Context(), p.ID, alice.Keys[0])
	ok(t, err)
	alice.Attributes["email_verified"], alice.Attributes["phone_number_verified"] = "false", "false"
	alice.Keys, alice.Version, alice.Modified = alice.Keys[:2], 2, hands.Now()
	equal(t, "victim", victim, alice)

	// It moves back by an update; a user name never moves.
	email := store.Key{Kind: store.KeyEmail, Value: "alice@example.com"}
	back := func(u *store.User) error {
		u.Keys = append(u.Keys, email)
		u.Attributes["email_verified"] = "true"
		return nil
	}
	_, err = db.UpdateUser(t.Context(), p.ID, alice.ID, store.UpdateOptions{}, back)
	taken(t, "update without steal", err, store.KeyEmail)
	_, err = db.UpdateUser(t.Context(), p.ID, alice.ID, store.UpdateOptions{Steal: true}, back)
	ok(t, err)
	got, err := db.FindUser(t.Context(), p.ID, email)
	ok(t, err)
	equal(t, "owner after the return", got.Username, "alice")
	_, err = db.UpdateUser(t.Context(), p.ID, alice.ID, store.UpdateOptions{Steal: true}, func(u *store.User) error {
		u.Keys[0].Value = "thief"
		return nil
	})
	taken(t, "stealing a user name", err, store.KeyUsername)
}

func (s suite) updateUsers(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	hands.Advance(time.Minute)
	got, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Attributes["email"], u.Attributes["name"] = "new@example.com", "Alice"
		u.Keys[2].Value = "new@example.com"
		u.Status, u.Enabled = cognitoidp.UserStatusTypeResetRequired, false
		u.Pending = map[string]string{"phone_number": "+1"}
		u.Credential.Verifier = []byte("v")
		// What is not the mutation's is not changed by it.
		u.Pool, u.ID, u.Sub, u.Version, u.Created = 1, store.UserID{}, "x", 99, time.Time{}
		u.Failures.Count = 5
		return nil
	})
	ok(t, err)
	want := NewUser(p.ID, "alice")
	want.ID, want.Version, want.Modified = u.ID, 2, hands.Now()
	want.Attributes["email"], want.Attributes["name"] = "new@example.com", "Alice"
	want.Keys[2].Value = "new@example.com"
	want.Status, want.Enabled = cognitoidp.UserStatusTypeResetRequired, false
	want.Pending = map[string]string{"phone_number": "+1"}
	want.Credential.Verifier = []byte("v")
	equal(t, "what the update returns", got, want)
	found, err := db.FindUser(t.Context(), p.ID, want.Keys[2])
	ok(t, err)
	equal(t, "what is found", found, want)
	_, err = db.FindUser(t.Context(), p.ID, u.Keys[2])
	fails(t, "the old e-mail address", err, store.ErrNotFound)
	User(t, db, p.ID, "bob") // and a freed name is free
	_, err = db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Keys[2].Value = "alice@example.com"
		return nil
	})
	ok(t, err)

	hands.Advance(time.Minute)
	got, err = db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{NoTouch: true}, func(u *store.User) error {
		u.Pending = nil
		return nil
	})
	ok(t, err)
	if got.Modified.Equal(hands.Now()) || got.Pending != nil {
		t.Errorf("modified %v, pending %v; want neither", got.Modified, got.Pending)
	}
}

func (s suite) refusedUpdates(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	User(t, db, p.ID, "bob")
	refusal := errors.New("refused")
	for _, test := range []struct {
		name   string
		o      store.UpdateOptions
		mutate func(*store.User) error
		check  func(error) bool
	}{
		{
			"by the mutation",
			store.UpdateOptions{},
			func(u *store.User) error { return refusal },
			func(err error) bool { return err == refusal },
		},
		{
			"by a taken name",
			store.UpdateOptions{},
			func(u *store.User) error { u.Keys[2].Value = "bob@example.com"; return nil },
			func(err error) bool {
				e, is := errors.AsType[*store.ExistsError](err)
				return is && e.Kind == store.KeyEmail
			},
		},
		{
			"by a missing code",
			store.UpdateOptions{UseCode: &store.CodeRef{Purpose: store.CodeReset}},
			func(u *store.User) error { return nil },
			func(err error) bool { return errors.Is(err, store.ErrNotFound) },
		},
		{
			"by a status",
			store.UpdateOptions{},
			func(u *store.User) error { u.Status = "x"; return nil },
			func(err error) bool { return err != nil },
		},
	} {
		mutate := func(u *store.User) error {
			u.Attributes["name"] = "changed"
			return test.mutate(u)
		}
		test.o.PutCode, test.o.ClearFailures = &store.Code{Purpose: store.CodeSignUp}, true
		if _, err := db.UpdateUser(t.Context(), p.ID, u.ID, test.o, mutate); !test.check(err) {
			t.Errorf("refused %s: %v", test.name, err)
		}
		got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
		ok(t, err)
		equal(t, "after being refused "+test.name, got, u)
		_, err = db.Code(t.Context(), p.ID, u.ID, store.CodeSignUp, "")
		fails(t, "its code", err, store.ErrNotFound)
	}
	_, err := db.UpdateUser(t.Context(), p.ID, store.UserID{1}, store.UpdateOptions{}, func(*store.User) error { return nil })
	fails(t, "no such user", err, store.ErrNotFound)
}

func (s suite) deleteUsers(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	User(t, db, p.ID, "bob")
	ok(t, db.PutCode(t.Context(), p.ID, u.ID, store.Code{Purpose: store.CodeReset}))
	_, err := db.CountFailure(t.Context(), p.ID, u.ID, store.FailedMFA, func(f store.Failures) store.Failures { f.Count++; return f })
	ok(t, err)
	ok(t, db.DeleteUser(t.Context(), p.ID, u.ID))
	fails(t, "second deletion", db.DeleteUser(t.Context(), p.ID, u.ID), store.ErrNotFound)
	_, err = db.FindUser(t.Context(), p.ID, u.Keys...)
	fails(t, "deleted user", err, store.ErrNotFound)
	_, err = db.Code(t.Context(), p.ID, u.ID, store.CodeReset, "")
	fails(t, "its code", err, store.ErrNotFound)
	f, err := db.Failures(t.Context(), p.ID, u.ID, store.FailedMFA)
	ok(t, err)
	equal(t, "its failures", f, store.Failures{})
	users, _, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Attribute: "email", Prefix: true, Limit: 60})
	ok(t, err)
	if len(users) != 1 || users[0].Username != "bob" {
		t.Errorf("the search index still has %d users", len(users))
	}
	if n, err := db.CountUsers(t.Context(), p.ID); n != 1 || err != nil {
		t.Errorf("%d users, %v; want 1", n, err)
	}
	User(t, db, p.ID, "alice")
}

func (s suite) tokenUser(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	got, state, err := db.TokenUser(t.Context(), p.ID, u.Sub, "jti", "")
	ok(t, err)
	equal(t, "user of a token", got, u)
	equal(t, "state of a sign-in of which nothing is stored", state, store.FamilyState{})
	ok(t, db.RevokeFamily(t.Context(), store.Family{Pool: p.ID, User: u.ID, OriginJTI: "jti", Expires: epoch}))
	for jti, want := range map[string]bool{"jti": true, "other": false, "": false} {
		_, state, err := db.TokenUser(t.Context(), p.ID, u.Sub, jti, "")
		if err != nil || state.Revoked != want {
			t.Errorf("sign-in %q revoked: %v, %v; want %v", jti, state.Revoked, err, want)
		}
	}
	_, _, err = db.TokenUser(t.Context(), p.ID, "no such sub", "jti", "")
	fails(t, "unknown sub", err, store.ErrNotFound)
}

func (s suite) signOut(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	base := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name      string
		now, want time.Duration // after base
	}{
		{"on the second", 0, 3 * time.Second},
		{"again at once: a second more", 0, 4 * time.Second},
		{"a part of a second counts whole", 2*time.Second + time.Millisecond, 6 * time.Second},
		{"an earlier clock does not set it back", -time.Hour, 7 * time.Second},
		{"later", time.Hour, time.Hour + 3*time.Second},
	} {
		ok(t, db.SignOutEverywhere(t.Context(), p.ID, u.ID, base.Add(test.now)))
		got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
		ok(t, err)
		if want := base.Add(test.want); !got.AuthAfter.Equal(want) {
			t.Errorf("%s: auth_after %v, want %v", test.name, got.AuthAfter, want)
		}
		if !got.Modified.Equal(u.Modified) {
			t.Errorf("%s: modified %v, want %v", test.name, got.Modified, u.Modified)
		}
	}
	fails(t, "no such user", db.SignOutEverywhere(t.Context(), p.ID, store.UserID{1}, base), store.ErrNotFound)
}

func (s suite) manyUsers(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	var users []*store.User
	for i := range 120 {
		users = append(users, NewUser(p.ID, "user"+string(rune(0x3b1+i))))
	}
	ok(t, db.CreateUsers(t.Context(), users))
	for _, u := range []*store.User{users[0], users[60], users[119]} {
		got, err := db.FindUser(t.Context(), p.ID, u.Keys[2])
		ok(t, err)
		equal(t, u.Username, got, u)
	}
	if n, err := db.CountUsers(t.Context(), p.ID); n != 120 || err != nil {
		t.Errorf("%d users, %v; want 120", n, err)
	}
}

func (s suite) texts(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	for _, text := range []string{
		"𝄞 and 😀", "ﷺ", "İstanbul", "e\u0301", "\u200b\ufeff", "'; DROP TABLE users; --", `"\u0000"`, `\`, "\x01\x7f",
		"a\tb\nc", "%_*?[]", "\U0010fffd", " ", strings.Repeat("長", 600),
	} {
		u := NewUser(p.ID, text)
		u.Attributes["name"], u.Attributes["custom:text"] = text, text
		u.Pending = map[string]string{"name": text}
		ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
		for _, k := range u.Keys {
			got, err := db.FindUser(t.Context(), p.ID, k)
			if err != nil {
				t.Errorf("%q by %s: %v", text, k.Kind, err)
				continue
			}
			equal(t, text, got, u)
		}
		found, _, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Attribute: "name", Value: text, Limit: 2})
		ok(t, err)
		if len(found) != 1 || found[0].ID != u.ID {
			t.Errorf("list of name = %q finds %d users", text, len(found))
		}
	}
}

func (s suite) unstorableTexts(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	for _, bad := range []string{"a\x00b", "\x00", "\xff", "a\xed\xa0\x80"} {
		for where, change := range map[string]func(*store.User){
			"username":  func(u *store.User) { u.Username = bad },
			"sub":       func(u *store.User) { u.Sub = bad },
			"attribute": func(u *store.User) { u.Attributes["custom:x"] = bad },
			"indexed":   func(u *store.User) { u.Attributes["name"] = bad },
			"pending":   func(u *store.User) { u.Pending = map[string]string{"name": bad} },
			"key":       func(u *store.User) { u.Keys[2].Value = bad },
		} {
			v := NewUser(p.ID, "bob")
			change(v)
			fails(t, "user with a bad "+where, db.CreateUser(t.Context(), v, store.CreateOptions{}), store.ErrUnstorable)
			if where == "sub" {
				continue
			}
			_, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error { change(u); return nil })
			fails(t, "update with a bad "+where, err, store.ErrUnstorable)
		}
		fails(t, "code", db.PutCode(t.Context(), p.ID, u.ID, store.Code{Purpose: store.CodeReset, Destination: bad}), store.ErrUnstorable)
		_, err := db.FindUser(t.Context(), p.ID, store.Key{Kind: store.KeyUsername, Value: bad})
		fails(t, "search", err, store.ErrNotFound)
		_, err = db.FindUser(t.Context(), p.ID, store.Key{Kind: store.KeyUsername, Value: bad}, u.Keys[0])
		ok(t, err)
		users, _, err := db.ListUsers(t.Context(), p.ID, store.ListQuery{Attribute: "name", Value: bad, Limit: 2})
		if len(users) != 0 || err != nil {
			t.Errorf("list of %q: %d users, %v", bad, len(users), err)
		}
		_, err = db.Pool(t.Context(), bad)
		fails(t, "pool", err, store.ErrNotFound)
	}
	p.Config.Name = new("a\x00b")
	fails(t, "pool with a NUL", db.UpdatePool(t.Context(), p), store.ErrUnstorable)
	p.Config.Name = new(`a\u0000b`)
	ok(t, db.UpdatePool(t.Context(), p))
	// Nothing of what was refused is there.
	got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
	ok(t, err)
	equal(t, "user", got, u)
}

func (s suite) timeZones(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	// In Berlin, the clock is set forward between these two instants.
	zone := time.FixedZone("CEST", 2*60*60)
	u := NewUser(p.ID, "alice")
	u.Created = epoch.In(zone).Add(123 * time.Microsecond)
	u.Modified = epoch.Add(2 * time.Millisecond).In(zone)
	u.Credential.Set = u.Modified
	ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))
	got, err := db.FindUser(t.Context(), p.ID, u.Keys[0])
	ok(t, err)
	equal(t, "created, cut to milliseconds, in UTC", got.Created, epoch)
	equal(t, "modified, in UTC", got.Modified, epoch.Add(2*time.Millisecond))
	equal(t, "password set, in UTC", got.Credential.Set, got.Modified)
	if got.Created.Location() != time.UTC || !got.AuthAfter.IsZero() {
		t.Errorf("created in %v, auth_after %v; want UTC and zero", got.Created.Location(), got.AuthAfter)
	}
	c := store.Code{Purpose: store.CodeReset, Hash: []byte("h"), Created: epoch.In(zone), Expires: time.Date(2999, 12, 31, 0, 0, 0, 0, zone)}
	ok(t, db.PutCode(t.Context(), p.ID, u.ID, c))
	code, err := db.Code(t.Context(), p.ID, u.ID, store.CodeReset, "")
	ok(t, err)
	equal(t, "expiry", code.Expires, c.Expires.UTC())
}
