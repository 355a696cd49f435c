package srp_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/cenote-id/cenote/internal/srp"
)

// BenchmarkArithmetic times, for every way to compute, g^x (a verifier), base^b, the
// check of a password, a challenge, its proof, and both sides of the server together.
func BenchmarkArithmetic(b *testing.B) {
	id, salt := srp.Identity{Group: "pool", User: "user"}, []byte("0123456789abcdef")
	secret := bytes.Repeat([]byte{0x9c}, srp.SecretSize)
	client := srp.ClientWithSecret(bytes.Repeat([]byte{0x7a}, 128))
	ways := arithmetics(b)
	delete(ways, "nil")
	if m, ok := ways["libcrypto"]; ok {
		// The server's way: both together.
		if err := m.Prepare(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	for name, m := range ways {
		verifier := m.Verifier(id, "password", salt)
		challenge := m.Challenge(secret, verifier)
		exponent, base := new(big.Int).SetBytes(secret), new(big.Int).SetBytes(verifier)
		proof := func() {
			if _, err := m.Key(client.Public(), challenge, secret, verifier); err != nil {
				b.Fatal(err)
			}
		}
		for _, bench := range []struct {
			name string
			work func()
		}{
			{"generate", func() { m.Generate(exponent) }},
			{"power", func() { m.Power(base, exponent) }},
			{"password", func() { m.CheckPassword(id, "password", salt, verifier) }},
			{"challenge", func() { m.Challenge(secret, verifier) }},
			{"proof", proof},
			{"sign-in", func() { m.Challenge(secret, verifier); proof() }},
		} {
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					bench.work()
				}
			})
		}
	}
}

// BenchmarkFakeVerifier is what an unknown user costs on top of a known one.
func BenchmarkFakeVerifier(b *testing.B) {
	seed := bytes.Repeat([]byte{1}, 32)
	for b.Loop() {
		srp.FakeVerifier(seed)
	}
}

func BenchmarkPrepare(b *testing.B) {
	for b.Loop() {
		if err := new(srp.Arithmetic).Prepare(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
