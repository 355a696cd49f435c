package risk_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// past returns n events of a user, newest first, an hour apart, that ended some time before noon.
func past(n int, response cognitoidp.EventResponseType, before time.Duration, ip string, o risk.Origin) []*store.AuthEvent {
	var out []*store.AuthEvent
	for i := range n {
		out = append(out, &store.AuthEvent{
			At: noon.Add(-before - time.Duration(i)*24*time.Hour), Trace: store.EventTrace{Device: o.Device, Language: o.Language},
			Event: &cognitoidp.AuthEventType{
				EventType: new(cognitoidp.EventTypeSignIn), EventResponse: &response,
				EventContextData: &cognitoidp.EventContextDataType{IpAddress: &ip, Timezone: &o.Timezone},
			},
		})
	}
	return out
}

func TestScore(t *testing.T) {
	t.Parallel()
	home := risk.Origin{IP: netip.MustParseAddr("198.51.100.7"), Device: "a", Language: "de", Timezone: "+01:00"}
	away := risk.Origin{IP: netip.MustParseAddr("203.0.113.9"), Device: "b", Language: "en", Timezone: "-07:00"}
	habits := past(25, cognitoidp.EventResponseTypePass, 24*time.Hour, "198.51.100.200", home)
	var attack []*store.AuthEvent
	for i := range 10 {
		e := past(1, cognitoidp.EventResponseTypeFail, time.Duration(i)*time.Minute, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String(), risk.Origin{})
		attack = append(attack, e...)
	}
	rated := func(value cognitoidp.FeedbackValueType) []*store.AuthEvent {
		e := past(1, cognitoidp.EventResponseTypePass, time.Hour, "203.0.113.1", away)
		e[0].Event.EventFeedback = &cognitoidp.EventFeedbackType{FeedbackValue: &value}
		return append(e, habits...)
	}
	night := noon.Add(14 * time.Hour)
	for name, tt := range map[string]struct {
		from    risk.Origin
		now     time.Time
		events  []*store.AuthEvent
		address int
		points  int
		level   cognitoidp.RiskLevelType
	}{
		"as ever":                   {home, noon, habits, 0, 0, ""},
		"a newcomer":                {away, noon, habits[:2], 40, 0, ""},
		"another address at home":   {risk.Origin{IP: netip.MustParseAddr("198.51.100.9"), Device: "a"}, noon, habits, 0, 0, ""},
		"another network":           {risk.Origin{IP: away.IP, Device: "a", Language: "de"}, noon, habits, 0, 8, ""},
		"another device":            {risk.Origin{IP: home.IP, Device: "b"}, noon, habits, 0, 15, ""},
		"another language and zone": {risk.Origin{IP: home.IP, Device: "a", Language: "en", Timezone: "-07:00"}, noon, habits, 0, 10, ""},
		"at night":                  {home, night, habits, 0, 5, ""},
		"elsewhere":                 {away, noon, habits, 0, 33, "Low"},
		"elsewhere, under attack":   {away, noon, append(attack, habits...), 0, 63, "Medium"},
		"a sprayer":                 {away, noon, append(attack, habits...), 40, 103, "High"},
		"called invalid before":     {away, noon, rated("Invalid"), 0, 63, "Medium"},
		"called valid before":       {away, noon, rated("Valid"), 0, 0, ""},
		"who tells nothing":         {risk.Origin{}, noon, habits, 0, 0, ""},
	} {
		if got := risk.Score(tt.from, tt.now, tt.events, tt.address); got != tt.points || risk.LevelOf(got) != tt.level {
			t.Errorf("%s: %d points (%s), want %d (%s)", name, got, risk.LevelOf(got), tt.points, tt.level)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	ranges := []string{"192.0.2.0/24", "198.51.100.7", "2001:db8::/32"}
	for ip, want := range map[string]bool{"192.0.2.9": true, "192.0.3.9": false, "198.51.100.7": true, "198.51.100.8": false, "2001:db8::1": true, "2001:db9::1": false} {
		if got := risk.Within(ranges, netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: %v", ip, got)
		}
	}
	if risk.Within(ranges, netip.Addr{}) {
		t.Error("no address is within")
	}
}

func TestAgents(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                         "Chrome 126, Windows 10",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.56":       "Edge 126, Windows 10",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                   "Safari 17, Mac OS X",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari 17, iOS 17",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                   "Chrome 126, Android 14",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  "Firefox 140, Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36":                          "Chrome 125, Chrome OS",
		"aws-sdk-go-v2/1.47.7 os/linux": "Other, Other", "": "Other, Other",
	} {
		if got := risk.AgentName(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}
