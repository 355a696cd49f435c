package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// CreateGroup makes a group without members.
func (s *Service) CreateGroup(ctx context.Context, call *api.Call, in *cognitoidp.CreateGroupRequest) (*cognitoidp.CreateGroupResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if err := s.checkRole(in.RoleArn); err != nil {
		return nil, err
	}
	r := &cognitoidp.GroupType{CreationDate: api.Time(call.Time), LastModifiedDate: api.Time(call.Time)}
	r.Overlay(in)
	err = s.store.CreateGroup(ctx, &store.Group{Pool: pool.Internal(), Config: r}, s.limits.GroupsPerPool)
	switch {
	case isExists(err):
		return nil, fault.GroupExists(textGroupExists).Because(err)
	case errors.Is(err, store.ErrFull):
		return nil, fault.LimitExceeded(fmt.Sprintf(textGroupLimit, s.limits.GroupsPerPool)).Because(err)
	case errors.Is(err, store.ErrNotFound): // the pool was deleted meanwhile
		return nil, catalog.PoolNotFound(pool.ID())
	case err != nil:
		return nil, err
	}
	return &cognitoidp.CreateGroupResponse{Group: r}, nil
}

func isExists(err error) bool {
	_, ok := errors.AsType[*store.ExistsError](err)
	return ok
}

// checkRole refuses the role of another account: nobody may pass a role across accounts.
func (s *Service) checkRole(role *string) error {
	parts := strings.Split(api.Value(role), ":")
	if s.accountID == "" || len(parts) < 5 || parts[4] == "" || parts[4] == s.accountID {
		return nil
	}
	return fault.InvalidParameter(textCrossAccount)
}

// group returns the pool and the group that an operation names.
func (s *Service) group(ctx context.Context, poolID, name *string) (*catalog.Pool, *store.Group, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(poolID))
	if err != nil {
		return nil, nil, err
	}
	g, err := s.store.Group(ctx, pool.Internal(), api.Value(name))
	if err != nil {
		return nil, nil, orNoGroup(err)
	}
	return pool, g, nil
}

func orNoGroup(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.ResourceNotFound(textNoGroup).Because(err)
	}
	return err
}

// GetGroup shows a group.
func (s *Service) GetGroup(ctx context.Context, _ *api.Call, in *cognitoidp.GetGroupRequest) (*cognitoidp.GetGroupResponse, error) {
	_, g, err := s.group(ctx, in.UserPoolId, in.GroupName)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetGroupResponse{Group: g.Config}, nil
}

// groupRaces is how often UpdateGroup begins again because the group was changed meanwhile.
const groupRaces = 5

// UpdateGroup changes the members of a group that the request has; the others stay.
func (s *Service) UpdateGroup(ctx context.Context, call *api.Call, in *cognitoidp.UpdateGroupRequest) (*cognitoidp.UpdateGroupResponse, error) {
	for range groupRaces {
		_, g, err := s.group(ctx, in.UserPoolId, in.GroupName)
		if err != nil {
			return nil, err
		}
		if err := s.checkRole(in.RoleArn); err != nil {
			return nil, err
		}
		g.Config.Merge(in)
		g.Config.LastModifiedDate = api.Time(call.Time)
		err = s.store.UpdateGroup(ctx, g)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return nil, orNoGroup(err)
		}
		return &cognitoidp.UpdateGroupResponse{Group: g.Config}, nil
	}
	return nil, fault.TooManyRequests(textBusy)
}

// DeleteGroup deletes a group; its members stay users, and their next tokens do not name it.
func (s *Service) DeleteGroup(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteGroupRequest) (*api.Empty, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, orNoGroup(s.store.DeleteGroup(ctx, pool.Internal(), api.Value(in.GroupName)))
}

// ListGroups lists the groups of a pool by their names.
func (s *Service) ListGroups(ctx context.Context, call *api.Call, in *cognitoidp.ListGroupsRequest) (*cognitoidp.ListGroupsResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	groups, next, err := s.pageOfGroups(call, listContext(pool, "ListGroups"), in.NextToken, in.Limit,
		func(after string, limit int) ([]*store.Group, error) {
			return s.store.ListGroups(ctx, pool.Internal(), after, limit)
		})
	return &cognitoidp.ListGroupsResponse{Groups: groups, NextToken: next}, err
}

// AdminListGroupsForUser lists the groups that a user is in by their names.
func (s *Service) AdminListGroupsForUser(ctx context.Context, call *api.Call, in *cognitoidp.AdminListGroupsForUserRequest) (*cognitoidp.AdminListGroupsForUserResponse, error) {
	pool, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	groups, next, err := s.pageOfGroups(call, listContext(pool, "AdminListGroupsForUser", user.Sub), in.NextToken, in.Limit,
		func(after string, limit int) ([]*store.Group, error) {
			return s.store.GroupsOfUser(ctx, pool.Internal(), user.ID, after, limit)
		})
	return &cognitoidp.AdminListGroupsForUserResponse{Groups: groups, NextToken: next}, err
}

// pageOfGroups returns a page of a list of groups by name and the token of the next, nil on
// the last. about binds the tokens; read returns the groups after a name.
func (s *Service) pageOfGroups(call *api.Call, about []byte, token *string, size *int, read func(after string, limit int) ([]*store.Group, error)) ([]cognitoidp.GroupType, *string, error) {
	after, limit, err := s.openList(call, about, token, size)
	if err != nil {
		return nil, nil, err
	}
	groups, err := read(string(after), limit+1)
	if err != nil {
		return nil, nil, err
	}
	var next *string
	if len(groups) > limit {
		groups = groups[:limit]
		if next, err = s.sealPage(call, about, []byte(groups[limit-1].Name())); err != nil {
			return nil, nil, err
		}
	}
	out := make([]cognitoidp.GroupType, len(groups))
	for i, g := range groups {
		out[i] = *g.Config
	}
	return out, next, nil
}

// openList returns where a page begins, nil for the first, and how long it is.
func (s *Service) openList(call *api.Call, about []byte, token *string, size *int) (after []byte, limit int, err error) {
	limit = api.Value(size)
	if limit == 0 {
		limit = pageSize
	}
	if token != nil {
		after, err = s.openPage(call, about, *token, textNextToken)
	}
	return after, limit, err
}

// ListUsersInGroup lists the users of a group in the order of their creation.
func (s *Service) ListUsersInGroup(ctx context.Context, call *api.Call, in *cognitoidp.ListUsersInGroupRequest) (*cognitoidp.ListUsersInGroupResponse, error) {
	pool, g, err := s.group(ctx, in.UserPoolId, in.GroupName)
	if err != nil {
		return nil, err
	}
	about := listContext(pool, "ListUsersInGroup", string(g.ID[:]))
	after, limit, err := s.openList(call, about, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var last store.UserID
	copy(last[:], after)
	users, err := s.store.Members(ctx, g, last, limit+1)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListUsersInGroupResponse)
	if len(users) > limit {
		users = users[:limit]
		if out.NextToken, err = s.sealPage(call, about, users[limit-1].ID[:]); err != nil {
			return nil, err
		}
	}
	out.Users = make([]cognitoidp.UserType, len(users))
	for i, u := range users {
		out.Users[i] = *userType(u, nil)
	}
	return out, nil
}

// AdminAddUserToGroup puts a user into a group. The tokens of the user's next sign-in or
// refresh name it.
func (s *Service) AdminAddUserToGroup(ctx context.Context, _ *api.Call, in *cognitoidp.AdminAddUserToGroupRequest) (*api.Empty, error) {
	pool, g, user, err := s.member(ctx, in.UserPoolId, in.GroupName, in.Username)
	if err != nil {
		return nil, err
	}
	err = s.store.AddMember(ctx, pool.Internal(), g.Name(), user.ID, s.limits.GroupsPerUser)
	switch {
	case errors.Is(err, store.ErrNoGroup):
		return nil, orNoGroup(err)
	case errors.Is(err, store.ErrFull): // LimitExceededException is not declared
		return nil, fault.InvalidParameter(fmt.Sprintf(textMemberLimit, s.limits.GroupsPerUser)).Because(err)
	}
	return &api.Empty{}, orNoUser(err)
}

// AdminRemoveUserFromGroup takes a user out of a group, where the user is in it.
func (s *Service) AdminRemoveUserFromGroup(ctx context.Context, _ *api.Call, in *cognitoidp.AdminRemoveUserFromGroupRequest) (*api.Empty, error) {
	_, g, user, err := s.member(ctx, in.UserPoolId, in.GroupName, in.Username)
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, s.store.RemoveMember(ctx, g, user.ID)
}

// member returns the group and the user of an operation that names both; the group stands
// first in the order of errors.
func (s *Service) member(ctx context.Context, poolID, group, username *string) (*catalog.Pool, *store.Group, *store.User, error) {
	pool, g, err := s.group(ctx, poolID, group)
	if err != nil {
		return nil, nil, nil, err
	}
	user, err := s.Find(ctx, pool, api.Value(username))
	if err != nil {
		return nil, nil, nil, orNoUser(err)
	}
	return pool, g, user, nil
}
