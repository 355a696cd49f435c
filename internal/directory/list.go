package directory

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// pageSize is a page of a list without a Limit, and the largest Limit.
	pageSize = 60
	// pageLife is how long a token of a list counts (Cognito guide: PaginationToken).
	pageLife = time.Hour
)

// ListUsers returns the users that a filter selects, page by page: in the order of their
// creation, or of the filtered attribute.
func (s *Service) ListUsers(ctx context.Context, call *api.Call, in *cognitoidp.ListUsersRequest) (*cognitoidp.ListUsersResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	filter, err := ParseFilter(api.Value(in.Filter))
	if err != nil {
		return nil, err
	}
	if err := checkRequested(pool, in.AttributesToGet); err != nil {
		return nil, err
	}
	query := store.ListQuery{
		Attribute: filter.Attribute, Prefix: filter.Prefix, Value: filter.Value,
		Folded: pool.Fold(store.KeyUsername, filter.Value), Limit: api.Value(in.Limit),
	}
	if query.Limit == 0 {
		query.Limit = pageSize
	}
	if in.PaginationToken != nil {
		if query.After, err = s.openPage(call, pageContext(pool, filter), *in.PaginationToken, textPage); err != nil {
			return nil, err
		}
	}
	users, next, err := s.store.ListUsers(ctx, pool.Internal(), query)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUsersResponse{Users: make([]cognitoidp.UserType, len(users))}
	for i, u := range users {
		out.Users[i] = *userType(u, in.AttributesToGet)
	}
	if next != nil {
		if out.PaginationToken, err = s.sealPage(call, pageContext(pool, filter), next); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkRequested refuses AttributesToGet with a name that the schema does not have.
func checkRequested(pool *catalog.Pool, names []string) error {
	for _, name := range names {
		if _, ok := pool.Attribute(name); !ok && name != catalog.Sub {
			return fault.InvalidParameter(textRequested)
		}
	}
	return nil
}

// pageContext binds a PaginationToken to its pool and filter.
func pageContext(pool *catalog.Pool, f Filter) []byte {
	return listContext(pool, "ListUsers", f.String())
}

// listContext binds a token to the operation that made it, its pool and its parameters.
func listContext(pool *catalog.Pool, operation string, parameters ...string) []byte {
	parts := append([]string{operation, strconv.FormatInt(int64(pool.Internal()), 10)}, parameters...)
	return seal.Context(parts...)
}

// sealPage makes the token of the page behind after: when it ends, then after.
func (s *Service) sealPage(call *api.Call, about, after []byte) (*string, error) {
	end := uint64(call.Time.Add(pageLife).UnixMilli())
	text, err := s.store.Keyring().SealText(seal.PageToken, about, append(binary.BigEndian.AppendUint64(nil, end), after...))
	if err != nil {
		return nil, err
	}
	return &text, nil
}

// openPage returns what sealPage sealed for the same list; refusal is the text for what is
// none of its tokens.
func (s *Service) openPage(call *api.Call, about []byte, token, refusal string) ([]byte, error) {
	page, err := s.store.Keyring().OpenText(seal.PageToken, about, token)
	if err != nil || len(page) < 8 || call.Time.UnixMilli() >= int64(binary.BigEndian.Uint64(page)) {
		return nil, fault.InvalidParameter(refusal).Because(err)
	}
	return page[8:], nil
}
