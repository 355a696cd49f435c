package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Queue keeps deliveries that wait. What Enqueue has taken survives a crash; somebody calls
// Attempt with it, again and again while that fails.
type Queue interface {
	Enqueue(ctx context.Context, id [16]byte, delivery []byte) error
}

// patience is how long a delivery is tried whose message says nothing else. A code is worth
// nothing after that.
const patience = time.Hour

// delivery is what waits in the queue, sealed: a message on its way to a sender, or an event
// on its way to the pool's own sender function.
type delivery struct {
	Envelope *Envelope               `json:"e,omitempty"`
	Function *trigger.PreparedSender `json:"f,omitempty"`
	// Until is when it is given up, in milliseconds since the epoch.
	Until int64 `json:"u"`
	// ClientID and Code are for the inbox.
	ClientID string `json:"i,omitempty"`
	Code     string `json:"c,omitempty"`
}

// queueContext binds a delivery to its place in the queue.
func queueContext(id [16]byte) []byte { return seal.Context("outbox", string(id[:])) }

// enqueue puts a delivery into the queue. Its error is one that the caller answers with.
func (s *Service) enqueue(ctx context.Context, d delivery) error {
	var id [16]byte
	if _, err := io.ReadFull(s.deps.Random, id[:]); err != nil {
		return fmt.Errorf("make delivery id: %w", err)
	}
	plain, err := json.Marshal(d)
	if err != nil {
		return err
	}
	sealed, err := s.deps.Keyring.Seal(seal.Message, queueContext(id), plain)
	if err != nil {
		return err
	}
	return s.deps.Queue.Enqueue(ctx, id, sealed)
}

// until is when a message is given up.
func (s *Service) until(m Message) int64 {
	if m.Until.IsZero() {
		return s.deps.Clock.Now().Add(patience).UnixMilli()
	}
	return m.Until.UnixMilli()
}

// Attempt tries a delivery of the queue. nil says that nothing more is to be done: it is
// delivered, or given up, which the log tells. An error asks for another attempt later.
func (s *Service) Attempt(ctx context.Context, id [16]byte, sealed []byte) error {
	plain, err := s.deps.Keyring.Open(seal.Message, queueContext(id), sealed)
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a message in the outbox cannot be opened", "error", err)
		return nil
	}
	var d delivery
	if err := json.Unmarshal(plain, &d); err != nil {
		s.deps.Log.ErrorContext(ctx, "a message in the outbox cannot be read", "error", err)
		return nil
	}
	if s.deps.Clock.Now().UnixMilli() >= d.Until {
		s.deps.Log.WarnContext(ctx, "message given up: nobody took it in time", d.attributes()...)
		s.metrics.dropped(&d, "expired")
		return nil
	}
	if d.Function != nil {
		return s.deps.Triggers.Send(ctx, *d.Function)
	}
	err = s.hand(ctx, *d.Envelope)
	if err == nil {
		s.keep(d.ClientID, d.Code, *d.Envelope)
		return nil
	}
	if isPermanent(err) {
		s.deps.Log.WarnContext(ctx, "message given up: it was refused", append(d.attributes(), "error", err)...)
		s.metrics.dropped(&d, "refused")
		return nil
	}
	return err
}

// attributes tell of a delivery in the log, without its content and its destination.
func (d *delivery) attributes() []any {
	if d.Function != nil {
		return []any{"function", d.Function.ARN, "source", d.Function.Source}
	}
	return []any{"medium", d.Envelope.Medium, "source", d.Envelope.Source, "pool", d.Envelope.PoolID}
}

// permanentError is an error that another attempt would meet again.
type permanentError struct{ error }

// Unwrap returns the sender's error.
func (e *permanentError) Unwrap() error { return e.error }

// permanent marks a sender's error as one that stays; nil stays nil.
func permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

func isPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}
