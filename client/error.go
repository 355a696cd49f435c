package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Errors that arise on this side of the connection.
var (
	// ErrNotSignedIn says that the storage holds no session for the user, or that the
	// session has ended: it was signed out, its user deleted, or its refresh token refused.
	ErrNotSignedIn = errors.New("client: no user is signed in")
	// ErrNoDevice says that the storage holds no device for the session's user.
	ErrNoDevice = errors.New("client: the session is on no device that the pool tracks")
	// ErrBadAnswer says that what answered does not speak Cognito's protocol.
	ErrBadAnswer = errors.New("client: unusable answer")
)

// Error is a refusal by the service.
type Error struct {
	// Code is the exception's name. It is empty when the answer named none, as the error
	// page of a proxy does.
	Code Code
	// Message is the service's text.
	Message string
	// Reason is the reasonCode that some InvalidParameterExceptions carry.
	Reason string
	// Status is the HTTP status.
	Status int
	// RequestID is the service's name for the call, for its operators; may be empty.
	RequestID string
	// Operation is the refused operation, such as InitiateAuth.
	Operation string
}

// Error returns the exception's name and the service's text.
func (e *Error) Error() string {
	switch {
	case e.Code == "":
		return fmt.Sprintf("%s: HTTP status %d %s", e.Operation, e.Status, http.StatusText(e.Status))
	case e.Message == "":
		return string(e.Code)
	default:
		return string(e.Code) + ": " + e.Message
	}
}

// Is says whether target is the Code of e.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// throttled says that the service was too busy to look at the call. Limits on what a
// user may try (LimitExceededException, TooManyFailedAttemptsException) are no throttling.
func (e *Error) throttled() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == ErrTooManyRequests || e.Code == "ThrottlingException"
}

// Code is the name of an exception. As an error it serves errors.Is alone:
//
//	if errors.Is(err, client.ErrUserNotConfirmed) { ... }
//
// The constants below are those that the operations of this package answer; any other
// name can be compared as client.Code("...").
type Code string //nolint:errname // it is a value to compare with and to switch on

// Error returns the name.
func (c Code) Error() string { return string(c) }

// The exceptions of the operations that this package calls.
const (
	ErrAliasExists                  Code = "AliasExistsException"
	ErrCodeDeliveryFailure          Code = "CodeDeliveryFailureException"
	ErrCodeMismatch                 Code = "CodeMismatchException"
	ErrConcurrentModification       Code = "ConcurrentModificationException"
	ErrDeviceKeyExists              Code = "DeviceKeyExistsException"
	ErrEnableSoftwareTokenMFA       Code = "EnableSoftwareTokenMFAException"
	ErrExpiredCode                  Code = "ExpiredCodeException"
	ErrForbidden                    Code = "ForbiddenException"
	ErrInternal                     Code = "InternalErrorException"
	ErrInvalidLambdaResponse        Code = "InvalidLambdaResponseException"
	ErrInvalidParameter             Code = "InvalidParameterException"
	ErrInvalidPassword              Code = "InvalidPasswordException"
	ErrInvalidUserPoolConfiguration Code = "InvalidUserPoolConfigurationException"
	ErrLimitExceeded                Code = "LimitExceededException"
	ErrMFAMethodNotFound            Code = "MFAMethodNotFoundException"
	ErrNotAuthorized                Code = "NotAuthorizedException"
	ErrNotImplemented               Code = "NotImplemented" // Cenote's, with HTTP status 501
	ErrPasswordHistory              Code = "PasswordHistoryPolicyViolationException"
	ErrPasswordResetRequired        Code = "PasswordResetRequiredException"
	ErrRefreshTokenReuse            Code = "RefreshTokenReuseException"
	ErrResourceNotFound             Code = "ResourceNotFoundException"
	ErrSoftwareTokenMFANotFound     Code = "SoftwareTokenMFANotFoundException"
	ErrTooManyFailedAttempts        Code = "TooManyFailedAttemptsException"
	ErrTooManyRequests              Code = "TooManyRequestsException"
	ErrUnauthorized                 Code = "UnauthorizedException"
	ErrUnexpectedLambda             Code = "UnexpectedLambdaException"
	ErrUnsupportedOperation         Code = "UnsupportedOperationException"
	ErrUnsupportedTokenType         Code = "UnsupportedTokenTypeException"
	ErrUserLambdaValidation         Code = "UserLambdaValidationException"
	ErrUserNotConfirmed             Code = "UserNotConfirmedException"
	ErrUserNotFound                 Code = "UserNotFoundException"
	ErrUsernameExists               Code = "UsernameExistsException"

	ErrWebAuthnChallengeNotFound      Code = "WebAuthnChallengeNotFoundException"
	ErrWebAuthnClientMismatch         Code = "WebAuthnClientMismatchException"
	ErrWebAuthnConfigurationMissing   Code = "WebAuthnConfigurationMissingException"
	ErrWebAuthnCredentialNotSupported Code = "WebAuthnCredentialNotSupportedException"
	ErrWebAuthnNotEnabled             Code = "WebAuthnNotEnabledException"
	ErrWebAuthnOriginNotAllowed       Code = "WebAuthnOriginNotAllowedException"
	ErrWebAuthnRelyingPartyMismatch   Code = "WebAuthnRelyingPartyMismatchException"
)

// bareCode cuts an exception's name out of the forms in which it travels:
// "namespace#Name", "Name:http://...", "Name,..." (spec of the AWS JSON 1.1 protocol,
// operation error serialization).
func bareCode(text string) Code {
	if i := strings.IndexAny(text, ":,"); i >= 0 {
		text = text[:i]
	}
	if i := strings.LastIndexByte(text, '#'); i >= 0 {
		text = text[i+1:]
	}
	return Code(printable(text))
}

// printable drops control characters: the texts end up in terminals.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
