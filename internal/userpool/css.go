package userpool

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/internal/fault"
)

// styledClasses are the classes that a style may speak of (Cognito guide: "Customizing
// hosted UI (classic) branding").
var styledClasses = []string{
	"background-customizable", "banner-customizable", "errorMessage-customizable",
	"idpButton-customizable", "idpButton-customizable:hover", "idpDescription-customizable",
	"inputField-customizable", "inputField-customizable:focus", "label-customizable", "legalText-customizable",
	"logo-customizable", "passwordCheck-notValid-customizable", "passwordCheck-valid-customizable",
	"redirect-customizable", "socialButton-customizable", "submitButton-customizable",
	"submitButton-customizable:hover", "textDescription-customizable",
}

var (
	cssComment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssRule     = regexp.MustCompile(`^\s*([^{}]*?)\s*\{([^{}]*)\}`)
	cssProperty = regexp.MustCompile(`^[a-z-]+$`)
	// cssValue has no quote, backslash, bracket or at sign, so that a value is a keyword, a
	// number, a colour or a list of such, and nothing that loads or runs.
	cssValue = regexp.MustCompile(`^[\w\s#%.,!+()-]+$`)
	// cssFunction finds what is called in a value: only colours are computed.
	cssFunction = regexp.MustCompile(`([\w-]*)\(`)
)

// checkCSS takes rules of one or more allowed classes with plain declarations. A style is
// shown to everyone who signs in, so what is not understood is refused.
func checkCSS(css string) error {
	rest := cssComment.ReplaceAllString(css, " ")
	for strings.TrimSpace(rest) != "" {
		m := cssRule.FindStringSubmatch(rest)
		if m == nil {
			return fault.InvalidParameter("The CSS is not a list of rules.")
		}
		rest = rest[len(m[0]):]
		for class := range strings.SplitSeq(m[1], ",") {
			name, dot := strings.CutPrefix(strings.TrimSpace(class), ".")
			if !dot || !slices.Contains(styledClasses, name) {
				return fault.InvalidParameter("The CSS class " + strings.TrimSpace(class) + " is not in the list of allowed classes.")
			}
		}
		for declaration := range strings.SplitSeq(m[2], ";") {
			if err := checkDeclaration(strings.TrimSpace(declaration)); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkDeclaration(declaration string) error {
	if declaration == "" {
		return nil
	}
	property, value, ok := strings.Cut(declaration, ":")
	if !ok || !cssProperty.MatchString(strings.TrimSpace(property)) || !cssValue.MatchString(value) {
		return fault.InvalidParameter("The CSS declaration " + declaration + " is not allowed.")
	}
	for _, call := range cssFunction.FindAllStringSubmatch(value, -1) {
		if !slices.Contains([]string{"rgb", "rgba", "hsl", "hsla"}, strings.ToLower(call[1])) {
			return fault.InvalidParameter("The CSS declaration " + declaration + " is not allowed.")
		}
	}
	return nil
}
