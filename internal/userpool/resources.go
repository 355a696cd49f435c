package userpool

import (
	"context"
	"errors"
	"strconv"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// findResource finds a resource of a pool; missing makes the error where there is none.
func findResource[T any](ctx context.Context, s *Service, table store.Resources[T], poolID, name *string, missing func(name string) error) (*catalog.Pool, *store.Resource[T], error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(poolID))
	if err != nil {
		return nil, nil, err
	}
	r, err := table.Find(ctx, pool.Internal(), api.Value(name))
	if errors.Is(err, store.ErrNotFound) {
		err = missing(api.Value(name))
	}
	return pool, r, err
}

// written is the error of a write as clients see it: gone where the thing was deleted since
// it was read, a ConcurrentModificationException with the text changed where it was changed.
// An empty text leaves conflicts to be retried.
func written(err, gone error, changed string) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return gone
	case errors.Is(err, store.ErrConflict) && changed != "":
		return fault.ConcurrentModification(changed).Because(err)
	}
	return err
}

// wroteResource is written for what the catalog keeps with the pool.
func (s *Service) wroteResource(pool *catalog.Pool, err, gone error, changed string) error {
	s.deps.Catalog.DropPool(pool.ID())
	return written(err, gone, changed)
}

// upsert replaces the configuration of the resource that place names, or makes it, for
// operations that tell creation and change not apart. next makes the new configuration from
// the old one, nil where there is none; it may run more than once.
func upsert[T any](ctx context.Context, table store.Resources[T], poolID string, place store.Resource[T], next func(old *T) (*T, error)) (*T, error) {
	return retryConflicts(func() (*T, error) {
		x, err := table.Find(ctx, place.Pool, place.Name)
		if errors.Is(err, store.ErrNotFound) {
			made := place
			if made.Config, err = next(nil); err != nil {
				return nil, err
			}
			err = table.Create(ctx, poolID, &made)
			if exists, ok := errors.AsType[*store.ExistsError](err); ok {
				err = errors.Join(store.ErrConflict, exists)
			}
			return made.Config, err
		}
		if err != nil {
			return nil, err
		}
		if x.Config, err = next(x.Config); err != nil {
			return nil, err
		}
		err = table.Update(ctx, poolID, x)
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			err = errors.Join(store.ErrConflict, err)
		}
		return x.Config, err
	})
}

// listing is what an operation that lists resources of a pool is asked for.
type listing struct {
	operation     string
	poolID, token *string
	size          *int // absent and zero are usual
	usual         int
}

// listResources returns a page of a table's resources of a pool, by their names, and the
// NextToken that continues it, if anything is left.
func listResources[T any](ctx context.Context, s *Service, call *api.Call, table store.Resources[T], l listing) ([]*store.Resource[T], *string, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(l.poolID))
	if err != nil {
		return nil, nil, err
	}
	limit := api.Value(l.size)
	if limit == 0 {
		limit = l.usual
	}
	internal := strconv.FormatInt(int64(pool.Internal()), 10)
	after, err := s.openPage(call, l.token, l.operation, internal)
	if err != nil {
		return nil, nil, err
	}
	list, err := table.List(ctx, pool.Internal(), after, limit+1)
	if err != nil || len(list) <= limit {
		return list, nil, err
	}
	next, err := s.sealPage(call, list[limit-1].Name, l.operation, internal)
	return list[:limit], next, err
}

// deleteResource deletes what findResource finds. changed is as in written.
func deleteResource[T any](ctx context.Context, s *Service, table store.Resources[T], poolID, name *string, missing func(name string) error, changed string) (*api.Empty, error) {
	pool, r, err := findResource(ctx, s, table, poolID, name, missing)
	if err != nil {
		return nil, err
	}
	err = table.Delete(ctx, pool.ID(), pool.Internal(), r.Name)
	if err := s.wroteResource(pool, err, missing(r.Name), changed); err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
