package signin

import (
	"context"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// stage is a place of the way to a Grant. Only CUSTOM_AUTH and USER_AUTH have the first two.
type stage uint8

// The stages, in their order.
const (
	stageCustom       stage = iota // what the pool's owner asks (CUSTOM_AUTH)
	stageFirstFactor               // the factor that the user chooses (USER_AUTH)
	stageAccount                   // the account's state refuses, or not
	stageRisk                      // the sign-in is unusual, or the password known to attackers
	stageNewPassword               // a temporary password must be replaced
	stageSecondFactor              // MFA: asked for, chosen or set up
	stageDevice                    // a remembered device proves itself
	stageFinish                    // PostAuthentication, then the Grant
)

// advance walks the stages from one on, up to the first that poses a challenge, or to the
// Grant.
func (s *Service) advance(ctx context.Context, a *attempt, from stage) (*Step, error) {
	for at := from; at < stageFinish; at++ {
		step, err := s.enter(ctx, a, at)
		if step != nil || err != nil {
			return step, err
		}
	}
	return s.finish(ctx, a)
}

// enter returns the challenge that stands at a stage, or nil to go on.
func (s *Service) enter(ctx context.Context, a *attempt, at stage) (*Step, error) {
	switch at {
	case stageCustom:
		return s.decide(ctx, a)
	case stageFirstFactor:
		return s.firstFactor(ctx, a)
	case stageAccount:
		if err := accountState(a); err != nil {
			return nil, err
		}
		return nil, s.present(ctx, a)
	case stageRisk:
		return nil, s.judgeRisk(ctx, a)
	case stageNewPassword:
		return s.askNewPassword(ctx, a)
	case stageSecondFactor:
		a.leans = a.remembered
		return s.secondFactor(ctx, a)
	default:
		return s.proveDevice(ctx, a)
	}
}

// accountState refuses accounts that may not sign in although the proof held.
func accountState(a *attempt) error {
	switch u := a.user; {
	case !u.Enabled:
		return refuse(reasonDisabled, fault.NotAuthorized(textDisabled))
	case u.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return refuse(reasonUnconfirmed, fault.UserNotConfirmed(textUnconfirmed))
	case u.Status == cognitoidp.UserStatusTypeResetRequired:
		return resetRequired()
	case u.Status == cognitoidp.UserStatusTypeForceChangePassword && credential.TemporaryExpired(u, a.now):
		return refuse(reasonExpired, fault.NotAuthorized(textPasswordExpired))
	default:
		return nil
	}
}

func resetRequired() error {
	return refuse(reasonReset, fault.PasswordResetRequired(textResetRequired))
}

// preAuthenticate lets the pool's owner refuse an attempt before its proof is judged. Only
// clients that hide users tell whether there is one.
func (s *Service) preAuthenticate(ctx context.Context, a *attempt, in StartInput) error {
	e := trigger.PreAuthenticationEvent{Subject: a.event(), ValidationData: in.Metadata}
	if a.client.HidesUsers() {
		e.UserNotFound = new(a.stranger)
	}
	return because(reasonTrigger, s.triggers.PreAuthentication(ctx, e))
}

// migrate asks the pool's owner for a user that the pool does not have. The error is
// store.ErrNotFound where the owner has none, either.
func (s *Service) migrate(ctx context.Context, a *attempt, in StartInput) (*store.User, error) {
	u, err := s.directory.Migrate(ctx, a.now, directory.Migration{
		Client: a.client, Name: a.name, Password: in.Parameters[paramPassword],
		Source: trigger.UserMigrationAuthentication, ValidationData: in.Metadata,
	})
	return u, because(reasonTrigger, err)
}
