package directory_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// create is AdminCreateUser of the named user, changed by edit.
func (h *house) create(username string, edit func(*cognitoidp.AdminCreateUserRequest)) (*cognitoidp.UserType, error) {
	in := &cognitoidp.AdminCreateUserRequest{UserPoolId: &h.poolID, Username: &username}
	if edit != nil {
		edit(in)
	}
	out, err := h.AdminCreateUser(h.t.Context(), h.call(), in)
	if err != nil {
		return nil, err
	}
	return out.User, nil
}

func TestAdminCreateUserAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, require("name"))
	user, err := h.create("ann", func(in *cognitoidp.AdminCreateUserRequest) {
		in.UserAttributes = list("email", "ann@example.com", "email_verified", "True", "custom:tenant", "t1", "dev:custom:note", "n")
	})
	must(t, err)
	stored := h.user("ann")
	want := &cognitoidp.UserType{
		Username: new("ann"), Enabled: new(true), UserStatus: new(cognitoidp.UserStatusTypeForceChangePassword),
		UserCreateDate: api.Time(h.now), UserLastModifiedDate: api.Time(h.now),
		Attributes: list("sub", stored.Sub, "custom:tenant", "t1", "dev:custom:note", "n", "email", "ann@example.com", "email_verified", "true"),
	}
	if diff := cmp.Diff(want, user); diff != "" {
		t.Error(diff)
	}
	password := h.lastCode("ann@example.com")
	if !h.passwordWorks("ann", password) {
		t.Error("the invitation's password does not work")
	}
	if until := stored.Credential.TemporaryUntil; !until.Equal(h.now.Add(7 * 24 * time.Hour)) {
		t.Errorf("the temporary password is valid until %v", until)
	}
}

func TestGeneratedPasswordSatisfiesThePolicy(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, length := range []int{6, 8, 20, 99} {
		h := g.house(t, func(p *cognitoidp.UserPoolType, _ *store.Client) {
			p.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{
				MinimumLength: &length, RequireLowercase: new(true), RequireUppercase: new(true), RequireNumbers: new(true), RequireSymbols: new(true),
			}}
		})
		_, err := h.create("ann", func(in *cognitoidp.AdminCreateUserRequest) { in.UserAttributes = list("email", "a@x.com") })
		must(t, err)
		pool, err := h.catalog.Pool(t.Context(), h.poolID)
		must(t, err)
		password := h.lastCode("a@x.com")
		if err := credential.CheckPolicy(pool, "", password); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestAdminCreateUserNames(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const exists = "UsernameExistsException"
	aliased := aliases(cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePhoneNumber, cognitoidp.AliasAttributeTypePreferredUsername)
	verified := []string{"email", "a@x.com", "email_verified", "true"}
	for _, tt := range []struct {
		name          string
		pool          option
		first, second []string
		force         bool
		code, text    string
	}{
		{"same name", aliased, []string{"ann"}, []string{"ann"}, false, exists, "User account already exists"},
		{
			"alias taken", aliased, append([]string{"ann"}, verified...), append([]string{"bob"}, verified...), false, exists,
			"An account with the email already exists.",
		},
		{"alias unverified", aliased, append([]string{"ann"}, verified...), append([]string{"bob"}, verified[:2]...), false, "", ""},
		{"alias forced", aliased, append([]string{"ann"}, verified...), append([]string{"bob"}, verified...), true, "", ""},
		{
			"preferred_username taken", aliased,
			[]string{"ann", "preferred_username", "pat"},
			[]string{"bob", "preferred_username", "pat"},
			true, exists,
			"An account with the preferred_username already exists.",
		},
		{"named as a preferred_username", aliased, []string{"ann", "preferred_username", "pat"}, []string{"pat"}, true, exists, "User account already exists"},
		{
			"preferred_username as a name", aliased,
			[]string{"ann"},
			[]string{"bob", "preferred_username", "ann"},
			true, exists,
			"An account with the preferred_username already exists.",
		},
		{
			"preferred_username like e-mail", aliased, nil,
			[]string{"bob", "preferred_username", "a@x.com"},
			false, "InvalidParameterException",
			"Preferred username cannot be of email format, since user pool is configured for email alias.",
		},
		{
			"user name e-mail taken", usernames(cognitoidp.UsernameAttributeTypeEmail),
			[]string{"a@x.com"},
			[]string{"a@x.com"},
			true, exists,
			"An account with the given email already exists.",
		},
		{"user name shape", usernames(cognitoidp.UsernameAttributeTypeEmail), nil, []string{"ann"}, false, "InvalidParameterException", "Username should be an email."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, tt.pool)
			if tt.first != nil {
				h.add(tt.first[0], tt.first[1:]...)
			}
			_, err := h.create(tt.second[0], func(in *cognitoidp.AdminCreateUserRequest) {
				in.UserAttributes, in.ForceAliasCreation = list(tt.second[1:]...), &tt.force
			})
			wantFault(t, "AdminCreateUser", err, tt.code, tt.text)
			if tt.name == "alias forced" && (h.user("a@x.com").Username != "bob" || h.user("ann").Attributes["email_verified"] != "false") {
				t.Error("ForceAliasCreation did not move the alias")
			}
		})
	}
}

func TestAdminCreateUserRefusesAttributes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const invalid = "InvalidParameterException"
	for _, tt := range []struct {
		name, text string
		attributes []string
	}{
		{"unknown custom", "Attributes did not conform to the schema: Type for attribute {custom:role} could not be determined", []string{"custom:role", "1"}},
		{"unknown", "Attributes did not conform to the schema: role: Attribute does not exist in the schema.\n", []string{"role", "1"}},
		{"sub", "user.sub: Attribute cannot be updated.\n", []string{"sub", "1"}},
		{"e-mail", "Invalid email address format.", []string{"email", "a b@x.com"}},
		{"verified nothing", "Email is required to verify/un-verify an email", []string{"email_verified", "true"}},
		{"verified no phone", "Phone Number is required to verify/un-verify a phone number", []string{"phone_number_verified", "false"}},
	} {
		_, err := h.create("ann", func(in *cognitoidp.AdminCreateUserRequest) { in.UserAttributes = list(tt.attributes...) })
		wantFault(t, tt.name, err, invalid, tt.text)
	}
	_, err := h.create("ann", func(in *cognitoidp.AdminCreateUserRequest) { in.TemporaryPassword = new("short") })
	wantFault(t, "password", err, "InvalidPasswordException", "Password did not conform with password policy: Password not long enough")
	if _, err := h.find("ann"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a refused AdminCreateUser left a user: %v", err)
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const mail, number = "ann@example.com", "+15555554567"
	sms, eml := message.SMS, message.Email
	for i, tt := range []struct {
		attributes []string
		media      []cognitoidp.DeliveryMediumType
		action     *cognitoidp.MessageActionType
		want       []string
		code       string
	}{
		{attributes: []string{"email", mail}, want: []string{mail}},
		{attributes: []string{"phone_number", number}, want: []string{number}},
		{attributes: []string{"email", mail, "phone_number", number}, want: []string{number}},
		{attributes: nil, want: nil},
		{attributes: []string{"email", mail, "phone_number", number}, media: []cognitoidp.DeliveryMediumType{eml}, want: []string{mail}},
		{attributes: []string{"email", mail, "phone_number", number}, media: []cognitoidp.DeliveryMediumType{eml, sms, eml}, want: []string{number, mail}},
		{attributes: []string{"email", mail}, media: []cognitoidp.DeliveryMediumType{eml, sms}, want: []string{mail}},
		{attributes: []string{"email", mail}, media: []cognitoidp.DeliveryMediumType{sms}, code: "InvalidParameterException"},
		{attributes: nil, media: []cognitoidp.DeliveryMediumType{eml}, code: "InvalidParameterException"},
		{attributes: []string{"email", mail}, action: new(cognitoidp.MessageActionTypeSuppress), want: nil},
		{attributes: nil, media: []cognitoidp.DeliveryMediumType{eml}, action: new(cognitoidp.MessageActionTypeSuppress), want: nil},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			h := g.house(t)
			_, err := h.create("ann", func(in *cognitoidp.AdminCreateUserRequest) {
				in.UserAttributes, in.DesiredDeliveryMediums, in.MessageAction = list(tt.attributes...), tt.media, tt.action
			})
			if faultCode(err) != tt.code {
				t.Fatalf("AdminCreateUser: %v", err)
			}
			var got []string
			for _, e := range h.inbox.List(message.Filter{}) {
				got = append(got, e.Destination)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInviteAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	resend := func(in *cognitoidp.AdminCreateUserRequest) {
		in.MessageAction = new(cognitoidp.MessageActionTypeResend)
		in.UserAttributes = list("name", "ignored")
	}
	_, err := h.create("ann", resend)
	wantFault(t, "unknown", err, "UserNotFoundException", "User does not exist.")
	_, err = h.create("ann", func(in *cognitoidp.AdminCreateUserRequest) { in.UserAttributes = list("email", "ann@example.com") })
	must(t, err)
	first := h.lastCode("ann@example.com")
	h.sleep(6 * 24 * time.Hour)
	user, err := h.create(h.user("ann").Sub, resend)
	must(t, err)
	second := h.lastCode("ann@example.com")
	if h.passwordWorks("ann", first) || !h.passwordWorks("ann", second) {
		t.Error("the new temporary password did not replace the old one")
	}
	if *user.UserStatus != cognitoidp.UserStatusTypeForceChangePassword || attribute(user.Attributes, "name") != "" {
		t.Errorf("RESEND answered %v %v", *user.UserStatus, user.Attributes)
	}
	if until := h.user("ann").Credential.TemporaryUntil; !until.Equal(h.time().Add(7 * 24 * time.Hour)) {
		t.Errorf("the new password is valid until %v", until)
	}
	h.setStatus("ann", cognitoidp.UserStatusTypeConfirmed)
	_, err = h.create("ann", resend)
	wantFault(t, "confirmed", err, "UnsupportedUserStateException", "Resend not possible. ann status is not FORCE_CHANGE_PASSWORD")
}

func TestInvitationThatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.mail.fail = errors.New("no")
	invite := func(in *cognitoidp.AdminCreateUserRequest) { in.UserAttributes = list("email", "ann@example.com") }
	_, err := h.create("ann", invite)
	wantFault(t, "AdminCreateUser", err, "CodeDeliveryFailureException", "Failed to deliver the message: the sender refused it.")
	_, err = h.create("ann", invite)
	wantFault(t, "again", err, "UsernameExistsException", "User account already exists")
	if h.user("ann").Status != cognitoidp.UserStatusTypeForceChangePassword {
		t.Error("the user is not there")
	}
}
