package token

import (
	"bytes"
	"strings"

	"github.com/cenote-id/cenote/internal/keys"
)

// appendHeader appends the first part of a token that the key signs: exactly the two
// members that Cognito's tokens have. A kid is base64 and needs no escaping.
func appendHeader(b []byte, key *keys.Key) []byte {
	var header [96]byte
	h := append(header[:0], `{"kid":"`...)
	h = append(h, key.KID...)
	h = append(h, `","alg":"RS256"}`...)
	return base64url.AppendEncode(b, h)
}

// sign returns the compact serialisation (RFC 7515 section 3.1) of a JWS of the claims.
func sign(key *keys.Key, claims []byte) (string, error) {
	// A 2048-bit signature takes 342 characters.
	out := make([]byte, 0, 96+base64url.EncodedLen(len(claims))+2+342)
	out = append(appendHeader(out, key), '.')
	out = base64url.AppendEncode(out, claims)
	signature, err := key.Sign(out)
	if err != nil {
		return "", err
	}
	return string(base64url.AppendEncode(append(out, '.'), signature)), nil
}

// signed is a compact JWS taken apart, not verified.
type signed struct {
	input     string // header and payload, which the signature is over
	header    string
	payload   []byte
	signature []byte
}

// split takes a compact JWS apart.
func split(raw string) (signed, bool) {
	header, rest, _ := strings.Cut(raw, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	// The decoder skips line breaks even in strict mode.
	if !ok || strings.ContainsAny(raw, "\r\n") {
		return signed{}, false
	}
	s := signed{input: raw[:len(header)+1+len(payload)], header: header}
	var err error
	if s.payload, err = base64url.DecodeString(payload); err != nil {
		return signed{}, false
	}
	s.signature, err = base64url.DecodeString(signature)
	return s, err == nil
}

// names says whether the header is the one of tokens that the key signs. Since there is
// only one, this is the whole judgement of algorithm and key id.
func (s signed) names(key *keys.Key) bool {
	var header [128]byte
	return bytes.Equal(appendHeader(header[:0], key), []byte(s.header))
}

// verify says whether the key made the signature.
func (s signed) verify(key *keys.Key) bool {
	return keys.Verify(key.Public, []byte(s.input), s.signature) == nil
}
