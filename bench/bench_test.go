package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test program be the server that it measures.
func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := serveIfChild(ctx)
	stop()
	switch {
	case errors.Is(err, errNoChild):
		os.Exit(m.Run())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux's accounting of CPU time is known")
	}
	s := settings{users: 40, sample: 3, factors: 4, rounds: 1, connections: 2, scale: 0.005, starts: 1, keep: filepath.Join(t.TempDir(), "kept")}
	var printed bytes.Buffer
	if err := run(t.Context(), s, &printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`loaded 40 users`, `40 users on SQLite`, `(?m)^S = \d+ us`, `(?m)^L = \d+ us`, `(?m)^M = \d+ us`,
		`(?m)^refresh +\d+ us`, `(?m)^password sign-in +\d+ us`, `(?m)^SRP sign-in +\d+ us`, `(?m)^GetUser +\d+ us`,
		`(?m)^AdminGetUser +\d+ us`, `(?m)^ListUsers by e-mail +\d+ us`, `(?m)^AdminListGroupsForUser +\d+ us`, `(?m)^SignUp +\d+ us`,
		`(?m)^C = \d+ us`, `(?m)^P = \d+ us`, `(?m)^TOTP sign-in +\d+ us`, `(?m)^ListUsers email \^= +\d+ us`,
		`(?m)^ListUsers cognito:user_status = +\d+ us`, `(?m)^groups of a user +\d+ us`,
		`One connection, p50: |Triggers are not measured`,
		`Start to first answer, empty store: \d+ ms`, `idle after the start: \d+\.\d MiB`, `after the load: \d+\.\d MiB`,
	} {
		if !regexp.MustCompile(want).Match(printed.Bytes()) {
			t.Errorf("the report lacks %q:\n%s", want, &printed)
		}
	}

	printed.Reset()
	if _, err := prepare(t.Context(), s, s.keep, &printed); err != nil || printed.Len() > 0 {
		t.Errorf("a database that was kept is not used again: %v %s", err, &printed)
	}
	s.users++
	if _, err := prepare(t.Context(), s, s.keep, &printed); err == nil {
		t.Error("a database with other users was taken")
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	u := units{S: 1000, L: 300, M: 2000, C: 50, P: 900}
	for _, test := range []struct {
		target target
		text   string
		of     time.Duration
		cost   time.Duration
		shown  string
	}{
		{target{s: 0.2}, "0.20 S", 200, 250, "0.25 S"},
		{target{l: 2, s: 0.3}, "2 L + 0.30 S", 900, 1010, "2 L + 0.41 S"},
		{target{l: 2, m: 1, s: 0.7}, "2 L + M + 0.70 S", 3300, 2500, "2 L + M - 0.10 S"},
		{target{p: 1, c: 1, s: 0.3}, "P + C + 0.30 S", 1250, 1050, "P + C + 0.10 S"},
		{target{l: 2, s: 0.5, factor: 1.1}, "1.1 (2 L + 0.50 S)", 1210, 1100, "2 L + 0.50 S"},
	} {
		if got := test.target.String(); got != test.text {
			t.Errorf("String() = %q, want %q", got, test.text)
		}
		if got := test.target.of(u); got != test.of {
			t.Errorf("%v = %v, want %v", test.target, got, test.of)
		}
		if got := test.target.formula(test.target.beyond(test.cost, u)); got != test.shown {
			t.Errorf("%v of %v is %q, want %q", test.cost, test.target, got, test.shown)
		}
	}
}

func TestTargetsFollowTheScale(t *testing.T) {
	t.Parallel()
	few, many := operations(10_000), operations(1_000_000)
	for i, want := range []string{
		"1.1 (2 L + 0.30 S)", "1.1 (2 L + 0.50 S)", "P + C + 0.30 S", "1.1 (2 L + M + 0.70 S)", "0.25 S", "0.25 S", "0.25 S", "0.25 S", "1.50 S",
	} {
		if got := many[i].target.String(); got != want {
			t.Errorf("%s: %s, want %s", many[i].name, got, want)
		}
		if u := (units{S: 1000, L: 300, M: 2000}); few[i].target.of(u) > many[i].target.of(u) {
			t.Errorf("%s: less is allowed with many users", few[i].name)
		}
	}
}

func TestReached(t *testing.T) {
	t.Parallel()
	u := units{S: time.Millisecond, L: time.Millisecond, M: time.Millisecond}
	r := report{operations: []operation{{name: "read", target: target{s: 0.2}}}}
	for _, cost := range []time.Duration{100, 190, 900} {
		r.rounds = append(r.rounds, round{units: u, cost: []time.Duration{cost * time.Microsecond}})
	}
	r.rest = rest{starts: []startCost{{took: 100 * time.Millisecond}}, memory: []memory{{now: 30 << 20}}}
	if !r.reached() {
		t.Error("a median below the target is not reached")
	}
	grown := r
	grown.flat = []operation{{name: "list"}}
	grown.rounds = []round{{units: u, cost: r.rounds[0].cost, flat: []pair{{few: 10, all: 16}}}}
	queued := r
	queued.triggers = &triggers{rounds: []triggerRound{{
		without: latencies{p50: 1}, with: latencies{p50: 2}, alone: latencies{p50: 10, p99: 10}, beside: latencies{p50: 10, p99: 16},
	}}}
	slow := r
	slow.rest.starts = []startCost{{took: time.Second}}
	big := r
	big.rest.memory = []memory{{now: 41 << 20}}
	dear := r
	dear.rounds = r.rounds[1:]
	for name, missed := range map[string]report{
		"start": slow, "memory": big, "cost": dear, "growth": grown, "queue": queued,
	} {
		if missed.reached() {
			t.Errorf("%s: a missed target counts as reached", name)
		}
	}
}

func TestScatterVisitsAll(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 10_000, 7919, 2 * 7919} {
		seen := make([]bool, n)
		for i := range n {
			seen[scatter(i, n)] = true
		}
		for i, visited := range seen {
			if !visited {
				t.Fatalf("%d of %d is left out", i, n)
			}
		}
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux's accounting of CPU time is known")
	}
	s := settings{connections: 2, imports: importSettings{rows: 1500, rounds: 1}}
	var printed bytes.Buffer
	if err := run(t.Context(), s, &printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`Import of 1500 rows`, `(?m)^SQLite +\d+ rows/s +\d+ rows/s +\d+\.\d\d \[\d+\.\d\d\] of 0\.8 `, `\d+\.\d of 200\.0 MiB`,
	} {
		if !regexp.MustCompile(want).Match(printed.Bytes()) {
			t.Errorf("the report lacks %q:\n%s", want, &printed)
		}
	}
}

// Each code of an authenticator app is shown once, and only when the server takes it.
func TestAppsShowEachCodeOnce(t *testing.T) {
	t.Parallel()
	var a apps
	for _, test := range []struct {
		at   int64
		want []int64 // steps of 30 seconds
	}{
		{300, []int64{9, 10, 11}}, // the steps before, at and after 300 s
		{329, []int64{}},
		{330, []int64{12}},
		{416, []int64{13, 14}}, // soon after, the step before is too old
	} {
		got := []int64{}
		for {
			step, ok := a.next("someone", time.Unix(test.at, 0))
			if !ok {
				break
			}
			got = append(got, step)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("at %d s: steps %v, want %v", test.at, got, test.want)
		}
	}
	// RFC 6238, appendix B: the last six of eight digits.
	if code := totpCode([]byte("12345678901234567890"), 1); code != "287082" {
		t.Errorf("code %s", code)
	}
}

func TestFiltersFindTheUser(t *testing.T) {
	t.Parallel()
	const n = 1234567
	found := map[string]string{}
	for _, f := range searches() {
		found[f.name()] = f.filter(n)
	}
	for name, want := range map[string]string{
		"ListUsers email =":                `email = "user1234567@example.com"`,
		"ListUsers email ^=":               `email ^= "user123456"`,
		"ListUsers phone_number ^=":        `phone_number ^= "+4912123456"`,
		"ListUsers name ^=":                `name ^= "Someone Called user123456"`,
		"ListUsers username ^=":            `username ^= "user123456"`,
		"ListUsers status ^=":              `status ^= "En"`,
		"ListUsers cognito:user_status ^=": `cognito:user_status ^= "RESET"`,
	} {
		if found[name] != want {
			t.Errorf("%s: %s, want %s", name, found[name], want)
		}
	}
	if len(found) != 20 {
		t.Errorf("%d filters for ten attributes and two operators", len(found))
	}
}
