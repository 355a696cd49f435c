package signin

import (
	"context"
	"errors"
	"math/big"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/store"
)

// beginPassword is USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH: the password comes with
// the start.
func (s *Service) beginPassword(ctx context.Context, a *attempt, in StartInput) (*Step, error) {
	if err := s.meet(ctx, a, in, true); err != nil {
		return nil, err
	}
	if err := s.checkPassword(ctx, a, in.Parameters[paramPassword]); err != nil {
		return nil, err
	}
	return s.advance(ctx, a, stageAccount)
}

// checkPassword judges the password of the attempt's user, and counts a wrong one.
func (s *Service) checkPassword(ctx context.Context, a *attempt, password string) error {
	if err := s.credential.CheckLockout(a.user); err != nil {
		return because(reasonLocked, err)
	}
	ok, err := s.credential.VerifyPassword(ctx, a.pool(), a.user, password)
	if err != nil {
		return err
	}
	if !ok || a.stranger {
		return s.wrong(ctx, a)
	}
	a.password = password
	return s.right(ctx, a)
}

// beginSRP is USER_SRP_AUTH: the password never crosses the wire. The state of the
// exchange travels in SECRET_BLOCK, and the answer carries no Session since the clients
// that exist send none back.
func (s *Service) beginSRP(ctx context.Context, a *attempt, in StartInput) (*Step, error) {
	number, err := credential.ParseSRPA(in.Parameters[paramSRPA])
	if err != nil {
		return nil, because(reasonOther, err)
	}
	if err := s.meet(ctx, a, in, false); err != nil {
		return nil, err
	}
	// A device that does not exist is told of when the proof comes: amazon-cognito-identity-js
	// goes on without its device only there.
	a.deviceKey, a.keptKey = "", a.deviceKey
	if err := s.present(ctx, a); err != nil {
		return nil, err
	}
	x := credential.Exchange{}
	if a.device != nil {
		x.DeviceKey = a.device.Key
	}
	parameters, err := s.startSRP(ctx, a, number, x)
	if err != nil {
		return nil, err
	}
	return &Step{Challenge: &Challenge{Name: cognitoidp.ChallengeNameTypePasswordVerifier, Parameters: parameters}}, nil
}

// startSRP begins an exchange with the attempt's user and returns what its client needs.
func (s *Service) startSRP(ctx context.Context, a *attempt, number *big.Int, x credential.Exchange) (map[string]string, error) {
	x.Name, x.Stranger, x.EventID, x.Began = a.name, a.stranger, a.eventID, a.now
	c, err := s.credential.StartSRP(ctx, a.client, a.user, number, x)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"SALT": c.Salt, "SRP_B": c.B, "SECRET_BLOCK": c.SecretBlock,
		paramUsername: a.user.Username, paramUserID: a.user.Username,
	}, nil
}

// answerSRP judges PASSWORD_VERIFIER. Whatever is wrong reads the same to the client.
func (s *Service) answerSRP(ctx context.Context, a *attempt, in AnswerInput) (*Step, error) {
	a.flow = cognitoidp.AuthFlowTypeUserSrpAuth
	if err := require(in.Responses, paramClaimBlock, paramClaim, paramTimestamp); err != nil {
		return nil, err
	}
	x, refusal := s.credential.OpenSRP(in.Client, in.Responses[paramClaimBlock])
	var canonical []string
	if refusal == nil {
		canonical = []string{x.Username, x.Sub, x.Name}
	}
	var err error
	if a.proven, err = prove(in.Client, in.Responses, canonical...); err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, badCredentials()
	}
	proofs, kept := []store.Proof{x.Proof()}, x.DeviceKey
	var ses *session
	if x.InSession {
		if ses, err = s.verifierSession(ctx, in, x); err != nil {
			return nil, err
		}
		a.flow, proofs, kept = ses.Flow, append(proofs, ses.proof()), ses.Device
		if err := s.pickUp(ctx, a, ses); err != nil {
			return nil, err
		}
	}
	if err := s.meetAgain(ctx, a, x); err != nil {
		return nil, err
	}
	if ses != nil && !a.stranger && !ses.concerns(a.user) {
		return nil, s.stale(ctx, ses)
	}
	a.keptKey = kept
	if err := s.credential.CheckLockout(a.user); err != nil {
		return nil, because(reasonLocked, err)
	}
	ok, err := s.credential.FinishSRP(ctx, a.pool(), x, a.user, in.Responses[paramTimestamp], in.Responses[paramClaim])
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unprovable(a, s.wrong(ctx, a))
	}
	a.spend = func(ctx context.Context) error {
		first, err := s.store.SpendAll(ctx, proofs...)
		if err == nil && !first {
			err = badCredentials()
		}
		return err
	}
	if a.custom != nil {
		a.custom.note(string(verifier), true, nil)
	}
	return s.proved(ctx, a)
}

// unprovable tells operators, and nobody else, that the proof could not have held: the user
// was imported with a hash, and has not signed in with the password since.
func unprovable(a *attempt, err error) error {
	if r, ok := errors.AsType[*refusal](err); ok && r.reason == reasonCredentials && a.user.Credential.Hash != "" {
		return refuse(reasonHash, r.seen)
	}
	return err
}

// meetAgain finds the user with whom the exchange began, or the Stranger.
func (s *Service) meetAgain(ctx context.Context, a *attempt, x *credential.Exchange) error {
	a.eventID, a.stranger = x.EventID, x.Stranger
	a.risk = s.risk.SignIn(a.client, a.flow, x.EventID, x.Began, a.origin)
	u, err := s.store.FindUser(ctx, a.pool().Internal(), store.Key{Kind: store.KeySub, Value: x.Sub})
	if errors.Is(err, store.ErrNotFound) {
		if !x.Stranger {
			return badCredentials()
		}
		u, err = s.credential.Stranger(ctx, a.pool(), x.Name)
	}
	if err != nil {
		return err
	}
	if a.name != x.Name && a.name != u.Username && !a.names(u) {
		return badCredentials()
	}
	a.user = u
	return nil
}
