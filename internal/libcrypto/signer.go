package libcrypto

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"runtime"
)

var errMemory = errors.New("libcrypto: out of memory")

// Signer makes RSASSA-PKCS1-v1_5 signatures with SHA-256 (RFC 8017 section 8.2), the
// same bytes as crypto/rsa makes. It is a crypto.Signer and safe for concurrent use.
type Signer struct {
	library *Library
	public  *rsa.PublicKey
	key     *key
}

// key is a private key in C memory with its idle contexts: a context serves one
// signature at a time.
type key struct {
	c      *functions
	handle uintptr
	idle   chan uintptr
}

// NewSigner copies a private key of at most 4096 bits into the library.
func (l *Library) NewSigner(private *rsa.PrivateKey) (*Signer, error) {
	if bits := private.N.BitLen(); bits > 8*maxSize {
		return nil, fmt.Errorf("libcrypto: a key of %d bits is too long", bits)
	}
	der := x509.MarshalPKCS1PrivateKey(private)
	defer clear(der)
	handle := l.decode(der)
	if handle == 0 {
		return nil, errors.New("libcrypto: private key not accepted")
	}
	s := &Signer{
		library: l,
		public:  &private.PublicKey,
		key:     &key{c: l.c, handle: handle, idle: make(chan uintptr, cap(l.desks))},
	}
	runtime.AddCleanup(s, (*key).free, s.key)
	return s, nil
}

// decode returns the handle of a private key in PKCS #1 form, 0 where it is none.
func (l *Library) decode(der []byte) uintptr {
	// C moves the cursor, a pointer to Go memory in Go memory: both are pinned.
	cursor := &der[0]
	var pin runtime.Pinner
	pin.Pin(cursor)
	pin.Pin(&cursor)
	defer pin.Unpin()
	return l.c.DecodeKey(keyRSA, 0, &cursor, len(der))
}

// Public returns the *rsa.PublicKey.
func (s *Signer) Public() crypto.PublicKey { return s.public }

// Sign signs a SHA-256 digest. It reads no randomness and knows no other options than
// crypto.SHA256.
func (s *Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(*rsa.PSSOptions); pss || opts.HashFunc() != crypto.SHA256 || len(digest) != sha256.Size {
		return nil, errors.New("libcrypto: signs SHA-256 digests with PKCS #1 v1.5 only")
	}
	var signature []byte
	s.library.at(func(d *desk) {
		ctx := s.key.context()
		if ctx == 0 {
			return
		}
		copy(d.in[:], digest)
		d.size = maxSize
		if s.key.c.Sign(ctx, &d.out[0], &d.size, &d.in[0], sha256.Size) == 1 {
			signature = bytes.Clone(d.out[:d.size])
		}
		s.key.idle <- ctx
	})
	runtime.KeepAlive(s)
	if signature == nil {
		return nil, errors.New("libcrypto: signature failed")
	}
	return signature, nil
}

// context returns an idle context or a new one, 0 where there is none. There are never
// more of them than desks, so that all find room in idle again.
func (k *key) context() uintptr {
	select {
	case ctx := <-k.idle:
		return ctx
	default:
	}
	ctx := k.c.NewContext(k.handle, 0)
	if ctx != 0 && k.c.SignInit(ctx) == 1 && k.c.SetPadding(ctx, paddingPKCS1) == 1 &&
		k.c.SetDigest(ctx, k.c.SHA256()) == 1 {
		return ctx
	}
	k.c.FreeContext(ctx)
	return 0
}

// free wipes and frees what C holds. No signature is under way.
func (k *key) free() {
	close(k.idle)
	for ctx := range k.idle {
		k.c.FreeContext(ctx)
	}
	k.c.FreeKey(k.handle)
}
