package devtools_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/devtools"
)

// seed returns the calls that a seed makes, as "service operation input".
func seed(t *testing.T, text string) ([]string, error) {
	t.Helper()
	var calls []string
	err := devtools.Seed(t.Context(), strings.NewReader(text), func(_ context.Context, service, operation string, input json.RawMessage) error {
		calls = append(calls, service+" "+operation+" "+string(input))
		return nil
	})
	return calls, err
}

func TestSeedMakesItsCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"only a comment", "# none\n", nil},
		{"null", "---\n~\n", nil},
		{"an empty list", "[]", nil},
		{"in order", `
- service: cognito-idp
  operation: CreateUserPool
  input: {PoolName: demo, UserPoolTags: {"cenote:id": us-east-1_demo}}
- operation: SignUp
  input:
    Username: ann
    UserAttributes:
      - {Name: email, Value: ann@example.com}
  service: cognito-idp
`, []string{
			`cognito-idp CreateUserPool {"PoolName":"demo","UserPoolTags":{"cenote:id":"us-east-1_demo"}}`,
			`cognito-idp SignUp {"Username":"ann","UserAttributes":[{"Name":"email","Value":"ann@example.com"}]}`,
		}},
		{"JSON is YAML", `[{"service":"a","operation":"B","input":{"C":[1,2.50,true,null,"d\u00e9\n"]}}]`, []string{`a B {"C":[1,2.50,true,null,"dé\n"]}`}},
		{"without input", "- {service: a, operation: B}\n- {service: a, operation: C, input: }\n", []string{"a B {}", "a C {}"}},
		{"aliases", "- {service: &s a, operation: B, input: &i {Tags: &t [x]}}\n- {service: *s, operation: C, input: *i}\n- {service: a, operation: D, input: {More: *t}}", []string{`a B {"Tags":["x"]}`, `a C {"Tags":["x"]}`, `a D {"More":["x"]}`}},
	}
	for _, tt := range tests {
		got, err := seed(t, tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

func TestSeedValuesKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`plain`: `"plain"`, `"123456"`: `"123456"`, `'+15555550100'`: `"+15555550100"`, `"0x1F"`: `"0x1F"`, `"true"`: `"true"`, `""`: `""`, `"null"`: `"null"`,
		`123456`: `123456`, `-3`: `-3`, `0`: `0`, `12345678901234567890123`: `12345678901234567890123`, `1e3`: `1e3`, `0.10`: `0.10`,
		`true`: `true`, `False`: `false`, `yes`: `"yes"`, `off`: `"off"`, `null`: `null`, `~`: `null`,
		`2026-11-22`: `"2026-11-22"`, `2026-11-22T10:00:00Z`: `"2026-11-22T10:00:00Z"`, `2001-12-14 21:59:43.10 -5`: `"2001-12-14 21:59:43.10 -5"`,
		`!!str 123456`: `"123456"`, `!!str 2026-11-22`: `"2026-11-22"`, `!!int "5"`: `5`,
		`{1: a, true: b, 2026-11-22: c, 0x1: d}`: `{"1":"a","true":"b","2026-11-22":"c","0x1":"d"}`,
		`{z: 1, a: 2}`:                           `{"z":1,"a":2}`, `{a: {}, b: []}`: `{"a":{},"b":[]}`,
		`12:30:45`: `"12:30:45"`, `1.2.3`: `"1.2.3"`, `us-east-1_AbC`: `"us-east-1_AbC"`, `"a\tb\u2028</script>"`: `"a\tb\u2028\u003c/script\u003e"`,
		"|\n    two\n    lines\n": `"two\nlines\n"`, ">\n    one\n    line": `"one line\n"`,
	} {
		got, err := seed(t, "- service: a\n  operation: B\n  input:\n   V: "+value+"\n")
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if want := `a B {"V":` + want + `}`; got[0] != want {
			t.Errorf("%s became %s, want %s", value, got[0], want)
		}
	}
}

func TestBadSeedsMakeNoCall(t *testing.T) {
	t.Parallel()
	// Every text has a good entry first, which must not be called.
	const good = "- {service: a, operation: Good}\n"
	bomb := "- {service: a, operation: B, input: {"
	for i := range 12 {
		if bomb += "k" + string(rune('a'+i)) + ": &x" + string(rune('a'+i)) + " ["; i == 0 {
			bomb += strings.Repeat("x", 100)
		} else {
			bomb += strings.Repeat("*x"+string(rune('a'+i-1))+", ", 9) + "*x" + string(rune('a'+i-1))
		}
		bomb += "], "
	}
	bomb += "}}\n"
	tests := []struct{ name, text, want string }{
		{"no YAML", good + "- {", "yaml"},
		{"no list", "service: a\noperation: B\n", "line 1: a seed is a list"},
		{"a text", "hello", "a seed is a list"},
		{"two documents", good + "---\n" + good, "more than one YAML document"},
		{"two documents, the second bad", good + "---\n{", "more than one YAML document"},
		{"entry no mapping", good + "- SignUp\n", "entry 2: line 2: an entry is"},
		{"null entry", good + "-\n", "entry 2: line 2: an entry is"},
		{"unknown key", good + "- service: cognito-idp\n  inputs: {}\n  operation: SignUp\n", `entry 2 (cognito-idp SignUp): line 3: unknown key "inputs"`},
		{"case of a key", good + "- {Service: a, operation: B}\n", `entry 2 (B): line 2: unknown key "Service"`},
		{"key twice", good + "- {service: a, operation: B, operation: C}\n", `entry 2: line 2: "operation" is given twice`},
		{"service missing", good + "- {operation: B}\n", "entry 2 (B): line 2: service is missing"},
		{"operation missing", good + "- {service: a, input: {}}\n", "entry 2 (a): line 2: operation is missing"},
		{"service a number", good + "- {service: 1, operation: B}\n", "entry 2: line 2: service must be a string"},
		{"operation a list", good + "- {service: a, operation: [B]}\n", "entry 2 (a): line 2: operation must be a string"},
		{"input a list", good + "- {service: a, operation: B, input: []}\n", "entry 2 (a B): line 2: input must be a mapping"},
		{"input a text", good + "- {service: a, operation: B, input: '{}'}\n", "entry 2 (a B): line 2: input must be a mapping"},
		{"member twice", good + "- {service: a, operation: B, input: {C: 1, 'C': 2}}\n", `entry 2 (a B): line 2: "C" is given twice`},
		{"phone number without quotes", good + "- {service: a, operation: B, input: {C: +15555550100}}\n", `"+15555550100" reads as a number`},
		{"leading zero", good + "- {service: a, operation: B, input: {C: 0123}}\n", `"0123" reads as a number`},
		{"hexadecimal", good + "- {service: a, operation: B, input: {C: 0x1F}}\n", `"0x1F" reads as a number`},
		{"underscores", good + "- {service: a, operation: B, input: {C: 1_000}}\n", `"1_000" reads as a number`},
		{"infinity", good + "- {service: a, operation: B, input: {C: .inf}}\n", `".inf" reads as a number`},
		{"no number at all", good + "- {service: a, operation: B, input: {C: !!int true}}\n", `"true" reads as a number`},
		{"no truth value", good + "- {service: a, operation: B, input: {C: !!bool maybe}}\n", `"maybe" is neither true nor false`},
		{"tag", good + "- {service: a, operation: B, input: {C: !secret x}}\n", "the tag !secret has no counterpart"},
		{"binary", good + "- {service: a, operation: B, input: {C: !!binary AAAA}}\n", "the tag !!binary has no counterpart"},
		{"set", good + "- {service: a, operation: B, input: {C: !!set {x}}}\n", "the tag !!set has no counterpart"},
		{"tagged list", good + "- {service: a, operation: B, input: {C: !bag [x]}}\n", "the tag !bag has no counterpart"},
		{"null key", good + "- {service: a, operation: B, input: {~: x}}\n", "keys must be text"},
		{"list as key", good + "- {service: a, operation: B, input: {[x]: y}}\n", "keys must be text"},
		{"merge key", good + "- {service: a, operation: B, input: {C: &c {d: 1}, E: {<<: *c}}}\n", "merge keys"},
		{"alias of itself", good + "- {service: a, operation: B, input: &i {C: [*i]}}\n", "entry 2 (a B)"},
		{"deep", good + "- {service: a, operation: B, input: {C: " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}}\n", "nested deeper than 64"},
		{"unfolds without end", good + bomb, "unfolds to more than 8 MiB"},
	}
	for _, tt := range tests {
		calls, err := seed(t, tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), "seed: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
		if len(calls) != 0 {
			t.Errorf("%s: called %q", tt.name, calls)
		}
	}
}

func TestSeedStopsAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	failure := errors.New("UsernameExistsException: User already exists")
	n := 0
	err := devtools.Seed(t.Context(), strings.NewReader("[{service: a, operation: B}, {service: a, operation: C}, {service: a, operation: D}]"),
		func(_ context.Context, _, operation string, _ json.RawMessage) error {
			if n++; operation == "C" {
				return failure
			}
			return nil
		})
	if !errors.Is(err, failure) || err.Error() != "seed: entry 2 (a C): "+failure.Error() || n != 2 {
		t.Errorf("after %d calls: %v", n, err)
	}
}

func TestSeedReportsUnreadableInput(t *testing.T) {
	t.Parallel()
	failure := errors.New("broken disk")
	err := devtools.Seed(t.Context(), iotest.ErrReader(failure), nil)
	if err == nil || !strings.Contains(err.Error(), "broken disk") {
		t.Errorf("error %v", err)
	}
}

func FuzzSeed(f *testing.F) {
	for _, text := range []string{
		"- {service: a, operation: B, input: {C: 0123, 1: [x, ~, 2026-11-22]}}",
		"- service: &s a\n  operation: *s\n  input: &i {x: *i}\n",
		"- {service: a, operation: B, input: {C: !!int '-1e5', <<: {}}}\n---\n",
		"[{\"service\":\"a\",\"operation\":\"B\",\"input\":{\"\\ud800\":1}}]",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		calls := 0
		err := devtools.Seed(t.Context(), strings.NewReader(text), func(_ context.Context, service, operation string, input json.RawMessage) error {
			calls++
			var object map[string]json.RawMessage
			if err := json.Unmarshal(input, &object); err != nil || object == nil || service == "" || operation == "" {
				t.Errorf("call %q %q with %q: %v", service, operation, input, err)
			}
			return nil
		})
		if err != nil && calls > 0 {
			t.Errorf("%d calls before %v", calls, err)
		}
	})
}
