// Package keystest has private keys for tests, which would otherwise spend their time
// generating them. Everybody knows these keys.
package keystest

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"sync"
)

//go:embed testdata/keys.pem
var text []byte

// Generator returns a generator for keys.NewStock: it gives Count different keys, for
// half as many pools, and then begins again. It is safe for concurrent use.
func Generator() func(context.Context) (*rsa.PrivateKey, error) {
	var mu sync.Mutex
	var rest []byte
	return func(context.Context) (*rsa.PrivateKey, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(rest) == 0 {
			rest = text
		}
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("keystest: no key")
		}
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
}

// Count is the number of different keys.
const Count = 8
