package credential

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// NewCode returns a new one-time code of the given number of decimal digits, or the fixed
// code of Deps.
func (s *Service) NewCode(length int) (string, error) {
	if s.fixedCode != "" {
		return s.fixedCode, nil
	}
	return naming.Pick(s.random, digits, length)
}

// HashCode returns what is stored of a code: a MAC under the key ring, bound to the pool,
// the user and the purpose. A plain hash would be no protection, since all codes of six
// digits are tried in a moment.
func (s *Service) HashCode(pool store.PoolID, user store.UserID, purpose store.CodePurpose, code string) []byte {
	id := binary.BigEndian.AppendUint64(nil, uint64(pool))
	return s.store.Keyring().Derive(seal.Code, seal.Context(string(id), string(user[:]), string(purpose), code))
}

// MatchCode says, in constant time, whether hash is HashCode of the same arguments.
func (s *Service) MatchCode(hash []byte, pool store.PoolID, user store.UserID, purpose store.CodePurpose, code string) bool {
	return subtle.ConstantTimeCompare(hash, s.HashCode(pool, user, purpose, code)) == 1
}
