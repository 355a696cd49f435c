package credential

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
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
// list of symbols (developer guide, "Password policy"; a blank inside is one).
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
	if utf8.RuneCountInString(password) < policy.MinimumLength {
		return fault.InvalidPassword(prefix + "Password not long enough")
	}
	inner := strings.Trim(password, " ") // blanks around it satisfy nothing
	for _, class := range classes(policy) {
		if class.required && !strings.ContainsAny(inner, class.characters) {
			return fault.InvalidPassword(prefix + class.missing)
		}
	}
	return nil
}

// class is a kind of characters that a policy can require.
type class struct {
	required   bool
	characters string // those that satisfy it
	missing    string // the text when there is none
	generated  string // those of them that GeneratePassword uses
}

// classes returns the policy's classes of characters in the order in which they are
// checked. Generated passwords leave out what is easily confused in print (0 O 1 l I) or
// has a meaning in HTML, in shells or at the end of a sentence.
func classes(policy catalog.PasswordPolicy) [4]class {
	return [...]class{
		{policy.Uppercase, upperCase, "Password must have uppercase characters", "ABCDEFGHJKLMNPQRSTUVWXYZ"},
		{policy.Lowercase, lowerCase, "Password must have lowercase characters", "abcdefghijkmnopqrstuvwxyz"},
		{policy.Number, digits, "Password must have numeric characters", "23456789"},
		{policy.Symbol, symbols, "Password must have symbol characters", "@#%*+-_=^~"},
	}
}

// generatedLength is the least length of a generated password.
const generatedLength = 8

// GeneratePassword returns a random password that satisfies the pool's policy: as long as
// the policy asks for and at least eight characters, with letters and digits always and
// symbols where the policy requires them.
func (s *Service) GeneratePassword(p *catalog.Pool) (string, error) {
	policy := p.PasswordPolicy()
	used := classes(policy)
	alphabet, out := "", make([]byte, 0, generatedLength)
	for i, class := range used {
		if i == len(used)-1 && !class.required {
			break
		}
		alphabet += class.generated
		one, err := naming.Pick(s.random, class.generated, 1)
		if err != nil {
			return "", err
		}
		out = append(out, one...)
	}
	rest, err := naming.Pick(s.random, alphabet, max(policy.MinimumLength, generatedLength)-len(out))
	if err != nil {
		return "", err
	}
	if out, err = shuffle(s.random, append(out, rest...)); err != nil {
		return "", err
	}
	return string(out), nil
}

// shuffle returns b in a random order, each as likely as any other (Fisher and Yates). b
// is at most 256 bytes long.
func shuffle(random io.Reader, b []byte) ([]byte, error) {
	places := make([]byte, len(b))
	for i := range places {
		places[i] = byte(i)
	}
	for i := len(b) - 1; i > 0; i-- {
		picked, err := naming.Pick(random, string(places[:i+1]), 1)
		if err != nil {
			return nil, err
		}
		j := picked[0]
		b[i], b[j] = b[j], b[i]
	}
	return b, nil
}
