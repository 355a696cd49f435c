package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// session is the state of a sign-in between a challenge and its answer, as the client
// carries it. It stays well below the 2,048 characters that a Session may have.
type session struct {
	Pool      store.PoolID                 `json:"p"`
	Client    string                       `json:"i"`
	Challenge cognitoidp.ChallengeNameType `json:"c"`
	Flow      cognitoidp.AuthFlowType      `json:"f"`
	Sub       string                       `json:"s"`
	Username  string                       `json:"u"` // canonical
	EventID   string                       `json:"e"`
	Expires   int64                        `json:"t"` // milliseconds since the epoch
	// Risk is the sign-in as package risk sees it.
	Risk json.RawMessage `json:"r,omitempty"`
	// State is the user's fingerprint when the challenge was posed.
	State []byte `json:"k"`
	// Source is what the triggers at the end are told, where it is not a plain sign-in.
	Source trigger.TokenSource `json:"g,omitempty"`

	// First says that the challenge asks for a first factor that the user may choose. Name is
	// then the user's as typed, and Stranger 1 where nobody has it: an envelope shows its
	// length, which must not depend on whether the user exists.
	First    bool   `json:"q,omitempty"`
	Name     string `json:"n,omitempty"`
	Stranger int    `json:"z"`
	// Custom is the state of a custom sign-in, Kept the name under which the store keeps it.
	Custom json.RawMessage `json:"y,omitempty"`
	Kept   []byte          `json:"h,omitempty"`
	// Nonce is the challenge that a passkey is to sign.
	Nonce []byte `json:"w,omitempty"`

	// Code is the MAC of the code that was sent, where the challenge asks for one.
	Code []byte `json:"x,omitempty"`
	// Choices are what the challenge lets the user choose from.
	Choices []cognitoidp.ChallengeNameType `json:"o,omitempty"`
	// Seed is the secret of an authenticator app that is being set up.
	Seed []byte `json:"a,omitempty"`
	// SetUp says that what the challenge asked to set up is set up.
	SetUp bool `json:"d,omitempty"`

	// Device is the key of the device that takes part, empty for none.
	Device string `json:"v,omitempty"`
	// Leans says that the device stands in for a second factor that was not asked for.
	Leans bool `json:"l,omitempty"`
	// After is the proof of the session before, which the same step uses up: see follow.
	After []byte `json:"b,omitempty"`

	text string
	next *session // what its answer leads to, where that may be answered with this one
}

// with changes the session of a challenge before it is sealed.
type with func(*session)

// fingerprint changes with the user's password and authenticator app and when the user is
// signed out everywhere: each ends the sign-ins that are under way.
func fingerprint(u *store.User) []byte {
	h := sha256.New()
	for _, part := range [][]byte{
		u.ID[:], u.Credential.Salt, u.Credential.Verifier, []byte(u.Credential.Hash), u.Credential.Seed,
	} {
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

// newSession returns the state of a challenge posed to the attempt's user.
func newSession(a *attempt, challenge cognitoidp.ChallengeNameType) *session {
	x := &session{
		Pool: a.pool().Internal(), Client: a.client.ID(),
		Challenge: challenge, Flow: a.flow, Sub: a.user.Sub, Username: a.user.Username, EventID: a.eventID,
		Expires: a.now.Add(a.client.SessionTTL()).UnixMilli(), State: fingerprint(a.user),
		Risk: a.risk.Carry(),
	}
	if a.source != trigger.TokenAuthentication {
		x.Source = a.source
	}
	if a.device != nil {
		x.Device, x.Leans = a.device.Key, a.leans
	}
	if a.stranger {
		x.Stranger = 1
	}
	return x
}

// sealSession returns the Session that a client is handed.
func (s *Service) sealSession(x *session) (string, error) {
	plain, err := json.Marshal(x)
	if err != nil {
		return "", err
	}
	return s.store.Keyring().SealText(seal.Session, sessionContext(), plain)
}

// readSession reads a Session that answers the challenge. Whatever is wrong with it reads
// the same.
func (s *Service) readSession(challenge cognitoidp.ChallengeNameType, text string) (*session, error) {
	plain, err := s.store.Keyring().OpenText(seal.Session, sessionContext(), text)
	if err != nil {
		return nil, badSession(textSession)
	}
	x := &session{text: text}
	if err := json.Unmarshal(plain, x); err != nil || !x.takes(challenge) {
		return nil, badSession(textSession)
	}
	return x, nil
}

const deviceSRP = cognitoidp.ChallengeNameTypeDeviceSrpAuth

// follow lets DEVICE_SRP_AUTH, for which the session next is made, be answered with the
// session before, x, too: amazon-cognito-identity-js keeps no other after a second factor
// (sendMFACode). Both are then used up as one: by the step that the row of x opens. A
// session that a device leaned on is no such one: it does not tell which device that was.
func (x *session) follow(next *session) {
	key := x.proof().Key
	x.next, next.After = next, key[:]
}

// goBack takes the session before in place of that of DEVICE_SRP_AUTH. It is as old as it
// may be where its row says that it opens that step.
func (s *Service) goBack(ctx context.Context, x *session, now time.Time) error {
	key := x.proof().Key
	opens, err := s.store.OpensStep(ctx, key, string(deviceSRP), now)
	if err != nil {
		return err
	}
	if !opens {
		return badSession(textSession)
	}
	x.After = key[:]
	return nil
}

// takes says whether the session's challenge can be answered under a name: its own; for a
// first factor that the browser may not have, that of choosing another; and that of
// DEVICE_SRP_AUTH, of which goBack judges.
func (x *session) takes(challenge cognitoidp.ChallengeNameType) bool {
	return x.Challenge == challenge || challenge == deviceSRP ||
		x.Challenge == cognitoidp.ChallengeNameTypeWebAuthn && challenge == cognitoidp.ChallengeNameTypeSelectChallenge
}

// openSession reads the Session with which a client answers the challenge.
func (s *Service) openSession(ctx context.Context, c *catalog.Client, challenge cognitoidp.ChallengeNameType, text string, now time.Time) (*session, error) {
	x, err := s.readSession(challenge, text)
	if err != nil {
		return nil, err
	}
	if !x.of(c) {
		return nil, badSession(textSession)
	}
	if challenge == deviceSRP && x.Challenge != challenge {
		return x, s.goBack(ctx, x, now)
	}
	return x, x.alive(now)
}

// alive refuses a session that is too old.
func (x *session) alive(now time.Time) error {
	if now.UnixMilli() >= x.Expires {
		return badSession(textSessionExpired)
	}
	return nil
}

// of says whether the session was begun through the client.
func (x *session) of(c *catalog.Client) bool {
	return x.Client == c.ID() && x.Pool == c.Pool.Internal()
}

// proof is what uses a session up.
func (x *session) proof() store.Proof {
	p := store.Proof{Key: sha256.Sum256([]byte(x.text)), Until: time.UnixMilli(x.Expires)}
	if x.next != nil {
		p.Next, p.Until = string(x.next.Challenge), time.UnixMilli(max(x.Expires, x.next.Expires))
	}
	return p
}

// spend uses up a session with one awaited write; first is false where it was used before.
func (s *Service) spend(ctx context.Context, x *session) (first bool, err error) {
	if len(x.After) > 0 {
		return s.store.TakeStep(ctx, [32]byte(x.After), string(deviceSRP))
	}
	return s.store.SpendAll(ctx, x.proof())
}

// spendOnce uses up a session, or refuses where it was used before.
func (s *Service) spendOnce(ctx context.Context, x *session) error {
	first, err := s.spend(ctx, x)
	if err == nil && !first {
		err = badSession(textSessionUsed)
	}
	return err
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

// sessionContext tells these sessions from what else is sealed for the same purpose. Pool
// and client stand inside, since some answers do not name them.
func sessionContext() []byte { return seal.Context("sign-in") }
