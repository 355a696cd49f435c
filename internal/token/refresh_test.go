package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	invalidRefresh = "Invalid Refresh Token."
	revokedRefresh = "Refresh Token has been revoked"
	reusedRefresh  = "Refresh Token has been used already"
	reuseException = "RefreshTokenReuseException"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Refresh")
	u := e.user(c.Pool, "jane", map[string]string{"name": "Jane"})
	out := e.issue(c, u)
	e.change(u, func(u *store.User) { u.Attributes["name"] = "Joan" })
	e.sleep(90 * time.Minute)
	next := must(e.refresh(c, *out.RefreshToken))(t)
	if next.RefreshToken != nil || api.Value(next.ExpiresIn) != 3600 || api.Value(next.TokenType) != "Bearer" {
		t.Errorf("got %+v", next)
	}
	for name, pair := range map[string][2]*string{"id": {out.IdToken, next.IdToken}, "access": {out.AccessToken, next.AccessToken}} {
		was, is := claims(t, pair[0]), claims(t, pair[1])
		for _, fresh := range []string{"jti", "iat", "exp"} {
			if was[fresh] == is[fresh] {
				t.Errorf("%s: %s stays %v", name, fresh, is[fresh])
			}
			delete(was, fresh)
			delete(is, fresh)
		}
		if name == "id" { // attributes are read again
			was["name"] = "Joan"
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestOpenRefreshRefusals(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c, other := e.client("Open"), e.client("Else")
	sibling := e.sibling(c, "sibling")
	good := *e.issue(c, e.user(c.Pool, "jane", nil)).RefreshToken
	parts := strings.Split(good, ".")
	patch := func(i int, text string) string {
		p := append([]string(nil), parts...)
		p[i] = text
		return strings.Join(p, ".")
	}
	for name, raw := range map[string]string{
		"empty": "", "dots": "....", "four parts": strings.Join(parts[:4], "."), "six parts": good + ".",
		"another header": patch(0, "e30"), "no base64": patch(3, "%"), "line break": good + "\n",
		"short nonce": patch(2, parts[2][:12]), "short key": patch(1, parts[1][:4]), "short tag": patch(4, parts[4][:8]),
		"no text": patch(3, ""), "changed text": patch(3, otherStart(parts[3])), "changed tag": patch(4, strings.ToUpper(parts[4])),
		"access token": *e.issue(c, e.user(c.Pool, "joe", nil)).AccessToken,
	} {
		_, err := e.OpenRefresh(t.Context(), c, raw, "")
		if err == nil {
			t.Errorf("%s is taken", name)
		}
		wantFault(t, err, notAuthorized, invalidRefresh)
	}
	for _, foreign := range []string{sibling.ID(), other.ID()} {
		_, err := e.OpenRefresh(t.Context(), must(e.catalog.Client(t.Context(), foreign))(t), good, "")
		wantFault(t, err, notAuthorized, invalidRefresh)
	}
	must(e.OpenRefresh(t.Context(), c, good, "some device that was remembered once"))(t)
}

func TestOpenRefreshAfterChanges(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Changes")
	u := e.user(c.Pool, "jane", nil)
	raw := *e.issue(c, u).RefreshToken
	revoked := *e.issue(c, u).RefreshToken
	if err := e.Revoke(t.Context(), c.Proven(), revoked, e.time()); err != nil {
		t.Fatal(err)
	}
	open := func(raw, code, text string) {
		t.Helper()
		_, err := e.OpenRefresh(t.Context(), c, raw, "")
		wantFault(t, err, code, text)
	}
	open(raw, "", "") // other sign-ins live
	open(revoked, notAuthorized, revokedRefresh)
	// A password to be reset ends no sign-in.
	e.change(u, func(u *store.User) { u.Status = cognitoidp.UserStatusTypeResetRequired })
	open(raw, "", "")
	e.change(u, func(u *store.User) { u.Enabled = false })
	open(raw, notAuthorized, "User is disabled.")
	open(revoked, notAuthorized, revokedRefresh)
	e.change(u, func(u *store.User) { u.Enabled = true })
	if err := e.db.SignOutEverywhere(t.Context(), u.Pool, u.ID, e.time()); err != nil {
		t.Fatal(err)
	}
	open(raw, notAuthorized, revokedRefresh)
	if err := e.db.DeleteUser(t.Context(), u.Pool, u.ID); err != nil {
		t.Fatal(err)
	}
	open(raw, "UserNotFoundException", "User does not exist.")
	e.sleep(30 * 24 * time.Hour)
	open(raw, notAuthorized, "Refresh Token has expired")
}

// otherStart returns text with another first character of base64url.
func otherStart(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

func TestRotation(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Rotate", withRotation(10))
	u := e.user(c.Pool, "jane", nil)
	first := e.issue(c, u)
	bystander := *e.issue(c, u).RefreshToken

	second := must(e.refresh(c, *first.RefreshToken))(t)
	if second.RefreshToken == nil || *second.RefreshToken == *first.RefreshToken {
		t.Fatal("the refresh token stays")
	}
	if was, is := claims(t, first.AccessToken)["origin_jti"], claims(t, second.AccessToken)["origin_jti"]; was != is {
		t.Errorf("the origin changes from %v to %v", was, is)
	}
	// A retry in the grace period works, and what it gets works as well.
	e.sleep(9 * time.Second)
	retried := must(e.refresh(c, *first.RefreshToken))(t)
	third := must(e.refresh(c, *second.RefreshToken))(t)
	must(e.refresh(c, *retried.RefreshToken))(t)
	// The first token is two generations old: grace does not chain.
	_, err := e.refresh(c, *first.RefreshToken)
	wantFault(t, err, reuseException, reusedRefresh)
	// The whole sign-in is dead with it, and no other.
	_, err = e.refresh(c, *third.RefreshToken)
	wantFault(t, err, notAuthorized, revokedRefresh)
	_, _, err = e.CheckAccess(t.Context(), *third.AccessToken)
	wantFault(t, err, notAuthorized, "Access Token has been revoked")
	must(e.refresh(c, bystander))(t)
}

func TestRotationGraceEnds(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		grace int
		after time.Duration
		code  string
	}{
		"Within": {10, 10*time.Second - time.Millisecond, ""},
		"At":     {10, 10 * time.Second, reuseException},
		"None":   {0, 0, reuseException},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.client(name, withRotation(row.grace))
			raw := *e.issue(c, e.user(c.Pool, "jane", nil)).RefreshToken
			must(e.refresh(c, raw))(t)
			e.sleep(row.after)
			_, err := e.refresh(c, raw)
			wantFault(t, err, row.code, reusedRefresh)
		})
	}
}

// Turning rotation off gives no life back to the tokens that it took, and leaves the
// newest one alone.
func TestRotationTurnedOff(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Off", withRotation(10))
	old := *e.issue(c, e.user(c.Pool, "jane", nil)).RefreshToken
	newest := *must(e.refresh(c, old))(t).RefreshToken

	record := *c.Client
	config := *c.Config
	config.RefreshTokenRotation = nil
	record.Config = &config
	plain := catalog.NewClient(&record, c.Pool)
	must(e.refresh(plain, old))(t) // in its grace
	e.sleep(10 * time.Second)
	_, err := e.refresh(plain, old)
	wantFault(t, err, notAuthorized, revokedRefresh)
	if out := must(e.refresh(plain, newest))(t); out.RefreshToken != nil {
		t.Error("a refresh without rotation answers a refresh token")
	}
}

// A refresh token keeps the lifetime of the sign-in, however often it is replaced.
func TestRotationDoesNotProlong(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Prolong", withRotation(10))
	raw := *e.issue(c, e.user(c.Pool, "jane", nil)).RefreshToken
	for range 29 {
		e.sleep(24 * time.Hour)
		raw = *must(e.refresh(c, raw))(t).RefreshToken
	}
	e.sleep(24 * time.Hour)
	_, err := e.refresh(c, raw)
	wantFault(t, err, notAuthorized, "Refresh Token has expired")
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c, other := e.client("Revoke"), e.client("Others")
	fixed := e.client("Fixed", irrevocable)
	sibling := e.sibling(c, "sister")
	u := e.user(c.Pool, "jane", nil)
	out, bystander := e.issue(c, u), e.issue(c, u)
	const (
		wrongType = "Unsupported token type, only refresh tokens are revoked"
		foreign   = "Refresh Token was not issued to this client"
	)
	for _, row := range []struct {
		name, raw  string
		client     string
		code, text string
	}{
		{"ID token", *out.IdToken, c.ID(), "UnsupportedTokenTypeException", wrongType},
		{"access token", *out.AccessToken, c.ID(), "UnsupportedTokenTypeException", wrongType},
		{"garbage", "garbage", c.ID(), "InvalidParameterException", "Invalid refresh token"},
		{"another client's", *out.RefreshToken, sibling.ID(), "UnauthorizedException", foreign},
		{"another pool's", *out.RefreshToken, other.ID(), "UnauthorizedException", foreign},
		{"irrevocable", *out.RefreshToken, fixed.ID(), "UnsupportedOperationException", "Token revocation is not enabled for this client"},
		{"right", *out.RefreshToken, c.ID(), "", ""},
		{"again", *out.RefreshToken, c.ID(), "", ""},
	} {
		client := must(e.catalog.Client(t.Context(), row.client))(t)
		wantFault(t, e.Revoke(t.Context(), client.Proven(), row.raw, e.time()), row.code, row.text)
	}
	_, _, err := e.CheckAccess(t.Context(), *out.AccessToken)
	wantFault(t, err, notAuthorized, "Access Token has been revoked")
	_, _, err = e.CheckAccess(t.Context(), *bystander.AccessToken)
	wantFault(t, err, "", "")
	e.sleep(30 * 24 * time.Hour)
	wantFault(t, e.Revoke(t.Context(), c.Proven(), *bystander.RefreshToken, e.time()), "", "")
}

// An access token of the last moment outlives its refresh token, and so does its revocation.
func TestRevocationOutlivesTheRefreshToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Outlive", func(_ *cognitoidp.UserPoolType, c *cognitoidp.UserPoolClientType) {
		c.AccessTokenValidity, c.RefreshTokenValidity = new(24), new(1)
	})
	out := e.issue(c, e.user(c.Pool, "jane", nil))
	e.sleep(23 * time.Hour)
	next := must(e.refresh(c, *out.RefreshToken))(t)
	if err := e.Revoke(t.Context(), c.Proven(), *out.RefreshToken, e.time()); err != nil {
		t.Fatal(err)
	}
	e.sleep(23 * time.Hour)
	_, _, err := e.CheckAccess(t.Context(), *next.AccessToken)
	wantFault(t, err, notAuthorized, "Access Token has been revoked")
}

func FuzzOpenRefresh(f *testing.F) {
	e := newEnv(f)
	c := e.client("Fuzz")
	u := e.user(c.Pool, "jane", nil)
	out := e.issue(c, u)
	f.Add(*out.RefreshToken)
	f.Add(*out.AccessToken)
	f.Add("....")
	f.Fuzz(func(t *testing.T, raw string) {
		opened, err := e.OpenRefresh(t.Context(), c, raw, "")
		if (err == nil) != (raw == *out.RefreshToken) || err == nil && opened.User.ID != u.ID {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
