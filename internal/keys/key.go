package keys

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cenote-id/cenote/internal/libcrypto"
	"github.com/cenote-id/cenote/internal/store"
)

// Bits is the size of a pool's keys, as Cognito makes them.
const Bits = 2048

// Key is an opened private key. It is safe for concurrent use.
type Key struct {
	// KID names the key in token headers and in the JWKS: 44 characters of standard
	// base64, as on AWS. It is the SHA-256 of the public key's DER.
	KID    string
	Public *rsa.PublicKey
	signer crypto.Signer
}

// Pair is the two keys of a pool.
type Pair struct {
	ID     *Key // signs ID tokens
	Access *Key // signs access tokens
}

// Open opens the two keys of a pool as the store keeps them. It signs with the library
// where that is faster than Go; the library may be nil.
func Open(stored store.SigningKeys, library *libcrypto.Library) (Pair, error) {
	id, err := openKey(stored.ID, library)
	if err != nil {
		return Pair{}, fmt.Errorf("open id token key: %w", err)
	}
	access, err := openKey(stored.Access, library)
	if err != nil {
		return Pair{}, fmt.Errorf("open access token key: %w", err)
	}
	return Pair{ID: id, Access: access}, nil
}

func openKey(pkcs8 []byte, library *libcrypto.Library) (*Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(spki)
	k := &Key{
		KID:    base64.StdEncoding.EncodeToString(digest[:]),
		Public: &private.PublicKey,
		signer: private,
	}
	if library.SignsFaster() {
		if signer, err := library.NewSigner(private); err == nil {
			k.signer = signer
		}
	}
	return k, nil
}

// marshal returns the form in which the store keeps a pair of keys.
func marshal(id, access *rsa.PrivateKey) (store.SigningKeys, error) {
	var out store.SigningKeys
	var err error
	if out.ID, err = x509.MarshalPKCS8PrivateKey(id); err != nil {
		return store.SigningKeys{}, err
	}
	if out.Access, err = x509.MarshalPKCS8PrivateKey(access); err != nil {
		return store.SigningKeys{}, err
	}
	return out, nil
}

// Sign returns the RS256 signature (RFC 7518 section 3.3) of a JWS signing input.
func (k *Key) Sign(signingInput []byte) ([]byte, error) {
	digest := sha256.Sum256(signingInput)
	return k.signer.Sign(nil, digest[:], crypto.SHA256)
}

// Verify says whether signature is the RS256 signature of a JWS signing input; the
// error says no and nothing else.
func Verify(public *rsa.PublicKey, signingInput, signature []byte) error {
	digest := sha256.Sum256(signingInput)
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature)
}

// JWKS returns the keys' public halves as a JSON Web Key Set (RFC 7517 section 5), with
// the members and in the order of AWS's.
func JWKS(keys ...*Key) []byte {
	out := []byte(`{"keys":[`)
	for i, k := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		// Base64 needs no escaping in JSON.
		out = fmt.Appendf(out, `{"alg":"RS256","e":"%s","kid":"%s","kty":"RSA","n":"%s","use":"sig"}`,
			number(binary.BigEndian.AppendUint64(nil, uint64(k.Public.E))), k.KID, number(k.Public.N.Bytes()))
	}
	return append(out, `]}`...)
}

// number is a Base64urlUInt, RFC 7518 section 2.
func number(bigEndian []byte) string {
	return base64.RawURLEncoding.EncodeToString(bytes.TrimLeft(bigEndian, "\x00"))
}
