// Package wire turns HTTP requests into calls of operations and their outcomes into
// responses. The phases of a call stand here, once, for all operations of all services:
//
//	find the operation > decode > check constraints > authorise by class > throttle
//	     > handler > hold the error against the declared ones > encode
//
// What a protocol decides (where the operation's name stands, how an input is read and
// an outcome written) is apart from the phases: json11.go is AWS JSON 1.1. Callers inside
// the process come in through Through, typed, and skip no phase.
//
// Everything that a browser sees carries its CORS headers, framework errors and panics
// included: without them an app is told "Network error" and nothing else.
//
// The package knows no rule of any operation, judges no credentials (Gate does) and
// leaves listening, TLS and proxies to package httpd. It trusts RemoteAddr and Host of
// the request as it receives them.
package wire
