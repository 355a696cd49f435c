package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// File is a Storage in a file that only its owner may read: one JSON object, replaced as
// a whole on each change, so that no reader ever sees half of one. Processes that share
// the file take turns through two lock files beside it.
type File struct {
	path  string
	locks keyLocks // on top of the lock files, which order processes and not goroutines
}

// NewFile returns the storage in the file of the given name. The file and its directory
// are made when something is stored.
func NewFile(path string) *File { return &File{path: path} }

// Path returns the name of the file.
func (f *File) Path() string { return f.path }

// Get returns the items that exist among keys. It fails when others than the owner have
// rights to the file.
func (f *File) Get(_ context.Context, keys ...string) (map[string]string, error) {
	items, err := f.read()
	return pick(items, keys), err
}

// Set stores items.
func (f *File) Set(ctx context.Context, items map[string]string) error {
	return f.change(ctx, func(all map[string]string) { maps.Copy(all, items) })
}

// Remove removes the items that exist among keys, and the file with the last of them.
func (f *File) Remove(ctx context.Context, keys ...string) error {
	return f.change(ctx, func(all map[string]string) {
		for _, key := range keys {
			delete(all, key)
		}
	})
}

// Lock waits until no other process refreshes a session in this file. One lock serves
// all keys.
func (f *File) Lock(ctx context.Context, _ string) (release func(), err error) {
	return f.lock(ctx, ".refresh.lock")
}

func (f *File) change(ctx context.Context, edit func(map[string]string)) error {
	release, err := f.lock(ctx, ".lock")
	if err != nil {
		return err
	}
	defer release()
	items, err := f.read()
	if err != nil {
		return err
	}
	edit(items)
	if len(items) == 0 {
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return f.write(items)
}

// maxFile bounds what is read of the file.
const maxFile = 4 << 20

// read returns all items, none when there is no file.
func (f *File) read() (map[string]string, error) {
	items := make(map[string]string)
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return items, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := checkPrivate(file); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, fmt.Errorf("%s holds no sessions: %w", f.path, err)
	}
	if items == nil { // the file says null
		items = make(map[string]string)
	}
	return items, nil
}

// checkPrivate refuses files that others may read or write. Windows keeps no such bits;
// there a file in the user's directory is private through the directory.
func checkPrivate(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", file.Name())
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%s can be read or written by others (mode %04o): make it 0600", file.Name(), mode)
	}
	return nil
}

// write replaces the file. A new file is made with mode 0600 before anything is in it.
func (f *File) write(items map[string]string) (err error) {
	data, err := json.MarshalIndent(items, "", "\t")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(append(data, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	return err
}

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 20 * time.Millisecond

// errLocked says that another process, or another part of this one, holds a lock.
var errLocked = errors.New("locked")

// lock takes the lock file with the given suffix. The operating system releases it with
// the process, so no lock outlives its owner.
func (f *File) lock(ctx context.Context, suffix string) (release func(), err error) {
	leave, err := f.locks.lock(ctx, suffix)
	if err != nil {
		return nil, fmt.Errorf("wait for the lock on %s: %w", f.path, err)
	}
	held, err := f.lockFile(ctx, f.path+suffix)
	if err != nil {
		leave()
		return nil, err
	}
	return sync.OnceFunc(func() {
		_ = held.Close()
		leave()
	}), nil
}

func (f *File) lockFile(ctx context.Context, path string) (io.Closer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	for {
		held, err := tryLock(path)
		if err == nil {
			return held, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if err := pause(ctx, lockPoll); err != nil {
			return nil, fmt.Errorf("wait for the lock on %s: %w", f.path, err)
		}
	}
}
