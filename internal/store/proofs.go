package store

import (
	"context"
	"errors"
	"time"
)

// Proof is what may be shown once: a Session, an SRP exchange, a TOTP step.
type Proof struct {
	Key [32]byte
	// Until is when the proof is worthless by itself, so that its row may go.
	Until time.Time
	// Next is a step that the proof, once spent, still opens: see TakeStep. Empty for none.
	Next string
}

// Spend uses up a proof that may be shown once (a Session, an SRP exchange, a TOTP step).
// The first call with a key, on whatever node, returns true after its row is durable; all
// others return false. The proof must be worthless by itself from until on, when its row
// may go. An error leaves open whether it is spent, so the proof must not count.
func (db *DB) Spend(ctx context.Context, key [32]byte, until time.Time) (first bool, err error) {
	return db.SpendAll(ctx, Proof{Key: key, Until: until})
}

// SpendAll is Spend of several proofs: where one of them was spent before, it spends none
// and returns false.
func (db *DB) SpendAll(ctx context.Context, proofs ...Proof) (first bool, err error) {
	err = db.engine.write(ctx, false, func(t *tx) error { return t.spendAll(proofs) })
	if errors.Is(err, ErrSpent) {
		return false, nil
	}
	return err == nil, err
}

// spendAll is SpendAll within a transaction; false is ErrSpent, so that nothing is written.
func (t *tx) spendAll(proofs []Proof) error {
	if len(proofs) == 0 {
		return nil
	}
	args := make([]any, 0, 3*len(proofs))
	for _, p := range proofs {
		args = append(args, p.Key[:], p.Until, p.Next)
	}
	n, err := t.exec(`INSERT INTO spent (proof, until, next_step)`+placeholders(len(proofs), 3)+`
		ON CONFLICT (proof) DO NOTHING`, args...)
	if err == nil && n < int64(len(proofs)) {
		err = ErrSpent
	}
	return err
}

// Spent says whether a proof was spent.
func (db *DB) Spent(ctx context.Context, key [32]byte) (spent bool, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		var until time.Time
		spent, err = t.query(`SELECT until FROM spent WHERE proof = $1`, key[:]).one(at{&until})
		return err
	})
	return spent && err == nil, err
}

// OpensStep says whether a proof was spent toward the step next, and neither was that step
// taken nor is it too late for it.
func (db *DB) OpensStep(ctx context.Context, key [32]byte, next string, now time.Time) (opens bool, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		var until time.Time
		opens, err = t.query(`SELECT until FROM spent WHERE proof = $1 AND next_step = $2`, key[:], next).one(at{&until})
		opens = opens && now.Before(until)
		return err
	})
	return opens && err == nil, err
}

// TakeStep uses up the step next that a spent proof opens, too late or not: of all calls
// one returns true, after the write is durable.
func (db *DB) TakeStep(ctx context.Context, key [32]byte, next string) (first bool, err error) {
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE spent SET next_step = '' WHERE proof = $1 AND next_step = $2`, key[:], next)
		first = n == 1
		return err
	})
	return first && err == nil, err
}
