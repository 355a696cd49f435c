package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// The files of a directory with a database.
const (
	databaseFile  = "cenote.db"
	masterKeyFile = "master.key"
	stateFile     = "bench.json"
)

// password is everybody's. What one costs to check depends on neither its text nor its user.
const password = "Correct-horse-1"

// people is a database with users, and what it takes to call a server about them.
type people struct {
	Users            int // user names are those of userName(0) to userName(Users-1)
	Sample           int // of them, those of member(0) to member(Sample-1) can sign in
	Factors          int // users of factorName(0) to factorName(Factors-1), who have an authenticator app
	PoolID, ClientID string
	Root             accessKey

	apps apps
}

const (
	userPrefix = "user"
	userDigits = 7
)

func userName(i int) string { return userPrefix + digits(i) }

func digits(i int) string { return fmt.Sprintf("%0*d", userDigits, i) }

func email(username string) string { return username + "@example.com" }

// member returns the user name of the i-th of those who sign in; they are spread over all.
func (p *people) member(i int) string {
	return userName(int(int64(i) * int64(p.Users) / int64(p.Sample)))
}

// signsIn says whether userName(n) is a member.
func (p *people) signsIn(n int) bool {
	i := (int64(n)*int64(p.Sample) + int64(p.Users) - 1) / int64(p.Users)
	return i < int64(p.Sample) && p.member(int(i)) == userName(n)
}

// scatter visits the numbers below n in an order that neither names nor ages follow.
func scatter(i, n int) int {
	stride := 7919
	if n%stride == 0 {
		stride = 7907
	}
	return int(int64(i) * int64(stride) % int64(n))
}

// members is how many users sign in: most do not, so that there are neighbours who differ.
func (s settings) members() int { return max(1, min(s.sample, s.users/5)) }

// prepare makes the database in dir, or takes the one that is there.
func prepare(ctx context.Context, s settings, dir string, out io.Writer) (*people, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	state := filepath.Join(dir, stateFile)
	p := &people{Users: s.users, Sample: s.members(), Factors: s.factors}
	content, err := os.ReadFile(state)
	if err == nil {
		kept := new(people)
		if err := json.Unmarshal(content, kept); err != nil {
			return nil, fmt.Errorf("%s: %w", state, err)
		}
		if kept.Users != p.Users || kept.Sample != p.Sample || kept.Factors != p.Factors {
			return nil, fmt.Errorf("%s has %d users, %d of whom sign in, and %d with a second factor: -users and -sample ask for others, or another version made it",
				dir, kept.Users, kept.Sample, kept.Factors)
		}
		return kept, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := p.createPool(ctx, s, dir); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.load(ctx, dir); err != nil {
		return nil, err
	}
	took := time.Since(began)
	fmt.Fprintf(out, "loaded %d users through the store in %v, %.0f a second\n\n",
		p.Users, took.Round(100*time.Millisecond), float64(p.Users)/took.Seconds())
	if content, err = json.Marshal(p); err != nil {
		return nil, err
	}
	return p, os.WriteFile(state, content, 0o600)
}

// createPool has a server make the pool and the client. The pool verifies no attributes:
// with them a SignUp would also measure a mail server.
func (p *people) createPool(ctx context.Context, s settings, dir string) (err error) {
	if p.Root, err = newRoot(); err != nil {
		return err
	}
	server, err := startServer(ctx, s, dir, p.Root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	var pool struct{ UserPool struct{ Id string } }
	if err := into(&pool)(server.caller.signed(ctx, "CreateUserPool", map[string]any{"PoolName": "bench"})); err != nil {
		return err
	}
	p.PoolID = pool.UserPool.Id
	var client struct{ UserPoolClient struct{ ClientId string } }
	if err := into(&client)(server.caller.signed(ctx, "CreateUserPoolClient", map[string]any{
		"UserPoolId": p.PoolID, "ClientName": "bench",
		"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})); err != nil {
		return err
	}
	p.ClientID = client.UserPoolClient.ClientId
	_, err = server.caller.signed(ctx, "SetUserPoolMfaConfig", map[string]any{
		"UserPoolId": p.PoolID, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": map[string]bool{"Enabled": true},
	})
	return err
}

// into returns a function that reads the answer of a call into v.
func into(v any) func(body []byte, err error) error {
	return func(body []byte, err error) error {
		if err != nil {
			return err
		}
		return json.Unmarshal(body, v)
	}
}

// load writes the users through the store, without the durability that a server has.
func (p *people) load(ctx context.Context, dir string) (err error) {
	text, err := os.ReadFile(filepath.Join(dir, masterKeyFile))
	if err != nil {
		return err
	}
	master, err := seal.ParseMasterKey(text)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Options{URL: "sqlite:" + filepath.Join(dir, databaseFile), Sync: store.SyncOff, MasterKey: master})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	pool, err := db.Pool(ctx, p.PoolID)
	if err != nil {
		return err
	}
	m := &maker{people: p, pool: pool.ID, arithmetic: srp.NewArithmetic(nil)}
	if err := m.begin(ctx); err != nil {
		return err
	}
	crowd := &store.Group{Pool: pool.ID, Config: &cognitoidp.GroupType{GroupName: new(groupName)}}
	if err := db.CreateGroup(ctx, crowd, 0); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	const batch = 500
	for first := 0; first < p.Users; first += batch {
		group.Go(func() error {
			users, err := m.users(first, min(first+batch, p.Users))
			if err != nil {
				return err
			}
			if err := db.CreateUsers(ctx, users); err != nil {
				return err
			}
			return m.join(ctx, db, users)
		})
	}
	group.Go(func() error {
		users, err := m.factorUsers()
		if err != nil || len(users) == 0 {
			return err
		}
		return db.CreateUsers(ctx, users)
	})
	return group.Wait()
}

// groupName is the group of everybody who does not sign in: sign-ins are measured for users
// without groups.
const groupName = "crowd"

// join puts users who never sign in into the group.
func (m *maker) join(ctx context.Context, db *store.DB, users []*store.User) error {
	const together = 32 // commits are grouped
	return burst(ctx, together, 0, len(users), func(ctx context.Context, i int) error {
		if m.members[users[i].Username] {
			return nil
		}
		return db.AddMember(ctx, m.pool, groupName, users[i].ID, 0)
	})
}

// maker makes the records of users.
type maker struct {
	*people
	pool       store.PoolID
	arithmetic *srp.Arithmetic
	members    map[string]bool
	crowd      store.Credential // of all who never sign in
}

func (m *maker) begin(ctx context.Context) error {
	if err := m.arithmetic.Prepare(ctx); err != nil {
		return err
	}
	m.members = make(map[string]bool, m.Sample)
	for i := range m.Sample {
		m.members[m.member(i)] = true
	}
	var err error
	m.crowd, err = m.credential("nobody")
	return err
}

func (m *maker) credential(username string) (store.Credential, error) {
	salt, err := srp.NewSalt(rand.Reader)
	if err != nil {
		return store.Credential{}, err
	}
	id := srp.Identity{Group: naming.PoolName(m.PoolID), User: username}
	return store.Credential{Salt: salt, Verifier: m.arithmetic.Verifier(id, password, salt), Set: time.Now()}, nil
}

func (m *maker) users(from, to int) ([]*store.User, error) {
	users := make([]*store.User, 0, to-from)
	for i := from; i < to; i++ {
		n := scatter(i, m.Users)
		u := m.user(userName(n))
		if m.members[u.Username] {
			if err := m.admit(u); err != nil {
				return nil, err
			}
		} else {
			u.Attributes = attributes(u.Username)
			m.setApart(u, n)
		}
		users = append(users, u)
	}
	return users, nil
}

// factorUsers makes the users who sign in with an authenticator app.
func (m *maker) factorUsers() ([]*store.User, error) {
	users := make([]*store.User, 0, m.Factors)
	for i := range m.Factors {
		u := m.user(factorName(i))
		if err := m.admit(u); err != nil {
			return nil, err
		}
		withFactor(u)
		users = append(users, u)
	}
	return users, nil
}

func (m *maker) user(name string) *store.User {
	return &store.User{
		Pool: m.pool, Sub: sub(name), Username: name, Enabled: true, Status: cognitoidp.UserStatusTypeConfirmed,
		Attributes: map[string]string{"email": email(name), "email_verified": "true", "name": "Someone Called " + name},
		Keys:       []store.Key{{Kind: store.KeyUsername, Value: name}, {Kind: store.KeySub, Value: sub(name)}},
		Credential: m.crowd,
	}
}

// admit gives a user a credential to sign in with.
func (m *maker) admit(u *store.User) (err error) {
	u.Credential, err = m.credential(u.Username)
	return err
}
