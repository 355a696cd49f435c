package generate

import (
	"strings"
	"unicode"
)

// exported returns name with an upper-case first letter, as Go exports it.
func exported(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// pathName returns a member's name as AWS writes it in the path of a violation.
func pathName(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// constName returns the name of an enum's constant: the enum's name and the value in
// camel case. An underscore stays only between digits, so that V1_0 and V10 differ.
func constName(enum, value string) string {
	words := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	name := exported(enum)
	for i, w := range words {
		if w == strings.ToUpper(w) {
			w = strings.ToLower(w)
		}
		if i > 0 && isDigit(name[len(name)-1]) && isDigit(w[0]) {
			name += "_"
		}
		name += exported(w)
	}
	return name
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// enumerate joins the names of a list for a sentence: "A", "A and B", "A, B and C".
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
