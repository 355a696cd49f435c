package catalog

import (
	"math"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// The numbers of a client that sets none, to be taken in the client's units or, where it
// sets none either, in hours for ID and access tokens and in days for refresh tokens
// (Cognito guide: "Quotas", token validity).
const (
	DefaultTokenValidity        = 1 // ID and access token
	DefaultRefreshTokenValidity = 30
	DefaultAuthSessionValidity  = 3 // minutes
)

// Lifetimes is how long what comes of a client's sign-ins is valid.
type Lifetimes struct{ Access, ID, Refresh, Session time.Duration }

// ClientLifetimes returns the lifetimes that a client's configuration amounts to.
func ClientLifetimes(cfg *cognitoidp.UserPoolClientType) Lifetimes {
	var units cognitoidp.TokenValidityUnitsType
	if cfg.TokenValidityUnits != nil {
		units = *cfg.TokenValidityUnits
	}
	return Lifetimes{
		Access:  lifetime(cfg.AccessTokenValidity, DefaultTokenValidity, valueOr(units.AccessToken, cognitoidp.TimeUnitsTypeHours)),
		ID:      lifetime(cfg.IdTokenValidity, DefaultTokenValidity, valueOr(units.IdToken, cognitoidp.TimeUnitsTypeHours)),
		Refresh: lifetime(cfg.RefreshTokenValidity, DefaultRefreshTokenValidity, valueOr(units.RefreshToken, cognitoidp.TimeUnitsTypeDays)),
		Session: lifetime(cfg.AuthSessionValidity, DefaultAuthSessionValidity, cognitoidp.TimeUnitsTypeMinutes),
	}
}

// lifetime takes a number in a unit. It is the longest Duration where that is too short,
// which no valid configuration meets.
func lifetime(value *int, otherwise int, unit cognitoidp.TimeUnitsType) time.Duration {
	number, length := api.Value(value), unitLength(unit)
	if number == 0 {
		number = otherwise
	}
	if int64(number) > math.MaxInt64/int64(length) {
		return math.MaxInt64
	}
	return time.Duration(number) * length
}

func unitLength(unit cognitoidp.TimeUnitsType) time.Duration {
	switch unit {
	case cognitoidp.TimeUnitsTypeSeconds:
		return time.Second
	case cognitoidp.TimeUnitsTypeMinutes:
		return time.Minute
	case cognitoidp.TimeUnitsTypeHours:
		return time.Hour
	default:
		return day
	}
}

// AccessTokenTTL is how long an access token is valid.
func (c *Client) AccessTokenTTL() time.Duration { return c.lifetimes.Access }

// IDTokenTTL is how long an ID token is valid.
func (c *Client) IDTokenTTL() time.Duration { return c.lifetimes.ID }

// RefreshTokenTTL is how long after sign-in a refresh token is valid.
func (c *Client) RefreshTokenTTL() time.Duration { return c.lifetimes.Refresh }

// SessionTTL is how long a Session string can be answered, and an MFA code is good.
func (c *Client) SessionTTL() time.Duration { return c.lifetimes.Session }
