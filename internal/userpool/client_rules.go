package userpool

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// doing is the word by which AWS tells creation and update apart in texts.
type doing string

const (
	creating doing = "creating"
	updating doing = "updating"
)

// settleClient checks a record against the rules and completes it with the defaults.
func (s *Service) settleClient(ctx context.Context, what doing, pool *catalog.Pool, r *cognitoidp.UserPoolClientType, hasSecret bool) error {
	if err := checkPermissions(what, pool, r); err != nil {
		return err
	}
	if err := checkFlows(r); err != nil {
		return err
	}
	if err := s.checkOAuth(ctx, pool, r, hasSecret); err != nil {
		return err
	}
	if err := s.checkAnalytics(r.AnalyticsConfiguration); err != nil {
		return err
	}
	if api.Value(r.EnablePropagateAdditionalUserContextData) && !hasSecret {
		return fault.InvalidParameter("Client Secret is required to set EnablePropagateAdditionalUserContextData as true")
	}
	if err := checkLifetimes(r); err != nil {
		return err
	}
	completeClient(r)
	if a := r.AnalyticsConfiguration; a != nil && a.ApplicationArn != nil {
		setDefault(&a.RoleArn, s.analyticsRole())
	}
	return nil
}

// completeClient fills in what Describe shows of a client whose creator said nothing.
// Members that AWS leaves out until they are set stay out; package catalog knows what
// holds then.
func completeClient(r *cognitoidp.UserPoolClientType) {
	if api.Value(r.RefreshTokenValidity) == 0 {
		r.RefreshTokenValidity = new(catalog.DefaultRefreshTokenValidity)
	}
	setDefault(&r.AuthSessionValidity, catalog.DefaultAuthSessionValidity)
	setDefault(&r.AllowedOAuthFlowsUserPoolClient, false)
	setDefault(&r.EnableTokenRevocation, true)
	setDefault(&r.EnablePropagateAdditionalUserContextData, false)
	setDefault(&r.TokenValidityUnits, cognitoidp.TokenValidityUnitsType{})
	if u := r.TokenValidityUnits; *u != (cognitoidp.TokenValidityUnitsType{}) {
		setDefault(&u.AccessToken, cognitoidp.TimeUnitsTypeHours)
		setDefault(&u.IdToken, cognitoidp.TimeUnitsTypeHours)
		setDefault(&u.RefreshToken, cognitoidp.TimeUnitsTypeDays)
	}
	r.ReadAttributes = set(r.ReadAttributes)
	r.WriteAttributes = set(r.WriteAttributes)
	r.ExplicitAuthFlows = set(r.ExplicitAuthFlows)
	r.SupportedIdentityProviders = set(r.SupportedIdentityProviders)
	r.CallbackURLs = set(r.CallbackURLs)
	r.LogoutURLs = set(r.LogoutURLs)
	r.AllowedOAuthFlows = set(r.AllowedOAuthFlows)
	r.AllowedOAuthScopes = set(r.AllowedOAuthScopes)
}

// checkPermissions checks the attribute lists. Required attributes must be writable, or
// nobody could sign up; an immutable one may be, for sign-up.
func checkPermissions(what doing, pool *catalog.Pool, r *cognitoidp.UserPoolClientType) error {
	known := func(name string) bool {
		_, ok := pool.Attribute(name)
		return ok && !strings.HasPrefix(name, catalog.DeveloperPrefix)
	}
	for _, name := range r.ReadAttributes {
		if !known(name) && name != catalog.Identities {
			return fault.InvalidParameter("Invalid read attributes specified while " + string(what) + " a client")
		}
	}
	wrong := fault.InvalidParameter("Invalid write attributes specified while " + string(what) + " a client")
	for _, name := range r.WriteAttributes {
		if !known(name) || name == catalog.Sub || name == catalog.EmailVerified || name == catalog.PhoneNumberVerified {
			return wrong
		}
	}
	for _, name := range pool.RequiredAttributes() {
		if len(r.WriteAttributes) > 0 && !slices.Contains(r.WriteAttributes, name) {
			return wrong
		}
	}
	return nil
}

func checkFlows(r *cognitoidp.UserPoolClientType) error {
	allow := 0
	for _, flow := range r.ExplicitAuthFlows {
		if strings.HasPrefix(string(flow), "ALLOW_") {
			allow++
		}
	}
	if allow > 0 && allow < len(r.ExplicitAuthFlows) {
		return fault.InvalidParameter("Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.")
	}
	rotates := r.RefreshTokenRotation != nil && api.Value(r.RefreshTokenRotation.Feature) == cognitoidp.FeatureTypeEnabled
	if rotates && slices.Contains(r.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth) {
		return fault.InvalidParameter("ALLOW_REFRESH_TOKEN_AUTH cannot be used when refresh token rotation is enabled.")
	}
	return nil
}

// The ranges of token validity (Cognito guide: "Quotas").
const (
	minTokenTTL   = 5 * time.Minute // ID and access token
	maxTokenTTL   = 24 * time.Hour
	minRefreshTTL = time.Hour
	maxRefreshTTL = 3650 * 24 * time.Hour
)

func checkLifetimes(r *cognitoidp.UserPoolClientType) error {
	l := catalog.ClientLifetimes(r)
	for _, ttl := range []time.Duration{l.Access, l.ID} {
		if ttl < minTokenTTL || ttl > maxTokenTTL {
			return fault.InvalidParameter("Invalid range for token validity.")
		}
	}
	if l.Refresh < minRefreshTTL || l.Refresh > maxRefreshTTL {
		return fault.InvalidParameter("Invalid range for token validity.")
	}
	if max(l.Access, l.ID) > l.Refresh {
		return fault.InvalidParameter("Access and Id Token expiration times must be less than or equal to refresh token expiration times.")
	}
	return nil
}

// analyticsRole is the role that AWS shows of a client that names an application by its ARN.
func (s *Service) analyticsRole() string {
	return "arn:aws:iam::" + s.deps.Place.AccountID + ":role/aws-service-role/cognito-idp.amazonaws.com/AWSServiceRoleForAmazonCognitoIdp"
}

func (s *Service) checkAnalytics(c *cognitoidp.AnalyticsConfigurationType) error {
	if c == nil {
		return nil
	}
	ownRole := c.RoleArn == nil || *c.RoleArn == s.analyticsRole() // as described before
	byARN := c.ApplicationArn != nil && c.ApplicationId == nil && ownRole && c.ExternalId == nil
	byID := c.ApplicationArn == nil && c.ApplicationId != nil && c.RoleArn != nil && c.ExternalId != nil
	if !byARN && !byID {
		return fault.InvalidParameter("Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid")
	}
	return nil
}
