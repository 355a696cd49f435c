package token_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/store"
)

// forge signs a token of its own: with any header, any claims and any key.
func forge(tb testing.TB, header string, claims map[string]any, key *keys.Key) string {
	tb.Helper()
	payload := must(json.Marshal(claims))(tb)
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return input + "." + base64.RawURLEncoding.EncodeToString(must(key.Sign([]byte(input)))(tb))
}

func headerOf(key *keys.Key) string { return `{"kid":"` + key.KID + `","alg":"RS256"}` }

func TestCheckAccess(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Access")
	u := e.user(c.Pool, "jane", map[string]string{"email": "jane@example.com"})
	out := e.issue(c, u)
	who, user, err := e.CheckAccess(t.Context(), *out.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	origin, _ := claims(t, out.AccessToken)["origin_jti"].(string)
	now := e.time().Truncate(time.Second)
	if diff := cmp.Diff(&api.UserPrincipal{
		PoolID: "us-east-1_Access", ClientID: "clientAccess", Sub: u.Sub, Username: "jane",
		OriginJTI: origin, EventID: "event", Scopes: []string{"aws.cognito.signin.user.admin"}, AuthTime: now, IssuedAt: now,
	}, who); diff != "" {
		t.Error(diff)
	}
	if user.ID != u.ID || user.Attributes["email"] != "jane@example.com" {
		t.Errorf("the user is %+v", user)
	}
}

// The texts and their order: each row breaks what it names and everything that is checked
// later.
func TestCheckAccessRefusals(t *testing.T) {
	t.Parallel()
	const (
		invalid   = "Invalid Access Token"
		signature = "Could not verify signature for Access Token"
		expired   = "Access Token has expired"
		revoked   = "Access Token has been revoked"
		scope     = "Access Token does not have required scopes"
	)
	e := newEnv(t)
	c, other := e.client("Refuse"), e.client("Other")
	pair, foreign := must(e.keys.Pair(t.Context(), c.Pool.Internal()))(t), must(e.keys.Pair(t.Context(), other.Pool.Internal()))(t)
	u := e.user(c.Pool, "jane", nil)
	good := *e.issue(c, u).AccessToken
	with := func(changes map[string]any) map[string]any {
		out := claims(t, &good)
		maps.Copy(out, changes)
		return out
	}
	// broken is wrong in everything that stands behind the signature.
	broken := map[string]any{"exp": e.time().Unix(), "scope": "openid", "sub": "gone"}
	header, payload, _ := strings.Cut(good, ".")
	payload, sign, _ := strings.Cut(payload, ".")

	for name, row := range map[string]struct{ raw, code, want string }{
		"good":                    {good, "", ""},
		"empty":                   {"", notAuthorized, invalid},
		"two parts":               {header + "." + payload, notAuthorized, invalid},
		"four parts":              {good + "." + sign, notAuthorized, invalid},
		"line break":              {good + "\n", notAuthorized, invalid},
		"no base64":               {header + ".%." + sign, notAuthorized, invalid},
		"no JSON":                 {header + ".AAAA." + sign, notAuthorized, invalid},
		"claims of another type":  {forge(t, headerOf(pair.Access), with(map[string]any{"exp": "soon"}), pair.Access), notAuthorized, invalid},
		"ID token":                {*e.issue(c, u).IdToken, notAuthorized, invalid},
		"access key, id use":      {forge(t, headerOf(pair.Access), with(map[string]any{"token_use": "id"}), pair.Access), notAuthorized, invalid},
		"id key":                  {forge(t, headerOf(pair.ID), with(nil), pair.ID), notAuthorized, invalid},
		"no algorithm":            {forge(t, `{"kid":"`+pair.Access.KID+`","alg":"none"}`, with(nil), pair.Access), notAuthorized, invalid},
		"another algorithm":       {forge(t, `{"kid":"`+pair.Access.KID+`","alg":"HS256"}`, with(nil), pair.Access), notAuthorized, invalid},
		"more in the header":      {forge(t, `{"kid":"`+pair.Access.KID+`","alg":"RS256","jku":"x"}`, with(nil), pair.Access), notAuthorized, invalid},
		"another issuer":          {forge(t, headerOf(pair.Access), with(map[string]any{"iss": "https://example.com/us-east-1_Refuse"}), pair.Access), notAuthorized, invalid},
		"no issuer":               {forge(t, headerOf(pair.Access), with(map[string]any{"iss": ""}), pair.Access), notAuthorized, invalid},
		"unknown pool":            {forge(t, headerOf(pair.Access), with(map[string]any{"iss": publicURL + "/us-east-1_None"}), pair.Access), notAuthorized, invalid},
		"pool of another region":  {forge(t, headerOf(pair.Access), with(map[string]any{"iss": publicURL + "/eu-west-1_Refuse"}), pair.Access), notAuthorized, invalid},
		"another pool":            {forge(t, headerOf(pair.Access), with(map[string]any{"iss": publicURL + "/us-east-1_Other"}), pair.Access), notAuthorized, invalid},
		"another pool's key":      {forge(t, headerOf(foreign.Access), with(nil), foreign.Access), notAuthorized, invalid},
		"signature of others":     {forge(t, headerOf(pair.Access), with(broken), foreign.Access), notAuthorized, signature},
		"no signature":            {header + "." + payload + ".", notAuthorized, signature},
		"expired":                 {forge(t, headerOf(pair.Access), with(broken), pair.Access), notAuthorized, expired},
		"client gone":             {forge(t, headerOf(pair.Access), with(map[string]any{"client_id": "gone", "scope": "", "sub": "gone"}), pair.Access), "ResourceNotFoundException", "User pool client gone does not exist."},
		"client of another pool":  {forge(t, headerOf(pair.Access), with(map[string]any{"client_id": other.ID(), "scope": ""}), pair.Access), "ResourceNotFoundException", "User pool client clientOther does not exist."},
		"scope":                   {forge(t, headerOf(pair.Access), with(map[string]any{"scope": "openid aws.cognito.signin.user.admin.not", "sub": "gone"}), pair.Access), notAuthorized, scope},
		"gone":                    {forge(t, headerOf(pair.Access), with(map[string]any{"sub": "gone"}), pair.Access), "UserNotFoundException", "User does not exist."},
		"signed in too long ago":  {forge(t, headerOf(pair.Access), with(map[string]any{"auth_time": -1 << 40, "scope": "openid"}), pair.Access), notAuthorized, revoked},
		"scope among several":     {forge(t, headerOf(pair.Access), with(map[string]any{"scope": "openid aws.cognito.signin.user.admin"}), pair.Access), "", ""},
		"AWS's issuer":            {forge(t, headerOf(pair.Access), with(map[string]any{"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Refuse"}), pair.Access), "", ""},
		"AWS's updated issuer":    {forge(t, headerOf(pair.Access), with(map[string]any{"iss": "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Refuse"}), pair.Access), "", ""},
		"AWS's, of another place": {forge(t, headerOf(pair.Access), with(map[string]any{"iss": "https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_Refuse"}), pair.Access), notAuthorized, invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := e.CheckAccess(t.Context(), row.raw)
			wantFault(t, err, row.code, row.want)
		})
	}
}

// What becomes of the user and the sign-in after the token was issued, in the order of
// the checks: each change comes on top of those before it in the list, and is seen first.
func TestCheckAccessAfterChanges(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Later")
	u := e.user(c.Pool, "jane", nil)
	out := e.issue(c, u)
	for _, step := range []struct {
		name       string
		change     func()
		code, want string
	}{
		{"unconfirmed", func() { e.change(u, func(u *store.User) { u.Status = cognitoidp.UserStatusTypeUnconfirmed }) }, "UserNotConfirmedException", "User is not confirmed."},
		{"reset required", func() { e.change(u, func(u *store.User) { u.Status = cognitoidp.UserStatusTypeResetRequired }) }, "PasswordResetRequiredException", "Password reset required for the user"},
		{"temporary password", func() { e.change(u, func(u *store.User) { u.Status = cognitoidp.UserStatusTypeForceChangePassword }) }, "", ""},
		{"disabled", func() { e.change(u, func(u *store.User) { u.Enabled = false }) }, notAuthorized, "User is disabled."},
		{"revoked", func() {
			if err := e.Revoke(t.Context(), c.Proven(), *out.RefreshToken, e.time()); err != nil {
				t.Error(err)
			}
		}, notAuthorized, "Access Token has been revoked"},
		{"expired", func() { e.sleep(time.Hour) }, notAuthorized, "Access Token has expired"},
	} {
		step.change()
		_, _, err := e.CheckAccess(t.Context(), *out.AccessToken)
		if step.code == "" && err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		wantFault(t, err, step.code, step.want)
	}
}

func TestAccessOfDeleted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Deleted")
	u := e.user(c.Pool, "jane", nil)
	out := e.issue(c, u)
	remove := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	remove(e.db.DeleteUser(t.Context(), u.Pool, u.ID))
	_, _, err := e.CheckAccess(t.Context(), *out.AccessToken)
	wantFault(t, err, "UserNotFoundException", "User does not exist.")
	remove(e.db.DeleteClient(t.Context(), c.Pool.Internal(), c.ID()))
	_, _, err = e.CheckAccess(t.Context(), *out.AccessToken)
	wantFault(t, err, "ResourceNotFoundException", "User pool client clientDeleted does not exist.")
	remove(e.db.DeletePool(t.Context(), c.Pool.Pool))
	_, _, err = e.CheckAccess(t.Context(), *out.AccessToken)
	wantFault(t, err, notAuthorized, "Invalid Access Token")
	// A pool made anew under the same id has other keys.
	e.client("Deleted")
	_, _, err = e.CheckAccess(t.Context(), *out.AccessToken)
	wantFault(t, err, notAuthorized, "Invalid Access Token")
}

func FuzzCheckAccess(f *testing.F) {
	e := newEnv(f)
	c := e.client("Fuzz")
	u := e.user(c.Pool, "jane", nil)
	out := e.issue(c, u)
	f.Add(*out.AccessToken)
	f.Add(*out.IdToken)
	f.Add(*out.RefreshToken)
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, raw string) {
		who, _, err := e.CheckAccess(t.Context(), raw)
		if (err == nil) != (raw == *out.AccessToken) || err == nil && who.Sub != u.Sub {
			t.Errorf("%q: %v", raw, err)
		}
	})
}

func BenchmarkCheckAccess(b *testing.B) {
	e, c, raw := benchEnv(b)
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := e.CheckAccess(b.Context(), raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	benchSignature(b, e, c, 1)
}

func BenchmarkIssue(b *testing.B) {
	e, c, _ := benchEnv(b)
	u := e.user(c.Pool, "joe", map[string]string{"email": "joe@example.com", "email_verified": "true", "name": "Joe"})
	b.Run("issue", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.issue(c, u)
		}
	})
	benchSignature(b, e, c, 2)
}

// benchEnv returns a service that reads its configuration from the cache, as servers do.
func benchEnv(b *testing.B) (*env, *catalog.Client, string) {
	b.Helper()
	e := newEnv(b)
	ctx, stop := context.WithCancel(b.Context())
	var polling sync.WaitGroup
	polling.Go(func() {
		if err := e.catalog.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() {
		stop()
		polling.Wait()
	})
	c := e.client("Bench")
	raw := *e.issue(c, e.user(c.Pool, "jane", map[string]string{"email": "jane@example.com"})).AccessToken
	return e, c, raw
}

// benchSignature is the measure for the others: n bare signatures.
func benchSignature(b *testing.B, e *env, c *catalog.Client, n int) {
	b.Helper()
	b.Run("signature", func(b *testing.B) {
		pair := must(e.keys.Pair(b.Context(), c.Pool.Internal()))(b)
		for b.Loop() {
			for range n {
				must(pair.Access.Sign([]byte("input")))(b)
			}
		}
	})
}
