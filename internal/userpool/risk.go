package userpool

import (
	"context"
	"errors"
	"net/mail"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// SetRiskConfiguration replaces how risk is judged in a pool, or for one of its clients. A
// request without any block makes the pool's defaults hold again, or the pool's
// configuration for the client.
func (s *Service) SetRiskConfiguration(ctx context.Context, call *api.Call, in *cognitoidp.SetRiskConfigurationRequest) (*cognitoidp.SetRiskConfigurationResponse, error) {
	pool, name, err := s.riskPlace(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	r := &cognitoidp.RiskConfigurationType{}
	r.Overlay(in)
	r = r.Clone()
	if err := checkRisk(r); err != nil {
		return nil, err
	}
	table := catalog.Risks(s.deps.Store)
	if r.CompromisedCredentialsRiskConfiguration == nil && r.AccountTakeoverRiskConfiguration == nil && r.RiskExceptionConfiguration == nil {
		if err = table.Delete(ctx, pool.ID(), pool.Internal(), name); errors.Is(err, store.ErrNotFound) {
			err = nil
		}
	} else {
		r.LastModifiedDate = api.Time(call.Time)
		place := catalog.Risk{Pool: pool.Internal(), Name: name, Client: api.Value(in.ClientId)}
		_, err = upsert(ctx, table, pool.ID(), place, func(*cognitoidp.RiskConfigurationType) (*cognitoidp.RiskConfigurationType, error) {
			return r, nil
		})
	}
	if err := s.wroteOfClient(pool.ID(), in.ClientId, err); err != nil {
		return nil, err
	}
	return &cognitoidp.SetRiskConfigurationResponse{RiskConfiguration: r}, nil
}

// DescribeRiskConfiguration shows what was set for exactly this pool or client; what holds
// in its absence is not shown.
func (s *Service) DescribeRiskConfiguration(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeRiskConfigurationRequest) (*cognitoidp.DescribeRiskConfigurationResponse, error) {
	pool, name, err := s.riskPlace(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	risk, err := catalog.Risks(s.deps.Store).Find(ctx, pool.Internal(), name)
	if errors.Is(err, store.ErrNotFound) {
		none := &cognitoidp.RiskConfigurationType{UserPoolId: in.UserPoolId, ClientId: in.ClientId}
		return &cognitoidp.DescribeRiskConfigurationResponse{RiskConfiguration: none}, nil
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeRiskConfigurationResponse{RiskConfiguration: risk.Config}, nil
}

// riskPlace finds the pool, which must use threat protection, and the name of the
// configuration that a request is about.
func (s *Service) riskPlace(ctx context.Context, poolID, clientID *string) (pool *catalog.Pool, name string, err error) {
	pool, name, err = s.poolOrClient(ctx, poolID, clientID)
	if err != nil {
		return nil, "", err
	}
	if pool.ThreatProtection() == cognitoidp.AdvancedSecurityModeTypeOff {
		return nil, "", catalog.ThreatProtectionOff()
	}
	return pool, name, nil
}

func checkRisk(r *cognitoidp.RiskConfigurationType) error {
	if c := r.RiskExceptionConfiguration; c != nil {
		for _, text := range slices.Concat(c.BlockedIPRangeList, c.SkippedIPRangeList) {
			if _, ok := catalog.ParseIPRange(text); !ok {
				return fault.InvalidParameter("Incorrect CIDR format")
			}
		}
	}
	if c := r.AccountTakeoverRiskConfiguration; c != nil && c.NotifyConfiguration != nil {
		return checkNotification(c.NotifyConfiguration)
	}
	return nil
}

// checkNotification does not ask whether Amazon SES knows the identity, as with the pool's
// own mail.
func checkNotification(c *cognitoidp.NotifyConfigurationType) error {
	if c.From != nil {
		if _, err := mail.ParseAddress(*c.From); err != nil {
			return fault.InvalidParameter("Provided From email address is invalid")
		}
	}
	if c.ReplyTo != nil {
		if _, err := mail.ParseAddress(*c.ReplyTo); err != nil {
			return fault.InvalidParameter("Provided ReplyTo email address is invalid")
		}
	}
	return nil
}
