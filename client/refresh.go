package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// need says whether tokens still have to be refreshed.
type need func(Tokens) bool

// stale needs a refresh of tokens that are about to expire.
func (s *Session) stale(tokens Tokens) bool { return !tokens.freshAt(s.pool.cfg.Now()) }

// always needs a refresh whatever the tokens are.
func always(Tokens) bool { return true }

// refused needs a refresh while the access token is the one that the service refused.
func refused(token string) need {
	return func(tokens Tokens) bool { return tokens.Access.JWT() == token }
}

// renewal is a refresh that several goroutines wait for.
type renewal struct {
	done chan struct{} // closed when the rest is set
	err  error
	// abandoned says that the goroutine that made the calls was stopped by its own
	// context, which says nothing to the others.
	abandoned bool
}

// Refresh gets new tokens now, so that they carry changed attributes and groups. Otherwise
// there is no need to call it: AccessToken, IDToken and every call refresh by themselves.
func (s *Session) Refresh(ctx context.Context) error { return s.renew(ctx, always) }

// renew refreshes the session as long as needed says so. One goroutine makes the calls,
// the others wait for it.
func (s *Session) renew(ctx context.Context, needed need) error {
	for {
		r, mine, err := s.join(needed)
		if err != nil || r == nil {
			return err
		}
		if mine {
			s.lead(ctx, r, needed)
			return r.err
		}
		select {
		case <-r.done:
			if r.err != nil && !r.abandoned {
				return r.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// join returns the refresh under way, or a new one that the caller has to lead. It
// returns none when the session needs no refresh any more.
func (s *Session) join(needed need) (r *renewal, mine bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return nil, false, ErrNotSignedIn
	case s.renewal != nil:
		return s.renewal, false, nil
	case !needed(s.tokens):
		return nil, false, nil
	}
	s.renewal = &renewal{done: make(chan struct{})}
	return s.renewal, true, nil
}

func (s *Session) lead(ctx context.Context, r *renewal, needed need) {
	defer func() {
		s.mu.Lock()
		s.renewal = nil
		s.mu.Unlock()
		close(r.done)
	}()
	r.err = s.refresh(ctx, needed)
	r.abandoned = r.err != nil && ctx.Err() != nil
}

// refresh gets new tokens: from the storage, where another process that shares it was
// faster, or from the service.
func (s *Session) refresh(ctx context.Context, needed need) error {
	release, err := s.pool.sessions().lock(ctx, s.username)
	if err != nil {
		return err
	}
	defer release()
	tokens := s.latest(ctx)
	if !needed(tokens) {
		return s.adopt(ctx, tokens, false)
	}
	if tokens.Refresh == "" {
		return fmt.Errorf("%w any more: there is no refresh token", ErrNotSignedIn)
	}
	renewed, err := s.pool.refreshTokens(ctx, s.username, tokens)
	if endsSession(err) {
		return fmt.Errorf("%w any more: %w", ErrNotSignedIn, errors.Join(err, s.end(ctx)))
	}
	if err != nil {
		return err
	}
	return s.adopt(ctx, renewed, true)
}

// latest returns the tokens that the storage holds of this session, or those at hand
// where it holds none, or those of another sign-in.
func (s *Session) latest(ctx context.Context) Tokens {
	tokens := s.Tokens()
	stored, err := s.pool.sessions().load(ctx, s.username)
	if err != nil || stored.Access.claims.SignInID != tokens.Access.claims.SignInID {
		return tokens
	}
	return stored
}

// adopt makes tokens those of the session, unless it has ended meanwhile.
func (s *Session) adopt(ctx context.Context, tokens Tokens, store bool) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return ErrNotSignedIn
	}
	s.tokens = tokens
	s.mu.Unlock()
	if !store {
		return nil
	}
	// A rotated token that is not stored is lost.
	ctx, cancel := outliving(ctx)
	defer cancel()
	return s.pool.sessions().save(ctx, s.username, tokens)
}

// endsSession says whether a refused refresh means that the session is over.
func endsSession(err error) bool {
	return errors.Is(err, ErrNotAuthorized) || errors.Is(err, ErrRefreshTokenReuse) || errors.Is(err, ErrUserNotFound)
}

// refreshTokens asks the service for new tokens. App clients with and without refresh
// token rotation are served by different operations, and nothing but a refusal says which
// kind this one is; it is remembered.
func (p *Pool) refreshTokens(ctx context.Context, username string, tokens Tokens) (Tokens, error) {
	if p.rotates.Load() {
		return p.rotateTokens(ctx, tokens)
	}
	renewed, err := p.exchangeTokens(ctx, username, tokens)
	// A client with rotation may also lack the flow that the first operation needs.
	if !errors.Is(err, ErrUnsupportedOperation) && !errors.Is(err, ErrInvalidParameter) {
		return renewed, err
	}
	renewed, err = p.rotateTokens(ctx, tokens)
	if err == nil {
		p.rotates.Store(true)
	}
	return renewed, err
}

const refreshFlow = Flow(cognitoidp.AuthFlowTypeRefreshTokenAuth)

// exchangeTokens refreshes by InitiateAuth, which keeps the refresh token as it is.
func (p *Pool) exchangeTokens(ctx context.Context, username string, tokens Tokens) (Tokens, error) {
	parameters := map[string]string{"REFRESH_TOKEN": string(tokens.Refresh)}
	if key := tokens.Access.claims.DeviceKey; key != "" {
		parameters["DEVICE_KEY"] = key
	}
	a, err := p.initiate(ctx, refreshFlow, repeatable, username, parameters, nil)
	if err != nil {
		return Tokens{}, err
	}
	return p.renewed(a.result, tokens)
}

// rotateTokens refreshes by GetTokensFromRefreshToken, which may bring a new refresh token.
func (p *Pool) rotateTokens(ctx context.Context, tokens Tokens) (Tokens, error) {
	in := &cognitoidp.GetTokensFromRefreshTokenRequest{
		RefreshToken:   new(string(tokens.Refresh)),
		ClientId:       &p.cfg.ClientID,
		ClientSecret:   p.clientSecret(),
		ClientMetadata: p.metadata,
	}
	if key := tokens.Access.claims.DeviceKey; key != "" {
		in.DeviceKey = &key
	}
	out, err := call[cognitoidp.GetTokensFromRefreshTokenResponse](ctx, p, "GetTokensFromRefreshToken", repeatable, in)
	if err != nil {
		return Tokens{}, err
	}
	return p.renewed(out.AuthenticationResult, tokens)
}

// renewed decodes the tokens of a refresh; the refresh token stays unless there is a new one.
func (p *Pool) renewed(result *cognitoidp.AuthenticationResultType, old Tokens) (Tokens, error) {
	tokens, err := p.received(result)
	if err == nil && tokens.Refresh == "" {
		tokens.Refresh = old.Refresh
	}
	return tokens, err
}
