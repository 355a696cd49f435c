package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// PoolID is a user pool's internal id: random and never used again, so that a pool that is
// made under the external id of a deleted one never meets the old pool's rows. Zero is none.
type PoolID int64

// UserID is a user's internal id. It has the layout of UUID version 7 (RFC 9562, section
// 5.7), so that users listed by it stand in the order of their creation.
type UserID [16]byte

// NewUserID makes the id of a user created at t.
func NewUserID(t time.Time, random io.Reader) (UserID, error) {
	var id UserID
	if _, err := io.ReadFull(random, id[6:]); err != nil {
		return UserID{}, fmt.Errorf("make user id: %w", err)
	}
	ms := uint64(t.UnixMilli())
	binary.BigEndian.PutUint16(id[:2], uint16(ms>>32))
	binary.BigEndian.PutUint32(id[2:6], uint32(ms))
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id, nil
}

// The kinds of failure that callers tell apart with errors.Is.
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("store: no such record")
	// ErrConflict says that the record was changed since it was read: a compare-and-swap lost.
	ErrConflict = errors.New("store: the record was changed by someone else")
	// ErrWrongMasterKey says that the database was made with another master key.
	ErrWrongMasterKey = errors.New("store: the database was made with another master key")
	// ErrUnstorable says that a text holds a NUL or is not UTF-8, which no engine can keep.
	ErrUnstorable = errors.New("store: a text with a NUL or invalid UTF-8 cannot be stored")
)

// ExistsError says that a name that must be unique is taken.
type ExistsError struct {
	// Kind tells which of a user's names it is; empty for pools, clients and access keys.
	Kind KeyKind
}

// Error names the kind of name, never the name itself.
func (e *ExistsError) Error() string {
	if e.Kind == "" {
		return "store: the id is in use"
	}
	return "store: the " + string(e.Kind) + " is in use"
}

// Pool is a user pool: its two generated records, which are the configuration.
type Pool struct {
	ID      PoolID
	Version int64 // grows by one with each update
	// Config is the pool as DescribeUserPool shows it, without the members that are
	// computed on reading (Domain, EstimatedNumberOfUsers).
	Config *cognitoidp.UserPoolType
	MFA    *cognitoidp.GetUserPoolMfaConfigResponse
}

// SigningKeys are the two private keys of a pool, PKCS#8 DER each; sealed at rest.
type SigningKeys struct{ ID, Access []byte }

// Client is an app client.
type Client struct {
	Pool    PoolID
	Version int64
	Config  *cognitoidp.UserPoolClientType // without ClientSecret
	Secrets []ClientSecret                 // oldest first; sealed at rest
}

// ClientSecret is one secret of an app client.
type ClientSecret struct {
	ID, Value string
	Created   time.Time
}

// The scopes of a Change.
const (
	ChangePool   = "pool"   // a pool was made, changed or deleted; ExternalID is the pool id
	ChangeClient = "client" // an app client was made, changed or deleted; ExternalID is the client id
	ChangeRates  = "rates"  // a request rate was provisioned; ExternalID is empty
	ChangeAll    = "all"    // everything may have changed; ExternalID is empty
)

// Change says that a configuration record was written.
type Change struct {
	At         time.Time // by the writing node's Clock.Outside
	Scope      string
	ExternalID string
}

// KeyKind is the kind of a name by which a user is found.
type KeyKind string

// The kinds of names. Within one pool and kind a name belongs to one user.
const (
	KeyUsername          KeyKind = "username"
	KeySub               KeyKind = "sub"
	KeyEmail             KeyKind = "email"
	KeyPhone             KeyKind = "phone_number"
	KeyPreferredUsername KeyKind = "preferred_username"
	KeyIdentity          KeyKind = "identity" // at an external provider; IdentityKey makes its value
)

// Key is a name by which a user is found. Value is folded by the caller where the pool
// ignores case.
type Key struct {
	Kind  KeyKind
	Value string
}

// User is a user of a pool.
type User struct {
	Pool          PoolID
	ID            UserID
	Version       int64 // grows by one with each update
	Sub, Username string
	Status        cognitoidp.UserStatusType
	Enabled       bool
	Created       time.Time
	Modified      time.Time
	// AuthAfter is a whole second; what was issued for a sign-in with an earlier auth_time is dead.
	AuthAfter  time.Time
	Attributes map[string]string // email_verified and its like are "true" or "false"; never sub
	Pending    map[string]string // attribute -> new value that waits for its verification
	Credential Credential        // sealed at rest
	MFA        MFA               // what the user has chosen of second factors
	// Grouped says that the user was in a group when it was read. Only membership writes it.
	Grouped bool
	Keys    []Key // every name that finds the user: username, sub, live aliases, identities
	// Failures counts failed passwords. It is read with the user; only CountFailure and
	// ClearFailures write it.
	Failures Failures
}

// Credential is what a user's password and time-based codes are judged by.
type Credential struct {
	Salt, Verifier []byte // SRP; empty = no password that SRP can prove
	// Hash is the password in a form that SRP cannot prove: argon2id where the pool asks for
	// it, or what an import brought. Empty where Verifier is set.
	Hash           string
	Set            time.Time // when the password was set
	TemporaryUntil time.Time // zero unless the password is temporary
	History        []PastPassword
	// Seed is the shared secret of the user's authenticator app (RFC 6238); empty = none.
	Seed []byte
	// NewSeed is a secret that was handed out and not yet verified.
	NewSeed []byte
	// Barred says that an administrator took the password away, and only an administrator
	// gives the user another one. Then there is neither Verifier nor Hash.
	Barred bool
}

// BarPassword takes the password away and bars the user from another one.
func (c *Credential) BarPassword() {
	c.Salt, c.Verifier, c.Hash = nil, nil, ""
	c.Set, c.TemporaryUntil, c.Barred = time.Time{}, time.Time{}, true
}

// HasPassword says whether any password can be right.
func (c *Credential) HasPassword() bool { return len(c.Verifier) > 0 || c.Hash != "" }

// PastPassword is an earlier password; the newest stands first in a history, the current
// one is not part of it. It has a verifier or a hash, as in Credential.
type PastPassword struct {
	Salt, Verifier []byte
	Hash           string
}

// MFA is what a user, or an administrator for the user, has chosen of second factors. That
// an authenticator app is set up shows in Credential.Seed.
type MFA struct {
	SMS   bool `json:"sms,omitempty"`
	Email bool `json:"email,omitempty"`
	TOTP  bool `json:"totp,omitempty"`
	// Passkeys says that a passkey with user verification counts as both factors.
	Passkeys bool `json:"passkeys,omitempty"`
	// Preferred is the factor that is asked for where several are chosen: SMS_MFA, EMAIL_OTP or
	// SOFTWARE_TOKEN_MFA; empty for none.
	Preferred cognitoidp.ChallengeNameType `json:"preferred,omitempty"`
	// Legacy are the attributes of MFAOptions, which SetUserSettings writes.
	Legacy []string `json:"legacy,omitempty"`
	// AppName is the FriendlyDeviceName of the authenticator app.
	AppName string `json:"app,omitempty"`
}

// Failures are failed attempts in a row and what follows from them.
type Failures struct {
	Count int
	Last  time.Time
	Until time.Time // locked before; zero is not locked
}

// FailureKind tells the counters of a user's failures apart.
type FailureKind uint8

// The counters of failures.
const (
	FailedPassword FailureKind = iota
	FailedMFA
)

// CodePurpose is what a code was sent for.
type CodePurpose string

// The purposes of codes. A user has at most one code of each, and one per attribute of the last.
const (
	CodeSignUp    CodePurpose = "signup"
	CodeReset     CodePurpose = "reset"
	CodeAttribute CodePurpose = "attribute"
)

// Code is a code that was sent to a user; only its hash is kept.
type Code struct {
	Purpose             CodePurpose
	Attribute           string // empty but for CodeAttribute
	Medium, Destination string
	Hash                []byte
	Created, Expires    time.Time
}

// CodeRef names the code that a change uses up.
type CodeRef struct {
	Purpose   CodePurpose
	Attribute string
	Hash      []byte
}

// Family is a sign-in whose refresh tokens live and die together. A device that was
// forgotten is a family, too: that of all sign-ins in which it took part.
type Family struct {
	Pool      PoolID
	User      UserID
	OriginJTI string    // of a sign-in, or the key of a device
	Expires   time.Time // when the last of its tokens has expired
}

// FamilyState is what became of a family. The zero value is that of a sign-in of which
// nothing is stored: neither revoked nor rotated.
type FamilyState struct {
	Revoked    bool
	Generation int       // of the newest refresh token
	GraceUntil time.Time // until when the one before it may come again
	// Forgotten says that the device that took part was forgotten.
	Forgotten bool
}

// Superseded says whether a refresh token of the given generation was rotated out, and its
// grace is over, at now.
func (f FamilyState) Superseded(generation int, now time.Time) bool {
	return generation < f.Generation-1 || generation == f.Generation-1 && !now.Before(f.GraceUntil)
}

// Rotation is the use of a refresh token of a client with rotation.
type Rotation struct {
	Family
	Generation int           // of the presented token; the token of the sign-in has 0
	Grace      time.Duration // how long a rotated token may be presented again
	Now        time.Time
}

// RotateOutcome is what became of a Rotation.
type RotateOutcome struct {
	Generation int  // of the token to issue
	Revoked    bool // the family is revoked
	Reused     bool // a rotated token came after its grace: the family is now revoked
}

// AccessKey is a key with which administrators sign their requests. The secret is sealed at rest.
type AccessKey struct {
	ID, Secret, User string
	Root, Disabled   bool
	Created          time.Time
}

// CreateOptions say what CreateUser does besides.
type CreateOptions struct {
	Code *Code // put in the same transaction
	// Steal lets e-mail and phone number keys move from their owner, whose attribute
	// becomes unverified, instead of failing with ExistsError.
	Steal bool
}

// UpdateOptions say what UpdateUser does besides, in the same transaction.
type UpdateOptions struct {
	UseCode       *CodeRef // deleted; ErrNotFound when there is no such code any more
	PutCode       *Code
	Spend         []Proof // ErrSpent when one was used before
	Steal         bool    // as in CreateOptions
	ClearFailures bool    // of the password
	NoTouch       bool    // leave Modified as it is
}

// ListQuery selects and pages users.
type ListQuery struct {
	// Attribute is empty for all users, or username, sub, email, phone_number, name,
	// given_name, family_name, preferred_username, cognito:user_status or status.
	Attribute string
	Prefix    bool   // Value is a prefix (^=), not the whole value (=)
	Value     string // as given
	// Folded is Value folded as the pool folds Key values; read for username and sub only.
	Folded string
	After  []byte // the next of the page before; nil for the first page
	Limit  int
}
