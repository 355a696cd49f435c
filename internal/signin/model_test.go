package signin_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// TestMain makes property tests short by default, since each step costs arithmetic; flags
// still say otherwise.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "8", "rapid.steps": "40"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestNoStepIsSkipped drives sign-ins of three users through two clients in any order:
// begins and answers them, mixes their Sessions and proofs up, sends them again, lets time
// pass, signs users out and gives them new temporary passwords. A model of what each
// proof is good for says when tokens may come, and for whom.
func TestNoStepIsSkipped(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.client("Model")
	clients := []*catalog.Client{first, e.sibling(first, "second")}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &model{e: e, clients: clients}
		for i := range 3 {
			m.users = append(m.users, e.user(first.Pool, fmt.Sprintf("user-%d-%d", round, i)))
			m.state = append(m.state, userState{password: password})
		}
		r.Repeat(map[string]func(*rapid.T){
			"password": m.startPassword, "srp": m.startSRP, "prove": m.prove, "set": m.set,
			"invite": m.invite, "sign out": m.signOut, "wait": m.wait,
		})
	})
}

// userState is what the model knows of a user.
type userState struct {
	password string
	invited  bool
	// changes counts what ends sign-ins under way: new passwords, signing out.
	changes int
	// passwords counts new passwords only.
	passwords int
}

// pending is a proof or a Session in the hands of a client.
type pending struct {
	client, user int
	expires      time.Time
	changes      int  // the user's when it was made
	used         bool // it has done its work
	right        bool // the proof holds
	claim        values
	session      *string
}

type model struct {
	e        *env
	clients  []*catalog.Client
	users    []*store.User
	state    []userState
	proofs   []*pending
	sessions []*pending
}

// end checks the end of a step of user i through a client: an error where none may get
// through, else NEW_PASSWORD_REQUIRED for the invited and tokens for the others.
func (m *model) end(r *rapid.T, client, i int, through bool, out *answer, err error) {
	if !through {
		if err == nil {
			r.Fatalf("user %d got through", i)
		}
		return
	}
	if err != nil {
		r.Fatalf("user %d did not get through: %v", i, err)
	}
	if m.state[i].invited {
		if api.Value(out.ChallengeName) != newPasswordRequired || out.AuthenticationResult != nil {
			r.Fatalf("an invited user got %+v", out)
		}
		m.sessions = append(m.sessions, &pending{
			client: client, user: i, session: out.Session, changes: m.state[i].changes,
			expires: m.e.time().Add(m.clients[client].SessionTTL()),
		})
		return
	}
	if out.AuthenticationResult == nil {
		r.Fatalf("user %d got %+v", i, out)
	}
	who, _, err := m.e.tokens.CheckAccess(m.e.t.Context(), *out.AuthenticationResult.AccessToken)
	if err != nil || who.Sub != m.users[i].Sub || who.ClientID != m.clients[client].ID() {
		r.Fatalf("the tokens are %v's: %v", who, err)
	}
}

func (m *model) pick(r *rapid.T) (client, user int, guess string, right bool) {
	client = rapid.IntRange(0, len(m.clients)-1).Draw(r, "client")
	user = rapid.IntRange(0, len(m.users)-1).Draw(r, "user")
	right = rapid.Bool().Draw(r, "right")
	if right {
		return client, user, m.state[user].password, true
	}
	return client, user, "wrong", false
}

// unlock lets a lock pass that the last failure may have brought: the model is not about it.
func (m *model) unlock(user int) {
	until := m.e.fresh(m.users[user]).Failures.Until
	if now := m.e.time(); until.After(now) {
		m.e.sleep(until.Sub(now))
	}
}

func (m *model) startPassword(r *rapid.T) {
	client, user, guess, right := m.pick(r)
	m.unlock(user)
	out, err := m.e.signIn(m.clients[client], m.users[user].Username, guess)
	m.end(r, client, user, right, out, err)
}

func (m *model) startSRP(r *rapid.T) {
	client, user, guess, right := m.pick(r)
	m.unlock(user)
	claim, err := m.e.claim(m.clients[client], m.users[user].Username, guess, nil)
	if err != nil {
		r.Fatal(err)
	}
	m.proofs = append(m.proofs, &pending{
		client: client, user: user, claim: claim, right: right, changes: m.state[user].passwords,
		expires: m.e.time().Add(m.clients[client].SessionTTL()),
	})
}

// prove answers PASSWORD_VERIFIER, maybe through another client, for another user, or with
// another exchange's block.
func (m *model) prove(r *rapid.T) {
	if len(m.proofs) == 0 {
		r.Skip("no proof is pending")
	}
	p := rapid.SampledFrom(m.proofs).Draw(r, "proof")
	client, user, _, _ := m.pick(r)
	claim := maps.Clone(p.claim)
	claim["USERNAME"] = m.users[user].Username
	block := rapid.SampledFrom(m.proofs).Draw(r, "block")
	claim["PASSWORD_CLAIM_SECRET_BLOCK"] = block.claim["PASSWORD_CLAIM_SECRET_BLOCK"]
	m.unlock(block.user)
	m.unlock(p.user)
	now := m.e.time()
	through := client == p.client && user == p.user && block == p && p.right && !p.used &&
		p.changes == m.state[user].passwords && now.Before(p.expires)
	out, err := m.e.respond(m.clients[client], "PASSWORD_VERIFIER", nil, claim)
	m.end(r, client, user, through, out, err)
	p.used = p.used || through
}

// set answers NEW_PASSWORD_REQUIRED, maybe through another client or for another user.
func (m *model) set(r *rapid.T) {
	if len(m.sessions) == 0 {
		r.Skip("no Session is pending")
	}
	p := rapid.SampledFrom(m.sessions).Draw(r, "session")
	client, user, _, strong := m.pick(r)
	next := fmt.Sprintf("%s-%d", password2, rapid.Int().Draw(r, "password"))
	if !strong {
		next = "weak"
	}
	through := client == p.client && user == p.user && strong && !p.used &&
		p.changes == m.state[user].changes && m.e.time().Before(p.expires)
	out, err := m.e.set(m.clients[client], m.users[user].Username, p.session, next, nil)
	if through {
		m.renew(user, next, false)
		p.used = true
	}
	m.end(r, client, user, through, out, err)
}

// renew records a new password.
func (m *model) renew(user int, next string, invited bool) {
	s := &m.state[user]
	s.password, s.invited = next, invited
	s.changes++
	s.passwords++
}

func (m *model) invite(r *rapid.T) {
	_, user, _, _ := m.pick(r)
	m.e.change(m.users[user], m.e.invited(m.clients[0].Pool))
	m.renew(user, password, true)
}

func (m *model) signOut(r *rapid.T) {
	client, user, _, _ := m.pick(r)
	_, err := m.e.AdminUserGlobalSignOut(m.e.t.Context(), m.e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{
		UserPoolId: m.clients[client].Pool.Config.Id, Username: &m.users[user].Username,
	})
	if err != nil {
		r.Fatal(err)
	}
	m.state[user].changes++
}

func (m *model) wait(r *rapid.T) {
	m.e.sleep(time.Duration(rapid.IntRange(0, 100).Draw(r, "seconds")) * time.Second)
}
