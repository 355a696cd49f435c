// Package throttle refuses calls that come too often: by category, as AWS limits the calls
// of an account, and by app client, by address and by user.
//
// Each process counts for itself, in token buckets that hold a second's worth. The buckets
// of clients, addresses and users are bounded: those not used for longest are forgotten,
// which gives their owners a full bucket again.
//
// How often one user's codes and passwords may be tried is counted in the database, for all
// nodes together, and is no matter of this package (directory, credential).
package throttle
