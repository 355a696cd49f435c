package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// maxBatch is how many closures share a commit at most.
const maxBatch = 64

// writer is the one goroutine that writes to a SQLite database. Callers hand it closures;
// it runs as many as wait in one transaction, so that they share one sync to the disk,
// and answers after the commit. It never waits for more to come.
//
//	        +-- queue empty or 64 run --> COMMIT --> answer all
//	BEGIN IMMEDIATE --> closure --> closure ...
//	                      | refuses before its first write: its error, the others go on
//	                      | fails after a write, or the engine fails: ROLLBACK, then
//	                      v every closure of the batch alone in its own transaction
type writer struct {
	conn     *sqliteConn
	requests chan *request
	quit     chan struct{} // closed by stop
	stopped  chan struct{} // closed by the goroutine when it ends
	closeErr error         // written before stopped is closed
}

// The states of a request. It is withdrawn by its caller or claimed by the writer,
// whoever comes first.
const (
	waiting int32 = iota
	claimed
	withdrawn
)

// request is a closure on its way through the writer.
type request struct {
	fn    func(*tx) error
	state atomic.Int32
	// The writer's until done is closed, the caller's then.
	err      error
	panicked *panicError
	done     chan struct{}
}

// panicError carries a panic from the writer to the goroutine that it belongs to.
type panicError struct {
	value any
	stack []byte
}

// Error shows the panic with the stack where it rose.
func (p *panicError) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

func startWriter(conn *sqliteConn) *writer {
	w := &writer{
		conn:     conn,
		requests: make(chan *request, 4*maxBatch),
		quit:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	go w.run()
	return w
}

// stop ends the goroutine after what it has begun and closes the connection.
func (w *writer) stop() error {
	close(w.quit)
	<-w.stopped
	return w.closeErr
}

// do runs fn in a transaction and returns when it is committed or refused. A caller whose
// ctx ends gets its error only if fn has not begun; else it gets what became of it.
func (w *writer) do(ctx context.Context, fn func(*tx) error) error {
	r := &request{fn: fn, done: make(chan struct{})}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stopped:
		return errClosed
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		<-r.done
	case <-w.stopped:
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return errClosed
		}
		<-r.done
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.err
}

func (w *writer) run() {
	defer close(w.stopped)
	batch := make([]*request, 0, maxBatch)
	for {
		select {
		case r := <-w.requests:
			batch = w.gather(append(batch[:0], r))
			w.commit(batch)
			clear(batch)
		case <-w.quit:
			w.closeErr = w.conn.close()
			return
		}
	}
}

// gather adds what waits already, up to a full batch, and leaves out what was withdrawn.
func (w *writer) gather(batch []*request) []*request {
	if !batch[0].state.CompareAndSwap(waiting, claimed) {
		batch = batch[:0]
	}
	for len(batch) < maxBatch {
		select {
		case r := <-w.requests:
			if r.state.CompareAndSwap(waiting, claimed) {
				batch = append(batch, r)
			}
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction, or one by one when that is spoilt, and answers.
func (w *writer) commit(batch []*request) {
	if len(batch) == 0 {
		return
	}
	if !w.together(batch) {
		for _, r := range batch {
			w.alone(r)
		}
	}
	for _, r := range batch {
		close(r.done)
	}
}

// together runs a batch in one transaction. It returns false, with nothing written, when
// a closure of several spoilt it.
func (w *writer) together(batch []*request) bool {
	err := w.command(`BEGIN IMMEDIATE`)
	for i := 0; err == nil && i < len(batch); i++ {
		r := batch[i]
		if w.call(r) {
			continue
		}
		w.rollback()
		return len(batch) == 1
	}
	if err == nil {
		err = w.command(`COMMIT`)
	}
	if err != nil {
		w.rollback()
		for _, r := range batch {
			r.err = err
		}
	}
	return true
}

// alone runs one closure in a transaction of its own.
func (w *writer) alone(r *request) { w.together([]*request{r}) }

// call runs a closure and says whether the transaction is still good: it is not when the
// closure failed after a write, nor when the engine did, which may have undone everything.
func (w *writer) call(r *request) (good bool) {
	t := &tx{ctx: context.Background(), on: w.conn}
	defer func() {
		if v := recover(); v != nil {
			r.panicked, good = &panicError{v, debug.Stack()}, false
		}
	}()
	r.err, r.panicked = r.fn(t), nil
	if t.err != nil && r.err == nil {
		r.err = t.err
	}
	return t.err == nil && (r.err == nil || !t.wrote)
}

// rollback ends the transaction, if there still is one: SQLite ends it by itself after the
// worst errors, and then refuses the command, which is as good.
func (w *writer) rollback() { _ = w.command(`ROLLBACK`) }

// command runs a statement of transaction control.
func (w *writer) command(text string) error {
	s, err := w.conn.prepare(context.Background(), text)
	if err == nil {
		_, err = s.ExecContext(context.Background())
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", text, err)
	}
	return nil
}
