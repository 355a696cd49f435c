package message

import (
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Medium is how a message travels; the values are those of CodeDeliveryDetails.
type Medium = cognitoidp.DeliveryMediumType

// The media.
const (
	Email Medium = "EMAIL"
	SMS   Medium = "SMS"
)

// acceptance is how long a delivery waits for the sender to take the message.
const acceptance = 5 * time.Second

// defaultFrom is the sender of pools that name none, as on AWS.
const defaultFrom = "no-reply@verificationemail.com"

// Message is one code, or one temporary password, on its way to one destination. An
// invitation of a user without a password has no Code.
type Message struct {
	Pool *catalog.Pool
	// ClientID is the requesting app client, or trigger.ClientNotApplicable.
	ClientID    string
	Username    string // canonical user name, for {username}, triggers and the inbox
	Attributes  map[string]string
	Source      trigger.MessageSource
	Medium      Medium
	Destination string
	Code        string
	// Link confirms the user where the pool sends links instead of codes; it holds the code.
	// Empty where there is none.
	Link string
	// Metadata is the request's ClientMetadata, for CustomMessage.
	Metadata map[string]string
	// Until is when the code ends, and with it the attempts to deliver it; zero is an hour.
	Until time.Time
	// Unseen says that the caller must not wait for a sender: how long it takes would tell
	// whether there is anybody to send to.
	Unseen bool
}

// Envelope is a rendered message, ready for a sender.
type Envelope struct {
	ID          string // unique, the same when a delivery is tried again
	PoolID      string
	Username    string
	Source      trigger.MessageSource
	Medium      Medium
	Destination string
	From        string // e-mail only
	ReplyTo     string // e-mail only, may be empty
	Subject     string // e-mail only
	Body        string // HTML for e-mail, plain text for SMS
	Text        string // e-mail only: the same without HTML, may be empty
	// ConfigurationSet is the pool's, for Amazon SES and End User Messaging; may be empty.
	ConfigurationSet string
	// OriginationIdentity, EntityID and TemplateID are the pool's for text messages by End User
	// Messaging: who sends, and what India's regulations demand; may be empty.
	OriginationIdentity, EntityID, TemplateID string
	// Link is the link in the body, for the inbox; may be empty. So are the pool's name and the
	// ARN of the function that got the code instead of a sender.
	Link, PoolName, Function string
}

// Sender hands messages of one medium to whoever carries them. Send returns once the
// carrier has accepted the message, and must give up when ctx ends. Errors are taken for
// passing ones, but for those that the sender marks as permanent. It may be called
// concurrently.
type Sender interface {
	// Name is the transport's name in metrics and logs.
	Name() string
	Send(ctx context.Context, e Envelope) error
}

// Deps are what a Service needs. Email and SMS may be nil: then a message of that medium
// goes only to the inbox, and without an inbox it cannot be delivered.
type Deps struct {
	Triggers *trigger.Service
	Email    Sender
	SMS      Sender
	// Inbox keeps a copy of every message, for development; nil keeps none.
	Inbox *Inbox
	// From is the sender of mails whose pool names none; empty means Cognito's own default.
	From string
	// Queue keeps what could not be delivered at once; nil keeps nothing: then a passing failure
	// is one like any other. Keyring seals what lies in it.
	Queue   Queue
	Keyring *seal.Keyring
	// Encrypt makes of a code what the pool's own sender functions get, under the key of the
	// given ARN.
	Encrypt  func(keyARN, poolID, code string) (string, error)
	Clock    *clock.Clock
	Random   io.Reader
	Log      *slog.Logger
	Registry prometheus.Registerer
}

// Service renders and delivers messages.
type Service struct {
	deps    Deps
	metrics metrics
}

// New returns a Service.
func New(d Deps) *Service { return &Service{deps: d, metrics: newMetrics(d.Registry)} }

// Deliver renders m and waits until its sender has accepted it, or the queue has. It
// answers CodeDeliveryFailureException when the sender refuses for good, or, without a
// queue, fails or takes longer than five seconds; and the errors of CustomMessage. What the
// pool's own sender function makes of a message nobody waits for.
func (s *Service) Deliver(ctx context.Context, m Message) error {
	subject := trigger.Subject{
		Pool: m.Pool, ClientID: m.ClientID, Username: m.Username,
		Attributes: m.Attributes, ClientMetadata: m.Metadata,
	}
	if kind := senderKind(m.Medium); s.deps.Triggers.Configured(m.Pool, kind) {
		return s.deliverByFunction(ctx, kind, m, subject)
	}
	e, err := s.render(ctx, m, subject)
	if err != nil {
		return err
	}
	d := delivery{Envelope: &e, Until: s.until(m), ClientID: m.ClientID, Code: m.Code}
	if m.Unseen && s.deps.Queue != nil && s.sender(e.Medium) != nil {
		return s.enqueue(ctx, d)
	}
	err = s.hand(ctx, e)
	switch {
	case err == nil:
		s.keep(m.ClientID, m.Code, e)
		return nil
	case isPermanent(err) || s.deps.Queue == nil:
		return fault.CodeDeliveryFailure(failureText(err)).Because(err)
	}
	return s.enqueue(context.WithoutCancel(ctx), d)
}

// hand gives a message to its sender, and tells the log and the metrics what came of it.
func (s *Service) hand(ctx context.Context, e Envelope) error {
	began := s.deps.Clock.Outside()
	err := s.send(ctx, e)
	s.metrics.observe(e, s.transport(e.Medium), s.deps.Clock.Outside().Sub(began), err)
	if err != nil {
		s.deps.Log.WarnContext(ctx, "message not accepted", "transport", s.transport(e.Medium),
			"medium", e.Medium, "source", e.Source, "pool", e.PoolID, "error", err)
	}
	return err
}

func senderKind(medium Medium) trigger.Kind {
	if medium == SMS {
		return trigger.KindCustomSMSSender
	}
	return trigger.KindCustomEmailSender
}

// deliverByFunction gives the code, encrypted, to the pool's own sender function. The queue
// does it, since Cognito waits for no such function.
func (s *Service) deliverByFunction(ctx context.Context, kind trigger.Kind, m Message, subject trigger.Subject) error {
	code := m.Code
	if m.Source == trigger.MessageAdminCreateUser {
		code = html.EscapeString(code) // as Cognito does with temporary passwords
	}
	sealed, err := s.deps.Encrypt(api.Value(m.Pool.Config.LambdaConfig.KMSKeyID), m.Pool.ID(), code)
	if err != nil {
		return err
	}
	prepared, err := s.deps.Triggers.PrepareSender(kind, trigger.CustomSenderEvent{Subject: subject, Source: m.Source, Code: &sealed})
	if err != nil {
		return err
	}
	s.keep(m.ClientID, m.Code, Envelope{
		ID: prepared.RequestID, PoolID: m.Pool.ID(), Username: m.Username, Source: m.Source, Medium: m.Medium,
		PoolName: api.Value(m.Pool.Config.Name), Destination: m.Destination, Body: "Handed to " + prepared.ARN, Function: prepared.ARN,
	})
	return s.dispatch(ctx, prepared, s.until(m))
}

// dispatch queues an event for a sender function; without a queue it is run at once, and
// what comes of it is for the log.
func (s *Service) dispatch(ctx context.Context, prepared trigger.PreparedSender, until int64) error {
	if s.deps.Queue != nil {
		return s.enqueue(ctx, delivery{Function: &prepared, Until: until})
	}
	if err := s.deps.Triggers.Send(ctx, prepared); err != nil {
		s.deps.Log.WarnContext(ctx, "a sender function failed", "function", prepared.ARN, "error", err)
	}
	return nil
}

func (s *Service) render(ctx context.Context, m Message, subject trigger.Subject) (Envelope, error) {
	event := trigger.CustomMessageEvent{Subject: subject, Source: m.Source}
	if m.Source == trigger.MessageAdminCreateUser {
		event.UsernameParameter = new(usernamePlaceholder)
	}
	custom, err := s.deps.Triggers.CustomMessage(ctx, event)
	if err != nil {
		return Envelope{}, err
	}
	id, err := naming.UUID(s.deps.Random)
	if err != nil {
		return Envelope{}, err
	}
	t, fits, err := templateFor(m).override(custom, m)
	if err != nil {
		return Envelope{}, err
	}
	if !fits {
		s.deps.Log.WarnContext(ctx, "a CustomMessage without the message's placeholders does not count",
			"source", m.Source, "medium", m.Medium, "pool", m.Pool.ID())
	}
	t = t.fill(m)
	e := Envelope{
		ID: id, PoolID: m.Pool.ID(), Username: m.Username, Source: m.Source,
		Medium: m.Medium, Destination: m.Destination, Subject: t.Subject, Body: t.Body, Link: m.Link,
		PoolName: api.Value(m.Pool.Config.Name),
	}
	if m.Medium == SMS {
		e.addTextSettings(m.Pool.Config.SmsConfiguration)
		return e, nil
	}
	c := m.Pool.Config.EmailConfiguration
	if c != nil {
		e.ConfigurationSet = api.Value(c.ConfigurationSet)
	}
	e.From, e.ReplyTo = s.addresses(c)
	return e, nil
}

func (e *Envelope) addTextSettings(c *cognitoidp.SmsConfigurationType) {
	if c == nil || c.EumsSms == nil {
		return
	}
	e.ConfigurationSet = api.Value(c.EumsSms.ConfigurationSetName)
	e.OriginationIdentity = api.Value(c.EumsSms.OriginationIdentity)
	e.EntityID, e.TemplateID = api.Value(c.EumsSms.InEntityId), api.Value(c.EumsSms.InTemplateId)
}

// addresses returns the sender and the reply address of a pool's mails: From, else the
// address at the end of SourceArn (...:identity/no-reply@example.com), else the server's.
func (s *Service) addresses(c *cognitoidp.EmailConfigurationType) (from, replyTo string) {
	from = first(&s.deps.From, nil, defaultFrom)
	if c == nil {
		return from, ""
	}
	if _, identity, ok := strings.Cut(api.Value(c.SourceArn), ":identity/"); ok && strings.Contains(identity, "@") {
		from = identity
	}
	return first(c.From, nil, from), api.Value(c.ReplyToEmailAddress)
}

func (s *Service) sender(medium Medium) Sender {
	if medium == SMS {
		return s.deps.SMS
	}
	return s.deps.Email
}

// transport names what carries messages of a medium, for logs and metrics.
func (s *Service) transport(medium Medium) string {
	if sender := s.sender(medium); sender != nil {
		return sender.Name()
	}
	return "inbox"
}

var errNoSender = errors.New("no sender is configured for this medium")

func (s *Service) send(ctx context.Context, e Envelope) error {
	sender := s.sender(e.Medium)
	if sender == nil {
		if s.deps.Inbox == nil {
			return permanent(errNoSender)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, acceptance)
	defer cancel()
	if err := sender.Send(ctx, e); err != nil {
		return &failure{err, e}
	}
	return nil
}

// failure is a sender's error as the log may show it: carriers repeat the address that they
// refuse.
type failure struct {
	err error
	of  Envelope
}

// Error is the sender's text with the destination masked.
func (f *failure) Error() string {
	return strings.ReplaceAll(f.err.Error(), f.of.Destination, Mask(f.of.Medium, f.of.Destination))
}

// Unwrap returns the sender's error.
func (f *failure) Unwrap() error { return f.err }

func (s *Service) keep(clientID, code string, e Envelope) {
	if s.deps.Inbox == nil {
		return
	}
	text := e.Text
	switch {
	case e.Medium == SMS || e.Function != "":
		text = e.Body
	case text == "":
		text = plainText(e.Body)
	}
	s.deps.Inbox.add(Entry{
		ID: e.ID, Time: s.deps.Clock.Now(), UserPoolID: e.PoolID, UserPoolName: e.PoolName, ClientID: clientID,
		Username: e.Username, Medium: string(e.Medium), From: e.From, ReplyTo: e.ReplyTo, Destination: e.Destination,
		Subject: e.Subject, Body: e.Body, Text: text, Code: code, Link: e.Link, Function: e.Function, Source: string(e.Source),
		plain: e.Text,
	})
}

// failureText is what a client is told; the carrier's own words stay in the log.
func failureText(err error) string {
	switch {
	case errors.Is(err, errNoSender):
		return "Failed to deliver the message: no sender is configured."
	case errors.Is(err, context.DeadlineExceeded):
		return "Failed to deliver the message: the sender did not accept it in time."
	default:
		return "Failed to deliver the message: the sender refused it."
	}
}

// AsRoleFault turns the error of a delivery into what operations declare for it that do not
// know CodeDeliveryFailureException.
func AsRoleFault(err error, medium Medium) error {
	failure, ok := errors.AsType[*fault.Error](err)
	if !ok || failure.Code != "CodeDeliveryFailureException" {
		return err
	}
	if medium == SMS {
		return fault.InvalidSmsRoleAccessPolicy(failure.Message).Because(err)
	}
	return fault.InvalidEmailRoleAccessPolicy(failure.Message).Because(err)
}
