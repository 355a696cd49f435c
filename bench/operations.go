package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/srp"
)

// operation is something that a client does, in one request or two.
type operation struct {
	name   string
	target target
	// perRound is how often it is done in a round: for about half a second.
	perRound int
	// steps are what the client does for it, one after the other; i counts up.
	steps []step
}

// step is a part of an operation: a call, which costs the server, or the client's own work.
type step func(ctx context.Context, w *work, i int) error

// passwordName is the operation that others are compared with.
const passwordName = "password sign-in"

// operations returns all that is measured, with the targets for so many users.
func operations(users int) []operation {
	signIn, read := 1.0, target{s: 0.2}
	if users >= 1_000_000 {
		signIn, read = 1.1, target{s: 0.25}
	}
	return []operation{
		{"refresh", target{l: 2, s: 0.3, factor: signIn}, 400, []step{refresh}},
		{passwordName, target{l: 2, s: 0.5, factor: signIn}, 400, []step{passwordSignIn}},
		{"TOTP sign-in", target{p: 1, c: 1, s: 0.3}, 300, []step{totpStart, totpAnswer}},
		{"SRP sign-in", target{l: 2, m: 1, s: 0.7, factor: signIn}, 150, []step{srpPrepare, srpStart, srpProve, srpAnswer}},
		{"GetUser", read, 1500, []step{getUser}},
		{"AdminGetUser", read, 1500, []step{adminGetUser}},
		{"ListUsers by e-mail", read, 1500, []step{listUsers}},
		{"AdminListGroupsForUser", read, 1500, []step{listGroups}},
		{"SignUp", target{s: 1.5}, 400, []step{signUp}},
	}
}

// work is what the calls of a run share.
type work struct {
	*people
	caller *caller
	tokens []tokens // of the members
	run    string   // makes this run's new user names differ from those of others
	// exchanges are the SRP sign-ins under way.
	exchanges sync.Map // of *exchange by number
	sessions  sync.Map // of the TOTP sign-ins under way, by number
}

type tokens struct{ AccessToken, RefreshToken string }

type grant struct{ AuthenticationResult tokens }

// newWork signs every member in.
func newWork(ctx context.Context, s settings, p *people, c *caller) (*work, error) {
	run, err := naming.Alphanumeric(rand.Reader, 12)
	if err != nil {
		return nil, err
	}
	w := &work{people: p, caller: c, tokens: make([]tokens, p.Sample), run: run}
	return w, burst(ctx, s.connections, 0, p.Sample, func(ctx context.Context, i int) error {
		var g grant
		err := into(&g)(w.signIn(ctx, i))
		w.tokens[i] = g.AuthenticationResult
		return err
	})
}

// who returns a member, another one for each i.
func (w *work) who(i int) int { return scatter(i%w.Sample, w.Sample) }

func (w *work) signIn(ctx context.Context, member int) ([]byte, error) {
	return w.caller.call(ctx, "InitiateAuth", map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": w.ClientID,
		"AuthParameters": map[string]string{"USERNAME": w.member(member), "PASSWORD": password},
	})
}

var errAnswer = errors.New("the answer lacks what it should have")

// holding checks that an answer has a text in it.
func holding(text string) func(body []byte, err error) error {
	return func(body []byte, err error) error {
		if err == nil && !bytes.Contains(body, []byte(text)) {
			return fmt.Errorf("%w: %s", errAnswer, text)
		}
		return err
	}
}

const idToken = `"IdToken":"`

func refresh(ctx context.Context, w *work, i int) error {
	return holding(idToken)(w.caller.call(ctx, "InitiateAuth", map[string]any{
		"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": w.ClientID,
		"AuthParameters": map[string]string{"REFRESH_TOKEN": w.tokens[w.who(i)].RefreshToken},
	}))
}

func passwordSignIn(ctx context.Context, w *work, i int) error {
	return holding(idToken)(w.signIn(ctx, w.who(i)))
}

// exchange is an SRP sign-in under way.
type exchange struct {
	client     *srp.Client
	parameters map[string]string // of the challenge
	responses  map[string]string
}

// srpPrepare and srpProve are the client's arithmetic. It costs more than the server's, and
// the two share a machine here: were it done between the calls, the server would mostly wait.
func srpPrepare(_ context.Context, w *work, i int) error {
	client, err := srp.NewClient(rand.Reader)
	w.exchanges.Store(i, &exchange{client: client})
	return err
}

func srpStart(ctx context.Context, w *work, i int) error {
	x, err := w.exchange(i)
	if err != nil {
		return err
	}
	var challenge struct{ ChallengeParameters map[string]string }
	err = into(&challenge)(w.caller.call(ctx, "InitiateAuth", map[string]any{
		"AuthFlow": "USER_SRP_AUTH", "ClientId": w.ClientID,
		"AuthParameters": map[string]string{"USERNAME": w.member(w.who(i)), "SRP_A": x.client.A()},
	}))
	x.parameters = challenge.ChallengeParameters
	return err
}

func srpProve(_ context.Context, w *work, i int) error {
	x, err := w.exchange(i)
	if err != nil {
		return err
	}
	given, at := x.parameters, srp.Timestamp(time.Now())
	block, err := base64.StdEncoding.DecodeString(given["SECRET_BLOCK"])
	if err != nil {
		return err
	}
	id := srp.Identity{Group: naming.PoolName(w.PoolID), User: given["USER_ID_FOR_SRP"]}
	proof, err := x.client.Answer(id, password, given["SALT"], given["SRP_B"], block, at)
	x.responses = map[string]string{
		"USERNAME": given["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": proof, "TIMESTAMP": at,
	}
	return err
}

// srpAnswer begins anew when the server had no time to sign: the proof may be spent by then.
func srpAnswer(ctx context.Context, w *work, i int) error {
	for {
		x, err := w.exchange(i)
		if err != nil {
			return err
		}
		body, err := w.caller.once(ctx, "RespondToAuthChallenge", map[string]any{
			"ChallengeName": "PASSWORD_VERIFIER", "ClientId": w.ClientID, "ChallengeResponses": x.responses,
		})
		if !tooMany(err) {
			w.exchanges.Delete(i)
			return holding(idToken)(body, err)
		}
		w.caller.repeated.Add(1)
		for _, step := range []step{srpPrepare, srpStart, srpProve} {
			if err := step(ctx, w, i); err != nil {
				return err
			}
		}
	}
}

func (w *work) exchange(i int) (*exchange, error) {
	if x, ok := w.exchanges.Load(i); ok {
		return x.(*exchange), nil
	}
	return nil, fmt.Errorf("there is no sign-in %d", i)
}

func getUser(ctx context.Context, w *work, i int) error {
	member := w.who(i)
	return holding(email(w.member(member)))(w.caller.call(ctx, "GetUser", map[string]string{
		"AccessToken": w.tokens[member].AccessToken,
	}))
}

func adminGetUser(ctx context.Context, w *work, i int) error {
	username := userName(scatter(i%w.Users, w.Users))
	return holding(email(username))(w.caller.signed(ctx, "AdminGetUser", map[string]string{
		"UserPoolId": w.PoolID, "Username": username,
	}))
}

func listUsers(ctx context.Context, w *work, i int) error {
	username := userName(scatter(i%w.Users, w.Users))
	return holding(`"Username":"` + username + `"`)(w.caller.signed(ctx, "ListUsers", map[string]string{
		"UserPoolId": w.PoolID, "Filter": `email = "` + email(username) + `"`,
	}))
}

// listGroups asks for the groups of all users: who does not sign in is in one.
func listGroups(ctx context.Context, w *work, i int) error {
	n, want := scatter(i%w.Users, w.Users), `"GroupName":"`+groupName+`"`
	if w.signsIn(n) {
		want = `"Groups":[]`
	}
	username := userName(n)
	return holding(want)(w.caller.signed(ctx, "AdminListGroupsForUser", map[string]string{
		"UserPoolId": w.PoolID, "Username": username,
	}))
}

func signUp(ctx context.Context, w *work, i int) error {
	username := fmt.Sprintf("new-%s-%06d", w.run, i)
	return holding(`"UserSub":"`)(w.caller.call(ctx, "SignUp", map[string]any{
		"ClientId": w.ClientID, "Username": username, "Password": password,
		"UserAttributes": []map[string]string{{"Name": "email", "Value": email(username)}},
	}))
}
