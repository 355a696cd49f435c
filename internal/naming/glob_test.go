package naming_test

import (
	"testing"

	"github.com/cenote-id/cenote/internal/naming"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"*", "", true},
		{"*", "abc", true},
		{"a*", "abc", true},
		{"*c", "abc", true},
		{"*b*", "abc", true},
		{"a*c", "ac", true},
		{"a*a", "a", false},
		{"ab*ba", "aba", false},
		{"*a*b*", "xaxbx", true},
		{"*a*b*", "xbxax", false},
		{"a**b", "ab", true},
		{"A*", "a", false},
		{"a.c", "abc", false},
	} {
		if got := naming.Glob(c.pattern, c.text); got != c.want {
			t.Errorf("%q has the form of %q: %v", c.text, c.pattern, got)
		}
	}
}
