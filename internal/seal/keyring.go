package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// ErrOpen says that bytes are no envelope of the given purpose and context. It tells
// nothing else: not whether the key, the context, the version or the tag was wrong.
var ErrOpen = errors.New("seal: envelope cannot be opened")

// Keyring seals with the newest of its data keys and opens with all of them. It does
// not change and is safe for concurrent use.
type Keyring struct {
	random  io.Reader
	current uint32
	sealers map[uint32]*[purposes]*xaes
	// derivers are the HMAC keys of Derive, from the oldest data key.
	derivers *[purposes][]byte
}

// NewKeyring returns a keyring of at least one data key; that with the highest ID
// seals. Nonces come from random, which must be safe for concurrent use.
func NewKeyring(random io.Reader, keys ...*DataKey) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: a keyring needs a data key")
	}
	r := &Keyring{random: random, sealers: make(map[uint32]*[purposes]*xaes, len(keys))}
	oldest := keys[0]
	for _, k := range keys {
		if r.sealers[k.ID] != nil {
			return nil, fmt.Errorf("seal: two data keys with the id %d", k.ID)
		}
		sealers, err := k.sealers()
		if err != nil {
			return nil, err
		}
		r.sealers[k.ID] = sealers
		r.current = max(r.current, k.ID)
		if k.ID < oldest.ID {
			oldest = k
		}
	}
	var err error
	r.derivers, err = oldest.derivers()
	return r, err
}

// sealers returns the key's AEADs, by purpose.
func (k *DataKey) sealers() (*[purposes]*xaes, error) {
	var out [purposes]*xaes
	for p := range Purpose(purposes) {
		key, err := k.derive("seal "+p.name(), KeySize)
		if err != nil {
			return nil, err
		}
		if out[p], err = newXAES(key); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// derivers returns the key's HMAC keys, by purpose.
func (k *DataKey) derivers() (*[purposes][]byte, error) {
	var out [purposes][]byte
	for p := range Purpose(purposes) {
		var err error
		if out[p], err = k.derive("derive "+p.name(), sha256.Size); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// Seal returns an envelope of plaintext that only Open with the same purpose and
// context opens. It is 45 bytes longer than the plaintext and shows its length. The
// context is not part of it; where it has several parts, Context keeps them apart. The
// error is the random reader's.
func (r *Keyring) Seal(purpose Purpose, context, plaintext []byte) ([]byte, error) {
	if !purpose.valid() {
		return nil, fmt.Errorf("seal: no purpose %d", purpose)
	}
	return r.sealers[r.current][purpose].envelope(r.random, r.current, context, plaintext)
}

// Open returns the plaintext of an envelope that Seal made with the same purpose and
// context. The error is ErrOpen.
func (r *Keyring) Open(purpose Purpose, context, envelope []byte) ([]byte, error) {
	id, ok := keyID(envelope)
	if !ok || !purpose.valid() {
		return nil, ErrOpen
	}
	sealers, ok := r.sealers[id]
	if !ok {
		return nil, ErrOpen
	}
	return sealers[purpose].open(context, envelope)
}

// SealText is Seal with the envelope as unpadded base64url (RFC 4648 section 5).
func (r *Keyring) SealText(purpose Purpose, context, plaintext []byte) (string, error) {
	envelope, err := r.Seal(purpose, context, plaintext)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(envelope), nil
}

// OpenText opens what SealText made. It takes exactly that text and no other spelling
// of the same bytes, so that a text can stand for its envelope where single use is
// kept. The error is ErrOpen.
func (r *Keyring) OpenText(purpose Purpose, context []byte, text string) ([]byte, error) {
	// The decoder skips line breaks even in strict mode.
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrOpen
	}
	envelope, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrOpen
	}
	return r.Open(purpose, context, envelope)
}

// Derive returns 32 bytes that are always the same for a purpose and a context, and
// that nobody without the data keys can tell from random ones. They come from the
// oldest data key, so that rotation does not change them.
func (r *Keyring) Derive(purpose Purpose, context []byte) []byte {
	mac := hmac.New(sha256.New, r.derivers[purpose])
	mac.Write(context)
	return mac.Sum(nil)
}

// String returns ***.
func (*Keyring) String() string { return "***" }

// GoString returns ***.
func (*Keyring) GoString() string { return "***" }

// LogValue returns ***.
func (*Keyring) LogValue() slog.Value { return slog.StringValue("***") }

// Context joins the parts of a context so that no other parts give the same bytes.
func Context(parts ...string) []byte {
	size := 0
	for _, p := range parts {
		size += binary.MaxVarintLen16 + len(p)
	}
	out := make([]byte, 0, size)
	for _, p := range parts {
		out = binary.AppendUvarint(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}
