package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// fewUsers is the population beside which what must not grow with it is measured.
	fewUsers = 1000
	// flatTarget is how much more it may cost with all users.
	flatTarget = 1.5
	// rareUsers is about how many users of any population are disabled and must reset their
	// passwords.
	rareUsers = 10
)

// flatPage bounds the answers, which are then as large with few users as with many.
const flatPage = 5

// search is a filter of ListUsers by what the n-th user has.
type search struct {
	attribute string
	prefix    bool
	value     func(n int) string
}

func (f search) name() string {
	if f.prefix {
		return "ListUsers " + f.attribute + " ^="
	}
	return "ListUsers " + f.attribute + " ="
}

func (f search) filter(n int) string {
	operator := "="
	if f.prefix {
		operator = "^="
	}
	return f.attribute + " " + operator + " " + strconv.Quote(f.value(n))
}

// searches are the filters of all attributes, with both operators. A prefix is one digit
// short of the user's own value, and so finds ten users.
func searches() []search {
	own := func(attribute string) func(int) string {
		return func(n int) string { return attributes(userName(n))[attribute] }
	}
	fixed := func(value string) func(int) string { return func(int) string { return value } }
	var all []search
	for _, attribute := range searchedAttributes {
		value := own(attribute)
		all = append(all, search{attribute, false, value}, search{attribute, true, func(n int) string {
			return value(n)[:strings.LastIndex(value(n), digits(n))+userDigits-1]
		}})
	}
	return append(all,
		search{"username", false, userName},
		search{"username", true, func(n int) string { return userName(n)[:len(userName(n))-1] }},
		search{"sub", false, func(n int) string { return sub(userName(n)) }},
		search{"sub", true, func(n int) string { return sub(userName(n))[:18] }},
		search{"cognito:user_status", false, fixed("CONFIRMED")},
		search{"cognito:user_status", true, fixed("RESET")},
		search{"status", false, fixed("Disabled")},
		search{"status", true, fixed("En")},
	)
}

// searchedAttributes are those attributes of a user that ListUsers can search.
var searchedAttributes = []string{"email", "phone_number", "name", "given_name", "family_name", "preferred_username"}

// attributes are those of a user who does not sign in.
func attributes(username string) map[string]string {
	number := strings.TrimPrefix(username, userPrefix)
	return map[string]string{
		"email": email(username), "email_verified": "true", "name": "Someone Called " + username,
		"given_name": "Given" + number, "family_name": "Family" + number, "preferred_username": "preferred" + number,
		"phone_number": "+4912" + number, "phone_number_verified": "true",
	}
}

// sub is the sub of a user.
func sub(username string) string {
	digest := sha256.Sum256([]byte("sub of " + username))
	id := [16]byte(digest[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return naming.FormatUUID(id)
}

// setApart gives some users another status.
func (p *people) setApart(u *store.User, n int) {
	if n%max(1, p.Users/rareUsers) == 1 {
		u.Status, u.Enabled = cognitoidp.UserStatusTypeResetRequired, false
	}
}

// flatOperations are the operations that must cost about the same with any number of users.
func flatOperations() []operation {
	const perRound = 300
	var all []operation
	for _, f := range searches() {
		all = append(all, operation{name: f.name(), perRound: perRound, steps: []step{f.list}})
	}
	return append(all, operation{name: "groups of a user", perRound: perRound, steps: []step{listGroups}})
}

// list asks for the users that a filter finds.
func (f search) list(ctx context.Context, w *work, i int) error {
	n := scatter(i%w.Users, w.Users)
	if w.signsIn(n) {
		n = w.neighbour(n)
	}
	return holding(`"Username":"`)(w.caller.signed(ctx, "ListUsers", map[string]any{
		"UserPoolId": w.PoolID, "Filter": f.filter(n), "Limit": flatPage,
	}))
}

// neighbour is a user who does not sign in: members are never side by side.
func (p *people) neighbour(n int) int { return (n + 1) % p.Users }

// few are the settings of the population beside: as dense in members.
func (s settings) few() settings {
	few := s
	few.users = min(fewUsers, s.users)
	few.sample = max(1, s.members()*few.users/s.users)
	few.factors = 0
	return few
}

// pair is what an operation costs with few users and with all.
type pair struct{ few, all time.Duration }

func (p pair) growth() float64 { return float64(p.all) / float64(p.few) }

// flatWarmUp is how much longer the round is that only warms up: every connection to a large
// database must have seen its upper pages, as those of a server at work have.
const flatWarmUp = 10

// flatRound measures what must be flat, with few and with all users in turn, so many times.
func flatRound(ctx context.Context, all, few *bench, times float64) (costs []pair, err error) {
	skip := len(all.operations) - len(few.operations)
	for i, o := range few.operations {
		var p pair
		n := max(1, int(float64(o.perRound)*all.scale*times))
		if p.few, err = few.cost(ctx, i, n); err != nil {
			return nil, fmt.Errorf("with few users: %w", err)
		}
		if p.all, err = all.cost(ctx, skip+i, n); err != nil {
			return nil, err
		}
		costs = append(costs, p)
	}
	return costs, nil
}

func (r *report) growth(i int) spread[float64] {
	return over(r.rounds, func(one round) float64 { return one.flat[i].growth() })
}

// printFlat writes what must be flat as a table.
func (r *report) printFlat(out io.Writer) error {
	if len(r.flat) == 0 {
		return nil
	}
	fmt.Fprintf(out, "\nWith %d and with %d users, a server each in the same rounds; pages of up to %d users.\n\n",
		r.few().users, r.users, flatPage)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\tCPU with %d\twith %d\tgrowth of %.1f\t\n", r.few().users, r.users, flatTarget)
	for i, o := range r.flat {
		few := over(r.rounds, func(one round) time.Duration { return one.flat[i].few })
		all := over(r.rounds, func(one round) time.Duration { return one.flat[i].all })
		growth := r.growth(i)
		fmt.Fprintf(t, "%s\t%s us [%s]\t%s us [%s]\t%.2f [%.2f]\t%s\n", o.name, micros(few.median), micros(few.least),
			micros(all.median), micros(all.least), growth.median, growth.least, verdict(growth.median <= flatTarget))
	}
	return t.Flush()
}

// beginFew fills another database and starts a server on it, where something must be flat.
func (r *report) beginFew(ctx context.Context, dir string, out io.Writer) (few *bench, stop func() error, err error) {
	if len(r.flat) == 0 {
		return new(bench), func() error { return nil }, nil
	}
	s, dir := r.few(), filepath.Join(dir, "few")
	p, err := prepare(ctx, s, dir, out)
	if err != nil {
		return nil, nil, err
	}
	if few, err = begin(ctx, s, dir, p, r.flat); err != nil {
		return nil, nil, err
	}
	return few, few.server.stop, nil
}
