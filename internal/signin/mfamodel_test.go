package signin_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// TestNoFactorIsSkipped drives sign-ins of three users of a pool that requires MFA through
// two clients in any order: it begins them, answers their challenges rightly and wrongly,
// under other names, for other users and through other clients, sets factors up, sends
// everything again, lets time pass, signs users out, moves their addresses and gives them
// temporary passwords. A model of what each user has and what each Session is good for
// says what may come next, and for whom.
func TestNoFactorIsSkipped(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.configure(e.client("Factors"), mfa("ON", catalog.FactorTOTP, catalog.FactorEmail), recovering("admin_only"))
	clients := []*catalog.Client{first, e.sibling(first, "second")}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &factorModel{e: e, clients: clients, spent: map[string]bool{}}
		for i := range 3 {
			u := e.user(first.Pool, fmt.Sprintf("user-%d-%d", round, i), func(u *store.User) { clear(u.Attributes) })
			m.users = append(m.users, &factorUser{User: u, password: password})
		}
		m.users[1].set(m, func(u *store.User) { u.Attributes["email"] = u.Username + "@example.com" })
		m.users[2].set(m, withApp([]byte("the app of user two")))
		r.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "answer": m.answer, "answer again": m.answer, "associate": m.associate, "verify": m.verify,
			"invite": m.invite, "move": m.move, "sign out": m.signOut, "wait": m.wait,
		})
	})
}

// factorUser is what the model knows of a user.
type factorUser struct {
	*store.User
	password string
	invited  bool
	mail     string
	seed     []byte
	// changes counts what ends sign-ins under way.
	changes int
}

// set changes a user behind the model's back, once, at the beginning.
func (u *factorUser) set(m *factorModel, change func(*store.User)) {
	m.e.change(u.User, change)
	now := m.e.fresh(u.User)
	u.mail, u.seed = now.Attributes["email"], now.Credential.Seed
}

// next is the challenge behind the password.
func (u *factorUser) next() cognitoidp.ChallengeNameType {
	switch {
	case u.invited:
		return "NEW_PASSWORD_REQUIRED"
	case u.mail != "" && u.seed != nil:
		return "SELECT_MFA_TYPE"
	case u.mail != "":
		return "EMAIL_OTP"
	case u.seed != nil:
		return "SOFTWARE_TOKEN_MFA"
	default:
		return "MFA_SETUP"
	}
}

// posed is a challenge in the hands of a client.
type posed struct {
	challenge cognitoidp.ChallengeNameType
	client    int
	user      *factorUser
	session   *string
	expires   time.Time
	changes   int // the user's when it was posed
	used      bool
	code      string // that was sent
	address   string // that it went to
	seed      []byte // of an app that is being set up
	setUp     bool
}

type factorModel struct {
	e       *env
	clients []*catalog.Client
	users   []*factorUser
	posed   []*posed
	spent   map[string]bool // codes of apps
	round   int
}

// keep remembers a challenge.
func (m *factorModel) keep(p posed) {
	p.changes, p.expires = p.user.changes, m.e.time().Add(m.clients[p.client].SessionTTL())
	if p.challenge == "EMAIL_OTP" {
		p.address = p.user.mail
		p.code = m.e.code(p.address)
	}
	m.posed = append(m.posed, &p)
}

// meets checks that a step leads a user to a challenge.
func (m *factorModel) meets(r *rapid.T, u *factorUser, client int, want cognitoidp.ChallengeNameType, out *answer, err error) {
	if err != nil {
		r.Fatalf("%s did not get to %s: %v", u.Username, want, err)
	}
	if api.Value(out.ChallengeName) != want || out.AuthenticationResult != nil {
		r.Fatalf("%s got to %+v, want %s", u.Username, out, want)
	}
	m.keep(posed{challenge: want, client: client, user: u, session: out.Session})
}

func (m *factorModel) draw(r *rapid.T) (client int, u *factorUser, right bool) {
	client = rapid.IntRange(0, len(m.clients)-1).Draw(r, "client")
	u = rapid.SampledFrom(m.users).Draw(r, "user")
	return client, u, rapid.IntRange(0, 3).Draw(r, "right") > 0
}

// drawPosed picks a challenge, and mostly the client and the user that it was posed to.
func (m *factorModel) drawPosed(r *rapid.T, good func(*posed) bool) (p *posed, client int, u *factorUser, right bool) {
	var list []*posed
	for _, p := range m.posed {
		if good(p) {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		r.Skip("nothing is posed")
	}
	client, u, right = m.draw(r)
	p = rapid.SampledFrom(list).Draw(r, "posed")
	if rapid.IntRange(0, 3).Draw(r, "theirs") > 0 {
		client, u = p.client, p.user
	}
	return p, client, u, right
}

// alive says whether a challenge could still be answered.
func (m *factorModel) alive(p *posed) bool {
	return !p.used && p.changes == p.user.changes && m.e.time().Before(p.expires)
}

// unlock lets locks pass: this model is not about them.
func (m *factorModel) unlock() {
	for _, u := range m.users {
		for _, kind := range []store.FailureKind{store.FailedPassword, store.FailedMFA} {
			f := must(m.e.db.Failures(m.e.t.Context(), u.Pool, u.ID, kind))(m.e.t)
			if left := f.Until.Sub(m.e.time()); left > 0 {
				m.e.sleep(left)
			}
		}
	}
}

func (m *factorModel) begin(r *rapid.T) {
	client, u, right := m.draw(r)
	m.unlock()
	guess := u.password
	if !right {
		guess = "wrong"
	}
	out, err := m.e.signIn(m.clients[client], u.Username, guess)
	if !right {
		if err == nil {
			r.Fatal("a wrong password got through")
		}
		return
	}
	m.meets(r, u, client, u.next(), out, err)
}

// move is an answer to a challenge, by what the model expects of it.
type move struct {
	responses values
	good      bool
	// next is the challenge that it leads to, "" for tokens.
	next cognitoidp.ChallengeNameType
	// done is what it changes.
	done func()
}

func (m *factorModel) answer(r *rapid.T) {
	p, client, u, right := m.drawPosed(r, func(*posed) bool { return true })
	m.unlock()
	a := m.moveFor(r, p, right)
	a.responses["USERNAME"] = u.Username
	challenge := p.challenge
	if rapid.IntRange(0, 5).Draw(r, "disguised") == 0 {
		challenge = rapid.SampledFrom([]cognitoidp.ChallengeNameType{
			"NEW_PASSWORD_REQUIRED", "SELECT_MFA_TYPE", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "MFA_SETUP",
		}).Draw(r, "challenge")
		// With all that the user knows, no challenge is taken for another.
		known := values{
			"NEW_PASSWORD": password2 + "-disguised", "ANSWER": "SOFTWARE_TOKEN_MFA", "EMAIL_OTP_CODE": p.code,
			"SOFTWARE_TOKEN_MFA_CODE": m.e.totp(p.user.seed),
		}
		for member, value := range known {
			if _, there := a.responses[member]; !there {
				a.responses[member] = value
			}
		}
	}
	through := a.good && m.alive(p) && client == p.client && u == p.user && challenge == p.challenge
	out, err := m.e.respond(m.clients[client], challenge, p.session, a.responses)
	if !through {
		if err == nil {
			r.Fatalf("%s of %s through %s got through: %+v", challenge, u.Username, p.challenge, out)
		}
		return
	}
	p.used = true
	if a.done != nil {
		a.done()
	}
	if a.next != "" {
		m.meets(r, u, client, a.next, out, err)
		return
	}
	if err != nil || out.AuthenticationResult == nil {
		r.Fatalf("%s did not get through %s: %+v, %v", u.Username, p.challenge, out, err)
	}
	who, _, err := m.e.tokens.CheckAccess(m.e.t.Context(), *out.AuthenticationResult.AccessToken)
	if err != nil || who.Sub != u.Sub || who.ClientID != m.clients[client].ID() {
		r.Fatalf("the tokens are %v's: %v", who, err)
	}
}

// moveFor makes an answer to a challenge, right or wrong.
func (m *factorModel) moveFor(r *rapid.T, p *posed, right bool) move {
	u := p.user
	m.round++
	switch p.challenge {
	case "NEW_PASSWORD_REQUIRED":
		next := "weak"
		if right {
			next = fmt.Sprintf("%s-%d", password2, m.round)
		}
		after := *u
		after.invited = false
		return move{values{"NEW_PASSWORD": next}, right, after.next(), func() {
			u.password, u.invited = next, false
			u.changes++
		}}
	case "SELECT_MFA_TYPE":
		f := catalog.FactorSMS
		if right {
			f = rapid.SampledFrom([]catalog.Factor{catalog.FactorEmail, catalog.FactorTOTP}).Draw(r, "factor")
		}
		return move{values{"ANSWER": string(f)}, right, f, nil}
	case "EMAIL_OTP":
		code := "wrong"
		if right {
			code = p.code
		}
		return move{values{"EMAIL_OTP_CODE": code}, right && u.mail == p.address, "", nil}
	case "SOFTWARE_TOKEN_MFA":
		code, key := "wrong", m.step(u, u.seed)
		if right {
			code = m.e.totp(u.seed)
		}
		return move{values{"SOFTWARE_TOKEN_MFA_CODE": code}, right && !m.spent[key], "", func() { m.spent[key] = true }}
	default:
		if p.setUp || !right {
			return move{values{}, p.setUp, "", nil}
		}
		address := fmt.Sprintf("mail-%d-%s@example.com", m.round, u.Username)
		good := u.mail == "" && u.seed == nil
		return move{values{"EMAIL": address}, good, "EMAIL_OTP", func() { u.mail = address }}
	}
}

// step names the code that an app shows now.
func (m *factorModel) step(u *factorUser, seed []byte) string {
	return fmt.Sprint(u.Sub, string(seed), m.e.time().Unix()/30)
}

func (m *factorModel) associate(r *rapid.T) {
	p, _, _, _ := m.drawPosed(r, func(p *posed) bool { return p.challenge == "MFA_SETUP" })
	good := m.alive(p) && !p.setUp && p.user.mail == "" && p.user.seed == nil
	seed, session, err := m.e.associate(m.e.call(), p.session)
	if good != (err == nil) {
		r.Fatalf("associating for %s: %v, good is %v", p.user.Username, err, good)
	}
	if good {
		m.keep(posed{challenge: "MFA_SETUP", client: p.client, user: p.user, session: session, seed: seed})
	}
}

func (m *factorModel) verify(r *rapid.T) {
	p, _, _, right := m.drawPosed(r, func(p *posed) bool { return p.challenge == "MFA_SETUP" })
	m.unlock()
	u, code := p.user, "000000"
	if right && p.seed != nil {
		code = m.e.totp(p.seed)
	}
	good := m.alive(p) && !p.setUp && p.seed != nil && right && u.mail == "" && u.seed == nil
	session, err := m.e.verify(m.e.call(), p.session, code)
	if good != (err == nil) {
		r.Fatalf("verifying for %s: %v, good is %v", u.Username, err, good)
	}
	if good {
		p.used, u.seed = true, p.seed
		u.changes++
		m.spent[m.step(u, u.seed)] = true
		m.keep(posed{challenge: "MFA_SETUP", client: p.client, user: u, session: session, setUp: true})
	}
}

func (m *factorModel) invite(r *rapid.T) {
	_, u, _ := m.draw(r)
	temporary := must(m.e.proofs.NewTemporary(m.e.t.Context(), m.clients[0].Pool, u.Username, password))(m.e.t)
	temporary.Seed = u.seed
	m.e.change(u.User, func(u *store.User) {
		u.Status, u.Credential = cognitoidp.UserStatusTypeForceChangePassword, temporary
	})
	u.password, u.invited = password, true
	u.changes++
}

func (m *factorModel) move(r *rapid.T) {
	_, u, _ := m.draw(r)
	if u.mail == "" {
		r.Skip("the user has no address")
	}
	m.round++
	u.mail = fmt.Sprintf("moved-%d-%s@example.com", m.round, u.Username)
	m.e.change(u.User, func(stored *store.User) { stored.Attributes["email"] = u.mail })
}

func (m *factorModel) signOut(r *rapid.T) {
	client, u, _ := m.draw(r)
	_, err := m.e.AdminUserGlobalSignOut(m.e.t.Context(), m.e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{
		UserPoolId: m.clients[client].Pool.Config.Id, Username: &u.Username,
	})
	if err != nil {
		r.Fatal(err)
	}
	u.changes++
}

func (m *factorModel) wait(r *rapid.T) {
	m.e.sleep(time.Duration(rapid.IntRange(0, 60).Draw(r, "seconds")) * time.Second)
}
