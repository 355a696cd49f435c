package token_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/gate"
	"github.com/cenote-id/cenote/internal/token"
)

var (
	uuid       = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	tokenModel = regexp.MustCompile(`^[A-Za-z0-9-_=.]+$`) // TokenModelType of the API
)

// isUUID takes a claim out and checks that it is a UUID.
func isUUID(t *testing.T, claims map[string]any, name string) string {
	t.Helper()
	value, _ := claims[name].(string)
	if !uuid.MatchString(value) {
		t.Errorf("%s is %v", name, claims[name])
	}
	delete(claims, name)
	return value
}

func TestIssue(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Issue")
	u := e.user(c.Pool, "jane", map[string]string{
		"email": "jane@example.com", "email_verified": "true", "phone_number": "+15555551234", "phone_number_verified": "false",
		"address": `12 "High" Street`, "updated_at": "1700000000", "name": "Jane <é>\n", "custom:seats": "7",
		"custom:flag": "true", "dev:custom:note": "secret",
	})
	out := e.issue(c, u)
	if api.Value(out.ExpiresIn) != 3600 || api.Value(out.TokenType) != "Bearer" || out.NewDeviceMetadata != nil {
		t.Errorf("got %+v", out)
	}
	id, access := claims(t, out.IdToken), claims(t, out.AccessToken)
	if a, b := isUUID(t, id, "origin_jti"), isUUID(t, access, "origin_jti"); a != b {
		t.Errorf("the origin is %s and %s", a, b)
	}
	if a, b := isUUID(t, id, "jti"), isUUID(t, access, "jti"); a == b {
		t.Error("both tokens have one jti")
	}
	const now = 1772528707.0
	if diff := cmp.Diff(map[string]any{
		"sub": u.Sub, "iss": publicURL + "/us-east-1_Issue", "aud": "clientIssue", "cognito:username": "jane",
		"token_use": "id", "event_id": "event", "auth_time": now, "iat": now, "exp": now + 3600,
		"email": "jane@example.com", "email_verified": true, "phone_number": "+15555551234", "phone_number_verified": false,
		"address": map[string]any{"formatted": `12 "High" Street`}, "updated_at": 1700000000.0, "name": "Jane <é>\n",
		"custom:seats": "7", "custom:flag": "true",
	}, id); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{
		"sub": u.Sub, "iss": publicURL + "/us-east-1_Issue", "client_id": "clientIssue", "username": "jane",
		"token_use": "access", "scope": "aws.cognito.signin.user.admin", "event_id": "event",
		"auth_time": now, "iat": now, "exp": now + 3600,
	}, access); diff != "" {
		t.Error(diff)
	}
}

// Tokens are what any JOSE library verifies with the pool's key set: one key for ID
// tokens, another for access tokens, and a header of exactly two members.
func TestTokensVerify(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Verify")
	out := e.issue(c, e.user(c.Pool, "jane", nil))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(must(e.JWKS(t.Context(), c.Pool))(t), &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%d keys, %v", len(set.Keys), err)
	}
	for i, raw := range []*string{out.IdToken, out.AccessToken} {
		parsed := must(jwt.ParseSigned(*raw, []jose.SignatureAlgorithm{jose.RS256}))(t)
		var got struct {
			Iss string `json:"iss"`
		}
		if err := parsed.Claims(set.Keys[i].Key, &got); err != nil || got.Iss != e.Issuer(c.Pool) {
			t.Errorf("token %d: %v, issuer %q", i, err, got.Iss)
		}
		header, _, _ := strings.Cut(*raw, ".")
		want := `{"kid":"` + set.Keys[i].KeyID + `","alg":"RS256"}`
		if text := must(base64.RawURLEncoding.DecodeString(header))(t); string(text) != want {
			t.Errorf("header %s, want %s", text, want)
		}
	}
}

func TestAttributesSurviveTheToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Any")
	u := e.user(c.Pool, "jane", nil)
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.String().Draw(r, "value")
		changed := *u
		changed.Attributes = map[string]string{"name": value, "custom:x": value, "address": value}
		got := claims(t, e.issue(c, &changed).IdToken)
		want := strings.ToValidUTF8(value, "\ufffd")
		address, _ := got["address"].(map[string]any)
		if got["name"] != want || got["custom:x"] != want || address["formatted"] != want {
			r.Fatalf("%q came back as %q", value, got["name"])
		}
	})
}

func withRotation(grace int) option {
	return func(_ *cognitoidp.UserPoolType, c *cognitoidp.UserPoolClientType) {
		c.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: new(cognitoidp.FeatureTypeEnabled), RetryGracePeriodSeconds: &grace}
	}
}

func irrevocable(_ *cognitoidp.UserPoolType, c *cognitoidp.UserPoolClientType) {
	c.EnableTokenRevocation = new(false)
}

// Which tokens carry the sign-in's id, and which one of their own.
func TestJTI(t *testing.T) {
	t.Parallel()
	rotating := withRotation(60)
	for name, row := range map[string]struct {
		options []option
		// origin_jti and jti of the ID token, origin_jti of the access token: at sign-in, after a refresh
		signIn, refreshed [3]bool
	}{
		"Revocable": {nil, [3]bool{true, true, true}, [3]bool{true, true, true}},
		"Not":       {[]option{irrevocable}, [3]bool{}, [3]bool{}},
		"Rotating":  {[]option{rotating}, [3]bool{true, true, true}, [3]bool{true, true, true}},
		"Both":      {[]option{irrevocable, rotating}, [3]bool{true, true, false}, [3]bool{true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.client(name, row.options...)
			check := func(out *cognitoidp.AuthenticationResultType, want [3]bool) {
				t.Helper()
				id, access := claims(t, out.IdToken), claims(t, out.AccessToken)
				got := [3]bool{id["origin_jti"] != nil, id["jti"] != nil, access["origin_jti"] != nil}
				if got != want || access["jti"] == nil {
					t.Errorf("got %v, want %v; access jti %v", got, want, access["jti"])
				}
			}
			out := e.issue(c, e.user(c.Pool, "jane", nil))
			check(out, row.signIn)
			check(must(e.refresh(c, *out.RefreshToken))(t), row.refreshed)
		})
	}
}

func TestReadAttributesGateTheIDToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Gate", func(_ *cognitoidp.UserPoolType, c *cognitoidp.UserPoolClientType) {
		c.ReadAttributes = []string{"email", "custom:a"}
	})
	got := claims(t, e.issue(c, e.user(c.Pool, "jane", map[string]string{
		"email": "j@example.com", "email_verified": "true", "name": "Jane", "custom:a": "1", "custom:b": "2",
	})).IdToken)
	for name, want := range map[string]bool{"email": true, "custom:a": true, "sub": true, "email_verified": false, "name": false, "custom:b": false} {
		if _, ok := got[name]; ok != want {
			t.Errorf("%s: %t", name, ok)
		}
	}
}

func TestOddAttributeValues(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Odd")
	u := *e.user(c.Pool, "jane", nil)
	u.Attributes = map[string]string{"email_verified": "True", "updated_at": "soon", "name": "\x00\x1f\"\\\u2028\xffé\xc3", "nickname": "\xff"}
	got := claims(t, e.issue(c, &u).IdToken)
	if diff := cmp.Diff([]any{true, "soon", "\x00\x1f\"\\\u2028\ufffdé\ufffd", "\ufffd"},
		[]any{got["email_verified"], got["updated_at"], got["name"], got["nickname"]}); diff != "" {
		t.Error(diff)
	}
}

func TestGrantDetails(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Grant")
	g := e.grant(c, e.user(c.Pool, "jane", nil))
	g.DeviceKey, g.Scopes = "us-east-1_device", []string{"openid", "email"}
	out := must(e.Issue(t.Context(), g))(t)
	if got := claims(t, out.AccessToken); got["device_key"] != "us-east-1_device" || got["scope"] != "openid email" {
		t.Errorf("got %v", got)
	}
	opened := must(e.OpenRefresh(t.Context(), c, *out.RefreshToken, "us-east-1_device"))(t)
	again := must(e.Refresh(t.Context(), token.Renewal{Client: c.Proven(), Token: opened, Time: e.time(), Event: g.Event}))(t)
	if got := claims(t, again.AccessToken); got["device_key"] != "us-east-1_device" || got["scope"] != "openid email" {
		t.Errorf("after a refresh: %v", got)
	}
	for _, device := range []string{"", "us-east-1_other"} {
		_, err := e.OpenRefresh(t.Context(), c, *out.RefreshToken, device)
		wantFault(t, err, notAuthorized, "Invalid Refresh Token.")
	}
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Lives", func(_ *cognitoidp.UserPoolType, c *cognitoidp.UserPoolClientType) {
		c.AccessTokenValidity, c.IdTokenValidity, c.RefreshTokenValidity = new(10), new(1), new(2)
		c.TokenValidityUnits = &cognitoidp.TokenValidityUnitsType{
			AccessToken: new(cognitoidp.TimeUnitsTypeMinutes), IdToken: new(cognitoidp.TimeUnitsTypeDays), RefreshToken: new(cognitoidp.TimeUnitsTypeHours),
		}
	})
	out := e.issue(c, e.user(c.Pool, "jane", nil))
	for name, row := range map[string]struct {
		raw  *string
		want float64
	}{"access": {out.AccessToken, 600}, "id": {out.IdToken, 86400}} {
		if got := claims(t, row.raw); got["exp"].(float64)-got["iat"].(float64) != row.want {
			t.Errorf("%s: %v to %v", name, got["iat"], got["exp"])
		}
	}
	if api.Value(out.ExpiresIn) != 600 {
		t.Errorf("ExpiresIn is %d", *out.ExpiresIn)
	}
	e.sleep(2*time.Hour - time.Second)
	must(e.refresh(c, *out.RefreshToken))(t)
	e.sleep(time.Second)
	_, err := e.refresh(c, *out.RefreshToken)
	wantFault(t, err, notAuthorized, "Refresh Token has expired")
}

func TestIssuers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	typed := func(kind *cognitoidp.IssuerType) option {
		return func(p *cognitoidp.UserPoolType, _ *cognitoidp.UserPoolClientType) {
			p.IssuerConfiguration = &cognitoidp.IssuerConfigurationType{Type: kind}
		}
	}
	for name, row := range map[string]struct {
		options []option
		want    string
	}{
		"Own":      {nil, publicURL + "/us-east-1_Own"},
		"Empty":    {[]option{typed(nil)}, publicURL + "/us-east-1_Empty"},
		"Original": {[]option{typed(new(cognitoidp.IssuerTypeOriginal))}, "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Original"},
		"Updated":  {[]option{typed(new(cognitoidp.IssuerTypeUpdated))}, "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Updated"},
	} {
		c := e.client(name, row.options...)
		out := e.issue(c, e.user(c.Pool, "jane", nil))
		if got := claims(t, out.IdToken)["iss"]; got != row.want {
			t.Errorf("%s: %v", name, got)
		}
		if _, _, err := e.CheckAccess(t.Context(), *out.AccessToken); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A sign-in right after a global sign-out is good, one of before is not.
func TestSignInAfterSignOut(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Again")
	u := e.user(c.Pool, "jane", nil)
	before := e.issue(c, u)
	for range 3 {
		if err := e.db.SignOutEverywhere(t.Context(), u.Pool, u.ID, e.time()); err != nil {
			t.Fatal(err)
		}
		_, _, err := e.CheckAccess(t.Context(), *before.AccessToken)
		wantFault(t, err, notAuthorized, "Access Token has been revoked")
		_, err = e.refresh(c, *before.RefreshToken)
		wantFault(t, err, notAuthorized, "Refresh Token has been revoked")
		// Signed with what was read before: born dead.
		_, _, err = e.CheckAccess(t.Context(), *e.issue(c, u).AccessToken)
		wantFault(t, err, notAuthorized, "Access Token has been revoked")

		u = e.fresh(u)
		before = e.issue(c, u)
		if _, _, err := e.CheckAccess(t.Context(), *before.AccessToken); err != nil {
			t.Error(err)
		}
		must(e.refresh(c, *before.RefreshToken))(t)
	}
}

func TestRefreshTokenLooks(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Looks")
	raw := *e.issue(c, e.user(c.Pool, "jane", nil)).RefreshToken
	parts := strings.Split(raw, ".")
	if len(parts) != 5 || !strings.HasPrefix(raw, "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.") || !tokenModel.MatchString(raw) {
		t.Errorf("the token is %s", raw)
	}
	// A nonce of 96 bits, a tag of 128, and small enough for a cookie.
	if len(parts[2]) != 16 || len(parts[4]) != 22 || len(raw) > 1024 {
		t.Errorf("%d, %d and %d of %d characters", len(parts[2]), len(parts[3]), len(parts[4]), len(raw))
	}
}

// A full gate turns a refresh away, which can be tried again, but not a sign-in or a
// rotation: their proofs are spent.
func TestFullGate(t *testing.T) {
	t.Parallel()
	g := gate.New(1, time.Nanosecond)
	e := newEnv(t, func(d *token.Deps) { d.Gate = g })
	c, rotating := e.client("Busy"), e.client("Turning", withRotation(0))
	jane, joe := e.user(c.Pool, "jane", nil), e.user(rotating.Pool, "joe", nil)
	plain, turning := *e.issue(c, jane).RefreshToken, *e.issue(rotating, joe).RefreshToken

	leave := must(g.Enter(t.Context()))(t)
	_, err := e.refresh(c, plain)
	wantFault(t, err, "TooManyRequestsException", "Rate exceeded")
	grant := e.grant(c, jane)
	done := make(chan error, 2)
	go func() { _, err := e.Issue(t.Context(), grant); done <- err }()
	go func() { _, err := e.refresh(rotating, turning); done <- err }()
	leave()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A function that is configured and cannot be reached refuses tokens.
func TestPreTokenGenerationRefuses(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Trigger", func(p *cognitoidp.UserPoolType, _ *cognitoidp.UserPoolClientType) {
		p.LambdaConfig = &cognitoidp.LambdaConfigType{PreTokenGeneration: new("arn:aws:lambda:us-east-1:000000000000:function:f")}
	})
	_, err := e.Issue(t.Context(), e.grant(c, e.user(c.Pool, "jane", nil)))
	wantFault(t, err, "UnexpectedLambdaException",
		"PreTokenGeneration invocation failed due to error ResourceNotFoundException.")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	e := newEnv(t, func(d *token.Deps) { d.Metrics = registry })
	c := e.client("Count")
	out := e.issue(c, e.user(c.Pool, "jane", nil))
	must(e.refresh(c, *out.RefreshToken))(t)
	if _, err := e.refresh(c, "x"); err == nil {
		t.Error("no token refreshes")
	}
	want := map[string]float64{
		"cenote_tokens_issued_total sign_in": 1, "cenote_tokens_issued_total refresh": 1,
		"cenote_token_refresh_total success": 1, "cenote_token_refresh_total denied": 1,
	}
	if diff := cmp.Diff(want, counters(t, registry, c)); diff != "" {
		t.Error(diff)
	}
}

// counters returns counters by name and the label that is neither pool nor client.
func counters(t *testing.T, g prometheus.Gatherer, c *catalog.Client) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, family := range must(g.Gather())(t) {
		for _, m := range family.GetMetric() {
			key := family.GetName()
			for _, l := range m.GetLabel() {
				switch {
				case l.GetName() == "pool" && l.GetValue() == c.Pool.ID(), l.GetName() == "client" && l.GetValue() == c.ID():
				default:
					key += " " + l.GetValue()
				}
			}
			out[key] = m.GetCounter().GetValue()
		}
	}
	return out
}
