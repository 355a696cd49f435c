package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
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
	// do does it once; i counts up.
	do func(ctx context.Context, w *work, i int) error
}

// operations returns all that is measured, with the targets for so many users.
func operations(users int) []operation {
	signIn, read := 1.0, target{s: 0.2}
	if users >= 1_000_000 {
		signIn, read = 1.1, target{s: 0.25}
	}
	return []operation{
		{"refresh", target{l: 2, s: 0.3, factor: signIn}, 400, refresh},
		{"password sign-in", target{l: 2, s: 0.5, factor: signIn}, 400, passwordSignIn},
		{"SRP sign-in", target{l: 2, m: 1, s: 0.7, factor: signIn}, 150, srpSignIn},
		{"GetUser", read, 1500, getUser},
		{"AdminGetUser", read, 1500, adminGetUser},
		{"ListUsers by e-mail", read, 1500, listUsers},
		{"SignUp", target{s: 1.5}, 400, signUp},
	}
}

// work is what the calls of a run share.
type work struct {
	*people
	caller *caller
	tokens []tokens // of the members
	run    string   // makes this run's new user names differ from those of others
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

func srpSignIn(ctx context.Context, w *work, i int) error {
	username := w.member(w.who(i))
	client, err := srp.NewClient(rand.Reader)
	if err != nil {
		return err
	}
	var challenge struct{ ChallengeParameters map[string]string }
	if err := into(&challenge)(w.caller.call(ctx, "InitiateAuth", map[string]any{
		"AuthFlow": "USER_SRP_AUTH", "ClientId": w.ClientID,
		"AuthParameters": map[string]string{"USERNAME": username, "SRP_A": client.A()},
	})); err != nil {
		return err
	}
	given, at := challenge.ChallengeParameters, srp.Timestamp(time.Now())
	block, err := base64.StdEncoding.DecodeString(given["SECRET_BLOCK"])
	if err != nil {
		return err
	}
	id := srp.Identity{Group: naming.PoolName(w.PoolID), User: given["USER_ID_FOR_SRP"]}
	proof, err := client.Answer(id, password, given["SALT"], given["SRP_B"], block, at)
	if err != nil {
		return err
	}
	return holding(idToken)(w.caller.call(ctx, "RespondToAuthChallenge", map[string]any{
		"ChallengeName": "PASSWORD_VERIFIER", "ClientId": w.ClientID,
		"ChallengeResponses": map[string]string{
			"USERNAME": given["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
			"PASSWORD_CLAIM_SIGNATURE": proof, "TIMESTAMP": at,
		},
	}))
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

func signUp(ctx context.Context, w *work, i int) error {
	username := fmt.Sprintf("new-%s-%06d", w.run, i)
	return holding(`"UserSub":"`)(w.caller.call(ctx, "SignUp", map[string]any{
		"ClientId": w.ClientID, "Username": username, "Password": password,
		"UserAttributes": []map[string]string{{"Name": "email", "Value": email(username)}},
	}))
}
