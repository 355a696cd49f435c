package credential_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/store"
)

// secretHash is what a client computes.
func secretHash(secret, name, clientID string) *string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(name + clientID))
	return new(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func withSecrets(id string, secrets ...string) func(*cognitoidp.UserPoolType, *store.Client) {
	return func(_ *cognitoidp.UserPoolType, c *store.Client) {
		c.Config.ClientId = &id
		for _, s := range secrets {
			c.Secrets = append(c.Secrets, store.ClientSecret{ID: s, Value: s})
		}
	}
}

func TestSecretHash(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	// The vector of the specification: the hash of AWS's own documentation example.
	const id, secret, vector = "1example23456789", "1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn", "F3TiLEZhqxn0Ur//VJcpMrDLOzGERdbKWOhU0cLyRHk="
	c := e.client("A", withSecrets(id, secret, "another-live-secret-of-the-client"))
	public := e.client("B", withSecrets("public"))

	const unable = "Unable to verify secret hash for client " + id
	for name, row := range map[string]struct {
		client    *catalog.Client
		hash      *string
		canonical []string
		plain     string // the text of ProveClient; none is success
		auth      string // that of ProveClientAuth
	}{
		"vector":                     {c, new(vector), nil, "", ""},
		"another live secret":        {c, secretHash("another-live-secret-of-the-client", "janedoe", id), nil, "", ""},
		"canonical name":             {c, secretHash(secret, "sub-of-jane", id), []string{"x", "sub-of-jane"}, "", ""},
		"name of somebody else":      {c, secretHash(secret, "sub-of-jane", id), []string{"x"}, unable, unable},
		"wrong secret":               {c, secretHash("wrong", "janedoe", id), nil, unable, unable},
		"wrong client":               {c, secretHash(secret, "janedoe", "x"), nil, unable, unable},
		"no base64":                  {c, new("%%%"), nil, unable, unable},
		"empty":                      {c, new(""), nil, unable, unable},
		"absent":                     {c, nil, nil, unable, "Client " + id + " is configured with secret but SECRET_HASH was not received"},
		"public client":              {public, nil, nil, "", ""},
		"public client and any hash": {public, new("whatever"), nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for prove, want := range map[*func(*catalog.Client, string, *string, ...string) (catalog.ProvenClient, error)]string{
				new(credential.ProveClient): row.plain, new(credential.ProveClientAuth): row.auth,
			} {
				proven, err := (*prove)(row.client, "janedoe", row.hash, row.canonical...)
				if want != "" {
					wantFault(t, err, notAuthorized, want)
				} else if err != nil || proven.ID() != row.client.ID() {
					t.Errorf("got %v, want the client proven", err)
				}
			}
		})
	}
}

func TestPlainSecret(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("A", withSecrets("Secrets", "first", "second"))
	public := e.client("B", withSecrets("Public"))
	for name, row := range map[string]struct {
		client *catalog.Client
		secret *string
		want   bool
	}{
		"first": {c, new("first"), true}, "second": {c, new("second"), true},
		"wrong": {c, new("third"), false}, "absent": {c, nil, false}, "empty": {c, new(""), false},
		"public": {public, nil, true}, "public and any secret": {public, new("x"), true},
	} {
		if _, ok := credential.ProveClientSecret(row.client, row.secret); ok != row.want {
			t.Errorf("%s: got %t", name, ok)
		}
	}
}
