package userpool

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

// CreateUserPool makes a pool with its two signing keys.
func (s *Service) CreateUserPool(ctx context.Context, call *api.Call, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.CreateUserPoolResponse, error) {
	r := &cognitoidp.UserPoolType{
		Name:             in.PoolName,
		CreationDate:     api.Time(call.Time),
		LastModifiedDate: api.Time(call.Time),
	}
	r.Overlay(in)
	r = r.Clone()
	var err error
	if r.SchemaAttributes, err = newSchema(in.Schema); err != nil {
		return nil, err
	}
	if err := s.checkTags("", nil, r.UserPoolTags); err != nil {
		return nil, err
	}
	if err := s.settlePool("CreateUserPool", r, in.IssuerConfiguration); err != nil {
		return nil, err
	}
	if err := checkPoolMFA(r, nil); err != nil {
		return nil, err
	}
	if err := s.checkPoolQuota(ctx); err != nil {
		return nil, err
	}
	if err := s.insertPool(ctx, r); err != nil {
		return nil, err
	}
	out := *r
	out.EstimatedNumberOfUsers = new(0)
	return &cognitoidp.CreateUserPoolResponse{UserPool: &out}, nil
}

// insertPool gives the pool its id and keys and stores it.
func (s *Service) insertPool(ctx context.Context, r *cognitoidp.UserPoolType) error {
	id, err := s.poolID(r.UserPoolTags)
	if err != nil {
		return err
	}
	r.Id, r.Arn = new(id), new(s.deps.Place.UserPoolARN(id))
	keys, err := s.deps.Keys.Take(ctx)
	if err != nil {
		return err
	}
	record := &store.Pool{Config: r, MFA: &cognitoidp.GetUserPoolMfaConfigResponse{}}
	err = s.deps.Store.CreatePool(ctx, record, keys)
	s.deps.Catalog.DropPool(id)
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return fault.InvalidParameter("User pool " + id + " already exists.").Because(exists)
	}
	return err
}

func (s *Service) checkPoolQuota(ctx context.Context) error {
	limit := s.deps.Limits.UserPools
	if limit == 0 {
		return nil
	}
	pools, err := s.deps.Store.CountPools(ctx)
	if err != nil {
		return err
	}
	if pools >= limit {
		return fault.LimitExceeded(fmt.Sprintf("The limit of %d user pools is reached.", limit))
	}
	return nil
}

// DescribeUserPool shows a pool as it is in the database.
func (s *Service) DescribeUserPool(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	users, err := s.deps.Store.CountUsers(ctx, pool.Internal())
	if err != nil {
		return nil, err
	}
	out := *pool.Config
	out.EstimatedNumberOfUsers = new(int(users))
	if err := s.showDomains(ctx, pool.Internal(), &out); err != nil {
		return nil, err
	}
	if err := s.showIdentities(ctx, pool.Internal(), &out); err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeUserPoolResponse{UserPool: &out}, nil
}

// UpdateUserPool replaces a pool's settings: what the request leaves out goes back to its
// default, except for the members that keepOmitted names.
func (s *Service) UpdateUserPool(ctx context.Context, call *api.Call, in *cognitoidp.UpdateUserPoolRequest) (*cognitoidp.UpdateUserPoolResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if err := s.checkNoImport(ctx, pool); err != nil {
		return nil, err
	}
	r := *pool.Config
	r.Overlay(in)
	keepOmitted(&r, pool.Config, in.PoolName)
	next := r.Clone()
	next.LastModifiedDate = api.Time(call.Time)
	if err := s.checkTags(pool.ID(), pool.Config.UserPoolTags, next.UserPoolTags); err != nil {
		return nil, err
	}
	if err := s.settlePool("UpdateUserPool", next, in.IssuerConfiguration); err != nil {
		return nil, err
	}
	if err := checkPoolMFA(next, pool.MFA); err != nil {
		return nil, err
	}
	err = s.deps.Store.UpdatePool(ctx, &store.Pool{ID: pool.Internal(), Version: pool.Version, Config: next, MFA: pool.MFA})
	if err := s.wrotePool(pool.ID(), err); err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolResponse{}, nil
}

// checkNoImport refuses to change what a running import of users goes by.
func (s *Service) checkNoImport(ctx context.Context, pool *catalog.Pool) error {
	runs, err := s.deps.Store.ImportRuns(ctx, pool.Internal())
	if err == nil && runs {
		err = fault.UserImportInProgress("A user import job is running in the user pool.") // wording unconfirmed
	}
	return err
}

// settlePool checks a record against the rules and completes it with the defaults.
// issuer is the request's, since a pool keeps its issuer when an update leaves it out.
func (s *Service) settlePool(operation string, r *cognitoidp.UserPoolType, issuer *cognitoidp.IssuerConfigurationType) error {
	if err := s.checkPool(r); err != nil {
		return err
	}
	if issuer != nil && !s.deps.AllowAWSIssuer {
		return fault.InvalidParameter("IssuerConfiguration makes tokens name AWS as their issuer, which this server does not allow (--allow-aws-issuer).")
	}
	if err := refuseForeignKeys(operation, r); err != nil {
		return err
	}
	s.completePool(r)
	return nil
}

// DeleteUserPool removes a pool with everything in it.
func (s *Service) DeleteUserPool(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteUserPoolRequest) (*api.Empty, error) {
	id := api.Value(in.UserPoolId)
	return retryConflicts(func() (*api.Empty, error) {
		pool, err := s.deps.Catalog.FreshPool(ctx, id)
		if err != nil {
			return nil, err
		}
		if api.Value(pool.Config.DeletionProtection) == cognitoidp.DeletionProtectionTypeActive {
			return nil, fault.InvalidParameter("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		}
		if err := s.checkNoImport(ctx, pool); err != nil {
			return nil, err
		}
		err = s.deps.Store.DeletePool(ctx, pool.Pool)
		if errors.Is(err, store.ErrHasDomain) {
			return nil, fault.InvalidParameter("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		if err := s.wrotePool(id, err); err != nil {
			return nil, err
		}
		return &api.Empty{}, nil
	})
}

// conflictRetries is how often an operation that cannot report a concurrent change begins
// again because of one.
const conflictRetries = 5

// retryConflicts runs do again after a lost compare-and-swap, for operations that do not
// declare ConcurrentModificationException. When it keeps losing, the caller is asked to
// slow down, which SDKs answer with a later retry.
func retryConflicts[T any](do func() (T, error)) (T, error) {
	var err error
	for range conflictRetries {
		var out T
		if out, err = do(); !errors.Is(err, store.ErrConflict) {
			return out, err
		}
	}
	var none T
	return none, fault.TooManyRequests("Rate exceeded").Because(err)
}

// ListUserPools lists the pools of this server's region by their ids.
func (s *Service) ListUserPools(ctx context.Context, call *api.Call, in *cognitoidp.ListUserPoolsRequest) (*cognitoidp.ListUserPoolsResponse, error) {
	const operation = "ListUserPools"
	region := s.deps.Place.Region + "_"
	after, err := s.openPage(call, in.NextToken, operation, region)
	if err != nil {
		return nil, err
	}
	if after == "" {
		after = region // sorts before every id of the region, and is none
	}
	limit := api.Value(in.MaxResults)
	pools, err := s.deps.Store.ListPools(ctx, after, limit+1)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolsResponse{UserPools: []cognitoidp.UserPoolDescriptionType{}}
	for _, p := range pools {
		id := api.Value(p.Config.Id)
		if !strings.HasPrefix(id, region) {
			break
		}
		if len(out.UserPools) == limit {
			last := api.Value(out.UserPools[limit-1].Id)
			if out.NextToken, err = s.sealPage(call, last, operation, region); err != nil {
				return nil, err
			}
			break
		}
		regions, err := s.replicaRegions(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		out.UserPools = append(out.UserPools, cognitoidp.UserPoolDescriptionType{
			ReplicaRegions: regions,
			Id:             p.Config.Id, Name: p.Config.Name, LambdaConfig: p.Config.LambdaConfig,
			LastModifiedDate: p.Config.LastModifiedDate, CreationDate: p.Config.CreationDate,
		})
	}
	return out, nil
}

// AddCustomAttributes appends custom attributes to a pool's schema.
func (s *Service) AddCustomAttributes(ctx context.Context, call *api.Call, in *cognitoidp.AddCustomAttributesRequest) (*cognitoidp.AddCustomAttributesResponse, error) {
	return retryConflicts(func() (*cognitoidp.AddCustomAttributesResponse, error) {
		pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
		if err != nil {
			return nil, err
		}
		if err := s.checkNoImport(ctx, pool); err != nil {
			return nil, err
		}
		next := pool.Config.Clone()
		next.LastModifiedDate = api.Time(call.Time)
		if next.SchemaAttributes, err = extendSchema(next.SchemaAttributes, in.CustomAttributes); err != nil {
			return nil, err
		}
		err = s.deps.Store.UpdatePool(ctx, &store.Pool{ID: pool.Internal(), Version: pool.Version, Config: next, MFA: pool.MFA})
		if err := s.wrotePool(pool.ID(), err); err != nil {
			return nil, err
		}
		return &cognitoidp.AddCustomAttributesResponse{}, nil
	})
}
