//go:build stores

package stores

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// The root access key that the nodes' environment gives.
const (
	rootKeyID  = "AKIASTORESTESTROOT00"
	rootSecret = "root-secret-of-the-tests-of-stores-00000"
)

// node is a running `cenote serve`.
type node struct {
	*idp.Client // signs with the root access key, and repeats nothing
	process     *process
	url, ops    string
}

// startNodes starts nodes that share a database and a master key. The public URL is the
// first one's, as if they stood behind a load balancer.
func startNodes(t *testing.T, database string, n int) []*node {
	t.Helper()
	w, err := newWorkshop(os.Getenv(dirVariable), "nodes")
	check(t, err)
	var nodes []*node
	for i := range n {
		listen, ops := freeAddress(t), freeAddress(t)
		public := "http://" + listen
		if i > 0 {
			public = nodes[0].url
		}
		process, err := w.launch("node"+strconv.Itoa(i+1), []string{
			"CENOTE_DATABASE=" + database, "CENOTE_LISTEN=" + listen, "CENOTE_OPS_LISTEN=" + ops, "CENOTE_PUBLIC_URL=" + public,
			"CENOTE_ROOT_ACCESS_KEY_ID=" + rootKeyID, "CENOTE_ROOT_SECRET_ACCESS_KEY=" + rootSecret,
			"CENOTE_LIMITS=requests=off", // the nodes are driven harder than clients are allowed to
		}, filepath.Join(os.Getenv(dirVariable), "cenote"), "serve", "--log-format", "text")
		check(t, err)
		made := &node{
			Client: idp.New(idp.Options{
				Region: "us-east-1", BaseEndpoint: new("http://" + listen), Retryer: aws.NopRetryer{},
				Credentials: credentials.NewStaticCredentialsProvider(rootKeyID, rootSecret, ""),
				HTTPClient:  &http.Client{Timeout: 30 * time.Second, Transport: wholeAnswers{}},
			}),
			process: process, url: "http://" + listen, ops: "http://" + ops,
		}
		t.Cleanup(func() { made.end(t) })
		// The first node makes the master key that the second one needs.
		check(t, await(t.Context(), time.Minute, process.name+" is ready", made.ready))
		nodes = append(nodes, made)
	}
	return nodes
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// wholeAnswers reads answers to their end before the SDK sees them: it closes the request's
// body then, which ends the connection if the transport has not noticed that it is sent.
type wholeAnswers struct{}

// RoundTrip implements http.RoundTripper.
func (wholeAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, err
}

// ready fails unless the node says that it can serve.
func (n *node) ready(ctx context.Context) error {
	if err := n.process.alive(); err != nil {
		return err
	}
	return get(ctx, n.ops+"/readyz")
}

// get fails unless the answer is 200.
func get(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return nil
}

// end stops the node, which has to end well, and shows what it said if the test failed.
func (n *node) end(t *testing.T) {
	t.Helper()
	n.process.stop(syscall.SIGTERM)
	if state := n.process.cmd.ProcessState; !state.Success() {
		t.Errorf("%s ended with %v", n.process.name, state)
	}
	if t.Failed() {
		t.Logf("%s said:\n%s", n.process.name, n.process.tail())
	}
}
