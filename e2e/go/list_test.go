package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// find lists the names of the users that a filter selects, page by page.
func (s *scene) find(pool, filter string, limit int32) []string {
	s.t.Helper()
	names := []string{}
	in := &idp.ListUsersInput{UserPoolId: &pool, Limit: &limit}
	if filter != "" {
		in.Filter = &filter
	}
	for {
		out := must(s.ListUsers(s.ctx, in))(s.t)
		if limit > 0 && len(out.Users) > int(limit) {
			s.t.Fatalf("a page of %d users", len(out.Users))
		}
		for _, u := range out.Users {
			names = append(names, *u.Username)
		}
		if in.PaginationToken = out.PaginationToken; in.PaginationToken == nil {
			return names
		}
	}
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	create := func(name string, pairs ...string) string {
		t.Helper()
		out := must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
			UserPoolId: &pool, Username: &name, MessageAction: types.MessageActionTypeSuppress,
			TemporaryPassword: ptr(password), UserAttributes: attributes(pairs...),
		}))(t)
		return valueOf(out.User.Attributes, "sub")
	}
	annSub := create("ann", "email", "Ann@example.com", "given_name", "Ann", "family_name", "Lee", "name", `Ann "the boss" Lee`, "phone_number", "+15550100001")
	create("Annabel", "email", "annabel@example.com", "given_name", "Annabel", "preferred_username", "bell", "name", `back\slash`)
	create("bob", "email", "bob@example.com", "given_name", "bob", "phone_number", "+15550100002", "name", "50% _ sure")
	s.setPassword(pool, "bob", password)
	create("carl", "given_name", "ANNE")
	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &pool, Username: ptr("carl")}))(t)

	for filter, want := range map[string][]string{
		"":                                              {"ann", "Annabel", "bob", "carl"},
		`username = "ann"`:                              {"ann"},
		`username = "Ann"`:                              {}, // user names are case-sensitive here
		`username ^= "A"`:                               {"Annabel"},
		`username ^= ""`:                                {"Annabel", "ann", "bob", "carl"},
		`email = "ann@EXAMPLE.com"`:                     {"ann"},
		`email ^= "ann"`:                                {"ann", "Annabel"},
		`email^="ann"`:                                  {"ann", "Annabel"},
		` email  ^=  "ann" `:                            {"ann", "Annabel"},
		`given_name ^= "ann"`:                           {"ann", "Annabel", "carl"},
		`given_name = "Anne"`:                           {"carl"},
		`family_name = "lee"`:                           {"ann"},
		`family_name ^= "le"`:                           {"ann"},
		`phone_number = "+15550100002"`:                 {"bob"},
		`phone_number ^= "+1555"`:                       {"ann", "bob"},
		`preferred_username = "bell"`:                   {"Annabel"},
		`preferred_username ^= "b"`:                     {"Annabel"},
		`name = "ann \"the boss\" lee"`:                 {"ann"},
		`name ^= "Ann \""`:                              {"ann"},
		`name = "back\\slash"`:                          {"Annabel"},
		`name ^= "50%"`:                                 {"bob"},
		`name ^= "50_"`:                                 {},
		`name = "%"`:                                    {},
		`name = "' OR 1=1 --"`:                          {},
		`sub = "` + annSub + `"`:                        {"ann"},
		`sub = "` + annSub[:8] + `"`:                    {},
		`sub ^= "` + annSub[:8] + `"`:                   {"ann"},
		`status = "Enabled"`:                            {"ann", "Annabel", "bob"},
		`status = "Disabled"`:                           {"carl"},
		`status = "enabled"`:                            {},
		`status ^= "Dis"`:                               {"carl"},
		`cognito:user_status = "confirmed"`:             {"bob"},
		`cognito:user_status = "FORCE_CHANGE_PASSWORD"`: {"ann", "Annabel", "carl"},
		`cognito:user_status ^= "force"`:                {"ann", "Annabel", "carl"},
		`email = "nobody@example.com"`:                  {},
	} {
		for _, limit := range []int32{0, 1, 2, 60} {
			got := s.find(pool, filter, limit)
			if strings.Contains(filter, "status") {
				slices.SortFunc(got, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s by %d: %s", filter, limit, diff)
			}
		}
	}
	for filter, text := range map[string]string{
		`email`: "Error while parsing filter", `email = ann`: "Error while parsing filter", `email = "ann`: "Error while parsing filter",
		`= "ann"`: "Error while parsing filter", `email == "ann"`: "Error while parsing filter", `email = "a" AND name = "b"`: "Error while parsing filter",
		`email = "a\nb"`: "Error while parsing filter", `email ^ "a"`: "Error while parsing filter", ` `: "Error while parsing filter",
		`custom:plan = "x"`: "Invalid search attribute: custom:plan", `nickname = "x"`: "Invalid search attribute: nickname",
		`EMAIL = "x"`: "Invalid search attribute: EMAIL",
	} {
		_, err := s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool, Filter: &filter})
		refused[*types.InvalidParameterException](t, err, text)
	}
	_, err := s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool, Limit: ptr[int32](61)})
	refused[*types.InvalidParameterException](t, err,
		"1 validation error detected: Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60")

	// AttributesToGet.
	out := must(s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool, AttributesToGet: []string{"email"}, Filter: ptr(`username = "ann"`)}))(t)
	if diff := cmp.Diff(map[string]string{"email": "Ann@example.com"}, byName(out.Users[0].Attributes)); diff != "" {
		t.Error(diff)
	}
	out = must(s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool, AttributesToGet: []string{}, Filter: ptr(`username = "carl"`)}))(t)
	if u := out.Users[0]; valueOf(u.Attributes, "given_name") != "ANNE" || u.Enabled || u.UserStatus != types.UserStatusTypeForceChangePassword || u.UserCreateDate == nil {
		t.Errorf("%+v", u)
	}
	_, err = s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool, AttributesToGet: []string{"custom:nothing"}})
	refused[*types.InvalidParameterException](t, err, "One or more requested attributes do not exist.")
	described := must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t)
	if got := described.UserPool.EstimatedNumberOfUsers; got != 4 {
		t.Errorf("the pool counts %d users", got)
	}
}

// A PaginationToken is good for its pool, its filter and its hour.
func TestPages(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	pool, elsewhere := s.pool(), s.pool()
	for i := range 5 {
		for _, p := range []string{pool, elsewhere} {
			must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &p, Username: ptr(fmt.Sprint("user-", i)), UserAttributes: attributes("name", "x")}))(t)
		}
	}
	filter := ptr(`name = "x"`)
	list := func(pool string, filter, token *string) (*idp.ListUsersOutput, error) {
		return s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool, Filter: filter, PaginationToken: token, Limit: ptr[int32](2)})
	}
	first := must(list(pool, filter, nil))(t)
	token := first.PaginationToken
	const invalid = "Paging Marker is Invalid for Request"
	for _, try := range []struct {
		pool          string
		filter, token *string
	}{
		{pool, nil, token},
		{pool, ptr(`name = "y"`), token},
		{pool, ptr(`name ^= "x"`), token},
		{elsewhere, filter, token},
		{pool, filter, ptr("garbage")},
		{pool, filter, ptr((*token)[1:])},
		{pool, filter, ptr(*token + "A")},
	} {
		_, err := list(try.pool, try.filter, try.token)
		refused[*types.InvalidParameterException](t, err, invalid)
	}
	second := must(list(pool, ptr(`name="x"`), token))(t)
	third := must(list(pool, filter, second.PaginationToken))(t)
	seen := map[string]bool{}
	for _, u := range slices.Concat(first.Users, second.Users, third.Users) {
		seen[*u.Username] = true
	}
	if len(second.Users) != 2 || len(seen) != 5 || third.PaginationToken != nil {
		t.Errorf("pages of %d, %d and %d users, %d different ones", len(first.Users), len(second.Users), len(third.Users), len(seen))
	}
	s.server.Advance(time.Hour + time.Second)
	_, err := list(pool, filter, token)
	refused[*types.InvalidParameterException](t, err, invalid)
}
