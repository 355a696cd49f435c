package signin

import (
	"errors"

	"github.com/cenote-id/cenote/internal/fault"
)

// The texts that clients see. Those without a note are recorded from AWS.
const (
	textTokenRevoked    = "Access Token has been revoked"
	textBadCredentials  = "Incorrect username or password."
	textNoUser          = "User does not exist."
	textDisabled        = "User is disabled."
	textUnconfirmed     = "User is not confirmed."
	textResetRequired   = "Password reset required for the user"
	textPasswordExpired = "Temporary password has expired and must be reset by an administrator."

	textSRPDenied      = "USER_SRP_AUTH is not enabled for the client."
	textPasswordDenied = "USER_PASSWORD_AUTH flow not enabled for this client"
	textFlowDenied     = "Auth flow not enabled for this client"
	textCustomDenied   = "CUSTOM_AUTH is not enabled for the client." // after its siblings
	textChoiceDenied   = "USER_AUTH flow not enabled for this client" // after its siblings
	textWrongOperation = "Initiate Auth method not supported."        // AdminInitiateAuth: after InitiateAuth's
	textNoCustom       = "Custom auth lambda trigger is not configured for the user pool."
	textRotates        = "This API does not support refresh token rotation"

	textNoDevice     = "Device does not exist." // Amplify retries without the device on exactly this text
	textBadDeviceKey = "Invalid device key given."
	textDeviceExists = "Device already exists."                                // chosen here
	textNoVerifier   = "Missing required parameter DeviceSecretVerifierConfig" // chosen here, after its siblings
	textNotTracked   = "Device tracking is not enabled for the user pool."     // chosen here
	textPage         = "Paging Marker is Invalid for Request"                  // recorded for ListUsers

	textMissing        = "Missing required parameter "
	textSession        = "Invalid session for the user."
	textSessionExpired = "Invalid session for the user, session is expired."
	textSessionUsed    = "Invalid session for the user, session can only be used once."

	textWrongCode      = "Invalid code or auth state for the user."
	textWrongTOTP      = "Invalid code received for user"
	textTOTPUsed       = "Your software token has already been used once."
	textCodeMismatch   = "Code mismatch"
	textNoTOTP         = "Software Token MFA has not been enabled by the userPool."               // unconfirmed
	textNotAssociated  = "Software Token MFA has not been associated with the user."              // chosen here
	textNoFactor       = "The user has no second factor that the user pool can ask for."          // chosen here
	textNotOffered     = "The answer is none of the offered second factors."                      // chosen here
	textNoDelivery     = "User does not have delivery config set to turn on %s"                   // EMAIL_OTP: after its siblings
	textPreferredOff   = "%s cannot be preferred while it is disabled."                           // chosen here
	textTwoPreferred   = "Only one MFA method can be preferred."                                  // chosen here
	textPasskeysSingle = "Passkeys are not configured as a multi-factor method of the user pool." // chosen here
	textPasskeysAlone  = "Another MFA method must be enabled before passkeys can count as MFA."   // chosen here
	textOnlySMS        = "MFAOptions can only name phone_number with the delivery medium SMS."    // chosen here
	textTokenOrSession = "Exactly one of AccessToken and Session must be given."                  // chosen here
	textPreferred      = "Invalid PREFERRED_CHALLENGE."                                           // chosen here
	textNotAvailable   = "The answer is none of the available challenges."                        // chosen here

	// Of passkeys; all chosen here, since clients tell them apart by the exceptions.
	textPasskey        = "The passkey could not be verified."
	textCredential     = "The credential is not a response of WebAuthn."
	textNoPasskeys     = "Passkeys are not enabled for this user pool."
	textNoRelyingParty = "The user pool has neither a relying party ID nor a domain."
	textManyPasskeys   = "The limit of 20 passkeys per user is reached."
	textNoChallenge    = "The challenge was not found or has expired."
	textOtherClient    = "The registration was started by another app client."
	textOrigin         = "The origin does not belong to the relying party."
	textRelyingParty   = "The credential was made for another relying party."
	textUnsupported    = "The credential is of a kind that is not supported."
	textPasskeyExists  = "The passkey is registered already."
	textNoPasskey      = "The passkey does not exist."

	// The constraint texts of members that hold a password.
	textPasswordLong  = "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 256"
	textPasswordBlank = `1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\S]+`

	textNoSecret    = "Client %s is configured with secret but the client secret was not received" // chosen here, after the text for SECRET_HASH
	textWrongSecret = "Unable to verify secret for client "                                        // chosen here, after the text for SECRET_HASH
)

// The reasons under which refused sign-ins are counted.
const (
	reasonCredentials = "bad_credentials"
	reasonHash        = "srp_blocked_by_legacy_hash"
	reasonLocked      = "locked"
	reasonNoUser      = "user_not_found"
	reasonDisabled    = "disabled"
	reasonUnconfirmed = "unconfirmed"
	reasonReset       = "password_reset_required"
	reasonExpired     = "password_expired"
	reasonSession     = "session"
	reasonNewPassword = "new_password"
	reasonFactor      = "no_second_factor"
	reasonCode        = "bad_code"
	reasonDelivery    = "code_not_delivered"
	reasonDevice      = "device"
	reasonTrigger     = "trigger_denied"
	reasonCustom      = "custom_denied"
	reasonFlow        = "flow"
	reasonClient      = "client_secret"
	reasonRisk        = "risk"
	reasonOther       = "other"
)

// refusal is an error that a client sees, with the reason under which it is counted.
type refusal struct {
	seen   *fault.Error
	reason string
}

// Error is the text of the error that the client sees.
func (r *refusal) Error() string { return r.seen.Error() }

func refuse(reason string, seen *fault.Error) error { return &refusal{seen: seen, reason: reason} }

func badCredentials() error {
	return refuse(reasonCredentials, fault.NotAuthorized(textBadCredentials))
}

func noUser() error { return refuse(reasonNoUser, fault.UserNotFound(textNoUser)) }

func badSession(text string) error { return refuse(reasonSession, fault.NotAuthorized(text)) }

// because gives an error that a client sees the reason under which it is counted; others
// stay as they are.
func because(reason string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return refuse(reason, f)
	}
	return err
}
