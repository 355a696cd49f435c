package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"
)

// Token is an ID or access token: a JSON Web Token that the service signed. Printing it
// shows three stars; JWT is the text to hand on.
type Token struct {
	text    string
	payload []byte
	claims  Claims
}

// Claims are the registered claims of Cognito's tokens. They are decoded and not
// verified: this process believes them because of where it got them from. Who gets them
// from elsewhere, a request say, has to check the signature first.
type Claims struct {
	Subject   string   // sub: the user's unchanging id
	Issuer    string   // iss
	Audience  string   // aud of an ID token: the app client's id
	ClientID  string   // client_id of an access token
	Use       string   // token_use: "id" or "access"
	Username  string   // cognito:username, or username in an access token
	Groups    []string // cognito:groups
	Scopes    []string // scope of an access token
	DeviceKey string   // device_key, where a tracked device took part
	ID        string   // jti
	// SignInID is origin_jti, the same in all tokens of one sign-in. It is empty where
	// the app client's tokens cannot be revoked.
	SignInID  string
	EventID   string    // event_id
	AuthTime  time.Time // auth_time: when the user signed in
	IssuedAt  time.Time // iat
	ExpiresAt time.Time // exp
}

// ParseToken decodes a token without verifying it.
func ParseToken(text string) (Token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Token{}, errors.New("client: token does not have three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Token{}, fmt.Errorf("client: token payload: %w", err)
	}
	claims, err := decodeClaims(payload)
	if err != nil {
		return Token{}, err
	}
	return Token{text: text, payload: payload, claims: claims}, nil
}

func decodeClaims(payload []byte) (Claims, error) {
	var raw struct {
		Subject         string   `json:"sub"`
		Issuer          string   `json:"iss"`
		Audience        string   `json:"aud"`
		ClientID        string   `json:"client_id"`
		Use             string   `json:"token_use"`
		CognitoUsername string   `json:"cognito:username"`
		Username        string   `json:"username"`
		Groups          []string `json:"cognito:groups"`
		Scope           string   `json:"scope"`
		DeviceKey       string   `json:"device_key"`
		ID              string   `json:"jti"`
		SignInID        string   `json:"origin_jti"`
		EventID         string   `json:"event_id"`
		AuthTime        seconds  `json:"auth_time"`
		IssuedAt        *seconds `json:"iat"`
		ExpiresAt       *seconds `json:"exp"`
	}
	if err := json.Unmarshal(payload, &raw); err != nil {
		return Claims{}, fmt.Errorf("client: token claims: %w", err)
	}
	if raw.IssuedAt == nil || raw.ExpiresAt == nil {
		return Claims{}, errors.New("client: token claims: iat or exp is missing")
	}
	if raw.CognitoUsername == "" {
		raw.CognitoUsername = raw.Username
	}
	return Claims{
		Subject:   raw.Subject,
		Issuer:    raw.Issuer,
		Audience:  raw.Audience,
		ClientID:  raw.ClientID,
		Use:       raw.Use,
		Username:  raw.CognitoUsername,
		Groups:    raw.Groups,
		Scopes:    strings.Fields(raw.Scope),
		DeviceKey: raw.DeviceKey,
		ID:        raw.ID,
		SignInID:  raw.SignInID,
		EventID:   raw.EventID,
		AuthTime:  raw.AuthTime.time(),
		IssuedAt:  raw.IssuedAt.time(),
		ExpiresAt: raw.ExpiresAt.time(),
	}, nil
}

// seconds is a NumericDate (RFC 7519 section 2): seconds since the epoch, which may have
// a fraction or an exponent.
type seconds int64

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799

func (s *seconds) UnmarshalJSON(data []byte) error {
	var number float64
	if err := json.Unmarshal(data, &number); err != nil {
		return err
	}
	if math.Abs(number) > maxSeconds {
		return errors.New("time is out of range")
	}
	*s = seconds(number)
	return nil
}

func (s seconds) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(int64(s), 0)
}

// JWT returns the token's text, empty for the zero Token.
func (t Token) JWT() string { return t.text }

// Claims returns the registered claims.
func (t Token) Claims() Claims { return t.claims }

// DecodeClaims stores all claims, custom ones too, in into, as json.Unmarshal does.
func (t Token) DecodeClaims(into any) error { return json.Unmarshal(t.payload, into) }

// String returns three stars.
func (Token) String() string { return redacted }

// GoString returns three stars.
func (Token) GoString() string { return redacted }

// LogValue returns three stars.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// Tokens are what a sign-in or a refresh brings.
type Tokens struct {
	// ID says who the user is; its claims hold the attributes that the client may read.
	ID Token
	// Access lets its bearer act as the user.
	Access Token
	// Refresh brings new tokens until it expires, after 30 days by default. It is opaque.
	Refresh Secret
	// ClockDrift is how far this machine's clock was ahead of the service's when the
	// tokens came, in whole seconds.
	ClockDrift time.Duration
}

func parseTokens(id, access, refresh string) (Tokens, error) {
	tokens := Tokens{Refresh: Secret(refresh)}
	var err error
	if tokens.ID, err = ParseToken(id); err != nil {
		return Tokens{}, fmt.Errorf("id token: %w", err)
	}
	if tokens.Access, err = ParseToken(access); err != nil {
		return Tokens{}, fmt.Errorf("access token: %w", err)
	}
	return tokens, nil
}

// receivedAt returns the tokens with the drift that follows from having just received
// them at now, reckoned as amazon-cognito-identity-js does.
func (t Tokens) receivedAt(now time.Time) Tokens {
	issued := t.ID.claims.IssuedAt
	if t.Access.claims.IssuedAt.Before(issued) {
		issued = t.Access.claims.IssuedAt
	}
	t.ClockDrift = now.Truncate(time.Second).Sub(issued)
	return t
}

// ExpiresAt is when the first of both tokens expires, by this machine's clock.
func (t Tokens) ExpiresAt() time.Time {
	first := t.ID.claims.ExpiresAt
	if t.Access.claims.ExpiresAt.Before(first) {
		first = t.Access.claims.ExpiresAt
	}
	return first.Add(t.ClockDrift)
}

// validAt says whether neither token has expired at now.
func (t Tokens) validAt(now time.Time) bool { return now.Before(t.ExpiresAt()) }

// maxEarly is how long before their end tokens are refreshed at most, so that they do
// not expire on their way.
const maxEarly = time.Minute

// freshAt says whether the tokens need no refresh yet: not in the last minute of their
// life, or its last tenth where that is shorter.
func (t Tokens) freshAt(now time.Time) bool {
	end := t.ExpiresAt()
	life := end.Sub(t.Access.claims.IssuedAt.Add(t.ClockDrift))
	return now.Before(end.Add(-min(maxEarly, max(life, 0)/10)))
}
