package catalog

import (
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// Client is an app client's configuration at one moment, with that of its pool. It is
// shared: nobody changes it, nor anything that it leads to.
type Client struct {
	*store.Client
	Pool *Pool

	lifetimes Lifetimes
	flows     flowSet
	readable  map[string]struct{} // nil: everything
	writable  map[string]struct{} // nil: everything
}

// NewClient returns the snapshot of a record and of the pool that it belongs to.
func NewClient(record *store.Client, pool *Pool) *Client {
	return &Client{
		Client:    record,
		Pool:      pool,
		lifetimes: ClientLifetimes(record.Config),
		flows:     effectiveFlows(record.Config.ExplicitAuthFlows),
		readable:  nameSet(record.Config.ReadAttributes),
		writable:  nameSet(record.Config.WriteAttributes),
	}
}

func nameSet(list []string) map[string]struct{} {
	if len(list) == 0 {
		return nil
	}
	set := make(map[string]struct{}, len(list))
	for _, name := range list {
		set[name] = struct{}{}
	}
	return set
}

// ProvenClient is a client whose caller has shown that it knows the client's secret, or
// whose client has none. What must not happen without that proof takes a ProvenClient.
type ProvenClient struct{ *proven }

type proven = Client // unexported, so that only Proven makes a ProvenClient

// Proven returns the client as proven. Only package credential calls it.
func (c *Client) Proven() ProvenClient { return ProvenClient{c} }

// Client returns the client without its proof.
func (p ProvenClient) Client() *Client { return p.proven }

// ID returns the client id.
func (c *Client) ID() string { return api.Value(c.Config.ClientId) }

// HasSecret says whether callers must prove that they know a secret.
func (c *Client) HasSecret() bool { return len(c.Secrets) > 0 }

// HidesUsers says whether answers must not reveal which users exist
// (PreventUserExistenceErrors is ENABLED; the API's default is LEGACY).
func (c *Client) HidesUsers() bool {
	return api.Value(c.Config.PreventUserExistenceErrors) == cognitoidp.PreventUserExistenceErrorTypesEnabled
}

// Revocable says whether the client's tokens carry an origin and can be revoked.
func (c *Client) Revocable() bool {
	return c.Config.EnableTokenRevocation == nil || *c.Config.EnableTokenRevocation
}

// Rotation says whether each refresh replaces the refresh token, and for how long the
// replaced one still works.
func (c *Client) Rotation() (enabled bool, grace time.Duration) {
	r := c.Config.RefreshTokenRotation
	if r == nil || api.Value(r.Feature) != cognitoidp.FeatureTypeEnabled {
		return false, 0
	}
	return true, time.Duration(api.Value(r.RetryGracePeriodSeconds)) * time.Second
}

// Readable says whether the client may see an attribute of its users. A list left unset or
// empty lets it see all but those of developers; sub is always seen.
func (c *Client) Readable(attr string) bool {
	switch {
	case attr == Sub:
		return true
	case strings.HasPrefix(attr, DeveloperPrefix):
		return false
	}
	_, listed := c.readable[attr]
	return listed || c.readable == nil
}

// Writable says whether the client may set or delete an attribute of its users. A list
// left unset or empty lets it write all but sub, the *_verified attributes, identities
// and those of developers, which no client ever writes. (The model's text speaks of
// standard attributes only; AWS was measured to include custom ones, aws-cdk #30608.)
func (c *Client) Writable(attr string) bool {
	switch attr {
	case Sub, EmailVerified, PhoneNumberVerified, Identities:
		return false
	}
	if strings.HasPrefix(attr, DeveloperPrefix) {
		return false
	}
	_, listed := c.writable[attr]
	return listed || c.writable == nil
}

// Attribute names with a meaning of their own.
const (
	CustomPrefix    = "custom:"
	DeveloperPrefix = "dev:"
	Identities      = "identities"
)
