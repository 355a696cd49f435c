package userpool_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
	"github.com/cenote-id/cenote/internal/userpool"
)

// stock hands out bytes that only look like keys: nothing here signs.
type stock struct{}

func (stock) Take(context.Context) (store.SigningKeys, error) {
	return store.SigningKeys{ID: []byte("id key"), Access: []byte("access key")}, nil
}

// env is the service on a database of its own.
type env struct {
	*userpool.Service
	t   *testing.T
	db  *store.DB
	now time.Time
}

func newEnv(t *testing.T, change ...func(*userpool.Deps)) *env {
	t.Helper()
	db := storetest.New(t)
	place := naming.Place{Region: "us-east-1", AccountID: "000000000000"}
	deps := userpool.Deps{
		Store:   db,
		Catalog: catalog.New(catalog.Deps{Store: db, Place: place, Clock: clock.New(nil)}),
		Keys:    stock{},
		Place:   place,

		RoleAccount: place.AccountID,
	}
	for _, f := range change {
		f(&deps)
	}
	return &env{Service: userpool.New(deps), t: t, db: db, now: time.UnixMilli(1_700_000_000_123)}
}

func (e *env) call() *api.Call { return &api.Call{Time: e.now} }

func (e *env) createPool(in *cognitoidp.CreateUserPoolRequest) *cognitoidp.UserPoolType {
	e.t.Helper()
	if in.PoolName == nil {
		in.PoolName = new("pool")
	}
	return must(e.CreateUserPool(e.t.Context(), e.call(), in))(e.t).UserPool
}

func (e *env) describePool(id *string) *cognitoidp.UserPoolType {
	e.t.Helper()
	return must(e.DescribeUserPool(e.t.Context(), e.call(), &cognitoidp.DescribeUserPoolRequest{UserPoolId: id}))(e.t).UserPool
}

func (e *env) updatePool(in *cognitoidp.UpdateUserPoolRequest) {
	e.t.Helper()
	must(e.UpdateUserPool(e.t.Context(), e.call(), in))(e.t)
}

func (e *env) createClient(in *cognitoidp.CreateUserPoolClientRequest) *cognitoidp.UserPoolClientType {
	e.t.Helper()
	if in.ClientName == nil {
		in.ClientName = new("client")
	}
	return must(e.CreateUserPoolClient(e.t.Context(), e.call(), in))(e.t).UserPoolClient
}

func (e *env) describeClient(pool, client *string) *cognitoidp.UserPoolClientType {
	e.t.Helper()
	in := &cognitoidp.DescribeUserPoolClientRequest{UserPoolId: pool, ClientId: client}
	return must(e.DescribeUserPoolClient(e.t.Context(), e.call(), in))(e.t).UserPoolClient
}

func must[T any](out T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// wantFault checks the exception and its exact text.
func wantFault(t *testing.T, err error, code, message string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != code || f.Message != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

const invalidParameter = "InvalidParameterException"

// wantUnbuilt checks that a member is refused as not implemented.
func wantUnbuilt(t *testing.T, err error, operation, member string) {
	t.Helper()
	n, ok := errors.AsType[*api.NotImplementedError](err)
	if !ok || n.Operation != operation || n.Member != member {
		t.Errorf("got %v, want %s of %s to be refused", err, member, operation)
	}
}

// wantJSON compares what a client reads.
func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := errors.Join(json.Unmarshal(raw, &g), json.Unmarshal([]byte(want), &w)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}
