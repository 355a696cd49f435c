package userpool_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

func (e *env) listPools(limit int, token *string) (*cognitoidp.ListUserPoolsResponse, error) {
	return e.ListUserPools(e.t.Context(), e.call(), &cognitoidp.ListUserPoolsRequest{MaxResults: &limit, NextToken: token})
}

func (e *env) listClients(pool *string, limit *int, token *string) (*cognitoidp.ListUserPoolClientsResponse, error) {
	return e.ListUserPoolClients(e.t.Context(), e.call(), &cognitoidp.ListUserPoolClientsRequest{UserPoolId: pool, MaxResults: limit, NextToken: token})
}

func TestListUserPools(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	wantJSON(t, must(e.listPools(60, nil))(t), `{"UserPools": []}`)
	var want []string
	for range 5 {
		want = append(want, *e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id)
	}
	slices.Sort(want)
	for _, limit := range []int{1, 2, 5, 60} {
		var got []string
		var token *string
		for {
			page := must(e.listPools(limit, token))(t)
			for _, p := range page.UserPools {
				got = append(got, *p.Id)
			}
			if token = page.NextToken; token == nil {
				break
			}
			if len(page.UserPools) != limit {
				t.Fatalf("a page of %d with more to come", len(page.UserPools))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", limit, got, want)
		}
	}
	page := must(e.listPools(1, nil))(t)
	wantJSON(t, page.UserPools[0], `{"Id": "`+want[0]+`", "Name": "pool", "LambdaConfig": {},
		"LastModifiedDate": 1700000000.123, "CreationDate": 1700000000.123}`)
}

func TestListUserPoolClients(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	elsewhere := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: elsewhere})
	wantJSON(t, must(e.listClients(pool, nil, nil))(t), `{"UserPoolClients": []}`)
	var want []string
	for range 3 {
		want = append(want, *e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool}).ClientId)
	}
	slices.Sort(want)
	first := must(e.listClients(pool, new(2), nil))(t)
	wantJSON(t, first.UserPoolClients[0], `{"ClientId": "`+want[0]+`", "UserPoolId": "`+*pool+`", "ClientName": "client"}`)
	rest := must(e.listClients(pool, nil, first.NextToken))(t)
	var got []string
	for _, c := range append(first.UserPoolClients, rest.UserPoolClients...) {
		got = append(got, *c.ClientId)
	}
	if !slices.Equal(got, want) || rest.NextToken != nil {
		t.Errorf("%v, want %v; token %v", got, want, rest.NextToken)
	}
}

func TestNextTokensServeOneListing(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	other := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	for range 2 {
		e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool})
	}
	pools := must(e.listPools(1, nil))(t).NextToken
	clients := must(e.listClients(pool, new(1), nil))(t).NextToken
	const bad = "Invalid pagination token."
	for name, do := range map[string]func() error{
		"garbage":              func() error { _, err := e.listPools(1, new("garbage")); return err },
		"of another operation": func() error { _, err := e.listPools(1, clients); return err },
		"of pools for clients": func() error { _, err := e.listClients(pool, nil, pools); return err },
		"of another pool":      func() error { _, err := e.listClients(other, nil, clients); return err },
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, do(), invalidParameter, bad) })
	}
	e.now = e.now.Add(time.Hour)
	must(e.listPools(1, pools))(t)
	e.now = e.now.Add(time.Millisecond)
	_, err := e.listPools(1, pools)
	wantFault(t, err, invalidParameter, bad)
}
