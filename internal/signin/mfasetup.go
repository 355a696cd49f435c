package signin

import (
	"context"
	"errors"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// judgeSetUp judges MFA_SETUP, whose answer comes with the Session of VerifySoftwareToken,
// or brings an e-mail address to which a code goes.
func (s *Service) judgeSetUp(ctx context.Context, a *attempt, x *session, in AnswerInput) error {
	if x.SetUp {
		a.passed = true
		return nil
	}
	address := in.Responses["EMAIL"]
	if address == "" {
		address = in.Responses["email"]
	}
	if address == "" {
		return badSession(textSession)
	}
	if !slices.Contains(x.Choices, catalog.FactorEmail) {
		return refuse(reasonOther, fault.InvalidParameter(textNotOffered))
	}
	return s.setUpEmail(ctx, a, x, address)
}

// setUpEmail gives a user without an e-mail address one, which its code will prove.
func (s *Service) setUpEmail(ctx context.Context, a *attempt, x *session, address string) error {
	may := func(u *store.User) bool {
		return x.concerns(u) && slices.Contains(demandOf(a.pool(), u, true).setUp, catalog.FactorEmail)
	}
	if !may(a.user) {
		return s.stale(ctx, x)
	}
	set, err := directory.CheckWrite(a.client, a.user, map[string]string{catalog.Email: address})
	if err != nil {
		return because(reasonOther, err)
	}
	u, err := s.store.UpdateUser(ctx, a.pool().Internal(), a.user.ID, store.UpdateOptions{}, func(u *store.User) error {
		if !may(u) {
			return credential.ErrChanged
		}
		return set(u)
	})
	switch {
	case errors.Is(err, credential.ErrChanged), errors.Is(err, store.ErrNotFound):
		return s.stale(ctx, x)
	case err != nil:
		return because(reasonOther, directory.AliasTaken(err))
	}
	a.user, a.factor = u, catalog.FactorEmail
	return nil
}

// setUp puts an attempt where the MFA_SETUP of a Session was posed, for an app that is to be
// set up in it.
func (s *Service) setUp(ctx context.Context, call *api.Call, text string) (*attempt, *session, error) {
	x, err := s.readSession(cognitoidp.ChallengeNameTypeMfaSetup, text)
	if err != nil {
		return nil, nil, err
	}
	if err := x.alive(call.Time); err != nil {
		return nil, nil, err
	}
	client, err := s.catalog.Client(ctx, x.Client)
	if err != nil || !x.of(client) {
		if fault.Is(err, "ResourceNotFoundException") || err == nil {
			err = badSession(textSession)
		}
		return nil, nil, err
	}
	a := &attempt{client: client, now: call.Time}
	if err := s.rejoin(ctx, a, x); err != nil {
		return nil, nil, err
	}
	switch {
	case x.SetUp, !slices.Contains(x.Choices, catalog.FactorTOTP):
		return nil, nil, badSession(textSession)
	case !a.pool().Offers(catalog.FactorTOTP):
		return nil, nil, fault.SoftwareTokenMFANotFound(textNoTOTP)
	case !slices.Contains(demandOf(a.pool(), a.user, true).setUp, catalog.FactorTOTP):
		return nil, nil, s.stale(ctx, x) // another factor was set up since
	}
	return a, x, nil
}

// goOn returns the Session of an MFA_SETUP that goes on, with the time of a new challenge.
func (s *Service) goOn(a *attempt, x *session, change with) (*string, error) {
	next := *x
	next.Expires = a.now.Add(a.client.SessionTTL()).UnixMilli()
	next.State = fingerprint(a.user)
	change(&next)
	text, err := s.sealSession(&next)
	return &text, err
}
