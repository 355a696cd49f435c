package client_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
	"github.com/cenote-id/cenote/internal/srp"
)

const (
	deviceKey   = "us-east-1_2d3f0a6e-8a3c-4b51-9a54-f1bb4a2b7a90"
	deviceGroup = "-v7w9UcY6"
)

// withDevice is a token set that names a new device.
func withDevice(set map[string]any) map[string]any {
	set["NewDeviceMetadata"] = map[string]any{"DeviceKey": deviceKey, "DeviceGroupKey": deviceGroup}
	return set
}

// deviceServer is the service's side of devices: it keeps what ConfirmDevice registers and
// asks for it.
type deviceServer struct {
	tb     testing.TB
	id     srp.Identity
	ask    bool // UserConfirmationNecessary
	known  bool
	proven int

	salt, verifier, secret []byte
	a, b                   *big.Int
}

func newDeviceServer(tb testing.TB) *deviceServer {
	return &deviceServer{tb: tb, id: srp.Identity{Group: deviceGroup, User: deviceKey}}
}

func (d *deviceServer) bytes(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		d.tb.Error(err)
	}
	return b
}

func (d *deviceServer) confirm(r request) answer {
	d.salt = d.bytes(r.text("DeviceSecretVerifierConfig.Salt"))
	d.verifier = d.bytes(r.text("DeviceSecretVerifierConfig.PasswordVerifier"))
	if r.text("DeviceKey") != deviceKey || r.text("AccessToken") == "" || r.text("DeviceName") != "cenote-client-go" {
		d.tb.Errorf("ConfirmDevice: %v", r.in)
	}
	d.known = true
	return ok(map[string]any{"UserConfirmationNecessary": d.ask})
}

// initiate answers a password sign-in: with tokens and a new device where none is named.
func (d *deviceServer) initiate(r request) answer {
	switch r.text("AuthParameters.DEVICE_KEY") {
	case "":
		return signedIn(withDevice(tokenSet(time.Now(), 1)))
	case deviceKey:
		if d.known {
			return ok(map[string]any{"ChallengeName": "DEVICE_SRP_AUTH", "Session": firstSession, "ChallengeParameters": map[string]any{"USERNAME": "alice"}})
		}
	}
	return refuse(400, "ResourceNotFoundException", "Device does not exist.")
}

func (d *deviceServer) respond(r request) answer {
	if r.text("ChallengeResponses.DEVICE_KEY") != deviceKey || r.text("ChallengeResponses.USERNAME") != "alice" {
		d.tb.Errorf("RespondToAuthChallenge: %v", r.in)
	}
	var m *srp.Arithmetic
	switch r.text("ChallengeName") {
	case "DEVICE_SRP_AUTH":
		var err error
		if d.a, err = srp.ParseA(r.text("ChallengeResponses.SRP_A")); err != nil {
			d.tb.Error(err)
		}
		d.secret = make([]byte, srp.SecretSize)
		if _, err := rand.Read(d.secret); err != nil {
			d.tb.Error(err)
		}
		d.b = m.Challenge(d.secret, d.verifier)
		return ok(map[string]any{"ChallengeName": "DEVICE_PASSWORD_VERIFIER", "Session": secondSession, "ChallengeParameters": map[string]any{
			"SALT": hex.EncodeToString(d.salt), "SRP_B": d.b.Text(16), "SECRET_BLOCK": secretBlock, "DEVICE_KEY": deviceKey, "USERNAME": "alice",
		}})
	case "DEVICE_PASSWORD_VERIFIER":
		key, err := m.Key(d.a, d.b, d.secret, d.verifier)
		if err != nil {
			d.tb.Error(err)
		}
		timestamp, signature := r.text("ChallengeResponses.TIMESTAMP"), r.text("ChallengeResponses.PASSWORD_CLAIM_SIGNATURE")
		if !srp.CheckSignature(key, d.id, d.bytes(secretBlock), timestamp, signature) || r.text("Session") != secondSession {
			return refuse(400, "NotAuthorizedException", "Incorrect username or password.")
		}
		d.proven++
		return signedIn(tokenSet(time.Now(), 2))
	default:
		d.tb.Errorf("answer to %s", r.text("ChallengeName"))
		return refuse(400, "InvalidParameterException", "?")
	}
}

func (d *deviceServer) service() *service {
	return &service{tb: d.tb, handlers: map[string]func(request) answer{
		"InitiateAuth": d.initiate, "ConfirmDevice": d.confirm, "RespondToAuthChallenge": d.respond,
		"RevokeToken": func(request) answer { return ok("") },
	}}
}

// A device is registered at the first sign-in and proven at the next, also after a
// sign-out; its secret lies where amazon-cognito-identity-js keeps it.
func TestDevice(t *testing.T) {
	t.Parallel()
	server := newDeviceServer(t)
	server.ask = true
	storage := new(client.Memory)
	pool := newPool(t, server.service(), func(c *client.Config) { c.Storage = storage })
	session := passwordSession(t, pool)
	if !session.AskToRemember() || session.DeviceError() != nil {
		t.Errorf("ask to remember: %t, error %v; want true, nil", session.AskToRemember(), session.DeviceError())
	}
	prefix := "CognitoIdentityServiceProvider." + clientID + ".alice."
	keys := []string{prefix + "deviceKey", prefix + "deviceGroupKey", prefix + "randomPasswordKey"}
	items, err := storage.Get(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	if items[keys[0]] != deviceKey || items[keys[1]] != deviceGroup || len(server.bytes(items[keys[2]])) != 40 {
		t.Errorf("the storage holds %v", items)
	}
	if err := session.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	session = passwordSession(t, pool)
	if server.proven != 1 || session.AskToRemember() {
		t.Errorf("proven %d times, ask %t; want once, false", server.proven, session.AskToRemember())
	}
	if key, err := session.DeviceKey(t.Context()); key != deviceKey || err != nil {
		t.Errorf("DeviceKey: %q, %v", key, err)
	}
}

// A device that the service has forgotten is forgotten, and the same sign-in goes on.
func TestForgottenDevice(t *testing.T) {
	t.Parallel()
	server := newDeviceServer(t)
	s := server.service()
	pool := newPool(t, s)
	passwordSession(t, pool)
	server.known = false
	passwordSession(t, pool)
	want := []string{"InitiateAuth", "ConfirmDevice", "InitiateAuth", "InitiateAuth", "ConfirmDevice"}
	if diff := cmp.Diff(want, s.operations()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// The same where the device is named with the password's proof, under the canonical name.
func TestForgottenDeviceBySRP(t *testing.T) {
	t.Parallel()
	server := newSRPServer(t, "alice", "An0ther-passw0rd!")
	var named []string
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": server.initiate,
		"RespondToAuthChallenge": func(r request) answer {
			key := r.text("ChallengeResponses.DEVICE_KEY")
			named = append(named, key)
			if key != "" {
				return refuse(400, "ResourceNotFoundException", "Device does not exist.")
			}
			return server.respond(r)
		},
	}}
	storage := new(client.Memory)
	prefix := "CognitoIdentityServiceProvider." + clientID + ".alice."
	if err := storage.Set(t.Context(), map[string]string{
		prefix + "deviceKey": deviceKey, prefix + "deviceGroupKey": deviceGroup, prefix + "randomPasswordKey": "x",
	}); err != nil {
		t.Fatal(err)
	}
	pool := newPool(t, s, func(c *client.Config) { c.Storage = storage })
	session, err := pool.User("alice@example.com").SignIn(t.Context(), "An0ther-passw0rd!")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{deviceKey, ""}, named); diff != "" {
		t.Errorf("devices named (-want +got):\n%s", diff)
	}
	if key, err := session.DeviceKey(t.Context()); key != "" || err != nil {
		t.Errorf("DeviceKey: %q, %v", key, err)
	}
	if err := session.RememberDevice(t.Context(), ""); !errors.Is(err, client.ErrNoDevice) {
		t.Errorf("RememberDevice: %v, want %v", err, client.ErrNoDevice)
	}
}

// A device secret that the service refuses is dropped, or nobody could sign in any more.
func TestRefusedDevice(t *testing.T) {
	t.Parallel()
	server := newDeviceServer(t)
	pool := newPool(t, server.service())
	passwordSession(t, pool)
	server.salt[0]++
	_, err := pool.User("alice").SignIn(t.Context(), "Passw0rd!", client.WithFlow(client.PasswordFlow))
	if !errors.Is(err, client.ErrNotAuthorized) {
		t.Fatalf("%v, want %v", err, client.ErrNotAuthorized)
	}
	passwordSession(t, pool)
	if server.proven != 0 {
		t.Errorf("proven %d times", server.proven)
	}
}

// A sign-in stands even where its device could not be registered.
func TestDeviceNotConfirmed(t *testing.T) {
	t.Parallel()
	server := newDeviceServer(t)
	s := server.service()
	s.handlers["ConfirmDevice"] = func(request) answer {
		return refuse(400, "InvalidParameterException", "Invalid device key given.")
	}
	session := passwordSession(t, newPool(t, s))
	if !errors.Is(session.DeviceError(), client.ErrInvalidParameter) {
		t.Errorf("DeviceError: %v, want %v", session.DeviceError(), client.ErrInvalidParameter)
	}
	if key, err := session.DeviceKey(t.Context()); key != "" || err != nil {
		t.Errorf("DeviceKey: %q, %v", key, err)
	}
}

// Forgetting this device forgets its secret; forgetting another one does not.
func TestForgetDevice(t *testing.T) {
	t.Parallel()
	server := newDeviceServer(t)
	s := server.service()
	var forgotten []string
	s.handlers["ForgetDevice"] = func(r request) answer {
		forgotten = append(forgotten, r.text("DeviceKey"))
		return ok("")
	}
	session := passwordSession(t, newPool(t, s))
	other := strings.Replace(deviceKey, "2d", "3d", 1)
	for _, key := range []string{other, ""} {
		if key, err := session.DeviceKey(t.Context()); key != deviceKey || err != nil {
			t.Errorf("DeviceKey: %q, %v", key, err)
		}
		if err := session.ForgetDevice(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if key, err := session.DeviceKey(t.Context()); key != "" || err != nil {
		t.Errorf("DeviceKey: %q, %v", key, err)
	}
	if diff := cmp.Diff([]string{other, deviceKey}, forgotten); diff != "" {
		t.Errorf("forgotten (-want +got):\n%s", diff)
	}
}
