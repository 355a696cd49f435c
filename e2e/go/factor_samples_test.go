package e2e

import (
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// factorSamples are good requests of the operations on second factors.
func factorSamples() map[string]sample {
	preference := map[string]any{"Enabled": true, "PreferredMfa": false}
	settings := sample{
		"SMSMfaSettings": preference, "EmailMfaSettings": map[string]any{"Enabled": true, "PreferredMfa": true},
		"SoftwareTokenMfaSettings": map[string]any{"Enabled": false}, "WebAuthnMfaSettings": map[string]any{"Enabled": false},
	}
	options := []any{map[string]any{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}}
	byAdmin := func(of sample) sample {
		out := sample{"UserPoolId": "{pool}", "Username": "{user}"}
		for name, value := range of {
			out[name] = value
		}
		return out
	}
	byToken := func(of sample) sample {
		out := sample{"AccessToken": "{access}"}
		for name, value := range of {
			out[name] = value
		}
		return out
	}
	return map[string]sample{
		"SetUserPoolMfaConfig": {
			"UserPoolId": "{pool}", "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": map[string]any{"Enabled": true},
			"SmsMfaConfiguration": map[string]any{
				"SmsAuthenticationMessage": "{####}", "SmsConfiguration": map[string]any{"SnsCallerArn": "arn:aws:iam::000000000000:role/r", "ExternalId": "x", "SnsRegion": "us-east-1"},
			},
			"EmailMfaConfiguration": map[string]any{"Subject": "s", "Message": "{####}"},
			"WebAuthnConfiguration": map[string]any{"RelyingPartyId": "example.com", "UserVerification": "required", "FactorConfiguration": "SINGLE_FACTOR"},
		},
		"AssociateSoftwareToken":    byToken(sample{}),
		"VerifySoftwareToken":       byToken(sample{"UserCode": "{totp}", "FriendlyDeviceName": "phone"}),
		"SetUserMFAPreference":      byToken(settings),
		"AdminSetUserMFAPreference": byAdmin(settings),
		"SetUserSettings":           byToken(sample{"MFAOptions": options}),
		"AdminSetUserSettings":      byAdmin(sample{"MFAOptions": options}),
		"GetUserAuthFactors":        byToken(sample{}),
		"AdminGetUserAuthFactors":   byAdmin(sample{}),
	}
}

// prepareFactors makes a world whose user can have every second factor, and has begun to
// set an app up.
func (w *world) prepareFactors() {
	must(w.UpdateUserPool(w.ctx, &idp.UpdateUserPoolInput{
		UserPoolId: &w.app.pool, AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		EmailConfiguration: &types.EmailConfigurationType{
			EmailSendingAccount: types.EmailSendingAccountTypeDeveloper,
			SourceArn:           ptr("arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com"),
		},
	}))(w.t)
	must(w.SetUserPoolMfaConfig(w.ctx, factors(w.app.pool, types.UserPoolMfaTypeOptional)))(w.t)
	must(w.AdminUpdateUserAttributes(w.ctx, &idp.AdminUpdateUserAttributesInput{
		UserPoolId: &w.app.pool, Username: &w.user.name, UserAttributes: attributes("phone_number", phone()),
	}))(w.t)
	secret := must(w.AssociateSoftwareToken(w.ctx, &idp.AssociateSoftwareTokenInput{AccessToken: ptr(w.tokens["{access}"])}))(w.t).SecretCode
	software := newAuthenticator(w.t, &factorScene{began: time.Now()}, *secret)
	w.tokens["{totp}"] = software.code()
}
