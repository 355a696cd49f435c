package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/internal/seal"
)

// The names in meta of what the first start writes.
const (
	metaMasterCheck = "master_key_check"
	metaDataKey     = "data_key/1"
)

// checkMasterKey compares the master key with the one that the database was made with, if
// it has been used before.
func checkMasterKey(ctx context.Context, e engine, key *seal.MasterKey) error {
	return e.read(ctx, func(t *tx) error {
		var check []byte
		found, err := t.query(`SELECT value FROM meta WHERE name = $1`, metaMasterCheck).one(&check)
		if err == nil && found && !key.Matches(check) {
			return ErrWrongMasterKey
		}
		return err
	})
}

// loadKeys makes the keyring from the database's data key, which it makes, with all that
// belongs to a first start, when the database is empty.
func (db *DB) loadKeys(ctx context.Context, o Options) error {
	wrapped, err := db.wrappedKey(ctx)
	if err != nil {
		return err
	}
	if wrapped == nil {
		if wrapped, err = db.begin(ctx, o); err != nil {
			return err
		}
	}
	key, err := o.MasterKey.Unwrap(wrapped)
	if errors.Is(err, seal.ErrOpen) {
		return ErrWrongMasterKey
	}
	if err != nil {
		return err
	}
	db.keyring, err = seal.NewKeyring(db.random, key)
	return err
}

// wrappedKey returns the wrapped data key, nil where there is none.
func (db *DB) wrappedKey(ctx context.Context) (wrapped []byte, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT value FROM meta WHERE name = $1`, metaDataKey).one(&wrapped)
		return err
	})
	return wrapped, err
}

// beginning is what an empty database gets first.
type beginning struct {
	check, wrapped []byte
	root           *sealedAccessKey // nil for none
}

// begin writes the beginning, all or nothing, and returns the wrapped data key that counts:
// of nodes that start together one is first, and the others take its key.
func (db *DB) begin(ctx context.Context, o Options) ([]byte, error) {
	b, err := db.newBeginning(o)
	if err != nil {
		return nil, err
	}
	var counts []byte
	err = db.engine.write(ctx, true, func(t *tx) error {
		found, err := t.query(`SELECT value FROM meta WHERE name = $1`, metaDataKey).one(&counts)
		if found || err != nil {
			return err
		}
		counts = b.wrapped
		return b.insert(t)
	})
	if err != nil {
		return nil, err
	}
	// Equal also when the commit's answer was lost and the closure found its own work.
	db.fresh = bytes.Equal(counts, b.wrapped)
	return counts, nil
}

func (db *DB) newBeginning(o Options) (*beginning, error) {
	key, err := seal.NewDataKey(db.random, 1)
	if err != nil {
		return nil, err
	}
	var b beginning
	if b.check, err = o.MasterKey.CheckValue(); err != nil {
		return nil, err
	}
	if b.wrapped, err = o.MasterKey.Wrap(db.random, key); err != nil {
		return nil, fmt.Errorf("store: wrap the data key: %w", err)
	}
	if o.RootKey == nil {
		return &b, nil
	}
	keyring, err := seal.NewKeyring(db.random, key)
	if err != nil {
		return nil, err
	}
	root := *o.RootKey
	root.Root = true
	if root.Created.IsZero() {
		root.Created = db.clock.Now()
	}
	b.root, err = sealAccessKey(keyring, root)
	return &b, err
}

func (b *beginning) insert(t *tx) error {
	if _, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2), ($3, $4)`,
		metaMasterCheck, b.check, metaDataKey, b.wrapped); err != nil || b.root == nil {
		return err
	}
	return b.root.insert(t)
}

// findRootKey remembers whether there is a root access key.
func (db *DB) findRootKey(ctx context.Context) error {
	return db.engine.read(ctx, func(t *tx) (err error) {
		var n int64
		db.rootKey, err = t.query(`SELECT 1 FROM access_keys WHERE root = 1 AND disabled = 0`).one(&n)
		return err
	})
}
