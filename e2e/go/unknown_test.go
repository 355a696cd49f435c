package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// Whatever the operation, a pool, a client or a user that is not there, and a token that is
// none, are told by the same words.
func TestNotThere(t *testing.T) {
	t.Parallel()
	s := open(t).generated()
	w := newWorld(s, "")
	const pool, client, user = "us-east-1_nowhere", "nowhere", "nobody"
	for name, of := range samples() {
		op := cognitoidp.Service.Operations[name]
		in := func(member, value string) string {
			changed := maps.Clone(of)
			for _, other := range []string{"NextToken", "PaginationToken", "ContextData", "UserContextData", "SecretHash", "GenerateSecret", "ClientSecret"} {
				delete(changed, other)
			}
			changed[member] = value
			return w.fill(jsonOf(changed))
		}
		if _, has := of["UserPoolId"]; has {
			w.post(name, in("UserPoolId", pool)).is(t, 400, "ResourceNotFoundException", "User pool "+pool+" does not exist.")
		}
		if _, has := of["ClientId"]; has {
			exception := "ResourceNotFoundException"
			if !slices.Contains(op.Errors, exception) { // RevokeToken
				exception = "UnauthorizedException"
			}
			w.post(name, in("ClientId", client)).is(t, 400, exception, "User pool client "+client+" does not exist.")
		}
		if _, has := of["Username"]; has && op.Class == api.IAM && name != "AdminCreateUser" {
			w.post(name, in("Username", user)).is(t, 400, "UserNotFoundException", textNoUser)
		}
		if _, has := of["AccessToken"]; has {
			w.post(name, in("AccessToken", "no.access.token")).is(t, 400, "NotAuthorizedException", textInvalidAccess)
			changed := maps.Clone(of)
			delete(changed, "AccessToken")
			if got := w.post(name, w.fill(jsonOf(changed))); !strings.Contains(got.body, "at 'accessToken' failed to satisfy constraint: Member must not be null") {
				t.Errorf("without a token: %s", got.body)
			}
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// Lists without a greatest length cost work in proportion.
func TestLongLists(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	s.http = http.DefaultClient // the answers are as long
	list := func(element string) string {
		return strings.TrimSuffix(strings.Repeat(element+",", 40_000), ",")
	}
	for operation, body := range map[string]string{
		"SignUp":                    `{"ClientId":"` + a.id + `","Username":"u","Password":"` + password + `","UserAttributes":[` + list(`{"Name":"x"}`) + `]}`,
		"AdminDeleteUserAttributes": `{"UserPoolId":"` + a.pool + `","Username":"u","UserAttributeNames":[` + list(`"nickname"`) + `]}`,
		"ListUsers":                 `{"UserPoolId":"` + a.pool + `","AttributesToGet":[` + list(`"nickname"`) + `]}`,
		"CreateUserPoolClient":      `{"UserPoolId":"` + a.pool + `","ClientName":"c","ReadAttributes":[` + list(`"nickname"`) + `]}`,
	} {
		if got := s.post(operation, body); got.status >= 500 {
			t.Errorf("%s: %d", operation, got.status)
		}
	}
}
