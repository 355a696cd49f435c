package token

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/internal/trigger"
)

// content is what goes into a pair of tokens besides the sign-in and the user: the groups,
// and what PreTokenGeneration changes.
type content struct {
	groups trigger.GroupConfiguration
	change trigger.PreTokenGenerationResponse
}

// What PreTokenGeneration cannot change, in either token and in one of them (Cognito guide:
// "Claims and scopes reference"). A function that tries is not told.
var (
	fixedClaims = []string{
		"acr", "amr", "auth_time", "azp", "event_id", "exp", "iat", "identities", "iss", "jti", "nbf", "nonce",
		"origin_jti", "sub", "token_use",
	}
	fixedInID     = []string{"at_hash", "aud"}
	fixedInAccess = []string{"client_id", "device_key", "scope", "username", "version"}
	// plainClaims of the ID token take no lists and objects.
	plainClaims = []string{"phone_number_verified", "email_verified", "updated_at", "address"}
)

const cognitoPrefix = "cognito:"

// override returns the payload of a token with the changes that are allowed. A claim that
// is suppressed stays out even where it is added, too. Suppressing cognito:groups takes the
// roles with them.
func override(payload []byte, use, clientID string, change trigger.ClaimsChange) ([]byte, error) {
	if len(change.AddOrOverride) == 0 && len(change.Suppress) == 0 {
		return payload, nil
	}
	claims, err := members(payload)
	if err != nil {
		return nil, err
	}
	gone := func(name string) bool {
		return slices.Contains(change.Suppress, name) && removable(name, use) ||
			(name == claimRoles || name == claimPreferredRole) && slices.Contains(change.Suppress, claimGroups)
	}
	o := newObject()
	for _, c := range claims {
		value, replaced := change.AddOrOverride[c.name]
		switch {
		case gone(c.name):
		case replaced && settable(c.name, value, use, clientID):
			o = o.raw(c.name, string(value))
		default:
			o = o.raw(c.name, string(c.value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(change.AddOrOverride)) {
		value := change.AddOrOverride[name]
		there := slices.ContainsFunc(claims, func(c claim) bool { return c.name == name })
		if !there && !slices.Contains(change.Suppress, name) && settable(name, value, use, clientID) {
			o = o.raw(name, string(value))
		}
	}
	return o.close(), nil
}

// fixed says whether a claim of a token belongs to the server.
func fixed(name, use string) bool {
	if slices.Contains(fixedClaims, name) || strings.HasPrefix(name, cognitoPrefix) {
		return true
	}
	if use == useAccess {
		return slices.Contains(fixedInAccess, name)
	}
	return slices.Contains(fixedInID, name)
}

func removable(name, use string) bool { return name == claimGroups || !fixed(name, use) }

// settable says whether a function may give a claim this value. aud may be added to the
// access token where it is the app client's.
func settable(name string, value json.RawMessage, use, clientID string) bool {
	text := bytes.TrimSpace(value)
	switch {
	case len(text) == 0 || bytes.Equal(text, []byte("null")):
		return false
	case name == "aud" && use == useAccess:
		var aud string
		return json.Unmarshal(text, &aud) == nil && aud == clientID
	case strings.HasPrefix(name, "dev:"), fixed(name, use):
		return false
	case use == useID && slices.Contains(plainClaims, name):
		return text[0] != '{' && text[0] != '['
	}
	return true
}

// scopes returns the scopes of an access token after the changes: what was granted, less
// what is suppressed, and what is added. A scope has no blanks (RFC 6749 section 3.3).
func (c *content) scopes(granted []string) []string {
	out := slices.DeleteFunc(slices.Clone(granted), func(scope string) bool {
		return slices.Contains(c.change.ScopesToSuppress, scope)
	})
	for _, scope := range c.change.ScopesToAdd {
		if scope != "" && !strings.ContainsAny(scope, " \t\r\n\"\\") && !slices.Contains(out, scope) &&
			!slices.Contains(c.change.ScopesToSuppress, scope) {
			out = append(out, scope)
		}
	}
	return out
}

type claim struct {
	name  string
	value json.RawMessage
}

// members returns the members of a JSON object in their order.
func members(object []byte) ([]claim, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var out []claim
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		c := claim{name: name.(string)} //nolint:forcetypeassert // the name of a member is a text
		if err := decoder.Decode(&c.value); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
