package directory

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// codeDigits is the length of the codes of sign-up, reset and attribute verification.
const codeDigits = 6

// validity is how long a code counts (Cognito guide, quotas): a day, an hour for resets.
func validity(purpose store.CodePurpose) time.Duration {
	if purpose == store.CodeReset {
		return time.Hour
	}
	return 24 * time.Hour
}

// limit is how often per hour one user's operation may be tried (Cognito guide, quotas).
type limit struct {
	kind  string
	times int
}

// The limits. ForgotPassword and ConfirmForgotPassword share one; AWS lets it vary from 5
// to 20 with the risk that it sees, which without risk scoring is the upper end.
var (
	limitConfirm       = limit{"confirm-sign-up", 15}
	limitResend        = limit{"resend-confirmation-code", 5}
	limitReset         = limit{"forgot-password", 20}
	limitAttributeCode = limit{"attribute-code", 5}
	limitVerify        = limit{"verify-attribute", 15}
	limitChange        = limit{"change-password", 5}
)

const limitWindow = time.Hour

// attempt counts one try and waits for the write, so that parallel tries cannot pass a
// limit together. It is LimitExceededException beyond the limit.
func (s *Service) attempt(ctx context.Context, pool *catalog.Pool, id store.UserID, l limit) error {
	ok, err := s.store.TakeAttempt(ctx, pool.Internal(), id, l.kind, l.times, limitWindow)
	if err != nil {
		return err
	}
	if !ok {
		return fault.LimitExceeded(textAttempts)
	}
	return nil
}

// contact is an address of a user that can receive a code.
type contact struct{ attribute, value string }

func (c contact) medium() message.Medium { return message.MediumOf(c.attribute) }

func (c contact) details() *cognitoidp.CodeDeliveryDetailsType {
	return new(message.Details(c.medium(), c.value))
}

// issue is a code on its way: the code itself, and the record that judges it later.
type issue struct {
	contact
	code   string
	record store.Code
	// unseen says that nobody may see how long its sender takes.
	unseen bool
}

// newCode makes a code for a user. Storing its record makes older codes of the same
// purpose (and attribute) void.
func (s *Service) newCode(call *api.Call, pool *catalog.Pool, id store.UserID, purpose store.CodePurpose, c contact) (issue, error) {
	code, err := s.credential.NewCode(codeDigits)
	if err != nil {
		return issue{}, err
	}
	record := store.Code{
		Purpose: purpose, Medium: string(c.medium()), Destination: c.value,
		Hash:    s.credential.HashCode(pool.Internal(), id, purpose, code),
		Created: call.Time, Expires: call.Time.Add(validity(purpose)),
	}
	if purpose == store.CodeAttribute {
		record.Attribute = c.attribute
	}
	return issue{contact: c, code: code, record: record}, nil
}

// judge returns the code that a user was sent, if it is the one given and still counts:
// CodeMismatchException for another one, ExpiredCodeException where there is none to
// compare with. It uses nothing up: whoever acts on the code does that with ref, in the
// transaction that acts.
func (s *Service) judge(ctx context.Context, call *api.Call, pool *catalog.Pool, id store.UserID, purpose store.CodePurpose, attribute, code string) (*store.Code, error) {
	record, err := s.store.Code(ctx, pool.Internal(), id, purpose, attribute)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.ExpiredCode(textOldCode)
	}
	if err != nil {
		return nil, err
	}
	if !call.Time.Before(record.Expires) {
		return nil, fault.ExpiredCode(textOldCode)
	}
	if !s.credential.MatchCode(record.Hash, pool.Internal(), id, purpose, code) {
		return nil, fault.CodeMismatch(textBadCode)
	}
	return record, nil
}

// ref names a judged code in the transaction that uses it up.
func ref(c *store.Code) *store.CodeRef {
	return &store.CodeRef{Purpose: c.Purpose, Attribute: c.Attribute, Hash: c.Hash}
}

// sentTo returns the attribute that a code of sign-up or reset went to. It is
// ExpiredCodeException where the user has another address by now: the code proves
// nothing about that one.
func sentTo(c *store.Code, u *store.User) (attribute string, err error) {
	attribute = message.AttributeOf(message.Medium(c.Medium))
	if u.Attributes[attribute] != c.Destination {
		return "", fault.ExpiredCode(textOldCode)
	}
	return attribute, nil
}

// usedUp turns the ErrNotFound of a transaction with a code into what the client sees:
// somebody used the code, or replaced it, since it was judged.
func usedUp(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.ExpiredCode(textOldCode).Because(err)
	}
	return err
}

// deliver sends a code that is stored to its user.
func (s *Service) deliver(ctx context.Context, pool *catalog.Pool, clientID string, u *store.User, source trigger.MessageSource, i issue, metadata api.StringMap) error {
	m := message.Message{
		Pool: pool, ClientID: clientID, Username: u.Username, Attributes: EventAttributes(pool, u),
		Source: source, Medium: i.medium(), Destination: i.value, Code: i.code, Metadata: metadata,
		Until: i.record.Expires, Unseen: i.unseen,
	}
	if confirmsByLink(pool, source, m.Medium) {
		m.Link = s.link(pool, clientID, u.Username, i.code)
	}
	return s.messages.Deliver(ctx, m)
}

// asked is a code that a user asked for through a client.
type asked struct {
	pool     *catalog.Pool
	clientID string
	user     *store.User
	purpose  store.CodePurpose
	to       contact
	limit    limit
	source   trigger.MessageSource
	metadata api.StringMap
	unseen   bool // see issue
}

// sendAsked makes a code within the limit of its kind, stores it in place of the one
// before, and sends it. A code that could not be delivered stays good.
func (s *Service) sendAsked(ctx context.Context, call *api.Call, a asked) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if err := s.attempt(ctx, a.pool, a.user.ID, a.limit); err != nil {
		return nil, err
	}
	i, err := s.newCode(call, a.pool, a.user.ID, a.purpose, a.to)
	if err != nil {
		return nil, err
	}
	if err := s.store.PutCode(ctx, a.pool.Internal(), a.user.ID, i.record); err != nil {
		return nil, err
	}
	i.unseen = a.unseen
	return a.to.details(), s.deliver(ctx, a.pool, a.clientID, a.user, a.source, i, a.metadata)
}

// phantom is the id under which what happens to an unknown name is counted and kept, so
// that it has the limits and the database work of a known one. It is stable and nobody
// can compute it.
func (s *Service) phantom(pool *catalog.Pool, name string) store.UserID {
	return store.UserID(s.derive(pool, "phantom", pool.Fold(store.KeyUsername, name))[:16])
}

func (s *Service) derive(pool *catalog.Pool, parts ...string) []byte {
	return s.store.Keyring().Derive(seal.UnknownUser, seal.Context(append([]string{"directory", strconv.FormatInt(int64(pool.Internal()), 10)}, parts...)...))
}

// simulate answers a request for a code that nobody will receive, with the limit, the
// work and the form of a real one (PreventUserExistenceErrors).
func (s *Service) simulate(ctx context.Context, call *api.Call, pool *catalog.Pool, name string, purpose store.CodePurpose, l limit) (*cognitoidp.CodeDeliveryDetailsType, error) {
	id := s.phantom(pool, name)
	if err := s.attempt(ctx, pool, id, l); err != nil {
		return nil, err
	}
	i, err := s.newCode(call, pool, id, purpose, contact{attribute: catalog.Email})
	if err != nil {
		return nil, err
	}
	if err := s.store.PutCode(ctx, pool.Internal(), id, i.record); err != nil {
		return nil, err
	}
	return new(message.Simulated(pool, s.derive(pool, "destination"), name)), nil
}

// SimulatedDestination is the masked destination of a code by a medium for a name that
// nobody has: the one that simulated answers show.
func (s *Service) SimulatedDestination(pool *catalog.Pool, name string, medium message.Medium) string {
	return *message.SimulatedBy(medium, pool, s.derive(pool, "destination"), name).Destination
}

// refuse answers a code for a name that nobody has as judge would, after the same work,
// and with the given error.
func (s *Service) refuse(ctx context.Context, pool *catalog.Pool, name string, purpose store.CodePurpose, l limit, code string, refusal error) error {
	id := s.phantom(pool, name)
	if err := s.attempt(ctx, pool, id, l); err != nil {
		return err
	}
	if _, err := s.store.Code(ctx, pool.Internal(), id, purpose, ""); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.credential.MatchCode(nil, pool.Internal(), id, purpose, code)
	return refusal
}
