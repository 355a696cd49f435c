package srp

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
)

// devicePasswordSize is how many random bytes a device's password is made of, as in
// amazon-cognito-identity-js.
const devicePasswordSize = 40

// DeviceSecret is what a client makes when a device is registered. It keeps Password and
// gives the other two to ConfirmDevice.
type DeviceSecret struct {
	Password string
	// Salt and Verifier are base64 over the padded form of the numbers.
	Salt, Verifier string
}

// NewDeviceSecret draws the secret of a device: id is its DeviceGroupKey and DeviceKey.
func NewDeviceSecret(random io.Reader, id Identity) (DeviceSecret, error) {
	password := make([]byte, devicePasswordSize)
	if _, err := io.ReadFull(random, password); err != nil {
		return DeviceSecret{}, fmt.Errorf("make device password: %w", err)
	}
	salt, err := NewSalt(random)
	if err != nil {
		return DeviceSecret{}, err
	}
	encode := base64.StdEncoding.EncodeToString
	secret := DeviceSecret{Password: encode(password)}
	var m *Arithmetic
	verifier := m.Verifier(id, secret.Password, salt)
	secret.Salt = encode(pad(new(big.Int).SetBytes(salt)))
	secret.Verifier = encode(pad(new(big.Int).SetBytes(verifier)))
	return secret, nil
}
