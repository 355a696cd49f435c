package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
)

// The message format of the AWS Encryption SDK, version 1 ("AWS Encryption SDK message
// format reference"), as Cognito writes it: suite 0x0378 is AES-256-GCM with HKDF-SHA384 and
// an ECDSA P-384 signature, without key commitment.
const (
	formatVersion = 0x01
	formatType    = 0x80
	suite         = 0x0378
	contentFramed = 0x02
	frameLength   = 4096
	keySize       = 32
	idSize        = 16
	ivSize        = 12

	provider      = "aws-kms"
	publicKeyName = "aws-crypto-public-key"
	poolName      = "userpool-id"
	finalFrame    = "AWSKMSEncryptionClient Final Frame"
)

// EncryptCode encrypts a code for the functions of a pool under the key of the given ARN
// and returns the message as base64. A code has at most 4,096 bytes.
func (s *Service) EncryptCode(keyARN, poolID, code string) (string, error) {
	if len(code) > frameLength {
		return "", fmt.Errorf("kms: a code of %d bytes does not fit into a frame", len(code))
	}
	random := make([]byte, idSize+keySize)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return "", fmt.Errorf("kms: make a data key: %w", err)
	}
	id, dataKey := random[:idSize], random[idSize:]
	signer, err := ecdsa.GenerateKey(elliptic.P384(), s.random)
	if err != nil {
		return "", fmt.Errorf("kms: make a signing key: %w", err)
	}
	bound := map[string]string{
		publicKeyName: base64.StdEncoding.EncodeToString(elliptic.MarshalCompressed(elliptic.P384(), signer.X, signer.Y)),
		poolName:      poolID,
	}
	wrapped, err := s.wrap(keyARN, bound, dataKey)
	if err != nil {
		return "", err
	}
	aead, err := contentCipher(id, dataKey)
	if err != nil {
		return "", err
	}
	out := header(id, keyARN, wrapped, bound)
	out = append(out, sealed(aead, make([]byte, ivSize), nil, out)...)
	out = append(out, frame(aead, id, code)...)
	digest := sha512.Sum384(out)
	signature, err := ecdsa.SignASN1(s.random, signer, digest[:])
	if err != nil {
		return "", fmt.Errorf("kms: sign a message: %w", err)
	}
	return base64.StdEncoding.EncodeToString(text16(out, signature)), nil
}

// contentCipher derives the key of the content from the data key.
func contentCipher(id, dataKey []byte) (cipher.AEAD, error) {
	info := append(binary.BigEndian.AppendUint16(nil, suite), id...)
	key, err := hkdf.Key(sha512.New384, dataKey, nil, string(info), keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealed returns the IV, and what GCM makes of a text under it.
func sealed(aead cipher.AEAD, iv, plain, bound []byte) []byte {
	return aead.Seal(slices.Clone(iv), iv, plain, bound)
}

// text16 appends a text behind its length in two bytes.
func text16(b, text []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
}

func header(id []byte, keyARN string, wrapped []byte, bound map[string]string) []byte {
	b := []byte{formatVersion, formatType}
	b = binary.BigEndian.AppendUint16(b, suite)
	b = append(b, id...)
	context := binary.BigEndian.AppendUint16(nil, uint16(len(bound)))
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		context = text16(text16(context, []byte(name)), []byte(bound[name]))
	}
	b = text16(b, context)
	b = binary.BigEndian.AppendUint16(b, 1) // one encrypted data key
	b = text16(text16(text16(b, []byte(provider)), []byte(keyARN)), wrapped)
	b = append(b, contentFramed, 0, 0, 0, 0, ivSize)
	return binary.BigEndian.AppendUint32(b, frameLength)
}

// frame is the body: the code in one frame, which is the last.
func frame(aead cipher.AEAD, id []byte, code string) []byte {
	const sequence = 1
	iv := make([]byte, ivSize)
	iv[ivSize-1] = sequence
	bound := append(slices.Clone(id), finalFrame...)
	bound = binary.BigEndian.AppendUint32(bound, sequence)
	bound = binary.BigEndian.AppendUint64(bound, uint64(len(code)))
	b := binary.BigEndian.AppendUint32(nil, 0xFFFFFFFF)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = append(b, iv...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(code)))
	return aead.Seal(b, iv, []byte(code), bound)
}
