package main

import (
	"context"
	"fmt"

	"github.com/cenote-id/cenote"
)

// serveCommand is `cenote serve`.
type serveCommand struct {
	storeFlags
	publicFlags
	productionFlags
	messageFlags
	importFlags
	riskFlags
	programFlags
}

// Help tells what does not fit beside a flag.
func (*serveCommand) Help() string {
	return `Every setting can also be CENOTE_<FLAG> in the environment (CENOTE_PUBLIC_URL), or a line in the file of ` +
		`--config (public-url: https://...). A flag stands above the environment, and that above the file. What is ` +
		`secret (--database, --smtp-url, --sms-webhook-secret) can be kept in a file of its own, which ` +
		`CENOTE_<FLAG>_FILE names, or KEY-file in the configuration file.

The first start makes the root access key and prints it once, unless CENOTE_ROOT_ACCESS_KEY_ID and ` +
		`CENOTE_ROOT_SECRET_ACCESS_KEY (or ..._FILE) give one.`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, p *program) error {
	config, err := c.config(p)
	if err != nil {
		return err
	}
	server, err := c.start(ctx, p, config)
	if err != nil {
		return err
	}
	config.Log.InfoContext(ctx, "serving",
		"url", server.URL(), "listen", server.Addr(), "ops", c.OpsListen, "version", buildVersion())
	return runServer(ctx, server)
}

// config returns the configuration of the server but for its master key.
func (c *serveCommand) config(p *program) (config cenote.Config, err error) {
	config = cenote.Config{
		Mode: cenote.Serve, Database: string(c.Database), OpsListen: c.OpsListen, AllowAWSIssuer: c.AllowAWSIssuer,
		Log: c.logger(p.stderr),
	}
	c.messageFlags.configure(&config)
	c.importFlags.configure(&config)
	if err := p.configureFunctions(&config); err != nil {
		return config, err
	}
	if err := c.riskFlags.configure(&config); err != nil {
		return config, err
	}
	if err := c.publicFlags.configure(&config); err != nil {
		return config, err
	}
	config.RootKey, err = p.rootKey()
	return config, err
}

// start constructs the server with its master key.
func (c *serveCommand) start(ctx context.Context, p *program, config cenote.Config) (*cenote.Server, error) {
	key, file, err := c.masterKey(p)
	if err != nil {
		return nil, err
	}
	if key != "" {
		config.MasterKey = key
		return newServer(ctx, config, p.showRootKey)
	}
	return file.start(ctx, config, p.showRootKey)
}

// showRootKey prints the root key that was made with a database, this once, to the
// operator and not to those who read the log.
func (p *program) showRootKey(server *cenote.Server) {
	if key := server.NewRootKey(); key != nil {
		fmt.Fprintf(p.stderr, "CENOTE_ROOT_ACCESS_KEY_ID=%s\nCENOTE_ROOT_SECRET_ACCESS_KEY=%s\n", key.ID, string(key.Secret))
	}
}
