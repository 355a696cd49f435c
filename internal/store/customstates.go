package store

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
)

// StateID names what KeepState has kept.
type StateID [16]byte

// KeepState keeps the state of a custom sign-in, sealed, until it expires, and returns its
// name.
func (db *DB) KeepState(ctx context.Context, pool PoolID, state []byte, expires time.Time) (id StateID, err error) {
	if _, err := io.ReadFull(db.random, id[:]); err != nil {
		return id, fmt.Errorf("make state id: %w", err)
	}
	sealed, err := db.keyring.Seal(seal.Session, poolContext(pool, string(id[:])), state)
	if err != nil {
		return id, err
	}
	return id, db.engine.write(ctx, false, func(t *tx) error {
		_, err := t.exec(`INSERT INTO custom_states (pool, id, expires, state) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool, id) DO NOTHING`, pool, id[:], expires, sealed)
		return err
	})
}

// KeptState returns what KeepState has kept. The error is ErrNotFound when there is nothing
// of the name any more.
func (db *DB) KeptState(ctx context.Context, pool PoolID, id StateID) (state []byte, err error) {
	var sealed []byte
	var found bool
	err = db.engine.read(ctx, func(t *tx) (err error) {
		found, err = t.query(`SELECT state FROM custom_states WHERE pool = $1 AND id = $2`, pool, id[:]).one(&sealed)
		return err
	})
	if err != nil || !found {
		return nil, orNotFound(err)
	}
	return db.keyring.Open(seal.Session, poolContext(pool, string(id[:])), sealed)
}
