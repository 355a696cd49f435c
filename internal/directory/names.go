package directory

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// contacts are the attributes that receive codes, in the order in which one is chosen
// where both could be (Cognito guide: the phone number wins).
func contacts() []string { return []string{catalog.PhoneNumber, catalog.Email} }

// verifiedFlag returns the attribute that says whether a contact is verified.
func verifiedFlag(contact string) string { return contact + "_verified" }

func verified(u *store.User, contact string) bool {
	return u.Attributes[verifiedFlag(contact)] == "true"
}

// Find returns the user that a name means where an operation asks for a user name: the
// user name itself, else the sub, else one of the aliases of the pool that are live. It
// is store.ErrNotFound where it means nobody.
func (s *Service) Find(ctx context.Context, pool *catalog.Pool, name string) (*store.User, error) {
	keys := []store.Key{
		{Kind: store.KeyUsername, Value: pool.Fold(store.KeyUsername, name)},
		{Kind: store.KeySub, Value: name},
	}
	for _, kind := range aliasKinds(pool) {
		keys = append(keys, store.Key{Kind: kind, Value: pool.Fold(kind, name)})
	}
	return s.store.FindUser(ctx, pool.Internal(), keys...)
}

// aliasKinds are the kinds of names besides user name and sub that a pool's users have,
// in the order in which they are tried. Their values are attribute names.
func aliasKinds(pool *catalog.Pool) []store.KeyKind {
	var kinds []store.KeyKind
	for _, kind := range []store.KeyKind{store.KeyPreferredUsername, store.KeyEmail, store.KeyPhone} {
		if pool.AliasAttributes().Has(string(kind)) || pool.UsernameAttributes().Has(string(kind)) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// KeysOf returns every name that finds u: its user name, its sub, its live aliases, and the
// identities that are among its Keys, which no attribute tells. Whoever changes a user's
// attributes sets Keys to it in the same mutation.
func KeysOf(pool *catalog.Pool, u *store.User) []store.Key {
	keys := []store.Key{
		{Kind: store.KeyUsername, Value: pool.Fold(store.KeyUsername, u.Username)},
		{Kind: store.KeySub, Value: u.Sub},
	}
	for _, kind := range aliasKinds(pool) {
		value := u.Attributes[string(kind)]
		atOnce := kind == store.KeyPreferredUsername || pool.UsernameAttributes().Has(string(kind))
		if value != "" && (atOnce || verified(u, string(kind))) {
			keys = append(keys, store.Key{Kind: kind, Value: pool.Fold(kind, value)})
		}
	}
	for _, key := range u.Keys {
		if key.Kind == store.KeyIdentity {
			keys = append(keys, key)
		}
	}
	return keys
}

// nameOf judges the user name that a new user was given. Where the pool takes e-mail
// addresses or phone numbers for user names, it returns the attribute that name is.
func nameOf(pool *catalog.Pool, name string) (attribute string, err error) {
	email, phone := emailShaped(name), phoneShaped(name)
	switch pool.UsernameKind() {
	case catalog.UsernameEmail:
		if !email {
			return "", fault.InvalidParameter(textNotEmail)
		}
		return catalog.Email, nil
	case catalog.UsernamePhone:
		if !phone {
			return "", fault.InvalidParameter(textNotPhone)
		}
		return catalog.PhoneNumber, nil
	case catalog.UsernameEmailOrPhone:
		switch {
		case email:
			return catalog.Email, nil
		case phone:
			return catalog.PhoneNumber, nil
		}
		return "", fault.InvalidParameter(textNotEmailOrPhone)
	default:
		return "", unlikeAlias(pool, name, textEmailShaped, textPhoneShaped)
	}
}

// unlikeAlias refuses a name that reads as one of the pool's e-mail or phone number
// aliases: it would stand before the alias of whoever owns that address.
func unlikeAlias(pool *catalog.Pool, name, emailText, phoneText string) error {
	switch aliases := pool.AliasAttributes(); {
	case aliases.Has(catalog.Email) && emailShaped(name):
		return fault.InvalidParameter(emailText)
	case aliases.Has(catalog.PhoneNumber) && phoneShaped(name):
		return fault.InvalidParameter(phoneText)
	default:
		return nil
	}
}

// withName puts the user name of a new user among its attributes, where it is one.
func withName(pool *catalog.Pool, nameIs, name string, list []attribute) ([]attribute, error) {
	if nameIs == "" {
		return list, nil
	}
	named := attribute{name: nameIs, value: name}
	i := slices.IndexFunc(list, func(a attribute) bool { return a.name == nameIs })
	if i < 0 {
		return append(list, named), nil
	}
	kind := store.KeyKind(nameIs)
	if given := list[i].value; given != "" && pool.Fold(kind, given) != pool.Fold(kind, name) {
		return nil, fault.InvalidParameter(fmt.Sprintf(textNameDiffers, nameIs))
	}
	list[i] = named
	return list, nil
}

// nameTaken returns the kind of the first of the new user's names that somebody has, ""
// when all are free. movable says that e-mail and phone number aliases will be taken over.
func (s *Service) nameTaken(ctx context.Context, pool *catalog.Pool, u *store.User, movable bool) (store.KeyKind, error) {
	if u.Username != u.Sub { // the server makes no name twice
		if taken, err := s.taken(ctx, pool, u.ID, usernameRivals(pool, u.Username)...); taken || err != nil {
			return store.KeyUsername, err
		}
	}
	for _, key := range KeysOf(pool, u)[2:] {
		if movable && key.Kind != store.KeyPreferredUsername {
			continue
		}
		if taken, err := s.taken(ctx, pool, u.ID, rivals(key)...); taken || err != nil {
			return key.Kind, err
		}
	}
	return "", nil
}

// usernameRivals are the keys that must not find anybody when a user gets a user name:
// besides the user name itself the sub and the preferred_username that it would be found
// before, and whose owner's place it would take.
func usernameRivals(pool *catalog.Pool, name string) []store.Key {
	keys := []store.Key{
		{Kind: store.KeyUsername, Value: pool.Fold(store.KeyUsername, name)},
		{Kind: store.KeySub, Value: name},
	}
	if pool.AliasAttributes().Has(catalog.PreferredUsername) {
		keys = append(keys, store.Key{
			Kind: store.KeyPreferredUsername, Value: pool.Fold(store.KeyPreferredUsername, name),
		})
	}
	return keys
}

// rivals are the keys that must not find anybody else when a user gets key: besides key
// itself, the user name that would be found before a preferred_username.
func rivals(key store.Key) []store.Key {
	if key.Kind == store.KeyPreferredUsername {
		return []store.Key{key, {Kind: store.KeyUsername, Value: key.Value}}
	}
	return []store.Key{key}
}

// taken says whether one of the keys finds somebody but the given user.
func (s *Service) taken(ctx context.Context, pool *catalog.Pool, but store.UserID, keys ...store.Key) (bool, error) {
	for ; len(keys) > 0; keys = keys[1:] {
		owner, err := s.store.FindUser(ctx, pool.Internal(), keys...)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return false, nil
		case err != nil:
			return false, err
		case owner.ID != but:
			return true, nil
		}
	}
	return false, nil
}

// aliasesMove says whether an e-mail address or phone number may pass from one user to
// another by force: where it is an alias, and not where it stands for the user name.
func aliasesMove(pool *catalog.Pool) bool { return pool.UsernameKind() == catalog.UsernameFree }

// AliasTaken turns a store.ExistsError of an update into the AliasExistsException that a
// client sees, and returns other errors as they are.
func AliasTaken(err error) error { return aliasTaken(err, textGiven) }

func aliasTaken(err error, text string) error {
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return fault.AliasExists(fmt.Sprintf(text, exists.Kind)).Because(err)
	}
	return err
}

// emailShaped says whether s reads as local@domain. Characters that have a meaning in a
// message's header are refused, since the value becomes one.
func emailShaped(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && !slices.Contains(strings.Split(domain, "."), "") &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) &&
		!strings.ContainsAny(s, `,;:<>()[]"\`) && !strings.Contains(domain, "@")
}

// phonePattern is E.164: a plus, then at most fifteen digits.
var phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

func phoneShaped(s string) bool { return phonePattern.MatchString(s) }
