package client

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// StartPasskeyRegistration returns a PublicKeyCredentialCreationOptionsJSON (Web
// Authentication Level 3), by which a browser or an operating system makes a passkey:
//
//	navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})
func (s *Session) StartPasskeyRegistration(ctx context.Context) (json.RawMessage, error) {
	out, err := authorised[cognitoidp.StartWebAuthnRegistrationResponse](ctx, s, "StartWebAuthnRegistration", once, func(token *string) any {
		return &cognitoidp.StartWebAuthnRegistrationRequest{AccessToken: token}
	})
	if err != nil {
		return nil, err
	}
	return json.RawMessage(out.CredentialCreationOptions), nil
}

// CompletePasskeyRegistration registers the passkey that was made. credential is a
// RegistrationResponseJSON, which PublicKeyCredential.toJSON makes.
func (s *Session) CompletePasskeyRegistration(ctx context.Context, credential json.RawMessage) error {
	if !json.Valid(credential) {
		return errors.New("client: the credential is no JSON")
	}
	_, err := authorised[cognitoidp.CompleteWebAuthnRegistrationResponse](ctx, s, "CompleteWebAuthnRegistration", once, func(token *string) any {
		return &cognitoidp.CompleteWebAuthnRegistrationRequest{AccessToken: token, Credential: api.Document(credential)}
	})
	return err
}

// Passkey is a passkey that the user has registered.
type Passkey struct {
	ID string
	// Name is what the service calls it, after the maker of the authenticator.
	Name string
	// RelyingPartyID is the domain that the passkey is for.
	RelyingPartyID string
	Created        time.Time
}

// ListPasskeys returns the user's passkeys, limit at most (0 means the service's limit,
// 20), and where to go on if there are more. after is empty at first.
func (s *Session) ListPasskeys(ctx context.Context, limit int, after string) (passkeys []Passkey, next string, err error) {
	out, err := authorised[cognitoidp.ListWebAuthnCredentialsResponse](ctx, s, "ListWebAuthnCredentials", repeatable, func(token *string) any {
		return &cognitoidp.ListWebAuthnCredentialsRequest{AccessToken: token, MaxResults: unlessZero(limit), NextToken: unlessZero(after)}
	})
	if err != nil {
		return nil, "", err
	}
	for _, c := range out.Credentials {
		passkeys = append(passkeys, Passkey{
			ID:             api.Value(c.CredentialId),
			Name:           api.Value(c.FriendlyCredentialName),
			RelyingPartyID: api.Value(c.RelyingPartyId),
			Created:        instant(c.CreatedAt),
		})
	}
	return passkeys, api.Value(out.NextToken), nil
}

// DeletePasskey removes a passkey of the user.
func (s *Session) DeletePasskey(ctx context.Context, id string) error {
	_, err := authorised[cognitoidp.DeleteWebAuthnCredentialResponse](ctx, s, "DeleteWebAuthnCredential", once, func(token *string) any {
		return &cognitoidp.DeleteWebAuthnCredentialRequest{AccessToken: token, CredentialId: &id}
	})
	return err
}

// instant returns the zero time for one that is absent.
func instant(t *api.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time()
}

// unlessZero leaves zero values out of a request.
func unlessZero[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
