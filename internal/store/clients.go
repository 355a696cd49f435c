package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/seal"
)

// sealSecrets returns the sealed column of a client's secrets, empty for a client without.
func (db *DB) sealSecrets(c *Client) ([]byte, error) {
	if len(c.Secrets) == 0 {
		return nil, nil
	}
	plain, err := json.Marshal(c.Secrets)
	if err != nil {
		return nil, fmt.Errorf("store: encode client secrets: %w", err)
	}
	return db.keyring.Seal(seal.ClientSecret, poolContext(c.Pool, api.Value(c.Config.ClientId)), plain)
}

const clientColumns = `c.client_id, c.pool, c.version, c.config, c.secrets`

func (db *DB) scanClient(scan scanner) (*Client, error) {
	var c Client
	var id string
	var pool int64
	var config, sealed []byte
	err := scan(&id, &pool, &c.Version, &config, &sealed)
	if err != nil {
		return nil, err
	}
	c.Pool = PoolID(pool)
	if c.Config, err = parse[cognitoidp.UserPoolClientType](config); err != nil || len(sealed) == 0 {
		return &c, err
	}
	plain, err := db.keyring.Open(seal.ClientSecret, poolContext(c.Pool, id), sealed)
	if err != nil {
		return nil, err
	}
	secrets, err := parse[[]ClientSecret](plain)
	if err != nil {
		return nil, err
	}
	c.Secrets = *secrets
	return &c, nil
}

// clientRow prepares what writing a client needs.
func (db *DB) clientRow(c *Client) (config string, secrets []byte, change change, err error) {
	bare := *c.Config
	bare.ClientSecret = nil
	if config, err = document(&bare); err != nil {
		return "", nil, change, err
	}
	if secrets, err = db.sealSecrets(c); err != nil {
		return "", nil, change, err
	}
	change, err = db.newChange(ChangeClient, api.Value(c.Config.ClientId))
	return config, secrets, change, err
}

// CreateClient stores a new app client under the ClientId in its Config and sets its
// Version. The error is *ExistsError when the client id is in use, ErrNotFound when the
// pool is gone.
func (db *DB) CreateClient(ctx context.Context, c *Client) error {
	config, secrets, change, err := db.clientRow(c)
	if err != nil {
		return err
	}
	id := api.Value(c.Config.ClientId)
	err = db.engine.write(ctx, false, func(t *tx) error {
		var n int64
		if found, err := t.query(`SELECT 1 FROM pools WHERE pool = $1`, c.Pool).one(&n); err != nil || !found {
			return orNotFound(err)
		}
		taken, err := t.query(`SELECT 1 FROM clients c JOIN pools p ON p.pool = c.pool
			WHERE c.client_id = $1`, id).one(&n)
		if err != nil {
			return err
		}
		if taken {
			return &ExistsError{}
		}
		// What is left of a deleted pool's client gives way.
		if _, err := t.exec(`DELETE FROM clients WHERE client_id = $1 AND pool NOT IN (SELECT pool FROM pools)`, id); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO clients (client_id, pool, version, config, secrets)
			VALUES ($1, $2, 1, $3, $4)`, id, c.Pool, config, secrets); err != nil {
			return err
		}
		return change.insert(t)
	})
	if err == nil {
		c.Version = 1
	}
	return err
}

// orNotFound is the error of a search without result.
func orNotFound(err error) error {
	if err == nil {
		err = ErrNotFound
	}
	return err
}

// Client returns the app client with the given id. The error is ErrNotFound when there is
// none, or when its pool is gone.
func (db *DB) Client(ctx context.Context, clientID string) (c *Client, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		c = nil
		return t.query(`SELECT `+clientColumns+` FROM clients c JOIN pools p ON p.pool = c.pool
			WHERE c.client_id = $1`, clientID).
			each(func(scan scanner) (err error) {
				c, err = db.scanClient(scan)
				return err
			})
	})
	if err == nil && c == nil {
		err = ErrNotFound
	}
	return c, err
}

// CountClients returns how many app clients a pool has.
func (db *DB) CountClients(ctx context.Context, pool PoolID) (n int, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT COUNT(*) FROM clients WHERE pool = $1`, pool).one(&n)
		return err
	})
	return n, err
}

// ListClients returns up to limit clients of a pool whose client id comes after the given
// one, in the byte order of client ids.
func (db *DB) ListClients(ctx context.Context, pool PoolID, after string, limit int) (clients []*Client, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		clients = nil
		return t.query(`SELECT `+clientColumns+` FROM clients c JOIN pools p ON p.pool = c.pool
			WHERE c.pool = $1 AND c.client_id > $2 ORDER BY c.client_id LIMIT $3`, pool, after, limit).
			each(func(scan scanner) error {
				c, err := db.scanClient(scan)
				clients = append(clients, c)
				return err
			})
	})
	return clients, err
}

// UpdateClient stores a changed client and counts its Version up. The error is ErrConflict
// when the client was changed since it was read, ErrNotFound when it was deleted.
func (db *DB) UpdateClient(ctx context.Context, c *Client) error {
	config, secrets, change, err := db.clientRow(c)
	if err != nil {
		return err
	}
	id := api.Value(c.Config.ClientId)
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE clients SET version = version + 1, config = $4, secrets = $5
			WHERE client_id = $1 AND pool = $2 AND version = $3`, id, c.Pool, c.Version, config, secrets)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.whyNot(`SELECT 1 FROM clients WHERE client_id = $1 AND pool = $2`, id, c.Pool)
		}
		return change.insert(t)
	})
	if err == nil {
		c.Version++
	}
	return err
}

// DeleteClient deletes an app client of a pool with the resources that belong to it. The
// error is ErrNotFound when there is none.
func (db *DB) DeleteClient(ctx context.Context, pool PoolID, clientID string) error {
	change, err := db.newChange(ChangeClient, clientID)
	if err != nil {
		return err
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`DELETE FROM clients WHERE client_id = $1 AND pool = $2`, clientID, pool)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		if err := dropResourcesOf(t, pool, clientID); err != nil {
			return err
		}
		return change.insert(t)
	})
}
