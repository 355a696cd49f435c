package directory_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/directory"
)

func (h *house) createGroup(name string, change ...func(*cognitoidp.CreateGroupRequest)) error {
	in := &cognitoidp.CreateGroupRequest{UserPoolId: &h.poolID, GroupName: &name}
	for _, f := range change {
		f(in)
	}
	_, err := h.CreateGroup(h.t.Context(), h.call(), in)
	return err
}

func (h *house) join(group, username string) error {
	_, err := h.AdminAddUserToGroup(h.t.Context(), h.call(), &cognitoidp.AdminAddUserToGroupRequest{
		UserPoolId: &h.poolID, GroupName: &group, Username: &username,
	})
	return err
}

func TestGroupLimits(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.limits = directory.Limits{GroupsPerPool: 3, GroupsPerUser: 2}
	h := g.house(t)
	h.add("ann")
	for i := range 3 {
		must(t, h.createGroup(fmt.Sprint("g", i)))
	}
	wantFault(t, "a group too many", h.createGroup("g3"), "LimitExceededException", "The limit of 3 groups in a user pool is reached.")
	wantFault(t, "a used name", h.createGroup("g2"), "GroupExistsException", "A group with the name already exists.")
	must(t, h.join("g0", "ann"))
	must(t, h.join("g1", "ann"))
	must(t, h.join("g0", "ann"))
	wantFault(t, "a membership too many", h.join("g2", "ann"), "InvalidParameterException", "The limit of 2 groups of a user is reached.")
	_, err := h.DeleteGroup(t.Context(), h.call(), &cognitoidp.DeleteGroupRequest{UserPoolId: &h.poolID, GroupName: new("g0")})
	must(t, err)
	must(t, h.join("g2", "ann"))
	h.add("bob")
	must(t, h.join("g2", "bob"))
	must(t, h.createGroup("g3"))
}

func TestRolesOfGroups(t *testing.T) {
	t.Parallel()
	for account, refused := range map[string]bool{"": false, "123456789012": false, "999999999999": true} {
		g := newGround(t)
		g.account = account
		h := g.house(t)
		must(t, h.createGroup("none"))
		role := "arn:aws:iam::123456789012:role/admin"
		create := h.createGroup("admins", func(in *cognitoidp.CreateGroupRequest) { in.RoleArn = &role })
		_, update := h.UpdateGroup(t.Context(), h.call(), &cognitoidp.UpdateGroupRequest{UserPoolId: &h.poolID, GroupName: new("none"), RoleArn: &role})
		if refused {
			const text = "Cross-account pass role is not allowed."
			wantFault(t, "create", create, "InvalidParameterException", text)
			wantFault(t, "update", update, "InvalidParameterException", text)
			continue
		}
		must(t, create)
		must(t, update)
	}
}

// Updates of one group at the same time all take effect.
func TestGroupUpdatesTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.createGroup("g"))
	created := h.time()
	h.sleep(time.Hour)
	var wg sync.WaitGroup
	update := func(in *cognitoidp.UpdateGroupRequest) {
		in.UserPoolId, in.GroupName = &h.poolID, new("g")
		wg.Go(func() {
			if _, err := h.UpdateGroup(t.Context(), h.call(), in); err != nil {
				t.Error(err)
			}
		})
	}
	update(&cognitoidp.UpdateGroupRequest{Description: new("text")})
	update(&cognitoidp.UpdateGroupRequest{Precedence: new(0)})
	update(&cognitoidp.UpdateGroupRequest{RoleArn: new("arn:aws:iam::1:role/r")})
	wg.Wait()
	out, err := h.GetGroup(t.Context(), h.call(), &cognitoidp.GetGroupRequest{UserPoolId: &h.poolID, GroupName: new("g")})
	must(t, err)
	if g := out.Group; g.Description == nil || g.Precedence == nil || g.RoleArn == nil {
		t.Errorf("the group is %+v", g)
	} else if g.CreationDate.Time() != created || g.LastModifiedDate.Time() != h.time() {
		t.Errorf("made at %s, changed at %s", g.CreationDate, g.LastModifiedDate)
	}
}

func TestGroupPagesEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.createGroup("a"))
	must(t, h.createGroup("b"))
	list := func(token *string) (*cognitoidp.ListGroupsResponse, error) {
		return h.ListGroups(t.Context(), h.call(), &cognitoidp.ListGroupsRequest{UserPoolId: &h.poolID, Limit: new(1), NextToken: token})
	}
	first, err := list(nil)
	must(t, err)
	h.sleep(time.Hour - time.Millisecond)
	second, err := list(first.NextToken)
	must(t, err)
	if len(second.Groups) != 1 || *second.Groups[0].GroupName != "b" || second.NextToken != nil {
		t.Errorf("the second page is %+v", second)
	}
	h.sleep(time.Millisecond)
	_, err = list(first.NextToken)
	wantFault(t, "an old token", err, "InvalidParameterException", "Invalid pagination token.")
}
