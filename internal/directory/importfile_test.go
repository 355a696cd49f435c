package directory_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cenote-id/cenote/internal/directory"
)

func TestSplitRow(t *testing.T) {
	t.Parallel()
	for row, want := range map[string][]string{
		"":                        {""},
		",":                       {"", ""},
		"a,b":                     {"a", "b"},
		" a ,\t b c ":             {"a", "b c"},
		`1 Main St\, Springfield`: {"1 Main St, Springfield"},
		`\,,\,`:                   {",", ","},
		`a\b,c\`:                  {`a\b`, `c\`},
		`a\\,b`:                   {`a\,b`},
		`"a","b"`:                 {`"a"`, `"b"`},
		"ä,€":                     {"ä", "€"},
	} {
		if got := directory.SplitRow([]byte(row)); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", row, got, want)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("€", 16_000)
	for file, want := range map[string][]string{
		"":                  {},
		"a":                 {"a"},
		"a\n":               {"a"},
		"a\r\nb\n\n c":      {"a", "b", "", " c"},
		"\n\r\n":            {"", ""},
		long + "\nb":        {long, "b"},
		long + "x\nb":       {"(too long)", "b"},
		"a\n" + long + "xy": {"a", "(too long)"},
		strings.Repeat("a", 3*directory.UploadPiece) + "\nb\n": {"(too long)", "b"},
		strings.Repeat("a\n", directory.UploadPiece):           slices.Repeat([]string{"a"}, directory.UploadPiece),
	} {
		rows, offsets := directory.Rows([]byte(file), 0)
		got := make([]string, len(rows))
		for i, row := range rows {
			got[i] = string(row)
			if row == nil {
				got[i] = "(too long)"
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("a file of %d bytes has the rows %.200q, want %.200q", len(file), got, want)
		}
		if n := len(offsets); n > 0 && offsets[n-1] != int64(len(file)) {
			t.Errorf("a file of %d bytes ends at %d", len(file), offsets[n-1])
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	const header = "h\n"
	for _, row := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"good", []string{header, "a\nb\n", "c"}, ""},
		{"a character in two pieces", []string{header + "\xe2", "\x82\xac\n"}, ""},
		{"a character in three pieces", []string{header + "\xf0", "\x9f", "\x92\x96\n"}, ""},
		{"the replacement character", []string{header + "\xef\xbf", "\xbd"}, ""},
		{"empty", []string{""}, ""},
		{"byte order mark", []string{"\xef\xbb\xbf" + header}, "it begins with a byte order mark"},
		{"byte order mark in pieces", []string{"\xef", "\xbb\xbf" + header}, "it begins with a byte order mark"},
		{"NUL", []string{header, "a\x00"}, "it has a NUL character"},
		{"UTF-16", []string{"h\x00\n\x00"}, "it has a NUL character"},
		{"Latin-1", []string{header + "M\xfcller\n"}, "it is not UTF-8"},
		{"cut character", []string{header + "\xe2\x82"}, "it is not UTF-8"},
		{"broken between pieces", []string{header + "\xe2", "a"}, "it is not UTF-8"},
		{"only continuations", []string{header, "\x80\x80\x80\x80\x80"}, "it is not UTF-8"},
		{"three rows", []string{header, "a\nb\nc\n"}, ""},
		{"four rows", []string{header, "a\nb\nc\nd"}, "the file has too many rows"},
	} {
		var pieces [][]byte
		for _, p := range row.pieces {
			pieces = append(pieces, []byte(p))
		}
		got := ""
		if err := directory.CheckText(3, pieces...); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// FuzzImportFile: a file is judged the same however it is cut, and going on from the offset
// behind any row gives the rows that follow it.
func FuzzImportFile(f *testing.F) {
	for _, file := range []string{"", "a,b\n1,2\n", "a\\,b\r\n\r\n", "\xef\xbb\xbfa", "\xe2\x82\xac,\xf0\x9f\x92\x96\n", "\x80\n\x00"} {
		f.Add([]byte(file), uint(3))
	}
	f.Fuzz(func(t *testing.T, file []byte, cut uint) {
		if len(file) > 2000 {
			t.Skip("every row is read again for every row")
		}
		at := int(cut % uint(len(file)+1))
		whole, parts := directory.CheckText(1000, file), directory.CheckText(1000, file[:at], file[at:])
		if (whole == nil) != (parts == nil) {
			t.Errorf("whole %v, cut at %d %v", whole, at, parts)
		}
		if whole == nil && (!utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0) {
			t.Error("a file that is no text is taken")
		}
		rows, offsets := directory.Rows(file, 0)
		for i, offset := range offsets {
			rest, _ := directory.Rows(file, offset)
			if !slices.EqualFunc(rest, rows[i+1:], bytes.Equal) {
				t.Fatalf("from %d on there are %q, want %q", offset, rest, rows[i+1:])
			}
			if values := directory.SplitRow(rows[i]); len(values) > bytes.Count(rows[i], []byte{','})+1 {
				t.Errorf("%q has the values %q", rows[i], values)
			}
		}
	})
}
