package store

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// ErrHasDomain says that a pool has a domain already, or still.
var ErrHasDomain = errors.New("store: the user pool has a domain")

// Domain is a domain of a user pool's login pages: a prefix, or with a CustomDomainConfig a
// whole name. No two pools share one, and a pool has at most one of each kind.
type Domain struct {
	Name    string
	Pool    PoolID
	Version int64 // grows by one with each update
	Config  *cognitoidp.DomainDescriptionType
}

// Custom says whether the domain is a whole name of the operator's.
func (d *Domain) Custom() bool { return d.Config.CustomDomainConfig != nil }

func scanDomain(scan scanner) (*Domain, error) {
	var d Domain
	var pool int64
	var config []byte
	err := scan(&d.Name, &pool, &d.Version, &config)
	if err != nil {
		return nil, err
	}
	d.Pool = PoolID(pool)
	d.Config, err = parse[cognitoidp.DomainDescriptionType](config)
	return &d, err
}

// Domain returns a domain by its name. The error is ErrNotFound when no pool has it.
func (db *DB) Domain(ctx context.Context, name string) (d *Domain, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		d = nil
		return t.query(`SELECT domain, pool, version, config FROM domains WHERE domain = $1`, name).
			each(func(scan scanner) (err error) {
				d, err = scanDomain(scan)
				return err
			})
	})
	if err == nil && d == nil {
		err = ErrNotFound
	}
	return d, err
}

// PoolDomains returns the domains of a pool, at most a prefix and a custom one, by name.
func (db *DB) PoolDomains(ctx context.Context, pool PoolID) (domains []*Domain, err error) {
	err = db.engine.read(ctx, func(t *tx) (err error) {
		domains, err = poolDomains(t, pool)
		return err
	})
	return domains, err
}

func poolDomains(t *tx, pool PoolID) (domains []*Domain, err error) {
	err = t.query(`SELECT domain, pool, version, config FROM domains WHERE pool = $1 ORDER BY domain`, pool).
		each(func(scan scanner) error {
			d, err := scanDomain(scan)
			domains = append(domains, d)
			return err
		})
	return domains, err
}

// CreateDomain stores a new domain of the pool with the given external id and sets its
// Version. The error is ErrHasDomain when the pool has one of its kind, *ExistsError when
// another pool has the name, ErrNotFound when the pool is gone.
func (db *DB) CreateDomain(ctx context.Context, poolID string, d *Domain) error {
	config, err := document(d.Config)
	if err != nil {
		return err
	}
	change, err := db.newChange(ChangePool, poolID)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		// Locks the pool's row, so that of two domains made at once one sees the other, and so
		// does the deletion of the pool.
		n, err := t.exec(`UPDATE pools SET version = version WHERE pool = $1`, d.Pool)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		present, err := poolDomains(t, d.Pool)
		if err != nil {
			return err
		}
		for _, p := range present {
			if p.Custom() == d.Custom() {
				return ErrHasDomain
			}
		}
		n, err = t.exec(`INSERT INTO domains (domain, pool, version, config) VALUES ($1, $2, 1, $3)
			ON CONFLICT (domain) DO NOTHING`, d.Name, d.Pool, config)
		if err != nil {
			return err
		}
		if n == 0 {
			return &ExistsError{}
		}
		return change.insert(t)
	})
	if err == nil {
		d.Version = 1
	}
	return err
}

// UpdateDomain stores a changed domain and counts its Version up. The error is ErrConflict
// when it was changed since it was read, ErrNotFound when it was deleted.
func (db *DB) UpdateDomain(ctx context.Context, poolID string, d *Domain) error {
	config, err := document(d.Config)
	if err != nil {
		return err
	}
	change, err := db.newChange(ChangePool, poolID)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE domains SET version = version + 1, config = $4
			WHERE domain = $1 AND pool = $2 AND version = $3`, d.Name, d.Pool, d.Version, config)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.whyNot(`SELECT 1 FROM domains WHERE domain = $1 AND pool = $2`, d.Name, d.Pool)
		}
		return change.insert(t)
	})
	if err == nil {
		d.Version++
	}
	return err
}

// DeleteDomain deletes a domain of a pool. The error is ErrNotFound when the pool has no
// such domain.
func (db *DB) DeleteDomain(ctx context.Context, poolID string, pool PoolID, name string) error {
	change, err := db.newChange(ChangePool, poolID)
	if err != nil {
		return err
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`DELETE FROM domains WHERE domain = $1 AND pool = $2`, name, pool)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		return change.insert(t)
	})
}
