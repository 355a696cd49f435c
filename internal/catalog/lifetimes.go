package catalog

import (
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// The lifetimes of a client that sets none (Cognito guide: "Quotas", token validity).
const (
	DefaultTokenTTL           = time.Hour // ID and access token
	DefaultRefreshTokenDays   = 30
	DefaultAuthSessionMinutes = 3
)

// Lifetimes is how long what a client's sign-ins produce is valid.
type Lifetimes struct{ Access, ID, Refresh, Session time.Duration }

// ClientLifetimes returns the lifetimes that a client's configuration amounts to: values
// left unset or zero are the defaults, units left unset are hours for the ID and access
// token and days for the refresh token.
func ClientLifetimes(cfg *cognitoidp.UserPoolClientType) Lifetimes {
	var units cognitoidp.TokenValidityUnitsType
	if cfg.TokenValidityUnits != nil {
		units = *cfg.TokenValidityUnits
	}
	out := Lifetimes{
		Access:  lifetime(cfg.AccessTokenValidity, units.AccessToken, cognitoidp.TimeUnitsTypeHours, DefaultTokenTTL),
		ID:      lifetime(cfg.IdTokenValidity, units.IdToken, cognitoidp.TimeUnitsTypeHours, DefaultTokenTTL),
		Refresh: lifetime(cfg.RefreshTokenValidity, units.RefreshToken, cognitoidp.TimeUnitsTypeDays, DefaultRefreshTokenDays*day),
		Session: DefaultAuthSessionMinutes * time.Minute,
	}
	if minutes := api.Value(cfg.AuthSessionValidity); minutes > 0 {
		out.Session = time.Duration(minutes) * time.Minute
	}
	return out
}

func lifetime(value *int, unit *cognitoidp.TimeUnitsType, defaultUnit cognitoidp.TimeUnitsType, otherwise time.Duration) time.Duration {
	if api.Value(value) == 0 {
		return otherwise
	}
	if unit != nil {
		defaultUnit = *unit
	}
	return time.Duration(*value) * unitLength(defaultUnit)
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
