package devtools_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/devtools"
	"github.com/cenote-id/cenote/internal/message"
)

func TestClockIsMoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	steps := []struct{ method, body, want string }{
		{"GET", "", `{"now":"2026-11-22T09:00:00.123Z","offset":"0s"}`},
		{"POST", `{"advance":"61m"}`, `{"now":"2026-11-22T10:01:00.123Z","offset":"1h1m0s"}`},
		{"POST", `{"advance":"1.877s"}`, `{"now":"2026-11-22T10:01:02.000Z","offset":"1h1m1.877s"}`},
		{"GET", "", `{"now":"2026-11-22T10:01:02.000Z","offset":"1h1m1.877s"}`},
		{"POST", ` {"reset" : true} `, `{"now":"2026-11-22T09:00:00.123Z","offset":"0s"}`},
		{"POST", `{"advance":"876000h"}`, `{"now":"2126-10-29T09:00:00.123Z","offset":"876000h0m0s"}`},
	}
	for _, s := range steps {
		if w := f.do(s.method, "/_cenote/clock", s.body); w.Code != 200 || strings.TrimSpace(w.Body.String()) != s.want {
			t.Errorf("%s %s answers %d %s, want %s", s.method, s.body, w.Code, w.Body, s.want)
		}
	}
	if got := f.refused(f.do("POST", "/_cenote/clock", `{"advance":"1ns"}`), 400); !strings.Contains(got, "100 years") {
		t.Errorf("moved too far: %q", got)
	}
}

func TestBadClockMovesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `"61m"`, `{"advance":`, `{"advance":"61m"} {}`, `{"advance":61}`, `{"advance":"61"}`,
		`{"advance":""}`, `{"advance":"-61m"}`, `{"advance":"an hour"}`, `{"advance":"9999999h"}`, `{"advance":"1m","reset":true}`,
		`{"advance":"1m","reset":false}`, `{"advance":"1m","advance":"2m"}`, `{"reset":false}`, `{"reset":"true"}`, `{"reset":null}`,
		`{"Advance":"61m"}`, `{"advance":"61m","more":1}`, `{"advance":"` + strings.Repeat("0", 2000) + `1m"}`,
	} {
		f.refused(f.do("POST", "/_cenote/clock", body), 400)
	}
	if got := f.clock.Offset(); got != 0 {
		t.Errorf("a refused request moved the clock by %v", got)
	}
}

func TestResetDeletesDataAndMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.send(message.Email, "ann", "ann@example.com", "1")
	f.clock.Advance(time.Hour)

	f.failing = errors.New("secret detail")
	if got := f.refused(f.do("POST", "/_cenote/reset", ""), 500); strings.Contains(got, "secret") {
		t.Errorf("the failure tells %q", got)
	}
	if got := f.codes(f.do("GET", "/_cenote/messages", "")); got != "1" {
		t.Errorf("after a failure the messages are %q", got)
	}

	f.failing = nil
	if w := f.do("POST", "/_cenote/reset", ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "{}" || f.resets != 2 {
		t.Errorf("%d %s, %d resets", w.Code, w.Body, f.resets)
	}
	if got := f.codes(f.do("GET", "/_cenote/messages", "")); got != "" {
		t.Errorf("messages %q are left", got)
	}
	if got := f.clock.Offset(); got != time.Hour {
		t.Errorf("the clock is %v ahead", got)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for request, want := range map[string]int{
		"GET /_cenote/":                         302,
		"GET /_cenote/nonsense":                 404,
		"POST /_cenote/messages":                405,
		"OPTIONS /_cenote/messages":             405,
		"GET /_cenote/reset":                    405,
		"PUT /_cenote/clock":                    405,
		"HEAD /_cenote/messages":                200,
		"GET /_cenote/inbox/nobody":             404,
		"DELETE /_cenote/messages/nobody":       404,
		"DELETE /_cenote/messages/nobody/again": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		if w := f.do(method, path, ""); w.Code != want {
			t.Errorf("%s answers %d, want %d", request, w.Code, want)
		}
	}
	if f.resets != 0 {
		t.Error("a request with another method reset the data")
	}
}

func TestForeignHostNamesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(d *devtools.Deps) { d.Hosts = []string{"dev.example.com:9229", "Auth.Example.Org"} })
	f.send(message.Email, "ann", "ann@example.com", "1")
	for host, known := range map[string]bool{
		"127.0.0.1:9229": true, "127.0.0.1": true, "192.0.2.7:80": true, "[::1]:9229": true, "[::1]": true, "[fe80::1%25eth0]:9229": true,
		"localhost": true, "LOCALHOST:9229": true, "localhost.:9229": true, "pool.auth.localhost:9229": true,
		"cenote:9229": true, "cenote": true, "host.docker.internal:9229": true, "cenote.test": true,
		"dev.example.com:9229": true, "dev.example.com": true, "DEV.example.com.:1": true, "auth.example.org:9229": true,

		"": false, ":9229": false, ".": false, "evil.example:9229": false, "evil.example": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "127.0.0.1.nip.io:9229": false, "evil-localhost.example": false, "sub.dev.example.com": false,
		"evil.notlocalhost": false, "internal.example": false,
	} {
		for _, path := range []string{"/_cenote/messages", "/_cenote/inbox"} {
			w := f.do("GET", path, "", "Host", host)
			if known && w.Code != 200 {
				t.Errorf("%s by the name %q answers %d %s", path, host, w.Code, w.Body)
			}
			if !known {
				f.refused(w, 403)
			}
		}
	}
	f.refused(f.do("POST", "/_cenote/reset", "", "Host", "evil.example"), 403)
	if f.resets != 0 {
		t.Error("a foreign name reset the data")
	}
}

func TestOtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.send(message.Email, "ann", "ann@example.com", "1")
	id := f.inbox.List(message.Filter{})[0].ID
	writes := []struct{ method, path, body string }{
		{"POST", "/_cenote/reset", ""},
		{"POST", "/_cenote/clock", `{"advance":"1h"}`},
		{"DELETE", "/_cenote/messages", ""},
		{"DELETE", "/_cenote/messages/" + id, ""},
	}
	for _, foreign := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"}, // another port or a neighbour under the same domain
		{"Origin", "http://evil.example"},
		{"Origin", "http://127.0.0.1:3000"},
		{"Origin", "null"},
	} {
		for _, x := range writes {
			f.refused(f.do(x.method, x.path, x.body, foreign...), 403)
		}
		if w := f.do("GET", "/_cenote/messages", "", foreign...); w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%v may read the answer: %v", foreign, w.Header())
		}
	}
	if f.resets != 0 || f.clock.Offset() != 0 || len(f.inbox.List(message.Filter{})) != 1 {
		t.Error("another origin changed something")
	}
	own := []*httptest.ResponseRecorder{
		f.do("POST", "/_cenote/reset", "", "Sec-Fetch-Site", "same-origin"),
		f.do("POST", "/_cenote/reset", "", "Origin", origin),
		f.do("POST", "/_cenote/reset", "", "Sec-Fetch-Site", "none"),
	}
	for _, w := range own {
		if w.Code != 200 {
			t.Errorf("the own page got %d %s", w.Code, w.Body)
		}
	}
}
