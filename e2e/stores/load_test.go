//go:build stores

package stores

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const (
	password = "Corr3ct-horse!"
	// workers sign users up at each node, one after the other.
	workers = 4
	// pace is how long a worker takes for a user at least, which bounds the load.
	pace = 20 * time.Millisecond
)

// load signs users up at all nodes and keeps what it was told.
type load struct {
	client string // app client
	nodes  []*node

	mu           sync.Mutex
	acknowledged []acknowledgement
	unanswered   map[string]bool // sign-ups that failed, and turned out to be stored
	open         map[string]bool // sign-ups that failed, and have not been tried again
	refused      int             // tries that had to be repeated
	wrong        []error         // what no client should see
	pulse        []pulse         // by node
}

// acknowledgement is a sign-up that a node has answered.
type acknowledgement struct {
	name, sub string
	at        time.Time
}

// pulse is how a node does.
type pulse struct {
	last    time.Time // of the newest acknowledgement
	longest time.Duration
	count   int
}

// startLoad begins and returns a function that ends it.
func startLoad(ctx context.Context, client string, nodes []*node) (l *load, stop func()) {
	l = &load{
		client: client, nodes: nodes, unanswered: map[string]bool{}, open: map[string]bool{},
		pulse: make([]pulse, len(nodes)),
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i := range nodes {
		l.pulse[i].last = time.Now()
		for w := range workers {
			wg.Go(func() { l.work(ctx, i, fmt.Sprintf("user-%d-%d", i, w)) })
		}
	}
	return l, func() { cancel(); wg.Wait() }
}

// work signs up one user after the other. A user whose sign-up failed is tried again, as
// a person would.
func (l *load) work(ctx context.Context, node int, prefix string) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for i, again := 0, false; ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		name := fmt.Sprintf("%s-%d", prefix, i)
		// A sign-up under way when the load ends is waited for: its outcome counts.
		out, err := l.nodes[node].SignUp(context.WithoutCancel(ctx), &idp.SignUpInput{ClientId: &l.client, Username: &name, Password: new(password)})
		if again = l.note(node, name, again, out, err); !again {
			i++
		}
	}
}

// note keeps the outcome of a sign-up and says whether it has to be tried again.
func (l *load) note(node int, name string, second bool, out *idp.SignUpOutput, err error) (again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, name)
	_, exists := errors.AsType[*types.UsernameExistsException](err)
	switch {
	case err == nil:
		now := time.Now()
		l.acknowledged = append(l.acknowledged, acknowledgement{name, *out.UserSub, now})
		p := &l.pulse[node]
		p.longest = max(p.longest, now.Sub(p.last))
		p.last, p.count = now, p.count+1
		return false
	case exists && second:
		// The first try was stored, its answer lost with the database's.
		l.unanswered[name] = true
		return false
	case !passing(err):
		l.wrong = append(l.wrong, fmt.Errorf("%s: %w", name, err))
		return false
	}
	l.refused, l.open[name] = l.refused+1, true
	return true
}

// passing says that an error tells a client to try again.
func passing(err error) bool {
	answer, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && (answer.HTTPStatusCode() >= http.StatusInternalServerError || answer.HTTPStatusCode() == http.StatusTooManyRequests)
}

// awaitMore waits until every node has acknowledged n sign-ups more than now.
func (l *load) awaitMore(ctx context.Context, n int, patience time.Duration) error {
	l.mu.Lock()
	before := slices.Clone(l.pulse)
	l.mu.Unlock()
	return await(ctx, patience, fmt.Sprintf("%d more sign-ups at each node", n), func(context.Context) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, p := range l.pulse {
			if more := p.count - before[i].count; more < n {
				return fmt.Errorf("node %d has acknowledged %d", i+1, more)
			}
		}
		return nil
	})
}

// gaps returns the longest time without an acknowledgement of each node since the last call.
func (l *load) gaps() (longest []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.pulse {
		longest = append(longest, l.pulse[i].longest.Round(10*time.Millisecond))
		l.pulse[i].longest = 0
	}
	return longest
}
