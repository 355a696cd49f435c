package directory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/store"
)

// both gives a user both contacts, verified.
var both = []string{
	"email", "ann@example.com", "email_verified", "true", "phone_number", "+15555554567", "phone_number_verified", "true",
}

func textMFA(mode cognitoidp.UserPoolMfaType) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.MfaConfiguration = &mode
		p.SmsConfiguration = &cognitoidp.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms")}
	}
}

// choose sets what a user has chosen of second factors.
func (h *house) choose(username string, m store.MFA) {
	h.t.Helper()
	u := h.user(username)
	_, err := h.store.UpdateUser(h.t.Context(), u.Pool, u.ID, store.UpdateOptions{}, func(u *store.User) error { u.MFA = m; return nil })
	must(h.t, err)
}

// An address that receives codes of MFA does not also reset the password.
func TestRecoveryAvoidsSecondFactors(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const (
		mail = cognitoidp.RecoveryOptionNameTypeVerifiedEmail
		sms  = cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber
	)
	phone := both[4:]
	for name, tt := range map[string]struct {
		mode       cognitoidp.UserPoolMfaType
		attributes []string
		recovery   []cognitoidp.RecoveryOptionNameType
		mfa        store.MFA
		want       string
	}{
		"nothing chosen":                  {"OPTIONAL", both, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{}, "SMS"},
		"text messages":                   {"OPTIONAL", both, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{SMS: true}, "EMAIL"},
		"the older setting":               {"OPTIONAL", both, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{Legacy: []string{"phone_number"}}, "EMAIL"},
		"e-mail":                          {"OPTIONAL", both, []cognitoidp.RecoveryOptionNameType{mail, sms}, store.MFA{Email: true}, "SMS"},
		"both":                            {"OPTIONAL", both, []cognitoidp.RecoveryOptionNameType{mail, sms}, store.MFA{Email: true, SMS: true}, ""},
		"the only contact":                {"OPTIONAL", phone, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{SMS: true}, ""},
		"MFA is off":                      {"OFF", both, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{SMS: true}, "SMS"},
		"legacy recovery":                 {"OPTIONAL", both, nil, store.MFA{SMS: true}, "SMS"},
		"required, not chosen":            {"ON", phone, []cognitoidp.RecoveryOptionNameType{mail, sms}, store.MFA{}, ""},
		"required, primary recovery":      {"ON", phone, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{}, "SMS"},
		"required, nothing else to ask":   {"ON", both, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{}, "EMAIL"},
		"required, chosen over recovery":  {"ON", phone, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{SMS: true}, ""},
		"required, and another preferred": {"ON", both, []cognitoidp.RecoveryOptionNameType{sms, mail}, store.MFA{Email: true, Preferred: "EMAIL_OTP"}, "SMS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []option{textMFA(tt.mode)}
			if tt.recovery != nil {
				options = append(options, recovery(tt.recovery...))
			}
			h := g.house(t, options...)
			h.add("ann", tt.attributes...)
			h.choose("ann", tt.mfa)
			details, err := h.forgot("ann")
			if tt.want == "" {
				wantFault(t, "ForgotPassword", err, "InvalidParameterException", noContact)
				return
			}
			must(t, err)
			if string(*details.DeliveryMedium) != tt.want {
				t.Errorf("sent by %s, want %s", *details.DeliveryMedium, tt.want)
			}
		})
	}
}

func TestReadingSecondFactors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", both...)
	read := func() (list []string, preferred *string, options []cognitoidp.MFAOptionType) {
		t.Helper()
		own, err := h.GetUser(t.Context(), h.as("ann"), new(cognitoidp.GetUserRequest))
		must(t, err)
		admin, err := h.AdminGetUser(t.Context(), h.call(), &cognitoidp.AdminGetUserRequest{UserPoolId: &h.poolID, Username: new("ann")})
		must(t, err)
		all, err := h.ListUsers(t.Context(), h.call(), &cognitoidp.ListUsersRequest{UserPoolId: &h.poolID})
		must(t, err)
		if diff := cmp.Diff(own.UserMFASettingList, admin.UserMFASettingList) + cmp.Diff(own.PreferredMfaSetting, admin.PreferredMfaSetting) +
			cmp.Diff(own.MFAOptions, admin.MFAOptions) + cmp.Diff(own.MFAOptions, all.Users[0].MFAOptions); diff != "" {
			t.Error(diff)
		}
		return own.UserMFASettingList, own.PreferredMfaSetting, own.MFAOptions
	}
	if list, preferred, options := read(); list != nil || preferred != nil || options != nil {
		t.Errorf("a user without MFA has %v, %v, %v", list, preferred, options)
	}
	// TOTP without an app, and an address that is gone, are nothing that could be asked for.
	h.choose("ann", store.MFA{SMS: true, Email: true, TOTP: true, Preferred: "EMAIL_OTP", Legacy: []string{"phone_number"}})
	list, preferred, options := read()
	if diff := cmp.Diff([]string{"SMS_MFA", "EMAIL_OTP"}, list); diff != "" || preferred == nil || *preferred != "EMAIL_OTP" {
		t.Errorf("got %v, %v", list, preferred)
	}
	want := []cognitoidp.MFAOptionType{{DeliveryMedium: new(cognitoidp.DeliveryMediumTypeSms), AttributeName: new("phone_number")}}
	if diff := cmp.Diff(want, options); diff != "" {
		t.Error(diff)
	}
	must(t, h.adminUpdate("ann", "email", ""))
	if list, preferred, _ := read(); len(list) != 1 || preferred != nil {
		t.Errorf("got %v, %v", list, preferred)
	}
}

// Who receives a code at an address has shown that it is theirs; an alias that another
// user has stays with that user.
func TestReached(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
	})
	h.add("ann", "email", "ann@example.com")
	h.add("bob", "email", "ann@example.com")
	pool, err := h.catalog.Pool(t.Context(), h.poolID)
	must(t, err)
	reached := func(name, address string) *store.User {
		t.Helper()
		u, err := h.Reached(t.Context(), pool, h.user(name), "email", address)
		must(t, err)
		if diff := cmp.Diff(h.user(name), u); diff != "" {
			t.Errorf("not as stored: %s", diff)
		}
		return u
	}
	if u := reached("ann", "other@example.com"); u.Attributes["email_verified"] == "true" {
		t.Error("another address proved this one")
	}
	ann := reached("ann", "ann@example.com")
	if ann.Attributes["email_verified"] != "true" {
		t.Error("the address is not verified")
	}
	if found, err := h.find("ann@example.com"); err != nil || found.ID != ann.ID {
		t.Errorf("the alias finds %v: %v", found, err)
	}
	if u := reached("bob", "ann@example.com"); u.Attributes["email_verified"] == "true" {
		t.Error("two users have one alias")
	}
	if got := directory.ChosenFactors(ann); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
