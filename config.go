package cenote

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/risk"
)

// Mode says for whom a server runs. The zero value refuses to start, so that nobody runs
// the open development mode by leaving something out.
type Mode uint8

// The modes.
const (
	// Dev accepts any AWS credentials, shows every message under /_cenote and lets its
	// clock be moved. It must never be reachable by strangers.
	Dev Mode = iota + 1
	// Serve checks AWS signatures and serves nothing under /_cenote.
	Serve
)

// Secret is a text that formatting, logging and JSON show as ***.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// RootKey is the AWS access key that administers everything.
type RootKey struct {
	ID     string
	Secret Secret
}

// Config says how a server runs. Every member but Mode, Database and MasterKey has a safe
// zero value.
type Config struct {
	// Mode is required.
	Mode Mode

	// Listen is the address of the public port, such as 127.0.0.1:9229 (the default).
	// Port 0 takes any free port; Server.Addr tells which.
	Listen string
	// OpsListen is the address for /healthz, /readyz and /metrics in Serve mode; empty
	// serves them nowhere. In Dev mode they are on the public port.
	OpsListen string
	// PublicURL is where clients reach the server; issuers begin with it. Empty is the
	// listen address when that is a loopback address, else it is required.
	PublicURL string
	// TLS, when set, is used on the public port.
	TLS *tls.Config
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Host are believed.
	TrustedProxies []netip.Prefix
	// Origins are the web origins that may send credentials; empty lets every origin call
	// without credentials, as AWS does.
	Origins []string

	// MaxImportRows and MaxImportBytes bound the file of a user import job. Zero is what AWS
	// allows: 500,000 rows besides the header, and 100 MB.
	MaxImportRows  int64
	MaxImportBytes int64

	// Database is sqlite:PATH or postgres://... . It is required.
	Database string
	// Ephemeral gives up durability for speed; for tests and throw-away servers.
	Ephemeral bool
	// MasterKey is the text of the key that wraps the database's data key
	// (NewMasterKey makes one). It is required.
	MasterKey Secret
	// RootKey becomes the root access key when the database is empty. When nil in Serve
	// mode, one is made with the database and shown by Server.NewRootKey.
	RootKey *RootKey

	// Region and AccountID are where the server says it stands; pool ids of another
	// region do not exist. Defaults: us-east-1 and 000000000000.
	Region    string
	AccountID string
	// AllowAWSIssuer lets pools be made whose tokens name AWS as their issuer. Dev mode
	// always does.
	AllowAWSIssuer bool

	// EmailURL says who carries e-mails: smtp[s]://[user:password@]host[:port] for a mail
	// server, ses://KEY:SECRET@REGION, http[s]://... for a webhook, which EmailSecret signs, or
	// file:DIRECTORY. Empty is nobody.
	EmailURL    Secret
	EmailSecret Secret
	// MailFrom is the sender of pools that name none.
	MailFrom string
	// SMSURL says who carries text messages: sns://KEY:SECRET@REGION,
	// twilio://ACCOUNT:TOKEN@api.twilio.com?from=NUMBER, http[s]://... for a webhook, which
	// SMSSecret signs, or file:DIRECTORY. Empty is nobody.
	SMSURL    Secret
	SMSSecret Secret

	// CompromisedPasswords is the path of a list of the SHA-1 hashes of passwords that
	// attackers know, sorted, as the downloader of Have I Been Pwned makes it. It counts
	// beside the small list that is part of the program; empty is that list alone.
	CompromisedPasswords string
	// AuthEventRetention is how long auth events are kept; 0 is two years, as on AWS.
	AuthEventRetention time.Duration

	// Functions say where the functions run that pools name as triggers. A function that no
	// entry matches fails.
	Functions []Function

	// Limits bound how often callers may call and how much the server holds.
	Limits Limits

	// FixedCode, in Dev mode, is every one-time code. Empty makes random ones.
	FixedCode string
	// Console, in Dev mode, receives a line for every message, and the lines that functions
	// print. nil prints no messages and leaves the others to the log.
	Console io.Writer

	// Log receives the log; nil discards it.
	Log *slog.Logger
	// Now is the clock that everything follows; nil is the machine's.
	Now func() time.Time
	// Random is the source of ids, codes, salts and nonces, used concurrently; nil is the
	// operating system's generator.
	Random io.Reader

	// MakeKey makes an RSA-2048 signing key; nil generates one. Tests give fixed keys,
	// since generating takes a tenth of a second.
	MakeKey func(context.Context) (*rsa.PrivateKey, error)
}

// DefaultAuthEventRetention is how long auth events are kept, as on AWS.
const DefaultAuthEventRetention = risk.DefaultRetention

// Defaults of Config.
const (
	DefaultListen    = "127.0.0.1:9229"
	DefaultRegion    = "us-east-1"
	DefaultAccountID = "000000000000"
)

// complete checks c and fills in what may be left out.
func (c Config) complete() (Config, error) {
	if c.Mode != Dev && c.Mode != Serve {
		return c, fmt.Errorf("config: the mode is neither Dev nor Serve")
	}
	if c.Database == "" {
		return c, fmt.Errorf("config: a database is required")
	}
	if c.MasterKey == "" {
		return c, fmt.Errorf("config: a master key is required")
	}
	if c.Mode != Dev && c.FixedCode != "" {
		return c, fmt.Errorf("config: a fixed code is for development mode only")
	}
	if c.AuthEventRetention < 0 {
		return c, fmt.Errorf("config: auth events cannot be kept for %s", c.AuthEventRetention)
	}
	if err := c.Limits.check(); err != nil {
		return c, err
	}
	if c.MaxImportRows < 0 || c.MaxImportBytes < 0 {
		return c, fmt.Errorf("config: the limits of user imports are not negative")
	}
	if c.MaxImportRows == 0 {
		c.MaxImportRows = directory.DefaultImportRows
	}
	if c.MaxImportBytes == 0 {
		c.MaxImportBytes = directory.DefaultImportBytes
	}
	c.Listen = or(c.Listen, DefaultListen)
	c.Region = or(c.Region, DefaultRegion)
	c.AccountID = or(c.AccountID, DefaultAccountID)
	if len(c.AccountID) != 12 || strings.Trim(c.AccountID, "0123456789") != "" {
		return c, fmt.Errorf("config: the account id %q is not twelve digits", c.AccountID)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return c, fmt.Errorf("config: the public URL %q is not an absolute http or https URL", c.PublicURL)
		}
		c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Console != nil {
		c.Console = &console{to: c.Console}
	}
	return c, nil
}

// console passes on one line at a time.
type console struct {
	mu sync.Mutex
	to io.Writer
}

func (c *console) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.to.Write(line)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
