package credential

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash of RFC 6238 that every authenticator app knows
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// Time-based one-time passwords, RFC 6238 with the parameters of Cognito, which are those
// that authenticator apps take for granted: SHA-1, six digits, steps of 30 seconds from 1970.
const (
	totpDigits = 6
	totpStep   = 30 * time.Second
	// totpDrift is how many steps a user's clock may be off, either way.
	totpDrift = 1
	// seedSize gives a secret code of 52 characters, as long as AWS's.
	seedSize = 32
)

// totp returns the code of a step (RFC 4226, section 5.3).
func totp(seed []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%modulus)
}

// NewSeed makes the secret that an authenticator app shares.
func (s *Service) NewSeed() ([]byte, error) {
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(s.random, seed); err != nil {
		return nil, fmt.Errorf("make seed: %w", err)
	}
	return seed, nil
}

// SecretCode is a seed in the form in which users type it into their apps.
func SecretCode(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// MatchTOTP says whether code is one that an app with the seed shows now, or up to a step
// earlier or later by this server's clock, which development mode does not move. The proof
// must be spent before the code counts: each counts once.
func (s *Service) MatchTOTP(u *store.User, seed []byte, code string) (proof store.Proof, ok bool) {
	now := s.clock.Outside().Unix() / int64(totpStep/time.Second)
	step, found := int64(0), 0
	for at := now - totpDrift; at <= now+totpDrift; at++ {
		same := subtle.ConstantTimeCompare([]byte(totp(seed, at, totpDigits)), []byte(code))
		if found |= same; same == 1 {
			step = at
		}
	}
	if len(seed) == 0 || found == 0 {
		return store.Proof{}, false
	}
	key := sha256.Sum256(seal.Context("totp", string(u.ID[:]), string(seed), strconv.FormatInt(step, 10)))
	// Rows go by Clock.Now, whatever the step's own time says.
	return store.Proof{Key: key, Until: s.clock.Now().Add((2*totpDrift + 1) * totpStep)}, true
}
