package client_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

func selectChallenge(factors ...string) answer {
	return ok(map[string]any{
		"ChallengeName": "SELECT_CHALLENGE", "Session": firstSession, "ChallengeParameters": map[string]any{}, "AvailableChallenges": factors,
	})
}

func TestSelectChallenge(t *testing.T) {
	t.Parallel()
	s := &script{
		first: selectChallenge("PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"),
		answers: []answer{
			challenge("EMAIL_OTP", secondSession, map[string]any{
				"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "t***@e***",
			}),
			signedIn(tokenSet(time.Now(), 1)),
		},
	}
	_, err := newPool(t, s.service(t)).User("alice").SignInByChoice(t.Context(), "")
	selection, is := errors.AsType[*client.SelectChallenge](err)
	if !is {
		t.Fatalf("SignInByChoice: %v, want *SelectChallenge", err)
	}
	if diff := cmp.Diff([]client.Factor{client.PasswordSRP, client.Password, client.EmailOTP}, selection.Choices); diff != "" {
		t.Errorf("Choices (-want +got):\n%s", diff)
	}
	_, err = selection.Choose(t.Context(), client.EmailOTP)
	code, is := errors.AsType[*client.CodeRequired](err)
	if !is {
		t.Fatalf("Choose: %v, want *CodeRequired", err)
	}
	if _, err := code.Answer(t.Context(), "12345678"); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		answerTo("SELECT_CHALLENGE", firstSession, map[string]any{"USERNAME": "alice", "ANSWER": "EMAIL_OTP"}),
		answerTo("EMAIL_OTP", secondSession, map[string]any{"USERNAME": "alice", "EMAIL_OTP_CODE": "12345678"}),
	}
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// The password is proven where the service can check that, in one answer with the choice.
func TestSelectPassword(t *testing.T) {
	t.Parallel()
	server := newSRPServer(t, aliceID, "Passw0rd!")
	var names []string
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(request) answer { return selectChallenge("EMAIL_OTP", "PASSWORD", "PASSWORD_SRP") },
		"RespondToAuthChallenge": func(r request) answer {
			names = append(names, r.text("ChallengeName")+" "+r.text("ChallengeResponses.ANSWER"))
			if r.text("ChallengeResponses.ANSWER") == "" {
				return server.respond(r)
			}
			r.in["AuthParameters"] = r.in["ChallengeResponses"]
			return server.initiate(r)
		},
	}}
	pool := newPool(t, s)
	for password, want := range map[string]error{"Passw0rd!": nil, "wrong": client.ErrNotAuthorized} {
		_, err := pool.User("alice").SignInByChoice(t.Context(), "")
		selection, is := errors.AsType[*client.SelectChallenge](err)
		if !is {
			t.Fatalf("SignInByChoice: %v, want *SelectChallenge", err)
		}
		if _, err := selection.AnswerPassword(t.Context(), password); !errors.Is(err, want) {
			t.Errorf("with %s: %v, want %v", password, err, want)
		}
	}
	want := []string{"SELECT_CHALLENGE PASSWORD_SRP", "PASSWORD_VERIFIER ", "SELECT_CHALLENGE PASSWORD_SRP", "PASSWORD_VERIFIER "}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestSelectPasswordThatIsSent(t *testing.T) {
	t.Parallel()
	s := &script{first: selectChallenge("EMAIL_OTP", "PASSWORD"), answers: []answer{signedIn(tokenSet(time.Now(), 1))}}
	_, err := newPool(t, s.service(t)).User("alice").SignInByChoice(t.Context(), "")
	selection, is := errors.AsType[*client.SelectChallenge](err)
	if !is {
		t.Fatalf("SignInByChoice: %v, want *SelectChallenge", err)
	}
	if _, err := selection.AnswerPassword(t.Context(), "Passw0rd!"); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{answerTo("SELECT_CHALLENGE", firstSession, map[string]any{"USERNAME": "alice", "ANSWER": "PASSWORD", "PASSWORD": "Passw0rd!"})}
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// A service may also ask for the password by a challenge of its own.
func TestPasswordRequired(t *testing.T) {
	t.Parallel()
	s := &script{first: challenge("PASSWORD", firstSession, nil), answers: []answer{signedIn(tokenSet(time.Now(), 1))}}
	_, err := newPool(t, s.service(t)).User("alice").SignInByChoice(t.Context(), "")
	required, is := errors.AsType[*client.PasswordRequired](err)
	if !is || required.Factor != client.Password {
		t.Fatalf("SignInByChoice: %v, want *PasswordRequired", err)
	}
	if _, err := required.Answer(t.Context(), "Passw0rd!"); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{answerTo("PASSWORD", firstSession, map[string]any{"USERNAME": "alice", "PASSWORD": "Passw0rd!"})}
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestChoiceFlow(t *testing.T) {
	t.Parallel()
	server := newSRPServer(t, aliceID, "Passw0rd!")
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(r request) answer {
			if r.text("AuthFlow") != "USER_AUTH" || r.text("AuthParameters.PREFERRED_CHALLENGE") != "PASSWORD_SRP" {
				t.Errorf("InitiateAuth: %v", r.in)
			}
			return server.initiate(r)
		},
		"RespondToAuthChallenge": server.respond,
	}}
	if _, err := newPool(t, s).User("alice").SignIn(t.Context(), "Passw0rd!", client.WithFlow(client.ChoiceFlow)); err != nil {
		t.Error(err)
	}
}

// The challenges of a pool's functions, with the password first and without.
func TestCustomFlow(t *testing.T) {
	t.Parallel()
	server := newSRPServer(t, aliceID, "Passw0rd!")
	question := challenge("CUSTOM_CHALLENGE", secondSession, map[string]any{"USERNAME": aliceID, "question": "2 + 3"})
	var initiated []map[string]any
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(r request) answer {
			parameters, _ := r.in["AuthParameters"].(map[string]any)
			if r.text("AuthFlow") != "CUSTOM_AUTH" {
				t.Errorf("InitiateAuth: %v", r.in)
			}
			if parameters["SRP_A"] == nil {
				initiated = append(initiated, parameters)
				return question
			}
			initiated = append(initiated, map[string]any{"CHALLENGE_NAME": parameters["CHALLENGE_NAME"]})
			return server.initiate(r)
		},
		"RespondToAuthChallenge": func(r request) answer {
			if r.text("ChallengeName") == "PASSWORD_VERIFIER" {
				server.respond(r)
				return question
			}
			want := answerTo("CUSTOM_CHALLENGE", secondSession, map[string]any{"USERNAME": aliceID, "ANSWER": "5"})
			if diff := cmp.Diff(want, r.in); diff != "" {
				t.Errorf("RespondToAuthChallenge (-want +got):\n%s", diff)
			}
			return signedIn(tokenSet(time.Now(), 1))
		},
	}}
	user := newPool(t, s).User("alice")
	for _, begin := range []func() error{
		func() error { _, err := user.SignInByChallenge(t.Context()); return err },
		func() error {
			_, err := user.SignIn(t.Context(), "Passw0rd!", client.WithFlow(client.CustomFlow))
			return err
		},
	} {
		err := begin()
		custom, is := errors.AsType[*client.Challenge](err)
		if !is || custom.Name != "CUSTOM_CHALLENGE" || custom.Parameters["question"] != "2 + 3" {
			t.Fatalf("%v, want CUSTOM_CHALLENGE", err)
		}
		if _, err := custom.Respond(t.Context(), map[string]string{"ANSWER": "5"}); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]map[string]any{{"USERNAME": "alice"}, {"CHALLENGE_NAME": "SRP_A"}}, initiated); diff != "" {
		t.Errorf("InitiateAuth (-want +got):\n%s", diff)
	}
}

func TestPasskeyRequired(t *testing.T) {
	t.Parallel()
	s := &script{
		first: challenge("WEB_AUTHN", firstSession, map[string]any{"CREDENTIAL_REQUEST_OPTIONS": `{"challenge":"wxvb"}`}),
		answers: []answer{
			refuse(400, "NotAuthorizedException", "no"),
			challenge("EMAIL_OTP", secondSession, nil),
			signedIn(tokenSet(time.Now(), 1)),
		},
	}
	_, err := newPool(t, s.service(t)).User("alice").SignInByChoice(t.Context(), client.WebAuthn)
	passkey, is := errors.AsType[*client.PasskeyRequired](err)
	if !is || string(passkey.Options) != `{"challenge":"wxvb"}` {
		t.Fatalf("SignInByChoice: %v, want *PasskeyRequired", err)
	}
	if _, err := passkey.Answer(t.Context(), json.RawMessage(`{`)); err == nil || len(s.got) != 0 {
		t.Errorf("no JSON: %v after %d calls, want an error without a call", err, len(s.got))
	}
	if _, err := passkey.Answer(t.Context(), json.RawMessage(`{"id":"1"}`)); !errors.Is(err, client.ErrNotAuthorized) {
		t.Errorf("a bad credential: %v, want %v", err, client.ErrNotAuthorized)
	}
	if _, err := passkey.Choose(t.Context(), client.EmailOTP); err == nil {
		t.Error("another factor: signed in")
	}
	if _, err := passkey.Answer(t.Context(), json.RawMessage(`{"id":"2"}`)); err != nil {
		t.Error(err)
	}
	want := []map[string]any{
		answerTo("WEB_AUTHN", firstSession, map[string]any{"USERNAME": "alice", "CREDENTIAL": `{"id":"1"}`}),
		answerTo("SELECT_CHALLENGE", firstSession, map[string]any{"USERNAME": "alice", "ANSWER": "EMAIL_OTP"}),
		answerTo("WEB_AUTHN", firstSession, map[string]any{"USERNAME": "alice", "CREDENTIAL": `{"id":"2"}`}),
	}
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// The Sessions of a sign-up and of its confirmation lead to a sign-in without more.
func TestConfirmAndSignIn(t *testing.T) {
	t.Parallel()
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"SignUp": func(r request) answer {
			if _, given := r.in["Password"]; given {
				t.Errorf("SignUp: %v", r.in)
			}
			return ok(`{"UserConfirmed":false,"UserSub":"s","Session":"` + firstSession + `"}`)
		},
		"ConfirmSignUp": func(r request) answer {
			if r.text("Session") != firstSession {
				t.Errorf("ConfirmSignUp: %v", r.in)
			}
			return ok(`{"Session":"` + secondSession + `"}`)
		},
		"InitiateAuth": func(r request) answer {
			want := map[string]any{
				"AuthFlow": "USER_AUTH", "ClientId": clientID, "AuthParameters": map[string]any{"USERNAME": "alice"}, "Session": secondSession,
			}
			if diff := cmp.Diff(want, r.in); diff != "" {
				t.Errorf("InitiateAuth (-want +got):\n%s", diff)
			}
			return signedIn(tokenSet(time.Now(), 1))
		},
	}}
	registered, err := newPool(t, s).SignUp(t.Context(), client.Registration{Username: "alice", Attributes: map[string]string{"email": "a@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	session, err := registered.User.ConfirmAndSignIn(t.Context(), "123456")
	if err != nil || session.Username() != "alice" {
		t.Errorf("ConfirmAndSignIn: %v", err)
	}
}
