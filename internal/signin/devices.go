package signin

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// ConfirmDevice makes the device key that the caller's sign-in was handed a device of the
// user, with what its password is proved by. It is remembered at once, or when the user
// says so where the pool asks users.
func (s *Service) ConfirmDevice(ctx context.Context, call *api.Call, in *cognitoidp.ConfirmDeviceRequest) (*cognitoidp.ConfirmDeviceResponse, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	pool, key := client.Pool, api.Value(in.DeviceKey)
	if !pool.TracksDevices() || call.Principal.User.DeviceKey != key {
		return nil, fault.InvalidParameter(textBadDeviceKey)
	}
	config := in.DeviceSecretVerifierConfig
	if config == nil {
		return nil, fault.InvalidParameter(textNoVerifier)
	}
	d := &store.Device{
		Pool: pool.Internal(), User: u.ID, Key: key, GroupKey: naming.DeviceGroupKey(key),
		Name: api.Value(in.DeviceName), Remembered: !pool.AsksToRemember(), IP: ipText(call.RemoteIP),
		Created: call.Time, Modified: call.Time, Authenticated: call.Time.Truncate(shownDate),
		// The sign-in is as old as its access token at most.
		Tokens: call.Time.Add(client.RefreshTokenTTL()),
	}
	d.Salt, d.Verifier, err = credential.ParseDeviceVerifier(api.Value(config.Salt), api.Value(config.PasswordVerifier))
	if err != nil {
		return nil, err
	}
	err = s.store.ConfirmDevice(ctx, d)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, fault.DeviceKeyExists(textDeviceExists).Because(exists)
	}
	if errors.Is(err, store.ErrNotFound) { // it was forgotten, which ended its sign-ins
		return nil, fault.InvalidParameter(textBadDeviceKey).Because(err)
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmDeviceResponse{UserConfirmationNecessary: new(pool.AsksToRemember())}, nil
}

// shownDate is how exactly DeviceLastAuthenticatedDate is shown (recorded from AWS).
const shownDate = time.Second

// ipText is an address as it is kept and shown, empty where it is not known.
func ipText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

// owner is whose devices an operation is about.
type owner struct {
	pool *catalog.Pool
	user *store.User
}

// ownDevices returns the caller as the owner of devices.
func (s *Service) ownDevices(ctx context.Context, call *api.Call) (owner, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return owner{}, err
	}
	return owner{client.Pool, u}, tracked(client.Pool)
}

// devicesOf returns the user that an Admin operation names as the owner of devices.
func (s *Service) devicesOf(ctx context.Context, poolID, username *string) (owner, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(poolID))
	if err != nil {
		return owner{}, err
	}
	u, err := s.directory.Find(ctx, pool, api.Value(username))
	if errors.Is(err, store.ErrNotFound) {
		return owner{}, fault.UserNotFound(textNoUser).Because(err)
	}
	if err != nil {
		return owner{}, err
	}
	return owner{pool, u}, tracked(pool)
}

// tracked refuses the operations on devices in pools that do not remember any.
func tracked(pool *catalog.Pool) error {
	if !pool.TracksDevices() {
		return fault.InvalidUserPoolConfiguration(textNotTracked)
	}
	return nil
}

// orNoDevice turns store.ErrNotFound into what a missing device is.
func orNoDevice(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.ResourceNotFound(textNoDevice).Because(err)
	}
	return err
}

// GetDevice shows a device of the caller.
func (s *Service) GetDevice(ctx context.Context, call *api.Call, in *cognitoidp.GetDeviceRequest) (*cognitoidp.GetDeviceResponse, error) {
	o, err := s.ownDevices(ctx, call)
	if err != nil {
		return nil, err
	}
	d, err := s.showDevice(ctx, o, in.DeviceKey)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetDeviceResponse{Device: d}, nil
}

// AdminGetDevice shows a device of a user.
func (s *Service) AdminGetDevice(ctx context.Context, _ *api.Call, in *cognitoidp.AdminGetDeviceRequest) (*cognitoidp.AdminGetDeviceResponse, error) {
	o, err := s.devicesOf(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	d, err := s.showDevice(ctx, o, in.DeviceKey)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminGetDeviceResponse{Device: d}, nil
}

func (s *Service) showDevice(ctx context.Context, o owner, key *string) (*cognitoidp.DeviceType, error) {
	d, err := s.store.Device(ctx, o.pool.Internal(), o.user.ID, api.Value(key))
	if err != nil {
		return nil, orNoDevice(err)
	}
	return s.deviceType(o, d, true), nil
}

// deviceType is a device as answers show it; whole shows what ListDevices keeps from users.
// Its attributes are those that AWS's examples have, in their order: what they say of the
// status and the SDK is all that they ever say.
func (s *Service) deviceType(o owner, d *store.Device, whole bool) *cognitoidp.DeviceType {
	out := &cognitoidp.DeviceType{
		DeviceKey:                   &d.Key,
		DeviceCreateDate:            api.Time(d.Created),
		DeviceLastModifiedDate:      api.Time(d.Modified),
		DeviceLastAuthenticatedDate: api.Time(d.Authenticated),
	}
	add := func(name, value string) {
		if value != "" {
			out.DeviceAttributes = append(out.DeviceAttributes, cognitoidp.AttributeType{Name: &name, Value: &value})
		}
	}
	add("device_status", "valid")
	add("device_name", d.Name)
	if !whole {
		add("last_ip_used", d.IP)
		return out
	}
	add("dev:device_arn", s.place.DeviceARN(o.pool.ID(), o.user.Username, d.Key))
	add("dev:device_owner", naming.DeviceOwner(o.pool.ID(), o.user.Username))
	add("last_ip_used", d.IP)
	add("dev:device_remembered_status", string(rememberedStatus(d.Remembered)))
	add("dev:device_sdk", "aws-sdk")
	return out
}

func rememberedStatus(remembered bool) cognitoidp.DeviceRememberedStatusType {
	if remembered {
		return cognitoidp.DeviceRememberedStatusTypeRemembered
	}
	return cognitoidp.DeviceRememberedStatusTypeNotRemembered
}

// UpdateDeviceStatus lets the caller remember a device, or not.
func (s *Service) UpdateDeviceStatus(ctx context.Context, call *api.Call, in *cognitoidp.UpdateDeviceStatusRequest) (*cognitoidp.UpdateDeviceStatusResponse, error) {
	o, err := s.ownDevices(ctx, call)
	if err != nil {
		return nil, err
	}
	return empty(s.setRemembered(ctx, call, o, in.DeviceKey, in.DeviceRememberedStatus))
}

// AdminUpdateDeviceStatus lets a user's device be remembered, or not.
func (s *Service) AdminUpdateDeviceStatus(ctx context.Context, call *api.Call, in *cognitoidp.AdminUpdateDeviceStatusRequest) (*cognitoidp.AdminUpdateDeviceStatusResponse, error) {
	o, err := s.devicesOf(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return empty(s.setRemembered(ctx, call, o, in.DeviceKey, in.DeviceRememberedStatus))
}

// setRemembered changes a device's status; without one it only asks whether there is such a
// device.
func (s *Service) setRemembered(ctx context.Context, call *api.Call, o owner, key *string, status *cognitoidp.DeviceRememberedStatusType) error {
	if status == nil {
		_, err := s.store.Device(ctx, o.pool.Internal(), o.user.ID, api.Value(key))
		return orNoDevice(err)
	}
	remembered := *status == cognitoidp.DeviceRememberedStatusTypeRemembered
	return orNoDevice(s.store.RememberDevice(ctx, o.pool.Internal(), o.user.ID, api.Value(key), remembered, call.Time))
}

// ForgetDevice ends a device of the caller, and the sign-ins in which it took part.
func (s *Service) ForgetDevice(ctx context.Context, call *api.Call, in *cognitoidp.ForgetDeviceRequest) (*api.Empty, error) {
	o, err := s.ownDevices(ctx, call)
	if err != nil {
		return nil, err
	}
	return empty(s.forget(ctx, o, in.DeviceKey))
}

// AdminForgetDevice ends a device of a user, and the sign-ins in which it took part.
func (s *Service) AdminForgetDevice(ctx context.Context, _ *api.Call, in *cognitoidp.AdminForgetDeviceRequest) (*api.Empty, error) {
	o, err := s.devicesOf(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return empty(s.forget(ctx, o, in.DeviceKey))
}

func (s *Service) forget(ctx context.Context, o owner, key *string) error {
	return orNoDevice(s.store.ForgetDevice(ctx, o.pool.Internal(), o.user.ID, api.Value(key)))
}

// ListDevices lists the caller's devices by their keys.
func (s *Service) ListDevices(ctx context.Context, call *api.Call, in *cognitoidp.ListDevicesRequest) (*cognitoidp.ListDevicesResponse, error) {
	o, err := s.ownDevices(ctx, call)
	if err != nil {
		return nil, err
	}
	list, next, err := s.listDevices(ctx, call, o, in.Limit, in.PaginationToken, false)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ListDevicesResponse{Devices: list, PaginationToken: next}, nil
}

// AdminListDevices lists a user's devices by their keys.
func (s *Service) AdminListDevices(ctx context.Context, call *api.Call, in *cognitoidp.AdminListDevicesRequest) (*cognitoidp.AdminListDevicesResponse, error) {
	o, err := s.devicesOf(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	list, next, err := s.listDevices(ctx, call, o, in.Limit, in.PaginationToken, true)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminListDevicesResponse{Devices: list, PaginationToken: next}, nil
}

const (
	// pageSize is a page of devices without a Limit, and the largest Limit.
	pageSize = 60
	// pageLife is how long a PaginationToken counts, as for other lists.
	pageLife = time.Hour
)

func (s *Service) listDevices(ctx context.Context, call *api.Call, o owner, limit *int, token *string, whole bool) ([]cognitoidp.DeviceType, *string, error) {
	size, after := api.Value(limit), ""
	if size == 0 {
		size = pageSize
	}
	if token != nil {
		page, err := s.store.Keyring().OpenText(seal.PageToken, pageContext(o), *token)
		if err != nil || len(page) < 8 || call.Time.UnixMilli() >= int64(binary.BigEndian.Uint64(page)) {
			return nil, nil, fault.InvalidParameter(textPage).Because(err)
		}
		after = string(page[8:])
	}
	devices, err := s.store.Devices(ctx, o.pool.Internal(), o.user.ID, after, size+1)
	if err != nil {
		return nil, nil, err
	}
	more := len(devices) > size
	devices = devices[:min(len(devices), size)]
	list := make([]cognitoidp.DeviceType, len(devices))
	for i, d := range devices {
		list[i] = *s.deviceType(o, d, whole)
	}
	if !more {
		return list, nil, nil
	}
	end := binary.BigEndian.AppendUint64(nil, uint64(call.Time.Add(pageLife).UnixMilli()))
	next, err := s.store.Keyring().SealText(seal.PageToken, pageContext(o), append(end, devices[size-1].Key...))
	return list, &next, err
}

// pageContext binds a PaginationToken to the owner of the devices.
func pageContext(o owner) []byte {
	return seal.Context("ListDevices", strconv.FormatInt(int64(o.pool.Internal()), 10), string(o.user.ID[:]))
}
