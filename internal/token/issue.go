package token

import (
	"context"
	"errors"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Grant is a sign-in that has passed everything: what tokens are issued for. Only package
// signin makes one.
type Grant struct {
	Client  catalog.ProvenClient
	User    *store.User // read fresh in this call
	Time    time.Time   // of the call
	EventID string      // of the sign-in
	Source  trigger.TokenSource
	// Event is what PreTokenGeneration learns of the user.
	Event trigger.Subject
	// Scopes are those of the access token; none is that of an API sign-in, AdminScope.
	Scopes []string
	// DeviceKey is the device that proved itself, empty for none.
	DeviceKey string
	// NewDevice is a device that the sign-in offers to make; nil for none. It counts as the
	// one that took part.
	NewDevice *cognitoidp.NewDeviceMetadataType
}

// Issue returns the tokens of a new sign-in: ID, access and refresh token.
func (s *Service) Issue(ctx context.Context, g Grant) (*cognitoidp.AuthenticationResultType, error) {
	originJTI, err := naming.UUID(s.random)
	if err != nil {
		return nil, err
	}
	o := &origin{
		Pool: g.User.Pool, User: g.User.ID[:], Client: g.Client.ID(), Sub: g.User.Sub,
		OriginJTI: originJTI, EventID: g.EventID, DeviceKey: g.DeviceKey, Scopes: g.Scopes,
		AuthTime: authTime(g.Time, g.User),
		Expires:  g.Time.Add(g.Client.RefreshTokenTTL()).Unix(),
	}
	if g.NewDevice != nil {
		o.DeviceKey = api.Value(g.NewDevice.DeviceKey)
	}
	content, err := s.generate(ctx, g.Event, g.Source, g.User, o)
	if err != nil {
		return nil, err
	}
	out, err := s.signPair(ctx, pairing{client: g.Client, user: g.User, origin: o, content: content, now: g.Time})
	if err != nil {
		return nil, err
	}
	refresh, err := sealRefresh(s.store.Keyring(), o)
	if err != nil {
		return nil, err
	}
	out.RefreshToken, out.NewDeviceMetadata = &refresh, g.NewDevice
	s.metrics.issue(g.Client.Client(), grantSignIn)
	return out, nil
}

// authTime is the auth_time of a sign-in now. Signing out everywhere reaches some seconds
// ahead; a sign-in right after it takes the first time that counts again.
func authTime(now time.Time, u *store.User) int64 { return max(now.Unix(), u.AuthAfter.Unix()) }

// generate runs PreTokenGeneration, whose error refuses the tokens, and returns what goes
// into them: the user's groups, or those that the function puts in their place, and the
// function's other changes.
func (s *Service) generate(ctx context.Context, about trigger.Subject, source trigger.TokenSource, u *store.User, o *origin) (content, error) {
	groups, err := s.groupsOf(ctx, u)
	if err != nil {
		return content{}, err
	}
	answer, err := s.triggers.PreTokenGeneration(ctx, trigger.PreTokenGenerationEvent{
		Subject: about, Source: source, Groups: groups, Scopes: o.scopes(),
	})
	if answer.Groups != nil {
		groups = *answer.Groups
	}
	return content{groups, answer}, err
}

// pairing is what a pair of tokens is made for.
type pairing struct {
	client  catalog.ProvenClient
	user    *store.User
	origin  *origin
	content content
	now     time.Time
	refresh bool // of an earlier sign-in
}

// signPair returns a new ID and access token of a sign-in. Both signatures pass the gate as
// one piece of work.
func (s *Service) signPair(ctx context.Context, p pairing) (*cognitoidp.AuthenticationResultType, error) {
	c := p.client
	idJTI, err := naming.UUID(s.random)
	if err != nil {
		return nil, err
	}
	jti, err := naming.UUID(s.random)
	if err != nil {
		return nil, err
	}
	pair, err := s.keys.Pair(ctx, c.Pool.Internal())
	if err != nil {
		return nil, err
	}
	identities, err := p.user.Identities()
	if err != nil {
		return nil, err
	}
	rotating, _ := c.Rotation()
	about := &subject{
		client: c.Client(), user: p.user, issuer: s.Issuer(c.Pool), origin: p.origin, now: p.now,
		idJTI: idJTI, jti: jti, refresh: p.refresh, rotating: rotating, content: p.content, identities: identities,
	}
	idClaims, err := override(about.idClaims(), useID, c.ID(), p.content.change.IDToken)
	if err != nil {
		return nil, err
	}
	accessClaims, err := override(about.accessClaims(), useAccess, c.ID(), p.content.change.AccessToken)
	if err != nil {
		return nil, err
	}
	enter := s.gate.Enter
	if !p.refresh || rotating {
		// A sign-in has spent its proof and a rotation its token: sent away now, the caller
		// would come back with what no longer counts.
		enter = s.gate.Await
	}
	leave, err := enter(ctx)
	if errors.Is(err, gate.ErrBusy) {
		return nil, fault.TooManyRequests(textBusy).Because(err)
	}
	if err != nil {
		return nil, err
	}
	defer leave()
	id, err := sign(pair.ID, idClaims)
	if err != nil {
		return nil, err
	}
	access, err := sign(pair.Access, accessClaims)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AuthenticationResultType{
		IdToken: &id, AccessToken: &access, TokenType: new("Bearer"),
		ExpiresIn: new(int(c.AccessTokenTTL() / time.Second)),
	}, nil
}
