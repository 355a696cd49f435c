package risk

import (
	"net/netip"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// The points of the signals. AWS does not tell its own; these are chosen here so that one
// unusual thing is no risk, a new device elsewhere is a low one, and the same under attack a
// medium or a high one.
const (
	pointsNewDevice  = 15
	pointsNewNetwork = 8
	pointsTimezone   = 5
	pointsLanguage   = 5
	pointsHour       = 5
	pointsFeedback   = 30

	pointsLow, pointsMedium, pointsHigh = 20, 45, 70
)

// Nothing scores before a user has signed in that often (the habits are not known yet),
// and hours do not before there are enough of them.
const (
	learned     = 3
	learnedHour = 20
)

// pressureTime is how far failures count as an attack that is under way.
const pressureTime = time.Hour

// score adds up what is unusual about a sign-in at now, from an origin, of a user with the
// given events (newest first). address are the points of the origin's address among all
// users.
func score(o Origin, now time.Time, events []*store.AuthEvent, address int) int {
	passed := passes(events)
	if len(passed) < learned {
		return 0
	}
	points := address + pressure(now, events) + opinion(o, events)
	if o.Device != "" && !seen(passed, func(e *store.AuthEvent) bool { return e.Trace.Device == o.Device }) {
		points += pointsNewDevice
	}
	if n := network(o.IP); n.IsValid() && !seen(passed, func(e *store.AuthEvent) bool { return network(ipOf(e)) == n }) {
		points += pointsNewNetwork
	}
	if o.Timezone != "" && newValue(passed, o.Timezone, func(e *store.AuthEvent) string { return api.Value(e.Event.EventContextData.Timezone) }) {
		points += pointsTimezone
	}
	if o.Language != "" && newValue(passed, o.Language, func(e *store.AuthEvent) string { return e.Trace.Language }) {
		points += pointsLanguage
	}
	if len(passed) >= learnedHour && !seen(passed, func(e *store.AuthEvent) bool { return nearHour(e.At, now) }) {
		points += pointsHour
	}
	return max(points, 0)
}

// levelOf returns the level of points, empty for none.
func levelOf(points int) cognitoidp.RiskLevelType {
	switch {
	case points >= pointsHigh:
		return cognitoidp.RiskLevelTypeHigh
	case points >= pointsMedium:
		return cognitoidp.RiskLevelTypeMedium
	case points >= pointsLow:
		return cognitoidp.RiskLevelTypeLow
	default:
		return ""
	}
}

// passes are the sign-ins that were let in.
func passes(events []*store.AuthEvent) (out []*store.AuthEvent) {
	for _, e := range events {
		if api.Value(e.Event.EventType) == cognitoidp.EventTypeSignIn && api.Value(e.Event.EventResponse) == cognitoidp.EventResponseTypePass &&
			e.Event.EventContextData != nil && !rated(e, cognitoidp.FeedbackValueTypeInvalid) {
			out = append(out, e)
		}
	}
	return out
}

func seen(events []*store.AuthEvent, like func(*store.AuthEvent) bool) bool {
	for _, e := range events {
		if like(e) {
			return true
		}
	}
	return false
}

// newValue says whether earlier sign-ins told another value, and none this one.
func newValue(events []*store.AuthEvent, value string, of func(*store.AuthEvent) string) bool {
	told := false
	for _, e := range events {
		switch of(e) {
		case value:
			return false
		case "":
		default:
			told = true
		}
	}
	return told
}

// nearHour says whether two times are within about an hour of the day.
func nearHour(a, b time.Time) bool {
	apart := (a.UTC().Hour() - b.UTC().Hour() + 24) % 24
	return apart <= 1 || apart >= 23
}

// pressure are the points of failures from several addresses within an hour: somebody
// tries the user's passwords.
func pressure(now time.Time, events []*store.AuthEvent) int {
	failures, addresses := 0, map[netip.Addr]bool{}
	for _, e := range events {
		if api.Value(e.Event.EventResponse) == cognitoidp.EventResponseTypeFail && now.Sub(e.At) < pressureTime {
			failures++
			addresses[ipOf(e)] = true
		}
	}
	switch {
	case failures >= 10 && len(addresses) >= 5:
		return 30
	case failures >= 5 && len(addresses) >= 3:
		return 20
	case failures >= 3 && len(addresses) >= 2:
		return 10
	default:
		return 0
	}
}

// opinion are the points of the newest feedback on an event with the same device or the
// same network.
func opinion(o Origin, events []*store.AuthEvent) int {
	for _, e := range events {
		near := e.Trace.Device != "" && e.Trace.Device == o.Device
		if n := network(o.IP); n.IsValid() && network(ipOf(e)) == n {
			near = true
		}
		switch {
		case near && rated(e, cognitoidp.FeedbackValueTypeInvalid):
			return pointsFeedback
		case near && rated(e, cognitoidp.FeedbackValueTypeValid):
			return -pointsFeedback
		}
	}
	return 0
}

func rated(e *store.AuthEvent, value cognitoidp.FeedbackValueType) bool {
	f := e.Event.EventFeedback
	return f != nil && api.Value(f.FeedbackValue) == value
}

func ipOf(e *store.AuthEvent) netip.Addr {
	if e.Event.EventContextData == nil {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(api.Value(e.Event.EventContextData.IpAddress)) // none is the zero address
	return ip
}

// network is the neighbourhood of an address: what one household or office keeps while its
// address changes.
func network(ip netip.Addr) netip.Prefix {
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
