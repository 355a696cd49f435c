// Package srp is Cognito's variant of the Secure Remote Password protocol, both sides,
// for users and for devices. Client and server agree on a key without the password or
// anything made of it crossing the wire:
//
//	client                                     server (salt, v = g^x)
//	A = g^a                  -- A -->
//	                         <-- salt, B --    B = k*v + g^b
//	S = (B - k*g^x)^(a+u*x)                    S = (A * v^u)^b
//	K = HKDF(S, u)           -- proof -->      HMAC(K, identity, secret block, timestamp)
//
// It differs from RFC 5054: the group is RFC 3526's of 3072 bits with SHA-256, every
// integer enters a hash as Java's BigInteger.toByteArray writes it (pad), the key comes
// from HKDF with the info "Caldera Derived Key", and one proof goes from the client to
// the server, none back. The package was checked against amazon-cognito-identity-js.
//
// The package computes; it keeps no state, knows no clock and no lifetimes. Times of
// its arithmetic depend on secrets: math/big and the table of powers are not constant
// time, libcrypto's powers are. The secrets are exponents of 256 bits that serve one
// exchange each (b) or stand behind a hash with a salt (x), and what an observer on the
// network can time also contains parsing, storage and scheduling.
package srp
