package generate_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cenote-id/cenote/api/gen/generate"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

const (
	root   = "../../.."
	golden = "../testdata/small"
)

var smallService = generate.Service{
	Model:     "small",
	Package:   "small",
	Show:      []string{"PoolType"},
	Hide:      []string{"CreateThingRequest.lowerName"},
	Redact:    []string{"NotesType", "PartType.Memo"},
	Status:    map[string]int{"ThingExistsException": 409},
	EnumOrder: map[string][]string{"ColorType": {"Plain", "V10", "V1_0", "light-blue", "DARK_RED"}},
	Records:   []generate.Record{{Shape: "Thing", Requests: []string{"CreateThingRequest", "UpdateThingRequest"}}},
}

// TestGolden compares the package made of a model with every feature to the committed
// one, which generated_test.go of api/gen imports: it is compiled, too.
func TestGolden(t *testing.T) {
	t.Parallel()
	m := readSmall(t)
	files, err := generate.Package(smallService, m)
	if err != nil {
		t.Fatal(err)
	}
	constructors, err := generate.Constructors([]generate.Service{smallService}, []*generate.Model{m})
	if err != nil {
		t.Fatal(err)
	}
	files["fault.golden"] = constructors
	stale, err := files.Stale(golden)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := files.Write(golden, stale); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, name := range stale {
		t.Errorf("%s is not what the model gives; run the test with -update and read the difference", name)
	}
}

// TestUpToDate fails when a model or the generator changed and the code was not
// generated again.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	files, err := generate.All(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	stale, err := files.Stale(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(stale) > 0 {
		t.Errorf("run go run ./api/gen: %v would change", stale)
	}
}

// TestEveryModel shows that a service needs no more than its entry in Services.
func TestEveryModel(t *testing.T) {
	t.Parallel()
	paths, err := fs.Glob(os.DirFS(root), "api/model/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found the models %v: %v", paths, err)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m, err := generate.ReadModel(os.DirFS(root), path)
			if err != nil {
				t.Fatal(err)
			}
			files, err := generate.Package(generate.Service{Package: "service"}, m)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"api.gen.go", "types.gen.go", "checks.gen.go", "operations.gen.go"} {
				if len(files[name]) == 0 {
					t.Errorf("%s is empty", name)
				}
			}
		})
	}
}

// TestRefusedModels shows that a model or an entry that does not fit is refused with
// the reason, rather than turned into code that does not compile.
func TestRefusedModels(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		shapes  string // members of the object shapes; In is an operation's input
		service generate.Service
		want    string
	}{
		{"no JSON", `"In": 1`, generate.Service{}, "cannot unmarshal"},
		{"no input", `"Other": {"type": "structure"}`, generate.Service{}, "operation Go: its input or output is no shape"},
		{"no exception", `"In": {"type": "structure"}`, generate.Service{}, "operation Go: Err is no exception"},
		{
			"no such shape", `"In": {"type": "structure", "members": {"A": {"shape": "B"}}}, ` + exception,
			generate.Service{},
			"shape In: B is no shape",
		},
		{
			"no such required member", `"In": {"type": "structure", "required": ["A"]}, ` + exception,
			generate.Service{},
			"shape In: required A is no member",
		},
		{
			"recursion", `"In": {"type": "structure", "members": {"A": {"shape": "L"}}}, "L": {"type": "list", "member": {"shape": "In"}}, ` + exception,
			generate.Service{},
			"shape In contains itself",
		},
		{
			"two names in one", `"In": {"type": "structure", "members": {"A": {"shape": "in"}}}, "in": {"type": "string", "enum": ["A"]}, ` + exception,
			generate.Service{Package: "p"},
			"p: In names both In and in",
		},
		{
			"two values in one", `"In": {"type": "structure", "members": {"A": {"shape": "E"}}}, "E": {"type": "string", "enum": ["A_B", "A-B"]}, ` + exception,
			generate.Service{Package: "p"},
			"p: EAB names both E A_B and E A-B",
		},
		{
			"bad pattern", `"In": {"type": "structure", "members": {"A": {"shape": "S"}}}, "S": {"type": "string", "pattern": "("}, ` + exception,
			generate.Service{Package: "p"},
			"shape S: error parsing regexp",
		},
		{"unknown authorization", `"In": {"type": "structure"}, ` + exception, generate.Service{Package: "p"}, "p: operation Go has the unknown authorization magic"},
		{
			"unknown type", `"In": {"type": "structure", "members": {"A": {"shape": "F"}}}, "F": {"type": "float"}, ` + exception,
			generate.Service{Package: "p"},
			"p: shape F has the unknown type float",
		},
		{
			"constrained numbers in a list", `"In": {"type": "structure", "members": {"A": {"shape": "L"}}},
			"L": {"type": "list", "member": {"shape": "N"}}, "N": {"type": "integer", "min": 1}, ` + exception,
			generate.Service{Package: "p"},
			"p: constraints on the elements of L are not supported",
		},
		{
			"constrained numbers in a map", `"In": {"type": "structure", "members": {"A": {"shape": "M"}}},
			"M": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "N"}}, "S": {"type": "string"}, "N": {"type": "integer", "min": 1}, ` + exception,
			generate.Service{Package: "p"},
			"p: constraints on the values of M are not supported",
		},
		{
			"no such record", `"In": {"type": "structure"}, ` + exception,
			generate.Service{Records: []generate.Record{{Shape: "R"}}},
			"record R: the model has no structure R",
		},
		{
			"nothing shared", `"In": {"type": "structure"}, "R": {"type": "structure"}, ` + exception,
			generate.Service{Records: []generate.Record{{Shape: "R", Requests: []string{"In"}}}},
			"record R has no member of In",
		},
		{
			"other type", `"In": {"type": "structure", "members": {"A": {"shape": "S"}}}, "R": {"type": "structure", "members": {"A": {"shape": "T"}}},
			"S": {"type": "string"}, "T": {"type": "boolean"}, ` + exception,
			generate.Service{Records: []generate.Record{{Shape: "R", Requests: []string{"In"}}}},
			"record R has another type for A than In",
		},
		{
			"unknown shape in the entry", `"In": {"type": "structure"}, ` + exception,
			generate.Service{Package: "p", Hide: []string{"Nobody"}},
			"p: the model has no Nobody",
		},
		{
			"unknown member in the entry", `"In": {"type": "structure"}, ` + exception,
			generate.Service{Package: "p", Redact: []string{"In.Nobody"}},
			"p: the model has no In.Nobody",
		},
		{
			"other values in the entry", `"In": {"type": "structure", "members": {"A": {"shape": "E"}}}, "E": {"type": "string", "enum": ["A", "B"]}, ` + exception,
			generate.Service{Package: "p", EnumOrder: map[string][]string{"E": {"A", "C"}}},
			"p: the order of E does not have the values of the model",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			authorization := "none"
			if tt.name == "unknown authorization" {
				authorization = "magic"
			}
			text := `{"operations": {"Go": {"authorization": "` + authorization + `", "input": {"shape": "In"}, "errors": ["Err"]}}, "shapes": {` + tt.shapes + `}}`
			m, err := generate.ReadModel(fstest.MapFS{"m.json": {Data: []byte(text)}}, "m.json")
			if err == nil {
				_, err = generate.Package(tt.service, m)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got the error %v, want one with %q", err, tt.want)
			}
		})
	}
}

const exception = `"Err": {"type": "structure", "exception": true}`

// TestStaleFiles shows that a generated file that is no longer made is found and removed.
func TestStaleFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old.gen.go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "own.go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	files := generate.Files{"new.gen.go": []byte("package x\n"), "sub/new.gen.go": []byte("package y\n")}
	stale, err := files.Stale(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(stale, " "), "new.gen.go sub/new.gen.go old.gen.go"; got != want {
		t.Errorf("stale files are %s, want %s", got, want)
	}
	if err := files.Write(dir, stale); err != nil {
		t.Fatal(err)
	}
	if stale, err = files.Stale(dir); err != nil || len(stale) > 0 {
		t.Errorf("after writing, stale files are %v, error %v", stale, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "own.go")); err != nil {
		t.Errorf("a file that is not generated is gone: %v", err)
	}
}

func readSmall(t *testing.T) *generate.Model {
	t.Helper()
	m, err := generate.ReadModel(os.DirFS("../testdata"), "small.json")
	if err != nil {
		t.Fatal(err)
	}
	return m
}
