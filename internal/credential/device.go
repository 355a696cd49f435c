package credential

import (
	"context"
	"encoding/base64"
	"math/big"
	"strconv"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// textBadDeviceVerifier is chosen here.
const textBadDeviceVerifier = "Invalid device secret verifier configuration given."

// longestDeviceSalt is the size in bytes of the longest salt that a device may come with;
// clients make 16 random bytes, and a zero byte before a set top bit.
const longestDeviceSalt = 64

// ParseDeviceVerifier reads the Salt and PasswordVerifier of DeviceSecretVerifierConfig,
// big-endian numbers in base64. What cannot be proved by SRP is an
// InvalidParameterException.
func ParseDeviceVerifier(salt, verifier string) (s, v []byte, err error) {
	s, err = base64.StdEncoding.DecodeString(salt)
	if err != nil || len(s) == 0 || len(s) > longestDeviceSalt {
		return nil, nil, fault.InvalidParameter(textBadDeviceVerifier).Because(err)
	}
	if v, err = base64.StdEncoding.DecodeString(verifier); err == nil {
		v, err = srp.ParseVerifier(v)
	}
	if err != nil {
		return nil, nil, fault.InvalidParameter(textBadDeviceVerifier).Because(err)
	}
	return s, v, nil
}

// StartDeviceSRP begins an exchange with a device of u; x says in which sign-in.
func (s *Service) StartDeviceSRP(ctx context.Context, c *catalog.Client, u *store.User, d *store.Device, a *big.Int, x Exchange) (*SRPChallenge, error) {
	x.Username, x.Sub, x.DeviceKey, x.a = u.Username, u.Sub, d.Key, a
	return s.startSRP(ctx, c, d.Salt, d.Verifier, x, deviceContext(c))
}

// OpenDeviceSRP reads the PASSWORD_CLAIM_SECRET_BLOCK of a device. Its error is ErrBlock.
func (s *Service) OpenDeviceSRP(c *catalog.Client, secretBlock string) (*Exchange, error) {
	return s.openExchange(secretBlock, deviceContext(c))
}

// FinishDeviceSRP says whether signature, PASSWORD_CLAIM_SIGNATURE, proves that the client
// of the exchange has the password of d, read fresh. It counts nothing and spends nothing.
func (s *Service) FinishDeviceSRP(ctx context.Context, x *Exchange, d *store.Device, timestamp, signature string) (bool, error) {
	if x.DeviceKey != d.Key {
		return false, nil
	}
	return s.finishSRP(ctx, srp.Identity{Group: d.GroupKey, User: d.Key}, d.Verifier, x, timestamp, signature)
}

// deviceContext binds a device's block to the pool and the client, and keeps it apart from
// those of users: clients choose the verifiers of devices.
func deviceContext(c *catalog.Client) []byte {
	return seal.Context(strconv.FormatInt(int64(c.Pool.Internal()), 10), c.ID(), "device")
}
