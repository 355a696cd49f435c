package function

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// processes are the warm child processes of one function. A process runs one invocation
// at a time; what comes when all are busy waits, first in first out.
type processes struct {
	service *Service
	entry   *Entry
	arn     string
	files   fileWatch

	mu      sync.Mutex
	idle    []*process // the longest idle first
	count   int        // idle, busy and starting
	waiting []chan offer
	closed  bool
	// failures are starts that failed in a row, the last of them with broken and with the
	// files as brokenFiles says; until brokenUntil it is answered instead of another try.
	failures    int
	broken      error
	brokenFiles string
	brokenUntil time.Time
}

// offer is what somebody who waits gets: a process with nothing to do, or why there is
// none.
type offer struct {
	worker *process
	err    error
}

func newProcesses(s *Service, e *Entry, arn string) *processes {
	return &processes{service: s, entry: e, arn: arn, files: fileWatch{dir: e.Dir}}
}

// attempt implements backend.
func (p *processes) attempt(ctx context.Context, c Call) ([]byte, error) {
	for {
		worker, err := p.take(ctx)
		if err != nil {
			return nil, err
		}
		out, err := worker.invoke(ctx, c)
		p.put(worker)
		if !errors.Is(err, errEnded) {
			return out, err
		}
	}
}

// take returns a process with nothing to do: an idle one, or else the first that is put
// back or has started.
func (p *processes) take(ctx context.Context) (*process, error) {
	worker, wait, err := p.pick()
	if worker != nil || err != nil {
		return worker, err
	}
	select {
	case o := <-wait:
		return o.worker, o.err
	case <-ctx.Done():
		p.abandon(wait)
		return nil, timedOut(ctx.Err())
	}
}

func errStopping() error {
	return &InvocationError{Name: "ServiceException", Cause: errors.New("the server is stopping")}
}

// pick returns an idle process, or where to wait for one; it starts one more where there
// may be more.
func (p *processes) pick() (*process, chan offer, error) {
	now, files := p.service.deps.Clock.Outside(), ""
	if p.service.deps.Reload {
		files = p.files.fingerprint(now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, errStopping()
	}
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		worker := p.idle[last]
		p.idle = p.idle[:last]
		if worker.alive() && !worker.outdated(files, now) {
			return worker, nil, nil
		}
		p.count--
		worker.kill()
	}
	if p.broken != nil && now.Before(p.brokenUntil) && files == p.brokenFiles {
		return nil, nil, p.broken
	}
	wait := make(chan offer, 1)
	p.waiting = append(p.waiting, wait)
	if p.count < p.entry.Concurrency {
		p.count++
		go p.start(files)
	}
	return nil, wait, nil
}

// The pauses after starts that failed, doubling.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
)

// start starts a process. It goes on although its caller gives up, so that a function that
// needs long to start is warm for the next.
func (p *processes) start(files string) {
	worker, err := startProcess(p, files)
	if err == nil {
		p.mu.Lock()
		p.failures, p.broken = 0, nil
		p.mu.Unlock()
		p.put(worker)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count--
	pause := min(firstPause<<min(p.failures, 10), longestPause)
	p.failures++
	p.broken, p.brokenFiles, p.brokenUntil = err, files, p.service.deps.Clock.Outside().Add(pause)
	p.serve(offer{err: err})
}

// put hands a process on to the first who waits, or keeps it; a dead one makes room for
// another.
func (p *processes) put(worker *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		worker.kill()
		p.count--
		p.serve(offer{err: errStopping()})
	case worker.alive():
		worker.since = p.service.deps.Clock.Outside()
		if !p.serve(offer{worker: worker}) {
			p.idle = append(p.idle, worker)
		}
	default:
		worker.kill()
		p.count--
		if len(p.waiting) > p.count {
			p.count++
			go p.start(p.files.last())
		}
	}
}

// serve gives the first who waits an offer; false says that nobody does.
func (p *processes) serve(o offer) bool {
	if len(p.waiting) == 0 {
		return false
	}
	p.waiting[0] <- o
	p.waiting = p.waiting[1:]
	return true
}

// abandon takes somebody who waited out of the queue. What came in the last moment is put
// back.
func (p *processes) abandon(wait chan offer) {
	p.mu.Lock()
	i := slices.Index(p.waiting, wait)
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.mu.Unlock()
	if i < 0 {
		if o := <-wait; o.worker != nil {
			p.put(o.worker)
		}
	}
}

// tidy implements backend.
func (p *processes) tidy(all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = p.closed || all
	now := p.service.deps.Clock.Outside()
	p.idle = slices.DeleteFunc(p.idle, func(worker *process) bool {
		ended := all || !worker.alive() || now.Sub(worker.since) >= p.entry.Idle
		if ended {
			worker.kill()
			p.count--
		}
		return ended
	})
	for p.closed && p.serve(offer{err: errStopping()}) {
		continue
	}
}
