package risk_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/risk"
)

// What a pool's own sender reads; the names and the form of the time are recorded from AWS.
func TestFacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2021, 3, 19, 14, 25, 1, 0, time.UTC)
	for name, c := range map[string]struct {
		origin     risk.Origin
		ip, device *string
	}{
		"known":   {risk.Origin{IP: netip.MustParseAddr("192.0.2.1"), DeviceName: "Opera 74, Linux"}, new("192.0.2.1"), new("Opera 74, Linux")},
		"unknown": {},
	} {
		got := risk.Facts("e-1", "mary", c.origin, cognitoidp.AccountTakeoverEventActionTypeMfaIfConfigured, now)
		want := map[string]*string{
			"EVENT_ID": new("e-1"), "USER_NAME": new("mary"), "IP_ADDRESS": c.ip, "CITY": nil, "COUNTRY": nil,
			"LOGIN_TIME": new("Friday, March 19, 2021 02:25 PM UTC"), "DEVICE_NAME": c.device,
			"ACCOUNT_TAKE_OVER_ACTION": new("MFA_IF_CONFIGURED"), "ONE_CLICK_LINK_VALID": new("valid"),
			"ONE_CLICK_LINK_INVALID": new("invalid"), "FEEDBACK_TOKEN": new("token"),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
