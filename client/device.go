package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/srp"
)

// Names of the device's part of a sign-in in the API.
const (
	deviceKeyMember        = "DEVICE_KEY"
	deviceSRP              = string(cognitoidp.ChallengeNameTypeDeviceSrpAuth)
	devicePasswordVerifier = string(cognitoidp.ChallengeNameTypeDevicePasswordVerifier)
)

// device is what a storage keeps of the device that a user signed in from, so that the
// next sign-in can prove to come from the same one.
type device struct {
	key, group string
	password   Secret // this side made it and the service never sees it
}

// takesDevice says which answers name the device. Those that come before the first factor
// or that only choose do not, as in amazon-cognito-identity-js.
func takesDevice(challenge string) bool {
	switch challenge {
	case passwordVerifier, string(Password), string(SMSMFA), string(SoftwareTokenMFA), string(EmailOTP), string(SMSOTP),
		string(cognitoidp.ChallengeNameTypeCustomChallenge), deviceSRP, devicePasswordVerifier:
		return true
	default:
		return false
	}
}

// addDevice names the user's device in an answer, where the storage has one.
func (u *User) addDevice(ctx context.Context, answers map[string]string) error {
	d, err := u.pool.sessions().device(ctx, u.name)
	if err != nil || d.key == "" {
		return err
	}
	answers[deviceKeyMember] = d.key
	return nil
}

// dropDevice forgets a device that the service does not know any more.
func (u *User) dropDevice(ctx context.Context) error {
	return u.pool.sessions().forgetDevice(ctx, u.name)
}

// unknownDevice says whether a call was refused because its device has been forgotten.
// The same answer is good without the device.
func unknownDevice(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	return ok && refused.Code == ErrResourceNotFound && strings.Contains(strings.ToLower(refused.Message), "device")
}

// proveDevice answers DEVICE_SRP_AUTH and the DEVICE_PASSWORD_VERIFIER that follows.
func (c *Challenge) proveDevice(ctx context.Context) (*Session, error) {
	pool := c.user.pool
	d, err := pool.sessions().device(ctx, c.user.name)
	if err != nil {
		return nil, err
	}
	if d.key == "" {
		return nil, c // some other program's device, which has to answer for itself
	}
	exchange, err := srp.NewClient(pool.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	a, err := c.respond(ctx, deviceSRP, map[string]string{"SRP_A": exchange.A()})
	if err != nil {
		return nil, err
	}
	if a.challenge != devicePasswordVerifier {
		return nil, fmt.Errorf("%w to DEVICE_SRP_AUTH: %s in place of DEVICE_PASSWORD_VERIFIER", ErrBadAnswer, printable(a.challenge))
	}
	id := srp.Identity{Group: d.group, User: d.key}
	proof, err := pool.prove(exchange, id, string(d.password), a.parameters)
	if err != nil {
		return nil, fmt.Errorf("%w to DEVICE_SRP_AUTH: %w", ErrBadAnswer, err)
	}
	session, err := c.user.challenge(a).Respond(ctx, proof)
	if errors.Is(err, ErrNotAuthorized) {
		// A secret that the service does not take would refuse every sign-in to come.
		err = errors.Join(err, c.user.dropDevice(ctx))
	}
	return session, err
}

// register makes the secret of a device that the service has just named, tells the service
// how to check it, and keeps it. It says whether the user has to be asked about
// remembering the device.
func (p *Pool) register(ctx context.Context, username string, accessToken string, metadata *cognitoidp.NewDeviceMetadataType) (ask bool, err error) {
	d := device{key: api.Value(metadata.DeviceKey), group: api.Value(metadata.DeviceGroupKey)}
	if d.key == "" || d.group == "" {
		return false, fmt.Errorf("%w: NewDeviceMetadata without keys", ErrBadAnswer)
	}
	secret, err := srp.NewDeviceSecret(p.cfg.Random, srp.Identity{Group: d.group, User: d.key})
	if err != nil {
		return false, fmt.Errorf("client: %w", err)
	}
	d.password = Secret(secret.Password)
	out, err := call[cognitoidp.ConfirmDeviceResponse](ctx, p, "ConfirmDevice", once, &cognitoidp.ConfirmDeviceRequest{
		AccessToken: &accessToken,
		DeviceKey:   &d.key,
		DeviceName:  &p.cfg.DeviceName,
		DeviceSecretVerifierConfig: &cognitoidp.DeviceSecretVerifierConfigType{
			Salt: &secret.Salt, PasswordVerifier: &secret.Verifier,
		},
	})
	if err != nil {
		return false, err
	}
	// Without the secret the registered device is of no use.
	ctx, cancel := outliving(ctx)
	defer cancel()
	return api.Value(out.UserConfirmationNecessary), p.sessions().keepDevice(ctx, username, d)
}

// AskToRemember says that this sign-in registered a new device and that the pool leaves
// it to the user whether to remember it: ask, and call RememberDevice.
func (s *Session) AskToRemember() bool { return s.askToRemember }

// DeviceError is why this sign-in could not register its device, nil where it did or
// where the pool tracks no devices. The sign-in is good nevertheless.
func (s *Session) DeviceError() error { return s.deviceError }

// Device is a device that the user has signed in from.
type Device struct {
	Key string
	// Name is what the program on the device called it.
	Name string
	// LastIP is the address of its last sign-in.
	LastIP string
	// Remembered says whether the device takes the place of a second factor, where the
	// pool wants that.
	Remembered bool
	// Attributes are all that the service says of the device.
	Attributes                           map[string]string
	Created, Modified, LastAuthenticated time.Time
}

func describeDevice(d *cognitoidp.DeviceType) *Device {
	attributes := attributeMap(d.DeviceAttributes)
	return &Device{
		Key:               api.Value(d.DeviceKey),
		Name:              attributes["device_name"],
		LastIP:            attributes["last_ip_used"],
		Remembered:        attributes["dev:device_remembered_status"] == string(cognitoidp.DeviceRememberedStatusTypeRemembered),
		Attributes:        attributes,
		Created:           instant(d.DeviceCreateDate),
		Modified:          instant(d.DeviceLastModifiedDate),
		LastAuthenticated: instant(d.DeviceLastAuthenticatedDate),
	}
}

// DeviceKey returns the key of the device that the session's user signs in from, as the
// storage keeps it; empty where the pool tracks no devices.
func (s *Session) DeviceKey(ctx context.Context) (string, error) {
	d, err := s.pool.sessions().device(ctx, s.username)
	return d.key, err
}

// named returns key, or that of this device where key is empty.
func (s *Session) named(ctx context.Context, key string) (string, error) {
	if key != "" {
		return key, nil
	}
	key, err := s.DeviceKey(ctx)
	if err == nil && key == "" {
		err = ErrNoDevice
	}
	return key, err
}

// ListDevices returns the user's devices, limit at most (0 means the service's limit, 60),
// and where to go on if there are more. after is empty at first.
func (s *Session) ListDevices(ctx context.Context, limit int, after string) (devices []Device, next string, err error) {
	out, err := authorised[cognitoidp.ListDevicesResponse](ctx, s, "ListDevices", repeatable, func(token *string) any {
		return &cognitoidp.ListDevicesRequest{AccessToken: token, Limit: unlessZero(limit), PaginationToken: unlessZero(after)}
	})
	if err != nil {
		return nil, "", err
	}
	for _, d := range out.Devices {
		devices = append(devices, *describeDevice(&d))
	}
	return devices, api.Value(out.PaginationToken), nil
}

// Device returns a device of the user; an empty key means this device.
func (s *Session) Device(ctx context.Context, key string) (*Device, error) {
	key, err := s.named(ctx, key)
	if err != nil {
		return nil, err
	}
	out, err := authorised[cognitoidp.GetDeviceResponse](ctx, s, "GetDevice", repeatable, func(token *string) any {
		return &cognitoidp.GetDeviceRequest{AccessToken: token, DeviceKey: &key}
	})
	if err != nil {
		return nil, err
	}
	if out.Device == nil {
		return nil, fmt.Errorf("%w to GetDevice: no Device", ErrBadAnswer)
	}
	return describeDevice(out.Device), nil
}

// RememberDevice has the service remember a device, which then takes the place of a
// second factor where the pool wants that. An empty key means this device.
func (s *Session) RememberDevice(ctx context.Context, key string) error {
	return s.setDeviceStatus(ctx, key, cognitoidp.DeviceRememberedStatusTypeRemembered)
}

// DoNotRememberDevice undoes RememberDevice; the service still knows the device.
func (s *Session) DoNotRememberDevice(ctx context.Context, key string) error {
	return s.setDeviceStatus(ctx, key, cognitoidp.DeviceRememberedStatusTypeNotRemembered)
}

func (s *Session) setDeviceStatus(ctx context.Context, key string, status cognitoidp.DeviceRememberedStatusType) error {
	key, err := s.named(ctx, key)
	if err != nil {
		return err
	}
	_, err = authorised[cognitoidp.UpdateDeviceStatusResponse](ctx, s, "UpdateDeviceStatus", repeatable, func(token *string) any {
		return &cognitoidp.UpdateDeviceStatusRequest{AccessToken: token, DeviceKey: &key, DeviceRememberedStatus: &status}
	})
	return err
}

// ForgetDevice removes a device of the user; an empty key means this device, of which the
// storage forgets the secret too. Sessions on the device end with their next refresh.
func (s *Session) ForgetDevice(ctx context.Context, key string) error {
	key, err := s.named(ctx, key)
	if err != nil {
		return err
	}
	_, err = authorised[api.Empty](ctx, s, "ForgetDevice", once, func(token *string) any {
		return &cognitoidp.ForgetDeviceRequest{AccessToken: token, DeviceKey: &key}
	})
	if err != nil {
		return err
	}
	ctx, cancel := outliving(ctx)
	defer cancel()
	own, err := s.DeviceKey(ctx)
	if err != nil || own != key {
		return err
	}
	return s.pool.sessions().forgetDevice(ctx, s.username)
}
