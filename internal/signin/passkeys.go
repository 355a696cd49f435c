package signin

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/passkey"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// maxPasskeys is how many passkeys a user may have (Cognito guide: "Quotas").
	maxPasskeys = 20
	// nonceSize is that of the challenges that passkeys sign; WebAuthn asks for 16 bytes.
	nonceSize = 32
	// browserTime is for how long AWS lets browsers ask for a new passkey.
	browserTime = time.Minute
	// registrationTime is for how long the answer is taken, which slow hands need.
	registrationTime = 5 * time.Minute
)

// relyingParty is for whom the pool's passkeys are: what its configuration names, else its
// custom domain, else its prefix domain (the model: WebAuthnConfigurationType). The ID is
// empty where there is none.
func (s *Service) relyingParty(ctx context.Context, p *catalog.Pool) (passkey.RelyingParty, error) {
	rp := passkey.RelyingParty{ID: p.RelyingPartyID(), VerifyUser: p.VerifiesPasskeyUsers() || p.PasskeyIsMFA()}
	if rp.ID != "" {
		return rp, nil
	}
	domains, err := s.store.PoolDomains(ctx, p.Internal())
	if err != nil {
		return rp, err
	}
	for _, d := range domains {
		switch {
		case d.Custom():
			rp.ID = d.Name
			return rp, nil
		case s.domainBase != "":
			rp.ID = d.Name + "." + s.domainBase
		}
	}
	return rp, nil
}

// passkeys returns the pool's relying party and those of the user's passkeys that are for
// it: after a change of the relying party the others are of no use.
func (s *Service) passkeys(ctx context.Context, p *catalog.Pool, u *store.User) (passkey.RelyingParty, []*store.Passkey, error) {
	rp, err := s.relyingParty(ctx, p)
	if err != nil || rp.ID == "" {
		return rp, nil, err
	}
	keys, err := s.store.Passkeys(ctx, u.Pool, u.ID)
	return rp, slices.DeleteFunc(keys, func(k *store.Passkey) bool { return k.RelyingParty != rp.ID }), err
}

func descriptors(keys []*store.Passkey) []passkey.Descriptor {
	out := make([]passkey.Descriptor, len(keys))
	for i, k := range keys {
		out[i] = passkey.Descriptor{ID: k.ID, Transports: k.Transports}
	}
	return out
}

// posePasskey poses WEB_AUTHN, whose options are JSON inside a string.
func (s *Service) posePasskey(ctx context.Context, a *attempt) (*Step, error) {
	rp, keys, err := s.passkeys(ctx, a.pool(), a.user)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, nonceSize)
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, err
	}
	options, err := passkey.RequestOptions(passkey.Request{
		RelyingParty: rp, Challenge: nonce, Allow: descriptors(keys), Timeout: a.client.SessionTTL(),
	})
	if err != nil {
		return nil, err
	}
	parameters := map[string]string{"CREDENTIAL_REQUEST_OPTIONS": string(options)}
	return s.poseFirst(ctx, a, choicePasskey, parameters, func(x *session) { x.Nonce = nonce })
}

func badPasskey() error { return refuse(reasonCredentials, fault.NotAuthorized(textPasskey)) }

// judgePasskey judges the signature of one of the user's passkeys. It stands for both
// factors where the user needs two: else it would not have been offered.
func (s *Service) judgePasskey(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	if err := s.stillOffered(ctx, a, choicePasskey); err != nil {
		return err
	}
	assertion, err := passkey.ParseAssertion([]byte(in.Responses[paramCredential]))
	if err != nil {
		return refuse(reasonCredentials, fault.InvalidParameter(textCredential).Because(err))
	}
	rp, keys, err := s.passkeys(ctx, a.pool(), a.user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys, func(k *store.Passkey) bool { return k.ID == assertion.ID() })
	if i < 0 || len(x.Nonce) == 0 {
		return badPasskey()
	}
	key := keys[i]
	err = assertion.Verify(passkey.Expected{
		RelyingParty: rp, Challenge: x.Nonce, UserHandle: a.user.Sub,
		PublicKey: key.PublicKey, BackupEligible: key.BackupEligible,
	})
	if err != nil || passkey.Cloned(key.SignCount, assertion.SignCount()) {
		return badPasskey()
	}
	a.passed = true
	a.spend = func(ctx context.Context) error {
		if err := s.spendOnce(ctx, x); err != nil {
			return err
		}
		return s.used(ctx, key, assertion)
	}
	return nil
}

var errCloned = errors.New("the counter of a passkey went back")

// used records what an assertion tells of its passkey. A counter that another assertion has
// passed meanwhile is one of a copy.
func (s *Service) used(ctx context.Context, key *store.Passkey, assertion *passkey.Assertion) error {
	if key.SignCount == assertion.SignCount() && key.BackedUp == assertion.BackedUp() {
		return nil
	}
	err := s.store.UpdatePasskey(ctx, key.Pool, key.User, key.ID, func(k *store.Passkey) error {
		if passkey.Cloned(k.SignCount, assertion.SignCount()) {
			return errCloned
		}
		k.SignCount, k.BackedUp = assertion.SignCount(), assertion.BackedUp()
		return nil
	})
	if errors.Is(err, errCloned) || errors.Is(err, store.ErrNotFound) {
		return badPasskey()
	}
	return err
}

// registering is what the challenge for a new passkey carries, sealed: nothing of a
// registration is stored before it is complete. Pool and user stand in its context.
type registering struct {
	Client       string `json:"i"`
	RelyingParty string `json:"r"`
	Expires      int64  `json:"t"` // milliseconds since the epoch
}

func registeringContext(u *store.User) []byte {
	return seal.Context("passkey", strconv.FormatInt(int64(u.Pool), 10), string(u.ID[:]))
}

// StartWebAuthnRegistration hands out the options with which a browser makes a passkey for
// the caller.
func (s *Service) StartWebAuthnRegistration(ctx context.Context, call *api.Call, _ *cognitoidp.StartWebAuthnRegistrationRequest) (*cognitoidp.StartWebAuthnRegistrationResponse, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if !pool.FirstFactor(cognitoidp.AuthFactorTypeWebAuthn) {
		return nil, fault.WebAuthnNotEnabled(textNoPasskeys)
	}
	rp, keys, err := s.passkeys(ctx, pool, u)
	if err != nil {
		return nil, err
	}
	switch {
	case rp.ID == "":
		return nil, fault.WebAuthnConfigurationMissing(textNoRelyingParty)
	case len(keys) >= maxPasskeys:
		return nil, fault.LimitExceeded(textManyPasskeys)
	}
	plain, err := json.Marshal(registering{
		Client: client.ID(), RelyingParty: rp.ID, Expires: call.Time.Add(registrationTime).UnixMilli(),
	})
	if err != nil {
		return nil, err
	}
	challenge, err := s.store.Keyring().Seal(seal.Session, registeringContext(u), plain)
	if err != nil {
		return nil, err
	}
	options, err := passkey.CreationOptions(passkey.Creation{
		RelyingParty: rp, Challenge: challenge, UserHandle: u.Sub, UserName: signInName(pool, u),
		Exclude: descriptors(keys), Timeout: browserTime,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.StartWebAuthnRegistrationResponse{CredentialCreationOptions: options}, nil
}

// signInName is the name by which the user knows the account: that of an account whose user
// name the server made is a contact.
func signInName(p *catalog.Pool, u *store.User) string {
	for _, contact := range p.UsernameAttributes() {
		if value := u.Attributes[contact]; value != "" {
			return value
		}
	}
	return u.Username
}

// CompleteWebAuthnRegistration gives the caller the passkey that a browser made with the
// options of StartWebAuthnRegistration.
func (s *Service) CompleteWebAuthnRegistration(ctx context.Context, call *api.Call, in *cognitoidp.CompleteWebAuthnRegistrationRequest) (*cognitoidp.CompleteWebAuthnRegistrationResponse, error) {
	client, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	if !client.Pool.FirstFactor(cognitoidp.AuthFactorTypeWebAuthn) {
		return nil, fault.WebAuthnNotEnabled(textNoPasskeys)
	}
	registration, err := passkey.ParseRegistration(in.Credential)
	if err != nil {
		return nil, fault.InvalidParameter(textCredential).Because(err)
	}
	asked, err := s.openRegistering(client, u, registration.Challenge(), call.Time)
	if err != nil {
		return nil, err
	}
	rp, err := s.relyingParty(ctx, client.Pool)
	if err != nil {
		return nil, err
	}
	if asked.RelyingParty != rp.ID {
		return nil, fault.WebAuthnRelyingPartyMismatch(textRelyingParty)
	}
	credential, err := registration.Verify(rp)
	if err != nil {
		return nil, passkeyFault(err)
	}
	err = s.store.AddPasskey(ctx, &store.Passkey{
		Pool: u.Pool, User: u.ID, ID: credential.ID, Created: call.Time,
		PublicKey: credential.PublicKey, SignCount: credential.SignCount, RelyingParty: rp.ID, AAGUID: credential.AAGUID,
		Attachment: credential.Attachment, Transports: credential.Transports,
		BackupEligible: credential.BackupEligible, BackedUp: credential.BackedUp,
	}, maxPasskeys, store.Proof{Key: sha256.Sum256(registration.Challenge()), Until: time.UnixMilli(asked.Expires)})
	return empty(addFault(err))
}

// openRegistering reads the challenge that a new passkey has signed.
func (s *Service) openRegistering(client *catalog.Client, u *store.User, challenge []byte, now time.Time) (*registering, error) {
	plain, err := s.store.Keyring().Open(seal.Session, registeringContext(u), challenge)
	if err != nil {
		return nil, fault.WebAuthnChallengeNotFound(textNoChallenge)
	}
	asked := new(registering)
	if err := json.Unmarshal(plain, asked); err != nil || now.UnixMilli() >= asked.Expires {
		return nil, fault.WebAuthnChallengeNotFound(textNoChallenge)
	}
	if asked.Client != client.ID() {
		return nil, fault.WebAuthnClientMismatch(textOtherClient)
	}
	return asked, nil
}

// passkeyFault is why a new passkey is refused, as the client sees it.
func passkeyFault(err error) error {
	switch {
	case errors.Is(err, passkey.ErrOrigin):
		return fault.WebAuthnOriginNotAllowed(textOrigin).Because(err)
	case errors.Is(err, passkey.ErrRelyingParty):
		return fault.WebAuthnRelyingPartyMismatch(textRelyingParty).Because(err)
	case errors.Is(err, passkey.ErrUnsupported):
		return fault.WebAuthnCredentialNotSupported(textUnsupported).Because(err)
	default:
		return err
	}
}

// addFault is why a good passkey is not taken, as the client sees it.
func addFault(err error) error {
	if _, exists := errors.AsType[*store.ExistsError](err); exists {
		return fault.InvalidParameter(textPasskeyExists).Because(err)
	}
	switch {
	case errors.Is(err, store.ErrSpent):
		return fault.WebAuthnChallengeNotFound(textNoChallenge).Because(err)
	case errors.Is(err, store.ErrFull):
		return fault.LimitExceeded(textManyPasskeys).Because(err)
	default:
		return orRevoked(err)
	}
}

// ListWebAuthnCredentials lists the caller's passkeys, oldest first.
func (s *Service) ListWebAuthnCredentials(ctx context.Context, call *api.Call, in *cognitoidp.ListWebAuthnCredentialsRequest) (*cognitoidp.ListWebAuthnCredentialsResponse, error) {
	_, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	after, err := s.openPasskeyPage(call, u, in.NextToken)
	if err != nil {
		return nil, err
	}
	keys, err := s.store.Passkeys(ctx, u.Pool, u.ID)
	if err != nil {
		return nil, err
	}
	// What was on earlier pages may have been deleted since; the order stays.
	keys = slices.DeleteFunc(keys, func(k *store.Passkey) bool { return passkeyPlace(k) <= after })
	limit := api.Value(in.MaxResults)
	if limit == 0 {
		limit = maxPasskeys
	}
	out := &cognitoidp.ListWebAuthnCredentialsResponse{Credentials: []cognitoidp.WebAuthnCredentialDescription{}}
	for i, k := range keys {
		if i == limit {
			out.NextToken, err = s.sealPasskeyPage(call, u, passkeyPlace(keys[i-1]))
			return out, err
		}
		out.Credentials = append(out.Credentials, describePasskey(k))
	}
	return out, nil
}

func describePasskey(k *store.Passkey) cognitoidp.WebAuthnCredentialDescription {
	name := passkey.Name("", k.Attachment)
	if len(k.AAGUID) == 16 {
		name = passkey.Name(naming.FormatUUID([16]byte(k.AAGUID)), k.Attachment)
	}
	d := cognitoidp.WebAuthnCredentialDescription{
		CredentialId: &k.ID, FriendlyCredentialName: &name, RelyingPartyId: &k.RelyingParty,
		AuthenticatorTransports: append([]string{}, k.Transports...), CreatedAt: api.Time(k.Created),
	}
	if k.Attachment != "" {
		d.AuthenticatorAttachment = &k.Attachment
	}
	return d
}

// passkeyPlace orders passkeys as store.Passkeys does.
func passkeyPlace(k *store.Passkey) string {
	return time.UnixMilli(k.Created.UnixMilli()).UTC().Format("20060102150405.000") + k.ID
}

// passkeyPageTime is for how long a NextToken can be used.
const passkeyPageTime = time.Hour

// passkeyPage is the content of a NextToken.
type passkeyPage struct {
	After   string `json:"a"`
	Expires int64  `json:"t"` // milliseconds since the epoch
}

func passkeyPageContext(u *store.User) []byte {
	return seal.Context("ListWebAuthnCredentials", strconv.FormatInt(int64(u.Pool), 10), string(u.ID[:]))
}

func (s *Service) sealPasskeyPage(call *api.Call, u *store.User, after string) (*string, error) {
	plain, err := json.Marshal(passkeyPage{after, call.Time.Add(passkeyPageTime).UnixMilli()})
	if err != nil {
		return nil, err
	}
	text, err := s.store.Keyring().SealText(seal.PageToken, passkeyPageContext(u), plain)
	return &text, err
}

func (s *Service) openPasskeyPage(call *api.Call, u *store.User, token *string) (after string, err error) {
	if token == nil {
		return "", nil
	}
	plain, err := s.store.Keyring().OpenText(seal.PageToken, passkeyPageContext(u), *token)
	var page passkeyPage
	if err != nil || json.Unmarshal(plain, &page) != nil || call.Time.UnixMilli() >= page.Expires {
		return "", fault.InvalidParameter(textPage).Because(err)
	}
	return page.After, nil
}

// DeleteWebAuthnCredential takes a passkey from the caller.
func (s *Service) DeleteWebAuthnCredential(ctx context.Context, call *api.Call, in *cognitoidp.DeleteWebAuthnCredentialRequest) (*cognitoidp.DeleteWebAuthnCredentialResponse, error) {
	_, u, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	err = s.store.DeletePasskey(ctx, u.Pool, u.ID, api.Value(in.CredentialId))
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.ResourceNotFound(textNoPasskey).Because(err)
	}
	return empty(err)
}
