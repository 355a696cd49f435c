package storetest

import (
	"bytes"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// newProvider returns an identity provider that is not stored.
func newProvider(pool store.PoolID, name string, aliases ...string) *store.Provider {
	return &store.Provider{
		Pool: pool, Name: name, Aliases: aliases, Secret: []byte("secret of " + name),
		Config: &cognitoidp.IdentityProviderType{ProviderName: new(name), ProviderType: new(cognitoidp.IdentityProviderTypeTypeOidc)},
	}
}

func (s suite) providers(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	group := func(name, description string) *cognitoidp.GroupType {
		return &cognitoidp.GroupType{GroupName: new(name), Description: new(description)}
	}
	x := newProvider(p.ID, "Corp", "corp.example")
	ok(t, db.CreateProvider(t.Context(), "us-east-1_p", x, group("us-east-1_p_Corp", "first")))
	got, err := db.Providers().Find(t.Context(), p.ID, "Corp")
	ok(t, err)
	equal(t, "provider", got, x)
	g, err := db.Group(t.Context(), p.ID, "us-east-1_p_Corp")
	ok(t, err)
	if g.Version != 1 || *g.Config.Description != "first" {
		t.Errorf("group of a provider: %+v", g)
	}
	taken(t, "used name", db.CreateProvider(t.Context(), "us-east-1_p", newProvider(p.ID, "Corp"), group("other", "")), "")
	taken(t, "used alias", db.CreateProvider(t.Context(), "us-east-1_p", newProvider(p.ID, "More", "corp.example"), group("other", "")), "")
	_, err = db.Group(t.Context(), p.ID, "other")
	fails(t, "group of a refused provider", err, store.ErrNotFound)

	one, two := newClient(p.ID, "client1"), newClient(p.ID, "client2")
	one.Config.SupportedIdentityProviders = []string{"COGNITO", "Corp", "Else"}
	two.Config.SupportedIdentityProviders = []string{"Else"}
	ok(t, db.CreateClient(t.Context(), one))
	ok(t, db.CreateClient(t.Context(), two))
	clients, err := db.DeleteProvider(t.Context(), "us-east-1_p", p.ID, "Corp")
	ok(t, err)
	equal(t, "clients of the deleted provider", clients, []string{"client1"})
	changed, err := db.Client(t.Context(), "client1")
	ok(t, err)
	equal(t, "providers of a client", changed.Config.SupportedIdentityProviders, []string{"COGNITO", "Else"})
	if changed.Version != 2 || len(changed.Secrets) != len(one.Secrets) || !bytes.Equal([]byte(changed.Secrets[0].Value), []byte(one.Secrets[0].Value)) {
		t.Errorf("client after its provider was deleted: %+v", changed)
	}
	fails(t, "update of the client as it was", db.UpdateClient(t.Context(), one), store.ErrConflict)
	kept, err := db.Client(t.Context(), "client2")
	ok(t, err)
	equal(t, "another client", kept, two)
	_, err = db.DeleteProvider(t.Context(), "us-east-1_p", p.ID, "Corp")
	fails(t, "second deletion", err, store.ErrNotFound)

	// The group outlives the provider, and serves its successor.
	again := newProvider(p.ID, "Corp", "corp.example")
	ok(t, db.CreateProvider(t.Context(), "us-east-1_p", again, group("us-east-1_p_Corp", "second")))
	same, err := db.Group(t.Context(), p.ID, "us-east-1_p_Corp")
	ok(t, err)
	equal(t, "group of the successor", same, g)
}

func (s suite) identities(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	ann, bob := User(t, db, p.ID, "ann"), User(t, db, p.ID, "bob")
	key := store.IdentityKey("Corp", "Cognito_Subject", "1234")
	link := func(u *store.User, k store.Key) error {
		_, err := db.UpdateUser(t.Context(), p.ID, u.ID, store.UpdateOptions{}, func(u *store.User) error {
			u.Keys = append(u.Keys, k)
			return u.SetIdentities([]store.Identity{{UserID: "1234", ProviderName: "Corp", ProviderType: "OIDC", DateCreated: 5}})
		})
		return err
	}
	ok(t, link(ann, key))
	taken(t, "another user's identity", link(bob, key), store.KeyIdentity)
	got, err := db.FindUser(t.Context(), p.ID, key)
	ok(t, err)
	if got.Username != "ann" {
		t.Errorf("the identity finds %s", got.Username)
	}
	list, err := got.Identities()
	ok(t, err)
	equal(t, "identities", list, []store.Identity{{UserID: "1234", ProviderName: "Corp", ProviderType: "OIDC", DateCreated: 5}})
	// What stands in one part of a key does not reach into another.
	for _, other := range []store.Key{
		store.IdentityKey("Corp", "Cognito_Subject", "123"), store.IdentityKey("Corp", `Cognito_Subject","1234`, ""),
		store.IdentityKey("corp", "Cognito_Subject", "1234"),
	} {
		_, err := db.FindUser(t.Context(), p.ID, other)
		fails(t, "identity "+other.Value, err, store.ErrNotFound)
	}
	ok(t, db.DeleteUser(t.Context(), p.ID, ann.ID))
	ok(t, link(bob, key))
}
