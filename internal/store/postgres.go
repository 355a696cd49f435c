package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// patience is how long a statement or transaction is repeated after conflicts and lost
	// connections: long enough for a planned switch-over, short enough for a caller.
	patience = 5 * time.Second
	// oneTry is how long a transaction may take that its caller has given up.
	oneTry = 15 * time.Second
	// maxLifetime of a connection stays under the hour that some services allow.
	maxLifetime = 50 * time.Minute
)

// postgres is the engine of several nodes. It works under READ COMMITTED and everything
// stricter: closures lock rows by conditional updates only.
type postgres struct {
	pool *sql.DB
	sync Sync
}

// openPostgres makes the pool of connections and tries one.
func openPostgres(ctx context.Context, o Options) (*postgres, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		// The parser's error shows the URL, with the password cut out where it finds one.
		return nil, errors.New("store: the database URL cannot be parsed")
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "cenote"
	}
	pool := stdlib.OpenDB(*config)
	n := o.Connections
	if n <= 0 {
		n = max(16, 4*runtime.GOMAXPROCS(0))
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxLifetime(maxLifetime)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	e := &postgres{pool: pool, sync: o.Sync}
	if err := e.read(ctx, func(t *tx) error { return t.script(`SELECT 1`) }); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return e, nil
}

// read implements engine. Statements stand alone, so each sees its own moment.
func (e *postgres) read(ctx context.Context, fn func(*tx) error) error {
	return e.persist(ctx, func() (bool, error) {
		t := &tx{ctx: ctx, on: e.pool}
		err := fn(t)
		return passing(t.err), err
	})
}

// write implements engine. Begin and commit do not follow ctx, so that a caller who gives
// up leaves all or nothing and is told which.
func (e *postgres) write(ctx context.Context, again bool, fn func(*tx) error) error {
	err := e.persist(ctx, func() (bool, error) {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), oneTry)
		defer cancel()
		sqlTx, err := e.pool.BeginTx(detached, nil)
		if err != nil {
			return passing(err), fmt.Errorf("store: begin: %w", err)
		}
		defer sqlTx.Rollback() //nolint:errcheck // after a commit it has nothing to do, else the error that led here counts
		t := &tx{ctx: ctx, on: sqlTx}
		if err := fn(t); err != nil {
			return errors.Is(err, errLost) || passing(t.err), err
		}
		if t.err != nil {
			return passing(t.err), t.err
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if err := sqlTx.Commit(); err != nil {
			return again && passing(err) || refused(err), fmt.Errorf("store: commit: %w", err)
		}
		return false, nil
	})
	if errors.Is(err, errLost) {
		return ErrConflict
	}
	return err
}

// persist calls try until it succeeds, fails for good, or patience ends.
func (e *postgres) persist(ctx context.Context, try func() (again bool, err error)) error {
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 128*time.Millisecond) {
		again, err := try()
		if err == nil || !again {
			return err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-limit.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}

// refused says that the engine has undone the transaction because of others, so that it
// can run again. It has answered: a commit whose answer was lost may have taken place, even
// if pgconn.SafeToRetry holds, which pgx also says of connections that end while it waits.
func refused(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "40001", // serialization_failure: distributed engines and stricter isolation
		"40P01",          // deadlock_detected
		"23505",          // unique_violation: the closure checked before someone else inserted
		"42710", "42P07": // duplicate_object, duplicate_table: the same, of nodes that start together
		return true
	}
	return false
}

// passing says that an error has to do with others or with the connection, not with the
// statement, so that it may be gone the next time.
func passing(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "57P01", "57P02", "57P03", // the server stops, starts or switches over
			"25006", // read_only_sql_transaction: it has become a standby
			"53300": // too_many_connections
			return true
		}
		return refused(err) || strings.HasPrefix(e.Code, "08")
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// hasTable implements engine.
func (e *postgres) hasTable(ctx context.Context, name string) (found bool, err error) {
	err = e.read(ctx, func(t *tx) error {
		var n int64
		found, err = t.query(`SELECT 1 FROM information_schema.tables
			WHERE table_schema = current_schema() AND table_name = $1`, name).one(&n)
		return err
	})
	return found, err
}

// define implements engine. The collation makes comparisons go by bytes, as in SQLite,
// whatever the database's own is.
func (e *postgres) define(text string) string {
	return strings.NewReplacer(" BYTES", " BYTEA", " KEYTEXT", ` TEXT COLLATE "C"`, ") KEYED;", ");").Replace(text)
}

// durable implements engine. What a relative of PostgreSQL does not know is left to it.
func (e *postgres) durable(ctx context.Context) (bool, error) {
	var fsync, commit string
	err := e.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT COALESCE(current_setting('fsync', TRUE), 'on'),
			COALESCE(current_setting('synchronous_commit', TRUE), 'on')`).one(&fsync, &commit)
		return err
	})
	return fsync == "on" && commit != "off", err
}

// time implements engine.
func (e *postgres) time(ctx context.Context) (now time.Time, err error) {
	err = e.read(ctx, func(t *tx) error {
		_, err := t.query(`SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`).one(at{&now})
		return err
	})
	return now, err
}

// upkeep implements engine: PostgreSQL cleans up by itself.
func (e *postgres) upkeep(context.Context) error { return nil }

// close implements engine.
func (e *postgres) close() error { return e.pool.Close() }
