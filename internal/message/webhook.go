package message

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cenote-id/cenote/internal/clock"
)

// SignatureHeader carries a webhook's proof of origin: "t=<unix seconds>,v1=<hex>", where
// v1 is HMAC-SHA256 under the shared secret over "<t>.<body>".
const SignatureHeader = "Cenote-Signature"

// Webhook posts messages as JSON to a URL of the operator's; any 2xx answer accepts them.
type Webhook struct {
	target *url.URL
	secret []byte
	client *http.Client
	clock  *clock.Clock
}

// NewWebhook returns a sender that posts to target (http or https). With a secret every
// request is signed in SignatureHeader; an empty one leaves requests unsigned.
func NewWebhook(target string, secret []byte, c *clock.Clock) (*Webhook, error) {
	u, err := url.Parse(target)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("webhook URL must be an absolute http or https URL")
	}
	// A redirect would hand the code to a place the operator did not name.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Webhook{target: u, secret: secret, client: client, clock: c}, nil
}

// Name is the transport's name in metrics and logs.
func (w *Webhook) Name() string { return "webhook" }

// webhookBody is what a webhook receives. ID repeats when a delivery is tried again.
type webhookBody struct {
	ID         string `json:"id"`
	Medium     string `json:"medium"`
	To         string `json:"to"`
	From       string `json:"from,omitempty"`
	ReplyTo    string `json:"replyTo,omitempty"`
	Subject    string `json:"subject,omitempty"`
	Body       string `json:"body"`
	Text       string `json:"text,omitempty"`
	UserPoolID string `json:"userPoolId"`
	Username   string `json:"username"`
	Source     string `json:"source"`
}

// Send posts e and waits for the answer.
func (w *Webhook) Send(ctx context.Context, e Envelope) error {
	body, err := json.Marshal(webhookBody{
		ID: e.ID, Medium: string(e.Medium), To: e.Destination, From: e.From, ReplyTo: e.ReplyTo,
		Subject: e.Subject, Body: e.Body, Text: e.Text, UserPoolID: e.PoolID, Username: e.Username, Source: string(e.Source),
	})
	if err != nil {
		return fmt.Errorf("encode webhook message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make webhook request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", e.ID)
	if len(w.secret) > 0 {
		req.Header.Set(SignatureHeader, w.sign(body))
	}
	return post(w.client, req, "webhook")
}

// statusError is the error of an HTTP answer: 2xx is none; that of a 4xx stays, but for those
// that ask to come again.
func statusError(who string, status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return permanent(fmt.Errorf("%s answered status %d", who, status))
	default:
		return fmt.Errorf("%s answered status %d", who, status)
	}
}

func (w *Webhook) sign(body []byte) string {
	t := strconv.FormatInt(w.clock.Outside().Unix(), 10)
	mac := hmac.New(sha256.New, w.secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
