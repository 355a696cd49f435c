package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cenote-id/cenote/internal/store/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cenote": main})
}

// TestScripts runs the program as people and their tools run it: testdata/*.txtar.
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/*.txtar", nil)
}

// TestPostgres runs the scripts that need a PostgreSQL server, DATABASE.
// Production refuses one that may lose commits.
func TestPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, "fsync=on")
	runScripts(t, "testdata/postgres/*.txtar", func() string { return server.Database(t) })
}

func runScripts(t *testing.T, pattern string, database func() string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"LISTEN", "OPS", "OTHER"} {
				address, err := freeAddress(t.Context())
				if err != nil {
					return err
				}
				e.Setenv(name, address)
				e.Setenv(name+"_PORT", address[strings.LastIndex(address, ":")+1:])
			}
			if database != nil {
				e.Setenv("DATABASE", database())
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "ready": ready, "call": call, "setenv-from": setenvFrom, "mode": mode, "empty": empty,
		},
	})
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// exits runs `exits CODE PROGRAM ARGS...` and checks the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("the exit code is %d, want %s", code, args[0])
	}
}

// ready waits, as `ready ADDRESS`, until the server there is ready; `! ready ADDRESS`
// until nobody answers.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		answer, err := http.Get("http://" + args[0] + "/readyz")
		if err != nil {
			if neg {
				return
			}
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK && !neg {
			return
		}
	}
	ts.Fatalf("%s is not as expected", args[0])
}

// call makes a call, `call ADDRESS OPERATION BODY`, signed with the key in KEY_ID and
// KEY_SECRET where there is one. It prints the answer, and fails unless that is 200.
func call(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: call ADDRESS OPERATION BODY")
	}
	body := []byte(args[2])
	r, err := http.NewRequest(http.MethodPost, "http://"+args[0]+"/", bytes.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+args[1])
	if id := ts.Getenv("KEY_ID"); id != "" {
		hash := sha256.Sum256(body)
		ts.Check(sigv4.New().SignRequest(&sigv4.SignRequestInput{
			Request: r, PayloadHash: hash[:], Service: "cognito-idp", Region: "us-east-1",
			Credentials: credentials.Credentials{AccessKeyID: id, SecretAccessKey: ts.Getenv("KEY_SECRET")},
		}))
	}
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	_, err = io.Copy(ts.Stdout(), answer.Body)
	ts.Check(err)
	if (answer.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("%s answers %s", args[1], answer.Status)
	}
}

// setenvFrom sets a variable to what follows a text in a file, up to the end of the line
// or a quotation mark: `setenv-from NAME FILE TEXT`.
func setenvFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: setenv-from NAME FILE TEXT")
	}
	_, rest, found := strings.Cut(ts.ReadFile(args[1]), args[2])
	if !found {
		ts.Fatalf("%s does not have %q", args[1], args[2])
	}
	if end := strings.IndexAny(rest, "\"\r\n"); end >= 0 {
		rest = rest[:end]
	}
	ts.Setenv(args[0], rest)
}

// mode checks a file's permissions: `mode 0600 FILE`.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode MODE FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("the mode of %s is %04o, want %s", args[1], got, args[0])
	}
}

// empty checks that a directory has no files, or `! empty DIR` that it has.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: empty DIR")
	}
	files, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if (len(files) == 0) == neg {
		ts.Fatalf("%s has %d files", args[0], len(files))
	}
}
