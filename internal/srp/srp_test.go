package srp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/internal/libcrypto"
	"github.com/cenote-id/cenote/internal/srp"
)

// arithmetics returns every way to compute, by name.
func arithmetics(tb testing.TB) map[string]*srp.Arithmetic {
	tb.Helper()
	prepared := new(srp.Arithmetic)
	if err := prepared.Prepare(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	out := map[string]*srp.Arithmetic{"go": new(srp.Arithmetic), "nil": nil, "table": prepared}
	if library, err := libcrypto.Load(time.Now); err == nil {
		out["libcrypto"] = srp.NewArithmetic(library)
	}
	return out
}

func TestArithmeticsAgree(t *testing.T) {
	t.Parallel()
	ways := arithmetics(t)
	rapid.Check(t, func(t *rapid.T) {
		base := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 384).Draw(t, "base"))
		exponent := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 34).Draw(t, "exponent"))
		power := new(big.Int).Exp(base, exponent, srp.Prime())
		generated := new(big.Int).Exp(big.NewInt(2), exponent, srp.Prime())
		for name, m := range ways {
			if m.Power(base, exponent).Cmp(power) != 0 {
				t.Fatalf("%s: wrong power", name)
			}
			if m.Generate(exponent).Cmp(generated) != 0 {
				t.Fatalf("%s: wrong power of the generator", name)
			}
		}
	})
}

func TestTableHoldsEveryEntry(t *testing.T) {
	t.Parallel()
	m := arithmetics(t)["table"]
	want := big.NewInt(2)
	for position := range 256 {
		exponent := new(big.Int).Lsh(big.NewInt(1), uint(position))
		if m.Generate(exponent).Cmp(want) != 0 {
			t.Fatalf("wrong 2^(2^%d)", position)
		}
		want.Mul(want, want)
		want.Mod(want, srp.Prime())
	}
	all := new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, 32))
	if m.Generate(all).Cmp(new(big.Int).Exp(big.NewInt(2), all, srp.Prime())) != 0 {
		t.Error("wrong power for the largest exponent")
	}
}

func TestPrepareWhileInUse(t *testing.T) {
	t.Parallel()
	m := new(srp.Arithmetic)
	id, salt := srp.Identity{Group: "pool", User: "user"}, []byte{1}
	want := m.Verifier(id, "password", salt)
	var group sync.WaitGroup
	group.Go(func() {
		if err := m.Prepare(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for range 4 {
		group.Go(func() {
			for range 20 {
				if !bytes.Equal(m.Verifier(id, "password", salt), want) {
					t.Error("another verifier")
				}
			}
		})
	}
	group.Wait()
}

func TestPrepareWhenUsed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m, done := srp.NewArithmetic(nil), make(chan error, 1)
	go func() { done <- m.PrepareWhenUsed(ctx) }()
	select {
	case err := <-done:
		t.Fatalf("it is prepared before its use: %v", err)
	default:
	}
	id := srp.Identity{Group: "group", User: "user"}
	before := m.Verifier(id, "password", []byte("salt"))
	m.Verifier(id, "password", []byte("salt")) // nobody waits for the second miss
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, m.Verifier(id, "password", []byte("salt"))) {
		t.Error("the table changes the verifier")
	}

	go func() { done <- srp.NewArithmetic(nil).PrepareWhenUsed(ctx) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("unused, it ends with %v", err)
	}
}

func TestPrepareEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := new(srp.Arithmetic).Prepare(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Prepare = %v", err)
	}
}

// exchange is one draw of everything that takes part.
type exchange struct {
	id             srp.Identity
	password       string
	salt           []byte
	client         *srp.Client
	secret, block  []byte
	timestamp      string
	upper, leading bool // how SRP_A is written
}

func drawExchange(t *rapid.T) exchange {
	some := rapid.SliceOfN(rapid.Byte(), 0, 17)
	return exchange{
		id:        srp.Identity{Group: rapid.String().Draw(t, "group"), User: rapid.String().Draw(t, "user")},
		password:  rapid.String().Draw(t, "password"),
		salt:      append(some.Draw(t, "salt"), rapid.Byte().Draw(t, "last byte of salt")),
		client:    srp.ClientWithSecret(append([]byte{1}, rapid.SliceOfN(rapid.Byte(), 32, 128).Draw(t, "a")...)),
		secret:    rapid.SliceOfN(rapid.Byte(), srp.SecretSize, srp.SecretSize).Draw(t, "b"),
		block:     some.Draw(t, "block"),
		timestamp: srp.Timestamp(time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "time"), 0)),
		upper:     rapid.Bool().Draw(t, "upper"),
		leading:   rapid.Bool().Draw(t, "leading"),
	}
}

// parameter returns SRP_A as one of the clients writes it.
func (e exchange) parameter() string {
	a := e.client.A()
	if e.upper {
		a = strings.ToUpper(a)
	}
	if e.leading {
		a = "00" + a
	}
	return a
}

func TestClientAndServerAgree(t *testing.T) {
	t.Parallel()
	ways := arithmetics(t)
	rapid.Check(t, func(t *rapid.T) {
		e := drawExchange(t)
		m := ways[rapid.SampledFrom(slices.Sorted(maps.Keys(ways))).Draw(t, "arithmetic")]
		verifier := m.Verifier(e.id, e.password, e.salt)
		if !m.CheckPassword(e.id, e.password, e.salt, verifier) {
			t.Fatal("the password does not fit its verifier")
		}
		a, err := srp.ParseA(e.parameter())
		if err != nil {
			t.Fatal(err)
		}
		b := m.Challenge(e.secret, verifier)
		answer, err := e.client.Answer(e.id, e.password, hex.EncodeToString(e.salt), b.Text(16), e.block, e.timestamp)
		if err != nil {
			t.Fatal(err)
		}
		key, err := m.Key(a, b, e.secret, verifier)
		if err != nil {
			t.Fatal(err)
		}
		if !srp.CheckSignature(key, e.id, e.block, e.timestamp, answer) {
			t.Fatal("the right password was refused")
		}
	})
}

func TestNothingElseIsAccepted(t *testing.T) {
	t.Parallel()
	m := arithmetics(t)["table"]
	rapid.Check(t, func(t *rapid.T) {
		e := drawExchange(t)
		verifier := m.Verifier(e.id, e.password, e.salt)
		b := m.Challenge(e.secret, verifier)
		key, err := m.Key(e.client.Public(), b, e.secret, verifier)
		if err != nil {
			t.Fatal(err)
		}
		wrong := e
		switch rapid.IntRange(0, 5).Draw(t, "what is wrong") {
		case 0:
			wrong.password += "x"
		case 1:
			wrong.id.User += "x"
		case 2:
			wrong.id.Group += "x"
		case 3:
			wrong.salt = append(bytes.Clone(e.salt), 1)
		case 4:
			wrong.block = append(bytes.Clone(e.block), 1)
		case 5:
			wrong.timestamp += " "
		}
		answer, err := e.client.Answer(wrong.id, wrong.password, hex.EncodeToString(wrong.salt), b.Text(16), wrong.block, wrong.timestamp)
		if err != nil {
			t.Fatal(err)
		}
		if srp.CheckSignature(key, e.id, e.block, e.timestamp, answer) {
			t.Fatalf("accepted %+v", wrong)
		}
		if wrong.password != e.password && m.CheckPassword(e.id, wrong.password, e.salt, verifier) {
			t.Fatal("a wrong password fits the verifier")
		}
	})
}

func TestCheckPasswordRefuses(t *testing.T) {
	t.Parallel()
	m := new(srp.Arithmetic)
	id, salt := srp.Identity{Group: "pool", User: "user"}, []byte("salt")
	verifier := m.Verifier(id, "пароль", salt)
	if !m.CheckPassword(id, "пароль", append([]byte{0, 0}, salt...), append([]byte{0}, verifier...)) {
		t.Error("leading zeros change a number")
	}
	for name, v := range map[string][]byte{
		"none": nil, "empty": {}, "cut": verifier[:len(verifier)-1], "longer": append(bytes.Clone(verifier), 0),
		"far longer": bytes.Repeat(verifier, 3),
	} {
		if m.CheckPassword(id, "пароль", salt, v) {
			t.Errorf("fits the verifier: %s", name)
		}
	}
}

func TestParseA(t *testing.T) {
	t.Parallel()
	n := srp.Prime()
	twice := new(big.Int).Lsh(n, 1)
	tests := map[string]struct {
		text string
		want string
		err  error
	}{
		"one digit":         {"7", "7", nil},
		"odd":               {"abc", "abc", nil},
		"upper case":        {"ABC", "abc", nil},
		"mixed case":        {"aBcD", "abcd", nil},
		"leading zeros":     {"000abc", "abc", nil},
		"768 digits":        {strings.Repeat("7", 768), strings.Repeat("7", 768), nil},
		"770 digits":        {"00" + strings.Repeat("7", 768), strings.Repeat("7", 768), nil},
		"not reduced":       {new(big.Int).Add(n, big.NewInt(5)).Text(16), new(big.Int).Add(n, big.NewInt(5)).Text(16), nil},
		"771 digits":        {"000" + strings.Repeat("7", 768), "", srp.ErrMalformed},
		"far too long":      {strings.Repeat("7", 1<<20), "", srp.ErrMalformed},
		"empty":             {"", "", srp.ErrMalformed},
		"not hex":           {"12g4", "", srp.ErrMalformed},
		"0x":                {"0x12", "", srp.ErrMalformed},
		"sign":              {"-12", "", srp.ErrMalformed},
		"plus":              {"+12", "", srp.ErrMalformed},
		"underscore":        {"1_2", "", srp.ErrMalformed},
		"space":             {" 12", "", srp.ErrMalformed},
		"line break":        {"12\n", "", srp.ErrMalformed},
		"full-width digits": {"１２", "", srp.ErrMalformed},
		"NUL":               {"12\x00", "", srp.ErrMalformed},
		"zero":              {"0", "", srp.ErrZero},
		"many zeros":        {strings.Repeat("0", 768), "", srp.ErrZero},
		"N":                 {n.Text(16), "", srp.ErrZero},
		"2N":                {twice.Text(16), "", srp.ErrZero},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := srp.ParseA(tt.text)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.err == nil && got.Text(16) != tt.want {
				t.Errorf("got %x, want %s", got, tt.want)
			}
		})
	}
}

func FuzzParseA(f *testing.F) {
	for _, text := range []string{"", "0", "abc", "0x1", "-1", "1_0", srp.Prime().Text(16), strings.Repeat("f", 770)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := srp.ParseA(text)
		if err != nil {
			return
		}
		if a.Sign() <= 0 || new(big.Int).Mod(a, srp.Prime()).Sign() == 0 {
			t.Errorf("accepted %q", text)
		}
		if want := strings.ToLower(strings.TrimLeft(text, "0")); a.Text(16) != want {
			t.Errorf("read %q as %x", text, a)
		}
	})
}

func TestServerRefusesZeros(t *testing.T) {
	t.Parallel()
	m := new(srp.Arithmetic)
	verifier := m.Verifier(srp.Identity{}, "password", []byte{1})
	secret := bytes.Repeat([]byte{9}, srp.SecretSize)
	b := m.Challenge(secret, verifier)
	n := srp.Prime()
	for name, a := range map[string]*big.Int{"0": new(big.Int), "N": n, "5N": new(big.Int).Mul(n, big.NewInt(5))} {
		if key, err := m.Key(a, b, secret, verifier); !errors.Is(err, srp.ErrZero) {
			t.Errorf("A = %s: Key = %x, %v", name, key, err)
		}
	}
	for name, v := range map[string][]byte{"none": nil, "0": {0}, "N": n.Bytes()} {
		if key, err := m.Key(big.NewInt(5), b, secret, v); !errors.Is(err, srp.ErrZero) {
			t.Errorf("v = %s: Key = %x, %v", name, key, err)
		}
	}
}

func TestClientRefuses(t *testing.T) {
	t.Parallel()
	client, err := srp.NewClient(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		salt, b string
		err     error
	}{
		"B = 0":       {"ab", "0", srp.ErrZero},
		"B = N":       {"ab", srp.Prime().Text(16), srp.ErrZero},
		"B not hex":   {"ab", "xyz", srp.ErrMalformed},
		"B empty":     {"ab", "", srp.ErrMalformed},
		"salt hex":    {"xyz", "ab", srp.ErrMalformed},
		"salt absent": {"", "ab", srp.ErrMalformed},
	} {
		if answer, err := client.Answer(srp.Identity{}, "password", tt.salt, tt.b, nil, ""); !errors.Is(err, tt.err) {
			t.Errorf("%s: Answer = %q, %v, want %v", name, answer, err, tt.err)
		}
	}
}

func TestClientsDiffer(t *testing.T) {
	t.Parallel()
	a, err := srp.NewClient(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := srp.NewClient(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if a.A() == b.A() {
		t.Error("two exchanges have one secret")
	}
}

func TestCheckSignatureRefuses(t *testing.T) {
	t.Parallel()
	key, id := []byte("0123456789abcdef"), srp.Identity{Group: "g", User: "u"}
	good := base64.StdEncoding.EncodeToString(srp.Signature(key, id, nil, "now"))
	if !srp.CheckSignature(key, id, nil, "now", good) {
		t.Fatal("refused the proof")
	}
	for _, bad := range []string{"", "=", good[:40], good + "AAAA", "!" + good[1:], strings.Repeat("A", 44)} {
		if srp.CheckSignature(key, id, nil, "now", bad) {
			t.Errorf("accepted %q", bad)
		}
	}
}

func TestFakeVerifier(t *testing.T) {
	t.Parallel()
	seed := bytes.Repeat([]byte{1}, 32)
	salt, verifier := srp.FakeVerifier(seed)
	againSalt, againVerifier := srp.FakeVerifier(bytes.Clone(seed))
	if !bytes.Equal(salt, againSalt) || !bytes.Equal(verifier, againVerifier) {
		t.Error("not the same for one seed")
	}
	otherSalt, otherVerifier := srp.FakeVerifier(bytes.Repeat([]byte{2}, 32))
	if bytes.Equal(salt, otherSalt) || bytes.Equal(verifier, otherVerifier) {
		t.Error("the same for two seeds")
	}
	if len(salt) != 16 {
		t.Errorf("salt of %d bytes", len(salt))
	}
	if v := new(big.Int).SetBytes(verifier); v.Cmp(srp.Prime()) >= 0 || v.BitLen() < 3000 {
		t.Errorf("verifier %x is not of the group", v)
	}
	if new(srp.Arithmetic).CheckPassword(srp.Identity{}, "", salt, verifier) {
		t.Error("a password fits")
	}
}

func TestNewSalt(t *testing.T) {
	t.Parallel()
	salt, err := srp.NewSalt(bytes.NewReader([]byte("0123456789abcdefghi")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("0123456789abcdef", string(salt)); diff != "" {
		t.Error(diff)
	}
	broken := errors.New("no entropy")
	if _, err := srp.NewSalt(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("NewSalt: %v", err)
	}
	if _, err := srp.NewClient(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("NewClient: %v", err)
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 3, 9, 5, 7, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"Tue Mar 3 09:05:07 UTC 2026":   at,
		"Sun Nov 22 23:59:59 UTC 2026":  time.Date(2026, time.November, 22, 23, 59, 59, 0, time.UTC),
		"Thu Dec 31 00:00:00 UTC 2026":  time.Date(2026, time.December, 31, 0, 0, 0, 0, time.UTC),
		"Wed Feb 29 12:00:00 UTC 2040":  time.Date(2040, time.February, 29, 12, 0, 0, 0, time.UTC),
		"Thu Jan 1 00:00:00 UTC 1970":   time.Unix(0, 0).UTC(),
		"Fri Apr 10 10:10:10 UTC 20266": {},
	} {
		got, err := srp.ParseTimestamp(text)
		if want.IsZero() {
			if err == nil {
				t.Errorf("ParseTimestamp(%q) = %v", text, got)
			}
			continue
		}
		if err != nil || !got.Equal(want) {
			t.Errorf("ParseTimestamp(%q) = %v, %v", text, got, err)
		}
		if srp.Timestamp(want) != text {
			t.Errorf("Timestamp(%v) = %q, want %q", want, srp.Timestamp(want), text)
		}
	}
	elsewhere := at.In(time.FixedZone("", 5*3600))
	if got := srp.Timestamp(elsewhere); got != "Tue Mar 3 09:05:07 UTC 2026" {
		t.Errorf("Timestamp in another zone = %q", got)
	}
	for _, bad := range []string{
		"", "now", "Tue Mar 3 09:05:07 CET 2026", "Tue Mar 3 09:05:07 2026", "Di Mär 3 09:05:07 UTC 2026",
		"Tue Mar 32 09:05:07 UTC 2026", "Tue Mar 3 25:05:07 UTC 2026", "2026-03-03T09:05:07Z",
	} {
		if got, err := srp.ParseTimestamp(bad); err == nil {
			t.Errorf("ParseTimestamp(%q) = %v", bad, got)
		}
	}
}
