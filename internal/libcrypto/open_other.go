//go:build !linux || !(amd64 || arm64) || static

package libcrypto

import "errors"

// open fails: this build has no way to call C.
func open() (*functions, error) {
	return nil, errors.New("libcrypto: not part of this build")
}
