package cognitoidp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// TestRecordedTexts holds the texts that AWS was seen to answer, where today's model
// still has the constraint.
func TestRecordedTexts(t *testing.T) {
	t.Parallel()
	const failed = " failed to satisfy constraint: "
	url := strings.Repeat("x", 1025)
	filter := `email = "` + strings.Repeat("x", 250) + `"`
	tests := []struct{ name, operation, input, want string }{
		{
			"absent member", "SignUp", `{"ClientId": "c", "Password": "Secret-1"}`,
			"1 validation error detected: Value at 'username'" + failed + "Member must not be null",
		},
		{
			"null is absent", "AdminGetUser", `{"UserPoolId": null, "Username": "u"}`,
			"1 validation error detected: Value null at 'userPoolId'" + failed + "Member must not be null",
		},
		{
			"shown value", "AdminGetUser", `{"UserPoolId": "us-east-1", "Username": "u"}`,
			"1 validation error detected: Value 'us-east-1' at 'userPoolId'" + failed +
				`Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`,
		},
		{
			"shown client id", "InitiateAuth", `{"ClientId": "no client", "AuthFlow": "USER_SRP_AUTH"}`,
			"1 validation error detected: Value 'no client' at 'clientId'" + failed + `Member must satisfy regular expression pattern: [\w+]+`,
		},
		{
			"hidden values in order", "SignUp", `{"ClientId": "c", "Password": " ", "Username": ""}`,
			"3 validation errors detected: Value at 'password'" + failed + `Member must satisfy regular expression pattern: [\S]+; ` +
				"Value at 'username'" + failed + "Member must have length greater than or equal to 1; " +
				"Value at 'username'" + failed + `Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
		},
		{
			"enum", "InitiateAuth", `{"ClientId": "c", "AuthFlow": "X"}`,
			"1 validation error detected: Value 'X' at 'authFlow'" + failed + "Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, " +
				"REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]",
		},
		{
			"schema", "CreateUserPool", `{"PoolName": "p", "Schema": [{"Name": "name-of-more-than-twenty"}]}`,
			"1 validation error detected: Value 'name-of-more-than-twenty' at 'schema.1.member.name'" + failed +
				"Member must have length less than or equal to 20",
		},
		{
			"custom attributes", "AddCustomAttributes", `{"UserPoolId": "r_1", "CustomAttributes": [{"Name": "a"}, {"Name": ""}]}`,
			"2 validation errors detected: Value '' at 'customAttributes.2.member.name'" + failed + "Member must have length greater than or equal to 1; " +
				"Value '' at 'customAttributes.2.member.name'" + failed + `Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
		},
		{
			"enum list", "CreateUserPoolClient", `{"UserPoolId": "r_1", "ClientName": "c", "AllowedOAuthFlows": ["code", "token"]}`,
			"1 validation error detected: Value '[code, token]' at 'allowedOAuthFlows'" + failed +
				"Member must satisfy constraint: [Member must satisfy enum value set: [implicit, client_credentials, code]]",
		},
		{
			"empty url", "CreateUserPoolClient", `{"UserPoolId": "r_1", "ClientName": "c", "CallbackURLs": [""]}`,
			"1 validation error detected: Value '[]' at 'callbackURLs'" + failed + "Member must satisfy constraint: [" +
				"Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, " +
				`Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+]`,
		},
		{
			"long url among good ones", "UpdateUserPoolClient", `{"UserPoolId": "r_1", "ClientId": "c", "LogoutURLs": ["https://a", "` + url + `"]}`,
			"1 validation error detected: Value '[https://a, " + url + "]' at 'logoutURLs'" + failed + "Member must satisfy constraint: [" +
				"Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, " +
				`Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+]`,
		},
		{
			"risk actions", "SetRiskConfiguration", `{"UserPoolId": "r_1", "AccountTakeoverRiskConfiguration": {"Actions": {"LowAction": {"Notify": true, "EventAction": "X"}}}}`,
			"1 validation error detected: Value 'X' at 'accountTakeoverRiskConfiguration.actions.lowAction.eventAction'" + failed +
				"Member must satisfy enum value set: [MFA_IF_CONFIGURED, BLOCK, NO_ACTION, MFA_REQUIRED]",
		},
		{
			"filter of ListUsers", "ListUsers", `{"UserPoolId": "r_1", "Filter": ` + string(must(json.Marshal(filter))) + `}`,
			"1 validation error detected: Value '" + filter + "' at 'filter'" + failed + "Member must have length less than or equal to 256",
		},
		{
			"number", "ListUserPools", `{"MaxResults": 61}`,
			"1 validation error detected: Value '61' at 'maxResults'" + failed + "Member must have value less than or equal to 60",
		},
		{
			"hidden attribute value", "SignUp", `{"ClientId": "c", "Username": "u", "UserAttributes": [{"Name": "email", "Value": "` + strings.Repeat("x", 2049) + `"}]}`,
			"1 validation error detected: Value at 'userAttributes.1.member.value'" + failed + "Member must have length less than or equal to 2048",
		},
		{"what the old clients send", "RespondToAuthChallenge", `{"ClientId": "c", "ChallengeName": "PASSWORD_VERIFIER", "Session": null,
			"ChallengeResponses": {"USERNAME": "u", "DEVICE_KEY": null}, "ClientMetadata": {}, "UserContextData": {}}`, ""},
		{"null maps", "SetUserMFAPreference", `{"AccessToken": "a", "SMSMfaSettings": null, "SoftwareTokenMfaSettings": null}`, ""},
		{"empty structure", "AssociateSoftwareToken", `{}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := check(t, tt.operation, tt.input); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// check returns the text that reports the violations of an input.
func check(t *testing.T, operation, input string) string {
	t.Helper()
	in := cognitoidp.Service.Operations[operation].NewInput()
	if err := json.Unmarshal([]byte(input), in); err != nil {
		t.Fatalf("decode %.200s: %v", input, err)
	}
	var v api.Violations
	in.Check(&v)
	return v.Message()
}

// TestCheckAllocatesNothing holds for good requests, which are nearly all.
func TestCheckAllocatesNothing(t *testing.T) {
	in := must(decode[cognitoidp.SignUpRequest](`{"ClientId": "c", "Username": "u", "Password": "p", "SecretHash": "h",
		"UserAttributes": [{"Name": "email", "Value": "a@b.c"}], "ClientMetadata": {"a": "b"}, "UserContextData": {"IpAddress": "::1"}}`))
	var v api.Violations
	in.Check(&v)
	if n := testing.AllocsPerRun(100, func() { in.Check(&v) }); n > 0 || v.Err() != nil {
		t.Errorf("%v allocations, %v", n, v.Err())
	}
}

func BenchmarkCheckRespondToAuthChallenge(b *testing.B) {
	in := must(decode[cognitoidp.RespondToAuthChallengeRequest](`{"ClientId": "6h89qn2bfglbmvfebq9aaknqk0", "ChallengeName": "PASSWORD_VERIFIER",
		"Session": "` + strings.Repeat("s", 1000) + `", "ChallengeResponses": {"USERNAME": "u", "PASSWORD_CLAIM_SECRET_BLOCK": "` + strings.Repeat("b", 1500) + `",
		"PASSWORD_CLAIM_SIGNATURE": "` + strings.Repeat("c", 44) + `", "TIMESTAMP": "Tue Mar 3 09:05:07 UTC 2026"}}`))
	b.ReportAllocs()
	for b.Loop() {
		var v api.Violations
		in.Check(&v)
		if v.Err() != nil {
			b.Fatal(v.Err())
		}
	}
}

func decode[T any](text string) (*T, error) {
	v := new(T)
	return v, json.Unmarshal([]byte(text), v)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
