package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
	"github.com/cenote-id/cenote/client"
)

// answerRiddle answers the riddles of the user pool's functions until they let in or give up.
func answerRiddle(ctx context.Context, session *client.Session, err error) *client.Session {
	for err != nil {
		riddle, ok := errors.AsType[*client.Challenge](err)
		if !ok {
			log.Fatal(err)
		}
		fmt.Println(riddle.Name, riddle.Parameters["question"])
		session, err = riddle.Respond(ctx, map[string]string{"ANSWER": "blue"})
	}
	return session
}

// Custom challenges instead of a password (use case 25).
func ExampleUser_SignInByChallenge() {
	demo := startRiddleDemo()
	pool, ctx := demo.registered(), context.Background()

	session, err := pool.User("alice").SignInByChallenge(ctx)
	session = answerRiddle(ctx, session, err)
	fmt.Println(session.Username())
	// Output:
	// CUSTOM_CHALLENGE What colour is the sky?
	// alice
}

// Custom challenges after the password, which is proven and not sent (use case 25).
func ExampleUser_SignIn_customChallenge() {
	demo := startRiddleDemo()
	pool, ctx := demo.registered(), context.Background()

	session, err := pool.User("alice").SignIn(ctx, "Passw0rd!", client.WithFlow(client.CustomFlow))
	session = answerRiddle(ctx, session, err)
	fmt.Println(session.Username())
	// Output:
	// CUSTOM_CHALLENGE What colour is the sky?
	// alice
}

// startRiddleDemo is startDemo on a server with functions, which ask a riddle.
func startRiddleDemo() demo {
	hook := httptest.NewServer(http.HandlerFunc(riddle))
	demos.Cleanup(hook.Close)
	server := cenotetest.Start(&demos, func(c *cenote.Config) {
		c.Functions = []cenote.Function{{Pattern: "riddle", Kind: "webhook", URL: hook.URL, Secrets: []string{"riddle"}}}
	})
	arn := new("arn:aws:lambda:us-east-1:000000000000:function:riddle")
	return newPoolDemo(&demos, server, []func(*cognitoidp.CreateUserPoolRequest){func(in *cognitoidp.CreateUserPoolRequest) {
		in.LambdaConfig = &cognitoidp.LambdaConfigType{DefineAuthChallenge: arn, CreateAuthChallenge: arn, VerifyAuthChallengeResponse: arn}
	}}, []func(*cognitoidp.CreateUserPoolClientRequest){func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, "ALLOW_CUSTOM_AUTH")
	}})
}

// riddle is the three functions of a custom challenge.
func riddle(w http.ResponseWriter, r *http.Request) {
	var event struct {
		TriggerSource string `json:"triggerSource"`
		Request       struct {
			Answer  string            `json:"challengeAnswer"`
			Private map[string]string `json:"privateChallengeParameters"`
			Session []struct {
				Name   string `json:"challengeName"`
				Result bool   `json:"challengeResult"`
			} `json:"session"`
		} `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kind, _, _ := strings.Cut(event.TriggerSource, "_")
	var response map[string]any
	switch kind {
	case "DefineAuthChallenge":
		next := "CUSTOM_CHALLENGE"
		done := false
		if steps := event.Request.Session; len(steps) > 0 {
			last := steps[len(steps)-1]
			done = last.Name == "CUSTOM_CHALLENGE" && last.Result
			if last.Name == "SRP_A" {
				next = "PASSWORD_VERIFIER"
			}
		}
		response = map[string]any{"issueTokens": done, "failAuthentication": false, "challengeName": next}
	case "CreateAuthChallenge":
		response = map[string]any{
			"publicChallengeParameters":  map[string]string{"question": "What colour is the sky?"},
			"privateChallengeParameters": map[string]string{"answers": "blue,grey"},
		}
	case "VerifyAuthChallengeResponse":
		answers := strings.Split(event.Request.Private["answers"], ",")
		response = map[string]any{"answerCorrect": slices.Contains(answers, event.Request.Answer)}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"response": response}) // the server notices a torn answer
}
