package userpool

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

// maxClientSecrets is how many secrets a client can have, so that one can take the other's
// place while both are used.
const maxClientSecrets = 2

// AddUserPoolClientSecret gives a confidential client another secret: the one that was
// sent, or a new one, whose value this answer alone shows.
func (s *Service) AddUserPoolClientSecret(ctx context.Context, call *api.Call, in *cognitoidp.AddUserPoolClientSecretRequest) (*cognitoidp.AddUserPoolClientSecretResponse, error) {
	return retryConflicts(func() (*cognitoidp.AddUserPoolClientSecretResponse, error) {
		client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
		if err != nil {
			return nil, err
		}
		switch n := len(client.Secrets); {
		case n == 0:
			return nil, fault.InvalidParameter("A secret cannot be added to an app client that was made without one.")
		case n >= maxClientSecrets:
			return nil, fault.LimitExceeded("Client secrets cannot exceed limit of " + strconv.Itoa(maxClientSecrets) + " secrets.")
		}
		added, err := s.newSecret(client.ID(), in.ClientSecret, call.Time, client.Secrets...)
		if err != nil {
			return nil, err
		}
		if err := s.putSecrets(ctx, client, append(slices.Clone(client.Secrets), added)); err != nil {
			return nil, err
		}
		shown := shownSecret(added)
		if in.ClientSecret == nil {
			shown.ClientSecretValue = &added.Value
		}
		return &cognitoidp.AddUserPoolClientSecretResponse{ClientSecretDescriptor: &shown}, nil
	})
}

// putSecrets stores a client's secrets. A conflict is returned as it is, to be retried.
func (s *Service) putSecrets(ctx context.Context, client *catalog.Client, secrets []store.ClientSecret) error {
	record := &store.Client{Pool: client.Pool.Internal(), Version: client.Version, Config: client.Config, Secrets: secrets}
	err := s.deps.Store.UpdateClient(ctx, record)
	s.deps.Catalog.DropClient(client.ID())
	if errors.Is(err, store.ErrNotFound) {
		return catalog.ClientNotFound(client.ID())
	}
	return err
}

// shownSecret describes a secret without its value.
func shownSecret(secret store.ClientSecret) cognitoidp.ClientSecretDescriptorType {
	return cognitoidp.ClientSecretDescriptorType{ClientSecretId: &secret.ID, ClientSecretCreateDate: api.Time(secret.Created)}
}

// newSecret returns a secret of a client, with the given value or a new one. Its id tells
// the second of its making, as AWS's does, or the next one that no other secret has.
func (s *Service) newSecret(clientID string, given *string, now time.Time, others ...store.ClientSecret) (store.ClientSecret, error) {
	secret := store.ClientSecret{Value: api.Value(given), Created: now}
	for second := now.Unix(); ; second++ {
		secret.ID = clientID + "--" + strconv.FormatInt(second, 10)
		if !slices.ContainsFunc(others, func(o store.ClientSecret) bool { return o.ID == secret.ID }) {
			break
		}
	}
	var err error
	if given == nil {
		secret.Value, err = naming.ClientSecret(s.deps.Random)
	}
	return secret, err
}

// ListUserPoolClientSecrets lists a client's secrets without their values, oldest first,
// in one page.
func (s *Service) ListUserPoolClientSecrets(ctx context.Context, call *api.Call, in *cognitoidp.ListUserPoolClientSecretsRequest) (*cognitoidp.ListUserPoolClientSecretsResponse, error) {
	client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	if _, err := s.openPage(call, in.NextToken, "ListUserPoolClientSecrets"); err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolClientSecretsResponse{ClientSecrets: []cognitoidp.ClientSecretDescriptorType{}}
	for _, secret := range client.Secrets {
		out.ClientSecrets = append(out.ClientSecrets, shownSecret(secret))
	}
	return out, nil
}

// DeleteUserPoolClientSecret takes a secret from a client at once. The last one stays: a
// confidential client does not become a public one.
func (s *Service) DeleteUserPoolClientSecret(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteUserPoolClientSecretRequest) (*cognitoidp.DeleteUserPoolClientSecretResponse, error) {
	id := api.Value(in.ClientSecretId)
	return retryConflicts(func() (*cognitoidp.DeleteUserPoolClientSecretResponse, error) {
		client, err := s.deps.Catalog.FreshClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
		if err != nil {
			return nil, err
		}
		left := slices.DeleteFunc(slices.Clone(client.Secrets), func(o store.ClientSecret) bool { return o.ID == id })
		switch {
		case len(left) == len(client.Secrets):
			return nil, fault.ResourceNotFound("Client secret " + id + " does not exist.")
		case len(left) == 0:
			return nil, fault.InvalidParameter("The last secret of an app client cannot be deleted.")
		}
		if err := s.putSecrets(ctx, client, left); err != nil {
			return nil, err
		}
		return &cognitoidp.DeleteUserPoolClientSecretResponse{}, nil
	})
}
