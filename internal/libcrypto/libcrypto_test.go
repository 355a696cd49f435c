package libcrypto_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/internal/libcrypto"
)

// load returns a library of its own, or skips the test where there is none.
func load(tb testing.TB) *libcrypto.Library {
	tb.Helper()
	l, err := libcrypto.Load(time.Now)
	if err != nil {
		tb.Skip(err)
	}
	return l
}

func privateKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	text, err := os.ReadFile("testdata/rfc9500-rsa2048.pem")
	if err != nil {
		tb.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func TestAcceptableVersions(t *testing.T) {
	t.Parallel()
	for version, ok := range map[uintptr]bool{
		0x30000030: true,
		0x30000040: false,
		0x3000004f: false,
		0x30000050: true,
		0x30000130: true,
		0x30500040: true,
		0x1010117f: false,
		0x40000000: false,
		0:          false,
	} {
		if err := libcrypto.Acceptable(version); (err == nil) != ok {
			t.Errorf("version %#x: %v", version, err)
		}
	}
}

func TestNoLibrary(t *testing.T) {
	t.Parallel()
	var l *libcrypto.Library
	if l.SignsFaster() || l.ExponentiatesFaster() || l.String() != "none" {
		t.Error("a nil library is good for something")
	}
}

func TestMeasurement(t *testing.T) {
	t.Parallel()
	l := load(t)
	if text := l.String(); !strings.HasPrefix(text, "OpenSSL 3.") || !strings.Contains(text, "in Go") {
		t.Errorf("String() = %q", text)
	}
	still := time.Now()
	l, err := libcrypto.Load(func() time.Time { return still })
	if err != nil {
		t.Fatal(err)
	}
	if l.SignsFaster() || l.ExponentiatesFaster() {
		t.Error("faster than Go by a clock that stands still")
	}
}

func TestSignaturesEqualGos(t *testing.T) {
	t.Parallel()
	l := load(t)
	for _, bits := range []int{0, 1024, 1030} {
		private := privateKey(t)
		if bits != 0 {
			var err error
			if private, err = rsa.GenerateKey(rand.Reader, bits); err != nil {
				t.Fatal(err)
			}
		}
		signer, err := l.NewSigner(private)
		if err != nil {
			t.Fatal(err)
		}
		if !private.PublicKey.Equal(signer.Public()) {
			t.Error("Public is another key")
		}
		for i := range 10 {
			digest := sha256.Sum256([]byte{byte(i)})
			want, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
			if err != nil {
				t.Fatal(err)
			}
			got, err := signer.Sign(nil, digest[:], crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bits: signature %x, want %x", bits, got, want)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	l := load(t)
	private := privateKey(t)
	signer, err := l.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := l.NewModulus(libcrypto.Stretch("modulus", 384))
	if err != nil {
		t.Fatal(err)
	}
	two, want := big.NewInt(2), new(big.Int).Exp(big.NewInt(2), big.NewInt(5000), libcrypto.Stretch("modulus", 384))
	var group sync.WaitGroup
	for i := range 8 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for range 5 {
				digest := sha256.Sum256([]byte{byte(i)})
				signature, err := signer.Sign(nil, digest[:], crypto.SHA256)
				if err != nil {
					t.Error(err)
					return
				}
				if err := rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
					t.Error(err)
				}
				if modulus.Exp(two, big.NewInt(5000)).Cmp(want) != 0 {
					t.Error("wrong power")
				}
			}
		})
	}
	group.Wait()
}

func TestSignerRefuses(t *testing.T) {
	t.Parallel()
	l := load(t)
	signer, err := l.NewSigner(privateKey(t))
	if err != nil {
		t.Fatal(err)
	}
	digest := make([]byte, 64)
	for name, tt := range map[string]struct {
		size int
		opts crypto.SignerOpts
	}{
		"PSS":          {32, &rsa.PSSOptions{Hash: crypto.SHA256}},
		"SHA-512":      {64, crypto.SHA512},
		"no hash":      {32, crypto.Hash(0)},
		"short digest": {31, crypto.SHA256},
		"long digest":  {33, crypto.SHA256},
	} {
		if signature, err := signer.Sign(nil, digest[:tt.size], tt.opts); err == nil {
			t.Errorf("%s: signed %x", name, signature)
		}
	}
}

func TestPowersEqualGos(t *testing.T) {
	t.Parallel()
	l := load(t)
	number := func(size int) *rapid.Generator[*big.Int] {
		return rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, size), func(b []byte) *big.Int { return new(big.Int).SetBytes(b) })
	}
	rapid.Check(t, func(t *rapid.T) {
		n := number(512).Draw(t, "modulus")
		n.SetBit(n, 0, 1)
		base, exponent := number(520).Draw(t, "base"), number(48).Draw(t, "exponent")
		if rapid.Bool().Draw(t, "negative base") {
			base.Neg(base)
		}
		m, err := l.NewModulus(n)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.Exp(base, exponent), new(big.Int).Exp(base, exponent, n); got.Cmp(want) != 0 {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

func TestPowersWithOddExponents(t *testing.T) {
	t.Parallel()
	l := load(t)
	n := libcrypto.Stretch("modulus", 64)
	m, err := l.NewModulus(n)
	if err != nil {
		t.Fatal(err)
	}
	base := big.NewInt(3)
	for _, exponent := range []*big.Int{
		big.NewInt(-1), big.NewInt(0), libcrypto.Stretch("long", 512), libcrypto.Stretch("too long", 513),
	} {
		want := new(big.Int).Exp(base, exponent, n)
		if got := m.Exp(base, exponent); got.Cmp(want) != 0 {
			t.Errorf("exponent %x: got %x, want %x", exponent, got, want)
		}
	}
}

func TestNewModulusRefuses(t *testing.T) {
	t.Parallel()
	l := load(t)
	tooLong := libcrypto.Stretch("modulus", 513)
	for _, n := range []*big.Int{big.NewInt(0), big.NewInt(-7), big.NewInt(10), tooLong} {
		if _, err := l.NewModulus(n); err == nil {
			t.Errorf("took %x", n)
		}
	}
}

func TestSelfTestCatchesABrokenLibrary(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*libcrypto.Library){
		"wrong signatures":   func(l *libcrypto.Library) { l.BreakSigning(false) },
		"failing signatures": func(l *libcrypto.Library) { l.BreakSigning(true) },
		"wrong powers":       func(l *libcrypto.Library) { l.BreakPowers(false) },
		"no keys":            func(l *libcrypto.Library) { l.BreakKeys(true) },
		"no contexts":        func(l *libcrypto.Library) { l.BreakKeys(false) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := load(t)
			spoil(l)
			if err := l.Prove(time.Now); err == nil {
				t.Error("passed the self-test")
			}
		})
	}
}

func TestFailingPowersAreGos(t *testing.T) {
	t.Parallel()
	l := load(t)
	n, base, exponent := libcrypto.Stretch("n", 384), libcrypto.Stretch("b", 384), libcrypto.Stretch("e", 32)
	m, err := l.NewModulus(n)
	if err != nil {
		t.Fatal(err)
	}
	l.BreakPowers(true)
	if m.Exp(base, exponent).Cmp(new(big.Int).Exp(base, exponent, n)) != 0 {
		t.Error("wrong power where C fails")
	}
}

func TestKeysAreFreed(t *testing.T) {
	t.Parallel()
	l := load(t)
	freed := make(chan struct{}, 1)
	l.OnFree(func() {
		select {
		case freed <- struct{}{}:
		default:
		}
	})
	func() {
		signer, err := l.NewSigner(privateKey(t))
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(nil)
		if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}()
	deadline := time.After(5 * time.Second)
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-deadline:
			t.Fatal("the key of an unreachable signer is still there")
		case <-time.After(time.Millisecond):
		}
	}
}

// BenchmarkSignature signs in Go and in libcrypto by turns and reports both, and how
// many times faster libcrypto is.
func BenchmarkSignature(b *testing.B) {
	l := load(b)
	private := privateKey(b)
	signer, err := l.NewSigner(private)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	compare(b, func() {
		if _, err := private.Sign(nil, digest[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkPower raises a 3072-bit number to a 256-bit exponent in Go and in libcrypto.
func BenchmarkPower(b *testing.B) {
	l := load(b)
	n, base, exponent := libcrypto.Stretch("n", 384), libcrypto.Stretch("b", 384), libcrypto.Stretch("e", 32)
	m, err := l.NewModulus(n)
	if err != nil {
		b.Fatal(err)
	}
	compare(b, func() { new(big.Int).Exp(base, exponent, n) }, func() { m.Exp(base, exponent) })
}

func compare(b *testing.B, inGo, here func()) {
	var goTime, hereTime time.Duration
	for b.Loop() {
		start := time.Now()
		inGo()
		middle := time.Now()
		here()
		goTime += middle.Sub(start)
		hereTime += time.Since(middle)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(goTime.Microseconds())/float64(b.N), "µs/go")
	b.ReportMetric(float64(hereTime.Microseconds())/float64(b.N), "µs/libcrypto")
	b.ReportMetric(goTime.Seconds()/hereTime.Seconds(), "times-faster")
}
