package srp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/cenote-id/cenote/internal/srp"
)

// vector is an exchange computed by amazon-cognito-identity-js's AuthenticationHelper.
// The numbers of the group stand as the SHA-256 of their padded form.
type vector struct {
	name           string
	id             srp.Identity
	password, salt string
	x, v, b, u, s  string
	key, signature string
}

const (
	vectorSecretA = "4e1195df020de59e0d65a33a4279f1183e7ae4e5d980e309f8b55adff2e61c3ef55ff16f66f43360266b95db6f8fec01" +
		"d76031054306ae4a4b380598f6cfd1142c3a4249d77070058649dbd822dcaf7957586fce428cfb2ca88b94741eda8b07" +
		"f46dd28a5499d8efef0b8fb8ee1ec1c5a5e407c9381741d576ba8deb4f59ec3f"
	vectorSecretB = "c02c0b965e023abee808f2b548d8d5193a8b5229be6f3121a6f16e2d41a449b37dc96f776c8423e57a2785489a3f9c43" +
		"fb6e756876d6ad9a9cac4aa4e72ec1934814d92093ac8a0f4a2163ab87dee509ba306a58f5888be0edcb2fcd0712028b" +
		"76a8277347f52530e1cf979175a178980b3a180d176165c985d85f7e142f1eed"
	vectorBlock     = "aAOFxrpzUNo1J5u4QInZMg=="
	vectorTimestamp = "Tue Mar 3 09:05:07 UTC 2026"
	vectorA         = "dd62143584316bf68e178e3f906b8e7d01859f49f2f4cb307cefb1f6257b4ce6"
)

func vectors() []vector {
	return []vector{
		{
			name:      "user",
			id:        srp.Identity{Group: "AbCdEfGhI", User: "34c84488-e0e1-70ae-d2ee-991ad1a898c8"},
			password:  "Passw0rd!",
			salt:      "8f1c2e3d4b5a69788796a5b4c3d2e1f0", // top bit set
			x:         "479085ce1f422ce1f1a0ee9ac6f7e24d799cf1a3768d18709d4ec889332fce08",
			v:         "61443456ae27e4f5aca7bd4d19ee53cfc869ef28958f3d913454208def71a5d5",
			b:         "fe83fd144d57ca6dcfcfa915585047894d212b2f1a1a53defb715d7503e65e46",
			u:         "fc8ed9d8b1a569aa41b35d614e0a9e48d4080e8641f5599d4277cf1b7602c8fb",
			s:         "f027e2884ec9035813ae416f0aa192f49ab1d98880fbae67b21aa91ef7893dfb",
			key:       "3d3dc2c8b12c52a201178c3f0c378650",
			signature: "H8Qn6Qu846Z6M3teu9/t2qeOaqLJo2qYHFtWZpMWMDw=",
		},
		{
			name:      "device",
			id:        srp.Identity{Group: "-v7w9UcY6", User: "us-east-1_a1b2c3d4-5678-90ab-cdef-111111111111"},
			password:  "r4nd0mDevicePassw0rd",
			salt:      "0a1c2e3d4b5a69788796a5b4c3d2e1f0", // leading zero digit
			x:         "889a5c505459ede33e065c3b4245b3fc3e0a82d861c4cd97261cb4f7318fb445",
			v:         "499c834769c3c423a45b79cf6358ab16d9d753bd1b974a26d9bd26550f95e443",
			u:         "7eadaf7ad34b7e836bbeb7a39b24bf3f10bf1bea0a5ade0787563fbb6e9efc4c",
			key:       "11aaabf9972af0a05df24a0271dbbab4",
			signature: "JjqkbRFV8HeX6WB0pLOD965bWw6FauAg/ZQ/aUKiz1Y=",
		},
	}
}

func TestMultiplier(t *testing.T) {
	t.Parallel()
	if got := srp.K().Text(16); got != "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6" {
		t.Errorf("k = %s", got)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for name, m := range arithmetics(t) {
		for _, tt := range vectors() {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				tt.check(t, m)
			})
		}
	}
}

func (tt vector) check(t *testing.T, m *srp.Arithmetic) {
	t.Helper()
	salt, block := unhex(t, tt.salt), unbase64(t, vectorBlock)
	is := func(what, got, want string) {
		t.Helper()
		if want != "" && got != want {
			t.Errorf("%s = %s, want %s", what, got, want)
		}
	}
	is("x", srp.X(tt.id, tt.password, salt).Text(16), tt.x)
	verifier := m.Verifier(tt.id, tt.password, salt)
	v := new(big.Int).SetBytes(verifier)
	is("v", fingerprint(v), tt.v)

	client := srp.ClientWithSecret(unhex(t, vectorSecretA))
	is("A", fingerprint(client.Public()), vectorA)
	secret := unhex(t, vectorSecretB)
	b := m.Challenge(secret, verifier)
	is("B", fingerprint(b), tt.b)
	u, err := srp.Scramble(client.Public(), b)
	if err != nil {
		t.Fatal(err)
	}
	is("u", u.Text(16), tt.u)
	is("S", fingerprint(m.Premaster(client.Public(), u, v, new(big.Int).SetBytes(secret))), tt.s)

	key, err := m.Key(client.Public(), b, secret, verifier)
	if err != nil {
		t.Fatal(err)
	}
	is("K of the server", hex.EncodeToString(key), tt.key)
	clientKey, err := client.Key(tt.id, tt.password, salt, b)
	if err != nil {
		t.Fatal(err)
	}
	is("K of the client", hex.EncodeToString(clientKey), tt.key)

	is("signature", base64.StdEncoding.EncodeToString(srp.Signature(key, tt.id, block, vectorTimestamp)), tt.signature)
	answer, err := client.Answer(tt.id, tt.password, tt.salt, b.Text(16), block, vectorTimestamp)
	if err != nil {
		t.Fatal(err)
	}
	is("answer", answer, tt.signature)
	if !srp.CheckSignature(key, tt.id, block, vectorTimestamp, answer) {
		t.Error("the proof was refused")
	}
}

// fingerprint is how the vectors write numbers of the group.
func fingerprint(n *big.Int) string {
	sum := sha256.Sum256(srp.Pad(n))
	return hex.EncodeToString(sum[:])
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func unbase64(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
