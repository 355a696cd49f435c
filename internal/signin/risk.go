package signin

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
)

// judgeRisk lets nobody on whose sign-in the pool's risk configuration blocks, and asks for
// another password in place of one that is known to attackers.
func (s *Service) judgeRisk(ctx context.Context, a *attempt) error {
	v, err := s.risk.Judge(ctx, a.risk, a.user, a.password)
	switch {
	case err != nil:
		return err
	case v.Reset:
		return s.takeAway(ctx, a)
	case v.Block:
		return blocked()
	default:
		a.demanded = v.MustFactor
		return nil
	}
}

// judged notes how the answer to a second factor's challenge was judged.
func (a *attempt) judged(t transition, challenge cognitoidp.ChallengeNameType, err error) {
	switch challenge {
	case cognitoidp.ChallengeNameTypeSmsMfa, cognitoidp.ChallengeNameTypeSoftwareTokenMfa, cognitoidp.ChallengeNameTypeEmailOtp:
		if t.next == stageDevice { // codes can be the first factor too
			a.risk.FactorHeld(err == nil)
		}
	}
}

// takeAway puts a password out of use: its owner must reset it, like anybody who may know it.
func (s *Service) takeAway(ctx context.Context, a *attempt) error {
	_, err := s.store.UpdateUser(ctx, a.pool().Internal(), a.user.ID, store.UpdateOptions{}, func(u *store.User) error {
		if string(fingerprint(u)) == string(fingerprint(a.user)) { // still the password that was typed
			u.Status = cognitoidp.UserStatusTypeResetRequired
		}
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return resetRequired()
}

func blocked() error { return refuse(reasonRisk, fault.NotAuthorized(risk.TextBlocked)) }

// record notes how far the sign-in has come. Refusals of a lockout are not recorded, nor
// what says nothing about the user: both would let strangers fill a user's events.
func (s *Service) record(ctx context.Context, a *attempt, step *Step, err error) {
	if a.risk == nil || a.user == nil {
		return
	}
	if a.stranger {
		if err != nil {
			s.risk.Missed(a.risk, a.name)
		}
		return
	}
	response := cognitoidp.EventResponseTypePass
	switch {
	case err != nil:
		r, ok := errors.AsType[*refusal](err)
		if !ok || r.reason == reasonLocked || r.reason == reasonSession || r.reason == reasonOther ||
			r.reason == reasonClient || r.reason == reasonDevice {
			return
		}
		response = cognitoidp.EventResponseTypeFail
	case step.Challenge != nil:
		if step.Challenge.first || step.Challenge.Name == cognitoidp.ChallengeNameTypePasswordVerifier {
			return // nothing is proven yet
		}
		response = cognitoidp.EventResponseTypeInProgress
	}
	s.risk.Record(ctx, a.risk, a.user, response)
}
