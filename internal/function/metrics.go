package function

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) metrics {
	return metrics{
		promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_trigger_invocations_total",
			Help: "Calls of functions, by function and result.",
		}, []string{"function", "result"}),
		promauto.With(r).NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cenote_trigger_duration_seconds",
			Help:    "How long calls of functions took, all attempts together.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
		}, []string{"function"}),
	}
}

func (m metrics) done(function string, err error, took time.Duration) {
	result := "ok"
	if _, ok := errors.AsType[*Error](err); ok {
		result = "function_error"
	} else if err != nil {
		result = "not_invoked"
	}
	m.calls.WithLabelValues(function, result).Inc()
	m.seconds.WithLabelValues(function).Observe(took.Seconds())
}
