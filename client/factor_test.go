package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

// challenge answers with one.
func challenge(name, session string, parameters map[string]any) answer {
	return ok(map[string]any{"ChallengeName": name, "Session": session, "ChallengeParameters": parameters})
}

// script answers InitiateAuth and then RespondToAuthChallenge with answers in turn, and
// keeps the latter's requests.
type script struct {
	first   answer
	answers []answer
	got     []map[string]any
}

func (s *script) service(tb testing.TB) *service {
	return &service{tb: tb, handlers: map[string]func(request) answer{
		"InitiateAuth": func(request) answer { return s.first },
		"RespondToAuthChallenge": func(r request) answer {
			s.got = append(s.got, r.in)
			return s.answers[len(s.got)-1]
		},
	}}
}

func answerTo(name, session string, responses map[string]any) map[string]any {
	return map[string]any{"ChallengeName": name, "ClientId": clientID, "Session": session, "ChallengeResponses": responses}
}

func TestSelectMFAType(t *testing.T) {
	t.Parallel()
	s := &script{
		first: challenge("SELECT_MFA_TYPE", firstSession, map[string]any{
			"USER_ID_FOR_SRP": aliceID, "MFAS_CAN_CHOOSE": `["SMS_MFA","SOFTWARE_TOKEN_MFA"]`,
		}),
		answers: []answer{
			challenge("SMS_MFA", secondSession, map[string]any{
				"USER_ID_FOR_SRP": aliceID, "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******9934",
			}),
			refuse(400, "CodeMismatchException", "Invalid code or auth state for the user."),
			signedIn(tokenSet(time.Now(), 1)),
		},
	}
	_, err := newPool(t, s.service(t)).User("alice@example.com").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
	selection, is := errors.AsType[*client.SelectMFAType](err)
	if !is {
		t.Fatalf("SignIn: %v, want *SelectMFAType", err)
	}
	if diff := cmp.Diff([]client.Factor{client.SMSMFA, client.SoftwareTokenMFA}, selection.Choices); diff != "" {
		t.Errorf("Choices (-want +got):\n%s", diff)
	}
	_, err = selection.Choose(t.Context(), client.SMSMFA)
	code, is := errors.AsType[*client.CodeRequired](err)
	if !is {
		t.Fatalf("Choose: %v, want *CodeRequired", err)
	}
	if want := "client: sign-in needs the code that went by SMS to +*******9934"; code.Error() != want {
		t.Errorf("%q, want %q", code.Error(), want)
	}
	if _, err := code.Answer(t.Context(), "1"); !errors.Is(err, client.ErrCodeMismatch) {
		t.Errorf("a wrong code: %v, want %v", err, client.ErrCodeMismatch)
	}
	if _, err := code.Answer(t.Context(), "2"); err != nil {
		t.Error(err)
	}
	want := []map[string]any{
		answerTo("SELECT_MFA_TYPE", firstSession, map[string]any{"USERNAME": aliceID, "ANSWER": "SMS_MFA"}),
		answerTo("SMS_MFA", secondSession, map[string]any{"USERNAME": aliceID, "SMS_MFA_CODE": "1"}),
		answerTo("SMS_MFA", secondSession, map[string]any{"USERNAME": aliceID, "SMS_MFA_CODE": "2"}),
	}
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestCodeRequired(t *testing.T) {
	t.Parallel()
	for factor, member := range map[client.Factor]string{
		client.SMSMFA: "SMS_MFA_CODE", client.SoftwareTokenMFA: "SOFTWARE_TOKEN_MFA_CODE",
		client.EmailOTP: "EMAIL_OTP_CODE", client.SMSOTP: "SMS_OTP_CODE",
	} {
		t.Run(string(factor), func(t *testing.T) {
			t.Parallel()
			s := &script{
				first:   challenge(string(factor), firstSession, map[string]any{"USERNAME": "alice"}),
				answers: []answer{signedIn(tokenSet(time.Now(), 1))},
			}
			_, err := newPool(t, s.service(t)).User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
			code, is := errors.AsType[*client.CodeRequired](err)
			if !is || code.Factor != factor || code.Delivery != nil {
				t.Fatalf("SignIn: %v, want a code of %s", err, factor)
			}
			if _, err := code.Answer(t.Context(), "123456"); err != nil {
				t.Fatal(err)
			}
			want := []map[string]any{answerTo(string(factor), firstSession, map[string]any{"USERNAME": "alice", member: "123456"})}
			if diff := cmp.Diff(want, s.got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

// An authenticator app is set up in the middle of a sign-in. The code is checked once,
// even when the sign-in has to be continued twice.
func TestMFASetup(t *testing.T) {
	t.Parallel()
	s := &script{
		first:   challenge("MFA_SETUP", firstSession, map[string]any{"USER_ID_FOR_SRP": aliceID, "MFAS_CAN_SETUP": `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`}),
		answers: []answer{{err: errors.New("cut off")}, signedIn(tokenSet(time.Now(), 1))},
	}
	service := s.service(t)
	var verified []map[string]any
	service.handlers["AssociateSoftwareToken"] = func(r request) answer {
		if diff := cmp.Diff(map[string]any{"Session": firstSession}, r.in); diff != "" {
			t.Errorf("AssociateSoftwareToken (-want +got):\n%s", diff)
		}
		return ok(map[string]any{"SecretCode": "ABCDEFGHIJKLMNOP", "Session": secondSession})
	}
	service.handlers["VerifySoftwareToken"] = func(r request) answer {
		verified = append(verified, r.in)
		if len(verified) == 1 {
			return refuse(400, "EnableSoftwareTokenMFAException", "Code mismatch")
		}
		return ok(map[string]any{"Status": "SUCCESS", "Session": "third-session-of-the-sign-in"})
	}
	_, err := newPool(t, service).User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
	setup, is := errors.AsType[*client.MFASetup](err)
	if !is {
		t.Fatalf("SignIn: %v, want *MFASetup", err)
	}
	if diff := cmp.Diff([]client.Factor{client.SoftwareTokenMFA, client.EmailOTP}, setup.Choices); diff != "" {
		t.Errorf("Choices (-want +got):\n%s", diff)
	}
	if _, err := setup.VerifySoftwareToken(t.Context(), "1", ""); err == nil || len(verified) != 0 {
		t.Errorf("before AssociateSoftwareToken: %v after %d calls, want an error without a call", err, len(verified))
	}
	secret, err := setup.AssociateSoftwareToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(secret) != "ABCDEFGHIJKLMNOP" || fmt.Sprint(secret) != "***" {
		t.Errorf("secret %q, printed %v", string(secret), secret)
	}
	if _, err := setup.VerifySoftwareToken(t.Context(), "000000", ""); !errors.Is(err, client.ErrEnableSoftwareTokenMFA) {
		t.Errorf("a wrong code: %v, want %v", err, client.ErrEnableSoftwareTokenMFA)
	}
	if _, err := setup.VerifySoftwareToken(t.Context(), "123456", "my phone"); err == nil {
		t.Error("the sign-in went on without an answer")
	}
	if _, err := setup.VerifySoftwareToken(t.Context(), "123456", "my phone"); err != nil {
		t.Error(err)
	}
	wantVerified := []map[string]any{
		{"Session": secondSession, "UserCode": "000000"},
		{"Session": secondSession, "UserCode": "123456", "FriendlyDeviceName": "my phone"},
	}
	if diff := cmp.Diff(wantVerified, verified); diff != "" {
		t.Errorf("VerifySoftwareToken (-want +got):\n%s", diff)
	}
	done := answerTo("MFA_SETUP", "third-session-of-the-sign-in", map[string]any{"USERNAME": aliceID})
	if diff := cmp.Diff([]map[string]any{done, done}, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestMFASetupByEmail(t *testing.T) {
	t.Parallel()
	s := &script{
		first:   challenge("MFA_SETUP", firstSession, map[string]any{"USER_ID_FOR_SRP": aliceID, "MFAS_CAN_SETUP": `["EMAIL_OTP"]`}),
		answers: []answer{challenge("EMAIL_OTP", secondSession, map[string]any{"USER_ID_FOR_SRP": aliceID})},
	}
	_, err := newPool(t, s.service(t)).User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
	setup, is := errors.AsType[*client.MFASetup](err)
	if !is {
		t.Fatalf("SignIn: %v, want *MFASetup", err)
	}
	_, err = setup.SetUpEmail(t.Context(), "alice@example.com")
	if code, is := errors.AsType[*client.CodeRequired](err); !is || code.Factor != client.EmailOTP {
		t.Errorf("SetUpEmail: %v, want a code by e-mail", err)
	}
	want := []map[string]any{answerTo("MFA_SETUP", firstSession, map[string]any{"USERNAME": aliceID, "EMAIL": "alice@example.com"})}
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// Choices that are no list of names are a bad answer, and none are none.
func TestChoicesAreRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		name       string
		parameters map[string]any
		bad        bool
	}{
		"none":            {name: "SELECT_MFA_TYPE", parameters: map[string]any{}},
		"no JSON":         {name: "SELECT_MFA_TYPE", parameters: map[string]any{"MFAS_CAN_CHOOSE": "SMS_MFA"}, bad: true},
		"numbers":         {name: "MFA_SETUP", parameters: map[string]any{"MFAS_CAN_SETUP": "[1]"}, bad: true},
		"passkey options": {name: "WEB_AUTHN", parameters: map[string]any{"CREDENTIAL_REQUEST_OPTIONS": "{"}, bad: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{first: challenge(test.name, firstSession, test.parameters)}
			_, err := newPool(t, s.service(t)).User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
			if errors.Is(err, client.ErrBadAnswer) != test.bad {
				t.Errorf("%v, bad answer: want %t", err, test.bad)
			}
		})
	}
}

func TestSoftwareTokenURI(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ issuer, account, want string }{
		"plain":     {"Cenote", "alice", "otpauth://totp/Cenote:alice?secret=ABC&issuer=Cenote"},
		"no issuer": {"", "alice", "otpauth://totp/alice?secret=ABC"},
		"spaces":    {"My App & Co", "a b@example.com", "otpauth://totp/My%20App%20&%20Co:a%20b@example.com?secret=ABC&issuer=My%20App%20%26%20Co"},
		"slashes":   {"a/b?c", "d#e", "otpauth://totp/a%2Fb%3Fc:d%23e?secret=ABC&issuer=a%2Fb%3Fc"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := client.SoftwareTokenURI("ABC", test.issuer, test.account)
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			u, err := url.Parse(got)
			if err != nil {
				t.Fatal(err)
			}
			if issuer := u.Query().Get("issuer"); issuer != test.issuer || u.Query().Get("secret") != "ABC" {
				t.Errorf("issuer %q, want %q", issuer, test.issuer)
			}
		})
	}
}

// Every call about factors, devices and passkeys: its members, and what becomes of the answer.
func TestFactorRequests(t *testing.T) {
	t.Parallel()
	set := tokenSet(time.Now(), 1)
	access := set["AccessToken"]
	created := time.Date(2026, 3, 3, 9, 5, 7, 500e6, time.UTC)
	const deviceJSON = `{"DeviceKey":"` + deviceKey + `","DeviceAttributes":[{"Name":"device_name","Value":"laptop"},
		{"Name":"last_ip_used","Value":"10.0.0.1"},{"Name":"dev:device_remembered_status","Value":"remembered"}],
		"DeviceCreateDate":1772528707.5,"DeviceLastModifiedDate":1772528707.5,"DeviceLastAuthenticatedDate":1772528707.5}`
	device := client.Device{
		Key: deviceKey, Name: "laptop", LastIP: "10.0.0.1", Remembered: true,
		Attributes: map[string]string{"device_name": "laptop", "last_ip_used": "10.0.0.1", "dev:device_remembered_status": "remembered"},
		Created:    created, Modified: created, LastAuthenticated: created,
	}
	tests := map[string]struct {
		operation string
		do        func(context.Context, *client.Session) (any, error)
		in        map[string]any
		reply     string
		want      any
	}{
		"associate": {
			operation: "AssociateSoftwareToken",
			do:        func(ctx context.Context, s *client.Session) (any, error) { return s.AssociateSoftwareToken(ctx) },
			in:        map[string]any{"AccessToken": access},
			reply:     `{"SecretCode":"ABCDEFGHIJKLMNOP"}`,
			want:      client.Secret("ABCDEFGHIJKLMNOP"),
		},
		"verify": {
			operation: "VerifySoftwareToken",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				return nil, s.VerifySoftwareToken(ctx, "123456", "my phone")
			},
			in:    map[string]any{"AccessToken": access, "UserCode": "123456", "FriendlyDeviceName": "my phone"},
			reply: `{"Status":"SUCCESS"}`,
		},
		"prefer SMS": {
			operation: "SetUserMFAPreference",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				return nil, s.SetMFAPreference(ctx, client.MFAPreference{SMS: &client.MFASetting{Enabled: true, Preferred: true}})
			},
			in:    map[string]any{"AccessToken": access, "SMSMfaSettings": map[string]any{"Enabled": true, "PreferredMfa": true}},
			reply: `{}`,
		},
		"all preferences": {
			operation: "SetUserMFAPreference",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				return nil, s.SetMFAPreference(ctx, client.MFAPreference{
					SMS: &client.MFASetting{}, SoftwareToken: &client.MFASetting{Enabled: true, Preferred: true},
					Email: &client.MFASetting{Enabled: true}, Passkey: new(true),
				})
			},
			in: map[string]any{
				"AccessToken":              access,
				"SMSMfaSettings":           map[string]any{"Enabled": false, "PreferredMfa": false},
				"SoftwareTokenMfaSettings": map[string]any{"Enabled": true, "PreferredMfa": true},
				"EmailMfaSettings":         map[string]any{"Enabled": true, "PreferredMfa": false},
				"WebAuthnMfaSettings":      map[string]any{"Enabled": true},
			},
			reply: `{}`,
		},
		"enable": {
			operation: "SetUserSettings",
			do:        func(ctx context.Context, s *client.Session) (any, error) { return nil, s.EnableMFA(ctx) },
			in: map[string]any{
				"AccessToken": access, "MFAOptions": []any{map[string]any{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}},
			},
			reply: `{}`,
		},
		"disable": {
			operation: "SetUserSettings",
			do:        func(ctx context.Context, s *client.Session) (any, error) { return nil, s.DisableMFA(ctx) },
			in:        map[string]any{"AccessToken": access, "MFAOptions": []any{}},
			reply:     `{}`,
		},
		"factors": {
			operation: "GetUserAuthFactors",
			do:        func(ctx context.Context, s *client.Session) (any, error) { return s.AuthFactors(ctx) },
			in:        map[string]any{"AccessToken": access},
			reply: `{"Username":"alice","ConfiguredUserAuthFactors":["PASSWORD","EMAIL_OTP"],
				"PreferredMfaSetting":"EMAIL_OTP","UserMFASettingList":["EMAIL_OTP"]}`,
			want: &client.AuthFactors{
				Configured: []string{"PASSWORD", "EMAIL_OTP"}, PreferredMFA: client.EmailOTP, MFA: []client.Factor{client.EmailOTP},
			},
		},
		"list devices": {
			operation: "ListDevices",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				devices, next, err := s.ListDevices(ctx, 2, "there")
				return []any{devices, next}, err
			},
			in:    map[string]any{"AccessToken": access, "Limit": float64(2), "PaginationToken": "there"},
			reply: `{"Devices":[` + deviceJSON + `],"PaginationToken":"further"}`,
			want:  []any{[]client.Device{device}, "further"},
		},
		"list devices from the start": {
			operation: "ListDevices",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				devices, next, err := s.ListDevices(ctx, 0, "")
				return []any{len(devices), next}, err
			},
			in:    map[string]any{"AccessToken": access},
			reply: `{}`,
			want:  []any{0, ""},
		},
		"device": {
			operation: "GetDevice",
			do:        func(ctx context.Context, s *client.Session) (any, error) { return s.Device(ctx, deviceKey) },
			in:        map[string]any{"AccessToken": access, "DeviceKey": deviceKey},
			reply:     `{"Device":` + deviceJSON + `}`,
			want:      &device,
		},
		"remember": {
			operation: "UpdateDeviceStatus",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				return nil, s.RememberDevice(ctx, deviceKey)
			},
			in:    map[string]any{"AccessToken": access, "DeviceKey": deviceKey, "DeviceRememberedStatus": "remembered"},
			reply: `{}`,
		},
		"do not remember": {
			operation: "UpdateDeviceStatus",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				return nil, s.DoNotRememberDevice(ctx, deviceKey)
			},
			in:    map[string]any{"AccessToken": access, "DeviceKey": deviceKey, "DeviceRememberedStatus": "not_remembered"},
			reply: `{}`,
		},
		"start a passkey": {
			operation: "StartWebAuthnRegistration",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				options, err := s.StartPasskeyRegistration(ctx)
				return string(options), err
			},
			in:    map[string]any{"AccessToken": access},
			reply: `{"CredentialCreationOptions":{"challenge":"wxvb"}}`,
			want:  `{"challenge":"wxvb"}`,
		},
		"complete a passkey": {
			operation: "CompleteWebAuthnRegistration",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				return nil, s.CompletePasskeyRegistration(ctx, json.RawMessage(`{"id":"8LAp"}`))
			},
			in:    map[string]any{"AccessToken": access, "Credential": map[string]any{"id": "8LAp"}},
			reply: `{}`,
		},
		"list passkeys": {
			operation: "ListWebAuthnCredentials",
			do: func(ctx context.Context, s *client.Session) (any, error) {
				passkeys, next, err := s.ListPasskeys(ctx, 1, "")
				return []any{passkeys, next}, err
			},
			in: map[string]any{"AccessToken": access, "MaxResults": float64(1)},
			reply: `{"Credentials":[{"CredentialId":"8LAp","FriendlyCredentialName":"a key","RelyingPartyId":"example.com",
				"AuthenticatorTransports":["internal"],"CreatedAt":1772528707.5}],"NextToken":"further"}`,
			want: []any{[]client.Passkey{{ID: "8LAp", Name: "a key", RelyingPartyID: "example.com", Created: created}}, "further"},
		},
		"delete a passkey": {
			operation: "DeleteWebAuthnCredential",
			do:        func(ctx context.Context, s *client.Session) (any, error) { return nil, s.DeletePasskey(ctx, "8LAp") },
			in:        map[string]any{"AccessToken": access, "CredentialId": "8LAp"},
			reply:     `{}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": func(request) answer { return signedIn(set) },
				test.operation: func(r request) answer {
					if diff := cmp.Diff(test.in, r.in); diff != "" {
						t.Errorf("%s (-want +got):\n%s", test.operation, diff)
					}
					return ok(test.reply)
				},
			}}
			got, err := test.do(t.Context(), passwordSession(t, newPool(t, s)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}
