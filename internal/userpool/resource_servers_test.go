package userpool_test

import (
	"fmt"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/userpool"
)

func scope(name string) cognitoidp.ResourceServerScopeType {
	return cognitoidp.ResourceServerScopeType{ScopeName: &name, ScopeDescription: new("may " + name)}
}

func (e *env) createServer(pool *string, identifier string, scopes ...cognitoidp.ResourceServerScopeType) *cognitoidp.ResourceServerType {
	e.t.Helper()
	return must(e.CreateResourceServer(e.t.Context(), e.call(), &cognitoidp.CreateResourceServerRequest{
		UserPoolId: pool, Identifier: &identifier, Name: new("name"), Scopes: scopes,
	}))(e.t).ResourceServer
}

func TestResourceServers(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.Limits.ResourceServersPerPool = 3 })
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	id := *pool.Id
	const url = "https://api.example.com/v1"
	want := `{"UserPoolId":"` + id + `","Identifier":"` + url + `","Name":"name","Scopes":[{"ScopeName":"read","ScopeDescription":"may read"}]}`
	wantJSON(t, e.createServer(pool.Id, url, scope("read")), want)
	describe := func(identifier string) (*cognitoidp.DescribeResourceServerResponse, error) {
		return e.DescribeResourceServer(t.Context(), e.call(), &cognitoidp.DescribeResourceServerRequest{UserPoolId: pool.Id, Identifier: &identifier})
	}
	wantJSON(t, must(describe(url))(t), `{"ResourceServer":`+want+`}`)
	_, err := e.CreateResourceServer(t.Context(), e.call(), &cognitoidp.CreateResourceServerRequest{UserPoolId: pool.Id, Identifier: new(url), Name: new("name")})
	wantFault(t, err, invalidParameter, url+" already exists in user pool "+id+".")

	out := must(e.UpdateResourceServer(t.Context(), e.call(), &cognitoidp.UpdateResourceServerRequest{UserPoolId: pool.Id, Identifier: new(url), Name: new("other")}))(t)
	wantJSON(t, out.ResourceServer, `{"UserPoolId":"`+id+`","Identifier":"`+url+`","Name":"other"}`)

	e.createServer(pool.Id, "b")
	e.createServer(pool.Id, "a", []cognitoidp.ResourceServerScopeType{}...)
	_, err = e.CreateResourceServer(t.Context(), e.call(), &cognitoidp.CreateResourceServerRequest{UserPoolId: pool.Id, Identifier: new("c"), Name: new("name")})
	wantFault(t, err, "LimitExceededException", "The limit of 3 resource servers in a user pool is reached.")

	var token *string
	got := ""
	for range 3 {
		page := must(e.ListResourceServers(t.Context(), e.call(), &cognitoidp.ListResourceServersRequest{UserPoolId: pool.Id, MaxResults: new(2), NextToken: token}))(t)
		for _, r := range page.ResourceServers {
			got += " " + *r.Identifier
		}
		if token = page.NextToken; token == nil {
			break
		}
	}
	if got != " a b "+url {
		t.Errorf("listed%s", got)
	}
	_, err = e.ListResourceServers(t.Context(), e.call(), &cognitoidp.ListResourceServersRequest{UserPoolId: e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id, NextToken: new("x")})
	wantFault(t, err, invalidParameter, "Invalid pagination token.")

	remove := &cognitoidp.DeleteResourceServerRequest{UserPoolId: pool.Id, Identifier: new(url)}
	must(e.DeleteResourceServer(t.Context(), e.call(), remove))(t)
	const gone = "Resource server " + url + " does not exist."
	_, err = e.DeleteResourceServer(t.Context(), e.call(), remove)
	wantFault(t, err, "ResourceNotFoundException", gone)
	_, err = describe(url)
	wantFault(t, err, "ResourceNotFoundException", gone)
	_, err = e.UpdateResourceServer(t.Context(), e.call(), &cognitoidp.UpdateResourceServerRequest{UserPoolId: pool.Id, Identifier: new(url), Name: new("name")})
	wantFault(t, err, "ResourceNotFoundException", gone)
}

func TestScopesOfClients(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool, other := e.createPool(&cognitoidp.CreateUserPoolRequest{}), e.createPool(&cognitoidp.CreateUserPoolRequest{})
	e.createServer(pool.Id, "https://api.example.com/v1", scope("read"), scope("write"))
	e.createServer(other.Id, "other", scope("read"))
	create := func(flow cognitoidp.OAuthFlowType, scopes ...string) (*cognitoidp.UserPoolClientType, error) {
		out, err := e.CreateUserPoolClient(t.Context(), e.call(), &cognitoidp.CreateUserPoolClientRequest{
			UserPoolId: pool.Id, ClientName: new("client"), GenerateSecret: new(true), AllowedOAuthFlowsUserPoolClient: new(true),
			AllowedOAuthFlows: []cognitoidp.OAuthFlowType{flow}, AllowedOAuthScopes: scopes, CallbackURLs: []string{"https://app.example.com/"},
		})
		if err != nil {
			return nil, err
		}
		return out.UserPoolClient, nil
	}
	client := must(create("client_credentials", "https://api.example.com/v1/read", "https://api.example.com/v1/write"))(t)
	if got := fmt.Sprint(client.AllowedOAuthScopes, *client.AllowedOAuthFlowsUserPoolClient); got != "[https://api.example.com/v1/read https://api.example.com/v1/write] true" {
		t.Error(got)
	}
	must(create("code", "openid", "https://api.example.com/v1/read"))(t)
	_, err := create("client_credentials", "https://api.example.com/v1/read", "openid")
	wantFault(t, err, "InvalidOAuthFlowException", "openid is not supported with client_credentials flow")
	for _, unknown := range []string{"read", "other/read", "https://api.example.com/v1/none", "https://api.example.com/v1/", "/read", "https://api.example.com/read"} {
		_, err = create("code", "openid", unknown)
		wantFault(t, err, "ScopeDoesNotExistException", "Invalid scope requested: "+unknown)
	}
}
