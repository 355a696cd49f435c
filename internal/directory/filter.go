package directory

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/internal/fault"
)

// Filter is ListUsers' Filter: one condition on one attribute. The zero value selects
// every user.
type Filter struct {
	Attribute string // one of the searchable attributes; empty selects every user
	Prefix    bool   // ^= instead of =
	Value     string // without its quotes and escapes
}

// searchable are the attributes that ListUsers can search (from the API model).
func searchable() []string {
	return []string{
		"username", "email", "phone_number", "name", "given_name", "family_name",
		"preferred_username", "cognito:user_status", "status", "sub",
	}
}

// ParseFilter reads the filter of ListUsers:
//
//	filter = "" | ws attribute ws ("=" | "^=") ws '"' value '"' ws
//
// where a quote or a backslash inside value stands behind a backslash. Errors are
// InvalidParameterException, with different texts for what cannot be read and for an
// attribute that cannot be searched.
func ParseFilter(text string) (Filter, error) {
	if text == "" {
		return Filter{}, nil
	}
	attribute, rest := cutAttribute(skipBlanks(text))
	prefix, rest, found := cutOperator(skipBlanks(rest))
	value, rest, closed := cutQuoted(skipBlanks(rest))
	if attribute == "" || !found || !closed || skipBlanks(rest) != "" || !clean(value) {
		return Filter{}, fault.InvalidParameter(textFilter)
	}
	if !slices.Contains(searchable(), attribute) {
		return Filter{}, fault.InvalidParameter(textSearch + attribute)
	}
	return Filter{Attribute: attribute, Prefix: prefix, Value: value}, nil
}

// String returns the filter in its plainest form, which ParseFilter reads back.
func (f Filter) String() string {
	if f.Attribute == "" {
		return ""
	}
	operator := "="
	if f.Prefix {
		operator = "^="
	}
	return f.Attribute + " " + operator + ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(f.Value) + `"`
}

// clean says whether a text can be stored, and so searched.
func clean(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

const blanks = " \t\r\n"

func skipBlanks(s string) string { return strings.TrimLeft(s, blanks) }

// cutAttribute takes the attribute's name off the front of s.
func cutAttribute(s string) (name, rest string) {
	end := strings.IndexAny(s, blanks+`=^"`)
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

// cutOperator takes = or ^= off the front of s.
func cutOperator(s string) (prefix bool, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, "^="); ok {
		return true, rest, true
	}
	rest, ok = strings.CutPrefix(s, "=")
	return false, rest, ok
}

// cutQuoted takes a quoted value off the front of s and resolves its escapes.
func cutQuoted(s string) (value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, `"`)
	if !ok {
		return "", "", false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			i++
			if i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", "", false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
