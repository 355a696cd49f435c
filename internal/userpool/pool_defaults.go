package userpool

import (
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
)

// keepOmitted puts back what an update keeps although the request leaves it out. All other
// members go back to their defaults, as on AWS. That UserAttributeUpdateSettings stays
// while AutoVerifiedAttributes does not was seen there (aws-nuke #477).
func keepOmitted(next, old *cognitoidp.UserPoolType, name *string) {
	if name != nil {
		next.Name = name
	}
	if next.UserAttributeUpdateSettings == nil {
		next.UserAttributeUpdateSettings = old.UserAttributeUpdateSettings
	}
	if next.MfaConfiguration == nil {
		next.MfaConfiguration = old.MfaConfiguration
	}
	if next.UserPoolTags == nil {
		next.UserPoolTags = old.UserPoolTags
	}
	if next.DeletionProtection == nil {
		next.DeletionProtection = old.DeletionProtection
	}
	if next.UserPoolTier == nil {
		next.UserPoolTier = old.UserPoolTier
	}
	if next.KeyConfiguration == nil {
		next.KeyConfiguration = old.KeyConfiguration
	}
	if next.IssuerConfiguration == nil {
		next.IssuerConfiguration = old.IssuerConfiguration
	}
}

// completePool fills in what Describe shows of a pool whose creator said nothing, so that
// the record says everything that holds.
func (s *Service) completePool(r *cognitoidp.UserPoolType) {
	completePasswords(r)
	completeMessages(r)
	setDefault(&r.DeletionProtection, cognitoidp.DeletionProtectionTypeInactive)
	setDefault(&r.LambdaConfig, cognitoidp.LambdaConfigType{})
	completeTokenFunction(r.LambdaConfig)
	setDefault(&r.MfaConfiguration, cognitoidp.UserPoolMfaTypeOff)
	setDefault(&r.UserPoolTier, cognitoidp.UserPoolTierTypeEssentials)
	setDefault(&r.EmailConfiguration, cognitoidp.EmailConfigurationType{})
	setDefault(&r.EmailConfiguration.EmailSendingAccount, cognitoidp.EmailSendingAccountTypeCognitoDefault)
	s.completeSMSConfiguration(r.SmsConfiguration)
	completeDevices(r)
	if r.UserPoolTags == nil {
		r.UserPoolTags = api.StringMap{}
	}
	if r.AccountRecoverySetting == nil {
		r.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{
			RecoveryMechanisms: []cognitoidp.RecoveryOptionType{
				{Priority: new(1), Name: new(cognitoidp.RecoveryOptionNameTypeVerifiedEmail)},
				{Priority: new(2), Name: new(cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber)},
			},
		}
	}
	r.AutoVerifiedAttributes = set(r.AutoVerifiedAttributes)
	r.AliasAttributes = set(r.AliasAttributes)
	r.UsernameAttributes = set(r.UsernameAttributes)
}

// completeTokenFunction makes the two members that name the function of the tokens show the
// same: the older one alone asks for the first version of its events.
func completeTokenFunction(c *cognitoidp.LambdaConfigType) {
	switch {
	case c.PreTokenGenerationConfig != nil:
		c.PreTokenGeneration = c.PreTokenGenerationConfig.LambdaArn
	case c.PreTokenGeneration != nil:
		c.PreTokenGenerationConfig = &cognitoidp.PreTokenGenerationVersionConfigType{
			LambdaVersion: new(cognitoidp.PreTokenGenerationLambdaVersionTypeV1_0), LambdaArn: c.PreTokenGeneration,
		}
	}
}

// completeDevices completes what the pool remembers of devices. Any value of a member, false
// too, turns that on (the model: "When you provide a value for any property of
// DeviceConfiguration ..."), so an empty one is none.
func completeDevices(r *cognitoidp.UserPoolType) {
	d := r.DeviceConfiguration
	if d == nil {
		return
	}
	if *d == (cognitoidp.DeviceConfigurationType{}) {
		r.DeviceConfiguration = nil
		return
	}
	setDefault(&d.ChallengeRequiredOnNewDevice, false)
	setDefault(&d.DeviceOnlyRememberedOnUserPrompt, false)
}

// completePasswords completes the password policy and the invitation, which show the
// validity of temporary passwords both.
func completePasswords(r *cognitoidp.UserPoolType) {
	setDefault(&r.AdminCreateUserConfig, cognitoidp.AdminCreateUserConfigType{})
	setDefault(&r.AdminCreateUserConfig.AllowAdminCreateUserOnly, false)
	setDefault(&r.Policies, cognitoidp.UserPoolPolicyType{})
	given := r.Policies.PasswordPolicy
	policy := *catalog.EffectivePasswordPolicy(given)
	if given == nil || given.PasswordHistorySize == nil {
		policy.PasswordHistorySize = nil
	}
	days := r.AdminCreateUserConfig.UnusedAccountValidityDays
	if api.Value(days) != 0 && (given == nil || given.TemporaryPasswordValidityDays == nil) {
		policy.TemporaryPasswordValidityDays = new(*days)
	}
	r.AdminCreateUserConfig.UnusedAccountValidityDays = new(*policy.TemporaryPasswordValidityDays)
	r.Policies.PasswordPolicy = &policy
	setDefault(&r.Policies.SignInPolicy, cognitoidp.SignInPolicyType{})
	if len(r.Policies.SignInPolicy.AllowedFirstAuthFactors) == 0 {
		r.Policies.SignInPolicy.AllowedFirstAuthFactors = []cognitoidp.AuthFactorType{cognitoidp.AuthFactorTypePassword}
	}
}

// completeMessages makes the verification template and the three older members show the
// same texts. Where both are sent the template wins.
func completeMessages(r *cognitoidp.UserPoolType) {
	setDefault(&r.VerificationMessageTemplate, cognitoidp.VerificationMessageTemplateType{})
	t := r.VerificationMessageTemplate
	setDefault(&t.DefaultEmailOption, cognitoidp.DefaultEmailOptionTypeConfirmWithCode)
	mirror(&t.SmsMessage, &r.SmsVerificationMessage)
	mirror(&t.EmailMessage, &r.EmailVerificationMessage)
	mirror(&t.EmailSubject, &r.EmailVerificationSubject)
}

func mirror(template, older **string) {
	if *template == nil {
		*template = *older
	}
	*older = *template
}

// setDefault sets a member that is absent.
func setDefault[T any](member **T, value T) {
	if *member == nil {
		*member = &value
	}
}

// set returns the list without repetitions, nil where it is empty: AWS keeps such lists as
// sets and shows no empty ones.
func set[T comparable](list []T) []T {
	var out []T
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
