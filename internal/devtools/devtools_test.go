package devtools_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/devtools"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

const origin = "http://127.0.0.1:9229"

var start = time.Date(2026, 11, 22, 10, 0, 0, 123_456_789, time.FixedZone("", 3600))

// fixture is development mode's tools around an inbox that really gets messages.
type fixture struct {
	t       *testing.T
	handler http.Handler
	clock   *clock.Clock
	inbox   *message.Inbox
	sender  *message.Service
	resets  int
	failing error // what a reset answers
}

func newFixture(t *testing.T, change func(*devtools.Deps)) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clock.New(func() time.Time { return start }), inbox: message.NewInbox(nil)}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	f.sender = message.New(message.Deps{
		Triggers: trigger.New(trigger.Deps{}), Inbox: f.inbox, Clock: f.clock, Random: clock.Random(nil), Log: log,
	})
	d := devtools.Deps{Inbox: f.inbox, Clock: f.clock, Log: log, Reset: func(context.Context) error {
		f.resets++
		return f.failing
	}}
	if change != nil {
		change(&d)
	}
	f.handler = devtools.New(d).Handler()
	return f
}

// send delivers a code to a user of that name and destination.
func (f *fixture) send(medium message.Medium, username, to, code string) {
	f.t.Helper()
	f.sendFrom(&cognitoidp.UserPoolType{Id: new("us-east-1_AbCdEfGhI")}, medium, username, to, code)
}

func (f *fixture) sendFrom(pool *cognitoidp.UserPoolType, medium message.Medium, username, to, code string) {
	f.t.Helper()
	err := f.sender.Deliver(f.t.Context(), message.Message{
		Pool:     catalog.NewPool(&store.Pool{Config: pool, MFA: &cognitoidp.GetUserPoolMfaConfigResponse{}}),
		ClientID: "client", Username: username, Source: trigger.MessageSignUp,
		Medium: medium, Destination: to, Code: code,
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// do makes a request as a program on this machine does; headers are pairs of names and
// values, where Host stands for itself.
func (f *fixture) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), method, origin+path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

// refused reports with which text a response refuses, after a check of its status.
func (f *fixture) refused(w *httptest.ResponseRecorder, status int) string {
	f.t.Helper()
	if w.Code != status {
		f.t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	var body struct{ Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Message == "" {
		f.t.Errorf("the refusal is no JSON with a message: %q", w.Body)
	}
	return body.Message
}

// codes returns the codes of a list of messages, newest first.
func (f *fixture) codes(w *httptest.ResponseRecorder) string {
	f.t.Helper()
	if w.Code != http.StatusOK {
		f.t.Errorf("status %d: %s", w.Code, w.Body)
	}
	var body struct{ Messages []message.Entry }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Messages == nil {
		f.t.Errorf("no list of messages: %q", w.Body)
	}
	out := []string{}
	for _, e := range body.Messages {
		out = append(out, e.Code)
	}
	return strings.Join(out, " ")
}
