package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cenote-id/cenote/internal/seal"
)

// Resource is something that a pool holds besides clients, users and groups, such as a
// resource server: a generated record with what cannot stand in it.
type Resource[T any] struct {
	Pool PoolID
	Name string // unique in the pool and the table
	// Client is the app client that the resource belongs to and is deleted with; empty for a
	// resource of the pool. It never changes.
	Client  string
	Version int64 // grows by one with each update
	Config  *T
	// Aliases are further names; no two resources of a pool and a table share one.
	Aliases []string
	// Secret is sealed at rest and may be empty.
	Secret []byte
}

// Resources are the resources of one kind, in all pools. A write is a change of the pool
// to those who follow Changes.
type Resources[T any] struct {
	db   *DB
	kind string
}

// NewResources returns the table of a kind. Kinds are stored and never change their names.
func NewResources[T any](db *DB, kind string) Resources[T] { return Resources[T]{db, kind} }

// resourceRow is a resource as the columns of its row have it.
type resourceRow struct {
	config, aliases string
	secret          []byte
	change          change
}

func (r Resources[T]) encode(x *Resource[T], poolID string) (row resourceRow, err error) {
	if row.config, err = document(x.Config); err != nil {
		return row, err
	}
	if row.aliases, err = document(x.Aliases); err != nil {
		return row, err
	}
	if len(x.Secret) > 0 {
		if row.secret, err = r.db.keyring.Seal(seal.ProviderSecret, r.context(x.Pool, x.Name), x.Secret); err != nil {
			return row, err
		}
	}
	row.change, err = r.db.newChange(ChangePool, poolID)
	return row, err
}

func (r Resources[T]) context(pool PoolID, name string) []byte {
	return poolContext(pool, string(seal.Context(r.kind, name)))
}

func (r Resources[T]) scan(scan scanner, pool PoolID) (*Resource[T], error) {
	x := &Resource[T]{Pool: pool}
	var config, aliases, sealed []byte
	err := scan(&x.Name, &x.Client, &x.Version, &config, &sealed, &aliases)
	if err != nil {
		return nil, err
	}
	if x.Config, err = parse[T](config); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(aliases, &x.Aliases); err != nil {
		return nil, fmt.Errorf("store: a resource's aliases cannot be read: %w", err)
	}
	if len(sealed) > 0 {
		x.Secret, err = r.db.keyring.Open(seal.ProviderSecret, r.context(pool, x.Name), sealed)
	}
	return x, err
}

// Find returns a resource by its name. The error is ErrNotFound when there is none.
func (r Resources[T]) Find(ctx context.Context, pool PoolID, name string) (x *Resource[T], err error) {
	err = r.db.engine.read(ctx, func(t *tx) error {
		x = nil
		return t.query(`SELECT name, client, version, config, secret, aliases FROM resources
			WHERE pool = $1 AND kind = $2 AND name = $3`, pool, r.kind, name).
			each(func(scan scanner) (err error) {
				x, err = r.scan(scan, pool)
				return err
			})
	})
	if err == nil && x == nil {
		err = ErrNotFound
	}
	return x, err
}

// FindAlias returns the resource that has an alias. The error is ErrNotFound when none has.
func (r Resources[T]) FindAlias(ctx context.Context, pool PoolID, alias string) (x *Resource[T], err error) {
	err = r.db.engine.read(ctx, func(t *tx) error {
		x = nil
		return t.query(`SELECT r.name, r.client, r.version, r.config, r.secret, r.aliases
			FROM resource_aliases a JOIN resources r ON r.pool = a.pool AND r.kind = a.kind AND r.name = a.name
			WHERE a.pool = $1 AND a.kind = $2 AND a.alias = $3`, pool, r.kind, alias).
			each(func(scan scanner) (err error) {
				x, err = r.scan(scan, pool)
				return err
			})
	})
	if err == nil && x == nil {
		err = ErrNotFound
	}
	return x, err
}

// List returns up to limit resources of a pool whose name comes after the given one, in the
// byte order of names.
func (r Resources[T]) List(ctx context.Context, pool PoolID, after string, limit int) (list []*Resource[T], err error) {
	err = r.db.engine.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT name, client, version, config, secret, aliases FROM resources
			WHERE pool = $1 AND kind = $2 AND name > $3 ORDER BY name LIMIT $4`, pool, r.kind, after, limit).
			each(func(scan scanner) error {
				x, err := r.scan(scan, pool)
				list = append(list, x)
				return err
			})
	})
	return list, err
}

// Count returns how many resources of the kind a pool has.
func (r Resources[T]) Count(ctx context.Context, pool PoolID) (n int, err error) {
	err = r.db.engine.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT COUNT(*) FROM resources WHERE pool = $1 AND kind = $2`, pool, r.kind).one(&n)
		return err
	})
	return n, err
}

// Create stores a new resource of the pool with the given external id and sets its Version.
// The error is *ExistsError when its name or one of its aliases is in use, ErrNotFound when
// the pool or the client that it belongs to is gone.
func (r Resources[T]) Create(ctx context.Context, poolID string, x *Resource[T]) error {
	return r.create(ctx, poolID, x, func(*tx) error { return nil })
}

// create is Create with more in the same transaction.
func (r Resources[T]) create(ctx context.Context, poolID string, x *Resource[T], more func(*tx) error) error {
	row, err := r.encode(x, poolID)
	if err != nil {
		return err
	}
	err = r.db.engine.write(ctx, false, func(t *tx) error {
		var one int64
		if found, err := t.query(`SELECT 1 FROM pools WHERE pool = $1`, x.Pool).one(&one); err != nil || !found {
			return orNotFound(err)
		}
		if x.Client != "" {
			if found, err := t.query(`SELECT 1 FROM clients WHERE client_id = $1 AND pool = $2`, x.Client, x.Pool).one(&one); err != nil || !found {
				return orNotFound(err)
			}
		}
		n, err := t.exec(`INSERT INTO resources (pool, kind, name, client, version, config, secret, aliases)
			VALUES ($1, $2, $3, $4, 1, $5, $6, $7) ON CONFLICT (pool, kind, name) DO NOTHING`,
			x.Pool, r.kind, x.Name, x.Client, row.config, row.secret, row.aliases)
		if err != nil {
			return err
		}
		if n == 0 {
			return &ExistsError{}
		}
		if err := r.putAliases(t, x); err != nil {
			return err
		}
		if err := more(t); err != nil {
			return err
		}
		return row.change.insert(t)
	})
	if err == nil {
		x.Version = 1
	}
	return err
}

func (r Resources[T]) putAliases(t *tx, x *Resource[T]) error {
	for _, alias := range x.Aliases {
		n, err := t.exec(`INSERT INTO resource_aliases (pool, kind, alias, name) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool, kind, alias) DO NOTHING`, x.Pool, r.kind, alias, x.Name)
		if err != nil {
			return err
		}
		if n == 0 {
			return &ExistsError{}
		}
	}
	return nil
}

func (r Resources[T]) dropAliases(t *tx, pool PoolID, name string, aliases []string) error {
	for _, alias := range aliases {
		if _, err := t.exec(`DELETE FROM resource_aliases
			WHERE pool = $1 AND kind = $2 AND alias = $3 AND name = $4`, pool, r.kind, alias, name); err != nil {
			return err
		}
	}
	return nil
}

// aliases returns the aliases that a resource has in a transaction.
func (r Resources[T]) aliases(t *tx, pool PoolID, name string) (aliases []string, err error) {
	var text []byte
	found, err := t.query(`SELECT aliases FROM resources WHERE pool = $1 AND kind = $2 AND name = $3`,
		pool, r.kind, name).one(&text)
	if err != nil || !found {
		return nil, orNotFound(err)
	}
	if err := json.Unmarshal(text, &aliases); err != nil {
		return nil, fmt.Errorf("store: a resource's aliases cannot be read: %w", err)
	}
	return aliases, nil
}

// Update stores a changed resource and counts its Version up. The error is ErrConflict when
// it was changed since it was read, ErrNotFound when it was deleted, *ExistsError when a new
// alias is in use.
func (r Resources[T]) Update(ctx context.Context, poolID string, x *Resource[T]) error {
	row, err := r.encode(x, poolID)
	if err != nil {
		return err
	}
	err = r.db.engine.write(ctx, false, func(t *tx) error {
		old, err := r.aliases(t, x.Pool, x.Name)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE resources SET version = version + 1, config = $5, secret = $6, aliases = $7
			WHERE pool = $1 AND kind = $2 AND name = $3 AND version = $4`,
			x.Pool, r.kind, x.Name, x.Version, row.config, row.secret, row.aliases)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.whyNot(`SELECT 1 FROM resources WHERE pool = $1 AND kind = $2 AND name = $3`, x.Pool, r.kind, x.Name)
		}
		if !slices.Equal(old, x.Aliases) {
			if err := r.dropAliases(t, x.Pool, x.Name, old); err != nil {
				return err
			}
			if err := r.putAliases(t, x); err != nil {
				return err
			}
		}
		return row.change.insert(t)
	})
	if err == nil {
		x.Version++
	}
	return err
}

// Delete deletes a resource. The error is ErrNotFound when there is none.
func (r Resources[T]) Delete(ctx context.Context, poolID string, pool PoolID, name string) error {
	return r.delete(ctx, poolID, pool, name, func(*tx) error { return nil })
}

// delete is Delete with more in the same transaction.
func (r Resources[T]) delete(ctx context.Context, poolID string, pool PoolID, name string, more func(*tx) error) error {
	change, err := r.db.newChange(ChangePool, poolID)
	if err != nil {
		return err
	}
	return r.db.engine.write(ctx, false, func(t *tx) error {
		aliases, err := r.aliases(t, pool, name)
		if err != nil {
			return err
		}
		if err := r.dropAliases(t, pool, name, aliases); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM resources WHERE pool = $1 AND kind = $2 AND name = $3`, pool, r.kind, name); err != nil {
			return err
		}
		if err := more(t); err != nil {
			return err
		}
		return change.insert(t)
	})
}

// dropResourcesOf deletes what belongs to an app client.
func dropResourcesOf(t *tx, pool PoolID, client string) error {
	if _, err := t.exec(`DELETE FROM resource_aliases WHERE pool = $1 AND (kind, name) IN
		(SELECT kind, name FROM resources WHERE pool = $1 AND client = $2)`, pool, client); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM resources WHERE pool = $1 AND client = $2`, pool, client)
	return err
}
