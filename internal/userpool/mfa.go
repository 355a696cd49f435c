package userpool

import (
	"context"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// mfaConfig is a pool's configuration of second factors beside the pool itself, which
// carries the mode and what text messages need.
type mfaConfig = cognitoidp.GetUserPoolMfaConfigResponse

// The texts of broken rules. Those without a note are recorded from AWS or its providers.
const (
	textMFANeedsSMS     = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
	textMFANothing      = "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
	textMFAOffWith      = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
	textMFAKeepsSMS     = "Can't turn off SMS_MFA when SMS configuration is set for the user pool"
	textMFANoSMS        = "SMS configuration is required to configure SMS_MFA." // chosen here
	textMFADefaultMail  = "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT."
	textRecoveryByPhone = "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_phone_number as a recovery mechanism when SMS MFA is configured."
	textRecoveryByMail  = "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_email as a recovery mechanism when Email MFA is configured." // after its sibling
)

// GetUserPoolMfaConfig shows the factors that are configured.
func (s *Service) GetUserPoolMfaConfig(ctx context.Context, _ *api.Call, in *cognitoidp.GetUserPoolMfaConfigRequest) (*cognitoidp.GetUserPoolMfaConfigResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return shownMFA(pool.Config, pool.MFA), nil
}

// shownMFA tells what the pool itself carries (the mode, text messages) from there, the rest
// from the MFA record.
func shownMFA(r *cognitoidp.UserPoolType, m *mfaConfig) *mfaConfig {
	out := *m
	out.MfaConfiguration = r.MfaConfiguration
	if r.SmsConfiguration != nil {
		out.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{
			SmsAuthenticationMessage: r.SmsAuthenticationMessage,
			SmsConfiguration:         r.SmsConfiguration,
		}
	}
	return &out
}

// SetUserPoolMfaConfig replaces a pool's configuration of second factors: what the request
// leaves out is turned off, the mode too.
func (s *Service) SetUserPoolMfaConfig(ctx context.Context, call *api.Call, in *cognitoidp.SetUserPoolMfaConfigRequest) (*cognitoidp.SetUserPoolMfaConfigResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	next := pool.Config.Clone()
	next.LastModifiedDate = api.Time(call.Time)
	if next.MfaConfiguration = in.MfaConfiguration; next.MfaConfiguration == nil {
		next.MfaConfiguration = new(cognitoidp.UserPoolMfaTypeOff)
	}
	if err := s.setSMSMFA(next, in.SmsMfaConfiguration); err != nil {
		return nil, err
	}
	m := &mfaConfig{
		SoftwareTokenMfaConfiguration: in.SoftwareTokenMfaConfiguration,
		EmailMfaConfiguration:         in.EmailMfaConfiguration,
		WebAuthnConfiguration:         in.WebAuthnConfiguration,
	}
	m = m.Clone()
	if m.SoftwareTokenMfaConfiguration != nil {
		setDefault(&m.SoftwareTokenMfaConfiguration.Enabled, false)
	}
	if m.WebAuthnConfiguration != nil {
		setDefault(&m.WebAuthnConfiguration.UserVerification, cognitoidp.UserVerificationTypePreferred)
	}
	if err := checkRelyingParty(m.WebAuthnConfiguration); err != nil {
		return nil, err
	}
	if err := checkSetMFA(next, m, in); err != nil {
		return nil, err
	}
	if err := checkSingleFactors(next, m); err != nil {
		return nil, err
	}
	err = s.deps.Store.UpdatePool(ctx, &store.Pool{ID: pool.Internal(), Version: pool.Version, Config: next, MFA: m})
	if err := s.wrotePool(pool.ID(), err); err != nil {
		return nil, err
	}
	return (*cognitoidp.SetUserPoolMfaConfigResponse)(shownMFA(next, m)), nil
}

// setSMSMFA puts the configuration of text messages where the pool keeps it.
func (s *Service) setSMSMFA(r *cognitoidp.UserPoolType, c *cognitoidp.SmsMfaConfigType) error {
	if c == nil {
		return nil
	}
	c = c.Clone()
	r.SmsAuthenticationMessage = c.SmsAuthenticationMessage
	if c.SmsConfiguration != nil {
		r.SmsConfiguration = c.SmsConfiguration
	}
	if r.SmsConfiguration == nil {
		return fault.InvalidParameter(textMFANoSMS)
	}
	if err := s.checkSMSConfiguration(r); err != nil {
		return err
	}
	if err := refuseForeignKeys("SetUserPoolMfaConfig", r); err != nil {
		return err
	}
	s.completeSMSConfiguration(r.SmsConfiguration)
	return nil
}

// checkSetMFA judges what SetUserPoolMfaConfig would make of a pool.
func checkSetMFA(r *cognitoidp.UserPoolType, m *mfaConfig, in *cognitoidp.SetUserPoolMfaConfigRequest) error {
	off := *r.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff
	app := m.SoftwareTokenMfaConfiguration != nil && api.Value(m.SoftwareTokenMfaConfiguration.Enabled)
	given := in.SmsMfaConfiguration != nil || m.EmailMfaConfiguration != nil || app
	switch {
	case off && given:
		return fault.InvalidParameter(textMFAOffWith)
	case off:
		return nil
	case in.SmsMfaConfiguration == nil && r.SmsConfiguration != nil:
		return fault.InvalidParameter(textMFAKeepsSMS)
	case !given:
		return fault.InvalidParameter(textMFANothing)
	default:
		return checkDestinations(r, m)
	}
}

// checkPoolMFA judges the second factors of a pool that CreateUserPool or UpdateUserPool
// would make: they know only text messages, but must not take away what the others need. m
// is nil for a new pool.
func checkPoolMFA(r *cognitoidp.UserPoolType, m *mfaConfig) error {
	if *r.MfaConfiguration != cognitoidp.UserPoolMfaTypeOff {
		p := catalog.NewPool(&store.Pool{Config: r, MFA: m})
		if !p.Offers(catalog.FactorSMS) && !p.Offers(catalog.FactorEmail) && !p.Offers(catalog.FactorTOTP) {
			return fault.InvalidParameter(textMFANeedsSMS)
		}
	}
	if err := checkSingleFactors(r, m); err != nil {
		return err
	}
	return checkDestinations(r, m)
}

// checkDestinations judges where the codes of MFA go.
func checkDestinations(r *cognitoidp.UserPoolType, m *mfaConfig) error {
	if err := checkEmailMFA(r, m); err != nil {
		return err
	}
	return checkRecoveryMFA(r, m)
}

// checkEmailMFA judges whether codes of MFA can go by e-mail: not through Cognito's own
// account.
func checkEmailMFA(r *cognitoidp.UserPoolType, m *mfaConfig) error {
	if m == nil || m.EmailMfaConfiguration == nil {
		return nil
	}
	c := r.EmailConfiguration
	if c == nil || api.Value(c.EmailSendingAccount) != cognitoidp.EmailSendingAccountTypeDeveloper {
		return fault.InvalidParameter(textMFADefaultMail)
	}
	return nil
}

// checkRecoveryMFA refuses an only way to reset passwords that is a second factor, too.
func checkRecoveryMFA(r *cognitoidp.UserPoolType, m *mfaConfig) error {
	c := r.AccountRecoverySetting
	if *r.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff || c == nil || len(c.RecoveryMechanisms) != 1 {
		return nil
	}
	switch p := catalog.NewPool(&store.Pool{Config: r, MFA: m}); {
	case p.PrimaryRecovery() == catalog.PhoneNumber && p.Offers(catalog.FactorSMS):
		return fault.InvalidParameter(textRecoveryByPhone)
	case p.PrimaryRecovery() == catalog.Email && p.Offers(catalog.FactorEmail):
		return fault.InvalidParameter(textRecoveryByMail)
	default:
		return nil
	}
}
