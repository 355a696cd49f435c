package signin_test

import (
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// deviceCalls are the operations on a device of a user: by the user, with the access token
// of a sign-in, and by an administrator.
func (e *env) deviceCalls(pool, name string, accessToken *string, key string) map[string]func() error {
	call := e.by(accessToken)
	status := new(cognitoidp.DeviceRememberedStatusTypeRemembered)
	return map[string]func() error{
		"GetDevice": func() error {
			_, err := e.GetDevice(e.t.Context(), call, &cognitoidp.GetDeviceRequest{DeviceKey: &key})
			return err
		},
		"UpdateDeviceStatus": func() error {
			_, err := e.UpdateDeviceStatus(e.t.Context(), call, &cognitoidp.UpdateDeviceStatusRequest{DeviceKey: &key, DeviceRememberedStatus: status})
			return err
		},
		"UpdateDeviceStatus without one": func() error {
			_, err := e.UpdateDeviceStatus(e.t.Context(), call, &cognitoidp.UpdateDeviceStatusRequest{DeviceKey: &key})
			return err
		},
		"ForgetDevice": func() error {
			_, err := e.ForgetDevice(e.t.Context(), call, &cognitoidp.ForgetDeviceRequest{DeviceKey: &key})
			return err
		},
		"AdminGetDevice": func() error {
			_, err := e.AdminGetDevice(e.t.Context(), e.call(), &cognitoidp.AdminGetDeviceRequest{UserPoolId: &pool, Username: &name, DeviceKey: &key})
			return err
		},
		"AdminUpdateDeviceStatus": func() error {
			_, err := e.AdminUpdateDeviceStatus(e.t.Context(), e.call(), &cognitoidp.AdminUpdateDeviceStatusRequest{UserPoolId: &pool, Username: &name, DeviceKey: &key, DeviceRememberedStatus: status})
			return err
		},
		"AdminForgetDevice": func() error {
			_, err := e.AdminForgetDevice(e.t.Context(), e.call(), &cognitoidp.AdminForgetDeviceRequest{UserPoolId: &pool, Username: &name, DeviceKey: &key})
			return err
		},
	}
}

func TestDeviceOperationRefusals(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Ops"), tracking(true, false))
	e.user(c.Pool, "jane")
	e.user(c.Pool, "john")
	d := e.register(c, "john")
	tokens := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	for _, key := range []string{d.key, *tokens.NewDeviceMetadata.DeviceKey, "us-east-1_0"} {
		for name, call := range e.deviceCalls(c.Pool.ID(), "jane", tokens.AccessToken, key) {
			err := call()
			if err == nil {
				t.Errorf("%s succeeds", name)
			}
			wantFault(t, err, noDevice)
		}
	}
	missing := failure{"ResourceNotFoundException", "User pool us-east-1_none does not exist."}
	for name, call := range e.deviceCalls("us-east-1_none", "jane", tokens.AccessToken, d.key) {
		if name[:5] == "Admin" {
			wantFault(t, call(), missing)
		}
	}
	for name, call := range e.deviceCalls(c.Pool.ID(), "nobody", tokens.AccessToken, d.key) {
		if name[:5] == "Admin" {
			wantFault(t, call(), noUser)
		}
	}
	_, err := e.AdminListDevices(t.Context(), e.call(), &cognitoidp.AdminListDevicesRequest{UserPoolId: c.Pool.Config.Id, Username: new("nobody")})
	wantFault(t, err, noUser)

	c = e.configure(c, untracked)
	for name, call := range e.deviceCalls(c.Pool.ID(), "jane", tokens.AccessToken, d.key) {
		if err := call(); err == nil {
			t.Errorf("%s succeeds", name)
		} else {
			wantFault(t, err, notTracked)
		}
	}
	_, err = e.ListDevices(t.Context(), e.by(tokens.AccessToken), new(cognitoidp.ListDevicesRequest))
	wantFault(t, err, notTracked)
	_, err = e.AdminListDevices(t.Context(), e.call(), &cognitoidp.AdminListDevicesRequest{UserPoolId: c.Pool.Config.Id, Username: new("jane")})
	wantFault(t, err, notTracked)
	c = e.configure(c, tracking(true, false))
	if d, err := e.db.Device(t.Context(), c.Pool.Internal(), must(e.db.FindUser(t.Context(), c.Pool.Internal(), store.Key{Kind: store.KeyUsername, Value: "john"}))(t).ID, d.key); err != nil || !d.Remembered {
		t.Errorf("john's device: %+v, %v", d, err)
	}
}

func TestDeviceStatus(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Status"), tracking(true, false))
	e.user(c.Pool, "jane")
	tokens := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	d := e.confirm(tokens)
	is := func(want string) {
		t.Helper()
		if got := e.attributes(c, d.key)["dev:device_remembered_status"]; got != want {
			t.Errorf("the device is %s, want %s", got, want)
		}
	}
	is("remembered")
	e.remember(c, "jane", d.key, "not_remembered")
	is("not_remembered")
	calls := e.deviceCalls(c.Pool.ID(), "jane", tokens.AccessToken, d.key)
	for _, step := range []struct{ name, status string }{
		{"UpdateDeviceStatus without one", "not_remembered"}, {"UpdateDeviceStatus", "remembered"},
	} {
		if err := calls[step.name](); err != nil {
			t.Error(err)
		}
		is(step.status)
	}
	if err := calls["ForgetDevice"](); err != nil {
		t.Error(err)
	}
	for _, call := range calls {
		wantFault(t, call(), noDevice)
	}
}

func TestListingDevices(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("List"), tracking(true, false))
	u := e.user(c.Pool, "jane")
	e.user(c.Pool, "john")
	tokens := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	call := e.by(tokens.AccessToken)
	if out := must(e.ListDevices(t.Context(), call, new(cognitoidp.ListDevicesRequest)))(t); out.Devices == nil || len(out.Devices) > 0 || out.PaginationToken != nil {
		t.Errorf("got %+v", out)
	}
	for i := range 65 {
		key := "us-east-1_" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		err := e.db.ConfirmDevice(t.Context(), &store.Device{Pool: u.Pool, User: u.ID, Key: key, Created: e.time(), Modified: e.time(), Authenticated: e.time(), Verifier: []byte{2}})
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	var sizes []int
	in := &cognitoidp.AdminListDevicesRequest{UserPoolId: c.Pool.Config.Id, Username: new("jane"), Limit: new(30)}
	var token *string
	for {
		in.PaginationToken = token
		out := must(e.AdminListDevices(t.Context(), e.call(), in))(t)
		sizes = append(sizes, len(out.Devices))
		for _, d := range out.Devices {
			seen[*d.DeviceKey] = true
		}
		if out.PaginationToken == nil {
			break
		}
		token = out.PaginationToken
	}
	if len(seen) != 65 || len(sizes) != 3 || sizes[2] != 5 {
		t.Errorf("%d devices on pages of %v", len(seen), sizes)
	}
	for _, limit := range []*int{nil, new(0), new(60)} {
		out := must(e.ListDevices(t.Context(), call, &cognitoidp.ListDevicesRequest{Limit: limit}))(t)
		if len(out.Devices) != 60 || out.PaginationToken == nil {
			t.Errorf("a page has %d devices", len(out.Devices))
		}
		rest := must(e.ListDevices(t.Context(), call, &cognitoidp.ListDevicesRequest{PaginationToken: out.PaginationToken}))(t)
		if len(rest.Devices) != 5 || rest.PaginationToken != nil {
			t.Errorf("the last page has %d devices", len(rest.Devices))
		}
	}
	badPage := invalid("Paging Marker is Invalid for Request")
	_, err := e.AdminListDevices(t.Context(), e.call(), &cognitoidp.AdminListDevicesRequest{UserPoolId: c.Pool.Config.Id, Username: new("john"), PaginationToken: token})
	wantFault(t, err, badPage)
	_, err = e.ListDevices(t.Context(), call, &cognitoidp.ListDevicesRequest{PaginationToken: new("x")})
	wantFault(t, err, badPage)
	e.sleep(time.Hour)
	_, err = e.AdminListDevices(t.Context(), e.call(), &cognitoidp.AdminListDevicesRequest{UserPoolId: c.Pool.Config.Id, Username: new("jane"), PaginationToken: token})
	wantFault(t, err, badPage)
}
