package storetest

import (
	"errors"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

func newDomain(pool store.PoolID, name string, custom bool) *store.Domain {
	d := &store.Domain{Name: name, Pool: pool, Config: &cognitoidp.DomainDescriptionType{Domain: new(name)}}
	if custom {
		d.Config.CustomDomainConfig = &cognitoidp.CustomDomainConfigType{CertificateArn: new("arn of " + name)}
	}
	return d
}

func (s suite) domains(t *testing.T) {
	db := s.open(t)
	p, other := Pool(t, db, "us-east-1_p"), Pool(t, db, "us-east-1_q")
	prefix, custom := newDomain(p.ID, "one", false), newDomain(p.ID, "one.example.com", true)
	ok(t, db.CreateDomain(t.Context(), "us-east-1_p", prefix))
	ok(t, db.CreateDomain(t.Context(), "us-east-1_p", custom))
	got, err := db.Domain(t.Context(), "one.example.com")
	ok(t, err)
	equal(t, "domain", got, custom)
	list, err := db.PoolDomains(t.Context(), p.ID)
	ok(t, err)
	equal(t, "domains of the pool", list, []*store.Domain{prefix, custom})
	_, err = db.Domain(t.Context(), "ONE")
	fails(t, "domain in other case", err, store.ErrNotFound)

	fails(t, "second prefix", db.CreateDomain(t.Context(), "us-east-1_p", newDomain(p.ID, "two", false)), store.ErrHasDomain)
	fails(t, "second custom domain", db.CreateDomain(t.Context(), "us-east-1_p", newDomain(p.ID, "two.example.com", true)), store.ErrHasDomain)
	taken(t, "domain of another pool", db.CreateDomain(t.Context(), "us-east-1_q", newDomain(other.ID, "one", false)), "")
	fails(t, "domain of no pool", db.CreateDomain(t.Context(), "us-east-1_r", newDomain(p.ID+1, "three", false)), store.ErrNotFound)
	_, err = db.Domain(t.Context(), "three")
	fails(t, "what was refused", err, store.ErrNotFound)

	stale := *prefix
	prefix.Config.ManagedLoginVersion = new(2)
	ok(t, db.UpdateDomain(t.Context(), "us-east-1_p", prefix))
	fails(t, "stale update", db.UpdateDomain(t.Context(), "us-east-1_p", &stale), store.ErrConflict)
	got, err = db.Domain(t.Context(), "one")
	ok(t, err)
	equal(t, "changed domain", got, prefix)

	// A pool with a domain stays.
	fails(t, "deletion of the pool", db.DeletePool(t.Context(), p), store.ErrHasDomain)
	_, err = db.Pool(t.Context(), "us-east-1_p")
	ok(t, err)
	_, err = db.SigningKeys(t.Context(), p.ID)
	ok(t, err)

	fails(t, "deletion through another pool", db.DeleteDomain(t.Context(), "us-east-1_q", other.ID, "one"), store.ErrNotFound)
	ok(t, db.DeleteDomain(t.Context(), "us-east-1_p", p.ID, "one"))
	fails(t, "second deletion", db.DeleteDomain(t.Context(), "us-east-1_p", p.ID, "one"), store.ErrNotFound)
	fails(t, "update of what is gone", db.UpdateDomain(t.Context(), "us-east-1_p", prefix), store.ErrNotFound)
	ok(t, db.CreateDomain(t.Context(), "us-east-1_q", newDomain(other.ID, "one", false)))
	ok(t, db.DeleteDomain(t.Context(), "us-east-1_p", p.ID, "one.example.com"))
	ok(t, db.DeletePool(t.Context(), p))
}

// raceForDomain lets pools fight for a name, and callers for the one prefix of a pool.
func (s suite) raceForDomain(t *testing.T) {
	nodes := s.nodes(t)
	pools := make([]*store.Pool, racers)
	for i := range pools {
		pools[i] = Pool(t, nodes[0], "us-east-1_p"+strconv.Itoa(i))
	}
	var names, prefixes atomic.Int32
	race(t, nodes, func(i int, db *store.DB) error {
		err := db.CreateDomain(t.Context(), *pools[i].Config.Id, newDomain(pools[i].ID, "one.example.com", true))
		if _, is := errors.AsType[*store.ExistsError](err); is {
			return nil
		}
		names.Add(1)
		return err
	})
	race(t, nodes, func(i int, db *store.DB) error {
		err := db.CreateDomain(t.Context(), "us-east-1_p0", newDomain(pools[0].ID, "prefix"+strconv.Itoa(i), false))
		if errors.Is(err, store.ErrHasDomain) {
			return nil
		}
		prefixes.Add(1)
		return err
	})
	equal(t, "pools with the name", names.Load(), 1)
	equal(t, "prefixes", prefixes.Load(), 1)
}
