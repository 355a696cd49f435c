package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// taken fails the test unless err is *store.ExistsError of a kind.
func taken(t *testing.T, what string, err error, kind store.KeyKind) {
	t.Helper()
	if e, is := errors.AsType[*store.ExistsError](err); !is || e.Kind != kind {
		t.Errorf("%s: %v, want that the %q exists", what, err, kind)
	}
}

// fails fails the test unless err is target.
func fails(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

func (s suite) pools(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_One")
	if p.ID <= 0 || p.Version != 1 {
		t.Errorf("new pool has the id %d and version %d", p.ID, p.Version)
	}
	got, err := db.Pool(t.Context(), "us-east-1_One")
	ok(t, err)
	equal(t, "pool", got, p)
	_, err = db.Pool(t.Context(), "us-east-1_one")
	fails(t, "pool in other case", err, store.ErrNotFound)
	other := &store.Pool{Config: &cognitoidp.UserPoolType{Id: new("us-east-1_One")}, MFA: &cognitoidp.GetUserPoolMfaConfigResponse{}}
	taken(t, "pool with a used id", db.CreatePool(t.Context(), other, store.SigningKeys{}), "")
	keys, err := db.SigningKeys(t.Context(), p.ID)
	ok(t, err)
	equal(t, "keys", keys, store.SigningKeys{ID: []byte("id key of us-east-1_One"), Access: []byte("access key of us-east-1_One")})
	_, err = db.SigningKeys(t.Context(), p.ID+1)
	fails(t, "keys of no pool", err, store.ErrNotFound)
	if n, err := db.CountUsers(t.Context(), p.ID); n != 0 || err != nil {
		t.Errorf("empty pool has %d users, %v", n, err)
	}
}

func (s suite) poolList(t *testing.T) {
	db := s.open(t)
	// The order is that of bytes: capitals before small letters, whatever the locale says.
	want := []string{"us-east-1_A", "us-east-1_B", "us-east-1_Z", "us-east-1_a", "us-east-1_b", "us-east-1_é"}
	for _, id := range []string{want[3], want[1], want[5], want[0], want[4], want[2]} {
		Pool(t, db, id)
	}
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := db.ListPools(t.Context(), after, 4)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			got = append(got, *p.Config.Id)
		}
	}
	equal(t, "pools", got, want)
}

func (s suite) poolVersions(t *testing.T) {
	db := s.open(t)
	p := Pool(t, db, "us-east-1_p")
	stale := *p
	p.Config.Name = new("renamed")
	p.MFA.MfaConfiguration = new(cognitoidp.UserPoolMfaTypeOn)
	ok(t, db.UpdatePool(t.Context(), p))
	if p.Version != 2 {
		t.Errorf("version %d after an update, want 2", p.Version)
	}
	got, err := db.Pool(t.Context(), "us-east-1_p")
	ok(t, err)
	equal(t, "updated pool", got, p)
	fails(t, "stale update", db.UpdatePool(t.Context(), &stale), store.ErrConflict)
	ok(t, db.DeletePool(t.Context(), p))
	fails(t, "update of a deleted pool", db.UpdatePool(t.Context(), p), store.ErrNotFound)
	fails(t, "second deletion", db.DeletePool(t.Context(), p), store.ErrNotFound)
}

func (s suite) poolDeletion(t *testing.T) {
	db, hands := s.openAt(t)
	old := Pool(t, db, "us-east-1_p")
	var users []*store.User
	for i := range 510 {
		u := NewUser(old.ID, "user"+string(rune(0x4e00+i)))
		users = append(users, u)
	}
	ok(t, db.CreateUsers(t.Context(), users))
	client := newClient(old.ID, "client1")
	ok(t, db.CreateClient(t.Context(), client))
	ok(t, db.PutCode(t.Context(), old.ID, users[0].ID, store.Code{Purpose: store.CodeReset, Expires: epoch}))
	ok(t, db.RevokeFamily(t.Context(), store.Family{Pool: old.ID, User: users[0].ID, OriginJTI: "j", Expires: epoch}))
	if _, err := db.PurgePool(t.Context(), old.ID); err == nil {
		t.Error("a living pool was purged")
	}
	ok(t, db.DeletePool(t.Context(), old))

	_, err := db.Pool(t.Context(), "us-east-1_p")
	fails(t, "deleted pool", err, store.ErrNotFound)
	_, err = db.SigningKeys(t.Context(), old.ID)
	fails(t, "its keys", err, store.ErrNotFound)
	_, err = db.Client(t.Context(), "client1")
	fails(t, "its client", err, store.ErrNotFound)
	fails(t, "new client in it", db.CreateClient(t.Context(), newClient(old.ID, "client2")), store.ErrNotFound)

	// Its ids can be used again at once, and meet nothing of the old pool.
	fresh := Pool(t, db, "us-east-1_p")
	if fresh.ID == old.ID {
		t.Fatal("a pool got the internal id of a deleted one")
	}
	ok(t, db.CreateClient(t.Context(), newClient(fresh.ID, "client1")))
	u := NewUser(fresh.ID, users[0].Username)
	ok(t, db.CreateUser(t.Context(), u, store.CreateOptions{}))

	kinds := []string{store.JobPoolDeletion}
	_, err = db.ClaimJob(t.Context(), kinds, "node", hands.Now(), hands.Now().Add(time.Minute))
	fails(t, "deletion before other nodes know", err, store.ErrNotFound)
	hands.Advance(5 * time.Second)
	job, err := db.ClaimJob(t.Context(), kinds, "node", hands.Now(), hands.Now().Add(time.Minute))
	ok(t, err)
	equal(t, "pool of the job", job.DeletedPool(), old.ID)
	steps := 0
	for more := true; more; steps++ {
		more, err = db.PurgePool(t.Context(), old.ID)
		ok(t, err)
	}
	// 1,530 names, 510 attributes, 510 users, and a few, at most 500 at a time.
	if steps < 4+2+2 {
		t.Errorf("purged in %d steps, which must have been large", steps)
	}
	_, err = db.FindUser(t.Context(), old.ID, users[1].Keys[0])
	fails(t, "purged user", err, store.ErrNotFound)
	if n, err := db.CountUsers(t.Context(), old.ID); n != 0 || err != nil {
		t.Errorf("purged pool has %d users, %v", n, err)
	}
	_, err = db.FindUser(t.Context(), fresh.ID, u.Keys[0])
	ok(t, err)
	_, err = db.Client(t.Context(), "client1")
	ok(t, err)
}

func newClient(pool store.PoolID, id string) *store.Client {
	return &store.Client{
		Pool: pool,
		Config: &cognitoidp.UserPoolClientType{
			ClientId: new(id), ClientName: new("name of " + id),
			ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"},
		},
		Secrets: []store.ClientSecret{{ID: "1", Value: "secret of " + id, Created: epoch}},
	}
}

func (s suite) clients(t *testing.T) {
	db := s.open(t)
	p, q := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	c := newClient(p.ID, "c1")
	c.Config.ClientSecret = new("never stored beside the sealed ones")
	ok(t, db.CreateClient(t.Context(), c))
	got, err := db.Client(t.Context(), "c1")
	ok(t, err)
	want := newClient(p.ID, "c1")
	want.Version = 1
	equal(t, "client", got, want)
	taken(t, "client with a used id", db.CreateClient(t.Context(), newClient(q.ID, "c1")), "")
	_, err = db.Client(t.Context(), "C1")
	fails(t, "client id in other case", err, store.ErrNotFound)

	bare := newClient(p.ID, "c0")
	bare.Secrets = nil
	ok(t, db.CreateClient(t.Context(), bare))
	got, err = db.Client(t.Context(), "c0")
	ok(t, err)
	equal(t, "client without secret", got, bare)
	ok(t, db.CreateClient(t.Context(), newClient(q.ID, "c05")))
	for _, test := range []struct {
		after string
		limit int
		want  []string
	}{{"", 10, []string{"c0", "c1"}}, {"", 1, []string{"c0"}}, {"c0", 10, []string{"c1"}}, {"c1", 10, nil}} {
		list, err := db.ListClients(t.Context(), p.ID, test.after, test.limit)
		ok(t, err)
		var ids []string
		for _, c := range list {
			ids = append(ids, *c.Config.ClientId)
		}
		equal(t, "clients after "+test.after, ids, test.want)
	}
}

func (s suite) clientVersions(t *testing.T) {
	db := s.open(t)
	p, q := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	c := newClient(p.ID, "c")
	ok(t, db.CreateClient(t.Context(), c))
	stale := *c
	c.Config.ClientName = new("renamed")
	c.Secrets = append(c.Secrets, store.ClientSecret{ID: "2", Value: "second", Created: epoch})
	ok(t, db.UpdateClient(t.Context(), c))
	got, err := db.Client(t.Context(), "c")
	ok(t, err)
	equal(t, "updated client", got, c)
	fails(t, "stale update", db.UpdateClient(t.Context(), &stale), store.ErrConflict)
	fails(t, "deletion through another pool", db.DeleteClient(t.Context(), q.ID, "c"), store.ErrNotFound)
	ok(t, db.DeleteClient(t.Context(), p.ID, "c"))
	fails(t, "second deletion", db.DeleteClient(t.Context(), p.ID, "c"), store.ErrNotFound)
	fails(t, "update of a deleted client", db.UpdateClient(t.Context(), c), store.ErrNotFound)
}

func (s suite) changes(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	hands.Advance(time.Second)
	ok(t, db.CreateClient(t.Context(), newClient(p.ID, "c")))
	hands.Advance(time.Second)
	ok(t, db.UpdatePool(t.Context(), p))
	want := []store.Change{
		{At: epoch, Scope: store.ChangePool, ExternalID: "us-east-1_p"},
		{At: epoch.Add(time.Second), Scope: store.ChangeClient, ExternalID: "c"},
		{At: epoch.Add(2 * time.Second), Scope: store.ChangePool, ExternalID: "us-east-1_p"},
	}
	got, err := db.Changes(t.Context(), epoch)
	ok(t, err)
	equal(t, "changes", got, want)
	got, err = db.Changes(t.Context(), epoch.Add(time.Second))
	ok(t, err)
	equal(t, "later changes", got, want[1:])
	p.Version--
	fails(t, "stale update", db.UpdatePool(t.Context(), p), store.ErrConflict)
	got, err = db.Changes(t.Context(), epoch)
	ok(t, err)
	equal(t, "changes after a refused write", got, want)
}

func (s suite) accessKeys(t *testing.T) {
	db := s.open(t)
	keys := []store.AccessKey{
		{ID: "AKIA1", Secret: "first", User: "alice", Created: epoch},
		{ID: "AKIA2", Secret: "second", User: "root", Root: true, Created: epoch},
	}
	for _, k := range slices.Backward(keys) {
		ok(t, db.CreateAccessKey(t.Context(), k))
	}
	taken(t, "access key with a used id", db.CreateAccessKey(t.Context(), keys[0]), "")
	list, err := db.ListAccessKeys(t.Context())
	ok(t, err)
	equal(t, "access keys", list, keys)
	ok(t, db.DisableAccessKey(t.Context(), "AKIA1"))
	got, err := db.AccessKey(t.Context(), "AKIA1")
	ok(t, err)
	keys[0].Disabled = true
	equal(t, "disabled access key", *got, keys[0])
	_, err = db.AccessKey(t.Context(), "akia1")
	fails(t, "access key in other case", err, store.ErrNotFound)
	fails(t, "disabling none", db.DisableAccessKey(t.Context(), "none"), store.ErrNotFound)
}

func (s suite) reset(t *testing.T) {
	o := s.fresh(t)
	o.RootKey = &store.AccessKey{ID: "ROOT", Secret: "secret"}
	db := Open(t, o)
	p := Pool(t, db, "us-east-1_p")
	u := User(t, db, p.ID, "alice")
	ok(t, db.CreateAccessKey(t.Context(), store.AccessKey{ID: "AKIA1", Secret: "s"}))
	ok(t, db.CreateDomain(t.Context(), "us-east-1_p", newDomain(p.ID, "domain", false)))
	ok(t, db.Reset(t.Context()))
	_, err := db.Pool(t.Context(), "us-east-1_p")
	fails(t, "pool after a reset", err, store.ErrNotFound)
	_, err = db.FindUser(t.Context(), p.ID, u.Keys[0])
	fails(t, "user after a reset", err, store.ErrNotFound)
	keys, err := db.ListAccessKeys(t.Context())
	ok(t, err)
	if len(keys) != 1 || keys[0].ID != "ROOT" {
		t.Errorf("access keys after a reset: %+v, want the root key", keys)
	}
	changes, err := db.Changes(t.Context(), time.UnixMilli(0))
	ok(t, err)
	if len(changes) != 1 || changes[0].Scope != store.ChangeAll {
		t.Errorf("changes after a reset: %+v, want one of everything", changes)
	}
	p = Pool(t, db, "us-east-1_p")
	ok(t, db.CreateDomain(t.Context(), "us-east-1_p", newDomain(p.ID, "domain", false)))
}
