package signin_test

import (
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// A hash as an import brings it, of the password "U*U" (crypt_blowfish's test vector).
const (
	foreignPassword = "U*U"
	foreignHash     = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
)

func imported(u *store.User) { u.Credential = store.Credential{Hash: foreignHash} }

func keepHashes(p *cognitoidp.UserPoolType, _ *store.Client) {
	p.UserPoolTags = map[string]string{catalog.TagPasswordHash: catalog.ArgonHash}
}

// The first sign-in with the password makes an imported user one like all others.
func TestForeignHash(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Import")
	u := e.user(c.Pool, "jane", imported)
	wrong := notAuthorized("Incorrect username or password.")
	_, err := e.srp(c, "jane", foreignPassword)
	wantFault(t, err, wrong)
	_, err = e.signIn(c, "jane", "U*u")
	wantFault(t, err, wrong)
	if now := e.fresh(u); now.Credential.Hash != foreignHash || now.Failures.Count != 2 {
		t.Errorf("after two failures the user is %+v", now)
	}
	out, err := e.signIn(c, "jane", foreignPassword)
	wantTokens(t, out, err)
	if now := e.fresh(u); now.Credential.Hash != "" || len(now.Credential.Verifier) == 0 || now.Failures.Count != 0 {
		t.Errorf("after the sign-in the user is %+v", now)
	}
	out, err = e.srp(c, "jane", foreignPassword)
	wantTokens(t, out, err)
	out, err = e.signIn(c, "jane", foreignPassword)
	wantTokens(t, out, err)
	counted := false
	for _, family := range must(e.registry.Gather())(t) {
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				counted = counted || l.GetValue() == "srp_blocked_by_legacy_hash" && m.GetCounter().GetValue() == 1
			}
		}
	}
	if !counted {
		t.Error("the sign-in that SRP could not prove is not counted as one")
	}
}

// A challenge that the same sign-in poses is good, although the password's form has changed
// in it; one of before is not.
func TestForeignHashAndSessions(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Import")
	u := e.user(c.Pool, "jane", imported, status("FORCE_CHANGE_PASSWORD"))
	before := e.fresh(u)
	out, err := e.signIn(c, "jane", foreignPassword)
	first := wantChallenge(t, newPasswordRequired, out, err)
	if e.fresh(u).Credential.Hash != "" {
		t.Error("the hash was not replaced")
	}
	e.change(u, func(u *store.User) { u.Credential = before.Credential })
	_, err = e.respond(c, newPasswordRequired, first.Session, values{"USERNAME": "jane", "NEW_PASSWORD": password2})
	if err == nil {
		t.Error("a Session outlived the password that it was given for")
	}
	out, err = e.signIn(c, "jane", foreignPassword)
	second := wantChallenge(t, newPasswordRequired, out, err)
	out, err = e.respond(c, newPasswordRequired, second.Session, values{"USERNAME": "jane", "NEW_PASSWORD": password2})
	wantTokens(t, out, err)
}

func TestPoolThatKeepsHashes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Argon", keepHashes)
	hides := e.client("ArgonHides", keepHashes, hiding)
	u := e.user(c.Pool, "jane")
	if !strings.HasPrefix(u.Credential.Hash, "$argon2id$") || u.Credential.Verifier != nil {
		t.Errorf("the password is kept as %+v", u.Credential)
	}
	out, err := e.signIn(c, "jane", password)
	wantTokens(t, out, err)
	const noSRP = "SRP is not available in this user pool: its tag cenote:password-hash makes it keep passwords as hashes " +
		"that SRP cannot prove. Send the password, as in USER_PASSWORD_AUTH."
	for _, c := range []*catalog.Client{c, hides} {
		for _, name := range []string{"jane", "nobody"} {
			wantFault(t, e.begin(c, false, "USER_SRP_AUTH", values{"USERNAME": name, "SRP_A": "abc"}), invalid(noSRP))
		}
	}
	e.user(hides.Pool, "jane")
	for _, name := range []string{"jane", "nobody"} {
		for range 5 {
			_, err := e.signIn(hides, name, "wrong")
			wantFault(t, err, notAuthorized("Incorrect username or password."))
		}
		_, err := e.signIn(hides, name, password)
		wantFault(t, err, notAuthorized("Password attempts exceeded"))
	}
}
