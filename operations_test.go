package cenote

import (
	"bytes"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/api/gen/doctable"
)

var update = flag.Bool("update", false, "rewrite docs/operations.md")

// The document of what is built is made from what is built.
func TestOperationsTable(t *testing.T) {
	t.Parallel()
	const path = "docs/operations.md"
	want := doctable.Render(doctable.Listing{Service: cognitoidp.Service, Server: reflect.TypeFor[*identityProvider]()})
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not current; `make gen` writes it", path)
	}
}

// A misspelt handler compiles and its operation answers NotImplemented: every exported
// method that looks like a handler must be an operation.
func TestHandlersAreOperations(t *testing.T) {
	t.Parallel()
	operations := reflect.TypeFor[cognitoidp.API]()
	service := reflect.TypeFor[*identityProvider]()
	shape, _ := operations.MethodByName("GetUser")
	for method := range service.Methods() {
		f := method.Type // with the receiver first
		handler := f.NumIn() == 4 && f.NumOut() == 2 && f.In(1) == shape.Type.In(0) && f.In(2) == shape.Type.In(1)
		if _, known := operations.MethodByName(method.Name); handler && !known {
			t.Errorf("%s has the shape of a handler but is no operation", method.Name)
		}
	}
}
