package token_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// group makes a group with members; a precedence below zero is none.
func (e *env) group(p *catalog.Pool, name string, precedence int, role string, members ...*store.User) {
	e.t.Helper()
	g := &store.Group{Pool: p.Internal(), Config: &cognitoidp.GroupType{GroupName: &name, CreationDate: api.Time(e.time())}}
	if precedence >= 0 {
		g.Config.Precedence = &precedence
	}
	if role != "" {
		g.Config.RoleArn = new("arn:aws:iam::1:role/" + role)
	}
	if err := e.db.CreateGroup(e.t.Context(), g, 0); err != nil {
		e.t.Fatal(err)
	}
	for _, u := range members {
		if err := e.db.AddMember(e.t.Context(), p.Internal(), name, u.ID, 0); err != nil {
			e.t.Fatal(err)
		}
	}
}

// wantClaims checks some of a token's claims; nil is absent.
func wantClaims(t *testing.T, raw *string, want map[string]any) {
	t.Helper()
	all, got := claims(t, raw), map[string]any{}
	for name := range want {
		got[name] = all[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestGroupClaims(t *testing.T) {
	t.Parallel()
	type group struct {
		name       string
		precedence int
		role       string
	}
	const none = -1
	type list = []any
	role := func(name string) string { return "arn:aws:iam::1:role/" + name }
	tests := []struct {
		name          string
		groups        []group
		names, roles  any
		preferredRole any
	}{
		{"no groups", nil, nil, nil, nil},
		{"a group without a role", []group{{"a", 1, ""}}, list{"a"}, nil, nil},
		{"by precedence", []group{{"a", 3, "x"}, {"b", 0, "y"}, {"c", none, "z"}}, list{"b", "a", "c"}, list{role("y"), role("x"), role("z")}, role("y")},
		{"zero is the highest", []group{{"a", 1, "x"}, {"b", 0, "y"}}, list{"b", "a"}, list{role("y"), role("x")}, role("y")},
		{"equals stand by age", []group{{"z", 1, ""}, {"a", 1, ""}}, list{"z", "a"}, nil, nil},
		{"a tie of different roles", []group{{"a", 1, "x"}, {"b", 1, "y"}, {"c", 2, "z"}}, list{"a", "b", "c"}, list{role("x"), role("y"), role("z")}, nil},
		{"a tie of one role", []group{{"a", 1, "x"}, {"b", 1, "x"}, {"c", 2, "z"}}, list{"a", "b", "c"}, list{role("x"), role("z")}, role("x")},
		{"groups without a role do not count", []group{{"a", 0, ""}, {"b", 1, "x"}}, list{"a", "b"}, list{role("x")}, role("x")},
		{"a tie without precedence", []group{{"a", none, "x"}, {"b", none, "y"}}, list{"a", "b"}, list{role("x"), role("y")}, nil},
		{"one role", []group{{"a", none, "x"}}, list{"a"}, list{role("x")}, role("x")},
		{"a name that needs care", []group{{`"<é>\`, none, ""}}, list{`"<é>\`}, nil, nil},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.client(fmt.Sprint("Groups", i))
			u := e.user(c.Pool, "jane", nil)
			for _, g := range tt.groups {
				e.group(c.Pool, g.name, g.precedence, g.role, u)
				e.sleep(1e9)
			}
			out := e.issue(c, e.fresh(u))
			wantClaims(t, out.IdToken, map[string]any{
				"cognito:groups": tt.names, "cognito:roles": tt.roles, "cognito:preferred_role": tt.preferredRole,
			})
			wantClaims(t, out.AccessToken, map[string]any{
				"cognito:groups": tt.names, "cognito:roles": nil, "cognito:preferred_role": nil,
			})
		})
	}
}

func TestGroupsAreReadFresh(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Fresh")
	u := e.user(c.Pool, "jane", nil)
	e.group(c.Pool, "a", 1, "x", u)
	first := e.issue(c, e.fresh(u))
	wantClaims(t, first.AccessToken, map[string]any{"cognito:groups": []any{"a"}})

	e.group(c.Pool, "b", 0, "", u)
	next := must(e.refresh(c, *first.RefreshToken))(t)
	wantClaims(t, next.AccessToken, map[string]any{"cognito:groups": []any{"b", "a"}})
	wantClaims(t, next.IdToken, map[string]any{"cognito:groups": []any{"b", "a"}, "cognito:preferred_role": "arn:aws:iam::1:role/x"})

	if err := e.db.DeleteGroup(t.Context(), c.Pool.Internal(), "a"); err != nil {
		t.Fatal(err)
	}
	next = must(e.refresh(c, *first.RefreshToken))(t)
	wantClaims(t, next.IdToken, map[string]any{"cognito:groups": []any{"b"}, "cognito:roles": nil, "cognito:preferred_role": nil})
	if err := e.db.DeleteGroup(t.Context(), c.Pool.Internal(), "b"); err != nil {
		t.Fatal(err)
	}
	next = must(e.refresh(c, *first.RefreshToken))(t)
	wantClaims(t, next.IdToken, map[string]any{"cognito:groups": nil})
	wantClaims(t, next.AccessToken, map[string]any{"cognito:groups": nil})
}

func TestIdentitiesClaim(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Identities")
	u := e.user(c.Pool, "jane", nil)
	e.change(u, func(u *store.User) {
		err := u.SetIdentities([]store.Identity{
			{UserID: "1234", ProviderName: "Google", ProviderType: "Google", DateCreated: 1642699117273},
			{UserID: `"j"`, ProviderName: "Corp", ProviderType: "SAML", Issuer: new("urn:corp"), Primary: true, DateCreated: 1},
		})
		if err != nil {
			t.Error(err)
		}
	})
	out := e.issue(c, e.fresh(u))
	wantClaims(t, out.AccessToken, map[string]any{"identities": nil})
	wantClaims(t, out.IdToken, map[string]any{"identities": []any{
		map[string]any{
			"userId": "1234", "providerName": "Google", "providerType": "Google", "issuer": nil,
			"primary": "false", "dateCreated": "1642699117273",
		},
		map[string]any{
			"userId": `"j"`, "providerName": "Corp", "providerType": "SAML", "issuer": "urn:corp",
			"primary": "true", "dateCreated": "1",
		},
	}})
}
