package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

var errClosed = errors.New("store: closed")

// sqlite is the engine of one machine: readers side by side, one writer.
type sqlite struct {
	path  string
	files *sql.DB
	slots chan struct{} // one for each reader that may be in use besides
	mu    sync.Mutex    // of idle
	// idle are the readers that are not in use, the one used last at the end: it is taken
	// first, so that a few callers fill the caches of a few readers.
	idle    []*sqliteConn
	writer  *writer
	closing sync.Once
}

// openSQLite opens the database file at path, and makes it where there is none.
func openSQLite(ctx context.Context, path string, o Options) (*sqlite, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.ContainsRune(path, 0) {
		return nil, errors.New("store: a SQLite database needs a file: sqlite:PATH")
	}
	if err := createFile(path, o.Sync); err != nil {
		return nil, err
	}
	files, err := sql.Open("sqlite", fileURI(path))
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	n := o.Connections
	if n <= 0 {
		n = max(4, 2*runtime.GOMAXPROCS(0))
	}
	e := &sqlite{path: path, files: files, slots: make(chan struct{}, n)}
	for range n {
		e.slots <- struct{}{}
	}
	conn, err := openConn(ctx, files, writerPragmas(o.Sync))
	if err == nil {
		err = conn.inWAL(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", path, err), files.Close())
	}
	e.writer = startWriter(conn)
	return e, nil
}

// createFile makes the database file for its owner alone; SQLite gives its other files
// the same mode.
func createFile(path string, sync Sync) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: make the database: %w", err)
	}
	if err := f.Close(); err != nil || sync != SyncFull {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory survive loss of power.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fileURI is how SQLite takes a path with any characters in it.
func fileURI(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// writerPragmas set up the connection that writes. All of them may meet another program that
// makes the database, so waiting comes first; the level of syncing comes before what writes
// already; auto_vacuum counts only before the first table. A page in a cache takes twice its
// size, because the driver's allocator rounds up to powers of two: 32 MiB are 64 here.
func writerPragmas(s Sync) string {
	// fullfsync is for macOS, whose fsync alone leaves data in the drive's cache.
	level := `PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;`
	switch s {
	case SyncNormal:
		level = `PRAGMA synchronous = NORMAL;`
	case SyncOff:
		level = `PRAGMA synchronous = OFF;`
	}
	return `PRAGMA busy_timeout = 10000;` + level + `
		PRAGMA auto_vacuum = INCREMENTAL;
		PRAGMA journal_mode = WAL;
		PRAGMA journal_size_limit = 67108864;
		PRAGMA cache_size = -32768;
		PRAGMA temp_store = MEMORY;
		PRAGMA trusted_schema = OFF;`
}

const readerPragmas = `
	PRAGMA busy_timeout = 10000;
	PRAGMA query_only = ON;
	PRAGMA cache_size = -16384;
	PRAGMA temp_store = MEMORY;
	PRAGMA trusted_schema = OFF;`

// sqliteConn is a connection with its prepared statements. It serves one user at a time.
type sqliteConn struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func openConn(ctx context.Context, files *sql.DB, pragmas string) (*sqliteConn, error) {
	conn, err := files.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, pragmas); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &sqliteConn{conn: conn, statements: make(map[string]*sql.Stmt)}, nil
}

// inWAL makes sure that the file system lets readers and the writer work side by side.
func (c *sqliteConn) inWAL(ctx context.Context) error {
	var mode string
	if err := c.conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system does not support write-ahead logging (journal mode %s)", mode)
	}
	return nil
}

// prepare returns the prepared form of text.
func (c *sqliteConn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s := c.statements[text]
	if s == nil {
		var err error
		if s, err = c.conn.PrepareContext(ctx, text); err != nil {
			return nil, err
		}
		c.statements[text] = s
	}
	return s, nil
}

// ExecContext implements session.
func (c *sqliteConn) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return c.conn.ExecContext(ctx, text)
	}
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext implements session.
func (c *sqliteConn) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// close releases the connection and its statements.
func (c *sqliteConn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

// read implements engine. A reader is waited for as long as ctx allows; the statements
// themselves take microseconds, so they are not made cancellable, which would cost more
// than they do.
func (e *sqlite) read(ctx context.Context, fn func(*tx) error) error {
	conn, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer e.release(conn)
	return fn(&tx{ctx: context.WithoutCancel(ctx), on: conn})
}

// reader takes the connection that became idle last, or opens another while there are few.
func (e *sqlite) reader(ctx context.Context) (*sqliteConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-e.slots:
	case <-e.writer.quit:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	e.mu.Lock()
	last := len(e.idle) - 1
	if last >= 0 {
		conn := e.idle[last]
		e.idle = e.idle[:last]
		e.mu.Unlock()
		return conn, nil
	}
	e.mu.Unlock()
	conn, err := openConn(context.WithoutCancel(ctx), e.files, readerPragmas)
	if err != nil {
		e.slots <- struct{}{}
		return nil, fmt.Errorf("store: open a reader: %w", err)
	}
	return conn, nil
}

// release gives a reader back.
func (e *sqlite) release(conn *sqliteConn) {
	e.mu.Lock()
	e.idle = append(e.idle, conn)
	e.mu.Unlock()
	e.slots <- struct{}{}
}

// write implements engine. There is one writer, so a closure never loses a race and a
// commit's outcome is always known.
func (e *sqlite) write(ctx context.Context, _ bool, fn func(*tx) error) error {
	err := e.writer.do(ctx, fn)
	if errors.Is(err, errLost) {
		return ErrConflict
	}
	return err
}

// hasTable implements engine.
func (e *sqlite) hasTable(ctx context.Context, name string) (found bool, err error) {
	err = e.read(ctx, func(t *tx) error {
		var n int64
		found, err = t.query(`SELECT 1 FROM sqlite_schema WHERE name = $1`, name).one(&n)
		return err
	})
	return found, err
}

// define implements engine.
func (e *sqlite) define(text string) string {
	return strings.NewReplacer(" BYTES", " BLOB", " KEYTEXT", " TEXT", ") KEYED;", ") WITHOUT ROWID;").Replace(text)
}

// durable implements engine: it asks the writer's own connection.
func (e *sqlite) durable(ctx context.Context) (bool, error) {
	var level int64
	var mode string
	err := e.write(ctx, true, func(t *tx) error {
		if _, err := t.query(`PRAGMA synchronous`).one(&level); err != nil {
			return err
		}
		_, err := t.query(`PRAGMA journal_mode`).one(&mode)
		return err
	})
	const full = 2
	return level >= full && mode == "wal", err
}

// time implements engine.
func (e *sqlite) time(context.Context) (time.Time, error) { return time.Time{}, nil }

// upkeep implements engine: it gives free pages back to the file system.
func (e *sqlite) upkeep(ctx context.Context) error {
	return e.write(ctx, true, func(t *tx) error { return t.script(`PRAGMA incremental_vacuum(2000)`) })
}

// close implements engine. What is being written is finished first.
func (e *sqlite) close() (err error) {
	e.closing.Do(func() {
		errs := []error{e.writer.stop()}
		for range cap(e.slots) {
			<-e.slots // those in use are given back
		}
		for _, conn := range e.idle {
			errs = append(errs, conn.close())
		}
		err = errors.Join(append(errs, e.files.Close())...)
	})
	return err
}
