package token

// The texts that clients see. Those without a note are recorded from AWS; amazon-cognito-
// identity-js and Amplify act on the exception's name only.
const (
	textInvalidAccess  = "Invalid Access Token"
	textBadSignature   = "Could not verify signature for Access Token"
	textAccessExpired  = "Access Token has expired"
	textAccessRevoked  = "Access Token has been revoked"
	textMissingScope   = "Access Token does not have required scopes"
	textUserDisabled   = "User is disabled."
	textNoUser         = "User does not exist."
	textResetRequired  = "Password reset required for the user"
	textNotConfirmed   = "User is not confirmed."
	textInvalidRefresh = "Invalid Refresh Token."
	textRefreshExpired = "Refresh Token has expired"
	textRefreshRevoked = "Refresh Token has been revoked"

	textRefreshReused = "Refresh Token has been used already"                     // chosen here
	textForeignToken  = "Refresh Token was not issued to this client"             // chosen here
	textWrongType     = "Unsupported token type, only refresh tokens are revoked" // chosen here
	textNotRevocable  = "Token revocation is not enabled for this client"         // chosen here
	textMalformed     = "Invalid refresh token"                                   // chosen here, RevokeToken only
	textBusy          = "Rate exceeded"                                           // widely reported
)
