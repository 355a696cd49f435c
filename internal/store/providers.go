package store

import (
	"context"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// Provider is an identity provider of a pool. Its Secret holds what Config must not.
type Provider = Resource[cognitoidp.IdentityProviderType]

// Providers is the table of identity providers.
func (db *DB) Providers() Resources[cognitoidp.IdentityProviderType] {
	return NewResources[cognitoidp.IdentityProviderType](db, "identity-provider")
}

// CreateProvider is Create of the table Providers, together with the group of the users who
// come through the provider. A group of the name that is there already stays as it is.
func (db *DB) CreateProvider(ctx context.Context, poolID string, x *Provider, group *cognitoidp.GroupType) error {
	id, err := db.newGroupID()
	if err != nil {
		return err
	}
	config, err := document(group)
	if err != nil {
		return err
	}
	return db.Providers().create(ctx, poolID, x, func(t *tx) error {
		_, err := t.insertGroup(x.Pool, api.Value(group.GroupName), id, config)
		return err
	})
}

// DeleteProvider is Delete of the table Providers. No app client names the provider among
// its own any more; those that did are returned.
func (db *DB) DeleteProvider(ctx context.Context, poolID string, pool PoolID, name string) (clients []string, err error) {
	err = db.Providers().delete(ctx, poolID, pool, name, func(t *tx) error {
		clients = nil
		users, err := t.clientsOf(pool, name)
		if err != nil {
			return err
		}
		for _, c := range users {
			if err := db.withoutProvider(t, c, name); err != nil {
				return err
			}
			clients = append(clients, api.Value(c.Config.ClientId))
		}
		return nil
	})
	return clients, err
}

// clientsOf returns the clients of a pool that name a provider, without their secrets.
func (t *tx) clientsOf(pool PoolID, provider string) (clients []*Client, err error) {
	err = t.query(`SELECT c.version, c.config FROM clients c WHERE c.pool = $1 ORDER BY c.client_id`, pool).
		each(func(scan scanner) error {
			c := &Client{Pool: pool}
			var config []byte
			err := scan(&c.Version, &config)
			if err != nil {
				return err
			}
			if c.Config, err = parse[cognitoidp.UserPoolClientType](config); err != nil {
				return err
			}
			if slices.Contains(c.Config.SupportedIdentityProviders, provider) {
				clients = append(clients, c)
			}
			return nil
		})
	return clients, err
}

// withoutProvider takes a provider out of a client.
func (db *DB) withoutProvider(t *tx, c *Client, provider string) error {
	id := api.Value(c.Config.ClientId)
	c.Config.SupportedIdentityProviders = slices.DeleteFunc(c.Config.SupportedIdentityProviders,
		func(name string) bool { return name == provider })
	config, err := document(c.Config)
	if err != nil {
		return err
	}
	change, err := db.newChange(ChangeClient, id)
	if err != nil {
		return err
	}
	if err := t.must(`UPDATE clients SET version = version + 1, config = $4
		WHERE client_id = $1 AND pool = $2 AND version = $3`, id, c.Pool, c.Version, config); err != nil {
		return err
	}
	return change.insert(t)
}
