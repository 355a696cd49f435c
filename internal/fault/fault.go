// Package fault holds the one error type whose text a client may see.
//
// Services create a *Error where a rule is known, wrap it with %w on the way, and
// wire renders it. Anything else that reaches a client border becomes an
// InternalErrorException without detail. The constructors named after Cognito's
// exceptions are generated from the service models (exceptions.gen.go); which HTTP
// status an exception has is a fact of the service that answers, so it stands in the
// service's generated table and not here.
package fault

import (
	"errors"
	"time"
)

// Error is an error that a client sees.
type Error struct {
	// Code is the AWS exception name, such as NotAuthorizedException.
	Code string
	// Message is the exact text that the client sees.
	Message string
	// Reason is the reasonCode member of InvalidParameterException; mostly empty.
	Reason string
	// RetryAfter is how long the client should wait; 0 says nothing about it.
	RetryAfter time.Duration
	// Cause is for the log only and never leaves the server.
	Cause error
}

// New returns an error with the given exception name and client-visible message.
func New(code, message string) *Error { return &Error{Code: code, Message: message} }

// Error returns the exception name and the message; the cause is not part of it.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Because returns a copy of e with the cause that the log shows.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Is says whether err is, or wraps, an Error with the given exception name.
func Is(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}
