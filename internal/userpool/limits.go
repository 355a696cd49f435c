package userpool

import (
	"context"
	"fmt"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
)

// maxRequestRate is the most that can be provisioned, in calls per second. There is no bill
// here, so that it only keeps out what nobody means.
const maxRequestRate = 1_000_000

// limitCategory is the attribute of a limit that names a category of operations.
const limitCategory = "Category"

// GetProvisionedLimit shows the request rate of a category of operations: what this
// server's limiter allows, and what it allows where nothing was provisioned.
func (s *Service) GetProvisionedLimit(ctx context.Context, _ *api.Call, in *cognitoidp.GetProvisionedLimitRequest) (*cognitoidp.GetProvisionedLimitResponse, error) {
	category, free, err := s.limited(in.LimitDefinition)
	if err != nil {
		return nil, err
	}
	rates, err := s.deps.Store.RequestRates(ctx)
	if err != nil {
		return nil, err
	}
	provisioned := free
	if rate, ok := rates[category]; ok {
		provisioned = int(rate)
	}
	return &cognitoidp.GetProvisionedLimitResponse{Limit: shownLimit(in.LimitDefinition, provisioned, free)}, nil
}

// UpdateProvisionedLimit sets the request rate of a category of operations.
func (s *Service) UpdateProvisionedLimit(ctx context.Context, _ *api.Call, in *cognitoidp.UpdateProvisionedLimitRequest) (*cognitoidp.UpdateProvisionedLimitResponse, error) {
	category, free, err := s.limited(in.LimitDefinition)
	if err != nil {
		return nil, err
	}
	switch rate := api.Value(in.RequestedLimitValue); {
	case rate < free:
		return nil, fault.InvalidParameter(fmt.Sprintf("The requested limit is below the default of %d.", free))
	case rate > maxRequestRate:
		return nil, fault.ServiceQuotaExceeded(fmt.Sprintf("The requested limit exceeds the maximum of %d.", maxRequestRate))
	}
	err = s.deps.Store.SetRequestRate(ctx, category, int64(*in.RequestedLimitValue))
	s.deps.Catalog.DropRates()
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateProvisionedLimitResponse{Limit: shownLimit(in.LimitDefinition, *in.RequestedLimitValue, free)}, nil
}

// limited finds the category that a limit is of, and its rate without any provisioning.
func (s *Service) limited(d *cognitoidp.LimitDefinitionType) (category string, free int, err error) {
	category, ok := d.Attributes[limitCategory]
	if !ok || len(d.Attributes) != 1 {
		return "", 0, fault.InvalidParameter("The limit class API_CATEGORY has the one attribute Category.")
	}
	free, ok = s.deps.Rate(category)
	if !ok {
		return "", 0, fault.ResourceNotFound("The limit of the category " + category + " does not exist.")
	}
	return category, free, nil
}

func shownLimit(d *cognitoidp.LimitDefinitionType, provisioned, free int) *cognitoidp.LimitType {
	return &cognitoidp.LimitType{LimitDefinition: d, ProvisionedLimitValue: &provisioned, FreeLimitValue: &free}
}
