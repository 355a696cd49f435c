package token

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// AdminScope lets the holder of an access token manage its own profile. It is the scope of
// every API sign-in, and the operations that take an AccessToken ask for it.
const AdminScope = "aws.cognito.signin.user.admin"

// The values of token_use.
const (
	useID     = "id"
	useAccess = "access"
)

// The claims that a user's groups bring. Who is in none, or in none with a role, has no such
// claim.
const (
	claimGroups        = "cognito:groups"
	claimRoles         = "cognito:roles"
	claimPreferredRole = "cognito:preferred_role"
)

// subject is what the claims of a pair of tokens are made from.
type subject struct {
	client   *catalog.Client
	user     *store.User
	issuer   string
	origin   *origin
	now      time.Time
	idJTI    string
	jti      string // the access token's
	refresh  bool   // made by a refresh, not by a sign-in
	rotating bool
	content  content
	// identities are the user's at external providers.
	identities []store.Identity
}

// idClaims returns the payload of the ID token. Values are strings but for those that
// OpenID Connect Core 5.1 gives another type: the *_verified flags are booleans, address
// is an object, updated_at a number. Custom attributes are strings whatever their type. The
// identities are there whatever attributes the client may read.
func (s *subject) idClaims() []byte {
	o := newObject().text("sub", s.user.Sub).
		texts(claimGroups, s.content.groups.GroupsToOverride).texts(claimRoles, s.content.groups.IAMRolesToOverride)
	if s.content.groups.PreferredRole != "" {
		o = o.text(claimPreferredRole, s.content.groups.PreferredRole)
	}
	for _, name := range slices.Sorted(attributeNames(s.user, s.client)) {
		o = appendAttribute(o, name, s.user.Attributes[name])
	}
	o = o.identities(s.identities).text("iss", s.issuer).text("cognito:username", s.user.Username)
	if s.client.Revocable() || s.rotating {
		o = o.text("origin_jti", s.origin.OriginJTI)
	}
	o = o.text("aud", s.client.ID()).text("event_id", s.origin.EventID).text("token_use", useID)
	o = s.times(o, s.client.IDTokenTTL())
	if s.client.Revocable() || s.rotating {
		o = o.text("jti", s.idJTI)
	}
	return o.close()
}

// accessClaims returns the payload of the access token, which carries no attributes.
// Where a client's tokens rotate but cannot be revoked, AWS was seen to add origin_jti from
// the first refresh on.
func (s *subject) accessClaims() []byte {
	o := newObject().text("sub", s.user.Sub)
	if s.origin.DeviceKey != "" {
		o = o.text("device_key", s.origin.DeviceKey)
	}
	o = o.texts(claimGroups, s.content.groups.GroupsToOverride).text("iss", s.issuer).text("client_id", s.client.ID())
	if s.client.Revocable() || s.rotating && s.refresh {
		o = o.text("origin_jti", s.origin.OriginJTI)
	}
	o = o.text("event_id", s.origin.EventID).text("token_use", useAccess).text("scope", strings.Join(s.content.scopes(s.origin.scopes()), " "))
	o = s.times(o, s.client.AccessTokenTTL())
	return o.text("jti", s.jti).text("username", s.user.Username).close()
}

func (s *subject) times(o object, ttl time.Duration) object {
	return o.number("auth_time", s.origin.AuthTime).
		number("exp", s.now.Add(ttl).Unix()).
		number("iat", s.now.Unix())
}

// scopes returns the scopes that were granted, or that of an API sign-in.
func (o *origin) scopes() []string {
	if len(o.Scopes) == 0 {
		return []string{AdminScope}
	}
	return o.Scopes
}

// attributeNames yields the attributes of u that the client may read and that are claims as
// they are.
func attributeNames(u *store.User, c *catalog.Client) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range u.Attributes {
			if name != catalog.Identities && c.Readable(name) && !yield(name) {
				return
			}
		}
	}
}

func appendAttribute(o object, name, value string) object {
	switch name {
	case catalog.EmailVerified, catalog.PhoneNumberVerified:
		return o.boolean(name, strings.EqualFold(value, "true"))
	case "updated_at":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return o.number(name, n)
		}
	case "address":
		return o.raw(name, `{"formatted":`+string(appendString([]byte(nil), value))+`}`)
	}
	return o.text(name, value)
}
