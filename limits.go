package cenote

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/throttle"
	"github.com/cenote-id/cenote/internal/userpool"
)

// Switch is on, off, or left to the mode.
type Switch uint8

// The positions of a Switch.
const (
	ByMode Switch = iota
	On
	Off
)

// Limits bound how often callers may call and how much the server holds. What is left out
// are AWS's numbers.
type Limits struct {
	// Requests says whether calls that come too often are refused with
	// TooManyRequestsException; by mode, they are in Serve mode. Each process counts for
	// itself.
	Requests Switch
	// Admin limits calls that are signed with an access key, too.
	Admin bool
	// Rates are calls per second by AWS's category, such as UserAuthentication; a negative one
	// is no limit.
	Rates map[string]float64
	// PerClient and PerIP are calls per second through one app client and from one address (of
	// IPv6, a network /64). AWS has no such limits, and zero is none.
	PerClient, PerIP float64
	// PerUser are the reads, and the writes, per second of one user; zero is AWS's 10, a
	// negative number no limit.
	PerUser float64
	// Quotas are how many of a resource there may be, such as UserPools, before
	// LimitExceededException; a negative one is no limit. They hold in both modes.
	Quotas map[string]int
}

// maxRate is the highest rate, in calls per second.
const maxRate = 1_000_000

// defaultQuotas are AWS's (Cognito guide, "Quotas in Amazon Cognito": resource quotas). What
// AWS fixes for good is part of the operations' own rules and not listed.
func defaultQuotas() map[string]int {
	return map[string]int{
		"UserPools": 1000, "UsersPerUserPool": 40_000_000, "AppClientsPerUserPool": 1000, "ResourceServersPerUserPool": 25,
		"IdentityProvidersPerUserPool": 300, "GroupsPerUserPool": 10_000, "GroupsPerUser": 100, "LinkedIdentitiesPerUser": 5,
	}
}

func (l Limits) check() error {
	for _, category := range slices.Sorted(maps.Keys(l.Rates)) {
		if _, ok := throttle.DefaultRate(category); !ok {
			return fmt.Errorf("config: there is no rate category %q; the categories are %s", category, strings.Join(throttle.Categories(), ", "))
		}
	}
	known := defaultQuotas()
	for _, name := range slices.Sorted(maps.Keys(l.Quotas)) {
		if _, ok := known[name]; !ok {
			return fmt.Errorf("config: there is no quota %q; the quotas are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	for _, rate := range append(slices.Collect(maps.Values(l.Rates)), l.PerClient, l.PerIP, l.PerUser) {
		if math.IsNaN(rate) || math.IsInf(rate, 0) || rate > maxRate {
			return fmt.Errorf("config: %g is no rate", rate)
		}
	}
	return nil
}

// quota returns how many of a resource there may be; 0 is no limit.
func (l Limits) quota(name string) int {
	if n, ok := l.Quotas[name]; ok {
		return max(n, 0)
	}
	return defaultQuotas()[name]
}

// rate returns the calls per second of a category where nothing was provisioned.
func (l Limits) rate(category string) (rate int, ok bool) {
	allowed, ok := throttle.DefaultRate(category)
	if given, set := l.Rates[category]; set {
		allowed = given
	}
	if allowed < 0 { // no limit, for which the API has no number
		allowed = maxRate
	}
	return int(allowed), ok
}

func (l Limits) pools() userpool.Limits {
	return userpool.Limits{
		UserPools: l.quota("UserPools"), ClientsPerPool: l.quota("AppClientsPerUserPool"),
		ResourceServersPerPool: l.quota("ResourceServersPerUserPool"),
		ProvidersPerPool:       l.quota("IdentityProvidersPerUserPool"),
	}
}

func (l Limits) users() directory.Limits {
	return directory.Limits{
		UsersPerPool: l.quota("UsersPerUserPool"), GroupsPerPool: l.quota("GroupsPerUserPool"), GroupsPerUser: l.quota("GroupsPerUser"),
		LinksPerUser: l.quota("LinkedIdentitiesPerUser"),
	}
}

// throttle returns what refuses calls that come too often; nil where nothing does.
func (s *Server) throttle() func(context.Context, *api.Call, string, api.Input) error {
	l := s.config.Limits
	if l.Requests == Off || l.Requests == ByMode && s.config.Mode != Serve {
		return nil
	}
	return throttle.New(throttle.Deps{Clock: s.clock, Provisioned: s.catalog.RequestRate, Limits: throttle.Limits{
		Rates: l.Rates, PerClient: l.PerClient, PerIP: l.PerIP, PerUser: l.PerUser, Admin: l.Admin,
	}}).Allow
}
