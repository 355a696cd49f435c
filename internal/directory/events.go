package directory

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

// AdminListUserAuthEvents lists what happened when a user signed in, signed up or
// recovered, newest first.
func (s *Service) AdminListUserAuthEvents(ctx context.Context, call *api.Call, in *cognitoidp.AdminListUserAuthEventsRequest) (*cognitoidp.AdminListUserAuthEventsResponse, error) {
	pool, user, err := s.watched(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	before, id, err := s.openEventPage(call, pool, user, in.NextToken)
	if err != nil {
		return nil, err
	}
	limit := api.Value(in.MaxResults)
	if limit == 0 {
		limit = pageSize
	}
	events, err := s.risk.List(ctx, pool, user, before, id, limit+1)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AdminListUserAuthEventsResponse{AuthEvents: []cognitoidp.AuthEventType{}}
	for i, e := range events {
		if i == limit {
			out.NextToken, err = s.sealEventPage(call, pool, user, events[i-1])
			break
		}
		out.AuthEvents = append(out.AuthEvents, *e.Event)
	}
	return out, err
}

// watched is administered for operations of threat protection.
func (s *Service) watched(ctx context.Context, poolID, username *string) (*catalog.Pool, *store.User, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(poolID))
	if err != nil {
		return nil, nil, err
	}
	if err := risk.Enabled(pool); err != nil {
		return nil, nil, err
	}
	user, err := s.Find(ctx, pool, api.Value(username))
	return pool, user, orNoUser(err)
}

func eventPageContext(pool *catalog.Pool, u *store.User) []byte {
	return seal.Context("AdminListUserAuthEvents", strconv.FormatInt(int64(pool.Internal()), 10), string(u.ID[:]))
}

// sealEventPage makes the NextToken behind an event: when it ends, then the event's key.
func (s *Service) sealEventPage(call *api.Call, pool *catalog.Pool, u *store.User, last *store.AuthEvent) (*string, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(call.Time.Add(pageLife).UnixMilli()))
	plain = binary.BigEndian.AppendUint64(plain, uint64(last.At.UnixMilli()))
	text, err := s.store.Keyring().SealText(seal.PageToken, eventPageContext(pool, u), append(plain, last.ID...))
	return &text, err
}

func (s *Service) openEventPage(call *api.Call, pool *catalog.Pool, u *store.User, token *string) (before time.Time, id string, err error) {
	if token == nil {
		return time.Time{}, "", nil
	}
	plain, err := s.store.Keyring().OpenText(seal.PageToken, eventPageContext(pool, u), *token)
	if err != nil || len(plain) < 16 || call.Time.UnixMilli() >= int64(binary.BigEndian.Uint64(plain)) {
		return time.Time{}, "", fault.InvalidParameter(textPage).Because(err)
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(plain[8:]))), string(plain[16:]), nil
}

// AdminUpdateAuthEventFeedback says whether an event was the user's own doing.
func (s *Service) AdminUpdateAuthEventFeedback(ctx context.Context, call *api.Call, in *cognitoidp.AdminUpdateAuthEventFeedbackRequest) (*cognitoidp.AdminUpdateAuthEventFeedbackResponse, error) {
	pool, user, err := s.watched(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, s.risk.Rate(ctx, pool, user, api.Value(in.EventId), api.Value(in.FeedbackValue), risk.ByAdmin, call.Time)
}

// UpdateAuthEventFeedback is AdminUpdateAuthEventFeedback for whoever got the token that
// was mailed to the user. Without it, the answer does not tell whether there is the user.
func (s *Service) UpdateAuthEventFeedback(ctx context.Context, call *api.Call, in *cognitoidp.UpdateAuthEventFeedbackRequest) (*cognitoidp.UpdateAuthEventFeedbackResponse, error) {
	pool, err := s.catalog.Pool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if err := risk.Enabled(pool); err != nil {
		return nil, err
	}
	user, err := s.Find(ctx, pool, api.Value(in.Username))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err := s.risk.CheckFeedback(pool, user, api.Value(in.EventId), api.Value(in.FeedbackToken), call.Time); err != nil {
		return nil, err
	}
	return &api.Empty{}, s.risk.Rate(ctx, pool, user, api.Value(in.EventId), api.Value(in.FeedbackValue), risk.ByUser, call.Time)
}

// origin is where a call of a client's user comes from; addresses that the pool blocks are
// refused.
func (s *Service) origin(c *catalog.Client, call *api.Call, in *cognitoidp.UserContextDataType) (risk.Origin, error) {
	o, err := risk.OriginOf(c, call, in)
	if err == nil {
		err = s.risk.Admit(c, o)
	}
	return o, err
}

// recordEnd records a case that passed or, with an error that the client is told, failed.
func (s *Service) recordEnd(ctx context.Context, c *risk.Case, u *store.User, err error) {
	response := cognitoidp.EventResponseTypePass
	if err != nil {
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code == "LimitExceededException" || f.Code == "TooManyRequestsException" {
			return
		}
		response = cognitoidp.EventResponseTypeFail
	}
	s.risk.Record(ctx, c, u, response)
}
