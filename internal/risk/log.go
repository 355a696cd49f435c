package risk

import (
	"context"
	"errors"
	"log/slog"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// keep writes events, and then logs those of the pools that ask for it.
func (s *Service) keep(ctx context.Context, events []*store.AuthEvent) error {
	if err := s.deps.Store.PutAuthEvents(ctx, events); err != nil {
		return err
	}
	s.log(ctx, events)
	return nil
}

// log writes a line for each event of a pool whose log delivery has the source
// userAuthEvents. As on AWS it is an effort: an event that is stored is not lost because no
// line tells of it. Who the user is stands with the event, not in the log.
func (s *Service) log(ctx context.Context, events []*store.AuthEvent) {
	pools := map[store.PoolID]string{} // external ids of the pools that ask; empty for others
	for _, e := range events {
		pool, known := pools[e.Pool]
		if !known {
			pool = s.loggedPool(ctx, e.Pool)
			pools[e.Pool] = pool
		}
		if pool == "" {
			continue
		}
		attrs := []slog.Attr{
			slog.String("pool", pool), slog.String("event", e.ID),
			slog.String("type", string(api.Value(e.Event.EventType))), slog.String("response", string(api.Value(e.Event.EventResponse))),
		}
		if r := e.Event.EventRisk; r != nil {
			attrs = append(attrs,
				slog.String("decision", string(api.Value(r.RiskDecision))), slog.String("level", string(api.Value(r.RiskLevel))),
				slog.Bool("compromised", api.Value(r.CompromisedCredentialsDetected)))
		}
		s.deps.Log.LogAttrs(ctx, slog.LevelInfo, "auth event", attrs...)
	}
}

// loggedPool returns the external id of a pool that wants its events logged.
func (s *Service) loggedPool(ctx context.Context, pool store.PoolID) string {
	delivery, err := catalog.LogDeliveries(s.deps.Store).Find(ctx, pool, catalog.LogDelivery)
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			s.deps.Log.WarnContext(ctx, "a log delivery configuration cannot be read", "error", err)
		}
		return ""
	}
	if !catalog.LogsFrom(delivery.Config, cognitoidp.EventSourceNameUserAuthEvents) {
		return ""
	}
	return api.Value(delivery.Config.UserPoolId)
}
