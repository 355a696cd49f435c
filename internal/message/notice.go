package message

import (
	"context"
	"html"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Notice is a mail that tells a user of a sign-in that was unusual. Its texts are final.
type Notice struct {
	Pool     *catalog.Pool
	ClientID string
	Username string
	// Facts are what the pool's own sender is told instead of the texts, by Cognito's names.
	Facts         map[string]*string
	Destination   string
	From, ReplyTo string // empty takes those of the pool
	Subject       string
	HTML, Text    string // one of them may be empty
}

// Notify sends a notice, by the pool's own sender where it has one, and waits until it was
// accepted. The errors are those of Deliver.
func (s *Service) Notify(ctx context.Context, n Notice) error {
	if s.deps.Triggers.Configured(n.Pool, trigger.KindCustomEmailSender) {
		prepared, err := s.deps.Triggers.PrepareSender(trigger.KindCustomEmailSender, trigger.CustomSenderEvent{
			Subject: trigger.Subject{Pool: n.Pool, ClientID: n.ClientID, Username: n.Username},
			Source:  trigger.MessageAccountTakeOverNotification, Facts: n.Facts,
		})
		if err != nil {
			return err
		}
		return s.dispatch(ctx, prepared, s.deps.Clock.Now().Add(noticePatience).UnixMilli())
	}
	id, err := naming.UUID(s.deps.Random)
	if err != nil {
		return err
	}
	e := Envelope{
		ID: id, PoolID: n.Pool.ID(), Username: n.Username, Source: trigger.MessageAccountTakeOverNotification,
		Medium: Email, Destination: n.Destination, Subject: n.Subject, Body: n.HTML, Text: n.Text,
		PoolName: api.Value(n.Pool.Config.Name),
	}
	if e.Body == "" {
		e.Body = "<pre>" + html.EscapeString(n.Text) + "</pre>"
	}
	e.From, e.ReplyTo = s.addresses(n.Pool.Config.EmailConfiguration)
	e.From, e.ReplyTo = first(&n.From, nil, e.From), first(&n.ReplyTo, nil, e.ReplyTo)
	err = s.hand(ctx, e)
	switch {
	case err == nil:
		s.keep(n.ClientID, "", e)
		return nil
	case isPermanent(err) || s.deps.Queue == nil:
		return fault.CodeDeliveryFailure(failureText(err)).Because(err)
	}
	until := s.deps.Clock.Now().Add(noticePatience).UnixMilli()
	return s.enqueue(context.WithoutCancel(ctx), delivery{Envelope: &e, Until: until, ClientID: n.ClientID})
}

// noticePatience is how long a notice is worth sending.
const noticePatience = 24 * time.Hour
