package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

const arn = "arn:aws:lambda:us-east-1:000000000000:function:hook"

// fake is a function that returns the event with another response.
type fake struct {
	response string // empty returns the event as it came
	whole    string // returned instead of an event
	err      error
	seen     function.Call
}

func (f *fake) Do(_ context.Context, c function.Call) ([]byte, error) {
	f.seen = c
	switch {
	case f.err != nil:
		return nil, f.err
	case f.whole != "":
		return []byte(f.whole), nil
	case f.response == "":
		return c.Payload, nil
	}
	var event map[string]json.RawMessage
	if err := json.Unmarshal(c.Payload, &event); err != nil {
		return nil, err
	}
	event["response"] = json.RawMessage(f.response)
	return json.Marshal(event)
}

// pool has the function for every trigger.
func pool(version cognitoidp.PreTokenGenerationLambdaVersionType) *catalog.Pool {
	return catalog.NewPool(&store.Pool{Config: &cognitoidp.UserPoolType{
		Id: new("us-east-1_AbCdEfGhI"),
		LambdaConfig: &cognitoidp.LambdaConfigType{
			PreSignUp: new(arn), CustomMessage: new(arn), PostConfirmation: new(arn), PreAuthentication: new(arn),
			PostAuthentication: new(arn), DefineAuthChallenge: new(arn), CreateAuthChallenge: new(arn),
			VerifyAuthChallengeResponse: new(arn), UserMigration: new(arn),
			PreTokenGenerationConfig: &cognitoidp.PreTokenGenerationVersionConfigType{LambdaArn: new(arn), LambdaVersion: new(version)},
			CustomEmailSender:        &cognitoidp.CustomEmailLambdaVersionConfigType{LambdaArn: new(arn)},
			InboundFederation:        &cognitoidp.InboundFederationLambdaType{LambdaArn: new(arn)},
		},
	}})
}

func about() trigger.Subject {
	return trigger.Subject{
		Pool: pool("V1_0"), ClientID: "4ma39kqn9j6ncsimddqs13sgok", Username: "mary",
		Attributes: map[string]string{"sub": "3c6f", "email": "<m@example.com>"},
	}
}

func about2(version cognitoidp.PreTokenGenerationLambdaVersionType) trigger.Subject {
	s := about()
	s.Pool = pool(version)
	return s
}

func with(s trigger.Subject, metadata map[string]string) trigger.Subject {
	s.ClientMetadata = metadata
	return s
}

// Each event as its function sees it: the members besides the common envelope.
func TestEvents(t *testing.T) {
	t.Parallel()
	const user = `"userAttributes":{"email":"<m@example.com>","sub":"3c6f"}`
	type service = *trigger.Service
	for name, c := range map[string]struct {
		call    func(service, context.Context) error
		source  string
		request string
		answer  string // the response as it is sent; empty is none
		version string // empty is 1
	}{
		"pre sign-up": {
			call: func(s service, ctx context.Context) error {
				_, err := s.PreSignUp(ctx, trigger.PreSignUpEvent{Subject: with(about(), map[string]string{"tenant": "t1"}), Source: trigger.PreSignUpSignUp})
				return err
			},
			source: "PreSignUp_SignUp", request: `{` + user + `,"validationData":null,"clientMetadata":{"tenant":"t1"}}`,
			answer: `{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}`,
		},
		"post confirmation": {
			call: func(s service, ctx context.Context) error {
				return s.PostConfirmation(ctx, trigger.PostConfirmationEvent{Subject: about(), Source: trigger.PostConfirmationConfirmSignUp})
			},
			source: "PostConfirmation_ConfirmSignUp", request: `{` + user + `}`, answer: `{}`,
		},
		"pre authentication": {
			call: func(s service, ctx context.Context) error {
				return s.PreAuthentication(ctx, trigger.PreAuthenticationEvent{Subject: about(), ValidationData: map[string]string{"a": "b"}, UserNotFound: new(false)})
			},
			source: "PreAuthentication_Authentication", request: `{` + user + `,"validationData":{"a":"b"},"userNotFound":false}`, answer: `{}`,
		},
		"post authentication": {
			call: func(s service, ctx context.Context) error {
				return s.PostAuthentication(ctx, trigger.PostAuthenticationEvent{Subject: with(about(), map[string]string{"k": "v"})})
			},
			source: "PostAuthentication_Authentication", request: `{` + user + `,"clientMetadata":{"k":"v"},"newDeviceUsed":false}`, answer: `{}`,
		},
		"define": {
			call: func(s service, ctx context.Context) error {
				_, err := s.DefineAuthChallenge(ctx, trigger.DefineAuthChallengeEvent{Subject: about(), Session: []trigger.ChallengeResult{
					{ChallengeName: "SRP_A", ChallengeResult: true}, {ChallengeName: "CUSTOM_CHALLENGE", ChallengeMetadata: new("CODE-1")},
				}})
				return decided(err)
			},
			source: "DefineAuthChallenge_Authentication",
			request: `{` + user + `,"session":[{"challengeName":"SRP_A","challengeResult":true,"challengeMetadata":null},
				{"challengeName":"CUSTOM_CHALLENGE","challengeResult":false,"challengeMetadata":"CODE-1"}]}`,
			answer: `{"challengeName":null,"issueTokens":null,"failAuthentication":null}`,
		},
		"create": {
			call: func(s service, ctx context.Context) error {
				_, err := s.CreateAuthChallenge(ctx, trigger.CreateAuthChallengeEvent{Subject: about(), ChallengeName: "CUSTOM_CHALLENGE", UserNotFound: new(true)})
				return err
			},
			source: "CreateAuthChallenge_Authentication", request: `{` + user + `,"challengeName":"CUSTOM_CHALLENGE","session":[],"userNotFound":true}`,
			answer: `{"publicChallengeParameters":null,"privateChallengeParameters":null,"challengeMetadata":null}`,
		},
		"verify": {
			call: func(s service, ctx context.Context) error {
				_, err := s.VerifyAuthChallengeResponse(ctx, trigger.VerifyAuthChallengeResponseEvent{
					Subject: about(), PrivateChallengeParameters: map[string]string{"answer": "11"}, ChallengeAnswer: "12",
				})
				return decided(err)
			},
			source: "VerifyAuthChallengeResponse_Authentication", request: `{` + user + `,"privateChallengeParameters":{"answer":"11"},"challengeAnswer":"12"}`,
			answer: `{"answerCorrect":null}`,
		},
		"tokens, first version": {
			call: func(s service, ctx context.Context) error {
				_, err := s.PreTokenGeneration(ctx, trigger.PreTokenGenerationEvent{
					Subject: about(), Source: trigger.TokenAuthentication, Scopes: []string{"x"},
					Groups: trigger.GroupConfiguration{GroupsToOverride: []string{"admins"}, IAMRolesToOverride: []string{"r"}, PreferredRole: "r"},
				})
				return err
			},
			source:  "TokenGeneration_Authentication",
			request: `{` + user + `,"groupConfiguration":{"groupsToOverride":["admins"],"iamRolesToOverride":["r"],"preferredRole":"r"}}`,
			answer:  `{"claimsOverrideDetails":null}`,
		},
		"tokens, third version": {
			call: func(s service, ctx context.Context) error {
				_, err := s.PreTokenGeneration(ctx, trigger.PreTokenGenerationEvent{
					Subject: about2("V3_0"), Source: trigger.TokenRefreshTokens, Scopes: []string{"aws.cognito.signin.user.admin"},
				})
				return err
			},
			source: "TokenGeneration_RefreshTokens", version: "3",
			request: `{` + user + `,"groupConfiguration":{"groupsToOverride":[],"iamRolesToOverride":[],"preferredRole":null},"scopes":["aws.cognito.signin.user.admin"]}`,
			answer:  `{"claimsAndScopeOverrideDetails":null}`,
		},
		"message": {
			call: func(s service, ctx context.Context) error {
				_, err := s.CustomMessage(ctx, trigger.CustomMessageEvent{Subject: about(), Source: trigger.MessageAdminCreateUser, UsernameParameter: new("{username}")})
				return err
			},
			source: "CustomMessage_AdminCreateUser", request: `{` + user + `,"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":"{username}"}`,
			answer: `{"smsMessage":null,"emailMessage":null,"emailSubject":null}`,
		},
		"sender": {
			call: func(s service, ctx context.Context) error {
				p, err := s.PrepareSender(trigger.KindCustomEmailSender, trigger.CustomSenderEvent{Subject: about(), Source: trigger.MessageSignUp, Code: new("AYAD")})
				if err != nil {
					return err
				}
				return s.Send(ctx, p)
			},
			source: "CustomEmailSender_SignUp", request: `{"type":"customEmailSenderRequestV1","code":"AYAD","clientMetadata":null,` + user + `}`,
		},
		"notification": {
			call: func(s service, ctx context.Context) error {
				p, err := s.PrepareSender(trigger.KindCustomEmailSender, trigger.CustomSenderEvent{
					Subject: about(), Source: trigger.MessageAccountTakeOverNotification,
					Facts: map[string]*string{"IP_ADDRESS": new("192.0.2.1"), "CITY": nil},
				})
				if err != nil {
					return err
				}
				return s.Send(ctx, p)
			},
			source:  "CustomEmailSender_AccountTakeOverNotification",
			request: `{"type":"customEmailSenderRequestV1","code":null,"clientMetadata":null,"userAttributes":{"IP_ADDRESS":"192.0.2.1","CITY":null}}`,
		},
		"migration": {
			call: func(s service, ctx context.Context) error {
				_, err := s.UserMigration(ctx, trigger.UserMigrationEvent{Subject: about(), Source: trigger.UserMigrationAuthentication, Password: "p"})
				return err
			},
			source: "UserMigration_Authentication", request: `{"password":"p","validationData":null}`,
			answer: `{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}`,
		},
		"federation": {
			call: func(s service, ctx context.Context) error {
				_, err := s.InboundFederation(ctx, trigger.InboundFederationEvent{
					Subject: about(), ProviderName: "CorpAD", ProviderType: "SAML",
					Attributes: map[string]any{"samlResponse": map[string]string{"email": "j@corp.com"}},
				})
				return err
			},
			source:  "InboundFederation_ExternalProvider",
			request: `{"providerName":"CorpAD","providerType":"SAML","attributes":{"samlResponse":{"email":"j@corp.com"}}}`,
			answer:  `{"userAttributesToMap":{}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			if err := c.call(trigger.New(trigger.Deps{Runner: f}), t.Context()); err != nil {
				t.Fatal(err)
			}
			version, response := c.version, ""
			if version == "" {
				version = "1"
			}
			if c.answer != "" {
				response = `,"response":` + c.answer
			}
			want := `{"version":"` + version + `","triggerSource":"` + c.source + `","region":"us-east-1","userPoolId":"us-east-1_AbCdEfGhI",
				"userName":"mary","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"4ma39kqn9j6ncsimddqs13sgok"},
				"request":` + c.request + response + `}`
			if diff := cmp.Diff(tree(t, want), tree(t, string(f.seen.Payload))); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if bytes.Contains(f.seen.Payload, []byte(`\u003c`)) || f.seen.Trigger != c.source || f.seen.ARN != arn {
				t.Errorf("call %+v", f.seen)
			}
		})
	}
}

// decided is nil for the errors of events that came back undecided.
func decided(err error) error {
	if fault.Is(err, "InvalidLambdaResponseException") {
		return nil
	}
	return errors.New("an event that decides nothing counts")
}

func tree(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fake fake
		code string
		text string
	}{
		"thrown":         {fake{err: &function.Error{Message: "Not today."}}, "UserLambdaValidationException", "PreSignUp failed with error Not today.."},
		"denied":         {fake{err: &function.InvocationError{Name: "AccessDeniedException"}}, "UnexpectedLambdaException", "PreSignUp invocation failed due to error AccessDeniedException."},
		"slow":           {fake{err: &function.InvocationError{Name: function.TimeoutName}}, "UnexpectedLambdaException", "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function."},
		"null":           {fake{whole: "null"}, "InvalidLambdaResponseException", "Invalid lambda function output : Invalid JSON"},
		"garbage":        {fake{whole: "<html>"}, "InvalidLambdaResponseException", "Invalid lambda function output : Invalid JSON"},
		"nothing":        {fake{whole: "{}"}, "InvalidLambdaResponseException", "Unrecognizable lambda output"},
		"a text":         {fake{whole: `"yes"`}, "InvalidLambdaResponseException", "Unrecognizable lambda output"},
		"null response":  {fake{response: "null"}, "InvalidLambdaResponseException", "Unrecognizable lambda output"},
		"wrong type":     {fake{response: `{"autoConfirmUser":7}`}, "InvalidLambdaResponseException", "Unrecognizable lambda output"},
		"texts as truth": {fake{response: `{"autoConfirmUser":"true","autoVerifyEmail":null,"more":1}`}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := trigger.New(trigger.Deps{Runner: &c.fake}).PreSignUp(t.Context(), trigger.PreSignUpEvent{Subject: about()})
			if c.code == "" {
				if err != nil || !r.AutoConfirmUser || r.AutoVerifyEmail {
					t.Errorf("%+v, %v", r, err)
				}
				return
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Code != c.code || f.Message != c.text {
				t.Errorf("error %v, want %s %q", err, c.code, c.text)
			}
		})
	}
}

func TestTokenResponses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version  cognitoidp.PreTokenGenerationLambdaVersionType
		response string
		want     trigger.PreTokenGenerationResponse
		wrong    bool
	}{
		"first version": {
			"V1_0", `{"claimsOverrideDetails":{"claimsToAddOrOverride":{"a":"b","none":null},"claimsToSuppress":["email"]}}`,
			trigger.PreTokenGenerationResponse{IDToken: trigger.ClaimsChange{AddOrOverride: map[string]json.RawMessage{"a": []byte(`"b"`)}, Suppress: []string{"email"}}},
			false,
		},
		"first version, no text": {"V1_0", `{"claimsOverrideDetails":{"claimsToAddOrOverride":{"a":1}}}`, trigger.PreTokenGenerationResponse{}, true},
		"groups suppressed": {
			"V1_0", `{"claimsOverrideDetails":{"groupOverrideDetails":null}}`,
			trigger.PreTokenGenerationResponse{IDToken: trigger.ClaimsChange{AddOrOverride: map[string]json.RawMessage{}}, Groups: &trigger.GroupConfiguration{}},
			false,
		},
		"second version": {
			"V2_0", `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"n":9223372036854775807}},
			"accessTokenGeneration":{"scopesToAdd":["a"],"scopesToSuppress":["b"],"claimsToSuppress":["c"]},"groupOverrideDetails":{"groupsToOverride":["g"]}}}`,
			trigger.PreTokenGenerationResponse{
				IDToken:     trigger.ClaimsChange{AddOrOverride: map[string]json.RawMessage{"n": []byte(`9223372036854775807`)}},
				AccessToken: trigger.ClaimsChange{Suppress: []string{"c"}}, ScopesToAdd: []string{"a"}, ScopesToSuppress: []string{"b"},
				Groups: &trigger.GroupConfiguration{GroupsToOverride: []string{"g"}},
			},
			false,
		},
		"untouched": {"V2_0", `{"claimsAndScopeOverrideDetails":null}`, trigger.PreTokenGenerationResponse{}, false},
		"a list":    {"V2_0", `{"claimsAndScopeOverrideDetails":[]}`, trigger.PreTokenGenerationResponse{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := trigger.New(trigger.Deps{Runner: &fake{response: c.response}}).PreTokenGeneration(t.Context(),
				trigger.PreTokenGenerationEvent{Subject: about2(c.version)})
			if c.wrong {
				if !fault.Is(err, "InvalidLambdaResponseException") {
					t.Errorf("error %v", err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}
