package store

import (
	"context"
	"errors"
	"time"
)

// chunk is how many rows one transaction deletes, about.
const chunk = 500

// How long expired rows stay: codes so that a late user hears "expired" and not "wrong",
// the others so that the clocks of nodes may differ.
const (
	codesKept   = 24 * time.Hour
	expiredKept = time.Minute
	changesKept = time.Hour
)

// cut deletes the rows up to the last of those that find returns: find names a key, in its
// order, and remove deletes up to it, the key's values being the arguments from $2 on. The
// key's first part is the argument $1 of both.
type cut struct{ find, remove string }

// make deletes a chunk and returns how many rows that were.
func (c cut) make(t *tx, args ...any) (int64, error) {
	var last []any
	rows := t.query(c.find, append(args, chunk)...)
	err := rows.each(func(scan scanner) error {
		columns, err := rows.rows.Columns()
		if err != nil {
			return err
		}
		last = make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range last {
			dest[i] = &last[i]
		}
		return scan(dest...)
	})
	if err != nil || last == nil {
		return 0, err
	}
	return t.exec(c.remove, append(args[:1:1], last...)...)
}

// poolRows are the cuts of all rows that belong to a pool.
func poolRows() []cut {
	return []cut{
		{
			`SELECT kind, value FROM user_keys WHERE pool = $1 ORDER BY kind, value LIMIT $2`,
			`DELETE FROM user_keys WHERE pool = $1 AND (kind, value) <= ($2, $3)`,
		},
		{
			`SELECT attr, value, uid FROM user_attrs WHERE pool = $1 ORDER BY attr, value, uid LIMIT $2`,
			`DELETE FROM user_attrs WHERE pool = $1 AND (attr, value, uid) <= ($2, $3, $4)`,
		},
		{
			`SELECT uid FROM users WHERE pool = $1 ORDER BY uid LIMIT $2`,
			`DELETE FROM users WHERE pool = $1 AND uid <= $2`,
		},
		{
			`SELECT uid, purpose, attribute FROM codes WHERE pool = $1 ORDER BY uid, purpose, attribute LIMIT $2`,
			`DELETE FROM codes WHERE pool = $1 AND (uid, purpose, attribute) <= ($2, $3, $4)`,
		},
		{
			`SELECT uid, kind FROM attempts WHERE pool = $1 ORDER BY uid, kind LIMIT $2`,
			`DELETE FROM attempts WHERE pool = $1 AND (uid, kind) <= ($2, $3)`,
		},
		{
			`SELECT uid, origin_jti FROM families WHERE pool = $1 ORDER BY uid, origin_jti LIMIT $2`,
			`DELETE FROM families WHERE pool = $1 AND (uid, origin_jti) <= ($2, $3)`,
		},
		{
			`SELECT credential_id FROM passkeys WHERE pool = $1 ORDER BY credential_id LIMIT $2`,
			`DELETE FROM passkeys WHERE pool = $1 AND credential_id <= $2`,
		},
		{
			`SELECT uid, device_key FROM devices WHERE pool = $1 ORDER BY uid, device_key LIMIT $2`,
			`DELETE FROM devices WHERE pool = $1 AND (uid, device_key) <= ($2, $3)`,
		},
		{
			`SELECT gid, uid FROM members WHERE pool = $1 ORDER BY gid, uid LIMIT $2`,
			`DELETE FROM members WHERE pool = $1 AND (gid, uid) <= ($2, $3)`,
		},
		{
			`SELECT uid, name FROM memberships WHERE pool = $1 ORDER BY uid, name LIMIT $2`,
			`DELETE FROM memberships WHERE pool = $1 AND (uid, name) <= ($2, $3)`,
		},
		{
			`SELECT name FROM groups_of_users WHERE pool = $1 ORDER BY name LIMIT $2`,
			`DELETE FROM groups_of_users WHERE pool = $1 AND name <= $2`,
		},
		{
			`SELECT kind, alias FROM resource_aliases WHERE pool = $1 ORDER BY kind, alias LIMIT $2`,
			`DELETE FROM resource_aliases WHERE pool = $1 AND (kind, alias) <= ($2, $3)`,
		},
		{
			`SELECT kind, name FROM resources WHERE pool = $1 ORDER BY kind, name LIMIT $2`,
			`DELETE FROM resources WHERE pool = $1 AND (kind, name) <= ($2, $3)`,
		},
		{
			`SELECT domain FROM domains WHERE pool = $1 ORDER BY domain LIMIT $2`,
			`DELETE FROM domains WHERE pool = $1 AND domain <= $2`,
		},
		{
			`SELECT job_id FROM imports WHERE pool = $1 ORDER BY job_id LIMIT $2`,
			`DELETE FROM imports WHERE pool = $1 AND job_id <= $2`,
		},
		{
			`SELECT job_id FROM running_imports WHERE pool = $1 ORDER BY job_id LIMIT $2`,
			`DELETE FROM running_imports WHERE pool = $1 AND job_id <= $2`,
		},
		{
			`SELECT owner, seq FROM blobs WHERE pool = $1 ORDER BY owner, seq LIMIT $2`,
			`DELETE FROM blobs WHERE pool = $1 AND (owner, seq) <= ($2, $3)`,
		},
		{
			`SELECT id FROM custom_states WHERE pool = $1 ORDER BY id LIMIT $2`,
			`DELETE FROM custom_states WHERE pool = $1 AND id <= $2`,
		},
		{
			`SELECT uid, at, event_id FROM auth_events WHERE pool = $1 ORDER BY uid, at, event_id LIMIT $2`,
			`DELETE FROM auth_events WHERE pool = $1 AND (uid, at, event_id) <= ($2, $3, $4)`,
		},
		{
			`SELECT client_id FROM clients WHERE pool = $1 ORDER BY client_id LIMIT $2`,
			`DELETE FROM clients WHERE pool = $1 AND client_id <= $2`,
		},
		{
			`SELECT shard FROM user_counts WHERE pool = $1 ORDER BY shard LIMIT $2`,
			`DELETE FROM user_counts WHERE pool = $1 AND shard <= $2`,
		},
	}
}

// PurgePool deletes some of the rows that a deleted pool has left, in one transaction, and
// says whether there may be more. It refuses a pool that is not deleted.
func (db *DB) PurgePool(ctx context.Context, pool PoolID) (more bool, err error) {
	err = db.engine.write(ctx, true, func(t *tx) error {
		more = false
		var n int64
		alive, err := t.query(`SELECT 1 FROM pools WHERE pool = $1`, pool).one(&n)
		if err != nil {
			return err
		}
		if alive {
			return errors.New("store: a pool that is not deleted is not purged")
		}
		for _, c := range poolRows() {
			n, err := c.make(t, pool)
			if err != nil {
				return err
			}
			if n > 0 {
				more = true
				return nil
			}
		}
		return nil
	})
	return more, err
}

// Sweep deletes what has expired before now in the pool that comes after the given one, in
// the order of ids, and returns that pool; 0 when there is none. With after 0 it begins
// with what belongs to no pool.
func (db *DB) Sweep(ctx context.Context, after PoolID, now time.Time) (swept PoolID, err error) {
	if after == 0 {
		if err := db.sweepShared(ctx, now); err != nil {
			return 0, err
		}
	}
	err = db.engine.read(ctx, func(t *tx) error {
		var id int64
		_, err := t.query(`SELECT pool FROM pools WHERE pool > $1 ORDER BY pool LIMIT 1`, after).one(&id)
		swept = PoolID(id)
		return err
	})
	if err != nil || swept == 0 {
		return 0, err
	}
	return swept, db.sweepPool(ctx, swept, now)
}

func (db *DB) sweepPool(ctx context.Context, pool PoolID, now time.Time) error {
	expired := now.Add(-expiredKept)
	return errors.Join(
		db.sweepAll(ctx, cut{
			`SELECT expires FROM codes WHERE pool = $1 AND expires < $2 ORDER BY expires LIMIT $3`,
			`DELETE FROM codes WHERE pool = $1 AND expires <= $2`,
		}, pool, now.Add(-codesKept)),
		db.sweepAll(ctx, cut{
			`SELECT expires FROM attempts WHERE pool = $1 AND expires < $2 ORDER BY expires LIMIT $3`,
			`DELETE FROM attempts WHERE pool = $1 AND expires <= $2`,
		}, pool, expired),
		db.sweepAll(ctx, cut{
			`SELECT expires FROM families WHERE pool = $1 AND expires < $2 ORDER BY expires LIMIT $3`,
			`DELETE FROM families WHERE pool = $1 AND expires <= $2`,
		}, pool, expired),
		db.sweepAll(ctx, cut{
			`SELECT expires FROM auth_events WHERE pool = $1 AND expires < $2 ORDER BY expires LIMIT $3`,
			`DELETE FROM auth_events WHERE pool = $1 AND expires <= $2`,
		}, pool, expired),
		db.sweepAll(ctx, cut{
			`SELECT expires FROM custom_states WHERE pool = $1 AND expires < $2 ORDER BY expires LIMIT $3`,
			`DELETE FROM custom_states WHERE pool = $1 AND expires <= $2`,
		}, pool, expired),
	)
}

// sweepShared deletes from the tables without pools. Times are not negative, so $1 leaves
// nothing out.
func (db *DB) sweepShared(ctx context.Context, now time.Time) error {
	return errors.Join(
		db.sweepAll(ctx, cut{
			`SELECT until FROM spent WHERE until >= $1 AND until < $2 ORDER BY until LIMIT $3`,
			`DELETE FROM spent WHERE until >= $1 AND until <= $2`,
		}, 0, now.Add(-expiredKept)),
		db.sweepAll(ctx, cut{
			`SELECT at FROM changes WHERE at >= $1 AND at < $2 ORDER BY at LIMIT $3`,
			`DELETE FROM changes WHERE at >= $1 AND at <= $2`,
		}, 0, now.Add(-changesKept)),
	)
}

// sweepAll makes a cut until nothing is left, a transaction each.
func (db *DB) sweepAll(ctx context.Context, c cut, args ...any) error {
	for {
		var n int64
		err := db.engine.write(ctx, true, func(t *tx) (err error) {
			n, err = c.make(t, args...)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
