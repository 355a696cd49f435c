package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// engine is what SQLite and PostgreSQL do each in their own way.
type engine interface {
	// read runs fn on a connection, without a transaction. fn may run again.
	read(ctx context.Context, fn func(*tx) error) error
	// write runs fn in a transaction and returns after its commit. fn may run again. An
	// error of fn undoes what it wrote and is returned as it is, except that errLost makes
	// it run again. When the connection is lost during the commit, nobody knows whether
	// it took place: only where again says that a second time does no harm is fn repeated.
	write(ctx context.Context, again bool, fn func(*tx) error) error
	// hasTable says whether the database has a table of that name.
	hasTable(ctx context.Context, name string) (bool, error)
	// define returns the text of a migration in the engine's words.
	define(text string) string
	// durable asks the engine whether an answered write survives loss of power.
	durable(ctx context.Context) (bool, error)
	// time returns the database's own clock, zero where it has none.
	time(ctx context.Context) (time.Time, error)
	// backup writes all rows, as of one moment, into a new SQLite database at path.
	backup(ctx context.Context, path string) error
	// restore fills an empty database from the SQLite database at path, which has the
	// same schema.
	restore(ctx context.Context, path string) error
	// upkeep does what should be done once in a while.
	upkeep(ctx context.Context) error
	close() error
}

// openEngine opens the database that o names. The database need not have a schema.
func openEngine(ctx context.Context, o Options) (engine, error) {
	scheme, rest, ok := strings.Cut(o.URL, ":")
	switch {
	case ok && scheme == "sqlite":
		return openSQLite(ctx, strings.TrimPrefix(rest, "//"), o)
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, o)
	}
	// The URL may hold a password, so the error does not show it.
	return nil, fmt.Errorf("store: a database is sqlite:PATH or postgres://..., this one has the scheme %q", scheme)
}
