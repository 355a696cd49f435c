package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/seal"
)

// newPoolID draws 63 random bits.
func newPoolID(random io.Reader) (PoolID, error) {
	for {
		var b [8]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, fmt.Errorf("make pool id: %w", err)
		}
		if id := PoolID(binary.BigEndian.Uint64(b[:]) >> 1); id != 0 {
			return id, nil
		}
	}
}

// poolContext is what a pool's sealed columns are bound to.
func poolContext(pool PoolID, part string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(pool)), part...)
}

// CreatePool stores a new pool under the external id in its Config, with its signing keys,
// and sets its ID and Version. The error is *ExistsError when the external id is in use.
func (db *DB) CreatePool(ctx context.Context, p *Pool, keys SigningKeys) error {
	id, err := newPoolID(db.random)
	if err != nil {
		return err
	}
	idKey, err := db.keyring.Seal(seal.SigningKey, poolContext(id, "id"), keys.ID)
	if err != nil {
		return err
	}
	accessKey, err := db.keyring.Seal(seal.SigningKey, poolContext(id, "access"), keys.Access)
	if err != nil {
		return err
	}
	config, mfa, err := poolDocuments(p)
	if err != nil {
		return err
	}
	externalID := api.Value(p.Config.Id)
	change, err := db.newChange(ChangePool, externalID)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`INSERT INTO pool_ids (external_id, pool) VALUES ($1, $2)
			ON CONFLICT (external_id) DO NOTHING`, externalID, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return &ExistsError{}
		}
		if _, err := t.exec(`INSERT INTO pools (pool, external_id, version, config, mfa)
			VALUES ($1, $2, 1, $3, $4)`, id, externalID, config, mfa); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO pool_keys (pool, id_key, access_key) VALUES ($1, $2, $3)`,
			id, idKey, accessKey); err != nil {
			return err
		}
		return change.insert(t)
	})
	if err == nil {
		p.ID, p.Version = id, 1
	}
	return err
}

func poolDocuments(p *Pool) (config, mfa string, err error) {
	if config, err = document(p.Config); err != nil {
		return "", "", err
	}
	mfa, err = document(p.MFA)
	return config, mfa, err
}

const poolColumns = `p.pool, p.version, p.config, p.mfa`

func scanPool(scan scanner) (*Pool, error) {
	var p Pool
	var id int64
	var config, mfa []byte
	err := scan(&id, &p.Version, &config, &mfa)
	if err != nil {
		return nil, err
	}
	p.ID = PoolID(id)
	if p.Config, err = parse[cognitoidp.UserPoolType](config); err != nil {
		return nil, err
	}
	p.MFA, err = parse[cognitoidp.GetUserPoolMfaConfigResponse](mfa)
	return &p, err
}

// Pool returns the pool with the given external id. The error is ErrNotFound when there is none.
func (db *DB) Pool(ctx context.Context, externalID string) (p *Pool, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		p = nil
		return t.query(`SELECT `+poolColumns+` FROM pool_ids i JOIN pools p ON p.pool = i.pool
			WHERE i.external_id = $1`, externalID).
			each(func(scan scanner) (err error) {
				p, err = scanPool(scan)
				return err
			})
	})
	if err == nil && p == nil {
		err = ErrNotFound
	}
	return p, err
}

// ListPools returns up to limit pools whose external id comes after the given one, in the
// byte order of external ids.
func (db *DB) ListPools(ctx context.Context, after string, limit int) (pools []*Pool, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		pools = nil
		return t.query(`SELECT `+poolColumns+` FROM pool_ids i JOIN pools p ON p.pool = i.pool
			WHERE i.external_id > $1 ORDER BY i.external_id LIMIT $2`, after, limit).
			each(func(scan scanner) error {
				p, err := scanPool(scan)
				pools = append(pools, p)
				return err
			})
	})
	return pools, err
}

// UpdatePool stores a changed pool and counts its Version up. The error is ErrConflict when
// the pool was changed since it was read, ErrNotFound when it was deleted.
func (db *DB) UpdatePool(ctx context.Context, p *Pool) error {
	config, mfa, err := poolDocuments(p)
	if err != nil {
		return err
	}
	change, err := db.newChange(ChangePool, api.Value(p.Config.Id))
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE pools SET version = version + 1, config = $3, mfa = $4
			WHERE pool = $1 AND version = $2`, p.ID, p.Version, config, mfa)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.whyNot(`SELECT 1 FROM pools WHERE pool = $1`, p.ID)
		}
		return change.insert(t)
	})
	if err == nil {
		p.Version++
	}
	return err
}

// whyNot explains a conditional update that met no row: the query finds the row, then the
// condition failed.
func (t *tx) whyNot(text string, args ...any) error {
	var n int64
	found, err := t.query(text, args...).one(&n)
	switch {
	case err != nil:
		return err
	case found:
		return ErrConflict
	}
	return ErrNotFound
}

// deletionDelay is how long a deleted pool's rows stay, so that nodes that have not heard
// of the deletion have stopped writing.
const deletionDelay = 5 * time.Second

// DeletePool deletes a pool: its external id is free, its clients and signing keys are gone
// when it returns, and a job that deletes its users and their like stands in the queue. The
// error is ErrNotFound when it was deleted already, ErrHasDomain while it has a domain.
func (db *DB) DeletePool(ctx context.Context, p *Pool) error {
	change, err := db.newChange(ChangePool, api.Value(p.Config.Id))
	if err != nil {
		return err
	}
	job, err := db.newPoolDeletion(p.ID)
	if err != nil {
		return err
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`DELETE FROM pools WHERE pool = $1`, p.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		domains, err := poolDomains(t, p.ID)
		if err != nil {
			return err
		}
		if len(domains) > 0 {
			return ErrHasDomain
		}
		if _, err := t.exec(`DELETE FROM pool_ids WHERE external_id = $1 AND pool = $2`,
			api.Value(p.Config.Id), p.ID); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM pool_keys WHERE pool = $1`, p.ID); err != nil {
			return err
		}
		if err := job.insert(t); err != nil {
			return err
		}
		return change.insert(t)
	})
}

// SigningKeys returns a pool's private keys. The error is ErrNotFound when the pool is gone.
func (db *DB) SigningKeys(ctx context.Context, pool PoolID) (keys SigningKeys, err error) {
	var idKey, accessKey []byte
	var found bool
	err = db.engine.read(ctx, func(t *tx) (err error) {
		found, err = t.query(`SELECT id_key, access_key FROM pool_keys WHERE pool = $1`, pool).
			one(&idKey, &accessKey)
		return err
	})
	if err != nil {
		return SigningKeys{}, err
	}
	if !found {
		return SigningKeys{}, ErrNotFound
	}
	if keys.ID, err = db.keyring.Open(seal.SigningKey, poolContext(pool, "id"), idKey); err != nil {
		return SigningKeys{}, err
	}
	keys.Access, err = db.keyring.Open(seal.SigningKey, poolContext(pool, "access"), accessKey)
	return keys, err
}

// CountPools returns how many pools there are.
func (db *DB) CountPools(ctx context.Context) (n int, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT COUNT(*) FROM pools`).one(&n)
		return err
	})
	return n, err
}

// CountUsers returns how many users a pool has, exactly.
func (db *DB) CountUsers(ctx context.Context, pool PoolID) (n int64, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM user_counts WHERE pool = $1`, pool).one(&n)
		return err
	})
	return n, err
}
