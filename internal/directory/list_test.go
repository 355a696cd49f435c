package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// page is ListUsers with a filter, as names of users.
func (h *house) page(filter, token string, limit int) (names []string, next string, err error) {
	in := &cognitoidp.ListUsersRequest{UserPoolId: &h.poolID}
	if filter != "" {
		in.Filter = &filter
	}
	if token != "" {
		in.PaginationToken = &token
	}
	if limit != 0 {
		in.Limit = &limit
	}
	out, err := h.ListUsers(h.t.Context(), h.call(), in)
	if err != nil {
		return nil, "", err
	}
	for _, u := range out.Users {
		names = append(names, *u.Username)
	}
	if out.PaginationToken != nil {
		next = *out.PaginationToken
	}
	return names, next, nil
}

func TestListUsersFilters(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("Ann", "email", "Ann@Example.com", "phone_number", "+15555550100", "name", `Ann "the" O\Hara`, "given_name", "Ann", "family_name", "Zeta",
		"preferred_username", "Annie")
	h.sleep(time.Second)
	h.add("bob", "email", "bob@example.com", "phone_number", "+15555550101", "name", "Bob", "given_name", "Anna", "family_name", "Alpha")
	h.setStatus("bob", cognitoidp.UserStatusTypeResetRequired)
	h.disable("bob")
	sub := h.user("Ann").Sub
	for _, tt := range []struct {
		filter string
		want   []string
	}{
		{``, []string{"Ann", "bob"}},
		{`username = "Ann"`, []string{"Ann"}},
		{`username = "ann"`, nil}, // compared as written
		{`username ^= "b"`, []string{"bob"}},
		{`email = "ann@example.COM"`, []string{"Ann"}},
		{`email ^= "BOB@"`, []string{"bob"}},
		{`phone_number = "+15555550101"`, []string{"bob"}},
		{`phone_number ^= "+1555555010"`, []string{"Ann", "bob"}},
		{`name = "ann \"the\" o\\hara"`, []string{"Ann"}},
		{`name ^= "bo"`, []string{"bob"}},
		{`given_name = "ann"`, []string{"Ann"}},
		{`given_name ^= "ann"`, []string{"Ann", "bob"}},
		{`family_name ^= ""`, []string{"bob", "Ann"}}, // in the order of the attribute
		{`family_name = "zeta"`, []string{"Ann"}},
		{`preferred_username = "annie"`, []string{"Ann"}},
		{`preferred_username ^= "x"`, nil},
		{`cognito:user_status = "reset_required"`, []string{"bob"}},
		{`cognito:user_status ^= "CONF"`, []string{"Ann"}},
		{`status = "Enabled"`, []string{"Ann"}},
		{`status = "disabled"`, nil}, // compared as written
		{`status ^= "Dis"`, []string{"bob"}},
		{fmt.Sprintf(`sub = "%s"`, sub), []string{"Ann"}},
		{fmt.Sprintf(`sub = "%s"`, sub[:8]), nil},
		{fmt.Sprintf(`sub ^= "%s"`, sub[:8]), []string{"Ann"}},
	} {
		got, _, err := h.page(tt.filter, "", 0)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s finds %v, %v, want %v", tt.filter, got, err, tt.want)
		}
	}
	if got, _, err := h.page(`email = "bob@example.com"`, "", 1); err != nil || !slices.Equal(got, []string{"bob"}) {
		t.Errorf("a filter with Limit 1 finds %v, %v", got, err)
	}
}

func TestListUsersPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var want []string
	for i := range 7 {
		name := fmt.Sprintf("user%d", 9-i)
		h.add(name, "given_name", "same")
		want = append(want, name)
		h.sleep(time.Millisecond)
	}
	for _, filter := range []string{"", `given_name = "same"`} {
		var got []string
		names, token, err := h.page(filter, "", 3)
		for ; err == nil && token != ""; names, token, err = h.page(filter, token, 3) {
			got = append(got, names...)
		}
		must(t, err)
		if diff := cmp.Diff(want, append(got, names...)); diff != "" {
			t.Errorf("%s: %s", filter, diff)
		}
	}
	_, token, err := h.page(`given_name = "same"`, "", 3)
	must(t, err)
	const refused = "Paging Marker is Invalid for Request"
	_, _, err = h.page("", token, 3)
	wantFault(t, "no filter", err, "InvalidParameterException", refused)
	_, _, err = h.page(`given_name ^= "same"`, token, 3)
	wantFault(t, "other filter", err, "InvalidParameterException", refused)
	_, _, err = h.page(`given_name = "same"`, token+"A", 3)
	wantFault(t, "altered", err, "InvalidParameterException", refused)
	_, _, err = h.page("", "garbage", 3)
	wantFault(t, "garbage", err, "InvalidParameterException", refused)
	h.sleep(time.Hour)
	_, _, err = h.page(`given_name = "same"`, token, 3)
	wantFault(t, "old", err, "InvalidParameterException", refused)
}

func TestListUsersAttributes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", "name", "Ann", "email", "ann@example.com")
	h.sleep(time.Second)
	h.add("bob")
	sub := h.user("ann").Sub
	get := func(names ...string) ([]cognitoidp.UserType, error) {
		out, err := h.ListUsers(t.Context(), h.call(), &cognitoidp.ListUsersRequest{UserPoolId: &h.poolID, AttributesToGet: names})
		if err != nil {
			return nil, err
		}
		return out.Users, nil
	}
	for _, tt := range []struct {
		names []string
		want  []cognitoidp.AttributeType
	}{
		{nil, list("sub", sub, "email", "ann@example.com", "name", "Ann")},
		{[]string{}, list("sub", sub, "email", "ann@example.com", "name", "Ann")},
		{[]string{"name", "nickname"}, list("name", "Ann")},
		{[]string{"sub", "email"}, list("sub", sub, "email", "ann@example.com")},
	} {
		users, err := get(tt.names...)
		must(t, err)
		if diff := cmp.Diff(tt.want, users[0].Attributes); diff != "" || len(users) != 2 {
			t.Errorf("%v: %s", tt.names, diff)
		}
	}
	_, err := get("name", "custom:gone")
	wantFault(t, "unknown", err, "InvalidParameterException", "One or more requested attributes do not exist.")
	_, _, err = h.page(`custom:plan = "x"`, "", 0)
	wantFault(t, "unsearchable", err, "InvalidParameterException", "Invalid search attribute: custom:plan")
}
