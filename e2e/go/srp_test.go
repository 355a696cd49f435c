package e2e

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The group of Cognito's SRP: RFC 3526 section 4, with generator 2. The code below is
// written from the published description of the protocol and shares nothing with the
// server's.
const srpPrime = `
FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD
EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED
EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F
83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B
E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510
15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7
ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C
BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF`

var (
	srpN = hexNumber(strings.ReplaceAll(srpPrime, "\n", ""))
	srpG = big.NewInt(2)
)

func hexNumber(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 16)
	if !ok {
		panic("not a hexadecimal number: " + text)
	}
	return n
}

// padded returns a number as Java's BigInteger.toByteArray does: a leading zero byte keeps
// it positive.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return b
}

func hashed(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// proof is one side of an exchange: the client's.
type proof struct{ a, A *big.Int }

// newProof returns a client with random numbers.
func newProof() *proof {
	secret := make([]byte, 32)
	rand.Read(secret)
	a := new(big.Int).SetBytes(secret)
	return &proof{a, new(big.Int).Exp(srpG, a, srpN)}
}

// newProofLike is newProof for rare numbers: it goes on from one to the next, which costs
// a multiplication instead of an exponentiation.
func newProofLike(accept func(A *big.Int) bool) *proof {
	p := newProof()
	for !accept(p.A) {
		p.a.Add(p.a, big.NewInt(1))
		p.A.Mul(p.A, srpG).Mod(p.A, srpN)
	}
	return p
}

// responses returns the answer to PASSWORD_VERIFIER.
func (p *proof) responses(pool, password string, challenge map[string]string) map[string]string {
	_, group, _ := strings.Cut(pool, "_")
	user := challenge["USER_ID_FOR_SRP"]
	out := p.claim(group, user, password, challenge)
	out["USERNAME"] = user
	return out
}

// secretOf returns x, which stands for a password.
func secretOf(group, user, password string, salt *big.Int) *big.Int {
	inner := sha256.Sum256([]byte(group + user + ":" + password))
	return hashed(padded(salt), inner[:])
}

// claim returns the proof of a user's or a device's password.
func (p *proof) claim(group, user, password string, challenge map[string]string) map[string]string {
	B := hexNumber(challenge["SRP_B"])
	x := secretOf(group, user, password, hexNumber(challenge["SALT"]))
	k := hashed(padded(srpN), padded(srpG))
	u := hashed(padded(p.A), padded(B))
	base := new(big.Int).Exp(srpG, x, srpN)
	base.Mul(base, k).Sub(B, base).Mod(base, srpN)
	S := base.Exp(base, new(big.Int).Add(p.a, new(big.Int).Mul(u, x)), srpN)
	key, err := hkdf.Key(sha256.New, padded(S), padded(u), "Caldera Derived Key", 16)
	if err != nil {
		panic(err)
	}
	block, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	if err != nil {
		panic(err)
	}
	timestamp := time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(group), []byte(user), block, []byte(timestamp)} {
		mac.Write(part)
	}
	return map[string]string{
		"TIMESTAMP": timestamp, "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

// startSRP begins a sign-in with USER_SRP_AUTH.
func (s *scene) startSRP(a app, p *proof, name string) (*idp.InitiateAuthOutput, error) {
	parameters := map[string]string{"USERNAME": name, "SRP_A": p.A.Text(16)}
	if h := a.hash(name); h != nil {
		parameters["SECRET_HASH"] = *h
	}
	return s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserSrpAuth, AuthParameters: parameters,
	})
}

// finishSRP answers PASSWORD_VERIFIER.
func (s *scene) finishSRP(a app, responses map[string]string) (*idp.RespondToAuthChallengeOutput, error) {
	if h := a.hash(responses["USERNAME"]); h != nil {
		responses["SECRET_HASH"] = *h
	}
	return s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: types.ChallengeNameTypePasswordVerifier, ChallengeResponses: responses,
	})
}

// signInSRP signs a user in without sending the password.
func (s *scene) signInSRP(a app, name, password string) (*idp.RespondToAuthChallengeOutput, error) {
	s.t.Helper()
	p := newProof()
	out, err := s.startSRP(a, p, name)
	if err != nil {
		return nil, err
	}
	return s.finishSRP(a, p.responses(a.pool, password, out.ChallengeParameters))
}

// Many random exchanges, for faults that hit one in hundreds.
func TestSRPAtRandom(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	for i := range 64 {
		if i%4 == 0 { // another salt
			u.password = "Corr3ct-horse!" + unique("")
			s.setPassword(a.pool, u.name, u.password)
		}
		if _, err := s.signInSRP(a, u.name, u.password); err != nil {
			t.Fatalf("sign-in %d: %v", i, err)
		}
	}
}

// The shapes of numbers that a padding fault would hit.
func TestSRPPadding(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(*big.Int) bool{
		"odd digits":      func(A *big.Int) bool { return len(A.Text(16))%2 == 1 },
		"top bit set":     func(A *big.Int) bool { return A.BitLen()%8 == 0 },
		"top bit clear":   func(A *big.Int) bool { return A.BitLen()%8 != 0 && len(A.Text(16))%2 == 0 },
		"a byte shorter":  func(A *big.Int) bool { return A.BitLen() <= srpN.BitLen()-8 },
		"leading nibbles": func(A *big.Int) bool { return A.BitLen() <= srpN.BitLen()-5 },
	}
	s := open(t)
	pool := s.pool()
	a := s.app(pool)
	for name, accept := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			secret := "pässwörd-" + unique("") + "-P1"
			u := s.member(pool)
			s.setPassword(pool, u.name, secret)
			p := newProofLike(accept)
			out := must(s.startSRP(a, p, u.name))(t)
			if out.Session != nil || out.ChallengeName != types.ChallengeNameTypePasswordVerifier {
				t.Errorf("got challenge %q with Session %v", out.ChallengeName, out.Session)
			}
			signedIn := must(s.finishSRP(a, p.responses(pool, secret, out.ChallengeParameters)))(t)
			if signedIn.AuthenticationResult == nil {
				t.Error("no tokens")
			}
		})
	}
}
