package wire

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the counters of the API, under the names of spec triggers 15.1.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	labels := []string{"operation", "category", "code"}
	m := metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_api_requests_total",
			Help: "API requests by operation, rate category and outcome (OK or the exception).",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cenote_api_request_duration_seconds",
			Help:    "Time from the request's headers to the end of the response.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, labels),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cenote_panics_total",
			Help: "Panics that were answered with an internal error.",
		}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.duration, m.panics)
	}
	return m
}

// observe counts a call and writes its line to the log. An empty operation is one that
// does not exist; its name came from the client and is not counted under it.
func (s *Server) observe(ctx context.Context, operation, category, code string, took time.Duration, cause error) {
	s.metrics.requests.WithLabelValues(operation, category, code).Inc()
	s.metrics.duration.WithLabelValues(operation, category, code).Observe(took.Seconds())
	level, attrs := slog.LevelInfo, []slog.Attr{
		slog.String("operation", operation), slog.String("code", code), slog.Duration("duration", took),
	}
	switch code {
	case codePreflight:
		level = slog.LevelDebug
	case codeInternal, codeServer, codePanic:
		level = slog.LevelError
	}
	if cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	s.log.LogAttrs(ctx, level, "request", attrs...)
}

// requestIDKey is the context key of the request id.
type requestIDKey struct{}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// LogHandler adds the id of the request that a context belongs to, as request_id, to
// every line that is logged with that context.
func LogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

// Handle adds the request id.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		r = r.Clone()
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the request id for the new handler's lines.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the request id for the new handler's lines.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
