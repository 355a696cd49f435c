package signin

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// transition is what a challenge asks for and where its answer leads.
type transition struct {
	required []string // members of ChallengeResponses besides USERNAME
	// next is where the way goes on after a right answer.
	next stage
	// judge judges the answer of the attempt's user to the challenge of the session; nil for
	// the challenges that are not posed. A right answer uses the session up at the next
	// challenge or the Grant, unless the judge has done it and set spend to nil.
	judge func(*Service, context.Context, *attempt, *session, AnswerInput) error
}

// transitionOf returns the row of a challenge that carries a Session. PASSWORD_VERIFIER of
// USER_SRP_AUTH carries none: see answerSRP.
//
// Pools cannot be set up for the challenges without judge, so nobody holds a Session for
// them: their answers fail at it, as they do on AWS in such pools.
func transitionOf(name cognitoidp.ChallengeNameType) transition {
	switch name {
	case cognitoidp.ChallengeNameTypeNewPasswordRequired:
		return transition{[]string{paramNewPassword}, stageSecondFactor, (*Service).judgeNewPassword}
	case cognitoidp.ChallengeNameTypeSelectMfaType:
		return transition{[]string{paramAnswer}, stageSecondFactor, (*Service).judgeSelection}
	case cognitoidp.ChallengeNameTypeMfaSetup:
		return transition{nil, stageSecondFactor, (*Service).judgeSetUp}
	case cognitoidp.ChallengeNameTypeSmsMfa:
		return transition{[]string{paramSMSCode}, stageDevice, (*Service).judgeSMS}
	case cognitoidp.ChallengeNameTypeSoftwareTokenMfa:
		return transition{[]string{paramTOTPCode}, stageDevice, (*Service).judgeTOTP}
	case cognitoidp.ChallengeNameTypeEmailOtp:
		return transition{nil, stageDevice, (*Service).judgeEmail}
	case cognitoidp.ChallengeNameTypeDeviceSrpAuth:
		return transition{[]string{paramDeviceKey, paramSRPA}, stageDevice, (*Service).judgeDevice}
	case cognitoidp.ChallengeNameTypeDevicePasswordVerifier:
		return transition{[]string{paramDeviceKey, paramClaimBlock, paramClaim, paramTimestamp}, stageFinish, (*Service).judgeDeviceProof}
	case cognitoidp.ChallengeNameTypeSelectChallenge:
		return transition{[]string{paramAnswer}, stageFirstFactor, (*Service).judgeChoice}
	case cognitoidp.ChallengeNameTypePassword:
		return transition{[]string{paramPassword}, stageAccount, (*Service).judgePassword}
	case cognitoidp.ChallengeNameTypePasswordSrp:
		return transition{[]string{paramSRPA}, stageFirstFactor, (*Service).judgeSRP}
	case cognitoidp.ChallengeNameTypeSmsOtp:
		return transition{[]string{paramSMSOTP}, stageAccount, (*Service).judgeSMSOTP}
	case cognitoidp.ChallengeNameTypeWebAuthn:
		return transition{[]string{paramCredential}, stageAccount, (*Service).judgePasskey}
	case customChallenge:
		return transition{[]string{paramAnswer}, stageCustom, (*Service).judgeCustom}
	default: // no challenge is posed under another name
		return transition{next: stageAccount}
	}
}

// answer judges the answer to a challenge and goes on.
func (s *Service) answer(ctx context.Context, a *attempt, in AnswerInput) (*Step, error) {
	if err := require(in.Responses, paramUsername); err != nil {
		return nil, err
	}
	a.name, a.deviceKey = in.Responses[paramUsername], in.Responses[paramDeviceKey]
	if err := s.risk.Admit(in.Client, in.Origin); err != nil {
		return nil, because(reasonRisk, err)
	}
	if in.Challenge == cognitoidp.ChallengeNameTypePasswordVerifier {
		return s.answerSRP(ctx, a, in)
	}
	t := transitionOf(in.Challenge)
	if err := require(in.Responses, t.required...); err != nil {
		return nil, err
	}
	if in.Session == "" {
		return nil, missing(paramSession)
	}
	x, err := s.resume(ctx, a, in)
	if err != nil {
		return nil, err
	}
	if t.judge == nil {
		return nil, &api.NotImplementedError{Operation: operation(in.Admin, "RespondToAuthChallenge"), Member: "ChallengeName"}
	}
	a.answered = x
	a.spend = func(ctx context.Context) error { return s.spendOnce(ctx, x) }
	err = t.judge(s, ctx, a, x, in)
	if !x.First {
		a.judged(t, in.Challenge, err)
	}
	if err != nil {
		return nil, err
	}
	if a.custom != nil {
		if in.Challenge != customChallenge {
			a.custom.note(string(in.Challenge), true, nil)
		}
		return s.advance(ctx, a, stageCustom)
	}
	if x.First { // what the account's state is, shows only who has proved to be the user
		return s.advance(ctx, a, min(t.next, stageAccount))
	}
	return s.advance(ctx, a, t.next)
}

// resume opens the Session of an answer and puts the attempt where the challenge was
// posed: the same client, proven again, and the same user in the same state.
func (s *Service) resume(ctx context.Context, a *attempt, in AnswerInput) (*session, error) {
	x, refusal := s.openSession(ctx, in.Client, in.Challenge, in.Session, in.Time)
	var canonical []string
	if refusal == nil {
		canonical = []string{x.Username, x.Sub}
	}
	var err error
	if a.proven, err = prove(in.Client, in.Responses, canonical...); err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refusal
	}
	return x, s.rejoin(ctx, a, x)
}

// rejoin puts an attempt where the session's challenge was posed: the same user, in the same
// state, by the name that the answer gives where it gives one.
func (s *Service) rejoin(ctx context.Context, a *attempt, x *session) (err error) {
	a.flow, a.eventID, a.keptKey, a.leans = x.Flow, x.EventID, x.Device, x.Leans
	if x.Source != "" {
		a.source = x.Source
	}
	a.risk = s.risk.Resume(a.client, x.Flow, x.EventID, x.Risk, a.now, a.origin)
	a.demanded = a.risk.Verdict().MustFactor
	if err := s.pickUp(ctx, a, x); err != nil {
		return err
	}
	if x.Stranger != 0 {
		return s.rejoinStranger(ctx, a, x)
	}
	a.user, err = s.store.FindUser(ctx, a.pool().Internal(), store.Key{Kind: store.KeySub, Value: x.Sub})
	if errors.Is(err, store.ErrNotFound) {
		return badSession(textSession)
	}
	if err != nil {
		return err
	}
	if a.name != "" && !a.names(a.user) {
		return badSession(textSession)
	}
	if !x.concerns(a.user) {
		return s.stale(ctx, x)
	}
	if x.First || x.custom() {
		return nil
	}
	if err := accountState(a); err != nil {
		return err
	}
	return s.present(ctx, a)
}

// names says whether the USERNAME of an answer means u: by the canonical name, sub or an
// alias.
func (a *attempt) names(u *store.User) bool {
	for _, key := range u.Keys {
		if key.Value == a.pool().Fold(key.Kind, a.name) {
			return true
		}
	}
	return a.name == u.Username
}
