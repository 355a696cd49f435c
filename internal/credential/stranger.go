package credential

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// Stranger returns what stands in for the user of a name that nobody has, where a client
// hides which users exist: the same for the same pool and name on every node, with an
// identifier and a salt like those of real users, with failures that are counted and
// lock like theirs, and with a verifier that no password fits. It is stored nowhere but
// in its count of failures.
func (s *Service) Stranger(ctx context.Context, p *catalog.Pool, name string) (*store.User, error) {
	folded := p.Fold(store.KeyUsername, name)
	u := &store.User{
		Pool:    p.Internal(),
		ID:      store.UserID(s.derive(p, "id", folded)[:16]),
		Sub:     uuid(s.derive(p, "sub", folded)),
		Status:  cognitoidp.UserStatusTypeConfirmed,
		Enabled: true,
	}
	u.Username = folded
	if namedByServer(p, name) {
		u.Username = u.Sub
	}
	u.Credential.Salt, u.Credential.Verifier = srp.FakeVerifier(s.derive(p, "verifier", folded))
	var err error
	u.Failures, err = s.store.Failures(ctx, u.Pool, u.ID, store.FailedPassword)
	return u, err
}

// namedByServer says whether a user who was found by name would have another user name, made
// by the server: so it is in pools whose users sign up with an e-mail address or a phone
// number, and by an alias in the others.
func namedByServer(p *catalog.Pool, name string) bool {
	if uuidPattern.MatchString(name) {
		return false
	}
	aliases := p.AliasAttributes()
	return len(p.UsernameAttributes()) > 0 ||
		aliases.Has(catalog.Email) && strings.Contains(name, "@") ||
		aliases.Has(catalog.PhoneNumber) && strings.HasPrefix(name, "+")
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// verifier returns what the user's password is judged by. A user without a password has
// one that nothing fits, so that it costs the same and shows the same.
func (s *Service) verifier(p *catalog.Pool, u *store.User) (salt, verifier []byte) {
	if len(u.Credential.Verifier) > 0 {
		return u.Credential.Salt, u.Credential.Verifier
	}
	return srp.FakeVerifier(s.derive(p, "no password", string(u.ID[:])))
}

// derive returns 32 bytes that are always the same for a pool, a use and what they are
// derived from, and that nobody without the data keys can foretell.
func (s *Service) derive(p *catalog.Pool, use, from string) []byte {
	pool := strconv.FormatInt(int64(p.Internal()), 10)
	return s.store.Keyring().Derive(seal.UnknownUser, seal.Context("credential", use, pool, from))
}

// uuid returns a version 4 UUID (RFC 9562 section 5.4) of the first bytes.
func uuid(b []byte) string {
	id := [16]byte(b[:16])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return naming.FormatUUID(id)
}
