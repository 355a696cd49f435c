package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// target is what an operation may cost, as a sum of units; a factor of 0 is 1.
type target struct{ p, c, l, m, s, factor float64 }

// of returns the target in time.
func (t target) of(u units) time.Duration {
	sum := t.others(u) + t.s*float64(u.S)
	return time.Duration(cmp.Or(t.factor, 1) * sum)
}

// others is the part of the target that is no S.
func (t target) others(u units) float64 {
	return t.p*float64(u.P) + t.c*float64(u.C) + t.l*float64(u.L) + t.m*float64(u.M)
}

// String writes the target as a formula.
func (t target) String() string {
	formula := t.formula(t.s)
	if f := cmp.Or(t.factor, 1); f != 1 {
		return fmt.Sprintf("%.1f (%s)", f, formula)
	}
	return formula
}

// formula writes the target with another number of S.
func (t target) formula(s float64) string {
	var parts []string
	if t.p > 0 {
		parts = append(parts, "P")
	}
	if t.c > 0 {
		parts = append(parts, "C")
	}
	if t.l > 0 {
		parts = append(parts, fmt.Sprintf("%.0f L", t.l))
	}
	if t.m > 0 {
		parts = append(parts, "M")
	}
	sign := ""
	if len(parts) > 0 {
		sign = " + "
	}
	if s < 0 && len(parts) > 0 {
		sign, s = " - ", -s
	}
	return fmt.Sprintf("%s%s%.2f S", strings.Join(parts, " + "), sign, s)
}

// beyond returns how many S a cost has besides the target's other units.
func (t target) beyond(cost time.Duration, u units) float64 {
	return (float64(cost) - t.others(u)) / float64(u.S)
}

// The targets that are no ratios.
const (
	startTarget  = 150 * time.Millisecond
	memoryTarget = 40 << 20
)

// report is what came out of a run.
type report struct {
	settings
	signer     string
	operations []operation
	flat       []operation // what must not grow with the users
	triggers   *triggers   // nil when they were not asked for
	rounds     []round
	rest       rest
	loaded     memory // after everything
	repeated   int64  // calls that the server first refused as too many
}

// ratio is the cost of an operation divided by its target, both of one round.
func (r *report) ratio(i int) spread[float64] {
	return over(r.rounds, func(one round) float64 {
		return float64(one.cost[i]) / float64(r.operations[i].target.of(one.units))
	})
}

// reached says whether every target was reached. Medians count.
func (r *report) reached() bool {
	for i := range r.operations {
		if r.ratio(i).median > 1 {
			return false
		}
	}
	for i := range r.flat {
		if r.growth(i).median > flatTarget {
			return false
		}
	}
	if r.triggers != nil && !r.triggers.reached() {
		return false
	}
	return r.start().median < startTarget && r.idle().median < memoryTarget
}

func (r *report) start() spread[time.Duration] {
	return over(r.rest.starts, func(s startCost) time.Duration { return s.took })
}

func (r *report) idle() spread[int64] {
	return over(r.rest.memory, func(m memory) int64 { return m.now })
}

// spread is the least and the middle one of several numbers.
type spread[N cmp.Ordered] struct{ least, median N }

func over[T any, N cmp.Ordered](all []T, number func(T) N) (s spread[N]) {
	var numbers []N
	for _, one := range all {
		numbers = append(numbers, number(one))
	}
	if len(numbers) == 0 {
		return s
	}
	slices.Sort(numbers)
	return spread[N]{numbers[0], numbers[len(numbers)/2]}
}

// print writes the report as a table for people.
func (r *report) print(out io.Writer) error {
	where := "share all CPUs"
	if r.apart {
		where = "have half of the CPUs each"
	}
	fmt.Fprintf(out, "Server CPU per request: %d users on SQLite (synchronous=FULL), %d connections, %d rounds.\n",
		r.users, r.connections, len(r.rounds))
	fmt.Fprintf(out, "The server and its callers %s.\n", where)
	fmt.Fprintf(out, "Only the ratios are claims. Median of the rounds; in brackets the least.\n\n")
	if err := r.printCosts(out); err != nil {
		return err
	}
	r.printRest(out)
	if err := r.printFlat(out); err != nil {
		return err
	}
	if r.triggers != nil {
		r.triggers.print(out)
	}
	return nil
}

// printCosts writes what the operations cost, and the units.
func (r *report) printCosts(out io.Writer) error {
	if len(r.operations) == 0 {
		return nil
	}
	r.printUnits(out)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tCPU\tin S\treached\ttarget\tof target\t")
	for i := range r.operations {
		r.printOperation(t, i)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe SRP sign-in and the TOTP sign-in are both requests. The pool verifies no attributes, so SignUp sends no code.")
	if r.repeated > 0 {
		fmt.Fprintf(out, "%d calls were refused at first, as too many at once; what that cost is counted.\n", r.repeated)
	}
	return nil
}

func (r *report) printUnits(out io.Writer) {
	for _, unit := range []struct {
		name, text string
		of         func(units) time.Duration
	}{
		{"S", "an RSA-2048 signature by crypto/rsa", func(u units) time.Duration { return u.S }},
		{"L", "one by the signer in use: " + r.signer, func(u units) time.Duration { return u.L }},
		{"M", "the server's arithmetic in an SRP sign-in", func(u units) time.Duration { return u.M }},
		{"C", "a commit of one spent proof, grouped with those of all connections", func(u units) time.Duration { return u.C }},
		{"P", "the password sign-in below", func(u units) time.Duration { return u.P }},
	} {
		cost := over(r.rounds, func(one round) time.Duration { return unit.of(one.units) })
		inS := over(r.rounds, func(one round) float64 { return float64(unit.of(one.units)) / float64(one.units.S) })
		fmt.Fprintf(out, "%s = %s us [%s], %.2f S: %s\n", unit.name, micros(cost.median), micros(cost.least), inS.median, unit.text)
	}
	fmt.Fprintln(out)
}

func (r *report) printOperation(t io.Writer, i int) {
	o := r.operations[i]
	cost := over(r.rounds, func(one round) time.Duration { return one.cost[i] })
	inS := over(r.rounds, func(one round) float64 { return float64(one.cost[i]) / float64(one.units.S) })
	beyond := over(r.rounds, func(one round) float64 { return o.target.beyond(one.cost[i], one.units) })
	ratio := r.ratio(i)
	fmt.Fprintf(t, "%s\t%s us [%s]\t%.2f\t%s\t%s\t%.2f [%.2f]\t%s\n", o.name, micros(cost.median), micros(cost.least),
		inS.median, o.target.formula(beyond.median), o.target, ratio.median, ratio.least, verdict(ratio.median <= 1))
}

func (r *report) printRest(out io.Writer) {
	if start := r.start(); start.median > 0 {
		cpu := over(r.rest.starts, func(s startCost) time.Duration { return s.cpu })
		fmt.Fprintf(out, "Start to first answer, empty store: %s ms [%s] of %s ms: %s (%d starts; CPU in that time %s ms [%s]).\n",
			millis(start.median), millis(start.least), millis(startTarget), verdict(start.median < startTarget),
			len(r.rest.starts), millis(cpu.median), millis(cpu.least))
	}
	if idle := r.idle(); idle.median > 0 {
		peak := over(r.rest.memory, func(m memory) int64 { return m.peak })
		own := over(r.rest.memory, func(m memory) int64 { return m.own })
		fmt.Fprintf(out, "Resident memory, idle after the start: %s MiB [%s] of %s MiB: %s (highest until then %s; without pages of files %s).\n",
			mib(idle.median), mib(idle.least), mib(memoryTarget), verdict(idle.median < memoryTarget), mib(peak.median), mib(own.median))
	}
	fmt.Fprintf(out, "Resident memory after the load: %s MiB (highest %s).\n", mib(r.loaded.now), mib(r.loaded.peak))
}

func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "MISSED"
}

func micros(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/float64(time.Microsecond)) }

func millis(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/float64(time.Millisecond)) }

func mib(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }
