// Package passkey verifies WebAuthn ceremonies (W3C "Web Authentication", Level 3): what a
// browser answers to navigator.credentials.create and get, and the options for both, in
// the JSON forms of sections 5.1.9 and 5.1.10.
//
//	CreationOptions ──> browser ──> ParseRegistration ── Challenge ──> Verify ──> Credential
//	RequestOptions  ──> browser ──> ParseAssertion ── Challenge, ID ──> Verify ──> Assertion
//
// A response is parsed first, so that its caller finds what the challenge and the
// credential id belong to, and then verified against what was asked. Who may register what,
// and which challenge counts, is the caller's matter. The package keeps nothing, and nothing
// else imports the library beneath it.
package passkey
