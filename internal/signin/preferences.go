package signin

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// SetUserMFAPreference turns second factors of the caller on and off and says which of them
// is preferred. What is left out stays as it is.
func (s *Service) SetUserMFAPreference(ctx context.Context, call *api.Call, in *cognitoidp.SetUserMFAPreferenceRequest) (*cognitoidp.SetUserMFAPreferenceResponse, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	return empty(s.setMFA(ctx, client.Pool, u, func(u *store.User) error { return prefer(client.Pool, u, in) }))
}

// AdminSetUserMFAPreference is SetUserMFAPreference for any user.
func (s *Service) AdminSetUserMFAPreference(ctx context.Context, _ *api.Call, in *cognitoidp.AdminSetUserMFAPreferenceRequest) (*cognitoidp.AdminSetUserMFAPreferenceResponse, error) {
	pool, u, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	own := &cognitoidp.SetUserMFAPreferenceRequest{
		SMSMfaSettings: in.SMSMfaSettings, SoftwareTokenMfaSettings: in.SoftwareTokenMfaSettings,
		EmailMfaSettings: in.EmailMfaSettings, WebAuthnMfaSettings: in.WebAuthnMfaSettings,
	}
	return empty(s.setMFA(ctx, pool, u, func(u *store.User) error { return prefer(pool, u, own) }))
}

// SetUserSettings is the older form, which knows text messages only: an empty list turns
// them off.
func (s *Service) SetUserSettings(ctx context.Context, call *api.Call, in *cognitoidp.SetUserSettingsRequest) (*cognitoidp.SetUserSettingsResponse, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	return empty(s.setMFA(ctx, client.Pool, u, func(u *store.User) error { return setOptions(client.Pool, u, in.MFAOptions) }))
}

// AdminSetUserSettings is SetUserSettings for any user.
func (s *Service) AdminSetUserSettings(ctx context.Context, _ *api.Call, in *cognitoidp.AdminSetUserSettingsRequest) (*cognitoidp.AdminSetUserSettingsResponse, error) {
	pool, u, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return empty(s.setMFA(ctx, pool, u, func(u *store.User) error { return setOptions(pool, u, in.MFAOptions) }))
}

// setMFA changes what a user has chosen of second factors; mutate judges the fresh user.
func (s *Service) setMFA(ctx context.Context, pool *catalog.Pool, u *store.User, mutate func(*store.User) error) error {
	_, err := s.store.UpdateUser(ctx, pool.Internal(), u.ID, store.UpdateOptions{}, mutate)
	if errors.Is(err, store.ErrNotFound) {
		return fault.UserNotFound(textNoUser).Because(err)
	}
	return err
}

// administered returns the pool and the user that an Admin operation names.
func (s *Service) administered(ctx context.Context, poolID, username *string) (*catalog.Pool, *store.User, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(poolID))
	if err != nil {
		return nil, nil, err
	}
	u, err := s.directory.Find(ctx, pool, api.Value(username))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, fault.UserNotFound(textNoUser).Because(err)
	}
	return pool, u, err
}

// setting is what a request says about one factor.
type setting struct {
	factor             catalog.Factor
	on                 *bool // where the user's choice stands
	enabled, preferred bool
}

// settings are what a request says about factors of u. Members that are absent from an
// object that is there are false: some SDKs send no false.
func settings(u *store.User, in *cognitoidp.SetUserMFAPreferenceRequest) []setting {
	var out []setting
	if c := in.SMSMfaSettings; c != nil {
		out = append(out, setting{catalog.FactorSMS, &u.MFA.SMS, api.Value(c.Enabled), api.Value(c.PreferredMfa)})
	}
	if c := in.SoftwareTokenMfaSettings; c != nil {
		out = append(out, setting{catalog.FactorTOTP, &u.MFA.TOTP, api.Value(c.Enabled), api.Value(c.PreferredMfa)})
	}
	if c := in.EmailMfaSettings; c != nil {
		out = append(out, setting{catalog.FactorEmail, &u.MFA.Email, api.Value(c.Enabled), api.Value(c.PreferredMfa)})
	}
	return out
}

// prefer applies a request to a user. Turning a factor off drops its preference; where the
// pool requires MFA, what the user has is asked for all the same.
func prefer(pool *catalog.Pool, u *store.User, in *cognitoidp.SetUserMFAPreferenceRequest) error {
	preferred := catalog.Factor("")
	for _, c := range settings(u, in) {
		switch {
		case c.enabled && (!pool.Offers(c.factor) || !directory.HasFactor(u, c.factor)):
			return fault.InvalidParameter(fmt.Sprintf(textNoDelivery, c.factor))
		case c.preferred && !c.enabled:
			return fault.InvalidParameter(fmt.Sprintf(textPreferredOff, c.factor))
		case c.preferred && preferred != "":
			return fault.InvalidParameter(textTwoPreferred)
		case c.preferred:
			preferred = c.factor
		case u.MFA.Preferred == c.factor:
			u.MFA.Preferred = ""
		}
		*c.on = c.enabled
		if c.factor == catalog.FactorSMS && !c.enabled {
			u.MFA.Legacy = nil
		}
	}
	if preferred != "" {
		u.MFA.Preferred = preferred
	}
	if c := in.WebAuthnMfaSettings; c != nil {
		return setPasskeys(pool, u, api.Value(c.Enabled))
	}
	return nil
}

// setPasskeys says whether a passkey with user verification counts as both factors. It is no
// second factor of its own, so one of those must be there for devices without the passkey.
func setPasskeys(pool *catalog.Pool, u *store.User, on bool) error {
	if on {
		if !pool.PasskeyIsMFA() {
			return fault.InvalidParameter(textPasskeysSingle)
		}
		if len(directory.ChosenFactors(u)) == 0 {
			return fault.InvalidParameter(textPasskeysAlone)
		}
	}
	u.MFA.Passkeys = on
	return nil
}

// setOptions applies the MFAOptions of SetUserSettings to a user.
func setOptions(pool *catalog.Pool, u *store.User, options []cognitoidp.MFAOptionType) error {
	for _, o := range options {
		if api.Value(o.DeliveryMedium) != cognitoidp.DeliveryMediumTypeSms || api.Value(o.AttributeName) != catalog.PhoneNumber {
			return fault.InvalidParameter(textOnlySMS)
		}
	}
	if len(options) == 0 {
		u.MFA.SMS, u.MFA.Legacy = false, nil
		if u.MFA.Preferred == catalog.FactorSMS {
			u.MFA.Preferred = ""
		}
		return nil
	}
	if !pool.Offers(catalog.FactorSMS) || !directory.HasFactor(u, catalog.FactorSMS) {
		return fault.InvalidParameter(fmt.Sprintf(textNoDelivery, catalog.FactorSMS))
	}
	u.MFA.SMS, u.MFA.Legacy = true, []string{catalog.PhoneNumber}
	return nil
}

// GetUserAuthFactors returns what the caller can sign in with.
func (s *Service) GetUserAuthFactors(ctx context.Context, call *api.Call, _ *cognitoidp.GetUserAuthFactorsRequest) (*cognitoidp.GetUserAuthFactorsResponse, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	return s.authFactors(ctx, client.Pool, u)
}

// AdminGetUserAuthFactors is GetUserAuthFactors for any user.
func (s *Service) AdminGetUserAuthFactors(ctx context.Context, _ *api.Call, in *cognitoidp.AdminGetUserAuthFactorsRequest) (*cognitoidp.AdminGetUserAuthFactorsResponse, error) {
	pool, u, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	out, err := s.authFactors(ctx, pool, u)
	return (*cognitoidp.AdminGetUserAuthFactorsResponse)(out), err
}

func (s *Service) authFactors(ctx context.Context, pool *catalog.Pool, u *store.User) (*cognitoidp.GetUserAuthFactorsResponse, error) {
	passkeys, err := s.store.Passkeys(ctx, pool.Internal(), u.ID)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.GetUserAuthFactorsResponse{Username: new(u.Username)}
	out.UserMFASettingList, out.PreferredMfaSetting = directory.MFASettings(u)
	for _, f := range []struct {
		factor cognitoidp.AuthFactorType
		has    bool
	}{
		{cognitoidp.AuthFactorTypePassword, u.Credential.HasPassword()},
		{cognitoidp.AuthFactorTypeEmailOtp, pool.FirstFactor(cognitoidp.AuthFactorTypeEmailOtp) && directory.HasFactor(u, catalog.FactorEmail)},
		{cognitoidp.AuthFactorTypeSmsOtp, pool.FirstFactor(cognitoidp.AuthFactorTypeSmsOtp) && directory.HasFactor(u, catalog.FactorSMS)},
		{cognitoidp.AuthFactorTypeWebAuthn, len(passkeys) > 0},
		{cognitoidp.AuthFactorTypeSoftwareToken, directory.HasFactor(u, catalog.FactorTOTP)},
	} {
		if f.has {
			out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors, f.factor)
		}
	}
	return out, nil
}
