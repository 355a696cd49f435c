package directory_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// No code does more than it was sent for: whatever three users and an administrator do in
// whatever order, with codes of sign-up, of new passwords and of addresses, their own and
// others', old and used ones, a model of what each code is good for says what it may do.
func TestNoCodeIsMisused(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := &recoveryModel{house: g.house(t, autoVerify(email)), random: rand.New(rand.NewPCG(seed, 1))}
			for i := range 3 {
				m.join(fmt.Sprintf("u%d", i))
			}
			for range 250 {
				m.act()
			}
			if m.through < 10 || m.refused < 20 {
				t.Errorf("%d codes did their work, %d were refused: the test tries too little", m.through, m.refused)
			}
		})
	}
}

// recovering is what the model knows of a user.
type recovering struct {
	name, password string
	address, asked string // verified, and waiting to be
	status         cognitoidp.UserStatusType
	codes          map[store.CodePurpose]*sentCode // the newest that is not used
}

func (u *recovering) resettable() bool { return u.status != "UNCONFIRMED" && u.address != "" }

// sentCode is a code in somebody's hands.
type sentCode struct {
	user    *recovering
	purpose store.CodePurpose
	code    string
	to      string
	expires time.Time
}

type recoveryModel struct {
	*house
	random           *rand.Rand
	users            []*recovering
	sent             []*sentCode
	addresses        int
	through, refused int
}

func (m *recoveryModel) newAddress() string {
	m.addresses++
	return fmt.Sprintf("a%d@example.com", m.addresses)
}

// join signs a user up.
func (m *recoveryModel) join(name string) {
	u := &recovering{name: name, password: goodPassword, status: "UNCONFIRMED", codes: map[store.CodePurpose]*sentCode{}}
	u.asked = m.newAddress()
	m.mustSignUp(name, "email", u.asked)
	m.users = append(m.users, u)
	m.keep(u, store.CodeSignUp, u.asked)
}

// keep remembers the code that was sent to an address.
func (m *recoveryModel) keep(u *recovering, purpose store.CodePurpose, to string) {
	lasts := 24 * time.Hour
	if purpose == store.CodeReset {
		lasts = time.Hour
	}
	c := &sentCode{user: u, purpose: purpose, code: m.lastCode(to), to: to, expires: m.time().Add(lasts)}
	u.codes[purpose] = c
	m.sent = append(m.sent, c)
}

func (m *recoveryModel) act() {
	m.t.Helper()
	u := m.users[m.random.IntN(len(m.users))]
	switch m.random.IntN(12) {
	case 0: // a code for a new password
		_, err := m.forgot(u.name)
		if m.allowed("ForgotPassword", err, u.resettable()) {
			m.keep(u, store.CodeReset, u.address)
		}
	case 1:
		_, err := m.AdminResetUserPassword(m.t.Context(), m.call(), &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: &m.poolID, Username: &u.name})
		if m.allowed("AdminResetUserPassword", err, u.resettable()) {
			u.status = "RESET_REQUIRED"
			m.keep(u, store.CodeReset, u.address)
		}
	case 2:
		_, err := m.resend(u.name)
		if m.allowed("ResendConfirmationCode", err, u.status == "UNCONFIRMED") {
			m.keep(u, store.CodeSignUp, u.asked)
		}
	case 3: // the user moves
		if u.status == "UNCONFIRMED" {
			return
		}
		to := m.newAddress()
		if _, err := m.update(u.name, "email", to); m.allowed("UpdateUserAttributes", err, true) {
			u.asked, u.address = to, ""
			m.keep(u, store.CodeAttribute, to)
		}
	case 4: // an administrator moves the user
		to := m.newAddress()
		if m.allowed("AdminUpdateUserAttributes", m.adminUpdate(u.name, "email", to, "email_verified", "true"), true) {
			u.address, u.asked = to, to
		}
	case 5:
		m.sleep(time.Duration(m.random.IntN(30)) * time.Minute)
	default:
		m.use()
	}
}

// allowed says whether what was tried was done, which must be as wanted; limits aside.
func (m *recoveryModel) allowed(what string, err error, want bool) bool {
	m.t.Helper()
	if faultCode(err) == "LimitExceededException" {
		m.sleep(time.Hour)
		return false
	}
	if (err == nil) != want {
		m.t.Fatalf("%s: %v, want success %v", what, err, want)
	}
	return err == nil
}

// use gives some code to some user's operation of some purpose; mostly those that it was
// sent for.
func (m *recoveryModel) use() {
	m.t.Helper()
	c := m.sent[m.random.IntN(len(m.sent))]
	if newest := c.user.codes[c.purpose]; newest != nil && m.random.IntN(4) > 0 {
		c = newest
	}
	u, purpose := c.user, c.purpose
	if m.random.IntN(5) == 0 {
		u = m.users[m.random.IntN(len(m.users))]
	}
	if m.random.IntN(5) == 0 {
		purpose = []store.CodePurpose{store.CodeSignUp, store.CodeReset, store.CodeAttribute}[m.random.IntN(3)]
	}
	var done bool
	newest := u.codes[purpose]
	good := newest != nil && newest.code == c.code && m.time().Before(newest.expires)
	switch purpose {
	case store.CodeSignUp:
		good = good && u.status == "UNCONFIRMED" && newest.to == u.asked
		if done = m.allowed("ConfirmSignUp", m.confirm(u.name, c.code, false), good); done {
			u.status, u.address = "CONFIRMED", u.asked
		}
	case store.CodeReset:
		next := fmt.Sprintf("Another-%d", m.random.IntN(1<<30))
		if m.random.IntN(5) == 0 {
			next = "weak"
		}
		good = good && u.status != "UNCONFIRMED" && newest.to == u.address && next != "weak"
		if done = m.allowed("ConfirmForgotPassword", m.confirmForgot(u.name, c.code, next), good); done {
			u.status, u.password = "CONFIRMED", next
		}
	default:
		if u.status == "UNCONFIRMED" {
			return
		}
		good = good && newest.to == u.asked && u.address == ""
		if done = m.allowed("VerifyUserAttribute", m.verify(u.name, "email", c.code), good); done {
			u.address = u.asked
		}
	}
	m.check(u)
	if done {
		m.through++
		delete(u.codes, purpose)
	} else {
		m.refused++
	}
}

// check compares a user with the model's.
func (m *recoveryModel) check(u *recovering) {
	m.t.Helper()
	got := m.user(u.name)
	verified := got.Attributes["email_verified"] == "true"
	if got.Status != u.status || verified != (u.address != "") || verified && got.Attributes["email"] != u.address {
		m.t.Fatalf("%s is %s with %v, want %+v", u.name, got.Status, got.Attributes, u)
	}
	if !m.passwordWorks(u.name, u.password) {
		m.t.Fatalf("%s has another password", u.name)
	}
}
