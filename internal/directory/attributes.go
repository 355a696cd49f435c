package directory

import (
	"cmp"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// attribute is a value that a request gives; an empty one deletes.
type attribute struct{ name, value string }

// given returns the attributes of a request, each name once: the last value counts. Lists
// have no greatest length, so the work must stay proportional to it.
func given(pool *catalog.Pool, list []cognitoidp.AttributeType) []attribute {
	var out []attribute
	at := make(map[string]int, len(list))
	for _, a := range list {
		next := normal(pool, api.Value(a.Name), api.Value(a.Value))
		if i, again := at[next.name]; again {
			out[i] = next
			continue
		}
		at[next.name] = len(out)
		out = append(out, next)
	}
	return out
}

// normal returns an attribute in the form in which it is stored: Booleans in lower case
// (AWS takes "True").
func normal(pool *catalog.Pool, name, value string) attribute {
	if entry, ok := pool.Attribute(name); ok && api.Value(entry.AttributeDataType) == cognitoidp.AttributeDataTypeBoolean {
		value = strings.ToLower(value)
	}
	return attribute{name: name, value: value}
}

// values returns attributes as a user's record holds them.
func values(list []attribute) map[string]string {
	out := make(map[string]string, len(list)+1)
	for _, a := range list {
		if a.value != "" {
			out[a.name] = a.value
		}
	}
	return out
}

// Attributes are a user's attributes as an answer lists them: sub first, the others by
// name. A nil client sees everything, as an administrator does; any other sees what it
// may read.
func Attributes(client *catalog.Client, u *store.User) []cognitoidp.AttributeType {
	out := make([]cognitoidp.AttributeType, 0, len(u.Attributes)+1)
	for name, value := range u.Attributes {
		if client == nil || client.Readable(name) {
			out = append(out, cognitoidp.AttributeType{Name: new(name), Value: new(value)})
		}
	}
	slices.SortFunc(out, func(a, b cognitoidp.AttributeType) int { return cmp.Compare(*a.Name, *b.Name) })
	return slices.Insert(out, 0, cognitoidp.AttributeType{Name: new(catalog.Sub), Value: new(u.Sub)})
}

// RequiredMissing are the attributes that the pool requires and u has no value for, in
// the order of the schema.
func RequiredMissing(pool *catalog.Pool, u *store.User) []string {
	return requiredMissing(pool, u.Attributes)
}

func requiredMissing(pool *catalog.Pool, values map[string]string) []string {
	var missing []string
	for _, name := range pool.RequiredAttributes() {
		if values[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// serverOwned are the attributes that nobody writes: the server sets them.
func serverOwned(name string) bool { return name == catalog.Sub || name == catalog.Identities }

// checkWritable refuses what an app client may not write. A name that the schema does not
// have is left to the schema check where the client's list does not decide.
func checkWritable(client *catalog.Client, names ...string) error {
	for _, name := range names {
		if !client.Writable(name) {
			return fault.NotAuthorized(textUnwritable)
		}
	}
	return nil
}

func namesOf(list []attribute) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.name
	}
	return out
}

// complaints collects one line per refused attribute, as AWS reports them together.
type complaints struct{ strings.Builder }

func (c *complaints) add(prefix, name, reason string) {
	c.WriteString(prefix + name + ": " + reason + "\n")
}

// fault returns the InvalidParameterException of all lines behind prefix, nil for none.
func (c *complaints) fault(prefix string) error {
	if c.Len() == 0 {
		return nil
	}
	return fault.InvalidParameter(prefix + c.String())
}

// checkSchema judges the attributes of a new user against the schema. required are the
// names that must be there and are not.
func checkSchema(pool *catalog.Pool, list []attribute, required []string) error {
	var c complaints
	for _, a := range list {
		if reason := refusal(pool, a); reason != "" {
			c.add("", a.name, reason)
		}
	}
	for _, name := range required {
		c.add("", name, reasonRequired)
	}
	return c.fault(textSchema)
}

// checkFormats judges the values that are addresses. It runs after the schema check,
// whose errors come first.
func checkFormats(list []attribute) error {
	for _, a := range list {
		switch {
		case a.value == "":
		case a.name == catalog.Email && !emailShaped(a.value):
			return fault.InvalidParameter(textBadEmail)
		case a.name == catalog.PhoneNumber && !phoneShaped(a.value):
			return fault.InvalidParameter(textBadPhone)
		}
	}
	return nil
}

// refusal says why the schema does not let an attribute have a value, "" where it does.
// Empty values stand for no value and satisfy every type.
func refusal(pool *catalog.Pool, a attribute) string {
	entry, ok := pool.Attribute(a.name)
	switch {
	case !ok:
		return reasonUnknown
	case a.value == "":
		return ""
	case !clean(a.value):
		return reasonUnclean
	}
	switch api.Value(entry.AttributeDataType) {
	case cognitoidp.AttributeDataTypeNumber:
		return refuseNumber(entry.NumberAttributeConstraints, a.value)
	case cognitoidp.AttributeDataTypeBoolean:
		if a.value != "true" && a.value != "false" {
			return reasonNotBool
		}
	case cognitoidp.AttributeDataTypeDateTime:
		if !dateTime(a.value) {
			return reasonNotDate
		}
	default:
		return refuseString(entry.StringAttributeConstraints, a.value)
	}
	return ""
}

func refuseString(c *cognitoidp.StringAttributeConstraintsType, value string) string {
	if c == nil {
		return ""
	}
	length := big.NewInt(int64(utf8.RuneCountInString(value)))
	if low := api.Value(c.MinLength); outside(length, low, -1) {
		return fmt.Sprintf(reasonTooShort, low)
	}
	if high := api.Value(c.MaxLength); outside(length, high, +1) {
		return fmt.Sprintf(reasonTooLong, high)
	}
	return ""
}

// integer bounds the digits as well as their form, so that nobody makes the server
// convert long numbers.
var integer = regexp.MustCompile(`^-?[0-9]{1,64}$`)

func refuseNumber(c *cognitoidp.NumberAttributeConstraintsType, value string) string {
	if !integer.MatchString(value) {
		return reasonNotNumber
	}
	if c == nil {
		return ""
	}
	n, _ := new(big.Int).SetString(value, 10)
	if low := api.Value(c.MinValue); outside(n, low, -1) {
		return fmt.Sprintf(reasonTooSmall, low)
	}
	if high := api.Value(c.MaxValue); outside(n, high, +1) {
		return fmt.Sprintf(reasonTooLarge, high)
	}
	return ""
}

// outside says whether n lies beyond a bound of the schema, on the given side of it. A
// bound that is not there bounds nothing.
func outside(n *big.Int, bound string, side int) bool {
	limit, ok := new(big.Int).SetString(bound, 10)
	return ok && n.Cmp(limit) == side
}

// dateTime says whether s is a date, or a date and time, of ISO 8601's extended format.
func dateTime(s string) bool {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
