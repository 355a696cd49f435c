package function

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/naming"
)

// The kinds of backends.
const (
	KindInvoke  = "invoke"
	KindProcess = "process"
	KindWebhook = "webhook"
)

// The runtimes of the kind process.
const (
	RuntimeNode     = "nodejs"
	RuntimePython   = "python"
	RuntimeProvided = "provided" // an executable that speaks the Runtime API by itself
)

// Entry says where the functions run whose ARN matches its pattern. The name of the
// function may stand in Dir, Command, Endpoint and URL as {name}.
type Entry struct {
	// Pattern is a whole ARN, a function's name (with or without its qualifier), or a glob
	// over the ARN in which * stands for any text.
	Pattern string `yaml:"-"`
	Kind    string `yaml:"kind"`

	// Dir is the folder of the handler's files (process), Handler names the function in
	// them as Lambda does (index.handler), Runtime is nodejs, python or provided. Command
	// runs an executable instead; for nodejs and python it replaces the interpreter.
	Dir     string   `yaml:"dir"`
	Handler string   `yaml:"handler"`
	Runtime string   `yaml:"runtime"`
	Command []string `yaml:"command"`
	// Environment are the function's own variables.
	Environment map[string]string `yaml:"environment"`
	// Allow are the actions that the function's credentials may use here, such as
	// cognito-idp:AdminAddUserToGroup or kms:Decrypt. None is none.
	Allow []string `yaml:"allow"`
	// Concurrency is how many processes run at most; 0 is 4.
	Concurrency int `yaml:"concurrency"`
	// Idle is how long a process may wait for work before it is ended; 0 is ten minutes.
	Idle time.Duration `yaml:"idle"`

	// Endpoint is where the Invoke API is; empty is AWS's own in Region. Region and the
	// access key sign the calls; without a key they are not signed.
	Endpoint        string `yaml:"endpoint"`
	Region          string `yaml:"region"`
	AccessKeyID     string `yaml:"access_key_id"`
	SecretAccessKey string `yaml:"secret_access_key"`
	SessionToken    string `yaml:"session_token"`

	// URL is where a webhook's events are posted; Secrets sign them, the first one first.
	URL     string   `yaml:"url"`
	Secrets []string `yaml:"secrets"`
	// SecretEnv names a variable of the server's environment that holds a secret; who reads
	// the configuration puts it into Secrets.
	SecretEnv string `yaml:"secret_env"`

	// Timeout bounds one attempt; 0 is Cognito's five seconds. Attempts is how often an
	// attempt that may be repeated is made; 0 is 3.
	Timeout  time.Duration `yaml:"timeout"`
	Attempts int           `yaml:"attempts"`
}

// Defaults of an Entry.
const (
	defaultTimeout     = 5 * time.Second
	defaultAttempts    = 3
	defaultConcurrency = 4
	defaultIdle        = 10 * time.Minute
)

// complete checks an entry and fills in what may be left out.
func (e Entry) complete() (Entry, error) {
	wrong := func(format string, args ...any) (Entry, error) {
		return e, fmt.Errorf("functions: %s: "+format, append([]any{e.Pattern}, args...)...)
	}
	if e.Pattern == "" {
		return wrong("a pattern is required")
	}
	if e.Timeout < 0 || e.Attempts < 0 || e.Concurrency < 0 || e.Idle < 0 {
		return wrong("numbers must not be negative")
	}
	e.Timeout = either(e.Timeout, defaultTimeout)
	e.Attempts = either(e.Attempts, defaultAttempts)
	e.Concurrency = either(e.Concurrency, defaultConcurrency)
	e.Idle = either(e.Idle, defaultIdle)
	switch e.Kind {
	case KindInvoke:
		return e.completeInvoke(wrong)
	case KindProcess:
		return e.completeProcess(wrong)
	case KindWebhook:
		u, err := url.Parse(e.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return wrong("url is no http(s) URL")
		}
		if u.Scheme == "http" && !isLoopback(u.Hostname()) {
			return wrong("url must be https beyond this machine: events carry passwords")
		}
		if len(e.Secrets) == 0 || e.Secrets[0] == "" {
			return wrong("secrets needs a secret that signs the events")
		}
		return e, nil
	default:
		return wrong("kind is %q, not %s, %s or %s", e.Kind, KindInvoke, KindProcess, KindWebhook)
	}
}

func (e Entry) completeInvoke(wrong func(string, ...any) (Entry, error)) (Entry, error) {
	e.Region = either(e.Region, "us-east-1")
	e.Endpoint = either(e.Endpoint, "https://lambda."+e.Region+".amazonaws.com")
	if u, err := url.Parse(e.Endpoint); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return wrong("endpoint is no http(s) URL")
	}
	if (e.AccessKeyID == "") != (e.SecretAccessKey == "") {
		return wrong("access_key_id and secret_access_key go together")
	}
	return e, nil
}

func (e Entry) completeProcess(wrong func(string, ...any) (Entry, error)) (Entry, error) {
	switch e.Runtime {
	case RuntimeNode, RuntimePython:
		if e.Dir == "" || e.Handler == "" {
			return wrong("dir and handler are required")
		}
	case RuntimeProvided:
		if len(e.Command) == 0 {
			return wrong("command is required")
		}
	default:
		return wrong("runtime is %q, not %s, %s or %s", e.Runtime, RuntimeNode, RuntimePython, RuntimeProvided)
	}
	return e, nil
}

// isLoopback says whether a host of a URL is this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// either returns v, or the default where v is zero.
func either[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// The ways in which a pattern matches, best first.
const (
	matchARN = iota
	matchName
	matchGlob
	matchNone
)

// matches says how well the entry's pattern matches an ARN.
func (e *Entry) matches(arn string) int {
	qualified := qualifiedName(arn)
	switch {
	case e.Pattern == arn:
		return matchARN
	case e.Pattern == qualified || e.Pattern == Name(arn):
		return matchName
	case naming.Glob(e.Pattern, arn):
		return matchGlob
	default:
		return matchNone
	}
}

// qualifiedName is what follows function: in an ARN: the name, and the qualifier if there
// is one. A text that is no ARN is its own name.
func qualifiedName(arn string) string {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 7 {
		return arn
	}
	return parts[6]
}

// Name returns the name of the function that an ARN names, without its qualifier.
func Name(arn string) string {
	name, _, _ := strings.Cut(qualifiedName(arn), ":")
	return name
}

// of returns the entry with the name of a function put into its texts. The name comes from
// a pool's configuration, so it must not leave the place that the operator has given it.
func (e *Entry) of(arn string) *Entry {
	name := Name(arn)
	if filepath.Base(name) != name || name == "." || name == ".." {
		name = "_"
	}
	put := strings.NewReplacer("{name}", name).Replace
	made := *e
	made.Dir, made.Endpoint, made.URL, made.Handler = put(e.Dir), put(e.Endpoint), put(e.URL), put(e.Handler)
	made.Command = make([]string, len(e.Command))
	for i, word := range e.Command {
		made.Command[i] = put(word)
	}
	return &made
}
