package client_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/client"
)

func TestFileIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	path := filepath.Join(t.TempDir(), "config", "session.json")
	file := client.NewFile(path)
	if file.Path() != path {
		t.Errorf("Path %q, want %q", file.Path(), path)
	}
	if err := file.Set(t.Context(), map[string]string{"a": "1"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s: %04o, want %04o", name, got, want)
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Get(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "0600") {
			t.Errorf("Get with mode %04o: %v, want a refusal", mode, err)
		}
		if err := file.Set(t.Context(), map[string]string{"a": "2"}); err == nil {
			t.Errorf("Set with mode %04o succeeded", mode)
		}
	}
}

func TestFileThatIsNone(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"nothing": "", "half": `{"a":`, "list": `[]`, "numbers": `{"a":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "session.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			file := client.NewFile(path)
			if _, err := file.Get(t.Context(), "a"); err == nil {
				t.Error("Get succeeded")
			}
			if err := file.Set(t.Context(), map[string]string{"a": "1"}); err == nil {
				t.Error("Set replaced what it does not understand")
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != content {
				t.Errorf("the file holds %q, error %v; want %q", got, err, content)
			}
		})
	}
	t.Run("null", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "session.json")
		if err := os.WriteFile(path, []byte("null"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := client.NewFile(path).Set(t.Context(), map[string]string{"a": "1"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		if _, err := client.NewFile(t.TempDir()).Get(t.Context(), "a"); err == nil {
			t.Error("Get of a directory succeeded")
		}
	})
}

func TestFileLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := client.NewFile(filepath.Join(dir, "session.json"))
	if err := file.Set(t.Context(), map[string]string{"a": "1"}); err != nil {
		t.Fatal(err)
	}
	if err := file.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".lock") {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

// Two processes that write different items at the same time lose none of them.
func TestFileAcrossProcesses(t *testing.T) {
	const variable = "CENOTE_TEST_SESSION_FILE"
	keys := func(who string) map[string]string { return map[string]string{who: who, "shared": who} }
	if path := os.Getenv(variable); path != "" {
		for range 20 {
			if err := client.NewFile(path).Set(t.Context(), keys("child")); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	path := filepath.Join(t.TempDir(), "session.json")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFileAcrossProcesses$", "-test.count=1")
	child.Env = append(os.Environ(), variable+"="+path)
	child.Stdout, child.Stderr = t.Output(), t.Output()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := client.NewFile(path).Set(t.Context(), keys("parent")); err != nil {
			t.Error(err)
		}
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var items map[string]string
	if err := json.Unmarshal(data, &items); err != nil || len(items) != 3 {
		t.Errorf("%s holds %s, error %v; want three items", path, data, err)
	}
}
