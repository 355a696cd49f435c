package cenote_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/cenote-id/cenote"

// ground is what every room may stand on.
var ground = []string{"api", "api/cognitoidp", "internal/fault", "internal/clock", "internal/naming", "internal/seal"}

// services may also use the database and the snapshots of its configuration.
var serviceGround = append(slices.Clone(ground), "internal/store", "internal/catalog")

// house says which packages a package may import, and why it is so. A package that is
// not listed may import none of the others; the root constructs everything and may
// import all.
var house = []struct {
	room    string
	imports [][]string
	reason  string
}{
	{"api", nil, "the API's vocabulary stands on the standard library alone"},
	{"api/cognitoidp", [][]string{{"api"}}, "generated API packages are public and know only the vocabulary"},
	{"api/kms", [][]string{{"api"}}, "generated API packages are public and know only the vocabulary"},
	{"api/gen", [][]string{{"api", "api/gen/generate", "api/gen/testdata/small"}}, "the generator knows models, not the server"},
	{"api/gen/generate", [][]string{{"api", "api/gen/testdata/small"}}, "the generator knows models, not the server"},
	{"api/gen/doctable", [][]string{{"api", "api/gen/testdata/small"}}, "the table is made by reflection over whatever it is given"},
	{"api/gen/testdata/small", [][]string{{"api"}}, "a generated package knows only the vocabulary"},
	{"internal/libcrypto", nil, "ground"},
	{"internal/naming", nil, "ground"},
	{"internal/srp", [][]string{{"internal/libcrypto"}}, "the public client uses it too, so it drags in nothing of the server"},
	{"internal/seal", [][]string{{"internal/clock"}}, "ground"},
	{"internal/gate", [][]string{{"internal/clock"}}, "ground"},
	{"internal/store", [][]string{ground}, "SQL and records know no rules of services"},
	{"internal/store/storetest", [][]string{serviceGround}, "the conformance suite sees what a caller of store sees"},
	{"internal/store/pgtest", nil, "starting a PostgreSQL server needs nothing of ours"},
	{"internal/catalog", [][]string{ground, {"internal/store", "internal/store/storetest"}}, "snapshots of configuration stand on the store"},
	{"internal/jobs", [][]string{ground, {"internal/store", "internal/store/storetest", "internal/store/pgtest"}}, "jobs are leased rows"},
	{"internal/keys", [][]string{serviceGround, {"internal/gate", "internal/libcrypto", "internal/keys/keystest"}}, "keys sign; what is signed is token's matter"},
	{"internal/keys/keystest", [][]string{{"internal/keys"}}, "fixed keys for tests"},
	{"internal/function", [][]string{{"internal/clock", "internal/naming"}}, "functions are run without knowing what they are asked"},
	{"internal/trigger", [][]string{serviceGround, {"internal/function"}}, "events are made of records and configuration"},
	{"internal/kms", [][]string{{"api", "api/kms", "internal/clock", "internal/fault", "internal/seal"}}, "wraps keys without knowing for whom"},
	{"internal/message", [][]string{serviceGround, {"internal/trigger"}}, "texts and senders; the codes' lifetimes are directory's matter"},
	{"internal/credential", [][]string{serviceGround, {"internal/gate", "internal/srp", "internal/libcrypto"}}, "proofs know users and clients, not flows"},
	{"internal/passkey", nil, "WebAuthn's ceremonies know no users and no pools"},
	{"internal/passkey/passkeytest", [][]string{{"internal/clock"}}, "an authenticator shares no code with what it tests"},
	{"internal/token", [][]string{serviceGround, {"internal/gate", "internal/keys", "internal/keys/keystest", "internal/trigger"}}, "tokens are made from a grant, not from a flow"},
	{"internal/userpool", [][]string{serviceGround, {"internal/keys", "internal/keys/keystest", "internal/message", "internal/trigger"}}, "configuration; users are directory's matter"},
	{"internal/risk", [][]string{serviceGround, {"internal/message"}}, "what is unusual about a user; acting on it is the services' matter"},
	{"internal/directory", [][]string{serviceGround, {"internal/credential", "internal/message", "internal/risk", "internal/trigger"}}, "users; signing in is signin's matter"},
	{"internal/signin", [][]string{serviceGround, {"internal/directory", "internal/credential", "internal/message", "internal/risk", "internal/trigger", "internal/token", "internal/passkey"}}, "the one sign-in machine"},
	{"internal/access", [][]string{serviceGround, {"internal/token"}}, "who is calling; what they want is the services' matter"},
	{"internal/throttle", [][]string{{"internal/fault", "internal/clock", "api", "api/cognitoidp"}}, "how often calls come, whatever they want"},
	{"internal/wire", [][]string{{"internal/fault", "internal/clock", "internal/gate", "internal/naming", "api", "api/cognitoidp"}}, "the phases of a call know no service"},
	{"internal/httpd", [][]string{{"internal/fault", "internal/clock", "internal/naming"}}, "the listener and the route table know handlers only"},
	{"internal/oauth", [][]string{serviceGround, {"internal/signin", "internal/token", "internal/keys"}}, "OAuth endpoints and discovery"},
	{"internal/login", [][]string{serviceGround, {"internal/wire", "internal/oauth", "internal/signin"}}, "pages; what they ask for is done by the services"},
	{"internal/devtools", [][]string{serviceGround, {"internal/wire", "internal/message", "internal/trigger"}}, "development mode's own pages"},
	{"client", [][]string{{"api", "api/cognitoidp", "internal/srp", "internal/libcrypto"}}, "the public client uses nothing of the server"},
	{"cenotetest", [][]string{{"", "api", "api/cognitoidp", "client", "internal/keys", "internal/keys/keystest", "internal/clock", "internal/message"}}, "a server in a test is the root's server"},
	{"cmd/cenote", [][]string{{"", "api", "client", "api/cognitoidp", "internal/clock", "internal/seal", "internal/store", "internal/message", "internal/fault"}}, "flags and files -> cenote.New"},
}

// testing may import these besides, in test files: means to set a scene.
var sceneMakers = []string{"internal/keys/keystest", "internal/passkey/passkeytest", "internal/store/storetest", "internal/store/pgtest", "internal/gate", "internal/srp", "internal/keys", "internal/function", "cenotetest", ""}

// goFiles calls visit for every Go file of the module, with its slash-separated path.
func goFiles(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if path != "." && (nested == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") {
			visit(filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// room returns the package directory of a file, "" for the root.
func room(path string) string {
	if i := strings.LastIndex(path, "/"); i >= 0 {
		return path[:i]
	}
	return ""
}

func TestImportsFollowTheHouse(t *testing.T) {
	t.Parallel()
	type rule struct {
		allowed []string
		reason  string
	}
	rules := map[string]rule{}
	for _, h := range house {
		rules[h.room] = rule{append(slices.Concat(h.imports...), h.room), h.reason}
	}
	goFiles(t, func(path string) {
		from := room(path)
		if from == "" || strings.HasPrefix(from, "bench") || strings.HasPrefix(from, "e2e") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			to = strings.TrimPrefix(to, "/")
			r := rules[from]
			if slices.Contains(r.allowed, to) || strings.HasSuffix(path, "_test.go") && slices.Contains(sceneMakers, to) {
				continue
			}
			reason := r.reason
			if reason == "" {
				reason = "the package is not in the house's list"
			}
			t.Errorf("%s imports %q, which %s must not: %s", path, to, from, reason)
		}
	})
}

func TestEveryPackageHasOneComment(t *testing.T) {
	t.Parallel()
	comments := map[string][]string{}
	goFiles(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Error(err)
			return
		}
		if _, seen := comments[room(path)]; !seen {
			comments[room(path)] = nil
		}
		if file.Doc != nil {
			comments[room(path)] = append(comments[room(path)], path)
		}
	})
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("package %q has %d package comments %v, want one", dir, len(files), files)
		}
	}
}

func TestFilesStaySmall(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string) {
		limit := 700
		if strings.HasSuffix(path, "_test.go") {
			limit = 1000
		}
		if strings.HasSuffix(path, ".gen.go") {
			return
		}
		if n := lines(t, path); n > limit {
			t.Errorf("%s has %d lines, more than %d: perhaps it is two concepts", path, n, limit)
		}
	})
}

func lines(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
	}
	return n
}

func TestModuleHasNoReplacements(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(strings.TrimSpace(line), "replace") {
			t.Errorf("go.mod replaces a module: %s", line)
		}
	}
}

// Only credential may declare a client proven, or the type would prove nothing.
func TestOnlyCredentialProvesClients(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string) {
		if room(path) == "internal/credential" || room(path) == "internal/catalog" || strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), ".Proven()") {
			t.Errorf("%s calls Proven; only credential may", path)
		}
	})
}
