package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/trigger"
)

// queue is an outbox in memory.
type queue struct {
	ids  [][16]byte
	kept [][]byte
	full bool
}

func (q *queue) Enqueue(_ context.Context, id [16]byte, delivery []byte) error {
	if q.full {
		return errors.New("the database is away")
	}
	q.ids, q.kept = append(q.ids, id), append(q.kept, delivery)
	return nil
}

// carrier fails with err, or keeps what it got.
type carrier struct {
	err  error
	sent []message.Envelope
}

func (c *carrier) Name() string { return "carrier" }

func (c *carrier) Send(_ context.Context, e message.Envelope) error {
	if c.err == nil {
		c.sent = append(c.sent, e)
	}
	return c.err
}

func keyring(t *testing.T) *seal.Keyring {
	t.Helper()
	key, err := seal.NewDataKey(clock.Random(nil), 1)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := seal.NewKeyring(clock.Random(nil), key)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func code(p *catalog.Pool) message.Message {
	return message.Message{
		Pool: p, ClientID: "c", Username: "ann", Source: trigger.MessageSignUp,
		Medium: message.Email, Destination: "ann@example.com", Code: "123456",
	}
}

// A message that a carrier cannot take now is taken later; the caller is not bothered.
func TestPassingFailures(t *testing.T) {
	t.Parallel()
	q, c := &queue{}, &carrier{err: errors.New("451 come again for ann@example.com")}
	s := service(t, func(d *message.Deps) { d.Email, d.Queue, d.Keyring = c, q, keyring(t) })
	if err := s.Deliver(t.Context(), code(pool(nil))); err != nil {
		t.Fatal(err)
	}
	if len(q.kept) != 1 || bytes.Contains(q.kept[0], []byte("123456")) || bytes.Contains(q.kept[0], []byte("ann@example.com")) {
		t.Fatalf("the queue holds %q", q.kept)
	}
	if err := s.Attempt(t.Context(), q.ids[0], q.kept[0]); err == nil {
		t.Fatal("the carrier is still away, and nothing is to be done any more")
	}
	c.err = nil
	if err := s.Attempt(t.Context(), q.ids[0], q.kept[0]); err != nil {
		t.Fatal(err)
	}
	if len(c.sent) != 1 || !strings.Contains(c.sent[0].Body, "123456") || c.sent[0].ID == "" {
		t.Errorf("sent %+v", c.sent)
	}
	if err := s.Attempt(t.Context(), [16]byte{1}, q.kept[0]); err != nil || len(c.sent) != 1 {
		t.Errorf("a delivery under another id is sent: %v", err)
	}
	q.full, c.err = true, errors.New("away")
	if err := s.Deliver(t.Context(), code(pool(nil))); err == nil {
		t.Error("a message that nobody keeps is answered as sent")
	}
}

func TestDeliveriesAreGivenUp(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	q, c := &queue{}, &carrier{err: errors.New("away")}
	s := service(t, func(d *message.Deps) {
		d.Email, d.Queue, d.Keyring, d.Clock = c, q, keyring(t), clock.New(func() time.Time { return now })
	})
	m := code(pool(nil))
	m.Until = now.Add(3 * time.Minute)
	if err := s.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	now, c.err = now.Add(3*time.Minute), nil
	if err := s.Attempt(t.Context(), q.ids[0], q.kept[0]); err != nil || len(c.sent) > 0 {
		t.Errorf("an expired code: %v, sent %v", err, c.sent)
	}
}

// Where waiting would tell whether there is somebody to send to, nobody waits.
func TestUnseenDeliveries(t *testing.T) {
	t.Parallel()
	q, c := &queue{}, &carrier{}
	s := service(t, func(d *message.Deps) { d.Email, d.Queue, d.Keyring = c, q, keyring(t) })
	m := code(pool(nil))
	m.Unseen = true
	if err := s.Deliver(t.Context(), m); err != nil || len(c.sent) > 0 || len(q.kept) != 1 {
		t.Fatalf("%v, sent %v, %d wait", err, c.sent, len(q.kept))
	}
	if err := s.Attempt(t.Context(), q.ids[0], q.kept[0]); err != nil || len(c.sent) != 1 {
		t.Errorf("%v, sent %v", err, c.sent)
	}
}

// runner is a function that remembers its events.
type runner struct {
	err  error
	seen []function.Call
	out  string
}

func (r *runner) Do(_ context.Context, c function.Call) ([]byte, error) {
	r.seen = append(r.seen, c)
	if r.out != "" {
		var event map[string]json.RawMessage
		if err := json.Unmarshal(c.Payload, &event); err != nil {
			return nil, err
		}
		event["response"] = json.RawMessage(r.out)
		return json.Marshal(event)
	}
	return c.Payload, r.err
}

const lambda = "arn:aws:lambda:us-east-1:000000000000:function:sender"

// A pool's own sender gets the code encrypted, and nobody waits for it.
func TestSenderFunctions(t *testing.T) {
	t.Parallel()
	q, r, c := &queue{}, &runner{err: &function.InvocationError{Name: "ServiceException"}}, &carrier{}
	s := service(t, func(d *message.Deps) {
		d.Email, d.Queue, d.Keyring, d.Triggers = c, q, keyring(t), trigger.New(trigger.Deps{Runner: r})
		d.Encrypt = func(arn, pool, code string) (string, error) {
			return "sealed(" + arn + "," + pool + "," + code + ")", nil
		}
	})
	m := code(pool(func(c *cognitoidp.UserPoolType) {
		c.LambdaConfig = &cognitoidp.LambdaConfigType{
			KMSKeyID: new("key"), CustomEmailSender: &cognitoidp.CustomEmailLambdaVersionConfigType{LambdaArn: new(lambda)},
		}
	}))
	m.Source, m.Code = trigger.MessageAdminCreateUser, "Te<mp>1!"
	if err := s.Deliver(t.Context(), m); err != nil || len(r.seen) > 0 || len(c.sent) > 0 {
		t.Fatalf("%v, %d calls, %d mails", err, len(r.seen), len(c.sent))
	}
	if err := s.Attempt(t.Context(), q.ids[0], q.kept[0]); err == nil {
		t.Fatal("a function that cannot be reached is done with")
	}
	r.err = nil
	if err := s.Attempt(t.Context(), q.ids[0], q.kept[0]); err != nil {
		t.Fatal(err)
	}
	first, second := r.seen[0], r.seen[1]
	if first.RequestID != second.RequestID || first.ARN != lambda || !first.Event || first.Trigger != "CustomEmailSender_AdminCreateUser" {
		t.Errorf("calls %+v and %+v", first, second)
	}
	var event struct{ Request struct{ Type, Code string } }
	if err := json.Unmarshal(first.Payload, &event); err != nil || event.Request.Type != "customEmailSenderRequestV1" ||
		event.Request.Code != "sealed(key,us-east-1_AbCdEfGhI,Te&lt;mp&gt;1!)" {
		t.Errorf("event %s, %v", first.Payload, err)
	}
}

// What CustomMessage returns counts where it holds the message's placeholders.
func TestCustomMessages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 140)
	for name, c := range map[string]struct {
		response      string
		change        func(*message.Message)
		subject, body string
		wrong         bool
	}{
		"both":                {`{"emailSubject":"S","emailMessage":"<b>{####}</b>"}`, nil, "S", "<b>123456</b>", false},
		"subject only":        {`{"emailSubject":"S"}`, nil, "S", "Your verification code is 123456.", false},
		"no placeholder":      {`{"emailSubject":"S","emailMessage":"hello"}`, nil, "Your verification code", "Your verification code is 123456.", false},
		"text message":        {`{"smsMessage":"{####}!"}`, func(m *message.Message) { m.Medium = message.SMS }, "", "123456!", false},
		"a long text message": {`{"smsMessage":"{####}` + long + `"}`, func(m *message.Message) { m.Medium = message.SMS }, "", "", true},
		"a long subject":      {`{"emailSubject":"` + long + `x","emailMessage":"{####}"}`, nil, "", "", true},
		"link": {
			`{"emailSubject":"S","emailMessage":"Press {##here & now##}"}`,
			func(m *message.Message) { m.Link = "https://a/?b=1&c=2" },
			"S", `Press <a href="https://a/?b=1&amp;c=2">here & now</a>`, false,
		},
		"code in a message with a link": {
			`{"emailMessage":"{####}"}`, func(m *message.Message) { m.Link = "https://a" },
			"Your verification link", `Please click the link below to verify your email address. <a href="https://a">Verify Email</a> `, false,
		},
		"invitation without a name": {
			`{"emailMessage":"{####}"}`, func(m *message.Message) { m.Source = trigger.MessageAdminCreateUser },
			"Your temporary password", "Your username is ann and temporary password is 123456.", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := &carrier{}
			s := service(t, func(d *message.Deps) {
				d.Email, d.SMS, d.Triggers = sent, sent, trigger.New(trigger.Deps{Runner: &runner{out: c.response}})
			})
			m := code(pool(func(c *cognitoidp.UserPoolType) {
				c.LambdaConfig = &cognitoidp.LambdaConfigType{CustomMessage: new(lambda)}
			}))
			if c.change != nil {
				c.change(&m)
			}
			err := s.Deliver(t.Context(), m)
			if c.wrong {
				if !fault.Is(err, "InvalidLambdaResponseException") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || len(sent.sent) != 1 || sent.sent[0].Subject != c.subject || sent.sent[0].Body != c.body {
				t.Errorf("%v, sent %+v", err, sent.sent)
			}
		})
	}
}
