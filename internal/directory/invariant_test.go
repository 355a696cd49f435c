package directory_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// Whatever three users and an administrator do with three addresses, a name finds exactly
// the user whose record says that the name is theirs.
func TestNamesFollowAttributes(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, tt := range []struct {
		name  string
		pool  []option
		users string // the form of user names
	}{
		{"alias", []option{autoVerify(email), aliases(cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePreferredUsername)}, "u%d"},
		{"kept original", []option{autoVerify(email), keepOriginal(email), aliases(cognitoidp.AliasAttributeTypeEmail)}, "u%d"},
		{"username email", []option{autoVerify(email), usernames(cognitoidp.UsernameAttributeTypeEmail)}, "u%d@home.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, tt.pool...)
			var users []string
			for i := range 3 {
				name := fmt.Sprintf(tt.users, i)
				h.add(name)
				users = append(users, h.user(name).Sub)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range 25 {
				h.act(random, users[random.IntN(len(users))], fmt.Sprintf("a%d@example.com", random.IntN(3)))
				h.checkNames(users)
			}
		})
	}
}

// act does something with an address; most of what is refused is meant to be.
func (h *house) act(random *rand.Rand, user, address string) {
	switch random.IntN(7) {
	case 0, 1:
		_, _ = h.update(user, "email", address)
	case 2:
		_ = h.adminUpdate(user, "email", address, "email_verified", "true")
	case 3:
		_ = h.adminUpdate(user, "email", "")
	case 4:
		_ = h.adminUpdate(user, "email_verified", map[bool]string{true: "true", false: "false"}[random.IntN(2) == 0])
	case 5:
		_, _ = h.update(user, "preferred_username", "p"+address[:2])
	default:
		if sent := h.inbox.List(message.Filter{Username: h.user(user).Username, Limit: 1}); len(sent) > 0 {
			_ = h.verify(user, "email", sent[0].Code)
		}
	}
}

func (h *house) checkNames(users []string) {
	h.t.Helper()
	pool, err := h.catalog.Pool(h.t.Context(), h.poolID)
	must(h.t, err)
	owners := make(map[store.Key]string)
	for _, sub := range users {
		u := h.user(sub)
		want := directory.KeysOf(pool, u)
		if diff := cmp.Diff(want, u.Keys, cmpopts.SortSlices(func(a, b store.Key) bool { return a.Kind < b.Kind })); diff != "" {
			h.t.Fatalf("stored names: %s", diff)
		}
		for _, key := range want {
			if other := owners[key]; other != "" {
				h.t.Fatalf("%s and %s both have %v", other, sub, key)
			}
			owners[key] = sub
			if found, err := h.store.FindUser(h.t.Context(), h.pool.ID, key); err != nil || found.Sub != sub {
				h.t.Fatalf("%v does not find its user: %v", key, err)
			}
		}
	}
	for i := range 3 {
		key := store.Key{Kind: store.KeyEmail, Value: fmt.Sprintf("a%d@example.com", i)}
		if _, err := h.store.FindUser(h.t.Context(), h.pool.ID, key); owners[key] == "" && !errors.Is(err, store.ErrNotFound) {
			h.t.Fatalf("%v finds somebody whose name it is not: %v", key, err)
		}
	}
}
