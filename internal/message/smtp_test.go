package message_test

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/trigger"
)

// counted is a mail server that counts its connections and can hang them up.
type counted struct {
	mailbox
	mu          sync.Mutex
	connections []net.Conn
}

func (c *counted) NewSession(conn *smtp.Conn) (smtp.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connections = append(c.connections, conn.Conn())
	return &c.mailbox, nil
}

func (c *counted) hangUp() (connections int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.connections {
		conn.Close()
	}
	return len(c.connections)
}

// Messages one after the other go over one connection; one that the server has hung up is
// replaced, and no message is lost or sent twice.
func TestSMTPConnections(t *testing.T) {
	t.Parallel()
	box := &counted{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(box)
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { server.Close(); wg.Wait() })
	sender, err := message.NewSMTP("smtp://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	send := func(times int) {
		t.Helper()
		for range times {
			if err := sender.Send(t.Context(), envelope(message.Email)); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(5)
	if n := box.hangUp(); n != 1 {
		t.Errorf("five messages took %d connections", n)
	}
	send(2)
	if n := box.hangUp(); n != 2 {
		t.Errorf("there were %d connections, want a second one", n)
	}
	box.mailbox.mu.Lock()
	defer box.mailbox.mu.Unlock()
	if len(box.mails) != 7 {
		t.Errorf("the server has %d mails, want 7", len(box.mails))
	}
}

// What users write in any language arrives as it was written.
func TestSMTPEncodings(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	sender, err := message.NewSMTP(serveSMTP(t, box))
	if err != nil {
		t.Fatal(err)
	}
	s := service(t, func(d *message.Deps) { d.Email = sender })
	const subject, body = "Grüße an 日本 — ваш код", "<p>Дорогая Åsa, <b>{####}</b> ✓</p>"
	p := pool(func(c *cognitoidp.UserPoolType) {
		c.EmailConfiguration = &cognitoidp.EmailConfigurationType{From: new("Café Ω <cafe@example.org>")}
		c.VerificationMessageTemplate = &cognitoidp.VerificationMessageTemplateType{EmailSubject: new(subject), EmailMessage: new(body)}
	})
	m := message.Message{Pool: p, Source: trigger.MessageSignUp, Medium: message.Email, Destination: "bob@example.com", Code: "246802"}
	if err := s.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	header := box.mails[0].Header
	var words mime.WordDecoder
	if got, err := words.DecodeHeader(header.Get("Subject")); err != nil || got != subject {
		t.Errorf("subject %q, %v", got, err)
	}
	for name, values := range header {
		if strings.ContainsFunc(strings.Join(values, ""), func(r rune) bool { return r > 126 }) {
			t.Errorf("%s is not ASCII: %q", name, values)
		}
	}
	if from, err := header.AddressList("From"); err != nil || len(from) != 1 || from[0].Name != "Café Ω" || from[0].Address != "cafe@example.org" {
		t.Errorf("from %v, %v", from, err)
	}
	if header.Get("Content-Transfer-Encoding") != "quoted-printable" || header.Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("headers %v", header)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(box.bodies[0])))
	if err != nil || strings.TrimSpace(string(text)) != strings.Replace(body, "{####}", "246802", 1) {
		t.Errorf("body %q, %v", text, err)
	}
}
