package token

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// groupsOf reads what a user's groups bring into the tokens: fresh for each pair of tokens.
// Who is in no group, as the user's own row says, costs no query.
func (s *Service) groupsOf(ctx context.Context, u *store.User) (trigger.GroupConfiguration, error) {
	if !u.Grouped {
		return trigger.GroupConfiguration{}, nil
	}
	list, err := s.store.GroupsOfUser(ctx, u.Pool, u.ID, "", math.MaxInt32)
	if err != nil {
		return trigger.GroupConfiguration{}, err
	}
	return configuration(list), nil
}

// configuration returns the names of groups and their roles, the group that takes precedence
// first, and the role of that group (the model's text on Precedence): the lowest number
// takes precedence, none is the last. Of equals neither does, and the older stands first;
// where the foremost groups with a role have different ones, no role is preferred.
func configuration(list []*store.Group) trigger.GroupConfiguration {
	list = slices.SortedFunc(slices.Values(list), func(a, b *store.Group) int {
		return cmp.Or(
			cmp.Compare(precedence(a), precedence(b)),
			cmp.Compare(created(a), created(b)),
			cmp.Compare(a.Name(), b.Name()),
		)
	})
	var out trigger.GroupConfiguration
	foremost := -1
	for _, g := range list {
		out.GroupsToOverride = append(out.GroupsToOverride, g.Name())
		role := api.Value(g.Config.RoleArn)
		switch {
		case role == "":
			continue
		case foremost < 0:
			foremost, out.PreferredRole = precedence(g), role
		case precedence(g) == foremost && role != out.PreferredRole:
			out.PreferredRole = ""
		}
		if !slices.Contains(out.IAMRolesToOverride, role) {
			out.IAMRolesToOverride = append(out.IAMRolesToOverride, role)
		}
	}
	return out
}

// precedence is a group's Precedence; a group without one comes after all that have one.
func precedence(g *store.Group) int {
	if g.Config.Precedence == nil {
		return math.MaxInt
	}
	return *g.Config.Precedence
}

func created(g *store.Group) api.Timestamp { return api.Value(g.Config.CreationDate) }

// identities adds the claim of that name: an array of objects whose values are texts,
// unlike those of the attribute (Cognito guide, "ID token payload").
func (o object) identities(list []store.Identity) object {
	if len(list) == 0 {
		return o
	}
	o = append(o.name("identities"), '[')
	for i, one := range list {
		if i > 0 {
			o = append(o, ',')
		}
		item := newObject().text("userId", one.UserID).text("providerName", one.ProviderName).
			text("providerType", one.ProviderType)
		if one.Issuer == nil {
			item = item.raw("issuer", "null")
		} else {
			item = item.text("issuer", *one.Issuer)
		}
		item = item.text("primary", strconv.FormatBool(one.Primary)).
			text("dateCreated", strconv.FormatInt(one.DateCreated, 10))
		o = append(o, item.close()...)
	}
	return append(o, ']')
}

// texts adds a claim that is a list of texts, unless the list is empty.
func (o object) texts(name string, list []string) object {
	if len(list) == 0 {
		return o
	}
	o = append(o.name(name), '[')
	for i, text := range list {
		if i > 0 {
			o = append(o, ',')
		}
		o = appendString(o, text)
	}
	return append(o, ']')
}
