package directory

import (
	"context"
	"fmt"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// AdminCreateUser makes a user with a temporary password and sends it, or sends a new one
// to a user that still has one (RESEND). A delivery that fails is an error, and what was
// stored stays.
func (s *Service) AdminCreateUser(ctx context.Context, call *api.Call, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	var user *store.User
	if api.Value(in.MessageAction) == cognitoidp.MessageActionTypeResend {
		user, err = s.inviteAgain(ctx, pool, in)
	} else {
		user, err = s.invite(ctx, call, pool, in)
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminCreateUserResponse{User: userType(user, nil)}, nil
}

// invite makes a new user.
func (s *Service) invite(ctx context.Context, call *api.Call, pool *catalog.Pool, in *cognitoidp.AdminCreateUserRequest) (*store.User, error) {
	user, err := s.draftInvited(ctx, call, pool, in)
	if err != nil {
		return nil, err
	}
	password, err := s.firstPassword(pool, user, in.TemporaryPassword)
	if err != nil {
		return nil, err
	}
	var to []contact
	if api.Value(in.MessageAction) != cognitoidp.MessageActionTypeSuppress {
		if to, err = invitationContacts(user, in.DesiredDeliveryMediums); err != nil {
			return nil, err
		}
	}
	// The function may refuse; what it would confirm or verify does not count here.
	_, err = s.triggers.PreSignUp(ctx, trigger.PreSignUpEvent{
		Subject:        subject(pool, trigger.ClientNotApplicable, user, in.ClientMetadata),
		Source:         trigger.PreSignUpAdminCreateUser,
		ValidationData: validation(in.ValidationData),
	})
	if err != nil {
		return nil, err
	}
	if password != "" {
		if user.Credential, err = s.credential.NewTemporary(ctx, pool, user.Username, password); err != nil {
			return nil, err
		}
	}
	options := store.CreateOptions{Steal: api.Value(in.ForceAliasCreation) && aliasesMove(pool)}
	if err := s.store.CreateUser(ctx, user, options); err != nil {
		return nil, nameLost(err, textAccountExists, takenText(pool))
	}
	return user, s.sendInvitation(ctx, pool, user, to, password, in.ClientMetadata)
}

// draftInvited returns the user that AdminCreateUser asks for, without a credential.
// Required attributes may be missing: the first sign-in asks for them.
func (s *Service) draftInvited(ctx context.Context, call *api.Call, pool *catalog.Pool, in *cognitoidp.AdminCreateUserRequest) (*store.User, error) {
	name := api.Value(in.Username)
	nameIs, err := nameOf(pool, name)
	if err != nil {
		return nil, err
	}
	list, err := withName(pool, nameIs, name, given(pool, in.UserAttributes))
	if err != nil {
		return nil, err
	}
	if err := checkInvited(pool, list); err != nil {
		return nil, err
	}
	user, err := s.newUser(call, pool, name, values(list))
	if err != nil {
		return nil, err
	}
	user.Status = cognitoidp.UserStatusTypeForceChangePassword
	user.Keys = KeysOf(pool, user)
	kind, err := s.nameTaken(ctx, pool, user, api.Value(in.ForceAliasCreation) && aliasesMove(pool))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		return nil, nameExists(kind, textAccountExists, takenText(pool))
	}
	// AdminCreateUser does not declare LimitExceededException.
	return user, s.checkUserQuota(ctx, pool, fault.InvalidParameter)
}

// checkInvited judges the attributes that an administrator, or the pool's owner, gives a new
// user.
func checkInvited(pool *catalog.Pool, list []attribute) error {
	var owned complaints
	for _, a := range list {
		if _, known := pool.Attribute(a.name); !known && isCustom(a.name) {
			return fault.InvalidParameter(textSchema + fmt.Sprintf(textNoType, a.name))
		}
		if serverOwned(a.name) {
			owned.add("user.", a.name, reasonImmutable)
		}
	}
	if err := owned.fault(""); err != nil {
		return err
	}
	if err := checkSchema(pool, list, nil); err != nil {
		return err
	}
	if err := checkFormats(list); err != nil {
		return err
	}
	attributes := values(list)
	for _, contact := range contacts() {
		if attributes[verifiedFlag(contact)] != "" && attributes[contact] == "" {
			return fault.InvalidParameter(verifyNothing(contact))
		}
	}
	return checkPreferred(pool, attributes[catalog.PreferredUsername])
}

// takenText is the text for an attribute of a new user that finds somebody already.
func takenText(pool *catalog.Pool) string {
	if aliasesMove(pool) {
		return textAlias
	}
	return textGiven
}

// firstPassword is temporaryPassword for a new user. One who can sign in without a password
// gets none unless it is given, and is confirmed at once; nothing will ask that user for
// required attributes, so they have to be there (the model: AdminCreateUser).
func (s *Service) firstPassword(pool *catalog.Pool, u *store.User, given *string) (string, error) {
	if given != nil || !Passwordless(pool, u.Attributes) {
		return s.temporaryPassword(pool, given)
	}
	u.Status = cognitoidp.UserStatusTypeConfirmed
	return "", checkSchema(pool, nil, requiredMissing(pool, u.Attributes))
}

// temporaryPassword returns the password that the administrator gives, or a generated one.
func (s *Service) temporaryPassword(pool *catalog.Pool, given *string) (string, error) {
	if given == nil {
		return s.credential.GeneratePassword(pool)
	}
	return *given, credential.CheckPolicy(pool, credential.PolicyAdminCreate, *given)
}

// inviteAgain gives a user a new temporary password, with a validity of its own. The
// other members of the request count for nothing.
func (s *Service) inviteAgain(ctx context.Context, pool *catalog.Pool, in *cognitoidp.AdminCreateUserRequest) (*store.User, error) {
	user, err := s.Find(ctx, pool, api.Value(in.Username))
	if err != nil {
		return nil, orNoUser(err)
	}
	if err := invited(user); err != nil {
		return nil, err
	}
	password, err := s.temporaryPassword(pool, in.TemporaryPassword)
	if err != nil {
		return nil, err
	}
	to, err := invitationContacts(user, in.DesiredDeliveryMediums)
	if err != nil {
		return nil, err
	}
	next, err := s.credential.NewTemporary(ctx, pool, user.Username, password)
	if err != nil {
		return nil, err
	}
	user, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{ClearFailures: true}, func(u *store.User) error {
		if err := invited(u); err != nil {
			return err
		}
		history, seed, newSeed := u.Credential.History, u.Credential.Seed, u.Credential.NewSeed
		u.Credential = next
		u.Credential.History, u.Credential.Seed, u.Credential.NewSeed = history, seed, newSeed
		return nil
	})
	if err != nil {
		return nil, orNoUser(err)
	}
	return user, s.sendInvitation(ctx, pool, user, to, password, in.ClientMetadata)
}

func invited(u *store.User) error {
	if u.Status != cognitoidp.UserStatusTypeForceChangePassword {
		return fault.UnsupportedUserState(fmt.Sprintf(textResendState, u.Username))
	}
	return nil
}

// invitationContacts is where an invitation goes: everywhere the request asks for and the
// user has a contact. Without a request it is the phone number, else the e-mail address,
// else nowhere: callers that name no medium and no contact send the password themselves.
func invitationContacts(u *store.User, media []cognitoidp.DeliveryMediumType) ([]contact, error) {
	asked := len(media) > 0
	if !asked {
		media = []cognitoidp.DeliveryMediumType{message.SMS, message.Email}
	}
	var to []contact
	for _, medium := range media {
		name := message.AttributeOf(medium)
		c := contact{attribute: name, value: u.Attributes[name]}
		if c.value != "" && !slices.Contains(to, c) {
			to = append(to, c)
		}
	}
	switch {
	case asked && len(to) == 0:
		return nil, fault.InvalidParameter(textNoMedium)
	case !asked && len(to) > 1:
		to = to[:1]
	}
	return to, nil
}

func (s *Service) sendInvitation(ctx context.Context, pool *catalog.Pool, u *store.User, to []contact, password string, metadata api.StringMap) error {
	for _, c := range to {
		i := issue{contact: c, code: password, record: store.Code{Expires: u.Credential.TemporaryUntil}}
		if err := s.deliver(ctx, pool, trigger.ClientNotApplicable, u, trigger.MessageAdminCreateUser, i, metadata); err != nil {
			return err
		}
	}
	return nil
}
