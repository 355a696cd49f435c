package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// update is a change of a user's attributes by their client, or by an administrator.
type update struct {
	pool     *catalog.Pool
	client   *catalog.Client // nil: an administrator
	user     *store.User
	list     []attribute
	clientID string // as triggers see it
	metadata api.StringMap
}

// UpdateUserAttributes changes the caller's attributes, all or none of them, and sends a
// code to each contact that is to be verified.
func (s *Service) UpdateUserAttributes(ctx context.Context, call *api.Call, in *cognitoidp.UpdateUserAttributesRequest) (*cognitoidp.UpdateUserAttributesResponse, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	sent, err := s.update(ctx, call, update{
		pool: client.Pool, client: client, user: user, list: given(client.Pool, in.UserAttributes),
		clientID: client.ID(), metadata: in.ClientMetadata,
	})
	if err != nil {
		return nil, err
	}
	details := make([]cognitoidp.CodeDeliveryDetailsType, 0, len(sent))
	for _, i := range sent {
		details = append(details, *i.details())
	}
	return &cognitoidp.UpdateUserAttributesResponse{CodeDeliveryDetailsList: details}, nil
}

// AdminUpdateUserAttributes is UpdateUserAttributes for any user, and may set the
// verified flags and the attributes of developers.
func (s *Service) AdminUpdateUserAttributes(ctx context.Context, call *api.Call, in *cognitoidp.AdminUpdateUserAttributesRequest) (*cognitoidp.AdminUpdateUserAttributesResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, call, update{
		pool: pool, user: user, list: given(pool, in.UserAttributes),
		clientID: trigger.ClientNotApplicable, metadata: in.ClientMetadata,
	})
	return &cognitoidp.AdminUpdateUserAttributesResponse{}, err
}

// update checks and stores a change, then sends the codes that it asks for.
func (s *Service) update(ctx context.Context, call *api.Call, w update) ([]issue, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if err := s.checkNewNames(ctx, w); err != nil {
		return nil, err
	}
	var to []contact
	options := store.UpdateOptions{Steal: w.client == nil && aliasesMove(w.pool)}
	user, err := s.store.UpdateUser(ctx, w.pool.Internal(), w.user.ID, options, func(u *store.User) (err error) {
		to, err = w.apply(u)
		return err
	})
	if err != nil {
		return nil, AliasTaken(orNoUser(err))
	}
	return s.sendAttributeCodes(ctx, call, w, user, to)
}

// sendAttributeCodes stores and sends a code for each changed contact. All codes are stored
// first, so that a failed delivery leaves no older one alive.
func (s *Service) sendAttributeCodes(ctx context.Context, call *api.Call, w update, u *store.User, to []contact) ([]issue, error) {
	issues := make([]issue, len(to))
	for n, c := range to {
		i, err := s.newCode(call, w.pool, u.ID, store.CodeAttribute, c)
		if err != nil {
			return nil, err
		}
		if err := s.store.PutCode(ctx, w.pool.Internal(), u.ID, i.record); err != nil {
			return nil, err
		}
		issues[n] = i
	}
	for _, i := range issues {
		err := s.deliver(ctx, w.pool, w.clientID, u, trigger.MessageUpdateUserAttribute, i, w.metadata)
		if w.client == nil {
			err = message.AsRoleFault(err, i.medium())
		}
		if err != nil {
			return nil, err
		}
	}
	return issues, nil
}

// check judges what needs no look at the user.
func (w update) check() error {
	if w.client != nil {
		if err := checkWritable(w.client, namesOf(w.list)...); err != nil {
			return err
		}
	}
	var unknown, immutable complaints
	for _, a := range w.list {
		if reason := refusal(w.pool, a); reason != "" {
			unknown.add("user.", a.name, reason)
			continue
		}
		if reason := unchangeable(w.pool, a); reason != "" {
			immutable.add("user.", a.name, reason)
		}
	}
	if err := unknown.fault(""); err != nil {
		return err
	}
	if err := immutable.fault(""); err != nil {
		return err
	}
	if err := checkFormats(w.list); err != nil {
		return err
	}
	return checkPreferred(w.pool, w.value(catalog.PreferredUsername))
}

// unchangeable says why an attribute of an existing user cannot become what is given, ""
// where it can. An immutable attribute cannot be set later either, not even by an
// administrator (measured on AWS).
func unchangeable(pool *catalog.Pool, a attribute) string {
	entry, _ := pool.Attribute(a.name)
	switch {
	case serverOwned(a.name), entry.Mutable != nil && !*entry.Mutable:
		return reasonImmutable
	case a.value == "" && slices.Contains(pool.RequiredAttributes(), a.name):
		return reasonRequired
	default:
		return ""
	}
}

// checkPreferred keeps preferred_username, where it is an alias, from reading as an alias
// of another kind.
func checkPreferred(pool *catalog.Pool, value string) error {
	if !pool.AliasAttributes().Has(catalog.PreferredUsername) {
		return nil
	}
	return unlikeAlias(pool, value, textPreferredEmail, textPreferredPhone)
}

// checkNewNames refuses names that belong to somebody else, where they count at once. The
// store refuses most of them too; it does not see a preferred_username that is a user
// name, nor an address that waits for its verification.
func (s *Service) checkNewNames(ctx context.Context, w update) error {
	for _, kind := range aliasKinds(w.pool) {
		value, name := w.value(string(kind)), string(kind)
		if value == "" || kind != store.KeyPreferredUsername && aliasesMove(w.pool) {
			continue
		}
		key := store.Key{Kind: kind, Value: w.pool.Fold(kind, value)}
		taken, err := s.taken(ctx, w.pool, w.user.ID, rivals(key)...)
		if err != nil {
			return err
		}
		if taken {
			return fault.AliasExists(fmt.Sprintf(textGiven, name))
		}
	}
	return nil
}

// value returns what the update sets an attribute to, "" where it does not.
func (w update) value(name string) string {
	value, _ := w.lookup(name)
	return value
}

func (w update) lookup(name string) (value string, ok bool) {
	i := slices.IndexFunc(w.list, func(a attribute) bool { return a.name == name })
	if i < 0 {
		return "", false
	}
	return w.list[i].value, true
}

// apply makes the change on a fresh record and returns the contacts to send codes to.
func (w update) apply(u *store.User) ([]contact, error) {
	named := hasSignInName(w.pool, u)
	for _, a := range w.list {
		if isContact(a.name) || isVerifiedFlag(a.name) {
			continue
		}
		setAttribute(u, a.name, a.value)
	}
	var to []contact
	for _, name := range contacts() {
		if value, ok := w.lookup(name); ok && w.applyContact(u, name, value) {
			to = append(to, contact{attribute: name, value: value})
		}
		if err := w.applyFlag(u, name); err != nil {
			return nil, err
		}
	}
	if err := keepSignInName(w.pool, u, named); err != nil {
		return nil, err
	}
	u.Keys = KeysOf(w.pool, u)
	return to, nil
}

// applyContact changes an e-mail address or phone number and says whether a code goes to
// the new value. Where the pool keeps the original, the new value only waits, unless an
// administrator vouches for it in the same request.
func (w update) applyContact(u *store.User, name, value string) (send bool) {
	vouched := w.value(verifiedFlag(name)) == "true"
	switch {
	case value == "":
		dropContact(u, name)
		return false
	case value == u.Attributes[name]:
		delete(u.Pending, name)
		return false
	case w.pool.KeepOriginal(name) && !vouched:
		if u.Pending == nil {
			u.Pending = make(map[string]string)
		}
		u.Pending[name] = value
		return true
	}
	setAttribute(u, name, value)
	setAttribute(u, verifiedFlag(name), "false")
	delete(u.Pending, name)
	return w.pool.AutoVerified(name) && !vouched
}

// applyFlag sets a contact's verified flag, which only an administrator can give. While a
// new value waits in the same request, the flag would be about a value that is not there.
func (w update) applyFlag(u *store.User, name string) error {
	flag, ok := w.lookup(verifiedFlag(name))
	if !ok {
		return nil
	}
	if u.Attributes[name] == "" && flag != "" {
		return fault.InvalidParameter(verifyNothing(name))
	}
	if value, changed := w.lookup(name); changed && value != u.Attributes[name] {
		return nil
	}
	setAttribute(u, verifiedFlag(name), flag)
	return nil
}

func verifyNothing(contact string) string {
	if contact == catalog.PhoneNumber {
		return textPhoneMissing
	}
	return textEmailMissing
}

// hasSignInName says whether u can sign in by the pool's rules: with a user name, or with
// one of the attributes that stand for it.
func hasSignInName(pool *catalog.Pool, u *store.User) bool {
	names := pool.UsernameAttributes()
	return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return u.Attributes[n] != "" })
}

// keepSignInName refuses a change that takes away the last attribute that stood for the
// user name: nobody could sign in as that user any more.
func keepSignInName(pool *catalog.Pool, u *store.User, before bool) error {
	if !before || hasSignInName(pool, u) {
		return nil
	}
	var c complaints
	c.add("user.", pool.UsernameAttributes()[0], reasonRequired)
	return c.fault("")
}

func setAttribute(u *store.User, name, value string) {
	if value == "" {
		delete(u.Attributes, name)
		return
	}
	if u.Attributes == nil {
		u.Attributes = make(map[string]string)
	}
	u.Attributes[name] = value
}

// dropContact deletes a contact with all that is said about it.
func dropContact(u *store.User, name string) {
	delete(u.Attributes, name)
	delete(u.Attributes, verifiedFlag(name))
	delete(u.Pending, name)
}

func isContact(name string) bool { return slices.Contains(contacts(), name) }

func isVerifiedFlag(name string) bool {
	contact, ok := strings.CutSuffix(name, "_verified")
	return ok && isContact(contact)
}

func isCustom(name string) bool {
	return strings.HasPrefix(name, catalog.CustomPrefix) || strings.HasPrefix(name, catalog.DeveloperPrefix)
}

// DeleteUserAttributes deletes attributes of the caller, all or none of them.
func (s *Service) DeleteUserAttributes(ctx context.Context, call *api.Call, in *cognitoidp.DeleteUserAttributesRequest) (*cognitoidp.DeleteUserAttributesResponse, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	err = s.deleteAttributes(ctx, client.Pool, client, user, in.UserAttributeNames)
	return &cognitoidp.DeleteUserAttributesResponse{}, err
}

// AdminDeleteUserAttributes is DeleteUserAttributes for any user.
func (s *Service) AdminDeleteUserAttributes(ctx context.Context, _ *api.Call, in *cognitoidp.AdminDeleteUserAttributesRequest) (*cognitoidp.AdminDeleteUserAttributesResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	err = s.deleteAttributes(ctx, pool, nil, user, in.UserAttributeNames)
	return &cognitoidp.AdminDeleteUserAttributesResponse{}, err
}

// deleteAttributes deletes what there is of the named attributes; a nil client is an
// administrator.
func (s *Service) deleteAttributes(ctx context.Context, pool *catalog.Pool, client *catalog.Client, user *store.User, names []string) error {
	if client != nil {
		if err := checkWritable(client, names...); err != nil {
			return err
		}
	}
	if err := checkDeletable(pool, names); err != nil {
		return err
	}
	_, err := s.store.UpdateUser(ctx, pool.Internal(), user.ID, store.UpdateOptions{}, func(u *store.User) error {
		named := hasSignInName(pool, u)
		for _, name := range names {
			if isContact(name) {
				dropContact(u, name)
			}
			setAttribute(u, name, "")
		}
		if err := keepSignInName(pool, u, named); err != nil {
			return err
		}
		u.Keys = KeysOf(pool, u)
		return nil
	})
	return orNoUser(err)
}

func checkDeletable(pool *catalog.Pool, names []string) error {
	var unknown, immutable complaints
	for _, name := range names {
		if _, ok := pool.Attribute(name); !ok {
			unknown.add("user.", name, reasonUnknown)
			continue
		}
		if reason := unchangeable(pool, attribute{name: name}); reason != "" {
			immutable.add("user.", name, reason)
		}
	}
	if err := unknown.fault(textInvalid); err != nil {
		return err
	}
	return immutable.fault("")
}
