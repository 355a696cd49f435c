package userpool_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/userpool"
)

// nameOnly is the pool that Describe shows after CreateUserPool with only PoolName.
const nameOnly = `{
	"Id": "<id>", "Name": "pool", "Arn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/<id>",
	"CreationDate": 1700000000.123, "LastModifiedDate": <modified>,
	"Policies": {
		"PasswordPolicy": {"MinimumLength": 8, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true,
			"RequireSymbols": true, "TemporaryPasswordValidityDays": 7},
		"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}
	},
	"DeletionProtection": "INACTIVE",
	"LambdaConfig": {},
	"SchemaAttributes": <schema>,
	"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
	"MfaConfiguration": "OFF",
	"EstimatedNumberOfUsers": 0,
	"EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
	"UserPoolTags": {},
	"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7},
	"AccountRecoverySetting": {"RecoveryMechanisms": [
		{"Priority": 1, "Name": "verified_email"}, {"Priority": 2, "Name": "verified_phone_number"}]},
	"UserPoolTier": "ESSENTIALS"
}`

func nameOnlyPool(id *string, modified string) string {
	return strings.NewReplacer("<id>", *id, "<schema>", standardSchema, "<modified>", modified).Replace(nameOnly)
}

func TestCreateUserPoolWithOnlyAName(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	created := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	if !strings.HasPrefix(*created.Id, "us-east-1_") || len(*created.Id) != len("us-east-1_")+9 {
		t.Errorf("id %s", *created.Id)
	}
	wantJSON(t, created, nameOnlyPool(created.Id, "1700000000.123"))
	wantJSON(t, e.describePool(created.Id), nameOnlyPool(created.Id, "1700000000.123"))
}

// everything sets all members that are built, to other values than their defaults.
func everything() *cognitoidp.UpdateUserPoolRequest {
	return &cognitoidp.UpdateUserPoolRequest{
		PoolName: new("renamed"),
		Policies: &cognitoidp.UserPoolPolicyType{
			PasswordPolicy: &cognitoidp.PasswordPolicyType{
				MinimumLength: new(12), RequireUppercase: new(true), RequireLowercase: new(false), RequireNumbers: new(true),
				RequireSymbols: new(false), PasswordHistorySize: new(4), TemporaryPasswordValidityDays: new(3),
			},
			SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD"}},
		},
		DeletionProtection:          new(cognitoidp.DeletionProtectionTypeActive),
		LambdaConfig:                &cognitoidp.LambdaConfigType{},
		AutoVerifiedAttributes:      []cognitoidp.VerifiedAttributeType{"email", "phone_number"},
		VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{SmsMessage: new("sms {####}"), EmailMessage: new("mail {####}"), EmailSubject: new("subject"), EmailMessageByLink: new("link {##here##}"), EmailSubjectByLink: new("link"), DefaultEmailOption: new(cognitoidp.DefaultEmailOptionTypeConfirmWithCode)},
		SmsAuthenticationMessage:    new("mfa {####}"),
		UserAttributeUpdateSettings: &cognitoidp.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []cognitoidp.VerifiedAttributeType{"email"}},
		MfaConfiguration:            new(cognitoidp.UserPoolMfaTypeOff),
		EmailConfiguration: &cognitoidp.EmailConfigurationType{
			SourceArn: new("arn:aws:ses:us-east-1:000000000000:identity/a@example.com"), ReplyToEmailAddress: new("reply@example.com"),
			EmailSendingAccount: new(cognitoidp.EmailSendingAccountTypeDeveloper), From: new("Some One <a@example.com>"),
		},
		SmsConfiguration:       &cognitoidp.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms"), ExternalId: new("x")},
		UserPoolTags:           api.StringMap{"team": "a"},
		AdminCreateUserConfig:  &cognitoidp.AdminCreateUserConfigType{AllowAdminCreateUserOnly: new(true), InviteMessageTemplate: &cognitoidp.MessageTemplateType{EmailMessage: new("{username} {####}")}},
		UserPoolAddOns:         &cognitoidp.UserPoolAddOnsType{AdvancedSecurityMode: new(cognitoidp.AdvancedSecurityModeTypeOff)},
		AccountRecoverySetting: &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: []cognitoidp.RecoveryOptionType{{Priority: new(1), Name: new(cognitoidp.RecoveryOptionNameTypeAdminOnly)}}},
		UserPoolTier:           new(cognitoidp.UserPoolTierTypePlus),
		KeyConfiguration:       &cognitoidp.KeyConfigurationType{KeyType: new(cognitoidp.EncryptionKeyTypeAwsOwnedKey)},
	}
}

func TestUpdateUserPoolSetsEveryMember(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	in := everything()
	in.UserPoolId = id
	e.now = e.now.Add(time.Second)
	e.updatePool(in)
	got := e.describePool(id)

	want := *got // members that an update does not set
	want.Overlay(everything())
	want.Name = new("renamed")
	want.SmsVerificationMessage, want.EmailVerificationMessage, want.EmailVerificationSubject = new("sms {####}"), new("mail {####}"), new("subject")
	want.SmsConfiguration.SnsRegion = new("us-east-1")
	want.AdminCreateUserConfig.UnusedAccountValidityDays = new(3)
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("pool (-want +got):\n%s", diff)
	}
	if got.LastModifiedDate.Time() != e.now.UTC() || got.CreationDate.Time() != e.now.Add(-time.Second).UTC() {
		t.Errorf("created %v, modified %v", got.CreationDate, got.LastModifiedDate)
	}
	mfa := must(e.GetUserPoolMfaConfig(t.Context(), e.call(), &cognitoidp.GetUserPoolMfaConfigRequest{UserPoolId: id}))(t)
	wantJSON(t, mfa, `{"MfaConfiguration": "OFF", "SmsMfaConfiguration": {"SmsAuthenticationMessage": "mfa {####}",
		"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x", "SnsRegion": "us-east-1"}}}`)
}

func TestUpdateUserPoolResetsWhatIsOmitted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{
		Schema:                []cognitoidp.SchemaAttributeType{{Name: new("plan"), AttributeDataType: new(cognitoidp.AttributeDataTypeString)}},
		AliasAttributes:       []cognitoidp.AliasAttributeType{"email"},
		UsernameConfiguration: &cognitoidp.UsernameConfigurationType{CaseSensitive: new(false)},
	}).Id
	before := e.describePool(id)
	in := everything()
	in.UserPoolId = id
	in.UserAttributeUpdateSettings = nil
	e.updatePool(in)
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: id})

	kept := *before
	kept.Name = new("renamed")
	kept.DeletionProtection = in.DeletionProtection
	kept.UserPoolTags = in.UserPoolTags
	kept.UserPoolTier = in.UserPoolTier
	kept.KeyConfiguration = in.KeyConfiguration
	if diff := cmp.Diff(&kept, e.describePool(id)); diff != "" {
		t.Errorf("pool (-want +got):\n%s", diff)
	}
	mfa := must(e.GetUserPoolMfaConfig(t.Context(), e.call(), &cognitoidp.GetUserPoolMfaConfigRequest{UserPoolId: id}))(t)
	wantJSON(t, mfa, `{"MfaConfiguration": "OFF"}`)
}

func TestUpdateUserPoolMeetsTheKeptUpdateSettings(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{
		AutoVerifiedAttributes:      []cognitoidp.VerifiedAttributeType{"email"},
		UserAttributeUpdateSettings: &cognitoidp.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []cognitoidp.VerifiedAttributeType{"email"}},
	}).Id
	before := e.describePool(id)
	_, err := e.UpdateUserPool(t.Context(), e.call(), &cognitoidp.UpdateUserPoolRequest{UserPoolId: id, PoolName: new("renamed")})
	wantFault(t, err, invalidParameter, "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
	if diff := cmp.Diff(before, e.describePool(id)); diff != "" {
		t.Errorf("the refused update changed the pool:\n%s", diff)
	}
}

func TestTemporaryPasswordValidity(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	policy := func(days *int) *cognitoidp.UserPoolPolicyType {
		return &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{TemporaryPasswordValidityDays: days}}
	}
	invitation := func(days *int) *cognitoidp.AdminCreateUserConfigType {
		return &cognitoidp.AdminCreateUserConfigType{UnusedAccountValidityDays: days}
	}
	tests := []struct {
		name string
		in   cognitoidp.CreateUserPoolRequest
		want int
	}{
		{"policy", cognitoidp.CreateUserPoolRequest{Policies: policy(new(3))}, 3},
		{"policy of zero", cognitoidp.CreateUserPoolRequest{Policies: policy(new(0))}, 7},
		{"invitation", cognitoidp.CreateUserPoolRequest{AdminCreateUserConfig: invitation(new(4))}, 4},
		{"invitation beside a policy without", cognitoidp.CreateUserPoolRequest{Policies: policy(nil), AdminCreateUserConfig: invitation(new(5))}, 5},
		{"invitation of zero", cognitoidp.CreateUserPoolRequest{AdminCreateUserConfig: invitation(new(0))}, 7},
	}
	for _, tt := range tests {
		got := e.createPool(&tt.in)
		inPolicy, inInvitation := *got.Policies.PasswordPolicy.TemporaryPasswordValidityDays, *got.AdminCreateUserConfig.UnusedAccountValidityDays
		if inPolicy != tt.want || inInvitation != tt.want {
			t.Errorf("%s: %d and %d, want %d", tt.name, inPolicy, inInvitation, tt.want)
		}
	}
}

func TestVerificationTextsMirrorEachOther(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const want = `{"SmsMessage": "s {####}", "EmailMessage": "m {####}", "EmailSubject": "t", "DefaultEmailOption": "CONFIRM_WITH_CODE"}`
	for name, in := range map[string]*cognitoidp.CreateUserPoolRequest{
		"older members": {SmsVerificationMessage: new("s {####}"), EmailVerificationMessage: new("m {####}"), EmailVerificationSubject: new("t")},
		"template": {VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
			SmsMessage: new("s {####}"), EmailMessage: new("m {####}"), EmailSubject: new("t"),
		}},
		"both": {
			SmsVerificationMessage: new("other {####}"),
			VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
				SmsMessage: new("s {####}"), EmailMessage: new("m {####}"), EmailSubject: new("t"),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := e.createPool(in)
			wantJSON(t, got.VerificationMessageTemplate, want)
			if *got.SmsVerificationMessage != "s {####}" || *got.EmailVerificationMessage != "m {####}" || *got.EmailVerificationSubject != "t" {
				t.Errorf("older members: %s, %s, %s", *got.SmsVerificationMessage, *got.EmailVerificationMessage, *got.EmailVerificationSubject)
			}
		})
	}
}

func TestAccountRecoverySettingCanBeEmpty(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{AccountRecoverySetting: &cognitoidp.AccountRecoverySettingType{}}).Id
	wantJSON(t, e.describePool(id).AccountRecoverySetting, `{}`)
}

func TestDeleteUserPool(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{DeletionProtection: new(cognitoidp.DeletionProtectionTypeActive)}).Id
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: id}).ClientId
	remove := func() error {
		_, err := e.DeleteUserPool(t.Context(), e.call(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: id})
		return err
	}
	wantFault(t, remove(), invalidParameter,
		"The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: id, DeletionProtection: new(cognitoidp.DeletionProtectionTypeInactive)})
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	wantPoolGone(t, e, *id, *client)
}

// wantPoolGone checks that every operation says that the pool does not exist.
func wantPoolGone(t *testing.T, e *env, id, client string) {
	t.Helper()
	ctx, call := t.Context(), e.call()
	calls := map[string]func() error{
		"DescribeUserPool": func() error {
			_, err := e.DescribeUserPool(ctx, call, &cognitoidp.DescribeUserPoolRequest{UserPoolId: &id})
			return err
		},
		"UpdateUserPool": func() error {
			_, err := e.UpdateUserPool(ctx, call, &cognitoidp.UpdateUserPoolRequest{UserPoolId: &id})
			return err
		},
		"DeleteUserPool": func() error {
			_, err := e.DeleteUserPool(ctx, call, &cognitoidp.DeleteUserPoolRequest{UserPoolId: &id})
			return err
		},
		"AddCustomAttributes": func() error {
			_, err := e.AddCustomAttributes(ctx, call, &cognitoidp.AddCustomAttributesRequest{UserPoolId: &id})
			return err
		},
		"GetUserPoolMfaConfig": func() error {
			_, err := e.GetUserPoolMfaConfig(ctx, call, &cognitoidp.GetUserPoolMfaConfigRequest{UserPoolId: &id})
			return err
		},
		"SetUserPoolMfaConfig": func() error {
			_, err := e.SetUserPoolMfaConfig(ctx, call, &cognitoidp.SetUserPoolMfaConfigRequest{UserPoolId: &id})
			return err
		},
		"CreateUserPoolClient": func() error {
			_, err := e.CreateUserPoolClient(ctx, call, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: &id, ClientName: new("c")})
			return err
		},
		"DescribeUserPoolClient": func() error {
			_, err := e.DescribeUserPoolClient(ctx, call, &cognitoidp.DescribeUserPoolClientRequest{UserPoolId: &id, ClientId: &client})
			return err
		},
		"UpdateUserPoolClient": func() error {
			_, err := e.UpdateUserPoolClient(ctx, call, &cognitoidp.UpdateUserPoolClientRequest{UserPoolId: &id, ClientId: &client})
			return err
		},
		"DeleteUserPoolClient": func() error {
			_, err := e.DeleteUserPoolClient(ctx, call, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: &id, ClientId: &client})
			return err
		},
		"ListUserPoolClients": func() error {
			_, err := e.ListUserPoolClients(ctx, call, &cognitoidp.ListUserPoolClientsRequest{UserPoolId: &id})
			return err
		},
	}
	for name, do := range calls {
		t.Run(name, func(t *testing.T) {
			wantFault(t, do(), "ResourceNotFoundException", "User pool "+id+" does not exist.")
		})
	}
}

func TestPoolsOfOtherRegionsDoNotExist(t *testing.T) {
	t.Parallel()
	wantPoolGone(t, newEnv(t), "eu-west-1_AbCdEf123", "client")
}

func TestUserPoolQuota(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.Limits = userpool.Limits{UserPools: 1, ClientsPerPool: 1} })
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("second")})
	wantFault(t, err, "LimitExceededException", "The limit of 1 user pools is reached.")
	e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: id})
	_, err = e.CreateUserPoolClient(t.Context(), e.call(), &cognitoidp.CreateUserPoolClientRequest{UserPoolId: id, ClientName: new("second")})
	wantFault(t, err, "LimitExceededException", "The limit of 1 app clients in a user pool is reached.")
}

// Two writers that read the same version: one wins, the other is told.
func TestUpdateUserPoolReportsARace(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	const writers = 8
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, errs[i] = e.UpdateUserPool(t.Context(), e.call(), &cognitoidp.UpdateUserPoolRequest{UserPoolId: id, PoolName: new(fmt.Sprint("name", i))})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !fault.Is(err, "ConcurrentModificationException"):
			t.Error(err)
		}
	}
	if won == 0 {
		t.Error("no writer won")
	}
}

// Any member turns the remembering of devices on; leaving them out turns it off.
func TestDeviceConfiguration(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	both := func(required, prompt *bool) *cognitoidp.DeviceConfigurationType {
		return &cognitoidp.DeviceConfigurationType{ChallengeRequiredOnNewDevice: required, DeviceOnlyRememberedOnUserPrompt: prompt}
	}
	yes, no := new(true), new(false)
	for name, tt := range map[string]struct {
		in, want *cognitoidp.DeviceConfigurationType
	}{
		"absent":        {nil, nil},
		"empty":         {both(nil, nil), nil},
		"both":          {both(yes, yes), both(yes, yes)},
		"required only": {both(yes, nil), both(yes, no)},
		"prompt only":   {both(nil, yes), both(no, yes)},
		"off only":      {both(no, nil), both(no, no)},
	} {
		created := e.createPool(&cognitoidp.CreateUserPoolRequest{DeviceConfiguration: tt.in})
		if diff := cmp.Diff(tt.want, e.describePool(created.Id).DeviceConfiguration); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
		other := e.createPool(&cognitoidp.CreateUserPoolRequest{DeviceConfiguration: both(yes, no)})
		must(e.UpdateUserPool(t.Context(), e.call(), &cognitoidp.UpdateUserPoolRequest{UserPoolId: other.Id, DeviceConfiguration: tt.in}))(t)
		if diff := cmp.Diff(tt.want, e.describePool(other.Id).DeviceConfiguration); diff != "" {
			t.Errorf("%s: updated (-want +got):\n%s", name, diff)
		}
	}
}
