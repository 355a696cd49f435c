// Package terminal tests what somebody at a terminal sees of the program's user commands:
// tmux runs them in a real terminal, types, and reads the screen.
package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// required is the environment variable that, when set, turns a missing tmux from a
// skipped test into a failed one.
const required = "CENOTE_REQUIRE_TMUX"

// server is the running `cenote dev` of all tests.
var server struct {
	program string // the built command
	url     string
	admin   *idp.Client
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv(required) == "" {
			return m.Run() // each test skips itself
		}
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "cenote-terminal-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	stop, err := start(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "the server:", err)
		return 1
	}
	return code
}

// start builds the program, as a release has it, and starts the server.
func start(dir string) (stop func() error, err error) {
	server.program = filepath.Join(dir, "cenote")
	build := exec.Command("go", "build", "-trimpath", "-o", server.program, "github.com/cenote-id/cenote/cmd/cenote")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	running := exec.Command(server.program, "dev", "--ephemeral", "--listen", "127.0.0.1:0")
	running.Stderr = os.Stderr
	out, err := running.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := running.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	server.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text())
	if server.url == "" {
		return nil, errors.Join(fmt.Errorf("the server says %q", lines.Text()), lines.Err(), running.Process.Kill())
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() { // the messages that it shows
		}
	}()
	server.admin = idp.New(idp.Options{
		Region: "us-east-1", BaseEndpoint: &server.url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	return func() error {
		err := running.Process.Signal(syscall.SIGTERM)
		<-drained
		return errors.Join(err, running.Wait())
	}, nil
}

// app is an app client of a user pool of its own.
type app struct{ pool, client string }

// newApp makes a pool that verifies e-mail addresses and demands some attributes. It skips
// the test if there is no terminal to test in.
func newApp(t *testing.T, attributes ...string) app {
	t.Helper()
	if server.admin == nil {
		t.Skipf("tmux is not installed; set %s to make this a failure", required)
	}
	in := &idp.CreateUserPoolInput{PoolName: new("terminal"), AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}
	for _, name := range attributes {
		in.Schema = append(in.Schema, types.SchemaAttributeType{Name: new(name), Required: new(true), Mutable: new(true), AttributeDataType: "String"})
	}
	p, err := server.admin.CreateUserPool(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	c, err := server.admin.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{
		UserPoolId: p.UserPool.Id, ClientName: new("terminal"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app{*p.UserPool.Id, *c.UserPoolClient.ClientId}
}

// createUser makes a user as an administrator does, with a temporary password.
func (a app) createUser(t *testing.T, name, password string) {
	t.Helper()
	_, err := server.admin.AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{
		UserPoolId: &a.pool, Username: &name, TemporaryPassword: &password, MessageAction: types.MessageActionTypeSuppress,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// setPassword gives a user a password to stay.
func (a app) setPassword(t *testing.T, name, password string) {
	t.Helper()
	_, err := server.admin.AdminSetUserPassword(t.Context(), &idp.AdminSetUserPasswordInput{
		UserPoolId: &a.pool, Username: &name, Password: &password, Permanent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// hasUser says whether there is such a user.
func (a app) hasUser(t *testing.T, name string) bool {
	t.Helper()
	_, err := server.admin.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &a.pool, Username: &name})
	if _, missing := errors.AsType[*types.UserNotFoundException](err); missing {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

// code returns the newest code that was sent to an address, and forgets it.
func code(t *testing.T, address string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	query := url.Values{"to": {address}, "limit": {"1"}, "wait": {"5s"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.url+"/_cenote/messages?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var inbox struct{ Messages []struct{ Code string } }
	if err := json.NewDecoder(answer.Body).Decode(&inbox); err != nil {
		t.Fatal(err)
	}
	if len(inbox.Messages) == 0 {
		t.Fatalf("no message to %s", address)
	}
	return inbox.Messages[0].Code
}
