package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/store/pgtest"
)

// Two nodes on one database are one server: what one does counts on the other.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := pgtest.Start(t, "fsync=on").Database(t)
	flags := []string{"--database", database, "--master-key-file", filepath.Join(dir, "master.key"), "--public-url", "http://cenote.test"}
	left, right := serve(t, dir, flags...).scene(t), serve(t, dir, flags...).scene(t)

	a := left.app(left.pool(func(in *idp.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil }))
	u := person{username(), email(), password}
	must(left.SignUp(left.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &u.name, Password: &u.password}))(t)
	must(right.AdminConfirmSignUp(right.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	tokens := right.tokens(a, u.name, u.password)
	left.get(tokens.AccessToken)

	// An exchange that begins on one node and ends on the other, once.
	p := newProof()
	started := must(left.startSRP(a, p, u.name))(t)
	responses := p.responses(a.pool, u.password, started.ChallengeParameters)
	must(right.finishSRP(a, responses))(t)
	for _, s := range []*scene{left, right} {
		_, err := s.finishSRP(a, responses)
		refused[*types.NotAuthorizedException](t, err, textBadPassword)
	}

	// Signing out counts everywhere at once.
	for _, s := range []*scene{left, right} {
		other := map[*scene]*scene{left: right, right: left}[s]
		tokens := other.tokens(a, u.name, u.password)
		other.get(tokens.AccessToken)
		must(s.GlobalSignOut(s.ctx, &idp.GlobalSignOutInput{AccessToken: tokens.AccessToken}))(t)
		_, err := other.GetUser(other.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
		refused[*types.NotAuthorizedException](t, err, textRevoked)
		_, err = other.refresh(a, *tokens.RefreshToken)
		refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
		tokens = other.tokens(a, u.name, u.password)
		must(s.RevokeToken(s.ctx, &idp.RevokeTokenInput{ClientId: &a.id, Token: tokens.RefreshToken}))(t)
		_, err = other.GetUser(other.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
		refused[*types.NotAuthorizedException](t, err, textRevoked)
		tokens = other.tokens(a, u.name, u.password)
		must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
		_, err = other.signIn(a, u.name, u.password)
		refused[*types.NotAuthorizedException](t, err, "User is disabled.")
		_, err = other.GetUser(other.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
		refused[*types.NotAuthorizedException](t, err, textRevoked)
		must(other.AdminEnableUser(s.ctx, &idp.AdminEnableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
		s.tokens(a, u.name, u.password)
	}

	// A Session of one node is good on the other, and failures are counted together.
	must(left.AdminSetUserPassword(left.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name, Password: ptr("Temporary-1")}))(t)
	challenge := must(left.signIn(a, u.name, "Temporary-1"))(t)
	must(right.RespondToAuthChallenge(right.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: challenge.ChallengeName, Session: challenge.Session,
		ChallengeResponses: map[string]string{"USERNAME": u.name, "NEW_PASSWORD": u.password},
	}))(t)
	failures, locked := 0, false
	for s := left; !locked && failures < 9; s = map[*scene]*scene{left: right, right: left}[s] {
		_, err := s.signIn(a, u.name, "Wr0ng-password!")
		failures++
		locked = err != nil && strings.Contains(err.Error(), textLocked)
	}
	if !locked {
		t.Error("the nodes count failures apart")
	}

	// A page that one node began, the other goes on with.
	one := int32(1)
	w := right.member(a.pool)
	page := must(left.ListUsers(left.ctx, &idp.ListUsersInput{UserPoolId: &a.pool, Limit: &one}))(t)
	page = must(right.ListUsers(right.ctx, &idp.ListUsersInput{UserPoolId: &a.pool, Limit: &one, PaginationToken: page.PaginationToken}))(t)
	if len(page.Users) != 1 || *page.Users[0].Username != w.name {
		t.Errorf("the second page is %v", page.Users)
	}

	// Configuration is at most a second old elsewhere; a slow machine gets another one.
	const soon = 2 * time.Second
	must(right.SignUp(right.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password)}))(t)
	must(left.UpdateUserPool(left.ctx, &idp.UpdateUserPoolInput{
		UserPoolId: &a.pool, AdminCreateUserConfig: &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true},
	}))(t)
	eventually(t, soon, "a pool's new configuration counts", func() bool {
		_, err := right.SignUp(right.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password)})
		return err != nil
	})
	other := right.app(a.pool) // a client that the other node has never seen
	v := left.member(a.pool)
	left.tokens(other, v.name, v.password)
	must(right.UpdateUserPoolClient(right.ctx, &idp.UpdateUserPoolClientInput{UserPoolId: &a.pool, ClientId: &other.id}))(t)
	eventually(t, soon, "a client's new configuration counts", func() bool {
		_, err := left.signIn(other, v.name, v.password)
		return err != nil
	})
	if got := must(left.DescribeUserPoolClient(left.ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &a.pool, ClientId: &other.id}))(t); got.UserPoolClient.ExplicitAuthFlows != nil {
		t.Error("DescribeUserPoolClient is out of date")
	}
	must(left.DeleteUserPool(left.ctx, &idp.DeleteUserPoolInput{UserPoolId: &a.pool}))(t)
	_, err := right.DescribeUserPool(right.ctx, &idp.DescribeUserPoolInput{UserPoolId: &a.pool})
	refused[*types.ResourceNotFoundException](t, err, "User pool "+a.pool+" does not exist.")
	eventually(t, soon, "a deleted pool is gone", func() bool {
		_, err := right.signIn(a, u.name, u.password)
		_, ok := errorAs[*types.ResourceNotFoundException](err)
		return ok
	})

	// A node with another master key does not start.
	out, failure := cenoteCommand(t, t.TempDir(), "serve", "--listen", "127.0.0.1:0", "--ops-listen", "", "--database", database).CombinedOutput()
	if failure == nil {
		t.Errorf("a node without the master key serves: %s", out)
	}
}

// A database that crashes and comes back interrupts, and nothing more.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := pgtest.Start(t, "fsync=on")
	n := serve(t, dir, "--database", database.Database(t), "--master-key-file", filepath.Join(dir, "master.key"))
	s := n.scene(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	database.Restart(t)
	probe := n.scene(t)
	probe.http = http.DefaultClient // meanwhile there may be internal errors
	read := jsonOf(map[string]any{"AccessToken": tokens.AccessToken})
	eventually(t, patience, "the node answers again", func() bool {
		got := probe.post("GetUser", read)
		if got.status == http.StatusInternalServerError && got.body != `{"__type":"InternalErrorException","message":"Something went wrong"}` {
			t.Errorf("%s", got.body)
		}
		return got.status == http.StatusOK
	})
	must(s.refresh(a, *tokens.RefreshToken))(t)
	s.tokens(a, u.name, u.password)
	s.newcomer(s.app(s.pool(func(in *idp.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil })))
	eventually(t, patience, "the node is ready", func() bool {
		return sceneAt(t, "http://"+n.ops, "", "").send(http.MethodGet, "/readyz", "").status == http.StatusOK
	})
}

// What SQLite takes, PostgreSQL may refuse: zero bytes, long names, odd orders.
func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	database := pgtest.Start(t).Database(t)
	server := own(t, func(c *cenote.Config) { c.Database = database })
	badInput(t, server, 20)
	t.Run("long aliases", func(t *testing.T) {
		t.Parallel()
		s := sceneOn(t, server)
		a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypePreferredUsername}
		}))
		var long strings.Builder // of which nothing can be left out by compression
		for i := range 2047 {
			long.WriteRune(rune(0x20000 + i*7919%0xa000))
		}
		for _, end := range []string{"a", "b"} {
			u := s.member(a.pool)
			if err := s.adminUpdate(a.pool, u.name, "preferred_username", long.String()+end); err != nil {
				t.Fatal(err)
			}
			tokens := s.tokens(a, long.String()+end, u.password)
			if got := s.get(tokens.AccessToken)["email"]; got != u.email {
				t.Errorf("signed in as %s", got)
			}
		}
		u := s.member(a.pool)
		refused[*types.AliasExistsException](t, s.adminUpdate(a.pool, u.name, "preferred_username", long.String()+"a"),
			"An account with the given preferred_username already exists.")
	})
}
