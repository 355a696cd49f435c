package login_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/login"
)

func TestFeedback(t *testing.T) {
	t.Parallel()
	var rated url.Values
	answer := error(nil)
	s := login.New(login.Deps{
		Rate: func(_ *http.Request, form url.Values) error {
			rated = form
			return answer
		},
		Log: slog.New(slog.DiscardHandler),
	})
	ask := func(method, target, body string) (int, string) {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.Feedback(w, r)
		return w.Code, w.Body.String()
	}
	const query = "user_pool_id=us-east-1_p&user_name=%3Cann%3E&event_id=e1&token=t-1&value=invalid"
	code, page := ask(http.MethodGet, "/eventFeedback?"+query, "")
	if code != 200 || rated != nil {
		t.Fatalf("following a link: %d, %v", code, rated)
	}
	for _, want := range []string{`method="post"`, `name="user_name" value="&lt;ann&gt;"`, `name="token" value="t-1"`, "It was not me"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if code, page = ask(http.MethodPost, "/eventFeedback", query); code != 200 || !strings.Contains(page, "Thank you") || rated.Get("token") != "t-1" {
		t.Errorf("the answer: %d %v %s", code, rated, page)
	}
	for want, err := range map[int]error{
		400: fault.NotAuthorized("Invalid feedback token."), 429: fault.TooManyRequests("Rate exceeded"), 500: errors.New("the password is hunter2"),
	} {
		answer = err
		if code, page = ask(http.MethodPost, "/eventFeedback", query); code != want || strings.Contains(page, "hunter2") {
			t.Errorf("%v: %d %s", err, code, page)
		}
	}
	if code, _ = ask(http.MethodGet, "/eventFeedback?value=maybe", ""); code != 400 {
		t.Errorf("a link of another kind: %d", code)
	}
	if code, _ = ask(http.MethodPut, "/eventFeedback", ""); code != 405 {
		t.Errorf("PUT: %d", code)
	}
}
