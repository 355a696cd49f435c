package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// members returns the members of the structure in a body, as JSON decodes them.
func members(t *testing.T, body, structure string) map[string]any {
	t.Helper()
	var out map[string]map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return out[structure]
}

// A pool made with nothing but its name has exactly the members that AWS shows.
func TestNameOnlyPool(t *testing.T) {
	t.Parallel()
	s := open(t)
	created := members(t, s.post("CreateUserPool", `{"PoolName":"plain"}`).body, "UserPool")
	id := created["Id"].(string)
	got := members(t, s.post("DescribeUserPool", `{"UserPoolId":"`+id+`"}`).body, "UserPool")
	if diff := cmp.Diff(created, got); diff != "" {
		t.Errorf("CreateUserPool and DescribeUserPool differ: %s", diff)
	}
	schema, made := got["SchemaAttributes"].([]any), got["CreationDate"]
	delete(got, "SchemaAttributes")
	want := map[string]any{
		"Id": id, "Name": "plain", "Arn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + id,
		"Policies": map[string]any{
			"PasswordPolicy": map[string]any{
				"MinimumLength": 8., "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true,
				"RequireSymbols": true, "TemporaryPasswordValidityDays": 7.,
			},
			"SignInPolicy": map[string]any{"AllowedFirstAuthFactors": []any{"PASSWORD"}},
		},
		"DeletionProtection": "INACTIVE", "LambdaConfig": map[string]any{}, "LastModifiedDate": made, "CreationDate": made,
		"VerificationMessageTemplate": map[string]any{"DefaultEmailOption": "CONFIRM_WITH_CODE"},
		"MfaConfiguration":            "OFF", "EstimatedNumberOfUsers": 0.,
		"EmailConfiguration":    map[string]any{"EmailSendingAccount": "COGNITO_DEFAULT"},
		"UserPoolTags":          map[string]any{},
		"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7.},
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": []any{
			map[string]any{"Priority": 1., "Name": "verified_email"}, map[string]any{"Priority": 2., "Name": "verified_phone_number"},
		}},
		"UserPoolTier": "ESSENTIALS",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var names []string
	for _, a := range schema {
		names = append(names, a.(map[string]any)["Name"].(string))
	}
	if diff := cmp.Diff(strings.Fields(`sub name given_name family_name middle_name nickname preferred_username profile picture website
		email email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at`), names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{
		"Name": "sub", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": false, "Required": true,
		"StringAttributeConstraints": map[string]any{"MinLength": "1", "MaxLength": "2048"},
	}, schema[0]); diff != "" {
		t.Error(diff)
	}
	mfa := s.post("GetUserPoolMfaConfig", `{"UserPoolId":"`+id+`"}`)
	if mfa.body != `{"MfaConfiguration":"OFF"}` {
		t.Errorf("GetUserPoolMfaConfig answers %s", mfa.body)
	}
}

func TestPoolRules(t *testing.T) {
	t.Parallel()
	s := open(t)
	const min, max = "Member must have value greater than or equal to 6", "Member must have value less than or equal to 99"
	for in, want := range map[string]string{
		`"AliasAttributes":["email"],"UsernameAttributes":["email"]`:                                                                                  "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.",
		`"AutoVerifiedAttributes":["phone_number"]`:                                                                                                   "SMS configuration is required when phone_number is selected for auto verification",
		`"UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":["email"]}`:                                                       "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
		`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["EMAIL_OTP"]}}`:                                                                       "Password should be configured as one of the allowed first auth factors.",
		`"Policies":{"PasswordPolicy":{"MinimumLength":5}}`:                                                                                           "1 validation error detected: Value '5' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: " + min,
		`"Policies":{"PasswordPolicy":{"MinimumLength":100}}`:                                                                                         "1 validation error detected: Value '100' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: " + max,
		`"AdminCreateUserConfig":{"UnusedAccountValidityDays":3},"Policies":{"PasswordPolicy":{"MinimumLength":8,"TemporaryPasswordValidityDays":3}}`: "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays",
		`"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email"},{"Priority":1,"Name":"verified_phone_number"}]}`:      "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
		`"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email"},{"Priority":2,"Name":"admin_only"}]}`:                 "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
		`"EmailConfiguration":{"EmailSendingAccount":"DEVELOPER"}`:                                                                                    "Source ARN is required to use DEVELOPER email sending owner",
		`"EmailConfiguration":{"From":"nobody"}`:                                                                                                      "Provided From email address is invalid",
		`"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::000000000000:role/r","SnsRegion":"eu-west-1"}`:                                              "Invalid snsRegion. Allowed SNS region for us-east-1 is us-east-1",
		`"LambdaConfig":{"PreSignUp":"arn:aws:lambda:eu-west-1:000000000000:function:f"}`:                                                             "Cross-region lambda functions are not supported",
		`"Schema":[{"Name":"x"}]`: "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
		`"Schema":[{"Name":"x","AttributeDataType":"String","Required":true}]`:                                                   "Required custom attributes are not supported currently.",
		`"Schema":[{"Name":"email","AttributeDataType":"Number"}]`:                                                               "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
		`"Schema":[{"Name":"x","AttributeDataType":"String"},{"Name":"x","AttributeDataType":"Number"}]`:                         "Duplicate custom attribute names custom:x are not allowed in a user pool schema.",
		`"Schema":[{"Name":"phone_number_verified","AttributeDataType":"Boolean"}]`:                                              "1 validation error detected: Value 'phone_number_verified' at 'schema.1.member.name' failed to satisfy constraint: Member must have length less than or equal to 20",
		`"Schema":[{"Name":"x","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"5","MaxLength":"1"}}]`:    "Attribute custom:x cannot have a max length shorter than it's min length",
		`"Schema":[{"Name":"x","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"5","MaxValue":"1"}}]`:      "Attribute custom:x cannot have a max value smaller than it's min value",
		`"Schema":[{"Name":"name","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"5","MaxLength":"1"}}]`: "user.name: Max length cannot be less than min length.",
		`"EmailVerificationMessage":"no code"`:                                                                                   `1 validation error detected: Value 'no code' at 'emailVerificationMessage' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*\{####\}[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*`,
	} {
		got := s.post("CreateUserPool", `{"PoolName":"p",`+in+`}`)
		got.is(t, 400, "InvalidParameterException", want)
		if t.Failed() {
			t.Fatal(in)
		}
	}
}

func TestUpdatePool(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: ptr[int32](20)}}
		in.EmailVerificationMessage, in.EmailVerificationSubject = ptr("Code {####}"), ptr("Subject")
		in.UserPoolTags, in.DeletionProtection = map[string]string{"a": "b"}, types.DeletionProtectionTypeActive
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{{Name: types.RecoveryOptionNameTypeAdminOnly, Priority: ptr[int32](1)}}}
	})
	describe := func() *types.UserPoolType {
		t.Helper()
		return must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool
	}
	before := describe()
	if got := before.VerificationMessageTemplate; *got.EmailMessage != "Code {####}" || *got.EmailSubject != "Subject" {
		t.Errorf("the template does not show the older members: %+v", got)
	}
	update := func(change func(*idp.UpdateUserPoolInput)) error {
		in := &idp.UpdateUserPoolInput{UserPoolId: &pool}
		change(in)
		_, err := s.UpdateUserPool(s.ctx, in)
		return err
	}
	if err := update(func(in *idp.UpdateUserPoolInput) { in.PoolName = ptr("renamed") }); err != nil {
		t.Fatal(err)
	}
	after := describe()
	if *after.Name != "renamed" || *after.Policies.PasswordPolicy.MinimumLength != 8 || !after.Policies.PasswordPolicy.RequireSymbols ||
		after.AutoVerifiedAttributes != nil || after.EmailVerificationMessage != nil || after.VerificationMessageTemplate.EmailMessage != nil ||
		after.AdminCreateUserConfig.AllowAdminCreateUserOnly || len(after.AccountRecoverySetting.RecoveryMechanisms) != 2 {
		t.Errorf("what was left out did not go back: %+v", after)
	}
	if after.UserPoolTags["a"] != "b" || after.DeletionProtection != types.DeletionProtectionTypeActive || !after.CreationDate.Equal(*before.CreationDate) ||
		!after.LastModifiedDate.After(*before.LastModifiedDate) {
		t.Errorf("what stays went: %+v", after)
	}
	// A setting that stays meets one that went.
	email := []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
	if err := update(func(in *idp.UpdateUserPoolInput) {
		in.AutoVerifiedAttributes = email
		in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: email}
	}); err != nil {
		t.Fatal(err)
	}
	refused[*types.InvalidParameterException](t, update(func(in *idp.UpdateUserPoolInput) { in.PoolName = ptr("x") }),
		"All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
	if got := *describe().Name; got != "renamed" {
		t.Errorf("a refused update renamed the pool: %s", got)
	}

	remove := func() error {
		_, err := s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &pool})
		return err
	}
	refused[*types.InvalidParameterException](t, remove(), "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	if err := update(func(in *idp.UpdateUserPoolInput) {
		in.AutoVerifiedAttributes, in.DeletionProtection = email, types.DeletionProtectionTypeInactive
	}); err != nil {
		t.Fatal(err)
	}
	a := s.app(pool)
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	gone := "User pool " + pool + " does not exist."
	refused[*types.ResourceNotFoundException](t, remove(), gone)
	_, err := s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool})
	refused[*types.ResourceNotFoundException](t, err, gone)
	_, err = s.ListUsers(s.ctx, &idp.ListUsersInput{UserPoolId: &pool})
	refused[*types.ResourceNotFoundException](t, err, gone)
	_, err = s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: ptr("x")})
	refused[*types.ResourceNotFoundException](t, err, gone)
	_, err = s.signIn(a, "x", "y")
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+a.id+" does not exist.")
}

func TestCustomAttributes(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	a := s.app(pool)
	narrow := s.app(pool, func(in *idp.CreateUserPoolClientInput) { in.WriteAttributes = []string{"email"} })
	add := func(list ...types.SchemaAttributeType) error {
		_, err := s.AddCustomAttributes(s.ctx, &idp.AddCustomAttributesInput{UserPoolId: &pool, CustomAttributes: list})
		return err
	}
	plan := types.SchemaAttributeType{Name: ptr("plan"), AttributeDataType: types.AttributeDataTypeString}
	if err := add(plan); err != nil {
		t.Fatal(err)
	}
	refused[*types.InvalidParameterException](t, add(plan), "custom:plan: Existing attribute already has name custom:plan.")
	refused[*types.InvalidParameterException](t, add(types.SchemaAttributeType{Name: ptr("x")}),
		"Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	schema := must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool.SchemaAttributes
	if last := schema[len(schema)-1]; *last.Name != "custom:plan" || !*last.Mutable || *last.Required || last.StringAttributeConstraints == nil {
		t.Errorf("%+v", last)
	}
	sign := func(a app) error {
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password), UserAttributes: attributes("custom:plan", "x")})
		return err
	}
	if err := sign(a); err != nil { // at once
		t.Error(err)
	}
	refused[*types.NotAuthorizedException](t, sign(narrow), textWrite)
	var many []types.SchemaAttributeType
	for i := range 25 {
		many = append(many, types.SchemaAttributeType{Name: ptr(fmt.Sprint("a", i)), AttributeDataType: types.AttributeDataTypeString})
	}
	if err := add(many...); err != nil {
		t.Error(err)
	}
	if err := add(append(many, plan)...); err == nil || !strings.Contains(err.Error(), "Member must have length less than or equal to 25") {
		t.Errorf("got %v", err)
	}
	for i := range many {
		many[i].Name = ptr(fmt.Sprint("b", i))
	}
	refused[*types.InvalidParameterException](t, add(many...), "A user pool can have at most 50 custom attributes.")
}

func TestListPools(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, nil))
	var want []string
	for range 5 {
		want = append(want, s.pool())
	}
	slices.Sort(want)
	var got []string
	in := &idp.ListUserPoolsInput{MaxResults: ptr[int32](2)}
	for {
		out := must(s.ListUserPools(s.ctx, in))(t)
		for _, p := range out.UserPools {
			got = append(got, *p.Id)
			if p.LambdaConfig == nil || p.CreationDate == nil || p.LastModifiedDate == nil || p.Name == nil {
				t.Errorf("%+v", p)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := s.ListUserPools(s.ctx, &idp.ListUserPoolsInput{MaxResults: ptr[int32](2), NextToken: ptr("garbage")})
	refused[*types.InvalidParameterException](t, err, "Invalid pagination token.")
	for range 5 {
		s.app(want[0])
	}
	clients := &idp.ListUserPoolClientsInput{UserPoolId: &want[0], MaxResults: ptr[int32](2)}
	page := must(s.ListUserPoolClients(s.ctx, clients))(t)
	clients.NextToken = page.NextToken
	_, err = s.ListUserPoolClients(s.ctx, &idp.ListUserPoolClientsInput{UserPoolId: &want[1], NextToken: page.NextToken})
	refused[*types.InvalidParameterException](t, err, "Invalid pagination token.")
	count := len(page.UserPoolClients)
	for clients.NextToken != nil {
		page = must(s.ListUserPoolClients(s.ctx, clients))(t)
		count += len(page.UserPoolClients)
		clients.NextToken = page.NextToken
	}
	if count != 5 {
		t.Errorf("%d clients", count)
	}
}

// A client with nothing but its name has exactly the members that AWS shows; one with all
// of them keeps them, and loses them by an update that leaves them out.
func TestClients(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	created := members(t, s.post("CreateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientName":"web"}`).body, "UserPoolClient")
	id, made := created["ClientId"].(string), created["CreationDate"]
	plain := map[string]any{
		"UserPoolId": pool, "ClientName": "web", "ClientId": id, "LastModifiedDate": made, "CreationDate": made,
		"RefreshTokenValidity": 30., "TokenValidityUnits": map[string]any{}, "AllowedOAuthFlowsUserPoolClient": false,
		"EnableTokenRevocation": true, "EnablePropagateAdditionalUserContextData": false, "AuthSessionValidity": 3.,
	}
	if diff := cmp.Diff(plain, created); diff != "" {
		t.Error(diff)
	}

	full := map[string]any{
		"UserPoolId": pool, "ClientName": "full", "RefreshTokenValidity": 7., "AccessTokenValidity": 30., "IdTokenValidity": 20.,
		"TokenValidityUnits": map[string]any{"AccessToken": "minutes", "IdToken": "minutes"},
		"ReadAttributes":     []any{"email", "email_verified"}, "WriteAttributes": []any{"email", "name"},
		"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}, "SupportedIdentityProviders": []any{"COGNITO"},
		"CallbackURLs": []any{"https://app.example/in", "myapp://in", "http://localhost:3000/in"}, "LogoutURLs": []any{"https://app.example/out"},
		"DefaultRedirectURI": "myapp://in", "AllowedOAuthFlows": []any{"code"}, "AllowedOAuthScopes": []any{"openid", "email"},
		"PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": false, "AuthSessionValidity": 15., "GenerateSecret": true,
	}
	created = members(t, s.post("CreateUserPoolClient", jsonOf(full)).body, "UserPoolClient")
	id, secret := created["ClientId"].(string), created["ClientSecret"]
	read := `{"UserPoolId":"` + pool + `","ClientId":"` + id + `"}`
	got := members(t, s.post("DescribeUserPoolClient", read).body, "UserPoolClient")
	if diff := cmp.Diff(created, got); diff != "" {
		t.Error(diff)
	}
	full["TokenValidityUnits"].(map[string]any)["RefreshToken"] = "days" // the missing unit is filled in
	delete(full, "GenerateSecret")
	for member, value := range full {
		if !cmp.Equal(value, got[member]) {
			t.Errorf("%s is %v, was sent as %v", member, got[member], value)
		}
	}
	got = members(t, s.post("UpdateUserPoolClient", read).body, "UserPoolClient")
	for member, value := range plain {
		switch member {
		case "ClientName", "ClientId", "LastModifiedDate", "CreationDate", "EnableTokenRevocation":
		default:
			if !cmp.Equal(value, got[member]) {
				t.Errorf("%s is %v after a reset, want %v", member, got[member], value)
			}
		}
	}
	if got["ClientSecret"] != secret || got["ClientName"] != "full" || len(got) != len(plain)+1 {
		t.Errorf("%v", got)
	}
	listed := s.post("ListUserPoolClients", `{"UserPoolId":"`+pool+`"}`).body
	if strings.Contains(listed, "ClientSecret") || !strings.Contains(listed, id) {
		t.Error(listed)
	}
	must(s.DeleteUserPoolClient(s.ctx, &idp.DeleteUserPoolClientInput{UserPoolId: &pool, ClientId: &id}))(t)
	_, err := s.DescribeUserPoolClient(s.ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &id})
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+id+" does not exist.")
	foreign := s.app(s.pool())
	_, err = s.DescribeUserPoolClient(s.ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &foreign.id})
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+foreign.id+" does not exist.")
	_, err = s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{UserPoolId: &pool, ClientId: &foreign.id, AuthFlow: types.AuthFlowTypeAdminNoSrpAuth})
	refused[*types.ResourceNotFoundException](t, err, "User pool client "+foreign.id+" does not exist.")
}

func TestClientRules(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: ptr("email"), Required: ptr(true)}}
	})
	const invalid, flow = "InvalidParameterException", "InvalidOAuthFlowException"
	for in, want := range map[string][2]string{
		`"ExplicitAuthFlows":["ALLOW_USER_SRP_AUTH","ADMIN_NO_SRP_AUTH"]`:                                  {invalid, "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."},
		`"ReadAttributes":["custom:nothing"]`:                                                              {invalid, "Invalid read attributes specified while creating a client"},
		`"WriteAttributes":["email","custom:nothing"]`:                                                     {invalid, "Invalid write attributes specified while creating a client"},
		`"WriteAttributes":["email","email_verified"]`:                                                     {invalid, "Invalid write attributes specified while creating a client"},
		`"WriteAttributes":["email","sub"]`:                                                                {invalid, "Invalid write attributes specified while creating a client"},
		`"WriteAttributes":["name"]`:                                                                       {invalid, "Invalid write attributes specified while creating a client"},
		`"AccessTokenValidity":4,"TokenValidityUnits":{"AccessToken":"minutes"}`:                           {invalid, "Invalid range for token validity."},
		`"AccessTokenValidity":25`:                                                                         {invalid, "Invalid range for token validity."},
		`"IdTokenValidity":60`:                                                                             {invalid, "Invalid range for token validity."},
		`"TokenValidityUnits":{"AccessToken":"minutes"}`:                                                   {invalid, "Invalid range for token validity."},
		`"RefreshTokenValidity":59,"TokenValidityUnits":{"RefreshToken":"minutes"}`:                        {invalid, "Invalid range for token validity."},
		`"RefreshTokenValidity":3651`:                                                                      {invalid, "Invalid range for token validity."},
		`"RefreshTokenValidity":2,"TokenValidityUnits":{"RefreshToken":"hours"},"AccessTokenValidity":3`:   {invalid, "Access and Id Token expiration times must be less than or equal to refresh token expiration times."},
		`"AuthSessionValidity":2`:                                                                          {invalid, "1 validation error detected: Value '2' at 'authSessionValidity' failed to satisfy constraint: Member must have value greater than or equal to 3"},
		`"EnablePropagateAdditionalUserContextData":true`:                                                  {invalid, "Client Secret is required to set EnablePropagateAdditionalUserContextData as true"},
		`"AllowedOAuthFlowsUserPoolClient":true`:                                                           {flow, "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		`"AllowedOAuthFlows":["code"],"AllowedOAuthScopes":["openid"]`:                                     {flow, "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		`"AllowedOAuthFlows":["code","client_credentials"],"CallbackURLs":["https://a.example"]`:           {flow, "client_credentials flow can not be selected along with code flow or implicit flow."},
		`"AllowedOAuthFlows":["client_credentials"]`:                                                       {flow, "client_credentials flow can not be selected if client does not have a client secret."},
		`"AllowedOAuthFlows":["client_credentials"],"GenerateSecret":true,"AllowedOAuthScopes":["openid"]`: {flow, "openid is not supported with client_credentials flow"},
		`"AllowedOAuthScopes":["nothing"]`:                                                                 {"ScopeDoesNotExistException", "Invalid scope requested: nothing"},
		`"CallbackURLs":["http://app.example/"]`:                                                           {invalid, "http://app.example/ cannot use the HTTP protocol."},
		`"CallbackURLs":["https://app.example/#x"]`:                                                        {invalid, "https://app.example/#x cannot use fragment"},
		`"DefaultRedirectURI":"https://app.example/"`:                                                      {invalid, "The default redirect URI https://app.example/ is not in the callback URIs list."},
		`"SupportedIdentityProviders":["Google"]`:                                                          {invalid, "The provider Google does not exist for User Pool " + pool + "."},
		`"RefreshTokenRotation":{"Feature":"ENABLED","RetryGracePeriodSeconds":61}`:                        {invalid, "1 validation error detected: Value '61' at 'refreshTokenRotation.retryGracePeriodSeconds' failed to satisfy constraint: Member must have value less than or equal to 60"},
		`"RefreshTokenRotation":{}`:                                                                        {invalid, "1 validation error detected: Value null at 'refreshTokenRotation.feature' failed to satisfy constraint: Member must not be null"},
		`"ClientSecret":"tooshort"`:                                                                        {invalid, "1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: Member must have length greater than or equal to 24"},
	} {
		got := s.post("CreateUserPoolClient", `{"UserPoolId":"`+pool+`","ClientName":"c",`+in+`}`)
		got.is(t, 400, want[0], want[1])
		if t.Failed() {
			t.Fatal(in)
		}
	}
	a := s.app(pool)
	_, err := s.UpdateUserPoolClient(s.ctx, &idp.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: &a.id, ReadAttributes: []string{"x"}})
	refused[*types.InvalidParameterException](t, err, "Invalid read attributes specified while updating a client")
	_, err = s.UpdateUserPoolClient(s.ctx, &idp.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: &a.id, WriteAttributes: []string{"name"}})
	refused[*types.InvalidParameterException](t, err, "Invalid write attributes specified while updating a client")
	if got := must(s.ListUserPoolClients(s.ctx, &idp.ListUserPoolClientsInput{UserPoolId: &pool}))(t).UserPoolClients; len(got) != 1 {
		t.Errorf("%d clients", len(got))
	}
	// A secret that the caller chose works like one that was made.
	chosen := s.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.ClientSecret = ptr("chosen_secret_" + strings.Repeat("1", 20))
	})
	if chosen.secret != "chosen_secret_"+strings.Repeat("1", 20) {
		t.Errorf("the secret is %q", chosen.secret)
	}
}

// A change counts for the next request on the node that made it.
func TestChangesCountAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	s.tokens(a, u.name, u.password)
	must(s.UpdateUserPoolClient(s.ctx, &idp.UpdateUserPoolClientInput{UserPoolId: &a.pool, ClientId: &a.id}))(t)
	_, err := s.signIn(a, u.name, u.password)
	refused[*types.InvalidParameterException](t, err, "USER_PASSWORD_AUTH flow not enabled for this client")
	must(s.UpdateUserPool(s.ctx, &idp.UpdateUserPoolInput{UserPoolId: &a.pool, AdminCreateUserConfig: &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}}))(t)
	_, err = s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password)})
	refused[*types.NotAuthorizedException](t, err, "SignUp is not permitted for this user pool")
}

// Lengths and ranges at their edges: one below the least, the least, the most, one above.
func TestEdges(t *testing.T) {
	t.Parallel()
	s := open(t).generated()
	a := s.app(s.pool())
	u := s.member(a.pool)
	const tooShort, tooLong = "Member must have length greater than or equal to %d", "Member must have length less than or equal to %d"
	const tooSmall, tooLarge = "Member must have value greater than or equal to %d", "Member must have value less than or equal to %d"
	for _, tt := range []struct {
		operation, body string // with %s in the member's place
		member          string
		shown           bool
		least, most     int
		number          bool
	}{
		{"AdminGetUser", `{"UserPoolId":"` + a.pool + `","Username":"%s"}`, "username", false, 1, 128, false},
		{"CreateUserPool", `{"PoolName":"%s"}`, "poolName", true, 1, 128, false},
		{"CreateUserPoolClient", `{"UserPoolId":"` + a.pool + `","ClientName":"%s"}`, "clientName", true, 1, 128, false},
		{"DescribeUserPoolClient", `{"UserPoolId":"` + a.pool + `","ClientId":"%s"}`, "clientId", true, 1, 128, false},
		{"SignUp", `{"ClientId":"` + a.id + `","Username":"` + u.name + `","Password":"%s"}`, "password", false, -1, 256, false},
		{"ConfirmSignUp", `{"ClientId":"` + a.id + `","Username":"` + u.name + `","ConfirmationCode":"%s"}`, "confirmationCode", false, 1, 2048, false},
		{"ForgotPassword", `{"ClientId":"` + a.id + `","Username":"nobody","SecretHash":"%s"}`, "secretHash", false, 1, 128, false},
		{"ListUsers", `{"UserPoolId":"` + a.pool + `","Filter":"%s"}`, "filter", true, 0, 256, false},
		{"ListUsers", `{"UserPoolId":"` + a.pool + `","Limit":%s}`, "limit", true, 0, 60, true},
		{"ListUserPools", `{"MaxResults":%s}`, "maxResults", true, 1, 60, true},
		{"CreateUserPoolClient", `{"UserPoolId":"` + a.pool + `","ClientName":"c","AuthSessionValidity":%s}`, "authSessionValidity", true, 3, 15, true},
	} {
		for _, n := range []int{tt.least - 1, tt.least, tt.most, tt.most + 1} {
			if n < 0 && !tt.number {
				continue
			}
			value := fmt.Sprint(n)
			if !tt.number {
				value = strings.Repeat("x", n)
			}
			constraint := ""
			switch {
			case n < tt.least && tt.number:
				constraint = fmt.Sprintf(tooSmall, tt.least)
			case n < tt.least:
				constraint = fmt.Sprintf(tooShort, tt.least)
			case n > tt.most && tt.number:
				constraint = fmt.Sprintf(tooLarge, tt.most)
			case n > tt.most:
				constraint = fmt.Sprintf(tooLong, tt.most)
			}
			got := s.post(tt.operation, fmt.Sprintf(tt.body, value))
			text := "Value "
			if tt.shown {
				text += "'" + value + "' "
			}
			text += "at '" + tt.member + "' failed to satisfy constraint: " + constraint
			if broken := strings.Contains(got.body, "validation error"); broken != (constraint != "") || broken && !strings.Contains(got.body, text) {
				t.Errorf("%s with %s of %d: %d %s, want %s", tt.operation, tt.member, n, got.status, shorten([]byte(got.body)), text)
			}
		}
	}
}
