package signin

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// custom is a sign-in whose way the pool's owner decides: after each step
// DefineAuthChallenge names the next challenge, or ends it.
type custom struct {
	// History is every step so far, as the owner's functions see it.
	History []trigger.ChallengeResult `json:"h,omitempty"`
	// Private and Metadata are CreateAuthChallenge's, for the answer that is awaited.
	Private  map[string]string `json:"p,omitempty"`
	Metadata *string           `json:"m,omitempty"`
}

const (
	customChallenge = cognitoidp.ChallengeNameTypeCustomChallenge
	verifier        = cognitoidp.ChallengeNameTypePasswordVerifier
	srpStep         = "SRP_A" // the step with which an SRP exchange begins
)

const (
	// mostRounds bounds how many steps a custom sign-in may have; AWS bounds the time only.
	mostRounds = 30
	// inlineState is how large a state may be that travels in the Session, which has at most
	// 2,048 characters; a larger one is kept by the store.
	inlineState = 500
)

// held says whether a step was passed.
func (c *custom) held(name string) bool {
	return slices.ContainsFunc(c.History, func(r trigger.ChallengeResult) bool { return r.ChallengeName == name && r.ChallengeResult })
}

// note adds a step to the history.
func (c *custom) note(name string, right bool, metadata *string) {
	c.History = append(c.History, trigger.ChallengeResult{ChallengeName: name, ChallengeResult: right, ChallengeMetadata: metadata})
}

// beginCustom is CUSTOM_AUTH. With CHALLENGE_NAME SRP_A it begins an SRP exchange, which
// the owner's function may ask to be finished. PreAuthentication does not run, since the
// owner decides anyway, and no lockout counts: there is no password.
func (s *Service) beginCustom(ctx context.Context, a *attempt, in StartInput) (*Step, error) {
	a.custom, a.given = new(custom), in.Parameters
	name := in.Parameters["CHALLENGE_NAME"]
	if name == "" {
		name = in.Parameters["ChallengeName"]
	}
	if name == srpStep {
		if err := require(in.Parameters, paramSRPA); err != nil {
			return nil, err
		}
		if _, err := credential.ParseSRPA(in.Parameters[paramSRPA]); err != nil {
			return nil, because(reasonOther, err)
		}
		if err := credential.CheckSRP(a.pool()); err != nil {
			return nil, because(reasonFlow, err)
		}
		a.custom.note(srpStep, true, nil)
	}
	if err := s.find(ctx, a, in, false); err != nil {
		return nil, err
	}
	if !a.client.HidesUsers() {
		if err := accountState(a); err != nil {
			return nil, err
		}
	}
	return s.advance(ctx, a, stageCustom)
}

// decide asks the owner's function what comes next: a challenge, or nothing more, which is
// nil. What ends badly looks like a wrong password.
func (s *Service) decide(ctx context.Context, a *attempt) (*Step, error) {
	c := a.custom
	if c == nil {
		return nil, nil //nolint:nilnil // no challenge stands here
	}
	if len(c.History) > mostRounds {
		return nil, s.fail(ctx, a)
	}
	d, err := s.triggers.DefineAuthChallenge(ctx, trigger.DefineAuthChallengeEvent{
		Subject: a.event(), Session: c.History, UserNotFound: a.unknown(),
	})
	if err != nil {
		return nil, because(reasonTrigger, err)
	}
	switch name := cognitoidp.ChallengeNameType(d.ChallengeName); {
	case d.FailAuthentication, d.IssueTokens && a.stranger:
		return nil, s.fail(ctx, a)
	case d.IssueTokens:
		a.allow()
		return nil, nil //nolint:nilnil // no challenge stands here any more
	case name == customChallenge:
		return s.poseCustom(ctx, a)
	case name == verifier && len(c.History) == 1 && c.held(srpStep):
		return s.poseCustomVerifier(ctx, a)
	case !a.stranger && slices.Contains(factorsOf(a), name):
		return s.poseCustomFactor(ctx, a, name)
	default:
		return nil, because(reasonTrigger, trigger.Unrecognizable("it names the challenge "+d.ChallengeName))
	}
}

// unknown is the event's userNotFound: said only by clients that hide users.
func (a *attempt) unknown() *bool {
	if !a.client.HidesUsers() {
		return nil
	}
	return &a.stranger
}

// fail ends a custom sign-in: its Session is used up.
func (s *Service) fail(ctx context.Context, a *attempt) error {
	if err := a.use(ctx); err != nil {
		return err
	}
	return refuse(reasonCustom, fault.NotAuthorized(textBadCredentials))
}

// allow lets a custom sign-in go on to its end. Where it has verified a password, what
// follows a password follows: a new one, a second factor. Without, the owner's challenges
// are all there is.
func (a *attempt) allow() {
	a.owned = !a.custom.held(string(verifier))
	a.passed = a.owned || slices.ContainsFunc(catalog.Factors(), func(f catalog.Factor) bool { return a.custom.held(string(f)) })
	a.custom = nil // the Sessions that follow are not the owner's
}

// poseCustom poses the challenge that CreateAuthChallenge makes. Where nobody makes it or
// judges its answer, none is posed.
func (s *Service) poseCustom(ctx context.Context, a *attempt) (*Step, error) {
	for _, kind := range []trigger.Kind{trigger.KindCreateAuthChallenge, trigger.KindVerifyAuthChallengeResponse} {
		if !s.triggers.Configured(a.pool(), kind) {
			return nil, refuse(reasonFlow, fault.InvalidParameter(textNoCustom))
		}
	}
	made, err := s.triggers.CreateAuthChallenge(ctx, trigger.CreateAuthChallengeEvent{
		Subject: a.event(), ChallengeName: string(customChallenge), Session: a.custom.History, UserNotFound: a.unknown(),
	})
	if err != nil {
		return nil, because(reasonTrigger, err)
	}
	a.custom.Private, a.custom.Metadata = made.PrivateChallengeParameters, made.ChallengeMetadata
	parameters := map[string]string{paramUsername: a.user.Username}
	maps.Copy(parameters, made.PublicChallengeParameters)
	carry, err := s.carry(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.pose(ctx, a, customChallenge, parameters, carry)
}

func (s *Service) poseCustomVerifier(ctx context.Context, a *attempt) (*Step, error) {
	number, err := credential.ParseSRPA(a.given[paramSRPA])
	if err != nil { // there is none but in the call that began
		return nil, because(reasonTrigger, trigger.Unrecognizable("no SRP exchange has begun"))
	}
	parameters, err := s.startSRP(ctx, a, number, credential.Exchange{InSession: true})
	if err != nil {
		return nil, err
	}
	carry, err := s.carry(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.pose(ctx, a, verifier, parameters, carry)
}

// factorsOf are the second factors that an owner may ask the attempt's user for.
func factorsOf(a *attempt) []catalog.Factor {
	return demandOf(a.pool(), a.user, true).ask
}

func (s *Service) poseCustomFactor(ctx context.Context, a *attempt, f catalog.Factor) (*Step, error) {
	carry, err := s.carry(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.poseFactor(ctx, a, f, carry)
}

// judgeCustom lets VerifyAuthChallengeResponse judge an answer. A wrong one is a step like
// any other: what it means DefineAuthChallenge decides.
func (s *Service) judgeCustom(ctx context.Context, a *attempt, _ *session, in AnswerInput) error {
	c := a.custom
	if c == nil {
		return badSession(textSession)
	}
	right, err := s.triggers.VerifyAuthChallengeResponse(ctx, trigger.VerifyAuthChallengeResponseEvent{
		Subject: a.event(), PrivateChallengeParameters: c.Private, ChallengeAnswer: in.Responses[paramAnswer], UserNotFound: a.unknown(),
	})
	if err != nil {
		return because(reasonTrigger, err)
	}
	c.note(string(customChallenge), right, c.Metadata)
	c.Private, c.Metadata = nil, nil
	return nil
}

// carry puts the state of a custom sign-in into the Session of its next challenge, or into
// the store where it is too large.
func (s *Service) carry(ctx context.Context, a *attempt) (with, error) {
	state, err := json.Marshal(a.custom)
	if err != nil {
		return nil, err
	}
	if len(state) <= inlineState {
		return func(x *session) { x.Custom, x.Name = state, a.name }, nil
	}
	until := a.now.Add(a.client.SessionTTL() + time.Minute)
	id, err := s.store.KeepState(ctx, a.pool().Internal(), state, until)
	if err != nil {
		return nil, err
	}
	return func(x *session) { x.Kept, x.Name = id[:], a.name }, nil
}

// custom says whether the session belongs to a custom sign-in.
func (x *session) custom() bool { return len(x.Custom) > 0 || len(x.Kept) > 0 }

// pickUp finds the state that carry has put into a session.
func (s *Service) pickUp(ctx context.Context, a *attempt, x *session) (err error) {
	if !x.custom() {
		return nil
	}
	state := []byte(x.Custom)
	if len(x.Kept) > 0 {
		if state, err = s.store.KeptState(ctx, a.pool().Internal(), store.StateID(x.Kept)); err != nil {
			return err
		}
	}
	a.custom = new(custom)
	return json.Unmarshal(state, a.custom)
}
