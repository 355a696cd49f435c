package kms_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/cenote-id/cenote/api"
	kmsapi "github.com/cenote-id/cenote/api/kms"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/kms"
	"github.com/cenote-id/cenote/internal/seal"
)

const (
	keyARN = "arn:aws:kms:us-east-1:000000000000:key/11112222-3333-4444-5555-666677778888"
	poolID = "us-east-1_AbCdEfGhI"
)

func service(t *testing.T) *kms.Service {
	t.Helper()
	key, err := seal.NewDataKey(rand.Reader, 1)
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := seal.NewKeyring(rand.Reader, key)
	if err != nil {
		t.Fatal(err)
	}
	return kms.New(keyring, nil)
}

// reader reads a message; what is not there fails the test.
type reader struct {
	t *testing.T
	b []byte
}

func (r *reader) take(n int) []byte {
	r.t.Helper()
	if n > len(r.b) {
		r.t.Fatalf("message ends %d bytes early", n-len(r.b))
	}
	part := r.b[:n]
	r.b = r.b[n:]
	return part
}

func (r *reader) text() []byte { return r.take(int(binary.BigEndian.Uint16(r.take(2)))) }

// message is what a reader of the AWS Encryption SDK makes of a message.
type message struct {
	id, wrapped, frameIV, sealed, tag []byte
	head                              []byte // without its authentication
	headTag                           []byte
	keyARN                            string
	context                           api.StringMap
	signed, signature                 []byte
}

func parse(t *testing.T, text string) *message {
	t.Helper()
	whole, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	r, m := &reader{t, whole}, &message{context: api.StringMap{}}
	if got := r.take(4); !bytes.Equal(got, []byte{1, 0x80, 3, 0x78}) {
		t.Fatalf("the message begins with %x", got)
	}
	m.id = r.take(16)
	pairs := &reader{t, r.text()}
	for range binary.BigEndian.Uint16(pairs.take(2)) {
		name := pairs.text()
		m.context[string(name)] = string(pairs.text())
	}
	if n := binary.BigEndian.Uint16(r.take(2)); n != 1 || string(r.text()) != "aws-kms" {
		t.Fatalf("there are %d keys", n)
	}
	m.keyARN, m.wrapped = string(r.text()), r.text()
	if rest := r.take(10); !bytes.Equal(rest, []byte{2, 0, 0, 0, 0, 12, 0, 0, 16, 0}) {
		t.Fatalf("content type, IV and frame length are %x", rest)
	}
	m.head = whole[:len(whole)-len(r.b)]
	if iv := r.take(12); !bytes.Equal(iv, make([]byte, 12)) {
		t.Fatalf("the header's IV is %x", iv)
	}
	m.headTag = r.take(16)
	if start := r.take(8); !bytes.Equal(start, []byte{255, 255, 255, 255, 0, 0, 0, 1}) {
		t.Fatalf("the frame begins with %x", start)
	}
	m.frameIV = r.take(12)
	m.sealed = r.take(int(binary.BigEndian.Uint32(r.take(4))))
	m.tag = r.take(16)
	m.signed = whole[:len(whole)-len(r.b)]
	m.signature = r.text()
	if len(r.b) > 0 {
		t.Fatalf("%d bytes follow the message", len(r.b))
	}
	return m
}

// open decrypts a message with its data key, and checks all that authenticates it.
func (m *message) open(t *testing.T, dataKey []byte) string {
	t.Helper()
	key, err := hkdf.Key(sha512.New384, dataKey, nil, "\x03\x78"+string(m.id), 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := aead.Open(nil, make([]byte, 12), m.headTag, m.head); err != nil {
		t.Errorf("header: %v", err)
	}
	bound := append(bytes.Clone(m.id), "AWSKMSEncryptionClient Final Frame"...)
	bound = binary.BigEndian.AppendUint64(append(bound, 0, 0, 0, 1), uint64(len(m.sealed)))
	plain, err := aead.Open(nil, m.frameIV, append(bytes.Clone(m.sealed), m.tag...), bound)
	if err != nil {
		t.Fatalf("body: %v", err)
	}
	point, err := base64.StdEncoding.DecodeString(m.context["aws-crypto-public-key"])
	if err != nil {
		t.Fatal(err)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), point)
	if x == nil {
		t.Fatal("the key is no point of the curve")
	}
	signer, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), slices.Concat(
		[]byte{4}, x.FillBytes(make([]byte, 48)), y.FillBytes(make([]byte, 48)),
	))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha512.Sum384(m.signed)
	if !ecdsa.VerifyASN1(signer, digest[:], m.signature) {
		t.Error("the signature does not hold")
	}
	return string(plain)
}

func TestCodesCanBeDecrypted(t *testing.T) {
	t.Parallel()
	s := service(t)
	for _, code := range []string{"123456", "", "p&amp;ss word — ü"} {
		text, err := s.EncryptCode(keyARN, poolID, code)
		if err != nil {
			t.Fatal(err)
		}
		m := parse(t, text)
		if m.keyARN != keyARN || m.context["userpool-id"] != poolID || len(m.context) != 2 {
			t.Errorf("key %s, context %v", m.keyARN, m.context)
		}
		out, err := s.Decrypt(t.Context(), nil, &kmsapi.DecryptRequest{CiphertextBlob: m.wrapped, EncryptionContext: m.context, KeyId: new(keyARN)})
		if err != nil || *out.KeyId != keyARN || *out.EncryptionAlgorithm != "SYMMETRIC_DEFAULT" {
			t.Fatalf("%+v, %v", out, err)
		}
		if got := m.open(t, out.Plaintext); got != code {
			t.Errorf("got %q, want %q", got, code)
		}
	}
	if _, err := s.EncryptCode(keyARN, poolID, string(make([]byte, 4097))); err == nil {
		t.Error("a code beyond a frame is taken")
	}
}

func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	s := service(t)
	text, err := s.EncryptCode(keyARN, poolID, "123456")
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, text)
	other := api.StringMap{"aws-crypto-public-key": m.context["aws-crypto-public-key"], "userpool-id": "us-east-1_other"}
	for name, c := range map[string]struct {
		in   kmsapi.DecryptRequest
		code string
	}{
		"other context": {kmsapi.DecryptRequest{CiphertextBlob: m.wrapped, EncryptionContext: other}, "InvalidCiphertextException"},
		"no context":    {kmsapi.DecryptRequest{CiphertextBlob: m.wrapped}, "InvalidCiphertextException"},
		"cut":           {kmsapi.DecryptRequest{CiphertextBlob: m.wrapped[:20], EncryptionContext: m.context}, "InvalidCiphertextException"},
		"other key":     {kmsapi.DecryptRequest{CiphertextBlob: m.wrapped, EncryptionContext: m.context, KeyId: new(keyARN + "9")}, "IncorrectKeyException"},
	} {
		if _, err := s.Decrypt(t.Context(), nil, &c.in); !fault.Is(err, c.code) {
			t.Errorf("%s: error %v, want %s", name, err, c.code)
		}
	}
}
