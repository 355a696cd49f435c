package userpool_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	client, other := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id}), e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id})
	create := func(client *string, name string, links api.StringMap) (*cognitoidp.TermsType, error) {
		out, err := e.CreateTerms(t.Context(), e.call(), &cognitoidp.CreateTermsRequest{
			UserPoolId: pool.Id, ClientId: client, TermsName: &name, TermsSource: new(cognitoidp.TermsSourceTypeLink),
			Enforcement: new(cognitoidp.TermsEnforcementTypeNone), Links: links,
		})
		if err != nil {
			return nil, err
		}
		return out.Terms, nil
	}
	links := api.StringMap{"cognito:default": "https://example.com/terms"}
	made := must(create(client.ClientId, "terms-of-use", links))(t)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(*made.TermsId) {
		t.Errorf("terms id %s", *made.TermsId)
	}
	shown := func(name, links, modified string) string {
		return `{"TermsId":"` + *made.TermsId + `","UserPoolId":"` + *pool.Id + `","ClientId":"` + *client.ClientId + `","TermsName":"` + name + `",
			"TermsSource":"LINK","Enforcement":"NONE","Links":` + links + `,"CreationDate":1700000000.123,"LastModifiedDate":` + modified + `}`
	}
	describe := func(id *string) (*cognitoidp.DescribeTermsResponse, error) {
		return e.DescribeTerms(t.Context(), e.call(), &cognitoidp.DescribeTermsRequest{UserPoolId: pool.Id, TermsId: id})
	}
	first := shown("terms-of-use", `{"cognito:default":"https://example.com/terms"}`, "1700000000.123")
	wantJSON(t, made, first)
	wantJSON(t, must(describe(made.TermsId))(t), `{"Terms":`+first+`}`)

	exists := func(err error, name string) {
		t.Helper()
		wantFault(t, err, "TermsExistsException", "Terms "+name+" already exist for client "+*client.ClientId+".")
	}
	_, err := create(client.ClientId, "terms-of-use", links)
	exists(err, "terms-of-use")
	must(create(other.ClientId, "terms-of-use", nil))(t)
	second := must(create(client.ClientId, "privacy-policy", nil))(t)
	wantJSON(t, second.Links, `{}`)
	_, err = create(client.ClientId, "privacy-policy", api.StringMap{"cognito:default": "javascript:alert(1)"})
	wantFault(t, err, invalidParameter, "javascript:alert(1) is not a valid URL.")
	_, err = create(new("none"), "privacy-policy", nil)
	wantFault(t, err, "ResourceNotFoundException", "User pool client none does not exist.")

	// An update keeps what it does not name, and may not take another document's name.
	e.now = e.now.Add(time.Second)
	update := func(in cognitoidp.UpdateTermsRequest) (*cognitoidp.UpdateTermsResponse, error) {
		in.UserPoolId, in.TermsId = pool.Id, made.TermsId
		return e.UpdateTerms(t.Context(), e.call(), &in)
	}
	changed := must(update(cognitoidp.UpdateTermsRequest{Links: api.StringMap{"cognito:german": "https://example.com/agb"}}))(t)
	wantJSON(t, changed.Terms, shown("terms-of-use", `{"cognito:german":"https://example.com/agb"}`, "1700000001.123"))
	_, err = update(cognitoidp.UpdateTermsRequest{TermsName: new("privacy-policy")})
	exists(err, "privacy-policy")
	must(e.DeleteTerms(t.Context(), e.call(), &cognitoidp.DeleteTermsRequest{UserPoolId: pool.Id, TermsId: second.TermsId}))(t)
	must(update(cognitoidp.UpdateTermsRequest{TermsName: new("privacy-policy")}))(t)
	must(create(client.ClientId, "terms-of-use", nil))(t)

	seen, token := map[string]bool{}, (*string)(nil)
	for range 3 {
		page := must(e.ListTerms(t.Context(), e.call(), &cognitoidp.ListTermsRequest{UserPoolId: pool.Id, MaxResults: new(2), NextToken: token}))(t)
		for _, d := range page.Terms {
			seen[*d.TermsId] = true
		}
		if token = page.NextToken; token == nil {
			break
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d documents listed", len(seen))
	}
	gone := "Terms " + *second.TermsId + " does not exist."
	_, err = describe(second.TermsId)
	wantFault(t, err, "ResourceNotFoundException", gone)
	_, err = e.DeleteTerms(t.Context(), e.call(), &cognitoidp.DeleteTermsRequest{UserPoolId: pool.Id, TermsId: second.TermsId})
	wantFault(t, err, "ResourceNotFoundException", gone)

	// They go with their client.
	must(e.DeleteUserPoolClient(t.Context(), e.call(), &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: pool.Id, ClientId: client.ClientId}))(t)
	left := must(e.ListTerms(t.Context(), e.call(), &cognitoidp.ListTermsRequest{UserPoolId: pool.Id}))(t)
	if len(left.Terms) != 1 {
		t.Errorf("%d documents left", len(left.Terms))
	}
}
