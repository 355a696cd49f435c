package throttle_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/throttle"
)

// hall is a limiter whose clock a test moves.
type hall struct {
	*throttle.Limiter
	t   *testing.T
	now time.Time
}

func open(t *testing.T, limits throttle.Limits, provisioned func(context.Context, string) (float64, bool)) *hall {
	h := &hall{t: t, now: time.Unix(1_761_000_000, 0)}
	h.Limiter = throttle.New(throttle.Deps{Limits: limits, Clock: clock.New(func() time.Time { return h.now }), Provisioned: provisioned})
	return h
}

// takes makes calls until one is refused and returns how many passed.
func (h *hall) takes(operation, category, ip string, in func(i int) api.Input) int {
	h.t.Helper()
	call := &api.Call{Operation: cognitoidp.Service.Operations[operation], RemoteIP: netip.MustParseAddr(ip)}
	for i := range 10_000 {
		if err := h.Allow(h.t.Context(), call, category, in(i)); err != nil {
			if !fault.Is(err, "TooManyRequestsException") {
				h.t.Fatal(err)
			}
			return i
		}
	}
	return -1
}

func signIn(client, user string, flow cognitoidp.AuthFlowType) api.Input {
	return &cognitoidp.InitiateAuthRequest{ClientId: &client, AuthFlow: &flow, AuthParameters: api.StringMap{"USERNAME": user}}
}

// others are sign-ins that share nothing but the category.
func others(i int) api.Input {
	return signIn(fmt.Sprint("client", i), fmt.Sprint("user", i), cognitoidp.AuthFlowTypeUserSrpAuth)
}

func TestCategories(t *testing.T) {
	t.Parallel()
	h := open(t, throttle.Limits{Rates: map[string]float64{"UserCreation": 2.5, "UserRead": -1}}, func(_ context.Context, category string) (float64, bool) {
		return 7, category == "UserAccountRecovery"
	})
	if got := h.takes("InitiateAuth", "UserAuthentication", "192.0.2.1", others); got != 120 {
		t.Errorf("%d sign-ins at once, want AWS's 120", got)
	}
	h.now = h.now.Add(500 * time.Millisecond)
	if got := h.takes("InitiateAuth", "UserAuthentication", "192.0.2.1", others); got != 60 {
		t.Errorf("%d sign-ins after half a second, want 60", got)
	}
	refresh := func(i int) api.Input { return signIn(fmt.Sprint(i), "", cognitoidp.AuthFlowTypeRefreshTokenAuth) }
	if got := h.takes("InitiateAuth", "UserAuthentication", "192.0.2.1", refresh); got != 120 {
		t.Errorf("%d refreshes, want 120 of their own", got)
	}
	answer := func(i int) api.Input {
		return &cognitoidp.RespondToAuthChallengeRequest{ChallengeResponses: api.StringMap{"USERNAME": fmt.Sprint(i)}}
	}
	if got := h.takes("RespondToAuthChallenge", "UserAuthentication", "192.0.2.1", answer); got != 360 {
		t.Errorf("%d answers, want three times 120", got)
	}
	h.now = h.now.Add(time.Second)
	if got := h.takes("RespondToAuthChallenge", "UserAuthentication", "192.0.2.1", answer); got != 480 {
		t.Errorf("%d answers where nobody signs in, want 360 and the 120 of the category", got)
	}
	signUp := func(i int) api.Input { return &cognitoidp.SignUpRequest{Username: new(fmt.Sprint(i))} }
	if got := h.takes("SignUp", "UserCreation", "192.0.2.1", signUp); got != 3 {
		t.Errorf("%d sign-ups at 2.5 a second, want 3", got)
	}
	forgot := func(i int) api.Input { return &cognitoidp.ForgotPasswordRequest{Username: new(fmt.Sprint(i))} }
	if got := h.takes("ForgotPassword", "UserAccountRecovery", "192.0.2.1", forgot); got != 7 {
		t.Errorf("%d recoveries, want the 7 that were provisioned", got)
	}
	unlimited := func(int) api.Input { return &cognitoidp.GetUserRequest{} }
	if got := h.takes("GetUser", "UserRead", "192.0.2.1", unlimited); got != -1 {
		t.Errorf("%d reads, want no limit", got)
	}
}

func TestOneOfMany(t *testing.T) {
	t.Parallel()
	h := open(t, throttle.Limits{PerIP: 4, PerClient: 20}, nil)
	if got := h.takes("InitiateAuth", "UserAuthentication", "192.0.2.1", others); got != 4 {
		t.Errorf("%d calls from one address, want 4", got)
	}
	if got := h.takes("InitiateAuth", "UserAuthentication", "2001:db8::1", others); got != 4 {
		t.Errorf("%d calls from another address, want 4", got)
	}
	if got := h.takes("InitiateAuth", "UserAuthentication", "2001:db8::ffff:2", others); got != 0 {
		t.Errorf("%d calls more from its network, want none", got)
	}
	h = open(t, throttle.Limits{PerClient: 20}, nil)
	if got := h.takes("InitiateAuth", "UserAuthentication", "192.0.2.1", func(i int) api.Input {
		return signIn("one", fmt.Sprint("user", i), cognitoidp.AuthFlowTypeUserSrpAuth)
	}); got != 20 {
		t.Errorf("%d calls through one client, want 20", got)
	}
	if got := h.takes("InitiateAuth", "UserAuthentication", "192.0.2.1", func(i int) api.Input {
		return signIn("client", []string{"Ann", "ann"}[i%2], cognitoidp.AuthFlowTypeUserSrpAuth)
	}); got != throttle.DefaultPerUser {
		t.Errorf("%d sign-ins of one user, want AWS's 10", got)
	}
}

func TestAdministrators(t *testing.T) {
	t.Parallel()
	pool := "us-east-1_p"
	describe := func(int) api.Input { return &cognitoidp.DescribeUserPoolRequest{UserPoolId: &pool} }
	tag := func(int) api.Input { return &cognitoidp.TagResourceRequest{} }
	h := open(t, throttle.Limits{}, nil)
	if got := h.takes("DescribeUserPool", "UserPoolRead", "192.0.2.1", describe); got != -1 {
		t.Errorf("an administrator made %d calls, want no limit", got)
	}
	h = open(t, throttle.Limits{Admin: true}, nil)
	if got := h.takes("DescribeUserPool", "UserPoolRead", "192.0.2.1", describe); got != 5 {
		t.Errorf("%d calls about one pool, want AWS's 5", got)
	}
	if got := h.takes("TagResource", "", "192.0.2.1", tag); got != 5 {
		t.Errorf("%d calls about tags, want AWS's 5", got)
	}
}

// Strangers can make up addresses and names without end.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	h := open(t, throttle.Limits{PerIP: 1, Rates: map[string]float64{"UserAuthentication": -1}}, nil)
	throttle.Forgetful(h.Limiter, 10)
	call := &api.Call{Operation: cognitoidp.Service.Operations["InitiateAuth"]}
	for i := range 1000 {
		call.RemoteIP = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		if err := h.Allow(t.Context(), call, "UserAuthentication", others(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := throttle.Remembered(h.Limiter); n > 20 {
		t.Errorf("%d addresses are remembered", n)
	}
	if err := h.Allow(t.Context(), call, "UserAuthentication", others(0)); err == nil {
		t.Error("the last address was forgotten")
	}
}

// A name may be of any length; that costs no memory, and makes no two names one.
func TestLongNames(t *testing.T) {
	t.Parallel()
	h := open(t, throttle.Limits{PerUser: 2, Rates: map[string]float64{"UserAuthentication": -1}}, nil)
	call := &api.Call{Operation: cognitoidp.Service.Operations["InitiateAuth"], RemoteIP: netip.MustParseAddr("192.0.2.1")}
	long := strings.Repeat("x", 131_000)
	for _, try := range []struct {
		name string
		ok   bool
	}{{long + "a", true}, {long + "a", true}, {long + "a", false}, {long + "b", true}} {
		if err := h.Allow(t.Context(), call, "UserAuthentication", signIn("c", try.name, cognitoidp.AuthFlowTypeUserSrpAuth)); (err == nil) != try.ok {
			t.Errorf("...%s: %v", try.name[len(long):], err)
		}
	}
	if n := throttle.LongestUser(h.Limiter); n > 100 {
		t.Errorf("a key of %d bytes is remembered", n)
	}
}
