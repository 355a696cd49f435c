package client

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// SoftwareTokenURI returns the otpauth URI by which authenticator apps take a secret from
// a QR code: issuer is the application's name, account the user's, as the app shows them.
// It holds the secret.
func SoftwareTokenURI(secret Secret, issuer, account string) string {
	label := account
	query := "secret=" + url.QueryEscape(string(secret))
	if issuer != "" {
		label = issuer + ":" + account
		// Apps show a plus sign as one, so spaces have to be %20.
		query += "&issuer=" + strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20")
	}
	return "otpauth://totp/" + url.PathEscape(label) + "?" + query
}

// AssociateSoftwareToken returns a new secret for the user's authenticator app, in base32.
// SoftwareTokenURI is the form that apps read from a QR code. The app in use so far goes
// on until VerifySoftwareToken.
func (s *Session) AssociateSoftwareToken(ctx context.Context) (Secret, error) {
	out, err := authorised[cognitoidp.AssociateSoftwareTokenResponse](ctx, s, "AssociateSoftwareToken", once, func(token *string) any {
		return &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: token}
	})
	if err != nil {
		return "", err
	}
	secret, _, err := softwareToken(out)
	return secret, err
}

// VerifySoftwareToken proves with a code that the user's app knows the secret. deviceName
// is the user's name for the app, and may be empty. Sign-ins ask for codes once
// SetMFAPreference has enabled that. A wrong code is ErrEnableSoftwareTokenMFA or
// ErrCodeMismatch.
func (s *Session) VerifySoftwareToken(ctx context.Context, code, deviceName string) error {
	out, err := authorised[cognitoidp.VerifySoftwareTokenResponse](ctx, s, "VerifySoftwareToken", once, func(token *string) any {
		return verification(&cognitoidp.VerifySoftwareTokenRequest{AccessToken: token}, code, deviceName)
	})
	if err != nil {
		return err
	}
	return verified(out)
}

func (p *Pool) associateSoftwareToken(ctx context.Context, in *cognitoidp.AssociateSoftwareTokenRequest) (Secret, *string, error) {
	out, err := call[cognitoidp.AssociateSoftwareTokenResponse](ctx, p, "AssociateSoftwareToken", once, in)
	if err != nil {
		return "", nil, err
	}
	return softwareToken(out)
}

func softwareToken(out *cognitoidp.AssociateSoftwareTokenResponse) (Secret, *string, error) {
	secret := api.Value(out.SecretCode)
	if secret == "" {
		return "", nil, fmt.Errorf("%w to AssociateSoftwareToken: no SecretCode", ErrBadAnswer)
	}
	return Secret(printable(secret)), out.Session, nil
}

func (p *Pool) verifySoftwareToken(ctx context.Context, in *cognitoidp.VerifySoftwareTokenRequest, code, deviceName string) (*string, error) {
	out, err := call[cognitoidp.VerifySoftwareTokenResponse](ctx, p, "VerifySoftwareToken", once, verification(in, code, deviceName))
	if err != nil {
		return nil, err
	}
	return out.Session, verified(out)
}

func verification(in *cognitoidp.VerifySoftwareTokenRequest, code, deviceName string) *cognitoidp.VerifySoftwareTokenRequest {
	in.UserCode = &code
	if deviceName != "" {
		in.FriendlyDeviceName = &deviceName
	}
	return in
}

func verified(out *cognitoidp.VerifySoftwareTokenResponse) error {
	if status := api.Value(out.Status); status != cognitoidp.VerifySoftwareTokenResponseTypeSuccess {
		return fmt.Errorf("%w to VerifySoftwareToken: status %s", ErrBadAnswer, printable(string(status)))
	}
	return nil
}

// MFASetting says whether sign-ins ask for a second factor, and whether it is the one
// that they ask for first. At most one factor is preferred.
type MFASetting struct{ Enabled, Preferred bool }

// MFAPreference is what SetMFAPreference changes. What is nil stays as it is.
type MFAPreference struct {
	SMS           *MFASetting
	SoftwareToken *MFASetting
	Email         *MFASetting
	// Passkey says whether passkeys with user verification count as two factors.
	Passkey *bool
}

// SetMFAPreference enables, disables and prefers second factors of the user: SMS needs a
// phone number, e-mail an address, and an app VerifySoftwareToken.
func (s *Session) SetMFAPreference(ctx context.Context, preference MFAPreference) error {
	_, err := authorised[cognitoidp.SetUserMFAPreferenceResponse](ctx, s, "SetUserMFAPreference", repeatable, func(token *string) any {
		in := &cognitoidp.SetUserMFAPreferenceRequest{AccessToken: token}
		if sms := preference.SMS; sms != nil {
			in.SMSMfaSettings = &cognitoidp.SMSMfaSettingsType{Enabled: &sms.Enabled, PreferredMfa: &sms.Preferred}
		}
		if app := preference.SoftwareToken; app != nil {
			in.SoftwareTokenMfaSettings = &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: &app.Enabled, PreferredMfa: &app.Preferred}
		}
		if email := preference.Email; email != nil {
			in.EmailMfaSettings = &cognitoidp.EmailMfaSettingsType{Enabled: &email.Enabled, PreferredMfa: &email.Preferred}
		}
		if preference.Passkey != nil {
			in.WebAuthnMfaSettings = &cognitoidp.WebAuthnMfaSettingsType{Enabled: preference.Passkey}
		}
		return in
	})
	return err
}

// EnableMFA has sign-ins ask for a code by SMS, in the way that was before
// SetMFAPreference and knows no other factor.
//
// Deprecated: SetMFAPreference takes all factors.
func (s *Session) EnableMFA(ctx context.Context) error {
	return s.setUserSettings(ctx, []cognitoidp.MFAOptionType{{
		DeliveryMedium: new(cognitoidp.DeliveryMediumTypeSms), AttributeName: new("phone_number"),
	}})
}

// DisableMFA undoes EnableMFA.
//
// Deprecated: SetMFAPreference takes all factors.
func (s *Session) DisableMFA(ctx context.Context) error {
	return s.setUserSettings(ctx, []cognitoidp.MFAOptionType{})
}

func (s *Session) setUserSettings(ctx context.Context, options []cognitoidp.MFAOptionType) error {
	_, err := authorised[cognitoidp.SetUserSettingsResponse](ctx, s, "SetUserSettings", repeatable, func(token *string) any {
		return &cognitoidp.SetUserSettingsRequest{AccessToken: token, MFAOptions: options}
	})
	return err
}

func factorList(names []string) []Factor {
	var factors []Factor
	for _, name := range names {
		factors = append(factors, Factor(name))
	}
	return factors
}
