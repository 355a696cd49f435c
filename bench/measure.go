package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// round is one measurement of everything.
type round struct {
	units units
	cost  []time.Duration // per operation, each time it is done
	flat  []pair          // per operation that must be flat
}

// burst does something n times from several callers, each waiting for its answer; i counts
// from first.
func burst(ctx context.Context, callers, first, n int, do func(ctx context.Context, i int) error) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(callers, n) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := do(ctx, first+i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// bench is a run on one server.
type bench struct {
	settings
	server     *server
	work       *work
	operations []operation
	done       []int // per operation, how often
}

func begin(ctx context.Context, s settings, dir string, p *people, operations []operation, env ...string) (*bench, error) {
	server, err := startServer(ctx, s, dir, p.Root, env...)
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, server: server, operations: operations}
	b.done = make([]int, len(b.operations))
	if err := server.settle(ctx); err != nil {
		return nil, errors.Join(err, server.stop())
	}
	if b.work, err = newWork(ctx, s, p, server.caller); err != nil {
		return nil, errors.Join(fmt.Errorf("sign in: %w", err), server.stop())
	}
	return b, nil
}

// selected are those of the operations that are to be measured, and what they are compared
// with.
func (s settings) selected(all []operation) []operation {
	compared := slices.ContainsFunc(all, func(o operation) bool { return o.target.p > 0 && s.selects(o.name) })
	return slices.DeleteFunc(all, func(o operation) bool {
		return !s.selects(o.name) && (o.name != passwordName || !compared)
	})
}

func (s settings) selects(name string) bool { return s.only == nil || s.only.MatchString(name) }

// cost does an operation n times, step by step, and returns what the server spent on each.
func (b *bench) cost(ctx context.Context, i, n int) (time.Duration, error) {
	// Each operation is about other users than the one before, whose pages are in memory.
	const apart = 104_729
	o, first := b.operations[i], i*apart+b.done[i]
	b.done[i] += n
	before, err := b.server.cpu()
	if err != nil {
		return 0, err
	}
	for _, step := range o.steps {
		if err := burst(ctx, b.connections, first, n, func(ctx context.Context, i int) error { return step(ctx, b.work, i) }); err != nil {
			return 0, fmt.Errorf("%s: %w", o.name, err)
		}
	}
	after, err := b.server.cpu()
	return (after - before) / time.Duration(n), err
}

// round measures the first operations once, with the units in between.
func (b *bench) round(ctx context.Context, y *yardstick, operations []operation) (r round, err error) {
	var passwords time.Duration
	for i, o := range operations {
		if err := y.measure(ctx, b.scale); err != nil {
			return r, err
		}
		cost, err := b.cost(ctx, i, max(1, int(float64(o.perRound)*b.scale)))
		if err != nil {
			return r, err
		}
		r.cost = append(r.cost, cost)
		if o.name == passwordName {
			passwords = cost
		}
	}
	if len(operations) > 0 {
		r.units = y.take()
	}
	r.units.P = passwords
	return r, nil
}

// measure runs the rounds, after one that only warms up.
func measure(ctx context.Context, s settings, dir string, p *people, out io.Writer) (r *report, err error) {
	y, err := newYardstick(ctx, s.connections)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, y.close()) }()
	r = &report{settings: s, signer: y.signer(), operations: s.selected(operations(p.Users)), flat: s.selected(flatOperations())}
	b, err := begin(ctx, s, dir, p, slices.Concat(r.operations, r.flat))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	few, stop, err := r.beginFew(ctx, dir, out)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for i := range s.rounds + 1 {
		one, err := b.round(ctx, y, r.operations)
		if err != nil {
			return nil, err
		}
		times := 1.0
		if i == 0 {
			times = flatWarmUp
		}
		if one.flat, err = flatRound(ctx, b, few, times); err != nil {
			return nil, err
		}
		if i > 0 {
			r.rounds = append(r.rounds, one)
		}
	}
	r.repeated = b.server.caller.repeated.Load()
	r.loaded, err = b.server.memory()
	return r, err
}

// profile takes a CPU profile of the server, as a child of this program, for each
// operation under load.
func profile(ctx context.Context, s settings, dir string, p *people) (err error) {
	if err := os.MkdirAll(s.profiles, 0o755); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	s.server = ""
	operations := slices.Concat(s.selected(operations(p.Users)), s.selected(flatOperations()))
	b, err := begin(ctx, s, dir, p, operations, profileVariable+"="+address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	for i, o := range b.operations {
		name := strings.NewReplacer(" ", "-", ".", "", ":", "-", "^=", "prefix", "=", "is").Replace(strings.ToLower(o.name)) + ".pprof"
		if err := b.profile(ctx, i, address, filepath.Join(s.profiles, name)); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

const profileSeconds = 10

// profile does an operation for as long as its profile is taken.
func (b *bench) profile(ctx context.Context, i int, address, file string) error {
	taken := make(chan error, 1)
	go func() {
		content, err := fetch(ctx, fmt.Sprintf("http://%s/?seconds=%d", address, profileSeconds))
		if err == nil {
			err = os.WriteFile(file, content, 0o644)
		}
		taken <- err
	}()
	for {
		if _, err := b.cost(ctx, i, 10*b.connections); err != nil {
			return err
		}
		select {
		case err := <-taken:
			return err
		default:
		}
	}
}
