package cenote

import (
	"maps"
	"strings"

	"github.com/cenote-id/cenote/api"
)

// rateCategories returns the request-rate category of each operation of cognito-idp, as
// its guide sorts them ("Quotas in Amazon Cognito", API request rate quotas). Operations
// on what belongs to a pool fall into the last two by their verb; operations on tags have
// no category.
func rateCategories(service *api.Service) map[string]string {
	named := map[string]string{}
	for category, operations := range map[string]string{
		"UserAuthentication":  "AdminInitiateAuth InitiateAuth AdminRespondToAuthChallenge RespondToAuthChallenge",
		"UserCreation":        "SignUp ConfirmSignUp AdminCreateUser AdminConfirmSignUp",
		"UserAccountRecovery": "ChangePassword ForgotPassword ConfirmForgotPassword AdminResetUserPassword AdminSetUserPassword",
		"UserRead":            "AdminGetUser GetUser",
		"UserUpdate": "AdminDeleteUserAttributes AdminUpdateUserAttributes AdminDeleteUser AdminDisableUser AdminEnableUser " +
			"AdminLinkProviderForUser AdminDisableProviderForUser VerifyUserAttribute DeleteUser DeleteUserAttributes " +
			"UpdateUserAttributes AdminUserGlobalSignOut GlobalSignOut",
		"UserToken": "RevokeToken GetTokensFromRefreshToken",
		"UserResourceRead": "AdminGetDevice AdminListDevices AdminListGroupsForUser GetDevice ListDevices " +
			"GetUserAttributeVerificationCode ResendConfirmationCode AdminListUserAuthEvents GetUserAuthFactors " +
			"AdminGetUserAuthFactors ListWebAuthnCredentials",
		"UserResourceUpdate": "AdminAddUserToGroup AdminRemoveUserFromGroup ConfirmDevice UpdateDeviceStatus ForgetDevice " +
			"AdminUpdateDeviceStatus AdminForgetDevice SetUserMFAPreference AdminSetUserMFAPreference AssociateSoftwareToken " +
			"VerifySoftwareToken UpdateAuthEventFeedback AdminUpdateAuthEventFeedback SetUserSettings AdminSetUserSettings " +
			"StartWebAuthnRegistration CompleteWebAuthnRegistration DeleteWebAuthnCredential",
		"UserList":             "ListUsers ListUsersInGroup",
		"UserPoolRead":         "DescribeUserPool ListUserPools",
		"UserPoolUpdate":       "CreateUserPool UpdateUserPool DeleteUserPool",
		"UserPoolClientRead":   "DescribeUserPoolClient ListUserPoolClients",
		"UserPoolClientUpdate": "CreateUserPoolClient UpdateUserPoolClient DeleteUserPoolClient",
		"":                     "TagResource UntagResource ListTagsForResource",
	} {
		for operation := range strings.FieldsSeq(operations) {
			named[operation] = category
		}
	}
	categories := map[string]string{}
	for operation := range maps.Keys(service.Operations) {
		category, ok := named[operation]
		switch {
		case ok:
		case strings.HasPrefix(operation, "Describe"), strings.HasPrefix(operation, "List"), strings.HasPrefix(operation, "Get"):
			category = "UserPoolResourceRead"
		default:
			category = "UserPoolResourceUpdate"
		}
		categories[operation] = category
	}
	return categories
}
