package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// event returns an event of a user, which has not ended.
func event(u *store.User, id string, at time.Time, revision int64) *store.AuthEvent {
	return &store.AuthEvent{
		Pool: u.Pool, User: u.ID, ID: id, At: at, Revision: revision, Expires: at.Add(time.Hour),
		Event: &cognitoidp.AuthEventType{
			EventId: &id, CreationDate: api.Time(at), EventType: new(cognitoidp.EventTypeSignIn),
			EventResponse: new(cognitoidp.EventResponseTypeInProgress),
		},
		Trace: store.EventTrace{Device: "d", ClientID: "c"},
	}
}

func (s suite) authEvents(t *testing.T) {
	db, hands := s.openAt(t)
	p := Pool(t, db, "us-east-1_p")
	u, other := User(t, db, p.ID, "alice"), User(t, db, p.ID, "bob")
	list := func(before time.Time, id string, limit int) []*store.AuthEvent {
		t.Helper()
		got, err := db.AuthEvents(t.Context(), p.ID, u.ID, before, id, limit)
		ok(t, err)
		return got
	}
	equal(t, "events of a newcomer", list(time.Time{}, "", 10), nil)

	var want []*store.AuthEvent
	for i := range 5 { // two of them in one millisecond
		want = append([]*store.AuthEvent{event(u, fmt.Sprintf("e%d", i), epoch.Add(time.Duration(i/2)*time.Millisecond), 1)}, want...)
	}
	gone := &store.User{Pool: p.ID, ID: store.UserID{9}}
	ok(t, db.PutAuthEvents(t.Context(), append([]*store.AuthEvent{event(gone, "x", epoch, 1), event(other, "e0", epoch, 1)}, want...)))
	equal(t, "events, newest first", list(time.Time{}, "", 10), want)
	for i := range want {
		before, id := time.Time{}, ""
		if i > 0 {
			before, id = want[i-1].At, want[i-1].ID
		}
		equal(t, "page by page", list(before, id, 1), want[i:i+1])
	}
	left, err := db.AuthEvents(t.Context(), p.ID, gone.ID, time.Time{}, "", 10)
	ok(t, err)
	equal(t, "events of a user who is gone", left, nil)

	// The highest revision stands, and feedback stays.
	ended := event(u, "e4", want[0].At, 7)
	ended.Event.EventResponse = new(cognitoidp.EventResponseTypePass)
	feedback := &cognitoidp.EventFeedbackType{
		FeedbackValue: new(cognitoidp.FeedbackValueTypeValid), Provider: new("Admin"), FeedbackDate: api.Time(epoch),
	}
	ok(t, db.RateAuthEvent(t.Context(), p.ID, u.ID, "e4", feedback))
	ok(t, db.PutAuthEvents(t.Context(), []*store.AuthEvent{ended, event(u, "e4", want[0].At, 6)}))
	ended.Event.EventFeedback = feedback
	equal(t, "an event that was completed", list(time.Time{}, "", 1), []*store.AuthEvent{ended})
	fails(t, "feedback on no event", db.RateAuthEvent(t.Context(), p.ID, u.ID, "x", feedback), store.ErrNotFound)
	fails(t, "feedback on another's event", db.RateAuthEvent(t.Context(), p.ID, other.ID, "e4", feedback), store.ErrNotFound)

	hands.Advance(time.Hour + 3*time.Minute)
	_, err = db.Sweep(t.Context(), 0, hands.Now())
	ok(t, err)
	equal(t, "events that have expired", list(time.Time{}, "", 10), nil)
}
