package token

import (
	"context"
	"errors"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// RefreshToken is a refresh token that was good when it was opened, with its user.
type RefreshToken struct {
	User   *store.User
	origin *origin
	// superseded says that the token was rotated out and its grace is over.
	superseded bool
}

// DeviceKey returns the device that took part in the token's sign-in, empty for none.
func (t *RefreshToken) DeviceKey() string { return t.origin.DeviceKey }

// OpenRefresh reads a refresh token that came through the client, and its user, fresh. Its
// refusals are NotAuthorizedException (malformed, or another client's; expired; revoked or
// signed out everywhere; user disabled) and UserNotFoundException. deviceKey is the device
// that the request names; a token in which a device took part needs it, and ends when the
// device is forgotten.
func (s *Service) OpenRefresh(ctx context.Context, c *catalog.Client, raw, deviceKey string) (*RefreshToken, error) {
	t, err := s.openRefresh(ctx, c, raw, deviceKey)
	if err != nil {
		s.metrics.refresh(c, err)
	}
	return t, err
}

func (s *Service) openRefresh(ctx context.Context, c *catalog.Client, raw, deviceKey string) (*RefreshToken, error) {
	o, err := openRefresh(s.store.Keyring(), raw)
	switch {
	case err != nil:
		return nil, fault.NotAuthorized(textInvalidRefresh).Because(err)
	case o.Pool != c.Pool.Internal() || o.Client != c.ID() || o.DeviceKey != "" && o.DeviceKey != deviceKey:
		return nil, fault.NotAuthorized(textInvalidRefresh)
	case s.clock.Now().Unix() >= o.Expires:
		return nil, fault.NotAuthorized(textRefreshExpired)
	}
	u, state, err := s.store.TokenUser(ctx, o.Pool, o.Sub, o.OriginJTI, o.DeviceKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fault.UserNotFound(textNoUser).Because(err)
	case err != nil:
		return nil, err
	case state.Revoked || signedOut(u, o.AuthTime):
		return nil, fault.NotAuthorized(textRefreshRevoked)
	case state.Forgotten:
		return nil, fault.NotAuthorized(textInvalidRefresh)
	case !u.Enabled:
		return nil, fault.NotAuthorized(textUserDisabled)
	}
	return &RefreshToken{User: u, origin: o, superseded: state.Superseded(o.Generation, s.clock.Now())}, nil
}

// Renewal is one use of a refresh token.
type Renewal struct {
	Client catalog.ProvenClient
	Token  *RefreshToken // opened in this call
	Time   time.Time     // of the call
	Source trigger.TokenSource
	// Event is what PreTokenGeneration learns of the user.
	Event trigger.Subject
	// DeviceKey is the device that the access token is to name where the refresh token names
	// none, empty for none; NewDevice is one that the answer offers to make, nil for none.
	// Neither becomes part of the sign-in: a client that does not keep them goes on.
	DeviceKey string
	NewDevice *cognitoidp.NewDeviceMetadataType
}

// Refresh returns a new ID and access token of the sign-in, and a new refresh token where
// the client's refresh tokens rotate; only then does it write. A rotated token that comes
// again within the client's grace period, as retries do, gets the same successor once
// more. Later it is a RefreshTokenReuseException, and the whole sign-in is revoked: either
// the token or its successor is in wrong hands.
func (s *Service) Refresh(ctx context.Context, r Renewal) (*cognitoidp.AuthenticationResultType, error) {
	out, err := s.refresh(ctx, r)
	s.metrics.refresh(r.Client.Client(), err)
	if err == nil {
		s.metrics.issue(r.Client.Client(), grantRefresh)
	}
	return out, err
}

func (s *Service) refresh(ctx context.Context, r Renewal) (*cognitoidp.AuthenticationResultType, error) {
	o := *r.Token.origin
	// Before the rotation: a function that fails must not cost the user the sign-in.
	content, err := s.generate(ctx, r.Event, r.Source, r.Token.User, &o)
	if err != nil {
		return nil, err
	}
	rotating, grace := r.Client.Rotation()
	if !rotating && r.Token.superseded {
		// Turning rotation off gives no life back to the tokens that it took.
		return nil, fault.NotAuthorized(textRefreshRevoked)
	}
	if rotating {
		if err := s.rotate(ctx, r, &o, grace); err != nil {
			return nil, err
		}
	}
	shown := o
	switch {
	case o.DeviceKey != "":
	case r.NewDevice != nil:
		shown.DeviceKey = api.Value(r.NewDevice.DeviceKey)
	default:
		shown.DeviceKey = r.DeviceKey
	}
	out, err := s.signPair(ctx, pairing{
		client: r.Client, user: r.Token.User, origin: &shown, content: content, now: r.Time, refresh: true,
	})
	if err != nil {
		return nil, err
	}
	out.NewDeviceMetadata = r.NewDevice
	if !rotating {
		return out, nil
	}
	next, err := sealRefresh(s.store.Keyring(), &o)
	if err != nil {
		return nil, err
	}
	out.RefreshToken = &next
	return out, nil
}

// rotate moves o to the generation of the refresh token to issue.
func (s *Service) rotate(ctx context.Context, r Renewal, o *origin, grace time.Duration) error {
	outcome, err := s.store.Rotate(ctx, store.Rotation{
		Family: family(r.Client.Client(), o, r.Time), Generation: o.Generation, Grace: grace, Now: r.Time,
	})
	switch {
	case err != nil:
		return err
	case outcome.Reused:
		return fault.RefreshTokenReuse(textRefreshReused)
	case outcome.Revoked:
		return fault.NotAuthorized(textRefreshRevoked)
	}
	o.Generation = outcome.Generation
	return nil
}

// family names the sign-in o to the store, until the last of its tokens has expired: an
// access or ID token issued at the last moment outlives the refresh token.
func family(c *catalog.Client, o *origin, now time.Time) store.Family {
	last := now.Add(max(c.AccessTokenTTL(), c.IDTokenTTL()))
	if o.expires().After(last) {
		last = o.expires()
	}
	return store.Family{Pool: o.Pool, User: store.UserID(o.User), OriginJTI: o.OriginJTI, Expires: last}
}

// Revoke kills all tokens of the sign-in that a refresh token is of. Its refusals are
// UnsupportedTokenTypeException for an ID or access token, InvalidParameterException for
// what is no token, UnauthorizedException for another client's, and
// UnsupportedOperationException where the client's tokens cannot be revoked. A token that
// is revoked or expired already is a success.
func (s *Service) Revoke(ctx context.Context, c catalog.ProvenClient, raw string, now time.Time) error {
	if !c.Revocable() {
		return fault.UnsupportedOperation(textNotRevocable)
	}
	o, err := openRefresh(s.store.Keyring(), raw)
	if err != nil {
		if _, ok := split(raw); ok {
			return fault.UnsupportedTokenType(textWrongType)
		}
		return fault.InvalidParameter(textMalformed).Because(err)
	}
	if o.Pool != c.Pool.Internal() || o.Client != c.ID() {
		return fault.Unauthorized(textForeignToken)
	}
	if now.Unix() >= o.Expires {
		return nil
	}
	return s.store.RevokeFamily(ctx, family(c.Client(), o, now))
}
