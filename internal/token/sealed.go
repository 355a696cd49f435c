package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// origin is what a refresh token carries: the sign-in that it goes on with. The short
// names keep tokens small enough for cookies.
type origin struct {
	Pool       store.PoolID `json:"p"`
	User       []byte       `json:"u"` // store.UserID
	Client     string       `json:"c"`
	Sub        string       `json:"s"`
	OriginJTI  string       `json:"o"`
	EventID    string       `json:"e"`
	DeviceKey  string       `json:"d,omitempty"` // empty: no device took part
	Scopes     []string     `json:"r,omitempty"` // empty: those of an API sign-in
	AuthTime   int64        `json:"a"`           // seconds since the epoch
	Expires    int64        `json:"x"`           // seconds since the epoch
	Generation int          `json:"g,omitempty"` // how often this sign-in's refresh token was rotated
}

func (o *origin) expires() time.Time { return time.Unix(o.Expires, 0) }

var (
	errNoRefreshToken = errors.New("not a refresh token")
	base64url         = base64.RawURLEncoding.Strict()
	// refreshHeader is the first part of the refresh tokens that AWS hands out.
	refreshHeader = base64url.EncodeToString([]byte(`{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`))
)

// An envelope is cut into the four parts that follow the header of a JWE: the encrypted
// key, the initialisation vector, the ciphertext and the tag. Only the ciphertext varies
// in size (here in bytes).
const (
	partKey    = 17
	partVector = 12
	partTag    = 16
)

// sealRefresh returns the text of a refresh token.
func sealRefresh(keyring *seal.Keyring, o *origin) (string, error) {
	plain, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	envelope, err := keyring.Seal(seal.RefreshToken, nil, plain)
	if err != nil {
		return "", err
	}
	vector := envelope[partKey:]
	text := vector[partVector:]
	tag := len(text) - partTag
	out := make([]byte, 0, len(refreshHeader)+base64url.EncodedLen(len(envelope))+8)
	out = append(out, refreshHeader...)
	for _, part := range [][]byte{envelope[:partKey], vector[:partVector], text[:tag], text[tag:]} {
		out = base64url.AppendEncode(append(out, '.'), part)
	}
	return string(out), nil
}

// openRefresh opens what sealRefresh made. Its error tells nothing about what is wrong.
func openRefresh(keyring *seal.Keyring, raw string) (*origin, error) {
	parts := strings.Split(raw, ".")
	// The decoder skips line breaks even in strict mode.
	if len(parts) != 5 || parts[0] != refreshHeader || strings.ContainsAny(raw, "\r\n") {
		return nil, errNoRefreshToken
	}
	envelope := make([]byte, 0, len(raw))
	for i, size := range [...]int{partKey, partVector, base64url.DecodedLen(len(parts[3])), partTag} {
		if base64url.DecodedLen(len(parts[i+1])) != size {
			return nil, errNoRefreshToken
		}
		var err error
		if envelope, err = base64url.AppendDecode(envelope, []byte(parts[i+1])); err != nil {
			return nil, errNoRefreshToken
		}
	}
	plain, err := keyring.Open(seal.RefreshToken, nil, envelope)
	if err != nil {
		return nil, errNoRefreshToken
	}
	o := new(origin)
	if json.Unmarshal(plain, o) != nil || len(o.User) != len(store.UserID{}) {
		return nil, errNoRefreshToken
	}
	return o, nil
}
