package doctable_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/gen/doctable"
	"github.com/cenote-id/cenote/api/gen/testdata/small"
)

type things struct{}

func (*things) CreateThing(context.Context, *api.Call, *small.CreateThingRequest) (*small.CreateThingResponse, error) {
	return nil, nil
}

type lists struct{ cache }

type cache struct{}

func (cache) ListThings(context.Context, *api.Call, *small.ListThingsRequest) (*small.ListThingsResponse, error) {
	return nil, nil
}

type rest struct{ fallback }

type fallback struct{ small.Unimplemented }

type server struct {
	*things
	lists
	rest
}

var _ small.API = server{}

func TestRender(t *testing.T) {
	t.Parallel()
	got := string(doctable.Render(doctable.Listing{Service: small.Service, Server: reflect.TypeFor[*server]()}))
	for _, want := range []string{
		"\n## small\n\n2 of 6 operations are implemented.\n",
		"\n| CreateThing | AWS signature | doctable_test |\n| DeleteThing | AWS signature | - |\n",
		"\n| JoinThing | access token or session | - |\n| LeaveThing | access token | - |\n| ListThings | nothing | doctable_test |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the document lacks %q:\n%s", want, got)
		}
	}
}

func TestHomeOfUnknownOperation(t *testing.T) {
	t.Parallel()
	if got := doctable.Home(reflect.TypeFor[*server](), "EatThing"); got != "" {
		t.Errorf("an operation that nothing has is at home in %q", got)
	}
}
