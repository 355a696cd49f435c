package passkey_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/passkey"
	"github.com/cenote-id/cenote/internal/passkey/passkeytest"
)

const (
	rpID   = "example.com"
	origin = "https://login.example.com:8443"
	handle = "34c84488-e0e1-70ae-d2ee-991ad1a898c8"
)

var challenge = []byte("a challenge that nobody can guess")

func creation(tb testing.TB, exclude ...passkey.Descriptor) []byte {
	tb.Helper()
	options, err := passkey.CreationOptions(passkey.Creation{
		RelyingParty: passkey.RelyingParty{ID: rpID}, Challenge: challenge,
		UserHandle: handle, UserName: "alice", Exclude: exclude, Timeout: time.Minute,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return options
}

// register lets an authenticator create a credential and judges it.
func register(tb testing.TB, a *passkeytest.Authenticator, from string, rp passkey.RelyingParty) (*passkey.Credential, error) {
	tb.Helper()
	text, err := a.Create(creation(tb), from)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := passkey.ParseRegistration(text)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(r.Challenge(), challenge) {
		tb.Errorf("the challenge is %q", r.Challenge())
	}
	return r.Verify(rp)
}

func request(tb testing.TB, c *passkey.Credential) []byte {
	tb.Helper()
	options, err := passkey.RequestOptions(passkey.Request{
		RelyingParty: passkey.RelyingParty{ID: rpID}, Challenge: challenge,
		Allow: []passkey.Descriptor{{ID: c.ID, Transports: c.Transports}}, Timeout: 3 * time.Minute,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return options
}

func expected(c *passkey.Credential, verify bool) passkey.Expected {
	return passkey.Expected{
		RelyingParty: passkey.RelyingParty{ID: rpID, VerifyUser: verify}, Challenge: challenge,
		UserHandle: handle, PublicKey: c.PublicKey, BackupEligible: c.BackupEligible,
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	got := string(creation(t, passkey.Descriptor{ID: "8LApgk4", Transports: []string{"usb"}}))
	want := `{"challenge":"YSBjaGFsbGVuZ2UgdGhhdCBub2JvZHkgY2FuIGd1ZXNz","rp":{"id":"example.com","name":"example.com"},` +
		`"user":{"id":"MzRjODQ0ODgtZTBlMS03MGFlLWQyZWUtOTkxYWQxYTg5OGM4","name":"alice","displayName":"alice"},` +
		`"pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}],"timeout":60000,` +
		`"excludeCredentials":[{"type":"public-key","id":"8LApgk4","transports":["usb"]}],` +
		`"authenticatorSelection":{"requireResidentKey":true,"residentKey":"required","userVerification":"preferred"},"attestation":"none"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	options, err := passkey.RequestOptions(passkey.Request{
		RelyingParty: passkey.RelyingParty{ID: rpID, VerifyUser: true}, Challenge: challenge, Timeout: 3 * time.Minute,
	})
	want = `{"challenge":"YSBjaGFsbGVuZ2UgdGhhdCBub2JvZHkgY2FuIGd1ZXNz","timeout":180000,"rpId":"example.com","allowCredentials":[],"userVerification":"required"}`
	if err != nil || string(options) != want {
		t.Errorf("got  %s, %v\nwant %s", options, err, want)
	}
}

func TestCeremonies(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*passkeytest.Authenticator{
		"ES256":            {},
		"RS256":            {Algorithm: passkeytest.RS256},
		"verified user":    {Verifies: true},
		"synced":           {Synced: true, Verifies: true},
		"self attestation": {Attested: true, AAGUID: [16]byte{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rp := passkey.RelyingParty{ID: rpID, VerifyUser: a.Verifies}
			c, err := register(t, a, origin, rp)
			if err != nil {
				t.Fatal(err)
			}
			if c.Attachment != "platform" || strings.Join(c.Transports, " ") != "internal hybrid" ||
				c.BackupEligible != a.Synced || c.BackedUp != a.Synced || !bytes.Equal(c.AAGUID, a.AAGUID[:]) {
				t.Errorf("got %+v", c)
			}
			count := c.SignCount
			for range 2 {
				text, err := a.Get(request(t, c), origin)
				if err != nil {
					t.Fatal(err)
				}
				got, err := passkey.ParseAssertion(text)
				if err != nil {
					t.Fatal(err)
				}
				if err := got.Verify(expected(c, a.Verifies)); err != nil {
					t.Error(err)
				}
				if got.ID() != c.ID || got.BackedUp() != a.Synced || passkey.Cloned(count, got.SignCount()) {
					t.Errorf("id %s, count %d after %d", got.ID(), got.SignCount(), count)
				}
				count = got.SignCount()
			}
		})
	}
}

func TestRefusedRegistrations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a      passkeytest.Authenticator
		origin string
		verify bool
		want   error
	}{
		"another site":          {origin: "https://example.org", want: passkey.ErrOrigin},
		"a look-alike":          {origin: "https://notexample.com", want: passkey.ErrOrigin},
		"without TLS":           {origin: "http://example.com", want: passkey.ErrOrigin},
		"an extension":          {origin: "chrome-extension://example.com", want: passkey.ErrOrigin},
		"in a foreign frame":    {a: passkeytest.Authenticator{CrossOrigin: true}, origin: origin, want: passkey.ErrOrigin},
		"another relying party": {a: passkeytest.Authenticator{RPID: "example.org"}, origin: origin, want: passkey.ErrRelyingParty},
		"the page's own host":   {a: passkeytest.Authenticator{RPID: "login.example.com"}, origin: origin, want: passkey.ErrRelyingParty},
		"nobody there":          {a: passkeytest.Authenticator{Absent: true}, origin: origin, want: passkey.ErrUnsupported},
		"nobody verified":       {origin: origin, verify: true, want: passkey.ErrUnsupported},
		"EdDSA":                 {a: passkeytest.Authenticator{Algorithm: passkeytest.EdDSA}, origin: origin, want: passkey.ErrUnsupported},
		"another ceremony":      {a: passkeytest.Authenticator{Type: "webauthn.get"}, origin: origin, want: passkey.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := register(t, &c.a, c.origin, passkey.RelyingParty{ID: rpID, VerifyUser: c.verify}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	const android = "android:apk-key-hash:-sYXRdwJA3hvue3mKpYrOZ9zSPC7b4mbgzJmdZEDO5w"
	for _, c := range []struct {
		origin, rpID string
		want         bool
	}{
		{"https://example.com", "example.com", true},
		{"https://a.b.example.com", "example.com", true},
		{"https://example.com/", "example.com", false},
		{"https://example.com@evil.org", "example.com", false},
		{"https://user@example.com", "example.com", false},
		{"https://com", "example.com", false},
		{"http://localhost:3000", "localhost", true},
		{"https://localhost", "localhost", true},
		{"http://app.localhost:3000", "localhost", true},
		{"http://localhost.example.com", "example.com", false},
		{"http://127.0.0.1:3000", "127.0.0.1", false},
		{"null", "example.com", false},
		{"", "", false},
		{"https://", "", false},
		{android, "example.com", true},
		{android + "=", "example.com", false},
		{"android:apk-key-hash:AAAA", "example.com", false},
	} {
		if got := passkey.OriginAllowed(c.origin, c.rpID); got != c.want {
			t.Errorf("%s for %s: %v", c.origin, c.rpID, got)
		}
	}
}

func TestRefusedAssertions(t *testing.T) {
	t.Parallel()
	a := &passkeytest.Authenticator{}
	c, err := register(t, a, origin, passkey.RelyingParty{ID: rpID})
	if err != nil {
		t.Fatal(err)
	}
	other, err := register(t, &passkeytest.Authenticator{}, origin, passkey.RelyingParty{ID: rpID})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*passkeytest.Authenticator)
		origin string
		expect func(*passkey.Expected)
		want   error
	}{
		"another challenge":     {expect: func(e *passkey.Expected) { e.Challenge = []byte("another") }, want: passkey.ErrProof},
		"another user":          {expect: func(e *passkey.Expected) { e.UserHandle = "bob" }, want: passkey.ErrProof},
		"another key":           {expect: func(e *passkey.Expected) { e.PublicKey = other.PublicKey }, want: passkey.ErrProof},
		"no key":                {expect: func(e *passkey.Expected) { e.PublicKey = nil }, want: passkey.ErrProof},
		"nobody verified":       {expect: func(e *passkey.Expected) { e.VerifyUser = true }, want: passkey.ErrProof},
		"nobody there":          {change: func(a *passkeytest.Authenticator) { a.Absent = true }, want: passkey.ErrProof},
		"another kind":          {change: func(a *passkeytest.Authenticator) { a.Synced = true }, want: passkey.ErrProof},
		"another relying party": {change: func(a *passkeytest.Authenticator) { a.RPID = "example.org" }, want: passkey.ErrRelyingParty},
		"another site":          {origin: "https://example.org", want: passkey.ErrOrigin},
		"in a foreign frame":    {change: func(a *passkeytest.Authenticator) { a.CrossOrigin = true }, want: passkey.ErrOrigin},
		"another ceremony":      {change: func(a *passkeytest.Authenticator) { a.Type = "webauthn.create" }, want: passkey.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, from, e := a.Clone(), origin, expected(c, false)
			if test.change != nil {
				test.change(b)
			}
			if test.origin != "" {
				from = test.origin
			}
			if test.expect != nil {
				test.expect(&e)
			}
			text, err := b.Get(request(t, c), from)
			if err != nil {
				t.Fatal(err)
			}
			got, err := passkey.ParseAssertion(text)
			if err == nil {
				err = got.Verify(e)
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// TestTampered changes every member of a good response: none may still count.
func TestTampered(t *testing.T) {
	t.Parallel()
	a := &passkeytest.Authenticator{}
	c, err := register(t, a, origin, passkey.RelyingParty{ID: rpID})
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.Get(request(t, c), origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"clientDataJSON", "authenticatorData", "signature", "userHandle"} {
		var response map[string]any
		if err := json.Unmarshal(text, &response); err != nil {
			t.Fatal(err)
		}
		inner := response["response"].(map[string]any)
		value := []byte(inner[member].(string))
		middle := len(value) / 2
		if value[middle]++; !bytes.ContainsRune([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), rune(value[middle])) {
			value[middle] = 'A'
		}
		inner[member] = string(value)
		changed, err := json.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		got, err := passkey.ParseAssertion(changed)
		if err == nil {
			err = got.Verify(expected(c, false))
		}
		if err == nil {
			t.Errorf("a changed %s counts", member)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "null", "[]", `""`, "{}", "{", `{"id":"AAAA"}`,
		`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}`,
		`{"id":"AAAA","rawId":"AAAA","type":"password","response":{}}`,
		`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA","authenticatorData":"AAAA"}}`,
	} {
		if _, err := passkey.ParseRegistration([]byte(text)); !errors.Is(err, passkey.ErrMalformed) {
			t.Errorf("registration %s: %v", text, err)
		}
		if _, err := passkey.ParseAssertion([]byte(text)); !errors.Is(err, passkey.ErrMalformed) {
			t.Errorf("assertion %s: %v", text, err)
		}
	}
}

func TestCloned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, now uint32
		want        bool
	}{{0, 0, false}, {0, 1, false}, {1, 2, false}, {1, 1, true}, {2, 1, true}, {1, 0, true}} {
		if got := passkey.Cloned(c.before, c.now); got != c.want {
			t.Errorf("%d after %d: %v", c.now, c.before, got)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "platform", "iCloud Keychain"},
		{"00000000-0000-0000-0000-000000000000", "platform", "Passkey"},
		{"cb69481e-8ff7-4039-93ec-0a2729a154a8", "cross-platform", "Security key"},
	} {
		if got := passkey.Name(c[0], c[1]); got != c[2] {
			t.Errorf("%s: %s, want %s", c[0], got, c[2])
		}
	}
}

func FuzzResponses(f *testing.F) {
	a := &passkeytest.Authenticator{}
	text, err := a.Create(creation(f), origin)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	r, err := passkey.ParseRegistration(text)
	if err != nil {
		f.Fatal(err)
	}
	c, err := r.Verify(passkey.RelyingParty{ID: rpID})
	if err != nil {
		f.Fatal(err)
	}
	if text, err = a.Get(request(f, c), origin); err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(_ *testing.T, text []byte) {
		if r, err := passkey.ParseRegistration(text); err == nil {
			_, _ = r.Verify(passkey.RelyingParty{ID: rpID})
		}
		if a, err := passkey.ParseAssertion(text); err == nil {
			_ = a.Verify(expected(c, false))
		}
	})
}
