package signin_test

import (
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
)

// tokensOf signs a user in.
func (e *env) tokensOf(c *catalog.Client, name string) *cognitoidp.AuthenticationResultType {
	e.t.Helper()
	out, err := e.signIn(c, name, password)
	return wantTokens(e.t, out, err)
}

// renew is GetTokensFromRefreshToken.
func (e *env) renew(c *catalog.Client, raw string, secret *string) (*cognitoidp.AuthenticationResultType, error) {
	e.t.Helper()
	out, err := e.GetTokensFromRefreshToken(e.t.Context(), e.call(), &cognitoidp.GetTokensFromRefreshTokenRequest{
		ClientId: c.Config.ClientId, RefreshToken: &raw, ClientSecret: secret,
	})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func (e *env) revoke(c *catalog.Client, raw string, secret *string) error {
	e.t.Helper()
	_, err := e.RevokeToken(e.t.Context(), e.call(), &cognitoidp.RevokeTokenRequest{ClientId: c.Config.ClientId, Token: &raw, ClientSecret: secret})
	return err
}

var (
	badRefresh     = notAuthorized("Invalid Refresh Token.")
	revokedRefresh = notAuthorized("Refresh Token has been revoked")
	revokedAccess  = notAuthorized("Access Token has been revoked")
)

func TestRefreshing(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Refresh")
	e.user(c.Pool, "jane")
	raw := *e.tokensOf(c, "jane").RefreshToken
	for _, flow := range []cognitoidp.AuthFlowType{"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"} {
		for _, admin := range []bool{false, true} {
			var out *answer
			var err error
			if admin {
				var twin *cognitoidp.AdminInitiateAuthResponse
				twin, err = e.AdminInitiateAuth(t.Context(), e.call(), &cognitoidp.AdminInitiateAuthRequest{
					UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, AuthFlow: &flow, AuthParameters: values{"REFRESH_TOKEN": raw},
				})
				if err == nil {
					out = &answer{ChallengeParameters: twin.ChallengeParameters, AuthenticationResult: twin.AuthenticationResult}
				}
			} else {
				out, err = e.initiate(c, flow, values{"REFRESH_TOKEN": raw, "DEVICE_KEY": ""})
			}
			if tokens := wantTokens(t, out, err); tokens.RefreshToken != nil || tokens.IdToken == nil || tokens.AccessToken == nil {
				t.Errorf("%s: got %+v", flow, tokens)
			}
			_, err = e.initiate(c, flow, values{"REFRESH_TOKEN": "x"})
			wantFault(t, err, badRefresh)
		}
	}
	if tokens := must(e.renew(c, raw, nil))(t); tokens.RefreshToken != nil || tokens.IdToken == nil {
		t.Errorf("got %+v", tokens)
	}
	_, err := e.renew(c, "x", nil)
	wantFault(t, err, badRefresh)

	onlySRP := e.client("NoRefresh", flows("ALLOW_USER_PASSWORD_AUTH"))
	_, err = e.renew(onlySRP, raw, nil)
	wantFault(t, err, invalid("Auth flow not enabled for this client"))
}

func TestRotating(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Rotate", rotating, flows("ALLOW_USER_PASSWORD_AUTH"))
	e.user(c.Pool, "jane")
	first := *e.tokensOf(c, "jane").RefreshToken
	second := must(e.renew(c, first, nil))(t)
	_, err := e.renew(c, first, nil)
	wantFault(t, err, failure{"RefreshTokenReuseException", "Refresh Token has been used already"})
	_, err = e.renew(c, *second.RefreshToken, nil)
	wantFault(t, err, revokedRefresh)
}

func TestPlainSecrets(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const value = "the secret of the client"
	c := e.client("Secret", secret(value))
	e.user(c.Pool, "jane")
	out, err := e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": "jane", "PASSWORD": password, "SECRET_HASH": hash(value, "jane", c)})
	raw := *wantTokens(t, out, err).RefreshToken
	const (
		absent = "Client clientSecret is configured with secret but the client secret was not received"
		wrong  = "Unable to verify secret for client clientSecret"
	)
	for _, row := range []struct {
		secret *string
		text   string
	}{{nil, absent}, {new("x"), wrong}, {new(value), ""}} {
		want, wantRevoke := notAuthorized(row.text), failure{"UnauthorizedException", row.text}
		if row.text == "" {
			want, wantRevoke = noFault, noFault
		}
		_, err := e.renew(c, raw, row.secret)
		wantFault(t, err, want)
		wantFault(t, e.revoke(c, raw, row.secret), wantRevoke)
	}
	_, err = e.renew(c, raw, new(value))
	wantFault(t, err, revokedRefresh)
}

func TestRevoking(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Revoke")
	e.user(c.Pool, "jane")
	one, other := e.tokensOf(c, "jane"), e.tokensOf(c, "jane")
	wantFault(t, e.revoke(c, *one.AccessToken, nil), failure{"UnsupportedTokenTypeException", "Unsupported token type, only refresh tokens are revoked"})
	wantFault(t, e.revoke(c, *one.RefreshToken, nil), noFault)
	_, err := e.renew(c, *one.RefreshToken, nil)
	wantFault(t, err, revokedRefresh)
	_, _, err = e.tokens.CheckAccess(t.Context(), *one.AccessToken)
	wantFault(t, err, revokedAccess)
	_, _, err = e.tokens.CheckAccess(t.Context(), *other.AccessToken)
	wantFault(t, err, noFault)
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Out", aliases("email"))
	jane, joe := e.user(c.Pool, "jane"), e.user(c.Pool, "joe")
	bystander := e.tokensOf(c, "joe")
	for name, out := range map[string]func(who *api.UserPrincipal) error{
		"self": func(who *api.UserPrincipal) error {
			_, err := e.GlobalSignOut(t.Context(), &api.Call{Time: e.time(), Principal: api.Principal{User: who}}, new(cognitoidp.GlobalSignOutRequest))
			return err
		},
		"admin": func(*api.UserPrincipal) error {
			_, err := e.AdminUserGlobalSignOut(t.Context(), e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: c.Pool.Config.Id, Username: new("jane@example.com")})
			return err
		},
	} {
		one, other := e.tokensOf(c, "jane"), e.tokensOf(c, "jane")
		who, _, err := e.tokens.CheckAccess(t.Context(), *one.AccessToken)
		wantFault(t, err, noFault)
		if wantFault(t, out(who), noFault); t.Failed() {
			t.Fatal(name)
		}
		for _, tokens := range []*cognitoidp.AuthenticationResultType{one, other} {
			_, _, err := e.tokens.CheckAccess(t.Context(), *tokens.AccessToken)
			wantFault(t, err, revokedAccess)
			_, err = e.renew(c, *tokens.RefreshToken, nil)
			wantFault(t, err, revokedRefresh)
		}
		// Signing in again works at once.
		_, _, err = e.tokens.CheckAccess(t.Context(), *e.tokensOf(c, "jane").AccessToken)
		wantFault(t, err, noFault)
		_, _, err = e.tokens.CheckAccess(t.Context(), *bystander.AccessToken)
		wantFault(t, err, noFault)
		e.sleep(time.Millisecond)
	}
	who, _, err := e.tokens.CheckAccess(t.Context(), *bystander.AccessToken)
	wantFault(t, err, noFault)
	for _, id := range []string{"jane", "joe"} {
		u := jane
		if id == "joe" {
			u = joe
		}
		if err := e.db.DeleteUser(t.Context(), u.Pool, u.ID); err != nil {
			t.Fatal(err)
		}
		_, err := e.AdminUserGlobalSignOut(t.Context(), e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: c.Pool.Config.Id, Username: &id})
		wantFault(t, err, noUser)
	}
	_, err = e.GlobalSignOut(t.Context(), &api.Call{Time: e.time(), Principal: api.Principal{User: who}}, new(cognitoidp.GlobalSignOutRequest))
	wantFault(t, err, revokedAccess)
}
