package e2e

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the hash of RFC 6238
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func deviceSamples() map[string]sample {
	own := func(more sample) sample {
		more["AccessToken"], more["DeviceKey"] = "{access}", "{device}"
		return more
	}
	admin := func(more sample) sample {
		more["UserPoolId"], more["Username"], more["DeviceKey"] = "{pool}", "{user}", "{device}"
		return more
	}
	return map[string]sample{
		"ConfirmDevice": own(sample{
			"DeviceName": "laptop", "DeviceSecretVerifierConfig": map[string]any{"Salt": "{salt}", "PasswordVerifier": "{verifier}"},
		}),
		"GetDevice":               own(sample{}),
		"ForgetDevice":            own(sample{}),
		"UpdateDeviceStatus":      own(sample{"DeviceRememberedStatus": "remembered"}),
		"ListDevices":             {"AccessToken": "{access}", "Limit": 2, "PaginationToken": "x"},
		"AdminGetDevice":          admin(sample{}),
		"AdminForgetDevice":       admin(sample{}),
		"AdminUpdateDeviceStatus": admin(sample{"DeviceRememberedStatus": "remembered"}),
		"AdminListDevices":        {"UserPoolId": "{pool}", "Username": "{user}", "Limit": 2, "PaginationToken": "x"},
	}
}

// tracking makes a pool remember devices in place of a second factor.
func tracking(prompt bool) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) {
		in.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: prompt}
	}
}

// laptop is a device as the program on it knows it.
type laptop struct{ key, group, password string }

// newLaptop makes the secret of a new device, and what ConfirmDevice is told of it.
func newLaptop(tokens *types.AuthenticationResultType) (laptop, *types.DeviceSecretVerifierConfigType) {
	d := laptop{*tokens.NewDeviceMetadata.DeviceKey, *tokens.NewDeviceMetadata.DeviceGroupKey, rand.Text()}
	book.add("device password", d.password)
	random := make([]byte, 16)
	rand.Read(random)
	salt := new(big.Int).SetBytes(random)
	verifier := new(big.Int).Exp(srpG, secretOf(d.group, d.key, d.password, salt), srpN)
	encode := base64.StdEncoding.EncodeToString
	return d, &types.DeviceSecretVerifierConfigType{Salt: ptr(encode(padded(salt))), PasswordVerifier: ptr(encode(padded(verifier)))}
}

// confirmDevice makes the new device of a sign-in one of the user's.
func (s *scene) confirmDevice(tokens *types.AuthenticationResultType) laptop {
	s.t.Helper()
	d, config := newLaptop(tokens)
	must(s.ConfirmDevice(s.ctx, &idp.ConfirmDeviceInput{
		AccessToken: tokens.AccessToken, DeviceKey: &d.key, DeviceName: ptr("laptop"), DeviceSecretVerifierConfig: config,
	}))(s.t)
	return d
}

func (s *scene) answer(a app, challenge types.ChallengeNameType, session *string, responses map[string]string) (*idp.RespondToAuthChallengeOutput, error) {
	return s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: challenge, Session: session, ChallengeResponses: responses,
	})
}

// startWith begins a sign-in with a device by password.
func (s *scene) startWith(a app, u person, d laptop) (*idp.InitiateAuthOutput, error) {
	return s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": u.name, "PASSWORD": u.password, "DEVICE_KEY": d.key},
	})
}

// proveDevice answers DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER.
func (s *scene) proveDevice(a app, u person, d laptop, session *string) (*idp.RespondToAuthChallengeOutput, error) {
	s.t.Helper()
	p := newProof()
	out, err := s.answer(a, types.ChallengeNameTypeDeviceSrpAuth, session, map[string]string{"USERNAME": u.name, "DEVICE_KEY": d.key, "SRP_A": p.A.Text(16)})
	if err != nil {
		return nil, err
	}
	if out.ChallengeName != types.ChallengeNameTypeDevicePasswordVerifier || out.ChallengeParameters["DEVICE_KEY"] != d.key {
		s.t.Fatalf("got %s with %v", out.ChallengeName, out.ChallengeParameters)
	}
	claim := p.claim(d.group, d.key, d.password, out.ChallengeParameters)
	claim["USERNAME"], claim["DEVICE_KEY"] = u.name, d.key
	return s.answer(a, types.ChallengeNameTypeDevicePasswordVerifier, out.Session, claim)
}

// asksDevice returns the Session of a DEVICE_SRP_AUTH.
func asksDevice(t *testing.T, name types.ChallengeNameType, session *string) *string {
	t.Helper()
	if name != types.ChallengeNameTypeDeviceSrpAuth || session == nil {
		t.Fatalf("got challenge %q, want DEVICE_SRP_AUTH", name)
	}
	return session
}

// deviceClaim is what an access token says of the device.
func deviceClaim(t *testing.T, accessToken *string) string {
	t.Helper()
	payload := must(base64.RawURLEncoding.DecodeString(strings.Split(*accessToken, ".")[1]))(t)
	var claims struct {
		DeviceKey string `json:"device_key"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.DeviceKey
}

const noDevice = "Device does not exist."

// A device from its first sign-in to its end.
func TestDevice(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(tracking(false)))
	u := s.member(a.pool)
	first := s.tokens(a, u.name, u.password)
	if first.NewDeviceMetadata == nil || deviceClaim(t, first.AccessToken) != *first.NewDeviceMetadata.DeviceKey {
		t.Fatalf("got %+v", first.NewDeviceMetadata)
	}
	d, config := newLaptop(first)
	_, err := s.startWith(a, u, d)
	refused[*types.ResourceNotFoundException](t, err, noDevice)
	confirm := &idp.ConfirmDeviceInput{AccessToken: first.AccessToken, DeviceKey: &d.key, DeviceName: ptr("laptop"), DeviceSecretVerifierConfig: config}
	if out := must(s.ConfirmDevice(s.ctx, confirm))(t); out.UserConfirmationNecessary {
		t.Error("the user is asked although the pool always remembers")
	}
	_, err = s.ConfirmDevice(s.ctx, confirm)
	refused[*types.DeviceKeyExistsException](t, err, "Device already exists.")

	for _, signIn := range []func() (*idp.RespondToAuthChallengeOutput, error){
		func() (*idp.RespondToAuthChallengeOutput, error) {
			out := must(s.startWith(a, u, d))(t)
			return s.proveDevice(a, u, d, asksDevice(t, out.ChallengeName, out.Session))
		},
		func() (*idp.RespondToAuthChallengeOutput, error) {
			p := newProof()
			responses := p.responses(a.pool, u.password, must(s.startSRP(a, p, u.name))(t).ChallengeParameters)
			responses["DEVICE_KEY"] = d.key
			out := must(s.finishSRP(a, responses))(t)
			return s.proveDevice(a, u, d, asksDevice(t, out.ChallengeName, out.Session))
		},
	} {
		tokens := must(signIn())(t).AuthenticationResult
		if tokens == nil || tokens.NewDeviceMetadata != nil || deviceClaim(t, tokens.AccessToken) != d.key {
			t.Fatalf("got %+v", tokens)
		}
		_, err = s.refresh(a, *tokens.RefreshToken)
		refused[*types.NotAuthorizedException](t, err, "Invalid Refresh Token.")
		again := must(s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
			ClientId: &a.id, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
			AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken, "DEVICE_KEY": d.key},
		}))(t).AuthenticationResult
		if deviceClaim(t, again.AccessToken) != d.key || again.RefreshToken != nil {
			t.Errorf("got %+v", again)
		}
		must(s.GetTokensFromRefreshToken(s.ctx, &idp.GetTokensFromRefreshTokenInput{ClientId: &a.id, RefreshToken: tokens.RefreshToken, DeviceKey: &d.key}))(t)
	}
	wrong := d
	wrong.password = "guess"
	out := must(s.startWith(a, u, d))(t)
	_, err = s.proveDevice(a, u, wrong, asksDevice(t, out.ChallengeName, out.Session))
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")

	must(s.ForgetDevice(s.ctx, &idp.ForgetDeviceInput{AccessToken: first.AccessToken, DeviceKey: &d.key}))(t)
	_, err = s.startWith(a, u, d)
	refused[*types.ResourceNotFoundException](t, err, noDevice)
	_, err = s.GetTokensFromRefreshToken(s.ctx, &idp.GetTokensFromRefreshTokenInput{ClientId: &a.id, RefreshToken: first.RefreshToken, DeviceKey: &d.key})
	refused[*types.NotAuthorizedException](t, err, "Invalid Refresh Token.")
	_, err = s.ConfirmDevice(s.ctx, confirm)
	refused[*types.InvalidParameterException](t, err, "Invalid device key given.")
}

func TestDeviceOperations(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(tracking(true)))
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	d, config := newLaptop(tokens)
	out := must(s.ConfirmDevice(s.ctx, &idp.ConfirmDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key, DeviceSecretVerifierConfig: config}))(t)
	if !out.UserConfirmationNecessary {
		t.Error("the user is not asked")
	}
	status := func() string {
		t.Helper()
		own := must(s.GetDevice(s.ctx, &idp.GetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key}))(t).Device
		admin := must(s.AdminGetDevice(s.ctx, &idp.AdminGetDeviceInput{UserPoolId: &a.pool, Username: &u.name, DeviceKey: &d.key}))(t).Device
		if valueOf(own.DeviceAttributes, "dev:device_owner") != u.name+"."+a.pool || valueOf(own.DeviceAttributes, "last_ip_used") != "127.0.0.1" ||
			valueOf(own.DeviceAttributes, "device_name") != "" || !own.DeviceCreateDate.Equal(*admin.DeviceCreateDate) {
			t.Errorf("got %+v and %+v", own, admin)
		}
		got := valueOf(own.DeviceAttributes, "dev:device_remembered_status")
		if valueOf(admin.DeviceAttributes, "dev:device_remembered_status") != got {
			t.Errorf("the device is %s, and is not", got)
		}
		return got
	}
	if got := status(); got != "not_remembered" {
		t.Errorf("a new device is %s", got)
	}
	must(s.UpdateDeviceStatus(s.ctx, &idp.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key, DeviceRememberedStatus: types.DeviceRememberedStatusTypeRemembered}))(t)
	if got := status(); got != "remembered" {
		t.Errorf("a remembered device is %s", got)
	}
	must(s.AdminUpdateDeviceStatus(s.ctx, &idp.AdminUpdateDeviceStatusInput{UserPoolId: &a.pool, Username: &u.name, DeviceKey: &d.key, DeviceRememberedStatus: types.DeviceRememberedStatusTypeNotRemembered}))(t)
	if got := status(); got != "not_remembered" {
		t.Errorf("a device that is not remembered is %s", got)
	}

	all := []string{d.key}
	for range 2 {
		all = append(all, s.confirmDevice(s.tokens(a, u.name, u.password)).key)
	}
	slices.Sort(all)
	var own, admin []string
	for in := (&idp.ListDevicesInput{AccessToken: tokens.AccessToken, Limit: ptr(int32(2))}); ; {
		page := must(s.ListDevices(s.ctx, in))(t)
		for _, d := range page.Devices {
			own = append(own, *d.DeviceKey)
		}
		if in.PaginationToken = page.PaginationToken; in.PaginationToken == nil {
			break
		}
	}
	for in := (&idp.AdminListDevicesInput{UserPoolId: &a.pool, Username: &u.name, Limit: ptr(int32(1))}); ; {
		page := must(s.AdminListDevices(s.ctx, in))(t)
		for _, d := range page.Devices {
			admin = append(admin, *d.DeviceKey)
		}
		if in.PaginationToken = page.PaginationToken; in.PaginationToken == nil {
			break
		}
	}
	if !slices.Equal(own, all) || !slices.Equal(admin, all) {
		t.Errorf("got %v and %v, want %v", own, admin, all)
	}
	must(s.AdminForgetDevice(s.ctx, &idp.AdminForgetDeviceInput{UserPoolId: &a.pool, Username: &u.name, DeviceKey: &d.key}))(t)
	_, err := s.GetDevice(s.ctx, &idp.GetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key})
	refused[*types.ResourceNotFoundException](t, err, noDevice)

	// AWS answers that the user is missing although the model does not say so.
	nobody := `{"UserPoolId":"` + a.pool + `","Username":"nobody","DeviceKey":"` + d.key + `"}`
	for _, operation := range []string{"AdminGetDevice", "AdminListDevices", "AdminForgetDevice", "AdminUpdateDeviceStatus"} {
		s.post(operation, nobody).is(t, http.StatusBadRequest, "UserNotFoundException", "User does not exist.")
	}

	other := s.app(s.pool())
	v := s.member(other.pool)
	_, err = s.ListDevices(s.ctx, &idp.ListDevicesInput{AccessToken: s.tokens(other, v.name, v.password).AccessToken})
	refused[*types.InvalidUserPoolConfigurationException](t, err, "Device tracking is not enabled for the user pool.")
	_, err = s.AdminForgetDevice(s.ctx, &idp.AdminForgetDeviceInput{UserPoolId: &other.pool, Username: &v.name, DeviceKey: &d.key})
	refused[*types.InvalidUserPoolConfigurationException](t, err, "Device tracking is not enabled for the user pool.")
}

// What is sent, and not what an SDK makes of it.
func TestDevicesOnTheWire(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(tracking(false)))
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	d := s.confirmDevice(tokens)
	got := s.post("ListDevices", `{"AccessToken":"`+*tokens.AccessToken+`","PaginationToken":null}`)
	for _, want := range []string{`"DeviceLastAuthenticatedDate":`, `{"Name":"device_status","Value":"valid"}`, `{"Name":"device_name","Value":"laptop"}`} {
		if got.status != http.StatusOK || !strings.Contains(got.body, want) || strings.Contains(got.body, "dev:") {
			t.Errorf("got %d %s, want %s", got.status, got.body, want)
		}
	}
	s.post("GetDevice", `{"AccessToken":"`+*tokens.AccessToken+`"}`).is(t, http.StatusBadRequest, "InvalidParameterException",
		"1 validation error detected: Value null at 'deviceKey' failed to satisfy constraint: Member must not be null")
	if got := s.post("ForgetDevice", `{"AccessToken":"`+*tokens.AccessToken+`","DeviceKey":"`+d.key+`"}`); got.status != http.StatusOK || got.body != "" {
		t.Errorf("ForgetDevice answers %d %q", got.status, got.body)
	}
	// null members of the map are as if they were not there.
	got = s.post("InitiateAuth", `{"ClientId":"`+a.id+`","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"`+u.name+`","PASSWORD":"`+u.password+`","DEVICE_KEY":null}}`)
	if got.status != http.StatusOK || !strings.Contains(got.body, `"NewDeviceMetadata":{"DeviceKey":"us-east-1_`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestDeviceSettings(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	for in, want := range map[string]string{
		`,"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":false}`:    `"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":false,"DeviceOnlyRememberedOnUserPrompt":false}`,
		`,"DeviceConfiguration":{"DeviceOnlyRememberedOnUserPrompt":true}`: `"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":false,"DeviceOnlyRememberedOnUserPrompt":true}`,
		`,"DeviceConfiguration":{}`:                                        "",
		`,"DeviceConfiguration":null`:                                      "",
		``:                                                                 "",
	} {
		if got := s.post("UpdateUserPool", `{"UserPoolId":"`+pool+`","AutoVerifiedAttributes":["email"]`+in+`}`); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", in, got.status, got.body)
		}
		got := s.post("DescribeUserPool", `{"UserPoolId":"`+pool+`"}`).body
		if want != "" && !strings.Contains(got, want) || want == "" && strings.Contains(got, "DeviceConfiguration") {
			t.Errorf("after %s: %s", in, got)
		}
	}
}

// totpOf is the code that an authenticator app shows (RFC 6238).
func totpOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	seed := must(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret))(t)
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	from := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:from+4])&0x7fffffff%1000000)
}

// A remembered device stands in for the second factor, and no other does; after the second
// factor, the Session before it counts for the device, as amazon-cognito-identity-js sends it.
func TestDeviceInsteadOfSecondFactor(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(tracking(true))
	must(s.SetUserPoolMfaConfig(s.ctx, &idp.SetUserPoolMfaConfigInput{
		UserPoolId: &pool, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	}))(t)
	a := s.app(pool)
	u := s.member(pool)
	tokens := s.tokens(a, u.name, u.password)
	d := s.confirmDevice(tokens)
	secret := *must(s.AssociateSoftwareToken(s.ctx, &idp.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken}))(t).SecretCode
	book.add("seed", secret)
	now := time.Now()
	must(s.VerifySoftwareToken(s.ctx, &idp.VerifySoftwareTokenInput{AccessToken: tokens.AccessToken, UserCode: ptr(totpOf(t, secret, now.Add(-30*time.Second)))}))(t)
	must(s.SetUserMFAPreference(s.ctx, &idp.SetUserMFAPreferenceInput{
		AccessToken: tokens.AccessToken, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	}))(t)

	out := must(s.startWith(a, u, d))(t)
	if out.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("a device that is not remembered meets %s", out.ChallengeName)
	}
	code := map[string]string{"USERNAME": u.name, "SOFTWARE_TOKEN_MFA_CODE": totpOf(t, secret, now), "DEVICE_KEY": "us-east-1_none"}
	_, err := s.answer(a, out.ChallengeName, out.Session, code)
	refused[*types.ResourceNotFoundException](t, err, noDevice)
	code["DEVICE_KEY"] = d.key
	next := must(s.answer(a, out.ChallengeName, out.Session, code))(t)
	after := asksDevice(t, next.ChallengeName, next.Session)
	signedIn := must(s.proveDevice(a, u, d, out.Session))(t)
	if signedIn.AuthenticationResult == nil || deviceClaim(t, signedIn.AuthenticationResult.AccessToken) != d.key {
		t.Fatalf("got %+v", signedIn)
	}
	for _, session := range []*string{out.Session, after} {
		if _, err := s.proveDevice(a, u, d, session); err == nil {
			t.Error("a second factor counted twice")
		} else if _, ok := errorAs[*types.NotAuthorizedException](err); !ok {
			t.Error(err)
		}
	}

	must(s.UpdateDeviceStatus(s.ctx, &idp.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: &d.key, DeviceRememberedStatus: types.DeviceRememberedStatusTypeRemembered}))(t)
	out = must(s.startWith(a, u, d))(t)
	if signedIn = must(s.proveDevice(a, u, d, asksDevice(t, out.ChallengeName, out.Session)))(t); signedIn.AuthenticationResult == nil {
		t.Fatalf("got %+v", signedIn)
	}
	if out := must(s.signIn(a, u.name, u.password))(t); out.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Errorf("a sign-in without the device meets %q", out.ChallengeName)
	}
}

// The admin twins drive the same machine.
func TestAdminSignInWithDevice(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(tracking(false)), withSecret)
	u := s.member(a.pool)
	start := func(more map[string]string) *idp.AdminInitiateAuthOutput {
		t.Helper()
		parameters := map[string]string{"USERNAME": u.name, "PASSWORD": u.password, "SECRET_HASH": *a.hash(u.name)}
		maps.Copy(parameters, more)
		return must(s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
			UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, AuthParameters: parameters,
		}))(t)
	}
	d := s.confirmDevice(start(nil).AuthenticationResult)
	answer := func(challenge types.ChallengeNameType, session *string, responses map[string]string) *idp.AdminRespondToAuthChallengeOutput {
		t.Helper()
		maps.Copy(responses, map[string]string{"USERNAME": u.name, "DEVICE_KEY": d.key, "SECRET_HASH": *a.hash(u.name)})
		return must(s.AdminRespondToAuthChallenge(s.ctx, &idp.AdminRespondToAuthChallengeInput{
			UserPoolId: &a.pool, ClientId: &a.id, ChallengeName: challenge, Session: session, ChallengeResponses: responses,
			ContextData: &types.ContextDataType{
				IpAddress: ptr("203.0.113.9"), ServerName: ptr("app"), ServerPath: ptr("/login"), HttpHeaders: []types.HttpHeader{},
			},
		}))(t)
	}
	begun, p := start(map[string]string{"DEVICE_KEY": d.key}), newProof()
	out := answer(types.ChallengeNameTypeDeviceSrpAuth, asksDevice(t, begun.ChallengeName, begun.Session), map[string]string{"SRP_A": p.A.Text(16)})
	out = answer(types.ChallengeNameTypeDevicePasswordVerifier, out.Session, p.claim(d.group, d.key, d.password, out.ChallengeParameters))
	if out.AuthenticationResult == nil || deviceClaim(t, out.AuthenticationResult.AccessToken) != d.key {
		t.Fatalf("got %+v", out)
	}
	device := must(s.AdminGetDevice(s.ctx, &idp.AdminGetDeviceInput{UserPoolId: &a.pool, Username: &u.name, DeviceKey: &d.key}))(t).Device
	if got := valueOf(device.DeviceAttributes, "last_ip_used"); got != "203.0.113.9" {
		t.Errorf("the device was used from %s", got)
	}
	if got := aws.ToTime(device.DeviceLastAuthenticatedDate); got.Nanosecond() != 0 || got.Before(device.DeviceCreateDate.Truncate(time.Second)) {
		t.Errorf("the device signed in at %s", got)
	}
}
