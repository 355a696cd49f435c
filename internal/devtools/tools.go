package devtools

import (
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/message"
)

// Deps are what Tools need.
type Deps struct {
	Inbox *message.Inbox
	Clock *clock.Clock
	// Reset deletes all data. The inbox is emptied after it.
	Reset func(ctx context.Context) error
	// Hosts are names, with or without port, by which this server may be asked for besides
	// those that nobody on the Internet can own: the listen host, the public URL's host.
	Hosts  []string
	Random io.Reader    // of nonces; nil is the operating system's
	Log    *slog.Logger // nil logs nothing
}

// Tools serve development mode's own paths. They are safe for concurrent use.
type Tools struct {
	inbox  *message.Inbox
	clock  *clock.Clock
	reset  func(ctx context.Context) error
	hosts  map[string]bool
	random io.Reader
	log    *slog.Logger
	page   *template.Template

	moving sync.Mutex // held while the clock is moved, so that its limit holds
}

// New returns Tools.
func New(d Deps) *Tools {
	t := &Tools{
		inbox: d.Inbox, clock: d.Clock, reset: d.Reset, hosts: map[string]bool{},
		random: clock.Random(d.Random), log: d.Log, page: parsePage(),
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	for _, h := range d.Hosts {
		t.hosts[hostname(h)] = true
	}
	return t
}

// Handler returns what is to be mounted at /_cenote/; it expects paths in full. A request
// may wait for messages up to a minute, or until its context ends: whoever shuts a server
// down ends the contexts first.
func (t *Tools) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_cenote/messages", t.listMessages)
	mux.HandleFunc("DELETE /_cenote/messages", t.clearMessages)
	mux.HandleFunc("DELETE /_cenote/messages/{id}", t.deleteMessage)
	mux.Handle("GET /_cenote/{$}", http.RedirectHandler("/_cenote/inbox", http.StatusFound))
	mux.HandleFunc("GET /_cenote/inbox", t.showInbox)
	mux.HandleFunc("GET /_cenote/inbox/{id}", t.showMail)
	mux.HandleFunc("GET /_cenote/inbox/{id}/source", t.showSource)
	mux.HandleFunc("GET /_cenote/clock", t.readClock)
	mux.HandleFunc("POST /_cenote/clock", t.moveClock)
	mux.HandleFunc("POST /_cenote/reset", t.resetData)
	return t.guard(mux)
}

// resetData deletes what is stored and what was sent. The clock keeps its offset: it has
// its own reset, and tests that run beside each other may count on it.
func (t *Tools) resetData(w http.ResponseWriter, r *http.Request) {
	if err := t.reset(r.Context()); err != nil {
		t.log.ErrorContext(r.Context(), "reset failed", "error", err)
		refuse(w, http.StatusInternalServerError, "The data could not be deleted; the log says why.")
		return
	}
	t.inbox.Clear()
	answer(w, struct{}{})
}

// answer writes v as JSON with status 200.
func answer(w http.ResponseWriter, v any) { respond(w, http.StatusOK, v) }

// refuse writes {"message": text} with the status of an error.
func refuse(w http.ResponseWriter, status int, text string) {
	respond(w, status, struct {
		Message string `json:"message"`
	}{text})
}

func respond(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, v) // fails only when the client is gone
	_, _ = w.Write([]byte{'\n'})
}
