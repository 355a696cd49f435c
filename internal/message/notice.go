package message

import (
	"context"
	"html"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Notice is a mail that tells a user of a sign-in that was unusual. Its texts are final.
type Notice struct {
	Pool          *catalog.Pool
	ClientID      string
	Username      string
	Attributes    map[string]string
	Destination   string
	From, ReplyTo string // empty takes those of the pool
	Subject       string
	HTML, Text    string // one of them may be empty
}

// Notify sends a notice, by the pool's own sender where it has one, and waits until it was
// accepted. The errors are those of Deliver.
func (s *Service) Notify(ctx context.Context, n Notice) error {
	if s.deps.Triggers.Configured(n.Pool, trigger.KindCustomEmailSender) {
		return s.deps.Triggers.CustomEmailSender(ctx, trigger.CustomSenderEvent{
			Subject: trigger.Subject{Pool: n.Pool, ClientID: n.ClientID, Username: n.Username, Attributes: n.Attributes},
			Source:  trigger.MessageAccountTakeOverNotification,
		})
	}
	id, err := naming.UUID(s.deps.Random)
	if err != nil {
		return err
	}
	e := Envelope{
		ID: id, PoolID: n.Pool.ID(), Username: n.Username, Source: trigger.MessageAccountTakeOverNotification,
		Medium: Email, Destination: n.Destination, Subject: n.Subject, Body: n.HTML, Text: n.Text,
	}
	if e.Body == "" {
		e.Body = "<pre>" + html.EscapeString(n.Text) + "</pre>"
	}
	e.From, e.ReplyTo = s.addresses(n.Pool.Config.EmailConfiguration)
	e.From, e.ReplyTo = first(&n.From, nil, e.From), first(&n.ReplyTo, nil, e.ReplyTo)
	began := s.deps.Clock.Outside()
	err = s.send(ctx, e)
	s.metrics.observe(e, s.transport(Email), s.deps.Clock.Outside().Sub(began), err)
	if err != nil {
		return fault.CodeDeliveryFailure(failureText(err)).Because(err)
	}
	s.keep(Message{ClientID: n.ClientID}, e)
	return nil
}
