package directory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, require("name"), writable("name", "email", "phone_number", "birthdate", "custom:tenant", "custom:seats",
		"custom:count", "custom:flag", "custom:when", "custom:gone"))
	h.add("ann", "name", "Ann", "email", "ann@example.com")
	const (
		invalid = "InvalidParameterException"
		denied  = "NotAuthorizedException"
		write   = "A client attempted to write unauthorized attribute"
	)
	for _, tt := range []struct {
		name, value      string
		code, text       string // for the client
		adminCode, admin string // for an administrator
	}{
		{"name", "", invalid, "user.name: The attribute is required\n", invalid, "user.name: The attribute is required\n"},
		{"custom:tenant", "t", invalid, "user.custom:tenant: Attribute cannot be updated.\n", invalid, "user.custom:tenant: Attribute cannot be updated.\n"},
		{
			"custom:gone", "x", invalid, "user.custom:gone: Attribute does not exist in the schema.\n", invalid,
			"user.custom:gone: Attribute does not exist in the schema.\n",
		},
		{"given_name", "x", denied, write, "", ""},
		{"sub", "x", denied, write, invalid, "user.sub: Attribute cannot be updated.\n"},
		{"email_verified", "true", denied, write, "", ""},
		{"phone_number_verified", "true", denied, write, invalid, "Phone Number is required to verify/un-verify a phone number"},
		{"dev:custom:note", "x", denied, write, "", ""},
		{"email", "nobody", invalid, "Invalid email address format.", invalid, "Invalid email address format."},
		{"phone_number", "+0", invalid, "Invalid phone number format.", invalid, "Invalid phone number format."},
		{
			"birthdate", "2000-1-1", invalid, "user.birthdate: String must be at least 10 characters long\n", invalid,
			"user.birthdate: String must be at least 10 characters long\n",
		},
		{
			"birthdate", "2000-01-011", invalid, "user.birthdate: String must be at most 10 characters long\n", invalid,
			"user.birthdate: String must be at most 10 characters long\n",
		},
		{
			"name", "A\x00", invalid, "user.name: String contains characters that are not allowed\n", invalid,
			"user.name: String contains characters that are not allowed\n",
		},
		{"custom:seats", "0", invalid, "user.custom:seats: Number must be >= 1\n", invalid, "user.custom:seats: Number must be >= 1\n"},
		{"custom:seats", "11", invalid, "user.custom:seats: Number must be <= 10\n", invalid, "user.custom:seats: Number must be <= 10\n"},
		{"custom:count", "1.5", invalid, "user.custom:count: Number must be an integer\n", invalid, "user.custom:count: Number must be an integer\n"},
		{"custom:flag", "yes", invalid, "user.custom:flag: Boolean must be true or false\n", invalid, "user.custom:flag: Boolean must be true or false\n"},
		{
			"custom:when", "tomorrow", invalid, "user.custom:when: DateTime must be of ISO 8601 format\n", invalid,
			"user.custom:when: DateTime must be of ISO 8601 format\n",
		},
	} {
		before := h.user("ann").Attributes
		_, err := h.update("ann", "name", "Other", tt.name, tt.value)
		wantFault(t, tt.name+" by the client", err, tt.code, tt.text)
		if diff := cmp.Diff(before, h.user("ann").Attributes); tt.code != "" && diff != "" {
			t.Errorf("%s: a refused update changed %s", tt.name, diff)
		}
		wantFault(t, tt.name+" by an administrator", h.adminUpdate("ann", tt.name, tt.value), tt.adminCode, tt.admin)
	}
}

func TestUpdateStores(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", "name", "Ann", "given_name", "A")
	h.sleep(time.Minute)
	details, err := h.update("ann", "name", "Anna", "given_name", "", "custom:flag", "TRUE", "custom:when", "2026-11-22T10:00:00Z",
		"custom:count", "-0012345678901234567890", "custom:seats", "7", "nickname", "a", "nickname", "b")
	must(t, err)
	if details == nil || len(details) != 0 {
		t.Errorf("CodeDeliveryDetailsList is %v, want an empty list", details)
	}
	u := h.user("ann")
	want := map[string]string{
		"name": "Anna", "custom:flag": "true", "custom:when": "2026-11-22T10:00:00Z",
		"custom:count": "-0012345678901234567890", "custom:seats": "7", "nickname": "b",
	}
	if diff := cmp.Diff(want, u.Attributes); diff != "" {
		t.Error(diff)
	}
	if !u.Modified.Equal(h.time()) {
		t.Errorf("UserLastModifiedDate is %v", u.Modified)
	}
}

func TestDeleteAttributes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, require("name"), writable("name", "email", "nickname", "custom:tenant", "custom:a", "custom:b"))
	h.add("ann", "name", "Ann", "email", "ann@example.com", "email_verified", "true", "custom:tenant", "t", "given_name", "A", "nickname", "n")
	byClient := func(names ...string) error {
		_, err := h.DeleteUserAttributes(t.Context(), h.as("ann"), &cognitoidp.DeleteUserAttributesRequest{UserAttributeNames: names})
		return err
	}
	byAdmin := func(names ...string) error {
		_, err := h.AdminDeleteUserAttributes(t.Context(), h.call(), &cognitoidp.AdminDeleteUserAttributesRequest{
			UserPoolId: &h.poolID, Username: new("ann"), UserAttributeNames: names,
		})
		return err
	}
	const invalid = "InvalidParameterException"
	unknown := "Invalid user attributes: user.custom:a: Attribute does not exist in the schema.\nuser.custom:b: Attribute does not exist in the schema.\n"
	wantFault(t, "unknown", byClient("nickname", "custom:a", "custom:b"), invalid, unknown)
	wantFault(t, "unknown", byAdmin("nickname", "custom:a", "custom:b"), invalid, unknown)
	wantFault(t, "unwritable", byClient("nickname", "given_name"), "NotAuthorizedException", "A client attempted to write unauthorized attribute")
	wantFault(t, "required", byClient("nickname", "name"), invalid, "user.name: The attribute is required\n")
	wantFault(t, "immutable", byAdmin("nickname", "custom:tenant", "sub"), invalid,
		"user.custom:tenant: Attribute cannot be updated.\nuser.sub: Attribute cannot be updated.\n")
	if h.user("ann").Attributes["nickname"] != "n" {
		t.Error("a refused deletion deleted")
	}
	must(t, byClient("email", "nickname"))
	must(t, byAdmin("given_name", "birthdate")) // the second has no value
	if diff := cmp.Diff(map[string]string{"name": "Ann", "custom:tenant": "t"}, h.user("ann").Attributes); diff != "" {
		t.Error(diff)
	}
}

func TestChangedContactIsUnverified(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email), aliases(cognitoidp.AliasAttributeTypeEmail))
	h.add("ann", "email", "old@example.com", "email_verified", "true")
	if details, err := h.update("ann", "email", "old@example.com"); err != nil || len(details) != 0 {
		t.Errorf("the same value again: %v, %v", details, err)
	}
	if h.user("ann").Attributes["email_verified"] != "true" {
		t.Error("the same value again is no longer verified")
	}
	details, err := h.update("ann", "email", "new@example.com")
	must(t, err)
	want := []cognitoidp.CodeDeliveryDetailsType{{
		Destination: new("n***@e***"), DeliveryMedium: new(message.Email), AttributeName: new("email"),
	}}
	if diff := cmp.Diff(want, details); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"old@example.com", "new@example.com"} {
		if _, err := h.find(name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s still finds somebody: %v", name, err)
		}
	}
	code := h.lastCode("new@example.com")
	wantFault(t, "wrong code", h.verify("ann", "email", wrong(code)), "CodeMismatchException", badCode)
	must(t, h.verify("ann", "email", code))
	if u := h.user("new@example.com"); u.Username != "ann" || u.Attributes["email_verified"] != "true" {
		t.Errorf("the verified address finds %s %v", u.Username, u.Attributes)
	}
	wantFault(t, "used code", h.verify("ann", "email", code), "ExpiredCodeException", oldCode)
}

func TestKeptOriginal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email), keepOriginal(email), aliases(cognitoidp.AliasAttributeTypeEmail))
	const old, next = "old@example.com", "new@example.com"
	h.add("ann", "email", old, "email_verified", "true")
	_, err := h.update("ann", "email", "first@example.com")
	must(t, err)
	stale := h.lastCode("first@example.com")
	_, err = h.update("ann", "email", next)
	must(t, err)
	if u := h.user(old); u.Username != "ann" || u.Attributes["email"] != old || u.Attributes["email_verified"] != "true" {
		t.Errorf("while the new address waits, the user has %v", u.Attributes)
	}
	code := h.lastCode(next)
	if stale != code {
		wantFault(t, "code of a replaced address", h.verify("ann", "email", stale), "CodeMismatchException", badCode)
	}
	must(t, h.verify("ann", "email", code))
	if u := h.user(next); u.Username != "ann" || u.Attributes["email_verified"] != "true" || len(u.Pending) != 0 {
		t.Errorf("after the verification the user has %v, waiting %v", u.Attributes, u.Pending)
	}
	if _, err := h.find(old); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old address still finds somebody: %v", err)
	}
}

func TestKeptOriginalWithdrawn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email), keepOriginal(email))
	h.add("ann", "email", "old@example.com", "email_verified", "true")
	_, err := h.update("ann", "email", "new@example.com")
	must(t, err)
	code := h.lastCode("new@example.com")
	_, err = h.update("ann", "email", "old@example.com")
	must(t, err)
	wantFault(t, "withdrawn", h.verify("ann", "email", code), "ExpiredCodeException", oldCode)
	must(t, h.adminUpdate("ann", "email", "admin@example.com"))
	if h.user("ann").Attributes["email"] != "old@example.com" {
		t.Error("an administrator's change did not wait")
	}
	must(t, h.adminUpdate("ann", "email", "sure@example.com", "email_verified", "true"))
	if u := h.user("ann"); u.Attributes["email"] != "sure@example.com" || u.Attributes["email_verified"] != "true" || len(u.Pending) != 0 {
		t.Errorf("a vouched change left %v, waiting %v", u.Attributes, u.Pending)
	}
	wantFault(t, "overtaken", h.verify("ann", "email", h.lastCode("admin@example.com")), "ExpiredCodeException", oldCode)
}

// A code that was sent to one address verifies no other, even where no newer code was sent.
func TestCodeOfAnotherAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", "email", "mine@example.com")
	must(t, h.attributeCode("ann", "email"))
	code := h.lastCode("mine@example.com")
	_, err := h.update("ann", "email", "victim@example.com") // not auto-verified: no code goes out
	must(t, err)
	wantFault(t, "VerifyUserAttribute", h.verify("ann", "email", code), "ExpiredCodeException", oldCode)
	if h.user("ann").Attributes["email_verified"] == "true" {
		t.Error("the other address is verified")
	}
}

func TestAliasMoves(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email), aliases(cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePreferredUsername))
	const address = "shared@example.com"
	h.add("ann", "email", address, "email_verified", "true", "preferred_username", "annie")
	h.add("bob")
	_, err := h.update("bob", "email", address)
	must(t, err)
	code := h.lastCode(address)
	wantFault(t, "VerifyUserAttribute", h.verify("bob", "email", code), "AliasExistsException", "An account with the email already exists.")
	if h.user(address).Username != "ann" {
		t.Error("the refused verification moved the alias")
	}
	must(t, h.adminUpdate("bob", "email", address, "email_verified", "true"))
	if h.user(address).Username != "bob" || h.user("ann").Attributes["email_verified"] != "false" {
		t.Error("an administrator's verified address did not move the alias")
	}
	for _, name := range []string{"annie", "ann"} {
		_, err = h.update("bob", "preferred_username", name)
		wantFault(t, name, err, "AliasExistsException", "An account with the given preferred_username already exists.")
	}
	_, err = h.update("bob", "preferred_username", "bobby")
	must(t, err)
	if h.user("bobby").Username != "bob" {
		t.Error("preferred_username does not find its user at once")
	}
	_, err = h.update("bob", "preferred_username", "x@example.com")
	wantFault(t, "preferred_username like e-mail", err, "InvalidParameterException",
		"Preferred username cannot be of email format, since user pool is configured for email alias.")
}

func TestUsernameAttributeUpdates(t *testing.T) {
	t.Parallel()
	h := newHouse(t, usernames(cognitoidp.UsernameAttributeTypeEmail), autoVerify(email), keepOriginal(email))
	plain := newHouse(t, usernames(cognitoidp.UsernameAttributeTypeEmail))
	for _, h := range []*house{h, plain} {
		h.add("ann@example.com")
		h.add("bob@example.com")
		_, err := h.update("bob@example.com", "email", "ann@example.com")
		wantFault(t, "taken", err, "AliasExistsException", "An account with the given email already exists.")
		wantFault(t, "taken, by force", h.adminUpdate("bob@example.com", "email", "ann@example.com", "email_verified", "true"),
			"AliasExistsException", "An account with the given email already exists.")
		wantFault(t, "last name", h.adminUpdate("bob@example.com", "email", ""), "InvalidParameterException", "user.email: The attribute is required\n")
	}
	_, err := plain.update("bob@example.com", "email", "rob@example.com")
	must(t, err)
	if u := plain.user("rob@example.com"); u.Username != u.Sub || u.Attributes["email_verified"] != "false" {
		t.Errorf("the new address finds %+v", u)
	}
	// An address that waits can be taken by another before it is verified.
	_, err = h.update("bob@example.com", "email", "free@example.com")
	must(t, err)
	h.add("free@example.com")
	wantFault(t, "VerifyUserAttribute", h.verify("bob@example.com", "email", h.lastCode("free@example.com")),
		"AliasExistsException", "An account with the email already exists.")
}

func TestAttributeCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", "email", "ann@example.com", "email_verified", "true")
	wantFault(t, "other attribute", h.attributeCode("ann", "name"), "InvalidParameterException",
		"Attribute name cannot be verified, only email and phone_number can.")
	wantFault(t, "no value", h.attributeCode("ann", "phone_number"), "InvalidParameterException",
		"User does not have a value for the attribute phone_number.")
	wantFault(t, "verify other attribute", h.verify("ann", "name", "123456"), "InvalidParameterException",
		"Attribute name cannot be verified, only email and phone_number can.")
	wantFault(t, "none issued", h.verify("ann", "email", "123456"), "ExpiredCodeException", oldCode)
	must(t, h.attributeCode("ann", "email")) // a verified one may be verified again
	code := h.lastCode("ann@example.com")
	h.sleep(24 * time.Hour)
	wantFault(t, "expired", h.verify("ann", "email", code), "ExpiredCodeException", oldCode)
	h.mail.fail = errors.New("no")
	wantFault(t, "delivery", h.attributeCode("ann", "email"), "CodeDeliveryFailureException", "Failed to deliver the message: the sender refused it.")
}

func TestUpdateDelivery(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email, phone))
	h.add("ann")
	details, err := h.update("ann", "email", "ann@example.com", "phone_number", "+15555554567")
	must(t, err)
	if len(details) != 2 {
		t.Errorf("%d codes were sent, want one for each contact", len(details))
	}
	must(t, h.verify("ann", "email", h.lastCode("ann@example.com")))
	must(t, h.verify("ann", "phone_number", h.lastCode("+15555554567")))
	h.mail.fail = errors.New("no")
	_, err = h.update("ann", "email", "a2@example.com")
	wantFault(t, "client", err, "CodeDeliveryFailureException", "Failed to deliver the message: the sender refused it.")
	wantFault(t, "administrator", h.adminUpdate("ann", "phone_number", "+15555554568"), "InvalidSmsRoleAccessPolicyException",
		"Failed to deliver the message: the sender refused it.")
	must(t, h.adminUpdate("ann", "phone_number", "+15555554569", "phone_number_verified", "true")) // sends nothing
	if u := h.user("ann"); u.Attributes["email"] != "a2@example.com" || u.Attributes["email_verified"] != "false" {
		t.Errorf("after a failed delivery the user has %v", u.Attributes)
	}
}
