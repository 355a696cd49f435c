package directory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// migrates answers every event with one response.
type migrates string

func (m migrates) Do(context.Context, trigger.Call) ([]byte, error) {
	return []byte(`{"response":` + string(m) + `}`), nil
}

func migrating(p *cognitoidp.UserPoolType, _ *store.Client) {
	p.LambdaConfig = &cognitoidp.LambdaConfigType{UserMigration: new("arn:aws:lambda:us-east-1:111122223333:function:migrate")}
}

// migrate brings mig in, who has the password that the function expects.
func (h *house) migrate() (*store.User, error) {
	h.t.Helper()
	client, err := h.catalog.Client(h.t.Context(), h.clientID)
	must(h.t, err)
	return h.Migrate(h.t.Context(), h.time(), directory.Migration{
		Client: client, Name: "mig", Password: "old", Source: trigger.UserMigrationAuthentication,
	})
}

// What AdminCreateUser would refuse, no function can bring in.
func TestMigrateChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attributes string
		ok         bool
	}{
		"plain":                      {`{"email":"m@example.com","email_verified":"true","phone_number":null}`, true},
		"verified, without a number": {`{"phone_number":null,"phone_number_verified":"true"}`, false},
		"preferred name like a mail": {`{"preferred_username":"m@example.com"}`, false},
		"unknown attribute":          {`{"custom:colour":"red"}`, false},
		"sub":                        {`{"sub":"3c6f"}`, false},
	} {
		g := newGround(t)
		g.runner = migrates(`{"userAttributes":` + c.attributes + `,"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}`)
		h := g.house(t, migrating, func(p *cognitoidp.UserPoolType, _ *store.Client) {
			p.AliasAttributes = []cognitoidp.AliasAttributeType{cognitoidp.AliasAttributeTypeEmail, cognitoidp.AliasAttributeTypePreferredUsername}
		})
		user, err := h.migrate()
		if c.ok {
			if err != nil || user.Status != cognitoidp.UserStatusTypeConfirmed {
				t.Errorf("%s: %+v, %v", name, user, err)
			}
			continue
		}
		f, refused := errors.AsType[*fault.Error](err)
		if !refused || f.Code != "UserNotFoundException" || f.Message != "Exception migrating user in app client "+h.clientID {
			t.Errorf("%s: %v", name, err)
		}
		client, err := h.catalog.Client(t.Context(), h.clientID)
		must(t, err)
		if _, err := h.Find(t.Context(), client.Pool, "mig"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: the user is there, %v", name, err)
		}
	}
}

// Migrated users count like others.
func TestMigrateQuota(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.limits = directory.Limits{UsersPerPool: 1}
	g.runner = migrates(`{"userAttributes":{"email":"m@example.com"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}`)
	h := g.house(t, migrating)
	h.add("ann")
	if _, err := h.migrate(); !fault.Is(err, "UserNotFoundException") {
		t.Errorf("error %v", err)
	}
}

// A welcome that no carrier takes keeps nobody from signing in.
func TestMigrateWelcome(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.runner = migrates(`{"userAttributes":{"email":"m@example.com"},"finalUserStatus":"CONFIRMED","desiredDeliveryMediums":["EMAIL"]}`)
	h := g.house(t, migrating)
	h.mail.fail = errors.New("no such address")
	user, err := h.migrate()
	if err != nil || user.Username != "mig" {
		t.Errorf("%+v, %v", user, err)
	}
}
