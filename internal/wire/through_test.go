package wire_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/wire"
)

func TestThroughSkipsNoPhase(t *testing.T) {
	t.Parallel()
	impl := answering(nil)
	impl.listPools = func(call *api.Call) (*cognitoidp.ListUserPoolsResponse, error) {
		return &cognitoidp.ListUserPoolsResponse{NextToken: new(call.Principal.IAM.ARN + " from " + call.RemoteIP.String())}, nil
	}
	impl.getUser = func(*api.Call) (*cognitoidp.GetUserResponse, error) { return nil, errors.New("detail") }
	f := start(t, impl, nil)
	op := f.wire.Operation("cognito-idp", "ListUserPools")
	in := &cognitoidp.ListUserPoolsRequest{MaxResults: new(1)}
	root := wire.Caller{IAM: &api.IAMPrincipal{ARN: "arn:root"}, RemoteIP: netip.MustParseAddr("192.0.2.1")}

	out, err := wire.Through[cognitoidp.ListUserPoolsResponse](t.Context(), f.wire, op, root, in)
	if err != nil || api.Value(out.NextToken) != "arn:root from 192.0.2.1" {
		t.Fatalf("got %v, %v", out, err)
	}
	if _, err := wire.Through[cognitoidp.ListUserPoolsResponse](t.Context(), f.wire, op, root, &cognitoidp.ListUserPoolsRequest{}); !fault.Is(err, "InvalidParameterException") {
		t.Errorf("broken constraints: %v", err)
	}
	if _, err := wire.Through[cognitoidp.ListUserPoolsResponse](t.Context(), f.wire, op, wire.Caller{}, in); err == nil {
		t.Error("a caller without a principal was let in")
	}
	if _, err := wire.Through[cognitoidp.GetUserResponse](t.Context(), f.wire, op, root, in); err == nil {
		t.Error("the wrong output type was accepted")
	}
	getUser := cognitoidp.Service.Operations["GetUser"]
	if _, err := wire.Through[cognitoidp.GetUserResponse](t.Context(), f.wire, getUser, root, &cognitoidp.GetUserRequest{AccessToken: new("bad")}); !fault.Is(err, "NotAuthorizedException") {
		t.Errorf("bad token: %v", err)
	}
	if _, err := wire.Through[cognitoidp.GetUserResponse](t.Context(), f.wire, getUser, root, &cognitoidp.GetUserRequest{AccessToken: new("good")}); !fault.Is(err, "InternalErrorException") {
		t.Errorf("unexpected error: %v", err)
	}
	if f.wire.Operation("cognito-idp", "Nonsense") != nil || f.wire.Operation("sts", "ListUserPools") != nil {
		t.Error("an unknown operation was found")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(initiate))
	f.Add([]byte(`{"Schema":[{"Name":"a","StringAttributeConstraints":{"MinLength":"1"}}],"UserPoolTags":{"k":null}}`))
	f.Add([]byte(`{"PoolName":1e999}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, name := range []string{"InitiateAuth", "CreateUserPool"} {
			in := cognitoidp.Service.Operations[name].NewInput()
			err := wire.Decode(body, in)
			if err != nil && !fault.Is(err, "SerializationException") {
				t.Errorf("%s: %v", name, err)
			}
			var v api.Violations
			in.Check(&v)
		}
	})
}
