// Package seal makes and opens AEAD envelopes: what Cenote hands to clients to carry
// for it (Sessions, SECRET_BLOCK, refresh and pagination tokens) and what it keeps at
// rest without showing it (verifiers, private keys, client secrets, codes).
//
//	master key (a file, an environment variable)
//	    | wraps                  | check value: tells whether a node has this master key
//	data keys (rows of the database, each with an id)
//	    | HKDF-SHA256 per purpose
//	purpose keys -- XAES-256-GCM -> envelopes, bound to purpose and context
//	             \- HMAC-SHA256  -> derived bytes, stable for purpose and context
//
// An envelope is
//
//	version (1) | data key id (4, big-endian) | nonce (24) | ciphertext | tag (16)
//
// and authenticates its header and the caller's context. XAES-256-GCM
// (c2sp.org/XAES-256-GCM) is AES-256-GCM under a key derived for each message from the
// first half of a 192-bit nonce: nonces are random and one data key serves for the
// life of an installation, where plain GCM's 96 bits would get short after 2^32
// envelopes.
//
// The package knows no expiry and no single use: the plaintext carries the first and
// store keeps the second.
package seal
