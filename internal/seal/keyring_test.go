package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/internal/seal"
)

func keyring(tb testing.TB, keys ...*seal.DataKey) *seal.Keyring {
	tb.Helper()
	r, err := seal.NewKeyring(rand.Reader, keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// The vectors of c2sp.org/XAES-256-GCM.
func TestXAESVectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key        byte
		additional string
		want       string
	}{
		{0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	}
	for _, tt := range tests {
		got, err := seal.XAES(bytes.Repeat([]byte{tt.key}, 32), []byte("ABCDEFGHIJKLMNOPQRSTUVWX"),
			[]byte("XAES-256-GCM"), []byte(tt.additional))
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(got) != tt.want {
			t.Errorf("key %#x: got %x, want %s", tt.key, got, tt.want)
		}
	}
}

func TestNewKeyringRefuses(t *testing.T) {
	t.Parallel()
	if _, err := seal.NewKeyring(rand.Reader); err == nil {
		t.Error("a keyring without keys was made")
	}
	if _, err := seal.NewKeyring(rand.Reader, newDataKey(t, 3), newDataKey(t, 3)); err == nil {
		t.Error("a keyring with two keys of one id was made")
	}
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	ring := keyring(t, newDataKey(t, 1))
	rapid.Check(t, func(t *rapid.T) {
		purpose := seal.Purpose(rapid.IntRange(1, len(seal.PurposeNames())).Draw(t, "purpose"))
		context := rapid.SliceOf(rapid.Byte()).Draw(t, "context")
		plaintext := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		text, err := ring.SealText(purpose, context, plaintext)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ring.OpenText(purpose, context, text)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, plaintext) {
			t.Fatalf("opened %x, want %x", got, plaintext)
		}
	})
}

func TestChangedEnvelopesDoNotOpen(t *testing.T) {
	t.Parallel()
	ring := keyring(t, newDataKey(t, 1))
	context := seal.Context("pool", "client")
	envelope, err := ring.Seal(seal.Session, context, []byte("state"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, r *seal.Keyring, p seal.Purpose, context, envelope []byte) {
		t.Helper()
		if got, err := r.Open(p, context, envelope); !errors.Is(err, seal.ErrOpen) || got != nil {
			t.Errorf("%s: Open = %q, %v, want ErrOpen", what, got, err)
		}
	}
	refused("another purpose", ring, seal.RefreshToken, context, envelope)
	refused("no purpose", ring, 0, context, envelope)
	refused("unknown purpose", ring, 255, context, envelope)
	refused("another context", ring, seal.Session, seal.Context("pool", "client2"), envelope)
	refused("no context", ring, seal.Session, nil, envelope)
	refused("another key of the same id", keyring(t, newDataKey(t, 1)), seal.Session, context, envelope)
	refused("unknown key id", keyring(t, newDataKey(t, 2)), seal.Session, context, envelope)
	refused("longer", ring, seal.Session, context, append(bytes.Clone(envelope), 0))
	for i := range envelope {
		bad := bytes.Clone(envelope)
		bad[i] ^= 0x80
		refused("changed", ring, seal.Session, context, bad)
		refused("cut", ring, seal.Session, context, envelope[:i])
	}
}

func TestSealRefusesUnknownPurposes(t *testing.T) {
	t.Parallel()
	ring := keyring(t, newDataKey(t, 1))
	for _, p := range []seal.Purpose{0, 255} {
		if _, err := ring.Seal(p, nil, nil); err == nil {
			t.Errorf("sealed for purpose %d", p)
		}
	}
}

func TestPurposesHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i, name := range seal.PurposeNames() {
		if name == "" || seen[name] {
			t.Errorf("purpose %d has the name %q", i+1, name)
		}
		seen[name] = true
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	old, fresh := newDataKey(t, 1), newDataKey(t, 2)
	before, after := keyring(t, old), keyring(t, fresh, old)

	envelope, err := before.Seal(seal.Credential, nil, []byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Open(seal.Credential, nil, envelope); err != nil {
		t.Errorf("an envelope of the old key: %v", err)
	}
	envelope, err = after.Seal(seal.Credential, nil, []byte("new"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring(t, fresh).Open(seal.Credential, nil, envelope); err != nil {
		t.Errorf("the new key does not seal: %v", err)
	}
	if !bytes.Equal(before.Derive(seal.UnknownUser, []byte("x")), after.Derive(seal.UnknownUser, []byte("x"))) {
		t.Error("rotation changed what Derive gives")
	}
}

func TestTextHasOneSpelling(t *testing.T) {
	t.Parallel()
	ring := keyring(t, newDataKey(t, 1))
	text, err := ring.SealText(seal.Session, nil, []byte("ab"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("text is not base64url: %s", text)
	}
	last := text[:len(text)-1]
	for _, bad := range []string{
		text + "=", text + "\n", "\r" + text, text[:9] + "\n" + text[9:], text + " ", text + ".",
		last, last + "-", last + "_", "", "=",
	} {
		if bad == text {
			continue
		}
		if _, err := ring.OpenText(seal.Session, nil, bad); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("OpenText(%q) = %v, want ErrOpen", bad, err)
		}
	}
}

func TestDerive(t *testing.T) {
	t.Parallel()
	k := newDataKey(t, 1)
	ring := keyring(t, k)
	a := ring.Derive(seal.UnknownUser, []byte("alice"))
	if len(a) != 32 {
		t.Errorf("%d bytes, want 32", len(a))
	}
	if !bytes.Equal(a, keyring(t, k).Derive(seal.UnknownUser, []byte("alice"))) {
		t.Error("not the same on another node")
	}
	for what, b := range map[string][]byte{
		"context": ring.Derive(seal.UnknownUser, []byte("bob")),
		"purpose": ring.Derive(seal.Code, []byte("alice")),
		"key":     keyring(t, newDataKey(t, 1)).Derive(seal.UnknownUser, []byte("alice")),
	} {
		if bytes.Equal(a, b) {
			t.Errorf("does not depend on the %s", what)
		}
	}
}

func TestContextKeepsPartsApart(t *testing.T) {
	t.Parallel()
	parts := rapid.SliceOfN(rapid.StringMatching(`[ab\x00\x01\x02]{0,3}|a{130}`), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = a[i] == b[i]
		}
		if bytes.Equal(seal.Context(a...), seal.Context(b...)) != same {
			t.Fatalf("Context(%q) and Context(%q)", a, b)
		}
	})
}

// FuzzOpen opens arbitrary bytes and texts: only what the keyring sealed opens, and a
// text that opens is the one spelling of its envelope.
func FuzzOpen(f *testing.F) {
	// Every worker process of the fuzzer has the same key and the same envelope.
	fixed := bytes.NewReader(bytes.Repeat([]byte{7}, 64))
	k, err := seal.NewDataKey(fixed, 1)
	if err != nil {
		f.Fatal(err)
	}
	ring, err := seal.NewKeyring(fixed, k)
	if err != nil {
		f.Fatal(err)
	}
	valid, err := ring.Seal(seal.Session, []byte("context"), []byte("state"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(base64.RawURLEncoding.EncodeToString(valid)))
	f.Add(valid)
	f.Add(valid[:45])
	f.Add([]byte{1, 0, 0, 0, 1})
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		if plaintext, err := ring.Open(seal.Session, []byte("context"), data); err == nil {
			if !bytes.Equal(data, valid) || string(plaintext) != "state" {
				t.Errorf("opened %x", data)
			}
		} else if !errors.Is(err, seal.ErrOpen) {
			t.Errorf("Open: %v", err)
		}
		if _, err := ring.OpenText(seal.Session, []byte("context"), string(data)); err == nil {
			if string(data) != base64.RawURLEncoding.EncodeToString(valid) {
				t.Errorf("opened the text %q", data)
			}
		} else if !errors.Is(err, seal.ErrOpen) {
			t.Errorf("OpenText: %v", err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	ring := keyring(b, newDataKey(b, 1))
	context := seal.Context("1234", "client", "user")
	for _, size := range []int{64, 1024, 2048} {
		plaintext := make([]byte, size)
		envelope, err := ring.Seal(seal.Session, context, plaintext)
		if err != nil {
			b.Fatal(err)
		}
		name := strconv.Itoa(size)
		b.Run("seal-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Seal(seal.Session, context, plaintext); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("open-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Open(seal.Session, context, envelope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
