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

func TestSignUpNames(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const (
		invalid = "InvalidParameterException"
		exists  = "UsernameExistsException"
		taken   = "User already exists"
		given   = "An account with the given email already exists."
	)
	byEmail := usernames(cognitoidp.UsernameAttributeTypeEmail)
	byPhone := usernames(cognitoidp.UsernameAttributeTypePhoneNumber)
	byEither := usernames(cognitoidp.UsernameAttributeTypePhoneNumber, cognitoidp.UsernameAttributeTypeEmail)
	aliased := aliases(cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePhoneNumber, cognitoidp.AliasAttributeTypePreferredUsername)
	for _, tt := range []struct {
		name       string
		pool       []option
		first      []string // user name, then attributes; nil for none
		second     []string
		code, text string
	}{
		{"plain: same name", nil, []string{"ann"}, []string{"ann"}, exists, taken},
		{"plain: other case", nil, []string{"ann"}, []string{"Ann"}, "", ""},
		{"plain: same e-mail", nil, []string{"ann", "email", "a@x.com"}, []string{"bob", "email", "a@x.com"}, "", ""},
		{"plain: e-mail as name", nil, []string{"ann"}, []string{"a@x.com"}, "", ""},
		{"no case: other case", []option{ignoreCase}, []string{"ann"}, []string{"ANN"}, exists, taken},
		{"alias: same name", []option{aliased}, []string{"ann"}, []string{"ann"}, exists, taken},
		{"alias: same e-mail", []option{aliased}, []string{"ann", "email", "a@x.com"}, []string{"bob", "email", "a@x.com"}, "", ""},
		{
			"alias: name like e-mail",
			[]option{aliased},
			nil,
			[]string{"a@x.com"},
			invalid,
			"Username cannot be of email format, since user pool is configured for email alias.",
		},
		{
			"alias: name like phone",
			[]option{aliased},
			nil,
			[]string{"+15555550100"},
			invalid,
			"Username cannot be of phone number format, since user pool is configured for phone number alias.",
		},
		{
			"alias: early preferred_username",
			[]option{aliased},
			nil,
			[]string{"ann", "preferred_username", "annie"},
			invalid,
			"Attribute preferred_username cannot be set at sign-up, since user pool is configured for preferred_username alias.",
		},
		{"e-mail: same address", []option{byEmail}, []string{"a@x.com"}, []string{"a@x.com"}, exists, given},
		{"e-mail: other case", []option{byEmail, ignoreCase}, []string{"a@x.com"}, []string{"A@X.com"}, exists, given},
		{"e-mail: another address", []option{byEmail}, []string{"a@x.com"}, []string{"b@x.com"}, "", ""},
		{"e-mail: no address", []option{byEmail}, nil, []string{"ann"}, invalid, "Username should be an email."},
		{
			"e-mail: same phone",
			[]option{byEmail},
			[]string{"a@x.com", "phone_number", "+15555550100"},
			[]string{"b@x.com", "phone_number", "+15555550100"},
			"", "",
		},
		{
			"e-mail: attribute differs",
			[]option{byEmail},
			nil,
			[]string{"a@x.com", "email", "b@x.com"},
			invalid,
			"Username and the attribute email should have the same value.",
		},
		{"e-mail: attribute agrees", []option{byEmail}, nil, []string{"a@x.com", "email", "a@x.com"}, "", ""},
		{
			"e-mail: beyond the schema",
			[]option{byEmail, longest("email", "6")},
			nil,
			[]string{"a@x.com"},
			invalid,
			"Attributes did not conform to the schema: email: String must be at most 6 characters long\n",
		},
		{
			"phone: same number",
			[]option{byPhone},
			[]string{"+15555550100"},
			[]string{"+15555550100"},
			exists,
			"An account with the given phone_number already exists.",
		},
		{"phone: no number", []option{byPhone}, nil, []string{"a@x.com"}, invalid, "Username should be a phone number."},
		{"either: neither", []option{byEither}, nil, []string{"ann"}, invalid, "Username should be either an email or a phone number."},
		{
			"either: phone of another",
			[]option{byEither},
			[]string{"a@x.com", "phone_number", "+15555550100"},
			[]string{"+15555550100"},
			exists, "An account with the given phone_number already exists.",
		},
		{"closed", []option{adminOnlySignUp}, nil, []string{"ann"}, "NotAuthorizedException", "SignUp is not permitted for this user pool"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, tt.pool...)
			if tt.first != nil {
				h.mustSignUp(tt.first[0], tt.first[1:]...)
			}
			_, err := h.signUp(tt.second[0], tt.second[1:]...)
			wantFault(t, "SignUp", err, tt.code, tt.text)
		})
	}
}

func TestSignUpNeverTakesAnothersPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, aliases(cognitoidp.AliasAttributeTypePreferredUsername))
	h.add("ann", "preferred_username", "annie")
	ann := h.user("ann")
	for _, name := range []string{ann.Sub, "annie"} {
		_, err := h.signUp(name)
		wantFault(t, "SignUp as "+name, err, "UsernameExistsException", "User already exists")
		if h.user(name).ID != ann.ID {
			t.Errorf("%s no longer finds ann", name)
		}
	}
}

func TestSignUpAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, usernames(cognitoidp.UsernameAttributeTypeEmail), autoVerify(email))
	out := h.mustSignUp("ann@example.com", "name", "Ann")
	u := h.user("ann@example.com")
	if *out.UserConfirmed || *out.UserSub != u.Sub || out.Session != nil {
		t.Errorf("SignUp answered %+v", out)
	}
	if u.Username != u.Sub || u.Status != cognitoidp.UserStatusTypeUnconfirmed || !u.Enabled {
		t.Errorf("SignUp made %+v", u)
	}
	want := map[string]string{"name": "Ann", "email": "ann@example.com", "email_verified": "false"}
	if diff := cmp.Diff(want, u.Attributes); diff != "" {
		t.Error(diff)
	}
	if !h.passwordWorks("ann@example.com", goodPassword) {
		t.Error("the password does not work")
	}
}

func TestSignUpDelivery(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	both := []string{"email", "ann@example.com", "phone_number", "+15555554567"}
	mail := &cognitoidp.CodeDeliveryDetailsType{
		Destination: new("a***@e***"), DeliveryMedium: new(message.Email), AttributeName: new("email"),
	}
	text := &cognitoidp.CodeDeliveryDetailsType{
		Destination: new("+*******4567"), DeliveryMedium: new(message.SMS), AttributeName: new("phone_number"),
	}
	for _, tt := range []struct {
		name       string
		pool       []option
		attributes []string
		want       *cognitoidp.CodeDeliveryDetailsType
	}{
		{"nothing verified", nil, both, nil},
		{"recovery plays no part", []option{recovery(cognitoidp.RecoveryOptionNameTypeVerifiedEmail)}, both, nil},
		{"e-mail", []option{autoVerify(email)}, both, mail},
		{"phone wins", []option{autoVerify(email, phone)}, both, text},
		{"only e-mail there", []option{autoVerify(email, phone)}, both[:2], mail},
		{"nothing there", []option{autoVerify(email, phone)}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, tt.pool...)
			out := h.mustSignUp("ann", tt.attributes...)
			if diff := cmp.Diff(tt.want, out.CodeDeliveryDetails); diff != "" {
				t.Error(diff)
			}
			if sent := len(h.inbox.List(message.Filter{})) > 0; sent != (tt.want != nil) {
				t.Errorf("a message was sent: %v", sent)
			}
		})
	}
}

func TestSignUpRefusesAttributes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, require("name"), require("family_name"), writable("name", "family_name", "email", "phone_number", "custom:seats", "custom:plan", "first_name"))
	full := []string{"name", "A", "family_name", "B"}
	for _, tt := range []struct {
		name, code, text string
		attributes       []string
	}{
		{
			"required", "InvalidParameterException",
			"Attributes did not conform to the schema: name: The attribute is required\nfamily_name: The attribute is required\n", nil,
		},
		{
			"required but empty", "InvalidParameterException",
			"Attributes did not conform to the schema: name: The attribute is required\n",
			[]string{"name", "", "family_name", "B"},
		},
		{
			"unknown", "InvalidParameterException",
			"Attributes did not conform to the schema: first_name: Attribute does not exist in the schema.\n", append([]string{"first_name", "A"}, full...),
		},
		{"unwritable", "NotAuthorizedException", "A client attempted to write unauthorized attribute", append([]string{"custom:tenant", "A"}, full...)},
		{"verified flag", "NotAuthorizedException", "A client attempted to write unauthorized attribute", append([]string{"email_verified", "true"}, full...)},
		{"sub", "NotAuthorizedException", "A client attempted to write unauthorized attribute", append([]string{"sub", "1"}, full...)},
		{"developer's", "NotAuthorizedException", "A client attempted to write unauthorized attribute", append([]string{"dev:custom:note", "1"}, full...)},
		{"e-mail", "InvalidParameterException", "Invalid email address format.", append([]string{"email", "nobody"}, full...)},
		{"phone", "InvalidParameterException", "Invalid phone number format.", append([]string{"phone_number", "555"}, full...)},
		{
			"number", "InvalidParameterException",
			"Attributes did not conform to the schema: custom:seats: Number must be <= 10\n", append([]string{"custom:seats", "11"}, full...),
		},
	} {
		_, err := h.signUp("ann", tt.attributes...)
		wantFault(t, tt.name, err, tt.code, tt.text)
	}
	if _, err := h.find("ann"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a refused SignUp left a user: %v", err)
	}
}

func TestSignUpPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for password, text := range map[string]string{
		"Short1!":     "Password not long enough",
		"lowercase1!": "Password must have uppercase characters",
		"UPPERCASE1!": "Password must have lowercase characters",
		"NoNumbers!":  "Password must have numeric characters",
		"NoSymbols1":  "Password must have symbol characters",
	} {
		_, err := h.SignUp(t.Context(), h.call(), &cognitoidp.SignUpRequest{ClientId: &h.clientID, Username: new("ann"), Password: &password})
		wantFault(t, password, err, "InvalidPasswordException", "Password did not conform with policy: "+text)
	}
	_, err := h.SignUp(t.Context(), h.call(), &cognitoidp.SignUpRequest{ClientId: &h.clientID, Username: new("ann")})
	wantFault(t, "no password", err, "InvalidParameterException",
		"1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null")
}

func TestSecretHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret("1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn"), func(_ *cognitoidp.UserPoolType, c *store.Client) {
		c.Config.ClientId = new("1example23456789")
	})
	h.clientID = "1example23456789"
	const hash = "F3TiLEZhqxn0Ur//VJcpMrDLOzGERdbKWOhU0cLyRHk=" // of janedoe, from the developer guide
	const refused = "Unable to verify secret hash for client 1example23456789"
	in := &cognitoidp.SignUpRequest{ClientId: &h.clientID, Username: new("janedoe"), Password: new(goodPassword)}
	_, err := h.SignUp(t.Context(), h.call(), in)
	wantFault(t, "no hash", err, "NotAuthorizedException", refused)
	in.SecretHash = new("AAAA")
	_, err = h.SignUp(t.Context(), h.call(), in)
	wantFault(t, "wrong hash", err, "NotAuthorizedException", refused)
	in.SecretHash = new(hash)
	_, err = h.SignUp(t.Context(), h.call(), in)
	wantFault(t, "right hash", err, "", "")
	for _, name := range []string{"janedoe", h.user("janedoe").Sub} { // by the canonical name, too
		_, err = h.ResendConfirmationCode(t.Context(), h.call(), &cognitoidp.ResendConfirmationCodeRequest{
			ClientId: &h.clientID, Username: &name, SecretHash: new(hash),
		})
		wantFault(t, "ResendConfirmationCode", err, "NotAuthorizedException", "Cannot resend codes. Auto verification not turned on.")
	}
	for _, name := range []string{"nobody", "janedoe"} { // a bad proof does not tell who exists
		_, err = h.ForgotPassword(t.Context(), h.call(), &cognitoidp.ForgotPasswordRequest{
			ClientId: &h.clientID, Username: &name, SecretHash: new("AAAA"),
		})
		wantFault(t, "ForgotPassword", err, "NotAuthorizedException", refused)
	}
}

func TestUnknownPoolsAndClients(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clientID = "nobody"
	_, err := h.signUp("ann")
	wantFault(t, "SignUp", err, "ResourceNotFoundException", "User pool client nobody does not exist.")
	h.poolID = "us-east-1_nowhere"
	_, err = h.AdminGetUser(t.Context(), h.call(), &cognitoidp.AdminGetUserRequest{UserPoolId: &h.poolID, Username: new("ann")})
	wantFault(t, "AdminGetUser", err, "ResourceNotFoundException", "User pool us-east-1_nowhere does not exist.")
}

func TestSignUpSurvivesFailedDelivery(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.mail.fail = errors.New("no")
	_, err := h.signUp("ann", "email", "ann@example.com")
	wantFault(t, "SignUp", err, "CodeDeliveryFailureException", "Failed to deliver the message: the sender refused it.")
	h.mail.fail = nil
	_, err = h.signUp("ann", "email", "ann@example.com")
	wantFault(t, "SignUp again", err, "UsernameExistsException", "User already exists")
	_, err = h.resend("ann")
	wantFault(t, "ResendConfirmationCode", err, "", "")
	must(t, h.confirm("ann", h.lastCode("ann@example.com"), false))
}

func TestConfirmSignUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.mustSignUp("ann", "email", "ann@example.com")
	const (
		oldText = "Invalid code provided, please request a code again."
		badText = "Invalid verification code provided, please try again."
	)
	first := h.lastCode("ann@example.com")
	wantFault(t, "wrong", h.confirm("ann", wrong(first), false), "CodeMismatchException", badText)
	wantFault(t, "unknown user", h.confirm("bob", first, false), "UserNotFoundException", "Username/client id combination not found.")
	_, err := h.resend("ann")
	must(t, err)
	second := h.lastCode("ann@example.com")
	if first != second {
		wantFault(t, "superseded", h.confirm("ann", first, false), "CodeMismatchException", badText)
	}
	h.sleep(24 * time.Hour)
	wantFault(t, "expired", h.confirm("ann", second, false), "ExpiredCodeException", oldText)
	_, err = h.resend("ann")
	must(t, err)
	h.sleep(24*time.Hour - time.Millisecond)
	must(t, h.confirm("ann", h.lastCode("ann@example.com"), false))
	u := h.user("ann")
	if u.Status != cognitoidp.UserStatusTypeConfirmed || u.Attributes["email_verified"] != "true" {
		t.Errorf("ConfirmSignUp left %v %v", u.Status, u.Attributes)
	}
	wantFault(t, "again", h.confirm("ann", second, false), "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
	_, err = h.resend("ann")
	wantFault(t, "resend", err, "InvalidParameterException", "User is already confirmed.")
}

func TestConfirmSignUpWithoutCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.mustSignUp("ann", "email", "ann@example.com")
	wantFault(t, "none issued", h.confirm("ann", "123456", false), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	_, err := h.resend("ann")
	wantFault(t, "resend", err, "NotAuthorizedException", "Cannot resend codes. Auto verification not turned on.")
}

// A code proves the address that it went to and no other.
func TestConfirmSignUpAfterTheAddressChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.mustSignUp("ann", "email", "ann@example.com")
	code := h.lastCode("ann@example.com")
	must(t, h.adminUpdate("ann", "email", "other@example.com"))
	wantFault(t, "ConfirmSignUp", h.confirm("ann", code, false), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	if u := h.user("ann"); u.Status != cognitoidp.UserStatusTypeUnconfirmed || u.Attributes["email_verified"] != "false" {
		t.Errorf("ConfirmSignUp left %v %v", u.Status, u.Attributes)
	}
}

func TestConfirmSignUpAliases(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email), aliases(cognitoidp.AliasAttributeTypeEmail))
	const address = "ann@example.com"
	h.mustSignUp("ann", "email", address)
	if _, err := h.find(address); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unverified alias finds somebody: %v", err)
	}
	must(t, h.confirm("ann", h.lastCode(address), false))
	if h.user(address).Username != "ann" {
		t.Error("the verified alias does not find ann")
	}
	h.mustSignUp("bob", "email", address)
	code := h.lastCode(address)
	wantFault(t, "alias in use", h.confirm("bob", code, false), "AliasExistsException", "An account with the email already exists.")
	if h.user(address).Username != "ann" {
		t.Error("a refused confirmation moved the alias")
	}
	must(t, h.confirm("bob", code, true)) // the code stayed good
	if h.user(address).Username != "bob" {
		t.Error("ForceAliasCreation did not move the alias")
	}
	if u := h.user("ann"); u.Attributes["email"] != address || u.Attributes["email_verified"] != "false" {
		t.Errorf("the former owner has %v", u.Attributes)
	}
}

func TestAdminConfirmSignUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify(email))
	h.mustSignUp("ann", "email", "ann@example.com")
	in := &cognitoidp.AdminConfirmSignUpRequest{UserPoolId: &h.poolID, Username: new("ann")}
	_, err := h.AdminConfirmSignUp(t.Context(), h.call(), in)
	must(t, err)
	if u := h.user("ann"); u.Status != cognitoidp.UserStatusTypeConfirmed || u.Attributes["email_verified"] != "false" {
		t.Errorf("AdminConfirmSignUp left %v %v", u.Status, u.Attributes)
	}
	_, err = h.AdminConfirmSignUp(t.Context(), h.call(), in)
	wantFault(t, "again", err, "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
	in.Username = new("bob")
	_, err = h.AdminConfirmSignUp(t.Context(), h.call(), in)
	wantFault(t, "unknown", err, "UserNotFoundException", "User does not exist.")
}

func TestAttemptLimits(t *testing.T) {
	t.Parallel()
	const text = "Attempt limit exceeded, please try after some time."
	h := newHouse(t, autoVerify(email))
	h.mustSignUp("ann", "email", "ann@example.com")
	h.add("bob", "email", "bob@example.com", "email_verified", "true")
	for _, tt := range []struct {
		name  string
		times int
		try   func() error
		code  string // of the tries within the limit
	}{
		{"ConfirmSignUp", 15, func() error { return h.confirm("ann", wrong(h.lastCode("ann@example.com")), false) }, "CodeMismatchException"},
		{"ResendConfirmationCode", 5, func() error { _, err := h.resend("ann"); return err }, ""},
		{"ForgotPassword", 20, func() error { _, err := h.forgot("bob"); return err }, ""},
		{"GetUserAttributeVerificationCode", 5, func() error { return h.attributeCode("bob", "email") }, ""},
		{"VerifyUserAttribute", 15, func() error { return h.verify("bob", "email", wrong(h.lastCode("bob@example.com"))) }, "CodeMismatchException"},
	} {
		for i := range tt.times {
			if err := tt.try(); faultCode(err) != tt.code {
				t.Fatalf("%s, try %d: %v", tt.name, i, err)
			}
		}
		wantFault(t, tt.name, tt.try(), "LimitExceededException", text)
	}
	// The limit of ForgotPassword is also that of ConfirmForgotPassword.
	wantFault(t, "ConfirmForgotPassword", h.confirmForgot("bob", "000000", goodPassword), "LimitExceededException", text)
	h.sleep(2 * time.Hour)
	must(t, h.confirm("ann", h.lastCode("ann@example.com"), false))
}
