package directory

import (
	"context"
	"fmt"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// textUserLimit is the text of the quota on users; wording unconfirmed.
const textUserLimit = "The limit of %d users in a user pool is reached."

// checkUserQuota refuses another user beyond a pool's quota, with the exception that the
// operation declares for it. Users who come at the same time may exceed it by a few.
func (s *Service) checkUserQuota(ctx context.Context, pool *catalog.Pool, refuse func(message string) *fault.Error) error {
	limit := s.limits.UsersPerPool
	if limit == 0 {
		return nil
	}
	users, err := s.store.CountUsers(ctx, pool.Internal())
	if err != nil {
		return err
	}
	if users >= int64(limit) {
		return refuse(fmt.Sprintf(textUserLimit, limit))
	}
	return nil
}
