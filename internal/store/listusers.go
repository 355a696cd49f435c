package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// errMark says that a page's beginning was not made by ListUsers for the same query.
var errMark = errors.New("store: no page begins there")

// maxRounds is how often ListUsers looks for more users when the index finds ones that do
// not match; then the page stays short.
const maxRounds = 10

// ListUsers returns up to q.Limit users that match, and where the next page begins, nil on
// the last. Pages neither repeat nor leave out users, whatever is written in between. Users
// stand in the order of creation, with a filter in the order of the filtered values. A page
// may be short, even empty, and still have a next.
//
// Values are compared in lower case, but for username and status, as in Cognito ("all
// searches are case-insensitive", with these two excepted).
func (db *DB) ListUsers(ctx context.Context, pool PoolID, q ListQuery) (users []*User, next []byte, err error) {
	q.Limit = max(q.Limit, 1)
	s := db.search(pool, &q)
	for range maxRounds {
		want := q.Limit - len(users)
		var found []listed
		err = db.engine.read(ctx, func(t *tx) error {
			found, err = s.page(t, q.After, want+1)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		more := len(found) > want
		found = found[:min(want, len(found))]
		for _, l := range found {
			if s.matches(l.user) {
				users = append(users, l.user)
			}
		}
		if !more {
			return users, nil, nil
		}
		q.After = found[len(found)-1].mark
		if len(users) == q.Limit {
			break
		}
	}
	return users, q.After, nil
}

// listed is a user with the mark after which the list goes on.
type listed struct {
	user *User
	mark []byte
}

// search is how one kind of query finds its users.
type search struct {
	// page returns up to n users after a mark, nil being the beginning.
	page func(t *tx, mark []byte, n int) ([]listed, error)
	// matches decides what the index leaves open.
	matches func(*User) bool
}

func (db *DB) search(pool PoolID, q *ListQuery) search {
	all := func(*User) bool { return true }
	switch q.Attribute {
	case "":
		return search{db.byID(pool), all}
	case "username":
		return search{db.byName(pool, KeyUsername, q), func(u *User) bool { return q.compare(u.Username, q.Value) }}
	case "sub":
		return search{db.byName(pool, KeySub, q), all}
	case "status":
		return search{db.byState(pool, func(enabled bool, _ string) bool { return q.compare(enabledName(enabled), q.Value) }), all}
	case "cognito:user_status":
		value := strings.ToUpper(q.Value)
		return search{db.byState(pool, func(_ bool, status string) bool { return q.compare(status, value) }), all}
	}
	value := strings.ToLower(q.Value)
	return search{db.byAttribute(pool, q), func(u *User) bool {
		return q.compare(strings.ToLower(u.Attributes[q.Attribute]), value)
	}}
}

func enabledName(enabled bool) string {
	if enabled {
		return "Enabled"
	}
	return "Disabled"
}

// compare applies the query's operator.
func (q *ListQuery) compare(have, want string) bool {
	if q.Prefix {
		return strings.HasPrefix(have, want)
	}
	return have == want
}

// byID lists all users. A mark is a user id.
func (db *DB) byID(pool PoolID) func(*tx, []byte, int) ([]listed, error) {
	return func(t *tx, mark []byte, n int) ([]listed, error) {
		return db.list(t.query(`SELECT `+userColumns+` FROM users u`+userJoins+`
			WHERE u.pool = $1 AND u.uid > $2 ORDER BY u.uid LIMIT $3`, pool, mark, n),
			func(u *User) []byte { return u.ID[:] })
	}
}

// byName lists users by a kind of name. A mark is the name.
func (db *DB) byName(pool PoolID, kind KeyKind, q *ListQuery) func(*tx, []byte, int) ([]listed, error) {
	low, high := q.Folded, q.Folded
	if q.Prefix {
		high = lastWith(q.Folded)
	}
	return func(t *tx, mark []byte, n int) ([]listed, error) {
		value, first := string(mark), mark == nil
		if first {
			value = low
		}
		return db.listNamed(t.query(`SELECT k.value, `+userColumns+`
			FROM user_keys k JOIN users u ON u.pool = k.pool AND u.uid = k.uid`+userJoins+`
			WHERE k.pool = $1 AND k.kind = $2 AND k.value >= $3 AND k.value <= $4 AND (k.value > $3 OR $5 = 1)
			ORDER BY k.value LIMIT $6`, pool, kind, value, high, first, n),
			func(value string, _ *User) []byte { return []byte(value) })
	}
}

// byAttribute lists users by an attribute of the search index. A mark is the user's id and
// the indexed value.
func (db *DB) byAttribute(pool PoolID, q *ListQuery) func(*tx, []byte, int) ([]listed, error) {
	low := indexed(q.Value)
	high := low
	if q.Prefix {
		high = lastWith(low)
	}
	return func(t *tx, mark []byte, n int) ([]listed, error) {
		value, id := low, []byte{}
		if mark != nil {
			if len(mark) < len(UserID{}) {
				return nil, errMark
			}
			id, value = mark[:len(UserID{})], string(mark[len(UserID{}):])
		}
		return db.listNamed(t.query(`SELECT s.value, `+userColumns+`
			FROM user_attrs s JOIN users u ON u.pool = s.pool AND u.uid = s.uid`+userJoins+`
			WHERE s.pool = $1 AND s.attr = $2 AND (s.value, s.uid) > ($3, $4) AND s.value <= $5
			ORDER BY s.value, s.uid LIMIT $6`, pool, searchCode(q.Attribute), value, id, high, n),
			func(value string, u *User) []byte { return append(slices.Clone(u.ID[:]), value...) })
	}
}

// byState lists users by status and by whether they are enabled: one after the other those
// combinations that match. A mark is the number of a combination and a user id.
func (db *DB) byState(pool PoolID, match func(enabled bool, status string) bool) func(*tx, []byte, int) ([]listed, error) {
	return func(t *tx, mark []byte, n int) (users []listed, err error) {
		var from int
		if mark != nil {
			if len(mark) != 1+len(UserID{}) {
				return nil, errMark
			}
			from, mark = int(mark[0]), mark[1:]
		}
		states := userStates()
		for i := from; i < len(states) && len(users) < n; i++ {
			s := states[i]
			if !match(s.enabled, string(s.name)) {
				continue
			}
			if i != from {
				mark = nil
			}
			more, err := db.list(t.query(`SELECT `+userColumns+` FROM users u`+userJoins+`
				WHERE u.pool = $1 AND u.enabled = $2 AND u.status = $3 AND u.uid > $4 ORDER BY u.uid LIMIT $5`,
				pool, s.enabled, s.code, mark, n-len(users)),
				func(u *User) []byte { return append([]byte{byte(i)}, u.ID[:]...) })
			if err != nil {
				return nil, err
			}
			users = append(users, more...)
		}
		return users, nil
	}
}

// list reads users.
func (db *DB) list(a answer, mark func(*User) []byte) (users []listed, err error) {
	err = a.each(func(scan scanner) error {
		u, err := db.scanUser(scan)
		if err == nil {
			users = append(users, listed{u, mark(u)})
		}
		return err
	})
	return users, err
}

// listNamed reads users after a column with the value that they are listed by.
func (db *DB) listNamed(a answer, mark func(string, *User) []byte) (users []listed, err error) {
	err = a.each(func(scan scanner) error {
		var value string
		u, err := db.scanUser(scan, &value)
		if err == nil {
			users = append(users, listed{u, mark(value, u)})
		}
		return err
	})
	return users, err
}

// lastWith returns a text that comes after all texts with the given prefix, in the order of
// bytes, which is the order of code points: nothing that is text has the last code point.
func lastWith(prefix string) string { return prefix + string(utf8.MaxRune) }

// userState is a combination of what users are listed by.
type userState struct {
	name    userStatus
	code    int64
	enabled bool
}

// userStates are all combinations, in the order of the names of statuses.
func userStates() []userState {
	var states []userState
	for code, name := range userStatuses() {
		if code > 0 {
			states = append(states, userState{name, int64(code), true}, userState{name, int64(code), false})
		}
	}
	slices.SortStableFunc(states, func(a, b userState) int { return strings.Compare(string(a.name), string(b.name)) })
	return states
}
