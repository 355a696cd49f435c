package store

import (
	"context"

	"github.com/cenote-id/cenote/internal/seal"
)

// sealedAccessKey is an access key as its row has it.
type sealedAccessKey struct {
	AccessKey
	sealed []byte
}

func sealAccessKey(keyring *seal.Keyring, k AccessKey) (*sealedAccessKey, error) {
	sealed, err := keyring.Seal(seal.AccessKey, []byte(k.ID), []byte(k.Secret))
	return &sealedAccessKey{k, sealed}, err
}

func (k *sealedAccessKey) insert(t *tx) error {
	n, err := t.exec(`INSERT INTO access_keys (id, secret, owner, root, disabled, created)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		k.ID, k.sealed, k.User, k.Root, k.Disabled, k.Created)
	if err == nil && n == 0 {
		return &ExistsError{}
	}
	return err
}

const accessKeyColumns = `id, secret, owner, root, disabled, created`

func scanAccessKey(keyring *seal.Keyring, scan scanner) (*AccessKey, error) {
	var k AccessKey
	var sealed []byte
	if err := scan(&k.ID, &sealed, &k.User, flag{&k.Root}, flag{&k.Disabled}, at{&k.Created}); err != nil {
		return nil, err
	}
	secret, err := keyring.Open(seal.AccessKey, []byte(k.ID), sealed)
	k.Secret = string(secret)
	return &k, err
}

// CreateAccessKey stores an access key. The error is *ExistsError when its id is in use.
func (db *DB) CreateAccessKey(ctx context.Context, k AccessKey) error {
	if k.Created.IsZero() {
		k.Created = db.clock.Now()
	}
	sealed, err := sealAccessKey(db.keyring, k)
	if err != nil {
		return err
	}
	return db.engine.write(ctx, false, sealed.insert)
}

// AccessKey returns the access key with the given id, disabled or not. The error is
// ErrNotFound when there is none.
func (db *DB) AccessKey(ctx context.Context, id string) (k *AccessKey, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		k = nil
		return t.query(`SELECT `+accessKeyColumns+` FROM access_keys WHERE id = $1`, id).
			each(func(scan scanner) (err error) {
				k, err = scanAccessKey(db.keyring, scan)
				return err
			})
	})
	if err == nil && k == nil {
		err = ErrNotFound
	}
	return k, err
}

// ListAccessKeys returns all access keys in the order of their ids.
func (db *DB) ListAccessKeys(ctx context.Context) (keys []AccessKey, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		keys = nil
		return t.query(`SELECT ` + accessKeyColumns + ` FROM access_keys ORDER BY id`).
			each(func(scan scanner) error {
				k, err := scanAccessKey(db.keyring, scan)
				if err == nil {
					keys = append(keys, *k)
				}
				return err
			})
	})
	return keys, err
}

// DisableAccessKey ends the use of an access key. The error is ErrNotFound when there is none.
func (db *DB) DisableAccessKey(ctx context.Context, id string) error {
	return db.engine.write(ctx, true, func(t *tx) error {
		n, err := t.exec(`UPDATE access_keys SET disabled = 1 WHERE id = $1`, id)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}
