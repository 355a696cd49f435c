package function

import (
	"bufio"
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bootstraps are the starters of handler files: each speaks the Runtime API for one.
//
//go:embed bootstrap/bootstrap.mjs bootstrap/bootstrap.py
var bootstraps embed.FS

// initTime is how long a process may take until it asks for work (Lambda's init phase).
const initTime = 10 * time.Second

// lifetime bounds how long a process lives whose credentials do not end before.
const lifetime = 12 * time.Hour

// process is a child that speaks the Runtime API. One invocation is under way at a time;
// between two, the process is owned by whoever took it from the pool.
type process struct {
	pool    *processes
	files   string // the fingerprint of the handler's files when it started
	since   time.Time
	until   time.Time // when its credentials end
	command *exec.Cmd
	folder  string // its bootstrap's; removed with it
	server  *http.Server

	ready  chan struct{}      // closed at the first request for work
	begun  sync.Once          // closes ready
	work   chan *invocation   // handed to the request for work
	exited chan struct{}      // closed when the child has ended
	status string             // how it ended; read after exited
	failed chan *Error        // holds the error of the init phase
	killed context.CancelFunc // ends the child

	mu      sync.Mutex
	current *invocation
}

// invocation is an event on its way through a child.
type invocation struct {
	call     Call
	id       string
	trace    string
	deadline time.Time
	done     chan outcome // holds one
}

type outcome struct {
	result []byte
	err    error
}

// startProcess starts a child and waits until it asks for work, as long as the init phase
// may take.
func startProcess(pool *processes, files string) (*process, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, &InvocationError{Name: "ServiceException", Cause: err}
	}
	secret := make([]byte, 16)
	if _, err := io.ReadFull(pool.service.deps.Random, secret); err != nil {
		listener.Close()
		return nil, &InvocationError{Name: "ServiceException", Cause: err}
	}
	p := &process{
		pool: pool, files: files, since: pool.service.deps.Clock.Outside(),
		ready: make(chan struct{}), work: make(chan *invocation), exited: make(chan struct{}), failed: make(chan *Error, 1),
	}
	address := listener.Addr().String()
	prefix := ""
	if pool.entry.Runtime != RuntimeProvided {
		// Others on this machine can reach the port, too; our own starters can keep a secret,
		// while official runtime clients take a host and a port only.
		prefix = "/" + hex.EncodeToString(secret)
	}
	p.server = &http.Server{Handler: p.runtimeAPI(prefix), ReadHeaderTimeout: initTime}
	go func() { _ = p.server.Serve(listener) }() // ends with Close
	if err := p.spawn(address + prefix); err != nil {
		_ = p.server.Close() // nobody has come yet
		return nil, &Error{Message: "RequestId: " + zeroID + " Error: Couldn't start the function: " + err.Error(), Type: "Runtime.InvalidEntrypoint"}
	}
	return p, p.awaitReady()
}

// zeroID stands for a request where there is none.
const zeroID = "00000000-0000-0000-0000-000000000000"

func (p *process) awaitReady() error {
	limit := time.NewTimer(initTime)
	defer limit.Stop()
	select {
	case <-p.ready:
		return nil
	case e := <-p.failed:
		p.kill()
		return e
	case <-p.exited:
		p.kill()
		select {
		case e := <-p.failed: // it said why before it went
			return e
		default:
			return p.exitError(zeroID)
		}
	case <-limit.C:
		p.kill()
		return &Error{Message: "RequestId: " + zeroID + " Error: Init phase timed out after 10.00 seconds", Type: "Sandbox.Timedout"}
	}
}

func (p *process) exitError(id string) *Error {
	return &Error{Message: "RequestId: " + id + " Error: Runtime exited with error: " + p.status, Type: "Runtime.ExitError"}
}

// spawn runs the child in a process group of its own, so that what it forks ends with it.
func (p *process) spawn(api string) error {
	argv, err := p.argv()
	if err != nil {
		return err
	}
	ctx, kill := context.WithCancel(context.Background())
	p.killed = kill
	p.command = exec.CommandContext(ctx, argv[0], argv[1:]...)
	p.command.Dir = p.pool.entry.Dir
	isolate(p.command)
	p.command.WaitDelay = time.Second
	if p.command.Env, err = p.environment(api); err != nil {
		kill()
		return err
	}
	out, in, err := os.Pipe()
	if err != nil {
		kill()
		return err
	}
	p.command.Stdout, p.command.Stderr = in, in
	err = p.command.Start()
	in.Close()
	if err != nil {
		out.Close()
		kill()
		os.RemoveAll(p.folder)
		return err
	}
	go p.log(out)
	go p.wait()
	return nil
}

func (p *process) wait() {
	err := p.command.Wait()
	p.status = "exit status 0"
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		p.status = exit.String()
	} else if err != nil {
		p.status = err.Error()
	}
	endGroup(p.command)
	close(p.exited)
	os.RemoveAll(p.folder)
}

// argv is what to run: the interpreter with our bootstrap, or the entry's own command.
func (p *process) argv() ([]string, error) {
	e := p.pool.entry
	switch e.Runtime {
	case RuntimeNode:
		return p.interpreted(e.Command, []string{"node"}, "bootstrap.mjs")
	case RuntimePython:
		return p.interpreted(e.Command, []string{"python3"}, "bootstrap.py")
	default:
		program, err := exec.LookPath(e.Command[0])
		if err != nil {
			// A path is meant from the function's folder.
			if program, err = exec.LookPath(filepath.Join(e.Dir, e.Command[0])); err != nil {
				return nil, err
			}
		}
		program, err = filepath.Abs(program)
		return append([]string{program}, e.Command[1:]...), err
	}
}

func (p *process) interpreted(command, otherwise []string, bootstrap string) ([]string, error) {
	if len(command) == 0 {
		command = otherwise
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return nil, err
	}
	if p.folder, err = os.MkdirTemp("", "cenote-function-"); err != nil {
		return nil, err
	}
	text, err := bootstraps.ReadFile("bootstrap/" + bootstrap)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(p.folder, bootstrap)
	return slices.Concat([]string{program}, command[1:], []string{file}), os.WriteFile(file, text, 0o600)
}

// environment is all that the child sees: Lambda's variables, the way back to this server,
// the entry's own.
func (p *process) environment(api string) ([]string, error) {
	e, deps := p.pool.entry, &p.pool.service.deps
	name := Name(p.pool.arn)
	root, err := filepath.Abs(either(e.Dir, "."))
	if err != nil {
		return nil, err
	}
	execution := map[string]string{RuntimeNode: "AWS_Lambda_nodejs20.x", RuntimePython: "AWS_Lambda_python3.11"}[e.Runtime]
	variables := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          api,
		"_HANDLER":                        e.Handler,
		"LAMBDA_TASK_ROOT":                root,
		"LAMBDA_RUNTIME_DIR":              either(p.folder, root),
		"AWS_LAMBDA_FUNCTION_NAME":        name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      p.since.UTC().Format("2006/01/02") + "/[$LATEST]" + strconv.Itoa(os.Getpid()),
		"AWS_REGION":                      deps.Region,
		"AWS_DEFAULT_REGION":              deps.Region,
		"AWS_EXECUTION_ENV":               either(execution, "AWS_Lambda_provided.al2023"),
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin",
		"NODE_PATH":                       filepath.Join(root, "node_modules"),
		"PYTHONPATH":                      root,
		"PYTHONDONTWRITEBYTECODE":         "1", // a function's folder is not its own to write to
	}
	p.until = p.since.Add(lifetime)
	if deps.Environment != nil {
		more, until, err := deps.Environment(name, e.Allow)
		if err != nil {
			return nil, err
		}
		maps.Copy(variables, more)
		p.until = until
	}
	maps.Copy(variables, e.Environment)
	list := make([]string, 0, len(variables))
	for _, key := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, key+"="+variables[key])
	}
	return list, nil
}

// longestLine is how much of one line of output is kept.
const longestLine = 64 << 10

// log writes what the child prints to the console or the log, a line each.
func (p *process) log(out io.ReadCloser) {
	defer out.Close()
	lines := bufio.NewReaderSize(out, longestLine)
	for {
		line, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		if len(line) > 0 {
			p.print(string(line))
		}
		for more && err == nil { // what is longer goes
			_, more, err = lines.ReadLine()
		}
	}
}

func (p *process) print(line string) {
	if d := &p.pool.service.deps; d.Console != nil {
		// Who reads along needs neither its time nor which request it was.
		fmt.Fprintf(d.Console, "%s: %s\n", Name(p.pool.arn), line)
	} else {
		d.Log.Info("function output", "function", p.pool.arn, "request", p.request(), "line", line)
	}
}

// request is the id of the invocation under way.
func (p *process) request() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return ""
	}
	return p.current.id
}

func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// outdated says whether the handler's files have changed since the child started, or its
// credentials are about to end.
func (p *process) outdated(files string, now time.Time) bool {
	return files != "" && files != p.files || now.Add(time.Minute).After(p.until)
}

// kill ends the child and all that it has started.
func (p *process) kill() {
	endGroup(p.command)
	p.killed()
	_ = p.server.Close() // what hangs on it is the child's
}

// errEnded says that a child ended before it took an event: another can have it, since
// nothing has been done for it.
var errEnded = errors.New("the function's process had ended")

// invoke runs one event through the child. A child that does not answer in time is ended,
// as Lambda ends its sandbox. The error is errEnded where the child had ended before.
func (p *process) invoke(ctx context.Context, c Call) ([]byte, error) {
	i, err := p.newInvocation(ctx, c)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.current = i
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.current = nil
		p.mu.Unlock()
	}()
	select {
	case p.work <- i:
	case <-p.exited:
		return nil, errEnded
	case <-ctx.Done():
		p.kill()
		return nil, timedOut(ctx.Err())
	}
	select {
	case o := <-i.done:
		return o.result, o.err
	case <-p.exited:
		select {
		case o := <-i.done: // it answered before it went
			return o.result, o.err
		default:
			return nil, p.exitError(i.id)
		}
	case <-ctx.Done():
		p.kill()
		return nil, timedOut(fmt.Errorf("the function did not answer: %w", ctx.Err()))
	}
}

func (p *process) newInvocation(ctx context.Context, c Call) (*invocation, error) {
	b := make([]byte, 28)
	if _, err := io.ReadFull(p.pool.service.deps.Random, b); err != nil {
		return nil, &InvocationError{Name: "ServiceException", Cause: err}
	}
	now := p.pool.service.deps.Clock.Outside()
	deadline := now.Add(p.pool.entry.Timeout)
	if d, ok := ctx.Deadline(); ok {
		deadline = d
	}
	text := hex.EncodeToString(b)
	return &invocation{
		call: c, deadline: deadline, done: make(chan outcome, 1),
		id:    strings.Join([]string{text[:8], text[8:12], "4" + text[13:16], "8" + text[17:20], text[20:32]}, "-"),
		trace: fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", now.Unix(), text[32:], text[:16]),
	}, nil
}
