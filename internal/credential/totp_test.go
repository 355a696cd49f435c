package credential_test

import (
	"testing"
	"time"

	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/store"
)

// The values of RFC 6238, appendix B (SHA-1) and of RFC 4226, appendix D.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := credential.TOTP(seed, at/30, 8); got != want {
			t.Errorf("at %d got %s, want %s", at, got, want)
		}
	}
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		if got := credential.TOTP(seed, int64(counter), 6); got != want {
			t.Errorf("counter %d gives %s, want %s", counter, got, want)
		}
	}
}

func TestMatchTOTP(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.client("TOTP").Pool
	u, other := e.user(p, "jane", ""), e.user(p, "joe", "")
	seed := must(e.NewSeed())(t)
	e.sleep(23 * time.Second) // to the beginning of a step
	step := e.time().Unix() / 30
	proofs := map[[32]byte]bool{}
	for at := step - 2; at <= step+2; at++ {
		proof, ok := e.MatchTOTP(u, seed, credential.TOTP(seed, at, 6))
		if near := at >= step-1 && at <= step+1; ok != near {
			t.Errorf("%d steps away: %v", at-step, ok)
		}
		if ok {
			proofs[proof.Key] = true
			if left := proof.Until.Sub(e.time()); left < time.Duration(at+2-step)*30*time.Second {
				t.Errorf("a spent code of %d steps away is remembered for %v", at-step, left)
			}
		}
	}
	now := credential.TOTP(seed, step, 6)
	same, _ := e.MatchTOTP(u, seed, now)
	others, _ := e.MatchTOTP(other, seed, now)
	again := must(e.NewSeed())(t)
	renewed, _ := e.MatchTOTP(u, again, credential.TOTP(again, step, 6))
	if !proofs[same.Key] || len(proofs) != 3 || proofs[others.Key] || proofs[renewed.Key] {
		t.Error("a proof does not stand for one code of one app of one user")
	}
	for _, bad := range []string{"", "0", now[:5], now + "0", " " + now, "abcdef", "１２３４５６"} {
		if _, ok := e.MatchTOTP(u, seed, bad); ok {
			t.Errorf("%q counts", bad)
		}
	}
	if proof, ok := e.MatchTOTP(u, nil, credential.TOTP(nil, step, 6)); ok || proof != (store.Proof{}) {
		t.Error("a code counts without an app")
	}
}

func TestSecretCode(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	code := credential.SecretCode(must(e.NewSeed())(t))
	if len(code) != 52 || code == credential.SecretCode(must(e.NewSeed())(t)) {
		t.Errorf("got %s", code)
	}
	if got := credential.SecretCode([]byte("12345678901234567890")); got != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("got %s", got)
	}
}
