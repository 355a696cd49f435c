// Package keys has the signing keys of user pools: makes them, opens them from the
// store, signs and verifies with them (RS256), and publishes them as a JWKS.
//
// A pool has two RSA-2048 keys: one signs ID tokens, the other access tokens. Stock
// makes them ahead of time, since one takes a tenth of a second. Cache opens those of a
// pool once per process, in libcrypto where that is faster.
//
// Signing does not pass the gate by itself: who issues tokens enters it once for all
// that one request computes (see package gate).
package keys
