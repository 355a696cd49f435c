package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/function"
)

const arn = "arn:aws:lambda:us-east-1:000000000000:function:hook"

// serve returns a service with the given entries that runs until the test ends.
func serve(t *testing.T, d function.Deps) *function.Service {
	t.Helper()
	d.Clock, d.Region = clock.New(nil), "us-east-1"
	s, err := function.New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// handler writes the files of a function and returns its folder.
func handler(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func node(t *testing.T, text string) function.Entry {
	t.Helper()
	return function.Entry{
		Pattern: arn, Kind: function.KindProcess, Runtime: function.RuntimeNode, Handler: "index.handler",
		Dir: handler(t, map[string]string{"index.mjs": text}),
	}
}

func python(t *testing.T, text string) function.Entry {
	t.Helper()
	return function.Entry{
		Pattern: "hook", Kind: function.KindProcess, Runtime: function.RuntimePython, Handler: "index.handler",
		Dir: handler(t, map[string]string{"index.py": text}),
	}
}

// slow is an entry with little patience.
func slow(e function.Entry) function.Entry {
	e.Timeout, e.Attempts = 300*time.Millisecond, 1
	return e
}

func do(s *function.Service, payload string) (string, error) {
	out, err := s.Do(context.Background(), function.Call{ARN: arn, Trigger: "PreSignUp_SignUp", Payload: []byte(payload), RequestID: "r1"})
	return string(out), err
}

// A result, or the error that a client of AWS would be told of.
func TestHandlers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entry   function.Entry
		want    string
		message string // of an Error
		refused string // the Name of an InvocationError
	}{
		"node async":       {entry: node(t, `export const handler = async (e) => ({ ...e, response: { ok: true } })`), want: `{"a":1,"response":{"ok":true}}`},
		"node callback":    {entry: node(t, `export const handler = (e, c, done) => { done(null, c.functionName) }`), want: `"hook"`},
		"node succeed":     {entry: node(t, `export const handler = (e, c) => { c.succeed(e) }`), want: `{"a":1}`},
		"node default":     {entry: node(t, `export default { handler: async () => 7 }`), want: `7`},
		"node undefined":   {entry: node(t, `export const handler = async () => {}`), want: `null`},
		"node error":       {entry: node(t, `export const handler = async () => { throw new Error('no such luck') }`), message: "no such luck"},
		"node thrown text": {entry: node(t, `export const handler = async () => { throw 'text' }`), message: "text"},
		"node fail":        {entry: node(t, `export const handler = (e, c) => { c.fail(new Error('failed')) }`), message: "failed"},
		"node callback error": {
			entry: node(t, `export const handler = (e, c, done) => { done(new Error('called back')) }`), message: "called back",
		},
		"node exit": {entry: node(t, `export const handler = async () => { process.exit(3) }`), message: "Runtime exited with error: exit status 3"},
		"node rejection": {
			entry: node(t, `export const handler = () => { Promise.reject(new Error('nobody listens')) }`), message: "nobody listens",
		},
		"node import":  {entry: node(t, `import './missing.mjs'; export const handler = async (e) => e`), message: "missing.mjs"},
		"node missing": {entry: node(t, `export const other = 1`), message: "index.handler is undefined or not exported"},
		"node 7 MiB":   {entry: node(t, `export const handler = async () => 'x'.repeat(7 << 20)`), message: "Response payload size exceeded"},
		"node environment": {
			entry: node(t, `export const handler = async () => [process.env.HOME, process.env.CENOTE_SECRET, process.env.AWS_REGION, process.env._HANDLER]`),
			want:  `[null,null,"us-east-1","index.handler"]`,
		},
		"python":         {entry: python(t, "def handler(event, context):\n    event['response'] = {'name': context.function_name}\n    return event"), want: `{"a": 1, "response": {"name": "hook"}}`},
		"python error":   {entry: python(t, "def handler(event, context):\n    raise ValueError('wrong value')"), message: "wrong value"},
		"python import":  {entry: python(t, "import nothing_of_the_kind\ndef handler(e, c): return e"), message: "No module named 'nothing_of_the_kind'"},
		"python missing": {entry: python(t, "x = 1"), message: "has no attribute 'handler'"},
		"no program": {
			entry:   function.Entry{Pattern: "*", Kind: function.KindProcess, Runtime: function.RuntimeProvided, Command: []string{"/nowhere/bootstrap"}},
			message: "Couldn't start the function",
		},
		"unknown function": {entry: function.Entry{Pattern: "*:other", Kind: function.KindInvoke}, refused: "ResourceNotFoundException"},
		"unreachable":      {entry: function.Entry{Pattern: "*", Kind: function.KindInvoke, Endpoint: "http://127.0.0.1:1"}, refused: "ServiceException"},
		"slow": {
			entry:   slow(node(t, `export const handler = () => new Promise(() => setInterval(() => {}, 1000))`)),
			refused: function.TimeoutName,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := do(serve(t, function.Deps{Entries: []function.Entry{c.entry}}), `{"a":1}`)
			told, failed := errors.AsType[*function.Error](err)
			not, refused := errors.AsType[*function.InvocationError](err)
			switch {
			case c.message != "":
				if !failed || !strings.Contains(told.Message, c.message) {
					t.Errorf("error %v, want a message with %q", err, c.message)
				}
			case c.refused != "":
				if !refused || not.Name != c.refused {
					t.Errorf("error %v, want %s", err, c.refused)
				}
			case err != nil || got != c.want:
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// What a function keeps in memory tells whether it is the same process.
const counting = `let n = 0; export const handler = async (e) => { if (e.die) process.exit(1); return ++n }`

func want(t *testing.T, s *function.Service, payload, result string) {
	t.Helper()
	if got, err := do(s, payload); err != nil || got != result {
		t.Fatalf("%s gives %q, %v, want %q", payload, got, err, result)
	}
}

func TestProcessesStayWarmAndAreReplaced(t *testing.T) {
	t.Parallel()
	s := serve(t, function.Deps{Entries: []function.Entry{node(t, counting)}})
	want(t, s, `{}`, "1")
	want(t, s, `{}`, "2")
	if _, err := do(s, `{"die":true}`); err == nil {
		t.Fatal("a process that dies gives a result")
	}
	want(t, s, `{}`, "1")
}

// The call after one that was given up is not told of the process that ended with it, although
// it has one attempt only.
func TestEndedProcessesTakeNothing(t *testing.T) {
	t.Parallel()
	e := node(t, `export const handler = (e) => e.hang ? new Promise(() => setInterval(() => {}, 1000)) : Promise.resolve(1)`)
	e.Timeout, e.Attempts, e.Concurrency = 2*time.Second, 1, 1
	s := serve(t, function.Deps{Entries: []function.Entry{e}})
	want(t, s, `{}`, "1")
	if _, err := do(s, `{"hang":true}`); !strings.Contains(errorText(err), function.TimeoutName) {
		t.Fatalf("error %v", err)
	}
	want(t, s, `{}`, "1")
}

// What a handler prints is on the console as it is, or else in the log.
func TestOutput(t *testing.T) {
	t.Parallel()
	printing := `export const handler = async (event) => { console.log('got', event); console.error('again'); return 1 }`
	for _, console := range []bool{true, false} {
		log, terminal := &lines{}, &lines{}
		d := function.Deps{Entries: []function.Entry{node(t, printing)}, Log: slog.New(slog.NewTextHandler(log, nil))}
		wanted, other := log, terminal
		texts := []string{`level=INFO msg="function output" function=` + arn + ``, `line="got { a: 1 }"`, "line=again"}
		if console {
			d.Console, wanted, other, texts = terminal, terminal, log, []string{"hook: got { a: 1 }\n", "hook: again\n"}
		}
		want(t, serve(t, d), `{"a":1}`, "1")
		for _, text := range texts {
			if !eventually(func() bool { return strings.Contains(wanted.String(), text) }) {
				t.Errorf("%q is not in:\n%s", text, wanted)
			}
		}
		if text := other.String(); text != "" {
			t.Errorf("printed twice:\n%s", text)
		}
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Unix(1_800_000_000, 0)
	entry := node(t, `export const handler = async () => 'old'`)
	d := function.Deps{Entries: []function.Entry{entry}, Reload: true, Clock: clock.New(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	})}
	s, err := function.New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	want(t, s, `{}`, `"old"`)
	for _, text := range []string{`export const handler = async () => 'newer'`, `syntax error`, `export const handler = async () => 'newest'`} {
		if err := os.WriteFile(filepath.Join(entry.Dir, "index.mjs"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		now = now.Add(time.Second)
		mu.Unlock()
		if text == "syntax error" {
			if _, err := do(s, `{}`); err == nil {
				t.Fatal("a handler with a syntax error gives a result")
			}
			continue
		}
		want(t, s, `{}`, `"`+strings.Split(text, "'")[1]+`"`)
	}
}

// A function that hangs keeps nobody waiting but its own callers, and one process at a
// time serves all who call.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	hanging := slow(node(t, `export const handler = () => new Promise(() => setInterval(() => {}, 1000))`))
	hanging.Pattern, hanging.Timeout = "hanging", 3*time.Second
	one := node(t, `export const handler = async (e) => e.n`)
	one.Concurrency = 1
	s := serve(t, function.Deps{Entries: []function.Entry{hanging, one}})
	ctx, cancel := context.WithCancel(t.Context())
	var stuck, group sync.WaitGroup
	for range 8 {
		stuck.Go(func() {
			_, _ = s.Do(ctx, function.Call{ARN: strings.Replace(arn, "hook", "hanging", 1), Payload: []byte(`{}`)})
		})
	}
	for range 32 {
		group.Go(func() {
			if got, err := do(s, `{"n":7}`); err != nil || got != "7" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	group.Wait()
	cancel()
	stuck.Wait()
}

// What a function has forked ends with it.
func TestForksEnd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("there is no sleep")
	}
	s := serve(t, function.Deps{Entries: []function.Entry{node(t, `
		import { spawn } from 'node:child_process';
		export const handler = async () => spawn('sleep', ['600']).pid`)}})
	pid, err := do(s, `{}`)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if !eventually(func() bool { return ended(pid) }) {
		t.Errorf("process %s is alive", pid)
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct{ Status int }
		body := readAll(t, r.Body)
		if err := json.Unmarshal(body, &event); err != nil {
			t.Error(err)
		}
		for i, secret := range []string{"new", "old"} {
			if got := r.Header.Values("Cenote-Signature")[i]; got != "v1="+signed(secret, r.Header.Get("Cenote-Timestamp"), body) {
				t.Errorf("signature %q", got)
			}
		}
		if r.Header.Get("Cenote-Trigger") != "PreSignUp" || r.Header.Get("Cenote-Trigger-Source") != "PreSignUp_SignUp" || r.Header.Get("Cenote-Request-Id") != "r1" {
			t.Errorf("headers %v", r.Header)
		}
		w.WriteHeader(event.Status)
		switch event.Status {
		case 200:
			_, _ = w.Write([]byte(`{"response":{"autoConfirmUser":true}}`))
		case 400:
			_, _ = w.Write([]byte(`{"errorMessage":"not today"}`))
		}
	}))
	t.Cleanup(hook.Close)
	s := serve(t, function.Deps{Entries: []function.Entry{{
		Pattern: "*", Kind: function.KindWebhook, URL: hook.URL, Secrets: []string{"new", "old"},
	}}})
	want(t, s, `{"status":200}`, `{"response":{"autoConfirmUser":true}}`)
	want(t, s, `{"status":204}`, `{"status":204}`)
	if _, err := do(s, `{"status":400}`); err == nil || err.Error() != "not today" {
		t.Errorf("error %v", err)
	}
	if _, err := do(s, `{"status":500}`); !strings.HasPrefix(errorText(err), "ServiceException") {
		t.Errorf("error %v", err)
	}
}

func TestEntriesAreChecked(t *testing.T) {
	t.Parallel()
	for _, e := range []function.Entry{
		{Kind: function.KindInvoke},
		{Pattern: "*"},
		{Pattern: "*", Kind: "container"},
		{Pattern: "*", Kind: function.KindProcess},
		{Pattern: "*", Kind: function.KindProcess, Runtime: "java21"},
		{Pattern: "*", Kind: function.KindProcess, Runtime: function.RuntimeNode, Dir: "x"},
		{Pattern: "*", Kind: function.KindProcess, Runtime: function.RuntimeProvided},
		{Pattern: "*", Kind: function.KindWebhook, URL: "https://example.com"},
		{Pattern: "*", Kind: function.KindWebhook, URL: "http://example.com", Secrets: []string{"s"}},
		{Pattern: "*", Kind: function.KindInvoke, AccessKeyID: "AKIA"},
		{Pattern: "*", Kind: function.KindInvoke, Timeout: -1},
	} {
		if _, err := function.New(function.Deps{Entries: []function.Entry{e}}); err == nil {
			t.Errorf("%+v is taken", e)
		}
	}
}

func TestResolution(t *testing.T) {
	t.Parallel()
	answer := func(text string) function.Entry {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
		t.Cleanup(server.Close)
		return function.Entry{Kind: function.KindInvoke, Endpoint: server.URL}
	}
	var entries []function.Entry
	for pattern, text := range map[string]string{
		"*": `"any"`, "*:function:ho*": `"glob"`, "hook:live": `"name and qualifier"`, arn + ":v2": `"arn"`, "other": `"name"`,
	} {
		e := answer(text)
		e.Pattern = pattern
		entries = append(entries, e)
	}
	s := serve(t, function.Deps{Entries: entries})
	for asked, text := range map[string]string{
		arn: `"glob"`, arn + ":live": `"name and qualifier"`, arn + ":v2": `"arn"`,
		strings.Replace(arn, "hook", "other", 1): `"name"`, strings.Replace(arn, "hook", "else", 1): `"any"`,
	} {
		if got, err := s.Do(t.Context(), function.Call{ARN: asked, Payload: []byte(`{}`)}); err != nil || string(got) != text {
			t.Errorf("%s: %s, %v, want %s", asked, got, err, text)
		}
	}
}
