package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/store"
)

// start constructs a server with the key of the file.
//
// Where there is none, a key is made, but only for an empty database: it is written under
// the name of a draft, the database is opened with it, and when that went well it gets the
// file's name. Whenever the program is stopped in between, the next start goes on with the
// draft, which the database has either taken or not.
//
// The server's new root key is announced before anything else can go wrong.
func (f keyFile) start(ctx context.Context, c cenote.Config, announce func(*cenote.Server)) (*cenote.Server, error) {
	key, err := f.read()
	if err == nil {
		c.MasterKey = key
		return newServer(ctx, c, announce)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if c.MasterKey, err = f.makeDraft(); err != nil {
		return nil, err
	}
	server, err := newServer(ctx, c, announce)
	if errors.Is(err, store.ErrWrongMasterKey) {
		return nil, errors.Join(
			fmt.Errorf("the database is in use with a master key, which is not there: %s does not exist", f),
			os.Remove(string(f.draft())))
	}
	if err != nil {
		return nil, err
	}
	if err := f.adoptDraft(); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

func newServer(ctx context.Context, c cenote.Config, announce func(*cenote.Server)) (*cenote.Server, error) {
	server, err := cenote.New(ctx, c)
	if err == nil {
		announce(server)
	}
	return server, err
}

// runServer serves until ctx ends and releases everything.
func runServer(ctx context.Context, server *cenote.Server) error {
	return errors.Join(server.Run(ctx), server.Close())
}
