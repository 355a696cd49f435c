package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"

	"github.com/cenote-id/cenote"
)

const (
	// childVariable makes this program a server.
	childVariable = "CENOTE_BENCH_CHILD"
	// profileVariable is the address at which a child gives CPU profiles; empty for none.
	profileVariable = "CENOTE_BENCH_PROFILE"
)

var errNoChild = errors.New("this process was not started as a server")

// serveIfChild serves, as `cenote serve` would, in a process that startServer made of this
// program: profiles are no part of the product. The error is errNoChild in any other.
func serveIfChild(ctx context.Context) error {
	if os.Getenv(childVariable) == "" {
		return errNoChild
	}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	c := cenote.Config{
		Mode: cenote.Serve, Limits: cenote.Limits{Rates: rates(), PerUser: unlimited},
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
		RootKey: &cenote.RootKey{
			ID: os.Getenv("CENOTE_ROOT_ACCESS_KEY_ID"), Secret: cenote.Secret(os.Getenv("CENOTE_ROOT_SECRET_ACCESS_KEY")),
		},
	}
	flags.StringVar(&c.Listen, "listen", "", "")
	flags.StringVar(&c.OpsListen, "ops-listen", "", "")
	flags.StringVar(&c.Database, "database", "", "")
	c.MaxImportRows, c.MaxImportBytes = importLimit, importLimit
	keyFile := flags.String("master-key-file", "", "")
	configFile := flags.String("config", "", "")
	if err := flags.Parse(os.Args[2:]); err != nil {
		return err
	}
	var err error
	if c.Functions, err = readFunctions(*configFile); err != nil {
		return err
	}
	if c.MasterKey, err = readMasterKey(*keyFile); err != nil {
		return err
	}
	if address := os.Getenv(profileVariable); address != "" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go func() { _ = http.Serve(l, http.HandlerFunc(pprof.Profile)) }()
	}
	s, err := cenote.New(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(s.Run(ctx), s.Close())
}

// readMasterKey returns the key in a file, which it makes where there is none.
func readMasterKey(path string) (cenote.Secret, error) {
	content, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		return cenote.Secret(content), err
	}
	key, err := cenote.NewMasterKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return key, os.WriteFile(path, []byte(key), 0o600)
}

// newRoot returns a root access key for a new database.
func newRoot() (accessKey, error) {
	key, err := cenote.NewRootKey(rand.Reader)
	if err != nil {
		return accessKey{}, err
	}
	return accessKey{ID: key.ID, Secret: string(key.Secret)}, nil
}
