package httpd_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/httpd"
)

// named returns a handler that answers its name and the pool of the path.
func named(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.TrimSpace(name+" "+r.PathValue("pool")))
	}
}

func routes(tools bool, ready error) httpd.Routes {
	r := httpd.Routes{API: named("api"), Discovery: named("discovery"), JWKS: named("keys"), Preflight: named("preflight")}
	if tools {
		r.Tools = named("tools")
		r.Ops = ops(ready)
	}
	return r
}

func ops(ready error) *httpd.Ops {
	return &httpd.Ops{
		Ready:   func(context.Context) error { return ready },
		Metrics: named("metrics"),
		Log:     slog.New(slog.DiscardHandler),
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	dev := routes(true, nil).Public()
	serve := routes(false, nil).Public()
	tests := []struct {
		method, path string
		dev, serve   string
	}{
		{"POST", "/", "api", "api"},
		{"POST", "/any//path/..", "api", "api"}, // without a redirect, which would lose the body
		{"POST", "/us-east-1_abc/.well-known/jwks.json", "api", "api"},
		{"OPTIONS", "/", "api", "api"},
		{"GET", "/", "api", "api"},
		{"GET", "/us-east-1_abc/.well-known/jwks.json", "keys us-east-1_abc", "keys us-east-1_abc"},
		{"GET", "/us-east-1_abc/.well-known/openid-configuration", "discovery us-east-1_abc", "discovery us-east-1_abc"},
		{"GET", "/.well-known/openid-configuration/us-east-1_abc", "discovery us-east-1_abc", "discovery us-east-1_abc"},
		{"GET", "/.well-known/oauth-authorization-server/us-east-1_abc", "discovery us-east-1_abc", "discovery us-east-1_abc"},
		{"OPTIONS", "/us-east-1_abc/.well-known/jwks.json", "preflight us-east-1_abc", "preflight us-east-1_abc"},
		{"GET", "/_cenote/messages", "tools", "api"},
		{"POST", "/_cenote/clock", "tools", "api"},
		{"OPTIONS", "/_cenote/clock", "tools", "api"},
		{"GET", "/healthz", "ok", "api"},
		{"GET", "/readyz", "ready", "api"},
		{"GET", "/metrics", "metrics", "api"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				mode    string
				handler http.Handler
				want    string
			}{{"dev", dev, tt.dev}, {"serve", serve, tt.serve}} {
				w := httptest.NewRecorder()
				c.handler.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
				if got := strings.TrimSpace(w.Body.String()); got != c.want {
					t.Errorf("%s: %q, want %q", c.mode, got, c.want)
				}
			}
		})
	}
}

func TestOps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path   string
		ready  error
		status int
		body   string
	}{
		{"/healthz", errors.New("the password is hunter2"), 200, "ok\n"},
		{"/readyz", nil, 200, "ready\n"},
		{"/readyz", errors.New("the password is hunter2"), 503, "not ready\n"},
		{"/metrics", nil, 200, "metrics"},
		{"/", nil, 404, "404 page not found\n"},
	} {
		w := httptest.NewRecorder()
		ops(tt.ready).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.path, nil))
		if w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: %d %q", tt.path, w.Code, w.Body.String())
		}
	}
}

func TestBelieveProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	tests := []struct {
		name, from string
		forwarded  []string
		want       string
	}{
		{"no proxy", "192.0.2.1:5000", nil, "192.0.2.1:5000"},
		{"a stranger's header", "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1:5000"},
		{"one proxy", "10.0.0.1:5000", []string{"198.51.100.7"}, "198.51.100.7:0"},
		{"a chain of proxies", "10.0.0.1:5000", []string{"203.0.113.9, 198.51.100.7, 10.1.1.1"}, "198.51.100.7:0"},
		{"headers of two proxies", "10.0.0.1:5000", []string{"203.0.113.9", "198.51.100.7", "10.1.1.1"}, "198.51.100.7:0"},
		{"IPv6", "[2001:db8::1]:5000", []string{"2001:470::5"}, "[2001:470::5]:0"},
		{"a proxy that says nothing", "10.0.0.1:5000", nil, "10.0.0.1:5000"},
		{"nonsense", "10.0.0.1:5000", []string{"198.51.100.7, unknown"}, "10.0.0.1:5000"},
		{"only proxies", "10.0.0.1:5000", []string{"10.2.2.2"}, "10.0.0.1:5000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			h := httpd.BelieveProxies(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr = tt.from
			for _, v := range tt.forwarded {
				r.Header.Add("X-Forwarded-For", v)
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestForwardedHost(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct{ from, header, want string }{
		{"10.0.0.1:5000", "auth.example.com", "auth.example.com"},
		{"10.0.0.1:5000", "evil.example, auth.example.com", "auth.example.com"},
		{"10.0.0.1:5000", "", "upstream:9229"},
		{"192.0.2.1:5000", "evil.example", "upstream:9229"},
	} {
		got := ""
		h := httpd.BelieveProxies(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Host }))
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr, r.Host = tt.from, "upstream:9229"
		if tt.header != "" {
			r.Header.Set("X-Forwarded-Host", tt.header)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != tt.want {
			t.Errorf("from %s with %q: host %q, want %q", tt.from, tt.header, got, tt.want)
		}
	}
}

func TestServeLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, finish := make(chan struct{}), make(chan struct{})
	port := httpd.Port{Listener: l, Log: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request's context ended with the server's")
		}
		_, _ = io.WriteString(w, "done")
	})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- port.Serve(ctx) }()
	body := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		body <- string(b)
	}()
	<-arrived
	stop()
	select {
	case err := <-ended:
		t.Fatalf("Serve returned %v while a request was under way", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	if got := <-body; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

func TestServeReportsAFailingListener(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := (httpd.Port{Listener: l, Handler: named("x"), Log: slog.New(slog.DiscardHandler)}).Serve(t.Context()); err == nil {
		t.Error("a closed listener served")
	}
}

// A panic outside the API's own phases must not hide among complaints about clients.
func TestPanicsAreShown(t *testing.T) {
	t.Parallel()
	var text lockedBuffer
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	port := httpd.Port{
		Listener: l, Log: slog.New(slog.NewTextHandler(&text, nil)),
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken page") }),
	}
	go func() { served <- port.Serve(ctx) }()
	if resp, err := http.Get("http://" + l.Addr().String() + "/page"); err == nil {
		resp.Body.Close()
		t.Errorf("got status %d from a handler that panicked", resp.StatusCode)
	}
	stop()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"level=ERROR", "broken page", "path=/page", "httpd_test.go"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, text.String())
		}
	}
}

// lockedBuffer is a log that a server's goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
