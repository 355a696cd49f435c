package throttle

import (
	"maps"
	"slices"
)

// The categories that calls are counted under besides those of their operations.
const (
	authentication = "UserAuthentication"
	userToken      = "UserToken"
	// challengeFactor is how many answers to challenges are free for each call of the category
	// that they belong to (guide: three times, counted apart; the excess counts with the rest).
	challengeFactor = 3
)

// defaults are the calls per second that AWS lets an account make (Cognito guide, "Quotas in
// Amazon Cognito": API request rate quotas).
var defaults = map[string]float64{
	authentication: 120, "UserCreation": 50, "UserFederation": 25, "UserAccountRecovery": 30,
	"UserRead": 120, "UserUpdate": 25, userToken: 120, "UserResourceRead": 50, "UserResourceUpdate": 25,
	"UserList": 30, "UserPoolRead": 15, "UserPoolUpdate": 15, "UserPoolResourceRead": 20,
	"UserPoolResourceUpdate": 15, "UserPoolClientRead": 15, "UserPoolClientUpdate": 15, "ClientAuthentication": 150,
}

// The defaults besides the categories, in calls per second.
const (
	// DefaultPerUser holds for reads and for writes apart.
	DefaultPerUser = 10
	// perPool holds for the operations on a pool's configuration.
	perPool = 5
	// perTag holds for each operation on tags, which have no category.
	perTag = 5
)

// DefaultRate is how many calls of a category AWS lets an account make in a second.
func DefaultRate(category string) (rate float64, ok bool) {
	rate, ok = defaults[category]
	return rate, ok
}

// Categories are the names of the categories, sorted.
func Categories() []string { return slices.Sorted(maps.Keys(defaults)) }
