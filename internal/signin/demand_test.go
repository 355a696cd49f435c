package signin_test

import (
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// recovering gives a pool an order of recovery; without it, recovery is the legacy one.
func recovering(names ...cognitoidp.RecoveryOptionNameType) func(*store.Pool) {
	return func(p *store.Pool) {
		p.Config.AccountRecoverySetting = new(cognitoidp.AccountRecoverySettingType)
		for i, name := range names {
			p.Config.AccountRecoverySetting.RecoveryMechanisms = append(p.Config.AccountRecoverySetting.RecoveryMechanisms,
				cognitoidp.RecoveryOptionType{Name: &name, Priority: new(i + 1)})
		}
	}
}

// TestDemands is the decision table of MFA, by what a user meets behind the password.
func TestDemands(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const (
		sms, mail, app = catalog.FactorSMS, catalog.FactorEmail, catalog.FactorTOTP

		mailFirst  = "verified_email verified_phone_number"
		phoneFirst = "verified_phone_number verified_email"
		legacy     = ""
		admin      = "admin_only"

		tokens = "tokens"
		none   = "none"
	)
	all := catalog.Factors()
	list := func(f ...catalog.Factor) []catalog.Factor { return f }
	phone := with("phone_number", "+15550001234")
	noMail := func(u *store.User) { delete(u.Attributes, "email") }
	chose := func(f ...catalog.Factor) func(*store.User) {
		return func(u *store.User) {
			for _, f := range f {
				u.MFA.SMS, u.MFA.Email, u.MFA.TOTP = u.MFA.SMS || f == sms, u.MFA.Email || f == mail, u.MFA.TOTP || f == app
			}
		}
	}
	preferring := func(f catalog.Factor) func(*store.User) {
		return func(u *store.User) { chose(f)(u); u.MFA.Preferred = f }
	}
	appReady := func(u *store.User) { u.Credential.Seed = []byte("seed") }
	for i, tt := range []struct {
		mode     cognitoidp.UserPoolMfaType
		offers   []catalog.Factor
		recovery string
		user     []func(*store.User)
		want     string // a challenge, one with choices, tokens or none
	}{
		{"OFF", all, mailFirst, being(phone, appReady, preferring(app)), tokens},
		{"OPTIONAL", all, mailFirst, being(phone, appReady), tokens},
		{"OPTIONAL", all, mailFirst, being(chose(app)), tokens}, // chosen, but there is no app
		{"OPTIONAL", all, mailFirst, being(chose(sms)), tokens}, // chosen, but the number is gone
		{"OPTIONAL", all, mailFirst, being(phone, chose(sms)), "SMS_MFA"},
		{"OPTIONAL", all, mailFirst, being(chose(mail)), "EMAIL_OTP"},
		{"OPTIONAL", all, mailFirst, being(appReady, chose(app)), "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", list(sms), mailFirst, being(appReady, chose(app)), "SOFTWARE_TOKEN_MFA"}, // the pool no longer offers it
		{"OPTIONAL", all, mailFirst, being(phone, appReady, chose(all...)), `SELECT_MFA_TYPE ["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`},
		{"OPTIONAL", all, mailFirst, being(phone, appReady, chose(sms), preferring(app)), "SOFTWARE_TOKEN_MFA"},
		{"OPTIONAL", all, mailFirst, being(phone, chose(sms), func(u *store.User) { u.MFA.Preferred = app }), "SMS_MFA"},
		{"OPTIONAL", all, mailFirst, being(phone, func(u *store.User) { u.MFA.Legacy = []string{"phone_number"} }), "SMS_MFA"},

		// a. what is preferred, also over recovery
		{"ON", all, mailFirst, being(phone, appReady, preferring(mail)), "EMAIL_OTP"},
		{"ON", all, phoneFirst, being(phone, preferring(sms)), "SMS_MFA"},
		// b. an app, and what else there is besides recovery
		{"ON", list(app), mailFirst, being(appReady), "SOFTWARE_TOKEN_MFA"},
		{"ON", all, mailFirst, being(noMail, appReady), "SOFTWARE_TOKEN_MFA"},
		{"ON", all, mailFirst, being(appReady), "SOFTWARE_TOKEN_MFA"},
		{"ON", all, mailFirst, being(phone, appReady), `SELECT_MFA_TYPE ["SMS_MFA","SOFTWARE_TOKEN_MFA"]`},
		{"ON", all, phoneFirst, being(phone, appReady), `SELECT_MFA_TYPE ["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`},
		{"ON", all, phoneFirst, being(phone, appReady, chose(sms)), `SELECT_MFA_TYPE ["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`},
		{"ON", all, admin, being(phone, appReady), `SELECT_MFA_TYPE ["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`},
		{"ON", list(sms), mailFirst, being(phone, appReady), "SMS_MFA"}, // the pool no longer offers the app
		// c. one address
		{"ON", list(sms, mail), phoneFirst, nil, "EMAIL_OTP"},
		{"ON", list(sms), mailFirst, being(noMail, phone), "SMS_MFA"},
		{"ON", list(mail), mailFirst, nil, none},
		{"ON", list(sms), phoneFirst, being(noMail, phone), none},
		{"ON", list(app), mailFirst, nil, `MFA_SETUP ["SOFTWARE_TOKEN_MFA"]`},
		// d. both addresses
		{"ON", list(sms, mail), admin, being(phone), `SELECT_MFA_TYPE ["SMS_MFA","EMAIL_OTP"]`},
		{"ON", list(sms, mail), legacy, being(phone), `SELECT_MFA_TYPE ["SMS_MFA","EMAIL_OTP"]`},
		{"ON", list(sms, mail), mailFirst, being(phone), "SMS_MFA"},
		{"ON", list(sms, mail), phoneFirst, being(phone), "EMAIL_OTP"},
		{"ON", list(sms), phoneFirst, being(phone), "SMS_MFA"}, // the e-mail address resets the password
		{"ON", list(sms, app), phoneFirst, being(phone), "SMS_MFA"},
		{"ON", list(sms, app), phoneFirst, being(phone, appReady), "SOFTWARE_TOKEN_MFA"},
		{"ON", list(mail), mailFirst, being(phone), "EMAIL_OTP"},
		// e. nothing
		{"ON", all, mailFirst, being(noMail), `MFA_SETUP ["SMS_MFA","SOFTWARE_TOKEN_MFA"]`},
		{"ON", all, phoneFirst, being(noMail), `MFA_SETUP ["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`},
		{"ON", all, admin, being(noMail), `MFA_SETUP ["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`},
		// Words without the thing itself count for nothing.
		{"ON", list(app), mailFirst, being(preferring(app)), `MFA_SETUP ["SOFTWARE_TOKEN_MFA"]`},
	} {
		c := e.client(string(rune('A'+i/26)) + string(rune('a'+i%26)))
		c = e.configure(c, mfa(tt.mode, tt.offers...), func(p *store.Pool) {
			if tt.recovery != legacy {
				var names []cognitoidp.RecoveryOptionNameType
				for name := range strings.FieldsSeq(tt.recovery) {
					names = append(names, cognitoidp.RecoveryOptionNameType(name))
				}
				recovering(names...)(p)
			}
		})
		u := e.user(c.Pool, "jane", tt.user...)
		out, err := e.signIn(c, "jane", password)
		if tt.want == none {
			wantFault(t, err, invalid("The user has no second factor that the user pool can ask for."))
			continue
		}
		if err != nil {
			t.Errorf("row %d: %v", i, err)
			continue
		}
		got := tokens
		if out.AuthenticationResult == nil {
			got = strings.TrimSpace(string(*out.ChallengeName) + " " + out.ChallengeParameters["MFAS_CAN_CHOOSE"] + out.ChallengeParameters["MFAS_CAN_SETUP"])
			if out.ChallengeParameters["USER_ID_FOR_SRP"] != u.Username || len(api.Value(out.Session)) > 2048 {
				t.Errorf("row %d: got %v", i, out.ChallengeParameters)
			}
		}
		if got != tt.want {
			t.Errorf("row %d (%s, %v, %s): got %s, want %s", i, tt.mode, tt.offers, tt.recovery, got, tt.want)
		}
	}
}

func being(f ...func(*store.User)) []func(*store.User) { return f }
