package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
)

func TestConfirmDevice(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Confirm"), tracking(true, false))
	e.user(c.Pool, "jane")
	tokens := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	key := *tokens.NewDeviceMetadata.DeviceKey
	config := func(salt, verifier string) *cognitoidp.DeviceSecretVerifierConfigType {
		return &cognitoidp.DeviceSecretVerifierConfigType{Salt: &salt, PasswordVerifier: &verifier}
	}
	long := strings.Repeat("/", 600)
	other := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	for what, tt := range map[string]struct {
		key    string
		config *cognitoidp.DeviceSecretVerifierConfigType
		want   failure
	}{
		"another sign-in's":  {*other.NewDeviceMetadata.DeviceKey, config("AQ==", "Ag=="), badDeviceKey},
		"made up":            {"us-east-1_x", config("AQ==", "Ag=="), badDeviceKey},
		"no verifier":        {key, nil, invalid("Missing required parameter DeviceSecretVerifierConfig")},
		"empty verifier":     {key, new(cognitoidp.DeviceSecretVerifierConfigType), badVerifier},
		"no base64":          {key, config("?", "Ag=="), badVerifier},
		"long salt":          {key, config(long, "Ag=="), badVerifier},
		"zero":               {key, config("AQ==", "AA=="), badVerifier},
		"one":                {key, config("AQ==", "AAE="), badVerifier},
		"not of the group":   {key, config("AQ==", long), badVerifier},
		"verifier no base64": {key, config("AQ==", "Ag"), badVerifier},
	} {
		_, err := e.ConfirmDevice(t.Context(), e.by(tokens.AccessToken), &cognitoidp.ConfirmDeviceRequest{DeviceKey: &tt.key, DeviceSecretVerifierConfig: tt.config})
		if err == nil {
			t.Errorf("%s is accepted", what)
		} else {
			wantFault(t, err, tt.want)
		}
	}
	for _, prompt := range []bool{false, true} {
		c = e.configure(c, tracking(true, prompt))
		tokens := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
		in := &cognitoidp.ConfirmDeviceRequest{DeviceKey: tokens.NewDeviceMetadata.DeviceKey, DeviceSecretVerifierConfig: config("AQ==", "Ag==")}
		out := must(e.ConfirmDevice(t.Context(), e.by(tokens.AccessToken), in))(t)
		if out.UserConfirmationNecessary == nil || *out.UserConfirmationNecessary != prompt {
			t.Errorf("got %+v, want %v", out, prompt)
		}
		status := e.attributes(c, *in.DeviceKey)["dev:device_remembered_status"]
		if want := map[bool]string{false: "remembered", true: "not_remembered"}[prompt]; status != want {
			t.Errorf("the device is %s, want %s", status, want)
		}
		_, err := e.ConfirmDevice(t.Context(), e.by(tokens.AccessToken), in)
		wantFault(t, err, failure{"DeviceKeyExistsException", "Device already exists."})
	}
	e.configure(c, untracked)
	_, err := e.ConfirmDevice(t.Context(), e.by(tokens.AccessToken), &cognitoidp.ConfirmDeviceRequest{DeviceKey: &key, DeviceSecretVerifierConfig: config("AQ==", "Ag==")})
	wantFault(t, err, badDeviceKey)
}

// attributes are those of jane's device, as administrators see them.
func (e *env) attributes(c *catalog.Client, key string) map[string]string {
	e.t.Helper()
	out := must(e.AdminGetDevice(e.t.Context(), e.call(), &cognitoidp.AdminGetDeviceRequest{UserPoolId: c.Pool.Config.Id, Username: new("jane"), DeviceKey: &key}))(e.t)
	all := map[string]string{}
	for _, a := range out.Device.DeviceAttributes {
		all[*a.Name] = *a.Value
	}
	return all
}

func names(d cognitoidp.DeviceType) (list []string) {
	for _, a := range d.DeviceAttributes {
		list = append(list, *a.Name+"="+*a.Value)
	}
	return list
}

func TestShowingDevices(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Show"), tracking(true, true))
	e.user(c.Pool, "jane")
	made := e.time()
	tokens := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	d := e.confirm(tokens)
	call := e.by(tokens.AccessToken)
	e.sleep(1500 * time.Millisecond)
	changed := e.time()
	call.Time = changed
	must(e.UpdateDeviceStatus(t.Context(), call, &cognitoidp.UpdateDeviceStatusRequest{DeviceKey: &d.key, DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeRemembered)}))(t)
	e.sleep(1500 * time.Millisecond)
	out, err := e.signInWith(c, "jane", d.key)
	wantTokens(t, must(e.proveWith(c, d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session))(t), nil)
	used := e.time().Truncate(time.Second)

	whole := []string{
		"device_status=valid", "device_name=laptop",
		"dev:device_arn=arn:aws:cognito-idp:us-east-1:000000000000:owner/jane.us-east-1_Show/device/" + d.key,
		"dev:device_owner=jane.us-east-1_Show", "last_ip_used=192.0.2.7", "dev:device_remembered_status=remembered", "dev:device_sdk=aws-sdk",
	}
	short := []string{"device_status=valid", "device_name=laptop", "last_ip_used=192.0.2.7"}
	pool, jane := c.Pool.Config.Id, new("jane")
	for what, tt := range map[string]struct {
		got  cognitoidp.DeviceType
		want []string
	}{
		"GetDevice":        {*must(e.GetDevice(t.Context(), call, &cognitoidp.GetDeviceRequest{DeviceKey: &d.key}))(t).Device, whole},
		"AdminGetDevice":   {*must(e.AdminGetDevice(t.Context(), e.call(), &cognitoidp.AdminGetDeviceRequest{UserPoolId: pool, Username: jane, DeviceKey: &d.key}))(t).Device, whole},
		"ListDevices":      {must(e.ListDevices(t.Context(), call, new(cognitoidp.ListDevicesRequest)))(t).Devices[0], short},
		"AdminListDevices": {must(e.AdminListDevices(t.Context(), e.call(), &cognitoidp.AdminListDevicesRequest{UserPoolId: pool, Username: jane}))(t).Devices[0], whole},
	} {
		if got := names(tt.got); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", what, got, tt.want)
		}
		if *tt.got.DeviceKey != d.key || !tt.got.DeviceCreateDate.Time().Equal(made) || !tt.got.DeviceLastModifiedDate.Time().Equal(changed) || !tt.got.DeviceLastAuthenticatedDate.Time().Equal(used) {
			t.Errorf("%s: got %v, %v, %v", what, tt.got.DeviceCreateDate, tt.got.DeviceLastModifiedDate, tt.got.DeviceLastAuthenticatedDate)
		}
	}
}
