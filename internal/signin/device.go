package signin

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

// present finds the device that takes part in an attempt: the one that the call names by
// DEVICE_KEY, which must be a device of the user, or else the one that an earlier call
// named, if it still is. The refusal uses nothing up: clients send the same answer again
// without their device. Pools that remember no devices pay no heed to the keys that
// clients have kept from other times.
func (s *Service) present(ctx context.Context, a *attempt) error {
	key := a.deviceKey
	if key == "" {
		key = a.keptKey
	}
	if key == "" || a.device != nil || !a.pool().TracksDevices() {
		return nil
	}
	d, err := s.store.Device(ctx, a.pool().Internal(), a.user.ID, key)
	switch {
	case errors.Is(err, store.ErrNotFound) && a.deviceKey == "":
		return nil
	case errors.Is(err, store.ErrNotFound):
		return noDevice(err)
	case err != nil:
		return err
	}
	a.device, a.remembered = d, d.Remembered && a.pool().DevicesReplaceMFA()
	return nil
}

func noDevice(cause error) error {
	return refuse(reasonDevice, fault.ResourceNotFound(textNoDevice).Because(cause))
}

// proveDevice lets a device that takes part prove itself: DEVICE_SRP_AUTH, whose answer
// brings the client's number, then DEVICE_PASSWORD_VERIFIER.
func (s *Service) proveDevice(ctx context.Context, a *attempt) (*Step, error) {
	if a.device == nil {
		return nil, nil //nolint:nilnil // no challenge stands here
	}
	name := a.user.Username
	if a.number == nil {
		return s.pose(ctx, a, deviceSRP, map[string]string{paramUsername: name, paramUserID: name})
	}
	c, err := s.credential.StartDeviceSRP(ctx, a.client, a.user, a.device, a.number, credential.Exchange{EventID: a.eventID})
	if err != nil {
		return nil, err
	}
	return s.pose(ctx, a, cognitoidp.ChallengeNameTypeDevicePasswordVerifier, map[string]string{
		"SALT": c.Salt, "SRP_B": c.B, "SECRET_BLOCK": c.SecretBlock, paramUsername: name, paramDeviceKey: a.device.Key,
	})
}

// judgeDevice takes the answer to DEVICE_SRP_AUTH.
func (s *Service) judgeDevice(_ context.Context, a *attempt, x *session, in AnswerInput) (err error) {
	if err := a.sameDevice(x); err != nil {
		return err
	}
	a.number, err = credential.ParseSRPA(in.Responses[paramSRPA])
	return because(reasonOther, err)
}

// judgeDeviceProof judges DEVICE_PASSWORD_VERIFIER. Whatever is wrong with the proof reads
// the same, and is counted as a wrong code: the device stands where a code could.
func (s *Service) judgeDeviceProof(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	if err := a.sameDevice(x); err != nil {
		return err
	}
	if err := s.credential.CheckCodeLockout(ctx, a.pool(), a.user); err != nil {
		return because(reasonLocked, err)
	}
	ok, err := s.deviceProof(ctx, a, in)
	if err != nil {
		return err
	}
	if !ok {
		if err := s.credential.FailedCode(ctx, a.pool(), a.user); err != nil {
			return because(reasonLocked, err)
		}
		return badCredentials()
	}
	if err := s.credential.SucceededCode(ctx, a.pool(), a.user); err != nil {
		return because(reasonLocked, err)
	}
	a.source = trigger.TokenAuthenticateDevice
	a.spend = func(ctx context.Context) error {
		first, err := s.store.UseDevice(ctx, store.DeviceUse{
			Pool: a.pool().Internal(), User: a.user.ID, Key: a.device.Key, Remembered: a.leans,
			IP: ipText(a.origin.IP), Time: a.now.Truncate(shownDate), Tokens: a.now.Add(a.client.RefreshTokenTTL()),
		}, x.proof())
		switch {
		case errors.Is(err, store.ErrNotFound):
			return noDevice(err)
		case err == nil && !first:
			return badSession(textSessionUsed)
		default:
			return err
		}
	}
	return nil
}

// deviceProof says whether an answer proves the attempt's device, in an exchange of this
// sign-in.
func (s *Service) deviceProof(ctx context.Context, a *attempt, in AnswerInput) (bool, error) {
	e, err := s.credential.OpenDeviceSRP(a.client, in.Responses[paramClaimBlock])
	if err != nil || e.EventID != a.eventID || e.Sub != a.user.Sub {
		return false, nil //nolint:nilerr // a block that cannot be read proves nothing
	}
	return s.credential.FinishDeviceSRP(ctx, e, a.device, in.Responses[paramTimestamp], in.Responses[paramClaim])
}

// sameDevice refuses an answer by another device than that of the challenge, and by one
// that does not stand in any more for the second factor which was not asked for. Where the
// session is the one before, the second factor has held and any device of the user will do.
func (a *attempt) sameDevice(x *session) error {
	switch {
	case a.device == nil:
		return badSession(textSession)
	case a.device.Key != x.Device && x.Challenge != deviceSRP && len(x.After) > 0:
		return nil
	case a.device.Key != x.Device || x.Leans && !a.remembered:
		return badSession(textSession)
	default:
		return nil
	}
}

// addDevice names in a grant the device that took part, or offers a new one where the pool
// remembers devices.
func (s *Service) addDevice(a *attempt, g *token.Grant) (err error) {
	if a.device != nil {
		g.DeviceKey = a.device.Key
		return nil
	}
	if a.pool().TracksDevices() {
		g.NewDevice, err = s.newDevice()
	}
	return err
}

// newDevice makes the key of a device. Nothing is kept of it until its user confirms it.
func (s *Service) newDevice() (*cognitoidp.NewDeviceMetadataType, error) {
	key, err := s.place.DeviceKey(s.random)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.NewDeviceMetadataType{DeviceKey: &key, DeviceGroupKey: new(naming.DeviceGroupKey(key))}, nil
}

// deviceOf returns the device of a refresh through GetTokensFromRefreshToken: that of the
// refresh token; else that which the request names, if it is a device of the user; else a
// new one, where the pool remembers devices.
func (s *Service) deviceOf(ctx context.Context, p *catalog.Pool, t *token.RefreshToken, key string) (string, *cognitoidp.NewDeviceMetadataType, error) {
	if t.DeviceKey() != "" || !p.TracksDevices() {
		return t.DeviceKey(), nil, nil
	}
	if key != "" {
		_, err := s.store.Device(ctx, p.Internal(), t.User.ID, key)
		if !errors.Is(err, store.ErrNotFound) {
			return key, nil, err
		}
	}
	d, err := s.newDevice()
	return "", d, err
}
