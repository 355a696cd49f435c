package store

import (
	"io"
	"log/slog"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/seal"
)

// Sync is how durable an answered write is on SQLite. PostgreSQL's durability is its
// operator's; under SyncFull a server that gives it up is refused.
type Sync uint8

// The levels of durability.
const (
	// SyncFull: an answered write survives loss of power.
	SyncFull Sync = iota
	// SyncNormal: an answered write survives a crash of the process; loss of power can undo the last ones.
	SyncNormal
	// SyncOff: as SyncNormal, and loss of power can destroy the database. For tests.
	SyncOff
)

// Options describe a database and how to use it.
type Options struct {
	// URL is sqlite:PATH or postgres://... . SQLite databases are made where there is none.
	URL  string
	Sync Sync
	// MasterKey wraps the data key that seals secret columns.
	MasterKey seal.MasterKey
	Clock     *clock.Clock // nil is the machine's clock
	Random    io.Reader    // nil is the operating system's generator
	Log       *slog.Logger // nil discards
	// RootKey becomes the root access key when the database is empty; else it is ignored.
	RootKey *AccessKey
	// Connections is how many statements may run at a time; 0 chooses.
	Connections int
}
