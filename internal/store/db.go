package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/seal"
)

// maxClockSkew is how far a node's clock may be off the database's.
const maxClockSkew = time.Second

var (
	// ErrNotDurable says that a database cannot promise what SyncFull asks for.
	ErrNotDurable = errors.New("store: the database does not make commits durable (PostgreSQL: fsync and synchronous_commit)")
	// ErrClockSkew says that this machine's clock is more than a second off the database's.
	ErrClockSkew = errors.New("store: this machine's clock is more than 1 s off the database's")
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  engine
	clock   *clock.Clock
	random  io.Reader
	log     *slog.Logger
	keyring *seal.Keyring
	fresh   bool
	rootKey bool
}

// Open opens a database, brings its schema up to date and, when it is empty, writes the
// check value of the master key, the wrapped data key and the root access key in one
// transaction. It starts one goroutine on SQLite, which Close ends.
//
// Errors to tell apart: ErrWrongMasterKey, ErrNotDurable, ErrNewerSchema,
// ErrMigrationChanged.
func Open(ctx context.Context, o Options) (*DB, error) {
	o = o.orDefaults()
	if o.MasterKey == nil {
		return nil, errors.New("store: a master key is required")
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: e, clock: o.Clock, random: o.Random, log: o.Log}
	if err := db.start(ctx, o); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return db, nil
}

// start does what Open does with a connection. A wrong master key is found out before the
// schema is touched.
func (db *DB) start(ctx context.Context, o Options) error {
	if o.Sync == SyncFull {
		durable, err := db.engine.durable(ctx)
		if err != nil {
			return err
		}
		if !durable {
			return ErrNotDurable
		}
	}
	if err := makeMeta(ctx, db.engine); err != nil {
		return err
	}
	if err := checkMasterKey(ctx, db.engine, o.MasterKey); err != nil {
		return err
	}
	if _, err := migrate(ctx, db.engine); err != nil {
		return err
	}
	if err := db.loadKeys(ctx, o); err != nil {
		return err
	}
	return db.findRootKey(ctx)
}

// Migrate brings the schema of a database up to date as Open does and returns its version
// before and after. It makes no keys and no access key.
func Migrate(ctx context.Context, o Options) (before, after int, err error) {
	o = o.orDefaults()
	steps, err := migrations()
	if err != nil {
		return 0, 0, err
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := makeMeta(ctx, e); err != nil {
		return 0, 0, err
	}
	if o.MasterKey != nil {
		if err := checkMasterKey(ctx, e, o.MasterKey); err != nil {
			return 0, 0, err
		}
	}
	before, err = migrate(ctx, e)
	return before, max(before, len(steps)), err
}

// Close ends the use of the database after the writes that have begun.
func (db *DB) Close() error { return db.engine.close() }

// Keyring seals and opens with the database's data key.
func (db *DB) Keyring() *seal.Keyring { return db.keyring }

// Fresh says that Open found the database empty; Options.RootKey is in use then.
func (db *DB) Fresh() bool { return db.fresh }

// HasRootKey says whether Open found or made a root access key.
func (db *DB) HasRootKey() bool { return db.rootKey }

// Ping asks the database for a sign of life.
func (db *DB) Ping(ctx context.Context) error {
	return db.engine.read(ctx, func(t *tx) error {
		var n int64
		_, err := t.query(`SELECT 1`).one(&n)
		return err
	})
}

// Ready says whether this node may serve: the database answers, and the node's clock is at
// most a second off the database's. Revocation depends on the clocks of nodes, see
// SignOutEverywhere. The error is ErrClockSkew or the database's.
func (db *DB) Ready(ctx context.Context) error {
	if err := db.Ping(ctx); err != nil {
		return err
	}
	skew, err := db.ClockSkew(ctx)
	if err != nil {
		return err
	}
	if skew.Abs() > maxClockSkew {
		return fmt.Errorf("%w: %v", ErrClockSkew, skew.Round(time.Millisecond))
	}
	return nil
}

// ClockSkew returns how far the machine's clock is ahead of the database's, to within the
// time that the question takes. It is 0 on SQLite, which has no clock of its own.
func (db *DB) ClockSkew(ctx context.Context) (time.Duration, error) {
	before := db.clock.Outside()
	theirs, err := db.engine.time(ctx)
	if err != nil || theirs.IsZero() {
		return 0, err
	}
	after := db.clock.Outside()
	switch {
	case theirs.Before(before):
		return before.Sub(theirs), nil
	case theirs.After(after):
		return after.Sub(theirs), nil
	}
	return 0, nil
}

// Durable asks the engine, over the connection that writes, whether answered writes
// survive loss of power.
func (db *DB) Durable(ctx context.Context) (bool, error) { return db.engine.durable(ctx) }

// Run does the upkeep of the database until ctx ends, and says so in the log when this
// machine's clock goes wrong. It returns nil.
func (db *DB) Run(ctx context.Context) error {
	clockTick, upkeepTick := time.NewTicker(10*time.Second), time.NewTicker(time.Hour)
	defer clockTick.Stop()
	defer upkeepTick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-clockTick.C:
			err = db.Ready(ctx)
		case <-upkeepTick.C:
			err = db.engine.upkeep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			db.log.WarnContext(ctx, "database trouble", "error", err)
		}
	}
}
