package store

import (
	"context"
	"maps"
	"slices"
	"time"
)

// countShards is how many rows share the count of a pool's users, so that sign-ups do not
// queue up behind one of them.
const countShards = 16

// count adds n to a pool's users, in the shard of the user.
func (t *tx) count(pool PoolID, id UserID, n int64) error { return t.countShard(pool, id.shard(), n) }

func (t *tx) countShard(pool PoolID, shard int, n int64) error {
	_, err := t.exec(`INSERT INTO user_counts (pool, shard, n) VALUES ($1, $2, $3)
		ON CONFLICT (pool, shard) DO UPDATE SET n = user_counts.n + $3`, pool, shard, n)
	return err
}

// shard is the shard of the count in which a user counts.
func (id UserID) shard() int { return int(id[len(id)-1] % countShards) }

// CreateUser stores a new user and sets its Version, and its ID and times where they are
// zero. The error is *ExistsError, with the first kind in the order of u.Keys, when a name
// is taken.
func (db *DB) CreateUser(ctx context.Context, u *User, o CreateOptions) error {
	row, err := db.prepareUser(u)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		names, err := db.planNames(t, u, nil, o.Steal)
		if err != nil {
			return err
		}
		if err := db.insertUser(t, u, row, names); err != nil {
			return err
		}
		if o.Code != nil {
			return t.putCode(u.Pool, u.ID, o.Code)
		}
		return nil
	})
	if err == nil {
		u.Version = 1
	}
	return err
}

// prepareUser completes a new user and encodes it.
func (db *DB) prepareUser(u *User) (*userRow, error) {
	if u.Created.IsZero() {
		u.Created = db.clock.Now()
	}
	if u.Modified.IsZero() {
		u.Modified = u.Created
	}
	if u.ID == (UserID{}) {
		id, err := NewUserID(u.Created, db.random)
		if err != nil {
			return nil, err
		}
		u.ID = id
	}
	return db.encodeUser(u)
}

const insertUserText = `INSERT INTO users (pool, uid, version, sub, username, status, enabled, created, modified,
	auth_after, credential, attributes, pending, names, mfa)`

// args are the values of insertUserText for a new user.
func (r *userRow) args(u *User) []any {
	return []any{
		u.Pool, u.ID, 1, u.Sub, u.Username, r.status, u.Enabled, r.created, r.modified,
		r.authAfter, r.credential, string(r.attributes), string(r.pending), r.names, string(r.mfa),
	}
}

func (db *DB) insertUser(t *tx, u *User, r *userRow, names *naming) error {
	if err := t.insert(insertUserText, [][]any{r.args(u)}); err != nil {
		return err
	}
	if err := db.applyNames(t, u, names); err != nil {
		return err
	}
	if err := t.changeSearch(u, nil, searchRows(u.Attributes)); err != nil {
		return err
	}
	return t.count(u.Pool, u.ID, 1)
}

// FindUser returns the user that one of the keys finds; when they find several, the one
// that comes first in the order given. The error is ErrNotFound when there is none.
func (db *DB) FindUser(ctx context.Context, pool PoolID, keys ...Key) (u *User, err error) {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k Key) bool { return !storable(k.Value) })
	for part := range slices.Chunk(keys, maxTogether) {
		err = db.engine.read(ctx, func(t *tx) error {
			u, err = db.findUser(t, pool, part)
			return err
		})
		if u != nil || err != nil {
			return u, err
		}
	}
	return nil, ErrNotFound
}

var findTexts = perName(`SELECT $$, ` + userColumns + `
	FROM user_keys k JOIN users u ON u.pool = k.pool AND u.uid = k.uid` + userJoins + `
	WHERE k.pool = $1 AND k.kind = $K AND k.value = $V`)

func (db *DB) findUser(t *tx, pool PoolID, keys []Key) (u *User, err error) {
	best := len(keys)
	err = t.query(findTexts[len(keys)], nameArgs(pool, keys)...).each(func(scan scanner) error {
		var i int
		var row userRow
		if err := row.scan(scan, &i); err != nil || i >= best {
			return err
		}
		best = i
		u, err = db.decodeUser(&row)
		return err
	})
	return u, err
}

// TokenUser returns the user with the given sub, and what became of the sign-in that a
// token belongs to and of the device that it names (empty for none), read at one moment.
// The error is ErrNotFound when there is no such user.
func (db *DB) TokenUser(ctx context.Context, pool PoolID, sub, originJTI, deviceKey string) (u *User, f FamilyState, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		u = nil
		return t.query(`SELECT COALESCE(f.revoked, 0), COALESCE(f.generation, 0), COALESCE(f.grace_until, 0),
				COALESCE(d.revoked, 0), `+userColumns+`
			FROM user_keys k JOIN users u ON u.pool = k.pool AND u.uid = k.uid`+userJoins+`
			LEFT JOIN families f ON f.pool = u.pool AND f.uid = u.uid AND f.origin_jti = $4
			LEFT JOIN families d ON d.pool = u.pool AND d.uid = u.uid AND d.origin_jti = $5
			WHERE k.pool = $1 AND k.kind = $2 AND k.value = $3`, pool, KeySub, sub, originJTI, deviceKey).
			each(func(scan scanner) (err error) {
				u, err = db.scanUser(scan, flag{&f.Revoked}, &f.Generation, at{&f.GraceUntil}, flag{&f.Forgotten})
				return err
			})
	})
	if err == nil && u == nil {
		err = ErrNotFound
	}
	return u, f, err
}

// readUser returns a user by id, ErrNotFound when there is none.
func (db *DB) readUser(t *tx, pool PoolID, id UserID) (u *User, err error) {
	err = t.query(`SELECT `+userColumns+` FROM users u`+userJoins+` WHERE u.pool = $1 AND u.uid = $2`, pool, id).
		each(func(scan scanner) (err error) {
			u, err = db.scanUser(scan)
			return err
		})
	if err == nil && u == nil {
		err = ErrNotFound
	}
	return u, err
}

// writeUser stores a user that was read in the same transaction and counts its Version up.
// It is errLost when someone else changed it in between.
func (db *DB) writeUser(t *tx, u *User) error {
	r, err := db.encodeUser(u)
	if err != nil {
		return err
	}
	return t.must(`UPDATE users SET version = version + 1, username = $4, status = $5, enabled = $6, modified = $7,
			auth_after = $8, credential = $9, attributes = $10, pending = $11, names = $12, mfa = $13
		WHERE pool = $1 AND uid = $2 AND version = $3`,
		u.Pool, u.ID, u.Version, u.Username, r.status, u.Enabled, r.modified,
		r.authAfter, r.credential, string(r.attributes), string(r.pending), r.names, string(r.mfa))
}

// UpdateUser changes a user in one transaction: it reads the user, lets mutate change it,
// and stores it with all that follows (names, search index, what o asks for). It returns
// the user as stored.
//
// mutate must be a pure function of the user, because it runs again when someone else was
// faster. It cannot change Pool, ID, Sub, Created, Failures and Grouped. An error of mutate changes
// nothing and is returned as it is. Else the error is ErrNotFound when the user, or the
// code that o uses, is gone, *ExistsError when a new name is taken, or ErrSpent.
func (db *DB) UpdateUser(ctx context.Context, pool PoolID, id UserID, o UpdateOptions, mutate func(*User) error) (u *User, err error) {
	err = db.engine.write(ctx, false, func(t *tx) (err error) {
		u, err = db.updateUser(t, pool, id, o, mutate)
		return err
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

func (db *DB) updateUser(t *tx, pool PoolID, id UserID, o UpdateOptions, mutate func(*User) error) (*User, error) {
	old, err := db.readUser(t, pool, id)
	if err != nil {
		return nil, err
	}
	if o.UseCode != nil {
		if err := t.hasCode(pool, id, o.UseCode); err != nil {
			return nil, err
		}
	}
	u := old.clone()
	if err := mutate(u); err != nil {
		return nil, err
	}
	u.Pool, u.ID, u.Sub, u.Version = old.Pool, old.ID, old.Sub, old.Version
	u.Created, u.Failures, u.Grouped = old.Created, old.Failures, old.Grouped
	if !o.NoTouch {
		u.Modified = db.clock.Now()
	}
	names, err := db.planNames(t, u, old.Keys, o.Steal)
	if err != nil {
		return nil, err
	}
	if err := db.writeUser(t, u); err != nil {
		return nil, err
	}
	u.Version++
	if err := db.applyNames(t, u, names); err != nil {
		return nil, err
	}
	if err := t.changeSearch(u, searchRows(old.Attributes), searchRows(u.Attributes)); err != nil {
		return nil, err
	}
	return u, t.settle(u, o)
}

// settle does what UpdateOptions ask for besides the user.
func (t *tx) settle(u *User, o UpdateOptions) error {
	if o.UseCode != nil {
		if err := t.useCode(u.Pool, u.ID, o.UseCode); err != nil {
			return err
		}
	}
	if o.PutCode != nil {
		if err := t.putCode(u.Pool, u.ID, o.PutCode); err != nil {
			return err
		}
	}
	if err := t.spendAll(o.Spend); err != nil {
		return err
	}
	if !o.ClearFailures {
		return nil
	}
	u.Failures = Failures{}
	return t.clearAttempts(u.Pool, u.ID, passwordFailures)
}

// clone returns a copy whose maps and lists are its own.
func (u *User) clone() *User {
	c := *u
	c.Attributes = maps.Clone(u.Attributes)
	c.Pending = maps.Clone(u.Pending)
	c.Keys = slices.Clone(u.Keys)
	c.Credential.History = slices.Clone(u.Credential.History)
	c.MFA.Legacy = slices.Clone(u.MFA.Legacy)
	return &c
}

// DeleteUser deletes a user with everything that belongs to it. The error is ErrNotFound
// when there is none.
func (db *DB) DeleteUser(ctx context.Context, pool PoolID, id UserID) error {
	return db.engine.write(ctx, false, func(t *tx) error {
		u, err := db.readUser(t, pool, id)
		if err != nil {
			return err
		}
		if err := t.must(`DELETE FROM users WHERE pool = $1 AND uid = $2 AND version = $3`, pool, id, u.Version); err != nil {
			return err
		}
		if err := t.deleteNames(pool, id, u.Keys); err != nil {
			return err
		}
		if err := t.changeSearch(u, searchRows(u.Attributes), nil); err != nil {
			return err
		}
		for _, text := range []string{
			`DELETE FROM codes WHERE pool = $1 AND uid = $2`,
			`DELETE FROM attempts WHERE pool = $1 AND uid = $2`,
			`DELETE FROM families WHERE pool = $1 AND uid = $2`,
			`DELETE FROM passkeys WHERE pool = $1 AND uid = $2`,
			`DELETE FROM devices WHERE pool = $1 AND uid = $2`,
			`DELETE FROM members WHERE pool = $1 AND uid = $2
				AND gid IN (SELECT gid FROM memberships WHERE pool = $1 AND uid = $2)`,
			`DELETE FROM memberships WHERE pool = $1 AND uid = $2`,
			`DELETE FROM auth_events WHERE pool = $1 AND uid = $2`,
		} {
			if _, err := t.exec(text, pool, id); err != nil {
				return err
			}
		}
		return t.count(pool, id, -1)
	})
}

// signOutMargin is more than the clocks of two nodes can be apart, each being at most
// maxClockSkew off the database's.
const signOutMargin = 3 * time.Second

// SignOutEverywhere ends all sign-ins of a user that began before now, on whatever node,
// and none that begins after it returns. The error is ErrNotFound when there is no such
// user.
//
// Every token carries its sign-in's auth_time, which is a JWT NumericDate without fraction
// (OIDC Core section 2), and is dead when auth_time < AuthAfter. So AuthAfter is kept in
// whole seconds, which makes the comparison exact:
//
//   - a sign-in sets auth_time = max(now, AuthAfter), cut to seconds. AuthAfter being whole,
//     the cut cannot fall below it: no token is born dead;
//   - signing out sets AuthAfter = max(now + 3 s, AuthAfter + 1 s), rounded up to seconds.
//     A sign-in of before has either auth_time = AuthAfter as it was, which is less than
//     AuthAfter + 1 s, or a node's now, which is less than now + 3 s here, since the clocks
//     of two nodes differ by 2 s at most.
//
// A sign-in that read the user before and signs its tokens after is judged by what it read,
// and so is dead, too.
func (db *DB) SignOutEverywhere(ctx context.Context, pool PoolID, id UserID, now time.Time) error {
	return db.engine.write(ctx, true, func(t *tx) error {
		u, err := db.readUser(t, pool, id)
		if err != nil {
			return err
		}
		u.AuthAfter = nextAuthAfter(now, u.AuthAfter)
		return db.writeUser(t, u)
	})
}

func nextAuthAfter(now, old time.Time) time.Time {
	next := now.Add(signOutMargin)
	if least := old.Add(time.Second); next.Before(least) {
		next = least
	}
	if whole := next.Truncate(time.Second); whole.Before(next) {
		next = whole.Add(time.Second)
	}
	return next.UTC()
}
