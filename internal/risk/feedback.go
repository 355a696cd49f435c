package risk

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// feedbackLife is how long the links in a notification mail count.
const feedbackLife = 7 * 24 * time.Hour

// The providers of feedback, as events show them. The second is unconfirmed.
const (
	ByAdmin = "Admin"
	ByUser  = "User"
)

// Texts of feedback; wording unconfirmed.
const (
	textOff     = "User pool add-ons are not enabled."
	textNoEvent = "Auth event does not exist."
	textToken   = "Invalid feedback token."
)

// feedbackClaim is what a FeedbackToken says.
type feedbackClaim struct {
	Event   string `json:"e"`
	Expires int64  `json:"t"` // milliseconds since the epoch
}

// feedbackToken returns the token by which whoever has it may rate one event of one user.
func (s *Service) feedbackToken(p *catalog.Pool, u *store.User, eventID string, now time.Time) (string, error) {
	plain, err := json.Marshal(feedbackClaim{eventID, now.Add(feedbackLife).UnixMilli()})
	if err != nil {
		return "", err
	}
	return s.deps.Store.Keyring().SealText(seal.AuthFeedback, feedbackContext(p, u), plain)
}

func feedbackContext(p *catalog.Pool, u *store.User) []byte {
	return seal.Context(strconv.FormatInt(int64(p.Internal()), 10), string(u.ID[:]))
}

// CheckFeedback judges a FeedbackToken: NotAuthorizedException unless it was made for this
// event of this user and is not too old. u is nil for an unknown user, which reads the same.
func (s *Service) CheckFeedback(p *catalog.Pool, u *store.User, eventID, token string, now time.Time) error {
	if u == nil {
		u = &store.User{}
	}
	var claim feedbackClaim
	plain, err := s.deps.Store.Keyring().OpenText(seal.AuthFeedback, feedbackContext(p, u), token)
	if err != nil || json.Unmarshal(plain, &claim) != nil || claim.Event != eventID || now.UnixMilli() >= claim.Expires {
		return fault.NotAuthorized(textToken)
	}
	return nil
}

// Enabled answers UserPoolAddOnNotEnabledException for a pool without threat protection.
func Enabled(p *catalog.Pool) error {
	if p.ThreatProtection() == cognitoidp.AdvancedSecurityModeTypeOff {
		return fault.UserPoolAddOnNotEnabled(textOff)
	}
	return nil
}

// Rate stores what somebody thinks of an event: ResourceNotFoundException where the user
// has no such event.
func (s *Service) Rate(ctx context.Context, p *catalog.Pool, u *store.User, eventID string, value cognitoidp.FeedbackValueType, by string, now time.Time) error {
	if err := s.queue.flush(ctx); err != nil {
		return err
	}
	err := s.deps.Store.RateAuthEvent(ctx, p.Internal(), u.ID, eventID, &cognitoidp.EventFeedbackType{
		FeedbackValue: &value, Provider: &by, FeedbackDate: api.Time(now),
	})
	if errors.Is(err, store.ErrNotFound) {
		return fault.ResourceNotFound(textNoEvent).Because(err)
	}
	return err
}

// List returns up to limit events of a user before a given one, newest first, with those
// that are about to be written.
func (s *Service) List(ctx context.Context, p *catalog.Pool, u *store.User, before time.Time, beforeID string, limit int) ([]*store.AuthEvent, error) {
	if err := s.queue.flush(ctx); err != nil {
		return nil, err
	}
	return s.deps.Store.AuthEvents(ctx, p.Internal(), u.ID, before, beforeID, limit)
}
