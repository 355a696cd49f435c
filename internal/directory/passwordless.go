package directory

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// Passwordless says whether a user with these attributes can sign in without a password:
// by codes that the pool takes for a first factor, to a contact that the user has.
func Passwordless(pool *catalog.Pool, attributes map[string]string) bool {
	for _, contact := range contacts() {
		if attributes[contact] != "" && pool.FirstFactor(catalog.OneTimeFactor(contact)) {
			return true
		}
	}
	return false
}

// mayLackPassword refuses a sign-up without a password of who would need one.
func mayLackPassword(pool *catalog.Pool, attributes map[string]string) error {
	byCode := pool.FirstFactor(cognitoidp.AuthFactorTypeEmailOtp) || pool.FirstFactor(cognitoidp.AuthFactorTypeSmsOtp)
	switch {
	case !byCode:
		return fault.InvalidParameter(textNoPassword)
	case !Passwordless(pool, attributes):
		return fault.InvalidParameter(textNoFactor)
	default:
		return nil
	}
}

// The Sessions that SignUp and ConfirmSignUp hand out where the client lets users choose
// how they sign in. The first tells who signed up; the second, that they have shown the
// code that went to a contact, too, which stands for signing in with such a code.
const (
	stepSignedUp  = "SIGNED_UP"
	stepConfirmed = "CONFIRMED"
)

// Registration is what such a Session says. It is good for as long as the client's other
// Sessions.
type Registration struct {
	// Proven is the contact (email or phone_number) whose code was shown, empty where none was.
	Proven string
	// Spent uses the Session up when it is stored by store.Spend.
	Spent [sha256.Size]byte
	// Expires is when the Session is worth nothing any more.
	Expires time.Time

	content registration
}

// registration is a Session's content. The pool and the client stand in the context of the
// envelope.
type registration struct {
	Step    string `json:"c"`
	Sub     string `json:"s"`
	Proven  string `json:"a,omitempty"`
	Value   string `json:"v,omitempty"` // the contact's
	Expires int64  `json:"t"`           // milliseconds since the epoch
	// PasswordSet and AuthAfter are the user's: who sets a password, or signs out everywhere,
	// ends the sign-ins that are under way.
	PasswordSet int64 `json:"p"`
	AuthAfter   int64 `json:"o"`
}

// beginRegistration returns the Session of a user who has signed up, nil where the client
// has no use for one. proven is the contact whose code the user has shown.
func (s *Service) beginRegistration(call *api.Call, client *catalog.Client, u *store.User, proven string) (*string, error) {
	if !client.ChoosesFactor() {
		return nil, nil //nolint:nilnil // the answer has no such member
	}
	content := registration{
		Step: stepSignedUp, Sub: u.Sub, Expires: call.Time.Add(client.SessionTTL()).UnixMilli(),
		PasswordSet: u.Credential.Set.UnixMilli(), AuthAfter: u.AuthAfter.UnixMilli(),
	}
	if proven != "" {
		content.Step, content.Proven, content.Value = stepConfirmed, proven, u.Attributes[proven]
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	text, err := s.store.Keyring().SealText(seal.Session, registrationContext(client), plain)
	return &text, err
}

// vouchedContact is the contact of a new user that counts as proven although no code was
// shown: the pool's function has confirmed the user and vouched for it.
func vouchedContact(pool *catalog.Pool, u *store.User) string {
	for _, contact := range contacts() {
		if verified(u, contact) && pool.FirstFactor(catalog.OneTimeFactor(contact)) {
			return contact
		}
	}
	return ""
}

// OpenRegistration reads a Session of SignUp or ConfirmSignUp. Whatever is wrong with it is
// a NotAuthorizedException.
func (s *Service) OpenRegistration(client *catalog.Client, session string, now time.Time) (*Registration, error) {
	plain, err := s.store.Keyring().OpenText(seal.Session, registrationContext(client), session)
	if err != nil {
		return nil, fault.NotAuthorized(textSession)
	}
	var content registration
	if err := json.Unmarshal(plain, &content); err != nil {
		return nil, fault.NotAuthorized(textSession)
	}
	r := &Registration{
		Proven: content.Proven, Spent: sha256.Sum256([]byte(session)),
		Expires: time.UnixMilli(content.Expires), content: content,
	}
	if !now.Before(r.Expires) {
		return nil, fault.NotAuthorized(textSessionExpired)
	}
	return r, nil
}

// Concerns says whether the Session is u's, who is as it was: with the same contact, and no
// new password.
func (r *Registration) Concerns(u *store.User) bool {
	c := r.content
	return c.Sub == u.Sub && (c.Proven == "" || u.Attributes[c.Proven] == c.Value) &&
		c.PasswordSet == u.Credential.Set.UnixMilli() && c.AuthAfter == u.AuthAfter.UnixMilli()
}

// checkSignedUp refuses a Session that ConfirmSignUp got and that is not the user's of
// SignUp. Users that do not exist have none.
func (s *Service) checkSignedUp(call *api.Call, client *catalog.Client, session *string, u *store.User) error {
	if session == nil {
		return nil
	}
	r, err := s.OpenRegistration(client, *session, call.Time)
	if err != nil {
		return err
	}
	if u == nil || r.content.Step != stepSignedUp || !r.Concerns(u) {
		return fault.NotAuthorized(textSession)
	}
	return nil
}

// registrationContext binds a Session to the pool and the client, and keeps it apart from
// those of sign-in.
func registrationContext(c *catalog.Client) []byte {
	return seal.Context("registration", strconv.FormatInt(int64(c.Pool.Internal()), 10), c.ID())
}
