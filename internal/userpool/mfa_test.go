package userpool_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
)

type setMFA = cognitoidp.SetUserPoolMfaConfigRequest

const (
	mfaOff      = cognitoidp.UserPoolMfaTypeOff
	mfaOptional = cognitoidp.UserPoolMfaTypeOptional
	mfaOn       = cognitoidp.UserPoolMfaTypeOn
)

func (e *env) setMFA(id *string, in setMFA) (*cognitoidp.SetUserPoolMfaConfigResponse, error) {
	in.UserPoolId = id
	return e.SetUserPoolMfaConfig(e.t.Context(), e.call(), &in)
}

func (e *env) getMFA(id *string) *cognitoidp.GetUserPoolMfaConfigResponse {
	e.t.Helper()
	return must(e.GetUserPoolMfaConfig(e.t.Context(), e.call(), &cognitoidp.GetUserPoolMfaConfigRequest{UserPoolId: id}))(e.t)
}

func app(enabled bool) *cognitoidp.SoftwareTokenMfaConfigType {
	return &cognitoidp.SoftwareTokenMfaConfigType{Enabled: &enabled}
}

func texts() *cognitoidp.SmsMfaConfigType {
	return &cognitoidp.SmsMfaConfigType{SmsConfiguration: sms(role), SmsAuthenticationMessage: new("{####}!")}
}

func mails() *cognitoidp.EmailMfaConfigType {
	return &cognitoidp.EmailMfaConfigType{Subject: new("code"), Message: new("{####}.")}
}

// ownMail is what pools need that send codes of MFA by e-mail.
func ownMail() *cognitoidp.EmailConfigurationType {
	return &cognitoidp.EmailConfigurationType{
		EmailSendingAccount: new(cognitoidp.EmailSendingAccountTypeDeveloper),
		SourceArn:           new("arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com"),
	}
}

func onlyBy(name cognitoidp.RecoveryOptionNameType) *cognitoidp.AccountRecoverySettingType {
	return &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: []cognitoidp.RecoveryOptionType{{Priority: new(1), Name: &name}}}
}

func TestSetUserPoolMfaConfig(t *testing.T) {
	t.Parallel()
	const smsShown = `"SmsMfaConfiguration": {"SmsAuthenticationMessage": "{####}!",
		"SmsConfiguration": {"SnsCallerArn": "` + role + `", "SnsRegion": "us-east-1"}}`
	for name, tt := range map[string]struct {
		in   setMFA
		want string
	}{
		"nothing":           {setMFA{}, `{"MfaConfiguration": "OFF"}`},
		"off":               {setMFA{MfaConfiguration: new(mfaOff)}, `{"MfaConfiguration": "OFF"}`},
		"off without app":   {setMFA{MfaConfiguration: new(mfaOff), SoftwareTokenMfaConfiguration: app(false)}, `{"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": false}}`},
		"off, app not said": {setMFA{SoftwareTokenMfaConfiguration: new(cognitoidp.SoftwareTokenMfaConfigType)}, `{"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": false}}`},
		"authenticator app": {setMFA{MfaConfiguration: new(mfaOptional), SoftwareTokenMfaConfiguration: app(true)}, `{"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}}`},
		"text messages":     {setMFA{MfaConfiguration: new(mfaOn), SmsMfaConfiguration: texts()}, `{"MfaConfiguration": "ON", ` + smsShown + `}`},
		"e-mail":            {setMFA{MfaConfiguration: new(mfaOn), EmailMfaConfiguration: mails()}, `{"MfaConfiguration": "ON", "EmailMfaConfiguration": {"Subject": "code", "Message": "{####}."}}`},
		"passkeys without MFA": {
			setMFA{MfaConfiguration: new(mfaOff), WebAuthnConfiguration: &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")}},
			`{"MfaConfiguration": "OFF", "WebAuthnConfiguration": {"RelyingPartyId": "example.com", "UserVerification": "preferred"}}`,
		},
		"everything": {
			setMFA{
				MfaConfiguration: new(mfaOptional), SmsMfaConfiguration: texts(), EmailMfaConfiguration: mails(), SoftwareTokenMfaConfiguration: app(true),
				WebAuthnConfiguration: &cognitoidp.WebAuthnConfigurationType{UserVerification: new(cognitoidp.UserVerificationTypeRequired)},
			},
			`{"MfaConfiguration": "OPTIONAL", ` + smsShown + `, "EmailMfaConfiguration": {"Subject": "code", "Message": "{####}."},
			"SoftwareTokenMfaConfiguration": {"Enabled": true}, "WebAuthnConfiguration": {"UserVerification": "required"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			id := e.createPool(&cognitoidp.CreateUserPoolRequest{EmailConfiguration: ownMail()}).Id
			e.now = e.now.Add(time.Second)
			wantJSON(t, must(e.setMFA(id, tt.in))(t), tt.want)
			wantJSON(t, e.getMFA(id), tt.want)
			pool := e.describePool(id)
			if *pool.MfaConfiguration != *e.getMFA(id).MfaConfiguration || pool.LastModifiedDate.Time() != e.now.UTC() {
				t.Errorf("the pool shows %s, modified %v", *pool.MfaConfiguration, pool.LastModifiedDate)
			}
			// What is read can be written again, as infrastructure tools do, and changes nothing.
			got := e.getMFA(id)
			again := setMFA{
				MfaConfiguration: got.MfaConfiguration, SmsMfaConfiguration: got.SmsMfaConfiguration, EmailMfaConfiguration: got.EmailMfaConfiguration,
				SoftwareTokenMfaConfiguration: got.SoftwareTokenMfaConfiguration, WebAuthnConfiguration: got.WebAuthnConfiguration,
			}
			wantJSON(t, must(e.setMFA(id, again))(t), tt.want)
		})
	}
}

// What a request leaves out is turned off; that a pool can send text messages stays.
func TestSetUserPoolMfaConfigReplaces(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{EmailConfiguration: ownMail()}).Id
	must(e.setMFA(id, setMFA{
		MfaConfiguration: new(mfaOn), SmsMfaConfiguration: texts(), EmailMfaConfiguration: mails(), SoftwareTokenMfaConfiguration: app(true),
	}))(t)
	must(e.setMFA(id, setMFA{MfaConfiguration: new(mfaOn), SmsMfaConfiguration: new(cognitoidp.SmsMfaConfigType)}))(t)
	wantJSON(t, e.getMFA(id), `{"MfaConfiguration": "ON", "SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "`+role+`", "SnsRegion": "us-east-1"}}}`)
	must(e.setMFA(id, setMFA{}))(t)
	wantJSON(t, e.getMFA(id), `{"MfaConfiguration": "OFF", "SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "`+role+`", "SnsRegion": "us-east-1"}}}`)
}

func TestSetUserPoolMfaConfigRefuses(t *testing.T) {
	t.Parallel()
	const (
		nothing  = "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
		offWith  = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
		keepsSMS = "Can't turn off SMS_MFA when SMS configuration is set for the user pool"
		noSMS    = "SMS configuration is required to configure SMS_MFA."
		mail     = "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT."
		only     = "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_email as a recovery mechanism when Email MFA is configured."
		onlySMS  = "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_phone_number as a recovery mechanism when SMS MFA is configured."
		region   = "Invalid snsRegion. Allowed SNS region for us-east-1 is us-east-1"
	)
	abroad := texts()
	abroad.SmsConfiguration.SnsRegion = new("eu-west-1")
	for name, tt := range map[string]struct {
		pool cognitoidp.CreateUserPoolRequest
		in   setMFA
		text string
	}{
		"on with nothing":       {in: setMFA{MfaConfiguration: new(mfaOn)}, text: nothing},
		"optional without app":  {in: setMFA{MfaConfiguration: new(mfaOptional), SoftwareTokenMfaConfiguration: app(false)}, text: nothing},
		"off with app":          {in: setMFA{MfaConfiguration: new(mfaOff), SoftwareTokenMfaConfiguration: app(true)}, text: offWith},
		"absent with app":       {in: setMFA{SoftwareTokenMfaConfiguration: app(true)}, text: offWith},
		"off with text":         {in: setMFA{MfaConfiguration: new(mfaOff), SmsMfaConfiguration: texts()}, text: offWith},
		"off with e-mail":       {pool: cognitoidp.CreateUserPoolRequest{EmailConfiguration: ownMail()}, in: setMFA{EmailMfaConfiguration: mails()}, text: offWith},
		"without its text":      {pool: cognitoidp.CreateUserPoolRequest{SmsConfiguration: sms(role)}, in: setMFA{MfaConfiguration: new(mfaOn), SoftwareTokenMfaConfiguration: app(true)}, text: keepsSMS},
		"text without a sender": {in: setMFA{MfaConfiguration: new(mfaOn), SmsMfaConfiguration: new(cognitoidp.SmsMfaConfigType)}, text: noSMS},
		"text from abroad":      {in: setMFA{MfaConfiguration: new(mfaOn), SmsMfaConfiguration: abroad}, text: region},
		"e-mail from Cognito":   {in: setMFA{MfaConfiguration: new(mfaOn), EmailMfaConfiguration: mails()}, text: mail},
		"texts that also recover": {
			pool: cognitoidp.CreateUserPoolRequest{AccountRecoverySetting: onlyBy("verified_phone_number")},
			in:   setMFA{MfaConfiguration: new(mfaOptional), SmsMfaConfiguration: texts()}, text: onlySMS,
		},
		"e-mail that also recovers": {
			pool: cognitoidp.CreateUserPoolRequest{EmailConfiguration: ownMail(), AccountRecoverySetting: onlyBy("verified_email")},
			in:   setMFA{MfaConfiguration: new(mfaOn), EmailMfaConfiguration: mails()}, text: only,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			id := e.createPool(&tt.pool).Id
			pool, before := e.describePool(id), e.getMFA(id)
			_, err := e.setMFA(id, tt.in)
			wantFault(t, err, invalidParameter, tt.text)
			if diff := cmp.Diff(before, e.getMFA(id)) + cmp.Diff(pool, e.describePool(id)); diff != "" {
				t.Errorf("a refused request changed the pool: %s", diff)
			}
		})
	}
	e := newEnv(t)
	in := texts()
	in.SmsConfiguration = &cognitoidp.SmsConfigurationType{EumsSms: &cognitoidp.EumsSmsConfigurationType{CallerArn: new(role)}}
	in.SmsConfiguration.EumsSms.Region = new("eu-west-1")
	_, err := e.setMFA(e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id, setMFA{MfaConfiguration: new(mfaOn), SmsMfaConfiguration: in})
	wantFault(t, err, invalidParameter, "Invalid EumsSms region. Allowed EumsSms region for us-east-1 is us-east-1")
}

// UpdateUserPool keeps the second factors, and what they need.
func TestUpdateUserPoolKeepsMFA(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	update := func(in cognitoidp.UpdateUserPoolRequest) error {
		_, err := e.UpdateUserPool(t.Context(), e.call(), &in)
		return err
	}
	const needsSMS = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
	text := e.createPool(&cognitoidp.CreateUserPoolRequest{MfaConfiguration: new(mfaOn), SmsConfiguration: sms(role)}).Id
	wantFault(t, update(cognitoidp.UpdateUserPoolRequest{UserPoolId: text}), invalidParameter, needsSMS)
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: text, MfaConfiguration: new(mfaOff)})
	wantJSON(t, e.getMFA(text), `{"MfaConfiguration": "OFF"}`)
	wantFault(t, update(cognitoidp.UpdateUserPoolRequest{UserPoolId: text, MfaConfiguration: new(mfaOptional)}), invalidParameter, needsSMS)

	wantFault(t, update(cognitoidp.UpdateUserPoolRequest{
		UserPoolId: text, MfaConfiguration: new(mfaOn), SmsConfiguration: sms(role), AccountRecoverySetting: onlyBy("verified_phone_number"),
	}), invalidParameter, "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_phone_number as a recovery mechanism when SMS MFA is configured.")

	code := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	must(e.setMFA(code, setMFA{MfaConfiguration: new(mfaOptional), SoftwareTokenMfaConfiguration: app(true)}))(t)
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: code})
	wantJSON(t, e.getMFA(code), `{"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}}`)
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: code, MfaConfiguration: new(mfaOn)})
	wantJSON(t, e.getMFA(code), `{"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": true}}`)

	mail := e.createPool(&cognitoidp.CreateUserPoolRequest{EmailConfiguration: ownMail()}).Id
	must(e.setMFA(mail, setMFA{MfaConfiguration: new(mfaOptional), EmailMfaConfiguration: mails()}))(t)
	wantFault(t, update(cognitoidp.UpdateUserPoolRequest{UserPoolId: mail}), invalidParameter,
		"Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT.")
	wantFault(t, update(cognitoidp.UpdateUserPoolRequest{UserPoolId: mail, EmailConfiguration: ownMail(), AccountRecoverySetting: onlyBy("verified_email")}), invalidParameter,
		"Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_email as a recovery mechanism when Email MFA is configured.")
	e.updatePool(&cognitoidp.UpdateUserPoolRequest{UserPoolId: mail, EmailConfiguration: ownMail()})
	wantJSON(t, e.getMFA(mail), `{"MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {"Subject": "code", "Message": "{####}."}}`)
}

// Requests at the same time do not mix: each replaces everything or says that it lost.
func TestSetUserPoolMfaConfigTogether(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{EmailConfiguration: ownMail()}).Id
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			in := setMFA{MfaConfiguration: new(mfaOptional), SoftwareTokenMfaConfiguration: app(true)}
			if i%2 == 0 {
				in = setMFA{MfaConfiguration: new(mfaOn), EmailMfaConfiguration: mails()}
			}
			if _, err := e.setMFA(id, in); err != nil && !fault.Is(err, "ConcurrentModificationException") {
				t.Error(err)
			}
		})
	}
	work.Wait()
	got := e.getMFA(id)
	if on := *got.MfaConfiguration == mfaOn; on != (got.EmailMfaConfiguration != nil) || on == (got.SoftwareTokenMfaConfiguration != nil) {
		t.Errorf("got %+v", got)
	}
}

func TestRelyingParties(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{PoolName: new("p")}).Id
	for id, good := range map[string]bool{
		"example.com": true, "a-b.example.co.uk": true, "localhost": true, "app.localhost": true, "xn--bcher-kva.example": true,
		"com": false, "Example.com": false, "example.com.": false, "https://example.com": false, "example.com:443": false,
		"127.0.0.1": false, "-a.example.com": false, "a-.example.com": false, "a..b": false, "bücher.example": false,
	} {
		_, err := e.setMFA(pool, setMFA{WebAuthnConfiguration: &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: &id}})
		if good {
			if err != nil {
				t.Errorf("%s: %v", id, err)
			}
			continue
		}
		wantFault(t, err, invalidParameter, "RelyingPartyId must be a domain.")
	}
}

// Where everybody needs two factors, none may come first that nothing follows.
func TestSingleFactors(t *testing.T) {
	t.Parallel()
	for factor, configuration := range map[cognitoidp.AuthFactorType]cognitoidp.WebAuthnFactorConfigurationType{
		"EMAIL_OTP": "", "SMS_OTP": "", "WEB_AUTHN": "SINGLE_FACTOR", "PASSWORD": "SINGLE_FACTOR",
	} {
		e := newEnv(t)
		pool := e.createPool(&cognitoidp.CreateUserPoolRequest{Policies: firstFactors("PASSWORD", factor)}).Id
		web := &cognitoidp.WebAuthnConfigurationType{RelyingPartyId: new("example.com")}
		if configuration != "" {
			web.FactorConfiguration = &configuration
		}
		on := setMFA{MfaConfiguration: new(mfaOn), SoftwareTokenMfaConfiguration: app(true), WebAuthnConfiguration: web}
		_, err := e.setMFA(pool, on)
		if factor == "PASSWORD" {
			if err != nil {
				t.Error(err)
			}
			_, err = e.UpdateUserPool(t.Context(), e.call(), &cognitoidp.UpdateUserPoolRequest{UserPoolId: pool, Policies: firstFactors("PASSWORD", "WEB_AUTHN")})
			wantFault(t, err, invalidParameter, "WEB_AUTHN cannot be one of the allowed first auth factors when MFA is required.")
			continue
		}
		wantFault(t, err, invalidParameter, string(factor)+" cannot be one of the allowed first auth factors when MFA is required.")
		on.MfaConfiguration = new(mfaOptional)
		if _, err := e.setMFA(pool, on); err != nil {
			t.Error(err)
		}
		if factor == "WEB_AUTHN" {
			on.MfaConfiguration = new(mfaOn)
			web.FactorConfiguration = new(cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification)
			if _, err := e.setMFA(pool, on); err != nil {
				t.Error(err)
			}
		}
	}
}
