package store_test

import (
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/internal/store"
)

// statement is a text of SQL with the place where it stands.
type statement struct{ text, place string }

var verb = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)\s`)

// statements reads the package's source and returns every text of SQL in it.
func statements(t *testing.T) []statement {
	t.Helper()
	files := token.NewFileSet()
	var trees []*ast.File
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree)
	}
	constants := make(map[string]ast.Expr)
	for _, tree := range trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			if spec, is := n.(*ast.ValueSpec); is && len(spec.Names) == len(spec.Values) {
				for i, name := range spec.Names {
					constants[name.Name] = spec.Values[i]
				}
			}
			return true
		})
	}
	var found []statement
	for _, tree := range trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			e, is := n.(ast.Expr)
			if !is {
				return true
			}
			text, whole := evaluate(e, constants)
			if !verb.MatchString(text) {
				return true
			}
			if whole {
				found = append(found, statement{text, files.Position(e.Pos()).String()})
			}
			return false
		})
	}
	if len(found) < 90 {
		t.Fatalf("only %d statements found", len(found))
	}
	return found
}

// evaluate returns the text of a constant expression, or as much of it as is constant.
func evaluate(e ast.Expr, constants map[string]ast.Expr) (text string, whole bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		if value, is := constants[e.Name]; is {
			return evaluate(value, constants)
		}
	case *ast.BinaryExpr:
		left, leftWhole := evaluate(e.X, constants)
		right, rightWhole := evaluate(e.Y, constants)
		return left + right, leftWhole && rightWhole && e.Op == token.ADD
	}
	return "", false
}

// Tables whose keys do not begin with a pool: configuration, and the machinery.
var poolless = regexp.MustCompile(`\b(meta|pools|pool_ids|clients|access_keys|changes|spent|jobs|sqlite_schema|information_schema|domains|request_rates)\b`)

func TestStatements(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)\b(SERIAL|SEQUENCE|REFERENCES|TRIGGER|SAVEPOINT|TRUNCATE|LIKE|ILIKE|OFFSET|RETURNING|NOW|CURRENT_TIMESTAMP|NULLS|ARRAY|JSONB?|FOR UPDATE|LISTEN|NOTIFY|ADVISORY)\b|\*\s+FROM|\?`)
	byPool := regexp.MustCompile(`WHERE (\w\.)?pool = \$1\b`)
	insert := regexp.MustCompile(`^INSERT INTO (\w+) \((\w+)`)
	for _, s := range statements(t) {
		if word := forbidden.FindString(s.text); word != "" {
			t.Errorf("%s: %s is not common SQL:\n%s", s.place, word, s.text)
		}
		if whole := strings.HasPrefix(s.place, "reset.go"); whole {
			continue
		}
		if m := insert.FindStringSubmatch(s.text); m != nil {
			if m[2] != "pool" && !poolless.MatchString(m[1]) {
				t.Errorf("%s: the key of %s begins with %s", s.place, m[1], m[2])
			}
			continue
		}
		from := regexp.MustCompile(`(?s)(FROM|UPDATE)\s+(\w+)`).FindStringSubmatch(s.text)
		if from == nil || strings.Contains(s.text, "clock_timestamp") {
			continue // a question without tables
		}
		if !byPool.MatchString(s.text) && !poolless.MatchString(from[2]) {
			t.Errorf("%s: the rows are not chosen by the pool first:\n%s", s.place, s.text)
		}
	}
}

func TestSchemaIsCommon(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)\b(SERIAL|AUTOINCREMENT|SEQUENCE|REFERENCES|FOREIGN|TRIGGER|DEFAULT|CHECK|UNIQUE|PARTITION|GENERATED|TIMESTAMP|BOOLEAN|JSONB?|UUID|VARCHAR)\b`)
	err := filepath.WalkDir("migrations", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		texts, err := store.Migrations()
		if err != nil {
			return err
		}
		for _, text := range texts {
			text = regexp.MustCompile(`--.*`).ReplaceAllString(text, "")
			// The rows that are there when a column is added need a value.
			text = regexp.MustCompile(`ADD COLUMN (\w+) (\w+) NOT NULL DEFAULT ''`).ReplaceAllString(text, "ADD COLUMN $1 $2")
			if word := forbidden.FindString(text); word != "" {
				t.Errorf("%s: %s is not common SQL", path, word)
			}
			for _, table := range regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`).FindAllStringSubmatch(text, -1) {
				key := regexp.MustCompile(`PRIMARY KEY \((\w+)`).FindStringSubmatch(table[2])
				if key == nil || key[1] != "pool" && !poolless.MatchString(table[1]) {
					t.Errorf("%s: the key of %s does not begin with the pool", path, table[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPlans asks SQLite how it would run every statement: none may read a table from end
// to end, and names must be found by the whole of their key.
func TestPlans(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "plans.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	texts, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(texts, `CREATE TABLE meta (name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name))`) {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	// Lists of everything, the count of pools at the making of one, and living pools to exclude them.
	scans := []string{"FROM access_keys ORDER BY id", "FROM access_keys WHERE root", "FROM request_rates", "SELECT COUNT(*) FROM pools", "NOT IN (SELECT pool FROM pools)", "sqlite_schema", "information_schema", "current_setting", "clock_timestamp"}
	for _, s := range statements(t) {
		if strings.HasPrefix(s.place, "reset.go") || slices.ContainsFunc(scans, func(scan string) bool { return strings.Contains(s.text, scan) }) {
			continue
		}
		texts, parts := []string{s.text}, 1
		if strings.Contains(s.text, "$K") {
			texts = store.PerName(s.text)
			parts = len(texts)
		}
		if strings.HasPrefix(s.text, "INSERT") && !strings.Contains(s.text, "VALUES") {
			continue // completed with placeholders; an INSERT has no plan to speak of
		}
		plan := explain(t, db, texts[parts-1])
		if scansTable.MatchString(plan) {
			t.Errorf("%s: reads a table from end to end, or sorts:\n%s\n%s", s.place, s.text, plan)
		}
		if n := strings.Count(plan, "(pool=? AND kind=? AND value=?)"); parts > 1 && n != parts {
			t.Errorf("%s: %d of %d names are found by their key:\n%s", s.place, n, parts, plan)
		}
	}
}

// scansTable finds what reads every row of a table (aliases are in lower case), or sorts.
var scansTable = regexp.MustCompile(`SCAN [a-z]|TEMP B-TREE`)

func explain(t *testing.T, db *sql.DB, text string) string {
	t.Helper()
	var args []any
	for i := 1; strings.Contains(text, "$"+strconv.Itoa(i)); i++ {
		args = append(args, "x")
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
