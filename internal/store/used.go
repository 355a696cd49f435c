package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Used says whether a database has had its first start, which gave it its keys. It needs
// no master key and makes nothing.
func Used(ctx context.Context, o Options) (used bool, err error) {
	o = o.orDefaults()
	if path, ok := strings.CutPrefix(o.URL, "sqlite:"); ok {
		if _, err := os.Stat(strings.TrimPrefix(path, "//")); errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if found, err := e.hasTable(ctx, "meta"); err != nil || !found {
		return false, err
	}
	return isUsed(ctx, e)
}
