package token

import (
	"io"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Deps is what a Service is made of.
type Deps struct {
	Store    *store.DB
	Catalog  *catalog.Catalog
	Keys     *keys.Cache
	Triggers *trigger.Service
	// Gate admits the signatures.
	Gate   *gate.Gate
	Clock  *clock.Clock
	Random io.Reader // nil is the operating system's generator
	// PublicURL is the address under which clients reach the server; issuers begin with it.
	PublicURL string
	// Metrics receives the package's counters; nil keeps them to itself.
	Metrics prometheus.Registerer
}

// Service issues and judges tokens. It is safe for concurrent use.
type Service struct {
	store     *store.DB
	catalog   *catalog.Catalog
	keys      *keys.Cache
	gate      *gate.Gate
	triggers  *trigger.Service
	clock     *clock.Clock
	random    io.Reader
	publicURL string
	metrics   metrics
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{
		store: d.Store, catalog: d.Catalog, keys: d.Keys, gate: d.Gate, triggers: d.Triggers,
		clock: d.Clock, random: clock.Random(d.Random), publicURL: strings.TrimSuffix(d.PublicURL, "/"),
		metrics: newMetrics(d.Metrics),
	}
}
