// Package api holds what all service APIs share: the call, the caller, the description
// of an operation, and the violations that a model's constraints are reported with.
//
// The packages below it (cognitoidp, ...) are generated from api/model by api/gen. In
// their structures every scalar member is a pointer, so that absent and zero stay
// apart; a list or map is nil when absent and empty when sent empty.
package api

//go:generate go run ./gen -root ..

import (
	"context"
	"net/netip"
	"time"
)

// Call is what a handler knows of the request besides its input.
type Call struct {
	Operation *Operation
	RequestID string
	// Time is read once per request, from the clock by which Cenote judges its own times.
	Time      time.Time
	Principal Principal
	// RemoteIP is the client's address, after trusted proxies.
	RemoteIP  netip.Addr
	UserAgent string
}

// Principal is who is calling. At most one of its members is set; none is set for the
// operations that need no authorisation.
type Principal struct {
	IAM  *IAMPrincipal
	User *UserPrincipal
}

// IAMPrincipal is a caller proven by an AWS signature.
type IAMPrincipal struct {
	AccessKeyID string
	ARN         string // such as arn:aws:iam::000000000000:user/deploy, or ...:root
	AccountID   string
	// Actions are the only ones that temporary credentials are good for (service:Operation,
	// in which * is any text); nil does not restrict.
	Actions []string
}

// UserPrincipal is a user proven by an access token that was valid when checked.
type UserPrincipal struct {
	PoolID    string // user pool id
	ClientID  string // app client the token was issued to
	Sub       string
	Username  string // canonical user name
	OriginJTI string // the sign-in's id; empty when the client's tokens cannot be revoked
	EventID   string
	DeviceKey string
	Scopes    []string
	AuthTime  time.Time
	IssuedAt  time.Time
	// Record is the user as the server read it in this call, in the server's own form; nil
	// where it was not read.
	Record any
}

// Class is how an operation is authorised.
type Class uint8

// The authorisation classes of Cognito's operations.
const (
	// Public operations need no credentials; an Authorization header is ignored.
	Public Class = iota
	// AccessToken operations are authorised by the AccessToken member of their input.
	AccessToken
	// IAM operations need an AWS signature (SigV4).
	IAM
	// AccessTokenOrSession operations are authorised by the AccessToken member when it
	// is there, and else by the Session member, which the handler judges.
	AccessTokenOrSession
)

// String returns the class in words.
func (c Class) String() string {
	switch c {
	case Public:
		return "nothing"
	case AccessToken:
		return "access token"
	case IAM:
		return "AWS signature"
	case AccessTokenOrSession:
		return "access token or session"
	}
	return "unknown class"
}

// Operation describes one operation of a service. Operations are generated and never change.
type Operation struct {
	Name  string
	Class Class
	// NewInput returns a pointer to an empty input structure.
	NewInput func() Input
	// HasOutput is false for the operations that answer a zero-length body.
	HasOutput bool
	// Errors are the exception names that the model declares, sorted.
	Errors []string
	// Invoke calls the operation's method on service, which implements the service's API interface.
	Invoke func(ctx context.Context, service any, call *Call, in Input) (any, error)
}

// Input is a generated input structure.
type Input interface {
	// Check reports what violates the model's constraints.
	Check(v *Violations)
}

// TokenCarrier is an input with an AccessToken member.
type TokenCarrier interface {
	// CarriedToken returns the access token, nil when absent.
	CarriedToken() *string
}

// PoolTarget is an input with a UserPoolId member.
type PoolTarget interface {
	// TargetPoolID returns the user pool id, nil when absent.
	TargetPoolID() *string
}

// Exception describes one modelled error of a service.
type Exception struct {
	Name   string
	Status int // HTTP status
}

// Service describes one service API.
type Service struct {
	// Name is the endpoint prefix, the signing name and the prefix of IAM actions, such as cognito-idp.
	Name string
	// Protocol is json, query or rest-json.
	Protocol string
	// TargetPrefix stands before the operation's name in X-Amz-Target (json protocol).
	TargetPrefix string
	Operations   map[string]*Operation
	Exceptions   map[string]Exception
}

// Empty is the output of operations without members.
type Empty struct{}

// NotImplementedError says that an operation, or a member given another value than its
// default, has no effect here and is therefore refused (HTTP 501).
type NotImplementedError struct {
	Operation string
	Member    string // empty when the whole operation is missing
}

// Error names what is not implemented.
func (e *NotImplementedError) Error() string {
	if e.Member == "" {
		return "Operation " + e.Operation + " is not implemented."
	}
	return "Member " + e.Member + " of " + e.Operation + " is not implemented."
}

// Value returns what p points to, or the zero value when p is nil.
func Value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
