package signin

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// demand is what the second factor's stage asks of a user; the zero value asks nothing.
type demand struct {
	ask   []catalog.Factor // one is posed at once, several by SELECT_MFA_TYPE
	setUp []catalog.Factor // what MFA_SETUP offers
	none  bool             // one is required, and there is none that could be asked for or set up
}

// demandOf is the decision table of MFA (Cognito guide: "Details of MFA logic at user
// runtime"). demanded says that a second factor is required although the pool leaves it to
// its users.
//
//	OFF       nothing
//	OPTIONAL  what the user has chosen: the preferred factor, else the only one, else a choice
//	ON        the preferred factor; else what the pool offers and the user can use: an
//	          authenticator app that is set up, addresses that do not also reset the
//	          password; else what can be set up
func demandOf(p *catalog.Pool, u *store.User, demanded bool) demand {
	mode := p.MFAMode()
	if mode == cognitoidp.UserPoolMfaTypeOff {
		return demand{}
	}
	chosen := directory.ChosenFactors(u)
	if preferred := u.MFA.Preferred; slices.Contains(chosen, preferred) {
		return demand{ask: []catalog.Factor{preferred}}
	}
	required := mode == cognitoidp.UserPoolMfaTypeOn || demanded
	if !required || mode == cognitoidp.UserPoolMfaTypeOptional && len(chosen) > 0 {
		return demand{ask: chosen}
	}
	d := demand{ask: directory.UsableFactors(p, u)}
	if len(d.ask) > 0 {
		return d
	}
	for _, f := range catalog.Factors() {
		if p.Offers(f) && !directory.HasFactor(u, f) && !directory.Recovers(p, f) {
			d.setUp = append(d.setUp, f)
		}
	}
	d.none = len(d.setUp) == 0
	return d
}

// secondFactor lets nobody by without the factor that the pool or the user asks for.
func (s *Service) secondFactor(ctx context.Context, a *attempt) (*Step, error) {
	if a.remembered && !a.risk.Verdict().Factor || a.passed {
		return nil, nil //nolint:nilnil // no challenge stands here
	}
	if a.factor != "" {
		return s.poseFactor(ctx, a, a.factor)
	}
	d := demandOf(a.pool(), a.user, a.demanded)
	switch {
	case a.risk.Verdict().MustFactor && len(d.ask) == 0 && a.pool().MFAMode() != cognitoidp.UserPoolMfaTypeOn:
		// Whoever is at the door would set it up.
		a.risk.Refuse()
		return nil, blocked()
	case d.none:
		return nil, refuse(reasonFactor, fault.InvalidParameter(textNoFactor))
	case len(d.ask) == 1:
		return s.poseFactor(ctx, a, d.ask[0])
	case len(d.ask) > 1:
		return s.poseChoice(ctx, a, cognitoidp.ChallengeNameTypeSelectMfaType, "MFAS_CAN_CHOOSE", d.ask)
	case len(d.setUp) > 0:
		return s.poseChoice(ctx, a, cognitoidp.ChallengeNameTypeMfaSetup, "MFAS_CAN_SETUP", d.setUp)
	default:
		return nil, nil //nolint:nilnil // no challenge stands here
	}
}

// poseFactor asks for one factor.
func (s *Service) poseFactor(ctx context.Context, a *attempt, f catalog.Factor, more ...with) (*Step, error) {
	parameters := map[string]string{paramUserID: a.user.Username}
	if f != catalog.FactorTOTP {
		return s.poseCode(ctx, a, f, mfaDigits, parameters, more...)
	}
	if name := a.user.MFA.AppName; name != "" {
		parameters["FRIENDLY_DEVICE_NAME"] = name
	}
	return s.pose(ctx, a, f, parameters, more...)
}

// poseChoice lets the user choose among factors, which the challenge lists as JSON inside a
// string.
func (s *Service) poseChoice(ctx context.Context, a *attempt, name cognitoidp.ChallengeNameType, member string, factors []catalog.Factor) (*Step, error) {
	list, err := json.Marshal(factors)
	if err != nil {
		return nil, err
	}
	parameters := map[string]string{paramUserID: a.user.Username, member: string(list)}
	return s.pose(ctx, a, name, parameters, func(x *session) { x.Choices = factors })
}

// judgeSelection takes the answer to SELECT_MFA_TYPE, by which the second factor's stage
// goes on.
func (s *Service) judgeSelection(_ context.Context, a *attempt, x *session, in AnswerInput) error {
	f := catalog.Factor(in.Responses[paramAnswer])
	if f == "EMAIL_MFA" { // so the API's text names it
		f = catalog.FactorEmail
	}
	if !slices.Contains(x.Choices, f) {
		return refuse(reasonOther, fault.InvalidParameter(textNotOffered))
	}
	a.factor = f
	return nil
}
