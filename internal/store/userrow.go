package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/seal"
)

// userColumns are what scanUser reads; they need userJoins after the table users u. The
// user's failed passwords come along, so that a sign-in reads once.
const (
	userColumns = `u.pool, u.uid, u.version, u.sub, u.username, u.status, u.enabled, u.created, u.modified,
		u.auth_after, u.credential, u.attributes, u.pending, u.names, u.mfa,
		CASE WHEN EXISTS (SELECT 1 FROM memberships g WHERE g.pool = u.pool AND g.uid = u.uid) THEN 1 ELSE 0 END,
		COALESCE(a.n, 0), COALESCE(a.last, 0), COALESCE(a.until, 0)`
	userJoins = ` LEFT JOIN attempts a ON a.pool = u.pool AND a.uid = u.uid AND a.kind = '` + passwordFailures + `'`
)

// userRow is a user as the columns of its row have it.
type userRow struct {
	pool, version, status, enabled     int64
	grouped                            int64
	created, modified, authAfter       int64
	failures, lastFailure, lockedUntil int64
	sub, username                      string
	id, credential, names              []byte
	attributes, pending, mfa           []byte
}

// scan reads the columns before userColumns into first, and userColumns.
func (r *userRow) scan(scan scanner, first ...any) error {
	return scan(append(first, &r.pool, &r.id, &r.version, &r.sub, &r.username, &r.status, &r.enabled,
		&r.created, &r.modified, &r.authAfter, &r.credential, &r.attributes, &r.pending, &r.names,
		&r.mfa, &r.grouped, &r.failures, &r.lastFailure, &r.lockedUntil)...)
}

// scanUser reads and decodes a user.
func (db *DB) scanUser(scan scanner, first ...any) (*User, error) {
	var r userRow
	if err := r.scan(scan, first...); err != nil {
		return nil, err
	}
	return db.decodeUser(&r)
}

func (db *DB) decodeUser(r *userRow) (u *User, err error) {
	if len(r.id) != len(UserID{}) {
		return nil, errors.New("store: a user's id has a wrong length")
	}
	u = &User{
		Pool: PoolID(r.pool), ID: UserID(r.id), Version: r.version,
		Sub: r.sub, Username: r.username, Enabled: r.enabled != 0,
		Created: instant(r.created), Modified: instant(r.modified), AuthAfter: instant(r.authAfter),
		Grouped:  r.grouped != 0,
		Failures: Failures{Count: int(r.failures), Last: instant(r.lastFailure), Until: instant(r.lockedUntil)},
	}
	if u.Status, err = statusOf(r.status); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(r.attributes, &u.Attributes); err != nil {
		return nil, fmt.Errorf("store: a user's attributes cannot be read: %w", err)
	}
	if len(r.pending) > 0 {
		if err := json.Unmarshal(r.pending, &u.Pending); err != nil {
			return nil, fmt.Errorf("store: a user's pending attributes cannot be read: %w", err)
		}
	}
	if len(r.mfa) > 0 {
		if err := json.Unmarshal(r.mfa, &u.MFA); err != nil {
			return nil, fmt.Errorf("store: a user's second factors cannot be read: %w", err)
		}
	}
	if u.Keys, err = decodeKeys(r.names); err != nil {
		return nil, err
	}
	if len(r.credential) == 0 {
		return u, nil
	}
	plain, err := db.keyring.Open(seal.Credential, u.context(), r.credential)
	if err != nil {
		return nil, err
	}
	if u.Credential, err = decodeCredential(plain); err != nil {
		return nil, err
	}
	return u, nil
}

// context is what the user's sealed columns are bound to.
func (u *User) context() []byte { return poolContext(u.Pool, string(u.ID[:])) }

// encodeUser returns the columns that a user's changes go to. The error is ErrUnstorable
// when a text cannot be kept.
func (db *DB) encodeUser(u *User) (r *userRow, err error) {
	r = &userRow{authAfter: millis(u.AuthAfter), modified: millis(u.Modified), created: millis(u.Created)}
	if r.status, err = statusCode(u.Status); err != nil {
		return nil, err
	}
	if r.attributes, err = encodeMap(u.Attributes); err != nil {
		return nil, err
	}
	if len(u.Pending) > 0 {
		if r.pending, err = encodeMap(u.Pending); err != nil {
			return nil, err
		}
	}
	if r.mfa, err = u.MFA.encode(); err != nil {
		return nil, err
	}
	for _, k := range u.Keys {
		if !storable(k.Value) {
			return nil, ErrUnstorable
		}
	}
	r.names = encodeKeys(u.Keys)
	if u.Credential.isZero() {
		return r, nil
	}
	r.credential, err = db.keyring.Seal(seal.Credential, u.context(), encodeCredential(&u.Credential))
	return r, err
}

// encode returns the stored form, empty for the zero value.
func (m *MFA) encode() ([]byte, error) {
	if reflect.ValueOf(*m).IsZero() {
		return nil, nil
	}
	text, err := document(m)
	return []byte(text), err
}

func encodeMap(m map[string]string) ([]byte, error) {
	if len(m) == 0 {
		return []byte("{}"), nil
	}
	for name, value := range m {
		if !storable(name) || !storable(value) {
			return nil, ErrUnstorable
		}
	}
	return json.Marshal(m)
}

// The stored codes of names and states never change their meaning.

func (k KeyKind) code() int64 {
	switch k {
	case KeyUsername:
		return 1
	case KeySub:
		return 2
	case KeyEmail:
		return 3
	case KeyPhone:
		return 4
	case KeyPreferredUsername:
		return 5
	case KeyIdentity:
		return 6
	}
	return 0
}

func kindOf(code int64) KeyKind {
	kinds := [...]KeyKind{1: KeyUsername, KeySub, KeyEmail, KeyPhone, KeyPreferredUsername, KeyIdentity}
	if code < 0 || code >= int64(len(kinds)) {
		return ""
	}
	return kinds[code]
}

type userStatus = cognitoidp.UserStatusType

// userStatuses are the stored codes of statuses, by index.
func userStatuses() [9]userStatus {
	return [9]userStatus{
		1: cognitoidp.UserStatusTypeUnconfirmed,
		2: cognitoidp.UserStatusTypeConfirmed,
		3: cognitoidp.UserStatusTypeArchived,
		4: cognitoidp.UserStatusTypeCompromised,
		5: cognitoidp.UserStatusTypeUnknown,
		6: cognitoidp.UserStatusTypeResetRequired,
		7: cognitoidp.UserStatusTypeForceChangePassword,
		8: cognitoidp.UserStatusTypeExternalProvider,
	}
}

func statusCode(s userStatus) (int64, error) {
	for code, status := range userStatuses() {
		if status == s && code > 0 {
			return int64(code), nil
		}
	}
	return 0, fmt.Errorf("store: no user has the status %q", s)
}

func statusOf(code int64) (userStatus, error) {
	statuses := userStatuses()
	if code < 1 || code >= int64(len(statuses)) {
		return "", fmt.Errorf("store: no user status has the code %d", code)
	}
	return statuses[code], nil
}

// encodeKeys packs names as kind, length, value.
func encodeKeys(keys []Key) []byte {
	var b []byte
	for _, k := range keys {
		b = append(b, byte(k.Kind.code()))
		b = appendBytes(b, []byte(k.Value))
	}
	return b
}

var errPacked = errors.New("store: a packed column cannot be read")

func decodeKeys(b []byte) ([]Key, error) {
	var keys []Key
	u := unpacker{b: b}
	for len(u.b) > 0 && !u.bad {
		kind := kindOf(int64(u.b[0]))
		u.b = u.b[1:]
		u.bad = u.bad || kind == ""
		keys = append(keys, Key{kind, string(u.bytes())})
	}
	if u.bad {
		return nil, errPacked
	}
	return keys, nil
}

func (c *Credential) isZero() bool {
	return !c.HasPassword() && !c.Barred && len(c.Salt) == 0 && c.Set.IsZero() && c.TemporaryUntil.IsZero() &&
		len(c.History) == 0 && len(c.Seed) == 0 && len(c.NewSeed) == 0
}

// The first byte of a packed credential. The first format has no hashes and no seeds.
const (
	credentialFormat1 = 1
	credentialFormat2 = 2
)

// barredHash stands in the place of a hash where the password is barred. No hash is it.
const barredHash = "!"

// encodeCredential packs a credential: format, two times, salt, verifier, hash, both seeds,
// and the history as salts, verifiers and hashes to the end.
func encodeCredential(c *Credential) []byte {
	hash := c.Hash
	if c.Barred {
		hash = barredHash
	}
	b := []byte{credentialFormat2}
	b = binary.AppendVarint(b, millis(c.Set))
	b = binary.AppendVarint(b, millis(c.TemporaryUntil))
	for _, part := range [][]byte{c.Salt, c.Verifier, []byte(hash), c.Seed, c.NewSeed} {
		b = appendBytes(b, part)
	}
	for _, p := range c.History {
		for _, part := range [][]byte{p.Salt, p.Verifier, []byte(p.Hash)} {
			b = appendBytes(b, part)
		}
	}
	return b
}

func decodeCredential(b []byte) (Credential, error) {
	if len(b) == 0 || b[0] != credentialFormat1 && b[0] != credentialFormat2 {
		return Credential{}, errPacked
	}
	hashes := b[0] == credentialFormat2
	u := unpacker{b: b[1:]}
	c := Credential{Set: u.time(), TemporaryUntil: u.time(), Salt: u.bytes(), Verifier: u.bytes()}
	if hashes {
		c.Hash, c.Seed, c.NewSeed = string(u.bytes()), u.bytes(), u.bytes()
	}
	if c.Hash == barredHash {
		c.Hash, c.Barred = "", true
	}
	for len(u.b) > 0 && !u.bad {
		p := PastPassword{Salt: u.bytes(), Verifier: u.bytes()}
		if hashes {
			p.Hash = string(u.bytes())
		}
		c.History = append(c.History, p)
	}
	if u.bad {
		return Credential{}, errPacked
	}
	return c, nil
}

func appendBytes(b, value []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}

// unpacker reads packed values; bad stays set after the first that is not there.
type unpacker struct {
	b   []byte
	bad bool
}

func (u *unpacker) time() time.Time {
	ms, n := binary.Varint(u.b)
	if n <= 0 {
		u.bad = true
		return time.Time{}
	}
	u.b = u.b[n:]
	return instant(ms)
}

func (u *unpacker) bytes() []byte {
	size, n := binary.Uvarint(u.b)
	if n <= 0 || size > uint64(len(u.b)-n) {
		u.bad = true
		return nil
	}
	value := u.b[n : n+int(size)]
	u.b = u.b[n+int(size):]
	if len(value) == 0 {
		return nil
	}
	return value[:len(value):len(value)]
}
