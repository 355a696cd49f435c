package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

const (
	firstSession  = "AYABe-first-session-of-the-sign-in"
	secondSession = "AYABe-second-session-of-the-sign-in"
)

func newPasswordChallenge() answer {
	return ok(map[string]any{
		"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": firstSession,
		"ChallengeParameters": map[string]any{
			"USER_ID_FOR_SRP":    aliceID,
			"requiredAttributes": `["userAttributes.given_name"]`,
			"userAttributes":     `{"email_verified":"true","email":"you@example.com"}`,
		},
	})
}

func TestNewPasswordRequired(t *testing.T) {
	t.Parallel()
	attempts := 0
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(request) answer { return newPasswordChallenge() },
		"RespondToAuthChallenge": func(r request) answer {
			attempts++
			if attempts == 1 {
				return refuse(400, "InvalidPasswordException", "Password does not conform to policy: Password not long enough")
			}
			want := map[string]any{
				"ChallengeName": "NEW_PASSWORD_REQUIRED", "ClientId": clientID, "Session": firstSession,
				"ChallengeResponses": map[string]any{
					"USERNAME": aliceID, "NEW_PASSWORD": "N3w-passw0rd", "userAttributes.given_name": "Alice",
				},
			}
			if diff := cmp.Diff(want, r.in); diff != "" {
				t.Errorf("RespondToAuthChallenge (-want +got):\n%s", diff)
			}
			return signedIn(tokenSet(time.Now(), 1))
		},
	}}
	_, err := newPool(t, s).User("alice@example.com").SignIn(t.Context(), "temporary", client.WithFlow(client.PasswordFlow))
	challenge, is := errors.AsType[*client.NewPasswordRequired](err)
	if !is {
		t.Fatalf("SignIn: %v, want *NewPasswordRequired", err)
	}
	if diff := cmp.Diff([]string{"given_name"}, challenge.RequiredAttributes); diff != "" {
		t.Errorf("RequiredAttributes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"email_verified": "true", "email": "you@example.com"}, challenge.Attributes); diff != "" {
		t.Errorf("Attributes (-want +got):\n%s", diff)
	}
	if generic, is := errors.AsType[*client.Challenge](err); !is || generic.Name != "NEW_PASSWORD_REQUIRED" {
		t.Errorf("as *Challenge: %v, want NEW_PASSWORD_REQUIRED", generic)
	}
	if _, err := challenge.Answer(t.Context(), "", nil); err == nil || attempts != 0 {
		t.Errorf("an empty password: error %v after %d calls, want an error without a call", err, attempts)
	}
	if _, err := challenge.Answer(t.Context(), "short", nil); !errors.Is(err, client.ErrInvalidPassword) {
		t.Errorf("Answer with a short password: %v, want %v", err, client.ErrInvalidPassword)
	}
	session, err := challenge.Answer(t.Context(), "N3w-passw0rd", map[string]string{"given_name": "Alice"})
	if err != nil {
		t.Fatal(err)
	}
	if !session.Valid() {
		t.Error("the session is not valid")
	}
}

func TestNewPasswordRequiredParameters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parameters map[string]any
		required   []string
		attributes map[string]string
		bad        bool
	}{
		"none":             {parameters: map[string]any{}},
		"empty":            {parameters: map[string]any{"requiredAttributes": "[]", "userAttributes": "{}"}, required: []string{}, attributes: map[string]string{}},
		"null value":       {parameters: map[string]any{"userAttributes": `{"email":null,"name":"x"}`}, attributes: map[string]string{"name": "x"}},
		"no list":          {parameters: map[string]any{"requiredAttributes": "{}"}, bad: true},
		"no JSON":          {parameters: map[string]any{"userAttributes": "{"}, bad: true},
		"number as a name": {parameters: map[string]any{"requiredAttributes": "[1]"}, bad: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": func(request) answer {
				return ok(map[string]any{"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": firstSession, "ChallengeParameters": test.parameters})
			}}}
			_, err := newPool(t, s).User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
			if test.bad {
				if !errors.Is(err, client.ErrBadAnswer) {
					t.Errorf("%v, want %v", err, client.ErrBadAnswer)
				}
				return
			}
			challenge, is := errors.AsType[*client.NewPasswordRequired](err)
			if !is {
				t.Fatalf("SignIn: %v, want *NewPasswordRequired", err)
			}
			if diff := cmp.Diff(test.required, challenge.RequiredAttributes); diff != "" {
				t.Errorf("RequiredAttributes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.attributes, challenge.Attributes); diff != "" {
				t.Errorf("Attributes (-want +got):\n%s", diff)
			}
		})
	}
}

// Challenges without a type of their own are answered by name, one after the other.
func TestChallengeChain(t *testing.T) {
	t.Parallel()
	answers := []answer{
		refuse(400, "CodeMismatchException", "Invalid code or auth state for the user."),
		ok(map[string]any{"ChallengeName": "CUSTOM_CHALLENGE", "Session": secondSession, "ChallengeParameters": map[string]any{"USERNAME": aliceID, "question": "?"}}),
		signedIn(tokenSet(time.Now(), 1)),
	}
	var got []map[string]any
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(request) answer {
			return ok(map[string]any{"ChallengeName": "SMS_MFA", "Session": firstSession, "ChallengeParameters": map[string]any{
				"CODE_DELIVERY_DESTINATION": "+*******9934", "USER_ID_FOR_SRP": aliceID,
			}})
		},
		"RespondToAuthChallenge": func(r request) answer {
			got = append(got, r.in)
			return answers[len(got)-1]
		},
	}}
	_, err := newPool(t, s).User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
	sms, is := errors.AsType[*client.Challenge](err)
	if !is || sms.Name != "SMS_MFA" || sms.Parameters["CODE_DELIVERY_DESTINATION"] != "+*******9934" {
		t.Fatalf("SignIn: %v, want SMS_MFA", err)
	}
	if _, err := sms.Respond(t.Context(), map[string]string{"SMS_MFA_CODE": "1"}); !errors.Is(err, client.ErrCodeMismatch) {
		t.Errorf("wrong code: %v, want %v", err, client.ErrCodeMismatch)
	}
	_, err = sms.Respond(t.Context(), map[string]string{"SMS_MFA_CODE": "2"})
	custom, is := errors.AsType[*client.Challenge](err)
	if !is || custom.Name != "CUSTOM_CHALLENGE" || custom.Parameters["question"] != "?" {
		t.Fatalf("Respond: %v, want CUSTOM_CHALLENGE", err)
	}
	if _, err := custom.Respond(t.Context(), map[string]string{"ANSWER": "!"}); err != nil {
		t.Error(err)
	}
	step := func(name, session, key, value string) map[string]any {
		return map[string]any{
			"ChallengeName": name, "ClientId": clientID, "Session": session,
			"ChallengeResponses": map[string]any{"USERNAME": aliceID, key: value},
		}
	}
	want := []map[string]any{
		step("SMS_MFA", firstSession, "SMS_MFA_CODE", "1"),
		step("SMS_MFA", firstSession, "SMS_MFA_CODE", "2"),
		step("CUSTOM_CHALLENGE", secondSession, "ANSWER", "!"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}
