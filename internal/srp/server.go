package srp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"math/big"
)

// SecretSize is the size in bytes of the server's secret b.
const SecretSize = exponentSize

// Challenge returns B, the server's public number, for a secret of SecretSize random
// bytes that serves this exchange only. SRP_B is its B.Text(16).
func (m *Arithmetic) Challenge(secret, verifier []byte) *big.Int {
	b := new(big.Int).SetBytes(verifier)
	b.Mul(b, k)
	b.Add(b, m.generate(new(big.Int).SetBytes(secret)))
	return b.Mod(b, prime)
}

// Key returns the key that a client with the right password has too: clientPublic is
// ParseA's, serverPublic is Challenge's for the same secret and verifier. The error is
// ErrZero, where the key would not depend on the password.
func (m *Arithmetic) Key(clientPublic, serverPublic *big.Int, secret, verifier []byte) ([]byte, error) {
	u, err := scramble(clientPublic, serverPublic)
	if err != nil {
		return nil, err
	}
	v := new(big.Int).SetBytes(verifier)
	if err := checkPublic(clientPublic); err != nil {
		return nil, err
	}
	if err := checkPublic(v); err != nil {
		return nil, err
	}
	return deriveKey(u, m.premaster(clientPublic, u, v, new(big.Int).SetBytes(secret))), nil
}

// premaster returns the server's S.
func (m *Arithmetic) premaster(clientPublic, u, v, secret *big.Int) *big.Int {
	base := m.power(v, u)
	base.Mul(base, clientPublic)
	return m.power(base.Mod(base, prime), secret)
}

// scramble returns u, which ties the two public numbers together.
func scramble(clientPublic, serverPublic *big.Int) (*big.Int, error) {
	u := hash(pad(clientPublic), pad(serverPublic))
	if u.Sign() == 0 {
		return nil, ErrZero
	}
	return u, nil
}

const keySize = 16

// deriveKey is HKDF-SHA256 (RFC 5869) with S as input, u as salt and sixteen bytes of
// output.
func deriveKey(u, s *big.Int) []byte {
	extract := hmac.New(sha256.New, pad(u))
	extract.Write(pad(s))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte("Caldera Derived Key\x01"))
	return expand.Sum(nil)[:keySize]
}

// Signature returns the proof that a client has the key. The secret block is decoded,
// the timestamp is the text that travels.
func Signature(key []byte, id Identity, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id.Group))
	mac.Write([]byte(id.User))
	mac.Write(secretBlock)
	mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}

// CheckSignature says whether signature, a PASSWORD_CLAIM_SIGNATURE in base64, is the
// proof, and tells in the same time wherever it is wrong.
func CheckSignature(key []byte, id Identity, secretBlock []byte, timestamp, signature string) bool {
	got, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && subtle.ConstantTimeCompare(got, Signature(key, id, secretBlock, timestamp)) == 1
}
