// Package passkeytest is an authenticator in software, with the browser before it: it
// answers WebAuthn's options for tests, rightly or wrongly. It shares no code with what it
// tests.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/big"

	"github.com/cenote-id/cenote/internal/clock"
)

// The COSE algorithms that an Authenticator makes keys for (IANA "COSE Algorithms").
const (
	ES256 = -7
	EdDSA = -8
	RS256 = -257
)

// Authenticator holds credentials. The zero value makes ES256 keys, verifies nobody, and
// counts its signatures.
type Authenticator struct {
	Algorithm int // 0 is ES256
	// Verifies says that the authenticator verifies its user.
	Verifies bool
	// Absent says that nobody touches the authenticator.
	Absent bool
	// Synced makes credentials that leave the authenticator and do not count.
	Synced bool
	// AAGUID names the model.
	AAGUID [16]byte
	// Attested adds a self attestation instead of none.
	Attested bool
	// CrossOrigin says that the page lies in a frame of another.
	CrossOrigin bool
	// RPID answers for another relying party than the one that asks.
	RPID string
	// Type stands in the client data in place of the ceremony's.
	Type string

	credentials []*credential
}

type credential struct {
	id     []byte
	rpID   string
	handle []byte
	key    crypto.Signer
	count  uint32
}

// Clone returns an authenticator with copies of the credentials, and counters of its own.
func (a *Authenticator) Clone() *Authenticator {
	b := *a
	b.credentials = nil
	for _, c := range a.credentials {
		copied := *c
		b.credentials = append(b.credentials, &copied)
	}
	return &b
}

type creationOptions struct {
	Challenge string `json:"challenge"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Exclude []struct {
		ID string `json:"id"`
	} `json:"excludeCredentials"`
}

// Create answers PublicKeyCredentialCreationOptionsJSON as a page of the origin would, with
// RegistrationResponseJSON. The error is that the authenticator has an excluded credential,
// or that the options cannot be read.
func (a *Authenticator) Create(options []byte, origin string) ([]byte, error) {
	var o creationOptions
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return nil, err
	}
	for _, excluded := range o.Exclude {
		for _, c := range a.credentials {
			if encode(c.id) == excluded.ID {
				return nil, fmt.Errorf("the authenticator has %s already", excluded.ID)
			}
		}
	}
	key, cose, err := a.newKey()
	if err != nil {
		return nil, err
	}
	c := &credential{id: make([]byte, 16), rpID: o.RP.ID, handle: handle, key: key}
	if _, err := io.ReadFull(clock.Random(nil), c.id); err != nil {
		return nil, err
	}
	a.credentials = append(a.credentials, c)

	client := a.clientData("webauthn.create", o.Challenge, origin)
	data := a.data(c, 0x40)
	data = append(data, a.AAGUID[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(c.id)))
	data = append(append(data, c.id...), cose...)
	format, statement := "none", cborMap()
	if a.Attested {
		signature, err := c.sign(data, client)
		if err != nil {
			return nil, err
		}
		format = "packed"
		statement = cborMap(cborText("alg"), cborInt(a.algorithm()), cborText("sig"), cborBytes(signature))
	}
	object := cborMap(cborText("fmt"), cborText(format), cborText("attStmt"), statement, cborText("authData"), cborBytes(data))
	return json.Marshal(map[string]any{
		"id": encode(c.id), "rawId": encode(c.id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": encode(client), "attestationObject": encode(object), "authenticatorData": encode(data),
			"transports": []string{"internal", "hybrid"}, "publicKeyAlgorithm": a.algorithm(),
		},
	})
}

type requestOptions struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	Allow     []struct {
		ID string `json:"id"`
	} `json:"allowCredentials"`
}

// Get answers PublicKeyCredentialRequestOptionsJSON as a page of the origin would, with
// AuthenticationResponseJSON, by the first credential that is allowed. The error is that
// there is none, or that the options cannot be read.
func (a *Authenticator) Get(options []byte, origin string) ([]byte, error) {
	var o requestOptions
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	for _, allowed := range o.Allow {
		for _, c := range a.credentials {
			if encode(c.id) == allowed.ID && c.rpID == o.RPID {
				return a.assert(c, o.Challenge, origin)
			}
		}
	}
	return nil, fmt.Errorf("no credential of %s is allowed", o.RPID)
}

func (a *Authenticator) assert(c *credential, challenge, origin string) ([]byte, error) {
	if !a.Synced {
		c.count++
	}
	client, data := a.clientData("webauthn.get", challenge, origin), a.data(c, 0)
	signature, err := c.sign(data, client)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"id": encode(c.id), "rawId": encode(c.id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": encode(client), "authenticatorData": encode(data),
			"signature": encode(signature), "userHandle": encode(c.handle),
		},
	})
}

func (a *Authenticator) algorithm() int {
	if a.Algorithm == 0 {
		return ES256
	}
	return a.Algorithm
}

// newKey makes a key pair and the COSE_Key of its public half.
func (a *Authenticator) newKey() (crypto.Signer, []byte, error) {
	switch a.algorithm() {
	case RS256:
		key, err := rsa.GenerateKey(clock.Random(nil), 2048)
		if err != nil {
			return nil, nil, err
		}
		return key, cborMap(cborInt(1), cborInt(3), cborInt(3), cborInt(RS256),
			cborInt(-1), cborBytes(key.N.Bytes()), cborInt(-2), cborBytes(big.NewInt(int64(key.E)).Bytes())), nil
	case EdDSA:
		public, key, err := ed25519.GenerateKey(clock.Random(nil))
		return key, cborMap(cborInt(1), cborInt(1), cborInt(3), cborInt(EdDSA),
			cborInt(-1), cborInt(6), cborInt(-2), cborBytes(public)), err
	default:
		key, err := ecdsa.GenerateKey(elliptic.P256(), clock.Random(nil))
		if err != nil {
			return nil, nil, err
		}
		point, err := key.PublicKey.Bytes() // 0x04, x, y
		if err != nil {
			return nil, nil, err
		}
		return key, cborMap(cborInt(1), cborInt(2), cborInt(3), cborInt(ES256),
			cborInt(-1), cborInt(1), cborInt(-2), cborBytes(point[1:33]), cborInt(-3), cborBytes(point[33:])), nil
	}
}

// sign signs authenticator data and client data.
func (c *credential) sign(data, client []byte) ([]byte, error) {
	hash := sha256.Sum256(client)
	message := append(append([]byte{}, data...), hash[:]...)
	if key, ok := c.key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, message), nil
	}
	digest := sha256.Sum256(message)
	return c.key.Sign(clock.Random(nil), digest[:], crypto.SHA256)
}

// data is the authenticator data (WebAuthn section 6.1) up to the counter.
func (a *Authenticator) data(c *credential, flags byte) []byte {
	rpID := c.rpID
	if a.RPID != "" {
		rpID = a.RPID
	}
	for bit, on := range map[byte]bool{0x01: !a.Absent, 0x04: a.Verifies, 0x08: a.Synced, 0x10: a.Synced} {
		if on {
			flags |= bit
		}
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), c.count)
}

func (a *Authenticator) clientData(ceremony, challenge, origin string) []byte {
	if a.Type != "" {
		ceremony = a.Type
	}
	text, err := json.Marshal(map[string]any{
		"type": ceremony, "challenge": challenge, "origin": origin, "crossOrigin": a.CrossOrigin,
	})
	if err != nil {
		panic(err) // texts and a truth value
	}
	return text
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// What of CBOR (RFC 8949) an authenticator writes.

func cborHead(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	default:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	}
}

func cborInt(n int) []byte {
	if n < 0 {
		return cborHead(1, uint64(-1-n))
	}
	return cborHead(0, uint64(n))
}

func cborBytes(b []byte) []byte { return append(cborHead(2, uint64(len(b))), b...) }

func cborText(s string) []byte { return append(cborHead(3, uint64(len(s))), s...) }

// cborMap is a map of keys and values in turn.
func cborMap(items ...[]byte) []byte {
	out := cborHead(5, uint64(len(items)/2))
	for _, item := range items {
		out = append(out, item...)
	}
	return out
}
