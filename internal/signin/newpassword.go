package signin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// attributePrefix stands before attribute names in NEW_PASSWORD_REQUIRED and its answer.
const attributePrefix = "userAttributes."

// askNewPassword poses NEW_PASSWORD_REQUIRED to users with a temporary password, unless the
// sign-in has asked for none.
func (s *Service) askNewPassword(ctx context.Context, a *attempt) (*Step, error) {
	if a.owned || a.user.Status != cognitoidp.UserStatusTypeForceChangePassword {
		return nil, nil //nolint:nilnil // no challenge stands here
	}
	required, current := []string{}, map[string]string{}
	for _, name := range directory.RequiredMissing(a.pool(), a.user) {
		required = append(required, attributePrefix+name)
	}
	for name, value := range a.user.Attributes {
		if a.client.Readable(name) {
			current[name] = value
		}
	}
	requiredText, err := json.Marshal(required)
	if err != nil {
		return nil, err
	}
	currentText, err := json.Marshal(current)
	if err != nil {
		return nil, err
	}
	// Both are JSON inside a string: clients parse them without looking.
	return s.pose(ctx, a, cognitoidp.ChallengeNameTypeNewPasswordRequired, map[string]string{
		paramUserID:          a.user.Username,
		"requiredAttributes": string(requiredText),
		"userAttributes":     string(currentText),
	})
}

// judgeNewPassword sets the new password and the attributes that come with it. Everything
// that can be refused is judged before anything is written, so that the Session stays
// good. The write itself uses the Session up: it succeeds only while the user is as the
// challenge was posed to, and changes just that.
func (s *Service) judgeNewPassword(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	password := in.Responses[paramNewPassword]
	if err := checkPassword(a.pool(), password); err != nil {
		return because(reasonNewPassword, err)
	}
	if err := s.risk.CheckPassword(a.risk, cognitoidp.EventFilterTypePasswordChange, password); err != nil {
		return because(reasonNewPassword, err)
	}
	setPassword, err := s.credential.Replace(ctx, a.pool(), a.user, password)
	if err != nil {
		return because(reasonNewPassword, err)
	}
	setAttributes, err := directory.CheckWrite(a.client, a.user, givenAttributes(in.Responses))
	if err != nil {
		return because(reasonNewPassword, err)
	}
	a.user, err = s.store.UpdateUser(ctx, a.pool().Internal(), a.user.ID, store.UpdateOptions{}, func(u *store.User) error {
		if !x.concerns(u) {
			return credential.ErrChanged
		}
		if err := setPassword(u); err != nil {
			return err
		}
		u.Status = cognitoidp.UserStatusTypeConfirmed
		return setAttributes(u)
	})
	switch {
	case errors.Is(err, credential.ErrChanged), errors.Is(err, store.ErrNotFound):
		return s.stale(ctx, x)
	case err != nil:
		return because(reasonNewPassword, directory.AliasTaken(err))
	}
	a.source = trigger.TokenNewPasswordChallenge
	// Nobody else can have come through the write with this Session; it is marked as used
	// so that sending it again says so.
	a.spend = nil
	_, err = s.spend(ctx, x)
	return err
}

// checkPassword judges a password that comes as a parameter, where the model's constraints
// for members that hold passwords do not reach.
func checkPassword(p *catalog.Pool, password string) error {
	switch {
	case utf8.RuneCountInString(password) > 256:
		return fault.InvalidParameter(textPasswordLong)
	case strings.ContainsFunc(password, unicode.IsSpace):
		return fault.InvalidParameter(textPasswordBlank)
	default:
		return credential.CheckPolicy(p, credential.PolicyChange, password)
	}
}

// givenAttributes returns the attributes among the responses.
func givenAttributes(responses map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range responses {
		if attribute, ok := strings.CutPrefix(name, attributePrefix); ok {
			out[attribute] = value
		}
	}
	return out
}
