package userpool

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

// tagged is what an ARN names: a user pool, or where region is not empty its replica there.
type tagged struct {
	pool   *catalog.Pool
	region string
}

// tagged finds the user pool that an ARN names, or the one whose replica it names.
func (s *Service) tagged(ctx context.Context, arn *string) (tagged, error) {
	parts := strings.SplitN(api.Value(arn), ":", 6)
	notFound := fault.ResourceNotFound("Resource " + api.Value(arn) + " does not exist.")
	id, ok := strings.CutPrefix(parts[len(parts)-1], "userpool/")
	if !ok || len(parts) != 6 || parts[2] != "cognito-idp" {
		return tagged{}, fault.InvalidParameter("The resource is not a user pool.")
	}
	pool, err := s.deps.Catalog.FreshPool(ctx, id)
	if _, missing := errors.AsType[*fault.Error](err); missing {
		return tagged{}, notFound
	}
	if err != nil {
		return tagged{}, err
	}
	x := tagged{pool: pool}
	if parts[arnRegion] != s.deps.Place.Region {
		x.region = parts[arnRegion]
	}
	if place := (naming.Place{Region: parts[arnRegion], AccountID: s.deps.Place.AccountID}); place.UserPoolARN(id) != *arn {
		return tagged{}, notFound // of another account or partition
	}
	return x, nil
}

// ListTagsForResource shows the tags of a user pool or of a replica.
func (s *Service) ListTagsForResource(ctx context.Context, _ *api.Call, in *cognitoidp.ListTagsForResourceRequest) (*cognitoidp.ListTagsForResourceResponse, error) {
	x, err := s.tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags := x.pool.Config.UserPoolTags
	if x.region != "" {
		_, r, err := s.replicaOf(ctx, x.pool.Config.Id, &x.region)
		if err != nil {
			return nil, err
		}
		tags = r.Config.Tags
	}
	if tags == nil {
		tags = api.StringMap{}
	}
	return &cognitoidp.ListTagsForResourceResponse{Tags: tags}, nil
}

// TagResource adds tags to a user pool or a replica, and replaces those of the same names.
func (s *Service) TagResource(ctx context.Context, call *api.Call, in *cognitoidp.TagResourceRequest) (*cognitoidp.TagResourceResponse, error) {
	err := s.changeTags(ctx, call, in.ResourceArn, func(tags api.StringMap) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &cognitoidp.TagResourceResponse{}, nil
}

// UntagResource takes tags from a user pool or a replica; those that it has not are passed
// over.
func (s *Service) UntagResource(ctx context.Context, call *api.Call, in *cognitoidp.UntagResourceRequest) (*cognitoidp.UntagResourceResponse, error) {
	err := s.changeTags(ctx, call, in.ResourceArn, func(tags api.StringMap) {
		for _, name := range in.TagKeys {
			delete(tags, name)
		}
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UntagResourceResponse{}, nil
}

// changeTags changes the tags that an ARN names. A pool's tags are settings, too, and are
// judged as in UpdateUserPool.
func (s *Service) changeTags(ctx context.Context, call *api.Call, arn *string, change func(api.StringMap)) error {
	_, err := retryConflicts(func() (struct{}, error) {
		x, err := s.tagged(ctx, arn)
		if err != nil {
			return struct{}{}, err
		}
		if x.region != "" {
			return struct{}{}, s.changeReplicaTags(ctx, x, change)
		}
		return struct{}{}, s.changePoolTags(ctx, call, x.pool, change)
	})
	return err
}

func (s *Service) changePoolTags(ctx context.Context, call *api.Call, pool *catalog.Pool, change func(api.StringMap)) error {
	next := pool.Config.Clone()
	if next.UserPoolTags == nil {
		next.UserPoolTags = api.StringMap{}
	}
	change(next.UserPoolTags)
	if len(next.UserPoolTags) > maxTags {
		return fault.InvalidParameter(textTooManyTags) // UserPoolTaggingException is not declared
	}
	if err := s.checkTags(pool.ID(), pool.Config.UserPoolTags, next.UserPoolTags); err != nil {
		return err
	}
	next.LastModifiedDate = api.Time(call.Time)
	err := s.deps.Store.UpdatePool(ctx, &store.Pool{ID: pool.Internal(), Version: pool.Version, Config: next, MFA: pool.MFA})
	s.deps.Catalog.DropPool(pool.ID())
	if errors.Is(err, store.ErrNotFound) {
		return fault.ResourceNotFound("Resource " + s.deps.Place.UserPoolARN(pool.ID()) + " does not exist.")
	}
	return err
}

func (s *Service) changeReplicaTags(ctx context.Context, x tagged, change func(api.StringMap)) error {
	pool, r, err := s.replicaOf(ctx, x.pool.Config.Id, &x.region)
	if err != nil {
		return err
	}
	if r.Config.Tags == nil {
		r.Config.Tags = api.StringMap{}
	}
	change(r.Config.Tags)
	if err := checkForeignTags(r.Config.Tags); err != nil {
		return err
	}
	return s.wroteResource(pool, replicas(s.deps.Store).Update(ctx, pool.ID(), r), replicaNotFound(r.Name), "")
}
