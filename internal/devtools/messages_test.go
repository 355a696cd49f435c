package devtools_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
)

func TestMessagesAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.send(message.Email, "ann", "ann+test@example.com", "1")
	f.send(message.SMS, "bob", "+15555550100", "2")
	f.send(message.SMS, "ann", "+15555550111", "3")
	f.sendFrom(&cognitoidp.UserPoolType{Id: new("us-east-1_other0000")}, message.Email, "b+b", "bob@example.com", "4")

	tests := []struct{ query, want string }{
		{"", "4 3 2 1"},
		{"?limit=2", "4 3"},
		{"?to=bob@example.com", "4"},
		{"?to=bob", ""},
		{"?to=%2B15555550100", "2"},
		{"?to=+15555550100", "2"},
		{"?to=ann+test@example.com", "1"},
		{"?username=ann", "3 1"},
		{"?username=b+b", "4"},
		{"?username=ann&medium=SMS", "3"},
		{"?medium=email", "4 1"},
		{"?userPoolId=us-east-1_AbCdEfGhI&limit=1", "3"},
		{"?to=&username=&medium=&userPoolId=", "4 3 2 1"},
		{"?to=bob@example.com&wait=5s", "4"},
		{"?to=nobody@example.com&wait=0s", ""},
		{"?to=nobody@example.com&wait=1ns", ""},
	}
	for _, tt := range tests {
		if got := f.codes(f.do("GET", "/_cenote/messages"+tt.query, "")); got != tt.want {
			t.Errorf("%q lists %q, want %q", tt.query, got, tt.want)
		}
	}
}

func TestMessagesHaveTheMembersOfTheContract(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.send(message.Email, "ann", "ann@example.com", "123456")
	w := f.do("GET", "/_cenote/messages", "")
	var got struct{ Messages []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Messages) != 1 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if id, _ := got.Messages[0]["id"].(string); id == "" {
		t.Error("the message has no id")
	}
	delete(got.Messages[0], "id")
	want := map[string]any{
		"time": "2026-11-22T09:00:00.123Z", "userPoolId": "us-east-1_AbCdEfGhI", "clientId": "client", "username": "ann",
		"medium": "EMAIL", "destination": "ann@example.com", "subject": "Your verification code",
		"body": "Your verification code is 123456.", "code": "123456", "link": "", "source": "SignUp",
		"userPoolName": "", "from": "no-reply@verificationemail.com", "replyTo": "", "text": "Your verification code is 123456.",
	}
	if diff := cmp.Diff(want, got.Messages[0]); diff != "" {
		t.Error(diff)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for query, want := range map[string]string{
		"limit=0":                    "limit must be",
		"limit=-1":                   "limit must be",
		"limit=ten":                  "limit must be",
		"limit=":                     "limit must be",
		"limit=99999999999999999999": "limit must be",
		"wait=5":                     "wait must be",
		"wait=-1s":                   "wait must be",
		"wait=soon":                  "wait must be",
		"wait=":                      "wait must be",
		"medium=PIGEON":              "medium must be",
		"email=ann@example.com":      `no parameter "email"`,
		"To=ann@example.com":         `no parameter "To"`,
		"to=a&to=b":                  "more than once",
		"to=%zz":                     "malformed",
		"to=a;username=b":            "malformed",
	} {
		if got := f.refused(f.do("GET", "/_cenote/messages?"+query, ""), 400); !strings.Contains(got, want) {
			t.Errorf("%q is refused with %q, want %q", query, got, want)
		}
	}
}

func TestMessagesAreDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for _, code := range []string{"1", "2", "3"} {
		f.send(message.Email, "ann", "ann@example.com", code)
	}
	second := f.inbox.List(message.Filter{})[1].ID
	if w := f.do("DELETE", "/_cenote/messages/"+second, ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "{}" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f.refused(f.do("DELETE", "/_cenote/messages/"+second, ""), 404)
	f.refused(f.do("DELETE", "/_cenote/messages?to=ann@example.com", ""), 400)
	if got := f.codes(f.do("GET", "/_cenote/messages", "")); got != "3 1" {
		t.Errorf("left are %q", got)
	}
	if w := f.do("DELETE", "/_cenote/messages", ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "{}" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := f.codes(f.do("GET", "/_cenote/messages", "")); got != "" {
		t.Errorf("left are %q", got)
	}
}

// begin makes a request that may wait, and returns where its response arrives.
func (f *fixture) begin(path string, headers ...string) <-chan *httptest.ResponseRecorder {
	done := make(chan *httptest.ResponseRecorder, 1)
	go func() { done <- f.do("GET", path, "", headers...) }()
	synctest.Wait()
	return done
}

func TestWaitEndsWithTheFirstMatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.send(message.Email, "ann", "ann@example.com", "1")
		began := time.Now()
		response := f.begin("/_cenote/messages?to=bob@example.com&wait=30s")
		f.send(message.Email, "ann", "ann@example.com", "2")
		synctest.Wait()
		select {
		case w := <-response:
			t.Fatalf("answered without a match: %s", w.Body)
		default:
		}
		f.send(message.Email, "bob", "bob@example.com", "3")
		if got := f.codes(<-response); got != "3" || time.Since(began) != 0 {
			t.Errorf("got %q after %v", got, time.Since(began))
		}
	})
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	for wait, want := range map[string]time.Duration{"5s": 5 * time.Second, "1h": time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, nil)
			began := time.Now()
			if got := f.codes(<-f.begin("/_cenote/messages?wait=" + wait)); got != "" {
				t.Errorf("got %q", got)
			}
			if took := time.Since(began); took != want {
				t.Errorf("wait=%s took %v", wait, took)
			}
		})
	}
}

func TestWaitEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		began, done := time.Now(), make(chan struct{})
		go func() {
			defer close(done)
			r := httptest.NewRequestWithContext(ctx, "GET", origin+"/_cenote/messages?wait=60s", nil)
			f.handler.ServeHTTP(httptest.NewRecorder(), r)
		}()
		synctest.Wait()
		cancel()
		<-done
		if took := time.Since(began); took != 0 {
			t.Errorf("waited for %v", took)
		}
	})
}

// piped is a listener of one connection, in memory, whose deadlines follow the bubble's time.
type piped chan net.Conn

func (p piped) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p piped) Close() error   { return nil }
func (p piped) Addr() net.Addr { return &net.TCPAddr{} }

func TestWaitOutlastsTheLimitsOfTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		near, far := net.Pipe()
		listener := make(piped, 1)
		listener <- far
		server := &http.Server{Handler: f.handler, ReadTimeout: time.Second, WriteTimeout: time.Second}
		ended := make(chan error)
		go func() { ended <- server.Serve(listener) }()

		began := time.Now()
		if _, err := io.WriteString(near, "GET /_cenote/messages?wait=40s HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(30*time.Second, func() { f.send(message.SMS, "ann", "+15555550100", "1") })
		w, err := http.ReadResponse(bufio.NewReader(near), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		body, err := io.ReadAll(w.Body)
		if took := time.Since(began); err != nil || took != 30*time.Second || !strings.Contains(string(body), `"code":"1"`) {
			t.Errorf("after %v: %v %s", took, err, body)
		}
		close(listener)
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestChangesAreFollowedByETag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		tag := f.do("GET", "/_cenote/messages", "").Header().Get("ETag")
		next := func(change func(), want string) {
			t.Helper()
			response := f.begin("/_cenote/messages?wait=30s", "If-None-Match", tag)
			change()
			w := <-response
			if got := f.codes(w); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if w.Header().Get("ETag") == tag {
				t.Error("another list has the same tag")
			}
			tag = w.Header().Get("ETag")
		}
		next(func() { f.send(message.Email, "ann", "ann@example.com", "1") }, "1")
		next(func() { f.send(message.Email, "ann", "ann@example.com", "2") }, "2 1")
		next(func() { f.inbox.Delete(f.inbox.List(message.Filter{})[1].ID) }, "2")
		next(f.inbox.Clear, "")

		began := time.Now()
		w := <-f.begin("/_cenote/messages?wait=30s", "If-None-Match", tag)
		if w.Code != http.StatusNotModified || w.Body.Len() != 0 || time.Since(began) != 30*time.Second {
			t.Errorf("without a change: %d %q after %v", w.Code, w.Body, time.Since(began))
		}
		if w := f.do("GET", "/_cenote/messages", "", "If-None-Match", tag); w.Code != http.StatusNotModified {
			t.Errorf("without a wait: %d", w.Code)
		}
	})
}
