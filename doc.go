// Package cenote is Amazon Cognito that people run themselves: a server that speaks
// Cognito's own APIs, so that every existing client works against it unchanged.
//
// New constructs a server from a Config, the one place where its rooms are put together;
// Run serves until its context ends. Package cenotetest starts one inside a Go test,
// package client signs users in, and cmd/cenote is the program.
package cenote
