package api_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	tests := []struct {
		source  string
		yes, no []string
	}{
		{`[\S]+`, []string{"a", "ä€", "a\u00a0b", "\x00"}, []string{"", "a b", "a\n", "\t"}},
		{`[\w+]+`, []string{"aZ_0+"}, []string{"a-b", "é"}},
		{`[A-Za-z0-9-_=.]+`, []string{"a.b-c_d="}, []string{"a/b", "a b"}},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, []string{"日本語", "a@b.c", "€5", "e\u0301"}, []string{"a b", "a\x00", "\u00a0", "\U000E0001"}},
		{`[a-z]*`, []string{"", "abc"}, []string{"A"}},
		{`[\w-]+_[0-9a-zA-Z]+`, []string{"us-east-1_AbCdEfGhI", "a_b_c"}, []string{"us-east-1", "us-east-1_", "us-east-1_a\n", "x us-east-1_a"}},
		{`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`, []string{"a", "a-b"}, []string{"-a", "a-", "a\n", "a.b"}},
		{`^(terms-of-use|privacy-policy)$`, []string{"terms-of-use"}, []string{"terms-of-use\n", "privacy"}},
		{`a|b`, []string{"a", "b"}, []string{"ab", "ac"}},
		{`(?s).*`, []string{"", "a\nb"}, nil},
		{`[\u0009\u0020-\u00FF]+`, []string{"\t ÿ"}, []string{"\n", "Ā"}},
		{`\\u0041`, []string{`\u0041`}, []string{"A"}},
	}
	for _, tt := range tests {
		p := api.Pattern{Source: tt.source}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", tt.source, err)
		}
		for _, s := range tt.yes {
			if !p.Match(s) {
				t.Errorf("%s does not match %q", tt.source, s)
			}
		}
		for _, s := range tt.no {
			if p.Match(s) {
				t.Errorf("%s matches %q", tt.source, s)
			}
		}
	}
	for _, source := range []string{"(", `(?<!a)b`, `\u00`} {
		if err := (&api.Pattern{Source: source}).Validate(); err == nil {
			t.Errorf("%s passes for an expression", source)
		}
	}
}

// FuzzPattern compares the matching of repeated character classes to package regexp.
func FuzzPattern(f *testing.F) {
	sources := []string{`[\S]+`, `[\w+=/]+`, `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, `[A-Za-z0-9-_=.]+`, `[\x21\x23-\x5B\x5D-\x7E]+`, `[\p{L}\s*]*`, `[^_\p{Z}]+`}
	for _, s := range []string{"", "a", "a b", "日本", "a\xffb", "\u2028", "_"} {
		f.Add(s)
	}
	type pair struct {
		own  api.Pattern
		full *regexp.Regexp
	}
	pairs := make([]pair, len(sources))
	for i, source := range sources {
		pairs[i].own.Source = source
		pairs[i].full = regexp.MustCompile(`\A(?:` + source + `)\z`)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for i := range pairs {
			if got, want := pairs[i].own.Match(s), pairs[i].full.MatchString(s); got != want {
				t.Errorf("%s on %q gives %t, regexp gives %t", sources[i], s, got, want)
			}
		}
	})
}

func BenchmarkPatternToken(b *testing.B) {
	p := api.Pattern{Source: `[A-Za-z0-9-_=.]+`}
	token := strings.Repeat("eyJhbGciOi.", 100)
	b.SetBytes(int64(len(token)))
	for b.Loop() {
		if !p.Match(token) {
			b.Fatal("the token does not match")
		}
	}
}
