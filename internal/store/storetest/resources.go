package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

type server = store.Resource[cognitoidp.ResourceServerType]

func servers(db *store.DB) store.Resources[cognitoidp.ResourceServerType] {
	return store.NewResources[cognitoidp.ResourceServerType](db, "test-server")
}

func newServer(pool store.PoolID, name string, aliases ...string) *server {
	return &server{
		Pool: pool, Name: name, Config: &cognitoidp.ResourceServerType{Identifier: new(name), Name: new("server " + name)},
		Aliases: aliases, Secret: []byte("secret of " + name),
	}
}

func (s suite) resources(t *testing.T) {
	db := s.open(t)
	table := servers(db)
	p, other := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	one := newServer(p.ID, "one", "first", "eins")
	ok(t, table.Create(t.Context(), "us-east-1_p", one))
	if one.Version != 1 {
		t.Errorf("new resource has the version %d", one.Version)
	}
	got, err := table.Find(t.Context(), p.ID, "one")
	ok(t, err)
	equal(t, "resource", got, one)
	got, err = table.FindAlias(t.Context(), p.ID, "eins")
	ok(t, err)
	equal(t, "resource by an alias", got, one)

	// Names and aliases are unique in the pool and the kind.
	taken(t, "name", table.Create(t.Context(), "us-east-1_p", newServer(p.ID, "one")), "")
	taken(t, "alias", table.Create(t.Context(), "us-east-1_p", newServer(p.ID, "two", "eins")), "")
	_, err = table.Find(t.Context(), p.ID, "two")
	fails(t, "what was refused", err, store.ErrNotFound)
	ok(t, table.Create(t.Context(), "us-east-1_q", newServer(other.ID, "one", "eins")))
	elsewhere := store.NewResources[cognitoidp.ResourceServerType](db, "another-kind")
	ok(t, elsewhere.Create(t.Context(), "us-east-1_p", newServer(p.ID, "one", "eins")))
	fails(t, "resource of no pool", table.Create(t.Context(), "us-east-1_r", newServer(p.ID+1, "one")), store.ErrNotFound)

	// An update wins against the version that it was made from.
	stale := *one
	one.Config.Name, one.Aliases, one.Secret = new("renamed"), []string{"first", "uno"}, nil
	ok(t, table.Update(t.Context(), "us-east-1_p", one))
	if one.Version != 2 {
		t.Errorf("changed resource has the version %d", one.Version)
	}
	fails(t, "stale update", table.Update(t.Context(), "us-east-1_p", &stale), store.ErrConflict)
	got, err = table.FindAlias(t.Context(), p.ID, "uno")
	ok(t, err)
	equal(t, "changed resource", got, one)
	_, err = table.FindAlias(t.Context(), p.ID, "eins")
	fails(t, "alias that was given up", err, store.ErrNotFound)
	ok(t, table.Create(t.Context(), "us-east-1_p", newServer(p.ID, "two", "eins")))
	one.Aliases = []string{"eins"}
	taken(t, "alias of another", table.Update(t.Context(), "us-east-1_p", one), "")
	_, err = table.FindAlias(t.Context(), p.ID, "uno")
	ok(t, err)

	ok(t, table.Delete(t.Context(), "us-east-1_p", p.ID, "one"))
	fails(t, "second deletion", table.Delete(t.Context(), "us-east-1_p", p.ID, "one"), store.ErrNotFound)
	fails(t, "update of what is gone", table.Update(t.Context(), "us-east-1_p", &stale), store.ErrNotFound)
	_, err = table.FindAlias(t.Context(), p.ID, "uno")
	fails(t, "alias of what is gone", err, store.ErrNotFound)
	_, err = table.Find(t.Context(), other.ID, "one")
	ok(t, err)
	_, err = elsewhere.FindAlias(t.Context(), p.ID, "eins")
	ok(t, err)
}

func (s suite) resourceList(t *testing.T) {
	db := s.open(t)
	table := servers(db)
	p := Pool(t, db, "us-east-1_p")
	want := []string{"*", "A", "Z", "a", "b", "é"}
	for _, i := range []int{3, 1, 5, 0, 4, 2} {
		ok(t, table.Create(t.Context(), "us-east-1_p", newServer(p.ID, want[i])))
	}
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := table.List(t.Context(), p.ID, after, 4)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		for _, x := range page {
			equal(t, "secret", string(x.Secret), "secret of "+x.Name)
			got = append(got, x.Name)
		}
	}
	equal(t, "names", got, want)
	n, err := table.Count(t.Context(), p.ID)
	ok(t, err)
	equal(t, "count", n, len(want))
}

// resourcesOfClients checks that a client takes what belongs to it along.
func (s suite) resourcesOfClients(t *testing.T) {
	db := s.open(t)
	table := servers(db)
	p := Pool(t, db, "us-east-1_p")
	for _, id := range []string{"one", "two"} {
		ok(t, db.CreateClient(t.Context(), &store.Client{Pool: p.ID, Config: &cognitoidp.UserPoolClientType{ClientId: new(id)}}))
		for i := range 2 {
			x := newServer(p.ID, fmt.Sprintf("%s-%d", id, i), fmt.Sprintf("alias of %s-%d", id, i))
			x.Client = id
			ok(t, table.Create(t.Context(), "us-east-1_p", x))
		}
	}
	ok(t, table.Create(t.Context(), "us-east-1_p", newServer(p.ID, "the pool's", "alias")))
	got, err := table.Find(t.Context(), p.ID, "two-1")
	ok(t, err)
	equal(t, "client", got.Client, "two")
	stray := newServer(p.ID, "stray")
	stray.Client = "none"
	fails(t, "resource of no client", table.Create(t.Context(), "us-east-1_p", stray), store.ErrNotFound)

	ok(t, db.DeleteClient(t.Context(), p.ID, "one"))
	list, err := table.List(t.Context(), p.ID, "", 10)
	ok(t, err)
	var names []string
	for _, x := range list {
		names = append(names, x.Name)
	}
	equal(t, "what is left", names, []string{"the pool's", "two-0", "two-1"})
	_, err = table.FindAlias(t.Context(), p.ID, "alias of one-1")
	fails(t, "alias of what went with its client", err, store.ErrNotFound)
	_, err = table.FindAlias(t.Context(), p.ID, "alias of two-1")
	ok(t, err)
}

// resourceChanges checks that every write tells those who cache the pool.
func (s suite) resourceChanges(t *testing.T) {
	db, hands := s.openAt(t)
	table := servers(db)
	p := Pool(t, db, "us-east-1_p")
	x := newServer(p.ID, "one")
	for what, write := range []func() error{
		func() error { return table.Create(t.Context(), "us-east-1_p", x) },
		func() error { return table.Update(t.Context(), "us-east-1_p", x) },
		func() error { return table.Delete(t.Context(), "us-east-1_p", p.ID, "one") },
	} {
		hands.Advance(time.Second)
		before, err := db.Changes(t.Context(), epoch.AddDate(-100, 0, 0))
		ok(t, err)
		ok(t, write())
		after, err := db.Changes(t.Context(), epoch.AddDate(-100, 0, 0))
		ok(t, err)
		if len(after) != len(before)+1 || after[len(after)-1].Scope != store.ChangePool || after[len(after)-1].ExternalID != "us-east-1_p" {
			t.Errorf("write %d is told by %+v", what, after[len(before):])
		}
	}
}

func (s suite) requestRates(t *testing.T) {
	db, hands := s.openAt(t)
	got, err := db.RequestRates(t.Context())
	ok(t, err)
	equal(t, "rates of nothing", got, map[string]int64{})
	ok(t, db.SetRequestRate(t.Context(), "UserRead", 200))
	ok(t, db.SetRequestRate(t.Context(), "UserList", 40))
	hands.Advance(time.Second)
	ok(t, db.SetRequestRate(t.Context(), "UserRead", 300))
	got, err = db.RequestRates(t.Context())
	ok(t, err)
	equal(t, "rates", got, map[string]int64{"UserRead": 300, "UserList": 40})
	changes, err := db.Changes(t.Context(), hands.Now())
	ok(t, err)
	equal(t, "changes", changes, []store.Change{{At: hands.Now(), Scope: store.ChangeRates}})
}
