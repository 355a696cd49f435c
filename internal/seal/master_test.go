package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/seal"
)

func newMaster(tb testing.TB) *seal.MasterKey {
	tb.Helper()
	m, err := seal.NewMasterKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func newDataKey(tb testing.TB, id uint32) *seal.DataKey {
	tb.Helper()
	k, err := seal.NewDataKey(rand.Reader, id)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func TestParseMasterKey(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{0xfb, 0xef, 0x01, 0xff}, 8)
	std := base64.StdEncoding.EncodeToString(raw)
	tests := map[string]struct {
		text string
		ok   bool
	}{
		"raw":              {string(raw), true},
		"base64":           {std, true},
		"a file's line":    {std + "\n", true},
		"windows line":     {"  " + std + "\r\n", true},
		"unpadded":         {strings.TrimRight(std, "="), true},
		"base64url":        {base64.URLEncoding.EncodeToString(raw), true},
		"empty":            {"", false},
		"short raw":        {string(raw[:31]), false},
		"long raw":         {string(raw) + "x", false},
		"short base64":     {base64.StdEncoding.EncodeToString(raw[:31]), false},
		"long base64":      {base64.StdEncoding.EncodeToString(append(raw[:32:32], 1)), false},
		"not base64":       {strings.Repeat("*", 44), false},
		"a break within":   {std[:20] + "\n" + std[20:], false},
		"hex":              {strings.Repeat("fb", 32), false},
		"trailing garbage": {std + "x", false},
	}
	want, err := seal.ParseMasterKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := seal.ParseMasterKey([]byte(tt.text))
			if !tt.ok {
				if !errors.Is(err, seal.ErrMasterKey) || got != nil {
					t.Errorf("ParseMasterKey = %v, %v, want ErrMasterKey", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Encode(), want.Encode()) {
				t.Error("read as another key")
			}
		})
	}
}

func TestMasterKeySurvivesItsFile(t *testing.T) {
	t.Parallel()
	m := newMaster(t)
	again, err := seal.ParseMasterKey(m.Encode())
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := m.Wrap(rand.Reader, newDataKey(t, 7))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Unwrap(wrapped); err != nil {
		t.Errorf("Unwrap with the key read back: %v", err)
	}
}

func TestCheckValue(t *testing.T) {
	t.Parallel()
	m, other := newMaster(t), newMaster(t)
	check, err := m.CheckValue()
	if err != nil {
		t.Fatal(err)
	}
	if !m.Matches(check) {
		t.Error("a master key does not match its own check value")
	}
	for name, key := range map[string][]byte{"another key's": nil, "empty": {}, "short": check[:8]} {
		if key == nil {
			if key, err = other.CheckValue(); err != nil {
				t.Fatal(err)
			}
		}
		if m.Matches(key) {
			t.Errorf("matches the check value: %s", name)
		}
	}
	if bytes.Contains(m.Encode(), []byte(base64.StdEncoding.EncodeToString(check)[:20])) {
		t.Error("the check value shows the key")
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	m, k := newMaster(t), newDataKey(t, 0xfedcba98)
	wrapped, err := m.Wrap(rand.Reader, k)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Unwrap(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != k.ID {
		t.Errorf("id %d, want %d", got.ID, k.ID)
	}
	// The same key: what one keyring seals the other opens.
	envelope, err := keyring(t, k).Seal(seal.Credential, nil, []byte("verifier"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring(t, got).Open(seal.Credential, nil, envelope); err != nil {
		t.Errorf("the unwrapped key does not open: %v", err)
	}

	if _, err := newMaster(t).Unwrap(wrapped); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another master key: %v, want ErrOpen", err)
	}
	for i := range wrapped {
		bad := bytes.Clone(wrapped)
		bad[i] ^= 1
		if _, err := m.Unwrap(bad); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("byte %d changed: %v, want ErrOpen", i, err)
		}
		if _, err := m.Unwrap(wrapped[:i]); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("cut to %d bytes: %v, want ErrOpen", i, err)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{0xc3}, seal.KeySize)
	m, err := seal.ParseMasterKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	k, err := seal.NewDataKey(bytes.NewReader(raw), 1)
	if err != nil {
		t.Fatal(err)
	}
	type nested struct {
		Shown  any
		hidden any
		value  seal.MasterKey
	}
	ring := keyring(t, k)
	for _, v := range []any{m, *m, k, *k, ring, *ring, nested{m, m, *m}, nested{k, k, *m}, nested{ring, ring, *m}} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "key", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", v)
		out := log.String()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			out += fmt.Sprintf(verb, v)
		}
		if text, err := json.Marshal(v); err == nil {
			out += string(text)
		}
		for _, leak := range []string{"195 195", "c3c3", "c3, 0xc3", "w8PD", "\xc3\xc3"} {
			if strings.Contains(strings.ToLower(out), strings.ToLower(leak)) {
				t.Errorf("%T shows its key: %s", v, out)
			}
		}
	}
	if diff := cmp.Diff("***", m.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRandomReaderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	random := iotest.ErrReader(broken)
	if _, err := seal.NewMasterKey(random); !errors.Is(err, broken) {
		t.Errorf("NewMasterKey: %v", err)
	}
	if _, err := seal.NewDataKey(random, 1); !errors.Is(err, broken) {
		t.Errorf("NewDataKey: %v", err)
	}
	if _, err := newMaster(t).Wrap(random, newDataKey(t, 1)); !errors.Is(err, broken) {
		t.Errorf("Wrap: %v", err)
	}
	ring, err := seal.NewKeyring(random, newDataKey(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Seal(seal.Session, nil, nil); !errors.Is(err, broken) {
		t.Errorf("Seal: %v", err)
	}
	if _, err := ring.SealText(seal.Session, nil, nil); !errors.Is(err, broken) {
		t.Errorf("SealText: %v", err)
	}
}
