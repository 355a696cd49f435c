// Package doctable writes docs/operations.md: which operations there are, how they are
// authorised and which package implements them. What is implemented only the composed
// server knows, so the test that keeps the document up to date lies beside the server.
package doctable

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/cenote-id/cenote/api"
)

// Listing is a service and the type of the value whose methods are its operations.
type Listing struct {
	Service *api.Service
	Server  reflect.Type
}

// Render returns the document.
func Render(listings ...Listing) []byte {
	var b bytes.Buffer
	b.WriteString("# Operations\n\n" +
		"This table is generated. Operations without a package answer HTTP 501, `NotImplemented`.\n")
	for _, l := range listings {
		var rows bytes.Buffer
		built := 0
		for _, name := range slices.Sorted(maps.Keys(l.Service.Operations)) {
			home := Home(l.Server, name)
			if home == "" {
				home = "-"
			} else {
				built++
			}
			fmt.Fprintf(&rows, "| %s | %s | %s |\n", name, l.Service.Operations[name].Class, home)
		}
		fmt.Fprintf(&b, "\n## %s\n\n%d of %d operations are implemented.\n\n", l.Service.Name, built, len(l.Service.Operations))
		b.WriteString("| Operation | Authorised by | Package |\n|---|---|---|\n")
		b.Write(rows.Bytes())
	}
	return b.Bytes()
}

// Home returns the name of the package of the type that gives the server its method
// for an operation, and "" when that is a generated Unimplemented or when there is no
// such method. The method is looked for in embedded types, as Go does; a struct that
// has the method itself must not embed another type that has it.
func Home(server reflect.Type, operation string) string {
	_, owner := find(server, operation)
	if owner == nil || owner.Name() == "Unimplemented" {
		return ""
	}
	return path.Base(owner.PkgPath())
}

// find returns the type that declares the method and how deep it is embedded in t.
func find(t reflect.Type, method string) (depth int, owner reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !has(t, method) {
		return 0, nil
	}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.Anonymous {
				continue
			}
			if d, o := find(f.Type, method); o != nil && (owner == nil || d+1 < depth) {
				depth, owner = d+1, o
			}
		}
	}
	if owner == nil {
		return 0, t
	}
	return depth, owner
}

func has(t reflect.Type, method string) bool {
	if t.Kind() != reflect.Interface {
		t = reflect.PointerTo(t)
	}
	_, ok := t.MethodByName(method)
	return ok
}
