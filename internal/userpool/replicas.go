package userpool

import (
	"context"
	"errors"
	"math"
	"regexp"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

// replica is a region in which the operator keeps a copy of the database. Cenote records
// it and what the operator says of it; copying is the database's matter.
type replica struct {
	Status cognitoidp.ReplicaStatusType
	Tags   api.StringMap `json:",omitzero"`
}

// replicas is the table of replicas, named by their regions.
func replicas(db *store.DB) store.Resources[replica] {
	return store.NewResources[replica](db, "replica")
}

var regionShape = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// CreateUserPoolReplica records a replica. It is INACTIVE until the operator says that the
// copy serves.
func (s *Service) CreateUserPoolReplica(ctx context.Context, _ *api.Call, in *cognitoidp.CreateUserPoolReplicaRequest) (*cognitoidp.CreateUserPoolReplicaResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	region := api.Value(in.RegionName)
	switch {
	case !regionShape.MatchString(region):
		return nil, fault.InvalidParameter("The region " + region + " is not valid.")
	case region == s.deps.Place.Region:
		return nil, fault.InvalidParameter("A replica is in another region than the user pool.")
	}
	if err := checkForeignTags(in.UserPoolTags); err != nil {
		return nil, err
	}
	record := &store.Resource[replica]{
		Pool: pool.Internal(), Name: region,
		Config: &replica{Status: cognitoidp.ReplicaStatusTypeInactive, Tags: in.UserPoolTags},
	}
	err = replicas(s.deps.Store).Create(ctx, pool.ID(), record)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, fault.InvalidParameter("The user pool has a replica in " + region + " already.").Because(exists)
	}
	if err := s.wrotePool(pool.ID(), err); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolReplicaResponse{UserPoolReplica: s.shownReplica(pool, region, cognitoidp.ReplicaStatusTypeCreating)}, nil
}

// shownReplica is a replica as answers show it, this server's own region as the primary.
func (s *Service) shownReplica(pool *catalog.Pool, region string, status cognitoidp.ReplicaStatusType) *cognitoidp.UserPoolReplicaType {
	role := cognitoidp.ReplicaRoleTypeSecondary
	if region == s.deps.Place.Region {
		role = cognitoidp.ReplicaRoleTypePrimary
	}
	place := naming.Place{Region: region, AccountID: s.deps.Place.AccountID}
	return &cognitoidp.UserPoolReplicaType{
		RegionName: &region, Status: &status, Role: &role, UserPoolArn: new(place.UserPoolARN(pool.ID())),
	}
}

// replicaOf finds a replica of a pool.
func (s *Service) replicaOf(ctx context.Context, poolID, region *string) (*catalog.Pool, *store.Resource[replica], error) {
	return findResource(ctx, s, replicas(s.deps.Store), poolID, region, replicaNotFound)
}

func replicaNotFound(region string) error {
	return fault.ResourceNotFound("The user pool has no replica in " + region + ".")
}

// UpdateUserPoolReplica records whether a replica serves.
func (s *Service) UpdateUserPoolReplica(ctx context.Context, _ *api.Call, in *cognitoidp.UpdateUserPoolReplicaRequest) (*cognitoidp.UpdateUserPoolReplicaResponse, error) {
	status := cognitoidp.ReplicaStatusType(api.Value(in.Status))
	pool, err := retryConflicts(func() (*catalog.Pool, error) {
		pool, r, err := s.replicaOf(ctx, in.UserPoolId, in.RegionName)
		if err != nil {
			return nil, err
		}
		r.Config.Status = status
		return pool, s.wroteResource(pool, replicas(s.deps.Store).Update(ctx, pool.ID(), r), replicaNotFound(r.Name), "")
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolReplicaResponse{UserPoolReplica: s.shownReplica(pool, *in.RegionName, status)}, nil
}

// DeleteUserPoolReplica forgets a replica, which must not serve any more.
func (s *Service) DeleteUserPoolReplica(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteUserPoolReplicaRequest) (*cognitoidp.DeleteUserPoolReplicaResponse, error) {
	pool, r, err := s.replicaOf(ctx, in.UserPoolId, in.RegionName)
	if err != nil {
		return nil, err
	}
	if r.Config.Status != cognitoidp.ReplicaStatusTypeInactive {
		return nil, fault.InvalidParameter("A replica that is active cannot be deleted.")
	}
	if err := s.wroteResource(pool, replicas(s.deps.Store).Delete(ctx, pool.ID(), pool.Internal(), r.Name), replicaNotFound(r.Name), ""); err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserPoolReplicaResponse{UserPoolReplica: s.shownReplica(pool, r.Name, cognitoidp.ReplicaStatusTypeDeleting)}, nil
}

// ListUserPoolReplicas lists the pool itself, and its replicas by their regions, in one
// page.
func (s *Service) ListUserPoolReplicas(ctx context.Context, call *api.Call, in *cognitoidp.ListUserPoolReplicasRequest) (*cognitoidp.ListUserPoolReplicasResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if _, err := s.openPage(call, in.NextToken, "ListUserPoolReplicas"); err != nil {
		return nil, err
	}
	list, err := replicas(s.deps.Store).List(ctx, pool.Internal(), "", math.MaxInt32)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolReplicasResponse{UserPoolReplicas: []cognitoidp.UserPoolReplicaType{
		*s.shownReplica(pool, s.deps.Place.Region, cognitoidp.ReplicaStatusTypeActive),
	}}
	for _, r := range list {
		out.UserPoolReplicas = append(out.UserPoolReplicas, *s.shownReplica(pool, r.Name, r.Config.Status))
	}
	return out, nil
}

// replicaRegions are the regions of a pool's replicas; nil where it has none.
func (s *Service) replicaRegions(ctx context.Context, pool store.PoolID) (regions []string, err error) {
	list, err := replicas(s.deps.Store).List(ctx, pool, "", math.MaxInt32)
	for _, r := range list {
		regions = append(regions, r.Name)
	}
	return regions, err
}

// checkForeignTags checks tags of what is no pool of this server, where a setting of this
// server would mean nothing.
func checkForeignTags(tags api.StringMap) error {
	if len(tags) > maxTags {
		return fault.InvalidParameter(textTooManyTags)
	}
	for name := range tags {
		if strings.HasPrefix(name, ownTagPrefix) {
			return fault.InvalidParameter("Tags that begin with cenote: are settings of user pools.")
		}
	}
	return nil
}
