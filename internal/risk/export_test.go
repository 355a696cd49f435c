package risk

import (
	"context"
	"net/netip"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// For tests.
var (
	LevelOf = levelOf
	Within  = within
)

// Score is score of the events of a user.
func Score(o Origin, now time.Time, events []*store.AuthEvent, address int) int {
	return score(o, now, events, address)
}

// Facts are those of a sign-in, with links and a token named after what they are for.
func Facts(id, username string, o Origin, taken cognitoidp.AccountTakeoverEventActionType, now time.Time) map[string]*string {
	pairs := []string{"{one-click-link-valid}", "valid", "{one-click-link-invalid}", "invalid", "{feedback-token}", "token"}
	return facts(&Case{id: id, origin: o}, &store.User{Username: username}, taken, pairs, now)
}

// AgentName is the name that events show for a User-Agent header.
func AgentName(header string) string {
	browser, system := parseAgent(header)
	return browser.String() + ", " + system.String()
}

// Queue is a queue of events with little room.
type Queue struct{ *queue }

// NewQueue returns a queue that holds a number of events and writes by put.
func NewQueue(limit int, put func(context.Context, []*store.AuthEvent) error) Queue {
	q := newQueue(put)
	q.limit = limit
	return Queue{q}
}

// Push and Flush are those of the queue.
func (q Queue) Push(ctx context.Context, e *store.AuthEvent) error { return q.push(ctx, e) }

// Flush writes what waits.
func (q Queue) Flush(ctx context.Context) error { return q.flush(ctx) }

// Length is how many events wait.
func (q Queue) Length() int { return q.length() }

// Addresses counts failures by address.
type Addresses struct{ *addresses }

// NewAddresses returns an empty count.
func NewAddresses() Addresses { return Addresses{newAddresses()} }

// Fail counts a failure.
func Fail(a Addresses, ip netip.Addr, name string, now time.Time) { a.failed(ip, name, now) }

// Points are those of an address.
func Points(a Addresses, ip netip.Addr, now time.Time) int { return a.points(ip, now) }

// Known is how many addresses are remembered.
func Known(a Addresses) int { return len(a.by) }
