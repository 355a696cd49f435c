package message_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

func pool(change func(*cognitoidp.UserPoolType)) *catalog.Pool {
	c := &cognitoidp.UserPoolType{Id: new("us-east-1_AbCdEfGhI")}
	if change != nil {
		change(c)
	}
	return catalog.NewPool(&store.Pool{Config: c, MFA: &cognitoidp.GetUserPoolMfaConfigResponse{}})
}

func service(t *testing.T, change func(*message.Deps)) *message.Service {
	t.Helper()
	d := message.Deps{
		Triggers: trigger.New(trigger.Deps{}), Clock: clock.New(nil), Random: clock.Random(nil),
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	change(&d)
	return message.New(d)
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	own := func(c *cognitoidp.UserPoolType) {
		c.VerificationMessageTemplate = &cognitoidp.VerificationMessageTemplateType{
			EmailSubject: new("Hello"), EmailMessage: new("<b>{####}</b> for {username}"), SmsMessage: new("sms {####}"),
		}
		c.AdminCreateUserConfig = &cognitoidp.AdminCreateUserConfigType{
			InviteMessageTemplate: &cognitoidp.MessageTemplateType{
				EmailSubject: new("Welcome"), EmailMessage: new("{username}: {####}"), SMSMessage: new("{username} {####}"),
			},
		}
		c.SmsAuthenticationMessage = new("auth {####}")
	}
	legacy := func(c *cognitoidp.UserPoolType) {
		c.EmailVerificationSubject, c.EmailVerificationMessage = new("Old"), new("old {####}")
		c.SmsVerificationMessage = new("old sms {####}")
	}
	tests := []struct {
		name          string
		pool          func(*cognitoidp.UserPoolType)
		source        trigger.MessageSource
		medium        message.Medium
		code          string
		subject, body string
	}{
		{"default mail", nil, trigger.MessageSignUp, message.Email, "123456", "Your verification code", "Your verification code is 123456."},
		{"default sms", nil, trigger.MessageForgotPassword, message.SMS, "123456", "", "Your verification code is 123456."},
		{"default invitation", nil, trigger.MessageAdminCreateUser, message.Email, "Pa55<w>", "Your temporary password", "Your username is ann&lt;x&gt; and temporary password is Pa55&lt;w&gt;."},
		{"invitation by sms is plain text", nil, trigger.MessageAdminCreateUser, message.SMS, "Pa55<w>", "", "Your username is ann<x> and temporary password is Pa55<w>."},
		{"default authentication", nil, trigger.MessageAuthentication, message.SMS, "1", "", "Your authentication code is 1."},
		{"own mail keeps {username}", own, trigger.MessageResendCode, message.Email, "9", "Hello", "<b>9</b> for {username}"},
		{"own sms", own, trigger.MessageVerifyUserAttribute, message.SMS, "9", "", "sms 9"},
		{"own invitation", own, trigger.MessageAdminCreateUser, message.Email, "9", "Welcome", "ann&lt;x&gt;: 9"},
		{"own authentication", own, trigger.MessageAuthentication, message.SMS, "9", "", "auth 9"},
		{"legacy mail", legacy, trigger.MessageSignUp, message.Email, "9", "Old", "old 9"},
		{"legacy sms", legacy, trigger.MessageSignUp, message.SMS, "9", "", "old sms 9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inbox := message.NewInbox(nil)
			s := service(t, func(d *message.Deps) { d.Inbox = inbox })
			err := s.Deliver(t.Context(), message.Message{
				Pool: pool(tt.pool), ClientID: "client", Username: "ann<x>", Source: tt.source,
				Medium: tt.medium, Destination: "to@example.com", Code: tt.code,
			})
			if err != nil {
				t.Fatal(err)
			}
			got := inbox.List(message.Filter{})
			if len(got) != 1 || got[0].Subject != tt.subject || got[0].Body != tt.body || got[0].Code != tt.code {
				t.Errorf("got %+v, want subject %q and body %q", got, tt.subject, tt.body)
			}
		})
	}
}

// mailbox is a real SMTP server that keeps what it accepts.
type mailbox struct {
	mu     sync.Mutex
	from   string
	mails  []*mail.Message
	bodies []string
	refuse bool
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailbox) Reset()                                      {}
func (m *mailbox) Logout() error                               { return nil }
func (m *mailbox) Rcpt(string, *smtp.RcptOptions) error {
	if m.refuse {
		return &smtp.SMTPError{Code: 550, Message: "secret reason"}
	}
	return nil
}

func (m *mailbox) Mail(from string, _ *smtp.MailOptions) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.from = from
	return nil
}

func (m *mailbox) Data(r io.Reader) error {
	got, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(got.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails, m.bodies = append(m.mails, got), append(m.bodies, string(body))
	return err
}

func serveSMTP(t *testing.T, m *mailbox) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(m)
	srv.AllowInsecureAuth = true
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	t.Cleanup(func() { srv.Close(); wg.Wait() })
	return "smtp://" + l.Addr().String()
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	sender, err := message.NewSMTP(serveSMTP(t, box))
	if err != nil {
		t.Fatal(err)
	}
	s := service(t, func(d *message.Deps) { d.Email = sender })
	p := pool(func(c *cognitoidp.UserPoolType) {
		c.EmailConfiguration = &cognitoidp.EmailConfigurationType{
			From: new("Ann <ann@example.org>"), ReplyToEmailAddress: new("help@example.org"),
		}
	})
	m := message.Message{Pool: p, Source: trigger.MessageSignUp, Medium: message.Email, Destination: "bob@example.com", Code: "246802"}
	if err := s.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.mails) != 1 {
		t.Fatalf("the server got %d mails, want 1", len(box.mails))
	}
	h := box.mails[0].Header
	got := map[string]string{"envelope": box.from}
	for _, name := range []string{"To", "From", "Reply-To", "Subject"} {
		got[name] = h.Get(name)
	}
	want := map[string]string{
		"envelope": "ann@example.org", "To": "<bob@example.com>", "From": `"Ann" <ann@example.org>`,
		"Reply-To": "<help@example.org>", "Subject": "Your verification code",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers differ (-want +got):\n%s", d)
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") || !strings.Contains(box.bodies[0], "246802") {
		t.Errorf("got content type %q, body %q", h.Get("Content-Type"), box.bodies[0])
	}
}

func TestRefusedDelivery(t *testing.T) {
	t.Parallel()
	refusing, err := message.NewSMTP(serveSMTP(t, &mailbox{refuse: true}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		sender message.Sender
		want   string
	}{
		{"server refuses", refusing, "Failed to deliver the message: the sender refused it."},
		{"no sender", nil, "Failed to deliver the message: no sender is configured."},
		{"server repeats the address", talkative{}, "Failed to deliver the message: the sender refused it."},
		{"sender hangs", hanging{}, "Failed to deliver the message: the sender did not accept it in time."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := service(t, func(d *message.Deps) { d.Email = tt.sender })
			err := s.Deliver(t.Context(), message.Message{
				Pool: pool(nil), Source: trigger.MessageSignUp, Medium: message.Email, Destination: "bob@example.com", Code: "1",
			})
			want := "CodeDeliveryFailureException: " + tt.want
			if err == nil || err.Error() != want || !fault.Is(err, "CodeDeliveryFailureException") {
				t.Errorf("got %v, want %s", err, want)
			}
			if f, ok := errors.AsType[*fault.Error](err); ok && strings.Contains(f.Cause.Error(), "bob@example.com") {
				t.Errorf("the log would show the address: %v", f.Cause)
			}
		})
	}
}

// talkative is a sender whose carrier says whom it does not know.
type talkative struct{}

func (talkative) Name() string { return "talkative" }
func (talkative) Send(_ context.Context, e message.Envelope) error {
	return errors.New("550 no such user: <" + e.Destination + ">")
}

// hanging is a sender whose carrier never answers within the delivery's time.
type hanging struct{}

func (hanging) Name() string { return "hanging" }
func (hanging) Send(ctx context.Context, _ message.Envelope) error {
	if _, ok := ctx.Deadline(); !ok {
		return nil
	}
	return context.DeadlineExceeded
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	got := make(chan map[string]string, 2)
	status := http.StatusNoContent
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		_ = json.NewDecoder(r.Body).Decode(&body)
		body["signature"] = r.Header.Get(message.SignatureHeader)
		got <- body
		w.WriteHeader(status)
	}))
	defer srv.Close()
	hook, err := message.NewWebhook(srv.URL, []byte("shared"), clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	s := service(t, func(d *message.Deps) { d.SMS = hook })
	m := message.Message{Pool: pool(nil), Username: "ann", Source: trigger.MessageSignUp, Medium: message.SMS, Destination: "+15555550100", Code: "77"}
	if err := s.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	body := <-got
	if body["to"] != "+15555550100" || body["body"] != "Your verification code is 77." || body["medium"] != "SMS" ||
		!strings.HasPrefix(body["signature"], "t=") || !strings.Contains(body["signature"], ",v1=") {
		t.Errorf("the webhook got %v", body)
	}
	status = http.StatusFound
	if err := s.Deliver(t.Context(), m); !fault.Is(err, "CodeDeliveryFailureException") {
		t.Errorf("a redirect was taken for acceptance: %v", err)
	}
	if _, err := message.NewWebhook("ftp://example.com", nil, nil); err == nil {
		t.Error("an ftp webhook was accepted")
	}
}

func TestSMTPURL(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "http://h", "smtp://", "smtp://h?tls=maybe", "smtp://u:hunter2@h:port"} {
		if _, err := message.NewSMTP(u); err == nil {
			t.Errorf("NewSMTP(%q) was accepted", u)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
	for _, u := range []string{"smtp://mail.example.com", "smtps://u:p@mail.example.com:465", "smtp://127.0.0.1:25?tls=none"} {
		if _, err := message.NewSMTP(u); err != nil {
			t.Errorf("NewSMTP(%q): %v", u, err)
		}
	}
}
