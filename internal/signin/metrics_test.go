package signin_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/signin"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Count", hiding)
	e.user(c.Pool, "jane")
	e.user(c.Pool, "disabled", disabled)
	e.user(c.Pool, "unconfirmed", status("UNCONFIRMED"))
	e.user(c.Pool, "reset", status("RESET_REQUIRED"))
	e.user(c.Pool, "invited", e.invited(c.Pool))
	e.user(c.Pool, "expired", e.invited(c.Pool))
	for _, name := range []string{"jane", "nobody", "disabled", "unconfirmed", "reset", "invited"} {
		_, _ = e.signIn(c, name, password)
	}
	for range 6 {
		_, _ = e.srp(c, "jane", "wrong")
	}
	_, _ = e.respond(c, newPasswordRequired, new("a Session of nobody's making"), values{"USERNAME": "jane", "NEW_PASSWORD": password2})
	_, _ = e.set(c, "invited", e.ask(c, "invited").Session, "weak", nil)
	_ = e.begin(c, false, cognitoidp.AuthFlowTypeUserAuth, nil)
	e.sleep(8 * 24 * time.Hour)
	_, _ = e.signIn(c, "expired", password)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = e.Start(canceled, signin.StartInput{
		Client: c, Flow: "USER_SRP_AUTH", Parameters: values{"USERNAME": "jane", "SRP_A": "abc"}, Time: e.time(),
	})
	for range 8 {
		leave := must(e.gate.Enter(t.Context()))(t)
		defer leave()
	}
	_, err := e.signIn(c, "jane", password)
	wantFault(t, err, failure{"TooManyRequestsException", "Rate exceeded"})

	got := map[string]float64{}
	for _, family := range must(e.registry.Gather())(t) {
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if family.GetName() != "cenote_sign_in_total" || labels["pool"] != c.Pool.ID() || labels["client"] != c.ID() {
				t.Errorf("%s %v", family.GetName(), labels)
			}
			got[labels["flow"]+" "+labels["result"]+" "+labels["reason"]] = m.GetCounter().GetValue()
		}
	}
	if diff := cmp.Diff(map[string]float64{
		"USER_PASSWORD_AUTH success ":                       1,
		"USER_PASSWORD_AUTH denied bad_credentials":         1,
		"USER_PASSWORD_AUTH denied disabled":                1,
		"USER_PASSWORD_AUTH denied unconfirmed":             1,
		"USER_PASSWORD_AUTH denied password_reset_required": 1,
		"USER_PASSWORD_AUTH denied password_expired":        1,
		"USER_PASSWORD_AUTH denied new_password":            1,
		"USER_SRP_AUTH denied bad_credentials":              5,
		"USER_SRP_AUTH denied locked":                       1,
		"USER_PASSWORD_AUTH throttled other":                1,
		"USER_SRP_AUTH error other":                         1,
		"unknown denied session":                            1,
		"USER_AUTH denied flow":                             1,
	}, got); diff != "" {
		t.Error(diff)
	}
}
