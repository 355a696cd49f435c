package signin_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// ways are the flows with a password, each to its first end.
var ways = map[string]func(e *env, c *catalog.Client, name, password string) (*answer, error){
	"password": (*env).signIn,
	"srp":      (*env).srp,
	"admin": func(e *env, c *catalog.Client, name, password string) (*answer, error) {
		return e.initiate(c, "ADMIN_USER_PASSWORD_AUTH", values{"USERNAME": name, "PASSWORD": password})
	},
	"admin, former name": func(e *env, c *catalog.Client, name, password string) (*answer, error) {
		return e.initiate(c, "ADMIN_NO_SRP_AUTH", values{"USERNAME": name, "PASSWORD": password})
	},
}

// The decision table of account states: what each way answers to the right and to a wrong
// password, by whether the client hides users.
func TestAccountStates(t *testing.T) {
	t.Parallel()
	for way, signIn := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			open := e.client("Open")
			hides := e.sibling(open, "hides") // the clients share their users
			hides.Config.PreventUserExistenceErrors = new(cognitoidp.PreventUserExistenceErrorTypesEnabled)
			if err := e.db.UpdateClient(t.Context(), hides.Client); err != nil {
				t.Fatal(err)
			}
			p := open.Pool
			for i, row := range []struct {
				name               string
				user               []func(*store.User)
				right, wrong       failure // without hiding
				rightHid, wrongHid failure // with
			}{
				{"confirmed", nil, noFault, badCredentials, noFault, badCredentials},
				{"disabled", []func(*store.User){disabled}, isDisabled, badCredentials, isDisabled, badCredentials},
				{"unconfirmed", []func(*store.User){status("UNCONFIRMED")}, isUnconfirmed, badCredentials, isUnconfirmed, badCredentials},
				{"disabled and unconfirmed", []func(*store.User){status("UNCONFIRMED"), disabled}, isDisabled, badCredentials, isDisabled, badCredentials},
				{"reset required", []func(*store.User){status("RESET_REQUIRED")}, mustReset, mustReset, mustReset, badCredentials},
				{"imported", []func(*store.User){status("RESET_REQUIRED"), without}, mustReset, mustReset, badCredentials, badCredentials},
				{"disabled, to be reset", []func(*store.User){status("RESET_REQUIRED"), disabled}, mustReset, mustReset, isDisabled, badCredentials},
				{"federated", []func(*store.User){status("EXTERNAL_PROVIDER"), without}, badCredentials, badCredentials, badCredentials, badCredentials},
				{"temporary password, expired", []func(*store.User){e.invited(p), func(u *store.User) { u.Credential.TemporaryUntil = e.time() }}, isExpired, badCredentials, isExpired, badCredentials},
				{"temporary password once", []func(*store.User){func(u *store.User) { u.Credential.TemporaryUntil = e.time() }}, noFault, badCredentials, noFault, badCredentials},
			} {
				name := fmt.Sprintf("user%d", i)
				e.user(p, name, row.user...)
				hides := must(e.catalog.Client(t.Context(), "hides"))(t)
				for _, try := range []struct {
					client   *catalog.Client
					password string
					want     failure
				}{
					{open, "wrong", row.wrong},
					{open, password, row.right},
					{hides, "wrong", row.wrongHid},
					{hides, password, row.rightHid},
				} {
					out, err := signIn(e, try.client, name, try.password)
					if wantFault(t, err, try.want); t.Failed() {
						t.Fatalf("%s, %s, %q", row.name, try.client.ID(), try.password)
					}
					if err == nil {
						wantTokens(t, out, err)
					}
				}
			}
			// Nobody has the name; some names no user can have.
			for _, name := range []string{"nobody", strings.Repeat("n", 129), "nul\x00", "not UTF-8 \xff"} {
				_, err := signIn(e, open, name, password)
				wantFault(t, err, noUser)
				_, err = signIn(e, must(e.catalog.Client(t.Context(), "hides"))(t), name, password)
				wantFault(t, err, badCredentials)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	plain, alias, mail := e.client("Plain"), e.client("Alias", aliases("email", "preferred_username")), e.client("Mail", byEmail)
	folding := e.client("Folding", func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: new(false)}
	})
	for _, c := range []*catalog.Client{plain, alias, folding} {
		e.user(c.Pool, "jane", with("preferred_username", "jj"))
	}
	unverified := e.user(alias.Pool, "joe", with("email_verified", "false"))
	const id = "34c84488-e0e1-40ae-92ee-991ad1a898c8"
	e.user(mail.Pool, id, func(u *store.User) { u.Sub, u.Attributes = id, map[string]string{"email": "jane@example.com"} })
	for _, row := range []struct {
		client     *catalog.Client
		name, user string // user is empty where nobody is found
	}{
		{plain, "jane", "jane"},
		{plain, "JANE", ""},
		{plain, "jane@example.com", ""},
		{plain, "jj", ""},
		{alias, "jane", "jane"},
		{alias, "jane@example.com", "jane"},
		{alias, "jj", "jane"},
		{alias, "joe@example.com", ""},
		{alias, unverified.Sub, "joe"},
		{mail, "jane@example.com", id},
		{mail, id, id},
		{mail, "jane", ""},
		{folding, "jane", "jane"},
		{folding, "JANE", "jane"},
	} {
		for way, signIn := range ways {
			out, err := signIn(e, row.client, row.name, password)
			if row.user == "" {
				wantFault(t, err, noUser)
				continue
			}
			tokens := wantTokens(t, out, err)
			who, _, err := e.tokens.CheckAccess(t.Context(), *tokens.AccessToken)
			if err != nil || who.Username != row.user {
				t.Errorf("%s as %s: %v, %v", way, row.name, who, err)
			}
		}
	}
}

// The answer to PASSWORD_VERIFIER names the user by the canonical name or by what was
// typed at the start.
func TestVerifierNames(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Verifier", aliases("email"))
	u := e.user(c.Pool, "jane")
	e.user(c.Pool, "joe")
	for name, want := range map[string]failure{
		"jane": noFault, "jane@example.com": noFault, u.Sub: noFault, "joe": badCredentials, "joe@example.com": badCredentials, "nobody": badCredentials,
	} {
		claim := must(e.claim(c, "jane@example.com", password, nil))(t)
		if claim["USERNAME"] != "jane" {
			t.Fatalf("the canonical name is %q", claim["USERNAME"])
		}
		claim["USERNAME"] = name
		_, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		wantFault(t, err, want)
	}
}

func TestVerifierRefusals(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Refuse")
	sibling, other := e.sibling(c, "sibling"), e.client("Other")
	u := e.user(c.Pool, "jane")
	e.user(other.Pool, "jane")
	good := func() values { return must(e.claim(c, "jane", password, nil))(t) }
	for name, change := range map[string]func(values){
		"block":     func(v values) { v["PASSWORD_CLAIM_SECRET_BLOCK"] = "x" },
		"signature": func(v values) { v["PASSWORD_CLAIM_SIGNATURE"] = "x" },
		"timestamp": func(v values) { v["TIMESTAMP"] = srp.Timestamp(e.time().Add(time.Second)) },
		"skew":      func(v values) { v["TIMESTAMP"] = srp.Timestamp(e.time().Add(-time.Hour)) },
		"other's":   func(v values) { v["PASSWORD_CLAIM_SECRET_BLOCK"] = good()["PASSWORD_CLAIM_SECRET_BLOCK"] },
	} {
		v := good()
		change(v)
		_, err := e.respond(c, "PASSWORD_VERIFIER", nil, v)
		if err == nil {
			t.Errorf("%s: tokens", name)
		}
		wantFault(t, err, badCredentials)
		out, err := e.srp(c, "jane", password)
		wantTokens(t, out, err)
	}
	for _, c := range []*catalog.Client{sibling, other} {
		_, err := e.respond(c, "PASSWORD_VERIFIER", nil, good())
		wantFault(t, err, badCredentials)
	}
	old := good()
	e.sleep(c.SessionTTL())
	_, err := e.respond(c, "PASSWORD_VERIFIER", nil, old)
	wantFault(t, err, badCredentials)

	proof := good()
	e.change(u, func(u *store.User) { u.Credential = must(e.proofs.New(t.Context(), c.Pool, "jane", password))(t) })
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, proof)
	wantFault(t, err, badCredentials)

	proof = good()
	if err := e.db.DeleteUser(t.Context(), u.Pool, u.ID); err != nil {
		t.Fatal(err)
	}
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, proof)
	wantFault(t, err, badCredentials)
}

func TestBadSRPA(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Zero", hiding)
	e.user(c.Pool, "jane")
	for _, name := range []string{"jane", "nobody"} {
		for _, a := range []string{"0", "xyz", "-1"} {
			_, err := e.initiate(c, "USER_SRP_AUTH", values{"USERNAME": name, "SRP_A": a})
			wantFault(t, err, invalid("Invalid SRP_A"))
		}
	}
}

// A right proof is good once; a wrong one spends nothing.
func TestSecretBlocksAreUsedOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Once")
	e.user(c.Pool, "jane")
	claim := must(e.claim(c, "jane", password, nil))(t)
	wrong := maps.Clone(claim)
	wrong["PASSWORD_CLAIM_SIGNATURE"] = "AAAA"
	_, err := e.respond(c, "PASSWORD_VERIFIER", nil, wrong)
	wantFault(t, err, badCredentials)
	out, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantTokens(t, out, err)
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantFault(t, err, badCredentials)
	// Sending the same twice is no failed attempt.
	for range 10 {
		_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		wantFault(t, err, badCredentials)
	}
	out, err = e.srp(c, "jane", password)
	wantTokens(t, out, err)
}

// Whatever an unknown name shows is what a known one shows.
func TestStrangersLookLikeUsers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Hides", hiding)
	sibling := e.sibling(c, "sibling")
	mail := e.client("Mail", hiding, byEmail)
	e.user(c.Pool, "jane")
	begin := func(c *catalog.Client, name string) values {
		a := must(srp.NewClient(clock.Random(nil)))(t).A()
		return must(e.initiate(c, "USER_SRP_AUTH", values{"USERNAME": name, "SRP_A": a}))(t).ChallengeParameters
	}
	known, one, again, through := begin(c, "jane"), begin(c, "jone"), begin(c, "jone"), begin(sibling, "jone")
	if !slices.Equal(slices.Sorted(maps.Keys(known)), slices.Sorted(maps.Keys(one))) {
		t.Errorf("known %v, unknown %v", known, one)
	}
	for _, name := range []string{"SALT", "USERNAME", "USER_ID_FOR_SRP"} {
		if one[name] != again[name] || one[name] != through[name] {
			t.Errorf("%s is %q, %q, %q", name, one[name], again[name], through[name])
		}
	}
	if one["SRP_B"] == again["SRP_B"] || one["SECRET_BLOCK"] == again["SECRET_BLOCK"] || one["USERNAME"] != "jone" {
		t.Errorf("got %v", one)
	}
	// The length of what is sealed shows, too. Numbers may begin with zeros, which fall away.
	for name, slack := range map[string]int{"SECRET_BLOCK": 0, "SALT": 8, "SRP_B": 8} {
		if d := len(known[name]) - len(one[name]); max(d, -d) > slack {
			t.Errorf("%s has %d and %d characters", name, len(known[name]), len(one[name]))
		}
	}
	if id := begin(mail, "jane@example.com")["USER_ID_FOR_SRP"]; len(id) != 36 || id != begin(mail, "jane@example.com")["USER_ID_FOR_SRP"] {
		t.Errorf("where the server names users, the stranger is %q", id)
	}
	// Lockout tells nothing either.
	for _, way := range []string{"password", "srp"} {
		for _, name := range []string{"jane", "nobody by " + way} {
			name = strings.ReplaceAll(name, " ", "-")
			for n := range 7 {
				want := badCredentials
				if n >= 5 {
					want = isLocked
				}
				_, err := ways[way](e, c, name, "wrong")
				wantFault(t, err, want)
			}
		}
		e.sleep(time.Hour)
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	for way, signIn := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.client("Lock")
			sibling := e.sibling(c, "sibling")
			e.user(c.Pool, "jane")
			pending := must(e.claim(c, "jane", password, nil))(t)
			for range 5 {
				_, err := signIn(e, c, "jane", "wrong")
				wantFault(t, err, badCredentials)
			}
			// Right or wrong, through whichever client.
			for _, password := range []string{password, "wrong"} {
				_, err := signIn(e, sibling, "jane", password)
				wantFault(t, err, isLocked)
			}
			_, err := e.respond(c, "PASSWORD_VERIFIER", nil, pending)
			wantFault(t, err, isLocked)
			e.sleep(time.Second)
			_, err = signIn(e, c, "jane", "wrong")
			wantFault(t, err, badCredentials)
			e.sleep(2 * time.Second)
			out, err := signIn(e, c, "jane", password)
			wantTokens(t, out, err)
			_, err = signIn(e, c, "jane", "wrong")
			wantFault(t, err, badCredentials)
			out, err = signIn(e, c, "jane", password)
			wantTokens(t, out, err)
		})
	}
}

// Where functions stand, and what their failing leaves usable.
func TestTriggersRefuse(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pre := e.client("Pre", function(func(l *cognitoidp.LambdaConfigType, arn *string) { l.PreAuthentication = arn }))
	post := e.client("Post", function(func(l *cognitoidp.LambdaConfigType, arn *string) { l.PostAuthentication = arn }))
	migrate := e.client("Migrate", function(func(l *cognitoidp.LambdaConfigType, arn *string) { l.UserMigration = arn }))
	unreachable := func(name string) failure { return failure{"UnexpectedLambdaException", name + noFunction} }
	for _, c := range []*catalog.Client{pre, post, migrate} {
		e.user(c.Pool, "jane")
	}
	for way, signIn := range ways {
		// Before the password is judged, and after.
		for _, password := range []string{password, "wrong"} {
			_, err := signIn(e, pre, "jane", password)
			wantFault(t, err, unreachable("PreAuthentication"))
		}
		_, err := signIn(e, post, "jane", "wrong")
		wantFault(t, err, badCredentials)
		_, err = signIn(e, post, "jane", password)
		wantFault(t, err, unreachable("PostAuthentication"))
		// For unknown names, and only where the password is at hand.
		_, err = signIn(e, migrate, "nobody", password)
		if way == "srp" {
			wantFault(t, err, noUser)
		} else {
			wantFault(t, err, failure{"UserNotFoundException", "Exception migrating user in app client clientMigrate"})
		}
		out, err := signIn(e, migrate, "jane", password)
		wantTokens(t, out, err)
	}
	// The proof is spent after the functions have agreed.
	claim := must(e.claim(post, "jane", password, nil))(t)
	for range 2 {
		_, err := e.respond(post, "PASSWORD_VERIFIER", nil, claim)
		wantFault(t, err, unreachable("PostAuthentication"))
	}
}

// A password sign-in without a challenge, and a refresh, write nothing.
func TestSigningInWritesNothing(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Quiet")
	e.user(c.Pool, "jane")
	before := e.written()
	out, err := e.signIn(c, "jane", password)
	tokens := wantTokens(t, out, err)
	_, err = e.initiate(c, "REFRESH_TOKEN_AUTH", values{"REFRESH_TOKEN": *tokens.RefreshToken})
	wantFault(t, err, noFault)
	if e.written() != before {
		t.Error("the database has changed")
	}
	_, err = e.signIn(c, "jane", "wrong")
	wantFault(t, err, badCredentials)
	if e.written() == before {
		t.Error("the database has not changed: the test sees no writes")
	}
}

// written changes with every write to the database.
func (e *env) written() [sha256.Size]byte {
	e.t.Helper()
	h := sha256.New()
	for _, name := range []string{"cenote.db", "cenote.db-wal"} {
		h.Write(must(os.ReadFile(filepath.Join(e.files, name)))(e.t))
	}
	return [sha256.Size]byte(h.Sum(nil))
}
