package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/gen/testdata/small"
)

func decode[T any](t *testing.T, text string) *T {
	t.Helper()
	v := new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return v
}

// valid are the required members of CreateThingRequest.
const valid = `"Name": "abc", "UserPoolId": "r_1", "Parts": [{"Name": "abc"}], "Extra": {}, "Count": 1`

func TestCheckTexts(t *testing.T) {
	t.Parallel()
	const tooFew = "Member must have length greater than or equal to "
	const tooMany = "Member must have length less than or equal to "
	const name = "Member must satisfy constraint: [Member must have length less than or equal to 5, " +
		"Member must have length greater than or equal to 2, Member must satisfy regular expression pattern: [a-z]+]"
	tests := []struct{ name, members, want string }{
		{"nothing", `"Plain": ["", "x"], "Stamps": [{}], "Notes": {}, "Fast": false`, ""},
		{"null", `"UserPoolId": null`, "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		{"null document", `"Extra": null`, "1 validation error detected: Value null at 'extra' failed to satisfy constraint: Member must not be null"},
		{"null list", `"Parts": null`, "1 validation error detected: Value null at 'parts' failed to satisfy constraint: Member must not be null"},
		{"null number", `"Count": null`, "1 validation error detected: Value null at 'count' failed to satisfy constraint: Member must not be null"},
		{"short before pattern", `"Name": "A"`, "2 validation errors detected: Value 'A' at 'name' failed to satisfy constraint: " + tooFew +
			"2; Value 'A' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{"long", `"Name": "abcdef"`, "1 validation error detected: Value 'abcdef' at 'name' failed to satisfy constraint: " + tooMany + "5"},
		{"code points", `"Secret": "ää€"`, ""},
		{"hidden", `"Secret": "ää"`, "1 validation error detected: Value at 'secret' failed to satisfy constraint: " + tooFew + "3"},
		{"hidden structure", `"Origin": {"Address": "a"}`, "1 validation error detected: Value at 'origin.address' failed to satisfy constraint: " + tooFew + "2"},
		{"low number", `"Count": 0`, "1 validation error detected: Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"high number", `"Count": 10`, "1 validation error detected: Value '10' at 'count' failed to satisfy constraint: Member must have value less than or equal to 9"},
		{"long number", `"Weight": -1`, "1 validation error detected: Value '-1' at 'weight' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{"blob", `"Bits": "YQ=="`, "1 validation error detected: Value at 'bits' failed to satisfy constraint: " + tooFew + "2"},
		{"enums in a list, recorded order", `"Colors": ["Plain", "red"]`, "1 validation error detected: Value '[Plain, red]' at 'colors' failed to satisfy constraint: " +
			"Member must satisfy constraint: [Member must satisfy enum value set: [Plain, V10, V1_0, light-blue, DARK_RED]]"},
		{"strings in a list", `"Nicknames": [""]`, "1 validation error detected: Value '[]' at 'nicknames' failed to satisfy constraint: " + name},
		{"list and elements", `"Nicknames": ["ab", "cd", "E"]`, "2 validation errors detected: Value '[ab, cd, E]' at 'nicknames' failed to satisfy constraint: " +
			tooMany + "2; Value '[ab, cd, E]' at 'nicknames' failed to satisfy constraint: " + name},
		{"hidden list", `"Phrases": ["a"]`, "1 validation error detected: Value at 'phrases' failed to satisfy constraint: Member must satisfy constraint: [" + tooFew + "3]"},
		{"empty list of structures", `"Parts": []`, "1 validation error detected: Value '[]' at 'parts' failed to satisfy constraint: " + tooFew + "1"},
		{"long list of structures", `"Stamps": [{}, {}]`, "1 validation error detected: Value at 'stamps' failed to satisfy constraint: " + tooMany + "1"},
		{"elements of structures", `"Parts": [{"Name": "ab"}, {}]`, "1 validation error detected: Value null at 'parts.2.member.name' failed to satisfy constraint: Member must not be null"},
		{"null element", `"Parts": [null]`, "1 validation error detected: Value null at 'parts.1.member.name' failed to satisfy constraint: Member must not be null"},
		{"map", `"Labels": {"b": "xyz", "a": "X", "long": "abc"}`, "3 validation errors detected: Value '{a=X, b=xyz, long=abc}' at 'labels' failed to satisfy constraint: " +
			tooMany + "2; Value '{a=X, b=xyz, long=abc}' at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: [" + tooMany + "3, " + tooFew +
			"0]; Value '{a=X, b=xyz, long=abc}' at 'labels' failed to satisfy constraint: Map value must satisfy constraint: [" +
			strings.TrimPrefix(name, "Member must satisfy constraint: [")},
		{"null entry", `"Labels": {"b": "xyz", "a": null, "c": null}`, ""},
		{"map of structures", `"PartsByName": {"b": {}, "a": {"Name": "A"}}`, "3 validation errors detected: Value 'A' at 'partsByName.a.member.name' failed to satisfy constraint: " +
			tooFew + "2; Value 'A' at 'partsByName.a.member.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+; " +
			"Value null at 'partsByName.b.member.name' failed to satisfy constraint: Member must not be null"},
		{"keys of structures", `"PartsByName": {"long": {"Name": "ab"}}`, "1 validation error detected: Value at 'partsByName' failed to satisfy constraint: " +
			"Map keys must satisfy constraint: [" + tooMany + "3, " + tooFew + "0]"},
		{"alphabetical", `"UserPoolId": "", "Count": 0, "Name": "abcdef"`, "4 validation errors detected: Value '0' at 'count' failed to satisfy constraint: " +
			"Member must have value greater than or equal to 1; Value 'abcdef' at 'name' failed to satisfy constraint: " + tooMany +
			"5; Value '' at 'userPoolId' failed to satisfy constraint: " + tooFew +
			`1; Value '' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			members := decode[map[string]json.RawMessage](t, `{`+valid+`}`)
			if err := json.Unmarshal([]byte(`{`+tt.members+`}`), members); err != nil {
				t.Fatal(err)
			}
			in := decode[small.CreateThingRequest](t, encode(t, members))
			var v api.Violations
			in.Check(&v)
			if got := v.Message(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if err := v.Err(); tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("Err returns %v", err)
			}
		})
	}
}

// TestManyViolations shows that a small request cannot ask for an endless answer.
func TestManyViolations(t *testing.T) {
	t.Parallel()
	in := decode[small.CreateThingRequest](t, `{`+valid+`, "Parts": [`+strings.Repeat("{},", 5000)+`{}]}`)
	var v api.Violations
	in.Check(&v)
	if got, want := v.Message(), "100 validation errors detected: "; !strings.HasPrefix(got, want) || len(got) > 20000 {
		t.Errorf("got %d bytes: %.80s", len(got), got)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	op := small.Service.Operations["JoinThing"]
	in := op.NewInput()
	if got := in.(api.TokenCarrier).CarriedToken(); got != nil {
		t.Errorf("an empty input carries the token %q", *got)
	}
	in.(*small.JoinThingRequest).AccessToken = new("tok")
	if got := in.(api.TokenCarrier).CarriedToken(); api.Value(got) != "tok" {
		t.Errorf("the input carries the token %v", got)
	}
	out, err := op.Invoke(context.Background(), small.Unimplemented{}, &api.Call{Operation: op}, in)
	missing, ok := errors.AsType[*api.NotImplementedError](err)
	if !ok || missing.Operation != "JoinThing" || out != nil {
		t.Errorf("Unimplemented answers %v, %v", out, err)
	}
	out, err = op.Invoke(context.Background(), joiner{}, &api.Call{Operation: op}, in)
	if r, ok := out.(*small.JoinThingResponse); err != nil || !ok || api.Value(r.Session) != "session of tok" {
		t.Errorf("the operation answers %v, %v", out, err)
	}
}

type joiner struct{ small.Unimplemented }

func (joiner) JoinThing(_ context.Context, _ *api.Call, in *small.JoinThingRequest) (*small.JoinThingResponse, error) {
	return &small.JoinThingResponse{Session: new("session of " + *in.AccessToken)}, nil
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	in := decode[small.CreateThingRequest](t, `{`+valid+`, "Secret": "hush", "Origin": {"Address": "hush"}, "Phrases": ["hush"],
		"Notes": {"k": "hush"}, "lowerName": "hush", "Labels": {"k": "v", "a": "b"}, "Bits": "aHVzaA==", "Made": 1.5, "Fast": true,
		"Parts": [{"Name": "abc", "Memo": "hush", "Sizes": [1, 2]}], "PartsByName": {"p": {"Memo": "hush"}}}`)
	const part = "{Name:abc Sizes:[1 2] Memo:***}"
	const want = "{UserPoolId:r_1 Name:abc Count:1 Parts:[" + part + "] PartsByName:{p:{Memo:***}} Labels:{a:b k:v} Notes:*** Phrases:*** " +
		"Secret:*** Bits:4 bytes Extra:2 bytes Fast:true Made:1970-01-01T00:00:01.5Z Origin:*** LowerName:***}"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if got := fmt.Sprintf(verb, in); got != want {
			t.Errorf("%s prints\n%s, want\n%s", verb, got, want)
		}
	}
	if got := fmt.Sprint(in.Parts); got != "["+part+"]" {
		t.Errorf("a list prints %s", got)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("call", "in", in)
	var line struct {
		In map[string]any `json:"in"`
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "hush") || line.In["Secret"] != "***" || line.In["Count"] != 1.0 || line.In["Parts"] != "["+part+"]" {
		t.Errorf("the log shows %s", log.String())
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 3, 3, 9, 5, 7, 0, time.UTC)
	thing := &small.Thing{LastMade: api.Time(made)}
	thing.Overlay(decode[small.CreateThingRequest](t, `{`+valid+`, "Colors": ["Plain"], "Labels": {"a": "bc"}, "Bits": "YWI=",
		"PartsByName": {"p": {"Name": "abc"}}, "Origin": {"Address": "abc"}}`))
	if *thing.Name != "abc" || thing.LastMade.Time() != made || len(thing.Parts) != 1 {
		t.Errorf("the record is %v", thing)
	}
	before := encode(t, thing)
	clone := thing.Clone()
	if !reflect.DeepEqual(clone, thing) {
		t.Errorf("the clone of %v is %v", thing, clone)
	}
	*clone.Name, clone.Colors[0], clone.Labels["a"], clone.Bits[0], clone.Extra[0] = "x", "x", "x", 'x', '['
	*clone.Parts[0].Name, *clone.Origin.Address, *clone.PartsByName["p"].Name = "x", "x", "x"
	if after := encode(t, thing); after != before {
		t.Errorf("a change of the clone changed %s to %s", before, after)
	}
	if (*small.Thing)(nil).Clone() != nil || (&small.Thing{}).Clone().Colors != nil {
		t.Error("the clone of what is absent is there")
	}

	update := decode[small.UpdateThingRequest](t, `{"AccessToken": "tok", "Count": 7}`)
	merged, replaced := thing.Clone(), thing.Clone()
	merged.Merge(update)
	replaced.Overlay(update)
	if *merged.Name != "abc" || *merged.Count != 7 || len(merged.Colors) != 1 {
		t.Errorf("merged: %v", merged)
	}
	if replaced.Name != nil || *replaced.Count != 7 || replaced.Colors != nil || len(replaced.Parts) != 1 {
		t.Errorf("replaced: %v", replaced)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
