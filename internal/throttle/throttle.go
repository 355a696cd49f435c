package throttle

import (
	"context"
	"math"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
)

// Limits say how often calls may come, in calls per second. Zero is AWS's number, or no
// limit where AWS has none; a negative number is no limit.
type Limits struct {
	Rates map[string]float64 // by category
	// PerClient and PerIP hold for the calls through one app client and from one address (an
	// IPv4 address, a network /64 of IPv6).
	PerClient, PerIP float64
	// PerUser holds for the reads and for the writes of one user.
	PerUser float64
	// Admin limits calls that are signed with an access key, too.
	Admin bool
}

// Deps is what a Limiter is made of.
type Deps struct {
	Limits Limits
	Clock  *clock.Clock
	// Provisioned returns the rate that was set for a category by UpdateProvisionedLimit; ok is
	// false where none was. nil sets none.
	Provisioned func(ctx context.Context, category string) (rate float64, ok bool)
}

// textRate is the text of AWS's limits; wording unconfirmed.
const textRate = "Rate exceeded"

// Limiter counts calls. It is safe for concurrent use.
type Limiter struct {
	deps       Deps
	categories *buckets
	clients    *buckets
	addresses  *buckets
	users      *buckets
	pools      *buckets
}

// New returns a Limiter.
func New(d Deps) *Limiter {
	return &Limiter{
		deps: d, categories: newBuckets(), clients: newBuckets(), addresses: newBuckets(),
		users: newBuckets(), pools: newBuckets(),
	}
}

// Allow takes a call of an operation of the given category into account, or refuses it with
// TooManyRequestsException. A refused call may have been counted in part.
func (l *Limiter) Allow(ctx context.Context, call *api.Call, category string, in api.Input) error {
	admin := call.Operation.Class == api.IAM
	if admin && !l.deps.Limits.Admin {
		return nil
	}
	now := l.deps.Clock.Outside()
	who := subjectOf(call, in)
	category = effective(category, in)
	allowed := l.addresses.take(address(call.RemoteIP), l.deps.Limits.PerIP, now) &&
		l.clients.take(who.client, l.deps.Limits.PerClient, now) &&
		l.users.take(who.user, orDefault(l.deps.Limits.PerUser, DefaultPerUser), now) &&
		l.ofPool(call, category, in, now) &&
		l.ofCategory(ctx, call, category, now)
	if !allowed {
		e := fault.TooManyRequests(textRate)
		e.RetryAfter = time.Second
		return e
	}
	return nil
}

// effective is the category of a call where it depends on more than the operation: a refresh
// is no sign-in.
func effective(category string, in api.Input) string {
	var flow *cognitoidp.AuthFlowType
	switch r := in.(type) {
	case *cognitoidp.InitiateAuthRequest:
		flow = r.AuthFlow
	case *cognitoidp.AdminInitiateAuthRequest:
		flow = r.AuthFlow
	}
	switch api.Value(flow) {
	case cognitoidp.AuthFlowTypeRefreshToken, cognitoidp.AuthFlowTypeRefreshTokenAuth:
		return userToken
	default:
		return category
	}
}

func (l *Limiter) ofCategory(ctx context.Context, call *api.Call, category string, now time.Time) bool {
	if category == "" {
		return !strings.Contains(call.Operation.Name, "Tag") || l.categories.take(call.Operation.Name, perTag, now)
	}
	limit := l.rate(ctx, category)
	if strings.HasSuffix(call.Operation.Name, "RespondToAuthChallenge") {
		if l.categories.take("challenges of "+category, limit*challengeFactor, now) {
			return true
		}
	}
	return l.categories.take(category, limit, now)
}

// rate is how many calls of a category may come: what was set while the server runs, else
// what it was started with, else AWS's number.
func (l *Limiter) rate(ctx context.Context, category string) float64 {
	if l.deps.Provisioned != nil {
		if set, ok := l.deps.Provisioned(ctx, category); ok {
			return set
		}
	}
	if set, ok := l.deps.Limits.Rates[category]; ok {
		return set
	}
	return defaults[category]
}

// ofPool limits the operations on the configuration of one pool.
func (l *Limiter) ofPool(call *api.Call, category string, in api.Input, now time.Time) bool {
	if call.Operation.Class != api.IAM || !strings.HasPrefix(category, "UserPool") {
		return true
	}
	target, ok := in.(api.PoolTarget)
	return !ok || l.pools.take(api.Value(target.TargetPoolID()), perPool, now)
}

func orDefault(given, otherwise float64) float64 {
	if given == 0 {
		return otherwise
	}
	return given
}

// address is what one caller has of addresses.
func address(ip netip.Addr) string {
	if ip.Is6() && !ip.Is4In6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	if !ip.IsValid() {
		return ""
	}
	return ip.Unmap().String()
}

// newBucket returns a bucket that holds a second's worth, and one call at least.
func newBucket(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(perSecond))))
}
