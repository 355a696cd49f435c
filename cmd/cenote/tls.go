package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateAge is for how long a certificate is used before its file is looked at again.
const certificateAge = 10 * time.Second

// serverTLS returns the configuration of a port that shows the certificate in two files,
// also when they are replaced while it is open.
func serverTLS(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, now: now, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// certificate is a key pair that follows its files.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu       sync.Mutex
	pair     *tls.Certificate
	modified time.Time // of certFile when pair was read
	looked   time.Time
}

// get implements tls.Config.GetCertificate. While the files make no pair, as in the midst
// of their replacement, the pair before serves on.
func (c *certificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.looked) >= certificateAge {
		if err := c.load(); err != nil {
			c.log.WarnContext(hello.Context(), "the certificate stays as it was", "error", err)
		}
	}
	return c.pair, nil
}

// load reads the files if they have changed.
func (c *certificate) load() error {
	c.looked = c.now()
	info, err := os.Stat(c.certFile)
	if err != nil {
		return fmt.Errorf("TLS certificate: %w", err)
	}
	if c.pair != nil && info.ModTime().Equal(c.modified) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("TLS certificate: %w", err)
	}
	c.pair, c.modified = &pair, info.ModTime()
	return nil
}
