//go:build stores

package stores

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const (
	// recovery is how long the service may be away when the leader dies. The leader's
	// lease, 20 seconds, has to run out first.
	recovery = time.Minute
	// handOver is how long it may be away when the leader hands over.
	handOver = 20 * time.Second
	// crowd is how many sign-ups each node acknowledges between two events.
	crowd = 200
)

// TestFailover has two nodes take sign-ups while the leader of the database dies, comes
// back, and while the new leader hands over as for maintenance. What the nodes have
// acknowledged is there, once, and they go on by themselves.
func TestFailover(t *testing.T) {
	nodes := startNodes(t, trio.url(trio.create(t)), 2)
	pool, client := makePool(t, nodes[0])
	signInStory(t, nodes, pool, client, "before")

	l, stop := startLoad(t.Context(), client, nodes)
	defer stop()
	check(t, l.awaitMore(t.Context(), crowd, recovery))
	t.Logf("steady: longest gaps %v", l.gaps())

	leader, err := trio.leader(t.Context())
	check(t, err)
	unready := awaitUnready(t, nodes)
	check(t, leader.kill())
	died := time.Now()
	check(t, l.awaitMore(t.Context(), crowd, recovery))
	t.Logf("%s killed: longest gaps %v", leader.name, l.gaps())
	for _, n := range nodes {
		check(t, await(t.Context(), recovery, n.process.name+" is ready again", n.ready))
	}
	for _, err := range unready() {
		check(t, err)
	}

	check(t, trio.startMember(leader))
	check(t, trio.awaitWhole(t.Context()))
	t.Logf("%s is back", leader.name)
	l.gaps()
	check(t, trio.switchOver(t.Context()))
	check(t, l.awaitMore(t.Context(), crowd, handOver))
	t.Logf("handed over: longest gaps %v", l.gaps())
	check(t, trio.awaitWhole(t.Context()))
	stop()

	l.verify(t, pool)
	l.signInSome(t, pool, died)
	signInStory(t, nodes, pool, client, "after")
}

// makePool makes a pool, where administrators confirm users, and an app client.
func makePool(t *testing.T, n *node) (pool, client string) {
	t.Helper()
	p, err := n.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: new("stores")})
	check(t, err)
	c, err := n.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{
		UserPoolId: p.UserPool.Id, ClientName: new("web"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	check(t, err)
	return *p.UserPool.Id, *c.UserPoolClient.ClientId
}

// signInStory lives a user's life, each step at another node than the one before.
func signInStory(t *testing.T, nodes []*node, pool, client, name string) {
	t.Helper()
	a, b := nodes[0], nodes[1]
	_, err := a.SignUp(t.Context(), &idp.SignUpInput{ClientId: &client, Username: &name, Password: new(password)})
	check(t, err)
	tokens := confirmAndSignIn(t, b, a, pool, client, name)
	who, err := b.GetUser(t.Context(), &idp.GetUserInput{AccessToken: tokens.AccessToken})
	check(t, err)
	if *who.Username != name {
		t.Errorf("the token is that of %s", *who.Username)
	}
	refresh := func(n *node) error {
		_, err := n.InitiateAuth(t.Context(), &idp.InitiateAuthInput{
			ClientId: &client, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken},
		})
		return err
	}
	check(t, refresh(a))
	check(t, refresh(b))
	_, err = a.GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: tokens.AccessToken})
	check(t, err)
	if _, refused := errors.AsType[*types.NotAuthorizedException](refresh(b)); !refused {
		t.Error("a revoked refresh token is taken by the other node")
	}
}

// confirmAndSignIn confirms a user at one node and signs the user in at another.
func confirmAndSignIn(t *testing.T, confirming, signing *node, pool, client, name string) *types.AuthenticationResultType {
	t.Helper()
	_, err := confirming.AdminConfirmSignUp(t.Context(), &idp.AdminConfirmSignUpInput{UserPoolId: &pool, Username: &name})
	check(t, err)
	out, err := signing.InitiateAuth(t.Context(), &idp.InitiateAuthInput{
		ClientId: &client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	check(t, err)
	return out.AuthenticationResult
}

// awaitUnready watches the nodes until each has said that it cannot serve. The function
// that it returns waits for that.
func awaitUnready(t *testing.T, nodes []*node) func() []error {
	t.Helper()
	seen := make(chan error, len(nodes))
	for _, n := range nodes {
		go func() {
			seen <- await(t.Context(), recovery, n.process.name+" says that it is not ready", func(ctx context.Context) error {
				if n.ready(ctx) == nil {
					return errors.New("it is ready")
				}
				return nil
			})
		}()
	}
	return func() (all []error) {
		for range nodes {
			all = append(all, <-seen)
		}
		return all
	}
}

// verify checks that both nodes list whom they have acknowledged, once, and nobody else
// but those whose acknowledgement was lost.
func (l *load) verify(t *testing.T, pool string) {
	t.Helper()
	for _, err := range l.wrong {
		t.Errorf("a client was told: %v", err)
	}
	for _, n := range l.nodes {
		subs := map[string]string{}
		pages := idp.NewListUsersPaginator(n, &idp.ListUsersInput{UserPoolId: &pool, Limit: new(int32(60))})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			check(t, err)
			for _, u := range page.Users {
				if _, twice := subs[*u.Username]; twice {
					t.Errorf("%s lists %s twice", n.process.name, *u.Username)
				}
				subs[*u.Username] = subOf(u)
			}
		}
		lost := 0
		for _, a := range l.acknowledged {
			if subs[a.name] != a.sub {
				lost++
				t.Errorf("%s was acknowledged %v with sub %s, and has %q", a.name, a.at, a.sub, subs[a.name])
			}
			delete(subs, a.name)
		}
		for name := range subs {
			if strings.HasPrefix(name, "user-") && !l.unanswered[name] && !l.open[name] {
				t.Errorf("%s exists, and nobody was told so", name)
			}
		}
		t.Logf("%s: %d of %d acknowledged sign-ups lost, %d stored without an answer, %d tries refused",
			n.process.name, lost, len(l.acknowledged), len(l.unanswered), l.refused)
	}
}

func subOf(u types.UserType) string {
	i := slices.IndexFunc(u.Attributes, func(a types.AttributeType) bool { return *a.Name == "sub" })
	if i < 0 {
		return fmt.Sprintf("no sub among %v", u.Attributes)
	}
	return *u.Attributes[i].Value
}

// signInSome signs in those who were acknowledged last before a moment.
func (l *load) signInSome(t *testing.T, pool string, moment time.Time) {
	t.Helper()
	end := slices.IndexFunc(l.acknowledged, func(a acknowledgement) bool { return a.at.After(moment) })
	for i, a := range l.acknowledged[max(0, end-10):end] {
		confirmAndSignIn(t, l.nodes[i%len(l.nodes)], l.nodes[(i+1)%len(l.nodes)], pool, l.client, a.name)
	}
}
