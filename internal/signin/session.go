package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// session is the state of a sign-in between a challenge and its answer, as the client
// carries it. The pool and the client stand in the context of the envelope. It stays well
// below the 2,048 characters that a Session may have.
type session struct {
	Challenge cognitoidp.ChallengeNameType `json:"c"`
	Flow      cognitoidp.AuthFlowType      `json:"f"`
	Sub       string                       `json:"s"`
	Username  string                       `json:"u"` // canonical
	EventID   string                       `json:"e"`
	Expires   int64                        `json:"t"` // milliseconds since the epoch
	// State is the user's fingerprint when the challenge was posed.
	State []byte `json:"k"`

	text string
}

// fingerprint changes with the user's password and when the user is signed out everywhere:
// either ends the sign-ins that are under way.
func fingerprint(u *store.User) []byte {
	h := sha256.New()
	for _, part := range [][]byte{u.ID[:], u.Credential.Salt, u.Credential.Verifier} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(u.AuthAfter.UnixMilli())))
	return h.Sum(nil)[:16]
}

// concerns says whether the user is still as the session's was.
func (x *session) concerns(u *store.User) bool {
	return subtle.ConstantTimeCompare(x.State, fingerprint(u)) == 1
}

// sealSession returns the Session of a challenge posed to the attempt's user.
func (s *Service) sealSession(a *attempt, challenge cognitoidp.ChallengeNameType) (string, error) {
	plain, err := json.Marshal(session{
		Challenge: challenge, Flow: a.flow, Sub: a.user.Sub, Username: a.user.Username, EventID: a.eventID,
		Expires: a.now.Add(a.client.SessionTTL()).UnixMilli(), State: fingerprint(a.user),
	})
	if err != nil {
		return "", err
	}
	return s.store.Keyring().SealText(seal.Session, sessionContext(a.client), plain)
}

// openSession reads the Session with which the challenge is answered. Whatever is wrong
// with it but its age reads the same.
func (s *Service) openSession(c *catalog.Client, challenge cognitoidp.ChallengeNameType, text string, now time.Time) (*session, error) {
	plain, err := s.store.Keyring().OpenText(seal.Session, sessionContext(c), text)
	if err != nil {
		return nil, badSession(textSession)
	}
	x := &session{text: text}
	if err := json.Unmarshal(plain, x); err != nil || x.Challenge != challenge {
		return nil, badSession(textSession)
	}
	if now.UnixMilli() >= x.Expires {
		return nil, badSession(textSessionExpired)
	}
	return x, nil
}

// spend uses up a session with one awaited write; first is false where it was used before.
func (s *Service) spend(ctx context.Context, x *session) (first bool, err error) {
	return s.store.Spend(ctx, sha256.Sum256([]byte(x.text)), time.UnixMilli(x.Expires))
}

// stale is the error for a session whose user has changed since: most often because the
// session was answered already. It is dead, so asking may use it up.
func (s *Service) stale(ctx context.Context, x *session) error {
	first, err := s.spend(ctx, x)
	switch {
	case err != nil:
		return err
	case first:
		return badSession(textSession)
	default:
		return badSession(textSessionUsed)
	}
}

// sessionContext binds a Session to the pool and the client.
func sessionContext(c *catalog.Client) []byte {
	return seal.Context(strconv.FormatInt(int64(c.Pool.Internal()), 10), c.ID())
}
