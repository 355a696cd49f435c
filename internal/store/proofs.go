package store

import (
	"context"
	"time"
)

// Spend uses up a proof that may be shown once (a Session, an SRP exchange, a TOTP step).
// The first call with a key, on whatever node, returns true after its row is durable; all
// others return false. The proof must be worthless by itself from until on, when its row
// may go. An error leaves open whether it is spent, so the proof must not count.
func (db *DB) Spend(ctx context.Context, key [32]byte, until time.Time) (first bool, err error) {
	err = db.engine.write(ctx, false, func(t *tx) (err error) {
		first, err = t.spend(key, until)
		return err
	})
	return first && err == nil, err
}

// spend is Spend within a transaction.
func (t *tx) spend(key [32]byte, until time.Time) (first bool, err error) {
	n, err := t.exec(`INSERT INTO spent (proof, until) VALUES ($1, $2) ON CONFLICT (proof) DO NOTHING`, key[:], until)
	return n == 1, err
}
