package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/term"
)

// openTerminal returns both ends of a new pseudo-terminal (pty(7)).
func openTerminal(t *testing.T) (keyboard, line *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var number, unlocked int32
	control := func(request uintptr, argument *int32) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), request, uintptr(unsafe.Pointer(argument))); errno != 0 {
			t.Fatal(errno)
		}
	}
	control(syscall.TIOCSPTLCK, &unlocked)
	control(syscall.TIOCGPTN, &number)
	line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { line.Close(); keyboard.Close() })
	return keyboard, line
}

// conversation is a program at a terminal.
type conversation struct {
	t        *testing.T
	command  *exec.Cmd
	keyboard *os.File
	line     *os.File
	stderr   io.ReadCloser
	seen     bytes.Buffer
}

// converse starts the program; its standard error is read by expect.
func converse(t *testing.T, args ...string) *conversation {
	t.Helper()
	c := &conversation{t: t, command: exec.CommandContext(t.Context(), os.Args[0], args...)}
	c.command.Args[0] = "cenote" // which TestMain runs as the program
	c.keyboard, c.line = openTerminal(t)
	c.command.Stdin = c.line
	c.command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir())
	var err error
	if c.stderr, err = c.command.StderrPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// expect reads standard error until it ends in text.
func (c *conversation) expect(text string) {
	c.t.Helper()
	one := make([]byte, 1)
	for !strings.HasSuffix(c.seen.String(), text) {
		if _, err := c.stderr.Read(one); err != nil {
			c.t.Fatalf("standard error ended with %q, want %q", c.seen.String(), text)
		}
		c.seen.Write(one)
	}
}

// hidden waits until the terminal has another state than the given one: the question
// stands there before the echo is off.
func (c *conversation) hidden(usual *term.State) {
	c.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if !reflect.DeepEqual(c.state(), usual) {
			return
		}
	}
	c.t.Fatal("the echo stays on")
}

func (c *conversation) state() *term.State {
	c.t.Helper()
	state, err := term.GetState(int(c.line.Fd()))
	if err != nil {
		c.t.Fatal(err)
	}
	return state
}

func (c *conversation) typeIn(text string) {
	c.t.Helper()
	if _, err := c.keyboard.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// ends waits for the exit code and returns what the terminal has shown.
func (c *conversation) ends(code int) string {
	c.t.Helper()
	rest, err := io.ReadAll(c.stderr)
	if err != nil {
		c.t.Error(err)
	}
	_ = c.command.Wait() // the exit code says it all
	if got := c.command.ProcessState.ExitCode(); got != code {
		c.t.Errorf("exit code %d, want %d; standard error: %s%s", got, code, c.seen.Bytes(), rest)
	}
	return c.shown()
}

// shown returns what the terminal has echoed. A mark that is typed last ends it.
func (c *conversation) shown() string {
	c.t.Helper()
	const mark = "the-end"
	c.typeIn(mark)
	var screen strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(screen.String(), mark) {
		n, err := c.keyboard.Read(buffer)
		if err != nil {
			c.t.Fatal(err)
		}
		screen.Write(buffer[:n])
	}
	return screen.String()
}

func TestPasswordsAreNotShown(t *testing.T) {
	t.Parallel()
	var got struct{ Username, Password string }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, `{"UserConfirmed":true,"UserSub":"s"}`)
	}))
	defer server.Close()
	c := converse(t, "signup", "--endpoint", server.URL, "--user-pool-id", "us-east-1_x", "--client-id", "x")
	usual := c.state()
	c.expect("User name: ")
	c.typeIn("ann\n")
	for _, question := range []string{"Password: ", "Repeat it: "} {
		c.expect(question)
		c.hidden(usual)
		c.typeIn("Passw0rd!\n")
	}
	if screen := c.ends(0); strings.Contains(screen, "Passw0rd!") || !strings.Contains(screen, "ann") {
		t.Errorf("the terminal showed %q", screen)
	}
	if got.Username != "ann" || got.Password != "Passw0rd!" {
		t.Errorf("sent %+v", got)
	}
	if !reflect.DeepEqual(c.state(), usual) {
		t.Error("the echo stays off")
	}
}

// Who interrupts the program at a password gets the terminal back as it was.
func TestInterruptAtAPassword(t *testing.T) {
	t.Parallel()
	c := converse(t, "login", "ann", "--endpoint", "http://127.0.0.1:1", "--user-pool-id", "us-east-1_x", "--client-id", "x")
	usual := c.state()
	c.expect("Password: ")
	c.hidden(usual)
	if err := c.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.ends(1)
	if !reflect.DeepEqual(c.state(), usual) {
		t.Error("the echo stays off")
	}
}
