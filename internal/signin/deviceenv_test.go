package signin_test

import (
	"encoding/base64"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// tracking makes a pool remember devices: in place of a second factor, and only when its
// users say so.
func tracking(instead, prompt bool) func(*store.Pool) {
	return func(p *store.Pool) {
		p.Config.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: &instead, DeviceOnlyRememberedOnUserPrompt: &prompt,
		}
	}
}

func untracked(p *store.Pool) { p.Config.DeviceConfiguration = nil }

// by is a call with an access token.
func (e *env) by(accessToken *string) *api.Call {
	e.t.Helper()
	who, _, err := e.tokens.CheckAccess(e.t.Context(), api.Value(accessToken))
	if err != nil {
		e.t.Fatal(err)
	}
	return &api.Call{Time: e.time(), Principal: api.Principal{User: who}, RemoteIP: address}
}

// device is what a client keeps of its device.
type device struct{ key, group, password string }

// confirm makes the new device of a sign-in one of the user's.
func (e *env) confirm(tokens *cognitoidp.AuthenticationResultType) device {
	e.t.Helper()
	d := device{key: *tokens.NewDeviceMetadata.DeviceKey, group: *tokens.NewDeviceMetadata.DeviceGroupKey}
	secret := must(srp.NewDeviceSecret(clock.Random(nil), srp.Identity{Group: d.group, User: d.key}))(e.t)
	d.password = secret.Password
	must(e.ConfirmDevice(e.t.Context(), e.by(tokens.AccessToken), &cognitoidp.ConfirmDeviceRequest{
		DeviceKey: &d.key, DeviceName: new("laptop"),
		DeviceSecretVerifierConfig: &cognitoidp.DeviceSecretVerifierConfigType{Salt: &secret.Salt, PasswordVerifier: &secret.Verifier},
	}))(e.t)
	return d
}

// register signs a user in and makes the device one of the user's.
func (e *env) register(c *catalog.Client, name string) device {
	e.t.Helper()
	out, err := e.signIn(c, name, password)
	return e.confirm(wantTokens(e.t, out, err))
}

func (e *env) remember(c *catalog.Client, name, key string, status cognitoidp.DeviceRememberedStatusType) {
	e.t.Helper()
	must(e.AdminUpdateDeviceStatus(e.t.Context(), e.call(), &cognitoidp.AdminUpdateDeviceStatusRequest{
		UserPoolId: c.Pool.Config.Id, Username: &name, DeviceKey: &key, DeviceRememberedStatus: &status,
	}))(e.t)
}

func (e *env) forget(c *catalog.Client, name, key string) {
	e.t.Helper()
	must(e.AdminForgetDevice(e.t.Context(), e.call(), &cognitoidp.AdminForgetDeviceRequest{
		UserPoolId: c.Pool.Config.Id, Username: &name, DeviceKey: &key,
	}))(e.t)
}

// signInWith is USER_PASSWORD_AUTH with a device.
func (e *env) signInWith(c *catalog.Client, name, key string) (*answer, error) {
	e.t.Helper()
	return e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": name, "PASSWORD": password, "DEVICE_KEY": key})
}

// exchange begins the proof of a device with the Session given and returns the challenge
// and the answer to it.
func (e *env) exchange(c *catalog.Client, name string, d device, session *string) (*answer, values, error) {
	e.t.Helper()
	client := must(srp.NewClient(clock.Random(nil)))(e.t)
	out, err := e.respond(c, "DEVICE_SRP_AUTH", session, values{"USERNAME": name, "DEVICE_KEY": d.key, "SRP_A": client.A()})
	if err != nil {
		return nil, nil, err
	}
	out = wantChallenge(e.t, "DEVICE_PASSWORD_VERIFIER", out, nil)
	p, stamp := out.ChallengeParameters, srp.Timestamp(e.time())
	if len(p) != 5 || p["USERNAME"] != name || p["DEVICE_KEY"] != d.key {
		e.t.Errorf("got %v", p)
	}
	block := must(base64.StdEncoding.DecodeString(p["SECRET_BLOCK"]))(e.t)
	signature := must(client.Answer(srp.Identity{Group: d.group, User: d.key}, d.password, p["SALT"], p["SRP_B"], block, stamp))(e.t)
	return out, values{
		"USERNAME": name, "DEVICE_KEY": d.key, "TIMESTAMP": stamp,
		"PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE": signature,
	}, nil
}

// proveWith is the proof of a device of jane to its end.
func (e *env) proveWith(c *catalog.Client, d device, session *string) (*answer, error) {
	e.t.Helper()
	out, claim, err := e.exchange(c, "jane", d, session)
	if err != nil {
		return nil, err
	}
	return e.RespondToAuthChallenge(e.t.Context(), &api.Call{Time: e.time(), RemoteIP: address}, &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: c.Config.ClientId, ChallengeName: new(cognitoidp.ChallengeNameTypeDevicePasswordVerifier), Session: out.Session, ChallengeResponses: claim,
	})
}

// deviceKey is the claim of an access token.
func (e *env) deviceKey(tokens *cognitoidp.AuthenticationResultType) string {
	e.t.Helper()
	return e.by(tokens.AccessToken).Principal.User.DeviceKey
}
