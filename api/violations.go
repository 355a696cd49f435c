package api

import (
	"errors"
	"strconv"
	"strings"
)

// maxItems is how many violations are collected. A request of a megabyte could hold
// hundreds of thousands, and the answer would be a hundred times as long.
const maxItems = 100

// Violations collects what an input violates of its model's constraints, in the words
// of AWS. The zero value is ready for use; it must not be copied. Looking through an
// input without violations allocates nothing.
type Violations struct {
	items []string
	path  []step
	room  [8]step // deep enough for the models of today
}

// step is a member on the way to the one that is checked.
type step struct {
	name  string
	index int    // position in a list, counted from 1; else 0
	key   string // key in a map; else empty
}

// Message returns the text of the exception that reports the violations, such as
//
//	1 validation error detected: Value null at 'authFlow' failed to satisfy constraint: Member must not be null
//
// and "" when there are none.
func (v *Violations) Message() string {
	if len(v.items) == 0 {
		return ""
	}
	noun := " validation errors"
	if len(v.items) == 1 {
		noun = " validation error"
	}
	return strconv.Itoa(len(v.items)) + noun + " detected: " + strings.Join(v.items, "; ")
}

// Err returns an error with the text of Message, nil when there are no violations.
func (v *Violations) Err() error {
	if len(v.items) == 0 {
		return nil
	}
	return errors.New(v.Message())
}

// add reports that the member violates the constraint; value is the quoted value or
// null, and "" when it is not to be shown.
func (v *Violations) add(member, value, constraint string) {
	if len(v.items) == maxItems {
		return
	}
	var b strings.Builder
	b.WriteString("Value ")
	if value != "" {
		b.WriteString(value)
		b.WriteByte(' ')
	}
	b.WriteString("at '")
	for _, s := range v.path {
		b.WriteString(s.name)
		switch {
		case s.key != "":
			b.WriteString("." + s.key + ".member")
		case s.index > 0:
			b.WriteString("." + strconv.Itoa(s.index) + ".member")
		}
		b.WriteByte('.')
	}
	b.WriteString(member)
	b.WriteString("' failed to satisfy constraint: ")
	b.WriteString(constraint)
	v.items = append(v.items, b.String())
}

// null reports that a required member is absent.
func (v *Violations) null(member string, t Trait) {
	value := "null"
	if t&Hidden != 0 {
		value = ""
	}
	v.add(member, value, "Member must not be null")
}

func (v *Violations) enter(s step) {
	if v.path == nil {
		v.path = v.room[:0]
	}
	v.path = append(v.path, s)
}

func (v *Violations) leave() { v.path = v.path[:len(v.path)-1] }

// full says that no further violation would be collected.
func (v *Violations) full() bool { return len(v.items) == maxItems }

// quote returns how a violation shows a value, "" when the member is hidden.
func quote(t Trait, value func() string) string {
	if t&Hidden != 0 {
		return ""
	}
	return "'" + value() + "'"
}
