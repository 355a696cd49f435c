package userpool_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/userpool"
)

// A pool setting that both CreateUserPool and UpdateUserPool refuse, as the members that
// the two requests share.
type refusal struct {
	name   string
	in     cognitoidp.UpdateUserPoolRequest
	code   string
	text   string
	member string // refused as not implemented, in place of code and text
}

func recovery(options ...cognitoidp.RecoveryOptionType) *cognitoidp.AccountRecoverySettingType {
	return &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: options}
}

func mechanism(priority int, name cognitoidp.RecoveryOptionNameType) cognitoidp.RecoveryOptionType {
	return cognitoidp.RecoveryOptionType{Priority: &priority, Name: &name}
}

func firstFactors(list ...cognitoidp.AuthFactorType) *cognitoidp.UserPoolPolicyType {
	return &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: list}}
}

func sms(arn string) *cognitoidp.SmsConfigurationType {
	return &cognitoidp.SmsConfigurationType{SnsCallerArn: &arn}
}

const (
	role     = "arn:aws:iam::000000000000:role/sms"
	function = "arn:aws:lambda:us-east-1:000000000000:function:f"
)

func refusals() []refusal {
	developer := new(cognitoidp.EmailSendingAccountTypeDeveloper)
	return []refusal{
		{
			name: "phone verification without SMS",
			in:   cognitoidp.UpdateUserPoolRequest{AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{"phone_number"}},
			code: invalidParameter, text: "SMS configuration is required when phone_number is selected for auto verification",
		},
		{
			name: "update setting without verification",
			in: cognitoidp.UpdateUserPoolRequest{UserAttributeUpdateSettings: &cognitoidp.UserAttributeUpdateSettingsType{
				AttributesRequireVerificationBeforeUpdate: []cognitoidp.VerifiedAttributeType{"email"},
			}},
			code: invalidParameter, text: "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
		},
		{
			name: "no password as first factor", in: cognitoidp.UpdateUserPoolRequest{Policies: firstFactors("EMAIL_OTP")},
			code: invalidParameter, text: "Password should be configured as one of the allowed first auth factors.",
		},
		{name: "validity twice", in: cognitoidp.UpdateUserPoolRequest{
			Policies:              &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{TemporaryPasswordValidityDays: new(7)}},
			AdminCreateUserConfig: &cognitoidp.AdminCreateUserConfigType{UnusedAccountValidityDays: new(7)},
		}, code: invalidParameter, text: "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"},
		{
			name: "recovery twice by name", in: cognitoidp.UpdateUserPoolRequest{AccountRecoverySetting: recovery(mechanism(1, "verified_email"), mechanism(2, "verified_email"))},
			code: invalidParameter, text: "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
		},
		{
			name: "recovery twice by priority", in: cognitoidp.UpdateUserPoolRequest{AccountRecoverySetting: recovery(mechanism(1, "verified_email"), mechanism(1, "verified_phone_number"))},
			code: invalidParameter, text: "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
		},
		{
			name: "admin only and more", in: cognitoidp.UpdateUserPoolRequest{AccountRecoverySetting: recovery(mechanism(1, "verified_email"), mechanism(2, "admin_only"))},
			code: invalidParameter, text: "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
		},
		{
			name: "developer mail without identity", in: cognitoidp.UpdateUserPoolRequest{EmailConfiguration: &cognitoidp.EmailConfigurationType{EmailSendingAccount: developer}},
			code: invalidParameter, text: "Source ARN is required to use DEVELOPER email sending owner",
		},
		{
			name: "no address", in: cognitoidp.UpdateUserPoolRequest{EmailConfiguration: &cognitoidp.EmailConfigurationType{From: new("somebody")}},
			code: invalidParameter, text: "Provided From email address is invalid",
		},
		{
			name: "SMS from another region", in: cognitoidp.UpdateUserPoolRequest{SmsConfiguration: &cognitoidp.SmsConfigurationType{SnsCallerArn: new(role), SnsRegion: new("eu-west-1")}},
			code: invalidParameter, text: "Invalid snsRegion. Allowed SNS region for us-east-1 is us-east-1",
		},
		{
			name: "role of another account", in: cognitoidp.UpdateUserPoolRequest{SmsConfiguration: sms("arn:aws:iam::111111111111:role/sms")},
			code: invalidParameter, text: "Cross-account pass role is not allowed.",
		},
		{
			name: "function of another region", in: cognitoidp.UpdateUserPoolRequest{LambdaConfig: &cognitoidp.LambdaConfigType{PreSignUp: new("arn:aws:lambda:eu-west-1:000000000000:function:f")}},
			code: invalidParameter, text: "Cross-region lambda functions are not supported",
		},
		{
			name: "sender without key", in: cognitoidp.UpdateUserPoolRequest{LambdaConfig: &cognitoidp.LambdaConfigType{CustomEmailSender: &cognitoidp.CustomEmailLambdaVersionConfigType{LambdaArn: new(function)}}},
			code: invalidParameter, text: "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.",
		},
		{name: "two token functions", in: cognitoidp.UpdateUserPoolRequest{LambdaConfig: &cognitoidp.LambdaConfigType{
			PreTokenGeneration:       new(function + "1"),
			PreTokenGenerationConfig: &cognitoidp.PreTokenGenerationVersionConfigType{LambdaArn: new(function)},
		}}, code: invalidParameter, text: "Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's"},
		{
			name: "issuer", in: cognitoidp.UpdateUserPoolRequest{IssuerConfiguration: &cognitoidp.IssuerConfigurationType{Type: new(cognitoidp.IssuerTypeOriginal)}},
			code: invalidParameter, text: "IssuerConfiguration makes tokens name AWS as their issuer, which this server does not allow (--allow-aws-issuer).",
		},
		{
			name: "unknown password hash", in: cognitoidp.UpdateUserPoolRequest{UserPoolTags: api.StringMap{"cenote:password-hash": "bcrypt"}},
			code: invalidParameter, text: "The tag cenote:password-hash can only have the value argon2id.",
		},
		{
			name: "unknown setting", in: cognitoidp.UpdateUserPoolRequest{UserPoolTags: api.StringMap{"cenote:colour": "red"}},
			code: invalidParameter, text: "The tag cenote:colour is not known; tags that begin with cenote: are settings of this server.",
		},
		{
			name: "MFA without text messages", in: cognitoidp.UpdateUserPoolRequest{MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional)},
			code: invalidParameter, text: "SMS configuration and Auto verification for phone_number are required when MFA is required/optional",
		},
		{
			name: "authenticator app first", in: cognitoidp.UpdateUserPoolRequest{Policies: firstFactors("PASSWORD", "SOFTWARE_TOKEN")},
			code: invalidParameter, text: "SOFTWARE_TOKEN cannot be one of the allowed first auth factors.",
		},
		{
			name: "codes first and MFA", in: cognitoidp.UpdateUserPoolRequest{
				Policies: firstFactors("PASSWORD", "EMAIL_OTP"), MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOn),
				SmsConfiguration: &cognitoidp.SmsConfigurationType{SnsCallerArn: new(role)},
			},
			code: invalidParameter, text: "EMAIL_OTP cannot be one of the allowed first auth factors when MFA is required.",
		},
		{
			name: "two ways of text messages", in: cognitoidp.UpdateUserPoolRequest{SmsConfiguration: &cognitoidp.SmsConfigurationType{
				SnsCallerArn: new(role), EumsSms: &cognitoidp.EumsSmsConfigurationType{CallerArn: new(role)},
			}},
			code: invalidParameter, text: "SmsConfiguration can have either SNS or EumsSms settings, not both.",
		},
		{
			name: "text messages elsewhere", in: cognitoidp.UpdateUserPoolRequest{SmsConfiguration: &cognitoidp.SmsConfigurationType{
				EumsSms: &cognitoidp.EumsSmsConfigurationType{CallerArn: new(role), Region: new("eu-west-1")},
			}},
			code: invalidParameter, text: "Invalid EumsSms region. Allowed EumsSms region for us-east-1 is us-east-1",
		},
		{name: "own key", in: cognitoidp.UpdateUserPoolRequest{KeyConfiguration: &cognitoidp.KeyConfigurationType{KeyType: new(cognitoidp.EncryptionKeyTypeCustomerManagedKey)}}, member: "KeyConfiguration.KeyType"},
	}
}

// asCreate returns the request that makes a pool with the same settings.
func asCreate(in cognitoidp.UpdateUserPoolRequest) *cognitoidp.CreateUserPoolRequest {
	return &cognitoidp.CreateUserPoolRequest{
		PoolName: new("pool"), Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, VerificationMessageTemplate: in.VerificationMessageTemplate,
		MfaConfiguration: in.MfaConfiguration, UserAttributeUpdateSettings: in.UserAttributeUpdateSettings,
		DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration, SmsConfiguration: in.SmsConfiguration,
		UserPoolTags: in.UserPoolTags, AdminCreateUserConfig: in.AdminCreateUserConfig, UserPoolAddOns: in.UserPoolAddOns,
		AccountRecoverySetting: in.AccountRecoverySetting, KeyConfiguration: in.KeyConfiguration, IssuerConfiguration: in.IssuerConfiguration,
	}
}

func TestPoolSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	before := e.describePool(id)
	for _, tt := range refusals() {
		t.Run(tt.name, func(t *testing.T) {
			_, created := e.CreateUserPool(t.Context(), e.call(), asCreate(tt.in))
			in := tt.in
			in.UserPoolId = id
			_, updated := e.UpdateUserPool(t.Context(), e.call(), &in)
			if tt.member != "" {
				wantUnbuilt(t, created, "CreateUserPool", tt.member)
				wantUnbuilt(t, updated, "UpdateUserPool", tt.member)
				return
			}
			wantFault(t, created, tt.code, tt.text)
			wantFault(t, updated, tt.code, tt.text)
		})
	}
	if diff := cmp.Diff(before, e.describePool(id)); diff != "" {
		t.Errorf("a refused update changed the pool:\n%s", diff)
	}
	pools := must(e.ListUserPools(t.Context(), e.call(), &cognitoidp.ListUserPoolsRequest{MaxResults: new(60)}))(t)
	if len(pools.UserPools) != 1 {
		t.Errorf("a refused creation left a pool: %d pools", len(pools.UserPools))
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{
		PoolName: new("pool"), AliasAttributes: []cognitoidp.AliasAttributeType{"email"}, UsernameAttributes: []cognitoidp.UsernameAttributeType{"email"},
	})
	wantFault(t, err, invalidParameter, "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.")
	_, err = e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{
		PoolName: new("pool"), AliasAttributes: []cognitoidp.AliasAttributeType{"preferred_username"},
		Schema: []cognitoidp.SchemaAttributeType{{Name: new("preferred_username"), Required: new(true)}},
	})
	wantFault(t, err, invalidParameter, "preferred_username can not be both a required attribute and an alias.")
}

// Who has configured no account of theirs brings the roles that their templates have.
func TestRoleOfAnyAccount(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.RoleAccount = "" })
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{SmsConfiguration: sms("arn:aws:iam::111111111111:role/sms")})
	if got := *pool.SmsConfiguration.SnsCallerArn; got != "arn:aws:iam::111111111111:role/sms" {
		t.Errorf("the role is %s", got)
	}
}

func TestIssuerConfigurationWhereAllowed(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.AllowAWSIssuer = true })
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{IssuerConfiguration: &cognitoidp.IssuerConfigurationType{Type: new(cognitoidp.IssuerTypeUpdated)}}).Id
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: id})
	wantJSON(t, e.describePool(id).IssuerConfiguration, `{"Type": "UPDATED"}`)
}

func TestTooManyTags(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	tags := api.StringMap{}
	for i := range 51 {
		tags[string(rune('a'+i%26))+string(rune('a'+i/26))] = ""
	}
	_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("pool"), UserPoolTags: tags})
	wantFault(t, err, "UserPoolTaggingException", "A user pool can have at most 50 tags.")
}

func TestFixedPoolIDs(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.FixedIDs = true })
	for _, tag := range []string{"cenote:id", "_custom_id_"} {
		want := "us-east-1_Mine" + tag[len(tag)-2:len(tag)-1]
		pool := e.createPool(&cognitoidp.CreateUserPoolRequest{UserPoolTags: api.StringMap{tag: want}})
		if *pool.Id != want || *pool.Arn != "arn:aws:cognito-idp:us-east-1:000000000000:userpool/"+want {
			t.Errorf("%s: id %s, arn %s", tag, *pool.Id, *pool.Arn)
		}
		_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("again"), UserPoolTags: api.StringMap{tag: want}})
		wantFault(t, err, invalidParameter, "User pool "+want+" already exists.")
		must(e.DeleteUserPool(t.Context(), e.call(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: &want}))(t)
		e.createPool(&cognitoidp.CreateUserPoolRequest{UserPoolTags: api.StringMap{tag: want}}) // free again
	}
	for _, id := range []string{"", "us-east-1_", "eu-west-1_Mine", "us-east-1_Mi_ne", "us-east-1_Mi-ne", "us-east-1_" + string(make([]byte, 50))} {
		_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("p"), UserPoolTags: api.StringMap{"cenote:id": id}})
		wantFault(t, err, invalidParameter, "A user pool id here is us-east-1_ followed by letters and digits, at most 55 characters in all.")
	}
	fixed := "us-east-1_Mined"
	_, err := e.UpdateUserPool(t.Context(), e.call(), &cognitoidp.UpdateUserPoolRequest{UserPoolId: &fixed, UserPoolTags: api.StringMap{"cenote:id": "us-east-1_Other"}})
	wantFault(t, err, invalidParameter, "The tag cenote:id cannot change the id of a user pool.")
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: &fixed, UserPoolTags: api.StringMap{"cenote:id": fixed}})
}

func TestPoolIDsCannotBeChosenInProduction(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("p"), UserPoolTags: api.StringMap{"cenote:id": "us-east-1_Mine"}})
	wantFault(t, err, invalidParameter, "The tag cenote:id chooses the id of a user pool, which is possible in development mode only.")
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{UserPoolTags: api.StringMap{"_custom_id_": "us-east-1_Mine"}})
	if *pool.Id == "us-east-1_Mine" || pool.UserPoolTags["_custom_id_"] != "us-east-1_Mine" {
		t.Errorf("id %s, tags %v", *pool.Id, pool.UserPoolTags)
	}
}

// How a pool keeps passwords is chosen when it is made, and stays.
func TestPasswordHashTag(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const text = "The tag cenote:password-hash is chosen when a user pool is made, and cannot be changed."
	hashing := api.StringMap{"cenote:password-hash": "argon2id", "stage": "test"}
	create := func(tags api.StringMap) *string {
		out, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("p"), UserPoolTags: tags})
		if err != nil {
			t.Fatal(err)
		}
		return out.UserPool.Id
	}
	update := func(id *string, tags api.StringMap) error {
		_, err := e.UpdateUserPool(t.Context(), e.call(), &cognitoidp.UpdateUserPoolRequest{UserPoolId: id, UserPoolTags: tags})
		return err
	}
	with, without := create(hashing), create(nil)
	wantFault(t, update(with, api.StringMap{}), invalidParameter, text)
	wantFault(t, update(with, api.StringMap{"stage": "test"}), invalidParameter, text)
	wantFault(t, update(without, hashing), invalidParameter, text)
	for id, tags := range map[*string]api.StringMap{with: hashing, without: {"stage": "test"}} {
		for _, same := range []api.StringMap{tags, nil} {
			if err := update(id, same); err != nil {
				t.Error(err)
			}
		}
	}
}
