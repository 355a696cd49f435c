package api_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
)

func TestTimestampJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		ms   int64
		want string // "" = as in
	}{
		{"1548099495.428", 1548099495428, ""},
		{"1715100742", 1715100742000, ""},
		{"1715100742.0", 1715100742000, "1715100742"},
		{"1.778908218457E9", 1778908218457, "1778908218.457"},
		{"1778908218.4", 1778908218400, ""},
		{"1778908218.0049", 1778908218005, "1778908218.005"},
		{"0", 0, ""},
		{"-1.5", -1500, ""},
		{"-0.001", -1, ""},
		{"253402300799.999", 253402300799999, ""},
	}
	for _, tt := range tests {
		var ts api.Timestamp
		if err := json.Unmarshal([]byte(tt.in), &ts); err != nil || int64(ts) != tt.ms {
			t.Errorf("%s is read as %d, %v; want %d", tt.in, ts, err, tt.ms)
		}
		if tt.want == "" {
			tt.want = tt.in
		}
		if got, err := json.Marshal(ts); err != nil || string(got) != tt.want {
			t.Errorf("%s is written as %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	for _, bad := range []string{`"2026-03-03T09:05:07Z"`, `"1"`, `{}`, `true`, `1e300`, `9007199254741`} {
		ts := api.Timestamp(7)
		if err := json.Unmarshal([]byte(bad), &ts); err == nil || ts != 7 {
			t.Errorf("%s is read as %d", bad, ts)
		}
	}
}

func TestTimestampTime(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 3, 3, 9, 5, 7, 123456789, time.FixedZone("", 3600))
	if got, want := api.Time(when).Time(), time.Date(2026, 3, 3, 8, 5, 7, 123000000, time.UTC); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := api.Time(when).String(), "2026-03-03T08:05:07.123Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStringMapJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want api.StringMap
	}{
		{`{"REFRESH_TOKEN":"r","DEVICE_KEY":null}`, api.StringMap{"REFRESH_TOKEN": "r"}},
		{`{"a":"null","b":""}`, api.StringMap{"a": "null", "b": ""}},
		{`{"a":null}`, api.StringMap{}},
		{`{"null":"a"}`, api.StringMap{"null": "a"}},
		{`{}`, api.StringMap{}},
		{`null`, nil},
	}
	for _, tt := range tests {
		holder := struct{ M api.StringMap }{api.StringMap{"old": "x"}}
		if err := json.Unmarshal([]byte(`{"M":`+tt.in+`}`), &holder); err != nil {
			t.Errorf("%s: %v", tt.in, err)
		}
		if !maps.Equal(holder.M, tt.want) || (holder.M == nil) != (tt.want == nil) {
			t.Errorf("%s is read as %#v, want %#v", tt.in, holder.M, tt.want)
		}
	}
	for _, bad := range []string{`{"a":1}`, `{"a":null,"b":{}}`, `[]`, `"a"`, `false`} {
		var m api.StringMap
		if err := json.Unmarshal([]byte(bad), &m); err == nil {
			t.Errorf("%s is read as %v", bad, m)
		}
	}
}

func TestDocumentJSON(t *testing.T) {
	t.Parallel()
	type holder struct {
		D api.Document `json:"D,omitzero"`
	}
	for in, want := range map[string]string{
		`{"D":{"a":[1,null]}}`: `{"D":{"a":[1,null]}}`,
		`{"D":"x"}`:            `{"D":"x"}`,
		`{"D":null}`:           `{}`,
		`{}`:                   `{}`,
	} {
		var h holder
		if err := json.Unmarshal([]byte(in), &h); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if got, err := json.Marshal(h); err != nil || string(got) != want {
			t.Errorf("%s becomes %s, %v; want %s", in, got, err, want)
		}
	}
	if got, err := json.Marshal(api.Document(nil)); err != nil || string(got) != "null" {
		t.Errorf("an absent document alone is written as %s, %v", got, err)
	}
}

func TestNotImplementedError(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"Operation CreateTerms is not implemented.":                  &api.NotImplementedError{Operation: "CreateTerms"},
		"Member Routing of CreateUserPoolDomain is not implemented.": &api.NotImplementedError{Operation: "CreateUserPoolDomain", Member: "Routing"},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
