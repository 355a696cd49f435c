package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// errLost is what a write closure returns when a compare-and-swap of its own failed:
// someone else changed the row in between, and the closure should run again.
var errLost = errors.New("store: lost a race")

// session is a connection or a transaction of database/sql. Statements without arguments
// may hold several commands.
type session interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// tx is what a closure runs its statements on: a transaction in writes, a connection in
// reads. The first error of the engine stays: nothing runs after it.
type tx struct {
	ctx   context.Context
	on    session
	wrote bool  // a statement has changed something
	err   error // the engine's first error
}

// exec runs a statement that changes rows and returns how many.
func (t *tx) exec(text string, args ...any) (int64, error) {
	if t.err != nil {
		return 0, t.err
	}
	if !plain(args) {
		return 0, ErrUnstorable
	}
	res, err := t.on.ExecContext(t.ctx, text, args...)
	if err == nil {
		var n int64
		if n, err = res.RowsAffected(); err == nil {
			t.wrote = t.wrote || n > 0
			return n, nil
		}
	}
	t.err = fmt.Errorf("store: %w", err)
	return 0, t.err
}

// must is exec of a statement that changes one row; that it changed none is errLost.
func (t *tx) must(text string, args ...any) error {
	n, err := t.exec(text, args...)
	if err == nil && n != 1 {
		return errLost
	}
	return err
}

// script runs commands that define the schema.
func (t *tx) script(text string) error {
	if t.err != nil {
		return t.err
	}
	t.wrote = true
	if _, err := t.on.ExecContext(t.ctx, text); err != nil {
		t.err = fmt.Errorf("store: %w", err)
	}
	return t.err
}

// query runs a statement that returns rows. What cannot be stored is never found.
func (t *tx) query(text string, args ...any) answer {
	if t.err != nil || !plain(args) {
		return answer{tx: t}
	}
	rows, err := t.on.QueryContext(t.ctx, text, args...)
	if err != nil {
		t.err = fmt.Errorf("store: %w", err)
		return answer{tx: t}
	}
	return answer{tx: t, rows: rows}
}

// answer is the rows of a query; nil rows are none.
type answer struct {
	tx   *tx
	rows *sql.Rows
}

// one scans the first row, if there is one.
func (a answer) one(dest ...any) (found bool, err error) {
	err = a.each(func(scan scanner) error {
		if found {
			return nil
		}
		found = true
		return scan(dest...)
	})
	return found, err
}

// scanner copies the columns of a row.
type scanner func(dest ...any) error

// each calls visit for every row. An error of visit ends it and is returned as it is.
func (a answer) each(visit func(scanner) error) error {
	if a.rows == nil {
		return a.tx.err
	}
	defer a.rows.Close()
	for a.rows.Next() {
		if err := visit(a.rows.Scan); err != nil {
			return err
		}
	}
	err := a.rows.Err()
	if err == nil {
		err = a.rows.Close()
	}
	if err != nil {
		a.tx.err = fmt.Errorf("store: %w", err)
	}
	return a.tx.err
}

// plain turns the arguments into what both drivers take, in place, and says whether they
// can be stored: texts are UTF-8 without NUL, or PostgreSQL refuses what SQLite keeps.
func plain(args []any) bool {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			if !storable(v) {
				return false
			}
		case KeyKind:
			args[i] = v.code()
		case PoolID:
			args[i] = int64(v)
		case UserID:
			args[i] = v[:]
		case bool:
			args[i] = int64(0)
			if v {
				args[i] = int64(1)
			}
		case time.Time:
			args[i] = millis(v)
		case int:
			args[i] = int64(v)
		case []byte:
			if v == nil {
				args[i] = []byte{}
			}
		}
	}
	return true
}

func storable(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// millis is the stored form of a time; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the reverse of millis, in UTC.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// at scans a stored time.
type at struct{ t *time.Time }

// Scan implements sql.Scanner.
func (a at) Scan(column any) error {
	ms, ok := column.(int64)
	if !ok {
		return fmt.Errorf("store: a time is a %T", column)
	}
	*a.t = instant(ms)
	return nil
}

// flag scans a stored truth value.
type flag struct{ b *bool }

// Scan implements sql.Scanner.
func (f flag) Scan(column any) error {
	n, ok := column.(int64)
	if !ok {
		return fmt.Errorf("store: a truth value is a %T", column)
	}
	*f.b = n != 0
	return nil
}

// uid scans a stored user id.
type uid struct{ id *UserID }

// Scan implements sql.Scanner.
func (u uid) Scan(column any) error {
	b, ok := column.([]byte)
	if !ok || len(b) != len(u.id) {
		return fmt.Errorf("store: a user id is a %T", column)
	}
	copy(u.id[:], b)
	return nil
}
