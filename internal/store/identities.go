package store

import (
	"encoding/json"
	"fmt"
)

// Identity is a user's identity at an external provider. The JSON names are those by which
// clients read it in the attribute identities.
type Identity struct {
	UserID       string `json:"userId"` // how the provider knows the user
	ProviderName string `json:"providerName"`
	ProviderType string `json:"providerType"`
	// Issuer is the entity id of a SAML provider; nil for others.
	Issuer *string `json:"issuer"`
	// Primary is the identity that the user came with; a linked one is not.
	Primary     bool  `json:"primary"`
	DateCreated int64 `json:"dateCreated"` // milliseconds since 1970
}

// identitiesAttribute holds a user's identities as a JSON text.
const identitiesAttribute = "identities"

// Identities returns the user's identities at external providers.
func (u *User) Identities() (list []Identity, err error) {
	text := u.Attributes[identitiesAttribute]
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("store: a user's identities cannot be read: %w", err)
	}
	return list, nil
}

// SetIdentities replaces the user's identities; none takes the attribute away.
func (u *User) SetIdentities(list []Identity) error {
	if len(list) == 0 {
		delete(u.Attributes, identitiesAttribute)
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("store: encode identities: %w", err)
	}
	if u.Attributes == nil {
		u.Attributes = make(map[string]string)
	}
	u.Attributes[identitiesAttribute] = string(text)
	return nil
}

// IdentityKey is the name by which an identity at a provider finds its user: attribute and
// value are what the provider says of who signs in. No two of its parts run together.
func IdentityKey(provider, attribute, value string) Key {
	text, _ := json.Marshal([]string{provider, attribute, value}) // texts always encode
	return Key{Kind: KeyIdentity, Value: string(text)}
}
