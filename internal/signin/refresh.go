package signin

import (
	"context"
	"fmt"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

// refreshFlow is REFRESH_TOKEN_AUTH of InitiateAuth: new ID and access tokens, and no
// refresh token, whose absence tells clients to keep theirs. The secret hash may be made
// over any name of the token's owner, so the token is read before it is judged.
func (s *Service) refreshFlow(ctx context.Context, in StartInput) (*cognitoidp.AuthenticationResultType, error) {
	if _, err := s.admit(in); err != nil {
		return nil, plain(err)
	}
	hash := optional(in.Parameters, paramSecretHash)
	if hash == nil {
		if _, err := credential.ProveClientAuth(in.Client, "", nil); err != nil {
			return nil, err
		}
	}
	t, err := s.tokens.OpenRefresh(ctx, in.Client, in.Parameters[paramRefreshToken], in.Parameters[paramDeviceKey])
	if err != nil {
		return nil, err
	}
	names := []string{t.User.Username, t.User.Sub}
	for _, key := range t.User.Keys {
		names = append(names, key.Value)
	}
	proven, err := credential.ProveClientAuth(in.Client, in.Parameters[paramUsername], hash, names...)
	if err != nil {
		return nil, err
	}
	return s.tokens.Refresh(ctx, renewal(proven, t, trigger.TokenRefreshTokens, in.Metadata, in.Time))
}

func renewal(c catalog.ProvenClient, t *token.RefreshToken, source trigger.TokenSource, metadata map[string]string, now time.Time) token.Renewal {
	return token.Renewal{
		Client: c, Token: t, Time: now, Source: source,
		Event: trigger.Subject{
			Pool: c.Pool, ClientID: c.ID(), Username: t.User.Username,
			Attributes: directory.EventAttributes(c.Pool, t.User), ClientMetadata: metadata,
		},
	}
}

// GetTokensFromRefreshToken refreshes a sign-in, and the refresh token too where the
// client's refresh tokens rotate. Its functions see the source of a sign-in (Cognito guide:
// "Pre token generation Lambda trigger sources").
func (s *Service) GetTokensFromRefreshToken(ctx context.Context, call *api.Call, in *cognitoidp.GetTokensFromRefreshTokenRequest) (*cognitoidp.GetTokensFromRefreshTokenResponse, error) {
	client, err := s.catalog.Client(ctx, api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	if !client.Refreshes() {
		return nil, fault.InvalidParameter(textFlowDenied)
	}
	proven, ok := credential.ProveClientSecret(client, in.ClientSecret)
	if !ok {
		return nil, fault.NotAuthorized(secretText(client, in.ClientSecret))
	}
	t, err := s.tokens.OpenRefresh(ctx, client, api.Value(in.RefreshToken), api.Value(in.DeviceKey))
	if err != nil {
		return nil, err
	}
	r := renewal(proven, t, trigger.TokenAuthentication, in.ClientMetadata, call.Time)
	if r.DeviceKey, r.NewDevice, err = s.deviceOf(ctx, client.Pool, t, api.Value(in.DeviceKey)); err != nil {
		return nil, err
	}
	result, err := s.tokens.Refresh(ctx, r)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetTokensFromRefreshTokenResponse{AuthenticationResult: result}, nil
}

// RevokeToken ends the sign-in of a refresh token: its access and ID tokens die with it.
// The operation does not declare ResourceNotFoundException, so an unknown client is one
// that is not authorised.
func (s *Service) RevokeToken(ctx context.Context, call *api.Call, in *cognitoidp.RevokeTokenRequest) (*cognitoidp.RevokeTokenResponse, error) {
	client, err := s.catalog.Client(ctx, api.Value(in.ClientId))
	if fault.Is(err, "ResourceNotFoundException") {
		return nil, fault.Unauthorized("User pool client " + api.Value(in.ClientId) + " does not exist.").Because(err)
	}
	if err != nil {
		return nil, err
	}
	proven, ok := credential.ProveClientSecret(client, in.ClientSecret)
	if !ok {
		return nil, fault.Unauthorized(secretText(client, in.ClientSecret))
	}
	return empty(s.tokens.Revoke(ctx, proven, api.Value(in.Token), call.Time))
}

// secretText says what is wrong with a client secret that is absent or wrong.
func secretText(c *catalog.Client, secret *string) string {
	if secret == nil {
		return fmt.Sprintf(textNoSecret, c.ID())
	}
	return textWrongSecret + c.ID()
}
