package credential

import (
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// How Cognito begins the text of an InvalidPasswordException depends on the operation
// (recorded from AWS; AdminSetUserPassword is inferred).
const (
	// PolicySignUp is for SignUp.
	PolicySignUp = "Password did not conform with policy: "
	// PolicyChange is for ConfirmForgotPassword, ChangePassword, AdminSetUserPassword and
	// the answer to NEW_PASSWORD_REQUIRED.
	PolicyChange = "Password does not conform to policy: "
	// PolicyAdminCreate is for the temporary password of AdminCreateUser.
	PolicyAdminCreate = "Password did not conform with password policy: "
)

// The characters that count for a policy: Basic Latin letters and digits, and Cognito's
// list of symbols (developer guide, "Password policy"; a space is one).
const (
	upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerCase = "abcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
	symbols   = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "
)

// CheckPolicy returns an InvalidPasswordException with the first rule of the pool's
// password policy that password breaks, in the order that AWS checks them. prefix is one
// of the Policy constants.
func CheckPolicy(p *catalog.Pool, prefix, password string) error {
	policy := p.PasswordPolicy()
	if utf8.RuneCountInString(password) < int(api.Value(policy.MinimumLength)) {
		return fault.InvalidPassword(prefix + "Password not long enough")
	}
	for _, rule := range []struct {
		required bool
		any      string
		text     string
	}{
		{api.Value(policy.RequireUppercase), upperCase, "Password must have uppercase characters"},
		{api.Value(policy.RequireLowercase), lowerCase, "Password must have lowercase characters"},
		{api.Value(policy.RequireNumbers), digits, "Password must have numeric characters"},
		{api.Value(policy.RequireSymbols), symbols, "Password must have symbol characters"},
	} {
		if rule.required && !strings.ContainsAny(password, rule.any) {
			return fault.InvalidPassword(prefix + rule.text)
		}
	}
	return nil
}
