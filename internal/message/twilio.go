package message

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// twilio sends text messages through Twilio's API (version 2010-04-01, Messages).
type twilio struct {
	target, account, token, from string
	client                       *http.Client
}

// newTwilio reads twilio://ACCOUNT:TOKEN@HOST?from=NUMBER. HOST is api.twilio.com; a
// loopback address is spoken to without TLS. from is a number, or a messaging service (MG...).
func newTwilio(rawURL string) (*twilio, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.User == nil || u.Query().Get("from") == "" {
		return nil, fmt.Errorf("the URL must have the form twilio://ACCOUNT:TOKEN@api.twilio.com?from=NUMBER")
	}
	token, _ := u.User.Password()
	protocol := "https"
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
		protocol = "http"
	}
	account := u.User.Username()
	return &twilio{
		target:  protocol + "://" + u.Host + "/2010-04-01/Accounts/" + url.PathEscape(account) + "/Messages.json",
		account: account, token: token, from: u.Query().Get("from"),
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// Name is the transport's name in metrics and logs.
func (t *twilio) Name() string { return "twilio" }

// Send asks Twilio to deliver e.
func (t *twilio) Send(ctx context.Context, e Envelope) error {
	form := url.Values{"To": {e.Destination}, "Body": {e.Body}}
	if strings.HasPrefix(t.from, "MG") {
		form.Set("MessagingServiceSid", t.from)
	} else {
		form.Set("From", t.from)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.target, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("make twilio request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(t.account, t.token)
	return post(t.client, request, "twilio")
}
