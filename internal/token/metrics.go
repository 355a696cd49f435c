package token

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/cenote-id/cenote/internal/catalog"
)

// metrics count what was issued. Their labels name pools and clients that exist, never
// what a request merely claims.
type metrics struct {
	issued    *prometheus.CounterVec
	refreshed *prometheus.CounterVec
}

// The grants of cenote_tokens_issued_total.
const (
	grantSignIn  = "sign_in"
	grantRefresh = "refresh"
)

func newMetrics(r prometheus.Registerer) metrics {
	factory := promauto.With(r)
	return metrics{
		issued: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_tokens_issued_total",
			Help: "Token sets issued, by the grant that they were issued for.",
		}, []string{"pool", "client", "grant"}),
		refreshed: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_token_refresh_total",
			Help: "Uses of refresh tokens, by result.",
		}, []string{"pool", "client", "result"}),
	}
}

func (m metrics) issue(c *catalog.Client, grant string) {
	m.issued.WithLabelValues(c.Pool.ID(), c.ID(), grant).Inc()
}

// refresh counts one use of a refresh token through the client.
func (m metrics) refresh(c *catalog.Client, err error) {
	result := "success"
	if err != nil {
		result = "denied"
	}
	m.refreshed.WithLabelValues(c.Pool.ID(), c.ID(), result).Inc()
}
