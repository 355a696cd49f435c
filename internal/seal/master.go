package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// KeySize is the size of master and data keys in bytes.
const KeySize = 32

const checkSize = 16

// ErrMasterKey says that bytes are no master key. It does not show them.
var ErrMasterKey = errors.New("seal: a master key is 32 bytes, raw or as base64 text")

// hidden holds a key so that neither logs, JSON nor fmt show it: a function keeps fmt
// from the bytes even where the key is an unexported field of something printed, whose
// methods fmt does not call.
type hidden struct{ key func() *[KeySize]byte }

func hide(key *[KeySize]byte) hidden {
	return hidden{func() *[KeySize]byte { return key }}
}

// String returns ***.
func (hidden) String() string { return "***" }

// GoString returns ***.
func (hidden) GoString() string { return "***" }

// LogValue returns ***.
func (hidden) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText returns ***, for JSON and the like.
func (hidden) MarshalText() ([]byte, error) { return []byte("***"), nil }

// derive returns a key of its own for one use of the hidden key.
func (h hidden) derive(use string, size int) ([]byte, error) {
	return hkdf.Key(sha256.New, h.key()[:], nil, "cenote "+use, size)
}

func newHidden(random io.Reader) (hidden, error) {
	key := new([KeySize]byte)
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return hidden{}, fmt.Errorf("read key: %w", err)
	}
	return hide(key), nil
}

// MasterKey wraps data keys. It is all that an operator has to keep besides the
// database, and is never stored in it.
type MasterKey struct{ hidden }

// NewMasterKey draws a master key.
func NewMasterKey(random io.Reader) (*MasterKey, error) {
	h, err := newHidden(random)
	if err != nil {
		return nil, err
	}
	return &MasterKey{h}, nil
}

// ParseMasterKey reads a master key as it stands in a file or an environment variable:
// 32 raw bytes, or base64 text of them (either alphabet, with or without padding and
// surrounding white space). The error is ErrMasterKey.
func ParseMasterKey(text []byte) (*MasterKey, error) {
	key := new([KeySize]byte)
	if len(text) == KeySize {
		copy(key[:], text)
		return &MasterKey{hide(key)}, nil
	}
	text = bytes.TrimRight(bytes.TrimSpace(text), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if encoding.DecodedLen(len(text)) != KeySize {
			break
		}
		if n, err := encoding.Strict().Decode(key[:], text); err == nil && n == KeySize {
			return &MasterKey{hide(key)}, nil
		}
	}
	return nil, ErrMasterKey
}

// Encode returns the form that a key file has: a line of base64. It shows the key.
func (m *MasterKey) Encode() []byte {
	return append(base64.StdEncoding.AppendEncode(nil, m.key()[:]), '\n')
}

// CheckValue returns sixteen bytes that tell this master key from others and nothing
// about it. The database keeps them; see Matches.
func (m *MasterKey) CheckValue() ([]byte, error) { return m.derive("check value", checkSize) }

// Matches says whether check is the CheckValue of this master key. A node whose key
// does not match must not start: it could read no secret, and would write new ones
// that no other node can read.
func (m *MasterKey) Matches(check []byte) bool {
	own, err := m.CheckValue()
	return err == nil && subtle.ConstantTimeCompare(own, check) == 1
}

// Wrap seals a data key for the database.
func (m *MasterKey) Wrap(random io.Reader, k *DataKey) ([]byte, error) {
	x, err := m.wrapper()
	if err != nil {
		return nil, err
	}
	return x.envelope(random, k.ID, nil, k.key()[:])
}

// Unwrap opens what Wrap sealed. The error is ErrOpen where another master key sealed
// it, or where it was changed.
func (m *MasterKey) Unwrap(wrapped []byte) (*DataKey, error) {
	id, ok := keyID(wrapped)
	if !ok {
		return nil, ErrOpen
	}
	x, err := m.wrapper()
	if err != nil {
		return nil, err
	}
	key, err := x.open(nil, wrapped)
	if err != nil || len(key) != KeySize {
		return nil, ErrOpen
	}
	return &DataKey{ID: id, hidden: hide((*[KeySize]byte)(key))}, nil
}

func (m *MasterKey) wrapper() (*xaes, error) {
	key, err := m.derive("wrap data keys", KeySize)
	if err != nil {
		return nil, err
	}
	return newXAES(key)
}

// DataKey is a key that seals data. Envelopes name it by its ID, which is unique in a
// database and grows: rotation adds a key with the next one.
type DataKey struct {
	ID uint32
	hidden
}

// NewDataKey draws a data key.
func NewDataKey(random io.Reader, id uint32) (*DataKey, error) {
	h, err := newHidden(random)
	if err != nil {
		return nil, err
	}
	return &DataKey{ID: id, hidden: h}, nil
}
