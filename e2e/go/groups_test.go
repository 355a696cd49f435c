package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameRecords compares configuration records of the SDK.
var sameRecords = cmpopts.IgnoreUnexported(types.GroupType{}, types.IdentityProviderType{}, types.ProviderDescription{})

// groupSamples are the samples of the operations on groups.
func groupSamples() map[string]sample {
	return map[string]sample{
		"CreateGroup": {
			"UserPoolId": "{pool}", "GroupName": "{new}", "Description": "d", "Precedence": 3, "RoleArn": "arn:aws:iam::000000000000:role/r",
		},
		"UpdateGroup": {
			"UserPoolId": "{pool}", "GroupName": "{group}", "Description": "d", "Precedence": 3, "RoleArn": "arn:aws:iam::000000000000:role/r",
		},
		"GetGroup":                 {"UserPoolId": "{pool}", "GroupName": "{group}"},
		"DeleteGroup":              {"UserPoolId": "{pool}", "GroupName": "{group}"},
		"ListGroups":               {"UserPoolId": "{pool}", "Limit": 2, "NextToken": "x"},
		"ListUsersInGroup":         {"UserPoolId": "{pool}", "GroupName": "{group}", "Limit": 2, "NextToken": "x"},
		"AdminAddUserToGroup":      {"UserPoolId": "{pool}", "GroupName": "{group}", "Username": "{user}"},
		"AdminRemoveUserFromGroup": {"UserPoolId": "{pool}", "GroupName": "{group}", "Username": "{user}"},
		"AdminListGroupsForUser":   {"UserPoolId": "{pool}", "Username": "{user}", "Limit": 2, "NextToken": "x"},
	}
}

// group makes a group; a precedence below zero is none.
func (s *scene) group(pool, name string, precedence int32, role string) {
	s.t.Helper()
	in := &idp.CreateGroupInput{UserPoolId: &pool, GroupName: &name}
	if precedence >= 0 {
		in.Precedence = &precedence
	}
	if role != "" {
		in.RoleArn = &role
	}
	must(s.CreateGroup(s.ctx, in))(s.t)
}

func (s *scene) join(pool, group, user string) {
	s.t.Helper()
	must(s.AdminAddUserToGroup(s.ctx, &idp.AdminAddUserToGroupInput{UserPoolId: &pool, GroupName: &group, Username: &user}))(s.t)
}

// groupsOf lists the names of a user's groups, page by page.
func (s *scene) groupsOf(pool, user string, limit int32) []string {
	s.t.Helper()
	names := []string{}
	in := &idp.AdminListGroupsForUserInput{UserPoolId: &pool, Username: &user, Limit: &limit}
	for {
		out := must(s.AdminListGroupsForUser(s.ctx, in))(s.t)
		for _, g := range out.Groups {
			names = append(names, *g.GroupName)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return names
		}
	}
}

// usersIn lists the names of a group's users, page by page, and sorts them: users that were
// made in the same millisecond stand in any order.
func (s *scene) usersIn(pool, group string, limit int32) []string {
	s.t.Helper()
	names := []string{}
	in := &idp.ListUsersInGroupInput{UserPoolId: &pool, GroupName: &group, Limit: &limit}
	for {
		out := must(s.ListUsersInGroup(s.ctx, in))(s.t)
		for _, u := range out.Users {
			names = append(names, *u.Username)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			slices.Sort(names)
			return names
		}
	}
}

const textNoGroup = "Group not found."

// A group that infrastructure tools make and update with what they read does not drift.
func TestGroupConfiguration(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	get := func(name string) *types.GroupType {
		t.Helper()
		return must(s.GetGroup(s.ctx, &idp.GetGroupInput{UserPoolId: &pool, GroupName: &name}))(t).Group
	}
	bare := members(t, s.post("CreateGroup", `{"UserPoolId":"`+pool+`","GroupName":"bare"}`).body, "Group")
	if made := bare["CreationDate"]; !cmp.Equal(bare, map[string]any{"GroupName": "bare", "UserPoolId": pool, "LastModifiedDate": made, "CreationDate": made}) {
		t.Errorf("a group that is only named is %v", bare)
	}
	created := must(s.CreateGroup(s.ctx, &idp.CreateGroupInput{
		UserPoolId: &pool, GroupName: ptr("admins"), Description: ptr("Who may all"), Precedence: ptr[int32](0),
		RoleArn: ptr("arn:aws:iam::123456789012:role/admin"),
	}))(t).Group
	described := get("admins")
	if diff := cmp.Diff(created, described, sameRecords); diff != "" {
		t.Errorf("CreateGroup and GetGroup differ: %s", diff)
	}
	updated := must(s.UpdateGroup(s.ctx, &idp.UpdateGroupInput{
		UserPoolId: &pool, GroupName: described.GroupName, Description: described.Description,
		Precedence: described.Precedence, RoleArn: described.RoleArn,
	}))(t).Group
	again := get("admins")
	if diff := cmp.Diff(updated, again, sameRecords); diff != "" {
		t.Errorf("UpdateGroup and GetGroup differ: %s", diff)
	}
	if again.LastModifiedDate.Before(*described.LastModifiedDate) {
		t.Error("an update sets LastModifiedDate back")
	}
	again.LastModifiedDate = described.LastModifiedDate
	if diff := cmp.Diff(described, again, sameRecords); diff != "" {
		t.Errorf("the group drifts: %s", diff)
	}
	// What an update leaves out stays.
	must(s.UpdateGroup(s.ctx, &idp.UpdateGroupInput{UserPoolId: &pool, GroupName: ptr("admins"), Precedence: ptr[int32](7)}))(t)
	if g := get("admins"); *g.Precedence != 7 || *g.Description != "Who may all" || *g.RoleArn != "arn:aws:iam::123456789012:role/admin" {
		t.Errorf("after an update of Precedence: %+v", g)
	}

	_, err := s.CreateGroup(s.ctx, &idp.CreateGroupInput{UserPoolId: &pool, GroupName: ptr("admins")})
	refused[*types.GroupExistsException](t, err, "A group with the name already exists.")
	must(s.CreateGroup(s.ctx, &idp.CreateGroupInput{UserPoolId: &pool, GroupName: ptr("Admins")}))(t) // names are case-sensitive
	for body, text := range map[string]string{
		`"GroupName":"a b"`:               `1 validation error detected: Value 'a b' at 'groupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
		`"GroupName":"x","Precedence":-1`: "1 validation error detected: Value '-1' at 'precedence' failed to satisfy constraint: Member must have value greater than or equal to 0",
	} {
		s.post("CreateGroup", `{"UserPoolId":"`+pool+`",`+body+`}`).is(t, http.StatusBadRequest, "InvalidParameterException", text)
	}
	for _, operation := range []string{"GetGroup", "UpdateGroup", "DeleteGroup", "ListUsersInGroup"} {
		s.post(operation, `{"UserPoolId":"`+pool+`","GroupName":"nobody"}`).is(t, http.StatusBadRequest, "ResourceNotFoundException", textNoGroup)
	}
}

func TestGroupMembers(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	var names []string
	for range 5 {
		names = append(names, s.member(pool).name)
	}
	slices.Sort(names)
	for i := range 5 {
		s.group(pool, fmt.Sprintf("g%d", 4-i), -1, "")
	}
	for i, name := range names {
		for j := range i + 1 {
			s.join(pool, fmt.Sprintf("g%d", j), name)
		}
		s.join(pool, "g0", name) // again
	}
	for _, limit := range []int32{0, 1, 2, 60} {
		if got := s.groupsOf(pool, names[4], limit); !slices.Equal(got, []string{"g0", "g1", "g2", "g3", "g4"}) {
			t.Errorf("groups in pages of %d: %v", limit, got)
		}
		if got := s.usersIn(pool, "g1", limit); !slices.Equal(got, names[1:]) {
			t.Errorf("users in pages of %d: %v", limit, got)
		}
	}
	list := must(s.ListGroups(s.ctx, &idp.ListGroupsInput{UserPoolId: &pool, Limit: ptr[int32](3)}))(t)
	if len(list.Groups) != 3 || list.NextToken == nil {
		t.Fatalf("%d groups, next %v", len(list.Groups), list.NextToken)
	}
	rest := must(s.ListGroups(s.ctx, &idp.ListGroupsInput{UserPoolId: &pool, NextToken: list.NextToken}))(t)
	if len(rest.Groups) != 2 || rest.NextToken != nil || *rest.Groups[1].GroupName != "g4" {
		t.Errorf("the second page is %+v", rest)
	}
	// A token is of one list only.
	const badToken = "Invalid pagination token."
	_, err := s.AdminListGroupsForUser(s.ctx, &idp.AdminListGroupsForUserInput{UserPoolId: &pool, Username: &names[4], NextToken: list.NextToken})
	refused[*types.InvalidParameterException](t, err, badToken)
	users := must(s.ListUsersInGroup(s.ctx, &idp.ListUsersInGroupInput{UserPoolId: &pool, GroupName: ptr("g0"), Limit: ptr[int32](1)}))(t)
	_, err = s.ListUsersInGroup(s.ctx, &idp.ListUsersInGroupInput{UserPoolId: &pool, GroupName: ptr("g1"), NextToken: users.NextToken})
	refused[*types.InvalidParameterException](t, err, badToken)
	if u := users.Users[0]; valueOf(u.Attributes, "sub") == "" || u.UserStatus != types.UserStatusTypeConfirmed || !u.Enabled {
		t.Errorf("a user of a group is shown as %+v", u)
	}

	leave := func(group, user string) error {
		_, err := s.AdminRemoveUserFromGroup(s.ctx, &idp.AdminRemoveUserFromGroupInput{UserPoolId: &pool, GroupName: &group, Username: &user})
		return err
	}
	for range 2 {
		if err := leave("g1", names[2]); err != nil {
			t.Error(err)
		}
	}
	must(s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &pool, Username: &names[3]}))(t)
	if got := s.usersIn(pool, "g1", 0); !slices.Equal(got, []string{names[1], names[4]}) {
		t.Errorf("after one left and one was deleted: %v", got)
	}
	must(s.DeleteGroup(s.ctx, &idp.DeleteGroupInput{UserPoolId: &pool, GroupName: ptr("g1")}))(t)
	if got := s.groupsOf(pool, names[4], 0); !slices.Equal(got, []string{"g0", "g2", "g3", "g4"}) {
		t.Errorf("after a group was deleted: %v", got)
	}
	s.group(pool, "g1", -1, "")
	if got := s.usersIn(pool, "g1", 0); len(got) > 0 {
		t.Errorf("a new group of an old name has the users %v", got)
	}

	// The group stands before the user in the order of errors.
	refused[*types.ResourceNotFoundException](t, leave("nobody", "nobody"), textNoGroup)
	refused[*types.UserNotFoundException](t, leave("g1", "nobody"), textNoUser)
	_, err = s.AdminAddUserToGroup(s.ctx, &idp.AdminAddUserToGroupInput{UserPoolId: &pool, GroupName: ptr("nobody"), Username: &names[0]})
	refused[*types.ResourceNotFoundException](t, err, textNoGroup)
	_, err = s.AdminListGroupsForUser(s.ctx, &idp.AdminListGroupsForUserInput{UserPoolId: &pool, Username: ptr("nobody")})
	refused[*types.UserNotFoundException](t, err, textNoUser)
}

// Tokens name the groups of the moment, at sign-in and at each refresh.
func TestGroupsInTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	set := s.keySet(a.pool)
	const reader, writer = "arn:aws:iam::000000000000:role/reader", "arn:aws:iam::000000000000:role/writer"
	s.group(a.pool, "readers", 5, reader)
	s.group(a.pool, "writers", 1, writer)
	s.group(a.pool, "all", -1, "")
	check := func(tokens *types.AuthenticationResultType, groups, roles []any, preferred any) {
		t.Helper()
		for _, token := range []string{*tokens.IdToken, *tokens.AccessToken} {
			_, got := claims(t, set, token)
			want := map[string]any{"cognito:groups": groups}
			if got["token_use"] == "id" {
				want["cognito:roles"], want["cognito:preferred_role"] = roles, preferred
			}
			for _, name := range []string{"cognito:groups", "cognito:roles", "cognito:preferred_role"} {
				value, has := got[name]
				if list, ok := want[name].([]any); ok && list == nil {
					want[name] = nil
				}
				if has != (want[name] != nil) || has && !cmp.Equal(value, want[name]) {
					t.Errorf("%s of the %s token is %v, want %v", name, got["token_use"], value, want[name])
				}
			}
		}
	}
	first := s.tokens(a, u.name, u.password)
	check(first, nil, nil, nil)
	for _, name := range []string{"all", "readers"} {
		s.join(a.pool, name, u.name)
	}
	check(s.tokens(a, u.name, u.password), []any{"readers", "all"}, []any{reader}, reader)
	s.join(a.pool, "writers", u.name)
	refreshed := must(s.refresh(a, *first.RefreshToken))(t).AuthenticationResult
	check(refreshed, []any{"writers", "readers", "all"}, []any{writer, reader}, writer)
	must(s.UpdateGroup(s.ctx, &idp.UpdateGroupInput{UserPoolId: &a.pool, GroupName: ptr("readers"), Precedence: ptr[int32](1)}))(t)
	check(s.tokens(a, u.name, u.password), []any{"readers", "writers", "all"}, []any{reader, writer}, nil)
	must(s.DeleteGroup(s.ctx, &idp.DeleteGroupInput{UserPoolId: &a.pool, GroupName: ptr("readers")}))(t)
	refreshed = must(s.refresh(a, *first.RefreshToken))(t).AuthenticationResult
	check(refreshed, []any{"writers", "all"}, []any{writer}, writer)
	for _, name := range []string{"writers", "all"} {
		must(s.AdminRemoveUserFromGroup(s.ctx, &idp.AdminRemoveUserFromGroupInput{UserPoolId: &a.pool, GroupName: &name, Username: &u.name}))(t)
	}
	check(must(s.refresh(a, *first.RefreshToken))(t).AuthenticationResult, nil, nil, nil)
}
