package kms

import (
	"context"
	"encoding/binary"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	kmsapi "github.com/cenote-id/cenote/api/kms"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
)

// Service implements KMS's Decrypt. It is safe for concurrent use.
type Service struct {
	keyring *seal.Keyring
	random  io.Reader
}

// New returns a Service that wraps keys with the key ring. A nil random is the operating
// system's generator.
func New(keyring *seal.Keyring, random io.Reader) *Service {
	return &Service{keyring: keyring, random: clock.Random(random)}
}

// textWrongKey is KMS's. The SDKs look at the exception only.
const textWrongKey = "The key ID in the request does not identify a CMK that can perform this operation."

// Decrypt opens a data key that EncryptCode wrapped. A ciphertext that is not its own, or
// comes with another encryption context, is an InvalidCiphertextException; one of another
// key than KeyId names an IncorrectKeyException.
func (s *Service) Decrypt(_ context.Context, _ *api.Call, in *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	plain, err := s.keyring.Open(seal.WrappedKey, wrapContext(in.EncryptionContext), in.CiphertextBlob)
	if err != nil || len(plain) < 2 {
		return nil, fault.InvalidCiphertext("").Because(err)
	}
	size := int(binary.BigEndian.Uint16(plain))
	if len(plain) < 2+size {
		return nil, fault.InvalidCiphertext("")
	}
	arn, key := string(plain[2:2+size]), plain[2+size:]
	if asked := api.Value(in.KeyId); asked != "" && asked != arn && !strings.HasSuffix(arn, "/"+asked) {
		return nil, fault.IncorrectKey(textWrongKey)
	}
	return &kmsapi.DecryptResponse{
		KeyId: &arn, Plaintext: key, EncryptionAlgorithm: new(kmsapi.EncryptionAlgorithmSpecSymmetricDefault),
	}, nil
}

// wrap seals a data key under the name of a key and an encryption context.
func (s *Service) wrap(keyARN string, bound map[string]string, key []byte) ([]byte, error) {
	plain := binary.BigEndian.AppendUint16(nil, uint16(len(keyARN)))
	return s.keyring.Seal(seal.WrappedKey, wrapContext(bound), slices.Concat(plain, []byte(keyARN), key))
}

// wrapContext is an encryption context in one form.
func wrapContext(bound map[string]string) []byte {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		parts = append(parts, name, bound[name])
	}
	return seal.Context(parts...)
}
