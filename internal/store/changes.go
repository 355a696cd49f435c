package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// change is a row of changes on its way into the transaction that it tells of.
type change struct {
	Change
	id int64
}

func (db *DB) newChange(scope, externalID string) (change, error) {
	var b [8]byte
	if _, err := io.ReadFull(db.random, b[:]); err != nil {
		return change{}, fmt.Errorf("make change id: %w", err)
	}
	return change{
		Change: Change{At: db.clock.Outside(), Scope: scope, ExternalID: externalID},
		id:     int64(binary.BigEndian.Uint64(b[:]) >> 1),
	}, nil
}

func (c change) insert(t *tx) error {
	_, err := t.exec(`INSERT INTO changes (at, id, scope, external_id) VALUES ($1, $2, $3, $4)`,
		c.At, c.id, c.Scope, c.ExternalID)
	return err
}

// Changes returns what was changed at or after since, by the Clock.Outside of the nodes
// that wrote, in that order. A change can appear late: its time is taken before its
// transaction commits, and by another clock. Who polls must therefore look back, by a
// minute to be safe, and bear to see a change again. Changes are kept for an hour.
func (db *DB) Changes(ctx context.Context, since time.Time) (changes []Change, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		changes = nil
		return t.query(`SELECT at, scope, external_id FROM changes WHERE at >= $1 ORDER BY at, id`, since).
			each(func(scan scanner) error {
				var c Change
				err := scan(at{&c.At}, &c.Scope, &c.ExternalID)
				changes = append(changes, c)
				return err
			})
	})
	return changes, err
}
