package message

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SMTP hands e-mails to a mail server. It keeps a few connections open for the next
// messages. It is safe for concurrent use.
type SMTP struct {
	client *mail.Client

	mu   sync.Mutex
	idle []*smtp.Client // the one used last at the end
}

const (
	// idleConnections is how many connections wait for the next message at most, idleTime how
	// long the last of them does: less than mail servers bear (RFC 5321 section 4.5.3.2.7).
	idleConnections = 4
	idleTime        = 30 * time.Second
)

// NewSMTP returns a sender for a URL of the form
// smtp[s]://[user:password@]host[:port][?tls=required|opportunistic|none]. smtps speaks
// TLS from the first byte (port 465); smtp (port 587) upgrades by STARTTLS, which is
// required unless the host is a loopback address or the URL says otherwise. The URL's
// password never appears in an error.
func NewSMTP(rawURL string) (*SMTP, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, fmt.Errorf("the SMTP URL must have the form smtp[s]://[user:password@]host[:port]")
	}
	policy, err := tlsPolicy(u)
	if err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithTimeout(acceptance), mail.WithTLSPolicy(policy), mail.WithPort(587)}
	if u.Scheme == "smtps" {
		options = append(options, mail.WithSSL(), mail.WithPort(465))
	}
	if p := u.Port(); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil {
			return nil, fmt.Errorf("SMTP port %q is not a number", p)
		}
		options = append(options, mail.WithPort(n))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	client, err := mail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("configure SMTP: %w", err)
	}
	return &SMTP{client: client}, nil
}

func tlsPolicy(u *url.URL) (mail.TLSPolicy, error) {
	switch v := u.Query().Get("tls"); v {
	case "required":
		return mail.TLSMandatory, nil
	case "opportunistic":
		return mail.TLSOpportunistic, nil
	case "none":
		return mail.NoTLS, nil
	case "":
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			return mail.TLSOpportunistic, nil
		}
		return mail.TLSMandatory, nil
	default:
		return 0, fmt.Errorf("SMTP option tls=%s is not one of required, opportunistic, none", v)
	}
}

// Name is the transport's name in metrics and logs.
func (s *SMTP) Name() string { return "smtp" }

// mailOf returns e as an HTML mail, as Cognito's mails are, with its plain text beside it
// where it has one. What cannot be written into a mail is refused for good.
func mailOf(e Envelope) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.From(e.From); err != nil {
		return nil, permanent(fmt.Errorf("set sender: %w", err))
	}
	if err := m.To(e.Destination); err != nil {
		return nil, permanent(fmt.Errorf("set recipient: %w", err))
	}
	if e.ReplyTo != "" {
		if err := m.ReplyTo(e.ReplyTo); err != nil {
			return nil, permanent(fmt.Errorf("set reply address: %w", err))
		}
	}
	m.Subject(e.Subject)
	m.SetMessageIDWithValue(e.ID + "@cenote")
	m.SetDate()
	if e.Text != "" {
		m.SetBodyString(mail.TypeTextPlain, e.Text)
		m.AddAlternativeString(mail.TypeTextHTML, e.Body)
	} else {
		m.SetBodyString(mail.TypeTextHTML, e.Body)
	}
	return m, nil
}

// Send delivers e. A connection that the server has hung up meanwhile is replaced.
func (s *SMTP) Send(ctx context.Context, e Envelope) error {
	m, err := mailOf(e)
	if err != nil {
		return err
	}
	for {
		connection, used := s.take()
		if !used {
			if connection, err = s.client.DialToSMTPClientWithContext(ctx); err != nil {
				return fmt.Errorf("reach the mail server: %w", err)
			}
		}
		err := s.client.SendWithSMTPClient(connection, m)
		if err == nil {
			s.put(connection)
			return nil
		}
		_ = connection.Close() // whatever state it is in
		refusal, ok := errors.AsType[*mail.SendError](err)
		switch {
		case used && ok && refusal.Reason == mail.ErrConnCheck:
			continue // nothing was said over it yet
		case ok && refusal.ErrorCode() >= 500:
			// A reply of 5xx to the message itself stays (RFC 5321 section 4.2.1). What goes wrong
			// before, at the door, is the operator's to mend.
			return permanent(fmt.Errorf("send mail: %w", err))
		}
		return fmt.Errorf("send mail: %w", err)
	}
}

// take returns the open connection that was used last; false where none is open.
func (s *SMTP) take() (*smtp.Client, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.idle) - 1
	if last < 0 {
		return nil, false
	}
	connection := s.idle[last]
	s.idle = s.idle[:last]
	return connection, true
}

// put keeps a connection for the next message, for a while.
func (s *SMTP) put(connection *smtp.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == idleConnections {
		s.end(connection)
		return
	}
	s.idle = append(s.idle, connection)
	time.AfterFunc(idleTime, s.tidy)
}

// tidy ends the connection that has waited longest.
func (s *SMTP) tidy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) > 0 {
		s.end(s.idle[0])
		s.idle = s.idle[1:]
	}
}

// end says good-bye, which nobody waits for.
func (s *SMTP) end(connection *smtp.Client) {
	go func() { _ = s.client.CloseWithSMTPClient(connection) }() // the message was accepted before
}
