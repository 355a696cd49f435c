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
	// purges is how many transactions a step of a deletion makes, and purgePause what lets
	// others write between them.
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
		return purge(ctx, job, func(ctx context.Context) (bool, error) { return db.PurgePool(ctx, pool) })
	}}
}

// GroupDeletion is the kind store.JobGroupDeletion: it takes the members out of deleted
// groups, some hundreds per transaction.
func GroupDeletion(db *store.DB) Kind {
	return Kind{Step: func(ctx context.Context, job *store.Job) (Outcome, error) {
		group, err := job.DeletedGroup()
		if err != nil {
			return Outcome{}, err
		}
		return purge(ctx, job, func(ctx context.Context) (bool, error) { return db.PurgeGroup(ctx, group) })
	}}
}

// purge calls some, which deletes some rows and says whether there may be more, as often as
// a step may.
func purge(ctx context.Context, job *store.Job, some func(context.Context) (more bool, err error)) (Outcome, error) {
	pause := time.NewTicker(purgePause)
	defer pause.Stop()
	for range purges {
		more, err := some(ctx)
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
}

// UserImport is the kind store.JobUserImport: chunk takes an import some rows further and
// says whether it is done.
func UserImport(chunk func(ctx context.Context, pool store.PoolID, jobID string) (done bool, err error)) Kind {
	return Kind{Step: func(ctx context.Context, job *store.Job) (Outcome, error) {
		pool, jobID, ok := job.ImportOf()
		if !ok {
			return Outcome{}, errors.New("the job names no import")
		}
		done, err := chunk(ctx, pool, jobID)
		if err != nil || done {
			return Done(), err
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

// KindDelivery is the name of the kind of jobs that are messages on their way.
const KindDelivery = "delivery"

// Delivery is the kind that tries a message until attempt returns nil.
func Delivery(attempt func(ctx context.Context, id [16]byte, delivery []byte) error) Kind {
	return Kind{Step: func(ctx context.Context, job *store.Job) (Outcome, error) {
		return Done(), attempt(ctx, job.ID, job.State)
	}}
}
