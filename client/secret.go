package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
)

const redacted = "***"

// Secret is text that must not reach a log: every way of printing it, JSON too, shows
// three stars, or nothing where it is empty. string(s) is the text itself.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

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
