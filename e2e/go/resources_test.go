package e2e

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// Two secrets of a client are good at the same time, wherever one is asked for.
func TestTwoClientSecrets(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(), withSecret, func(in *idp.CreateUserPoolClientInput) {
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled}
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
	})
	u := s.member(a.pool)
	added := must(s.AddUserPoolClientSecret(s.ctx, &idp.AddUserPoolClientSecretInput{UserPoolId: &a.pool, ClientId: &a.id}))(t).ClientSecretDescriptor
	second := app{a.pool, a.id, *added.ClientSecretValue}
	book.add("client secret", second.secret)
	_, err := s.AddUserPoolClientSecret(s.ctx, &idp.AddUserPoolClientSecretInput{UserPoolId: &a.pool, ClientId: &a.id})
	refused[*types.LimitExceededException](t, err, "Client secrets cannot exceed limit of 2 secrets.")
	var ids []string
	list := must(s.ListUserPoolClientSecrets(s.ctx, &idp.ListUserPoolClientSecretsInput{UserPoolId: &a.pool, ClientId: &a.id}))(t)
	for _, d := range list.ClientSecrets {
		if d.ClientSecretValue != nil || d.ClientSecretCreateDate == nil {
			t.Errorf("%+v", d)
		}
		ids = append(ids, *d.ClientSecretId)
	}
	if len(ids) != 2 || list.NextToken != nil || ids[1] != *added.ClientSecretId || !strings.HasPrefix(ids[0], a.id+"--") {
		t.Errorf("secrets %v", ids)
	}

	refresh := func(a app, token *string) (*types.AuthenticationResultType, error) {
		out, err := s.GetTokensFromRefreshToken(s.ctx, &idp.GetTokensFromRefreshTokenInput{ClientId: &a.id, ClientSecret: &a.secret, RefreshToken: token})
		if err != nil {
			return nil, err
		}
		return out.AuthenticationResult, nil
	}
	for _, with := range []app{a, second} {
		first := s.tokens(with, u.name, u.password)
		next := must(refresh(with, first.RefreshToken))(t)
		must(s.RevokeToken(s.ctx, &idp.RevokeTokenInput{ClientId: &with.id, ClientSecret: &with.secret, Token: next.RefreshToken}))(t)
	}

	// A secret that is deleted proves nothing any more.
	remove := func(id string) error {
		_, err := s.DeleteUserPoolClientSecret(s.ctx, &idp.DeleteUserPoolClientSecretInput{UserPoolId: &a.pool, ClientId: &a.id, ClientSecretId: &id})
		return err
	}
	if err := remove(ids[0]); err != nil {
		t.Fatal(err)
	}
	_, err = s.signIn(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, "Unable to verify secret hash for client "+a.id)
	tokens := s.tokens(second, u.name, u.password)
	_, err = refresh(a, tokens.RefreshToken)
	if _, ok := errorAs[*types.NotAuthorizedException](err); !ok {
		t.Errorf("a deleted secret refreshes: %v", err)
	}
	must(refresh(second, tokens.RefreshToken))(t)
	refused[*types.ResourceNotFoundException](t, remove(ids[0]), "Client secret "+ids[0]+" does not exist.")
	refused[*types.InvalidParameterException](t, remove(ids[1]), "The last secret of an app client cannot be deleted.")
	shown := must(s.DescribeUserPoolClient(s.ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &a.pool, ClientId: &a.id}))(t)
	if *shown.UserPoolClient.ClientSecret != second.secret {
		t.Error("DescribeUserPoolClient shows another secret than the one that is left")
	}
}

// Resource servers are listed in pages; their scopes can be allowed while they exist.
func TestResourceServers(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	var want, got []string
	for i := range 5 {
		id := fmt.Sprintf("https://api.example/v%d", i)
		want = append(want, id)
		must(s.CreateResourceServer(s.ctx, &idp.CreateResourceServerInput{
			UserPoolId: &pool, Identifier: &id, Name: ptr("api"),
			Scopes: []types.ResourceServerScopeType{{ScopeName: ptr("read"), ScopeDescription: ptr("may read")}},
		}))(t)
	}
	pages := idp.NewListResourceServersPaginator(s, &idp.ListResourceServersInput{UserPoolId: &pool, MaxResults: ptr(int32(2))})
	for pages.HasMorePages() {
		page := must(pages.NextPage(s.ctx))(t)
		if len(page.ResourceServers) > 2 {
			t.Errorf("%d on a page", len(page.ResourceServers))
		}
		for _, r := range page.ResourceServers {
			got = append(got, *r.Identifier)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := s.CreateResourceServer(s.ctx, &idp.CreateResourceServerInput{UserPoolId: &pool, Identifier: &want[0], Name: ptr("api")})
	refused[*types.InvalidParameterException](t, err, want[0]+" already exists in user pool "+pool+".")
	_, err = s.CreateResourceServer(s.ctx, &idp.CreateResourceServerInput{
		UserPoolId: &pool, Identifier: ptr("x"), Name: ptr("api"), Scopes: []types.ResourceServerScopeType{{ScopeName: ptr("a/b"), ScopeDescription: ptr("d")}},
	})
	refused[*types.InvalidParameterException](t, err, `1 validation error detected: Value 'a/b' at 'scopes.1.member.scopeName' failed to satisfy constraint: `+
		`Member must satisfy regular expression pattern: [\x21\x23-\x2E\x30-\x5B\x5D-\x7E]+`)

	machine := func(scope string) (*idp.CreateUserPoolClientOutput, error) {
		return s.CreateUserPoolClient(s.ctx, &idp.CreateUserPoolClientInput{
			UserPoolId: &pool, ClientName: ptr("machine"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
			AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, AllowedOAuthScopes: []string{scope},
		})
	}
	made := must(machine(want[0] + "/read"))(t).UserPoolClient
	book.add("client secret", *made.ClientSecret)
	if !*made.AllowedOAuthFlowsUserPoolClient || len(made.AllowedOAuthScopes) != 1 {
		t.Errorf("%+v", made)
	}
	_, err = machine(want[0] + "/write")
	refused[*types.ScopeDoesNotExistException](t, err, "Invalid scope requested: "+want[0]+"/write")
	must(s.DeleteResourceServer(s.ctx, &idp.DeleteResourceServerInput{UserPoolId: &pool, Identifier: &want[0]}))(t)
	_, err = machine(want[0] + "/read")
	refused[*types.ScopeDoesNotExistException](t, err, "Invalid scope requested: "+want[0]+"/read")
	shown := must(s.DescribeUserPoolClient(s.ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: made.ClientId}))(t).UserPoolClient
	if len(shown.AllowedOAuthScopes) != 1 {
		t.Error("the client lost a scope with its resource server")
	}
	for name, call := range map[string]func() error{
		"describe": func() error {
			_, err := s.DescribeResourceServer(s.ctx, &idp.DescribeResourceServerInput{UserPoolId: &pool, Identifier: &want[0]})
			return err
		},
		"update": func() error {
			_, err := s.UpdateResourceServer(s.ctx, &idp.UpdateResourceServerInput{UserPoolId: &pool, Identifier: &want[0], Name: ptr("n")})
			return err
		},
		"delete": func() error {
			_, err := s.DeleteResourceServer(s.ctx, &idp.DeleteResourceServerInput{UserPoolId: &pool, Identifier: &want[0]})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused[*types.ResourceNotFoundException](t, call(), "Resource server "+want[0]+" does not exist.")
		})
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool, other := s.pool(), s.pool()
	prefix := unique("d-")
	name := prefix + ".example.com"
	empty := must(s.DescribeUserPoolDomain(s.ctx, &idp.DescribeUserPoolDomainInput{Domain: &prefix}))(t)
	if empty.DomainDescription == nil || empty.DomainDescription.Status != "" {
		t.Errorf("%+v", empty.DomainDescription)
	}
	custom := &types.CustomDomainConfigType{CertificateArn: ptr("arn:aws:acm:us-east-1:000000000000:certificate/a")}
	must(s.CreateUserPoolDomain(s.ctx, &idp.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: &prefix}))(t)
	made := must(s.CreateUserPoolDomain(s.ctx, &idp.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: &name, CustomDomainConfig: custom, ManagedLoginVersion: ptr(int32(2))}))(t)
	if made.CloudFrontDomain == nil || *made.ManagedLoginVersion != 2 {
		t.Errorf("%+v", made)
	}
	shown := must(s.DescribeUserPoolDomain(s.ctx, &idp.DescribeUserPoolDomainInput{Domain: &name}))(t).DomainDescription
	if shown.Status != types.DomainStatusTypeActive || *shown.UserPoolId != pool || *shown.CloudFrontDistribution != *made.CloudFrontDomain {
		t.Errorf("%+v", shown)
	}
	p := must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool
	if *p.Domain != prefix || *p.CustomDomain != name {
		t.Errorf("the pool has the domains %v, %v", p.Domain, p.CustomDomain)
	}
	create := func(name string) error {
		_, err := s.CreateUserPoolDomain(s.ctx, &idp.CreateUserPoolDomainInput{UserPoolId: &other, Domain: &name})
		return err
	}
	refused[*types.InvalidParameterException](t, create(prefix), "Domain already associated with another user pool.")
	refused[*types.InvalidParameterException](t, create("my-cognito"), "Domain cannot contain reserved word: cognito")
	refused[*types.InvalidParameterException](t, create("My_App"), `The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. `+
		`Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	long := strings.Repeat("x", 64)
	refused[*types.InvalidParameterException](t, create(long), "2 validation errors detected: Value '"+long+"' at 'domain' failed to satisfy constraint: Member must have length less than or equal to 63; "+
		"Value '"+long+`' at 'domain' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	_, err := s.UpdateUserPoolDomain(s.ctx, &idp.UpdateUserPoolDomainInput{UserPoolId: &pool, Domain: &name, ManagedLoginVersion: ptr(int32(1))})
	refused[*types.InvalidParameterException](t, err, "Cannot convert custom domain to prefix domain.")
	_, err = s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &pool})
	refused[*types.InvalidParameterException](t, err, "User pool cannot be deleted. It has a domain configured that should be deleted first.")
	_, err = s.DeleteUserPoolDomain(s.ctx, &idp.DeleteUserPoolDomainInput{UserPoolId: &other, Domain: &prefix})
	refused[*types.InvalidParameterException](t, err, "No such domain or user pool exists.")
	for _, name := range []string{prefix, name} {
		must(s.DeleteUserPoolDomain(s.ctx, &idp.DeleteUserPoolDomainInput{UserPoolId: &pool, Domain: &name}))(t)
	}
	if err := create(prefix); err != nil {
		t.Errorf("a name that was given up: %v", err)
	}
	must(s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &pool}))(t)
}

// A branding may be larger than other requests, up to its own limit.
func TestManagedLoginBranding(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	picture := append([]byte(logo), make([]byte, 990_000)...)
	var assets []types.AssetType
	for _, mode := range []types.ColorSchemeModeType{types.ColorSchemeModeTypeLight, types.ColorSchemeModeTypeDark} {
		assets = append(assets, types.AssetType{Category: types.AssetCategoryTypePageBackground, ColorMode: mode, Extension: types.AssetExtensionTypePng, Bytes: picture})
	}
	settings := map[string]any{"components": map[string]any{"pageBackground": map[string]any{"image": map[string]any{"enabled": true}}}}
	made := must(s.CreateManagedLoginBranding(s.ctx, &idp.CreateManagedLoginBrandingInput{
		UserPoolId: &a.pool, ClientId: &a.id, Settings: document.NewLazyDocument(settings), Assets: assets,
	}))(t).ManagedLoginBranding
	shown := must(s.DescribeManagedLoginBrandingByClient(s.ctx, &idp.DescribeManagedLoginBrandingByClientInput{UserPoolId: &a.pool, ClientId: &a.id}))(t).ManagedLoginBranding
	var got map[string]any
	if err := shown.Settings.UnmarshalSmithyDocument(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, got); diff != "" || len(shown.Assets) != 2 || len(shown.Assets[1].Bytes) != len(picture) {
		t.Errorf("%d assets, settings: %s", len(shown.Assets), diff)
	}
	all := must(s.DescribeManagedLoginBranding(s.ctx, &idp.DescribeManagedLoginBrandingInput{
		UserPoolId: &a.pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId, ReturnMergedResources: true,
	}))(t).ManagedLoginBranding
	if err := all.Settings.UnmarshalSmithyDocument(&got); err != nil || len(got) != 3 {
		t.Errorf("merged settings: %v, %v", got, err)
	}
	_, err := s.CreateManagedLoginBranding(s.ctx, &idp.CreateManagedLoginBrandingInput{UserPoolId: &a.pool, ClientId: &a.id, UseCognitoProvidedValues: true})
	refused[*types.ManagedLoginBrandingExistsException](t, err, "Managed login branding already exists for client "+a.id+".")
	_, err = s.UpdateManagedLoginBranding(s.ctx, &idp.UpdateManagedLoginBrandingInput{
		UserPoolId: &a.pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId, UseCognitoProvidedValues: true, Settings: document.NewLazyDocument(settings),
	})
	refused[*types.InvalidParameterException](t, err, "useCognitoProvidedValues or settings should be specified (but not both)")
	s.post("CreateManagedLoginBranding", strings.Repeat(" ", 4<<20)+"{}").is(t, 413, "RequestEntityTooLargeException", "Request size exceeds the limit of 4194304 bytes.")
	must(s.DeleteUserPoolClient(s.ctx, &idp.DeleteUserPoolClientInput{UserPoolId: &a.pool, ClientId: &a.id}))(t)
	_, err = s.DescribeManagedLoginBranding(s.ctx, &idp.DescribeManagedLoginBrandingInput{UserPoolId: &a.pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId})
	refused[*types.ResourceNotFoundException](t, err, "Managed login branding "+*made.ManagedLoginBrandingId+" does not exist.")
}

func TestTerms(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	want := map[string]bool{}
	create := func(a app, name string) (*idp.CreateTermsOutput, error) {
		return s.CreateTerms(s.ctx, &idp.CreateTermsInput{
			UserPoolId: &pool, ClientId: &a.id, TermsName: &name, TermsSource: types.TermsSourceTypeLink, Enforcement: types.TermsEnforcementTypeNone,
			Links: map[string]string{"cognito:default": "https://app.example/" + name},
		})
	}
	var a app
	for range 2 {
		a = s.app(pool)
		for _, name := range []string{"terms-of-use", "privacy-policy"} {
			want[*must(create(a, name))(t).Terms.TermsId] = true
		}
	}
	got := map[string]bool{}
	for token, pages := (*string)(nil), 0; token != nil || pages == 0; pages++ {
		page := must(s.ListTerms(s.ctx, &idp.ListTermsInput{UserPoolId: &pool, MaxResults: ptr(int32(3)), NextToken: token}))(t)
		for _, d := range page.Terms {
			got[*d.TermsId] = true
		}
		token = page.NextToken
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := create(a, "terms-of-use")
	refused[*types.TermsExistsException](t, err, "Terms terms-of-use already exist for client "+a.id+".")
	_, err = create(a, "imprint")
	refused[*types.InvalidParameterException](t, err, "1 validation error detected: Value 'imprint' at 'termsName' failed to satisfy constraint: "+
		"Member must satisfy regular expression pattern: ^(terms-of-use|privacy-policy)$")
	_, err = s.ListTerms(s.ctx, &idp.ListTermsInput{UserPoolId: &pool, NextToken: ptr("x")})
	refused[*types.InvalidParameterException](t, err, "Invalid pagination token.")
}

// Tags, the certificate, replicas and limits are for operators.
func TestOperatorResources(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	arn := "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + pool
	must(s.TagResource(s.ctx, &idp.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	must(s.UntagResource(s.ctx, &idp.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}}))(t)
	tags := must(s.ListTagsForResource(s.ctx, &idp.ListTagsForResourceInput{ResourceArn: &arn}))(t).Tags
	if diff := cmp.Diff(map[string]string{"b": "2"}, tags); diff != "" {
		t.Error(diff)
	}
	_, err := s.ListTagsForResource(s.ctx, &idp.ListTagsForResourceInput{ResourceArn: ptr(arn + "x")})
	refused[*types.ResourceNotFoundException](t, err, "Resource "+arn+"x does not exist.")

	certificate := must(s.GetSigningCertificate(s.ctx, &idp.GetSigningCertificateInput{UserPoolId: &pool}))(t).Certificate
	der := must(base64.StdEncoding.DecodeString(*certificate))(t)
	if parsed := must(x509.ParseCertificate(der))(t); parsed.Subject.CommonName != pool {
		t.Errorf("the certificate is of %v", parsed.Subject)
	}
	again := must(s.GetSigningCertificate(s.ctx, &idp.GetSigningCertificateInput{UserPoolId: &pool}))(t).Certificate
	if *again != *certificate {
		t.Error("the certificate changed")
	}

	region := ptr("eu-west-1")
	must(s.CreateUserPoolReplica(s.ctx, &idp.CreateUserPoolReplicaInput{UserPoolId: &pool, RegionName: region}))(t)
	must(s.UpdateUserPoolReplica(s.ctx, &idp.UpdateUserPoolReplicaInput{UserPoolId: &pool, RegionName: region, Status: types.UpdateReplicaStatusTypeActive}))(t)
	list := must(s.ListUserPoolReplicas(s.ctx, &idp.ListUserPoolReplicasInput{UserPoolId: &pool}))(t).UserPoolReplicas
	if len(list) != 2 || list[0].Role != types.ReplicaRoleTypePrimary || list[1].Status != types.ReplicaStatusTypeActive {
		t.Errorf("%+v", list)
	}
	_, err = s.DeleteUserPoolReplica(s.ctx, &idp.DeleteUserPoolReplicaInput{UserPoolId: &pool, RegionName: region})
	refused[*types.InvalidParameterException](t, err, "A replica that is active cannot be deleted.")
	_, err = s.UpdateUserPoolReplica(s.ctx, &idp.UpdateUserPoolReplicaInput{UserPoolId: &pool, RegionName: ptr("eu-north-1"), Status: types.UpdateReplicaStatusTypeActive})
	refused[*types.ResourceNotFoundException](t, err, "The user pool has no replica in eu-north-1.")

	// The SDK does not have these operations yet.
	definition := `"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{"Category":"UserList"}}`
	limit := func(value string) string {
		return `{"Limit":{` + definition + `,"ProvisionedLimitValue":` + value + `,"FreeLimitValue":30}}`
	}
	if got := s.post("UpdateProvisionedLimit", `{`+definition+`,"RequestedLimitValue":35}`).body; got != limit("35") {
		t.Error(got)
	}
	if got := s.post("GetProvisionedLimit", `{`+definition+`}`).body; got != limit("35") {
		t.Error(got)
	}
	s.post("UpdateProvisionedLimit", `{`+definition+`,"RequestedLimitValue":29}`).is(t, 400, "InvalidParameterException", "The requested limit is below the default of 30.")
	s.post("GetProvisionedLimit", strings.Replace(`{`+definition+`}`, "UserList", "Users", 1)).is(t, 400, "ResourceNotFoundException", "The limit of the category Users does not exist.")
}
