package cognitoidp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// model is what the walk needs of the service's model.
type model struct {
	Operations map[string]struct {
		Input struct{ Shape string }
	}
	Shapes map[string]*shape
}

type shape struct {
	Type               string
	Members            map[string]ref
	Required           []string
	Min, Max           *int
	Pattern            string
	Enum               []string
	Sensitive          bool
	Document           bool
	Member, Key, Value *ref

	expr *regexp.Regexp
}

type ref struct{ Shape string }

// hidden are the shapes and members that violations hide although the model does not
// mark them sensitive. Client ids are shown although it does.
var hidden = map[string]bool{
	"ChallengeParametersType": true, "ClientMetadataType": true, "ConfirmationCodeType": true, "DeviceSecretVerifierConfigType": true,
	"HttpHeader.headerValue": true, "PreSignedUrlType": true, "ProviderDetailsType": true,
}

// enumOrder are the enums that AWS lists in another order than the model.
var enumOrder = map[string][]string{
	"OAuthFlowType":                  {"implicit", "client_credentials", "code"},
	"AccountTakeoverEventActionType": {"MFA_IF_CONFIGURED", "BLOCK", "NO_ACTION", "MFA_REQUIRED"},
}

// samples are values that patterns and lengths allow, by the pattern's shape, where
// "aaaaaaaa..." does not do.
var samples = []string{
	"a", "aaaaaa", "{####}", "{##a##}", "123456", "us-east-1_a", "us-east-1", "a@b", "arn:aws:iam::000000000000:role/r", "arn:aws:s3:::b",
	"import-a", "cognito:default", "terms-of-use", "aabb", "01234567-89ab-4def-8123-456789abcdef", strings.Repeat("a", 24), "abc",
}

// TestEveryConstraint walks all members of all inputs, breaks each constraint of each
// member by the least possible and compares the text to what the model says. It is
// written against the model only and shares no code with the generator.
func TestEveryConstraint(t *testing.T) {
	t.Parallel()
	m := readModel(t)
	if len(m.Operations) != 129 {
		t.Fatalf("the model has %d operations", len(m.Operations))
	}
	for operation, op := range m.Operations {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := &walk{t: t, model: m, operation: operation, long: map[*shape]bool{}}
			w.root = w.sample(op.Input.Shape)
			w.expect("all members at once", nil)
			w.structure(op.Input.Shape, w.root.(map[string]any), "", false)
		})
	}
}

func readModel(t *testing.T) *model {
	t.Helper()
	data, err := os.ReadFile("../model/cognito-idp.json")
	if err != nil {
		t.Fatal(err)
	}
	m := new(model)
	if err := json.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Shapes {
		s.expr, _ = regexp.Compile(`^(?:` + s.Pattern + `)\z`) // one of the outputs' has a look-behind
	}
	for name, order := range enumOrder {
		m.Shapes[name].Enum = order
	}
	return m
}

type walk struct {
	*model
	t         *testing.T
	operation string
	root      any
	long      map[*shape]bool // shapes of which long strings were tried
}

// sample returns a value that keeps the constraints of a shape and has all its members.
func (w *walk) sample(name string) any {
	s := w.Shapes[name]
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == "string":
		for _, v := range samples {
			if len(broken(s, v)) == 0 {
				return v
			}
		}
		w.t.Fatalf("no sample for %s", name)
	case s.Type == "integer":
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Type == "boolean":
		return true
	case s.Type == "timestamp":
		return 1.5
	case s.Type == "blob":
		return "YQ=="
	case s.Document:
		return map[string]any{"a": 1}
	case s.Type == "list":
		return []any{w.sample(s.Member.Shape)}
	case s.Type == "map":
		return map[string]any{w.sample(s.Key.Shape).(string): w.sample(s.Value.Shape)}
	case s.Type == "structure":
		members := map[string]any{}
		for member, r := range s.Members {
			members[member] = w.sample(r.Shape)
		}
		return members
	}
	w.t.Fatalf("the input has the %s %s", s.Type, name)
	return nil
}

// structure breaks the members of a structure one after the other; value is part of root.
func (w *walk) structure(name string, value map[string]any, path string, hide bool) {
	s := w.Shapes[name]
	hide = hide || s.Sensitive || hidden[name]
	for member, r := range s.Members {
		at := path + strings.ToLower(member[:1]) + member[1:]
		hide := hide || w.hides(r.Shape) || hidden[name+"."+member]
		good := value[member]
		try := func(what string, bad any, want ...string) {
			value[member] = bad
			w.expect(at+" "+what, want)
			value[member] = good
		}
		if slices.Contains(s.Required, member) {
			try("null", nil, item("null", at, hide, "Member must not be null"))
		} else {
			try("null", nil)
		}
		w.member(r.Shape, good, at, hide, try)
	}
}

// hides says whether a shape, or what it is a list or map of, is sensitive.
func (w *walk) hides(name string) bool {
	s := w.Shapes[name]
	switch s.Type {
	case "list":
		return w.hides(s.Member.Shape)
	case "map":
		return s.Sensitive || hidden[name] || w.hides(s.Key.Shape) || w.hides(s.Value.Shape)
	}
	return s.Sensitive && name != "ClientIdType" || hidden[name]
}

func (w *walk) member(name string, good any, at string, hide bool, try func(what string, bad any, want ...string)) {
	s := w.Shapes[name]
	switch s.Type {
	case "string":
		for _, bad := range w.badStrings(s, good.(string)) {
			var want []string
			for _, c := range broken(s, bad) {
				want = append(want, item("'"+bad+"'", at, hide, c))
			}
			try(fmt.Sprintf("%.20q", bad), bad, want...)
		}
	case "integer":
		if s.Min != nil {
			try("min-1", *s.Min-1, item(fmt.Sprintf("'%d'", *s.Min-1), at, hide, fmt.Sprintf("Member must have value greater than or equal to %d", *s.Min)))
		}
		if s.Max != nil {
			try("max", *s.Max)
			try("max+1", *s.Max+1, item(fmt.Sprintf("'%d'", *s.Max+1), at, hide, fmt.Sprintf("Member must have value less than or equal to %d", *s.Max)))
		}
	case "blob":
		if s.Max != nil {
			try("max", make([]byte, *s.Max))
			try("max+1", make([]byte, *s.Max+1), item("", at, true, fmt.Sprintf("Member must have length less than or equal to %d", *s.Max)))
		}
	case "list":
		w.list(s, good.([]any), at, hide, try)
	case "map":
		w.stringMap(s, at, hide, try)
	case "structure":
		if !s.Document {
			w.structure(name, good.(map[string]any), at+".", hide)
		}
	}
}

func (w *walk) list(s *shape, good []any, at string, hide bool, try func(what string, bad any, want ...string)) {
	element := w.Shapes[s.Member.Shape]
	if s.Min != nil && *s.Min > 0 {
		try("empty", []any{}, item("'[]'", at, hide, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min)))
	}
	if s.Max != nil {
		try("max", slices.Repeat(good, *s.Max))
		long := slices.Repeat(good, *s.Max+1)
		value := "'" + strings.ReplaceAll(fmt.Sprint(long), " ", ", ") + "'"
		try("max+1", long, item(value, at, hide || element.Type == "structure", fmt.Sprintf("Member must have length less than or equal to %d", *s.Max)))
	}
	if element.Type == "structure" {
		w.structure(s.Member.Shape, good[0].(map[string]any), at+".1.member.", hide)
		return
	}
	for _, bad := range w.badStrings(element, good[0].(string)) {
		if len(broken(element, bad)) > 0 {
			try(fmt.Sprintf("element %.20q", bad), []any{bad, bad},
				item("'["+bad+", "+bad+"]'", at, hide, "Member must satisfy constraint: "+all(element)))
		}
	}
}

func (w *walk) stringMap(s *shape, at string, hide bool, try func(what string, bad any, want ...string)) {
	key, value := w.Shapes[s.Key.Shape], w.Shapes[s.Value.Shape]
	goodKey, goodValue := w.sample(s.Key.Shape).(string), w.sample(s.Value.Shape).(string)
	for _, bad := range w.badStrings(key, goodKey) {
		if len(broken(key, bad)) > 0 {
			try(fmt.Sprintf("key %.20q", bad), map[string]any{bad: goodValue},
				item("'{"+bad+"="+goodValue+"}'", at, hide, "Map keys must satisfy constraint: "+all(key)))
		}
	}
	for _, bad := range w.badStrings(value, goodValue) {
		if len(broken(value, bad)) > 0 {
			try(fmt.Sprintf("value %.20q", bad), map[string]any{goodKey: bad},
				item("'{"+goodKey+"="+bad+"}'", at, hide, "Map value must satisfy constraint: "+all(value)))
		}
	}
	if s.Min != nil && *s.Min > 0 {
		try("empty", map[string]any{}, item("'{}'", at, hide, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min)))
	}
}

// badStrings are strings just outside and just inside the bounds, of letters that take
// several bytes, and with a character that most patterns refuse.
func (w *walk) badStrings(s *shape, good string) []string {
	bad := []string{good + " ", good + "\n", good + "ä"}
	if len(s.Enum) > 0 {
		bad = append(bad, "", strings.ToLower(good)+"x")
	}
	if s.Min != nil && *s.Min > 0 {
		bad = append(bad, strings.Repeat("a", *s.Min-1), strings.Repeat("ä", *s.Min-1), strings.Repeat("a", *s.Min))
	}
	if s.Max != nil {
		if *s.Max > 2048 { // these take their time: one, once an operation, is enough
			if !w.long[s] {
				bad = append(bad, strings.Repeat("ä", *s.Max+1))
			}
			w.long[s] = true
			return bad
		}
		bad = append(bad, strings.Repeat("a", *s.Max), strings.Repeat("ä", *s.Max), strings.Repeat("a", *s.Max+1), strings.Repeat("ä", *s.Max+1))
	}
	return bad
}

// broken returns the constraints of a string's shape that a value breaks.
func broken(s *shape, value string) []string {
	var out []string
	n := utf8.RuneCountInString(value)
	if s.Min != nil && n < *s.Min {
		out = append(out, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min))
	}
	if s.Max != nil && n > *s.Max {
		out = append(out, fmt.Sprintf("Member must have length less than or equal to %d", *s.Max))
	}
	if s.Pattern != "" && !s.expr.MatchString(value) {
		out = append(out, "Member must satisfy regular expression pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		out = append(out, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return out
}

// all returns the constraints of the elements of a list or map.
func all(s *shape) string {
	var out []string
	if s.Max != nil {
		out = append(out, fmt.Sprintf("Member must have length less than or equal to %d", *s.Max))
	}
	if s.Min != nil {
		out = append(out, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min))
	}
	if s.Pattern != "" {
		out = append(out, "Member must satisfy regular expression pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 {
		out = append(out, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func item(value, at string, hide bool, constraint string) string {
	if hide {
		return "Value at '" + at + "' failed to satisfy constraint: " + constraint
	}
	return "Value " + value + " at '" + at + "' failed to satisfy constraint: " + constraint
}

// expect checks root and compares the text to the given items.
func (w *walk) expect(what string, items []string) {
	w.t.Helper()
	want := ""
	if len(items) > 0 {
		plural := map[bool]string{true: "s"}[len(items) > 1]
		want = fmt.Sprintf("%d validation error%s detected: %s", len(items), plural, strings.Join(items, "; "))
	}
	input := must(json.Marshal(w.root))
	if got := check(w.t, w.operation, string(input)); got != want {
		w.t.Errorf("%s:\ngot  %.300s\nwant %.300s", what, got, want)
	}
}
