package client

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// Config says where a user pool is and as which app client to speak to it. Only the two
// ids are required.
type Config struct {
	// UserPoolID is the pool's id, such as us-east-1_aB12cDe34.
	UserPoolID string
	// ClientID is the app client's id.
	ClientID string
	// ClientSecret is the app client's secret, empty for clients without one.
	ClientSecret Secret

	// Endpoint is the URL that calls are posted to, such as http://127.0.0.1:9229.
	// Empty means the endpoint of AWS in the pool's region.
	Endpoint string
	// Region is the AWS region of the pool. It stands in the pool's id already; where it
	// is given, it must be the same.
	Region string

	// DeviceName is what this device is called where the pool tracks devices, for the user
	// to know it by. The default is the name of this package.
	DeviceName string

	// HTTPClient makes the calls. The default gives up after 30 seconds and follows no
	// redirect, since calls carry passwords and tokens.
	HTTPClient *http.Client
	// Storage keeps the sessions. The default is a Memory of its own for each Pool.
	Storage Storage
	// Now tells the time; the default is time.Now.
	Now func() time.Time
	// Random is the source of the sign-in's secrets; the default is crypto/rand.
	Random io.Reader
}

// Patterns and lengths of the ids, from the service's model (UserPoolIdType, ClientIdType).
// The model lets the region hold underscores, but then nothing says where it ends.
var (
	poolIDPattern   = regexp.MustCompile(`^([0-9a-zA-Z-]+)_([0-9a-zA-Z]+)$`)
	clientIDPattern = regexp.MustCompile(`^[\w+]+$`)
)

const (
	maxPoolID   = 55
	maxClientID = 128
)

// Pool is a user pool as an app client sees it.
type Pool struct {
	cfg      Config
	name     string // the part of the pool's id after the underscore, which takes part in SRP
	metadata map[string]string
	rotates  *atomic.Bool // refresh tokens are known to rotate; shared by derived pools
}

// New returns the pool that cfg describes. It makes no call.
func New(cfg Config) (*Pool, error) {
	parts := poolIDPattern.FindStringSubmatch(cfg.UserPoolID)
	switch {
	case cfg.UserPoolID == "":
		return nil, errors.New("client: no user pool id")
	case parts == nil || len(cfg.UserPoolID) > maxPoolID:
		return nil, fmt.Errorf("client: %q is no user pool id", cfg.UserPoolID)
	case cfg.ClientID == "":
		return nil, errors.New("client: no app client id")
	case !clientIDPattern.MatchString(cfg.ClientID) || len(cfg.ClientID) > maxClientID:
		return nil, fmt.Errorf("client: %q is no app client id", cfg.ClientID)
	}
	region, name := parts[1], parts[2]
	if cfg.Region != "" && cfg.Region != region {
		return nil, fmt.Errorf("client: user pool %s is not in region %s", cfg.UserPoolID, cfg.Region)
	}
	cfg.Region = region
	if err := cfg.locate(); err != nil {
		return nil, err
	}
	cfg.fill()
	return &Pool{cfg: cfg, name: name, rotates: new(atomic.Bool)}, nil
}

// locate checks the endpoint, or finds that of AWS.
func (cfg *Config) locate() error {
	if cfg.Endpoint == "" {
		domain := "amazonaws.com"
		if strings.HasPrefix(cfg.Region, "cn-") {
			domain = "amazonaws.com.cn"
		}
		cfg.Endpoint = "https://cognito-idp." + cfg.Region + "." + domain + "/"
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return errors.New("client: the endpoint is no URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("client: endpoint %q is no http or https URL", u.Redacted())
	}
	return nil
}

func (cfg *Config) fill() {
	if cfg.DeviceName == "" {
		cfg.DeviceName = userAgent
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if cfg.Storage == nil {
		cfg.Storage = new(Memory)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // programs use this package without the server's clock
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader //nolint:forbidigo // likewise
	}
}

// UserPoolID returns the pool's id.
func (p *Pool) UserPoolID() string { return p.cfg.UserPoolID }

// ClientID returns the app client's id.
func (p *Pool) ClientID() string { return p.cfg.ClientID }

// Endpoint returns the URL that calls are posted to.
func (p *Pool) Endpoint() string { return p.cfg.Endpoint }

// WithStorage returns the same pool with its sessions kept in s: for a web server, the
// Cookies of a request.
func (p *Pool) WithStorage(s Storage) *Pool {
	q := *p
	q.cfg.Storage = s
	return &q
}

// WithClientMetadata returns the same pool with metadata sent along with every call that
// takes it. The service hands it to the pool's Lambda functions.
func (p *Pool) WithClientMetadata(metadata map[string]string) *Pool {
	q := *p
	q.metadata = maps.Clone(metadata)
	return &q
}

// secretHash returns the proof of the client's secret, nil for clients without one.
func (p *Pool) secretHash(username string) *string {
	if p.cfg.ClientSecret == "" {
		return nil
	}
	return new(SecretHash(string(p.cfg.ClientSecret), username, p.cfg.ClientID))
}

// clientSecret returns the secret itself, for the two operations that take it in the clear.
func (p *Pool) clientSecret() *string {
	if p.cfg.ClientSecret == "" {
		return nil
	}
	return new(string(p.cfg.ClientSecret))
}
