package userpool_test

import (
	"regexp"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
)

func TestSeveralClientSecrets(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id, GenerateSecret: new(true)})
	first := *client.ClientId + "--1700000000"
	add := func(value *string) (*cognitoidp.ClientSecretDescriptorType, error) {
		out, err := e.AddUserPoolClientSecret(t.Context(), e.call(), &cognitoidp.AddUserPoolClientSecretRequest{
			UserPoolId: pool.Id, ClientId: client.ClientId, ClientSecret: value,
		})
		if err != nil {
			return nil, err
		}
		return out.ClientSecretDescriptor, nil
	}
	list := func() []cognitoidp.ClientSecretDescriptorType {
		t.Helper()
		return must(e.ListUserPoolClientSecrets(t.Context(), e.call(), &cognitoidp.ListUserPoolClientSecretsRequest{
			UserPoolId: pool.Id, ClientId: client.ClientId,
		}))(t).ClientSecrets
	}
	remove := func(id string) error {
		_, err := e.DeleteUserPoolClientSecret(t.Context(), e.call(), &cognitoidp.DeleteUserPoolClientSecretRequest{
			UserPoolId: pool.Id, ClientId: client.ClientId, ClientSecretId: &id,
		})
		return err
	}
	wantJSON(t, list(), `[{"ClientSecretId":"`+first+`","ClientSecretCreateDate":1700000000.123}]`)
	wantFault(t, remove(first), invalidParameter, "The last secret of an app client cannot be deleted.")

	// The second secret of the same second has an id of its own, and its value is shown once.
	second := must(add(nil))(t)
	if *second.ClientSecretId != *client.ClientId+"--1700000001" || !regexp.MustCompile(`^[0-9a-v]{52}$`).MatchString(*second.ClientSecretValue) {
		t.Errorf("new secret %q", *second.ClientSecretId)
	}
	wantJSON(t, list(), `[{"ClientSecretId":"`+first+`","ClientSecretCreateDate":1700000000.123},
		{"ClientSecretId":"`+*second.ClientSecretId+`","ClientSecretCreateDate":1700000000.123}]`)
	_, err := add(nil)
	wantFault(t, err, "LimitExceededException", "Client secrets cannot exceed limit of 2 secrets.")
	wantFault(t, remove("none"), "ResourceNotFoundException", "Client secret none does not exist.")

	// Describe shows the oldest that is left.
	if got := e.describeClient(pool.Id, client.ClientId); *got.ClientSecret != *client.ClientSecret {
		t.Error("the oldest secret is not shown")
	}
	if err := remove(first); err != nil {
		t.Fatal(err)
	}
	if got := e.describeClient(pool.Id, client.ClientId); *got.ClientSecret != *second.ClientSecretValue {
		t.Error("the second secret is not shown")
	}

	// A value that the caller knows is not shown.
	own := must(add(new("own_secret_of_24_letters+")))(t)
	if own.ClientSecretValue != nil {
		t.Error("the caller's own secret is shown")
	}
}

func TestClientSecretsRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	public := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id})
	_, err := e.AddUserPoolClientSecret(t.Context(), e.call(), &cognitoidp.AddUserPoolClientSecretRequest{UserPoolId: pool.Id, ClientId: public.ClientId})
	wantFault(t, err, invalidParameter, "A secret cannot be added to an app client that was made without one.")
	out := must(e.ListUserPoolClientSecrets(t.Context(), e.call(), &cognitoidp.ListUserPoolClientSecretsRequest{UserPoolId: pool.Id, ClientId: public.ClientId}))(t)
	wantJSON(t, out, `{"ClientSecrets":[]}`)
	_, err = e.ListUserPoolClientSecrets(t.Context(), e.call(), &cognitoidp.ListUserPoolClientSecretsRequest{UserPoolId: pool.Id, ClientId: public.ClientId, NextToken: new("x")})
	wantFault(t, err, invalidParameter, "Invalid pagination token.")
	_, err = e.DeleteUserPoolClientSecret(t.Context(), e.call(), &cognitoidp.DeleteUserPoolClientSecretRequest{UserPoolId: pool.Id, ClientId: new("none"), ClientSecretId: new("x")})
	wantFault(t, err, "ResourceNotFoundException", "User pool client none does not exist.")
}

// Of callers that add a second secret at once, one wins.
func TestClientSecretsRace(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id, GenerateSecret: new(true)})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = e.AddUserPoolClientSecret(t.Context(), e.call(), &cognitoidp.AddUserPoolClientSecretRequest{UserPoolId: pool.Id, ClientId: client.ClientId})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !fault.Is(err, "LimitExceededException"):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d callers added a second secret", won)
	}
}
