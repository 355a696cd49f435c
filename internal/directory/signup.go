package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// SignUp makes an unconfirmed user and sends a code to the first contact that the pool
// verifies. A delivery that fails is an error, and the user exists all the same.
func (s *Service) SignUp(ctx context.Context, call *api.Call, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	client, err := s.catalog.Client(ctx, api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	if _, err := credential.ProveClient(client, api.Value(in.Username), in.SecretHash); err != nil {
		return nil, err
	}
	origin, err := s.origin(client, call, in.UserContextData)
	if err != nil {
		return nil, err
	}
	user, err := s.draftSignUp(ctx, call, client, in)
	if err != nil {
		return nil, err
	}
	event := s.risk.Open(client, cognitoidp.EventTypeSignUp, user, user.Created, origin)
	if err := s.risk.CheckPassword(event, cognitoidp.EventFilterTypeSignUp, api.Value(in.Password)); err != nil {
		return nil, err
	}
	answer, err := s.triggers.PreSignUp(ctx, trigger.PreSignUpEvent{
		Subject: trigger.Subject{
			Pool: client.Pool, ClientID: client.ID(), Username: user.Username,
			Attributes: maps.Clone(user.Attributes), ClientMetadata: in.ClientMetadata,
		},
		Source:         trigger.PreSignUpSignUp,
		ValidationData: validation(in.ValidationData),
	})
	if err != nil {
		return nil, err
	}
	if err := begin(client.Pool, user, answer); err != nil {
		return nil, err
	}
	if in.Password != nil {
		user.Credential, err = s.credential.New(ctx, client.Pool, user.Username, *in.Password)
		if err != nil {
			return nil, err
		}
	}
	out, err := s.register(ctx, call, client, user, in.ClientMetadata)
	response := cognitoidp.EventResponseTypeInProgress
	if user.Status == cognitoidp.UserStatusTypeConfirmed {
		response = cognitoidp.EventResponseTypePass
	}
	s.risk.Record(ctx, event, user, response) // a user who was not stored has no events
	return out, err
}

// draftSignUp returns the user that a SignUp asks for, without a credential, after every
// check that needs no function of the pool's owner.
func (s *Service) draftSignUp(ctx context.Context, call *api.Call, client *catalog.Client, in *cognitoidp.SignUpRequest) (*store.User, error) {
	pool, name := client.Pool, api.Value(in.Username)
	if pool.AdminOnlySignUp() {
		return nil, fault.NotAuthorized(textNoSignUp)
	}
	nameIs, err := nameOf(pool, name)
	if err != nil {
		return nil, err
	}
	list := given(pool, in.UserAttributes)
	if err := checkWritable(client, namesOf(list)...); err != nil {
		return nil, err
	}
	if list, err = withName(pool, nameIs, name, list); err != nil {
		return nil, err
	}
	attributes := values(list)
	if err := checkSchema(pool, list, requiredMissing(pool, attributes)); err != nil {
		return nil, err
	}
	if err := checkFormats(list); err != nil {
		return nil, err
	}
	if pool.AliasAttributes().Has(catalog.PreferredUsername) && attributes[catalog.PreferredUsername] != "" {
		return nil, fault.InvalidParameter(textEarlyPreferred)
	}
	user, err := s.newUser(call, pool, name, attributes)
	if err != nil {
		return nil, err
	}
	kind, err := s.nameTaken(ctx, pool, user, false)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		return nil, nameExists(kind, textUserExists, textGiven)
	}
	if err := s.checkUserQuota(ctx, pool, fault.LimitExceeded); err != nil {
		return nil, err
	}
	if in.Password == nil {
		return user, mayLackPassword(pool, attributes)
	}
	return user, credential.CheckPolicy(pool, credential.PolicySignUp, *in.Password)
}

// newUser returns an enabled user with the ids and the name that the pool gives it. Its
// status, credential and keys are the caller's to set.
func (s *Service) newUser(call *api.Call, pool *catalog.Pool, name string, attributes map[string]string) (*store.User, error) {
	id, err := store.NewUserID(call.Time, s.random)
	if err != nil {
		return nil, err
	}
	sub, err := naming.UUID(s.random)
	if err != nil {
		return nil, err
	}
	username := pool.Fold(store.KeyUsername, name)
	if pool.UsernameKind() != catalog.UsernameFree {
		username = sub
	}
	return &store.User{
		Pool: pool.Internal(), ID: id, Sub: sub, Username: username, Enabled: true,
		Created: call.Time, Modified: call.Time, Attributes: attributes,
	}, nil
}

// begin sets what a new user starts with: the status, and the verified flags of the
// contacts that the pool verifies or that its function vouches for.
func begin(pool *catalog.Pool, u *store.User, answer trigger.PreSignUpResponse) error {
	u.Status = cognitoidp.UserStatusTypeUnconfirmed
	if answer.AutoConfirmUser {
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	vouched := map[string]bool{catalog.Email: answer.AutoVerifyEmail, catalog.PhoneNumber: answer.AutoVerifyPhone}
	for _, contact := range contacts() {
		switch present := u.Attributes[contact] != ""; {
		case vouched[contact] && !present:
			return fault.InvalidLambdaResponse("PreSignUp verified the attribute " + contact + ", which the user does not have")
		case vouched[contact]:
			u.Attributes[verifiedFlag(contact)] = "true"
		case present && pool.AutoVerified(contact):
			u.Attributes[verifiedFlag(contact)] = "false"
		}
	}
	return nil
}

// register stores a new user together with its code, sends the code, and tells of a user
// that is confirmed already.
func (s *Service) register(ctx context.Context, call *api.Call, client *catalog.Client, u *store.User, metadata api.StringMap) (*cognitoidp.SignUpResponse, error) {
	pool, confirmed := client.Pool, u.Status == cognitoidp.UserStatusTypeConfirmed
	out := &cognitoidp.SignUpResponse{UserConfirmed: new(confirmed), UserSub: new(u.Sub)}
	u.Keys = KeysOf(pool, u)
	// A contact that a function vouches for takes its alias over.
	options := store.CreateOptions{Steal: aliasesMove(pool)}
	to, sends := verificationContact(pool, u)
	sends = sends && !confirmed
	var i issue
	var err error
	if sends {
		if i, err = s.newCode(call, pool, u.ID, store.CodeSignUp, to); err != nil {
			return nil, err
		}
		options.Code, out.CodeDeliveryDetails = &i.record, to.details()
	}
	proven := ""
	if confirmed {
		proven = vouchedContact(pool, u)
	}
	if out.Session, err = s.beginRegistration(call, client, u, proven); err != nil {
		return nil, err
	}
	if err := s.store.CreateUser(ctx, u, options); err != nil {
		return nil, nameLost(err, textUserExists, textGiven)
	}
	if sends {
		return out, s.deliver(ctx, pool, client.ID(), u, trigger.MessageSignUp, i, metadata)
	}
	if confirmed {
		return out, s.confirmed(ctx, pool, client.ID(), u, trigger.PostConfirmationConfirmSignUp, metadata)
	}
	return out, nil
}

// verificationContact is where the code of a sign-up goes: the first contact that the
// user has and the pool verifies. Account recovery plays no part in it.
func verificationContact(pool *catalog.Pool, u *store.User) (contact, bool) {
	for _, name := range contacts() {
		if value := u.Attributes[name]; value != "" && pool.AutoVerified(name) {
			return contact{attribute: name, value: value}, true
		}
	}
	return contact{}, false
}

// nameExists is the error for a new user one of whose names is taken: account for the
// user name, attributeText with the attribute's name for the others.
func nameExists(kind store.KeyKind, account, attributeText string) *fault.Error {
	if kind == store.KeyUsername || kind == store.KeySub {
		return fault.UsernameExists(account)
	}
	return fault.UsernameExists(fmt.Sprintf(attributeText, kind))
}

// nameLost is nameExists for a name that was taken since it was found free.
func nameLost(err error, account, attributeText string) error {
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nameExists(exists.Kind, account, attributeText).Because(err)
	}
	return err
}

// confirmed tells the pool's function of a confirmation. Its error reaches the client and
// undoes nothing.
func (s *Service) confirmed(ctx context.Context, pool *catalog.Pool, clientID string, u *store.User, source trigger.PostConfirmationSource, metadata api.StringMap) error {
	return s.triggers.PostConfirmation(ctx, trigger.PostConfirmationEvent{
		Subject: subject(pool, clientID, u, metadata), Source: source,
	})
}
