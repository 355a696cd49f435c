package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/store"
)

// devCommand is `cenote dev`.
type devCommand struct {
	Data      string `group:"Data" xor:"data" placeholder:"DIRECTORY" help:"Where data is kept (default ${data})."`
	Ephemeral bool   `group:"Data" xor:"data" help:"Keep no data."`
	Seed      string `group:"Data" placeholder:"FILE" help:"YAML list of {service, operation, input}: calls to make when there are no user pools yet."`
	Code      string `group:"Messages" placeholder:"CODE" help:"Every one-time code is this one. Default: a random one each time."`
	publicFlags
	messageFlags
	importFlags
	riskFlags
	programFlags `set:"logLevel=warn"`
}

// Help tells what does not fit beside a flag.
func (*devCommand) Help() string {
	return `Every setting can also be CENOTE_<FLAG> in the environment (CENOTE_LISTEN), or a line in the file of --config ` +
		`(listen: 127.0.0.1:9229). A flag stands above the environment, and that above the file. HOST, PORT and CODE are ` +
		`read as cognito-local reads them.

Anybody who can reach the server can do anything with it. Messages are shown at /_cenote/inbox. --log-level info ` +
		`shows every call.`
}

// Run serves until it is told to stop.
func (c *devCommand) Run(ctx context.Context, p *program) (err error) {
	c.Data = cmp.Or(c.Data, dataName)
	if c.Ephemeral {
		if c.Data, err = os.MkdirTemp("", "cenote-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.Data)) }()
	} else if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	config := cenote.Config{
		Mode: cenote.Dev, Database: c.database(), Ephemeral: c.Ephemeral,
		FixedCode: c.Code, Console: p.stdout, Log: c.logger(p.stderr),
	}
	c.messageFlags.configure(&config)
	c.importFlags.configure(&config)
	if err := p.configureFunctions(&config); err != nil {
		return err
	}
	if err := c.riskFlags.configure(&config); err != nil {
		return err
	}
	if err := c.publicFlags.configure(&config); err != nil {
		return err
	}
	key := keyFile(filepath.Join(c.Data, keyName))
	server, err := key.start(ctx, config, func(*cenote.Server) {})
	if err != nil {
		return err
	}
	if c.Seed != "" {
		if err := c.seed(ctx, p, server, key); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	fmt.Fprintf(p.stdout, "Cenote is ready at %s and shows its messages at %[1]s/_cenote/inbox\n", server.URL())
	if !loopback(server.Addr()) {
		fmt.Fprintf(p.stderr, "Whoever reaches %s can do anything with this server.\n", server.Addr())
	}
	return runServer(ctx, server)
}

func (c *devCommand) database() string { return "sqlite:" + filepath.Join(c.Data, databaseName) }

// seed makes the calls of the seed where there are no user pools, all or none.
func (c *devCommand) seed(ctx context.Context, p *program, server *cenote.Server, key keyFile) error {
	file, err := os.Open(c.Seed)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	defer file.Close()
	text, err := key.read()
	if err != nil {
		return err
	}
	o := store.Options{URL: c.database(), Sync: store.SyncNormal, Log: c.logger(p.stderr)}
	if o.MasterKey, err = parseKey(text); err != nil {
		return err
	}
	return withStore(ctx, o, func(db *store.DB) error {
		pools, err := db.ListPools(ctx, "", 1)
		if err != nil {
			return err
		}
		if len(pools) > 0 {
			fmt.Fprintf(p.stderr, "The seed %s was left out: there are user pools already.\n", c.Seed)
			return nil
		}
		if err := server.Seed(ctx, file); err != nil {
			// Half a seed must not pass for a whole one at the next start.
			return errors.Join(fmt.Errorf("%s: %w", c.Seed, err), db.Reset(context.WithoutCancel(ctx)))
		}
		return nil
	})
}

// loopback says whether only this machine reaches an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
