package passkey

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// RelyingParty is on whose behalf a ceremony is held.
type RelyingParty struct {
	ID string // a domain
	// VerifyUser says that the authenticator must verify its user, by a PIN or a
	// biometric; else it is asked to where it can.
	VerifyUser bool
}

func (rp RelyingParty) userVerification() string {
	if rp.VerifyUser {
		return "required"
	}
	return "preferred"
}

// Descriptor names a credential to browsers.
type Descriptor struct {
	ID         string   // base64url without padding
	Transports []string // how its authenticator is reached, as the browser told
}

type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

func descriptors(list []Descriptor) []descriptor {
	out := make([]descriptor, len(list))
	for i, d := range list {
		out[i] = descriptor{"public-key", d.ID, d.Transports}
	}
	return out
}

// Creation is what a browser is asked to create.
type Creation struct {
	RelyingParty
	Challenge []byte
	// UserHandle is what the authenticator keeps as the user's id: at most 64 bytes that
	// identify nobody to others (WebAuthn section 14.6.1).
	UserHandle string
	UserName   string // shown to the user
	Exclude    []Descriptor
	Timeout    time.Duration
}

// algorithms are the signature algorithms that are taken, best first: the two that AWS
// offers, which all authenticators know.
func algorithms() []webauthncose.COSEAlgorithmIdentifier {
	return []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgRS256}
}

type namedEntity struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
}

type parameter struct {
	Type      string `json:"type"`
	Algorithm int    `json:"alg"`
}

type selection struct {
	RequireResidentKey bool   `json:"requireResidentKey"`
	ResidentKey        string `json:"residentKey"`
	UserVerification   string `json:"userVerification"`
}

// CreationOptions returns PublicKeyCredentialCreationOptionsJSON, with the members that
// Cognito sends. Attestation is not asked for: no authenticator is preferred to another.
func CreationOptions(c Creation) ([]byte, error) {
	parameters := []parameter{}
	for _, algorithm := range algorithms() {
		parameters = append(parameters, parameter{"public-key", int(algorithm)})
	}
	return json.Marshal(struct {
		Challenge   string       `json:"challenge"`
		RP          namedEntity  `json:"rp"`
		User        namedEntity  `json:"user"`
		Parameters  []parameter  `json:"pubKeyCredParams"`
		Timeout     int64        `json:"timeout"`
		Exclude     []descriptor `json:"excludeCredentials"`
		Selection   selection    `json:"authenticatorSelection"`
		Attestation string       `json:"attestation"`
	}{
		Challenge:   encode(c.Challenge),
		RP:          namedEntity{ID: c.ID, Name: c.ID},
		User:        namedEntity{ID: encode([]byte(c.UserHandle)), Name: c.UserName, DisplayName: c.UserName},
		Parameters:  parameters,
		Timeout:     c.Timeout.Milliseconds(),
		Exclude:     descriptors(c.Exclude),
		Selection:   selection{RequireResidentKey: true, ResidentKey: "required", UserVerification: c.userVerification()},
		Attestation: "none",
	})
}

// Request is what a browser is asked to sign.
type Request struct {
	RelyingParty
	Challenge []byte
	Allow     []Descriptor
	Timeout   time.Duration
}

// RequestOptions returns PublicKeyCredentialRequestOptionsJSON.
func RequestOptions(r Request) ([]byte, error) {
	return json.Marshal(struct {
		Challenge        string       `json:"challenge"`
		Timeout          int64        `json:"timeout"`
		RPID             string       `json:"rpId"`
		Allow            []descriptor `json:"allowCredentials"`
		UserVerification string       `json:"userVerification"`
	}{encode(r.Challenge), r.Timeout.Milliseconds(), r.ID, descriptors(r.Allow), r.userVerification()})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
