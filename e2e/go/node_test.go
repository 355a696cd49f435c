package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rootID and rootSecret are the root access key of all production servers here.
const (
	rootID     = "AKIAE2ETESTROOTKEY00"
	rootSecret = "e2e/root/secret+access+key+0123456789abcd"
)

// patience is how long a test waits for a program before it gives up.
const patience = 30 * time.Second

// cenote returns the program with arguments, in a directory of its own where nothing of the
// test's surroundings counts.
func cenoteCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(built(t), args...)
	c.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CENOTE_") && !strings.HasPrefix(v, "AWS_") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "CENOTE_ROOT_ACCESS_KEY_ID="+rootID, "CENOTE_ROOT_SECRET_ACCESS_KEY="+rootSecret)
	return c
}

// runCenote runs a command that must succeed and returns what it printed.
func runCenote(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := cenoteCommand(t, dir, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, io.MultiWriter(&errs, &book)
	if err := c.Run(); err != nil {
		t.Fatalf("cenote %s: %v\n%s", strings.Join(args, " "), err, &errs)
	}
	return out.String()
}

// node is a running `cenote serve`.
type node struct {
	url, ops string
	dir      string
	process  *os.Process
	exited   chan error
	ended    bool
}

// serve starts a node in a directory, with the flags given besides those for its ports,
// and waits until it serves. It ends with the test.
func serve(t *testing.T, dir string, args ...string) *node {
	t.Helper()
	n := &node{dir: dir, exited: make(chan error, 1)}
	n.ops = freeAddress(t)
	c := cenoteCommand(t, dir, append([]string{"serve", "--listen", "127.0.0.1:0", "--ops-listen", n.ops, "--log-level", "debug"}, args...)...)
	log, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	n.process = c.Process
	serving := make(chan string, 1)
	go func() {
		var last []string
		lines := bufio.NewScanner(log)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			fmt.Fprintln(&book, lines.Text())
			last = append(last[max(0, len(last)-20):], lines.Text())
			var entry struct{ Msg, Listen string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "serving" {
				serving <- entry.Listen
			}
		}
		err := c.Wait()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, strings.Join(last, "\n"))
		}
		n.exited <- err
	}()
	t.Cleanup(func() { n.stop(t) })
	select {
	case address := <-serving:
		n.url = "http://" + address
		book.add("secret access key", rootSecret)
		key := must(os.ReadFile(filepath.Join(dir, "master.key")))(t)
		book.add("master key", strings.TrimSpace(string(key)))
	case err := <-n.exited:
		n.ended = true
		t.Fatalf("cenote serve ended: %v", err)
	case <-time.After(patience):
		t.Fatal("cenote serve does not serve")
	}
	return n
}

// stop ends a node as an operator does, and waits for its end.
func (n *node) stop(t *testing.T) {
	t.Helper()
	if n.ended {
		return
	}
	if err := n.process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	n.wait(t)
}

// kill ends a node as a crash does.
func (n *node) kill(t *testing.T) {
	t.Helper()
	if err := n.process.Kill(); err != nil {
		t.Fatal(err)
	}
	n.ended = true
	<-n.exited
}

// wait waits for a node that was told to end.
func (n *node) wait(t *testing.T) {
	t.Helper()
	n.ended = true
	select {
	case err := <-n.exited:
		if err != nil {
			t.Errorf("cenote serve ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("cenote serve does not end")
		n.process.Kill()
		<-n.exited
	}
}

// scene returns a scene on the node, with the root access key.
func (n *node) scene(t *testing.T) *scene {
	t.Helper()
	return sceneAt(t, n.url, rootID, rootSecret)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually tries until it is so, for some time at most.
func eventually(t *testing.T, within time.Duration, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// sqlite returns the flags for a database in a directory.
func sqlite(dir string) []string {
	return []string{"--database", "sqlite:" + filepath.Join(dir, "cenote.db"), "--master-key-file", filepath.Join(dir, "master.key")}
}
