package signin_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/passkey/passkeytest"
	"github.com/cenote-id/cenote/internal/store"
)

// TestNoChoiceIsSkipped drives sign-ins in which users choose their first factor: it begins
// them with each preference, answers their challenges rightly and wrongly, for other users
// and through other clients, chooses again, sends everything again, lets time pass, turns
// second factors on and off, sets passwords and signs users out. A model of what each user
// may choose and what each Session is good for says what may come next, and for whom.
func TestNoChoiceIsSkipped(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.configure(e.passkeyClient("Choices"), mfa("OPTIONAL", catalog.FactorSMS), func(p *store.Pool) {
		p.Config.Policies.SignInPolicy.AllowedFirstAuthFactors = []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN"}
	})
	clients := []*catalog.Client{first, e.sibling(first, "second")}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &choiceModel{e: e, clients: clients}
		for i := range 3 {
			u := &chooser{
				User: e.user(first.Pool, fmt.Sprintf("user-%d-%d", round, i), with("phone_number", fmt.Sprintf("+1555%04d%d", round, i))),
				key:  &passkeytest.Authenticator{}, password: password, has: i < 2,
			}
			if u.has {
				e.addPasskey(first, u.User, u.key)
			}
			m.users = append(m.users, u)
		}
		r.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "begin again": m.begin, "answer": m.answer, "answer again": m.answer, "answer once more": m.answer,
			"turn": m.turn, "password": m.setPassword, "sign out": m.signOut, "wait": m.wait,
		})
	})
}

// chooser is what the model knows of a user.
type chooser struct {
	*store.User
	key      *passkeytest.Authenticator
	has      bool // a passkey
	password string
	mfa      bool
	changes  int // what ended sign-ins under way
}

// offers are what the user may choose from.
func (u *chooser) offers() []cognitoidp.ChallengeNameType {
	out := []cognitoidp.ChallengeNameType{"PASSWORD_SRP", "PASSWORD"}
	if !u.mfa {
		out = append(out, "EMAIL_OTP")
		if u.has {
			out = append(out, "WEB_AUTHN")
		}
	}
	return out
}

// choicePosed is a challenge in the hands of a client.
type choicePosed struct {
	*answer
	client  int
	user    *chooser
	expires time.Time
	changes int
	used    bool
	code    string
}

type choiceModel struct {
	e       *env
	clients []*catalog.Client
	users   []*chooser
	posed   []*choicePosed
}

// next checks what a step led to: the challenge named, or tokens for "".
func (m *choiceModel) next(r *rapid.T, client int, u *chooser, want cognitoidp.ChallengeNameType, out *answer) {
	if got := api.Value(out.ChallengeName); got != want {
		r.Fatalf("%s was led to %q, want %q", u.Username, got, want)
	}
	if want == "" {
		who, _, err := m.e.tokens.CheckAccess(m.e.t.Context(), *out.AuthenticationResult.AccessToken)
		if err != nil || who.Sub != u.Sub || who.ClientID != m.clients[client].ID() {
			r.Fatalf("the tokens are %v's: %v", who, err)
		}
		return
	}
	p := &choicePosed{answer: out, client: client, user: u, changes: u.changes, expires: m.e.time().Add(m.clients[client].SessionTTL())}
	switch want {
	case "EMAIL_OTP":
		p.code = m.e.code(u.Attributes["email"])
	case "SMS_MFA":
		p.code = m.e.code(u.Attributes["phone_number"])
	}
	m.posed = append(m.posed, p)
}

// afterPassword is where a right password leads.
func (u *chooser) afterPassword() cognitoidp.ChallengeNameType {
	if u.mfa {
		return "SMS_MFA"
	}
	return ""
}

func (m *choiceModel) begin(r *rapid.T) {
	client := rapid.IntRange(0, 1).Draw(r, "client")
	u := rapid.SampledFrom(m.users).Draw(r, "user")
	preferred := rapid.SampledFrom([]cognitoidp.ChallengeNameType{"", "PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SMS_OTP"}).Draw(r, "preferred")
	typed := rapid.SampledFrom([]string{"", "right", "wrong"}).Draw(r, "typed")
	m.unlock(u)
	parameters := values{"PREFERRED_CHALLENGE": string(preferred)}
	m.typePassword(u, typed, parameters)
	out, err := m.e.choose(m.clients[client], u.Username, parameters)
	want := preferred
	switch {
	case preferred == "" || !slices.Contains(u.offers(), preferred):
		want = "SELECT_CHALLENGE"
	case preferred == "PASSWORD" && typed == "wrong":
		if err == nil {
			r.Fatal("a wrong password got through")
		}
		return
	case preferred == "PASSWORD" && typed == "right":
		want = u.afterPassword()
	}
	if err != nil {
		r.Fatalf("%s did not begin with %q: %v", u.Username, preferred, err)
	}
	m.next(r, client, u, want, plainAnswer(out))
}

func (m *choiceModel) typePassword(u *chooser, typed string, into values) {
	switch typed {
	case "right":
		into["PASSWORD"] = u.password
	case "wrong":
		into["PASSWORD"] = "wrong"
	}
}

// answer answers a challenge, maybe through another client, for another user, wrongly, or
// a second time.
func (m *choiceModel) answer(r *rapid.T) {
	if len(m.posed) == 0 {
		r.Skip("no challenge is posed")
	}
	p := rapid.SampledFrom(m.posed).Draw(r, "challenge")
	client, u := p.client, p.user
	if rapid.IntRange(0, 5).Draw(r, "astray") == 0 {
		client, u = rapid.IntRange(0, 1).Draw(r, "client"), rapid.SampledFrom(m.users).Draw(r, "user")
	}
	m.unlock(p.user)
	m.unlock(u)
	alive := client == p.client && u == p.user && !p.used && p.changes == u.changes && m.e.time().Before(p.expires)
	right := rapid.Bool().Draw(r, "right")
	name := *p.ChallengeName
	responses := values{"USERNAME": u.Username}
	// factor is what must be among the offers, "" for what comes behind them.
	factor, want := name, cognitoidp.ChallengeNameType("")
	switch name {
	case "SELECT_CHALLENGE":
		factor, want, right = m.choose(r, u, responses)
	case "WEB_AUTHN":
		if rapid.IntRange(0, 3).Draw(r, "switch") == 0 { // to another factor
			name = "SELECT_CHALLENGE"
			factor, want, right = m.choose(r, u, responses)
			break
		}
		origin := page
		if !right {
			origin = "https://example.org"
		}
		responses["CREDENTIAL"] = m.e.sign(p.user.key, p.answer, origin)
	case "PASSWORD":
		want = u.afterPassword()
		responses["PASSWORD"] = "wrong"
		if right {
			responses["PASSWORD"] = u.password
		}
	case "EMAIL_OTP", "SMS_MFA":
		code := "x" + p.code
		if right {
			code = p.code
		}
		responses[string(name)+"_CODE"] = code
		if name == "SMS_MFA" {
			factor = ""
		}
	}
	through := alive && right && (factor == "" || slices.Contains(u.offers(), factor))
	out, err := m.e.respond(m.clients[client], name, p.Session, responses)
	if !through {
		if err == nil {
			r.Fatalf("%s got through %s to %q", u.Username, name, api.Value(out.ChallengeName))
		}
		return
	}
	if err != nil {
		r.Fatalf("%s did not get through %s: %v", u.Username, name, err)
	}
	p.used = true
	m.next(r, client, u, want, out)
}

// choose fills in an answer to SELECT_CHALLENGE.
func (m *choiceModel) choose(r *rapid.T, u *chooser, responses values) (factor, want cognitoidp.ChallengeNameType, right bool) {
	factor = rapid.SampledFrom([]cognitoidp.ChallengeNameType{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SMS_OTP"}).Draw(r, "factor")
	responses["ANSWER"] = string(factor)
	if factor != "PASSWORD" {
		return factor, factor, true
	}
	typed := rapid.SampledFrom([]string{"", "right", "wrong"}).Draw(r, "typed")
	m.typePassword(u, typed, responses)
	if typed == "right" {
		return factor, u.afterPassword(), true
	}
	return factor, "PASSWORD", typed == ""
}

// unlock lets locks pass that failures may have brought: the model is not about them.
func (m *choiceModel) unlock(u *chooser) {
	for _, kind := range []store.FailureKind{store.FailedPassword, store.FailedMFA} {
		f := must(m.e.db.Failures(m.e.t.Context(), u.Pool, u.ID, kind))(m.e.t)
		if now := m.e.time(); f.Until.After(now) {
			m.e.sleep(f.Until.Sub(now))
		}
	}
}

// turn turns a user's second factor on or off.
func (m *choiceModel) turn(r *rapid.T) {
	u := rapid.SampledFrom(m.users).Draw(r, "user")
	u.mfa = !u.mfa
	m.e.change(u.User, func(fresh *store.User) { fresh.MFA.SMS = u.mfa })
}

func (m *choiceModel) setPassword(r *rapid.T) {
	u := rapid.SampledFrom(m.users).Draw(r, "user")
	u.password = fmt.Sprintf("%s-%d", password2, u.changes)
	next := must(m.e.proofs.New(m.e.t.Context(), m.clients[0].Pool, u.Username, u.password))(m.e.t)
	m.e.change(u.User, func(fresh *store.User) { fresh.Credential = next })
	u.changes++
}

func (m *choiceModel) signOut(r *rapid.T) {
	u := rapid.SampledFrom(m.users).Draw(r, "user")
	if _, err := m.e.AdminUserGlobalSignOut(m.e.t.Context(), m.e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{
		UserPoolId: m.clients[0].Pool.Config.Id, Username: &u.Username,
	}); err != nil {
		r.Fatal(err)
	}
	u.changes++
}

func (m *choiceModel) wait(r *rapid.T) {
	m.e.sleep(time.Duration(rapid.IntRange(0, 60).Draw(r, "seconds")) * time.Second)
}
