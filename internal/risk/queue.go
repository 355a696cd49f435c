package risk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cenote-id/cenote/internal/store"
)

const (
	// maxQueue is how many events wait before whoever brings more has to write.
	maxQueue = 10_000
	// maxWritten is how many events are written together.
	maxWritten = 100
)

// errFull says that an event found no room because the database takes none.
var errFull = errors.New("risk: the queue of auth events is full")

// queue holds events until they are written. While one batch is written the next collects,
// so that batches grow with the load and nothing waits without need.
type queue struct {
	put  func(context.Context, []*store.AuthEvent) error
	wake chan struct{} // has a value when there is something to write

	writing chan struct{} // held by who writes
	mu      sync.Mutex
	waiting []*store.AuthEvent
	limit   int
}

func newQueue(put func(context.Context, []*store.AuthEvent) error) *queue {
	return &queue{put: put, wake: make(chan struct{}, 1), writing: make(chan struct{}, 1), limit: maxQueue}
}

// push adds an event. Where there is no room it writes first, in the caller's time.
func (q *queue) push(ctx context.Context, e *store.AuthEvent) error {
	if !q.add(e) {
		ctx, cancel := context.WithTimeout(ctx, flushTime)
		defer cancel()
		for !q.add(e) { // others may fill the room that this one makes
			if err := q.flush(ctx); err != nil {
				return errors.Join(errFull, err)
			}
		}
	}
	q.rouse()
	return nil
}

func (q *queue) add(e *store.AuthEvent) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= q.limit {
		return false
	}
	q.waiting = append(q.waiting, e)
	return true
}

func (q *queue) rouse() {
	select {
	case q.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// holds says whether events of a user wait.
func (q *queue) holds(pool store.PoolID, user store.UserID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.waiting {
		if e.Pool == pool && e.User == user {
			return true
		}
	}
	return false
}

// flush writes all events that wait when it is called. Those that cannot be written stay.
func (q *queue) flush(ctx context.Context) error {
	select {
	case q.writing <- struct{}{}:
		defer func() { <-q.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		batch := q.first()
		if len(batch) == 0 {
			return nil
		}
		if err := q.put(ctx, batch); err != nil {
			return fmt.Errorf("write %d auth events: %w", q.length(), err)
		}
		q.drop(len(batch))
	}
}

// first returns the oldest events, which stay until they are dropped: nobody but who holds
// writing takes any away.
func (q *queue) first() []*store.AuthEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]*store.AuthEvent(nil), q.waiting[:min(len(q.waiting), maxWritten)]...)
}

func (q *queue) drop(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[left:])
	q.waiting = q.waiting[:left]
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}
