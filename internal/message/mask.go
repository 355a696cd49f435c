package message

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
)

// AttributeOf returns the attribute whose value a medium delivers to.
func AttributeOf(m Medium) string {
	if m == SMS {
		return catalog.PhoneNumber
	}
	return catalog.Email
}

// MediumOf returns the medium that delivers to an attribute.
func MediumOf(attribute string) Medium {
	if attribute == catalog.PhoneNumber {
		return SMS
	}
	return Email
}

// Mask hides a destination as Cognito does: the first characters of an address's local
// part and domain (f***@e***), the last four digits of a phone number (+*******1234).
func Mask(m Medium, destination string) string {
	if m == SMS {
		tail := destination
		if len(tail) > 4 {
			tail = tail[len(tail)-4:]
		}
		return "+*******" + tail
	}
	local, domain, _ := strings.Cut(destination, "@")
	return initial(local) + "***@" + initial(domain) + "***"
}

func initial(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// Details is the CodeDeliveryDetails of a message to destination.
func Details(m Medium, destination string) cognitoidp.CodeDeliveryDetailsType {
	return cognitoidp.CodeDeliveryDetailsType{
		Destination:    new(Mask(m, destination)),
		DeliveryMedium: new(m),
		AttributeName:  new(AttributeOf(m)),
	}
}

// Simulated is the CodeDeliveryDetails that hide whether username exists
// (PreventUserExistenceErrors): what a real answer would look like, the same for the same
// pool and name on every call. key is a secret of the pool, so that nobody else can tell
// a simulated destination by computing it.
func Simulated(p *catalog.Pool, key []byte, username string) cognitoidp.CodeDeliveryDetailsType {
	medium := Email
	if phoneShaped(username) || p.AutoVerified(catalog.PhoneNumber) && !p.AutoVerified(catalog.Email) {
		medium = SMS
	}
	if strings.Contains(username, "@") {
		medium = Email
	}
	return SimulatedBy(medium, p, key, username)
}

// SimulatedBy is Simulated where the medium is known.
func SimulatedBy(medium Medium, p *catalog.Pool, key []byte, username string) cognitoidp.CodeDeliveryDetailsType {
	if medium == Email && strings.Contains(username, "@") || medium == SMS && phoneShaped(username) {
		return Details(medium, username)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("simulated destination\x00" + p.ID() + "\x00" + username))
	sum := mac.Sum(nil)
	if medium == SMS {
		digits := make([]byte, 4)
		for i := range digits {
			digits[i] = '0' + sum[i]%10
		}
		return Details(SMS, string(digits))
	}
	letter := func(b byte) string { return string(rune('a' + b%26)) }
	return Details(Email, letter(sum[0])+"@"+letter(sum[1]))
}

// phoneShaped says whether s reads as an E.164 number: a plus and digits.
func phoneShaped(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && digits != "" && strings.Trim(digits, "0123456789") == ""
}
