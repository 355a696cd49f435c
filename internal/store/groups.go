package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// GroupID is a group's internal id: random and never used again.
type GroupID [16]byte

// Group is a group of users of a pool.
type Group struct {
	Pool    PoolID
	ID      GroupID
	Version int64                 // grows by one with each update
	Config  *cognitoidp.GroupType // as GetGroup shows it
}

// Name is what the group is called in its pool.
func (g *Group) Name() string { return api.Value(g.Config.GroupName) }

// ErrNoGroup says that it is the group that is not there. It is an ErrNotFound, too.
var ErrNoGroup = fmt.Errorf("%w: no group", ErrNotFound)

const groupColumns = `g.gid, g.version, g.config`

func scanGroup(scan scanner, pool PoolID) (*Group, error) {
	g := &Group{Pool: pool}
	var id, config []byte
	if err := scan(&id, &g.Version, &config); err != nil {
		return nil, err
	}
	if len(id) != len(g.ID) {
		return nil, errors.New("store: a group's id has a wrong length")
	}
	copy(g.ID[:], id)
	var err error
	g.Config, err = parse[cognitoidp.GroupType](config)
	return g, err
}

func scanGroups(a answer, pool PoolID) (groups []*Group, err error) {
	err = a.each(func(scan scanner) error {
		g, err := scanGroup(scan, pool)
		groups = append(groups, g)
		return err
	})
	return groups, err
}

// newGroupID makes the id of a group.
func (db *DB) newGroupID() (id GroupID, err error) {
	if _, err := io.ReadFull(db.random, id[:]); err != nil {
		return id, fmt.Errorf("make group id: %w", err)
	}
	return id, nil
}

// CreateGroup stores a new group under the GroupName in its Config and sets its ID and
// Version. limit is how many groups the pool may have, 0 for any number. The error is
// *ExistsError when the name is in use, ErrFull when the pool has limit groups already,
// ErrNotFound when the pool is gone.
func (db *DB) CreateGroup(ctx context.Context, g *Group, limit int) error {
	id, err := db.newGroupID()
	if err != nil {
		return err
	}
	config, err := document(g.Config)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		if err := t.livingPool(g.Pool); err != nil {
			return err
		}
		n, err := t.insertGroup(g.Pool, g.Name(), id, config)
		if err != nil {
			return err
		}
		if n == 0 {
			return &ExistsError{}
		}
		if limit == 0 {
			return nil
		}
		if _, err := t.query(`SELECT COUNT(*) FROM groups_of_users WHERE pool = $1`, g.Pool).one(&n); err != nil {
			return err
		}
		if n > int64(limit) {
			return ErrFull
		}
		return nil
	})
	if err == nil {
		g.ID, g.Version = id, 1
	}
	return err
}

// insertGroup adds a group unless there is one of the name, and returns how many it added.
func (t *tx) insertGroup(pool PoolID, name string, id GroupID, config string) (int64, error) {
	return t.exec(`INSERT INTO groups_of_users (pool, name, gid, version, config)
		VALUES ($1, $2, $3, 1, $4) ON CONFLICT (pool, name) DO NOTHING`, pool, name, id[:], config)
}

// livingPool is ErrNotFound for a pool that is gone.
func (t *tx) livingPool(pool PoolID) error {
	var one int64
	found, err := t.query(`SELECT 1 FROM pools WHERE pool = $1`, pool).one(&one)
	if err != nil || !found {
		return orNotFound(err)
	}
	return nil
}

// Group returns the group of a pool with the given name. The error is ErrNotFound when
// there is none.
func (db *DB) Group(ctx context.Context, pool PoolID, name string) (g *Group, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		g = nil
		return t.query(`SELECT `+groupColumns+` FROM groups_of_users g WHERE g.pool = $1 AND g.name = $2`, pool, name).
			each(func(scan scanner) (err error) {
				g, err = scanGroup(scan, pool)
				return err
			})
	})
	if err == nil && g == nil {
		err = ErrNotFound
	}
	return g, err
}

// ListGroups returns up to limit groups of a pool whose name comes after the given one, in
// the byte order of names.
func (db *DB) ListGroups(ctx context.Context, pool PoolID, after string, limit int) (groups []*Group, err error) {
	err = db.engine.read(ctx, func(t *tx) (err error) {
		groups, err = scanGroups(t.query(`SELECT `+groupColumns+` FROM groups_of_users g
			WHERE g.pool = $1 AND g.name > $2 ORDER BY g.name LIMIT $3`, pool, after, limit), pool)
		return err
	})
	return groups, err
}

// UpdateGroup stores a changed group and counts its Version up. The error is ErrConflict
// when it was changed since it was read, or deleted and made again; ErrNotFound when there
// is none of the name any more.
func (db *DB) UpdateGroup(ctx context.Context, g *Group) error {
	config, err := document(g.Config)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE groups_of_users SET version = version + 1, config = $5
			WHERE pool = $1 AND name = $2 AND gid = $3 AND version = $4`, g.Pool, g.Name(), g.ID[:], g.Version, config)
		if err == nil && n == 0 {
			return t.whyNot(`SELECT 1 FROM groups_of_users WHERE pool = $1 AND name = $2`, g.Pool, g.Name())
		}
		return err
	})
	if err == nil {
		g.Version++
	}
	return err
}

// DeleteGroup deletes a group. It has no members from then on, whatever their number; a
// job that deletes their rows stands in the queue. The error is ErrNotFound when there is
// no group of the name.
func (db *DB) DeleteGroup(ctx context.Context, pool PoolID, name string) error {
	job := &Job{Kind: JobGroupDeletion, Due: db.clock.Outside().Add(groupPurgeDelay)}
	if _, err := io.ReadFull(db.random, job.ID[:]); err != nil {
		return fmt.Errorf("make job id: %w", err)
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		var id []byte
		found, err := t.query(`SELECT gid FROM groups_of_users WHERE pool = $1 AND name = $2`, pool, name).one(&id)
		if err != nil || !found {
			return orNotFound(err)
		}
		if job.State, err = json.Marshal(DeletedGroup{Pool: pool, ID: GroupID(id), Name: name}); err != nil {
			return fmt.Errorf("store: encode a job: %w", err)
		}
		if err := t.must(`DELETE FROM groups_of_users WHERE pool = $1 AND name = $2 AND gid = $3`, pool, name, id); err != nil {
			return err
		}
		return job.insert(t)
	})
}

// JobGroupDeletion is the kind of the job that DeleteGroup leaves behind; its State is read
// with DeletedGroup.
const JobGroupDeletion = "group-deletion"

// groupPurgeDelay is how long the members of a deleted group stay: longer than a
// transaction that read the group and puts a user into it can take.
const groupPurgeDelay = oneTry + 5*time.Second

// DeletedGroup is a group that is gone and may have left members.
type DeletedGroup struct {
	Pool PoolID  `json:"pool"`
	ID   GroupID `json:"id"`
	Name string  `json:"name"`
}

// DeletedGroup returns the group that a job of the kind JobGroupDeletion is about.
func (j *Job) DeletedGroup() (*DeletedGroup, error) {
	if j.Kind != JobGroupDeletion {
		return nil, errors.New("store: the job is about no group")
	}
	return parse[DeletedGroup](j.State)
}

// PurgeGroup deletes some of the rows that a deleted group has left, in one transaction, and
// says whether there may be more.
func (db *DB) PurgeGroup(ctx context.Context, g *DeletedGroup) (more bool, err error) {
	err = db.engine.write(ctx, true, func(t *tx) error {
		more = false
		var last []byte
		err := t.query(`SELECT uid FROM members WHERE pool = $1 AND gid = $2 ORDER BY uid LIMIT $3`, g.Pool, g.ID[:], chunk).
			each(func(scan scanner) error { return scan(&last) })
		if err != nil || last == nil {
			return err
		}
		more = true
		// A user may have come into a new group of the same name; that membership stays.
		if _, err := t.exec(`DELETE FROM memberships WHERE pool = $1 AND name = $2 AND gid = $3
			AND uid IN (SELECT uid FROM members WHERE pool = $1 AND gid = $3 AND uid <= $4)`,
			g.Pool, g.Name, g.ID[:], last); err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM members WHERE pool = $1 AND gid = $2 AND uid <= $3`, g.Pool, g.ID[:], last)
		return err
	})
	return more, err
}

// AddMember puts a user into the group of the given name. limit is how many groups a user
// may be in, 0 for any number. It does nothing where the user is in the group already. The
// error is ErrNoGroup when there is no such group, another ErrNotFound when there is no such
// user, ErrFull when the user is in limit groups.
func (db *DB) AddMember(ctx context.Context, pool PoolID, name string, user UserID, limit int) error {
	return db.engine.write(ctx, true, func(t *tx) error {
		var group, present []byte
		found, err := t.query(`SELECT gid FROM groups_of_users WHERE pool = $1 AND name = $2`, pool, name).one(&group)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoGroup
		}
		if _, err := t.query(`SELECT gid FROM memberships WHERE pool = $1 AND uid = $2 AND name = $3`, pool, user, name).
			one(&present); err != nil {
			return err
		}
		if string(present) == string(group) {
			return nil
		}
		// The user's row makes memberships of one user, and the user's deletion, wait for
		// each other: none slips past the limit, none is left behind.
		n, err := t.exec(`UPDATE users SET version = version + 1 WHERE pool = $1 AND uid = $2`, pool, user)
		if err != nil || n == 0 {
			return orNotFound(err)
		}
		if err := t.roomForGroup(pool, user, limit); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO members (pool, gid, uid) VALUES ($1, $2, $3)
			ON CONFLICT (pool, gid, uid) DO NOTHING`, pool, group, user); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO memberships (pool, uid, name, gid) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool, uid, name) DO UPDATE SET gid = excluded.gid`, pool, user, name, group)
		return err
	})
}

// roomForGroup is ErrFull when a user is in as many groups as allowed.
func (t *tx) roomForGroup(pool PoolID, user UserID, limit int) error {
	if limit == 0 {
		return nil
	}
	var n int64
	_, err := t.query(`SELECT COUNT(*) FROM memberships m
		JOIN groups_of_users g ON g.pool = m.pool AND g.name = m.name AND g.gid = m.gid
		WHERE m.pool = $1 AND m.uid = $2`, pool, user).one(&n)
	if err == nil && n >= int64(limit) {
		return ErrFull
	}
	return err
}

// RemoveMember takes a user out of a group; where the user is not in it, it does nothing.
func (db *DB) RemoveMember(ctx context.Context, g *Group, user UserID) error {
	return db.engine.write(ctx, true, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM members WHERE pool = $1 AND gid = $2 AND uid = $3`, g.Pool, g.ID[:], user); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM memberships WHERE pool = $1 AND uid = $2 AND name = $3 AND gid = $4`,
			g.Pool, user, g.Name(), g.ID[:])
		return err
	})
}

// GroupsOfUser returns up to limit groups that a user is in whose name comes after the given
// one, in the byte order of names.
func (db *DB) GroupsOfUser(ctx context.Context, pool PoolID, user UserID, after string, limit int) (groups []*Group, err error) {
	err = db.engine.read(ctx, func(t *tx) (err error) {
		groups, err = scanGroups(t.query(`SELECT `+groupColumns+` FROM memberships m
			JOIN groups_of_users g ON g.pool = m.pool AND g.name = m.name AND g.gid = m.gid
			WHERE m.pool = $1 AND m.uid = $2 AND m.name > $3 ORDER BY m.name LIMIT $4`, pool, user, after, limit), pool)
		return err
	})
	return groups, err
}

// Members returns up to limit users of a group whose id comes after the given one, in the
// order of their creation.
func (db *DB) Members(ctx context.Context, g *Group, after UserID, limit int) (users []*User, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		users = nil
		return t.query(`SELECT `+userColumns+` FROM members m JOIN users u ON u.pool = m.pool AND u.uid = m.uid`+userJoins+`
			WHERE m.pool = $1 AND m.gid = $2 AND m.uid > $3 ORDER BY m.uid LIMIT $4`, g.Pool, g.ID[:], after, limit).
			each(func(scan scanner) error {
				u, err := db.scanUser(scan)
				users = append(users, u)
				return err
			})
	})
	return users, err
}
