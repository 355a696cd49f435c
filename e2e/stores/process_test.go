//go:build stores

package stores

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// process is a program that was started for the tests.
type process struct {
	name    string
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the program has ended
	logFile string
}

// workshop is where programs work: a directory and the account that may write there.
type workshop struct {
	dir  string
	attr syscall.SysProcAttr
}

// newWorkshop makes a directory, below another, for programs that refuse to run as root.
func newWorkshop(above, name string) (*workshop, error) {
	dir, err := os.MkdirTemp(above, name+"-")
	if err != nil {
		return nil, err
	}
	w := &workshop{dir: dir, attr: syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}
	if os.Getuid() != 0 {
		return w, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, err
	}
	w.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return w, os.Chown(dir, uid, gid)
}

// launch starts a program. Its output goes to a file.
func (w *workshop) launch(name string, env []string, path string, args ...string) (*process, error) {
	p := &process{name: name, ended: make(chan struct{}), logFile: filepath.Join(w.dir, name+".log")}
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(path, args...)
	p.cmd.Dir, p.cmd.SysProcAttr = w.dir, &w.attr
	p.cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+w.dir)
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.cmd.Wait() // what it ended with is in its log
		close(p.ended)
	}()
	return p, nil
}

// alive fails once the process has ended.
func (p *process) alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s has ended: %s", p.name, p.tail())
	default:
		return nil
	}
}

// stop asks the process to end, and makes it after 20 seconds.
func (p *process) stop(ask os.Signal) {
	p.cmd.Process.Signal(ask) // it may have ended already
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.kill()
	}
}

// kill ends the process at once, as a crash would.
func (p *process) kill() {
	p.cmd.Process.Kill() // it may have ended already
	<-p.ended
}

// tail returns the last of what the process has said.
func (p *process) tail() string {
	log, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}
