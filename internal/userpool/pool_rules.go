package userpool

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// checkPool reports the first rule of CreateUserPool and UpdateUserPool that a record
// breaks before its defaults are filled in. Lengths, patterns and enums were checked
// with the request.
func (s *Service) checkPool(r *cognitoidp.UserPoolType) error {
	for _, rule := range []func(*cognitoidp.UserPoolType) error{
		checkNames, checkVerification, checkFirstFactors, checkTemporaryPasswords,
		checkRecovery, checkEmailConfiguration, s.checkSMSConfiguration, s.checkLambdas,
	} {
		if err := rule(r); err != nil {
			return err
		}
	}
	return nil
}

func checkNames(r *cognitoidp.UserPoolType) error {
	if len(r.AliasAttributes) > 0 && len(r.UsernameAttributes) > 0 {
		return fault.InvalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a User pool.")
	}
	if slices.Contains(r.AliasAttributes, cognitoidp.AliasAttributeTypePreferredUsername) {
		for _, a := range r.SchemaAttributes {
			if api.Value(a.Name) == catalog.PreferredUsername && api.Value(a.Required) {
				return fault.InvalidParameter("preferred_username can not be both a required attribute and an alias.")
			}
		}
	}
	return nil
}

func checkVerification(r *cognitoidp.UserPoolType) error {
	if slices.Contains(r.AutoVerifiedAttributes, cognitoidp.VerifiedAttributeTypePhoneNumber) && r.SmsConfiguration == nil {
		return fault.InvalidParameter("SMS configuration is required when phone_number is selected for auto verification")
	}
	if r.UserAttributeUpdateSettings == nil {
		return nil
	}
	for _, a := range r.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate {
		if !slices.Contains(r.AutoVerifiedAttributes, a) {
			return fault.InvalidParameter("All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
		}
	}
	return nil
}

func checkFirstFactors(r *cognitoidp.UserPoolType) error {
	factors := firstFactors(r)
	switch {
	case len(factors) == 0:
		return nil
	case !slices.Contains(factors, cognitoidp.AuthFactorTypePassword):
		return fault.InvalidParameter("Password should be configured as one of the allowed first auth factors.")
	case slices.Contains(factors, cognitoidp.AuthFactorTypeSoftwareToken):
		return fault.InvalidParameter("SOFTWARE_TOKEN cannot be one of the allowed first auth factors.") // chosen here
	}
	return nil
}

func firstFactors(r *cognitoidp.UserPoolType) []cognitoidp.AuthFactorType {
	if r.Policies == nil || r.Policies.SignInPolicy == nil {
		return nil
	}
	return r.Policies.SignInPolicy.AllowedFirstAuthFactors
}

// checkSingleFactors refuses a pool in which everybody needs two factors and may begin with
// one that nothing can follow: a code, or a passkey that is not both.
func checkSingleFactors(r *cognitoidp.UserPoolType, m *mfaConfig) error {
	p := catalog.NewPool(&store.Pool{Config: r, MFA: m})
	if p.MFAMode() != cognitoidp.UserPoolMfaTypeOn {
		return nil
	}
	for _, f := range firstFactors(r) {
		single := f == cognitoidp.AuthFactorTypeEmailOtp || f == cognitoidp.AuthFactorTypeSmsOtp ||
			f == cognitoidp.AuthFactorTypeWebAuthn && !p.PasskeyIsMFA()
		if single {
			return fault.InvalidParameter(string(f) + " cannot be one of the allowed first auth factors when MFA is required.") // chosen here
		}
	}
	return nil
}

func checkTemporaryPasswords(r *cognitoidp.UserPoolType) error {
	both := r.AdminCreateUserConfig != nil && r.AdminCreateUserConfig.UnusedAccountValidityDays != nil &&
		r.Policies != nil && r.Policies.PasswordPolicy != nil &&
		r.Policies.PasswordPolicy.TemporaryPasswordValidityDays != nil
	if both {
		return fault.InvalidParameter("Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays")
	}
	return nil
}

func checkRecovery(r *cognitoidp.UserPoolType) error {
	if r.AccountRecoverySetting == nil {
		return nil
	}
	options := r.AccountRecoverySetting.RecoveryMechanisms
	for i, o := range options {
		for _, other := range options[:i] {
			if api.Value(o.Priority) == api.Value(other.Priority) || api.Value(o.Name) == api.Value(other.Name) {
				return fault.InvalidParameter("Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.")
			}
		}
	}
	for _, o := range options {
		if api.Value(o.Name) == cognitoidp.RecoveryOptionNameTypeAdminOnly && len(options) > 1 {
			return fault.InvalidParameter("Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.")
		}
	}
	return nil
}

// checkEmailConfiguration does not ask whether Amazon SES knows the identity: mail leaves
// through the server's own transport, and SourceArn is kept as it was sent.
func checkEmailConfiguration(r *cognitoidp.UserPoolType) error {
	c := r.EmailConfiguration
	if c == nil {
		return nil
	}
	if api.Value(c.EmailSendingAccount) == cognitoidp.EmailSendingAccountTypeDeveloper && api.Value(c.SourceArn) == "" {
		return fault.InvalidParameter("Source ARN is required to use DEVELOPER email sending owner")
	}
	if c.From != nil {
		if _, err := mail.ParseAddress(*c.From); err != nil {
			return fault.InvalidParameter("Provided From email address is invalid")
		}
	}
	return nil
}

// checkSMSConfiguration does not ask whether the role can be assumed: messages leave
// through the server's own transport.
func (s *Service) checkSMSConfiguration(r *cognitoidp.UserPoolType) error {
	c := r.SmsConfiguration
	if c == nil {
		return nil
	}
	region := s.deps.Place.Region
	if c.SnsRegion != nil && *c.SnsRegion != region {
		return fault.InvalidParameter("Invalid snsRegion. Allowed SNS region for " + region + " is " + region)
	}
	role := api.Value(c.SnsCallerArn)
	if e := c.EumsSms; e != nil {
		if role != "" || c.SnsRegion != nil || c.ExternalId != nil {
			return fault.InvalidParameter("SmsConfiguration can have either SNS or EumsSms settings, not both.")
		}
		if e.Region != nil && *e.Region != region {
			return fault.InvalidParameter("Invalid EumsSms region. Allowed EumsSms region for " + region + " is " + region)
		}
		role = *e.CallerArn
	}
	if account := s.deps.RoleAccount; account != "" && role != "" && arnPart(role, arnAccount) != account {
		return fault.InvalidParameter("Cross-account pass role is not allowed.")
	}
	return nil
}

// completeSMSConfiguration fills in the region that messages are sent from.
func (s *Service) completeSMSConfiguration(c *cognitoidp.SmsConfigurationType) {
	switch {
	case c == nil:
	case c.EumsSms != nil:
		setDefault(&c.EumsSms.Region, s.deps.Place.Region)
	default:
		setDefault(&c.SnsRegion, s.deps.Place.Region)
	}
}

func (s *Service) checkLambdas(r *cognitoidp.UserPoolType) error {
	c := r.LambdaConfig
	if c == nil {
		return nil
	}
	var versioned []string
	if p := c.PreTokenGenerationConfig; p != nil {
		versioned = append(versioned, api.Value(p.LambdaArn))
		if c.PreTokenGeneration != nil && *c.PreTokenGeneration != api.Value(p.LambdaArn) {
			return fault.InvalidParameter("Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's")
		}
	}
	if p := c.CustomSMSSender; p != nil {
		versioned = append(versioned, api.Value(p.LambdaArn))
	}
	if p := c.CustomEmailSender; p != nil {
		versioned = append(versioned, api.Value(p.LambdaArn))
	}
	if p := c.InboundFederation; p != nil {
		versioned = append(versioned, api.Value(p.LambdaArn))
	}
	if (c.CustomSMSSender != nil || c.CustomEmailSender != nil) && c.KMSKeyID == nil {
		return fault.InvalidParameter("KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.")
	}
	for _, arn := range append(versioned, plainLambdas(c)...) {
		if region := arnPart(arn, arnRegion); region != "" && region != s.deps.Place.Region {
			return fault.InvalidParameter("Cross-region lambda functions are not supported")
		}
	}
	return nil
}

// plainLambdas lists the functions that have no version of their own.
func plainLambdas(c *cognitoidp.LambdaConfigType) []string {
	var out []string
	for _, arn := range []*string{
		c.PreSignUp, c.CustomMessage, c.PostConfirmation, c.PreAuthentication, c.PostAuthentication,
		c.DefineAuthChallenge, c.CreateAuthChallenge, c.VerifyAuthChallengeResponse, c.PreTokenGeneration, c.UserMigration,
	} {
		if arn != nil {
			out = append(out, *arn)
		}
	}
	return out
}

// The parts of an ARN, counted from its beginning.
const (
	arnRegion  = 3
	arnAccount = 4
)

func arnPart(arn string, part int) string {
	parts := strings.SplitN(arn, ":", 6)
	if part >= len(parts) {
		return ""
	}
	return parts[part]
}
