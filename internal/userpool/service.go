package userpool

import (
	"context"
	"errors"
	"io"
	"net/url"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

// KeyStock makes the signing keys of new pools.
type KeyStock interface {
	// Take returns two fresh keys, as soon as there are any.
	Take(ctx context.Context) (store.SigningKeys, error)
}

// Limits are resource quotas; zero is no limit.
type Limits struct {
	UserPools      int // per server
	ClientsPerPool int

	ResourceServersPerPool int
	ProvidersPerPool       int // AWS: 300
}

// Deps is what a Service needs.
type Deps struct {
	Store   *store.DB
	Catalog *catalog.Catalog
	Keys    KeyStock
	Place   naming.Place
	// RoleAccount is the account whose roles may send text messages; empty lets any.
	RoleAccount string
	// PublicURL is where clients reach the server, without a slash at its end.
	PublicURL string
	Random    io.Reader // nil is the operating system's generator
	Limits    Limits

	// Rate returns the calls per second that are allowed of a category of operations where
	// nothing was provisioned; ok is false for what is no category.
	Rate func(category string) (rate int, ok bool)

	// FixedIDs lets callers choose pool and client ids (development mode).
	FixedIDs bool
	// AllowAWSIssuer lets pools be made whose tokens name AWS as their issuer.
	AllowAWSIssuer bool
	// PlainLoopback lets identity providers on this machine be reached without TLS
	// (development mode).
	PlainLoopback bool
}

// Service implements the operations. It is safe for concurrent use.
type Service struct {
	deps Deps
	host string // by which clients reach the server, without port
}

// New returns a Service.
func New(deps Deps) *Service {
	deps.Random = clock.Random(deps.Random)
	s := &Service{deps: deps}
	if u, err := url.Parse(deps.PublicURL); err == nil {
		s.host = u.Hostname()
	}
	return s
}

// Texts of ConcurrentModificationException, which AWS words in several ways.
const (
	textPoolChanged   = "The user pool was changed by another request."
	textClientChanged = "The user pool client was changed by another request."
)

// wrotePool makes the catalog forget a pool after a write, whatever came of it, and turns
// the store's kinds of failure into exceptions.
func (s *Service) wrotePool(id string, err error) error {
	s.deps.Catalog.DropPool(id)
	return written(err, catalog.PoolNotFound(id), textPoolChanged)
}

// wroteClient is wrotePool for a client.
func (s *Service) wroteClient(id string, err error) error {
	s.deps.Catalog.DropClient(id)
	return written(err, catalog.ClientNotFound(id), textClientChanged)
}

// wroteOfClient is wrotePool for what belongs to a client of the pool, or to the pool where
// clientID is nil. The catalog keeps both with the pool.
func (s *Service) wroteOfClient(poolID string, clientID *string, err error) error {
	if clientID != nil && errors.Is(err, store.ErrNotFound) {
		s.deps.Catalog.DropPool(poolID)
		return catalog.ClientNotFound(*clientID)
	}
	return s.wrotePool(poolID, err)
}

// poolOrClient finds a pool, and the client in it where one is named, and the name under
// which what is set for them is stored.
func (s *Service) poolOrClient(ctx context.Context, poolID, clientID *string) (pool *catalog.Pool, name string, err error) {
	if clientID == nil {
		pool, err = s.deps.Catalog.FreshPool(ctx, api.Value(poolID))
		return pool, ofPool, err
	}
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(poolID), *clientID)
	if err != nil {
		return nil, "", err
	}
	return client.Pool, client.ID(), nil
}

// ofPool is the name of what is set for a pool among what is set for its clients, whose
// ids never have a star.
const ofPool = catalog.RiskOfPool
