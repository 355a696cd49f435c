package httpd

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// FeedbackPath is where the links of mails about unusual sign-ins lead.
const FeedbackPath = "/eventFeedback"

// Routes are the handlers of a server; nil ones are not served.
type Routes struct {
	// API answers POST requests at every path, their preflights, and whatever else finds
	// no route.
	API http.Handler
	// Discovery, JWKS and Preflight answer at a pool's issuer; the pool id is the path
	// value "pool".
	Discovery, JWKS, Preflight http.HandlerFunc
	Imports                    *Imports
	// Logo answers the images of login pages; its path values are pool, style, version and file.
	Logo http.HandlerFunc
	// ConfirmUser answers the links of confirmation mails; the pool id is the path value "pool".
	ConfirmUser http.HandlerFunc
	// Feedback answers at FeedbackPath, with every method.
	Feedback http.HandlerFunc
	// Tools answers below /_cenote/.
	Tools http.Handler
	// Ops are added to the public port.
	Ops *Ops
}

// Ops answer operators and their machines.
type Ops struct {
	// Ready says with nil that the server can do its work now.
	Ready func(context.Context) error
	// Metrics answers in Prometheus's format.
	Metrics http.Handler
	Log     *slog.Logger
}

// Public returns the handler of the public port.
func (r Routes) Public() http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]http.HandlerFunc{
		"/{pool}/.well-known/openid-configuration":       r.Discovery,
		"/.well-known/openid-configuration/{pool}":       r.Discovery,
		"/.well-known/oauth-authorization-server/{pool}": r.Discovery,
		"/{pool}/.well-known/jwks.json":                  r.JWKS,
	} {
		mux.HandleFunc("GET "+path, h)
		mux.HandleFunc("OPTIONS "+path, r.Preflight)
	}
	if r.Logo != nil {
		mux.HandleFunc("GET /{pool}/assets/{style}/{version}/{file}", r.Logo)
	}
	if r.ConfirmUser != nil {
		mux.HandleFunc("GET /{pool}/confirmUser", r.ConfirmUser)
	}
	if r.Ops != nil {
		r.Ops.register(mux)
	}
	if r.Imports != nil {
		r.Imports.register(mux)
	}
	mux.Handle("/", r.API)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case r.Tools != nil && strings.HasPrefix(req.URL.Path, "/_cenote/"):
			r.Tools.ServeHTTP(w, req)
		case r.Feedback != nil && req.URL.Path == FeedbackPath:
			r.Feedback(w, req)
		case req.Method == http.MethodPost:
			// Clients post to the URL they were given, whatever its path; the mux would
			// redirect an unclean one and lose the body.
			r.API.ServeHTTP(w, req)
		default:
			mux.ServeHTTP(w, req)
		}
	})
}

// Handler returns the handler of the ops port.
func (o *Ops) Handler() http.Handler {
	mux := http.NewServeMux()
	o.register(mux)
	return mux
}

func (o *Ops) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", o.readyz)
	mux.Handle("GET /metrics", o.Metrics)
}

// readyz tells a load balancer whether to send requests here. The reason stays in the
// log: the port may be reachable by more people than the log is.
func (o *Ops) readyz(w http.ResponseWriter, r *http.Request) {
	if err := o.Ready(r.Context()); err != nil {
		o.Log.WarnContext(r.Context(), "not ready", "error", err)
		say(w, http.StatusServiceUnavailable, "not ready\n")
		return
	}
	say(w, http.StatusOK, "ready\n")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
