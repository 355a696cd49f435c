package risk_test

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/internal/risk"
)

// hibp writes a list as Have I Been Pwned's downloader does and returns its path.
func hibp(t *testing.T, end string, passwords ...string) string {
	t.Helper()
	var lines []string
	for i, p := range passwords {
		lines = append(lines, fmt.Sprintf("%X:%d", sha1.Sum([]byte(p)), i*i+1))
	}
	slices.Sort(lines)
	path := filepath.Join(t.TempDir(), "pwned.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, end)+end), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func contains(t *testing.T, p *risk.Passwords, password string) bool {
	t.Helper()
	known, err := p.Contains(password)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	p, err := risk.OpenPasswords("")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for password, want := range map[string]bool{
		"password": true, "Password1": true, "QWERTY123": true, "P@ssw0rd": true, "letmein": true,
		"Corr3ct-horse!": false, "": false, "gr8-Wombat-93": false,
	} {
		if got := contains(t, p, password); got != want {
			t.Errorf("%q: %v, want %v", password, got, want)
		}
	}
}

func TestOperatorsFile(t *testing.T) {
	t.Parallel()
	many := make([]string, 20_000)
	for i := range many {
		many[i] = fmt.Sprintf("Leaked-%d!", i)
	}
	for name, path := range map[string]string{
		"a line": hibp(t, "\n", many[0]), "two lines": hibp(t, "\r\n", many[:2]...),
		"a block": hibp(t, "\n", many[:70]...), "all": hibp(t, "\r\n", many...),
	} {
		p, err := risk.OpenPasswords(path)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		in := map[string]int{"a line": 1, "two lines": 2, "a block": 70, "all": len(many)}[name]
		for i, password := range many {
			if i >= in && i%97 != 0 {
				continue
			}
			if got := contains(t, p, password); got != (i < in) {
				t.Fatalf("%s: %q: %v", name, password, got)
			}
			if contains(t, p, strings.ToLower(password)) {
				t.Fatalf("%s: the file was compared without regard to case", name)
			}
		}
		if !contains(t, p, "password") {
			t.Errorf("%s: the list that ships does not count beside a file", name)
		}
	}
}

func TestFilesOfAnotherKind(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "passwords": strings.Repeat("password\n", 50), "NTLM": strings.Repeat("AB", 16) + ":3\n" + strings.Repeat("AC", 16) + ":3\n",
		"unsorted": strings.Repeat("F", 40) + ":1\n" + strings.Repeat("0", 200) + "\n" + strings.Repeat("0", 40) + ":1\n",
		"SHA-256":  strings.Repeat("0", 64) + "\n",
	} {
		path := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := risk.OpenPasswords(path); err == nil {
			t.Errorf("%s: taken for a list", name)
		}
	}
	if _, err := risk.OpenPasswords(t.TempDir()); err == nil {
		t.Error("a directory was taken for a list")
	}
}
