package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// errUnused keeps administration from taking the place of a first start, which makes the
// root access key along with the database.
var errUnused = errors.New("the database is empty: start the server first, or restore a backup")

// key returns the master key, which must be there: only a server makes one.
func (f *adminFlags) key(p *program) (*seal.MasterKey, error) {
	text, file, err := f.masterKey(p)
	if err == nil && text == "" {
		text, err = file.read()
	}
	if err != nil {
		return nil, err
	}
	return parseKey(text)
}

func parseKey(text cenote.Secret) (*seal.MasterKey, error) {
	key, err := seal.ParseMasterKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return key, nil
}

// options describe the database, without its key.
func (f *adminFlags) options(p *program) store.Options {
	return store.Options{URL: string(f.Database), Sync: store.SyncFull, Log: f.logger(p.stderr)}
}

// withStore opens the database of a server for do.
func (f *adminFlags) withStore(ctx context.Context, p *program, do func(*store.DB) error) (err error) {
	o := f.options(p)
	if o.MasterKey, err = f.key(p); err != nil {
		return err
	}
	used, err := store.Used(ctx, o)
	if err != nil {
		return err
	}
	if !used {
		return errUnused
	}
	return withStore(ctx, o, do)
}

func withStore(ctx context.Context, o store.Options, do func(*store.DB) error) error {
	db, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// migrateCommand is `cenote migrate`.
type migrateCommand struct{ adminFlags }

// Run brings the schema up to date. It asks for no master key: who prepares a database
// need not be able to read it.
func (c *migrateCommand) Run(ctx context.Context, p *program) error {
	before, after, err := store.Migrate(ctx, c.options(p))
	if err != nil {
		return err
	}
	if before == after {
		fmt.Fprintf(p.stdout, "the schema is at version %d already\n", after)
		return nil
	}
	fmt.Fprintf(p.stdout, "the schema is at version %d, it was at %d\n", after, before)
	return nil
}

// backupCommand is `cenote backup`.
type backupCommand struct {
	adminFlags
	File string `arg:"" help:"The file to write; there must be none yet. It is of no use without the master key, which is not in it."`
}

// Run writes a backup.
func (c *backupCommand) Run(ctx context.Context, p *program) error {
	return c.withStore(ctx, p, func(db *store.DB) error { return db.Backup(ctx, c.File) })
}

// restoreCommand is `cenote restore`.
type restoreCommand struct {
	adminFlags
	File string `arg:"" help:"The backup. The master key must be that of the database that it was made of."`
}

// Run fills an empty database from a backup.
func (c *restoreCommand) Run(ctx context.Context, p *program) (err error) {
	o := c.options(p)
	if o.MasterKey, err = c.key(p); err != nil {
		return err
	}
	return store.Restore(ctx, o, c.File)
}
