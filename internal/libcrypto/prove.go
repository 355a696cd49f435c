package libcrypto

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"math/big"
	"time"
)

// Each operation is compared and timed rounds times; the best time counts, as the others
// show what else the machine was doing. A library that seems slower gets more chances, up
// to maxRounds: the choice stays for the life of the process, and a busy machine can spoil
// a few times in a row.
const (
	rounds    = 2
	maxRounds = 12
)

// testKey is testRSA2048 of RFC 9500 section 2.1, a private key that everybody knows.
//
//go:embed testdata/rfc9500-rsa2048.pem
var testKey []byte

// prove compares signatures and powers with Go's and times both.
func (l *Library) prove(now func() time.Time) error {
	block, _ := pem.Decode(testKey)
	if block == nil {
		return errors.New("self-test: no test key")
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	signer, err := l.NewSigner(private)
	if err != nil {
		return err
	}
	modulus, err := l.NewModulus(stretch("modulus", 384))
	if err != nil {
		return err
	}
	for round := range maxRounds {
		if round >= rounds && l.signing.faster() && l.exponents.faster() {
			break
		}
		if err := l.proveSignature(now, private, signer, []byte{byte(round)}); err != nil {
			return err
		}
		if err := l.provePower(now, modulus, string(rune('a'+round))); err != nil {
			return err
		}
	}
	return nil
}

func (l *Library) proveSignature(now func() time.Time, private *rsa.PrivateKey, signer *Signer, message []byte) error {
	digest := sha256.Sum256(message)
	start := now()
	want, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
	inGo := now().Sub(start)
	if err != nil {
		return err
	}
	start = now()
	got, err := signer.Sign(nil, digest[:], crypto.SHA256)
	here := now().Sub(start)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("self-test: signatures differ from Go's")
	}
	l.signing.best(here, inGo)
	return nil
}

func (l *Library) provePower(now func() time.Time, modulus *Modulus, seed string) error {
	base, exponent := stretch("base"+seed, 384), stretch("exponent"+seed, 32)
	start := now()
	want := new(big.Int).Exp(base, exponent, modulus.value)
	inGo := now().Sub(start)
	start = now()
	got := modulus.Exp(base, exponent)
	here := now().Sub(start)
	if got.Cmp(want) != 0 {
		return errors.New("self-test: powers differ from Go's")
	}
	l.exponents.best(here, inGo)
	return nil
}

// best keeps the shorter times. A time of zero has not been measured.
func (t *timing) best(here, inGo time.Duration) {
	if t.here == 0 || here < t.here {
		t.here = here
	}
	if t.inGo == 0 || inGo < t.inGo {
		t.inGo = inGo
	}
}

// stretch returns an odd number of exactly 8*size bits that depends on seed alone.
func stretch(seed string, size int) *big.Int {
	var out []byte
	for block := sha256.Sum256([]byte(seed)); len(out) < size; block = sha256.Sum256(block[:]) {
		out = append(out, block[:]...)
	}
	out[0] |= 0x80
	out[size-1] |= 1
	return new(big.Int).SetBytes(out[:size])
}
