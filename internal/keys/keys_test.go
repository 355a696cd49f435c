package keys_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/keys/keystest"
	"github.com/cenote-id/cenote/internal/libcrypto"
	"github.com/cenote-id/cenote/internal/store"
)

// stored returns the stored keys of n pools.
func stored(tb testing.TB, n int) []store.SigningKeys {
	tb.Helper()
	stock := keys.NewStock(keystest.Generator(), nil, 0)
	out := make([]store.SigningKeys, n)
	for i := range out {
		var err error
		if out[i], err = stock.Take(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func open(tb testing.TB, s store.SigningKeys, library *libcrypto.Library) keys.Pair {
	tb.Helper()
	pair, err := keys.Open(s, library)
	if err != nil {
		tb.Fatal(err)
	}
	return pair
}

// fastLibrary is libcrypto measured by a clock that always finds it faster than Go, nil
// where there is none.
func fastLibrary() *libcrypto.Library {
	calls, now := 0, time.Unix(0, 0)
	library, err := libcrypto.Load(func() time.Time {
		// Start and end in Go, then start and end in the library.
		now = now.Add([]time.Duration{0, time.Second, 0, time.Millisecond}[calls%4])
		calls++
		return now
	})
	if err != nil {
		return nil
	}
	return library
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	pool := stored(t, 1)[0]
	inGo, native := open(t, pool, nil), open(t, pool, fastLibrary())
	input := []byte("eyJhbGciOiJSUzI1NiJ9.e30")
	for _, k := range []*keys.Key{inGo.ID, inGo.Access, native.ID, native.Access} {
		signature, err := k.Sign(input)
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Verify(k.Public, input, signature); err != nil {
			t.Error(err)
		}
		for what, err := range map[string]error{
			"another input": keys.Verify(k.Public, input[1:], signature),
			"no signature":  keys.Verify(k.Public, input, nil),
			"a cut one":     keys.Verify(k.Public, input, signature[1:]),
		} {
			if err == nil {
				t.Errorf("verified %s", what)
			}
		}
	}
	signature, err := native.ID.Sign(input)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Verify(inGo.ID.Public, input, signature); err != nil {
		t.Errorf("the two signers differ: %v", err)
	}
	if err := keys.Verify(inGo.Access.Public, input, signature); err == nil {
		t.Error("the access key verifies the ID key's signature")
	}
}

func TestKID(t *testing.T) {
	t.Parallel()
	pools := stored(t, 2)
	seen := map[string]bool{}
	for _, pool := range pools {
		pair, again := open(t, pool, nil), open(t, pool, fastLibrary())
		if pair.ID.KID != again.ID.KID || pair.Access.KID != again.Access.KID {
			t.Error("a key has two kids")
		}
		for _, k := range []*keys.Key{pair.ID, pair.Access} {
			digest, err := base64.StdEncoding.Strict().DecodeString(k.KID)
			if err != nil || len(digest) != sha256.Size || len(k.KID) != 44 {
				t.Errorf("kid %q: %v", k.KID, err)
			}
			if seen[k.KID] {
				t.Errorf("two keys have the kid %q", k.KID)
			}
			seen[k.KID] = true
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := stored(t, 1)[0]
	elliptic256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := x509.MarshalPKCS8PrivateKey(elliptic256)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"none": nil, "cut": good.ID[:100], "not RSA": ec} {
		if _, err := keys.Open(store.SigningKeys{ID: bad, Access: good.Access}, nil); err == nil {
			t.Errorf("opened as ID key: %s", name)
		}
		if _, err := keys.Open(store.SigningKeys{ID: good.ID, Access: bad}, nil); err == nil {
			t.Errorf("opened as access key: %s", name)
		}
	}
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	pair := open(t, stored(t, 1)[0], nil)
	entry := func(k *keys.Key) string {
		return `{"alg":"RS256","e":"AQAB","kid":"` + k.KID + `","kty":"RSA","n":"` +
			base64.RawURLEncoding.EncodeToString(k.Public.N.Bytes()) + `","use":"sig"}`
	}
	got := string(keys.JWKS(pair.ID, pair.Access))
	want := `{"keys":[` + entry(pair.ID) + `,` + entry(pair.Access) + `]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if !json.Valid([]byte(got)) || strings.Contains(got, `"d"`) {
		t.Error("not JSON, or with private members")
	}
	if got := string(keys.JWKS()); got != `{"keys":[]}` {
		t.Errorf("without keys: %s", got)
	}
	odd := &keys.Key{KID: "k", Public: &rsa.PublicKey{N: big.NewInt(0x10001), E: 3}}
	if got := string(keys.JWKS(odd)); got != `{"keys":[{"alg":"RS256","e":"Aw","kid":"k","kty":"RSA","n":"AQAB","use":"sig"}]}` {
		t.Errorf("small numbers: %s", got)
	}
}

func TestTestKeys(t *testing.T) {
	t.Parallel()
	generate := keystest.Generator()
	seen := map[string]int{}
	for range 2 * keystest.Count {
		key, err := generate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if key.N.BitLen() != keys.Bits {
			t.Errorf("a key of %d bits", key.N.BitLen())
		}
		seen[key.N.String()]++
	}
	if len(seen) != keystest.Count {
		t.Errorf("%d different keys, want %d", len(seen), keystest.Count)
	}
}

// BenchmarkSign signs by turns in Go and with the signer in use, and reports how many
// times faster the latter is.
func BenchmarkSign(b *testing.B) {
	library, err := libcrypto.Load(time.Now)
	if err != nil {
		b.Log(err)
	}
	b.Log(library)
	pool := stored(b, 1)[0]
	inGo, inUse := open(b, pool, nil), open(b, pool, library)
	input := make([]byte, 1200)
	sign := func(k *keys.Key) time.Duration {
		start := time.Now()
		if _, err := k.Sign(input); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	var goTime, useTime time.Duration
	for b.Loop() {
		goTime += sign(inGo.ID)
		useTime += sign(inUse.ID)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(goTime.Microseconds())/float64(b.N), "µs/go")
	b.ReportMetric(float64(useTime.Microseconds())/float64(b.N), "µs/in-use")
	b.ReportMetric(goTime.Seconds()/useTime.Seconds(), "times-faster")
}

func BenchmarkVerify(b *testing.B) {
	k := open(b, stored(b, 1)[0], nil).Access
	input := make([]byte, 1200)
	signature, err := k.Sign(input)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := keys.Verify(k.Public, input, signature); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	pool := stored(b, 1)[0]
	library, err := libcrypto.Load(time.Now)
	if err != nil {
		b.Log(err)
	}
	for b.Loop() {
		open(b, pool, library)
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		if _, err := keys.Generate(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
