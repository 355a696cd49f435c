package userpool_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/keys/keystest"
	"github.com/cenote-id/cenote/internal/userpool"
)

// realKeys gives the service keys that work: SAML providers get certificates.
func realKeys(d *userpool.Deps) { d.Keys = keys.NewStock(keystest.Generator(), nil, 0) }

type kind = cognitoidp.IdentityProviderTypeType

func (e *env) provide(pool *string, name string, kind kind, details api.StringMap, change ...func(*cognitoidp.CreateIdentityProviderRequest)) (*cognitoidp.IdentityProviderType, error) {
	in := &cognitoidp.CreateIdentityProviderRequest{UserPoolId: pool, ProviderName: &name, ProviderType: &kind, ProviderDetails: details}
	for _, f := range change {
		f(in)
	}
	out, err := e.CreateIdentityProvider(e.t.Context(), e.call(), in)
	if err != nil {
		return nil, err
	}
	return out.IdentityProvider, nil
}

func (e *env) describeProvider(pool *string, name string) *cognitoidp.IdentityProviderType {
	e.t.Helper()
	in := &cognitoidp.DescribeIdentityProviderRequest{UserPoolId: pool, ProviderName: &name}
	return must(e.DescribeIdentityProvider(e.t.Context(), e.call(), in))(e.t).IdentityProvider
}

// metadata is that of a SAML provider with one certificate.
func metadata(t *testing.T, notAfter time.Time) string {
	t.Helper()
	key := must(keystest.Generator()(t.Context()))(t)
	template := &x509.Certificate{NotBefore: notAfter.Add(-time.Hour), NotAfter: notAfter}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t)
	return `<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="urn:corp">
 <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
` + base64.StdEncoding.EncodeToString(der) + `
  </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
  <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://corp.example/slo"/>
  <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://corp.example/post"/>
  <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://corp.example/sso"/>
 </md:IDPSSODescriptor>
</md:EntityDescriptor>`
}

const (
	google   = cognitoidp.IdentityProviderTypeTypeGoogle
	facebook = cognitoidp.IdentityProviderTypeTypeFacebook
	amazon   = cognitoidp.IdentityProviderTypeTypeLoginWithAmazon
	apple    = cognitoidp.IdentityProviderTypeTypeSignInWithApple
	oidc     = cognitoidp.IdentityProviderTypeTypeOidc
	saml     = cognitoidp.IdentityProviderTypeTypeSaml
)

func social(more ...string) api.StringMap {
	m := api.StringMap{"client_id": "id", "client_secret": "hush", "authorize_scopes": "email"}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

func oidcDetails(more ...string) api.StringMap {
	m := social("oidc_issuer", "https://corp.example", "attributes_request_method", "GET")
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// Each type shows what it was given and what AWS adds, and an update with what is shown
// changes nothing.
func TestProviderDetails(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	appleDetails := api.StringMap{"client_id": "id", "team_id": "team", "key_id": "key", "private_key": "very private", "authorize_scopes": "email name"}
	file := metadata(t, e.now.Add(time.Hour))
	for _, tt := range []struct {
		name    string
		kind    kind
		given   api.StringMap
		added   api.StringMap
		hidden  string
		mapping api.StringMap
	}{
		{"Google", google, social(), api.StringMap{
			"attributes_url": "https://people.googleapis.com/v1/people/me?personFields=", "attributes_url_add_attributes": "true",
			"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "oidc_issuer": "https://accounts.google.com",
			"token_request_method": "POST", "token_url": "https://www.googleapis.com/oauth2/v4/token",
		}, "", api.StringMap{"username": "sub"}},
		{"Facebook", facebook, social("api_version", "v9.1"), api.StringMap{
			"attributes_url": "https://graph.facebook.com/v9.1/me?fields=", "attributes_url_add_attributes": "true",
			"authorize_url": "https://www.facebook.com/v9.1/dialog/oauth", "token_request_method": "GET",
			"token_url": "https://graph.facebook.com/v9.1/oauth/access_token",
		}, "", api.StringMap{"username": "id"}},
		{"LoginWithAmazon", amazon, social(), api.StringMap{
			"attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false",
			"authorize_url": "https://www.amazon.com/ap/oa", "token_request_method": "POST", "token_url": "https://api.amazon.com/auth/o2/token",
		}, "", api.StringMap{"username": "user_id"}},
		{"SignInWithApple", apple, appleDetails, api.StringMap{
			"attributes_url_add_attributes": "false", "authorize_url": "https://appleid.apple.com/auth/authorize",
			"oidc_issuer": "https://appleid.apple.com", "token_request_method": "POST", "token_url": "https://appleid.apple.com/auth/token",
		}, "private_key", api.StringMap{"username": "sub"}},
		{"Corp", oidc, oidcDetails("token_url", "https://corp.example/token"), api.StringMap{"attributes_url_add_attributes": "false"}, "", api.StringMap{"username": "sub"}},
		{"Old", saml, api.StringMap{"MetadataFile": file, "IDPSignout": "true", "RequestSigningAlgorithm": "rsa-sha256"}, api.StringMap{
			"SSORedirectBindingURI": "https://corp.example/sso", "SLORedirectBindingURI": "https://corp.example/slo",
		}, "", nil},
		{"Far", saml, api.StringMap{"MetadataURL": "https://corp.example/metadata"}, nil, "", nil},
	} {
		created := must(e.provide(pool, tt.name, tt.kind, maps.Clone(tt.given)))(t)
		want := maps.Clone(tt.given)
		maps.Copy(want, tt.added)
		delete(want, tt.hidden)
		if tt.kind == saml {
			certificate := must(base64.StdEncoding.DecodeString(created.ProviderDetails["ActiveEncryptionCertificate"]))(t)
			if c := must(x509.ParseCertificate(certificate))(t); !c.NotAfter.After(e.now.AddDate(9, 0, 0)) || c.Subject.CommonName != *pool {
				t.Errorf("%s: encryption certificate %+v", tt.name, c.Subject)
			}
			want["ActiveEncryptionCertificate"] = created.ProviderDetails["ActiveEncryptionCertificate"]
		}
		if diff := cmp.Diff(want, created.ProviderDetails); diff != "" {
			t.Errorf("%s: details (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.mapping, created.AttributeMapping); diff != "" {
			t.Errorf("%s: mapping (-want +got):\n%s", tt.name, diff)
		}
		described := e.describeProvider(pool, tt.name)
		if diff := cmp.Diff(created, described); diff != "" {
			t.Errorf("%s: described (-created +described):\n%s", tt.name, diff)
		}
		updated := must(e.UpdateIdentityProvider(t.Context(), e.call(), &cognitoidp.UpdateIdentityProviderRequest{
			UserPoolId: pool, ProviderName: &tt.name, ProviderDetails: described.ProviderDetails,
			AttributeMapping: described.AttributeMapping, IdpIdentifiers: described.IdpIdentifiers,
		}))(t).IdentityProvider
		for _, again := range []*cognitoidp.IdentityProviderType{updated, e.describeProvider(pool, tt.name)} {
			if diff := cmp.Diff(created, again); diff != "" {
				t.Errorf("%s drifts:\n%s", tt.name, diff)
			}
		}
	}
	// No secret lies in the open.
	list := must(e.db.Providers().List(t.Context(), must(e.db.Pool(t.Context(), *pool))(t).ID, "", 10))(t)
	for _, x := range list {
		open := string(must(json.Marshal(x.Config))(t))
		for _, secret := range []string{"hush", "very private"} {
			if strings.Contains(open, secret) {
				t.Errorf("the record of %s shows its secret", x.Name)
			}
		}
		if x.Name == "SignInWithApple" && !strings.Contains(string(x.Secret), "very private") {
			t.Error("an update without the private key has lost it")
		}
	}
}

func TestProviderRules(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	without := func(m api.StringMap, name string) api.StringMap {
		delete(m, name)
		return m
	}
	const (
		social3  = "clientId, clientSecret and authorizeScopes are all required idp details."
		oidc4    = "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."
		endpoint = "OIDC endpoint must start with https://"
		invalid  = "Invalid SAML metadata: "
	)
	file := metadata(t, e.now.Add(time.Hour))
	for _, tt := range []struct {
		name    string
		kind    kind
		details api.StringMap
		text    string
	}{
		{"Google", google, without(social(), "client_secret"), social3},
		{"Google", google, social("client_id", " "), social3},
		{"Facebook", facebook, without(social(), "authorize_scopes"), social3},
		{"Facebook", facebook, social("api_version", "17"), "The provider detail api_version must look like v17.0."},
		{"LoginWithAmazon", amazon, without(social(), "client_id"), social3},
		{"SignInWithApple", apple, api.StringMap{"client_id": "id", "team_id": "t", "key_id": "k"}, "clientId, privateKey, teamId, and keyId are all required idp details."},
		{"Corp", oidc, without(oidcDetails(), "oidc_issuer"), oidc4},
		{"Corp", oidc, without(oidcDetails(), "attributes_request_method"), oidc4},
		{"Corp", oidc, oidcDetails("oidc_issuer", "http://corp.example"), endpoint},
		{"Corp", oidc, oidcDetails("oidc_issuer", "http://localhost:8080"), endpoint},
		{"Corp", oidc, oidcDetails("jwks_uri", "ftp://corp.example"), endpoint},
		{"Corp", oidc, oidcDetails("token_url", "https://"), endpoint},
		{"Corp", oidc, oidcDetails("attributes_request_method", "PUT"), "1 validation error detected: Value 'PUT' at 'attributesRequestMethod' failed to satisfy constraint: Member must satisfy enum value set: [POST, GET]"},
		{"Corp", oidc, oidcDetails("team_id", "x"), "ProviderDetails of OIDC providers have no team_id."},
		{"Corp", saml, api.StringMap{}, "At least one of the MetadataURL or MetadataFile should be provided."},
		{"Corp", saml, api.StringMap{"MetadataURL": "https://c.example", "MetadataFile": file}, "Only one of the MetadataURL or MetadataFile should be provided."},
		{"Corp", saml, api.StringMap{"MetadataURL": "http://c.example"}, "MetadataURL must start with https://"},
		{"Corp", saml, api.StringMap{"MetadataFile": file, "IDPInit": "yes"}, "The provider detail IDPInit must be one of: true, false."},
		{"Corp", saml, api.StringMap{"MetadataFile": file, "RequestSigningAlgorithm": "rsa-sha1"}, "The provider detail RequestSigningAlgorithm must be one of: rsa-sha256."},
		{"Corp", saml, api.StringMap{"MetadataFile": ""}, invalid + "it is not an XML document of one EntityDescriptor."},
		{"Corp", saml, api.StringMap{"MetadataFile": "<a/>"}, invalid + "it is not an XML document of one EntityDescriptor."},
		{"Corp", saml, api.StringMap{"MetadataFile": "<!DOCTYPE x>" + file}, invalid + "it is not an XML document of one EntityDescriptor."},
		{"Corp", saml, api.StringMap{"MetadataFile": strings.ReplaceAll(file, "IDPSSODescriptor", "SPSSODescriptor")}, invalid + "it describes no identity provider."},
		{"Corp", saml, api.StringMap{"MetadataFile": strings.ReplaceAll(file, "HTTP-Redirect", "SOAP")}, invalid + "there is no SingleSignOnService with the HTTP-Redirect binding."},
		{"Corp", saml, api.StringMap{"MetadataFile": strings.ReplaceAll(file, "signing", "encryption")}, invalid + "there is no signing certificate."},
		{"Corp", saml, api.StringMap{"MetadataFile": strings.ReplaceAll(file, "<ds:X509Certificate>", "<ds:X509Certificate>AAAA")}, invalid + "a signing certificate cannot be read, or has more than 4096 characters."},
		{"Corp", saml, api.StringMap{"MetadataFile": metadata(t, e.now)}, invalid + "every signing certificate has expired."},
		{"Google", oidc, oidcDetails(), "Provider Google cannot be of type OIDC."},
		{"Corp", google, social(), "Provider Corp cannot be of type Google."},
		{"Facebook", google, social(), "Provider Facebook cannot be of type Google."},
		{"Cognito", oidc, oidcDetails(), "Provider Cognito cannot be of type OIDC."},
	} {
		_, err := e.provide(pool, tt.name, tt.kind, tt.details)
		wantFault(t, err, invalidParameter, tt.text)
	}
	for text, mapping := range map[string]api.StringMap{
		"custom:none": {"custom:none": "x"},
		"sub, zip":    {"zip": "x", "email": "email", "sub": "x"},
		"identities":  {"identities": "x"},
		"email":       {"email": ""},
	} {
		_, err := e.provide(pool, "Corp", oidc, oidcDetails(), func(in *cognitoidp.CreateIdentityProviderRequest) { in.AttributeMapping = mapping })
		wantFault(t, err, invalidParameter, "AttributeMapping contains invalid mapping: ["+text+"]")
	}
	if out := must(e.ListIdentityProviders(t.Context(), e.call(), &cognitoidp.ListIdentityProvidersRequest{UserPoolId: pool}))(t); len(out.Providers) > 0 {
		t.Errorf("refused providers are there: %v", out.Providers)
	}
}

func TestLoopbackProviders(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys, func(d *userpool.Deps) { d.PlainLoopback = true })
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	must(e.provide(pool, "Local", oidc, oidcDetails("oidc_issuer", "http://localhost:8080/realm", "token_url", "http://127.0.0.1/token", "jwks_uri", "http://[::1]:1/x")))(t)
	_, err := e.provide(pool, "Other", oidc, oidcDetails("oidc_issuer", "http://corp.example"))
	wantFault(t, err, invalidParameter, "OIDC endpoint must start with https://")
}

func TestProviderNames(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys, func(d *userpool.Deps) { d.Limits.ProvidersPerPool = 3 })
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	identified := func(names ...string) func(*cognitoidp.CreateIdentityProviderRequest) {
		return func(in *cognitoidp.CreateIdentityProviderRequest) { in.IdpIdentifiers = names }
	}
	if p := must(e.provide(pool, "One", oidc, oidcDetails()))(t); p.IdpIdentifiers == nil || len(p.IdpIdentifiers) > 0 {
		t.Errorf("a provider without identifiers shows %v", p.IdpIdentifiers)
	}
	must(e.provide(pool, "Two", oidc, oidcDetails(), identified("two.example", "zwei.example")))(t)
	_, err := e.provide(pool, "One", oidc, oidcDetails(), identified("two.example"))
	wantFault(t, err, "DuplicateProviderException", "A provider with the name One already exists in this user pool.")
	const twice = "The identifier %s is used by another identity provider or twice."
	_, err = e.provide(pool, "Three", oidc, oidcDetails(), identified("three.example", "zwei.example"))
	wantFault(t, err, invalidParameter, strings.Replace(twice, "%s", "zwei.example", 1))
	_, err = e.provide(pool, "Three", oidc, oidcDetails(), identified("a", "b", "a"))
	wantFault(t, err, invalidParameter, strings.Replace(twice, "%s", "a", 1))

	update := func(name string, identifiers ...string) error {
		_, err := e.UpdateIdentityProvider(t.Context(), e.call(), &cognitoidp.UpdateIdentityProviderRequest{
			UserPoolId: pool, ProviderName: &name, IdpIdentifiers: identifiers,
		})
		return err
	}
	wantFault(t, update("One", "two.example"), invalidParameter, strings.Replace(twice, "%s", "two.example", 1))
	wantFault(t, update("None", "x"), "ResourceNotFoundException", "Identity provider None does not exist.")
	if err := update("Two", "zwei.example"); err != nil {
		t.Fatal(err)
	}
	byIdentifier := func(identifier string) (string, error) {
		out, err := e.GetIdentityProviderByIdentifier(t.Context(), e.call(), &cognitoidp.GetIdentityProviderByIdentifierRequest{UserPoolId: pool, IdpIdentifier: &identifier})
		if err != nil {
			return "", err
		}
		return *out.IdentityProvider.ProviderName, nil
	}
	if name := must(byIdentifier("zwei.example"))(t); name != "Two" {
		t.Errorf("the identifier finds %s", name)
	}
	_, err = byIdentifier("two.example")
	wantFault(t, err, "ResourceNotFoundException", "Identity provider two.example does not exist.")
	must(e.provide(pool, "Three", oidc, oidcDetails(), identified("two.example")))(t)
	_, err = e.provide(pool, "Four", oidc, oidcDetails())
	wantFault(t, err, "LimitExceededException", "The limit of 3 identity providers in a user pool is reached.")

	list := func(limit int, token *string) ([]string, *string) {
		out := must(e.ListIdentityProviders(t.Context(), e.call(), &cognitoidp.ListIdentityProvidersRequest{UserPoolId: pool, MaxResults: &limit, NextToken: token}))(t)
		var names []string
		for _, p := range out.Providers {
			names = append(names, *p.ProviderName)
		}
		return names, out.NextToken
	}
	first, next := list(2, nil)
	rest, end := list(2, next)
	if diff := cmp.Diff([]string{"One", "Three", "Two"}, append(first, rest...)); diff != "" || end != nil {
		t.Error(diff, end)
	}
}

// Clients may name the providers of their pool, and lose one that is deleted.
func TestProvidersOfClients(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	elsewhere := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	for _, p := range []*string{pool, elsewhere} {
		must(e.provide(p, "Corp", oidc, oidcDetails()))(t)
	}
	must(e.provide(elsewhere, "Google", google, social()))(t)
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool, SupportedIdentityProviders: []string{"COGNITO", "Corp"}})
	other := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: elsewhere, SupportedIdentityProviders: []string{"Corp"}})
	_, err := e.UpdateUserPoolClient(t.Context(), e.call(), &cognitoidp.UpdateUserPoolClientRequest{
		UserPoolId: pool, ClientId: client.ClientId, SupportedIdentityProviders: []string{"COGNITO", "Google"},
	})
	wantFault(t, err, invalidParameter, "The provider Google does not exist for User Pool "+*pool+".")

	drop := func() error {
		_, err := e.DeleteIdentityProvider(t.Context(), e.call(), &cognitoidp.DeleteIdentityProviderRequest{UserPoolId: pool, ProviderName: new("Corp")})
		return err
	}
	if err := drop(); err != nil {
		t.Fatal(err)
	}
	wantFault(t, drop(), "ResourceNotFoundException", "Identity provider Corp does not exist.")
	if got := e.describeClient(pool, client.ClientId).SupportedIdentityProviders; !cmp.Equal(got, []string{"COGNITO"}) {
		t.Errorf("the client has %v", got)
	}
	if got := e.describeClient(elsewhere, other.ClientId).SupportedIdentityProviders; !cmp.Equal(got, []string{"Corp"}) {
		t.Errorf("a client of another pool has %v", got)
	}
}

func TestIdentitiesInSchema(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	before := e.describePool(pool).SchemaAttributes
	must(e.provide(pool, "Corp", oidc, oidcDetails()))(t)
	after := e.describePool(pool).SchemaAttributes
	if len(after) != len(before)+1 {
		t.Fatalf("%d attributes, then %d", len(before), len(after))
	}
	wantJSON(t, after[len(before)], `{"Name":"identities","AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,
		"Required":false,"StringAttributeConstraints":{}}`)
}

func FuzzMetadata(f *testing.F) {
	now := time.UnixMilli(1_700_000_000_123)
	f.Add("")
	f.Add("<a/>")
	f.Add(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><Extensions/><EntityDescriptor entityID="x"/></EntitiesDescriptor>`)
	f.Add("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := userpool.ParseMetadata(text, now)
		if _, ok := errors.AsType[*fault.Error](err); err != nil && !ok {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestManyEntities(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_123)
	_, one, _ := strings.Cut(metadata(t, now.Add(time.Hour)), "?>")
	several := func(inside string) string {
		return `<m:EntitiesDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata"><m:Extensions><x/></m:Extensions>` + inside + `</m:EntitiesDescriptor>`
	}
	if _, err := userpool.ParseMetadata(several(one), now); err != nil {
		t.Errorf("one entity among entities: %v", err)
	}
	for _, text := range []string{several(""), several(one + one), one + one, several(several(one) + one)} {
		if _, err := userpool.ParseMetadata(text, now); err == nil {
			t.Errorf("accepted: %.100s", text)
		}
	}
}
