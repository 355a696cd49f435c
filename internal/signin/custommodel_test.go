package signin_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// TestNoCustomStepIsSkipped drives sign-ins whose way the pool's owner decides: it begins
// them with and without SRP for three users through two clients, answers the owner's
// challenges and the password's rightly and wrongly, for other users and through other
// clients, mixes Sessions and proofs up, sends everything again, lets time pass, sets
// passwords and signs users out. A model of what each Session is good for says what may
// come next, and for whom. The owner lets in after one right answer, and nobody whose
// three steps end with a wrong one: see owner.
func TestNoCustomStepIsSkipped(t *testing.T) {
	t.Parallel()
	e := newEnv(t, &owner{})
	first := e.client("Customs", customPool, flows("ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"))
	clients := []*catalog.Client{first, e.sibling(first, "second")}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &customModel{e: e, clients: clients}
		for i := range 3 {
			m.users = append(m.users, &customUser{User: e.user(first.Pool, fmt.Sprintf("user-%d-%d", round, i)), password: password})
		}
		r.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "begin with SRP": m.beginSRP, "prove": m.prove, "answer": m.answer, "answer again": m.answer,
			"password": m.setPassword, "sign out": m.signOut, "wait": m.wait,
		})
	})
}

// customUser is what the model knows of a user.
type customUser struct {
	*store.User
	password string
	changes  int // what ended sign-ins under way
}

// customStep is a challenge in the hands of a client: the owner's, or where it has a claim
// the password's.
type customStep struct {
	client  int
	user    *customUser
	session *string
	claim   values
	right   bool // the claim holds
	steps   int  // so far
	changes int
	expires time.Time
	used    bool
}

type customModel struct {
	e       *env
	clients []*catalog.Client
	users   []*customUser
	posed   []*customStep
}

func (m *customModel) keep(s customStep) {
	s.changes, s.expires = s.user.changes, m.e.time().Add(m.clients[s.client].SessionTTL())
	m.posed = append(m.posed, &s)
}

// poses checks that a step leads to the owner's challenge.
func (m *customModel) poses(r *rapid.T, client int, u *customUser, steps int, out *answer, err error) {
	if err != nil || out.AuthenticationResult != nil || out.ChallengeName == nil || *out.ChallengeName != customChallenge {
		r.Fatalf("%s got %+v: %v", u.Username, out, err)
	}
	m.keep(customStep{client: client, user: u, session: out.Session, steps: steps})
}

func (m *customModel) draw(r *rapid.T) (client int, u *customUser) {
	return rapid.IntRange(0, len(m.clients)-1).Draw(r, "client"), rapid.SampledFrom(m.users).Draw(r, "user")
}

// pick picks a challenge, and mostly the client and the user that it was posed to; mine says
// that it is them, and that it can still be answered.
func (m *customModel) pick(r *rapid.T, claims bool) (s *customStep, client int, u *customUser, mine bool) {
	var list []*customStep
	for _, s := range m.posed {
		if (s.claim != nil) == claims {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		r.Skip("nothing is posed")
	}
	client, u = m.draw(r)
	s = rapid.SampledFrom(list).Draw(r, "posed")
	if rapid.IntRange(0, 3).Draw(r, "theirs") > 0 {
		client, u = s.client, s.user
	}
	return s, client, u, client == s.client && u == s.user && !s.used && s.changes == u.changes && m.e.time().Before(s.expires)
}

// unlock lets locks pass: this model is not about them.
func (m *customModel) unlock() {
	for _, u := range m.users {
		if left := m.e.fresh(u.User).Failures.Until.Sub(m.e.time()); left > 0 {
			m.e.sleep(left)
		}
	}
}

func (m *customModel) begin(r *rapid.T) {
	client, u := m.draw(r)
	out, err := m.e.initiate(m.clients[client], "CUSTOM_AUTH", values{"USERNAME": u.Username})
	m.poses(r, client, u, 0, out, err)
}

// beginSRP begins an exchange of the owner's way, or an ordinary one, whose proof is worth
// nothing on that way.
func (m *customModel) beginSRP(r *rapid.T) {
	client, u := m.draw(r)
	right := rapid.IntRange(0, 3).Draw(r, "right") > 0
	guess := u.password
	if !right {
		guess = "wrong"
	}
	s := customStep{client: client, user: u, right: right}
	if rapid.IntRange(0, 3).Draw(r, "ordinary") == 0 {
		s.claim = must(m.e.claim(m.clients[client], u.Username, guess, nil))(m.e.t)
	} else {
		s.claim, s.session = m.e.customClaim(m.clients[client], u.Username, guess)
	}
	m.keep(s)
}

// prove answers PASSWORD_VERIFIER with the Session of one exchange and maybe the proof of
// another.
func (m *customModel) prove(r *rapid.T) {
	m.unlock()
	s, client, u, mine := m.pick(r, true)
	if s.session == nil {
		r.Skip("an ordinary exchange has no Session")
	}
	proof := s
	if rapid.IntRange(0, 2).Draw(r, "mixed") == 0 {
		proof, _, _, _ = m.pick(r, true)
	}
	claim := maps.Clone(proof.claim)
	claim["USERNAME"] = u.Username
	through := mine && proof == s && s.right
	out, err := m.e.respond(m.clients[client], "PASSWORD_VERIFIER", s.session, claim)
	switch {
	case through:
		s.used = true
		m.poses(r, client, u, 2, out, err)
	case proof.session == nil && err == nil: // an ordinary exchange asks for no Session, and ends as one
		m.ordinary(r, proof, client, u, out)
	case err == nil:
		r.Fatalf("%s is answered with %+v", u.Username, out)
	}
}

// ordinary checks that an ordinary exchange led to its own user's tokens, once.
func (m *customModel) ordinary(r *rapid.T, p *customStep, client int, u *customUser, out *answer) {
	if client != p.client || u != p.user || !p.right || p.used {
		r.Fatalf("%s is answered with %+v", u.Username, out)
	}
	p.used = true
	m.tokens(r, client, u, out, nil)
}

func (m *customModel) tokens(r *rapid.T, client int, u *customUser, out *answer, err error) {
	if err != nil || out.AuthenticationResult == nil {
		r.Fatalf("%s got %+v: %v", u.Username, out, err)
	}
	who, _, err := m.e.tokens.CheckAccess(m.e.t.Context(), *out.AuthenticationResult.AccessToken)
	if err != nil || who.Sub != u.Sub || who.ClientID != m.clients[client].ID() {
		r.Fatalf("the tokens are %v's: %v", who, err)
	}
}

func (m *customModel) answer(r *rapid.T) {
	s, client, u, mine := m.pick(r, false)
	text := rapid.SampledFrom([]string{"green", "green", "red", ""}).Draw(r, "answer")
	if text == "" { // under another name
		out, err := m.e.respond(m.clients[client], "PASSWORD_VERIFIER", s.session, values{
			"USERNAME": u.Username, "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA", "PASSWORD_CLAIM_SIGNATURE": "AAAA", "TIMESTAMP": "x",
		})
		refusedInModel(r, u.Username, out, err)
		return
	}
	out, err := m.e.answerCustom(m.clients[client], s.session, u.Username, text)
	if !mine {
		refusedInModel(r, u.Username, out, err)
		return
	}
	s.used = true
	switch {
	case text == "green":
		m.tokens(r, client, u, out, err)
	case s.steps == 2:
		refusedInModel(r, u.Username, out, err)
	default:
		m.poses(r, client, u, s.steps+1, out, err)
	}
}

func (m *customModel) setPassword(r *rapid.T) {
	_, u := m.draw(r)
	u.password = fmt.Sprintf("%s-%d", password2, u.changes)
	next := must(m.e.proofs.New(m.e.t.Context(), m.clients[0].Pool, u.Username, u.password))(m.e.t)
	m.e.change(u.User, func(fresh *store.User) { fresh.Credential = next })
	u.changes++
}

func (m *customModel) signOut(r *rapid.T) {
	client, u := m.draw(r)
	_, err := m.e.AdminUserGlobalSignOut(m.e.t.Context(), m.e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{
		UserPoolId: m.clients[client].Pool.Config.Id, Username: &u.Username,
	})
	if err != nil {
		r.Fatal(err)
	}
	u.changes++
}

func (m *customModel) wait(r *rapid.T) {
	m.e.sleep(time.Duration(rapid.IntRange(0, 100).Draw(r, "seconds")) * time.Second)
}
