package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// importTogether is how many rows are stored in one transaction.
	importTogether = 100
	// importStep is how many rows a step takes at most: some seconds on a slow machine,
	// well within the job's lease.
	importStep = 10_000
	// importAhead is how many such parts are ready before they can be stored, so that the store
	// waits for none.
	importAhead = 4
	// importPace ends a step early where the store is slower than that.
	importPace = 20 * time.Second
)

// ImportChunk takes an import job some thousand rows further and says whether it has come
// to its end. What it has done is stored with the rows, so that it may end, or be ended, at
// any moment: the next call, on whatever node, goes on from there.
func (s *Service) ImportChunk(ctx context.Context, pool store.PoolID, jobID string) (done bool, err error) {
	x, err := s.store.FindImport(ctx, pool, jobID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil // its pool was deleted, or everything
	}
	if err != nil {
		return false, err
	}
	switch api.Value(x.Config.Status) {
	case cognitoidp.UserImportJobStatusTypeCreated:
		return s.expireImport(ctx, x)
	case cognitoidp.UserImportJobStatusTypePending, cognitoidp.UserImportJobStatusTypeInProgress:
		return s.runImport(ctx, x)
	case cognitoidp.UserImportJobStatusTypeStopping:
		return s.endImport(ctx, x, cognitoidp.UserImportJobStatusTypeStopped, textImportStopped)
	default: // it ended, and perhaps its uploads are still there
		return true, s.dropUploads(ctx, x, true)
	}
}

// expireImport ends a job that was never started. The job's own time is over when this is
// called, by the clock that nothing moves.
func (s *Service) expireImport(ctx context.Context, x *store.Import) (done bool, err error) {
	now := s.clock.Now()
	x, err = s.store.ChangeImport(ctx, x.Pool, x.ID(), store.ImportOptions{End: true}, func(x *store.Import) error {
		if api.Value(x.Config.Status) != cognitoidp.UserImportJobStatusTypeCreated {
			return store.ErrConflict // it was started at the last moment
		}
		x.Config.Status = new(cognitoidp.UserImportJobStatusTypeExpired)
		x.Config.CompletionMessage = new(textImportExpired)
		x.Config.CompletionDate = api.Time(now)
		return nil
	})
	if err != nil {
		return errors.Is(err, store.ErrConflict), ignoreGone(err)
	}
	return true, s.dropUploads(ctx, x, true)
}

// ignoreGone makes nothing of an import that is gone, or that is somebody else's matter now.
func ignoreGone(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// endImport gives a job its last status.
func (s *Service) endImport(ctx context.Context, x *store.Import, status cognitoidp.UserImportJobStatusType, message string) (done bool, err error) {
	now, was := s.clock.Now(), x.State.Offset
	x, err = s.store.ChangeImport(ctx, x.Pool, x.ID(), store.ImportOptions{End: true}, func(x *store.Import) error {
		asked := api.Value(x.Config.Status)
		if asked == cognitoidp.UserImportJobStatusTypeStopping && status == cognitoidp.UserImportJobStatusTypeFailed {
			status, message = cognitoidp.UserImportJobStatusTypeStopped, textImportStopped
		}
		if x.State.Offset != was || ended(asked) {
			return store.ErrConflict
		}
		x.Config.Status, x.Config.CompletionMessage = &status, &message
		x.Config.CompletionDate = api.Time(now)
		return nil
	})
	if err != nil {
		return false, ignoreGone(err)
	}
	return true, s.dropUploads(ctx, x, true)
}

// ended says whether a status is a last one.
func ended(s cognitoidp.UserImportJobStatusType) bool {
	switch s {
	case cognitoidp.UserImportJobStatusTypeCreated, cognitoidp.UserImportJobStatusTypePending,
		cognitoidp.UserImportJobStatusTypeInProgress, cognitoidp.UserImportJobStatusTypeStopping:
		return false
	}
	return true
}

// runImport takes the rows of a step.
func (s *Service) runImport(ctx context.Context, x *store.Import) (done bool, err error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(x.Config.UserPoolId))
	if _, gone := errors.AsType[*fault.Error](err); gone || err == nil && pool.Internal() != x.Pool {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if api.Value(x.Config.Status) == cognitoidp.UserImportJobStatusTypePending {
		x, err = s.store.ChangeImport(ctx, x.Pool, x.ID(), store.ImportOptions{}, func(x *store.Import) error {
			if api.Value(x.Config.Status) != cognitoidp.UserImportJobStatusTypePending {
				return store.ErrConflict
			}
			x.Config.Status = new(cognitoidp.UserImportJobStatusTypeInProgress)
			return nil
		})
		if err != nil {
			return false, ignoreGone(err)
		}
	}
	file := *x // x changes while the file is read
	rows := &rowReader{offset: x.State.Offset, line: x.State.Line, piece: func(n int64) ([]byte, error) {
		piece, err := s.store.UploadPiece(ctx, &file, n)
		if errors.Is(err, store.ErrNotFound) {
			err = io.EOF
		}
		return piece, err
	}}
	columns, err := s.importColumns(ctx, pool, x, rows)
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); ok {
			return s.endImport(ctx, x, cognitoidp.UserImportJobStatusTypeFailed, textImportHeader)
		}
		return false, err
	}
	run := &importRun{
		rowMaker: rowMaker{Service: s, pool: pool, job: file.Config, columns: columns, now: s.clock.Now()},
		rows:     rows, size: file.State.Size,
	}
	return run.store(ctx, x)
}

// importColumns reads the header row, and leaves rows behind it where they begin.
func (s *Service) importColumns(ctx context.Context, pool *catalog.Pool, x *store.Import, rows *rowReader) ([]string, error) {
	first, err := s.store.UploadPiece(ctx, x, 0)
	if err != nil {
		return nil, fmt.Errorf("read the header of an import: %w", err)
	}
	row, _ := firstLine(first)
	columns, err := checkHeader(pool, x.Config, row)
	if err != nil {
		return nil, fault.New(codeNoCSV, err.Error())
	}
	if rows.offset == 0 {
		_, err = rows.next()
	}
	return columns, err
}

// finishImport ends a job whose rows are all done. One that has made no user, and has
// refused some, has failed.
func (s *Service) finishImport(ctx context.Context, x *store.Import) (done bool, err error) {
	if x.State.Imported == 0 && x.State.Skipped+x.State.Failed > 0 {
		return s.endImport(ctx, x, cognitoidp.UserImportJobStatusTypeFailed, textImportNothing)
	}
	return s.endImport(ctx, x, cognitoidp.UserImportJobStatusTypeSucceeded, textImportDone)
}

// importRun goes through the rows of a file.
type importRun struct {
	rowMaker
	rows *rowReader
	size int64 // of the file
}

// outcome is what became of a row.
type outcome struct {
	line   int64
	failed string // why it makes no user; empty for one that asks for a user
}

// part is rows that are stored in one transaction.
type part struct {
	outcomes     []outcome
	users        store.ImportBatch // of the outcomes that did not fail
	offset, line int64             // behind the last row
	last         bool              // the file ends with it
	err          error             // instead of it
}

// store stores the rows of a step, while the next ones are read and judged.
func (r *importRun) store(ctx context.Context, x *store.Import) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	parts := make(chan part, importAhead)
	var reading sync.WaitGroup
	reading.Go(func() { r.read(ctx, parts) })
	defer reading.Wait()
	defer cancel()
	began := r.clock.Outside()
	for p := range parts {
		if p.err != nil {
			return false, p.err
		}
		if len(p.outcomes) > 0 {
			next := x.State
			next.Offset, next.Line = p.offset, p.line
			err := r.Service.store.ImportRows(ctx, x, p.users, func(taken []store.KeyKind) (store.ImportState, []byte) {
				return r.settle(next, p.outcomes, taken)
			})
			if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
				return false, nil // it was stopped, or is another node's: the next call sees
			}
			if err != nil {
				return false, err
			}
		}
		if p.last {
			return r.finishImport(ctx, x)
		}
		if r.clock.Outside().Sub(began) > importPace {
			break
		}
	}
	return false, ctx.Err()
}

// read sends the parts of a step.
func (r *importRun) read(ctx context.Context, to chan<- part) {
	defer close(to)
	for range importStep / importTogether {
		p := r.part()
		select {
		case to <- p:
		case <-ctx.Done():
			return
		}
		if p.last || p.err != nil {
			return
		}
	}
}

// part reads and judges the next rows.
func (r *importRun) part() (p part) {
	var users []store.ImportRow
	for len(p.outcomes) < importTogether {
		row, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			if p.last = r.rows.offset == r.size; !p.last {
				return part{err: errors.New("the file of an import ends early")}
			}
			break
		}
		if err != nil {
			return part{err: err}
		}
		if row != nil && len(row) == 0 {
			continue
		}
		o := outcome{line: r.rows.line, failed: lineLong}
		if row != nil {
			user, err := r.user(row)
			refusal, refused := errors.AsType[rowError](err)
			if err != nil && !refused {
				return part{err: err}
			}
			if o.failed = string(refusal); !refused {
				users = append(users, user)
			}
		}
		p.outcomes = append(p.outcomes, o)
	}
	p.offset, p.line = r.rows.offset, r.rows.line
	var err error
	if p.users, err = r.Service.store.PrepareImport(users); err != nil {
		return part{err: err}
	}
	return p
}

// settle counts rows and writes the log of those that made no user. taken tells of each row
// that asks for a user whether a name of it was taken.
func (r *importRun) settle(state store.ImportState, outcomes []outcome, taken []store.KeyKind) (store.ImportState, []byte) {
	var log strings.Builder
	for _, o := range outcomes {
		reason, skipped := o.failed, false
		if reason == "" {
			kind := taken[0]
			taken = taken[1:]
			if kind == "" {
				state.Imported++
				continue
			}
			reason, skipped = nameLine(r.pool, kind)
		}
		word := "FAILED"
		if skipped {
			word = "SKIPPED"
			state.Skipped++
		} else {
			state.Failed++
		}
		fmt.Fprintf(&log, "[%s] Line Number %d - %s\n", word, o.line, reason)
	}
	return state, []byte(log.String())
}
