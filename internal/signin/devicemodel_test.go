package signin_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// TestNoDeviceIsSkipped drives sign-ins of two users of a pool that requires MFA, with
// devices some of which are remembered in its place, through two clients in any order: it
// begins and answers them rightly and wrongly, mixes their Sessions, devices and proofs up,
// sends them again, lets time pass, signs users out, remembers devices and forgets them. A
// model of what each Session is good for says when what may come, and for whom.
func TestNoDeviceIsSkipped(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.configure(e.client("Devices"), tracking(true, true), mfa("ON", catalog.FactorTOTP))
	clients := []*catalog.Client{first, e.sibling(first, "second")}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		m := &deviceModel{e: e, clients: clients}
		for i := range 2 {
			seed := fmt.Appendf(nil, "the app of user %d in round %d", i, round)
			u := &deviceUser{User: e.user(first.Pool, fmt.Sprintf("user-%d-%d", round, i), withApp(seed)), seed: seed}
			m.users = append(m.users, u)
			m.addDevice(u, true)
			m.addDevice(u, false)
		}
		r.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "answer": m.answer, "number": m.number, "number again": m.number, "prove": m.prove, "prove again": m.prove,
			"remember": m.remember, "forget": m.forget, "sign out": m.signOut, "wait": m.wait,
		})
	})
}

type deviceModel struct {
	e       *env
	clients []*catalog.Client
	users   []*deviceUser
	devices []*modelDevice
	posed   []*posedDevice
	made    int
}

// deviceUser is what the model knows of a user.
type deviceUser struct {
	*store.User
	seed    []byte
	changes int // counts what ends sign-ins under way
}

// modelDevice is what the model knows of a device.
type modelDevice struct {
	device
	user              *deviceUser
	remembered, alive bool
}

// posedDevice is a Session in the hands of a client.
type posedDevice struct {
	challenge cognitoidp.ChallengeNameType
	session   *string
	client    int
	user      *deviceUser
	changes   int // the user's when it was posed
	expires   time.Time
	device    *modelDevice // nil for none
	// leans says that no second factor was asked for, for the device's sake.
	leans bool
	used  *bool
	// before is the DEVICE_SRP_AUTH that may be answered with this Session, too.
	before *posedDevice
	claim  values // answers DEVICE_PASSWORD_VERIFIER
	right  bool   // the claim holds
}

func (m *deviceModel) addDevice(u *deviceUser, remembered bool) {
	m.made++
	key := fmt.Sprintf("us-east-1_%08x", m.made)
	d := &modelDevice{device: device{key: key, group: naming.DeviceGroupKey(key)}, user: u, remembered: remembered, alive: true}
	secret := must(srp.NewDeviceSecret(clock.Random(nil), srp.Identity{Group: d.group, User: key}))(m.e.t)
	d.password = secret.Password
	record := &store.Device{
		Pool: u.Pool, User: u.ID, Key: key, GroupKey: d.group, Remembered: remembered,
		Created: m.e.time(), Modified: m.e.time(), Authenticated: m.e.time(), Tokens: m.e.time(),
	}
	var err error
	if record.Salt, record.Verifier, err = credential.ParseDeviceVerifier(secret.Salt, secret.Verifier); err == nil {
		err = m.e.db.ConfirmDevice(m.e.t.Context(), record)
	}
	if err != nil {
		m.e.t.Fatal(err)
	}
	m.devices = append(m.devices, d)
}

// lives says whether a Session is good for an answer through a client by a user.
func (m *deviceModel) lives(p *posedDevice, client int, u *deviceUser) bool {
	return client == p.client && u == p.user && p.changes == u.changes && !*p.used && m.e.time().Before(p.expires)
}

// usually draws the first of several values most of the time.
func usually[T any](r *rapid.T, label string, first T, others ...T) T {
	if len(others) == 0 || rapid.IntRange(0, 4).Draw(r, label) > 0 {
		return first
	}
	return rapid.SampledFrom(others).Draw(r, label+" other")
}

func (m *deviceModel) who(r *rapid.T, p *posedDevice) (client int, u *deviceUser) {
	return usually(r, "client", p.client, 0, 1), usually(r, "user", p.user, m.users...)
}

// unlock lets the locks pass that failures may have brought: the model is not about them.
func (m *deviceModel) unlock() {
	for _, u := range m.users {
		until := must(m.e.db.Failures(m.e.t.Context(), u.Pool, u.ID, store.FailedMFA))(m.e.t).Until
		for _, until := range []time.Time{until, m.e.fresh(u.User).Failures.Until} {
			if now := m.e.time(); until.After(now) {
				m.e.sleep(until.Sub(now))
			}
		}
	}
}

// pose checks that an answer poses a challenge and keeps its Session.
func (m *deviceModel) pose(r *rapid.T, name cognitoidp.ChallengeNameType, client int, u *deviceUser, d *modelDevice, leans bool, out *answer, err error) *posedDevice {
	if err != nil {
		r.Fatalf("want %s: %v", name, err)
	}
	if api.Value(out.ChallengeName) != name || out.AuthenticationResult != nil {
		r.Fatalf("want %s, got %+v", name, out)
	}
	p := &posedDevice{
		challenge: name, session: out.Session, client: client, user: u, changes: u.changes, device: d, leans: leans,
		expires: m.e.time().Add(m.clients[client].SessionTTL()), used: new(bool),
	}
	m.posed = append(m.posed, p)
	return p
}

func refusedInModel(r *rapid.T, what string, out *answer, err error) {
	if err == nil {
		r.Fatalf("%s is answered with %+v", what, out)
	}
}

// tokens checks that a sign-in is complete, and whose and which device's it is.
func (m *deviceModel) tokens(r *rapid.T, client int, u *deviceUser, d *modelDevice, out *answer, err error) {
	if err != nil || out.AuthenticationResult == nil {
		r.Fatalf("want tokens, got %+v: %v", out, err)
	}
	who, _, err := m.e.tokens.CheckAccess(m.e.t.Context(), *out.AuthenticationResult.AccessToken)
	if err != nil || who.Sub != u.Sub || who.ClientID != m.clients[client].ID() {
		r.Fatalf("the tokens are %v's: %v", who, err)
	}
	if offered := out.AuthenticationResult.NewDeviceMetadata; d == nil != (offered != nil) || d != nil && who.DeviceKey != d.key {
		r.Fatalf("the tokens name the device %s, and %+v is offered", who.DeviceKey, offered)
	}
}

// draw returns a device to name, or nil.
func (m *deviceModel) draw(r *rapid.T) *modelDevice {
	return rapid.SampledFrom(append([]*modelDevice{nil}, m.devices...)).Draw(r, "device")
}

func (m *deviceModel) begin(r *rapid.T) {
	client, u := rapid.IntRange(0, 1).Draw(r, "client"), rapid.SampledFrom(m.users).Draw(r, "user")
	d, secret := m.draw(r), usually(r, "password", password, "wrong")
	m.unlock()
	parameters := values{"USERNAME": u.Username, "PASSWORD": secret}
	if d != nil {
		parameters["DEVICE_KEY"] = d.key
	}
	out, err := m.e.initiate(m.clients[client], "USER_PASSWORD_AUTH", parameters)
	switch {
	case secret != password, d != nil && (d.user != u || !d.alive):
		refusedInModel(r, "a bad start", out, err)
	case d != nil && d.remembered:
		m.pose(r, "DEVICE_SRP_AUTH", client, u, d, true, out, err)
	default:
		m.pose(r, "SOFTWARE_TOKEN_MFA", client, u, d, false, out, err)
	}
}

// pick draws a Session, most of the time of a challenge and not used.
func (m *deviceModel) pick(r *rapid.T, challenge cognitoidp.ChallengeNameType) *posedDevice {
	var best []*posedDevice
	for _, p := range m.posed {
		if p.challenge == challenge && !*p.used {
			best = append(best, p)
		}
	}
	if len(m.posed) == 0 {
		r.Skip("no Session is there")
	}
	if len(best) == 0 {
		best = m.posed
	}
	return usually(r, "session", best[len(best)-1], m.posed...)
}

// answer answers SOFTWARE_TOKEN_MFA, maybe naming a device.
func (m *deviceModel) answer(r *rapid.T) {
	p := m.pick(r, "SOFTWARE_TOKEN_MFA")
	client, u := m.who(r, p)
	d, right := m.draw(r), usually(r, "right", true, false)
	m.unlock()
	m.e.sleep(30 * time.Second) // another code
	responses := values{"USERNAME": u.Username, "SOFTWARE_TOKEN_MFA_CODE": "no"}
	if right {
		responses["SOFTWARE_TOKEN_MFA_CODE"] = m.e.totp(u.seed)
	}
	if d != nil {
		responses["DEVICE_KEY"] = d.key
	}
	out, err := m.e.respond(m.clients[client], "SOFTWARE_TOKEN_MFA", p.session, responses)
	if p.challenge != "SOFTWARE_TOKEN_MFA" || !m.lives(p, client, u) || !right || d != nil && (d.user != u || !d.alive) {
		refusedInModel(r, "a bad second factor", out, err)
		return
	}
	*p.used = true
	if d == nil && p.device != nil && p.device.alive {
		d = p.device
	}
	if d == nil {
		m.tokens(r, client, u, nil, out, err)
		return
	}
	p.before = m.pose(r, "DEVICE_SRP_AUTH", client, u, d, false, out, err)
}

// number answers DEVICE_SRP_AUTH, maybe with the Session before, and makes the proof.
func (m *deviceModel) number(r *rapid.T) {
	p := m.pick(r, "DEVICE_SRP_AUTH")
	if usually(r, "before", false, true) {
		if i := slices.IndexFunc(m.posed, func(q *posedDevice) bool { return q.before == p }); i >= 0 {
			p = m.posed[i]
		}
	}
	client, u := m.who(r, p)
	d := usually(r, "device", p.device, m.devices...)
	if d == nil {
		d = m.devices[0]
	}
	through := false
	switch {
	case d.user != u || !d.alive:
	case p.before != nil:
		through = m.lives(p.before, client, u)
	case p.challenge == "DEVICE_SRP_AUTH":
		through = m.lives(p, client, u) && d == p.device && (d.remembered || !p.leans)
	}
	secret := usually(r, "secret", d.device, device{d.key, d.group, "guess"})
	out, claim, err := m.e.exchange(m.clients[client], u.Username, secret, p.session)
	if !through {
		refusedInModel(r, "a bad start of a device", out, err)
		return
	}
	if p.before != nil {
		p = p.before
	}
	*p.used = true
	next := m.pose(r, "DEVICE_PASSWORD_VERIFIER", client, u, d, p.leans, out, err)
	next.claim, next.right = claim, secret == d.device
}

// prove answers DEVICE_PASSWORD_VERIFIER, maybe with another proof.
func (m *deviceModel) prove(r *rapid.T) {
	p := m.pick(r, "DEVICE_PASSWORD_VERIFIER")
	var proofs []*posedDevice
	for _, q := range m.posed {
		if q.claim != nil {
			proofs = append(proofs, q)
		}
	}
	if len(proofs) == 0 {
		r.Skip("no proof is there")
	}
	client, u := m.who(r, p)
	proof := proofs[len(proofs)-1]
	if p.claim != nil {
		proof = usually(r, "proof", p, proofs...)
	}
	m.unlock()
	claim := maps.Clone(proof.claim)
	claim["USERNAME"], claim["TIMESTAMP"] = u.Username, proof.claim["TIMESTAMP"]
	through := p.challenge == "DEVICE_PASSWORD_VERIFIER" && m.lives(p, client, u) && proof == p && p.right &&
		p.device.alive && (p.device.remembered || !p.leans)
	out, err := m.e.respond(m.clients[client], "DEVICE_PASSWORD_VERIFIER", p.session, claim)
	if !through {
		refusedInModel(r, "a bad proof of a device", out, err)
		return
	}
	*p.used = true
	m.tokens(r, client, u, p.device, out, err)
}

func (m *deviceModel) living(r *rapid.T) *modelDevice {
	var alive []*modelDevice
	for _, d := range m.devices {
		if d.alive {
			alive = append(alive, d)
		}
	}
	return rapid.SampledFrom(alive).Draw(r, "device")
}

func (m *deviceModel) remember(r *rapid.T) {
	d := m.living(r)
	d.remembered = !d.remembered
	status := map[bool]cognitoidp.DeviceRememberedStatusType{true: "remembered", false: "not_remembered"}[d.remembered]
	m.e.remember(m.clients[0], d.user.Username, d.key, status)
}

func (m *deviceModel) forget(r *rapid.T) {
	d := m.living(r)
	d.alive = false
	m.e.forget(m.clients[0], d.user.Username, d.key)
	m.addDevice(d.user, d.remembered)
}

func (m *deviceModel) signOut(r *rapid.T) {
	u := rapid.SampledFrom(m.users).Draw(r, "user")
	_, err := m.e.AdminUserGlobalSignOut(m.e.t.Context(), m.e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{
		UserPoolId: m.clients[0].Pool.Config.Id, Username: &u.Username,
	})
	if err != nil {
		r.Fatal(err)
	}
	u.changes++
}

func (m *deviceModel) wait(r *rapid.T) {
	m.e.sleep(time.Duration(rapid.IntRange(0, 100).Draw(r, "seconds")) * time.Second)
}
