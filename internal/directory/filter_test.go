package directory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
)

func TestParseFilter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want directory.Filter
	}{
		{``, directory.Filter{}},
		{`email = "a"`, directory.Filter{Attribute: "email", Value: "a"}},
		{`email="a"`, directory.Filter{Attribute: "email", Value: "a"}},
		{`email ^= "a"`, directory.Filter{Attribute: "email", Prefix: true, Value: "a"}},
		{`email^="a"`, directory.Filter{Attribute: "email", Prefix: true, Value: "a"}},
		{" \tsub\n=\r\"x\" ", directory.Filter{Attribute: "sub", Value: "x"}},
		{`cognito:user_status="CONFIRMED"`, directory.Filter{Attribute: "cognito:user_status", Value: "CONFIRMED"}},
		{`name = ""`, directory.Filter{Attribute: "name"}},
		{`name = "O\"Hara \\ Söhne"`, directory.Filter{Attribute: "name", Value: `O"Hara \ Söhne`}},
		{`name = "a = b ^= c"`, directory.Filter{Attribute: "name", Value: "a = b ^= c"}},
	} {
		got, err := directory.ParseFilter(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("ParseFilter(%q) = %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
	}
}

func TestParseFilterRefuses(t *testing.T) {
	t.Parallel()
	const unreadable = "Error while parsing filter"
	for text, want := range map[string]string{
		` `:                          unreadable,
		`email`:                      unreadable,
		`email =`:                    unreadable,
		`email = a`:                  unreadable,
		`email = "a`:                 unreadable,
		`email = a"`:                 unreadable,
		`email = "a" x`:              unreadable,
		`email = "a" AND name = "b"`: unreadable,
		`email == "a"`:               unreadable,
		`email ^ = "a"`:              unreadable,
		`email != "a"`:               unreadable,
		`= "a"`:                      unreadable,
		`"email" = "a"`:              unreadable,
		`email = "a\"`:               unreadable,
		`email = "a\n"`:              unreadable,
		"email = \"a\x00\"":          unreadable,
		`custom:foo = "a"`:           "Invalid search attribute: custom:foo",
		`Email = "a"`:                "Invalid search attribute: Email",
		`birthdate^="1"`:             "Invalid search attribute: birthdate",
		`email_verified = "true"`:    "Invalid search attribute: email_verified",
	} {
		_, err := directory.ParseFilter(text)
		wantFault(t, text, err, "InvalidParameterException", want)
	}
}

// drawFilter draws any filter that the grammar can say.
func drawFilter(t *rapid.T) directory.Filter {
	return directory.Filter{
		Attribute: rapid.SampledFrom([]string{
			"username", "email", "phone_number", "name", "given_name", "family_name",
			"preferred_username", "cognito:user_status", "status", "sub",
		}).Draw(t, "attribute"),
		Prefix: rapid.Bool().Draw(t, "prefix"),
		Value: rapid.OneOf(
			rapid.StringOf(rapid.SampledFrom([]rune(`"\ =^ax`))),
			rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") }),
		).Draw(t, "value"),
	}
}

func TestEveryFilterCanBeSaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawFilter(t)
		blank := rapid.StringOf(rapid.SampledFrom([]rune(" \t\r\n")))
		operator := map[bool]string{false: "=", true: "^="}[want.Prefix]
		text := blank.Draw(t, "1") + want.Attribute + blank.Draw(t, "2") + operator + blank.Draw(t, "3") +
			`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(want.Value) + `"` + blank.Draw(t, "4")
		for _, text := range []string{text, want.String()} {
			got, err := directory.ParseFilter(text)
			if err != nil {
				t.Fatalf("ParseFilter(%q): %v", text, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("ParseFilter(%q): %s", text, diff)
			}
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, text := range []string{
		"", `email = "a@example.com"`, `name ^= "O\"H\\"`, `status="Enabled"`, `custom:x = "1"`, `email = "a`, "\x00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := directory.ParseFilter(text)
		if err != nil {
			if _, ok := errors.AsType[*fault.Error](err); !ok || filter != (directory.Filter{}) {
				t.Fatalf("ParseFilter(%q) = %+v, %v", text, filter, err)
			}
			return
		}
		again, err := directory.ParseFilter(filter.String())
		if err != nil || again != filter {
			t.Fatalf("ParseFilter(%q) = %+v, read back as %+v, %v", text, filter, again, err)
		}
	})
}

// wantFault checks what a client sees of an error. An empty code wants none.
func wantFault(tb testing.TB, what string, err error, code, message string) {
	tb.Helper()
	if code == "" {
		if err != nil {
			tb.Errorf("%s: %v, want no error", what, err)
		}
		return
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code != code || e.Message != message {
		tb.Errorf("%s: error %v, want %s: %s", what, err, code, message)
	}
}

// faultCode is the exception of an error, "" without one.
func faultCode(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Code
	}
	return ""
}
