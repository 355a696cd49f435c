package signin

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// metrics count how sign-ins end. Labels name pools and clients that exist, never users
// and never what a request merely claims.
type metrics struct{ signIns *prometheus.CounterVec }

func newMetrics(r prometheus.Registerer) metrics {
	return metrics{promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "cenote_sign_in_total",
		Help: "Sign-ins that ended, by flow, result and, where they failed, the reason.",
	}, []string{"pool", "client", "flow", "result", "reason"})}
}

// ended counts the end of a sign-in, if step and err are one, and returns the error
// without its reason.
func (m metrics) ended(c *catalog.Client, flow cognitoidp.AuthFlowType, step *Step, err error) error {
	result, reason := "success", ""
	switch {
	case err != nil:
		result, reason, err = judge(err)
	case step.Grant == nil:
		return nil
	}
	if flow == "" { // the answer's state could not be read
		flow = "unknown"
	}
	m.signIns.WithLabelValues(c.Pool.ID(), c.ID(), string(flow), result, reason).Inc()
	return err
}

// judge returns an error's result and reason, and what the caller gets of it.
func judge(err error) (result, reason string, _ error) {
	if r, ok := errors.AsType[*refusal](err); ok {
		return "denied", r.reason, r.seen
	}
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok:
		return "error", reasonOther, err
	case f.Code == "TooManyRequestsException":
		return "throttled", reasonOther, err
	default:
		return "denied", reasonOther, err
	}
}

// plain returns an error as the client sees it.
func plain(err error) error {
	_, _, err = judge(err)
	return err
}
