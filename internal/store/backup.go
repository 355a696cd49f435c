package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

var (
	// ErrNotEmpty says that a restore would mix with what the database holds.
	ErrNotEmpty = errors.New("store: the database to restore into is not empty")
	// ErrNotBackup says that a file is no backup of Cenote's.
	ErrNotBackup = errors.New("store: the file is no backup")
)

// Backup writes everything, as of one moment and while the database is in use, into a new
// file at path: a SQLite database, whatever the engine, that Restore reads into either. It
// is of no use without the master key. The file is complete or not there.
func (db *DB) Backup(ctx context.Context, path string) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".backup-")
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	defer os.RemoveAll(dir)
	draft := filepath.Join(dir, "draft")
	if err := db.engine.backup(ctx, draft); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if err := syncFile(draft); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	// A link, unlike a rename, leaves a file alone that has the name already.
	if err := os.Link(draft, path); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Restore fills the database that o names from a backup, all or nothing. The database must
// be empty, and o.MasterKey the one that the backup's database was made with. The errors
// to tell apart are ErrNotEmpty, ErrNotBackup and ErrWrongMasterKey.
func Restore(ctx context.Context, o Options, path string) (err error) {
	o = o.orDefaults()
	dir, err := os.MkdirTemp("", "cenote-restore-")
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	defer os.RemoveAll(dir)
	// The schema of an older backup is brought up to date in a copy.
	draft := filepath.Join(dir, "draft")
	if err := draftOf(ctx, path, draft, o); err != nil {
		return err
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := makeMeta(ctx, e); err != nil {
		return err
	}
	if _, err := migrate(ctx, e); err != nil {
		return err
	}
	if err := e.restore(ctx, draft); err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	return nil
}

// draftOf copies a backup and makes sure that it can be restored.
func draftOf(ctx context.Context, path, draft string, o Options) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	if !info.Mode().IsRegular() {
		return ErrNotBackup
	}
	if err := vacuumInto(ctx, path, draft); err != nil {
		return errors.Join(ErrNotBackup, err)
	}
	e, err := openSQLite(ctx, draft, Options{Sync: SyncOff})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if found, err := e.hasTable(ctx, "meta"); err != nil || !found {
		return errors.Join(ErrNotBackup, err)
	}
	if used, err := isUsed(ctx, e); err != nil || !used {
		return errors.Join(ErrNotBackup, err)
	}
	if err := checkMasterKey(ctx, e, o.MasterKey); err != nil {
		return err
	}
	_, err = migrate(ctx, e)
	return err
}

// isUsed says whether a database has had its first start.
func isUsed(ctx context.Context, e engine) (used bool, err error) {
	err = e.read(ctx, func(t *tx) error {
		used, err = t.isUsed()
		return err
	})
	return used, err
}

func (t *tx) isUsed() (bool, error) {
	var check []byte
	return t.query(`SELECT value FROM meta WHERE name = $1`, metaMasterCheck).one(&check)
}

// vacuumInto copies the SQLite database at path, compacted and as of one moment.
func vacuumInto(ctx context.Context, path, into string) error {
	files, err := sql.Open("sqlite", fileURI(path))
	if err != nil {
		return err
	}
	if err := createFile(into, SyncOff); err != nil {
		return errors.Join(err, files.Close())
	}
	_, err = files.ExecContext(ctx, `VACUUM INTO $1`, into)
	return errors.Join(err, files.Close())
}
