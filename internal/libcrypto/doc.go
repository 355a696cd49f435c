// Package libcrypto lends OpenSSL's RSA signatures and modular exponentiation to Go:
// about three times the speed of crypto/rsa on processors with AVX-512 IFMA, and
// two thirds of the time of math/big at 3072 bits, in constant time.
//
// Load opens libcrypto.so.3 where the system has it, without cgo (through purego). The
// library must then give the same bytes as Go for PKCS #1 v1.5 signatures and modular
// powers, which are deterministic, and shows by a short measurement whether it is worth
// using here. Nothing depends on it: without it, callers use Go's own arithmetic.
//
// A program with purego is linked dynamically even with CGO_ENABLED=0. The build tag
// static leaves it out, for musl and for empty container images; Load then fails.
//
// OpenSSL's configuration file is not read. Keys live in C memory and are wiped and
// freed when their Signer becomes unreachable.
package libcrypto
