package credential

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// ErrBlock says that a SECRET_BLOCK was not made for this client, was changed, or has
// expired.
var ErrBlock = errors.New("secret block cannot be used")

// timestampSkew is how far a client's TIMESTAMP may be off. AWS speaks of a few seconds;
// browsers' clocks are off by more, and the block's own lifetime bounds the exchange.
const timestampSkew = 5 * time.Minute

// ParseSRPA reads SRP_A. What is no number of the group, or zero in it, is an
// InvalidParameterException: with zero the proof would not depend on the password.
func ParseSRPA(text string) (*big.Int, error) {
	a, err := srp.ParseA(text)
	if err != nil {
		return nil, fault.InvalidParameter("Invalid SRP_A").Because(err) // wording unconfirmed
	}
	return a, nil
}

// Exchange is an SRP exchange under way, as its SECRET_BLOCK carries it from the node that
// began it to the one that finishes it.
type Exchange struct {
	// Name is the user's name as typed at the start, Username the canonical one.
	Name     string
	Username string
	Sub      string
	// Stranger says that the exchange is with a Stranger: its proof never holds.
	Stranger bool
	// EventID is the id of the sign-in, which began at the time Began.
	EventID string
	Began   time.Time
	// DeviceKey is the device that proves itself, where it is a device's exchange; in a
	// user's, the device that the client named at the start. Empty for none.
	DeviceKey string
	// InSession says that the exchange is part of a sign-in with Sessions: an answer counts
	// only with that of the sign-in.
	InSession bool

	a, b    *big.Int // the public numbers
	secret  []byte   // the server's exponent
	expires time.Time
	block   []byte // sealed
}

// SRPChallenge is what the client gets of an Exchange: SALT, SRP_B and SECRET_BLOCK.
type SRPChallenge struct{ Salt, B, SecretBlock string }

// CheckSRP refuses SRP in pools that keep no verifiers.
func CheckSRP(p *catalog.Pool) error {
	if p.KeepsHashes() {
		return fault.InvalidParameter(textNoSRP)
	}
	return nil
}

// textNoSRP is of a setting that is not AWS's.
const textNoSRP = "SRP is not available in this user pool: its tag cenote:password-hash makes it keep passwords as " +
	"hashes that SRP cannot prove. Send the password, as in USER_PASSWORD_AUTH."

// StartSRP begins an exchange with u, who may be a Stranger; x says with which name and in
// which sign-in. The exchange can be finished for as long as the client's Sessions last.
func (s *Service) StartSRP(ctx context.Context, c *catalog.Client, u *store.User, a *big.Int, x Exchange) (*SRPChallenge, error) {
	if err := CheckSRP(c.Pool); err != nil {
		return nil, err
	}
	salt, verifier := s.verifier(c.Pool, u)
	x.Username, x.Sub, x.a = u.Username, u.Sub, a
	return s.startSRP(ctx, c, salt, verifier, x, blockContext(c))
}

// startSRP begins the exchange x with who has the verifier, and seals it in a context.
func (s *Service) startSRP(ctx context.Context, c *catalog.Client, salt, verifier []byte, x Exchange, in []byte) (*SRPChallenge, error) {
	x.expires = s.clock.Now().Add(c.SessionTTL())
	x.secret = make([]byte, srp.SecretSize)
	if _, err := io.ReadFull(s.random, x.secret); err != nil {
		return nil, fmt.Errorf("make srp secret: %w", err)
	}
	if err := s.compute(ctx, func() { x.b = s.arithmetic.Challenge(x.secret, verifier) }); err != nil {
		return nil, err
	}
	block, err := s.sealExchange(&x, in)
	if err != nil {
		return nil, err
	}
	return &SRPChallenge{
		Salt:        new(big.Int).SetBytes(salt).Text(16),
		B:           x.b.Text(16),
		SecretBlock: base64.StdEncoding.EncodeToString(block),
	}, nil
}

// FinishSRP says whether signature, PASSWORD_CLAIM_SIGNATURE, proves that the client of
// the exchange has u's password. u is read fresh: another password than that of the start
// makes the proof false. It counts nothing and spends nothing.
func (s *Service) FinishSRP(ctx context.Context, p *catalog.Pool, x *Exchange, u *store.User, timestamp, signature string) (bool, error) {
	_, verifier := s.verifier(p, u)
	ok, err := s.finishSRP(ctx, identity(p, u.Username), verifier, x, timestamp, signature)
	return ok && !x.Stranger, err
}

func (s *Service) finishSRP(ctx context.Context, id srp.Identity, verifier []byte, x *Exchange, timestamp, signature string) (ok bool, err error) {
	at, err := srp.ParseTimestamp(timestamp)
	if err != nil || at.Sub(s.clock.Outside()).Abs() > timestampSkew {
		return false, nil
	}
	err = s.compute(ctx, func() {
		// The error is a number that is zero in the group: no proof can hold.
		if key, err := s.arithmetic.Key(x.a, x.b, x.secret, verifier); err == nil {
			ok = srp.CheckSignature(key, id, x.block, timestamp, signature)
		}
	})
	return ok, err
}

// Proof is what uses up an exchange whose proof held.
func (x *Exchange) Proof() store.Proof {
	return store.Proof{Key: sha256.Sum256(x.block), Until: x.expires}
}

// blockFields is the part of a sealed exchange that is not of a fixed size; the numbers
// stand before it. An envelope shows its length, so that of a block must not depend on
// whether the user exists.
type blockFields struct {
	Name      string `json:"n"`
	Username  string `json:"u"`
	Sub       string `json:"s"`
	Stranger  int    `json:"x"` // 0 or 1
	EventID   string `json:"e"`
	Began     int64  `json:"b"` // milliseconds since the epoch
	Expires   int64  `json:"t"` // milliseconds since the epoch
	Device    string `json:"d,omitempty"`
	InSession bool   `json:"i,omitempty"`
}

// publicSize is enough for any public number that ParseSRPA takes.
const publicSize = 385

// sealExchange returns the block: both public numbers, the server's exponent, the fields.
func (s *Service) sealExchange(x *Exchange, in []byte) ([]byte, error) {
	stranger := 0
	if x.Stranger {
		stranger = 1
	}
	fields, err := json.Marshal(blockFields{
		x.Name, x.Username, x.Sub, stranger, x.EventID, x.Began.UnixMilli(), x.expires.UnixMilli(), x.DeviceKey, x.InSession,
	})
	if err != nil {
		return nil, err
	}
	plain := make([]byte, 2*publicSize, 2*publicSize+len(x.secret)+len(fields))
	x.a.FillBytes(plain[:publicSize])
	x.b.FillBytes(plain[publicSize:])
	plain = append(append(plain, x.secret...), fields...)
	return s.store.Keyring().Seal(seal.SecretBlock, in, plain)
}

// OpenSRP reads PASSWORD_CLAIM_SECRET_BLOCK. Its error is ErrBlock.
func (s *Service) OpenSRP(c *catalog.Client, secretBlock string) (*Exchange, error) {
	return s.openExchange(secretBlock, blockContext(c))
}

func (s *Service) openExchange(secretBlock string, in []byte) (*Exchange, error) {
	// The decoder skips line breaks even in strict mode.
	if strings.ContainsAny(secretBlock, "\r\n") {
		return nil, ErrBlock
	}
	block, err := base64.StdEncoding.Strict().DecodeString(secretBlock)
	if err != nil {
		return nil, ErrBlock
	}
	plain, err := s.store.Keyring().Open(seal.SecretBlock, in, block)
	if err != nil || len(plain) < 2*publicSize+srp.SecretSize {
		return nil, ErrBlock
	}
	numbers, rest := plain[:2*publicSize], plain[2*publicSize:]
	var f blockFields
	if err := json.Unmarshal(rest[srp.SecretSize:], &f); err != nil {
		return nil, ErrBlock
	}
	x := &Exchange{
		Name: f.Name, Username: f.Username, Sub: f.Sub, Stranger: f.Stranger != 0, EventID: f.EventID, Began: time.UnixMilli(f.Began),
		DeviceKey: f.Device, InSession: f.InSession,
		a:       new(big.Int).SetBytes(numbers[:publicSize]),
		b:       new(big.Int).SetBytes(numbers[publicSize:]),
		secret:  rest[:srp.SecretSize:srp.SecretSize],
		expires: time.UnixMilli(f.Expires),
		block:   block,
	}
	if !s.clock.Now().Before(x.expires) {
		return nil, ErrBlock
	}
	return x, nil
}

// blockContext binds a block to the pool and the client.
func blockContext(c *catalog.Client) []byte {
	return seal.Context(strconv.FormatInt(int64(c.Pool.Internal()), 10), c.ID())
}
