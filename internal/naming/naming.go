// Package naming makes and reads the identifiers that clients see: pool ids, client
// ids, subs, ARNs, issuers. Formats are Cognito's, as recorded from AWS.
package naming

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// Place is the region and the account in which a server says it stands.
type Place struct {
	Region    string // such as us-east-1
	AccountID string // twelve digits
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Alphanumeric returns n random characters of [0-9A-Za-z], unbiased.
func Alphanumeric(random io.Reader, n int) (string, error) {
	return Pick(random, alphanumeric, n)
}

// Pick returns n random characters of alphabet (at most 256 ASCII characters), unbiased.
func Pick(random io.Reader, alphabet string, n int) (string, error) {
	out := make([]byte, 0, n)
	limit := 256 - 256%len(alphabet)
	buf := make([]byte, n+n/2+1)
	for len(out) < n {
		if _, err := io.ReadFull(random, buf); err != nil {
			return "", fmt.Errorf("read random characters: %w", err)
		}
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

// UserPoolID returns a new pool id: the region, an underscore and nine alphanumerics.
func (p Place) UserPoolID(random io.Reader) (string, error) {
	s, err := Alphanumeric(random, 9)
	return p.Region + "_" + s, err
}

// UserPoolARN returns the ARN of a user pool.
func (p Place) UserPoolARN(poolID string) string {
	return "arn:aws:cognito-idp:" + p.Region + ":" + p.AccountID + ":userpool/" + poolID
}

// DeviceKey returns a new device key: the region, an underscore and a UUID.
func (p Place) DeviceKey(random io.Reader) (string, error) {
	id, err := UUID(random)
	return p.Region + "_" + id, err
}

// DeviceARN returns the ARN of a user's device.
func (p Place) DeviceARN(poolID, username, deviceKey string) string {
	return "arn:aws:cognito-idp:" + p.Region + ":" + p.AccountID + ":owner/" + DeviceOwner(poolID, username) + "/device/" + deviceKey
}

// HasPool says whether poolID carries this place's region; others "do not exist" here.
func (p Place) HasPool(poolID string) bool {
	region, rest, ok := strings.Cut(poolID, "_")
	return ok && region == p.Region && rest != ""
}

// PoolName returns the part of a pool id after its underscore, which takes part in SRP.
func PoolName(poolID string) string {
	_, name, _ := strings.Cut(poolID, "_")
	return name
}

// DeviceOwner returns a user as the attributes of devices name their owner.
func DeviceOwner(poolID, username string) string { return username + "." + poolID }

// DeviceGroupKey returns the group key that goes with a device key: a dash and eight
// alphanumerics. It is derived, so that nothing need be kept of a device key until its
// device is confirmed; it is no secret, it only takes part in SRP.
func DeviceGroupKey(deviceKey string) string {
	sum := sha256.Sum256([]byte("device group\x00" + deviceKey))
	n, digit := new(big.Int).SetBytes(sum[:]), new(big.Int)
	out := []byte{'-'}
	for range 8 {
		n.QuoRem(n, big.NewInt(int64(len(alphanumeric))), digit)
		out = append(out, alphanumeric[digit.Int64()])
	}
	return string(out)
}

// ClientID returns a new app client id: 128 random bits as 26 characters of base32hex,
// the form of the ids that AWS makes.
func ClientID(random io.Reader) (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("make client id: %w", err)
	}
	s := new(big.Int).SetBytes(b).Text(32)
	return strings.Repeat("0", 26-len(s)) + s, nil
}

// ClientSecret returns a new app client secret: 256 random bits as 52 lower-case
// characters of base32hex.
func ClientSecret(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("make client secret: %w", err)
	}
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}

// UUID returns a random (version 4) UUID, RFC 9562 section 5.4.
func UUID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make uuid: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return FormatUUID(b), nil
}

// FormatUUID returns the text form of sixteen bytes, with whatever version they carry.
func FormatUUID(b [16]byte) string {
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	out[8] = '-'
	hex.Encode(out[9:13], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:18], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:23], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:], b[10:])
	return string(out[:])
}
