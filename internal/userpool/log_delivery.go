package userpool

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// SetLogDeliveryConfiguration replaces where a pool's logs are to go; an empty list ends
// it. The destinations are recorded (docs/settings.md says what is logged).
func (s *Service) SetLogDeliveryConfiguration(ctx context.Context, _ *api.Call, in *cognitoidp.SetLogDeliveryConfigurationRequest) (*cognitoidp.SetLogDeliveryConfigurationResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	r := &cognitoidp.LogDeliveryConfigurationType{}
	r.Overlay(in)
	r = r.Clone()
	if err := s.checkLogs(r.LogConfigurations); err != nil {
		return nil, err
	}
	place := store.Resource[cognitoidp.LogDeliveryConfigurationType]{Pool: pool.Internal(), Name: catalog.LogDelivery}
	_, err = upsert(ctx, catalog.LogDeliveries(s.deps.Store), pool.ID(), place,
		func(*cognitoidp.LogDeliveryConfigurationType) (*cognitoidp.LogDeliveryConfigurationType, error) {
			return r, nil
		})
	if err := s.wrotePool(pool.ID(), err); err != nil {
		return nil, err
	}
	return &cognitoidp.SetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: r}, nil
}

// checkLogs checks the rules of the model's text: each source once, notifications as
// errors to CloudWatch, events as information to one destination of any kind.
func (s *Service) checkLogs(list []cognitoidp.LogConfigurationType) error {
	seen := map[cognitoidp.EventSourceName]bool{}
	for _, c := range list {
		source := api.Value(c.EventSource)
		if seen[source] {
			return fault.InvalidParameter("Following event sources appear more then once in a request")
		}
		seen[source] = true
		level, destinations := cognitoidp.LogLevelInfo, 0
		if source == cognitoidp.EventSourceNameUserNotification {
			level = cognitoidp.LogLevelError
		}
		if api.Value(c.LogLevel) != level {
			return fault.InvalidParameter("The log level of the event source " + string(source) + " is " + string(level) + ".")
		}
		for _, arn := range logARNs(&c) {
			if arn == nil {
				continue
			}
			destinations++
			if region := arnPart(*arn, arnRegion); region != "" && region != s.deps.Place.Region {
				return fault.InvalidParameter("ARN does not belong to current region")
			}
		}
		if destinations != 1 {
			return fault.InvalidParameter("One destination is required for the event source " + string(source) + ".")
		}
		if source == cognitoidp.EventSourceNameUserNotification && c.CloudWatchLogsConfiguration == nil {
			return fault.InvalidParameter("The event source userNotification is delivered to CloudWatch Logs only.")
		}
	}
	return nil
}

// logARNs are the destinations of a configuration, nil where one is not given.
func logARNs(c *cognitoidp.LogConfigurationType) []*string {
	var out []*string
	if c.CloudWatchLogsConfiguration != nil {
		out = append(out, c.CloudWatchLogsConfiguration.LogGroupArn)
	}
	if c.S3Configuration != nil {
		out = append(out, c.S3Configuration.BucketArn)
	}
	if c.FirehoseConfiguration != nil {
		out = append(out, c.FirehoseConfiguration.StreamArn)
	}
	return out
}

// GetLogDeliveryConfiguration shows where a pool's logs are to go.
func (s *Service) GetLogDeliveryConfiguration(ctx context.Context, _ *api.Call, in *cognitoidp.GetLogDeliveryConfigurationRequest) (*cognitoidp.GetLogDeliveryConfigurationResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	r, err := catalog.LogDeliveries(s.deps.Store).Find(ctx, pool.Internal(), catalog.LogDelivery)
	if errors.Is(err, store.ErrNotFound) {
		none := &cognitoidp.LogDeliveryConfigurationType{UserPoolId: in.UserPoolId, LogConfigurations: []cognitoidp.LogConfigurationType{}}
		return &cognitoidp.GetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: none}, nil
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetLogDeliveryConfigurationResponse{LogDeliveryConfiguration: r.Config}, nil
}
