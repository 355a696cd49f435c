package signin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// as is a call of a user who is signed in.
func (e *env) as(c *catalog.Client, u *store.User) *api.Call {
	return &api.Call{Time: e.time(), Principal: api.Principal{User: &api.UserPrincipal{
		PoolID: c.Pool.ID(), ClientID: c.ID(), Sub: u.Sub, Username: u.Username,
	}}}
}

type prefer = cognitoidp.SetUserMFAPreferenceRequest

// twins are the two ways to call an operation about a user.
func (e *env) twins(c *catalog.Client, u *store.User) map[string]func(prefer) error {
	ctx := e.t.Context()
	return map[string]func(prefer) error{
		"self": func(in prefer) error {
			_, err := e.SetUserMFAPreference(ctx, e.as(c, u), &in)
			return err
		},
		"admin": func(in prefer) error {
			_, err := e.AdminSetUserMFAPreference(ctx, e.call(), &cognitoidp.AdminSetUserMFAPreferenceRequest{
				UserPoolId: c.Pool.Config.Id, Username: &u.Username, SMSMfaSettings: in.SMSMfaSettings, EmailMfaSettings: in.EmailMfaSettings,
				SoftwareTokenMfaSettings: in.SoftwareTokenMfaSettings, WebAuthnMfaSettings: in.WebAuthnMfaSettings,
			})
			return err
		},
	}
}

func sms(enabled, preferred *bool) prefer {
	return prefer{SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}}
}

func app(enabled, preferred *bool) prefer {
	return prefer{SoftwareTokenMfaSettings: &cognitoidp.SoftwareTokenMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}}
}

func mail(enabled, preferred *bool) prefer {
	return prefer{EmailMfaSettings: &cognitoidp.EmailMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}}
}

func passkeys(enabled bool) prefer {
	return prefer{WebAuthnMfaSettings: &cognitoidp.WebAuthnMfaSettingsType{Enabled: &enabled}}
}

func TestSetUserMFAPreference(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	yes, no := new(true), new(false)
	full := e.configure(e.client("Full"), mfa("OPTIONAL", catalog.Factors()...), func(p *store.Pool) {
		p.MFA.WebAuthnConfiguration = &cognitoidp.WebAuthnConfigurationType{
			FactorConfiguration: new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification),
		}
	})
	bare := e.client("Bare")
	noDelivery := func(f catalog.Factor) failure {
		return invalid("User does not have delivery config set to turn on " + string(f))
	}
	off := func(f catalog.Factor) failure {
		return invalid(string(f) + " cannot be preferred while it is disabled.")
	}
	ready := func(u *store.User) {
		withApp([]byte("seed"))(u)
		u.Attributes["phone_number"], u.MFA.TOTP = "+15550001234", false
	}
	having := func(m store.MFA) func(*store.User) { return func(u *store.User) { ready(u); u.MFA = m } }
	for name, tt := range map[string]struct {
		client *catalog.Client
		user   func(*store.User)
		in     prefer
		want   store.MFA
		err    failure
	}{
		"nothing":                     {full, having(store.MFA{SMS: true, Preferred: "SMS_MFA"}), prefer{}, store.MFA{SMS: true, Preferred: "SMS_MFA"}, noFault},
		"on":                          {full, ready, sms(yes, nil), store.MFA{SMS: true}, noFault},
		"on and not preferred":        {full, ready, mail(yes, no), store.MFA{Email: true}, noFault},
		"on and preferred":            {full, ready, app(yes, yes), store.MFA{TOTP: true, Preferred: "SOFTWARE_TOKEN_MFA"}, noFault},
		"preferred later":             {full, having(store.MFA{SMS: true}), sms(yes, yes), store.MFA{SMS: true, Preferred: "SMS_MFA"}, noFault},
		"preferred instead":           {full, having(store.MFA{SMS: true, Preferred: "SMS_MFA"}), app(yes, yes), store.MFA{SMS: true, TOTP: true, Preferred: "SOFTWARE_TOKEN_MFA"}, noFault},
		"on again":                    {full, having(store.MFA{SMS: true, Preferred: "SMS_MFA"}), sms(yes, nil), store.MFA{SMS: true}, noFault},
		"no longer preferred":         {full, having(store.MFA{SMS: true, Preferred: "SMS_MFA"}), sms(yes, no), store.MFA{SMS: true}, noFault},
		"off":                         {full, having(store.MFA{SMS: true, Preferred: "SMS_MFA", Legacy: []string{"phone_number"}}), sms(no, nil), store.MFA{}, noFault},
		"off without having it":       {bare, ready, app(no, no), store.MFA{}, noFault},
		"preferred but off":           {full, ready, sms(no, yes), store.MFA{}, off("SMS_MFA")},
		"preferred and not said":      {full, having(store.MFA{SMS: true}), sms(nil, yes), store.MFA{SMS: true}, off("SMS_MFA")},
		"nothing said":                {full, having(store.MFA{SMS: true, Preferred: "SMS_MFA"}), sms(nil, nil), store.MFA{}, noFault},
		"text without phone":          {full, func(*store.User) {}, sms(yes, nil), store.MFA{}, noDelivery("SMS_MFA")},
		"e-mail without address":      {full, func(u *store.User) { delete(u.Attributes, "email") }, mail(yes, nil), store.MFA{}, noDelivery("EMAIL_OTP")},
		"app without app":             {full, func(*store.User) {}, app(yes, yes), store.MFA{}, noDelivery("SOFTWARE_TOKEN_MFA")},
		"text the pool does not send": {bare, ready, sms(yes, nil), store.MFA{}, noDelivery("SMS_MFA")},
		"two preferred": {
			full, ready,
			prefer{SMSMfaSettings: sms(yes, yes).SMSMfaSettings, EmailMfaSettings: mail(yes, yes).EmailMfaSettings},
			store.MFA{},
			invalid("Only one MFA method can be preferred."),
		},
		"passkeys":                  {full, having(store.MFA{SMS: true}), passkeys(true), store.MFA{SMS: true, Passkeys: true}, noFault},
		"passkeys off":              {bare, having(store.MFA{Passkeys: true}), passkeys(false), store.MFA{}, noFault},
		"passkeys alone":            {full, ready, passkeys(true), store.MFA{}, invalid("Another MFA method must be enabled before passkeys can count as MFA.")},
		"passkeys as single factor": {bare, having(store.MFA{SMS: true}), passkeys(true), store.MFA{SMS: true}, invalid("Passkeys are not configured as a multi-factor method of the user pool.")},
	} {
		for way := range e.twins(full, new(store.User)) {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				u := e.user(tt.client.Pool, name+" "+way, tt.user)
				wantFault(t, e.twins(tt.client, u)[way](tt.in), tt.err)
				if diff := cmp.Diff(tt.want, e.fresh(u).MFA); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	wantFault(t, e.twins(full, &store.User{Username: "nobody"})["admin"](prefer{}), noUser)
	wantFault(t, e.twins(full, &store.User{Sub: "gone"})["self"](prefer{}), notAuthorized("Access Token has been revoked"))
}

func TestSetUserSettings(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Settings"), mfa("OPTIONAL", catalog.FactorSMS))
	phone := []cognitoidp.MFAOptionType{{DeliveryMedium: new(cognitoidp.DeliveryMediumTypeSms), AttributeName: new("phone_number")}}
	for way, set := range map[string]func(*store.User, []cognitoidp.MFAOptionType) error{
		"self": func(u *store.User, o []cognitoidp.MFAOptionType) error {
			_, err := e.SetUserSettings(t.Context(), e.as(c, u), &cognitoidp.SetUserSettingsRequest{MFAOptions: o})
			return err
		},
		"admin": func(u *store.User, o []cognitoidp.MFAOptionType) error {
			_, err := e.AdminSetUserSettings(t.Context(), e.call(), &cognitoidp.AdminSetUserSettingsRequest{
				UserPoolId: c.Pool.Config.Id, Username: &u.Username, MFAOptions: o,
			})
			return err
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			u := e.user(c.Pool, way, with("phone_number", "+15550001234"))
			wantFault(t, set(u, phone), noFault)
			out, err := e.signIn(c, way, password)
			wantChallenge(t, "SMS_MFA", out, err)
			if diff := cmp.Diff(store.MFA{SMS: true, Legacy: []string{"phone_number"}}, e.fresh(u).MFA); diff != "" {
				t.Error(diff)
			}
			wantFault(t, set(u, []cognitoidp.MFAOptionType{{DeliveryMedium: new(cognitoidp.DeliveryMediumTypeEmail), AttributeName: new("email")}}),
				invalid("MFAOptions can only name phone_number with the delivery medium SMS."))
			wantFault(t, set(u, nil), noFault)
			out, err = e.signIn(c, way, password)
			wantTokens(t, out, err)
			wantFault(t, set(e.user(c.Pool, way+" without"), phone), invalid("User does not have delivery config set to turn on SMS_MFA"))
		})
	}
}

func TestGetUserAuthFactors(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Auth"), mfa("OPTIONAL", catalog.Factors()...), func(p *store.Pool) {
		p.Config.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP"},
		}}
	})
	bare := e.user(c.Pool, "bare", without, func(u *store.User) { clear(u.Attributes) })
	full := e.user(c.Pool, "full", withApp([]byte("seed")), with("phone_number", "+15550001234"), func(u *store.User) {
		u.MFA.SMS, u.MFA.Preferred = true, "SMS_MFA"
	})
	key := &store.Passkey{Pool: c.Pool.Internal(), User: full.ID, ID: "key", Created: e.time()}
	if err := e.db.AddPasskey(t.Context(), key, 20, store.Proof{Until: e.time()}); err != nil {
		t.Fatal(err)
	}
	for u, want := range map[*store.User]*cognitoidp.GetUserAuthFactorsResponse{
		bare: {Username: new("bare")},
		full: {
			Username: new("full"), PreferredMfaSetting: new("SMS_MFA"), UserMFASettingList: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"},
			ConfiguredUserAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN"},
		},
	} {
		own := must(e.GetUserAuthFactors(t.Context(), e.as(c, u), new(cognitoidp.GetUserAuthFactorsRequest)))(t)
		admin := must(e.AdminGetUserAuthFactors(t.Context(), e.call(), &cognitoidp.AdminGetUserAuthFactorsRequest{
			UserPoolId: c.Pool.Config.Id, Username: &u.Username,
		}))(t)
		if diff := cmp.Diff(want, own) + cmp.Diff(want, (*cognitoidp.GetUserAuthFactorsResponse)(admin)); diff != "" {
			t.Error(diff)
		}
	}
	_, err := e.AdminGetUserAuthFactors(t.Context(), e.call(), &cognitoidp.AdminGetUserAuthFactorsRequest{
		UserPoolId: c.Pool.Config.Id, Username: new("nobody"),
	})
	wantFault(t, err, noUser)
}
