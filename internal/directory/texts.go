package directory

// The texts that clients see. Their sources are answers recorded from AWS (fixtures, bug
// reports), the API model and the developer guide; where AWS's text is not known, the
// comment says that it was chosen here.
const (
	textNoUser       = "User does not exist."                                // recorded
	textNoUserClient = "Username/client id combination not found."           // recorded for ForgotPassword
	textDisabled     = "User is disabled."                                   // recorded at sign-in
	textDisabledBare = "User is disabled"                                    // AdminResetUserPassword, as other implementations report it
	textBadPassword  = "Incorrect username or password."                     // recorded
	textAttempts     = "Attempt limit exceeded, please try after some time." // recorded
	textBusy         = "Rate exceeded"                                       // widely reported

	textNoSignUp       = "SignUp is not permitted for this user pool"            // widely reported
	textUserExists     = "User already exists"                                   // recorded, SignUp
	textAccountExists  = "User account already exists"                           // recorded, AdminCreateUser
	textNotConfirmable = "User cannot be confirmed. Current status is "          // recorded
	textConfirmed      = "User is already confirmed."                            // recorded
	textNoResend       = "Cannot resend codes. Auto verification not turned on." // recorded
	textNotConfirmed   = "User is not confirmed."                                // recorded

	textSession        = "Invalid session for the user."                     // recorded at sign-in
	textSessionExpired = "Invalid session for the user, session is expired." // recorded at sign-in

	textOldCode = "Invalid code provided, please request a code again."   // recorded
	textBadCode = "Invalid verification code provided, please try again." // recorded

	textState      = "User password cannot be reset in the current state."                                         // as other implementations report it
	textNoContact  = "Cannot reset password for the user as there is no registered/verified email or phone_number" // recorded
	textAdminReset = "Contact administrator to reset password."                                                    // matches the console's wording

	textResendState = "Resend not possible. %s status is not FORCE_CHANGE_PASSWORD"                    // as two other implementations report it
	textNoMedium    = "User does not have an email or phone_number for the requested delivery medium." // chosen here

	// textNoPassword is the constraint text of the time when Password was required.
	textNoPassword = "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
	// textNoFactor is chosen here, as is the text of a Session that is not good.
	textNoFactor = "Password is required for users without an attribute that receives one-time passwords."
	// textNoPrevious is chosen here, after the recorded "Missing required parameter USERNAME".
	textNoPrevious = "Missing required parameter PreviousPassword"
	// textNoProviderName is chosen here, after the same.
	textNoProviderName = "Missing required parameter ProviderName"
)

// User names.
const (
	textNotEmail        = "Username should be an email."                                                                                       // recorded
	textNotPhone        = "Username should be a phone number."                                                                                 // after its siblings
	textNotEmailOrPhone = "Username should be either an email or a phone number."                                                              // recorded
	textEmailShaped     = "Username cannot be of email format, since user pool is configured for email alias."                                 // recorded
	textPhoneShaped     = "Username cannot be of phone number format, since user pool is configured for phone number alias."                   // after its sibling
	textNameDiffers     = "Username and the attribute %s should have the same value."                                                          // chosen here
	textEarlyPreferred  = "Attribute preferred_username cannot be set at sign-up, since user pool is configured for preferred_username alias." // chosen here
	textPreferredEmail  = "Preferred username cannot be of email format, since user pool is configured for email alias."                       // after its sibling for Username
	textPreferredPhone  = "Preferred username cannot be of phone number format, since user pool is configured for phone number alias."         // after its sibling for Username

	// textGiven is for names that a request gives (SignUp, AdminCreateUser, updates);
	// recorded for email.
	textGiven = "An account with the given %s already exists."
	// textAlias is for names that become live by verification; from the model.
	textAlias = "An account with the %s already exists."
)

// Attributes.
const (
	textUnwritable = "A client attempted to write unauthorized attribute" // recorded
	textSchema     = "Attributes did not conform to the schema: "         // recorded; a line per attribute follows
	textInvalid    = "Invalid user attributes: "                          // DeleteUserAttributes; a line per attribute follows
	textNoType     = "Type for attribute {%s} could not be determined"    // recorded, AdminCreateUser

	reasonUnknown   = "Attribute does not exist in the schema."    // recorded
	reasonRequired  = "The attribute is required"                  // recorded
	reasonImmutable = "Attribute cannot be updated."               // recorded
	reasonTooShort  = "String must be at least %s characters long" // chosen here, as the following
	reasonTooLong   = "String must be at most %s characters long"
	reasonUnclean   = "String contains characters that are not allowed"
	reasonNotNumber = "Number must be an integer"
	reasonTooSmall  = "Number must be >= %s"
	reasonTooLarge  = "Number must be <= %s"
	reasonNotBool   = "Boolean must be true or false"
	reasonNotDate   = "DateTime must be of ISO 8601 format"

	textBadEmail      = "Invalid email address format."                                     // widely reported
	textBadPhone      = "Invalid phone number format."                                      // widely reported
	textEmailMissing  = "Email is required to verify/un-verify an email"                    // as other implementations report it
	textPhoneMissing  = "Phone Number is required to verify/un-verify a phone number"       // as other implementations report it
	textNotVerifiable = "Attribute %s cannot be verified, only email and phone_number can." // chosen here
	textNoValue       = "User does not have a value for the attribute %s."                  // chosen here

	textProvided   = "Cannot modify an already provided %s"       // recorded, NEW_PASSWORD_REQUIRED
	textNonMutable = "Cannot modify the non-mutable attribute %s" // NEW_PASSWORD_REQUIRED, wording unconfirmed
	textMissing    = "Invalid attributes given, %s is missing"    // NEW_PASSWORD_REQUIRED, wording unconfirmed
)

// ListUsers.
const (
	textFilter    = "Error while parsing filter"                     // as other implementations report it
	textSearch    = "Invalid search attribute: "                     // as other implementations report it
	textRequested = "One or more requested attributes do not exist." // recorded
	textPage      = "Paging Marker is Invalid for Request"           // recorded
)

// Groups.
const (
	textNoGroup      = "Group not found."                                  // recorded
	textGroupExists  = "A group with the name already exists."             // as two other implementations report it
	textCrossAccount = "Cross-account pass role is not allowed."           // measured
	textGroupLimit   = "The limit of %d groups in a user pool is reached." // chosen here, as the following
	textMemberLimit  = "The limit of %d groups of a user is reached."
	textNextToken    = "Invalid pagination token."
)

// User import. Completion messages and the lines of rows that AWS's guide shows are its
// own; the others were chosen here.
const (
	textImportDone    = "Import Job Completed Successfully."                            // guide
	textImportStopped = "The Import Job was stopped by the developer."                  // guide
	textImportExpired = "The user import job has expired."                              // guide
	textImportNothing = "Too many users have failed or been skipped during the import." // recorded
	textImportHeader  = "The header row does not match the attributes of the user pool."

	textManyImports     = "The limit of 1000 user import jobs per user pool is reached."
	textNothingVerified = "The user pool must verify at least one of email and phone_number to import users."
	textStarted         = "The user import job was started already, or has expired."
	textNoFile          = "No file was uploaded for the user import job."
	textImportRuns      = "Another user import job is running in the user pool."
	textNotRunning      = "The user import job is not running."

	lineExists = "The user already exists."                                                                                     // guide
	lineVerify = "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)." // guide

	lineLong      = "The row has more than 16,000 characters."
	lineFields    = "The row does not have as many values as the header."
	lineNoName    = "cognito:username is required."
	lineBadName   = "cognito:username has blanks, or characters that are not allowed, or more than 128 of them."
	lineMFA       = "cognito:mfa_enabled must be true or false."
	lineMFAOn     = "cognito:mfa_enabled must be true, because the user pool requires MFA."
	lineMFAOff    = "cognito:mfa_enabled must be false, because MFA is off in the user pool."
	lineNoContact = "%s is required, because %s_verified is true."
	lineBirthdate = "birthdate must have the form mm/dd/yyyy."
	lineHash      = "cenote:password_hash is no password hash that can be checked."
	lineHashOther = "cenote:password_hash was not made by the job's PasswordHashingAlgorithm."
	linePreferred = "preferred_username: "
)

// Uploads and logs of user imports, in the words of S3 where it has them.
const (
	textDenied       = "Access Denied"
	textURLExpired   = "Request has expired"
	textURLSignature = "The request signature we calculated does not match the signature you provided."
	textTooLarge     = "Your proposed upload exceeds the maximum allowed size"
	textTooManyRows  = "The file has more rows than a user import job may have."
	textUploadClosed = "The user import job takes no file any more."
	textOvertaken    = "Another upload to the same user import job has begun."
	textNoCSV        = "The file is no CSV file in UTF-8: "
)

// Identities at external providers.
const (
	textNoProvider       = "Identity provider %s does not exist."                                                                                       // as another implementation reports it
	textLocalSource      = "Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser" // recorded
	textMerging          = "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"                      // recorded
	textAlreadyLinked    = "SourceUser is already linked to DestinationUser"                                                                            // recorded
	textLinkedElsewhere  = "SourceUser is already linked to another user."                                                                              // chosen here, as the following
	textSourceAttribute  = "ProviderAttributeName of %s must be Cognito_Subject, or an attribute that an OIDC or SAML provider maps."
	textSourceValue      = "ProviderAttributeValue must have 1 to 2048 characters."
	textImmutableProfile = "DestinationUser has values of immutable custom attributes."
	textLinkLimit        = "The limit of %d linked identities of a user is reached."
)
