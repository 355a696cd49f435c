package signin

import (
	"context"
	"maps"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// mfaDigits is the length of the codes that are sent as a second factor.
const mfaDigits = 6

// mediumOf returns the medium by which the code of a challenge travels.
func mediumOf(challenge cognitoidp.ChallengeNameType) message.Medium {
	if challenge == cognitoidp.ChallengeNameTypeEmailOtp {
		return message.Email
	}
	return message.SMS
}

// codePurpose binds a code to the challenge that asks for it and to the address that it
// went to: once the user has another address, it proves nothing.
func codePurpose(challenge cognitoidp.ChallengeNameType, address string) store.CodePurpose {
	return store.CodePurpose(string(challenge) + ":" + address)
}

// poseCode poses a challenge that asks the attempt's user for a code, and sends the code to
// the address that the user has for the challenge's medium. The Session keeps no more than
// the code's MAC: one row per user would let sign-ins at the same time void each other's.
// What the attempt was proved by is used up first, so that sending it again sends nothing.
func (s *Service) poseCode(ctx context.Context, a *attempt, name cognitoidp.ChallengeNameType, digits int, parameters map[string]string, more ...with) (*Step, error) {
	medium := mediumOf(name)
	address := a.user.Attributes[message.AttributeOf(medium)]
	if address == "" {
		return nil, refuse(reasonFactor, fault.InvalidParameter(textNoFactor))
	}
	code, err := s.credential.NewCode(digits)
	if err != nil {
		return nil, err
	}
	all := codeParameters(medium, message.Mask(medium, address))
	maps.Copy(all, parameters)
	step, err := s.pose(ctx, a, name, all, append(more, func(x *session) {
		x.Code = s.credential.HashCode(a.pool().Internal(), a.user.ID, codePurpose(name, address), code)
	})...)
	if err != nil {
		return nil, err
	}
	event := a.event()
	err = s.messages.Deliver(ctx, message.Message{
		Pool: a.pool(), ClientID: a.client.ID(), Username: a.user.Username, Attributes: event.Attributes,
		Source: trigger.MessageAuthentication, Medium: medium, Destination: address, Code: code, Metadata: a.metadata,
		Until: a.now.Add(a.client.SessionTTL()), Unseen: a.client.HidesUsers(),
	})
	if err != nil {
		return nil, because(reasonDelivery, message.AsRoleFault(err, medium))
	}
	return step, nil
}

// codeParameters are the ChallengeParameters that say where a code went.
func codeParameters(medium message.Medium, destination string) map[string]string {
	return map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": string(medium),
		"CODE_DELIVERY_DESTINATION":     destination,
	}
}

// judgeSMSOTP judges SMS_OTP.
func (s *Service) judgeSMSOTP(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	return s.judgeCode(ctx, a, x, in.Responses[paramSMSOTP])
}

// judgeSMS judges SMS_MFA.
func (s *Service) judgeSMS(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	return s.judgeCode(ctx, a, x, in.Responses[paramSMSCode])
}

// judgeEmail judges EMAIL_OTP. The API's text gives its code a second name.
func (s *Service) judgeEmail(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	code := in.Responses[paramEmailCode]
	if code == "" {
		code = in.Responses["EMAIL_MFA_CODE"]
	}
	if code == "" {
		return missing(paramEmailCode)
	}
	return s.judgeCode(ctx, a, x, code)
}

// judgeCode judges the answer to a challenge of poseCode. A wrong code is counted and
// leaves the Session good; a right one shows that its address is the user's. Where the code
// is the first factor, none is asked for after it.
func (s *Service) judgeCode(ctx context.Context, a *attempt, x *session, code string) error {
	if x.First {
		if err := s.stillOffered(ctx, a, x.Challenge); err != nil {
			return err
		}
		a.passed = true
	}
	attribute := message.AttributeOf(mediumOf(x.Challenge))
	address := a.user.Attributes[attribute]
	purpose := codePurpose(x.Challenge, address)
	err := s.judgeGuess(ctx, a, fault.CodeMismatch(textWrongCode), func() bool {
		return s.credential.MatchCode(x.Code, a.pool().Internal(), a.user.ID, purpose, code) && !a.stranger
	})
	if err != nil {
		return err
	}
	if a.user, err = s.directory.Reached(ctx, a.pool(), a.user, attribute, address); err != nil {
		return err
	}
	if !x.concerns(a.user) {
		return s.stale(ctx, x)
	}
	return nil
}

// judgeGuess asks right, within the limits of codes: a wrong one is counted and answered
// with the error given, and too many lock the user for a while.
func (s *Service) judgeGuess(ctx context.Context, a *attempt, wrong *fault.Error, right func() bool) error {
	if right() {
		return because(reasonLocked, s.credential.SucceededCode(ctx, a.pool(), a.user))
	}
	// Whoever is locked out is refused without a write, as a right code is.
	if err := s.credential.CheckCodeLockout(ctx, a.pool(), a.user); err != nil {
		return because(reasonLocked, err)
	}
	if err := s.credential.FailedCode(ctx, a.pool(), a.user); err != nil {
		return because(reasonLocked, err)
	}
	return refuse(reasonCode, wrong)
}
