package store

import (
	"context"
	"slices"
	"strings"
)

const (
	// bulk is how many users a transaction of CreateUsers stores, and how many rows one of
	// ImportRows takes: enough for a commit to cost little, few enough for others not to
	// wait long behind it.
	bulk = 100
	// bulkTogether is how many rows, or names, a statement of these transactions has.
	bulkTogether = 32
)

// CreateUsers stores many new users, some per transaction. On an error those of earlier
// transactions are stored, which their Version tells, and the others are not.
func (db *DB) CreateUsers(ctx context.Context, users []*User) error {
	for len(users) > 0 {
		n := 1
		for n < min(bulk, len(users)) && users[n].Pool == users[0].Pool {
			n++
		}
		if err := db.createTogether(ctx, users[:n]); err != nil {
			return err
		}
		users = users[n:]
	}
	return nil
}

// createTogether stores users of one pool in one transaction.
func (db *DB) createTogether(ctx context.Context, users []*User) error {
	b := newBatch(db, len(users))
	for _, u := range users {
		if err := b.add(u, nil); err != nil {
			return err
		}
	}
	err := db.engine.write(ctx, false, func(t *tx) error {
		if err := b.find(t); err != nil {
			return err
		}
		if i := slices.IndexFunc(b.taken, func(k KeyKind) bool { return k != "" }); i >= 0 {
			return &ExistsError{Kind: b.taken[i]}
		}
		return b.insert(t)
	})
	if err != nil {
		return err
	}
	for _, u := range users {
		u.Version = 1
	}
	return nil
}

// batch is new users of one pool that are stored together.
type batch struct {
	db     *DB
	users  []*User
	rows   []batchRows
	rivals [][]Key
	// taken is, for each user, the kind of the first of its names that somebody has, who may
	// stand before it in the batch; empty for the users that insert stores.
	taken []KeyKind
}

// batchRows is what a user is in each table, made before the transaction that holds up other
// writers.
type batchRows struct {
	user             []any
	keys, attributes [][]any
}

func newBatch(db *DB, n int) *batch {
	return &batch{db: db, users: make([]*User, 0, n), rows: make([]batchRows, 0, n), rivals: make([][]Key, 0, n)}
}

// add completes and encodes a user. Rivals are names besides its own that must find nobody.
func (b *batch) add(u *User, rivals []Key) error {
	row, err := b.db.prepareUser(u)
	if err != nil {
		return err
	}
	rows := batchRows{user: row.args(u)}
	for _, k := range without(u.Keys, nil) {
		rows.keys = append(rows.keys, []any{u.Pool, k.Kind, k.indexed(), u.ID})
	}
	for _, r := range searchRows(u.Attributes) {
		rows.attributes = append(rows.attributes, []any{u.Pool, r.attribute, r.value, u.ID})
	}
	b.users, b.rows, b.rivals = append(b.users, u), append(b.rows, rows), append(b.rivals, rivals)
	return nil
}

// find sets taken.
func (b *batch) find(t *tx) error {
	b.taken = make([]KeyKind, len(b.users))
	if len(b.users) == 0 {
		return nil
	}
	owned, err := t.owned(b.users[0].Pool, b.names())
	if err != nil {
		return err
	}
	for i, u := range b.users {
		if b.taken[i] = firstOf(owned, u.Keys, b.rivals[i]); b.taken[i] != "" {
			continue
		}
		for _, k := range u.Keys {
			owned[k] = true
		}
	}
	return nil
}

// firstOf returns the kind of the first name that is owned; one that is taken by a rival is
// of the kind of the first name.
func firstOf(owned map[Key]bool, keys, rivals []Key) KeyKind {
	for _, k := range keys {
		if owned[k] {
			return k.Kind
		}
	}
	for _, k := range rivals {
		if owned[k] {
			return keys[0].Kind
		}
	}
	return ""
}

// names returns all names that must be free, by their kinds.
func (b *batch) names() map[KeyKind][]string {
	names := make(map[KeyKind][]string)
	for i, u := range b.users {
		for _, keys := range [...][]Key{u.Keys, b.rivals[i]} {
			for _, k := range keys {
				if storable(k.Value) { // what is not finds nobody
					names[k.Kind] = append(names[k.Kind], k.Value)
				}
			}
		}
	}
	return names
}

// owned returns which of the names find somebody.
func (t *tx) owned(pool PoolID, names map[KeyKind][]string) (map[Key]bool, error) {
	owned := make(map[Key]bool)
	for kind, values := range names {
		for part := range slices.Chunk(values, bulkTogether) {
			args := make([]any, 2, 2+bulkTogether)
			args[0], args[1] = pool, kind
			byIndex := make(map[string]string, len(part))
			for _, v := range part {
				indexed := Key{kind, v}.indexed()
				byIndex[indexed] = v
				args = append(args, indexed)
			}
			for len(args) < cap(args) { // so that all lists are one statement
				args = append(args, args[len(args)-1])
			}
			err := t.query(ownedText, args...).each(func(scan scanner) error {
				var indexed string
				err := scan(&indexed)
				owned[Key{kind, byIndex[indexed]}] = true
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return owned, nil
}

var ownedText = `SELECT value FROM user_keys WHERE pool = $1 AND kind = $2 AND value IN ` +
	strings.Replace(strings.TrimPrefix(placeholders(1, 2+bulkTogether), " VALUES "), "$1, $2, ", "", 1)

// insert stores the users whose names are free.
func (b *batch) insert(t *tx) error {
	var users, keys, attributes [][]any
	var shards [countShards]int64
	for i, u := range b.users {
		if b.taken[i] != "" {
			continue
		}
		users = append(users, b.rows[i].user)
		keys = append(keys, b.rows[i].keys...)
		attributes = append(attributes, b.rows[i].attributes...)
		shards[u.ID.shard()]++
	}
	if len(users) == 0 {
		return nil
	}
	if err := t.insertMany(insertUserText, users, bulkTogether); err != nil {
		return err
	}
	if err := t.insertMany(`INSERT INTO user_keys (pool, kind, value, uid)`, keys, bulkTogether); err != nil {
		return err
	}
	if err := t.insertMany(`INSERT INTO user_attrs (pool, attr, value, uid)`, attributes, bulkTogether); err != nil {
		return err
	}
	for shard, n := range shards {
		if n == 0 {
			continue
		}
		if err := t.countShard(b.users[0].Pool, shard, n); err != nil {
			return err
		}
	}
	return nil
}
