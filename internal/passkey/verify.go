package passkey

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Why a response is refused, to be told apart with errors.Is.
var (
	// ErrMalformed says that a text is not the JSON form of a response.
	ErrMalformed = errors.New("passkey: not a response of WebAuthn")
	// ErrOrigin says that the page does not belong to the relying party.
	ErrOrigin = errors.New("passkey: the origin is not the relying party's")
	// ErrRelyingParty says that the authenticator answered for another relying party.
	ErrRelyingParty = errors.New("passkey: made for another relying party")
	// ErrUnsupported says that a new credential is none that is taken: its algorithm, its
	// attestation, or how its user was verified.
	ErrUnsupported = errors.New("passkey: a credential that is not supported")
	// ErrProof says that an assertion does not prove what it has to.
	ErrProof = errors.New("passkey: the assertion proves nothing")
)

// Registration is the response to CreationOptions.
type Registration struct {
	parsed    *protocol.ParsedCredentialCreationData
	challenge []byte
}

// Credential is a new credential.
type Credential struct {
	ID        string // base64url without padding
	PublicKey []byte // a COSE_Key (RFC 9052 section 7)
	SignCount uint32
	AAGUID    []byte // 16 bytes that name the authenticator's model
	// Attachment (platform or cross-platform) and Transports are as the browser told them.
	Attachment string
	Transports []string
	// BackupEligible and BackedUp say whether the credential may leave its authenticator, and
	// whether it has.
	BackupEligible, BackedUp bool
}

// ParseRegistration reads RegistrationResponseJSON. Its error is ErrMalformed.
func ParseRegistration(text []byte) (*Registration, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	challenge, err := parseClientData(parsed.Response.CollectedClientData, protocol.CreateCeremony)
	return &Registration{parsed, challenge}, err
}

// Challenge is what the authenticator answered to; whether it was asked is the caller's to
// find out.
func (r *Registration) Challenge() []byte { return r.challenge }

// parseClientData returns the challenge of a ceremony.
func parseClientData(c protocol.CollectedClientData, ceremony protocol.CeremonyType) ([]byte, error) {
	if c.Type != ceremony {
		return nil, fmt.Errorf("%w: the client data is of type %q", ErrMalformed, c.Type)
	}
	challenge, err := base64.RawURLEncoding.Strict().DecodeString(c.Challenge)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return challenge, nil
}

// checkPlace refuses pages that are not the relying party's, and pages inside of others.
func checkPlace(c protocol.CollectedClientData, rp RelyingParty) error {
	if c.CrossOrigin || !originAllowed(c.Origin, rp.ID) {
		return ErrOrigin
	}
	return nil
}

func checkRelyingParty(d *protocol.AuthenticatorData, rp RelyingParty) error {
	hash := sha256.Sum256([]byte(rp.ID))
	if subtle.ConstantTimeCompare(d.RPIDHash, hash[:]) != 1 {
		return ErrRelyingParty
	}
	return nil
}

// present says whether the authenticator saw its user as it had to, and says nothing that
// cannot be of where the credential is (WebAuthn section 6.1.3).
func present(f protocol.AuthenticatorFlags, rp RelyingParty) bool {
	return f.UserPresent() && (f.UserVerified() || !rp.VerifyUser) && (f.HasBackupEligible() || !f.HasBackupState())
}

// Verify judges the response (WebAuthn section 7.1) but for its challenge and for whether
// the credential is new. Its errors are ErrOrigin, ErrRelyingParty and ErrUnsupported.
func (r *Registration) Verify(rp RelyingParty) (*Credential, error) {
	response := &r.parsed.Response
	if err := checkPlace(response.CollectedClientData, rp); err != nil {
		return nil, err
	}
	object := &response.AttestationObject
	data := &object.AuthData
	if err := checkRelyingParty(data, rp); err != nil {
		return nil, err
	}
	if !present(data.Flags, rp) {
		return nil, fmt.Errorf("%w: the user was not verified", ErrUnsupported)
	}
	if err := checkKey(data.AttData.CredentialPublicKey); err != nil {
		return nil, err
	}
	id := encode(data.AttData.CredentialID)
	if id == "" || id != r.parsed.ID {
		return nil, fmt.Errorf("%w: the credential's id is another", ErrUnsupported)
	}
	clientData := sha256.Sum256(r.parsed.Raw.AttestationResponse.ClientDataJSON)
	if err := object.VerifyAttestation(clientData[:], nil, protocol.AttestationPolicy{}, protocol.SignaturePolicy{}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	out := &Credential{
		ID: id, PublicKey: data.AttData.CredentialPublicKey, SignCount: data.Counter, AAGUID: data.AttData.AAGUID,
		Attachment:     string(r.parsed.AuthenticatorAttachment),
		BackupEligible: data.Flags.HasBackupEligible(), BackedUp: data.Flags.HasBackupState(),
	}
	for _, transport := range response.Transports {
		if known(transport) && !slices.Contains(out.Transports, string(transport)) {
			out.Transports = append(out.Transports, string(transport))
		}
	}
	return out, nil
}

// known says whether a transport is one of WebAuthn's (section 5.8.4); what else a browser
// tells is not kept, being of any length.
func known(transport protocol.AuthenticatorTransport) bool {
	switch transport {
	case protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal:
		return true
	default:
		return false
	}
}

// checkKey refuses keys that are broken, or of an algorithm that was not offered.
func checkKey(key []byte) error {
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	var algorithm int64
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		algorithm = k.Algorithm
	case webauthncose.RSAPublicKeyData:
		algorithm = k.Algorithm
	}
	if !slices.Contains(algorithms(), webauthncose.COSEAlgorithmIdentifier(algorithm)) {
		return fmt.Errorf("%w: its algorithm was not offered", ErrUnsupported)
	}
	return nil
}

// Assertion is the response to RequestOptions.
type Assertion struct {
	parsed    *protocol.ParsedCredentialAssertionData
	challenge []byte
}

// ParseAssertion reads AuthenticationResponseJSON. Its error is ErrMalformed.
func ParseAssertion(text []byte) (*Assertion, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	challenge, err := parseClientData(parsed.Response.CollectedClientData, protocol.AssertCeremony)
	return &Assertion{parsed, challenge}, err
}

// ID names the credential that signed, base64url without padding.
func (a *Assertion) ID() string { return encode(a.parsed.RawID) }

// SignCount is the authenticator's counter of signatures; zero where it does not count.
func (a *Assertion) SignCount() uint32 { return a.parsed.Response.AuthenticatorData.Counter }

// BackedUp says whether the credential is kept elsewhere, too.
func (a *Assertion) BackedUp() bool {
	return a.parsed.Response.AuthenticatorData.Flags.HasBackupState()
}

// Expected is what an assertion is judged by.
type Expected struct {
	RelyingParty
	Challenge  []byte
	UserHandle string // as in Creation
	// PublicKey and BackupEligible are the Credential's.
	PublicKey      []byte
	BackupEligible bool
}

// Verify judges the response (WebAuthn section 7.2) but for its counter: see Cloned. The
// error wraps ErrOrigin, ErrRelyingParty or ErrProof.
func (a *Assertion) Verify(e Expected) error {
	response := &a.parsed.Response
	if subtle.ConstantTimeCompare(a.challenge, e.Challenge) != 1 {
		return fmt.Errorf("%w: it answers another challenge", ErrProof)
	}
	if h := response.UserHandle; len(h) > 0 && string(h) != e.UserHandle {
		return fmt.Errorf("%w: it is another user's", ErrProof)
	}
	if err := checkPlace(response.CollectedClientData, e.RelyingParty); err != nil {
		return err
	}
	data := &response.AuthenticatorData
	if err := checkRelyingParty(data, e.RelyingParty); err != nil {
		return err
	}
	if !present(data.Flags, e.RelyingParty) || data.Flags.HasBackupEligible() != e.BackupEligible {
		return fmt.Errorf("%w: the user was not verified", ErrProof)
	}
	key, err := webauthncose.ParsePublicKey(e.PublicKey)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	clientData := sha256.Sum256(a.parsed.Raw.AssertionResponse.ClientDataJSON)
	signed := slices.Concat(a.parsed.Raw.AssertionResponse.AuthenticatorData, clientData[:])
	if ok, err := webauthncose.VerifySignature(key, signed, response.Signature); !ok || err != nil {
		return fmt.Errorf("%w: the signature is wrong", ErrProof)
	}
	return nil
}

// Cloned says whether a counter that was last seen at before, and now at now, shows that two
// authenticators have the credential (WebAuthn section 6.1.1). Authenticators that share
// their credentials on purpose do not count and always show zero.
func Cloned(before, now uint32) bool { return (before != 0 || now != 0) && now <= before }
