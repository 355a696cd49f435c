package wire

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/clock"
)

// bodyLimit is the largest request body that is read, 1 MiB, where a Mount says nothing
// else.
const bodyLimit = 1 << 20

// Gate judges who is calling and what they may do. Its errors are *fault.Error with the
// exact texts of AWS, or internal ones. It must be safe for concurrent use.
type Gate interface {
	// Signer returns who signed the request for the service. The body of r has been read;
	// its bytes are body.
	Signer(ctx context.Context, service *api.Service, r *http.Request, body []byte) (*api.IAMPrincipal, error)
	// Allow says with nil that the principal may call the operation with this input.
	Allow(ctx context.Context, p *api.IAMPrincipal, service *api.Service, op *api.Operation, in api.Input) error
	// User returns the user that an access token stands for.
	User(ctx context.Context, accessToken string) (*api.UserPrincipal, error)
}

// Mount is a service and what implements it.
type Mount struct {
	Service *api.Service
	// Impl implements the service's generated API interface.
	Impl any
	// Violation is the exception that reports broken constraints.
	Violation string
	// Checked returns the input whose constraints are checked in place of the given one,
	// which it must not change; nil checks the input itself. Development mode lets names
	// through here that AWS's pattern forbids.
	Checked func(in api.Input) api.Input
	// Explain turns a handler's internal error into the exception that it means, if it means
	// one; nil leaves all as they are.
	Explain func(err error) error
	// Undeclared are the exceptions that operations answer on AWS although their model
	// does not declare them, by operation.
	Undeclared map[string][]string
	// BodyLimits are the largest request bodies of operations that take more than others,
	// in bytes.
	BodyLimits map[string]int64
	// Categories are the request-rate categories of operations, for Throttle and metrics.
	Categories map[string]string
}

// Config is what a Server is made of.
type Config struct {
	Mounts []Mount
	Gate   Gate
	// Throttle refuses a call of a rate category that comes too often; nil refuses none.
	Throttle func(ctx context.Context, call *api.Call, category string, in api.Input) error
	// Strict turns an error that an operation does not declare into an internal error,
	// so that tests and developers meet it. Otherwise it is logged and answered.
	Strict bool
	// Origins are the web origins that may send credentials (cookies). Empty means that
	// every origin may call, without credentials.
	Origins []string
	Clock   *clock.Clock
	Random  io.Reader // of request ids; nil is the operating system's
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Server answers the API requests of all mounted services.
type Server struct {
	gate     Gate
	throttle func(ctx context.Context, call *api.Call, category string, in api.Input) error
	strict   bool
	cors     cors
	clock    *clock.Clock
	random   io.Reader
	log      *slog.Logger
	metrics  metrics

	targets map[string]*endpoint         // by the value of X-Amz-Target
	byOp    map[*api.Operation]*endpoint // for Through
}

// endpoint is an operation with its home.
type endpoint struct {
	op       *api.Operation
	mount    *Mount
	category string
	limit    int64           // of the request's body
	errors   map[string]bool // declared, and added by Mount.Undeclared
}

// New returns a Server.
func New(c Config) *Server {
	s := &Server{
		gate: c.Gate, throttle: c.Throttle, strict: c.Strict, cors: newCORS(c.Origins),
		clock: c.Clock, random: clock.Random(c.Random), log: c.Log, metrics: newMetrics(c.Metrics),
		targets: map[string]*endpoint{}, byOp: map[*api.Operation]*endpoint{},
	}
	for i := range c.Mounts {
		s.mount(&c.Mounts[i])
	}
	return s
}

func (s *Server) mount(m *Mount) {
	for name, op := range m.Service.Operations {
		e := &endpoint{op: op, mount: m, category: m.Categories[name], limit: bodyLimit, errors: map[string]bool{}}
		if limit, ok := m.BodyLimits[name]; ok {
			e.limit = limit
		}
		for _, code := range op.Errors {
			e.errors[code] = true
		}
		for _, code := range m.Undeclared[name] {
			e.errors[code] = true
		}
		s.byOp[op] = e
		if m.Service.Protocol == "json" {
			s.targets[m.Service.TargetPrefix+"."+name] = e
		}
	}
}

// Operation returns the description of a mounted operation, nil when there is none.
func (s *Server) Operation(service, name string) *api.Operation {
	for op, e := range s.byOp {
		if e.mount.Service.Name == service && op.Name == name {
			return op
		}
	}
	return nil
}

// ServeHTTP answers API requests at every path, since clients post to whatever URL they
// were given, and CORS preflights.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.newExchange(w, r)
	defer x.end()
	s.cors.apply(w.Header(), r)
	switch {
	case r.Method == http.MethodPost:
		x.serveJSON()
	case r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "":
		x.preflight()
	default:
		x.notFound()
	}
}
