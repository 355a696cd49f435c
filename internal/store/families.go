package store

import (
	"context"
	"time"
)

// family is a row of families; those without rotation have one only when revoked.
type family struct {
	generation int64
	graceUntil time.Time
	revoked    bool
}

// RevokeFamily ends a sign-in: TokenUser and Rotate report it as revoked until f.Expires.
func (db *DB) RevokeFamily(ctx context.Context, f Family) error {
	return db.engine.write(ctx, true, func(t *tx) error { return t.revokeFamily(f) })
}

func (t *tx) revokeFamily(f Family) error {
	_, err := t.exec(`INSERT INTO families (pool, uid, origin_jti, generation, grace_until, revoked, expires)
		VALUES ($1, $2, $3, 0, 0, 1, $4)
		ON CONFLICT (pool, uid, origin_jti) DO UPDATE SET revoked = 1`, f.Pool, f.User, f.OriginJTI, f.Expires)
	return err
}

// Rotate uses a refresh token of a client with rotation (RFC 9700 section 4.14.2), durably.
// The presented token's generation decides:
//
//   - the newest: it is rotated out, but for Grace may be presented again, and the outcome
//     names the next generation;
//   - the one before, in its grace: the outcome names the newest again, so that a retried
//     refresh works and does not stretch the grace;
//   - any other: someone presents a copy. The family is revoked, Reused.
//
// The first rotation makes the family's row. A generation that the row has not reached is
// authentic all the same (the database was restored from a backup), and goes on from there.
func (db *DB) Rotate(ctx context.Context, r Rotation) (out RotateOutcome, err error) {
	err = db.engine.write(ctx, false, func(t *tx) error {
		out = RotateOutcome{}
		f, found, err := t.family(&r.Family)
		if err != nil {
			return err
		}
		presented := int64(r.Generation)
		switch {
		case f.revoked:
			out.Revoked = true
			return nil
		case presented >= f.generation:
			out.Generation = r.Generation + 1
			return t.rotateFamily(&r, f, found)
		case presented == f.generation-1 && r.Now.Before(f.graceUntil):
			out.Generation = int(f.generation)
			return nil
		}
		out.Reused = true
		return t.must(`UPDATE families SET revoked = 1 WHERE pool = $1 AND uid = $2 AND origin_jti = $3
			AND generation = $4 AND revoked = 0`, r.Pool, r.User, r.OriginJTI, f.generation)
	})
	if err != nil {
		return RotateOutcome{}, err
	}
	return out, nil
}

func (t *tx) family(key *Family) (f family, found bool, err error) {
	found, err = t.query(`SELECT generation, grace_until, revoked FROM families
		WHERE pool = $1 AND uid = $2 AND origin_jti = $3`, key.Pool, key.User, key.OriginJTI).
		one(&f.generation, at{&f.graceUntil}, flag{&f.revoked})
	return f, found, err
}

// rotateFamily stores the generation after the presented one.
func (t *tx) rotateFamily(r *Rotation, f family, found bool) error {
	graceUntil := r.Now.Add(r.Grace)
	if !found {
		return t.must(`INSERT INTO families (pool, uid, origin_jti, generation, grace_until, revoked, expires)
			VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (pool, uid, origin_jti) DO NOTHING`,
			r.Pool, r.User, r.OriginJTI, r.Generation+1, graceUntil, r.Expires)
	}
	return t.must(`UPDATE families SET generation = $5, grace_until = $6
		WHERE pool = $1 AND uid = $2 AND origin_jti = $3 AND generation = $4 AND revoked = 0`,
		r.Pool, r.User, r.OriginJTI, f.generation, r.Generation+1, graceUntil)
}
