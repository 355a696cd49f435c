package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// patience is how long anything may take to be seen.
const patience = 20 * time.Second

// screen is a terminal with a shell, which somebody types at.
type screen struct {
	t       *testing.T
	socket  string
	started int      // commands
	secrets []string // typed, and never to be seen
}

// open starts a shell in a terminal of its own, with the environment of the user commands.
func open(t *testing.T, a app) *screen {
	t.Helper()
	// Not t.TempDir, whose long name may not fit into the address of a socket.
	dir, err := os.MkdirTemp("", "cenote-tmux-")
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, socket: filepath.Join(dir, "socket")}
	t.Cleanup(func() {
		s.checkSecrets()
		s.tmux("kill-server")
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	environment := strings.Join([]string{
		"PATH=" + filepath.Dir(server.program) + ":/usr/bin:/bin", "HOME=" + dir, "PS1='ready$ '",
		"CENOTE_ENDPOINT=" + server.url, "CENOTE_USER_POOL_ID=" + a.pool, "CENOTE_CLIENT_ID=" + a.client,
	}, " ")
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", "50", "exec env -i TERM=$TERM "+environment+" sh")
	s.await(`^ready\$ $`)
	return s
}

// tmux gives a command to the terminal's tmux and returns what it answers.
func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// text returns what is on the screen, without the empty lines at its end.
func (s *screen) text() string {
	s.t.Helper()
	return strings.TrimRight(s.tmux("capture-pane", "-p", "-J"), "\n")
}

// until asks again and again until the answer is yes.
func (s *screen) until(what string, ask func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ask(); <-tick.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within %v. The screen:\n%s", what, patience, s.text())
		}
	}
}

// await waits until a line on the screen matches.
func (s *screen) await(line string) {
	s.t.Helper()
	pattern := regexp.MustCompile("(?m)" + line)
	s.until(line, func() bool { return pattern.MatchString(s.text()) })
}

// enter types a line.
func (s *screen) enter(line string) {
	s.t.Helper()
	s.tmux("send-keys", "-l", "--", line)
	s.tmux("send-keys", "Enter")
}

// start clears the screen and types a command, whose exit code will follow it.
func (s *screen) start(command string) {
	s.t.Helper()
	s.checkSecrets()
	s.started++
	s.enter(fmt.Sprintf(`clear; %s; echo "code %d: $?"`, command, s.started))
}

// answer types the answer to a question that is shown.
func (s *screen) answer(question, answer string) {
	s.t.Helper()
	s.await("^" + regexp.QuoteMeta(question) + ": $")
	s.enter(answer)
}

// answerHidden types what must not be seen, once the terminal has stopped showing it.
func (s *screen) answerHidden(question, answer string) {
	s.t.Helper()
	s.awaitHidden(question)
	s.secrets = append(s.secrets, answer)
	s.enter(answer)
	s.until("the line after "+question, func() bool { return !strings.HasSuffix(s.text(), question+": ") })
}

// awaitHidden waits for a question whose answer the terminal will not show.
func (s *screen) awaitHidden(question string) {
	s.t.Helper()
	s.until(question+", without echo", func() bool { return strings.HasSuffix(s.text(), question+": ") && !s.echoes() })
}

// echoes says whether the terminal shows what is typed.
func (s *screen) echoes() bool {
	s.t.Helper()
	line := strings.TrimSpace(s.tmux("display-message", "-p", "#{pane_tty}"))
	out, err := exec.Command("stty", "-F", line, "-a").CombinedOutput()
	if err != nil {
		s.t.Fatalf("stty: %v\n%s", err, out)
	}
	return !regexp.MustCompile(`(^|\s)-echo(\s|$)`).Match(out)
}

// ends waits for the end of the command and checks its exit code, that its last lines say
// something, and that the terminal shows again what is typed.
func (s *screen) ends(code int, said ...string) {
	s.t.Helper()
	s.await(fmt.Sprintf(`^code %d: \d+$`, s.started))
	text := s.text()
	for _, want := range append(said, fmt.Sprintf("code %d: %d\n", s.started, code)) {
		if !strings.Contains(text, want) {
			s.t.Errorf("the screen lacks %q:\n%s", want, text)
		}
	}
	if !s.echoes() {
		s.t.Error("the terminal does not show any longer what is typed")
	}
}

// checkSecrets fails the test if anything secret is or was on the screen.
func (s *screen) checkSecrets() {
	s.t.Helper()
	text := s.tmux("capture-pane", "-p", "-J", "-S", "-")
	for _, secret := range s.secrets {
		if strings.Contains(text, secret) {
			s.t.Errorf("the screen shows %q:\n%s", secret, text)
		}
	}
}
