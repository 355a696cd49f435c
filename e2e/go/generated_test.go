package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// sample is a request that an operation takes, with what names of the test's world.
type sample map[string]any

// samples returns for each operation that is built a request with as many members as make
// sense together. Values in braces stand for things of a world.
func samples() map[string]sample {
	attribute := []any{map[string]any{"Name": "nickname", "Value": "x"}}
	byPool := func(more sample) sample {
		more["UserPoolId"] = "{pool}"
		return more
	}
	byUser := func(more sample) sample {
		if more["Username"] == nil {
			more["Username"] = "{user}"
		}
		return byPool(more)
	}
	byClient := func(more sample) sample {
		more["ClientId"] = "{client}"
		if more["Username"] == nil {
			more["Username"] = "{user}"
		}
		more["ClientMetadata"] = map[string]any{"k": "v"}
		more["UserContextData"] = map[string]any{"EncodedData": "x", "IpAddress": "192.0.2.1"}
		more["AnalyticsMetadata"] = map[string]any{"AnalyticsEndpointId": "x"}
		return more
	}
	byToken := func(more sample) sample {
		more["AccessToken"] = "{access}"
		return more
	}
	policy := map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": 8, "RequireNumbers": true, "PasswordHistorySize": 1, "TemporaryPasswordValidityDays": 3}}
	poolMembers := func(more sample) sample {
		for name, value := range (sample{
			"Policies": policy, "AutoVerifiedAttributes": []any{"email"}, "DeletionProtection": "INACTIVE", "LambdaConfig": map[string]any{},
			"SmsVerificationMessage": "{####}", "EmailVerificationMessage": "{####}", "EmailVerificationSubject": "s", "MfaConfiguration": "OFF",
			"SmsAuthenticationMessage": "{####}", "UserPoolTags": map[string]any{"a": "b"}, "UserPoolTier": "ESSENTIALS",
			"VerificationMessageTemplate": map[string]any{"SmsMessage": "{####}", "EmailSubject": "s", "DefaultEmailOption": "CONFIRM_WITH_CODE"},
			"EmailConfiguration":          map[string]any{"EmailSendingAccount": "COGNITO_DEFAULT", "ReplyToEmailAddress": "a@example.com"},
			"SmsConfiguration":            map[string]any{"SnsCallerArn": "arn:aws:iam::000000000000:role/r", "ExternalId": "x", "SnsRegion": "us-east-1"},
			"AdminCreateUserConfig":       map[string]any{"AllowAdminCreateUserOnly": false, "InviteMessageTemplate": map[string]any{"EmailMessage": "{username} {####}", "SMSMessage": "{username} {####}"}},
			"AccountRecoverySetting":      map[string]any{"RecoveryMechanisms": []any{map[string]any{"Priority": 1, "Name": "verified_email"}}},
			"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": []any{"email"}},
		}) {
			more[name] = value
		}
		return more
	}
	clientMembers := func(more sample) sample {
		for name, value := range (sample{
			"RefreshTokenValidity": 2, "AccessTokenValidity": 2, "IdTokenValidity": 2, "AuthSessionValidity": 5,
			"TokenValidityUnits": map[string]any{"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"},
			"ReadAttributes":     []any{"email", "nickname"}, "WriteAttributes": []any{"email", "nickname"}, "ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"},
			"SupportedIdentityProviders": []any{"COGNITO"}, "CallbackURLs": []any{"https://app.example/"}, "LogoutURLs": []any{"https://app.example/"},
			"DefaultRedirectURI": "https://app.example/", "AllowedOAuthFlows": []any{"code"}, "AllowedOAuthScopes": []any{"openid"},
			"AllowedOAuthFlowsUserPoolClient": false, "PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": true,
			"EnablePropagateAdditionalUserContextData": false, "RefreshTokenRotation": map[string]any{"Feature": "ENABLED", "RetryGracePeriodSeconds": 5},
		}) {
			more[name] = value
		}
		return byPool(more)
	}
	signIn := func(more sample) sample {
		more = byClient(more)
		delete(more, "Username")
		if more["ContextData"] != nil {
			delete(more, "UserContextData")
		}
		return more
	}
	contextData := map[string]any{
		"IpAddress": "192.0.2.1", "ServerName": "s", "ServerPath": "/", "EncodedData": "x",
		"HttpHeaders": []any{map[string]any{"headerName": "a", "headerValue": "b"}},
	}
	parameters := map[string]any{"USERNAME": "{user}", "PASSWORD": "{password}", "SRP_A": "abc", "REFRESH_TOKEN": "{refresh}", "SECRET_HASH": "x", "DEVICE_KEY": "x"}
	responses := map[string]any{
		"USERNAME": "{user}", "PASSWORD_CLAIM_SECRET_BLOCK": "{block}", "PASSWORD_CLAIM_SIGNATURE": "{proof}", "TIMESTAMP": "{time}",
		"NEW_PASSWORD": "{password}2", "userAttributes.nickname": "x", "SECRET_HASH": "x", "SMS_MFA_CODE": "123456",
	}
	all := map[string]sample{
		"CreateUserPool": poolMembers(sample{
			"PoolName": "p", "UsernameConfiguration": map[string]any{"CaseSensitive": false}, "AliasAttributes": []any{"email"},
			"Schema": []any{map[string]any{
				"Name": "x", "AttributeDataType": "String", "Mutable": true, "Required": false, "DeveloperOnlyAttribute": false,
				"StringAttributeConstraints": map[string]any{"MinLength": "1", "MaxLength": "5"}, "NumberAttributeConstraints": map[string]any{"MinValue": "1", "MaxValue": "5"},
			}},
			"IssuerConfiguration": map[string]any{"Type": "ORIGINAL"},
		}),
		"UpdateUserPool":       byPool(poolMembers(sample{"PoolName": "p"})),
		"DescribeUserPool":     byPool(sample{}),
		"DeleteUserPool":       byPool(sample{}),
		"ListUserPools":        {"MaxResults": 2, "NextToken": "x"},
		"GetUserPoolMfaConfig": byPool(sample{}),
		"AddCustomAttributes": byPool(sample{"CustomAttributes": []any{map[string]any{
			"Name": "y", "AttributeDataType": "Number", "NumberAttributeConstraints": map[string]any{"MinValue": "1", "MaxValue": "5"},
		}}}),
		"CreateUserPoolClient":   clientMembers(sample{"ClientName": "c", "ClientSecret": strings.Repeat("s", 30)}),
		"UpdateUserPoolClient":   clientMembers(sample{"ClientName": "c", "ClientId": "{client}"}),
		"DescribeUserPoolClient": byPool(sample{"ClientId": "{client}"}),
		"DeleteUserPoolClient":   byPool(sample{"ClientId": "{client}"}),
		"ListUserPoolClients":    byPool(sample{"MaxResults": 2, "NextToken": "x"}),

		"SignUp":                 byClient(sample{"Username": "{new}", "Password": "{password}", "UserAttributes": attribute, "ValidationData": attribute, "SecretHash": "x"}),
		"ConfirmSignUp":          byClient(sample{"ConfirmationCode": "{code}", "ForceAliasCreation": true, "SecretHash": "x"}),
		"ResendConfirmationCode": byClient(sample{"SecretHash": "x"}),
		"ForgotPassword":         byClient(sample{"SecretHash": "x"}),
		"ConfirmForgotPassword":  byClient(sample{"ConfirmationCode": "{code}", "Password": "{password}", "SecretHash": "x"}),

		"ChangePassword":                   byToken(sample{"PreviousPassword": "{password}", "ProposedPassword": "{password}2"}),
		"GetUser":                          byToken(sample{}),
		"UpdateUserAttributes":             byToken(sample{"UserAttributes": attribute, "ClientMetadata": map[string]any{"k": "v"}}),
		"DeleteUserAttributes":             byToken(sample{"UserAttributeNames": []any{"nickname"}}),
		"GetUserAttributeVerificationCode": byToken(sample{"AttributeName": "email", "ClientMetadata": map[string]any{"k": "v"}}),
		"VerifyUserAttribute":              byToken(sample{"AttributeName": "email", "Code": "{code}"}),
		"DeleteUser":                       byToken(sample{}),
		"GlobalSignOut":                    byToken(sample{}),

		"AdminCreateUser": byUser(sample{
			"Username":       "{new}",
			"UserAttributes": attribute, "ValidationData": attribute, "TemporaryPassword": "{password}", "ForceAliasCreation": true,
			"MessageAction": "SUPPRESS", "DesiredDeliveryMediums": []any{"EMAIL"}, "ClientMetadata": map[string]any{"k": "v"},
		}),
		"AdminGetUser":              byUser(sample{}),
		"AdminSetUserPassword":      byUser(sample{"Password": "{password}", "Permanent": true}),
		"AdminConfirmSignUp":        byUser(sample{"ClientMetadata": map[string]any{"k": "v"}}),
		"AdminResetUserPassword":    byUser(sample{"ClientMetadata": map[string]any{"k": "v"}}),
		"AdminUpdateUserAttributes": byUser(sample{"UserAttributes": attribute, "ClientMetadata": map[string]any{"k": "v"}}),
		"AdminDeleteUserAttributes": byUser(sample{"UserAttributeNames": []any{"nickname"}}),
		"AdminEnableUser":           byUser(sample{}),
		"AdminDisableUser":          byUser(sample{}),
		"AdminDeleteUser":           byUser(sample{}),
		"AdminUserGlobalSignOut":    byUser(sample{}),
		"ListUsers":                 byPool(sample{"AttributesToGet": []any{"email"}, "Limit": 2, "PaginationToken": "x", "Filter": `email = "a"`}),

		"InitiateAuth":                signIn(sample{"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters, "Session": "{session}"}),
		"AdminInitiateAuth":           byPool(signIn(sample{"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters, "ContextData": contextData})),
		"RespondToAuthChallenge":      signIn(sample{"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses, "Session": "{session}"}),
		"AdminRespondToAuthChallenge": byPool(signIn(sample{"ChallengeName": "NEW_PASSWORD_REQUIRED", "ContextData": contextData, "ChallengeResponses": responses, "Session": "{session}"})),
		"GetTokensFromRefreshToken":   {"ClientId": "{client}", "RefreshToken": "{refresh}", "ClientSecret": strings.Repeat("s", 30), "DeviceKey": "us-east-1_a", "ClientMetadata": map[string]any{"k": "v"}},
		"RevokeToken":                 {"ClientId": "{client}", "Token": "{refresh}", "ClientSecret": strings.Repeat("s", 30)},
	}
	maps.Copy(all, groupSamples())
	maps.Copy(all, factorSamples())
	maps.Copy(all, deviceSamples())
	maps.Copy(all, passkeySamples())
	maps.Copy(all, providerSamples())
	maps.Copy(all, linkSamples())
	maps.Copy(all, resourceSamples())
	maps.Copy(all, importSamples())
	maps.Copy(all, eventSamples())
	return all
}

// oddities are values that a member can have by mistake or malice. The JSON is raw, since
// some of it is none.
var oddities = []string{
	`null`, `true`, `0`, `-1`, `1e400`, `9223372036854775808`, `1.5`, `""`, `" "`, `"x"`, `[]`, `{}`, `[null]`, `["x"]`, `[{}]`, `{"x":null}`, `{"x":{}}`, `[[[[[]]]]]`,
	`"\u0000"`, `"a\u0000b"`, `"\ud83d\ude00"`, `"\u202e"`, `"İ"`, `"\n"`, `"' OR '1'='1"`, `"%"`, `"../../etc/passwd"`, `"<script>"`, `"{{.}}"`, `"%s%n"`,
	`"` + strings.Repeat("x", 300) + `"`, `"` + strings.Repeat("é", 3000) + `"`, `"us-east-1_AbCdEfGhI"`, `"a.b.c"`, "\"\xff\xfe\"", `"\ud800"`, `"\x"`, `tru`, `,`,
}

// mutations returns some budget of bodies that differ from a sample in one place: for each
// member, at every depth, odd values and no value. Where the budget does not reach for all,
// the odd values take turns.
func mutations(of sample, budget int) []string {
	places := [][]any{}
	var walk func(at []any, v any)
	walk = func(at []any, v any) {
		places = append(places, at)
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(append(slices.Clone(at), name), v[name])
			}
		case []any:
			for i := range v {
				walk(append(slices.Clone(at), i), v[i])
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		walk([]any{name}, of[name])
	}
	out := []string{``, `null`, `[]`, `{}`, `{`, `"x"`, jsonOf(of) + "x", strings.Repeat("[", 100_000)}
	each := max(1, min(len(oddities), budget/len(places)))
	turn := 0
	for _, at := range places {
		out = append(out, without(of, at))
		for range each {
			out = append(out, withRaw(of, at, oddities[turn%len(oddities)]))
			turn++
		}
	}
	return out
}

const placeholder = "\uffffodd\uffff"

// withRaw returns the JSON of a sample with raw text at a place.
func withRaw(of sample, at []any, raw string) string {
	changed := change(map[string]any(of), at, placeholder)
	return strings.Replace(jsonOf(changed), jsonOf(placeholder), raw, 1)
}

func without(of sample, at []any) string { return jsonOf(change(map[string]any(of), at, nil)) }

// change returns a copy of v with another value at a place; nil leaves the member out.
func change(v any, at []any, value any) any {
	if len(at) == 0 {
		return value
	}
	switch v := v.(type) {
	case map[string]any:
		v = maps.Clone(v)
		name := at[0].(string)
		if v[name] = change(v[name], at[1:], value); v[name] == nil {
			delete(v, name)
		}
		return v
	case []any:
		v = slices.Clone(v)
		i := at[0].(int)
		if v[i] = change(v[i], at[1:], value); v[i] == nil {
			v = slices.Delete(v, i, i+1)
		}
		return v
	}
	panic("nothing there")
}

// world is what the mutated requests are about: a pool with a client and a user, signed in.
type world struct {
	*scene
	operation string
	app       app
	user      person
	tokens    map[string]string // replaces what stands in braces
}

// newWorld makes a world in which the sample of an operation succeeds.
func newWorld(s *scene, operation string) *world {
	var change []func(*idp.CreateUserPoolInput)
	if strings.Contains(operation, "Device") {
		change = append(change, tracking(true))
	}
	if strings.Contains(operation, "WebAuthn") {
		change = append(change, firstFactors(types.AuthFactorTypeWebAuthn))
	}
	if strings.Contains(operation, "AuthEvent") {
		change = append(change, protected(types.AdvancedSecurityModeTypeEnforced))
	}
	a := s.app(s.pool(change...))
	u := s.member(a.pool, "nickname", "Annie")
	tokens := s.tokens(a, u.name, u.password)
	w := &world{s, operation, a, u, map[string]string{
		"{pool}": a.pool, "{client}": a.id, "{user}": u.name, "{password}": u.password,
		"{access}": *tokens.AccessToken, "{refresh}": *tokens.RefreshToken,
		"{code}": "123456", "{session}": strings.Repeat("s", 40), "{block}": "AAAA", "{proof}": "AAAA", "{time}": "x",
	}}
	if d := tokens.NewDeviceMetadata; d != nil {
		_, config := newLaptop(tokens)
		w.tokens["{device}"], w.tokens["{salt}"], w.tokens["{verifier}"] = *d.DeviceKey, *config.Salt, *config.PasswordVerifier
		if operation != "ConfirmDevice" {
			s.confirmDevice(tokens)
		}
	}
	w.prepare()
	return w
}

// prepare does what must have happened before the operation.
func (w *world) prepare() {
	w.tokens["{group}"], w.tokens["{provider}"] = "g", "Corp"
	w.provider(w.app.pool, "Corp")
	w.group(w.app.pool, "g", 1, "")
	w.join(w.app.pool, "g", w.user.name)
	if _, factors := factorSamples()[w.operation]; factors {
		w.prepareFactors()
	}
	w.preparePasskeys()
	w.prepareResources()
	w.prepareImport()
	w.prepareEvents()
	switch w.operation {
	case "ConfirmSignUp", "ResendConfirmationCode", "AdminConfirmSignUp":
		p := w.newcomer(w.app)
		w.tokens["{user}"], w.tokens["{code}"] = p.name, w.codeFor(p.email)
	case "ConfirmForgotPassword":
		must(w.forgot(w.app, w.user.name))(w.t)
		w.tokens["{code}"] = w.codeFor(w.user.email)
	case "VerifyUserAttribute":
		must(w.GetUserAttributeVerificationCode(w.ctx, &idp.GetUserAttributeVerificationCodeInput{
			AccessToken: ptr(w.tokens["{access}"]), AttributeName: ptr("email"),
		}))(w.t)
		w.tokens["{code}"] = w.codeFor(w.user.email)
	case "AdminRespondToAuthChallenge":
		name := username()
		must(w.AdminCreateUser(w.ctx, &idp.AdminCreateUserInput{UserPoolId: &w.app.pool, Username: &name, TemporaryPassword: ptr(password)}))(w.t)
		w.tokens["{user}"], w.tokens["{session}"] = name, *must(w.signIn(w.app, name, password))(w.t).Session
	case "RespondToAuthChallenge":
		p := newProof()
		started := must(w.startSRP(w.app, p, w.user.name))(w.t)
		responses := p.responses(w.app.pool, w.user.password, started.ChallengeParameters)
		w.tokens["{block}"], w.tokens["{proof}"] = responses["PASSWORD_CLAIM_SECRET_BLOCK"], responses["PASSWORD_CLAIM_SIGNATURE"]
		w.tokens["{time}"] = responses["TIMESTAMP"]
	}
}

// state is everything about a world that an administrator and its user see.
func (w *world) state() string {
	var out []string
	reads := [][2]string{
		{"DescribeUserPool", `{"UserPoolId":"{pool}"}`},
		{"ListUserPoolClients", `{"UserPoolId":"{pool}"}`},
		{"DescribeUserPoolClient", `{"UserPoolId":"{pool}","ClientId":"{client}"}`},
		{"ListUsers", `{"UserPoolId":"{pool}"}`},
		{"GetUser", `{"AccessToken":"{access}"}`},
		{"GetUserAuthFactors", `{"AccessToken":"{access}"}`},
		{"ListWebAuthnCredentials", `{"AccessToken":"{access}"}`},
		{"GetUserPoolMfaConfig", `{"UserPoolId":"{pool}"}`},
		{"ListGroups", `{"UserPoolId":"{pool}"}`},
		{"ListIdentityProviders", `{"UserPoolId":"{pool}"}`},
		{"DescribeIdentityProvider", `{"UserPoolId":"{pool}","ProviderName":"Corp"}`},
		{"AdminListGroupsForUser", `{"UserPoolId":"{pool}","Username":"{user}"}`},
		{"ListResourceServers", `{"UserPoolId":"{pool}"}`},
		{"ListUserPoolClientSecrets", `{"UserPoolId":"{pool}","ClientId":"{client}"}`},
		{"GetUICustomization", `{"UserPoolId":"{pool}","ClientId":"{client}"}`},
		{"ListTerms", `{"UserPoolId":"{pool}"}`},
		{"GetLogDeliveryConfiguration", `{"UserPoolId":"{pool}"}`},
		{"ListUserPoolReplicas", `{"UserPoolId":"{pool}"}`},
	}
	if w.tokens["{event}"] != "" {
		reads = append(reads, [2]string{"AdminListUserAuthEvents", `{"UserPoolId":"{pool}","Username":"{user}"}`})
	}
	if w.tokens["{device}"] != "" {
		reads = append(reads, [2]string{"AdminListDevices", `{"UserPoolId":"{pool}","Username":"{user}"}`})
	}
	for _, read := range reads {
		out = append(out, pageToken.ReplaceAllString(w.post(read[0], w.fill(read[1])).body, ""))
	}
	return strings.Join(out, "\n")
}

// pageToken is what differs from one answer to the next although nothing has changed.
var pageToken = regexp.MustCompile(`"PaginationToken":"[^"]*"`)

func (w *world) fill(body string) string {
	for name, value := range w.tokens {
		body = strings.ReplaceAll(body, name, value)
	}
	return strings.ReplaceAll(body, "{new}", unique("new-"))
}

// Every operation has a sample. It is refused for another pool, and good for its own, but for the tokens of pages and
// what refusals tells.
func TestSamples(t *testing.T) {
	t.Parallel()
	s := open(t)
	foreign := s.pool(protected(types.AdvancedSecurityModeTypeEnforced), tracking(true), firstFactors(types.AuthFactorTypeWebAuthn))
	all := samples()
	for name := range cognitoidp.Service.Operations {
		of := all[name]
		if of == nil {
			t.Errorf("%s has no sample", name)
			continue
		}
		w := newWorld(s, name)
		w.elsewhere(foreign, of)
		got := w.post(name, w.fill(jsonOf(of)))
		_, next := of["NextToken"]
		_, page := of["PaginationToken"]
		switch refusal := refusals[name]; {
		case refusal != "":
			got.is(t, http.StatusBadRequest, "PreconditionNotMetException", refusal)
		case got.status != http.StatusOK && !next && !page:
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// elsewhere sends the world's sample with the id of another pool, in which there is nothing
// of what it names.
func (w *world) elsewhere(pool string, of sample) {
	w.t.Helper()
	if of["UserPoolId"] == nil || !named.MatchString(strings.ReplaceAll(jsonOf(of), "{pool}", "")) {
		return
	}
	got := w.post(w.operation, w.with(of, sample{"UserPoolId": pool}))
	switch w.operation {
	case "UpdateUserPoolDomain", "DeleteUserPoolDomain":
		got.is(w.t, http.StatusBadRequest, "InvalidParameterException", "No such domain or user pool exists.")
	case "UpdateAuthEventFeedback": // which hides users
		got.is(w.t, http.StatusBadRequest, "NotAuthorizedException", "Invalid feedback token.")
	default:
		if kind := got.header.Get("x-amzn-ErrorType"); kind != "ResourceNotFoundException:" && kind != "UserNotFoundException:" {
			w.t.Errorf("%s for another pool: %d %s", w.operation, got.status, got.body)
		}
	}
}

// named finds in a sample what a pool must have.
var named = regexp.MustCompile(`\{(client|user|device|group|provider|server|domain|branding|terms|job|event|secret)\}`)

// refusals are the answers to samples of operations that cannot succeed in a world that
// stands still.
var refusals = map[string]string{
	"StopUserImportJob": "The user import job is not running.", // whether a job still runs is not the request's matter: see TestImportStops
}

// Requests with a mistake in one place, for every operation: each is answered with an
// error that the operation declares (see inspector) or succeeds, and what is refused
// changes nothing.
func TestGeneratedBadInput(t *testing.T) {
	t.Parallel()
	badInput(t, shared(t), 90)
}

func badInput(t *testing.T, server *running, budget int) {
	t.Helper()
	all := samples()
	for name, op := range cognitoidp.Service.Operations {
		of := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMembers(t, op, of)
			w := newWorld(sceneOn(t, server).generated(), name)
			before := w.state()
			for _, body := range mutations(of, budget) {
				got := w.post(name, w.fill(body))
				if t.Failed() {
					t.Fatalf("the request was %s", shorten([]byte(body)))
				}
				switch {
				case got.status != http.StatusOK:
				case spends(name):
					w = newWorld(w.scene, name)
					before = w.state()
				case changes(name):
					before = w.next(before)
				}
			}
			if after := w.state(); after != before {
				t.Errorf("refused requests changed something:\n%s\n%s", before, after)
			}
		})
	}
}

// generated returns a scene whose requests by hand are not meant: see inspector.
func (s *scene) generated() *scene {
	s.http = &http.Client{Transport: &inspector{t: s.t, base: http.DefaultTransport, generated: true}}
	return s
}

// changes says whether an operation can change what state shows.
func changes(operation string) bool {
	for _, begin := range []string{"Describe", "List", "Get", "AdminGet", "AdminList", "InitiateAuth"} {
		if strings.HasPrefix(operation, begin) {
			return false
		}
	}
	return operation != "CreateUserPool"
}

// spends says whether an operation succeeds only once in a world.
func spends(operation string) bool {
	return strings.Contains(operation, "Confirm") || strings.Contains(operation, "RespondToAuthChallenge") || operation == "VerifyUserAttribute" ||
		strings.Contains(operation, "ForgetDevice") || operation == "ChangePassword" || operation == "StartUserImportJob"
}

// next returns the state after a request that succeeded, in another world where it took
// away what the requests are about.
func (w *world) next(before string) string {
	after := w.state()
	if strings.Contains(after, `"__type"`) && !strings.Contains(before, `"__type"`) {
		*w = *newWorld(w.scene, w.operation)
		after = w.state()
	}
	return after
}

// checkMembers checks that a sample names members that the operation has.
func checkMembers(t *testing.T, op *api.Operation, of sample) {
	t.Helper()
	in := op.NewInput()
	if err := json.Unmarshal([]byte(jsonOf(of)), in); err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal([]byte(jsonOf(in)), &read); err != nil {
		t.Fatal(err)
	}
	for member := range of {
		if _, ok := read[member]; !ok {
			t.Errorf("the operation has no member %s", member)
		}
	}
}
