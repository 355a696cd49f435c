package devtools_test

import (
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/devtools"
	"github.com/cenote-id/cenote/internal/message"
)

func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.send(message.Email, "<b>ann</b>", "ann@example.com", "483920")
	w := f.do("GET", "/_cenote/inbox", "")
	page := w.Body.String()
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, want := range []string{"<title>Inbox", "AWS_ENDPOINT_URL=" + origin, "aws cognito-idp sign-up", `{ "If-None-Match": tag }`, "prefers-color-scheme"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// Everything it shows arrives as JSON, and everything it loads has its own origin.
	for _, leak := range []string{"483920", "ann@example.com</dd>", "innerHTML", "src=\"http", "@import url", "cdn"} {
		if strings.Contains(page, leak) {
			t.Errorf("the page contains %q", leak)
		}
	}
}

func TestPageRunsOnlyItsOwnScript(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	nonces := map[string]bool{}
	for range 3 {
		w := f.do("GET", "/_cenote/inbox", "")
		policy := w.Header().Get("Content-Security-Policy")
		m := regexp.MustCompile(`script-src 'nonce-([\w-]{22})'; style-src 'nonce-([\w-]{22})';`).FindStringSubmatch(policy)
		if m == nil || m[1] != m[2] {
			t.Fatalf("policy %q", policy)
		}
		nonces[m[1]] = true
		if n := strings.Count(w.Body.String(), `nonce="`+m[1]+`"`); n != 2 {
			t.Errorf("%d elements carry the nonce, want 2", n)
		}
		if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("policy %q", policy)
		}
		if inline := regexp.MustCompile(`(?i)<[a-z][^>]* (style|on[a-z]+)=`).FindString(w.Body.String()); inline != "" {
			t.Errorf("the policy forbids %s", inline)
		}
	}
	if len(nonces) != 3 {
		t.Errorf("nonces repeat: %v", nonces)
	}
}

func TestPageNeedsRandomness(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *devtools.Deps) { d.Random = iotest.ErrReader(errors.New("secret detail")) })
	if got := f.refused(f.do("GET", "/_cenote/inbox", ""), 500); strings.Contains(got, "secret") {
		t.Errorf("the failure tells %q", got)
	}
}

func TestPageNamesTheEndpointAsItWasAsked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/_cenote/inbox", nil)
	r.Host, r.TLS = "localhost:9443", &tls.ConnectionState{}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), "AWS_ENDPOINT_URL=https://localhost:9443") {
		t.Error("the page names another endpoint")
	}
}

func TestMailIsShownInASandbox(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	const body = `<p style="color:red">{####}</p><script>alert(1)</script>`
	f.sendFrom(&cognitoidp.UserPoolType{
		Id:                          new("us-east-1_AbCdEfGhI"),
		VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{EmailMessage: new(body)},
	}, message.Email, "ann", "ann@example.com", "483920")
	f.send(message.SMS, "ann", "+15555550100", "110293")
	entries := f.inbox.List(message.Filter{})

	w := f.do("GET", "/_cenote/inbox/"+entries[1].ID, "")
	html, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v %v", w.Code, w.Header(), err)
	}
	if !strings.HasSuffix(string(html), strings.Replace(body, "{####}", "483920", 1)) {
		t.Errorf("the mail is %s", html)
	}
	// What comes from elsewhere is loaded only on demand, and scripts never are.
	const sandbox = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
	for query, want := range map[string]string{
		"":             sandbox + "style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; frame-ancestors 'self'",
		"?remote=no":   sandbox + "style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; frame-ancestors 'self'",
		"?remote=load": sandbox + "style-src 'unsafe-inline' https: http:; img-src data: https: http:; font-src data: https: http:; form-action 'none'; frame-ancestors 'self'",
	} {
		if got := f.do("GET", "/_cenote/inbox/"+entries[1].ID+query, "").Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("policy with %q: %q", query, got)
		}
	}
	f.refused(f.do("GET", "/_cenote/inbox/"+entries[0].ID, ""), 404) // text messages are no HTML
	f.refused(f.do("GET", "/_cenote/inbox/"+entries[0].ID+"/source", ""), 404)
}

func TestMailIsShownAsItGoesOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	pool := &cognitoidp.UserPoolType{
		Id: new("us-east-1_AbCdEfGhI"), Name: new("shop"),
		EmailConfiguration: &cognitoidp.EmailConfigurationType{
			From: new("Tea <tea@example.com>"), ReplyToEmailAddress: new("help@example.com"),
		},
		VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
			EmailSubject: new("Grüße"), EmailMessage: new("<p>Your code: <b>{####}</b></p><script>alert(1)</script>"),
		},
	}
	f.sendFrom(pool, message.Email, "ann", "ann@example.com", "483920")
	id := f.inbox.List(message.Filter{})[0].ID
	w := f.do("GET", "/_cenote/inbox/"+id+"/source", "")
	if h := w.Header(); w.Code != 200 || h.Get("Content-Type") != "text/plain; charset=utf-8" ||
		h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", w.Code, h)
	}
	got, err := mail.ReadMessage(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "Grüße" {
		t.Errorf("subject %q: %v", subject, err)
	}
	for name, want := range map[string]string{
		"From": `"Tea" <tea@example.com>`, "To": "<ann@example.com>", "Reply-To": "<help@example.com>",
		"Date": "Sun, 22 Nov 2026 10:00:00 +0100", "Content-Type": "text/html; charset=UTF-8", "Message-ID": "<" + id + "@cenote>",
	} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	// An address that no server takes is told, as it will be in production.
	pool.EmailConfiguration.From = new("no address")
	f.sendFrom(pool, message.Email, "bob", "bob@example.com", "1")
	id = f.inbox.List(message.Filter{})[0].ID
	if got := f.refused(f.do("GET", "/_cenote/inbox/"+id+"/source", ""), 422); !strings.Contains(got, "set sender") {
		t.Errorf("the mail is refused with %q", got)
	}
}
