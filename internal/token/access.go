package token

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// accessClaims is what CheckAccess reads of an access token.
type accessClaims struct {
	Sub       string `json:"sub"`
	Issuer    string `json:"iss"`
	ClientID  string `json:"client_id"`
	Username  string `json:"username"`
	OriginJTI string `json:"origin_jti"`
	EventID   string `json:"event_id"`
	DeviceKey string `json:"device_key"`
	Use       string `json:"token_use"`
	Scope     string `json:"scope"`
	AuthTime  int64  `json:"auth_time"`
	IssuedAt  int64  `json:"iat"`
	Expires   int64  `json:"exp"`
}

// CheckAccess says who presents an access token, and returns that user, read fresh. Its
// refusals, in this order, are NotAuthorizedException for a token that is malformed or
// foreign, has a bad signature or has expired; ResourceNotFoundException when its client
// is gone; NotAuthorizedException for one that was revoked or lacks the scope
// aws.cognito.signin.user.admin, UserNotFoundException, NotAuthorizedException for a
// disabled user, PasswordResetRequiredException and UserNotConfirmedException. No leeway
// is given: the clock that judges is the one that stamped.
func (s *Service) CheckAccess(ctx context.Context, raw string) (*api.UserPrincipal, *store.User, error) {
	pool, claims, err := s.verifyAccess(ctx, raw)
	if err != nil {
		return nil, nil, err
	}
	if _, err := s.catalog.ClientOf(ctx, pool.ID(), claims.ClientID); err != nil {
		return nil, nil, err
	}
	u, state, err := s.store.TokenUser(ctx, pool.Internal(), claims.Sub, claims.OriginJTI, "")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, err
	}
	scopes := strings.Fields(claims.Scope)
	if err := judgeAccess(u, state.Revoked, claims.AuthTime, scopes); err != nil {
		return nil, nil, err
	}
	return &api.UserPrincipal{
		PoolID: pool.ID(), ClientID: claims.ClientID,
		Sub: claims.Sub, Username: claims.Username,
		OriginJTI: claims.OriginJTI, EventID: claims.EventID, DeviceKey: claims.DeviceKey,
		Scopes:   scopes,
		AuthTime: time.Unix(claims.AuthTime, 0).UTC(), IssuedAt: time.Unix(claims.IssuedAt, 0).UTC(),
	}, u, nil
}

// verifyAccess judges what stands in the token itself.
func (s *Service) verifyAccess(ctx context.Context, raw string) (*catalog.Pool, *accessClaims, error) {
	jws, ok := split(raw)
	claims := new(accessClaims)
	if !ok || json.Unmarshal(jws.payload, claims) != nil || claims.Use != useAccess {
		return nil, nil, fault.NotAuthorized(textInvalidAccess)
	}
	poolID, ok := s.poolOf(claims.Issuer)
	if !ok {
		return nil, nil, fault.NotAuthorized(textInvalidAccess)
	}
	pool, err := s.catalog.Pool(ctx, poolID)
	if fault.Is(err, "ResourceNotFoundException") {
		return nil, nil, fault.NotAuthorized(textInvalidAccess).Because(err)
	}
	if err != nil {
		return nil, nil, err
	}
	pair, err := s.keys.Pair(ctx, pool.Internal())
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !jws.names(pair.Access):
		return nil, nil, fault.NotAuthorized(textInvalidAccess)
	case !jws.verify(pair.Access):
		return nil, nil, fault.NotAuthorized(textBadSignature)
	case s.clock.Now().Unix() >= claims.Expires:
		return nil, nil, fault.NotAuthorized(textAccessExpired)
	}
	return pool, claims, nil
}

// judgeAccess judges what became of the sign-in and of the user since; u is nil when
// there is no such user any more.
func judgeAccess(u *store.User, revoked bool, authTime int64, scopes []string) error {
	switch {
	case revoked || u != nil && signedOut(u, authTime):
		return fault.NotAuthorized(textAccessRevoked)
	case !slices.Contains(scopes, AdminScope):
		return fault.NotAuthorized(textMissingScope)
	case u == nil:
		return fault.UserNotFound(textNoUser)
	case !u.Enabled:
		return fault.NotAuthorized(textUserDisabled)
	case u.Status == cognitoidp.UserStatusTypeResetRequired:
		return fault.PasswordResetRequired(textResetRequired)
	case u.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return fault.UserNotConfirmed(textNotConfirmed)
	}
	return nil
}

// signedOut says whether the user was signed out everywhere after a sign-in at authTime.
func signedOut(u *store.User, authTime int64) bool { return authTime < u.AuthAfter.Unix() }
