package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Trait is what a model says of a member besides its type.
type Trait uint8

// The traits of members; a member can have both.
const (
	// Required members must be there.
	Required Trait = 1 << iota
	// Hidden members are reported without their value.
	Hidden
)

// checked is a generated structure with constraints.
type checked[T any] interface {
	*T
	Check(v *Violations)
}

// CheckPresent checks a member that has no other constraint than being there.
func CheckPresent(v *Violations, member string, t Trait, present bool) {
	if !present && t&Required != 0 {
		v.null(member, t)
	}
}

// CheckString checks a string or an enum; rule may be nil.
func CheckString[S ~string](v *Violations, member string, t Trait, p *S, rule *StringRule) {
	if p == nil {
		CheckPresent(v, member, t, false)
		return
	}
	if s := string(*p); rule != nil && !rule.holds(s) {
		for _, c := range rule.broken(s) {
			v.add(member, quote(t, func() string { return s }), c)
		}
	}
}

// CheckInt checks an integer.
func CheckInt[I ~int | ~int64](v *Violations, member string, t Trait, p *I, rule *IntRule) {
	if p == nil {
		CheckPresent(v, member, t, false)
		return
	}
	n := int64(*p)
	shown := func() string { return strconv.FormatInt(n, 10) }
	if n < rule.Min {
		v.add(member, quote(t, shown), "Member must have value greater than or equal to "+strconv.FormatInt(rule.Min, 10))
	}
	if n > rule.Max {
		v.add(member, quote(t, shown), "Member must have value less than or equal to "+strconv.FormatInt(rule.Max, 10))
	}
}

// CheckBlob checks the number of bytes of a blob. The value is not shown: a file tells
// the reader nothing.
func CheckBlob(v *Violations, member string, t Trait, blob []byte, size Size) {
	if blob == nil {
		CheckPresent(v, member, t, false)
		return
	}
	size.check(v, member, len(blob), func() string { return "" })
}

// CheckStrings checks a list of strings or enums and, when rule is not nil, its
// elements. However many elements break the rule, the list is reported once, with the
// whole rule.
func CheckStrings[S ~string](v *Violations, member string, t Trait, list []S, size Size, rule *StringRule) {
	if list == nil {
		CheckPresent(v, member, t, false)
		return
	}
	shown := func() string { return quote(t, func() string { return showList(list) }) }
	size.check(v, member, len(list), shown)
	if rule != nil && slices.ContainsFunc(list, func(s S) bool { return !rule.holds(string(s)) }) {
		v.add(member, shown(), "Member must satisfy constraint: "+rule.summary())
	}
}

// CheckStringMap checks a map of strings or enums; its keys and values are reported
// like the elements of a list. Either rule may be nil.
func CheckStringMap[M ~map[string]S, S ~string](v *Violations, member string, t Trait, m M, size Size, key, value *StringRule) {
	if m == nil {
		CheckPresent(v, member, t, false)
		return
	}
	shown := func() string { return quote(t, func() string { return showMap(m) }) }
	size.check(v, member, len(m), shown)
	badKey, badValue := false, false
	for k, s := range m {
		badKey = badKey || key != nil && !key.holds(k)
		badValue = badValue || value != nil && !value.holds(string(s))
	}
	if badKey {
		v.add(member, shown(), "Map keys must satisfy constraint: "+key.summary())
	}
	if badValue {
		v.add(member, shown(), "Map value must satisfy constraint: "+value.summary())
	}
}

// CheckStructure checks a structure.
func CheckStructure[T any, P checked[T]](v *Violations, member string, t Trait, p P) {
	if p == nil {
		CheckPresent(v, member, t, false)
		return
	}
	v.enter(step{name: member})
	p.Check(v)
	v.leave()
}

// CheckList checks a list of structures and its elements.
func CheckList[T any, P checked[T]](v *Violations, member string, t Trait, list []T, size Size) {
	CheckListSize(v, member, t, list, size)
	for i := range list {
		if v.full() {
			return
		}
		v.enter(step{name: member, index: i + 1})
		P(&list[i]).Check(v)
		v.leave()
	}
}

// CheckListSize checks a list whose elements have no constraints. AWS's form of a
// structure inside a value is not known, so only an empty list is shown.
func CheckListSize[T any](v *Violations, member string, t Trait, list []T, size Size) {
	if list == nil {
		CheckPresent(v, member, t, false)
		return
	}
	size.check(v, member, len(list), func() string {
		if len(list) > 0 {
			return ""
		}
		return quote(t, func() string { return "[]" })
	})
}

// CheckStructureMap checks a map of structures: its size, its keys (rule may be nil)
// and its values in the order of their keys.
func CheckStructureMap[T any, P checked[T]](v *Violations, member string, t Trait, m map[string]T, size Size, key *StringRule) {
	if m == nil {
		CheckPresent(v, member, t, false)
		return
	}
	hide := func() string { return "" }
	size.check(v, member, len(m), hide)
	names := slices.Sorted(maps.Keys(m))
	if key != nil && slices.ContainsFunc(names, func(k string) bool { return !key.holds(k) }) {
		v.add(member, "", "Map keys must satisfy constraint: "+key.summary())
	}
	for _, name := range names {
		if v.full() {
			return
		}
		value := m[name]
		v.enter(step{name: member, key: name})
		P(&value).Check(v)
		v.leave()
	}
}

// showList writes a list as AWS shows it in a violation: [a, b].
func showList[S ~string](list []S) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	b.WriteByte(']')
	return b.String()
}

// showMap writes a map as AWS shows it in a violation: {a=1, b=2}.
func showMap[M ~map[string]S, S ~string](m M) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(k + "=" + string(m[k]))
	}
	b.WriteByte('}')
	return b.String()
}
