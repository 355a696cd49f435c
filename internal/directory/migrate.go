package directory

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Migration asks the owner of a pool for a user that the pool does not have.
type Migration struct {
	Client *catalog.Client
	// Name is what was typed, Password too; there is none where a password was forgotten.
	Name, Password string
	Source         trigger.UserMigrationSource
	// Metadata is the request's ClientMetadata, ValidationData that of InitiateAuth.
	Metadata, ValidationData map[string]string
}

// textMigration is recorded from AWS.
const textMigration = "Exception migrating user in app client "

// errMigration is what a failed migration leads to.
func errMigration(c *catalog.Client, why error) error {
	return fault.UserNotFound(textMigration + c.ID()).Because(why)
}

// Migrate runs the UserMigration trigger and stores the user that it returns. The error is
// store.ErrNotFound where the owner has no such user and the client hides users, and where
// there is no trigger; UserNotFoundException with Cognito's text where the function failed,
// returned none, or one that cannot be stored; and PreSignUp's, which runs for migrated
// users, too.
func (s *Service) Migrate(ctx context.Context, now time.Time, m Migration) (*store.User, error) {
	pool := m.Client.Pool
	if !s.triggers.Configured(pool, trigger.KindUserMigration) {
		return nil, store.ErrNotFound
	}
	answer, err := s.triggers.UserMigration(ctx, trigger.UserMigrationEvent{
		Subject:  trigger.Subject{Pool: pool, ClientID: m.Client.ID(), Username: m.Name, ClientMetadata: m.Metadata},
		Source:   m.Source,
		Password: m.Password, ValidationData: m.ValidationData,
	})
	switch {
	case err != nil:
		return nil, errMigration(m.Client, err)
	case !answer.Found && m.Client.HidesUsers():
		return nil, store.ErrNotFound
	case !answer.Found:
		return nil, errMigration(m.Client, errors.New("the function returned no user"))
	}
	user, err := s.draftMigrated(ctx, now, m, answer)
	if err != nil {
		return nil, errMigration(m.Client, err)
	}
	_, err = s.triggers.PreSignUp(ctx, trigger.PreSignUpEvent{
		Subject:        subject(pool, m.Client.ID(), user, m.Metadata),
		Source:         trigger.PreSignUpAdminCreateUser,
		ValidationData: m.ValidationData,
	})
	if err != nil {
		return nil, err
	}
	if user.Status == cognitoidp.UserStatusTypeConfirmed {
		if user.Credential, err = s.credential.New(ctx, pool, user.Username, m.Password); err != nil {
			return nil, err
		}
	}
	options := store.CreateOptions{Steal: answer.ForceAliasCreation && aliasesMove(pool)}
	err = s.store.CreateUser(ctx, user, options)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		// Another request has migrated the user meanwhile; else it is another's name.
		if found, err := s.Find(ctx, pool, m.Name); err == nil {
			return found, nil
		}
		return nil, errMigration(m.Client, exists)
	}
	if err != nil {
		return nil, err
	}
	return user, s.welcome(ctx, m, answer, user)
}

// draftMigrated returns the user that a function describes, without a credential.
func (s *Service) draftMigrated(ctx context.Context, now time.Time, m Migration, answer trigger.UserMigrationResponse) (*store.User, error) {
	pool := m.Client.Pool
	if _, given := answer.Attributes[catalog.Sub]; given {
		return nil, errors.New("the function returned a sub")
	}
	var list []attribute
	for _, name := range slices.Sorted(maps.Keys(answer.Attributes)) {
		if name != "username" && name != userStatusAttribute {
			list = append(list, normal(pool, name, answer.Attributes[name]))
		}
	}
	name, nameIs, err := migratedName(pool, m.Name, answer.Attributes["username"])
	if err != nil {
		return nil, err
	}
	if list, err = withName(pool, nameIs, name, list); err != nil {
		return nil, err
	}
	if err := checkInvited(pool, list); err != nil {
		return nil, err
	}
	user, err := s.newUser(&api.Call{Time: now}, pool, name, values(list))
	if err != nil {
		return nil, err
	}
	user.Status = cognitoidp.UserStatusTypeResetRequired
	// Only a password that was typed can be kept.
	if answer.FinalUserStatus == string(cognitoidp.UserStatusTypeConfirmed) && m.Password != "" {
		user.Status = cognitoidp.UserStatusTypeConfirmed
	}
	if answer.EnableSMSMFA {
		if !pool.Offers(catalog.FactorSMS) || user.Attributes[catalog.PhoneNumber] == "" {
			return nil, errors.New("SMS cannot be the user's second factor")
		}
		user.MFA = store.MFA{SMS: true, Preferred: cognitoidp.ChallengeNameTypeSmsMfa}
	}
	user.Keys = KeysOf(pool, user)
	kind, err := s.nameTaken(ctx, pool, user, answer.ForceAliasCreation && aliasesMove(pool))
	if err == nil && kind != "" {
		err = errors.New("another user has the same " + string(kind))
	}
	if err != nil {
		return nil, err
	}
	return user, s.checkUserQuota(ctx, pool, fault.LimitExceeded)
}

// userStatusAttribute is what events call the status; handlers send it back.
const userStatusAttribute = "cognito:user_status"

// migratedName is the user name that a migrated user gets: what was typed, or what the
// function calls the user who was named by an alias.
func migratedName(pool *catalog.Pool, typed, returned string) (name, nameIs string, err error) {
	if pool.UsernameKind() == catalog.UsernameFree && returned != "" {
		typed = returned
	}
	nameIs, err = nameOf(pool, typed)
	return typed, nameIs, err
}

// welcome sends a migrated user the invitation that the function asks for, which tells of
// no password: nobody but the user knows it. A message that cannot be sent undoes nothing.
func (s *Service) welcome(ctx context.Context, m Migration, answer trigger.UserMigrationResponse, user *store.User) error {
	if answer.MessageAction == string(cognitoidp.MessageActionTypeSuppress) {
		return nil
	}
	media := []cognitoidp.DeliveryMediumType{message.SMS}
	if len(answer.DesiredDeliveryMediums) > 0 {
		media = media[:0]
		for _, medium := range answer.DesiredDeliveryMediums {
			media = append(media, cognitoidp.DeliveryMediumType(medium))
		}
	}
	to, err := invitationContacts(user, media)
	if err != nil { // the user has no such contact
		return nil
	}
	for _, c := range to {
		err := s.sendInvitation(ctx, m.Client.Pool, user, []contact{c}, "", m.Metadata)
		if err != nil && !fault.Is(err, "CodeDeliveryFailureException") { // the log knows of that one
			return err
		}
	}
	return nil
}
