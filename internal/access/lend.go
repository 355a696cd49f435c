package access

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
)

// Credentials are an access key that ends by itself. Every request under it carries the
// session token, which only a server with the same database can read.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Until                                      time.Time
}

// lease is what a session token holds.
type lease struct {
	KeyID   string   `json:"k"`
	Secret  string   `json:"s"`
	Name    string   `json:"n"`
	Actions []string `json:"a"`
	Until   int64    `json:"u"` // milliseconds since the epoch, by Clock.Outside
}

// lent keeps the session tokens of Lend apart from others under the same purpose.
func lent() []byte { return seal.Context("function") }

// Lend makes credentials for a function of the operator's, good for the given actions
// (service:Operation, in which * is any text) for the given time.
func (c *Control) Lend(name string, actions []string, d time.Duration) (Credentials, error) {
	id, err := naming.Pick(c.random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
	if err != nil {
		return Credentials{}, err
	}
	secret, err := naming.Pick(c.random, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40)
	if err != nil {
		return Credentials{}, err
	}
	out := Credentials{AccessKeyID: "ASIA" + id, SecretAccessKey: secret, Until: c.clock.Outside().Add(d)}
	plain, err := json.Marshal(lease{out.AccessKeyID, secret, name, actions, out.Until.UnixMilli()})
	if err != nil {
		return Credentials{}, err
	}
	out.SessionToken, err = c.keyring.SealText(seal.AccountToken, lent(), plain)
	return out, err
}

// borrower returns who signed with lent credentials, once the signature was found to match
// by the secret that check gets.
func (c *Control) borrower(sig *signature, check func(secret string) bool) (*api.IAMPrincipal, error) {
	plain, err := c.keyring.OpenText(seal.AccountToken, lent(), sig.token)
	if err != nil {
		return nil, fault.New(codeUnrecognized, textUnrecognized)
	}
	var l lease
	if err := json.Unmarshal(plain, &l); err != nil || l.KeyID != sig.keyID {
		return nil, fault.New(codeUnrecognized, textUnrecognized)
	}
	if c.clock.Outside().UnixMilli() >= l.Until {
		return nil, fault.New(codeExpired, textExpired)
	}
	if !check(l.Secret) {
		return nil, fault.New(codeInvalid, textMismatch)
	}
	if l.Actions == nil {
		l.Actions = []string{}
	}
	return &api.IAMPrincipal{
		AccessKeyID: l.KeyID, AccountID: c.place.AccountID, Actions: l.Actions,
		ARN: "arn:aws:sts::" + c.place.AccountID + ":assumed-role/cenote-function/" + l.Name,
	}, nil
}

// permits says whether one of the patterns names the action; nil patterns permit all.
func permits(patterns []string, action string) bool {
	return patterns == nil || slices.ContainsFunc(patterns, func(pattern string) bool { return naming.Glob(pattern, action) })
}
