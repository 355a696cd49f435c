package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// localProvider is how links name the pool's own directory.
	localProvider = "Cognito"
	// subjectAttribute names what a provider itself calls its user: sub, id, user_id or NameID.
	subjectAttribute = "Cognito_Subject"
	// maxIdentityValue is how long the value may be that an identity is known by.
	maxIdentityValue = 2048
	// linkRaces is how often a link is judged again because others were made meanwhile.
	linkRaces = 3
)

// AdminLinkProviderForUser lets who signs in through an identity provider, and has not yet,
// be an existing user. The link is kept as a name of that user, so it belongs to one.
func (s *Service) AdminLinkProviderForUser(ctx context.Context, call *api.Call, in *cognitoidp.AdminLinkProviderForUserRequest) (*cognitoidp.AdminLinkProviderForUserResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	l := link{pool: pool, key: identityKey(in.SourceUser), identity: store.Identity{
		UserID: api.Value(in.SourceUser.ProviderAttributeValue), ProviderName: api.Value(in.SourceUser.ProviderName),
		DateCreated: call.Time.UnixMilli(),
	}}
	if l.identity.ProviderType, err = s.checkSource(ctx, pool, in.SourceUser); err != nil {
		return nil, err
	}
	user, err := s.destination(ctx, pool, in.DestinationUser)
	if err != nil {
		return nil, orNoUser(err)
	}
	for range linkRaces {
		if err := s.linkable(ctx, l, user); err != nil {
			return nil, err
		}
		_, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{}, s.apply(l))
		if !isExists(err) {
			return &cognitoidp.AdminLinkProviderForUserResponse{}, orNoUser(err)
		}
	}
	return nil, fault.TooManyRequests(textBusy).Because(err)
}

// link is an identity on its way to a user, with the name that will find the user by it.
type link struct {
	pool     *catalog.Pool
	key      store.Key
	identity store.Identity
}

func identityKey(who *cognitoidp.ProviderUserIdentifierType) store.Key {
	return store.IdentityKey(api.Value(who.ProviderName), api.Value(who.ProviderAttributeName), api.Value(who.ProviderAttributeValue))
}

func isLocal(provider *string) bool { return strings.EqualFold(api.Value(provider), localProvider) }

// checkSource judges the identity of a link and returns the type of its provider. Social
// providers know their users by their subject; those of OIDC and SAML, also by what is
// mapped to an attribute of the pool.
func (s *Service) checkSource(ctx context.Context, pool *catalog.Pool, who *cognitoidp.ProviderUserIdentifierType) (string, error) {
	if isLocal(who.ProviderName) {
		return "", fault.InvalidParameter(textLocalSource)
	}
	provider, err := s.provider(ctx, pool, who.ProviderName)
	if err != nil {
		return "", err
	}
	kind := api.Value(provider.Config.ProviderType)
	attribute := api.Value(who.ProviderAttributeName)
	_, mapped := provider.Config.AttributeMapping[attribute]
	mapped = mapped && (kind == cognitoidp.IdentityProviderTypeTypeOidc || kind == cognitoidp.IdentityProviderTypeTypeSaml)
	length := utf8.RuneCountInString(api.Value(who.ProviderAttributeValue))
	switch {
	case attribute != subjectAttribute && !mapped:
		return "", fault.InvalidParameter(fmt.Sprintf(textSourceAttribute, provider.Name))
	case length == 0 || length > maxIdentityValue:
		return "", fault.InvalidParameter(textSourceValue)
	}
	return string(kind), nil
}

// provider returns an identity provider of the pool. The model does not require its name.
func (s *Service) provider(ctx context.Context, pool *catalog.Pool, name *string) (*store.Provider, error) {
	if name == nil {
		return nil, fault.InvalidParameter(textNoProviderName)
	}
	x, err := s.store.Providers().Find(ctx, pool.Internal(), *name)
	if errors.Is(err, store.ErrNotFound) {
		// Without its cause, which would read as a user that is not there.
		err = fault.ResourceNotFound(fmt.Sprintf(textNoProvider, *name))
	}
	return x, err
}

// destination finds the user that an identity is linked to: by a user name, or by what a
// provider calls a user who came through it. It is store.ErrNotFound for nobody.
func (s *Service) destination(ctx context.Context, pool *catalog.Pool, who *cognitoidp.ProviderUserIdentifierType) (*store.User, error) {
	value := api.Value(who.ProviderAttributeValue)
	if isLocal(who.ProviderName) {
		return s.Find(ctx, pool, value)
	}
	provider, err := s.provider(ctx, pool, who.ProviderName)
	if err != nil {
		return nil, err
	}
	return s.store.FindUser(ctx, pool.Internal(),
		store.IdentityKey(provider.Name, subjectAttribute, value), profileKey(pool, provider.Name, value))
}

// profileKey finds the user who came through a provider, by the user name that such users
// have (Cognito guide: the provider's name, an underscore, the subject).
func profileKey(pool *catalog.Pool, provider, subject string) store.Key {
	return store.Key{Kind: store.KeyUsername, Value: pool.Fold(store.KeyUsername, provider+"_"+subject)}
}

// linkable refuses an identity that somebody has: by a link, or as a profile of its own.
func (s *Service) linkable(ctx context.Context, l link, to *store.User) error {
	owner, err := s.store.FindUser(ctx, l.pool.Internal(), l.key)
	switch {
	case err == nil:
		return heldBy(owner, l, to)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	owner, err = s.store.FindUser(ctx, l.pool.Internal(), profileKey(l.pool, l.identity.ProviderName, l.identity.UserID))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case owner.Status == cognitoidp.UserStatusTypeExternalProvider:
		return fault.InvalidParameter(textMerging)
	}
	return nil // a user of the pool that only has such a name
}

func heldBy(owner *store.User, l link, to *store.User) error {
	if owner.ID == to.ID {
		return fault.InvalidParameter(textAlreadyLinked)
	}
	list, err := owner.Identities()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(list, l.isIdentity); i >= 0 && list[i].Primary {
		return fault.InvalidParameter(textMerging)
	}
	return fault.AliasExists(textLinkedElsewhere)
}

// isIdentity says whether an entry among a user's identities is the link's.
func (l link) isIdentity(one store.Identity) bool {
	return one.ProviderName == l.identity.ProviderName && one.UserID == l.identity.UserID
}

// apply returns the mutation that links an identity to a user.
func (s *Service) apply(l link) func(*store.User) error {
	return func(u *store.User) error {
		list, err := u.Identities()
		if err != nil {
			return err
		}
		linked := 0
		for _, one := range list {
			if !one.Primary {
				linked++
			}
		}
		switch {
		case slices.Contains(u.Keys, l.key):
			return fault.InvalidParameter(textAlreadyLinked)
		case hasImmutable(l.pool, u):
			return fault.InvalidParameter(textImmutableProfile)
		case s.limits.LinksPerUser > 0 && linked >= s.limits.LinksPerUser:
			return fault.LimitExceeded(fmt.Sprintf(textLinkLimit, s.limits.LinksPerUser))
		}
		u.Keys = append(u.Keys, l.key)
		return u.SetIdentities(append(list, l.identity))
	}
}

// hasImmutable says whether the user has a custom attribute that a provider could not
// change (the model: the operation then does not succeed).
func hasImmutable(pool *catalog.Pool, u *store.User) bool {
	for name := range u.Attributes {
		entry, ok := pool.Attribute(name)
		if ok && strings.HasPrefix(name, catalog.CustomPrefix) && entry.Mutable != nil && !*entry.Mutable {
			return true
		}
	}
	return false
}

// AdminDisableProviderForUser takes a link away, so that who signs in through the provider
// is that user no more, or bars a user of the pool from signing in with a password.
func (s *Service) AdminDisableProviderForUser(ctx context.Context, _ *api.Call, in *cognitoidp.AdminDisableProviderForUserRequest) (*cognitoidp.AdminDisableProviderForUserResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if isLocal(in.User.ProviderName) {
		err = s.barPassword(ctx, pool, in.User)
	} else {
		err = s.unlink(ctx, pool, in.User)
	}
	return &cognitoidp.AdminDisableProviderForUserResponse{}, orNoUser(err)
}

// barPassword takes a user's password away until an administrator sets another one.
func (s *Service) barPassword(ctx context.Context, pool *catalog.Pool, who *cognitoidp.ProviderUserIdentifierType) error {
	if api.Value(who.ProviderAttributeName) != subjectAttribute {
		return fault.InvalidParameter(fmt.Sprintf(textSourceAttribute, localProvider))
	}
	user, err := s.Find(ctx, pool, api.Value(who.ProviderAttributeValue))
	if err != nil {
		return err
	}
	_, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{}, func(u *store.User) error {
		u.Credential.BarPassword()
		return nil
	})
	return err
}

// unlink takes away the link that who names by the words by which it was made. The provider
// need not be there any more.
func (s *Service) unlink(ctx context.Context, pool *catalog.Pool, who *cognitoidp.ProviderUserIdentifierType) error {
	l := link{pool: pool, key: identityKey(who), identity: store.Identity{
		UserID: api.Value(who.ProviderAttributeValue), ProviderName: api.Value(who.ProviderName),
	}}
	user, err := s.store.FindUser(ctx, pool.Internal(), l.key)
	if errors.Is(err, store.ErrNotFound) {
		if _, missing := s.provider(ctx, pool, who.ProviderName); missing != nil {
			return missing
		}
	}
	if err != nil {
		return err
	}
	_, err = s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{}, func(u *store.User) error {
		at := slices.Index(u.Keys, l.key)
		if at < 0 {
			return store.ErrNotFound
		}
		u.Keys = slices.Delete(u.Keys, at, at+1)
		list, err := u.Identities()
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(list, l.isIdentity); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
		return u.SetIdentities(list)
	})
	return err
}
