package jobs

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// purges is how many transactions a step of a pool's deletion makes, and purgePause what
	// lets others write between them.
	purges     = 100
	purgePause = 5 * time.Millisecond
	// sweepPools is how many pools a step of the sweep visits.
	sweepPools = 50
	// KindSweep is the name of the sweep's kind.
	KindSweep = "sweep"
	sweepEach = 10 * time.Minute
)

// PoolDeletion is the kind store.JobPoolDeletion: it deletes the rows of deleted pools,
// some hundreds per transaction.
func PoolDeletion(db *store.DB) Kind {
	return Kind{Step: func(ctx context.Context, job *store.Job) (Outcome, error) {
		pool := job.DeletedPool()
		if pool == 0 {
			return Outcome{}, errors.New("the job names no pool")
		}
		pause := time.NewTicker(purgePause)
		defer pause.Stop()
		for range purges {
			more, err := db.PurgePool(ctx, pool)
			if err != nil || !more {
				return Done(), err
			}
			select {
			case <-pause.C:
			case <-ctx.Done():
				return Outcome{}, ctx.Err()
			}
		}
		return Again(0, job.State), nil
	}}
}

// Sweep is the kind that deletes what has expired by Clock.Now, pool by pool; its state is
// the last pool that was swept.
func Sweep(db *store.DB, c *clock.Clock) Kind {
	step := func(ctx context.Context, job *store.Job) (Outcome, error) {
		var last store.PoolID
		if len(job.State) == 8 {
			last = store.PoolID(binary.BigEndian.Uint64(job.State))
		}
		for range sweepPools {
			swept, err := db.Sweep(ctx, last, c.Now())
			if err != nil || swept == 0 {
				return Done(), err
			}
			last = swept
		}
		return Again(0, binary.BigEndian.AppendUint64(nil, uint64(last))), nil
	}
	return Kind{Step: step, Every: sweepEach}
}
