package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/store"
)

// passkey is a passkey of a user that is not stored.
func passkey(u *store.User, id string, created time.Time) *store.Passkey {
	return &store.Passkey{
		Pool: u.Pool, User: u.ID, ID: id, Created: created,
		PublicKey: []byte("key of " + id), SignCount: 7, RelyingParty: "example.com", AAGUID: make([]byte, 16),
		Attachment: "platform", Transports: []string{"internal", "hybrid"}, BackupEligible: true,
	}
}

func passkeyProof(i int) store.Proof {
	p := store.Proof{Until: epoch.Add(time.Hour)}
	copy(p.Key[:], fmt.Sprintf("proof %d", i))
	return p
}

func (s suite) passkeys(t *testing.T) {
	db := s.open(t)
	ctx := t.Context()
	p := Pool(t, db, "us-east-1_p")
	alice, bob := User(t, db, p.ID, "alice"), User(t, db, p.ID, "bob")
	second, first := passkey(alice, "second", epoch.Add(time.Second)), passkey(alice, "first", epoch)
	ok(t, db.AddPasskey(ctx, second, 3, passkeyProof(1)))
	ok(t, db.AddPasskey(ctx, first, 3, passkeyProof(2)))
	got, err := db.Passkeys(ctx, p.ID, alice.ID)
	ok(t, err)
	equal(t, "passkeys, oldest first", got, []*store.Passkey{first, second})
	found, err := db.FindUser(ctx, p.ID, alice.Keys[0])
	ok(t, err)
	equal(t, "the user's version", found.Version, alice.Version+2)

	fails(t, "a spent proof", db.AddPasskey(ctx, passkey(alice, "third", epoch), 3, passkeyProof(1)), store.ErrSpent)
	if _, is := errors.AsType[*store.ExistsError](db.AddPasskey(ctx, passkey(bob, "first", epoch), 3, passkeyProof(3))); !is {
		t.Error("another user got the same credential")
	}
	ok(t, db.AddPasskey(ctx, passkey(alice, "third", epoch), 3, passkeyProof(3))) // what is refused spends nothing
	fails(t, "one too many", db.AddPasskey(ctx, passkey(alice, "fourth", epoch), 3, passkeyProof(4)), store.ErrFull)
	nobody := NewUser(p.ID, "nobody")
	fails(t, "a user who is gone", db.AddPasskey(ctx, passkey(nobody, "fifth", epoch), 3, passkeyProof(4)), store.ErrNotFound)
	elsewhere := Pool(t, db, "us-east-1_q")
	ok(t, db.AddPasskey(ctx, passkey(User(t, db, elsewhere.ID, "alice"), "first", epoch), 3, passkeyProof(4)))

	count := func(n uint32) func(*store.Passkey) error {
		return func(k *store.Passkey) error { k.SignCount, k.BackedUp = n, true; return nil }
	}
	ok(t, db.UpdatePasskey(ctx, p.ID, alice.ID, "first", count(9)))
	refusal := errors.New("no")
	fails(t, "a refused update", db.UpdatePasskey(ctx, p.ID, alice.ID, "first", func(k *store.Passkey) error {
		k.SignCount = 11
		return refusal
	}), refusal)
	first.SignCount, first.BackedUp, first.Version = 9, true, 2
	got, err = db.Passkeys(ctx, p.ID, alice.ID)
	ok(t, err)
	equal(t, "the updated passkey", got[0], first)
	fails(t, "an update of another's", db.UpdatePasskey(ctx, p.ID, bob.ID, "first", count(10)), store.ErrNotFound)
	fails(t, "an update of none", db.UpdatePasskey(ctx, p.ID, alice.ID, "a\x00", count(10)), store.ErrNotFound)

	fails(t, "deleting another's", db.DeletePasskey(ctx, p.ID, bob.ID, "first"), store.ErrNotFound)
	ok(t, db.DeletePasskey(ctx, p.ID, alice.ID, "first"))
	fails(t, "deleting twice", db.DeletePasskey(ctx, p.ID, alice.ID, "first"), store.ErrNotFound)
	ok(t, db.DeleteUser(ctx, p.ID, alice.ID))
	got, err = db.Passkeys(ctx, p.ID, alice.ID)
	ok(t, err)
	equal(t, "passkeys of a deleted user", len(got), 0)
}

// raceOfPasskeys adds more passkeys at once than a user may have, and counts one up.
func (s suite) raceOfPasskeys(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	var added atomic.Int32
	race(t, nodes, func(i int, db *store.DB) error {
		err := db.AddPasskey(t.Context(), passkey(u, fmt.Sprintf("id-%02d", i), epoch), 5, passkeyProof(i))
		if err == nil {
			added.Add(1)
		}
		if errors.Is(err, store.ErrFull) {
			return nil
		}
		return err
	})
	list, err := nodes[1].Passkeys(t.Context(), p.ID, u.ID)
	ok(t, err)
	equal(t, "passkeys", []int{int(added.Load()), len(list)}, []int{5, 5})
	race(t, nodes, func(_ int, db *store.DB) error {
		return db.UpdatePasskey(t.Context(), p.ID, u.ID, list[0].ID, func(k *store.Passkey) error { k.SignCount++; return nil })
	})
	list, err = nodes[0].Passkeys(t.Context(), p.ID, u.ID)
	ok(t, err)
	equal(t, "count", list[0].SignCount, 7+racers)
}
