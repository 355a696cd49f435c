package userpool_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/userpool"
)

const nameOnlyClient = `{"UserPoolId": "<pool>", "ClientName": "client", "ClientId": "<client>",
	"LastModifiedDate": 1700000000.123, "CreationDate": 1700000000.123, "RefreshTokenValidity": 30, "TokenValidityUnits": {},
	"AllowedOAuthFlowsUserPoolClient": false, "EnableTokenRevocation": true,
	"EnablePropagateAdditionalUserContextData": false, "AuthSessionValidity": 3}`

func TestCreateUserPoolClientWithOnlyAName(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool})
	if !regexp.MustCompile(`^[0-7][0-9a-v]{25}$`).MatchString(*client.ClientId) {
		t.Errorf("client id %s", *client.ClientId)
	}
	want := strings.NewReplacer("<pool>", *pool, "<client>", *client.ClientId).Replace(nameOnlyClient)
	wantJSON(t, client, want)
	wantJSON(t, e.describeClient(pool, client.ClientId), want)
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	const own = "a_secret_of_24_characters"
	for name, in := range map[string]*cognitoidp.CreateUserPoolClientRequest{
		"generated": {UserPoolId: pool, GenerateSecret: new(true)},
		"own":       {UserPoolId: pool, ClientSecret: new(own), GenerateSecret: new(false)},
	} {
		t.Run(name, func(t *testing.T) {
			client := e.createClient(in)
			secret := client.ClientSecret
			switch {
			case secret == nil:
				t.Fatal("no secret")
			case name == "own" && *secret != own:
				t.Errorf("secret %s", *secret)
			case name == "generated" && !regexp.MustCompile(`^[0-9a-v]{52}$`).MatchString(*secret):
				t.Errorf("secret %s", *secret)
			}
			if got := e.describeClient(pool, client.ClientId).ClientSecret; got == nil || *got != *secret {
				t.Error("Describe shows another secret")
			}
			updated := must(e.UpdateUserPoolClient(t.Context(), e.call(), &cognitoidp.UpdateUserPoolClientRequest{UserPoolId: pool, ClientId: client.ClientId}))(t)
			if got := updated.UserPoolClient.ClientSecret; got == nil || *got != *secret {
				t.Error("an update changes the secret")
			}
			stored := must(e.db.Client(t.Context(), *client.ClientId))(t)
			if stored.Config.ClientSecret != nil || stored.Secrets[0].ID != *client.ClientId+"--1700000000" {
				t.Errorf("stored secret %+v", stored.Secrets[0].ID)
			}
		})
	}
	_, err := e.CreateUserPoolClient(t.Context(), e.call(), &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool, ClientName: new("c"), GenerateSecret: new(true), ClientSecret: new(own),
	})
	wantFault(t, err, invalidParameter, "GenerateSecret and ClientSecret cannot be used together.")
}

func TestClientRoundTripAndReset(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	in := &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool, ClientName: new("web"), GenerateSecret: new(true),
		RefreshTokenValidity: new(12), AccessTokenValidity: new(10), IdTokenValidity: new(3600),
		TokenValidityUnits: &cognitoidp.TokenValidityUnitsType{
			AccessToken: new(cognitoidp.TimeUnitsTypeMinutes), IdToken: new(cognitoidp.TimeUnitsTypeSeconds), RefreshToken: new(cognitoidp.TimeUnitsTypeHours),
		},
		ReadAttributes: []string{"email", "email_verified", "name"}, WriteAttributes: []string{"email", "name"},
		ExplicitAuthFlows:          []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"},
		SupportedIdentityProviders: []string{"COGNITO"},
		CallbackURLs:               []string{"https://example.com/cb", "myapp://cb", "http://localhost:3000/"},
		LogoutURLs:                 []string{"http://127.0.0.1/out"},
		DefaultRedirectURI:         new("myapp://cb"),
		AllowedOAuthFlows:          []cognitoidp.OAuthFlowType{"code", "implicit"},
		AllowedOAuthScopes:         []string{"openid", "aws.cognito.signin.user.admin"},
		PreventUserExistenceErrors: new(cognitoidp.PreventUserExistenceErrorTypesEnabled),
		EnableTokenRevocation:      new(false),
		AuthSessionValidity:        new(15),
		RefreshTokenRotation:       &cognitoidp.RefreshTokenRotationType{Feature: new(cognitoidp.FeatureTypeEnabled), RetryGracePeriodSeconds: new(10)},
	}
	created := e.createClient(in)
	want := &cognitoidp.UserPoolClientType{
		ClientId: created.ClientId, ClientSecret: created.ClientSecret,
		CreationDate: created.CreationDate, LastModifiedDate: created.LastModifiedDate,
	}
	secret := want.ClientSecret
	want.Overlay(in)
	want.ClientSecret = secret
	want.AllowedOAuthFlowsUserPoolClient, want.EnablePropagateAdditionalUserContextData = new(false), new(false)
	if diff := cmp.Diff(want, created); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, e.describeClient(pool, created.ClientId)); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}

	e.now = e.now.Add(time.Minute)
	updated := must(e.UpdateUserPoolClient(t.Context(), e.call(), &cognitoidp.UpdateUserPoolClientRequest{UserPoolId: pool, ClientId: created.ClientId}))(t)
	reset := strings.NewReplacer(
		"<pool>", *pool, "<client>", *created.ClientId, `"ClientName": "client"`, `"ClientName": "web", "ClientSecret": "`+*secret+`"`,
		`"LastModifiedDate": 1700000000.123`, `"LastModifiedDate": 1700000060.123`,
		`"EnableTokenRevocation": true`, `"EnableTokenRevocation": false`,
	).Replace(nameOnlyClient)
	wantJSON(t, updated.UserPoolClient, reset)
	wantJSON(t, e.describeClient(pool, created.ClientId), reset)
}

func TestTokenValidityUnitsAreCompleted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool, AccessTokenValidity: new(30),
		TokenValidityUnits: &cognitoidp.TokenValidityUnitsType{AccessToken: new(cognitoidp.TimeUnitsTypeMinutes)},
	})
	wantJSON(t, client.TokenValidityUnits, `{"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "days"}`)
}

// Both operations refuse what is refused here, with the same text but for one word.
func TestClientSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{Schema: []cognitoidp.SchemaAttributeType{
		with(text("email"), required), with(text("cost"), developerOnly),
	}}).Id
	public := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool}).ClientId
	confidential := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool, GenerateSecret: new(true)}).ClientId
	const (
		oauthFlow = "InvalidOAuthFlowException"
		range_    = "Invalid range for token validity."
	)
	units := func(access, refresh cognitoidp.TimeUnitsType) *cognitoidp.TokenValidityUnitsType {
		return &cognitoidp.TokenValidityUnitsType{AccessToken: &access, RefreshToken: &refresh}
	}
	callback := func(url string) cognitoidp.UpdateUserPoolClientRequest {
		return cognitoidp.UpdateUserPoolClientRequest{CallbackURLs: []string{url}}
	}
	tests := []struct {
		name   string
		in     cognitoidp.UpdateUserPoolClientRequest
		secret bool
		code   string
		text   string
	}{
		{
			name: "read unknown", in: cognitoidp.UpdateUserPoolClientRequest{ReadAttributes: []string{"email", "custom:none"}},
			code: invalidParameter, text: "Invalid read attributes specified while DOING a client",
		},
		{
			name: "read of developers", in: cognitoidp.UpdateUserPoolClientRequest{ReadAttributes: []string{"dev:custom:cost"}},
			code: invalidParameter, text: "Invalid read attributes specified while DOING a client",
		},
		{
			name: "write unknown", in: cognitoidp.UpdateUserPoolClientRequest{WriteAttributes: []string{"email", "custom:none"}},
			code: invalidParameter, text: "Invalid write attributes specified while DOING a client",
		},
		{
			name: "write verified", in: cognitoidp.UpdateUserPoolClientRequest{WriteAttributes: []string{"email", "email_verified"}},
			code: invalidParameter, text: "Invalid write attributes specified while DOING a client",
		},
		{
			name: "write sub", in: cognitoidp.UpdateUserPoolClientRequest{WriteAttributes: []string{"email", "sub"}},
			code: invalidParameter, text: "Invalid write attributes specified while DOING a client",
		},
		{
			name: "write without the required", in: cognitoidp.UpdateUserPoolClientRequest{WriteAttributes: []string{"name"}},
			code: invalidParameter, text: "Invalid write attributes specified while DOING a client",
		},
		{
			name: "old and new flows", in: cognitoidp.UpdateUserPoolClientRequest{ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH", "USER_PASSWORD_AUTH"}},
			code: invalidParameter, text: "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.",
		},
		{name: "rotation and refresh", in: cognitoidp.UpdateUserPoolClientRequest{
			ExplicitAuthFlows:    []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
			RefreshTokenRotation: &cognitoidp.RefreshTokenRotationType{Feature: new(cognitoidp.FeatureTypeEnabled)},
		}, code: invalidParameter, text: "ALLOW_REFRESH_TOKEN_AUTH cannot be used when refresh token rotation is enabled."},
		{name: "access for too long", in: cognitoidp.UpdateUserPoolClientRequest{AccessTokenValidity: new(60)}, code: invalidParameter, text: range_},
		{
			name: "ID too short", in: cognitoidp.UpdateUserPoolClientRequest{IdTokenValidity: new(299), TokenValidityUnits: &cognitoidp.TokenValidityUnitsType{IdToken: new(cognitoidp.TimeUnitsTypeSeconds)}},
			code: invalidParameter, text: range_,
		},
		{name: "a unit without a number", in: cognitoidp.UpdateUserPoolClientRequest{TokenValidityUnits: units("minutes", "days")}, code: invalidParameter, text: range_},
		{name: "refresh too short", in: cognitoidp.UpdateUserPoolClientRequest{RefreshTokenValidity: new(59), TokenValidityUnits: units("hours", "minutes")}, code: invalidParameter, text: range_},
		{name: "refresh too long", in: cognitoidp.UpdateUserPoolClientRequest{RefreshTokenValidity: new(3651)}, code: invalidParameter, text: range_},
		{name: "refresh far too long", in: cognitoidp.UpdateUserPoolClientRequest{RefreshTokenValidity: new(315360000)}, code: invalidParameter, text: range_},
		{
			name: "access outlives refresh", in: cognitoidp.UpdateUserPoolClientRequest{AccessTokenValidity: new(3), RefreshTokenValidity: new(2), TokenValidityUnits: units("hours", "hours")},
			code: invalidParameter, text: "Access and Id Token expiration times must be less than or equal to refresh token expiration times.",
		},
		{
			name: "unknown provider", in: cognitoidp.UpdateUserPoolClientRequest{SupportedIdentityProviders: []string{"COGNITO", "Google"}},
			code: invalidParameter, text: "The provider Google does not exist for User Pool " + *pool + ".",
		},
		{name: "plain HTTP", in: callback("http://example.com/"), code: invalidParameter, text: "http://example.com/ cannot use the HTTP protocol."},
		{name: "plain HTTP to a namesake", in: callback("http://localhost.example.com/"), code: invalidParameter, text: "http://localhost.example.com/ cannot use the HTTP protocol."},
		{name: "fragment", in: callback("https://example.com/#a"), code: invalidParameter, text: "https://example.com/#a cannot use fragment"},
		{name: "empty fragment", in: callback("https://example.com/#"), code: invalidParameter, text: "https://example.com/# cannot use fragment"},
		{name: "relative", in: callback("/callback"), code: invalidParameter, text: "/callback is not an absolute URL."},
		{
			name: "logout over plain HTTP", in: cognitoidp.UpdateUserPoolClientRequest{LogoutURLs: []string{"http://example.com/"}},
			code: invalidParameter, text: "http://example.com/ cannot use the HTTP protocol.",
		},
		{
			name: "default not a callback", in: cognitoidp.UpdateUserPoolClientRequest{CallbackURLs: []string{"https://a.example/"}, DefaultRedirectURI: new("https://b.example/")},
			code: invalidParameter, text: "The default redirect URI https://b.example/ is not in the callback URIs list.",
		},
		{
			name: "endpoints without flows", in: cognitoidp.UpdateUserPoolClientRequest{AllowedOAuthFlowsUserPoolClient: new(true)},
			code: oauthFlow, text: "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.",
		},
		{
			name: "code without callback", in: cognitoidp.UpdateUserPoolClientRequest{AllowedOAuthFlows: []cognitoidp.OAuthFlowType{"code"}},
			code: oauthFlow, text: "CallbackUrls can not be empty when code flow or implicit flow is selected",
		},
		{
			name: "machine and code", in: cognitoidp.UpdateUserPoolClientRequest{AllowedOAuthFlows: []cognitoidp.OAuthFlowType{"code", "client_credentials"}},
			code: oauthFlow, text: "client_credentials flow can not be selected along with code flow or implicit flow.",
		},
		{
			name: "machine without secret", in: cognitoidp.UpdateUserPoolClientRequest{AllowedOAuthFlows: []cognitoidp.OAuthFlowType{"client_credentials"}},
			code: oauthFlow, text: "client_credentials flow can not be selected if client does not have a client secret.",
		},
		{name: "machine with openid", secret: true, in: cognitoidp.UpdateUserPoolClientRequest{
			AllowedOAuthFlows: []cognitoidp.OAuthFlowType{"client_credentials"}, AllowedOAuthScopes: []string{"openid"},
		}, code: oauthFlow, text: "openid is not supported with client_credentials flow"},
		{
			name: "unknown scope", in: cognitoidp.UpdateUserPoolClientRequest{AllowedOAuthScopes: []string{"openid", "api/read"}},
			code: "ScopeDoesNotExistException", text: "Invalid scope requested: api/read",
		},
		{
			name: "analytics by half", in: cognitoidp.UpdateUserPoolClientRequest{AnalyticsConfiguration: &cognitoidp.AnalyticsConfigurationType{ApplicationId: new("a")}},
			code: invalidParameter, text: "Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid",
		},
		{
			name: "context data without secret", in: cognitoidp.UpdateUserPoolClientRequest{EnablePropagateAdditionalUserContextData: new(true)},
			code: invalidParameter, text: "Client Secret is required to set EnablePropagateAdditionalUserContextData as true",
		},
		{
			name: "analytics by both", in: cognitoidp.UpdateUserPoolClientRequest{AnalyticsConfiguration: &cognitoidp.AnalyticsConfigurationType{
				ApplicationArn: new("arn:aws:mobiletargeting:us-east-1:000000000000:apps/a"), ApplicationId: new("a"), RoleArn: new(role), ExternalId: new("x"),
			}},
			code: invalidParameter, text: "Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.in
			in.UserPoolId, in.ClientId = pool, public
			if tt.secret {
				in.ClientId = confidential
			}
			_, updated := e.UpdateUserPoolClient(t.Context(), e.call(), &in)
			create := clientAsCreate(tt.in)
			create.UserPoolId, create.GenerateSecret = pool, &tt.secret
			_, created := e.CreateUserPoolClient(t.Context(), e.call(), create)
			wantFault(t, created, tt.code, strings.Replace(tt.text, "DOING", "creating", 1))
			wantFault(t, updated, tt.code, strings.Replace(tt.text, "DOING", "updating", 1))
		})
	}
	if list := must(e.ListUserPoolClients(t.Context(), e.call(), &cognitoidp.ListUserPoolClientsRequest{UserPoolId: pool}))(t); len(list.UserPoolClients) != 2 {
		t.Errorf("a refused creation left a client: %d clients", len(list.UserPoolClients))
	}
}

// clientAsCreate returns the request that makes a client with the same settings.
func clientAsCreate(in cognitoidp.UpdateUserPoolClientRequest) *cognitoidp.CreateUserPoolClientRequest {
	return &cognitoidp.CreateUserPoolClientRequest{
		ClientName: new("client"), RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity,
		IdTokenValidity: in.IdTokenValidity, TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes,
		WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders,
		CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI,
		AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient, AnalyticsConfiguration: in.AnalyticsConfiguration,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData, RefreshTokenRotation: in.RefreshTokenRotation,
	}
}

func TestEmptyListsCountAsUnset(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{}})
	if pool.AutoVerifiedAttributes != nil {
		t.Error("AutoVerifiedAttributes is shown")
	}
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool.Id, WriteAttributes: []string{}, CallbackURLs: []string{}, ReadAttributes: []string{"email", "email"},
	})
	if client.WriteAttributes != nil || client.CallbackURLs != nil || len(client.ReadAttributes) != 1 {
		t.Errorf("lists %v, %v, %v", client.WriteAttributes, client.CallbackURLs, client.ReadAttributes)
	}
}

func TestDeleteUserPoolClient(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	other := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool}).ClientId
	remove := func(pool *string) error {
		_, err := e.DeleteUserPoolClient(t.Context(), e.call(), &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: pool, ClientId: client})
		return err
	}
	notFound := "User pool client " + *client + " does not exist."
	wantFault(t, remove(other), "ResourceNotFoundException", notFound)
	if err := remove(pool); err != nil {
		t.Fatal(err)
	}
	wantFault(t, remove(pool), "ResourceNotFoundException", notFound)
	_, err := e.DescribeUserPoolClient(t.Context(), e.call(), &cognitoidp.DescribeUserPoolClientRequest{UserPoolId: pool, ClientId: client})
	wantFault(t, err, "ResourceNotFoundException", notFound)
	_, err = e.UpdateUserPoolClient(t.Context(), e.call(), &cognitoidp.UpdateUserPoolClientRequest{UserPoolId: pool, ClientId: client})
	wantFault(t, err, "ResourceNotFoundException", notFound)
}

func TestFixedClientIDs(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.FixedIDs = true })
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool, ClientName: new("_custom_id_:mine")})
	if *client.ClientId != "mine" {
		t.Errorf("client id %s", *client.ClientId)
	}
	_, err := e.CreateUserPoolClient(t.Context(), e.call(), &cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool, ClientName: new("_custom_id_:mine")})
	wantFault(t, err, invalidParameter, "User pool client mine already exists.")
	_, err = e.CreateUserPoolClient(t.Context(), e.call(), &cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool, ClientName: new("_custom_id_:not-mine")})
	wantFault(t, err, invalidParameter, "A client id has 1 to 128 letters, digits, underscores and plus signs.")
}
