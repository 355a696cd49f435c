package credential

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// ErrChanged is returned by the mutations of Replace and ReplaceTemporary when the user's
// password was changed between the read that was checked and the write.
var ErrChanged = errors.New("password changed meanwhile")

// New returns the credential for the first password of the user with the given canonical
// name: a verifier, or a hash in a pool that keeps hashes. It checks no policy.
func (s *Service) New(ctx context.Context, p *catalog.Pool, username, password string) (store.Credential, error) {
	if p.KeepsHashes() {
		text, err := s.newHash(ctx, password)
		return store.Credential{Hash: text, Set: s.clock.Now()}, err
	}
	salt, err := srp.NewSalt(s.random)
	if err != nil {
		return store.Credential{}, err
	}
	c := store.Credential{Salt: salt, Set: s.clock.Now()}
	err = s.compute(ctx, func() {
		c.Verifier = s.arithmetic.Verifier(identity(p, username), password, salt)
	})
	return c, err
}

// NewTemporary is New for a temporary password, valid for the pool's
// TemporaryPasswordValidityDays.
func (s *Service) NewTemporary(ctx context.Context, p *catalog.Pool, username, password string) (store.Credential, error) {
	c, err := s.New(ctx, p, username, password)
	c.TemporaryUntil = c.Set.Add(p.PasswordPolicy().TemporaryValidity)
	return c, err
}

// Replace checks the pool's password history and returns the mutation that makes password
// the user's permanent password. It sets nothing but the Credential: status is the
// caller's. A password that history refuses is a PasswordHistoryPolicyViolationException.
// The mutation returns ErrChanged when the record that it meets carries another password
// than u: the caller's proof, or the check of the history, would not hold for it.
func (s *Service) Replace(ctx context.Context, p *catalog.Pool, u *store.User, password string) (func(*store.User) error, error) {
	return s.replace(ctx, p, u, password, s.New)
}

// ReplaceTemporary is Replace for a temporary password.
func (s *Service) ReplaceTemporary(ctx context.Context, p *catalog.Pool, u *store.User, password string) (func(*store.User) error, error) {
	return s.replace(ctx, p, u, password, s.NewTemporary)
}

type maker func(ctx context.Context, p *catalog.Pool, username, password string) (store.Credential, error)

func (s *Service) replace(ctx context.Context, p *catalog.Pool, u *store.User, password string, create maker) (func(*store.User) error, error) {
	past := pastPasswords(p, u.Credential)
	if err := s.checkHistory(ctx, p, u.Username, password, past); err != nil {
		return nil, err
	}
	next, err := create(ctx, p, u.Username, password)
	if err != nil {
		return nil, err
	}
	// The new password takes one place of the history.
	if len(past) > 0 {
		next.History = past[:min(len(past), p.PasswordPolicy().History-1)]
	}
	before := u.Credential
	return func(fresh *store.User) error {
		if !samePassword(fresh.Credential, before) {
			return ErrChanged
		}
		keep(&next, fresh.Credential)
		fresh.Credential = next
		return nil
	}, nil
}

// keep lets a new password stand beside what is no password.
func keep(next *store.Credential, now store.Credential) {
	next.Seed, next.NewSeed = now.Seed, now.NewSeed
}

// pastPasswords returns the passwords that the pool's history forbids, the current one
// first.
func pastPasswords(p *catalog.Pool, c store.Credential) []store.PastPassword {
	var past []store.PastPassword
	if c.HasPassword() {
		past = append(past, store.PastPassword{Salt: c.Salt, Verifier: c.Verifier, Hash: c.Hash})
	}
	past = append(past, c.History...)
	return past[:min(len(past), p.PasswordPolicy().History)]
}

func (s *Service) checkHistory(ctx context.Context, p *catalog.Pool, username, password string, past []store.PastPassword) error {
	if len(past) == 0 {
		return nil
	}
	used := false
	err := s.compute(ctx, func() {
		for _, one := range past {
			used = used || one.Hash == "" && s.arithmetic.CheckPassword(identity(p, username), password, one.Salt, one.Verifier)
		}
	})
	// Each hash waits for its turn anew: a history of them takes a second.
	for i := 0; err == nil && !used && i < len(past); i++ {
		if past[i].Hash != "" {
			used, _, err = s.checkHash(ctx, past[i].Hash, password)
		}
	}
	if err == nil && used {
		return fault.PasswordHistoryPolicyViolation("Password has previously been used.") // wording unconfirmed
	}
	return err
}

// samePassword says whether two credentials hold the same password set at the same time:
// each setting draws a salt.
func samePassword(a, b store.Credential) bool {
	return bytes.Equal(a.Salt, b.Salt) && bytes.Equal(a.Verifier, b.Verifier) && a.Hash == b.Hash
}

// TemporaryExpired says whether the user's password is a temporary one past its time.
func TemporaryExpired(u *store.User, now time.Time) bool {
	until := u.Credential.TemporaryUntil
	return !until.IsZero() && !now.Before(until)
}

// VerifyPassword says whether password is u's. A nil u (unknown user), a Stranger, and a
// user without a password take the same time and are false. It counts nothing: see
// CheckLockout, Failed and Succeeded.
//
// A right password that is kept in another form than the pool's own, as an import brings
// it, is stored in the pool's form before VerifyPassword returns, and u's Credential with
// it. One write does so, and only while the password is the one that was checked.
func (s *Service) VerifyPassword(ctx context.Context, p *catalog.Pool, u *store.User, password string) (bool, error) {
	if u == nil {
		u = new(store.User)
	}
	switch {
	case u.Credential.Hash != "":
		return s.verifyHash(ctx, p, u, password)
	case p.KeepsHashes():
		return false, s.checkNoHash(ctx, password)
	}
	salt, verifier := s.verifier(p, u)
	ok := false
	err := s.compute(ctx, func() {
		ok = s.arithmetic.CheckPassword(identity(p, u.Username), password, salt, verifier)
	})
	return ok, err
}

// verifyHash is VerifyPassword for a password that is kept as a hash.
func (s *Service) verifyHash(ctx context.Context, p *catalog.Pool, u *store.User, password string) (bool, error) {
	ok, h, err := s.checkHash(ctx, u.Credential.Hash, password)
	if !ok || err != nil || p.KeepsHashes() && h.strong {
		return ok, err
	}
	next, err := s.New(ctx, p, u.Username, password)
	if err != nil {
		return false, err
	}
	before := u.Credential
	next.Set, next.TemporaryUntil, next.History = before.Set, before.TemporaryUntil, before.History
	stored, err := s.store.UpdateUser(ctx, u.Pool, u.ID, store.UpdateOptions{NoTouch: true}, func(fresh *store.User) error {
		if !samePassword(fresh.Credential, before) {
			return ErrChanged
		}
		keep(&next, fresh.Credential)
		fresh.Credential = next
		return nil
	})
	switch {
	case err == nil:
		u.Credential, u.Version = stored.Credential, stored.Version
		return true, nil
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case !errors.Is(err, ErrChanged):
		return false, err
	}
	// Another sign-in was faster, or another password was set: what is stored now decides.
	fresh, err := s.store.FindUser(ctx, u.Pool, store.Key{Kind: store.KeySub, Value: u.Sub})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	u.Credential, u.Version = fresh.Credential, fresh.Version
	return s.VerifyPassword(ctx, p, u, password)
}

// identity is who proves a password in the pool.
func identity(p *catalog.Pool, username string) srp.Identity {
	return srp.Identity{Group: naming.PoolName(p.ID()), User: username}
}
