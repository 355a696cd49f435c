package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
)

const redacted = "***"

// Secret is text that must not reach a log: every way of printing it shows three stars.
// string(s) is the text itself.
type Secret string

// String returns three stars.
func (Secret) String() string { return redacted }

// GoString returns three stars.
func (Secret) GoString() string { return redacted }

// LogValue returns three stars.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns three stars, so that JSON does not show the secret either.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// SecretHash proves to the service that the caller knows an app client's secret. It is
// the base64 form of HMAC-SHA256 over user name and client id, under the secret.
//
// username is what the request names the user by, exactly as sent: an alias where an
// alias is sent, the canonical user name where a challenge is answered or a session
// refreshed. A Pool computes it by itself; the function is for callers that talk to the
// service in other ways.
func SecretHash(clientSecret, username, clientID string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
