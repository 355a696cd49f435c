package store

import (
	"io"
	"log/slog"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/seal"
)

// Sync is how durable an answered write is.
type Sync uint8

// The levels of durability. PostgreSQL's is set by its operator, so there the levels only
// say whether a server that gives it up is refused.
const (
	// SyncFull: an answered write survives loss of power. Open refuses a database that
	// cannot promise it.
	SyncFull Sync = iota
	// SyncNormal: an answered write survives a crash of the process; loss of power may undo the last ones.
	SyncNormal
	// SyncOff: as SyncNormal, and loss of power may destroy the database. For tests.
	SyncOff
)

// Options describe a database and how it is used.
type Options struct {
	// URL is sqlite:PATH or postgres://... . The file of a SQLite database is made, for its
	// owner alone, where there is none; a PostgreSQL database must exist. Its parameters are
	// libpq's and pgx's, such as search_path, and default_query_exec_mode=exec behind a
	// pgbouncer that pools transactions.
	URL  string
	Sync Sync
	// MasterKey wraps the data key that seals the secret columns. It is required.
	MasterKey *seal.MasterKey
	Clock     *clock.Clock // nil is the machine's clock
	Random    io.Reader    // nil is the operating system's generator; safe for concurrent use
	Log       *slog.Logger // nil discards
	// RootKey becomes the root access key if the database is empty; else it is ignored.
	RootKey *AccessKey
	// Connections is how many statements may run side by side; 0 chooses.
	Connections int
}

// orDefaults fills in what may be left out.
func (o Options) orDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Random = clock.Random(o.Random)
	return o
}
