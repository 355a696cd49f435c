package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/cenote-id/cenote/internal/fault"
)

// The parameters of the links in notification mails.
const (
	FeedbackPool  = "user_pool_id"
	FeedbackUser  = "user_name"
	FeedbackEvent = "event_id"
	FeedbackToken = "token"
	FeedbackValue = "value" // valid or invalid
)

// field is a hidden field of a form.
type field struct{ Name, Value string }

// maxForm is more than a form of these pages has, in bytes.
const maxForm = 16 << 10

// Feedback answers where the links of mails about unusual sign-ins lead. Following one asks
// back and changes nothing, since mail scanners follow links; the answer is a POST.
func (s *Service) Feedback(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.show(w, r, askBack(r.URL.Query()))
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			s.show(w, r, badLink())
			return
		}
		s.show(w, r, s.feedback(r, s.deps.Rate(r, r.PostForm)))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.show(w, r, said{status: http.StatusMethodNotAllowed, Title: "Something went wrong", Text: "Please follow the link in the mail."})
	}
}

func badLink() said {
	return said{status: http.StatusBadRequest, Title: "This link is not valid any more", Text: "Please sign in and look at your account."}
}

// askBack is the page behind a link.
func askBack(q url.Values) said {
	page := said{status: http.StatusOK}
	switch q.Get(FeedbackValue) {
	case "valid":
		page.Title, page.Text, page.Button = "Was this you?", "Please confirm that it was you who signed in.", "It was me"
	case "invalid":
		page.Title, page.Text, page.Button = "Was this not you?", "Please confirm that somebody else signed in as you.", "It was not me"
	default:
		return badLink()
	}
	for _, name := range []string{FeedbackPool, FeedbackUser, FeedbackEvent, FeedbackToken, FeedbackValue} {
		page.Fields = append(page.Fields, field{name, q.Get(name)})
	}
	return page
}

// feedback words what came of an answer.
func (s *Service) feedback(r *http.Request, err error) said {
	if err == nil {
		text := "We will remember it."
		if r.PostForm.Get(FeedbackValue) == "invalid" {
			text = "We will remember it. Please change your password."
		}
		return said{status: http.StatusOK, Title: "Thank you", Text: text}
	}
	refusal, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok || refusal.Code == "InternalErrorException":
		s.deps.Log.ErrorContext(r.Context(), "feedback failed", "error", err)
		return said{status: http.StatusInternalServerError, Title: "Something went wrong", Text: "Please try again in a moment."}
	case refusal.Code == "TooManyRequestsException":
		return said{status: http.StatusTooManyRequests, Title: "Too many attempts", Text: "Please try again later."}
	default:
		return badLink()
	}
}
