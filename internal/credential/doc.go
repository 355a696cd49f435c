// Package credential knows what proves a user or an app client: passwords (policy,
// history, verification, lockout), the SRP exchange of Cognito's clients, one-time
// codes, and client secrets.
//
// It decides and computes; it keeps nothing. Records belong to package store, which
// seals them at rest. What it returns for a new password is a pure mutation of the
// user's record, so that the caller can apply it together with other changes in one
// transaction.
//
// A password is stored as its SRP verifier, bound to the pool's name and to the user's
// canonical name:
//
//	x = H(PAD(salt) || H(poolName || userName || ":" || password)),  v = g^x mod N
//
// A pool that keeps hashes has no verifiers but argon2id hashes, and no SRP. An imported
// user may have a foreign hash, which the first right password replaces by the pool's own
// form.
//
// The flows that send the password in clear recompute v. An unknown user costs the same
// work as a known one and, in SRP, meets a salt and an identifier that are derived from
// the name and never change, so that neither time nor answers tell who exists.
//
// The state of an SRP exchange travels sealed in SECRET_BLOCK: any node can finish what
// another began. A block is spent by one awaited write when its proof is right.
package credential
