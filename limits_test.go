package cenote

import (
	"strings"
	"testing"
)

func TestLimitsAreKnown(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]Limits{
		"":                          {Rates: map[string]float64{"UserAuthentication": 500, "UserRead": -1}, Quotas: map[string]int{"UserPools": 5, "GroupsPerUser": -1}},
		`no rate category "SignIn"`: {Rates: map[string]float64{"SignIn": 1}},
		`no quota "Pools"`:          {Quotas: map[string]int{"Pools": 1}},
		`1e+09 is no rate`:          {PerIP: 1e9},
	} {
		err := l.check()
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	l := Limits{Quotas: map[string]int{"UserPools": 5, "GroupsPerUser": -1}}
	if l.quota("UserPools") != 5 || l.quota("GroupsPerUser") != 0 || l.quota("AppClientsPerUserPool") != 1000 {
		t.Errorf("quotas %d, %d, %d", l.quota("UserPools"), l.quota("GroupsPerUser"), l.quota("AppClientsPerUserPool"))
	}
}
