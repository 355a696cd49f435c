// Package oauth publishes what verifiers of a pool's tokens need: the discovery document
// and the signing keys, at the pool's issuer (OpenID Connect Discovery 1.0, RFC 8414,
// RFC 7517), and the logos of its classic login pages.
package oauth
