package signin

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// choice is a first factor under the name of its challenge: PASSWORD_SRP, PASSWORD,
// EMAIL_OTP, SMS_OTP or WEB_AUTHN.
type choice = cognitoidp.ChallengeNameType

const (
	choiceSRP      = cognitoidp.ChallengeNameTypePasswordSrp
	choicePassword = cognitoidp.ChallengeNameTypePassword
	choiceEmail    = cognitoidp.ChallengeNameTypeEmailOtp
	choiceSMS      = cognitoidp.ChallengeNameTypeSmsOtp
	choicePasskey  = cognitoidp.ChallengeNameTypeWebAuthn
)

// firstDigits is the length of the codes that are sent as a first factor.
const firstDigits = 8

// codeSize is the size of a code's MAC.
const codeSize = 32

// codeChoice is the first factor of the codes that go to a contact.
func codeChoice(contact string) choice { return choice(catalog.OneTimeFactor(contact)) }

// beginChoice is USER_AUTH: the user chooses a first factor among those that the pool
// takes and the user has. One that is preferred, or the only one, is asked for at once.
func (s *Service) beginChoice(ctx context.Context, a *attempt, in StartInput) (*Step, error) {
	preferred := choice(in.Parameters[paramPreferred])
	known := []choice{"", choiceSRP, choicePassword, choiceEmail, choiceSMS, choicePasskey}
	if !slices.Contains(known, preferred) {
		return nil, refuse(reasonOther, fault.InvalidParameter(textPreferred))
	}
	if err := s.find(ctx, a, in, false); err != nil {
		return nil, err
	}
	if err := s.admitUser(ctx, a, in); err != nil {
		return nil, err
	}
	offers, err := s.offers(ctx, a, preferred)
	if err != nil {
		return nil, err
	}
	if in.Session != "" {
		done, err := s.registered(a, in, offers)
		if err != nil {
			return nil, err
		}
		if done {
			return s.advance(ctx, a, stageAccount)
		}
	}
	a.given = in.Parameters
	switch {
	case slices.Contains(offers, preferred):
		a.choice = preferred
	case len(offers) == 1:
		a.choice = offers[0]
	}
	step, err := s.advance(ctx, a, stageFirstFactor)
	// What comes after the first factor offers none.
	if err == nil && step.Challenge != nil && step.Challenge.first {
		step.Challenge.Available = offers
	}
	return step, err
}

// registered says whether the Session of ConfirmSignUp stands for the first factor: it was
// handed out for a code that went to a contact of the user, and such codes are one of the
// factors that the user may choose.
func (s *Service) registered(a *attempt, in StartInput, offers []choice) (bool, error) {
	r, err := s.directory.OpenRegistration(a.client, in.Session, a.now)
	if err != nil {
		return false, because(reasonSession, err)
	}
	if a.stranger || !r.Concerns(a.user) {
		return false, badSession(textSession)
	}
	if r.Proven == "" || !slices.Contains(offers, codeChoice(r.Proven)) {
		return false, nil
	}
	a.passed = true
	a.spend = func(ctx context.Context) error {
		first, err := s.store.Spend(ctx, r.Spent, r.Expires)
		if err == nil && !first {
			err = badSession(textSessionUsed)
		}
		return err
	}
	return true, nil
}

// offers are the first factors that the attempt's user may choose from, in AWS's order.
//
//	a temporary password      nothing but the password: it has to be replaced
//	a second factor is asked  nothing that a second factor could be, too, and so a password,
//	                          or a passkey that is both
//	otherwise                 what the pool takes and the user has
//
// preferred is what an unknown user asked for: it is taken to have the contacts that the
// pool asks of its users, and the one that it speaks of.
func (s *Service) offers(ctx context.Context, a *attempt, preferred choice) ([]choice, error) {
	p, u := a.pool(), a.user
	var out []choice
	if !p.KeepsHashes() && len(u.Credential.Verifier) > 0 {
		out = append(out, choiceSRP)
	}
	if u.Credential.HasPassword() {
		out = append(out, choicePassword)
	}
	if u.Status == cognitoidp.UserStatusTypeForceChangePassword {
		return out, nil
	}
	second := needsSecondFactor(a)
	for _, contact := range []string{catalog.Email, catalog.PhoneNumber} {
		c := codeChoice(contact)
		has := u.Attributes[contact] != "" || a.stranger && (preferred == c || asksFor(p, contact))
		if has && !second && p.FirstFactor(catalog.OneTimeFactor(contact)) {
			out = append(out, c)
		}
	}
	if p.FirstFactor(cognitoidp.AuthFactorTypeWebAuthn) && !a.stranger && (!second || p.PasskeyIsMFA() && u.MFA.Passkeys) {
		_, keys, err := s.passkeys(ctx, p, u)
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			out = append(out, choicePasskey)
		}
	}
	if len(out) == 0 { // nobody with nothing looks like nobody
		out = []choice{choiceSRP, choicePassword}
	}
	return out, nil
}

// needsSecondFactor says whether the attempt's user is asked for a second factor wherever the
// sign-in comes from, or would be if there were one.
func needsSecondFactor(a *attempt) bool {
	d := demandOf(a.pool(), a.user, false)
	return len(d.ask) > 0 || len(d.setUp) > 0 || d.none
}

// asksFor says whether users of the pool usually have a contact.
func asksFor(p *catalog.Pool, contact string) bool {
	return p.UsernameAttributes().Has(contact) || p.AutoVerified(contact) || slices.Contains(p.RequiredAttributes(), contact)
}

// stillOffered refuses a factor that was offered when its challenge was posed and is not
// any more.
func (s *Service) stillOffered(ctx context.Context, a *attempt, c choice) error {
	offers, err := s.offers(ctx, a, c)
	if err == nil && !slices.Contains(offers, c) {
		err = badSession(textSession)
	}
	return err
}

// first marks the session of a challenge that asks for a first factor. It keeps the name as
// typed, by which an unknown user is found again, and the device that the client named,
// whether or not there is one.
func (a *attempt) first(x *session) {
	x.First, x.Name = true, a.name
	if key := cmp.Or(a.deviceKey, a.keptKey); len(key) <= maxDeviceKey {
		x.Device = key
	}
}

// maxDeviceKey is the length of the longest device keys, by the model.
const maxDeviceKey = 55

// poseFirst is pose for a challenge of the first factor.
func (s *Service) poseFirst(ctx context.Context, a *attempt, name cognitoidp.ChallengeNameType, parameters map[string]string, more ...with) (*Step, error) {
	step, err := s.pose(ctx, a, name, parameters, append(more, a.first)...)
	if err == nil {
		step.Challenge.first = true
	}
	return step, err
}

// firstFactor asks for the chosen factor, or for a choice. A password that came along is
// judged at once.
func (s *Service) firstFactor(ctx context.Context, a *attempt) (*Step, error) {
	if a.held || a.flow == cognitoidp.AuthFlowTypeCustomAuth {
		return nil, nil //nolint:nilnil // no challenge stands here
	}
	switch a.choice {
	case choicePassword:
		if password := a.given[paramPassword]; password != "" {
			return nil, s.checkPassword(ctx, a, password)
		}
		return s.poseFirst(ctx, a, choicePassword, map[string]string{})
	case choiceSRP:
		if a.given[paramSRPA] != "" {
			return s.poseVerifier(ctx, a, a.given[paramSRPA])
		}
		return s.poseFirst(ctx, a, choiceSRP, map[string]string{})
	case choiceEmail, choiceSMS:
		return s.poseFirstCode(ctx, a)
	case choicePasskey:
		return s.posePasskey(ctx, a)
	default:
		return s.poseFirst(ctx, a, cognitoidp.ChallengeNameTypeSelectChallenge, map[string]string{})
	}
}

// poseFirstCode sends a code to the user, or nothing to users who cannot sign in: unknown
// ones, and those that are disabled. Where the client shows users it says so.
func (s *Service) poseFirstCode(ctx context.Context, a *attempt) (*Step, error) {
	if !a.client.HidesUsers() {
		if err := accountState(a); err != nil {
			return nil, err
		}
	}
	if !a.stranger && a.user.Enabled {
		step, err := s.poseCode(ctx, a, a.choice, firstDigits, nil, a.first)
		if err == nil {
			step.Challenge.first = true
		}
		return step, err
	}
	medium := mediumOf(a.choice)
	destination := message.Mask(medium, a.user.Attributes[message.AttributeOf(medium)])
	if a.stranger {
		destination = s.directory.SimulatedDestination(a.pool(), a.name, medium)
	}
	code := make([]byte, codeSize)
	if _, err := io.ReadFull(s.random, code); err != nil {
		return nil, err
	}
	return s.poseFirst(ctx, a, a.choice, codeParameters(medium, destination), func(x *session) { x.Code = code })
}

// judgeChoice takes the answer to SELECT_CHALLENGE, by which the first factor's stage goes
// on. A passkey's signature that comes along must answer a WEB_AUTHN that was posed before.
func (s *Service) judgeChoice(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	c := choice(in.Responses[paramAnswer])
	offers, err := s.offers(ctx, a, "")
	if err != nil {
		return err
	}
	if !slices.Contains(offers, c) {
		return refuse(reasonOther, fault.InvalidParameter(textNotAvailable))
	}
	a.choice, a.given = c, in.Responses
	if c == choicePasskey && in.Responses[paramCredential] != "" {
		a.held = true
		return s.judgePasskey(ctx, a, x, in)
	}
	return nil
}

// judgePassword judges PASSWORD.
func (s *Service) judgePassword(ctx context.Context, a *attempt, _ *session, in AnswerInput) error {
	if err := s.stillOffered(ctx, a, choicePassword); err != nil {
		return err
	}
	return s.checkPassword(ctx, a, in.Responses[paramPassword])
}

// judgeSRP takes the answer to PASSWORD_SRP, with which an exchange begins.
func (s *Service) judgeSRP(ctx context.Context, a *attempt, _ *session, in AnswerInput) error {
	a.choice, a.given = choiceSRP, in.Responses
	return s.stillOffered(ctx, a, choiceSRP)
}

// poseVerifier begins an exchange within USER_AUTH. Its PASSWORD_VERIFIER carries a Session,
// without which SECRET_BLOCK is not taken.
func (s *Service) poseVerifier(ctx context.Context, a *attempt, text string) (*Step, error) {
	number, err := credential.ParseSRPA(text)
	if err != nil {
		return nil, because(reasonOther, err)
	}
	parameters, err := s.startSRP(ctx, a, number, credential.Exchange{InSession: true})
	if err != nil {
		return nil, err
	}
	return s.poseFirst(ctx, a, cognitoidp.ChallengeNameTypePasswordVerifier, parameters)
}

// verifierSession opens the Session that PASSWORD_VERIFIER carries within USER_AUTH.
func (s *Service) verifierSession(ctx context.Context, in AnswerInput, e *credential.Exchange) (*session, error) {
	if in.Session == "" {
		return nil, missing(paramSession)
	}
	x, err := s.openSession(ctx, in.Client, in.Challenge, in.Session, in.Time)
	if err == nil && x.EventID != e.EventID {
		err = badSession(textSession)
	}
	return x, err
}

// rejoinStranger puts an attempt with an unknown user where its challenge was posed.
func (s *Service) rejoinStranger(ctx context.Context, a *attempt, x *session) error {
	u, err := s.credential.Stranger(ctx, a.pool(), x.Name)
	if err != nil {
		return err
	}
	a.stranger, a.user = true, u
	fold := func(name string) string { return a.pool().Fold(store.KeyUsername, name) }
	if u.Sub != x.Sub || fold(a.name) != fold(x.Name) && a.name != u.Username {
		return badSession(textSession)
	}
	return nil
}
