package srp

import (
	"crypto/sha3"
	"crypto/subtle"
	"fmt"
	"io"
	"math/big"
)

// Identity is who proves a password. It takes part in the verifier, so that a verifier
// is of no use under another name.
type Identity struct {
	// Group is the part of a user pool's id after the underscore; for a device its
	// DeviceGroupKey.
	Group string
	// User is the canonical username (USER_ID_FOR_SRP); for a device its DeviceKey.
	User string
}

const saltSize = 16

// NewSalt draws the salt of a verifier.
func NewSalt(random io.Reader) ([]byte, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, fmt.Errorf("make salt: %w", err)
	}
	return salt, nil
}

// Verifier returns v = g^x, big-endian without leading zeros: what a server keeps of a
// password. The salt is a big-endian number. Whoever has a verifier can guess passwords
// at the speed of one such computation and can pose as the server: it is kept sealed.
func (m *Arithmetic) Verifier(id Identity, password string, salt []byte) []byte {
	return m.generate(id.secret(password, new(big.Int).SetBytes(salt))).Bytes()
}

// ParseVerifier reads a verifier that a client has made, big-endian, and returns it as
// Verifier does. The error is ErrMalformed for what is no power of the generator that a
// password could give: not below the prime, or one of the three numbers whose powers are
// known without a password.
func ParseVerifier(b []byte) ([]byte, error) {
	v := new(big.Int).SetBytes(b)
	if last := new(big.Int).Sub(prime, big.NewInt(1)); v.Cmp(big.NewInt(1)) <= 0 || v.Cmp(last) >= 0 {
		return nil, ErrMalformed
	}
	return v.Bytes(), nil
}

// CheckPassword says whether salt and verifier belong to the password. The comparison
// takes the same time wherever they differ.
func (m *Arithmetic) CheckPassword(id Identity, password string, salt, verifier []byte) bool {
	var want, got [size]byte
	v := new(big.Int).SetBytes(verifier)
	if v.BitLen() > 8*size {
		return false
	}
	v.FillBytes(want[:])
	m.generate(id.secret(password, new(big.Int).SetBytes(salt))).FillBytes(got[:])
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// secret returns x, which only the password gives.
func (id Identity) secret(password string, salt *big.Int) *big.Int {
	inner := digest([]byte(id.Group), []byte(id.User), []byte(":"), []byte(password))
	return hash(pad(salt), inner)
}

// FakeVerifier returns what stands in for the salt and verifier of a user who does not
// exist: always the same for a seed, of the form of real ones, without a password that
// fits, and for the price of a hash. A challenge made with it costs what a real one
// costs. The seed is secret and has at least 16 bytes.
func FakeVerifier(seed []byte) (salt, verifier []byte) {
	stream := sha3.NewSHAKE256()
	stream.Write([]byte("cenote srp unknown user"))
	stream.Write(seed)
	out := make([]byte, saltSize+size)
	stream.Read(out)
	v := new(big.Int).SetBytes(out[saltSize:])
	return out[:saltSize:saltSize], v.Mod(v, prime).Bytes()
}
