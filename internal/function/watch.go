package function

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// fileWatch tells when the files of a function have changed. It looks when it is asked,
// unless it has just looked.
type fileWatch struct {
	dir string

	mu     sync.Mutex
	looked time.Time
	files  int
	print  string
}

const (
	// lookEach, for each file, is how old a look may be: looking takes a small part of the
	// time, and who changes one of a few files and calls at once is answered by the new one.
	lookEach = 100 * time.Microsecond
	// maxFiles bounds how many files a look reads.
	maxFiles = 2000
)

// fingerprint changes with the names, sizes and times of the files, those of installed
// packages excepted.
func (f *fileWatch) fingerprint(now time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dir == "" || now.Sub(f.looked) < time.Duration(f.files)*lookEach && f.print != "" {
		return f.print
	}
	f.looked = now
	hash, n := sha256.New(), 0
	// What cannot be read now shows when the function starts.
	_ = filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if d.IsDir() {
			switch d.Name() {
			case "node_modules", ".git", "__pycache__", ".venv":
				return fs.SkipDir
			}
			return nil
		}
		if n++; n > maxFiles {
			return fs.SkipAll
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintln(hash, path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	f.files = n
	f.print = hex.EncodeToString(hash.Sum(nil)[:16])
	return f.print
}

// last is the fingerprint of the last look.
func (f *fileWatch) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.print
}
