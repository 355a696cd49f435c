package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/seal"
)

// The ways in which AddPasskey refuses, besides those of every write.
var (
	// ErrSpent says that a proof was used before.
	ErrSpent = errors.New("store: the proof was used before")
	// ErrFull says that there are as many records as there may be.
	ErrFull = errors.New("store: there are as many records as there may be")
)

// Passkey is a WebAuthn credential of a user. All but its id and its time is sealed at rest.
type Passkey struct {
	Pool    PoolID    `json:"-"`
	User    UserID    `json:"-"`
	ID      string    `json:"-"` // the credential id, base64url without padding; unique in the pool
	Version int64     `json:"-"` // grows by one with each update
	Created time.Time `json:"-"`

	PublicKey []byte `json:"key"` // a COSE_Key (RFC 9052 section 7)
	// SignCount is the authenticator's counter of signatures when it was last seen; zero for
	// authenticators that do not count.
	SignCount    uint32 `json:"count"`
	RelyingParty string `json:"rp"` // the RP ID that the credential is scoped to
	AAGUID       []byte `json:"aaguid"`
	// Attachment and Transports are what the browser said of the authenticator, for browsers
	// to find it again.
	Attachment string   `json:"attachment,omitempty"`
	Transports []string `json:"transports,omitempty"`
	// BackupEligible and BackedUp say whether the credential may leave its authenticator, and
	// whether it has.
	BackupEligible bool `json:"be,omitempty"`
	BackedUp       bool `json:"bs,omitempty"`
}

// context is what a passkey's record is bound to.
func (p *Passkey) context() []byte {
	return poolContext(p.Pool, string(seal.Context("passkey", string(p.User[:]), p.ID)))
}

func (db *DB) sealPasskey(p *Passkey) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("store: encode a passkey: %w", err)
	}
	return db.keyring.Seal(seal.Credential, p.context(), plain)
}

func (db *DB) scanPasskey(scan scanner, pool PoolID, user UserID) (*Passkey, error) {
	p := &Passkey{Pool: pool, User: user}
	var sealed []byte
	if err := scan(&p.ID, &p.Version, at{&p.Created}, &sealed); err != nil {
		return nil, err
	}
	plain, err := db.keyring.Open(seal.Credential, p.context(), sealed)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, p); err != nil {
		return nil, fmt.Errorf("store: a passkey cannot be read: %w", err)
	}
	return p, nil
}

// AddPasskey gives a user another passkey and spends the proof that it was made for, both
// or neither. It counts the user's Version up, so that adding is ordered with all else that
// changes the user. The error is ErrNotFound when the user is gone, ErrSpent when the proof
// was used, ErrFull when the user has limit passkeys, *ExistsError when somebody in the
// pool has the credential.
func (db *DB) AddPasskey(ctx context.Context, p *Passkey, limit int, proof Proof) error {
	record, err := db.sealPasskey(p)
	if err != nil {
		return err
	}
	err = db.engine.write(ctx, false, func(t *tx) error {
		var version, n int64
		if found, err := t.query(`SELECT version FROM users WHERE pool = $1 AND uid = $2`, p.Pool, p.User).one(&version); err != nil || !found {
			return orNotFound(err)
		}
		if _, err := t.query(`SELECT COUNT(*) FROM passkeys WHERE pool = $1 AND uid = $2`, p.Pool, p.User).one(&n); err != nil {
			return err
		}
		if n >= int64(limit) {
			return ErrFull
		}
		if err := t.spendAll([]Proof{proof}); err != nil {
			return err
		}
		added, err := t.exec(`INSERT INTO passkeys (pool, credential_id, uid, version, created, record)
			VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (pool, credential_id) DO NOTHING`,
			p.Pool, p.ID, p.User, p.Created, record)
		if err != nil || added == 0 {
			return orError(err, &ExistsError{})
		}
		return t.must(`UPDATE users SET version = version + 1 WHERE pool = $1 AND uid = $2 AND version = $3`, p.Pool, p.User, version)
	})
	if err == nil {
		p.Version = 1
	}
	return err
}

// orError returns err, or the other error when there is none.
func orError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Passkeys returns the passkeys of a user, oldest first.
func (db *DB) Passkeys(ctx context.Context, pool PoolID, user UserID) (list []*Passkey, err error) {
	err = db.engine.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT credential_id, version, created, record FROM passkeys WHERE pool = $1 AND uid = $2`, pool, user).
			each(func(scan scanner) error {
				p, err := db.scanPasskey(scan, pool, user)
				list = append(list, p)
				return err
			})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *Passkey) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return list, nil
}

// UpdatePasskey changes what is known of a passkey in one transaction. mutate must be a pure
// function, because it runs again when someone else was faster; its error changes nothing
// and is returned as it is. Else the error is ErrNotFound when the user has no such passkey.
func (db *DB) UpdatePasskey(ctx context.Context, pool PoolID, user UserID, id string, mutate func(*Passkey) error) error {
	return db.engine.write(ctx, false, func(t *tx) error {
		var p *Passkey
		err := t.query(`SELECT credential_id, version, created, record FROM passkeys
			WHERE pool = $1 AND credential_id = $2 AND uid = $3`, pool, id, user).
			each(func(scan scanner) (err error) {
				p, err = db.scanPasskey(scan, pool, user)
				return err
			})
		if err != nil || p == nil {
			return orNotFound(err)
		}
		if err := mutate(p); err != nil {
			return err
		}
		record, err := db.sealPasskey(p)
		if err != nil {
			return err
		}
		return t.must(`UPDATE passkeys SET version = version + 1, record = $5
			WHERE pool = $1 AND credential_id = $2 AND uid = $3 AND version = $4`, pool, id, user, p.Version, record)
	})
}

// DeletePasskey takes a passkey from a user. The error is ErrNotFound when the user has no
// such passkey.
func (db *DB) DeletePasskey(ctx context.Context, pool PoolID, user UserID, id string) error {
	if !storable(id) {
		return ErrNotFound
	}
	return db.engine.write(ctx, false, func(t *tx) error {
		n, err := t.exec(`DELETE FROM passkeys WHERE pool = $1 AND credential_id = $2 AND uid = $3`, pool, id, user)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}
