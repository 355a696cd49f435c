package login

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
)

//go:embed confirm.html
var pages embed.FS

// Deps is what a Service needs.
type Deps struct {
	// Confirm confirms the user of a confirmation link of a pool; package directory does. A
	// refusal is a *fault.Error.
	Confirm func(ctx context.Context, call *api.Call, poolID string, parameters url.Values) error
	// Rate stores what a user said of a sign-in, with the parameters of the link.
	Rate  func(r *http.Request, form url.Values) error
	Clock *clock.Clock
	Log   *slog.Logger
}

// Service answers with pages. It is safe for concurrent use.
type Service struct {
	deps Deps
	page *template.Template
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{deps: d, page: template.Must(template.ParseFS(pages, "confirm.html"))}
}

// said is what a page says.
type said struct {
	status      int
	Title, Text string
	// Button, with Fields, sends the page's form to its own address; empty for none.
	Button string
	Fields []field
}

// ConfirmUser answers GET /{pool}/confirmUser, where the links of confirmation mails lead.
// Following a link again says the same, since mail scanners follow them, too.
func (s *Service) ConfirmUser(w http.ResponseWriter, r *http.Request) {
	from, _ := netip.ParseAddrPort(r.RemoteAddr) // none is the zero address
	call := &api.Call{Time: s.deps.Clock.Now(), RemoteIP: from.Addr().Unmap(), UserAgent: r.UserAgent()}
	s.show(w, r, s.outcome(r, s.deps.Confirm(r.Context(), call, r.PathValue("pool"), r.URL.Query())))
}

// outcome words what came of a confirmation.
func (s *Service) outcome(r *http.Request, err error) said {
	if err == nil {
		return said{status: http.StatusOK, Title: "Your registration is confirmed", Text: "You can close this page and sign in."}
	}
	refusal, ok := errors.AsType[*fault.Error](err)
	if !ok {
		s.deps.Log.ErrorContext(r.Context(), "a confirmation link failed", "error", err)
		return said{status: http.StatusInternalServerError, Title: "Something went wrong", Text: "Please try again in a moment."}
	}
	switch refusal.Code {
	case "ExpiredCodeException", "CodeMismatchException", "ResourceNotFoundException", "UserNotFoundException":
		return said{status: http.StatusBadRequest, Title: "This link is not valid any more", Text: "Ask the application for a new one."}
	case "LimitExceededException", "TooManyRequestsException":
		return said{status: http.StatusTooManyRequests, Title: "Too many attempts", Text: "Please try again later."}
	default:
		return said{status: http.StatusBadRequest, Title: "Your registration could not be confirmed", Text: refusal.Message}
	}
}

func (s *Service) show(w http.ResponseWriter, r *http.Request, page said) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer") // the address holds the code
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(page.status)
	if err := s.page.Execute(w, page); err != nil {
		s.deps.Log.DebugContext(r.Context(), "a page was not read to its end", "error", err)
	}
}
