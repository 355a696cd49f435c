package terminal

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"rsc.io/qr"
)

// sms is how pools send messages to phones.
func sms() *types.SmsConfigurationType {
	return &types.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms"), ExternalId: new("terminal")}
}

// newFactorsApp is newApp with second factors by SMS and by an app.
func newFactorsApp(t *testing.T, mode types.UserPoolMfaType) app {
	t.Helper()
	a := newApp(t)
	_, err := server.admin.SetUserPoolMfaConfig(t.Context(), &idp.SetUserPoolMfaConfigInput{
		UserPoolId: &a.pool, MfaConfiguration: mode,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
		SmsMfaConfiguration:           &types.SmsMfaConfigType{SmsConfiguration: sms()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// givePhone gives a user a phone, whose codes sign-ins ask for.
func (a app) givePhone(t *testing.T, name, number string) {
	t.Helper()
	_, err := server.admin.AdminUpdateUserAttributes(t.Context(), &idp.AdminUpdateUserAttributesInput{
		UserPoolId: &a.pool, Username: &name, UserAttributes: []types.AttributeType{
			{Name: new("phone_number"), Value: &number}, {Name: new("phone_number_verified"), Value: new("true")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.admin.AdminSetUserMFAPreference(t.Context(), &idp.AdminSetUserMFAPreferenceInput{
		UserPoolId: &a.pool, Username: &name, SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// appCode is what an authenticator app shows, now or some steps of 30 seconds later (RFC
// 6238). The server takes the next step's code too, but none twice.
func appCode(t *testing.T, secret string, later int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30+later)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// TestSecondFactor asks for a code by SMS, and again after a wrong one.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	a := newFactorsApp(t, types.UserPoolMfaTypeOptional)
	a.createUser(t, "ann", password)
	a.setPassword(t, "ann", password)
	a.givePhone(t, "ann", "+15550104711")
	s := open(t, a)
	s.start("cenote login ann")
	s.answerHidden("Password", password)
	s.answer("Code sent to +*******4711", "000000x")
	s.await("^CodeMismatchException: ")
	s.answer("Code sent to +*******4711", code(t, "+15550104711"))
	s.ends(0, "Signed in as ann.")
	s.start("cenote whoami")
	s.ends(0, "second factor: code by SMS (SMS_MFA)")
}

// TestSetUpApp sets up an authenticator app from the code on the screen.
func TestSetUpApp(t *testing.T) {
	t.Parallel()
	a := newFactorsApp(t, types.UserPoolMfaTypeOn)
	a.createUser(t, "ann", "Temp0rary!")
	s := open(t, a)
	s.start("cenote login ann")
	s.answerHidden("Password", "Temp0rary!")
	s.answerHidden("New password", password)
	s.answerHidden("Repeat it", password)
	s.await("^The user pool demands a second factor, which has to be set up.$")
	s.await("^Code of the authenticator app: $")
	uri := regexp.MustCompile(`(?m)^otpauth://totp/\S+:ann\?secret=([A-Z2-7]+)&issuer=\S+$`).FindStringSubmatch(s.text())
	if uri == nil {
		t.Fatalf("there is no secret:\n%s", s.text())
	}
	s.checkCode(uri[0])
	s.answer("Code of the authenticator app", "000000")
	s.await("^EnableSoftwareTokenMFAException: ")
	s.answer("Code of the authenticator app", appCode(t, uri[1], 0))
	s.ends(0, "Signed in as ann.")
	s.start("cenote login ann")
	s.answerHidden("Password", password)
	s.answer("Code of the authenticator app", appCode(t, uri[1], 1))
	s.ends(0, "Signed in as ann.")
}

// TestSecondFactorOfChoice leaves it to the user which of two factors to use.
func TestSecondFactorOfChoice(t *testing.T) {
	t.Parallel()
	a := newFactorsApp(t, types.UserPoolMfaTypeOptional)
	a.createUser(t, "bob", password)
	a.setPassword(t, "bob", password)
	a.givePhone(t, "bob", "+15550104712")
	secret := a.giveApp(t, "bob", "+15550104712")
	s := open(t, a)
	s.start("cenote login bob")
	s.answerHidden("Password", password)
	s.await(`^1  code by SMS \(SMS_MFA\)$`)
	s.await(`^2  code of an authenticator app \(SOFTWARE_TOKEN_MFA\)$`)
	s.answer("Second factor", "3")
	s.await("^Give a number from 1 to 2.$")
	s.answer("Second factor", "2")
	s.answer("Code of the authenticator app", appCode(t, secret, 1))
	s.ends(0, "Signed in as bob.")
	s.start("cenote login bob")
	s.answerHidden("Password", password)
	s.answer("Second factor", "SMS_MFA")
	s.await("^Code sent to ") // before which the newest code is an old one
	s.answer("Code sent to +*******4712", code(t, "+15550104712"))
	s.ends(0, "Signed in as bob.")
}

// giveApp signs a user with a phone in and sets up an authenticator app, too, for
// sign-ins to ask for. It returns the app's secret.
func (a app) giveApp(t *testing.T, name, number string) string {
	t.Helper()
	begun, err := server.admin.InitiateAuth(t.Context(), &idp.InitiateAuthInput{
		ClientId: &a.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := server.admin.RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{
		ClientId: &a.client, ChallengeName: begun.ChallengeName, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "SMS_MFA_CODE": code(t, number)},
	})
	if err != nil {
		t.Fatal(err)
	}
	token := in.AuthenticationResult.AccessToken
	associated, err := server.admin.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{AccessToken: token})
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.admin.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{
		AccessToken: token, UserCode: new(appCode(t, *associated.SecretCode, 0)),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.admin.SetUserMFAPreference(t.Context(), &idp.SetUserMFAPreferenceInput{
		AccessToken: token, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *associated.SecretCode
}

// checkCode compares the QR code on the screen with that of a text, module for module.
func (s *screen) checkCode(text string) {
	s.t.Helper()
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		s.t.Fatal(err)
	}
	var got, want []string
	for line := range strings.Lines(s.text()) {
		line = strings.TrimRight(line, " \n")
		if !strings.ContainsAny(line, "█▀▄") {
			continue
		}
		line += strings.Repeat(" ", max(0, 2+code.Size-len([]rune(line))))
		line = string([]rune(line)[2:])
		got = append(got, strings.NewReplacer("█", "#", "▀", "#", "▄", ".", " ", ".").Replace(line),
			strings.NewReplacer("█", "#", "▀", ".", "▄", "#", " ", ".").Replace(line))
	}
	for y := range code.Size + 1 {
		row := ""
		for x := range code.Size {
			row += map[bool]string{true: "#", false: "."}[code.Black(x, y)]
		}
		want = append(want, row)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("the code on the screen (-want +got):\n%s", diff)
	}
}

// TestDevice registers the terminal's machine, has it remembered, and is spared the second
// factor from then on.
func TestDevice(t *testing.T) {
	t.Parallel()
	a := newFactorsApp(t, types.UserPoolMfaTypeOptional)
	_, err := server.admin.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{
		UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOptional,
		AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}, SmsConfiguration: sms(),
		DeviceConfiguration: &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	a.createUser(t, "ann", password)
	a.setPassword(t, "ann", another)
	a.givePhone(t, "ann", "+15550104713")
	s := open(t, a)
	for i, answer := range []string{"no", "yes"} {
		s.start("cenote login ann")
		s.answerHidden("Password", another)
		s.await("^Code sent to ")
		s.answer("Code sent to +*******4713", code(t, "+15550104713"))
		s.answer("Remember this device? [y/N]", answer)
		s.ends(0, "Signed in as ann.")
		if i == 0 { // the machine is new again
			s.start("rm ~/.config/cenote/session.json")
			s.ends(0)
		}
	}
	s.start("cenote logout")
	s.ends(0)
	s.start("cenote login ann")
	s.answerHidden("Password", another)
	s.ends(0, "Signed in as ann.")
}

// TestChoice signs in by what a pool leaves to the user, from the sign-up on without a
// password.
func TestChoice(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	_, err := server.admin.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{
		UserPoolId: &a.pool, AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"},
		Policies: &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.admin.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{
		UserPoolId: &a.pool, ClientId: &a.client,
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, a)
	s.start("cenote signup --no-password -a email=zoe@example.com zoe")
	s.ends(0, "Registered zoe with sub ")
	s.start("cenote confirm zoe " + code(t, "zoe@example.com"))
	s.ends(0, "Confirmed zoe.")
	s.start("cenote login --flow choice zoe")
	s.await("^Code sent to ")
	s.answer("Code sent to z***@e***", code(t, "zoe@example.com"))
	s.ends(0, "Signed in as zoe.")

	a.setPassword(t, "zoe", password)
	s.start("cenote login --flow choice zoe")
	s.await(`^1  password \(PASSWORD_SRP\)$`)
	s.await(`^2  code by e-mail \(EMAIL_OTP\)$`)
	s.answer("Sign in with", "1")
	s.answerHidden("Password", password)
	s.ends(0, "Signed in as zoe.")
	s.start("cenote login --flow choice --factor email zoe")
	s.await("^Code sent to ")
	s.answer("Code sent to z***@e***", code(t, "zoe@example.com"))
	s.ends(0, "Signed in as zoe.")
	s.start("cenote login zoe") // which finds that there is nothing but choice
	s.answerHidden("Password", password)
	s.ends(0, "Signed in as zoe.")
}
