package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// Session is a user who is signed in. Its tokens are refreshed when they are needed; it
// ends with SignOut, GlobalSignOut or DeleteUser, or when the service refuses a refresh.
type Session struct {
	pool     *Pool
	username string

	// What became of the device at a sign-in that registered one.
	askToRemember bool
	deviceError   error

	mu      sync.Mutex
	tokens  Tokens
	ended   bool
	renewal *renewal // the refresh under way, nil when there is none

	// storing is held while tokens or their end are written to the storage, so that a
	// refresh that comes back after the end does not store the session again. It is
	// taken before mu.
	storing sync.Mutex
}

// CurrentSession returns the session of the user who signed in last, as the pool's
// storage holds it, or ErrNotSignedIn. It makes no call: whether the service still takes
// the session shows with the first one.
func (p *Pool) CurrentSession(ctx context.Context) (*Session, error) {
	username, err := p.sessions().lastUser(ctx)
	if err != nil {
		return nil, err
	}
	return p.User(username).Session(ctx)
}

// Session returns the user's session as the pool's storage holds it, or ErrNotSignedIn.
// The user must go by the name that sessions are stored under, Session.Username.
func (u *User) Session(ctx context.Context) (*Session, error) {
	tokens, err := u.pool.sessions().load(ctx, u.name)
	if err != nil {
		return nil, err
	}
	return &Session{pool: u.pool, username: u.name, tokens: tokens}, nil
}

// open makes and stores the session of a completed sign-in.
func (u *User) open(ctx context.Context, result *cognitoidp.AuthenticationResultType) (*Session, error) {
	tokens, err := u.pool.received(result)
	if err != nil {
		return nil, err
	}
	s := &Session{pool: u.pool, username: tokens.Access.claims.Username, tokens: tokens}
	if s.username == "" {
		s.username = u.name
	}
	if result.NewDeviceMetadata != nil {
		s.askToRemember, s.deviceError = s.pool.register(ctx, s.username, tokens.Access.JWT(), result.NewDeviceMetadata)
	}
	if err := s.pool.sessions().save(ctx, s.username, tokens); err != nil {
		return nil, err
	}
	return s, nil
}

// received decodes the tokens that the service has just answered.
func (p *Pool) received(result *cognitoidp.AuthenticationResultType) (Tokens, error) {
	if result == nil {
		return Tokens{}, fmt.Errorf("%w: no tokens", ErrBadAnswer)
	}
	tokens, err := parseTokens(api.Value(result.IdToken), api.Value(result.AccessToken), api.Value(result.RefreshToken))
	if err != nil {
		return Tokens{}, fmt.Errorf("%w: %w", ErrBadAnswer, err)
	}
	return tokens.receivedAt(p.cfg.Now()), nil
}

// Username returns the canonical user name, under which the session is stored: not an
// alias that the user may have signed in with.
func (s *Session) Username() string { return s.username }

// Tokens returns the tokens as they are, which may have expired.
func (s *Session) Tokens() Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// Valid says whether the session has not ended and neither token has expired, by this
// machine's clock corrected by the drift seen when the tokens came.
func (s *Session) Valid() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended && s.tokens.validAt(s.pool.cfg.Now())
}

// AccessToken returns an access token that is valid for a while, usually the one at hand;
// one that is about to expire is refreshed first. When that fails for a passing reason
// and the token at hand has not expired, it is returned.
func (s *Session) AccessToken(ctx context.Context) (string, error) {
	tokens, err := s.fresh(ctx)
	return tokens.Access.JWT(), err
}

// IDToken is like AccessToken for the ID token.
func (s *Session) IDToken(ctx context.Context) (string, error) {
	tokens, err := s.fresh(ctx)
	return tokens.ID.JWT(), err
}

// fresh returns tokens that need no refresh, or at least are valid.
func (s *Session) fresh(ctx context.Context) (Tokens, error) {
	tokens, ended := s.state()
	if ended {
		return Tokens{}, ErrNotSignedIn
	}
	if tokens.freshAt(s.pool.cfg.Now()) {
		return tokens, nil
	}
	err := s.renew(ctx, s.stale)
	tokens, ended = s.state()
	switch {
	case err == nil:
		return tokens, nil
	case s.usable(ctx, tokens, ended, err):
		return tokens, nil
	default:
		return Tokens{}, err
	}
}

// usable says whether tokens that could not be refreshed because of err serve a last time.
func (s *Session) usable(ctx context.Context, tokens Tokens, ended bool, err error) bool {
	if ended || ctx.Err() != nil || !tokens.validAt(s.pool.cfg.Now()) {
		return false
	}
	return tokens.Refresh == "" || worthRepeating(err)
}

func (s *Session) state() (tokens Tokens, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens, s.ended
}

// storeTime is how long a Storage may take for what has to be stored in any case.
const storeTime = 5 * time.Second

// outliving returns a context that goes on for a while after ctx has ended.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), storeTime)
}

// end ends the session here and in the storage, whatever becomes of ctx.
func (s *Session) end(ctx context.Context) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	ctx, cancel := outliving(ctx)
	defer cancel()
	return s.pool.sessions().clear(ctx, s.username)
}

// SignOut ends this session: its refresh token and the tokens made of it are revoked,
// where the app client allows that, and the storage forgets them. The session has ended
// here even when SignOut returns an error.
func (s *Session) SignOut(ctx context.Context) error {
	if _, ended := s.state(); ended {
		return ErrNotSignedIn
	}
	tokens := s.latest(ctx)
	err := s.end(ctx)
	// As amazon-cognito-identity-js: without origin_jti there is no revocation to ask for.
	if tokens.Refresh == "" || tokens.Access.claims.SignInID == "" {
		return err
	}
	_, revoked := call[cognitoidp.RevokeTokenResponse](ctx, s.pool, "RevokeToken", repeatable, &cognitoidp.RevokeTokenRequest{
		Token:        new(string(tokens.Refresh)),
		ClientId:     &s.pool.cfg.ClientID,
		ClientSecret: s.pool.clientSecret(),
	})
	return errors.Join(err, revoked)
}

// Forget ends this session on this side only: the storage forgets it and the service is
// told nothing, so whoever has its tokens may go on using them.
func (s *Session) Forget(ctx context.Context) error { return s.end(ctx) }

// GlobalSignOut ends all sessions of the user, on all devices. When the service refuses
// it, this session goes on.
func (s *Session) GlobalSignOut(ctx context.Context) error {
	_, err := authorised[cognitoidp.GlobalSignOutResponse](ctx, s, "GlobalSignOut", repeatable, func(token *string) any {
		return &cognitoidp.GlobalSignOutRequest{AccessToken: token}
	})
	if err != nil {
		return err
	}
	return s.end(ctx)
}
