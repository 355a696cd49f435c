package userpool

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
)

// The keys of ProviderDetails (the model's text).
const (
	detailClientID        = "client_id"
	detailClientSecret    = "client_secret"
	detailScopes          = "authorize_scopes"
	detailAuthorizeURL    = "authorize_url"
	detailTokenURL        = "token_url"
	detailTokenMethod     = "token_request_method"
	detailAttributesURL   = "attributes_url"
	detailAddAttributes   = "attributes_url_add_attributes"
	detailRequestMethod   = "attributes_request_method"
	detailJWKS            = "jwks_uri"
	detailIssuer          = "oidc_issuer"
	detailAPIVersion      = "api_version"
	detailTeamID          = "team_id"
	detailKeyID           = "key_id"
	detailPrivateKey      = "private_key"
	detailMetadataURL     = "MetadataURL"
	detailMetadataFile    = "MetadataFile"
	detailIDPSignout      = "IDPSignout"
	detailIDPInit         = "IDPInit"
	detailEncrypted       = "EncryptedResponses"
	detailSigning         = "RequestSigningAlgorithm"
	detailCertificate     = "ActiveEncryptionCertificate"
	detailSSO             = "SSORedirectBindingURI"
	detailSLO             = "SLORedirectBindingURI"
	defaultFacebookAPI    = "v17.0" // the model's example
	signingAlgorithmValue = "rsa-sha256"
)

// Texts that AWS was measured to answer, but for those that say otherwise.
const (
	textSocialDetails  = "clientId, clientSecret and authorizeScopes are all required idp details."
	textAppleDetails   = "clientId, privateKey, teamId, and keyId are all required idp details."
	textOIDCDetails    = "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."
	textOIDCEndpoint   = "OIDC endpoint must start with https://"
	textNoMetadata     = "At least one of the MetadataURL or MetadataFile should be provided."
	textBothMetadata   = "Only one of the MetadataURL or MetadataFile should be provided."
	textRequestMethod  = "1 validation error detected: Value '%s' at 'attributesRequestMethod' failed to satisfy constraint: Member must satisfy enum value set: [POST, GET]"
	textUnknownDetail  = "ProviderDetails of %s providers have no %s."           // chosen here, as the following
	textDetailValue    = "The provider detail %s must be one of: %s."            //
	textMetadataURL    = "MetadataURL must start with https://"                  // after its sibling
	textAPIVersion     = "The provider detail api_version must look like v17.0." //
	subjectSub         = "sub"
	attributesPersonal = "https://people.googleapis.com/v1/people/me?personFields="
)

// providerRules are what ProviderDetails of one type hold.
type providerRules struct {
	// required keys must have a value, or missing is the answer.
	required []string
	missing  string
	optional []string
	// computed keys may be sent, as they are when a description comes back, and are made
	// anew.
	computed []string
	// subject is the claim that names the user where AttributeMapping says nothing; empty
	// for the NameID of SAML, which is no attribute.
	subject string
}

func rulesOf(kind cognitoidp.IdentityProviderTypeType) providerRules {
	computed := []string{detailAttributesURL, detailAddAttributes, detailAuthorizeURL, detailTokenURL, detailTokenMethod}
	social := providerRules{
		required: []string{detailClientID, detailClientSecret, detailScopes}, missing: textSocialDetails,
		computed: computed, subject: subjectSub,
	}
	switch kind {
	case cognitoidp.IdentityProviderTypeTypeGoogle:
		social.computed = append(social.computed, detailIssuer)
	case cognitoidp.IdentityProviderTypeTypeFacebook:
		social.optional, social.subject = []string{detailAPIVersion}, "id"
	case cognitoidp.IdentityProviderTypeTypeLoginWithAmazon:
		social.subject = "user_id"
	case cognitoidp.IdentityProviderTypeTypeSignInWithApple:
		social.required = []string{detailClientID, detailPrivateKey, detailTeamID, detailKeyID}
		social.missing, social.optional = textAppleDetails, []string{detailScopes}
		social.computed = []string{detailAddAttributes, detailAuthorizeURL, detailTokenURL, detailTokenMethod, detailIssuer}
	case cognitoidp.IdentityProviderTypeTypeOidc:
		return providerRules{
			required: []string{detailClientID, detailScopes, detailIssuer, detailRequestMethod}, missing: textOIDCDetails,
			optional: []string{detailClientSecret, detailAuthorizeURL, detailTokenURL, detailAttributesURL, detailJWKS},
			computed: []string{detailAddAttributes}, subject: subjectSub,
		}
	case cognitoidp.IdentityProviderTypeTypeSaml:
		return providerRules{
			optional: []string{detailMetadataURL, detailMetadataFile, detailIDPSignout, detailIDPInit, detailEncrypted, detailSigning},
			computed: []string{detailCertificate, detailSSO, detailSLO},
		}
	}
	return social
}

// settleDetails checks the details of a provider and returns them with what AWS adds. What
// is computed from what must be fetched, such as an OIDC provider's endpoints, is added
// when a sign-in fetches it: nothing here calls the provider.
func (s *Service) settleDetails(kind cognitoidp.IdentityProviderTypeType, given api.StringMap, now time.Time) (api.StringMap, error) {
	rules := rulesOf(kind)
	out := api.StringMap{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case slices.Contains(rules.required, name), slices.Contains(rules.optional, name):
			out[name] = given[name]
		case !slices.Contains(rules.computed, name):
			return nil, refusef(textUnknownDetail, kind, name)
		}
	}
	for _, name := range rules.required {
		if strings.TrimSpace(out[name]) == "" {
			return nil, fault.InvalidParameter(rules.missing)
		}
	}
	switch kind {
	case cognitoidp.IdentityProviderTypeTypeOidc:
		return out, s.settleOIDC(out)
	case cognitoidp.IdentityProviderTypeTypeSaml:
		return out, s.settleSAML(out, now)
	}
	return out, settleSocial(kind, out)
}

func settleSocial(kind cognitoidp.IdentityProviderTypeType, d api.StringMap) error {
	d[detailTokenMethod], d[detailAddAttributes] = "POST", "false"
	switch kind {
	case cognitoidp.IdentityProviderTypeTypeGoogle:
		d[detailIssuer] = "https://accounts.google.com"
		d[detailAuthorizeURL] = "https://accounts.google.com/o/oauth2/v2/auth"
		d[detailTokenURL] = "https://www.googleapis.com/oauth2/v4/token"
		d[detailAttributesURL], d[detailAddAttributes] = attributesPersonal, "true"
	case cognitoidp.IdentityProviderTypeTypeFacebook:
		version := defaultFacebookAPI
		if given, ok := d[detailAPIVersion]; ok {
			version = given
		}
		if !facebookVersion.MatchString(version) {
			return fault.InvalidParameter(textAPIVersion)
		}
		d[detailAuthorizeURL] = "https://www.facebook.com/" + version + "/dialog/oauth"
		d[detailTokenURL], d[detailTokenMethod] = "https://graph.facebook.com/"+version+"/oauth/access_token", "GET"
		d[detailAttributesURL], d[detailAddAttributes] = "https://graph.facebook.com/"+version+"/me?fields=", "true"
	case cognitoidp.IdentityProviderTypeTypeLoginWithAmazon:
		d[detailAuthorizeURL] = "https://www.amazon.com/ap/oa"
		d[detailTokenURL] = "https://api.amazon.com/auth/o2/token"
		d[detailAttributesURL] = "https://api.amazon.com/user/profile"
	default: // Sign in with Apple
		d[detailIssuer] = "https://appleid.apple.com"
		d[detailAuthorizeURL] = "https://appleid.apple.com/auth/authorize"
		d[detailTokenURL] = "https://appleid.apple.com/auth/token"
	}
	return nil
}

var facebookVersion = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,3}$`)

func (s *Service) settleOIDC(d api.StringMap) error {
	for _, name := range []string{detailIssuer, detailAuthorizeURL, detailTokenURL, detailAttributesURL, detailJWKS} {
		if value, ok := d[name]; ok && !s.safeURL(value) {
			return fault.InvalidParameter(textOIDCEndpoint)
		}
	}
	if method := d[detailRequestMethod]; method != "GET" && method != "POST" {
		return refusef(textRequestMethod, method)
	}
	d[detailAddAttributes] = "false"
	return nil
}

// safeURL says whether the server may call a provider at an address: through TLS, or on
// this machine where the server is in development.
func (s *Service) safeURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return s.deps.PlainLoopback && u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func (s *Service) settleSAML(d api.StringMap, now time.Time) error {
	address, byURL := d[detailMetadataURL]
	file, byFile := d[detailMetadataFile]
	switch {
	case byURL && byFile:
		return fault.InvalidParameter(textBothMetadata)
	case !byURL && !byFile:
		return fault.InvalidParameter(textNoMetadata)
	case byURL && !s.safeURL(address):
		return fault.InvalidParameter(textMetadataURL)
	}
	for _, name := range []string{detailIDPSignout, detailIDPInit, detailEncrypted} {
		if value, ok := d[name]; ok && value != "true" && value != "false" {
			return refusef(textDetailValue, name, "true, false")
		}
	}
	if value, ok := d[detailSigning]; ok && value != signingAlgorithmValue {
		return refusef(textDetailValue, detailSigning, signingAlgorithmValue)
	}
	if !byFile {
		return nil
	}
	m, err := parseMetadata(file, now)
	if err != nil {
		return err
	}
	d[detailSSO] = m.signIn
	if m.signOut != "" {
		d[detailSLO] = m.signOut
	}
	return nil
}
