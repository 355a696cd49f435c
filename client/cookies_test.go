package client_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

// setCookies stores items in the cookies of an exchange and returns its Set-Cookie lines.
func setCookies(t *testing.T, options client.CookieOptions, items map[string]string) []string {
	t.Helper()
	w := httptest.NewRecorder()
	cookies := client.NewCookies(w, httptest.NewRequest(http.MethodGet, "/", nil), options)
	if err := cookies.Set(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	return w.Header().Values("Set-Cookie")
}

func TestCookieAttributes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options client.CookieOptions
		want    string
	}{
		"default": {want: "k=v; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"},
		"all set": {
			client.CookieOptions{Domain: "example.com", Path: "/app", MaxAge: time.Hour, SameSite: http.SameSiteStrictMode, Insecure: true, Readable: true},
			"k=v; Path=/app; Domain=example.com; Max-Age=3600; SameSite=Strict",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{test.want}, setCookies(t, test.options, map[string]string{"k": "v"})); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCookieNames(t *testing.T) {
	t.Parallel()
	// As js-cookie, on which amazon-cognito-identity-js builds, encodes names.
	key := "CognitoIdentityServiceProvider.abc.zoë+1@example.com.idToken"
	want := "CognitoIdentityServiceProvider.abc.zo%C3%AB+1%40example.com.idToken"
	lines := setCookies(t, client.CookieOptions{}, map[string]string{key: "v"})
	if len(lines) != 1 || !strings.HasPrefix(lines[0], want+"=v;") {
		t.Errorf("Set-Cookie %q, want the name %q", lines, want)
	}
}

// A browser keeps 4096 bytes of each cookie. Values of any length up to the limit come
// back, and a shorter value leaves no pieces of a longer one behind.
func TestLongValuesAreCut(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	url := httptest.NewRequest(http.MethodGet, "https://app.example.com/", nil).URL
	exchange := func(use func(*client.Cookies)) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, url.String(), nil)
		for _, cookie := range jar.Cookies(url) {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		use(client.NewCookies(w, r, client.CookieOptions{}))
		set := w.Result().Cookies()
		for _, cookie := range set {
			if len(cookie.Name)+len(cookie.Value) > 4096 {
				t.Errorf("cookie %s has %d bytes", cookie.Name, len(cookie.Name)+len(cookie.Value))
			}
		}
		jar.SetCookies(url, set)
	}
	for _, size := range []int{1, 4095, 4096, 4097, 9000, 60_000, 4090, 0, 8200} {
		value := strings.Repeat("x", size)
		exchange(func(c *client.Cookies) {
			if err := c.Set(t.Context(), map[string]string{"k": value}); err != nil {
				t.Fatal(err)
			}
		})
		exchange(func(c *client.Cookies) {
			got, err := c.Get(t.Context(), "k")
			if err != nil || got["k"] != value {
				t.Errorf("%d bytes came back as %d, error %v", size, len(got["k"]), err)
			}
		})
	}
	exchange(func(c *client.Cookies) {
		if err := c.Set(t.Context(), map[string]string{"a": "1", "k": strings.Repeat("x", 100_000)}); err == nil {
			t.Error("a value of 100 kB was stored")
		}
		if got, _ := c.Get(t.Context(), "a"); len(got) != 0 {
			t.Error("half of the items was stored")
		}
	})
	exchange(func(c *client.Cookies) {
		if err := c.Remove(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	})
	if left := jar.Cookies(url); len(left) != 0 {
		t.Errorf("left in the browser: %v", left)
	}
}

// Within one response the last word counts, once.
func TestCookiesAreSetOnce(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "other", Value: "1"})
	cookies := client.NewCookies(w, httptest.NewRequest(http.MethodGet, "/", nil), client.CookieOptions{})
	for _, value := range []string{"1", "2"} {
		if err := cookies.Set(t.Context(), map[string]string{"k": value}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"other=1", "k=2; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"}
	if diff := cmp.Diff(want, w.Header().Values("Set-Cookie")); diff != "" {
		t.Errorf("Set-Cookie (-want +got):\n%s", diff)
	}
}

// A web application: sign in with one request, use and refresh the session with others.
func TestCookieSession(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": flow(func(request) answer { return signedIn(refreshed(tokenSet(now, 2))) }),
		"GetUser":      func(request) answer { return ok(`{"Username":"alice","UserAttributes":[]}`) },
	}}
	pool := newPool(t, s, func(c *client.Config) { c.Now = func() time.Time { return now } })
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		pool := pool.WithStorage(client.NewCookies(w, r, client.CookieOptions{}))
		if _, err := pool.User("alice").SignIn(r.Context(), "x", client.WithFlow(client.PasswordFlow)); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		session, err := pool.WithStorage(client.NewCookies(w, r, client.CookieOptions{})).CurrentSession(r.Context())
		if err == nil {
			_, err = session.UserData(r.Context())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	})
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	browser := server.Client()
	var err error
	if browser.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	visit := func(method, path string, want, cookies int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want || len(resp.Cookies()) != cookies {
			t.Errorf("%s %s: status %d setting %d cookies, want %d setting %d", method, path, resp.StatusCode, len(resp.Cookies()), want, cookies)
		}
	}
	visit(http.MethodGet, "/", http.StatusUnauthorized, 0)
	visit(http.MethodPost, "/login", http.StatusOK, 5)
	visit(http.MethodGet, "/", http.StatusOK, 0)
	now = now.Add(2 * time.Hour)
	visit(http.MethodGet, "/", http.StatusOK, 5)
	visit(http.MethodGet, "/", http.StatusOK, 0)
}

// Whatever cookies a request brings, reading them does no harm.
func FuzzCookies(f *testing.F) {
	f.Add("k=v; k.0=a; k.1=b")
	f.Add("k.0=%zz; k.1=%")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", header)
		cookies := client.NewCookies(httptest.NewRecorder(), r, client.CookieOptions{})
		got, err := cookies.Get(t.Context(), "k")
		if err != nil || len(got) > 1 {
			t.Errorf("%v, error %v", got, err)
		}
		if err := cookies.Remove(t.Context(), "k"); err != nil {
			t.Error(err)
		}
		if got, _ := cookies.Get(t.Context(), "k"); len(got) != 0 {
			t.Errorf("%v is left", got)
		}
	})
}
