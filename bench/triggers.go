package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/cenote-id/cenote"
)

// The targets of triggers.
const (
	// triggerTarget is what a warm function in Node may add to a sign-in, at the median.
	triggerTarget = 3 * time.Millisecond
	// besideTarget is how much slower sign-ins may be beside a slow function of another pool.
	besideTarget = 1.5
)

// What triggers are measured with.
const (
	triggerName = "PreTokenGeneration"
	crowdSize   = 32 // connections beside those that wait for the slow function
	slowSize    = 8  // connections that do; twice as many as the function has processes
)

//go:embed functions
var handlerFiles embed.FS

// triggers is what came out of the measurement of triggers.
type triggers struct {
	missing string // why there is none; empty where there is
	rounds  []triggerRound
}

// triggerRound is one measurement.
type triggerRound struct {
	without, with latencies // sign-ins on one connection
	alone, beside latencies // of the crowd, without and with others at the slow function
	slow          int64     // sign-ins that waited for it meanwhile
}

// latencies are the median of several and what 99 of 100 keep to.
type latencies struct{ p50, p99 time.Duration }

func latenciesOf(all []time.Duration) latencies {
	slices.Sort(all)
	return latencies{all[len(all)/2], all[len(all)*99/100]}
}

// triggerScene is a server with functions, and its pools.
type triggerScene struct {
	*server
	root                accessKey
	plain, claims, slow triggerPool
}

// triggerPool is a pool with an app client and users 0 to crowdSize-1.
type triggerPool struct{ id, client string }

// measureTriggers runs the rounds on a new database, after one that only warms up. It returns
// nil where they are not asked for.
func measureTriggers(ctx context.Context, s settings) (t *triggers, err error) {
	if !s.selects(triggerName) || s.rounds == 0 {
		return nil, nil //nolint:nilnil // nothing is to be measured
	}
	if _, err := exec.LookPath("node"); err != nil {
		return &triggers{missing: "Node is not installed"}, nil //nolint:nilerr // the report says it
	}
	dir, err := os.MkdirTemp("", "cenote-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	scene, err := newTriggerScene(ctx, s, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scene.stop()) }()
	t = new(triggers)
	for i := range s.rounds + 1 {
		one, err := scene.round(ctx, s.scale)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			t.rounds = append(t.rounds, one)
		}
	}
	return t, nil
}

func newTriggerScene(ctx context.Context, s settings, dir string) (*triggerScene, error) {
	config, err := writeFunctions(dir)
	if err != nil {
		return nil, err
	}
	s.config = config
	root, err := newRoot()
	if err != nil {
		return nil, err
	}
	p, err := startServer(ctx, s, dir, root)
	if err != nil {
		return nil, err
	}
	scene := &triggerScene{server: p, root: root}
	for _, one := range []struct {
		pool     *triggerPool
		function string
	}{{&scene.plain, ""}, {&scene.claims, "claims"}, {&scene.slow, "slow"}} {
		if err == nil {
			*one.pool, err = scene.newPool(ctx, one.function)
		}
	}
	if err == nil {
		err = p.settle(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return scene, nil
}

// writeFunctions writes the handlers to a directory, with a configuration file that has the
// server run them. It returns the file's name.
func writeFunctions(dir string) (string, error) {
	files, err := fs.Sub(handlerFiles, "functions")
	if err != nil {
		return "", err
	}
	handlers := filepath.Join(dir, "functions")
	if err := os.CopyFS(handlers, files); err != nil {
		return "", err
	}
	content, err := json.Marshal(map[string]any{"functions": map[string]any{"*": map[string]string{
		"kind": "process", "runtime": "nodejs", "dir": filepath.Join(handlers, "{name}"), "handler": "index.handler",
	}}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "config.yaml") // of which JSON is a part
	return name, os.WriteFile(name, content, 0o600)
}

// readFunctions reads a configuration file of writeFunctions, none where the name is empty.
func readFunctions(name string) (all []cenote.Function, err error) {
	if name == "" {
		return nil, nil
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file struct {
		Functions map[string]cenote.Function `yaml:"functions"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for pattern, f := range file.Functions {
		f.Pattern = pattern
		all = append(all, f)
	}
	return all, nil
}

// newPool makes a pool with a function that adds claims, or none.
func (s *triggerScene) newPool(ctx context.Context, function string) (p triggerPool, err error) {
	in := map[string]any{"PoolName": "bench"}
	if function != "" {
		in["LambdaConfig"] = map[string]any{"PreTokenGenerationConfig": map[string]string{
			"LambdaVersion": "V2_0", "LambdaArn": "arn:aws:lambda:us-east-1:000000000000:function:" + function,
		}}
	}
	var pool struct{ UserPool struct{ Id string } }
	if err := into(&pool)(s.caller.signed(ctx, "CreateUserPool", in)); err != nil {
		return p, err
	}
	var client struct{ UserPoolClient struct{ ClientId string } }
	if err := into(&client)(s.caller.signed(ctx, "CreateUserPoolClient", map[string]any{
		"UserPoolId": pool.UserPool.Id, "ClientName": "bench", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})); err != nil {
		return p, err
	}
	p = triggerPool{pool.UserPool.Id, client.UserPoolClient.ClientId}
	return p, burst(ctx, 4, 0, crowdSize, func(ctx context.Context, i int) error {
		_, err := s.caller.signed(ctx, "AdminCreateUser", map[string]any{
			"UserPoolId": p.id, "Username": userName(i), "MessageAction": "SUPPRESS",
		})
		if err == nil {
			_, err = s.caller.signed(ctx, "AdminSetUserPassword", map[string]any{
				"UserPoolId": p.id, "Username": userName(i), "Password": password, "Permanent": true,
			})
		}
		return err
	})
}

// signIn signs a user in and returns how long that took. The tokens of a pool with the
// function claims have its claim.
func (s *triggerScene) signIn(ctx context.Context, c *caller, p triggerPool, i int) (time.Duration, error) {
	began := time.Now()
	body, err := c.call(ctx, "InitiateAuth", map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": p.client,
		"AuthParameters": map[string]string{"USERNAME": userName(i % crowdSize), "PASSWORD": password},
	})
	return time.Since(began), holding(idToken)(body, err)
}

func (s *triggerScene) round(ctx context.Context, scale float64) (r triggerRound, err error) {
	one, crowd := newCaller(s.caller.address, 1, s.root), newCaller(s.caller.address, crowdSize, s.root)
	defer one.close()
	defer crowd.close()
	var without, with []time.Duration
	for i := range max(2, int(150*scale)) {
		plain, err := s.signIn(ctx, one, s.plain, i)
		if err != nil {
			return r, err
		}
		claims, err := s.signIn(ctx, one, s.claims, i)
		if err != nil {
			return r, err
		}
		without, with = append(without, plain), append(with, claims)
	}
	r.without, r.with = latenciesOf(without), latenciesOf(with)
	times := max(crowdSize, int(20*crowdSize*scale))
	if r.alone, err = s.crowd(ctx, crowd, times); err != nil {
		return r, err
	}
	stop := s.load(ctx)
	r.beside, err = s.crowd(ctx, crowd, times)
	slow, loadErr := stop()
	r.slow = slow
	return r, errors.Join(err, loadErr)
}

// crowd signs users of the pool with the quick function in, on all connections at once.
func (s *triggerScene) crowd(ctx context.Context, c *caller, times int) (latencies, error) {
	took := make([]time.Duration, times)
	err := burst(ctx, crowdSize, 0, times, func(ctx context.Context, i int) (err error) {
		took[i], err = s.signIn(ctx, c, s.claims, i)
		return err
	})
	return latenciesOf(took), err
}

// load keeps the slow function busy, with others waiting for it, until stop is called, which
// returns how many sign-ins have waited for it.
func (s *triggerScene) load(ctx context.Context) (stop func() (int64, error)) {
	ctx, cancel := context.WithCancel(ctx)
	c := newCaller(s.caller.address, slowSize, s.root)
	var group sync.WaitGroup
	var done atomic.Int64
	failed := make(chan error, slowSize)
	for i := range slowSize {
		group.Go(func() {
			for {
				done.Add(1)
				if _, err := s.signIn(ctx, c, s.slow, i); err != nil {
					if ctx.Err() == nil {
						failed <- err
					}
					return
				}
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // until they wait
	return func() (int64, error) {
		cancel()
		group.Wait()
		c.close()
		close(failed)
		return done.Load(), <-failed
	}
}

// added is how much longer sign-ins take with the function.
func (t *triggers) added() spread[time.Duration] {
	return over(t.rounds, func(r triggerRound) time.Duration { return r.with.p50 - r.without.p50 })
}

// slowdown is how much longer the crowd's sign-ins take beside the slow function.
func (t *triggers) slowdown(of func(latencies) time.Duration) spread[float64] {
	return over(t.rounds, func(r triggerRound) float64 { return float64(of(r.beside)) / float64(of(r.alone)) })
}

func p50(l latencies) time.Duration { return l.p50 }
func p99(l latencies) time.Duration { return l.p99 }

func (t *triggers) reached() bool {
	return t.missing == "" && t.added().median < triggerTarget && t.unhindered()
}

func (t *triggers) unhindered() bool {
	return t.slowdown(p50).median <= besideTarget && t.slowdown(p99).median <= besideTarget
}

func (t *triggers) print(out io.Writer) {
	if t.missing != "" {
		fmt.Fprintf(out, "\nTriggers are not measured: %s.\n", t.missing)
		return
	}
	median := func(of func(latencies) time.Duration, part func(triggerRound) latencies) string {
		return precise(over(t.rounds, func(r triggerRound) time.Duration { return of(part(r)) }).median)
	}
	without, with := func(r triggerRound) latencies { return r.without }, func(r triggerRound) latencies { return r.with }
	alone, beside := func(r triggerRound) latencies { return r.alone }, func(r triggerRound) latencies { return r.beside }
	added := t.added()
	var b strings.Builder
	fmt.Fprintf(&b, "\nTriggers: password sign-ins, times that callers wait; functions in Node.\n")
	fmt.Fprintf(&b, "One connection, p50: %s ms without a function, %s ms with a warm %s function: %s ms [%s] more of %s ms: %s.\n",
		median(p50, without), median(p50, with), triggerName, precise(added.median), precise(added.least),
		precise(triggerTarget), verdict(added.median < triggerTarget))
	middle, late := t.slowdown(p50), t.slowdown(p99)
	fmt.Fprintf(&b, "%d connections, with that function: p50 %s ms, p99 %s ms; while %d others wait for a function of another pool that takes a second (%d sign-ins a round): p50 %s ms, p99 %s ms: %.2f [%.2f] and %.2f [%.2f] times of %.1f: %s.\n",
		crowdSize, median(p50, alone), median(p99, alone), slowSize, over(t.rounds, func(r triggerRound) int64 { return r.slow }).median,
		median(p50, beside), median(p99, beside), middle.median, middle.least, late.median, late.least, besideTarget, verdict(t.unhindered()))
	fmt.Fprint(out, b.String())
}

func precise(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
