package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// commits measures what a durable commit of one small row costs, grouped as those of a
// server's callers are.
type commits struct {
	db      *store.DB
	dir     string
	callers int
}

func newCommits(ctx context.Context, callers int) (c *commits, err error) {
	key, err := cenote.NewMasterKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	master, err := seal.ParseMasterKey([]byte(key))
	if err != nil {
		return nil, err
	}
	c = &commits{callers: callers}
	if c.dir, err = os.MkdirTemp("", "cenote-bench-"); err != nil {
		return nil, err
	}
	c.db, err = store.Open(ctx, store.Options{
		URL: "sqlite:" + filepath.Join(c.dir, databaseFile), Sync: store.SyncFull, MasterKey: master,
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	return c, nil
}

func (c *commits) close() error { return errors.Join(c.db.Close(), os.RemoveAll(c.dir)) }

// cost returns the CPU time of n commits, of this process, which does nothing else.
func (c *commits) cost(ctx context.Context, n int) (time.Duration, error) {
	before, err := processTime(os.Getpid())
	if err != nil {
		return 0, err
	}
	until := time.Now().Add(time.Hour)
	err = burst(ctx, c.callers, 0, n, func(ctx context.Context, _ int) error {
		var key [32]byte
		if _, err := rand.Read(key[:]); err != nil {
			return err
		}
		_, err := c.db.Spend(ctx, key, until)
		return err
	})
	if err != nil {
		return 0, err
	}
	after, err := processTime(os.Getpid())
	return after - before, err
}
