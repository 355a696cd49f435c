package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// JobPoolDeletion is the kind of the job that DeletePool leaves behind; its State is read
// with DeletedPool.
const JobPoolDeletion = "pool-deletion"

// Job is work that outlives a request and a node. Who claims it has it alone until its
// lease ends; then another may, which is how work goes on after a crash.
type Job struct {
	ID    [16]byte
	Kind  string
	State []byte // how far the work is; the kind's own
	// Due is when a step may be taken, by Clock.Outside.
	Due      time.Time
	Failures int    // steps that failed, in a row
	Trouble  string // the last failure, for operators
	version  int64
}

func (j *Job) insert(t *tx) error {
	_, err := t.exec(`INSERT INTO jobs (id, kind, version, due, leased_until, node, failures, trouble, state)
		VALUES ($1, $2, 1, $3, 0, '', 0, '', $4) ON CONFLICT (id) DO NOTHING`, j.ID[:], j.Kind, j.Due, j.State)
	return err
}

// newPoolDeletion makes the job that deletes a pool's rows. It waits until the nodes that
// have not heard of the deletion have stopped writing.
func (db *DB) newPoolDeletion(pool PoolID) (*Job, error) {
	j := &Job{
		Kind:  JobPoolDeletion,
		State: binary.BigEndian.AppendUint64(nil, uint64(pool)),
		Due:   db.clock.Outside().Add(deletionDelay),
	}
	if _, err := io.ReadFull(db.random, j.ID[:]); err != nil {
		return nil, fmt.Errorf("make job id: %w", err)
	}
	return j, nil
}

// DeletedPool returns the pool that a job of the kind JobPoolDeletion is about, 0 for others.
func (j *Job) DeletedPool() PoolID {
	if j.Kind != JobPoolDeletion || len(j.State) != 8 {
		return 0
	}
	return PoolID(binary.BigEndian.Uint64(j.State))
}

// PutJob adds a job, unless one with its ID is there already.
func (db *DB) PutJob(ctx context.Context, j Job) error {
	return db.engine.write(ctx, true, j.insert)
}

// ClaimJob returns the job of the given kinds that is due longest and leased by nobody, now
// leased by node until the given time. The error is ErrNotFound when there is none.
func (db *DB) ClaimJob(ctx context.Context, kinds []string, node string, now, until time.Time) (*Job, error) {
	for {
		j, err := db.dueJob(ctx, kinds, now)
		if err != nil {
			return nil, err
		}
		if j == nil {
			return nil, ErrNotFound
		}
		var claimed bool
		err = db.engine.write(ctx, false, func(t *tx) error {
			n, err := t.exec(`UPDATE jobs SET version = version + 1, leased_until = $3, node = $4
				WHERE id = $1 AND version = $2`, j.ID[:], j.version, until, node)
			claimed = n == 1
			return err
		})
		if err != nil {
			return nil, err
		}
		if claimed {
			j.version++
			return j, nil
		}
	}
}

// dueJob returns the job that is due longest, nil for none.
func (db *DB) dueJob(ctx context.Context, kinds []string, now time.Time) (first *Job, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		first = nil
		for _, kind := range kinds {
			j := &Job{Kind: kind}
			var id []byte
			found, err := t.query(`SELECT id, version, due, failures, trouble, state FROM jobs
				WHERE kind = $1 AND due <= $2 AND leased_until <= $2 ORDER BY due LIMIT 1`, kind, now).
				one(&id, &j.version, at{&j.Due}, &j.Failures, &j.Trouble, &j.State)
			if err != nil {
				return err
			}
			copy(j.ID[:], id)
			if found && (first == nil || j.Due.Before(first.Due)) {
				first = j
			}
		}
		return nil
	})
	return first, err
}

// SaveJob stores a claimed job's State, Due, Failures and Trouble and ends the lease. The
// error is ErrConflict when the lease had ended and another has the job.
func (db *DB) SaveJob(ctx context.Context, j *Job) error {
	err := db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`UPDATE jobs SET version = version + 1, leased_until = 0, node = '',
				due = $3, failures = $4, trouble = $5, state = $6
			WHERE id = $1 AND version = $2`, j.ID[:], j.version, j.Due, j.Failures, j.Trouble, j.State)
		if err == nil && n == 0 {
			return ErrConflict
		}
		return err
	})
	if err == nil {
		j.version++
	}
	return err
}

// FinishJob removes a claimed job. The error is ErrConflict when another has it.
func (db *DB) FinishJob(ctx context.Context, j *Job) error {
	return db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`DELETE FROM jobs WHERE id = $1 AND version = $2`, j.ID[:], j.version)
		if err == nil && n == 0 {
			return ErrConflict
		}
		return err
	})
}
