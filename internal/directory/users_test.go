package directory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/store"
)

func TestFind(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	aliased := aliases(cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePhoneNumber, cognitoidp.AliasAttributeTypePreferredUsername)
	attributes := []string{
		"email", "Ann@example.com", "email_verified", "true", "phone_number", "+15555554567", "phone_number_verified", "false",
		"preferred_username", "Annie", "nickname", "nick",
	}
	for _, tt := range []struct {
		name    string
		pool    []option
		finds   []string
		unknown []string
	}{
		{"plain", nil, []string{"Ann"}, []string{"ann", "Ann@example.com", "Annie", "nick"}},
		{"alias", []option{aliased}, []string{"Ann", "Ann@example.com", "Annie"}, []string{"ann", "ann@example.com", "annie", "+15555554567"}},
		{"alias, no case", []option{aliased, ignoreCase}, []string{"ann", "ANN", "ann@EXAMPLE.com", "ANNIE"}, []string{"+15555554567", "nick"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, tt.pool...)
			h.add("Ann", attributes...)
			want := h.user("Ann")
			for _, name := range append(tt.finds, want.Sub) {
				if got, err := h.find(name); err != nil || got.ID != want.ID {
					t.Errorf("%s finds %v, %v", name, got, err)
				}
			}
			for _, name := range append(tt.unknown, "", "nobody") {
				if got, err := h.find(name); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s finds %v, %v", name, got, err)
				}
			}
		})
	}
	t.Run("e-mail or phone", func(t *testing.T) {
		t.Parallel()
		h := g.house(t, usernames(cognitoidp.UsernameAttributeTypeEmail, cognitoidp.UsernameAttributeTypePhoneNumber))
		h.add("ann@example.com", "phone_number", "+15555554567")
		want := h.user("ann@example.com")
		for _, name := range []string{"+15555554567", want.Sub} { // verified or not
			if h.user(name).ID != want.ID {
				t.Errorf("%s does not find its user", name)
			}
		}
	})
}

func TestCaseFolding(t *testing.T) {
	t.Parallel()
	h := newHouse(t, ignoreCase)
	h.add("Ann")
	if got := h.user("ANN").Username; got != "ann" {
		t.Errorf("the stored user name is %q", got)
	}
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, readable("name", "email"))
	h.add("ann", "name", "Ann", "email", "ann@example.com", "email_verified", "true", "dev:custom:note", "n")
	sub := h.user("ann").Sub
	got, err := h.GetUser(t.Context(), h.as("ann"), &cognitoidp.GetUserRequest{})
	must(t, err)
	want := &cognitoidp.GetUserResponse{Username: new("ann"), UserAttributes: list("sub", sub, "email", "ann@example.com", "name", "Ann")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	admin, err := h.AdminGetUser(t.Context(), h.call(), &cognitoidp.AdminGetUserRequest{UserPoolId: &h.poolID, Username: &sub})
	must(t, err)
	wantAdmin := &cognitoidp.AdminGetUserResponse{
		Username: new("ann"), Enabled: new(true), UserStatus: new(cognitoidp.UserStatusTypeConfirmed),
		UserCreateDate: api.Time(h.now), UserLastModifiedDate: api.Time(h.now),
		UserAttributes: list("sub", sub, "dev:custom:note", "n", "email", "ann@example.com", "email_verified", "true", "name", "Ann"),
	}
	if diff := cmp.Diff(wantAdmin, admin); diff != "" {
		t.Error(diff)
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann")
	h.add("bob")
	sub, call := h.user("ann").Sub, h.as("ann")
	_, err := h.DeleteUser(t.Context(), call, &cognitoidp.DeleteUserRequest{})
	must(t, err)
	_, err = h.DeleteUser(t.Context(), call, &cognitoidp.DeleteUserRequest{})
	wantFault(t, "again", err, "UserNotFoundException", "User does not exist.")
	h.add("ann")
	if h.user("ann").Sub == sub {
		t.Error("a name that is free again kept its sub")
	}
	in := &cognitoidp.AdminDeleteUserRequest{UserPoolId: &h.poolID, Username: new("bob")}
	_, err = h.AdminDeleteUser(t.Context(), h.call(), in)
	must(t, err)
	_, err = h.AdminDeleteUser(t.Context(), h.call(), in)
	wantFault(t, "again", err, "UserNotFoundException", "User does not exist.")
}

func TestDisabling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann")
	h.disable("ann")
	h.disable("ann")
	u := h.user("ann")
	if u.Enabled || !u.AuthAfter.After(h.now) {
		t.Errorf("AdminDisableUser left enabled %v, sessions of before %v end", u.Enabled, u.AuthAfter)
	}
	for range 2 {
		_, err := h.AdminEnableUser(t.Context(), h.call(), &cognitoidp.AdminEnableUserRequest{UserPoolId: &h.poolID, Username: new("ann")})
		must(t, err)
	}
	if again := h.user("ann"); !again.Enabled || !again.AuthAfter.Equal(u.AuthAfter) {
		t.Error("AdminEnableUser revived the sessions")
	}
	_, err := h.AdminEnableUser(t.Context(), h.call(), &cognitoidp.AdminEnableUserRequest{UserPoolId: &h.poolID, Username: new("bob")})
	wantFault(t, "unknown", err, "UserNotFoundException", "User does not exist.")
}

func TestAdminSetUserPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, history(1))
	h.add("ann")
	set := func(password string, permanent *bool) error {
		_, err := h.AdminSetUserPassword(t.Context(), h.call(), &cognitoidp.AdminSetUserPasswordRequest{
			UserPoolId: &h.poolID, Username: new("ann"), Password: &password, Permanent: permanent,
		})
		return err
	}
	wantFault(t, "policy", set("short", nil), "InvalidPasswordException", "Password does not conform to policy: Password not long enough")
	for _, from := range []cognitoidp.UserStatusType{
		cognitoidp.UserStatusTypeUnconfirmed, cognitoidp.UserStatusTypeConfirmed, cognitoidp.UserStatusTypeResetRequired,
		cognitoidp.UserStatusTypeForceChangePassword, cognitoidp.UserStatusTypeExternalProvider,
	} {
		h.setStatus("ann", from)
		must(t, set("temporary", nil))
		if u := h.user("ann"); u.Status != cognitoidp.UserStatusTypeForceChangePassword || !u.Credential.TemporaryUntil.Equal(h.now.Add(7*24*time.Hour)) {
			t.Errorf("from %s a temporary password led to %s until %v", from, u.Status, u.Credential.TemporaryUntil)
		}
		h.setStatus("ann", from)
		must(t, set("permanent", new(true)))
		if u := h.user("ann"); u.Status != cognitoidp.UserStatusTypeConfirmed || !u.Credential.TemporaryUntil.IsZero() {
			t.Errorf("from %s a permanent password led to %s until %v", from, u.Status, u.Credential.TemporaryUntil)
		}
	}
	wantFault(t, "history", set("permanent", new(true)), "PasswordHistoryPolicyViolationException", "Password has previously been used.")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, history(1))
	h.add("ann")
	change := func(previous *string, next string) error {
		_, err := h.ChangePassword(t.Context(), h.as("ann"), &cognitoidp.ChangePasswordRequest{PreviousPassword: previous, ProposedPassword: &next})
		return err
	}
	_, err := h.AdminSetUserPassword(t.Context(), h.call(), &cognitoidp.AdminSetUserPasswordRequest{
		UserPoolId: &h.poolID, Username: new("ann"), Password: new("first-one"), Permanent: new(true),
	})
	must(t, err)
	wantFault(t, "wrong", change(new("other-one"), "second-one"), "NotAuthorizedException", "Incorrect username or password.")
	wantFault(t, "none", change(nil, "second-one"), "InvalidParameterException", "Missing required parameter PreviousPassword")
	wantFault(t, "policy", change(new("first-one"), "short"), "InvalidPasswordException", "Password does not conform to policy: Password not long enough")
	wantFault(t, "history", change(new("first-one"), "first-one"), "PasswordHistoryPolicyViolationException", "Password has previously been used.")
	must(t, change(new("first-one"), "second-one"))
	if !h.passwordWorks("ann", "second-one") {
		t.Error("the new password does not work")
	}
	wantFault(t, "sixth", change(new("second-one"), "third-one"), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	h.sleep(time.Hour)
	for range 4 {
		wantFault(t, "wrong", change(new("other-one"), "third-one"), "NotAuthorizedException", "Incorrect username or password.")
	}
	h.sleep(time.Hour) // the wrong ones count as wrong ones at sign-in do
	wantFault(t, "fifth wrong", change(new("other-one"), "third-one"), "NotAuthorizedException", "Incorrect username or password.")
	wantFault(t, "locked", change(new("second-one"), "third-one"), "NotAuthorizedException", "Password attempts exceeded")
}

func TestChangePasswordOfUserWithout(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann")
	_, err := h.store.UpdateUser(t.Context(), h.pool.ID, h.user("ann").ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Credential = store.Credential{}
		return nil
	})
	must(t, err)
	_, err = h.ChangePassword(t.Context(), h.as("ann"), &cognitoidp.ChangePasswordRequest{ProposedPassword: new(goodPassword)})
	must(t, err)
	if !h.passwordWorks("ann", goodPassword) {
		t.Error("the first password does not work")
	}
}

func TestCheckWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t, require("name"), require("custom:tenant"), autoVerify(email), aliases(cognitoidp.AliasAttributeTypePreferredUsername),
		writable("name", "email", "phone_number", "preferred_username", "custom:tenant", "custom:flag", "custom:gone"))
	h.add("ann", "email", "ann@example.com", "email_verified", "true", "nickname", "n")
	h.add("bob", "preferred_username", "bobby")
	client, err := h.catalog.Client(t.Context(), h.clientID)
	must(t, err)
	u := h.user("ann")
	need := map[string]string{"name": "Ann", "custom:tenant": "t"}
	if diff := cmp.Diff([]string{"name", "custom:tenant"}, directory.RequiredMissing(client.Pool, u)); diff != "" {
		t.Error(diff)
	}
	const invalid, denied = "InvalidParameterException", "NotAuthorizedException"
	for _, tt := range []struct{ name, value, code, text string }{
		{"email", "other@example.com", denied, "Cannot modify an already provided email"},
		{"nickname", "other", denied, "Cannot modify an already provided nickname"},
		{"email_verified", "false", denied, "Cannot modify the non-mutable attribute email_verified"},
		{"given_name", "A", denied, "A client attempted to write unauthorized attribute"},
		{"sub", "1", denied, "A client attempted to write unauthorized attribute"},
		{"custom:gone", "1", invalid, "Attributes did not conform to the schema: custom:gone: Attribute does not exist in the schema.\n"},
		{"phone_number", "1", invalid, "Invalid phone number format."},
		{"name", "", invalid, "Invalid attributes given, name is missing"},
		{"email", "ann@example.com", "", ""},
		{"email_verified", "true", "", ""},
		{"nickname", "n", "", ""},
		{"sub", u.Sub, "", ""},
		{"custom:flag", "True", "", ""},
	} {
		given := map[string]string{tt.name: tt.value}
		for name, value := range need {
			if name != tt.name {
				given[name] = value
			}
		}
		_, err := directory.CheckWrite(client, u, given)
		wantFault(t, tt.name+" = "+tt.value, err, tt.code, tt.text)
	}
	if u.Attributes["name"] != "" {
		t.Error("CheckWrite changed the user")
	}
	apply := func(given map[string]string) error {
		mutate, err := directory.CheckWrite(client, u, given)
		must(t, err)
		_, err = h.store.UpdateUser(t.Context(), h.pool.ID, u.ID, store.UpdateOptions{}, mutate)
		return directory.AliasTaken(err)
	}
	need["preferred_username"] = "bobby"
	wantFault(t, "alias", apply(need), "AliasExistsException", "An account with the given preferred_username already exists.")
	need["preferred_username"], need["phone_number"] = "annie", "+15555554567"
	must(t, apply(need))
	if u := h.user("annie"); u.Username != "ann" || u.Attributes["phone_number_verified"] != "false" {
		t.Errorf("the answer left %v", u.Attributes)
	}
}

func TestEventAttributes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, aliases(cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePhoneNumber))
	h.add("ann", "email", "ann@example.com", "email_verified", "true", "phone_number", "+15555554567")
	pool, err := h.catalog.Pool(t.Context(), h.poolID)
	must(t, err)
	u := h.user("ann")
	want := map[string]string{
		catalog.Sub: u.Sub, "cognito:user_status": "CONFIRMED", "cognito:email_alias": "ann@example.com",
		"email": "ann@example.com", "email_verified": "true", "phone_number": "+15555554567",
	}
	if diff := cmp.Diff(want, directory.EventAttributes(pool, u)); diff != "" {
		t.Error(diff)
	}
}
