package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
)

const (
	noContact = "Cannot reset password for the user as there is no registered/verified email or phone_number"
	oldCode   = "Invalid code provided, please request a code again."
	badCode   = "Invalid verification code provided, please try again."
	noClient  = "Username/client id combination not found."
)

func TestForgotPasswordChannels(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const (
		mail  = cognitoidp.RecoveryOptionNameTypeVerifiedEmail
		sms   = cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber
		admin = cognitoidp.RecoveryOptionNameTypeAdminOnly
	)
	contacts := map[string][]string{
		"email": {"email", "ann@example.com", "email_verified", "true"},
		"phone": {"phone_number", "+15555554567", "phone_number_verified", "true"},
		"both": {
			"email", "ann@example.com", "email_verified", "true", "phone_number", "+15555554567", "phone_number_verified", "true",
		},
		"none": {"email", "ann@example.com", "phone_number", "+15555554567", "phone_number_verified", "false"},
	}
	for _, tt := range []struct {
		user    string
		setting []cognitoidp.RecoveryOptionNameType
		want    string // medium, or the exception
	}{
		{"email", nil, "EMAIL"},
		{"phone", nil, "SMS"},
		{"both", nil, "SMS"},
		{"none", nil, "InvalidParameterException"},
		{"email", []cognitoidp.RecoveryOptionNameType{mail, sms}, "EMAIL"},
		{"phone", []cognitoidp.RecoveryOptionNameType{mail, sms}, "SMS"},
		{"both", []cognitoidp.RecoveryOptionNameType{mail, sms}, "EMAIL"},
		{"both", []cognitoidp.RecoveryOptionNameType{sms, mail}, "SMS"},
		{"none", []cognitoidp.RecoveryOptionNameType{mail, sms}, "InvalidParameterException"},
		{"phone", []cognitoidp.RecoveryOptionNameType{mail}, "InvalidParameterException"},
		{"both", []cognitoidp.RecoveryOptionNameType{admin}, "NotAuthorizedException"},
		{"none", []cognitoidp.RecoveryOptionNameType{admin}, "NotAuthorizedException"},
	} {
		for _, hidden := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.user, tt.setting, hidden), func(t *testing.T) {
				t.Parallel()
				var options []option
				if tt.setting != nil {
					options = append(options, recovery(tt.setting...))
				}
				if hidden {
					options = append(options, hideUsers)
				}
				h := g.house(t, options...)
				h.add("ann", contacts[tt.user]...)
				details, err := h.forgot("ann")
				sent := len(h.inbox.List(message.Filter{}))
				switch code := faultCode(err); {
				case hidden && tt.want == "InvalidParameterException":
					if err != nil || sent != 0 || details == nil {
						t.Errorf("ForgotPassword = %v, %v, %d messages, want a simulated answer", details, err, sent)
					}
				case code != "":
					texts := map[string]string{
						"InvalidParameterException": noContact, "NotAuthorizedException": "Contact administrator to reset password.",
					}
					wantFault(t, "ForgotPassword", err, tt.want, texts[tt.want])
				case string(*details.DeliveryMedium) != tt.want || sent != 1:
					t.Errorf("ForgotPassword answered %s, %d messages, want %s", *details.DeliveryMedium, sent, tt.want)
				}
			})
		}
	}
}

func TestForgotPasswordStates(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	verified := []string{"email", "ann@example.com", "email_verified", "true"}
	h.add("ann", verified...)
	for status, want := range map[cognitoidp.UserStatusType][2]string{
		cognitoidp.UserStatusTypeConfirmed:           {},
		cognitoidp.UserStatusTypeResetRequired:       {},
		cognitoidp.UserStatusTypeUnconfirmed:         {"InvalidParameterException", noContact},
		cognitoidp.UserStatusTypeForceChangePassword: {"NotAuthorizedException", "User password cannot be reset in the current state."},
		cognitoidp.UserStatusTypeExternalProvider:    {"NotAuthorizedException", "User password cannot be reset in the current state."},
	} {
		h.setStatus("ann", status)
		_, err := h.forgot("ann")
		wantFault(t, string(status), err, want[0], want[1])
		if got := h.user("ann").Status; got != status {
			t.Errorf("ForgotPassword moved %s to %s", status, got)
		}
	}
	h.setStatus("ann", cognitoidp.UserStatusTypeConfirmed)
	h.disable("ann")
	_, err := h.forgot("ann")
	wantFault(t, "disabled", err, "NotAuthorizedException", "User is disabled.")
	_, err = h.forgot("bob")
	wantFault(t, "unknown", err, "UserNotFoundException", noClient)
}

func TestConfirmForgotPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, history(2))
	h.add("ann", "email", "ann@example.com", "email_verified", "true")
	wantFault(t, "none issued", h.confirmForgot("ann", "123456", "Another-1"), "ExpiredCodeException", oldCode)
	_, err := h.forgot("ann")
	must(t, err)
	first := h.lastCode("ann@example.com")
	h.sleep(time.Hour)
	wantFault(t, "expired", h.confirmForgot("ann", first, "Another-1"), "ExpiredCodeException", oldCode)
	_, err = h.forgot("ann")
	must(t, err)
	code := h.lastCode("ann@example.com")
	wantFault(t, "wrong", h.confirmForgot("ann", wrong(code), "Another-1"), "CodeMismatchException", badCode)
	wantFault(t, "policy", h.confirmForgot("ann", code, "short"), "InvalidPasswordException",
		"Password does not conform to policy: Password not long enough")
	h.setStatus("ann", cognitoidp.UserStatusTypeResetRequired)
	must(t, h.confirmForgot("ann", code, "Another-1")) // the refused password did not use the code up
	if u := h.user("ann"); u.Status != cognitoidp.UserStatusTypeConfirmed || !u.Credential.TemporaryUntil.IsZero() {
		t.Errorf("ConfirmForgotPassword left %v, temporary until %v", u.Status, u.Credential.TemporaryUntil)
	}
	if !h.passwordWorks("ann", "Another-1") {
		t.Error("the new password does not work")
	}
	wantFault(t, "used", h.confirmForgot("ann", code, "Another-2"), "ExpiredCodeException", oldCode)
	_, err = h.forgot("ann")
	must(t, err)
	wantFault(t, "history", h.confirmForgot("ann", h.lastCode("ann@example.com"), "Another-1"),
		"PasswordHistoryPolicyViolationException", "Password has previously been used.")
}

func TestConfirmForgotPasswordStates(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", "email", "ann@example.com", "email_verified", "true")
	_, err := h.forgot("ann")
	must(t, err)
	code := h.lastCode("ann@example.com")
	h.setStatus("ann", cognitoidp.UserStatusTypeUnconfirmed)
	wantFault(t, "unconfirmed", h.confirmForgot("ann", code, goodPassword), "UserNotConfirmedException", "User is not confirmed.")
	h.setStatus("ann", cognitoidp.UserStatusTypeForceChangePassword)
	wantFault(t, "invited", h.confirmForgot("ann", code, goodPassword), "NotAuthorizedException", "User password cannot be reset in the current state.")
	h.setStatus("ann", cognitoidp.UserStatusTypeConfirmed)
	must(t, h.adminUpdate("ann", "email", "new@example.com", "email_verified", "true"))
	wantFault(t, "address changed", h.confirmForgot("ann", code, goodPassword), "ExpiredCodeException", oldCode)
	wantFault(t, "unknown", h.confirmForgot("bob", code, goodPassword), "UserNotFoundException", noClient)
	h.disable("ann")
	wantFault(t, "disabled", h.confirmForgot("ann", code, goodPassword), "NotAuthorizedException", "User is disabled.")
}

func TestAdminResetUserPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ann", "email", "ann@example.com", "email_verified", "true")
	h.add("bob")
	reset := func(username string) error {
		_, err := h.AdminResetUserPassword(t.Context(), h.call(), &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: &h.poolID, Username: &username})
		return err
	}
	wantFault(t, "unknown", reset("eve"), "UserNotFoundException", "User does not exist.")
	wantFault(t, "no contact", reset("bob"), "InvalidParameterException", noContact)
	if h.user("bob").Status != cognitoidp.UserStatusTypeConfirmed {
		t.Error("a refused reset changed the status")
	}
	must(t, reset("ann"))
	must(t, reset("ann"))
	if h.user("ann").Status != cognitoidp.UserStatusTypeResetRequired {
		t.Error("the user is not RESET_REQUIRED")
	}
	must(t, h.confirmForgot("ann", h.lastCode("ann@example.com"), "Another-1!"))
	h.setStatus("ann", cognitoidp.UserStatusTypeUnconfirmed)
	wantFault(t, "unconfirmed", reset("ann"), "NotAuthorizedException", "User password cannot be reset in the current state.")
	h.setStatus("ann", cognitoidp.UserStatusTypeConfirmed)
	h.mail.fail = errors.New("no")
	wantFault(t, "delivery", reset("ann"), "InvalidEmailRoleAccessPolicyException", "Failed to deliver the message: the sender refused it.")
	h.disable("ann")
	wantFault(t, "disabled", reset("ann"), "NotAuthorizedException", "User is disabled")
}

// What PreventUserExistenceErrors hides, an answer must not tell: not by its form, not by
// changing from call to call, not by its limits.
func TestHiddenUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hideUsers, autoVerify(email))
	h.add("disabled", "email", "d@example.com", "email_verified", "true")
	h.disable("disabled")
	h.add("bare")
	h.mustSignUp("fresh", "email", "f@example.com")
	sent := len(h.inbox.List(message.Filter{}))
	for _, name := range []string{"nobody", "disabled", "bare", "fresh", "someone@example.com"} {
		first, err := h.forgot(name)
		must(t, err)
		second, err := h.forgot(name)
		must(t, err)
		if diff := cmp.Diff(first, second); diff != "" || first.Destination == nil {
			t.Errorf("%s: %s", name, diff)
		}
		if name == "someone@example.com" && *first.Destination != "s***@e***" {
			t.Errorf("ForgotPassword answered %s", *first.Destination)
		}
		for range 18 {
			_, err = h.forgot(name)
			must(t, err)
		}
		_, err = h.forgot(name)
		wantFault(t, name, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	}
	for _, name := range []string{"nobody", "disabled"} {
		for range 5 {
			details, err := h.resend(name)
			if err != nil || details == nil {
				t.Errorf("ResendConfirmationCode of %s = %v, %v", name, details, err)
			}
		}
		_, err := h.resend(name)
		wantFault(t, name, err, "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	}
	if now := len(h.inbox.List(message.Filter{})); now != sent {
		t.Errorf("%d messages were sent", now-sent)
	}
	h.sleep(2 * time.Hour)
	wantFault(t, "ConfirmSignUp", h.confirm("nobody", "123456", false), "ExpiredCodeException", oldCode)
	for _, name := range []string{"nobody", "disabled"} {
		wantFault(t, "ConfirmForgotPassword", h.confirmForgot(name, "123456", goodPassword), "CodeMismatchException", badCode)
	}
	_, err := h.signUp("bare")
	wantFault(t, "SignUp", err, "UsernameExistsException", "User already exists") // never hidden
}

// A pool that verifies nothing, or where only administrators reset, says so of every name.
func TestHiddenUsersOfPoolsWithoutTheFeature(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hideUsers, recovery(cognitoidp.RecoveryOptionNameTypeAdminOnly))
	h.add("ann", "email", "a@example.com", "email_verified", "true")
	h.mustSignUp("new", "email", "n@example.com")
	var answers []string
	for _, name := range []string{"ann", "nobody"} {
		_, err := h.forgot(name)
		answers = append(answers, err.Error())
	}
	for _, name := range []string{"new", "nobody"} {
		_, err := h.resend(name)
		answers = append(answers, err.Error())
	}
	want := []string{
		"NotAuthorizedException: Contact administrator to reset password.",
		"NotAuthorizedException: Cannot resend codes. Auto verification not turned on.",
	}
	if got := slices.Compact(answers); !slices.Equal(got, want) {
		t.Error(answers)
	}
}
