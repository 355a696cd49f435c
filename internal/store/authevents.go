package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// AuthEvent is what happened when a user signed in, signed up or recovered.
type AuthEvent struct {
	Pool PoolID
	User UserID
	ID   string
	At   time.Time // when it began
	// Revision orders the writes of one event: the highest stands, whatever comes later.
	Revision int64
	Expires  time.Time
	// Event is the event as the API shows it; EventId, CreationDate and EventFeedback are those
	// of the row.
	Event *cognitoidp.AuthEventType
	// Trace is what the event tells those who judge later ones.
	Trace EventTrace
}

// EventTrace is what is kept of where a call came from, besides what the API shows.
type EventTrace struct {
	Device   string `json:"device,omitempty"` // a digest, the same for calls of one device
	Language string `json:"language,omitempty"`
	ClientID string `json:"client,omitempty"`
}

// eventDocument is the stored form of an event.
type eventDocument struct {
	Event *cognitoidp.AuthEventType `json:"event"`
	Trace EventTrace                `json:"trace"`
}

// PutAuthEvents stores events, all or none. Those of users who are gone are left out, and
// the feedback that an event has been given stays.
func (db *DB) PutAuthEvents(ctx context.Context, events []*AuthEvent) error {
	documents := make([]string, len(events))
	for i, e := range events {
		var err error
		if documents[i], err = document(eventDocument{e.Event, e.Trace}); err != nil {
			return err
		}
	}
	return db.engine.write(ctx, true, func(t *tx) error {
		for i, e := range events {
			var one int64
			found, err := t.query(`SELECT 1 FROM users WHERE pool = $1 AND uid = $2`, e.Pool, e.User).one(&one)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			if _, err := t.exec(`INSERT INTO auth_events (pool, uid, at, event_id, revision, expires, event, feedback)
				VALUES ($1, $2, $3, $4, $5, $6, $7, '') ON CONFLICT (pool, uid, at, event_id)
				DO UPDATE SET revision = $5, expires = $6, event = $7 WHERE auth_events.revision < $5`,
				e.Pool, e.User, e.At, e.ID, e.Revision, e.Expires, documents[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// AuthEvents returns up to limit events of a user, newest first: those before the event
// that began at a time and has an id, or the newest where the time is zero.
func (db *DB) AuthEvents(ctx context.Context, pool PoolID, id UserID, before time.Time, beforeID string, limit int) (list []*AuthEvent, err error) {
	if before.IsZero() {
		before = time.UnixMilli(1<<62 - 1)
	}
	err = db.engine.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT at, event_id, revision, expires, event, feedback FROM auth_events
			WHERE pool = $1 AND uid = $2 AND (at, event_id) < ($3, $4) ORDER BY at DESC, event_id DESC LIMIT $5`,
			pool, id, before, beforeID, limit).each(func(scan scanner) error {
			e := &AuthEvent{Pool: pool, User: id}
			var text, feedback []byte
			if err := scan(at{&e.At}, &e.ID, &e.Revision, at{&e.Expires}, &text, &feedback); err != nil {
				return err
			}
			list = append(list, e)
			return e.read(text, feedback)
		})
	})
	return list, err
}

// read fills an event from the texts of its row.
func (e *AuthEvent) read(text, feedback []byte) error {
	d, err := parse[eventDocument](text)
	if err != nil {
		return err
	}
	if d.Event == nil {
		return fmt.Errorf("store: an event is empty")
	}
	e.Event, e.Trace = d.Event, d.Trace
	e.Event.EventId, e.Event.CreationDate, e.Event.EventFeedback = &e.ID, api.Time(e.At), nil
	if len(feedback) == 0 {
		return nil
	}
	e.Event.EventFeedback = new(cognitoidp.EventFeedbackType)
	if err := json.Unmarshal(feedback, e.Event.EventFeedback); err != nil {
		return fmt.Errorf("store: an event's feedback cannot be read: %w", err)
	}
	return nil
}

// RateAuthEvent stores the feedback on an event of a user, in place of an earlier one. The
// error is ErrNotFound when the user has no such event.
func (db *DB) RateAuthEvent(ctx context.Context, pool PoolID, id UserID, eventID string, feedback *cognitoidp.EventFeedbackType) error {
	text, err := document(feedback)
	if err != nil {
		return err
	}
	return db.engine.write(ctx, true, func(t *tx) error {
		n, err := t.exec(`UPDATE auth_events SET feedback = $4 WHERE pool = $1 AND uid = $2 AND event_id = $3`,
			pool, id, eventID, text)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}
