package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// ProveClient checks a SECRET_HASH for the operations whose error for an absent hash is
// the same as for a wrong one (SignUp, ConfirmSignUp, ResendConfirmationCode,
// ForgotPassword, ConfirmForgotPassword).
//
// A hash counts when it was made with any live secret of the client, over username as
// sent or over one of the canonical names (the name as stored, sub, an alias): clients
// differ in which they use. A client without a secret needs no hash, and one that is
// sent all the same is ignored.
func ProveClient(c *catalog.Client, username string, hash *string, canonical ...string) (catalog.ProvenClient, error) {
	if !c.HasSecret() || (hash != nil && secretHashMatches(c, *hash, append(slices.Clip(canonical), username))) {
		return c.Proven(), nil
	}
	return catalog.ProvenClient{}, fault.NotAuthorized("Unable to verify secret hash for client " + c.ID())
}

// ProveClientAuth is ProveClient for InitiateAuth, RespondToAuthChallenge and their
// admin twins, which name the absent hash in their error.
func ProveClientAuth(c *catalog.Client, username string, hash *string, canonical ...string) (catalog.ProvenClient, error) {
	if c.HasSecret() && hash == nil {
		return catalog.ProvenClient{}, fault.NotAuthorized(
			"Client " + c.ID() + " is configured with secret but SECRET_HASH was not received")
	}
	return ProveClient(c, username, hash, canonical...)
}

// ProveClientSecret checks a plain client secret (GetTokensFromRefreshToken, RevokeToken,
// the OAuth endpoints) against every live secret. A client without a secret is proven
// without one, and one that is sent all the same is ignored.
func ProveClientSecret(c *catalog.Client, secret *string) (catalog.ProvenClient, bool) {
	if !c.HasSecret() {
		return c.Proven(), true
	}
	if secret == nil {
		return catalog.ProvenClient{}, false
	}
	given, match := sha256.Sum256([]byte(*secret)), 0
	for _, s := range c.Secrets {
		live := sha256.Sum256([]byte(s.Value))
		match |= subtle.ConstantTimeCompare(given[:], live[:])
	}
	if match == 0 {
		return catalog.ProvenClient{}, false
	}
	return c.Proven(), true
}

// secretHashMatches compares hash with HMAC-SHA256(secret, name + client id) of every
// live secret and name, in a time that does not depend on which of them matches.
func secretHashMatches(c *catalog.Client, hash string, names []string) bool {
	given, err := base64.StdEncoding.DecodeString(hash)
	if err != nil {
		return false
	}
	match := 0
	for _, s := range c.Secrets {
		for _, name := range names {
			mac := hmac.New(sha256.New, []byte(s.Value))
			mac.Write([]byte(name))
			mac.Write([]byte(c.ID()))
			match |= subtle.ConstantTimeCompare(given, mac.Sum(nil))
		}
	}
	return match == 1
}
