package signin

import (
	"io"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Deps is what a Service is made of.
type Deps struct {
	Store      *store.DB
	Catalog    *catalog.Catalog
	Directory  *directory.Service
	Credential *credential.Service
	Tokens     *token.Service
	Triggers   *trigger.Service
	Messages   *message.Service
	Place      naming.Place // where device keys say that they come from
	// Risk may be nil where no pool has threat protection.
	Risk   *risk.Service
	Random io.Reader // nil is the operating system's generator
	// DomainBase is the domain under which pools' prefix domains lie; empty where they lie
	// nowhere.
	DomainBase string
	// Metrics receives the package's counters; nil keeps them to itself.
	Metrics prometheus.Registerer
}

// Service signs users in and out. It is safe for concurrent use.
type Service struct {
	store      *store.DB
	catalog    *catalog.Catalog
	directory  *directory.Service
	credential *credential.Service
	tokens     *token.Service
	triggers   *trigger.Service
	messages   *message.Service
	risk       *risk.Service
	place      naming.Place
	random     io.Reader
	domainBase string
	metrics    metrics
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{
		store: d.Store, catalog: d.Catalog, directory: d.Directory, credential: d.Credential,
		tokens: d.Tokens, triggers: d.Triggers, messages: d.Messages, place: d.Place, risk: d.Risk,
		random: clock.Random(d.Random), domainBase: d.DomainBase, metrics: newMetrics(d.Metrics),
	}
}
