package client_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
	"github.com/cenote-id/cenote/client"
)

// startFactorsDemo makes the user pool of an example with second factors by SMS and by
// app: OPTIONAL for users, or ON. Alice has a phone.
func startFactorsDemo(mode cognitoidp.UserPoolMfaType, change ...func(*cognitoidp.CreateUserPoolRequest)) demo {
	// Where the e-mail address recovers a password, the phone number may be a second factor.
	recovery := func(in *cognitoidp.CreateUserPoolRequest) {
		in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: []cognitoidp.RecoveryOptionType{
			{Name: new(cognitoidp.RecoveryOptionNameTypeVerifiedEmail), Priority: new(1)},
		}}
	}
	d := newPoolDemo(&demos, demoServer(), append(change, recovery), nil)
	d.factors = true
	cenotetest.Must[cognitoidp.SetUserPoolMfaConfigResponse](&demos, d.server, "SetUserPoolMfaConfig", &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: &d.UserPoolID, MfaConfiguration: &mode,
		SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)},
		SmsMfaConfiguration: &cognitoidp.SmsMfaConfigType{SmsConfiguration: &cognitoidp.SmsConfigurationType{
			SnsCallerArn: new("arn:aws:iam::000000000000:role/sms"), ExternalId: new("demo"),
		}},
	})
	return d
}

// startDevicesDemo makes one with devices, too, whose users say what is remembered.
func startDevicesDemo() demo {
	return startFactorsDemo("OPTIONAL", func(in *cognitoidp.CreateUserPoolRequest) {
		in.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: new(true), DeviceOnlyRememberedOnUserPrompt: new(true),
		}
	})
}

// startChoiceDemo makes the user pool of an example with choice-based sign-in.
func startChoiceDemo() demo {
	return newPoolDemo(&demos, demoServer(), []func(*cognitoidp.CreateUserPoolRequest){func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP"},
		}}
	}}, []func(*cognitoidp.CreateUserPoolClientRequest){func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	}})
}

// phone is alice's number, of which no other demo has one.
func (d demo) phone() string {
	n := 7
	for _, c := range d.ClientID {
		n = (n*31 + int(c)) % 9_999_991
	}
	return fmt.Sprintf("+1555%07d", n)
}

// sms is the code that alice finds in the newest message on her phone.
func (d demo) sms() string { return d.server.Code(d.tb, d.phone()) }

// authenticator is an app that knows a secret.
type authenticator struct{ secret []byte }

// appOf returns the app that has scanned a URI.
func appOf(uri string) authenticator {
	u, err := url.Parse(uri)
	if err != nil {
		log.Fatal(err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil {
		log.Fatal(err)
	}
	return authenticator{secret}
}

// code is what the app shows, now or some steps of 30 seconds later (RFC 6238). The
// service takes the next step's code too, but none twice.
func (a authenticator) code(later int64) string {
	mac := hmac.New(sha1.New, a.secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30+later)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// app sets up an app for the session's user and says what sign-ins ask for.
func (d demo) app(session *client.Session, preference client.MFAPreference) authenticator {
	ctx := d.tb.Context()
	secret, err := session.AssociateSoftwareToken(ctx)
	if err != nil {
		d.tb.Fatal(err)
	}
	a := appOf(client.SoftwareTokenURI(secret, "Demo", session.Username()))
	if err := session.VerifySoftwareToken(ctx, a.code(0), ""); err != nil {
		d.tb.Fatal(err)
	}
	if err := session.SetMFAPreference(ctx, preference); err != nil {
		d.tb.Fatal(err)
	}
	return a
}
