package e2e

import (
	"net/http"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	const serialization, invalid = "SerializationException", "InvalidParameterException"
	for name, try := range map[string]struct {
		operation, body string
		kind, text      string
	}{
		"not JSON":                     {"InitiateAuth", `AuthFlow=USER_SRP_AUTH`, serialization, ""},
		"stray comma":                  {"InitiateAuth", `{"AuthFlow":"USER_SRP_AUTH",}`, serialization, ""},
		"cut off":                      {"InitiateAuth", `{"AuthFlow":"USER_SRP`, serialization, ""},
		"two objects":                  {"InitiateAuth", `{}{}`, serialization, ""},
		"a list":                       {"InitiateAuth", `[]`, serialization, "Expected map or null"},
		"a string":                     {"InitiateAuth", `"x"`, serialization, "Expected map or null"},
		"a number for a string":        {"InitiateAuth", `{"ClientId":5}`, serialization, "NUMBER_VALUE cannot be converted to String"},
		"a boolean for a string":       {"SignUp", `{"UserAttributes":[{"Name":"x","Value":true}]}`, serialization, "BOOL_VALUE cannot be converted to String"},
		"a string for a map":           {"InitiateAuth", `{"AuthParameters":"x"}`, serialization, "Expected map or null"},
		"a string for a list":          {"SignUp", `{"UserAttributes":"x"}`, serialization, "Expected list or null"},
		"a string for a structure":     {"SignUp", `{"UserContextData":"x"}`, serialization, "Expected map or null"},
		"a string for a number":        {"ListUsers", `{"Limit":"5"}`, serialization, "STRING_VALUE cannot be converted to Number"},
		"a string for a boolean":       {"ConfirmSignUp", `{"ForceAliasCreation":"true"}`, serialization, "STRING_VALUE cannot be converted to Boolean"},
		"a list for a string":          {"InitiateAuth", `{"ClientId":[]}`, serialization, "Start of list found where not expected."},
		"a structure for a string":     {"InitiateAuth", `{"ClientId":{}}`, serialization, "Start of structure or map found where not expected."},
		"a number in a map of strings": {"InitiateAuth", `{"AuthParameters":{"USERNAME":5}}`, serialization, "NUMBER_VALUE cannot be converted to String"},
		"a fraction":                   {"ListUsers", `{"Limit":1.5}`, serialization, "NUMBER_VALUE cannot be converted to Number"},
		"invalid UTF-8":                {"InitiateAuth", "{\"ClientId\":\"\xff\"}", serialization, ""},
		"invalid UTF-8 in a map":       {"InitiateAuth", "{\"AuthParameters\":{\"USERNAME\":\"\xc3\x28\"}}", serialization, ""},
		"half a surrogate pair":        {"InitiateAuth", `{"AuthParameters":{"USERNAME":"\ud800"}}`, serialization, ""},
		"a member twice":               {"InitiateAuth", `{"ClientId":"a","ClientId":"b"}`, serialization, ""},
		"deep":                         {"InitiateAuth", `{"X":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, serialization, ""},
		"nothing":                      {"DescribeUserPool", ``, invalid, "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		"null":                         {"DescribeUserPool", `null`, invalid, "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		"null members":                 {"DescribeUserPool", `{"UserPoolId":null}`, invalid, "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		"names in another case":        {"DescribeUserPool", `{"userPoolId":"us-east-1_x"}`, invalid, "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		"an unknown client":            {"InitiateAuth", `{"ClientId":"nowhere","AuthFlow":"USER_SRP_AUTH"}`, "ResourceNotFoundException", "User pool client nowhere does not exist."},
		"an unknown pool":              {"DescribeUserPool", `{"UserPoolId":"us-east-1_nowhere"}`, "ResourceNotFoundException", "User pool us-east-1_nowhere does not exist."},
		"another region's pool":        {"DescribeUserPool", `{"UserPoolId":"eu-west-1_AbCdEfGhI"}`, "ResourceNotFoundException", "User pool eu-west-1_AbCdEfGhI does not exist."},
		"no pool id":                   {"DescribeUserPool", `{"UserPoolId":"YOUR-POOL"}`, invalid, `1 validation error detected: Value 'YOUR-POOL' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		"an empty pool id":             {"DescribeUserPool", `{"UserPoolId":""}`, invalid, `2 validation errors detected: Value '' at 'userPoolId' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		"unknown pool, unknown client": {"DescribeUserPoolClient", `{"UserPoolId":"us-east-1_nowhere","ClientId":"nowhere"}`, "ResourceNotFoundException", "User pool us-east-1_nowhere does not exist."},
		"a pool, an unknown client":    {"DescribeUserPoolClient", `{"UserPoolId":"` + a.pool + `","ClientId":"nowhere"}`, "ResourceNotFoundException", "User pool client nowhere does not exist."},
		"a user name with blanks":      {"SignUp", `{"ClientId":"x","Username":"a b","Password":"p"}`, invalid, `1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`},
		"two broken members, in order": {"SignUp", `{"ClientId":"x","Username":"","Password":"a b"}`, invalid, `3 validation errors detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\S]+; Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`},
		"a Session that is too short":  {"RespondToAuthChallenge", `{"ClientId":"x","ChallengeName":"SMS_MFA","Session":"short"}`, invalid, "1 validation error detected: Value at 'session' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		"a Session that is too long":   {"RespondToAuthChallenge", `{"ClientId":"x","ChallengeName":"SMS_MFA","Session":"` + strings.Repeat("x", 2049) + `"}`, invalid, "1 validation error detected: Value at 'session' failed to satisfy constraint: Member must have length less than or equal to 2048"},
		"a list that is too long":      {"CreateUserPool", `{"PoolName":"x","Schema":[` + strings.TrimSuffix(strings.Repeat(`{},`, 51), ",") + `]}`, invalid, ""},
		"no token":                     {"GetUser", `{}`, invalid, "1 validation error detected: Value at 'accessToken' failed to satisfy constraint: Member must not be null"},
		"unknown members":              {"DescribeUserPool", `{"UserPoolId":"` + a.pool + `","Unknown":{"a":[1,null,"x"]}}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sceneOn(t, s.server)
			got := s.post(try.operation, try.body)
			switch {
			case try.kind == "":
				if got.status != http.StatusOK {
					t.Errorf("%d %s", got.status, got.body)
				}
			case name == "a list that is too long":
				if !strings.Contains(got.body, "Value at 'schema' failed to satisfy constraint: Member must have length less than or equal to 50") {
					t.Errorf("%d %s", got.status, got.body)
				}
			default:
				got.is(t, statusOf(try.kind), try.kind, try.text)
			}
		})
	}
}

// Enums list their values in an order of AWS's own, so only the rest is compared.
func TestUnknownEnumValue(t *testing.T) {
	t.Parallel()
	s := open(t)
	got := s.post("InitiateAuth", `{"ClientId":"x","AuthFlow":"PASSWORDLESS"}`)
	const begin = "1 validation error detected: Value 'PASSWORDLESS' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set: ["
	if text := got.header.Get("x-amzn-ErrorMessage"); !strings.HasPrefix(text, begin) || !strings.Contains(text, "USER_SRP_AUTH, ") {
		t.Error(text)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, target := range []string{
		"AWSCognitoIdentityProviderService.Nonsense", "AWSCognitoIdentityProviderService.initiateAuth", "AWSCognitoIdentityProviderService.",
		"AWSCognitoIdentityService.GetId", "InitiateAuth", "", "x",
	} {
		got := s.send(http.MethodPost, "/", `{}`, "X-Amz-Target", target, "Origin", "http://localhost:3000")
		got.is(t, http.StatusBadRequest, "UnknownOperationException", "")
		if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("x-amzn-ErrorType") != "UnknownOperationException:" {
			t.Errorf("headers %v", got.header)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		if got := s.send(method, "/", ""); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s / is answered with %d", method, got.status)
		}
	}
	for _, path := range []string{"/some/path", "//", "/a//b/../c", "/us-east-1_x/.well-known/jwks.json"} { // clients post where they are told
		if got := s.send(http.MethodPost, path, `{}`, "X-Amz-Target", targetPrefix+"ListUserPools"); got.header.Get("x-amzn-ErrorType") != "InvalidParameterException:" {
			t.Errorf("POST %s: %d %s", path, got.status, got.body)
		}
	}
	for _, content := range []string{"application/x-amz-json-1.0", "application/x-amz-json-1.1; charset=utf-8", "application/json", "text/plain", ""} {
		got := s.post("ListUserPools", `{"MaxResults":1}`, "Content-Type", content)
		if got.status != http.StatusOK {
			t.Errorf("%q: %d %s", content, got.status, got.body)
		}
	}
}

func TestOversizedBodies(t *testing.T) {
	t.Parallel()
	s := open(t)
	large := `{"ClientId":"x","AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"` + strings.Repeat("u", 131073) + `"}}`
	if got := s.post("InitiateAuth", large); !strings.Contains(got.body, "Member must have length less than or equal to 131072") || len(got.body) > 300_000 {
		t.Errorf("%d, %d bytes", got.status, len(got.body))
	}
	huge := `{"ClientId":"` + strings.Repeat("x", 1<<20) + `"}`
	const text = "Request size exceeds the limit of 1048576 bytes."
	s.post("InitiateAuth", huge).is(t, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", text)
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.url, struct{ *strings.Reader }{strings.NewReader(huge)}) // of unknown length
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = -1
	r.Header.Set("X-Amz-Target", targetPrefix+"InitiateAuth")
	s.do(r).is(t, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", text)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	s := open(t)
	const asked = "amz-sdk-invocation-id,amz-sdk-request,cache-control,content-type,x-amz-target,x-amz-user-agent"
	got := s.send(http.MethodOptions, "/", "", "Origin", "http://localhost:3000", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", asked)
	if got.status != http.StatusOK || got.body != "" || got.header.Get("Access-Control-Allow-Origin") != "*" ||
		got.header.Get("Access-Control-Allow-Headers") != asked || got.header.Get("Access-Control-Allow-Methods") != "POST" ||
		got.header.Get("Access-Control-Max-Age") != "172800" {
		t.Errorf("preflight: %d %v", got.status, got.header)
	}
	for _, body := range []string{`{"MaxResults":1}`, `{}`, `{`} {
		got := s.post("ListUserPools", body, "Origin", "http://localhost:3000")
		if got.header.Get("Access-Control-Allow-Origin") != "*" ||
			got.header.Get("Access-Control-Expose-Headers") != "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date" {
			t.Errorf("%s: %d %v", body, got.status, got.header)
		}
	}
	if got := s.post("ListUserPools", `{}`); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS headers for no origin")
	}
}

// The requests of amazon-cognito-identity-js, with its null members and null entries.
func TestNullMembers(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	name, address := username(), email()
	fine := func(operation, body string) answer {
		t.Helper()
		got := s.post(operation, body)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", operation, got.status, got.body)
		}
		return got
	}
	fine("SignUp", jsonOf(map[string]any{
		"ClientId": a.id, "Username": name, "Password": password, "ValidationData": nil, "ClientMetadata": nil, "SecretHash": nil,
		"UserAttributes": []any{map[string]any{"Name": "email", "Value": address}}, "UserContextData": map[string]any{},
	}))
	fine("ResendConfirmationCode", jsonOf(map[string]any{"ClientId": a.id, "Username": name, "ClientMetadata": nil}))
	fine("ConfirmSignUp", jsonOf(map[string]any{
		"ClientId": a.id, "ConfirmationCode": s.codeFor(address), "Username": name, "ForceAliasCreation": true, "ClientMetadata": nil, "Session": nil,
	}))
	tokens := s.tokens(a, name, password)
	fine("InitiateAuth", jsonOf(map[string]any{
		"ClientId": a.id, "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientMetadata": map[string]any{}, "Session": nil,
		"AuthParameters": map[string]any{"REFRESH_TOKEN": tokens.RefreshToken, "DEVICE_KEY": nil, "SECRET_HASH": nil},
	}))
	// A key of a device that the pool does not remember counts for nothing.
	fine("InitiateAuth", jsonOf(map[string]any{
		"ClientId": a.id, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]any{"USERNAME": name, "PASSWORD": password, "DEVICE_KEY": "us-east-1_a1b2c3d4-5678-90ab-cdef-111111111111", "unknown": "x"},
	}))
	p := newProof()
	started := must(s.startSRP(a, p, name))(t)
	responses := map[string]any{"DEVICE_KEY": nil, "SECRET_HASH": nil}
	for k, v := range p.responses(a.pool, password, started.ChallengeParameters) {
		responses[k] = v
	}
	fine("RespondToAuthChallenge", jsonOf(map[string]any{
		"ClientId": a.id, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses, "Session": nil, "ClientMetadata": map[string]any{},
	}))
	// Operations with a token answer {}, never nothing: Amplify parses it.
	for operation, more := range map[string]map[string]any{
		"ChangePassword":       {"PreviousPassword": password, "ProposedPassword": password + "2", "ClientMetadata": nil},
		"DeleteUserAttributes": {"UserAttributeNames": []string{"nickname"}},
	} {
		more["AccessToken"] = tokens.AccessToken
		if got := fine(operation, jsonOf(more)); got.body != "{}" {
			t.Errorf("%s answers %q", operation, got.body)
		}
	}
	fine("GetUserAttributeVerificationCode", jsonOf(map[string]any{"AccessToken": tokens.AccessToken, "AttributeName": "email", "ClientMetadata": nil}))
	if got := fine("VerifyUserAttribute", jsonOf(map[string]any{"AccessToken": tokens.AccessToken, "AttributeName": "email", "Code": s.codeFor(address)})); got.body != "{}" {
		t.Errorf("VerifyUserAttribute answers %q", got.body)
	}
	if got := fine("RevokeToken", jsonOf(map[string]any{"ClientId": a.id, "Token": tokens.RefreshToken, "ClientSecret": nil})); got.body != "{}" {
		t.Errorf("RevokeToken answers %q", got.body)
	}
	tokens = s.tokens(a, name, password+"2")
	if got := fine("GlobalSignOut", jsonOf(map[string]any{"AccessToken": tokens.AccessToken})); got.body != "{}" {
		t.Errorf("GlobalSignOut answers %q", got.body)
	}
	tokens = s.tokens(a, name, password+"2")
	if got := fine("DeleteUser", jsonOf(map[string]any{"AccessToken": tokens.AccessToken, "ClientMetadata": nil})); got.body != "" {
		t.Errorf("DeleteUser answers %q", got.body)
	}
}

// Public operations and those with a token ignore a signature, good or bad.
func TestSignaturesAreIgnored(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	for _, authorization := range []string{"AWS4-HMAC-SHA256 nonsense", "Bearer x", "Basic eDp5"} {
		got := s.post("InitiateAuth", jsonOf(map[string]any{
			"ClientId": a.id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": map[string]string{"USERNAME": u.name, "PASSWORD": u.password},
		}), "Authorization", authorization)
		if got.status != http.StatusOK {
			t.Errorf("%s: %d %s", authorization, got.status, got.body)
		}
	}
}

// Every operation of the API is built: none answers 501 to what it is asked for.
func TestEveryOperationIsBuilt(t *testing.T) {
	t.Parallel()
	s := open(t).generated()
	w := newWorld(s, "")
	all := samples()
	for name := range cognitoidp.Service.Operations {
		for _, body := range []string{jsonOf(all[name]), `{}`} {
			if got := w.post(name, w.fill(body)); got.status == http.StatusNotImplemented {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
		}
	}
}

// Members whose behaviour is not built are refused, not stored without effect.
func TestUnbuiltMembers(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	for member, in := range map[string]string{
		"KeyConfiguration.KeyType": `"KeyConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"arn:aws:kms:us-east-1:000000000000:key/k"}`,
	} {
		s.post("CreateUserPool", `{"PoolName":"p",`+in+`}`).is(t, http.StatusNotImplemented, "NotImplemented", "Member "+member+" of CreateUserPool is not implemented.")
		s.post("UpdateUserPool", `{"UserPoolId":"`+pool+`",`+in+`}`).is(t, http.StatusNotImplemented, "NotImplemented", "Member "+member+" of UpdateUserPool is not implemented.")
	}
	if got := must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool; got.MfaConfiguration != types.UserPoolMfaTypeOff || len(got.AutoVerifiedAttributes) != 1 {
		t.Errorf("%+v", got)
	}
}
