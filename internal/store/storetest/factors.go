package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/internal/store"
)

// factors are what a user proves and is asked for besides the password: they come back as
// they were stored, and a proof is used up together with the change that it allows.
func (s suite) factors(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	mfa := store.MFA{
		SMS: true, Email: true, TOTP: true, Passkeys: true, Preferred: "SMS_MFA", Legacy: []string{"phone_number"}, AppName: "phone 📱",
	}
	proof := store.Proof{Key: [32]byte{7}, Until: epoch}
	install := func(db *store.DB, seed string, proofs ...store.Proof) error {
		_, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{Spend: proofs}, func(u *store.User) error {
			u.Credential.Seed, u.Credential.NewSeed, u.MFA = []byte(seed), []byte("next"), mfa
			return nil
		})
		return err
	}
	read := func(db *store.DB) *store.User {
		t.Helper()
		got, err := db.FindUser(t.Context(), p.ID, store.Key{Kind: store.KeySub, Value: u.Sub})
		ok(t, err)
		return got
	}
	ok(t, install(nodes[0], "first", proof))
	got := read(nodes[1])
	equal(t, "factors", got.MFA, mfa)
	equal(t, "seed", string(got.Credential.Seed)+string(got.Credential.NewSeed), "firstnext")

	fresh := store.Proof{Key: [32]byte{8}, Until: epoch}
	if err := install(nodes[1], "second", fresh, proof); !errors.Is(err, store.ErrSpent) {
		t.Errorf("a used proof: %v", err)
	}
	equal(t, "seed after a used proof", string(read(nodes[0]).Credential.Seed), "first")
	for key, want := range map[[32]byte]bool{proof.Key: true, fresh.Key: false} {
		spent, err := nodes[0].Spent(t.Context(), key)
		ok(t, err)
		equal(t, "spent", spent, want)
	}
	ok(t, install(nodes[1], "second", fresh))
	equal(t, "seed", string(read(nodes[0]).Credential.Seed), "second")
}

// raceForFactor lets changes of one user race for one proof: one of them is made.
func (s suite) raceForFactor(t *testing.T) {
	nodes := s.nodes(t)
	p := Pool(t, nodes[0], "us-east-1_p")
	u := User(t, nodes[0], p.ID, "alice")
	var work sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 8 {
		work.Go(func() {
			o := store.UpdateOptions{Spend: []store.Proof{{Key: [32]byte{9}, Until: epoch}}}
			_, err := nodes[i%2].UpdateUser(t.Context(), p.ID, u.ID, o, func(u *store.User) error {
				u.MFA.AppName += "x"
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case !errors.Is(err, store.ErrSpent):
				t.Error(err)
			}
		})
	}
	work.Wait()
	got, err := nodes[1].FindUser(t.Context(), p.ID, store.Key{Kind: store.KeySub, Value: u.Sub})
	ok(t, err)
	if made != 1 || got.MFA.AppName != "x" {
		t.Errorf("%d changes were made, which left %q", made, got.MFA.AppName)
	}
}
