package api

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"
)

// Pattern is a regular expression of a model. It matches whole values, as Java's
// matches does, and is compiled when first used, so that hundreds of them do not slow
// the start.
type Pattern struct {
	// Source is the expression as the model has it and as violations quote it.
	Source string

	once  sync.Once
	class *class         // when the expression is one repeated character class
	expr  *regexp.Regexp // else
}

// Match says whether the whole of s matches. It panics when Source is no regular
// expression, which the generator has ruled out.
func (p *Pattern) Match(s string) bool {
	p.once.Do(p.compile)
	if p.class != nil {
		return p.class.match(s)
	}
	return p.expr.MatchString(s)
}

func (p *Pattern) compile() {
	source := goSyntax(p.Source)
	if p.class = newClass(source); p.class == nil {
		p.expr = regexp.MustCompile(`\A(?:` + source + `)\z`)
	}
}

// Validate says why Source is no regular expression of Go; nil if it is one.
func (p *Pattern) Validate() error {
	_, err := regexp.Compile(goSyntax(p.Source))
	return err
}

// goSyntax returns a model's expression with Java's \uFFFF written as Go's \x{FFFF}.
func goSyntax(source string) string {
	var b strings.Builder
	for i := 0; i < len(source); i++ {
		switch {
		case source[i] != '\\' || i+1 == len(source):
			b.WriteByte(source[i])
		case source[i+1] == 'u' && i+6 <= len(source):
			b.WriteString(`\x{` + source[i+2:i+6] + `}`)
			i += 5
		default:
			b.WriteString(source[i : i+2])
			i++
		}
	}
	return b.String()
}

// class is an expression such as [\w+=/]+. Tokens of kilobytes are checked against such
// expressions in each request, which the regexp package does far slower.
type class struct {
	empty  bool // the empty string matches too
	ascii  [utf8.RuneSelf]bool
	ranges []rune // pairs of first and last
}

// newClass returns nil when source is something else than a repeated character class.
func newClass(source string) *class {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil || re.Op != syntax.OpPlus && re.Op != syntax.OpStar || re.Sub[0].Op != syntax.OpCharClass {
		return nil
	}
	c := &class{empty: re.Op == syntax.OpStar, ranges: re.Sub[0].Rune}
	for r := range rune(utf8.RuneSelf) {
		c.ascii[r] = c.has(r)
	}
	return c
}

func (c *class) has(r rune) bool {
	lo, hi := 0, len(c.ranges)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < c.ranges[2*mid]:
			hi = mid
		case r > c.ranges[2*mid+1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

func (c *class) match(s string) bool {
	for _, r := range s {
		if r < utf8.RuneSelf && !c.ascii[r] || r >= utf8.RuneSelf && !c.has(r) {
			return false
		}
	}
	return c.empty || s != ""
}
