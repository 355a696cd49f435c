package store

import (
	"context"
	"time"
)

// passwordFailures is the kind in attempts of FailedPassword, which is read with the user.
const passwordFailures = "failure:password"

// failuresKept is how long failures stay after the last of them, or after the lock that
// they brought, whatever comes later.
const failuresKept = 24 * time.Hour

func (k FailureKind) name() string {
	if k == FailedMFA {
		return "failure:mfa"
	}
	return passwordFailures
}

// attempts is a row of the table of that name.
type attempts struct {
	version     int64 // 0 when there is no row
	n           int64
	last, until time.Time
}

func (t *tx) attempts(pool PoolID, id UserID, kind string) (a attempts, err error) {
	_, err = t.query(`SELECT version, n, last, until FROM attempts WHERE pool = $1 AND uid = $2 AND kind = $3`,
		pool, id, kind).one(&a.version, &a.n, at{&a.last}, at{&a.until})
	return a, err
}

// putAttempts stores a row that was read in the same transaction; errLost when someone else
// changed it in between.
func (t *tx) putAttempts(pool PoolID, id UserID, kind string, a attempts, expires time.Time) error {
	if a.version == 0 {
		return t.must(`INSERT INTO attempts (pool, uid, kind, version, n, last, until, expires)
			VALUES ($1, $2, $3, 1, $4, $5, $6, $7) ON CONFLICT (pool, uid, kind) DO NOTHING`,
			pool, id, kind, a.n, a.last, a.until, expires)
	}
	return t.must(`UPDATE attempts SET version = version + 1, n = $5, last = $6, until = $7, expires = $8
		WHERE pool = $1 AND uid = $2 AND kind = $3 AND version = $4`,
		pool, id, kind, a.version, a.n, a.last, a.until, expires)
}

func (t *tx) clearAttempts(pool PoolID, id UserID, kind string) error {
	_, err := t.exec(`DELETE FROM attempts WHERE pool = $1 AND uid = $2 AND kind = $3`, pool, id, kind)
	return err
}

// TakeAttempt counts an attempt of a kind that a user may make limit times in a window,
// which begins with the first. It returns false, and counts nothing, when the limit is
// reached.
func (db *DB) TakeAttempt(ctx context.Context, pool PoolID, id UserID, kind string, limit int, window time.Duration) (ok bool, err error) {
	now := db.clock.Now()
	err = db.engine.write(ctx, false, func(t *tx) error {
		ok = false
		a, err := t.attempts(pool, id, "window:"+kind)
		if err != nil {
			return err
		}
		if !now.Before(a.until) {
			a.n, a.until = 0, now.Add(window)
		}
		if a.n >= int64(limit) {
			return nil
		}
		a.n, a.last, ok = a.n+1, now, true
		return t.putAttempts(pool, id, "window:"+kind, a, a.until)
	})
	return ok && err == nil, err
}

// CountFailure replaces a user's failures by what next, a pure function that may run again,
// makes of them, and returns that. Failures are kept for a day after their Last and Until.
func (db *DB) CountFailure(ctx context.Context, pool PoolID, id UserID, kind FailureKind, next func(Failures) Failures) (f Failures, err error) {
	err = db.engine.write(ctx, false, func(t *tx) error {
		a, err := t.attempts(pool, id, kind.name())
		if err != nil {
			return err
		}
		f = next(a.failures())
		a.n, a.last, a.until = int64(f.Count), f.Last, f.Until
		latest := f.Last
		if f.Until.After(latest) {
			latest = f.Until
		}
		return t.putAttempts(pool, id, kind.name(), a, latest.Add(failuresKept))
	})
	if err != nil {
		return Failures{}, err
	}
	return f, nil
}

func (a attempts) failures() Failures {
	return Failures{Count: int(a.n), Last: a.last, Until: a.until}
}

// ClearFailures forgets a user's failures of a kind.
func (db *DB) ClearFailures(ctx context.Context, pool PoolID, id UserID, kind FailureKind) error {
	return db.engine.write(ctx, true, func(t *tx) error { return t.clearAttempts(pool, id, kind.name()) })
}

// Failures returns a user's failures of a kind, zero when there are none.
func (db *DB) Failures(ctx context.Context, pool PoolID, id UserID, kind FailureKind) (f Failures, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		a, err := t.attempts(pool, id, kind.name())
		f = a.failures()
		return err
	})
	return f, err
}
