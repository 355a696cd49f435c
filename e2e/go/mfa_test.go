package e2e

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash of RFC 6238
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote"
	"github.com/cenote-id/cenote/internal/store/pgtest"
)

const (
	smsMFA   = types.ChallengeNameTypeSmsMfa
	emailOTP = types.ChallengeNameTypeEmailOtp
	appMFA   = types.ChallengeNameTypeSoftwareTokenMfa
	selectIt = types.ChallengeNameTypeSelectMfaType
	mfaSetUp = types.ChallengeNameTypeMfaSetup

	textWrongCode = "Invalid code or auth state for the user."
	textWrongTOTP = "Invalid code received for user"
	textUsedTOTP  = "Your software token has already been used once."
)

// authenticator is a user's app: what RFC 6238 says, written anew.
type authenticator struct {
	seed []byte
	now  func() time.Time
}

func newAuthenticator(t *testing.T, s *factorScene, secret string) *authenticator {
	t.Helper()
	book.add("SecretCode", secret)
	return &authenticator{must(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret))(t), s.now}
}

func (a *authenticator) code() string {
	mac := hmac.New(sha1.New, a.seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(a.now().Unix()/30)))
	sum := mac.Sum(nil)
	at := sum[19] & 15
	code := fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
	book.add("code of an app", code)
	return code
}

// factorScene is a scene on a server whose machine's clock the test moves: apps follow it.
type factorScene struct {
	*scene
	ahead atomic.Int64
	began time.Time
}

func openFactors(t *testing.T) *factorScene {
	t.Helper()
	f := &factorScene{began: time.Now()}
	f.scene = sceneOn(t, own(t, func(c *cenote.Config) { c.Now = f.now }))
	return f
}

func (f *factorScene) now() time.Time { return f.began.Add(time.Duration(f.ahead.Load())) }

// step lets the time of one code of an app pass.
func (f *factorScene) step() { f.ahead.Add(int64(30 * time.Second)) }

// factors is a pool's MFA configuration with every factor.
func factors(pool string, mode types.UserPoolMfaType) *idp.SetUserPoolMfaConfigInput {
	return &idp.SetUserPoolMfaConfigInput{
		UserPoolId: &pool, MfaConfiguration: mode,
		SmsMfaConfiguration: &types.SmsMfaConfigType{
			SmsAuthenticationMessage: ptr("Sign in with {####}"),
			SmsConfiguration:         &types.SmsConfigurationType{SnsCallerArn: ptr("arn:aws:iam::000000000000:role/sms")},
		},
		EmailMfaConfiguration:         &types.EmailMfaConfigType{Subject: ptr("Sign-in"), Message: ptr("<b>{####}</b>")},
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	}
}

// ownMail is what a pool needs that sends codes of MFA by e-mail.
func ownMail(in *idp.CreateUserPoolInput) {
	in.EmailConfiguration = &types.EmailConfigurationType{
		EmailSendingAccount: types.EmailSendingAccountTypeDeveloper,
		SourceArn:           ptr("arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com"),
	}
}

// guarded makes an app of a pool with every factor.
func (f *factorScene) guarded(mode types.UserPoolMfaType) app {
	f.t.Helper()
	a := f.app(f.pool(ownMail))
	must(f.SetUserPoolMfaConfig(f.ctx, factors(a.pool, mode)))(f.t)
	return a
}

// posed is a challenge, by whatever operation it was posed.
type posed struct {
	name       types.ChallengeNameType
	parameters map[string]string
	session    *string
	result     *types.AuthenticationResultType
}

// door is a way to sign in: the operations for users, or their admin twins.
type door struct {
	begin  func(a app, name, password string) (*posed, error)
	answer func(a app, p *posed, name string, responses map[string]string) (*posed, error)
}

func (s *scene) doors() map[string]door {
	byUser := func(a app, p *posed, name string, responses map[string]string) (*posed, error) {
		responses["USERNAME"] = name
		out, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: p.name, Session: p.session, ChallengeResponses: responses,
		})
		if err != nil {
			return nil, err
		}
		return &posed{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}, nil
	}
	return map[string]door{
		"password": {func(a app, name, password string) (*posed, error) {
			out, err := s.signIn(a, name, password)
			if err != nil {
				return nil, err
			}
			return &posed{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}, nil
		}, byUser},
		"SRP": {func(a app, name, password string) (*posed, error) {
			out, err := s.signInSRP(a, name, password)
			if err != nil {
				return nil, err
			}
			return &posed{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}, nil
		}, byUser},
		"admin": {
			func(a app, name, password string) (*posed, error) {
				out, err := s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
					UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
					AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
				})
				if err != nil {
					return nil, err
				}
				return &posed{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}, nil
			},
			func(a app, p *posed, name string, responses map[string]string) (*posed, error) {
				responses["USERNAME"] = name
				out, err := s.AdminRespondToAuthChallenge(s.ctx, &idp.AdminRespondToAuthChallengeInput{
					UserPoolId: &a.pool, ClientId: &a.id, ChallengeName: p.name, Session: p.session, ChallengeResponses: responses,
				})
				if err != nil {
					return nil, err
				}
				return &posed{out.ChallengeName, out.ChallengeParameters, out.Session, out.AuthenticationResult}, nil
			},
		},
	}
}

// meets checks that a step leads to a challenge with a Session.
func (s *scene) meets(want types.ChallengeNameType, p *posed, err error) *posed {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	if p.name != want || p.session == nil || p.result != nil {
		s.t.Fatalf("got %s, want %s", p.name, want)
	}
	return p
}

// complete checks that a sign-in is complete, and returns the access token.
func (s *scene) complete(p *posed, err error) *string {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	if p.result == nil || p.result.IdToken == nil || p.result.RefreshToken == nil || p.name != "" || len(p.parameters) > 0 {
		s.t.Fatalf("got %s, want tokens", p.name)
	}
	return p.result.AccessToken
}

// withApp sets an authenticator app up for a user, turned on but for what the test does.
func (f *factorScene) withApp(a app, u person) *authenticator {
	f.t.Helper()
	token := f.tokens(a, u.name, u.password).AccessToken
	secret := must(f.AssociateSoftwareToken(f.ctx, &idp.AssociateSoftwareTokenInput{AccessToken: token}))(f.t)
	if secret.Session != nil || len(*secret.SecretCode) != 52 {
		f.t.Errorf("got %s and a Session: %v", *secret.SecretCode, secret.Session != nil)
	}
	phone := newAuthenticator(f.t, f, *secret.SecretCode)
	done := must(f.VerifySoftwareToken(f.ctx, &idp.VerifySoftwareTokenInput{
		AccessToken: token, UserCode: ptr(phone.code()), FriendlyDeviceName: ptr("Annie's phone"),
	}))(f.t)
	if done.Status != types.VerifySoftwareTokenResponseTypeSuccess || done.Session != nil {
		f.t.Errorf("got %+v", done)
	}
	f.step()
	return phone
}

// prefer turns a user's factors on.
func (s *scene) prefer(pool, name string, sms, mail, software bool) {
	s.t.Helper()
	in := &idp.AdminSetUserMFAPreferenceInput{UserPoolId: &pool, Username: &name}
	if sms {
		in.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true}
	}
	if mail {
		in.EmailMfaSettings = &types.EmailMfaSettingsType{Enabled: true}
	}
	if software {
		in.SoftwareTokenMfaSettings = &types.SoftwareTokenMfaSettingsType{Enabled: true}
	}
	must(s.AdminSetUserMFAPreference(s.ctx, in))(s.t)
}

// Each factor lets its user in through each door, once, and tells the client what it needs
// to know.
func TestSecondFactors(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	number := phone()
	texted := s.member(a.pool, "phone_number", number)
	mailed := s.member(a.pool)
	apped := s.member(a.pool)
	software := s.withApp(a, apped)
	s.prefer(a.pool, texted.name, true, false, false)
	s.prefer(a.pool, mailed.name, false, true, false)
	s.prefer(a.pool, apped.name, false, false, true)
	for way, door := range s.doors() {
		for _, tt := range []struct {
			user       person
			challenge  types.ChallengeNameType
			parameters map[string]string
			member     string
			code       func() string
			wrong      string
		}{
			{
				texted, smsMFA, map[string]string{
					"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******" + number[len(number)-4:], "USER_ID_FOR_SRP": texted.name,
				}, "SMS_MFA_CODE", func() string { return s.codeFor(number) }, textWrongCode,
			},
			{
				mailed, emailOTP, map[string]string{
					"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": mailed.email[:1] + "***@e***", "USER_ID_FOR_SRP": mailed.name,
				}, "EMAIL_OTP_CODE", func() string { return s.codeFor(mailed.email) }, textWrongCode,
			},
			{
				apped, appMFA,
				map[string]string{"FRIENDLY_DEVICE_NAME": "Annie's phone", "USER_ID_FOR_SRP": apped.name},
				"SOFTWARE_TOKEN_MFA_CODE", software.code, textWrongTOTP,
			},
		} {
			p, err := door.begin(a, tt.user.name, tt.user.password)
			p = s.meets(tt.challenge, p, err)
			if diff := cmp.Diff(tt.parameters, p.parameters); diff != "" {
				t.Errorf("%s: %s", way, diff)
			}
			code := tt.code()
			_, err = door.answer(a, p, tt.user.name, map[string]string{tt.member: other(code)})
			refused[*types.CodeMismatchException](t, err, tt.wrong)
			done, err := door.answer(a, p, tt.user.name, map[string]string{tt.member: code})
			s.complete(done, err)
			_, err = door.answer(a, p, tt.user.name, map[string]string{tt.member: code})
			refused[*types.NotAuthorizedException](t, err, textSessionUsed)
			s.step()
		}
	}
	sms, mail := s.server.Messages(s.ctx, number)[0], s.server.Messages(s.ctx, mailed.email)[0]
	if sms.Body != "Sign in with "+sms.Code || mail.Subject != "Sign-in" || mail.Body != "<b>"+mail.Code+"</b>" {
		t.Errorf("got %q, %q, %q", sms.Body, mail.Subject, mail.Body)
	}
	if got := valueOf(s.user(a.pool, texted.name).UserAttributes, "phone_number_verified"); got != "true" {
		t.Errorf("the number that received the code is verified: %q", got)
	}
}

// A code of an app counts once, in sign-ins and in what sets it up; the Session that it was
// refused with stays good.
func TestCodesOfAppsCountOnce(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	u := s.member(a.pool)
	software := s.withApp(a, u)
	s.prefer(a.pool, u.name, false, false, true)
	door := s.doors()["password"]
	ask := func() *posed {
		t.Helper()
		p, err := door.begin(a, u.name, u.password)
		return s.meets(appMFA, p, err)
	}
	enter := func(p *posed) (*posed, error) {
		return door.answer(a, p, u.name, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": software.code(), "SMS_MFA_CODE": "as IJS sends it"})
	}
	first, second := ask(), ask()
	token := s.complete(enter(first))
	_, err := enter(second)
	refused[*types.ExpiredCodeException](t, err, textUsedTOTP)
	s.step()
	s.complete(enter(second))

	// The old app stays good until the new one shows a code.
	s.step()
	secret := must(s.AssociateSoftwareToken(s.ctx, &idp.AssociateSoftwareTokenInput{AccessToken: token}))(t)
	next := newAuthenticator(t, s, *secret.SecretCode)
	_, err = s.VerifySoftwareToken(s.ctx, &idp.VerifySoftwareTokenInput{AccessToken: token, UserCode: ptr(other(next.code()))})
	refused[*types.EnableSoftwareTokenMFAException](t, err, "Code mismatch")
	s.complete(enter(ask()))
	s.step()
	must(s.VerifySoftwareToken(s.ctx, &idp.VerifySoftwareTokenInput{AccessToken: token, UserCode: ptr(next.code())}))(t)
	old := ask()
	_, err = enter(old)
	refused[*types.CodeMismatchException](t, err, textWrongTOTP)
	software = next
	_, err = enter(old)
	refused[*types.ExpiredCodeException](t, err, textUsedTOTP)
	s.step()
	s.complete(enter(old))
}

// Where users must have a second factor, the first sign-in sets one up, and what is begun
// and abandoned is asked for at the next.
func TestSettingFactorsUp(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOn)
	door := s.doors()["SRP"]
	name := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name, TemporaryPassword: ptr(password)}))(t)
	p, err := door.begin(a, name, password)
	p = s.meets(types.ChallengeNameTypeNewPasswordRequired, p, err)
	changed := password + "2"
	p, err = door.answer(a, p, name, map[string]string{"NEW_PASSWORD": changed})
	p = s.meets(mfaSetUp, p, err)
	var can []string
	if err := json.Unmarshal([]byte(p.parameters["MFAS_CAN_SETUP"]), &can); err != nil || p.parameters["USER_ID_FOR_SRP"] != name || len(p.parameters) != 2 {
		t.Errorf("got %v: %v", p.parameters, err)
	}
	// E-mail resets passwords in the first place here.
	if diff := cmp.Diff([]string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, can); diff != "" {
		t.Error(diff)
	}
	_, err = door.answer(a, p, name, map[string]string{})
	refused[*types.NotAuthorizedException](t, err, textSession)
	associated := must(s.AssociateSoftwareToken(s.ctx, &idp.AssociateSoftwareTokenInput{Session: p.session}))(t)
	software := newAuthenticator(t, s, *associated.SecretCode)
	verify := func(code string) (*idp.VerifySoftwareTokenOutput, error) {
		return s.VerifySoftwareToken(s.ctx, &idp.VerifySoftwareTokenInput{Session: associated.Session, UserCode: &code})
	}
	_, err = verify(other(software.code()))
	refused[*types.EnableSoftwareTokenMFAException](t, err, "Code mismatch")
	verified := must(verify(software.code()))(t)
	done, err := door.answer(a, &posed{name: mfaSetUp, session: verified.Session}, name, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "ignored"})
	s.complete(done, err)

	p, err = door.begin(a, name, changed)
	p = s.meets(appMFA, p, err)
	_, err = door.answer(a, p, name, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": software.code()})
	refused[*types.ExpiredCodeException](t, err, textUsedTOTP) // it has set the app up
	s.step()
	done, err = door.answer(a, p, name, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": software.code()})
	s.complete(done, err)
	got := s.user(a.pool, name)
	if diff := cmp.Diff([]string{"SOFTWARE_TOKEN_MFA"}, got.UserMFASettingList); diff != "" || got.PreferredMfaSetting != nil {
		t.Errorf("%s %v", diff, got.PreferredMfaSetting)
	}
}

// A user without an address gives one in the sign-in, and proves it.
func TestSettingEmailUp(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.app(s.pool(ownMail, func(in *idp.CreateUserPoolInput) {
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
			{Name: types.RecoveryOptionNameTypeAdminOnly, Priority: ptr(int32(1))},
		}}
	}))
	must(s.SetUserPoolMfaConfig(s.ctx, factors(a.pool, types.UserPoolMfaTypeOn)))(t)
	door := s.doors()["password"]
	name, address := username(), email()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name}))(t)
	s.setPassword(a.pool, name, password)
	p, err := door.begin(a, name, password)
	p = s.meets(mfaSetUp, p, err)
	p, err = door.answer(a, p, name, map[string]string{"EMAIL": address})
	p = s.meets(emailOTP, p, err)
	done, err := door.answer(a, p, name, map[string]string{"EMAIL_OTP_CODE": s.codeFor(address)})
	s.complete(done, err)
	if got := s.user(a.pool, name).UserAttributes; valueOf(got, "email") != address || valueOf(got, "email_verified") != "true" {
		t.Errorf("got %v", got)
	}
}

// A user with several factors and no preference chooses at each sign-in.
func TestChoosingFactors(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	number := phone()
	u := s.member(a.pool, "phone_number", number)
	software := s.withApp(a, u)
	s.prefer(a.pool, u.name, true, true, true)
	codes := map[types.ChallengeNameType]func() (string, string){
		smsMFA:   func() (string, string) { return "SMS_MFA_CODE", s.codeFor(number) },
		emailOTP: func() (string, string) { return "EMAIL_OTP_CODE", s.codeFor(u.email) },
		appMFA:   func() (string, string) { return "SOFTWARE_TOKEN_MFA_CODE", software.code() },
	}
	for way, door := range s.doors() {
		for challenge, code := range codes {
			p, err := door.begin(a, u.name, u.password)
			p = s.meets(selectIt, p, err)
			if got := p.parameters["MFAS_CAN_CHOOSE"]; got != `["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
				t.Errorf("%s: got %s", way, got)
			}
			_, err = door.answer(a, p, u.name, map[string]string{"ANSWER": "WEB_AUTHN"})
			refused[*types.InvalidParameterException](t, err, "The answer is none of the offered second factors.")
			p, err = door.answer(a, p, u.name, map[string]string{"ANSWER": string(challenge)})
			p = s.meets(challenge, p, err)
			member, value := code()
			done, err := door.answer(a, p, u.name, map[string]string{member: value})
			s.complete(done, err)
			s.step()
		}
	}
}

// Preferences are read as they were set, by users and administrators, and decide.
func TestPreferringFactors(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	number := phone()
	u := s.member(a.pool, "phone_number", number)
	s.withApp(a, u)
	token := s.tokens(a, u.name, u.password).AccessToken
	set := func(in idp.SetUserMFAPreferenceInput) error {
		in.AccessToken = token
		_, err := s.SetUserMFAPreference(s.ctx, &in)
		return err
	}
	read := func(list []string, preferred *string, options []types.MFAOptionType) {
		t.Helper()
		own := must(s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: token}))(t)
		admin := s.user(a.pool, u.name)
		factors := must(s.GetUserAuthFactors(s.ctx, &idp.GetUserAuthFactorsInput{AccessToken: token}))(t)
		// This version of the SDK does not know the admin twin.
		byAdmin := new(idp.GetUserAuthFactorsOutput)
		answer := s.post("AdminGetUserAuthFactors", jsonOf(map[string]any{"UserPoolId": a.pool, "Username": u.name}))
		if err := json.Unmarshal([]byte(answer.body), byAdmin); err != nil || *byAdmin.Username != u.name {
			t.Fatalf("got %s: %v", answer.body, err)
		}
		for _, got := range [][]string{own.UserMFASettingList, admin.UserMFASettingList, factors.UserMFASettingList, byAdmin.UserMFASettingList} {
			if diff := cmp.Diff(list, got); diff != "" {
				t.Error(diff)
			}
		}
		for _, got := range []*string{own.PreferredMfaSetting, admin.PreferredMfaSetting, factors.PreferredMfaSetting, byAdmin.PreferredMfaSetting} {
			if diff := cmp.Diff(preferred, got); diff != "" {
				t.Error(diff)
			}
		}
		if len(own.MFAOptions) != len(options) || len(admin.MFAOptions) != len(options) {
			t.Errorf("got %v, %v", own.MFAOptions, admin.MFAOptions)
		}
		want := []types.AuthFactorType{types.AuthFactorTypePassword, "SOFTWARE_TOKEN"}
		if diff := cmp.Diff(want, factors.ConfiguredUserAuthFactors) + cmp.Diff(want, byAdmin.ConfiguredUserAuthFactors); diff != "" {
			t.Error(diff)
		}
	}
	read(nil, nil, nil)
	for _, err := range []error{
		set(idp.SetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}}),
		set(idp.SetUserMFAPreferenceInput{SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	read([]string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, ptr("SMS_MFA"), nil)
	p, err := s.doors()["password"].begin(a, u.name, u.password)
	s.meets(smsMFA, p, err)
	err = set(idp.SetUserMFAPreferenceInput{
		SMSMfaSettings: &types.SMSMfaSettingsType{}, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{},
	})
	if err != nil {
		t.Fatal(err)
	}
	read(nil, nil, nil)
	phoneOption := []types.MFAOptionType{{DeliveryMedium: types.DeliveryMediumTypeSms, AttributeName: ptr("phone_number")}}
	must(s.SetUserSettings(s.ctx, &idp.SetUserSettingsInput{AccessToken: token, MFAOptions: phoneOption}))(t)
	read([]string{"SMS_MFA"}, nil, phoneOption)
	must(s.AdminSetUserSettings(s.ctx, &idp.AdminSetUserSettingsInput{UserPoolId: &a.pool, Username: &u.name, MFAOptions: []types.MFAOptionType{}}))(t)
	read(nil, nil, nil)

	bare := s.member(a.pool)
	in := &idp.AdminSetUserMFAPreferenceInput{
		UserPoolId: &a.pool, Username: &bare.name, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
	}
	_, err = s.AdminSetUserMFAPreference(s.ctx, in)
	refused[*types.InvalidParameterException](t, err, "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")
	in.Username = ptr("nobody")
	_, err = s.AdminSetUserMFAPreference(s.ctx, in)
	refused[*types.UserNotFoundException](t, err, "User does not exist.")
}

// A number that receives codes of MFA does not reset the password.
func TestRecoveryAvoidsFactors(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	number := phone()
	u := s.member(a.pool, "phone_number", number, "phone_number_verified", "true")
	s.prefer(a.pool, u.name, false, true, false)
	out := must(s.forgot(a, u.name))(t)
	if out.DeliveryMedium != types.DeliveryMediumTypeSms {
		t.Errorf("got %v", out.DeliveryMedium)
	}
	s.prefer(a.pool, u.name, true, true, false)
	_, err := s.forgot(a, u.name)
	refused[*types.InvalidParameterException](t, err, "Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// Wrong codes lock as wrong passwords do, on a count of their own.
func TestWrongCodesLock(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	u := s.member(a.pool)
	s.prefer(a.pool, u.name, false, true, false)
	door := s.doors()["password"]
	p, err := door.begin(a, u.name, u.password)
	p = s.meets(emailOTP, p, err)
	code := s.codeFor(u.email)
	for range 5 {
		_, err := door.answer(a, p, u.name, map[string]string{"EMAIL_OTP_CODE": other(code)})
		refused[*types.CodeMismatchException](t, err, textWrongCode)
	}
	_, err = door.answer(a, p, u.name, map[string]string{"EMAIL_OTP_CODE": code})
	refused[*types.NotAuthorizedException](t, err, "Too many invalid credentials attempts. User temporarily locked. Please try again after few seconds.")
	s.ahead.Add(int64(time.Second))
	done, err := door.answer(a, p, u.name, map[string]string{"EMAIL_OTP_CODE": code})
	s.complete(done, err)
}

// What one node hands out and uses up counts on the other: the seed of an app, a Session,
// and each code.
func TestFactorsOnTwoNodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	flags := []string{
		"--database", pgtest.Start(t, "fsync=on").Database(t), "--master-key-file", filepath.Join(dir, "master.key"), "--public-url", "http://cenote.test",
	}
	left, right := serve(t, dir, flags...).scene(t), serve(t, dir, flags...).scene(t)
	a := left.app(left.pool())
	must(left.SetUserPoolMfaConfig(left.ctx, &idp.SetUserPoolMfaConfigInput{
		UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	}))(t)
	u := left.member(a.pool)
	token := left.tokens(a, u.name, u.password).AccessToken
	secret := must(left.AssociateSoftwareToken(left.ctx, &idp.AssociateSoftwareTokenInput{AccessToken: token}))(t).SecretCode
	software := newAuthenticator(t, &factorScene{}, *secret)
	software.now = time.Now
	must(right.VerifySoftwareToken(right.ctx, &idp.VerifySoftwareTokenInput{AccessToken: token, UserCode: ptr(software.code())}))(t)
	right.prefer(a.pool, u.name, false, false, true)

	ask := func(s *scene) *posed {
		t.Helper()
		p, err := s.doors()["password"].begin(a, u.name, u.password)
		return s.meets(appMFA, p, err)
	}
	enter := func(s *scene, p *posed, code string) (*posed, error) {
		return s.doors()["password"].answer(a, p, u.name, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code})
	}
	first, second := ask(left), ask(left)
	// The step that set the app up is used, so its clock is ahead from here on.
	software.now = func() time.Time { return time.Now().Add(30 * time.Second) }
	code := software.code()
	right.complete(enter(right, first, code))
	_, err := enter(left, second, code)
	refused[*types.ExpiredCodeException](t, err, textUsedTOTP)
	_, err = enter(left, first, code)
	refused[*types.NotAuthorizedException](t, err, textSessionUsed)
	locked := false
	for i := 0; i < 9 && !locked; i++ { // wrong codes are counted together
		s := []*scene{left, right}[i%2]
		_, err := enter(s, second, other(code))
		locked = err != nil && strings.Contains(err.Error(), "Too many invalid credentials attempts")
	}
	if !locked {
		t.Error("the nodes count wrong codes apart")
	}
}

// What tools for infrastructure read, they can write, and nothing changes.
func TestMFAConfigurationIsStable(t *testing.T) {
	t.Parallel()
	s := openFactors(t)
	a := s.guarded(types.UserPoolMfaTypeOptional)
	read := func() *idp.GetUserPoolMfaConfigOutput {
		t.Helper()
		out := must(s.GetUserPoolMfaConfig(s.ctx, &idp.GetUserPoolMfaConfigInput{UserPoolId: &a.pool}))(t)
		out.ResultMetadata = must(s.GetUserPoolMfaConfig(s.ctx, &idp.GetUserPoolMfaConfigInput{UserPoolId: ptr(a.pool)}))(t).ResultMetadata
		return out
	}
	got := read()
	want := factors(a.pool, types.UserPoolMfaTypeOptional)
	want.SmsMfaConfiguration.SmsConfiguration.SnsRegion = ptr("us-east-1")
	same := func(sms *types.SmsMfaConfigType, mail *types.EmailMfaConfigType, software *types.SoftwareTokenMfaConfigType, mode types.UserPoolMfaType) {
		t.Helper()
		if jsonOf([]any{sms, mail, software, mode}) != jsonOf([]any{want.SmsMfaConfiguration, want.EmailMfaConfiguration, want.SoftwareTokenMfaConfiguration, want.MfaConfiguration}) {
			t.Errorf("got %s", jsonOf([]any{sms, mail, software, mode}))
		}
	}
	same(got.SmsMfaConfiguration, got.EmailMfaConfiguration, got.SoftwareTokenMfaConfiguration, got.MfaConfiguration)
	written := must(s.SetUserPoolMfaConfig(s.ctx, &idp.SetUserPoolMfaConfigInput{
		UserPoolId: &a.pool, MfaConfiguration: got.MfaConfiguration, SmsMfaConfiguration: got.SmsMfaConfiguration,
		EmailMfaConfiguration: got.EmailMfaConfiguration, SoftwareTokenMfaConfiguration: got.SoftwareTokenMfaConfiguration,
	}))(t)
	same(written.SmsMfaConfiguration, written.EmailMfaConfiguration, written.SoftwareTokenMfaConfiguration, written.MfaConfiguration)
	got = read()
	same(got.SmsMfaConfiguration, got.EmailMfaConfiguration, got.SoftwareTokenMfaConfiguration, got.MfaConfiguration)
	_, err := s.SetUserPoolMfaConfig(s.ctx, &idp.SetUserPoolMfaConfigInput{UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOn})
	refused[*types.InvalidParameterException](t, err, "Can't turn off SMS_MFA when SMS configuration is set for the user pool")
	got = read()
	same(got.SmsMfaConfiguration, got.EmailMfaConfiguration, got.SoftwareTokenMfaConfiguration, got.MfaConfiguration)
}
