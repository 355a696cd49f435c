package cenote_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// clockless are the places that may ask the machine for the time and for random bytes:
// clock itself, the programs, and the public client, which is no part of the server.
var clockless = []string{"internal/clock", "cmd/", "client", "cenotetest", "bench", "e2e", "api/gen"}

// Time comes from clock.Clock and randomness from an injected reader, or development mode
// could not move the one and tests could not fix the other. (Waiting, and math/rand for
// the jitter of retries, are neither.)
func TestTimeAndChanceAreInjected(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string) {
		for _, part := range []string{"_test.go", "/storetest/", "/pgtest/"} {
			if strings.Contains(path, part) {
				return
			}
		}
		for _, place := range clockless {
			if strings.HasPrefix(path, place) {
				return
			}
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Error(err)
			return
		}
		for _, spec := range file.Imports {
			if spec.Path.Value == `"crypto/rand"` {
				t.Errorf("%s imports crypto/rand: take an io.Reader, and clock.Random for a nil one", path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" && (call.Sel.Name == "Now" || call.Sel.Name == "Since" || call.Sel.Name == "Until") {
				t.Errorf("%s: time.%s: take a clock.Clock", set.Position(n.Pos()), call.Sel.Name)
			}
			return true
		})
	})
}
