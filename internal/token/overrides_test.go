package token_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

// answering is a function that returns its event with the given response.
type answering string

func (a answering) Do(_ context.Context, c function.Call) ([]byte, error) {
	var event map[string]json.RawMessage
	if err := json.Unmarshal(c.Payload, &event); err != nil {
		return nil, err
	}
	event["response"] = json.RawMessage(a)
	return json.Marshal(event)
}

// What PreTokenGeneration may change of the tokens, and what it may not.
func TestPreTokenGenerationChangesTokens(t *testing.T) {
	t.Parallel()
	const response = `{"claimsAndScopeOverrideDetails":{
		"idTokenGeneration":{
			"claimsToAddOrOverride":{"tier":"gold","limits":{"rps":9223372036854775807},"email":"other@example.com","name":"Gone",
				"sub":"x","aud":"x","token_use":"access","cognito:username":"x","cognito:mine":"x","email_verified":{"no":1},"nothing":null,"dev:x":"y"},
			"claimsToSuppress":["phone_number","name","iss"]},
		"accessTokenGeneration":{
			"claimsToAddOrOverride":{"tenant":["a",1,true],"aud":"clientOver","username":"x","scope":"x","exp":1,"added":"gone"},
			"claimsToSuppress":["client_id","added"],
			"scopesToAdd":["orders/read","openid","two words"],"scopesToSuppress":["aws.cognito.signin.user.admin"]},
		"groupOverrideDetails":{"groupsToOverride":["g1","g2"],"iamRolesToOverride":["arn:role"],"preferredRole":"arn:role"}}}`
	e := newEnv(t, func(d *token.Deps) { d.Triggers = trigger.New(trigger.Deps{Runner: answering(response)}) })
	c := e.client("Over", func(p *cognitoidp.UserPoolType, _ *cognitoidp.UserPoolClientType) {
		p.LambdaConfig = &cognitoidp.LambdaConfigType{PreTokenGenerationConfig: &cognitoidp.PreTokenGenerationVersionConfigType{
			LambdaArn: new("arn:aws:lambda:us-east-1:000000000000:function:f"), LambdaVersion: new(cognitoidp.PreTokenGenerationLambdaVersionTypeV2_0),
		}}
	})
	u := e.user(c.Pool, "jane", map[string]string{
		"email": "jane@example.com", "email_verified": "true", "phone_number": "+15555551234", "name": "Jane",
	})
	out := e.issue(c, u)
	for range 2 { // at sign-in, and when the tokens are refreshed
		id, access := claims(t, out.IdToken), claims(t, out.AccessToken)
		for name, want := range map[string]any{
			"tier": "gold", "email": "other@example.com", "email_verified": true, "sub": u.Sub, "aud": "clientOver",
			"token_use": "id", "cognito:username": "jane", "cognito:groups": []any{"g1", "g2"},
			"cognito:roles": []any{"arn:role"}, "cognito:preferred_role": "arn:role",
			"name": nil, "phone_number": nil, "cognito:mine": nil, "nothing": nil, "dev:x": nil,
		} {
			if diff := cmp.Diff(want, id[name]); diff != "" {
				t.Errorf("ID token, %s (-want +got):\n%s", name, diff)
			}
		}
		if payload := payload(t, *out.IdToken); !strings.Contains(payload, `"limits":{"rps":9223372036854775807}`) {
			t.Errorf("the number is not as it was written: %s", payload)
		}
		for name, want := range map[string]any{
			"tenant": []any{"a", 1.0, true}, "aud": "clientOver", "username": "jane", "client_id": "clientOver",
			"scope": "orders/read openid", "cognito:groups": []any{"g1", "g2"}, "added": nil, "cognito:roles": nil,
		} {
			if diff := cmp.Diff(want, access[name]); diff != "" {
				t.Errorf("access token, %s (-want +got):\n%s", name, diff)
			}
		}
		out = must(e.refresh(c, *e.issue(c, u).RefreshToken))(t)
	}
}
