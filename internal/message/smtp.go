package message

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/wneessen/go-mail"
)

// SMTP hands e-mails to a mail server. It opens one connection per message.
type SMTP struct {
	client *mail.Client
}

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

// Send delivers e.
func (s *SMTP) Send(ctx context.Context, e Envelope) error {
	m, err := mailOf(e)
	if err != nil {
		return err
	}
	err = s.client.DialAndSendWithContext(ctx, m)
	if err == nil {
		return nil
	}
	// A reply of 5xx to the message itself stays (RFC 5321 section 4.2.1). What went wrong
	// before, at the door, is the operator's to mend.
	if refusal, ok := errors.AsType[*mail.SendError](err); ok && refusal.ErrorCode() >= 500 {
		return permanent(fmt.Errorf("send mail: %w", err))
	}
	return fmt.Errorf("send mail: %w", err)
}
