package e2e

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote"
)

// document gets one of a pool's public documents.
func (s *scene) document(pool, name string) []byte {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.url+"/"+pool+"/.well-known/"+name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Origin", "https://app.example")
	resp := must(s.http.Do(r))(s.t)
	defer resp.Body.Close()
	body := must(io.ReadAll(resp.Body))(s.t)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		s.t.Fatalf("%s: %s %v %s", name, resp.Status, resp.Header, body)
	}
	return body
}

// keySet returns a pool's keys as go-jose reads them, found through its discovery document.
func (s *scene) keySet(pool string) jose.JSONWebKeySet {
	s.t.Helper()
	var discovery struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(s.document(pool, "openid-configuration"), &discovery); err != nil {
		s.t.Fatal(err)
	}
	if want := s.url + "/" + pool; discovery.Issuer != want || discovery.JWKS != want+"/.well-known/jwks.json" {
		s.t.Fatalf("discovery says %+v", discovery)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(s.document(pool, "jwks.json"), &set); err != nil {
		s.t.Fatal(err)
	}
	return set
}

// claims verifies a token and returns its header and its claims.
func claims(t *testing.T, set jose.JSONWebKeySet, token string) (jose.Header, map[string]any) {
	t.Helper()
	jws := must(jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256}))(t)
	payload := must(jws.Verify(set))(t)
	out := map[string]any{}
	if err := json.Unmarshal(payload, &out); err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Header, out
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: ptr("level"), AttributeDataType: types.AttributeDataTypeNumber},
			{Name: ptr("score"), AttributeDataType: types.AttributeDataTypeNumber, DeveloperOnlyAttribute: ptr(true)},
		}
	})
	a := s.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.AccessTokenValidity, in.IdTokenValidity = ptr[int32](10), ptr[int32](20)
		in.TokenValidityUnits = &types.TokenValidityUnitsType{AccessToken: types.TimeUnitsTypeMinutes, IdToken: types.TimeUnitsTypeMinutes}
	})
	u := s.member(pool, "custom:level", "7", "dev:custom:score", "8", "address", "Main St 1", "updated_at", "1700000000", "phone_number", phone())
	sub := valueOf(s.user(pool, u.name).UserAttributes, "sub")
	before := time.Now().Unix()
	tokens := s.tokens(a, u.name, u.password)
	if tokens.ExpiresIn != 600 {
		t.Errorf("ExpiresIn is %d", tokens.ExpiresIn)
	}
	set := s.keySet(pool)
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	idHeader, id := claims(t, set, *tokens.IdToken)
	accessHeader, access := claims(t, set, *tokens.AccessToken)
	if idHeader.KeyID == accessHeader.KeyID {
		t.Error("one key signs both tokens")
	}
	for _, token := range []string{*tokens.IdToken, *tokens.AccessToken} {
		header, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
		var fields map[string]string
		if err != nil || json.Unmarshal(header, &fields) != nil || len(fields) != 2 || fields["alg"] != "RS256" || fields["kid"] == "" {
			t.Errorf("header %s", header)
		}
	}
	for _, c := range []map[string]any{id, access} {
		for _, name := range []string{"jti", "origin_jti", "event_id"} {
			if v, _ := c[name].(string); !uuid.MatchString(v) {
				t.Errorf("%s is %v", name, c[name])
			}
		}
		iat, exp, at := int64(c["iat"].(float64)), int64(c["exp"].(float64)), int64(c["auth_time"].(float64))
		if iat < before || at != iat {
			t.Errorf("iat %d, auth_time %d, before %d", iat, at, before)
		}
		if want := map[any]int64{"id": 1200, "access": 600}[c["token_use"]]; exp-iat != want {
			t.Errorf("the %s token lasts %d s", c["token_use"], exp-iat)
		}
	}
	if id["jti"] == access["jti"] || id["origin_jti"] != access["origin_jti"] || id["event_id"] != access["event_id"] {
		t.Errorf("%v %v", id, access)
	}
	for _, c := range []map[string]any{id, access} {
		for _, name := range []string{"jti", "origin_jti", "event_id", "iat", "exp", "auth_time"} {
			delete(c, name)
		}
	}
	number := id["phone_number"]
	want := map[string]any{
		"sub": sub, "iss": s.url + "/" + pool, "aud": a.id, "token_use": "id", "cognito:username": u.name,
		"email": u.email, "email_verified": true, "phone_number": number,
		"custom:level": "7", "address": map[string]any{"formatted": "Main St 1"}, "updated_at": 1700000000.0,
	}
	if id["phone_number_verified"] != nil {
		want["phone_number_verified"] = false
	}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{
		"sub": sub, "iss": s.url + "/" + pool, "client_id": a.id, "token_use": "access", "username": u.name,
		"scope": "aws.cognito.signin.user.admin",
	}, access); diff != "" {
		t.Error(diff)
	}
	parts := strings.Split(*tokens.RefreshToken, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if len(parts) != 5 || err != nil || string(header) != `{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}` {
		t.Errorf("the refresh token has %d parts, header %s", len(parts), header)
	}
	if len(*tokens.RefreshToken) > 4000 || len(*tokens.IdToken) > 4000 {
		t.Error("the tokens do not fit into cookies")
	}
}

// The keys of one pool verify nothing of another.
func TestKeysOfPools(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, b := s.app(s.pool()), s.app(s.pool())
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	foreign := s.keySet(b.pool)
	jws := must(jose.ParseSignedCompact(*tokens.IdToken, []jose.SignatureAlgorithm{jose.RS256}))(t)
	if _, err := jws.Verify(foreign); err == nil {
		t.Error("another pool's key verifies a token")
	}
	// An AWS issuer, for verifiers that have it built in; the keys stay here.
	issuer := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.IssuerConfiguration = &types.IssuerConfigurationType{Type: types.IssuerTypeOriginal}
	}))
	w := s.member(issuer.pool)
	tokens = s.tokens(issuer, w.name, w.password)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(s.document(issuer.pool, "jwks.json"), &set); err != nil {
		t.Fatal(err)
	}
	if _, id := claims(t, set, *tokens.IdToken); id["iss"] != "https://cognito-idp.us-east-1.amazonaws.com/"+issuer.pool {
		t.Errorf("iss is %v", id["iss"])
	}
	if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken}); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"us-east-1_nowhere00", "eu-west-1_AbCdEfGhI", "x"} {
		resp := must(http.Get(s.url + "/" + path + "/.well-known/jwks.json"))(t)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("keys of %s: %s", path, resp.Status)
		}
	}
}

// tokensOf refreshes by GetTokensFromRefreshToken.
func (s *scene) tokensOf(a app, token string) (*types.AuthenticationResultType, error) {
	in := &idp.GetTokensFromRefreshTokenInput{ClientId: &a.id, RefreshToken: &token}
	if a.secret != "" {
		in.ClientSecret = &a.secret
	}
	out, err := s.GetTokensFromRefreshToken(s.ctx, in)
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	set := s.keySet(a.pool)
	_, first := claims(t, set, *tokens.IdToken)
	must(s.AdminUpdateUserAttributes(s.ctx, &idp.AdminUpdateUserAttributesInput{
		UserPoolId: &a.pool, Username: &u.name, UserAttributes: attributes("nickname", "Annie"),
	}))(t)
	ways := map[string]func() (*types.AuthenticationResultType, error){
		"GetTokensFromRefreshToken": func() (*types.AuthenticationResultType, error) { return s.tokensOf(a, *tokens.RefreshToken) },
	}
	for _, flow := range []types.AuthFlowType{types.AuthFlowTypeRefreshToken, types.AuthFlowTypeRefreshTokenAuth} {
		parameters := map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken}
		ways[string(flow)] = func() (*types.AuthenticationResultType, error) {
			out, err := s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{ClientId: &a.id, AuthFlow: flow, AuthParameters: parameters})
			if err != nil {
				return nil, err
			}
			return out.AuthenticationResult, nil
		}
		ways["Admin"+string(flow)] = func() (*types.AuthenticationResultType, error) {
			out, err := s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: flow, AuthParameters: parameters})
			if err != nil {
				return nil, err
			}
			return out.AuthenticationResult, nil
		}
	}
	var seen []any
	for name, way := range ways {
		got, err := way()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.RefreshToken != nil || got.ExpiresIn != 3600 || *got.TokenType != "Bearer" {
			t.Errorf("%s: %+v", name, got)
		}
		for _, token := range []string{*got.IdToken, *got.AccessToken} {
			_, c := claims(t, set, token)
			if c["origin_jti"] != first["origin_jti"] || c["event_id"] != first["event_id"] || c["auth_time"] != first["auth_time"] {
				t.Errorf("%s: claims moved: %v", name, c)
			}
			if slices.Contains(seen, c["jti"]) || c["jti"] == first["jti"] {
				t.Errorf("%s: an old jti", name)
			}
			seen = append(seen, c["jti"])
			if c["token_use"] == "id" && c["nickname"] != "Annie" {
				t.Errorf("%s: attributes are not read again: %v", name, c)
			}
		}
		if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: got.AccessToken}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefreshRefusals(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	sibling, foreign := s.app(a.pool), s.app(s.pool())
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	good := *tokens.RefreshToken
	parts := strings.Split(good, ".")
	altered := func(i int) string {
		changed := slices.Clone(parts)
		b := []byte(changed[i])
		if b[3]++; b[3] == 'z'+1 || b[3] == 'Z'+1 || b[3] == '9'+1 {
			b[3] = 'A'
		}
		changed[i] = string(b)
		return strings.Join(changed, ".")
	}
	const invalid = "Invalid Refresh Token."
	for name, try := range map[string]struct {
		app   app
		token string
	}{
		"another client": {sibling, good}, "another pool": {foreign, good}, "access token": {a, *tokens.AccessToken},
		"garbage": {a, "x.y.z"}, "one part less": {a, strings.Join(parts[:4], ".")}, "one part more": {a, good + ".x"},
		"header": {a, altered(0)}, "key": {a, altered(1)}, "vector": {a, altered(2)}, "text": {a, altered(3)}, "tag": {a, altered(4)},
	} {
		_, err := s.refresh(try.app, try.token)
		refused[*types.NotAuthorizedException](t, err, invalid)
		_, err = s.tokensOf(try.app, try.token)
		refused[*types.NotAuthorizedException](t, err, invalid)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	_, err := s.tokensOf(a, "späße")
	refused[*types.InvalidParameterException](t, err,
		"1 validation error detected: Value at 'refreshToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+")

	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.refresh(a, good)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
	must(s.AdminEnableUser(s.ctx, &idp.AdminEnableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.refresh(a, good) // what the disabling ended stays ended
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
	tokens = s.tokens(a, u.name, u.password)
	must(s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.refresh(a, *tokens.RefreshToken)
	refused[*types.UserNotFoundException](t, err, textNoUser)
	_, err = s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	refused[*types.UserNotFoundException](t, err, textNoUser)
	// Somebody else with the same name is somebody else.
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.refresh(a, *tokens.RefreshToken)
	refused[*types.UserNotFoundException](t, err, textNoUser)
}

func TestTokensOverTime(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	pool := s.pool()
	a := s.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.RefreshTokenValidity = 2
		in.TokenValidityUnits = &types.TokenValidityUnitsType{RefreshToken: types.TimeUnitsTypeHours}
	})
	u := s.member(pool)
	tokens := s.tokens(a, u.name, u.password)
	get := func(token *string) error {
		_, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: token})
		return err
	}
	s.server.Advance(time.Hour - 10*time.Second)
	if err := get(tokens.AccessToken); err != nil {
		t.Error(err)
	}
	s.server.Advance(20 * time.Second)
	refused[*types.NotAuthorizedException](t, get(tokens.AccessToken), "Access Token has expired")
	again := must(s.refresh(a, *tokens.RefreshToken))(t).AuthenticationResult
	if err := get(again.AccessToken); err != nil {
		t.Error(err)
	}
	s.server.Advance(time.Hour)
	_, err := s.refresh(a, *tokens.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has expired")
	_, err = s.tokensOf(a, *tokens.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has expired")
	must(s.RevokeToken(s.ctx, &idp.RevokeTokenInput{ClientId: &a.id, Token: tokens.RefreshToken}))(t)
}

// rotating makes an app's refresh tokens rotate.
func rotating(grace int32) func(*idp.CreateUserPoolClientInput) {
	return func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: &grace}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	pool := s.pool()
	a := s.app(pool, rotating(10))
	strict := s.app(pool, rotating(0))
	u := s.member(pool)
	set := s.keySet(pool)

	tokens := s.tokens(a, u.name, u.password)
	_, err := s.refresh(a, *tokens.RefreshToken)
	refused[*types.UnsupportedOperationException](t, err, "This API does not support refresh token rotation")
	second := must(s.tokensOf(a, *tokens.RefreshToken))(t)
	if second.RefreshToken == nil || *second.RefreshToken == *tokens.RefreshToken {
		t.Fatal("the refresh token did not rotate")
	}
	_, first := claims(t, set, *tokens.AccessToken)
	if _, c := claims(t, set, *second.AccessToken); c["origin_jti"] != first["origin_jti"] || c["jti"] == first["jti"] {
		t.Errorf("%v", c)
	}
	s.server.Advance(9 * time.Second)
	must(s.tokensOf(a, *tokens.RefreshToken))(t) // a retry
	third := must(s.tokensOf(a, *second.RefreshToken))(t)
	s.server.Advance(11 * time.Second)
	_, err = s.tokensOf(a, *tokens.RefreshToken)
	refused[*types.RefreshTokenReuseException](t, err, "Refresh Token has been used already")
	// Whoever used it again may be a thief: the sign-in is over for both.
	_, err = s.tokensOf(a, *third.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
	_, err = s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: third.AccessToken})
	refused[*types.NotAuthorizedException](t, err, textRevoked)

	tokens = s.tokens(strict, u.name, u.password)
	second = must(s.tokensOf(strict, *tokens.RefreshToken))(t)
	_, err = s.tokensOf(strict, *tokens.RefreshToken)
	refused[*types.RefreshTokenReuseException](t, err, "Refresh Token has been used already")
	_, err = s.tokensOf(strict, *second.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")

	// Rotation does not lengthen a sign-in.
	tokens = s.tokens(a, u.name, u.password)
	s.server.Advance(29 * 24 * time.Hour)
	second = must(s.tokensOf(a, *tokens.RefreshToken))(t)
	s.server.Advance(25 * time.Hour)
	_, err = s.tokensOf(a, *second.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has expired")
}

// With a grace period, refreshes sent at once all succeed, as those of several tabs do.
func TestRotationInParallel(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(), rotating(60))
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	results := make(chan error)
	for range 8 {
		go func() {
			_, err := s.tokensOf(a, *tokens.RefreshToken)
			results <- err
		}()
	}
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestRevokeToken(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	a := s.app(pool, withSecret)
	u := s.member(pool)
	revoke := func(a app, secret *string, token string) error {
		_, err := s.RevokeToken(s.ctx, &idp.RevokeTokenInput{ClientId: &a.id, ClientSecret: secret, Token: &token})
		return err
	}
	tokens, others := s.tokens(a, u.name, u.password), s.tokens(a, u.name, u.password)
	again := must(s.tokensOf(a, *tokens.RefreshToken))(t)
	refused[*types.UnauthorizedException](t, revoke(a, nil, *tokens.RefreshToken), "Client "+a.id+" is configured with secret but the client secret was not received")
	refused[*types.UnauthorizedException](t, revoke(a, ptr("wrong"+strings.Repeat("x", 46)), *tokens.RefreshToken), "Unable to verify secret for client "+a.id)
	refused[*types.UnsupportedTokenTypeException](t, revoke(a, &a.secret, *tokens.AccessToken), "Unsupported token type, only refresh tokens are revoked")
	refused[*types.UnsupportedTokenTypeException](t, revoke(a, &a.secret, *tokens.IdToken), "Unsupported token type, only refresh tokens are revoked")
	refused[*types.InvalidParameterException](t, revoke(a, &a.secret, "garbage"), "Invalid refresh token")
	sibling := s.app(pool)
	refused[*types.UnauthorizedException](t, revoke(sibling, nil, *tokens.RefreshToken), "Refresh Token was not issued to this client")
	if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken}); err != nil {
		t.Fatal(err)
	}

	for range 2 { // the second time it is revoked already
		if err := revoke(a, &a.secret, *tokens.RefreshToken); err != nil {
			t.Error(err)
		}
	}
	for _, token := range []*string{tokens.AccessToken, again.AccessToken} {
		_, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: token})
		refused[*types.NotAuthorizedException](t, err, textRevoked)
	}
	_, err := s.tokensOf(a, *tokens.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
	if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: others.AccessToken}); err != nil {
		t.Errorf("another sign-in ended: %v", err)
	}
	must(s.tokensOf(a, *others.RefreshToken))(t)

	eternal := s.app(pool, func(in *idp.CreateUserPoolClientInput) { in.EnableTokenRevocation = ptr(false) })
	tokens = s.tokens(eternal, u.name, u.password)
	refused[*types.UnsupportedOperationException](t, revoke(eternal, nil, *tokens.RefreshToken), "Token revocation is not enabled for this client")
	set := s.keySet(pool)
	for _, token := range []string{*tokens.IdToken, *tokens.AccessToken} {
		if _, c := claims(t, set, token); c["origin_jti"] != nil || (c["token_use"] == "id" && c["jti"] != nil) {
			t.Errorf("an irrevocable token has %v", c)
		}
	}
}

func TestGlobalSignOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u, bystander := s.member(a.pool), s.member(a.pool)
	elsewhere := s.tokens(a, bystander.name, bystander.password)
	out := map[string]func(*types.AuthenticationResultType){
		"GlobalSignOut": func(tokens *types.AuthenticationResultType) {
			must(s.GlobalSignOut(s.ctx, &idp.GlobalSignOutInput{AccessToken: tokens.AccessToken}))(t)
		},
		"AdminUserGlobalSignOut": func(*types.AuthenticationResultType) {
			must(s.AdminUserGlobalSignOut(s.ctx, &idp.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: &u.name}))(t)
		},
		"AdminDisableUser": func(*types.AuthenticationResultType) {
			must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
			must(s.AdminEnableUser(s.ctx, &idp.AdminEnableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
		},
	}
	for name, signOut := range out {
		first, second := s.tokens(a, u.name, u.password), s.tokens(a, u.name, u.password)
		signOut(second)
		after := s.tokens(a, u.name, u.password) // a sign-in at once afterwards counts
		for _, tokens := range []*types.AuthenticationResultType{first, second} {
			_, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
			refused[*types.NotAuthorizedException](t, err, textRevoked)
			_, err = s.refresh(a, *tokens.RefreshToken)
			refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
		}
		if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: after.AccessToken}); err != nil {
			t.Errorf("%s: a sign-in afterwards: %v", name, err)
		}
		if _, err := s.refresh(a, *after.RefreshToken); err != nil {
			t.Errorf("%s: a sign-in afterwards: %v", name, err)
		}
	}
	if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: elsewhere.AccessToken}); err != nil {
		t.Errorf("somebody else was signed out: %v", err)
	}
}

// What an access token must be before anything is done with it.
func TestAccessTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, foreign := s.app(s.pool()), s.app(s.pool())
	u, w := s.member(a.pool), s.member(foreign.pool)
	tokens, others := s.tokens(a, u.name, u.password), s.tokens(foreign, w.name, w.password)
	elsewhere := sceneOn(t, own(t, func(*cenote.Config) {}))
	there := elsewhere.app(elsewhere.pool())
	x := elsewhere.member(there.pool)
	strange := elsewhere.tokens(there, x.name, x.password)

	parts, otherParts := strings.Split(*tokens.AccessToken, "."), strings.Split(*others.AccessToken, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	decode := func(part string) string { return string(must(base64.RawURLEncoding.DecodeString(part))(t)) }
	const unsigned = "Could not verify signature for Access Token"
	later := strings.Replace(decode(parts[1]), `"exp":1`, `"exp":9`, 1)
	for name, try := range map[string]struct{ token, want string }{
		"ID token":            {*tokens.IdToken, textInvalidAccess},
		"refresh token":       {*tokens.RefreshToken, textInvalidAccess},
		"garbage":             {"garbage", textInvalidAccess},
		"three parts":         {"a.b.c", textInvalidAccess},
		"another server's":    {*strange.AccessToken, textInvalidAccess},
		"no signature":        {parts[0] + "." + parts[1] + ".", unsigned},
		"no algorithm":        {encode(`{"alg":"none"}`) + "." + parts[1] + ".", textInvalidAccess},
		"another algorithm":   {encode(strings.Replace(decode(parts[0]), "RS256", "HS256", 1)) + "." + parts[1] + "." + parts[2], textInvalidAccess},
		"another's signature": {parts[0] + "." + parts[1] + "." + otherParts[2], unsigned},
		"another's claims":    {parts[0] + "." + otherParts[1] + "." + parts[2], textInvalidAccess},
		"a later end":         {parts[0] + "." + encode(later) + "." + parts[2], unsigned},
		"pieces of white":     {parts[0] + ".\n" + parts[1] + "." + parts[2], "1 validation error detected: Value at 'accessToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+"},
	} {
		_, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: &try.token})
		if strings.HasPrefix(try.want, "1 ") {
			refused[*types.InvalidParameterException](t, err, try.want)
		} else {
			refused[*types.NotAuthorizedException](t, err, try.want)
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
	// A user who must reset the password, and a client that is gone.
	must(s.AdminResetUserPassword(s.ctx, &idp.AdminResetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	must(s.DeleteUserPoolClient(s.ctx, &idp.DeleteUserPoolClientInput{UserPoolId: &foreign.pool, ClientId: &foreign.id}))(t)
	_, err = s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: others.AccessToken})
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+foreign.id+" does not exist.")
	_, err = s.refresh(foreign, *others.RefreshToken)
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+foreign.id+" does not exist.")
	must(s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &foreign.pool}))(t)
	_, err = s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: others.AccessToken})
	refused[*types.NotAuthorizedException](t, err, textInvalidAccess)
}
