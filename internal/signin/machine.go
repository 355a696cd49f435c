package signin

import (
	"context"
	"errors"
	"math/big"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
	"github.com/cenote-id/cenote/internal/trigger"
)

// StartInput begins a sign-in.
type StartInput struct {
	Client     *catalog.Client
	Admin      bool // through AdminInitiateAuth
	Flow       cognitoidp.AuthFlowType
	Parameters map[string]string // AuthParameters
	Session    string            // of ConfirmSignUp; empty where none was sent
	Metadata   map[string]string // ClientMetadata
	Time       time.Time         // of the call
	Origin     risk.Origin
}

// AnswerInput answers a challenge.
type AnswerInput struct {
	Client    *catalog.Client
	Admin     bool // through AdminRespondToAuthChallenge
	Challenge cognitoidp.ChallengeNameType
	Session   string            // empty where none was sent
	Responses map[string]string // ChallengeResponses
	Metadata  map[string]string // ClientMetadata
	Time      time.Time         // of the call
	Origin    risk.Origin
}

// Step is what Start and Answer lead to; exactly one member is set.
type Step struct {
	Challenge *Challenge
	Grant     *token.Grant
}

// Challenge is what the client must answer next.
type Challenge struct {
	Name       cognitoidp.ChallengeNameType
	Parameters map[string]string // ChallengeParameters
	Session    string            // empty for PASSWORD_VERIFIER of USER_SRP_AUTH
	// Available are the factors that the user may choose from; nil but for a first factor.
	Available []cognitoidp.ChallengeNameType

	first bool // it asks for a first factor that the user may choose
}

// attempt is a sign-in within one call.
type attempt struct {
	client  *catalog.Client
	admin   bool
	proven  catalog.ProvenClient
	flow    cognitoidp.AuthFlowType
	now     time.Time
	eventID string
	// name is the user's name as typed.
	name string
	// user is read fresh in this call; a Stranger where stranger says so.
	user     *store.User
	stranger bool
	migrated bool // the pool's owner has brought the user in, in this call
	// metadata is ClientMetadata as the triggers at the end see it: that of an answer, never
	// that of InitiateAuth.
	metadata map[string]string
	source   trigger.TokenSource
	// choice is the first factor that the user has chosen, "" for none yet; given is what came
	// with the choice; held says that the factor was judged.
	choice choice
	given  map[string]string
	held   bool
	// custom is the sign-in as the pool's owner decides it, nil for others; owned says that the
	// owner alone has proved who the user is.
	custom *custom
	owned  bool
	// deviceKey is the device that this call names, keptKey the one that an earlier call of
	// the sign-in did; empty for none.
	deviceKey, keptKey string
	// device is the device that takes part, once it was found; nil for none.
	device *store.Device
	// remembered says that a device which the user has remembered takes part, where that
	// stands in for a second factor; leans, that for this reason none was asked for.
	remembered, leans bool
	// number is the public number with which the device begins to prove itself.
	number *big.Int
	// passed says that the sign-in needs no second factor any more: it was just set up, or
	// the first factor counts for both.
	passed bool
	// demanded says that a second factor is asked for where the pool leaves it to its users.
	demanded bool
	// factor is the second factor that the user has chosen for this sign-in, "" for none yet.
	factor catalog.Factor
	// origin is where the call comes from; risk is the sign-in as it judges it, nil in pools
	// without threat protection.
	origin risk.Origin
	risk   *risk.Case
	// password is what was typed, where the flow shows it in this call.
	password string
	// spend uses up the proof that brought the attempt here, or refuses; nil where the proof
	// is of no use to who overhears it again.
	spend func(context.Context) error
	// answered is the session that the call answers, nil for none.
	answered *session
}

// pool returns the pool of the attempt's client.
func (a *attempt) pool() *catalog.Pool { return a.client.Pool }

// event is what triggers learn of the attempt.
func (a *attempt) event() trigger.Subject {
	e := trigger.Subject{
		Pool: a.pool(), ClientID: a.client.ID(), Username: a.user.Username,
		Attributes: directory.EventAttributes(a.pool(), a.user), ClientMetadata: a.metadata,
	}
	if a.stranger {
		e.Username, e.Attributes = a.name, map[string]string{}
	}
	return e
}

// Start begins a sign-in with one of the flows of InitiateAuth, but those of refresh.
func (s *Service) Start(ctx context.Context, in StartInput) (*Step, error) {
	a := &attempt{
		client: in.Client, admin: in.Admin, flow: in.Flow, now: in.Time, origin: in.Origin,
		name: in.Parameters[paramUsername], deviceKey: in.Parameters[paramDeviceKey], source: trigger.TokenAuthentication,
	}
	step, err := s.start(ctx, a, in)
	s.record(ctx, a, step, err)
	return step, s.metrics.ended(in.Client, in.Flow, step, err)
}

func (s *Service) start(ctx context.Context, a *attempt, in StartInput) (*Step, error) {
	f, err := s.admit(in)
	if err != nil {
		return nil, err
	}
	if err := s.risk.Admit(in.Client, in.Origin); err != nil {
		return nil, because(reasonRisk, err)
	}
	if a.proven, err = prove(in.Client, in.Parameters); err != nil {
		return nil, err
	}
	if a.eventID, err = naming.UUID(s.random); err != nil {
		return nil, err
	}
	a.risk = s.risk.SignIn(in.Client, in.Flow, a.eventID, in.Time, in.Origin)
	return f.begin(s, ctx, a, in)
}

// prove checks the SECRET_HASH among parameters, made over the USERNAME among them or over
// one of the canonical names.
func prove(c *catalog.Client, parameters map[string]string, canonical ...string) (catalog.ProvenClient, error) {
	proven, err := credential.ProveClientAuth(c, parameters[paramUsername], optional(parameters, paramSecretHash), canonical...)
	return proven, because(reasonClient, err)
}

// Answer goes on with a sign-in.
func (s *Service) Answer(ctx context.Context, in AnswerInput) (*Step, error) {
	a := &attempt{
		client: in.Client, admin: in.Admin, now: in.Time, origin: in.Origin,
		metadata: in.Metadata, source: trigger.TokenAuthentication,
	}
	step, err := s.answer(ctx, a, in)
	s.record(ctx, a, step, err)
	return step, s.metrics.ended(in.Client, a.flow, step, err)
}

// meet finds the user of a starting attempt and lets PreAuthentication refuse. What comes
// out is somebody who may be asked for a proof. Only where migrate says so may the pool's
// owner bring in a user that the pool does not have: SRP shows no password to migrate with.
func (s *Service) meet(ctx context.Context, a *attempt, in StartInput, migrate bool) error {
	if err := s.find(ctx, a, in, migrate); err != nil {
		return err
	}
	if err := s.credential.CheckLockout(a.user); err != nil {
		return because(reasonLocked, err)
	}
	return s.admitUser(ctx, a, in)
}

// find finds the user of a starting attempt, or, where the client hides which users exist, a
// Stranger.
func (s *Service) find(ctx context.Context, a *attempt, in StartInput, migrate bool) error {
	u, err := s.directory.Find(ctx, a.pool(), a.name)
	if errors.Is(err, store.ErrNotFound) && migrate {
		u, err = s.migrate(ctx, a, in)
		a.migrated = err == nil
	}
	if errors.Is(err, store.ErrNotFound) {
		if !a.client.HidesUsers() {
			return noUser()
		}
		a.stranger = true
		u, err = s.credential.Stranger(ctx, a.pool(), a.name)
	}
	a.user = u
	return err
}

// admitUser refuses users whom PreAuthentication refuses, or who can sign in by no factor.
func (s *Service) admitUser(ctx context.Context, a *attempt, in StartInput) error {
	if err := s.preAuthenticate(ctx, a, in); err != nil {
		return err
	}
	// Who hides users shows this only to who has the password, as has, in the eyes of the
	// pool's owner, a user whom the owner has just brought in.
	if a.user.Status == cognitoidp.UserStatusTypeResetRequired && (a.migrated || !a.client.HidesUsers()) {
		return resetRequired()
	}
	return nil
}

// proved goes on after the first factor held.
func (s *Service) proved(ctx context.Context, a *attempt) (*Step, error) {
	if err := s.right(ctx, a); err != nil {
		return nil, err
	}
	if a.custom != nil {
		return s.advance(ctx, a, stageCustom)
	}
	return s.advance(ctx, a, stageAccount)
}

// right notes a password that held, and refuses where wrong ones came meanwhile.
func (s *Service) right(ctx context.Context, a *attempt) error {
	a.risk.PasswordHeld(true)
	return because(reasonLocked, s.credential.Succeeded(ctx, a.pool(), a.user))
}

// wrong counts a password that did not hold, and refuses.
func (s *Service) wrong(ctx context.Context, a *attempt) error {
	a.risk.PasswordHeld(false)
	if err := s.credential.Failed(ctx, a.pool(), a.user); err != nil {
		return because(reasonLocked, err)
	}
	return badCredentials()
}

// pose uses up what the attempt was proved by and returns the next challenge. more adds to
// its session what the judge of its answer will need.
func (s *Service) pose(ctx context.Context, a *attempt, name cognitoidp.ChallengeNameType, parameters map[string]string, more ...with) (*Step, error) {
	x := newSession(a, name)
	for _, add := range more {
		add(x)
	}
	if name == deviceSRP && !a.leans && a.answered != nil && a.spend != nil {
		a.answered.follow(x)
	}
	if err := a.use(ctx); err != nil {
		return nil, err
	}
	text, err := s.sealSession(x)
	if err != nil {
		return nil, err
	}
	return &Step{Challenge: &Challenge{Name: name, Parameters: parameters, Session: text}}, nil
}

// finish ends a sign-in that has passed every stage.
func (s *Service) finish(ctx context.Context, a *attempt) (*Step, error) {
	event := a.event()
	grant := &token.Grant{
		Client: a.proven, User: a.user, Time: a.now, EventID: a.eventID, Source: a.source, Event: event,
	}
	if err := s.addDevice(a, grant); err != nil {
		return nil, err
	}
	after := trigger.PostAuthenticationEvent{Subject: event, NewDeviceUsed: grant.NewDevice != nil}
	if err := s.triggers.PostAuthentication(ctx, after); err != nil {
		return nil, because(reasonTrigger, err)
	}
	if err := a.use(ctx); err != nil {
		return nil, err
	}
	return &Step{Grant: grant}, nil
}

// use spends the proof that brought the attempt here.
func (a *attempt) use(ctx context.Context) error {
	if a.spend == nil {
		return nil
	}
	return a.spend(ctx)
}
