package api

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of an IntRule that has none.
const (
	NoMin = math.MinInt64
	NoMax = math.MaxInt64
)

// StringRule is what a model demands of a string.
type StringRule struct {
	Min, Max int // length in Unicode code points; a Max of 0 is no maximum
	Pattern  *Pattern
	Enum     []string // the allowed values in the order in which they are reported
}

// IntRule is what a model demands of an integer.
type IntRule struct {
	Min, Max int64
}

// Size is what a model demands of the number of elements or bytes; a Max of 0 is no
// maximum.
type Size struct {
	Min, Max int
}

func atLeast(n int) string {
	return "Member must have length greater than or equal to " + strconv.Itoa(n)
}

func atMost(n int) string {
	return "Member must have length less than or equal to " + strconv.Itoa(n)
}

func (s Size) check(v *Violations, member string, n int, shown func() string) {
	if n < s.Min {
		v.add(member, shown(), atLeast(s.Min))
	}
	if s.Max > 0 && n > s.Max {
		v.add(member, shown(), atMost(s.Max))
	}
}

// holds says whether s keeps the whole rule.
func (r *StringRule) holds(s string) bool {
	return !r.tooShort(s) && !r.tooLong(s) &&
		(r.Pattern == nil || r.Pattern.Match(s)) &&
		(r.Enum == nil || slices.Contains(r.Enum, s))
}

// tooShort and tooLong count code points only when the number of bytes, which is one to
// four times as large, leaves it open.
func (r *StringRule) tooShort(s string) bool {
	return len(s) < r.Min || len(s) < r.Min*utf8.UTFMax && utf8.RuneCountInString(s) < r.Min
}

func (r *StringRule) tooLong(s string) bool {
	return r.Max > 0 && len(s) > r.Max && utf8.RuneCountInString(s) > r.Max
}

// broken returns the constraints that s breaks, in the order in which AWS reports them.
func (r *StringRule) broken(s string) []string {
	var out []string
	if r.tooShort(s) {
		out = append(out, atLeast(r.Min))
	}
	if r.tooLong(s) {
		out = append(out, atMost(r.Max))
	}
	if r.Pattern != nil && !r.Pattern.Match(s) {
		out = append(out, r.pattern())
	}
	if r.Enum != nil && !slices.Contains(r.Enum, s) {
		out = append(out, r.enum())
	}
	return out
}

// summary returns all constraints of the rule, as AWS reports them for elements.
func (r *StringRule) summary() string {
	var out []string
	if r.Max > 0 {
		out = append(out, atMost(r.Max), atLeast(r.Min))
	} else if r.Min > 0 {
		out = append(out, atLeast(r.Min))
	}
	if r.Pattern != nil {
		out = append(out, r.pattern())
	}
	if r.Enum != nil {
		out = append(out, r.enum())
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func (r *StringRule) pattern() string {
	return "Member must satisfy regular expression pattern: " + r.Pattern.Source
}

func (r *StringRule) enum() string {
	return "Member must satisfy enum value set: [" + strings.Join(r.Enum, ", ") + "]"
}
