package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
)

// NewDevice returns a device of a user with every member set.
func NewDevice(u *store.User, key string) *store.Device {
	return &store.Device{
		Pool: u.Pool, User: u.ID, Key: key, GroupKey: "-v7w9UcY6", Name: "Лаптоп \U0001F4BB", IP: "2001:db8::1",
		Created: epoch, Modified: epoch.Add(time.Millisecond), Authenticated: epoch.Add(time.Second),
		Tokens: epoch.Add(30 * 24 * time.Hour), Salt: []byte{0, 1, 2}, Verifier: bytes.Repeat([]byte{0xfe}, 384),
	}
}

func (s suite) devices(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u, v := User(t, nodes[0], p.ID, "alice"), User(t, nodes[0], p.ID, "bob")
	db := nodes[1]
	var want []*store.Device
	for i := range 7 {
		d := NewDevice(u, fmt.Sprintf("us-east-1_%04d", 7-i))
		d.Remembered = i%2 == 0
		ok(t, nodes[0].ConfirmDevice(t.Context(), d))
		want = append(want, d)
	}
	slices.Reverse(want)
	other := NewDevice(v, want[0].Key)
	other.Verifier = []byte{9}
	ok(t, db.ConfirmDevice(t.Context(), other))

	for _, d := range append(slices.Clone(want), other) {
		got, err := db.Device(t.Context(), d.Pool, d.User, d.Key)
		ok(t, err)
		equal(t, "a device", got, d)
	}
	if exists, is := errors.AsType[*store.ExistsError](db.ConfirmDevice(t.Context(), want[0])); !is {
		t.Errorf("a device was confirmed twice: %v", exists)
	}
	if _, err := db.Device(t.Context(), p.ID, u.ID, "us-east-1_none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a device that is not there: %v", err)
	}

	var got []*store.Device
	for after := ""; ; after = got[len(got)-1].Key {
		page, err := db.Devices(t.Context(), p.ID, u.ID, after, 3)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	equal(t, "the list", got, want)

	later := epoch.Add(time.Hour)
	ok(t, db.RememberDevice(t.Context(), p.ID, u.ID, want[0].Key, !want[0].Remembered, later))
	want[0].Remembered, want[0].Modified = !want[0].Remembered, later
	after, err := db.Device(t.Context(), p.ID, u.ID, want[0].Key)
	ok(t, err)
	equal(t, "a device with another status", after, want[0])
	if err := db.RememberDevice(t.Context(), p.ID, v.ID, want[1].Key, true, later); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another user's device was changed: %v", err)
	}

	ok(t, db.DeleteUser(t.Context(), p.ID, u.ID))
	if list, err := db.Devices(t.Context(), p.ID, u.ID, "", 9); err != nil || len(list) > 0 {
		t.Errorf("a deleted user has %d devices: %v", len(list), err)
	}
	if _, err := db.Device(t.Context(), p.ID, v.ID, other.Key); err != nil {
		t.Errorf("the other user's device: %v", err)
	}
}

// usingDevices checks that a sign-in with a device counts as a whole or not at all.
func (s suite) usingDevices(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	d := NewDevice(u, "us-east-1_k")
	ok(t, db.ConfirmDevice(t.Context(), d))
	proof := func(n byte) store.Proof { return store.Proof{Key: [32]byte{n}, Until: epoch.Add(time.Hour)} }
	use := store.DeviceUse{Pool: p.ID, User: u.ID, Key: d.Key, IP: "192.0.2.7", Time: epoch.Add(time.Minute), Tokens: d.Tokens.Add(time.Minute)}

	first, err := db.UseDevice(t.Context(), use, proof(1), proof(2))
	equal(t, "the first use", first, true)
	ok(t, err)
	d.IP, d.Authenticated, d.Tokens = use.IP, use.Time, use.Tokens
	has := func(when string) {
		t.Helper()
		got, err := db.Device(t.Context(), p.ID, u.ID, d.Key)
		ok(t, err)
		equal(t, when, got, d)
	}
	has("after a use")

	again := use
	again.Time, again.IP = use.Time.Add(time.Minute), "192.0.2.8"
	if first, err := db.UseDevice(t.Context(), again, proof(3), proof(2)); first || err != nil {
		t.Errorf("a spent proof counted: %v", err)
	}
	has("after a use with a spent proof")
	first, err = db.Spend(t.Context(), proof(3).Key, proof(3).Until)
	equal(t, "what went along with a spent proof is good", first, true)
	ok(t, err)

	again.Remembered = true
	if first, err := db.UseDevice(t.Context(), again, proof(4)); first || !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a device that is not remembered counted: %v", err)
	}
	has("after a use that was not remembered")
	ok(t, db.RememberDevice(t.Context(), p.ID, u.ID, d.Key, true, d.Modified))
	again.Tokens = epoch // a client with short-lived tokens
	if first, err := db.UseDevice(t.Context(), again, proof(4)); !first || err != nil {
		t.Errorf("a remembered device did not count: %v", err)
	}
	d.Remembered, d.IP, d.Authenticated = true, again.IP, again.Time
	has("after a use with shorter tokens")
}

func (s suite) forgettingDevices(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	d := NewDevice(u, "us-east-1_k")
	ok(t, db.ConfirmDevice(t.Context(), d))
	state := func(key string) bool {
		t.Helper()
		_, f, err := db.TokenUser(t.Context(), p.ID, u.Sub, "jti", key)
		ok(t, err)
		if f.Revoked {
			t.Error("forgetting a device revoked the sign-in itself")
		}
		return f.Forgotten
	}
	equal(t, "forgotten before", state(d.Key), false)
	ok(t, db.ForgetDevice(t.Context(), p.ID, u.ID, d.Key))
	equal(t, "forgotten", state(d.Key), true)
	equal(t, "another device is forgotten", state("us-east-1_other"), false)
	equal(t, "no device is forgotten", state(""), false)
	for what, err := range map[string]error{
		"found":      func() error { _, err := db.Device(t.Context(), p.ID, u.ID, d.Key); return err }(),
		"forgotten":  db.ForgetDevice(t.Context(), p.ID, u.ID, d.Key),
		"confirmed":  db.ConfirmDevice(t.Context(), d),
		"remembered": db.RememberDevice(t.Context(), p.ID, u.ID, d.Key, true, epoch),
		"used": func() error {
			_, err := db.UseDevice(t.Context(), store.DeviceUse{Pool: p.ID, User: u.ID, Key: d.Key})
			return err
		}(),
	} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a forgotten device is %s: %v", what, err)
		}
	}
	sweep := func() {
		t.Helper()
		_, err := db.Sweep(t.Context(), 0, hands.Now())
		ok(t, err)
	}
	hands.Advance(d.Tokens.Sub(epoch))
	sweep()
	equal(t, "forgotten while tokens live", state(d.Key), true)
	hands.Advance(2 * time.Minute)
	sweep()
	equal(t, "forgotten when no token lives", state(d.Key), false)
}

// raceOfForgetting lets a device sign in and be forgotten at once: no token outlives the
// memory of the forgetting.
func (s suite) raceOfForgetting(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	for round := range 10 {
		d := NewDevice(u, fmt.Sprintf("us-east-1_%d", round))
		ok(t, nodes[0].ConfirmDevice(t.Context(), d))
		used := make(chan bool, 1)
		go func() {
			first, err := nodes[1].UseDevice(t.Context(), store.DeviceUse{
				Pool: p.ID, User: u.ID, Key: d.Key, Tokens: d.Tokens.Add(time.Hour),
			}, store.Proof{Key: [32]byte{1, byte(round)}, Until: epoch})
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
			used <- first
		}()
		ok(t, nodes[0].ForgetDevice(t.Context(), p.ID, u.ID, d.Key))
		want := d.Tokens
		if <-used {
			want = want.Add(time.Hour)
		}
		_, err := nodes[0].Sweep(t.Context(), 0, want)
		ok(t, err)
		if _, f, err := nodes[1].TokenUser(t.Context(), p.ID, u.Sub, "jti", d.Key); err != nil || !f.Forgotten {
			t.Errorf("round %d: a token lives longer than the memory of the device's end: %v", round, err)
		}
	}
}

// steps checks proofs that open one step after they were spent.
func (s suite) steps(t *testing.T) {
	nodes := s.nodes(t)
	key, until := [32]byte{7}, epoch.Add(time.Minute)
	opens := func(next string, now time.Time) bool {
		t.Helper()
		yes, err := nodes[1].OpensStep(t.Context(), key, next, now)
		ok(t, err)
		return yes
	}
	equal(t, "open before it is spent", opens("DEVICE", epoch), false)
	first, err := nodes[0].SpendAll(t.Context(), store.Proof{Key: key, Until: until, Next: "DEVICE"})
	ok(t, err)
	equal(t, "spent first", first, true)
	first, err = nodes[1].SpendAll(t.Context(), store.Proof{Key: [32]byte{8}, Until: until}, store.Proof{Key: key, Until: until, Next: "OTHER"})
	ok(t, err)
	equal(t, "spent twice", first, false)
	equal(t, "open", opens("DEVICE", epoch), true)
	equal(t, "open for another step", opens("OTHER", epoch), false)
	equal(t, "open for no step", opens("", epoch), false)
	equal(t, "open too late", opens("DEVICE", until), false)
	for _, c := range []struct {
		next string
		want bool
	}{{"OTHER", false}, {"DEVICE", true}, {"DEVICE", false}} {
		got, err := nodes[0].TakeStep(t.Context(), key, c.next)
		ok(t, err)
		equal(t, fmt.Sprint("taken ", c), got, c.want)
	}
	equal(t, "open after it was taken", opens("DEVICE", epoch), false)
	first, err = nodes[0].Spend(t.Context(), key, until)
	ok(t, err)
	equal(t, "spent after its step", first, false)
	first, err = nodes[0].Spend(t.Context(), [32]byte{8}, until)
	ok(t, err)
	equal(t, "what was spent along with a spent proof is good", first, true)
}
