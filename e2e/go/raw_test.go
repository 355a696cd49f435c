package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answer is a response to a request written by hand.
type answer struct {
	status int
	header http.Header
	body   string
}

// post sends a body to an operation as it is, unsigned. headers are names and values in turn.
func (s *scene) post(operation, body string, headers ...string) answer {
	s.t.Helper()
	return s.send(http.MethodPost, "/", body, append([]string{
		"X-Amz-Target", targetPrefix + operation, "Content-Type", "application/x-amz-json-1.1",
	}, headers...)...)
}

func (s *scene) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.do(r)
}

func (s *scene) do(r *http.Request) answer {
	s.t.Helper()
	resp := must(s.http.Do(r))(s.t)
	defer resp.Body.Close()
	return answer{resp.StatusCode, resp.Header, string(must(io.ReadAll(resp.Body))(s.t))}
}

// is checks an error by its name and its text; an empty text is none at all.
func (a answer) is(t *testing.T, status int, name, message string) {
	t.Helper()
	var refusal struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Capital string `json:"Message"`
	}
	if err := json.Unmarshal([]byte(a.body), &refusal); err != nil {
		t.Errorf("%v: %d %s", err, a.status, a.body)
		return
	}
	if got := refusal.Message + refusal.Capital; a.status != status || refusal.Type != name || got != message {
		t.Errorf("got %d %s %q, want %d %s %q", a.status, refusal.Type, got, status, name, message)
	}
	if got := a.header.Get("x-amzn-ErrorMessage"); len(message) < 1000 && isASCII(message) && got != strings.TrimSpace(strings.ReplaceAll(message, "\n", "")) {
		t.Errorf("x-amzn-ErrorMessage is %q", got)
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r == 0 })
}

// jsonOf returns a value as JSON.
func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
