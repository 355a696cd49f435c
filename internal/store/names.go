package store

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTogether is how many names one statement looks up, and how many rows one inserts.
const maxTogether = 8

// perName returns, by their number, statements that do the same for each of so many names.
// In each select, $$ stands for the number of the name, $K and $V for its arguments. One
// condition with OR would be shorter, but then planners read the whole pool.
func perName(each string) (texts [maxTogether + 1]string) {
	for n := 1; n <= maxTogether; n++ {
		i := strconv.Itoa(n - 1)
		next := strings.NewReplacer("$$", i, "$K", "$"+strconv.Itoa(2*n), "$V", "$"+strconv.Itoa(2*n+1)).Replace(each)
		if n > 1 {
			next = texts[n-1] + "\nUNION ALL " + next
		}
		texts[n] = next
	}
	return texts
}

// nameArgs are the arguments of a statement of perName.
func nameArgs(pool PoolID, keys []Key) []any {
	args := make([]any, 1, 1+2*len(keys))
	args[0] = pool
	for _, k := range keys {
		args = append(args, k.Kind, k.indexed())
	}
	return args
}

// nameBytes is the longest name that user_keys holds as it is: PostgreSQL takes no index
// entry of more than 2,704 bytes, and aliases may have 2,048 characters. User names and subs
// are never longer, so lists by them see whole names.
const nameBytes = 1024

// indexed returns the name as user_keys has it: a long one is cut, with a hash of all of it
// behind, which makes it longer than any name that is held as it is.
func (k Key) indexed() string {
	if len(k.Value) <= nameBytes {
		return k.Value
	}
	end := nameBytes
	for !utf8.RuneStart(k.Value[end]) {
		end--
	}
	hash := sha256.Sum256([]byte(k.Value))
	return k.Value[:end] + hex.EncodeToString(hash[:])
}

var ownersTexts = perName(`SELECT $$, k.uid FROM user_keys k WHERE k.pool = $1 AND k.kind = $K AND k.value = $V`)

// owners returns who has which of at most maxTogether names.
func (t *tx) owners(pool PoolID, keys []Key) (map[Key]UserID, error) {
	owners := make(map[Key]UserID)
	err := t.query(ownersTexts[len(keys)], nameArgs(pool, keys)...).each(func(scan scanner) error {
		var i int
		var owner UserID
		err := scan(&i, uid{&owner})
		owners[keys[i]] = owner
		return err
	})
	return owners, err
}

// naming is what a write does to the names of users.
type naming struct {
	added, removed []Key
	// stolen are those of the added names that another user gives up.
	stolen  map[Key]UserID
	victims map[UserID]*User // as they will be
}

// planNames finds out what a user's new names mean. It refuses with *ExistsError when one
// belongs to another user, unless steal lets it move.
func (db *DB) planNames(t *tx, u *User, old []Key, steal bool) (*naming, error) {
	n := &naming{added: without(u.Keys, old), removed: without(old, u.Keys)}
	for part := range slices.Chunk(n.added, maxTogether) {
		owners, err := t.owners(u.Pool, part)
		if err != nil {
			return nil, err
		}
		for _, k := range part {
			owner, taken := owners[k]
			switch {
			case !taken || owner == u.ID:
			case steal && (k.Kind == KeyEmail || k.Kind == KeyPhone):
				if err := db.planTheft(t, n, u.Pool, owner, k); err != nil {
					return nil, err
				}
			default:
				return nil, &ExistsError{Kind: k.Kind}
			}
		}
	}
	return n, nil
}

// planTheft takes an alias from its owner, whose attribute stays but is no longer verified.
func (db *DB) planTheft(t *tx, n *naming, pool PoolID, owner UserID, k Key) (err error) {
	victim := n.victims[owner]
	if victim == nil {
		if victim, err = db.readUser(t, pool, owner); err != nil {
			return err
		}
		if n.victims == nil {
			n.stolen, n.victims = make(map[Key]UserID), make(map[UserID]*User)
		}
		victim.Modified = db.clock.Now()
		n.victims[owner] = victim
	}
	n.stolen[k] = owner
	victim.Attributes[string(k.Kind)+"_verified"] = "false"
	victim.Keys = without(victim.Keys, []Key{k})
	return nil
}

// applyNames writes what planNames found.
func (db *DB) applyNames(t *tx, u *User, n *naming) error {
	if err := t.deleteNames(u.Pool, u.ID, n.removed); err != nil {
		return err
	}
	for _, victim := range n.victims {
		if err := db.writeUser(t, victim); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, k := range n.added {
		owner, stolen := n.stolen[k]
		if !stolen {
			rows = append(rows, []any{u.Pool, k.Kind, k.indexed(), u.ID})
			continue
		}
		if err := t.must(`UPDATE user_keys SET uid = $5 WHERE pool = $1 AND kind = $2 AND value = $3 AND uid = $4`,
			u.Pool, k.Kind, k.indexed(), owner, u.ID); err != nil {
			return err
		}
	}
	return t.insert(`INSERT INTO user_keys (pool, kind, value, uid)`, rows)
}

func (t *tx) deleteNames(pool PoolID, id UserID, keys []Key) error {
	for _, k := range keys {
		if err := t.must(`DELETE FROM user_keys WHERE pool = $1 AND kind = $2 AND value = $3 AND uid = $4`,
			pool, k.Kind, k.indexed(), id); err != nil {
			return err
		}
	}
	return nil
}

// without returns the names of a that are not in b, each once.
func without(a, b []Key) []Key {
	var out []Key
	for _, k := range a {
		if !slices.Contains(b, k) && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// insert inserts rows of equal width, several per statement: they go over the network
// together.
func (t *tx) insert(into string, rows [][]any) error { return t.insertMany(into, rows, maxTogether) }

// insertMany is insert of up to together rows per statement.
func (t *tx) insertMany(into string, rows [][]any, together int) error {
	for part := range slices.Chunk(rows, together) {
		args := slices.Concat(part...)
		if _, err := t.exec(into+placeholders(len(part), len(part[0])), args...); err != nil {
			return err
		}
	}
	return nil
}

// placeholders returns the VALUES of an INSERT.
func placeholders(rows, width int) string {
	b := []byte(" VALUES ")
	for i := range rows * width {
		switch {
		case i == 0:
			b = append(b, '(')
		case i%width == 0:
			b = append(b, "), ("...)
		default:
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '$'), int64(i+1), 10)
	}
	return string(append(b, ')'))
}
