package srp_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cenote-id/cenote/internal/srp"
)

// What a device registers fits its password; both numbers travel padded, so that a set
// top bit does not make them negative where Java reads them.
func TestNewDeviceSecret(t *testing.T) {
	t.Parallel()
	id := srp.Identity{Group: "-v7w9UcY6", User: "us-east-1_2d3f0a6e-8a3c-4b51-9a54-f1bb4a2b7a90"}
	password := bytes.Repeat([]byte{7}, 40)
	for name, test := range map[string]struct {
		salt []byte
		size int
	}{
		"top bit set":   {append([]byte{0x80}, make([]byte, 15)...), 17},
		"top bit clear": {append([]byte{0x7f}, make([]byte, 15)...), 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, err := srp.NewDeviceSecret(bytes.NewReader(append(bytes.Clone(password), test.salt...)), id)
			if err != nil {
				t.Fatal(err)
			}
			decode := func(text string) []byte {
				b, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			salt, verifier := decode(secret.Salt), decode(secret.Verifier)
			if len(salt) != test.size || verifier[0] >= 0x80 {
				t.Errorf("salt of %d bytes, want %d; verifier begins with %x", len(salt), test.size, verifier[0])
			}
			if !bytes.Equal(decode(secret.Password), password) {
				t.Errorf("password %q", secret.Password)
			}
			var m *srp.Arithmetic
			if !m.CheckPassword(id, secret.Password, salt, verifier) {
				t.Error("the password does not fit the verifier")
			}
		})
	}
	broken := errors.New("no entropy")
	for _, read := range []int64{0, 40} {
		random := io.MultiReader(io.LimitReader(strings.NewReader(strings.Repeat("x", 60)), read), iotest.ErrReader(broken))
		if _, err := srp.NewDeviceSecret(random, id); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v, want %v", read, err, broken)
		}
	}
}
