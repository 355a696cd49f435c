package credential

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// ErrChanged is returned by the mutation of Replace when the user's password was changed
// between the read that was checked and the write.
var ErrChanged = errors.New("password changed meanwhile")

// New returns the credential for the first password of the user with the given canonical
// name. It checks no policy.
func (s *Service) New(ctx context.Context, p *catalog.Pool, username, password string) (store.Credential, error) {
	panic("signature only")
}

// NewTemporary is New for a temporary password, valid for the pool's
// TemporaryPasswordValidityDays.
func (s *Service) NewTemporary(ctx context.Context, p *catalog.Pool, username, password string) (store.Credential, error) {
	panic("signature only")
}

// Replace checks the pool's password history and returns the mutation that makes password
// the user's permanent password. It sets nothing but the Credential: status is the
// caller's. A password that history refuses is a PasswordHistoryPolicyViolationException.
// The mutation returns ErrChanged when the record that it meets carries another password
// than u: the caller's proof, or the check of the history, would not hold for it.
func (s *Service) Replace(ctx context.Context, p *catalog.Pool, u *store.User, password string) (func(*store.User) error, error) {
	panic("signature only")
}

// ReplaceTemporary is Replace for a temporary password.
func (s *Service) ReplaceTemporary(ctx context.Context, p *catalog.Pool, u *store.User, password string) (func(*store.User) error, error) {
	panic("signature only")
}

// VerifyPassword says whether password is u's. A nil u (unknown user), or one without a
// password, takes the same time and is false. It counts nothing: see CheckLockout, Failed
// and Succeeded.
func (s *Service) VerifyPassword(ctx context.Context, p *catalog.Pool, u *store.User, password string) (bool, error) {
	panic("signature only")
}

// CheckLockout refuses with NotAuthorizedException "Password attempts exceeded" while the
// user is locked. Every password attempt asks it first.
func (s *Service) CheckLockout(u *store.User) error { panic("signature only") }

// Failed counts a wrong password of a user that was not locked, and waits for the write.
func (s *Service) Failed(ctx context.Context, p *catalog.Pool, u *store.User) error {
	panic("signature only")
}

// Succeeded reads the failures again after a right password, refuses as CheckLockout does
// when attempts made meanwhile locked the user, and clears the count, waiting for the write
// when there is one to clear.
func (s *Service) Succeeded(ctx context.Context, p *catalog.Pool, u *store.User) error {
	panic("signature only")
}

// GeneratePassword returns a random password that satisfies the pool's policy.
func (s *Service) GeneratePassword(p *catalog.Pool) (string, error) { panic("signature only") }

// NewCode returns a new one-time code of the given number of decimal digits, or the fixed
// code of Deps.
func (s *Service) NewCode(digits int) (string, error) { panic("signature only") }

// HashCode returns what is stored of a code: a MAC under the key ring, bound to the pool,
// the user and the purpose.
func (s *Service) HashCode(pool store.PoolID, user store.UserID, purpose store.CodePurpose, code string) []byte {
	panic("signature only")
}

// MatchCode says, in constant time, whether hash is HashCode of the same arguments.
func (s *Service) MatchCode(hash []byte, pool store.PoolID, user store.UserID, purpose store.CodePurpose, code string) bool {
	panic("signature only")
}
