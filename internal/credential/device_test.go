package credential_test

import (
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

func TestDeviceSRP(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c, other := e.client("Device"), e.client("Other")
	u := e.user(c.Pool, "jane", password)
	made := func(key string) (*store.Device, string) {
		t.Helper()
		d := &store.Device{Pool: u.Pool, User: u.ID, Key: key, GroupKey: "-v7w9UcY6"}
		secret := must(srp.NewDeviceSecret(clock.Random(nil), srp.Identity{Group: d.GroupKey, User: key}))(t)
		var err error
		if d.Salt, d.Verifier, err = credential.ParseDeviceVerifier(secret.Salt, secret.Verifier); err != nil {
			t.Fatal(err)
		}
		return d, secret.Password
	}
	d, secret := made("us-east-1_a")
	second, _ := made("us-east-1_b")
	begin := func(password string) exchange {
		t.Helper()
		x := exchange{client: must(srp.NewClient(clock.Random(nil)))(t), timestamp: srp.Timestamp(e.time())}
		a := must(credential.ParseSRPA(x.client.A()))(t)
		x.challenge = must(e.StartDeviceSRP(t.Context(), c, u, d, a, credential.Exchange{EventID: "event"}))(t)
		block := must(base64.StdEncoding.DecodeString(x.challenge.SecretBlock))(t)
		id := srp.Identity{Group: d.GroupKey, User: d.Key}
		x.signature = must(x.client.Answer(id, password, x.challenge.Salt, x.challenge.B, block, x.timestamp))(t)
		return x
	}
	finish := func(x exchange, d *store.Device) bool {
		t.Helper()
		opened := must(e.OpenDeviceSRP(c, x.challenge.SecretBlock))(t)
		if opened.EventID != "event" || opened.DeviceKey != "us-east-1_a" || opened.Sub != u.Sub {
			t.Errorf("got %+v back", opened)
		}
		return must(e.FinishDeviceSRP(t.Context(), opened, d, x.timestamp, x.signature))(t)
	}
	x := begin(secret)
	if !finish(x, d) {
		t.Error("the right password does not prove")
	}
	changed := *d
	changed.Verifier = second.Verifier
	late := x
	late.timestamp = srp.Timestamp(e.time().Add(-6 * time.Minute))
	for name, ok := range map[string]bool{
		"wrong password": finish(begin("guess"), d), "another device": finish(x, second),
		"another verifier": finish(x, &changed), "old timestamp": finish(late, d),
	} {
		if ok {
			t.Errorf("%s: proves", name)
		}
	}

	// Blocks of devices and of users are no use to each other, nor to other clients.
	if _, err := e.OpenSRP(c, x.challenge.SecretBlock); err == nil {
		t.Error("a device's block opens as a user's")
	}
	if _, err := e.OpenDeviceSRP(c, e.begin(c, u, password, credential.Exchange{}).challenge.SecretBlock); err == nil {
		t.Error("a user's block opens as a device's")
	}
	if _, err := e.OpenDeviceSRP(other, x.challenge.SecretBlock); err == nil {
		t.Error("a block opens for another client")
	}
	e.sleep(c.SessionTTL())
	if _, err := e.OpenDeviceSRP(c, x.challenge.SecretBlock); err == nil {
		t.Error("a block opens after its time")
	}
}

func TestParseDeviceVerifier(t *testing.T) {
	t.Parallel()
	text := base64.StdEncoding.EncodeToString
	// 2^3072 - 2^3008 - 1 + 2^64 ([2^2942 pi] + 1690314), RFC 3526 section 4.
	prime, ok := new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"+
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"+
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"+
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"+
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"+
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
	if !ok {
		t.Fatal("no prime")
	}
	below := func(n int64) string {
		return text(append([]byte{0}, new(big.Int).Sub(prime, big.NewInt(n)).Bytes()...))
	}
	for name, tt := range map[string]struct {
		salt, verifier string
		good           bool
	}{
		"short":            {text([]byte{0}), text([]byte{2}), true},
		"padded":           {text([]byte{0, 0x8f}), text([]byte{0, 0, 0x80}), true},
		"largest":          {text(make([]byte, 64)), below(2), true},
		"no salt":          {"", text([]byte{2}), false},
		"long salt":        {text(make([]byte, 65)), text([]byte{2}), false},
		"salt no base64":   {"AA=", text([]byte{2}), false},
		"no verifier":      {text([]byte{1}), "", false},
		"zero":             {text([]byte{1}), text([]byte{0, 0}), false},
		"one":              {text([]byte{1}), text([]byte{0, 1}), false},
		"minus one":        {text([]byte{1}), below(1), false},
		"the prime":        {text([]byte{1}), below(0), false},
		"above the prime":  {text([]byte{1}), below(-2), false},
		"verifier no text": {text([]byte{1}), "?", false},
	} {
		salt, verifier, err := credential.ParseDeviceVerifier(tt.salt, tt.verifier)
		if tt.good && (err != nil || len(salt) == 0 || verifier[0] == 0) {
			t.Errorf("%s: %v", name, err)
		}
		if !tt.good && !fault.Is(err, "InvalidParameterException") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
