package userpool

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// identityProviderCognito is the pool's own directory among identity providers.
const identityProviderCognito = "COGNITO"

// checkOAuth checks the members for the OAuth endpoints. They are checked and kept with
// AllowedOAuthFlowsUserPoolClient false as well, where AWS does not use them either.
func (s *Service) checkOAuth(ctx context.Context, pool *catalog.Pool, r *cognitoidp.UserPoolClientType, hasSecret bool) error {
	if err := s.checkProviders(ctx, pool, r.SupportedIdentityProviders); err != nil {
		return err
	}
	if err := checkURLs(r); err != nil {
		return err
	}
	if api.Value(r.AllowedOAuthFlowsUserPoolClient) && (len(r.AllowedOAuthFlows) == 0 || len(r.AllowedOAuthScopes) == 0) {
		return fault.InvalidOAuthFlow("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	}
	return s.checkGrants(ctx, pool, r, hasSecret)
}

// standardScope says whether a scope exists in every pool.
func standardScope(name string) bool {
	switch name {
	case "phone", "email", "openid", "profile", "aws.cognito.signin.user.admin":
		return true
	}
	return false
}

func (s *Service) checkGrants(ctx context.Context, pool *catalog.Pool, r *cognitoidp.UserPoolClientType, hasSecret bool) error {
	interactive := slices.Contains(r.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeCode) ||
		slices.Contains(r.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeImplicit)
	machine := slices.Contains(r.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials)
	switch {
	case machine && interactive:
		return fault.InvalidOAuthFlow("client_credentials flow can not be selected along with code flow or implicit flow.")
	case machine && !hasSecret:
		return fault.InvalidOAuthFlow("client_credentials flow can not be selected if client does not have a client secret.")
	case interactive && len(r.CallbackURLs) == 0:
		return fault.InvalidOAuthFlow("CallbackUrls can not be empty when code flow or implicit flow is selected")
	}
	for _, scope := range r.AllowedOAuthScopes {
		exists, err := s.scopeExists(ctx, pool, scope)
		if err != nil {
			return err
		}
		if !exists {
			return fault.ScopeDoesNotExist("Invalid scope requested: " + scope)
		}
		if machine && standardScope(scope) {
			return fault.InvalidOAuthFlow(scope + " is not supported with client_credentials flow")
		}
	}
	return nil
}

func checkURLs(r *cognitoidp.UserPoolClientType) error {
	for _, target := range slices.Concat(r.CallbackURLs, r.LogoutURLs) {
		if err := checkURL(target); err != nil {
			return err
		}
	}
	if uri := r.DefaultRedirectURI; uri != nil && !slices.Contains(r.CallbackURLs, *uri) {
		return fault.InvalidParameter("The default redirect URI " + *uri + " is not in the callback URIs list.")
	}
	return nil
}

// checkURL takes absolute URLs of any scheme, since apps have their own; plain HTTP only
// to this machine. RFC 6749 section 3.1.2 forbids fragments.
func checkURL(target string) error {
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Scheme == "":
		return fault.InvalidParameter(target + " is not an absolute URL.")
	case strings.Contains(target, "#"):
		return fault.InvalidParameter(target + " cannot use fragment")
	case u.Scheme == "http" && !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()):
		return fault.InvalidParameter(target + " cannot use the HTTP protocol.")
	}
	return nil
}
