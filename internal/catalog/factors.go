package catalog

import (
	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// Factor is a second factor under the name of its challenge: SMS_MFA, EMAIL_OTP or
// SOFTWARE_TOKEN_MFA. These are also the values of UserMFASettingList.
type Factor = cognitoidp.ChallengeNameType

// The second factors.
const (
	FactorSMS   = cognitoidp.ChallengeNameTypeSmsMfa
	FactorEmail = cognitoidp.ChallengeNameTypeEmailOtp
	FactorTOTP  = cognitoidp.ChallengeNameTypeSoftwareTokenMfa
)

// Factors are all second factors, in the order in which challenges list them.
func Factors() []Factor { return []Factor{FactorSMS, FactorTOTP, FactorEmail} }

// FactorAttribute returns the attribute whose value receives a factor's codes, "" for the
// factor that needs none.
func FactorAttribute(f Factor) string {
	switch f {
	case FactorSMS:
		return PhoneNumber
	case FactorEmail:
		return Email
	default:
		return ""
	}
}

// MFAMode says whether users sign in with a second factor: all, who has chosen one, or none.
func (p *Pool) MFAMode() cognitoidp.UserPoolMfaType {
	if mode := api.Value(p.Config.MfaConfiguration); mode != "" {
		return mode
	}
	return cognitoidp.UserPoolMfaTypeOff
}

// Offers says whether the pool is set up for a second factor. Text messages are one
// wherever the pool can send them.
func (p *Pool) Offers(f Factor) bool {
	switch f {
	case FactorSMS:
		return p.Config.SmsConfiguration != nil
	case FactorEmail:
		return p.MFA != nil && p.MFA.EmailMfaConfiguration != nil
	case FactorTOTP:
		return p.MFA != nil && p.MFA.SoftwareTokenMfaConfiguration != nil &&
			api.Value(p.MFA.SoftwareTokenMfaConfiguration.Enabled)
	default:
		return false
	}
}

// PrimaryRecovery returns the attribute that resets forgotten passwords in the first place,
// "" where administrators do it or recovery is the legacy one. Unless a user has asked for
// it, such an attribute does not receive codes of MFA: one mailbox would be both factors.
func (p *Pool) PrimaryRecovery() string {
	if len(p.recovery) == 0 {
		return ""
	}
	switch p.recovery[0] {
	case cognitoidp.RecoveryOptionNameTypeVerifiedEmail:
		return Email
	case cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber:
		return PhoneNumber
	default:
		return ""
	}
}
