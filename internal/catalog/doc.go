// Package catalog knows the configuration of user pools and app clients: what a pool or
// client says, and what holds where it says nothing.
//
// Pool and Client are snapshots. They are shared between requests and never change; who
// has one may keep it for the length of a call, not longer. Every default of Cognito
// that has an effect at sign-in, sign-up or recovery is a method here and nowhere else.
//
//	request ──> Pool, Client ──> cache ──miss──> store
//	                              ▲ drop
//	   local write ── DropPool ───┤
//	   Run ── store.Changes ──────┘  (every 500 ms)
//
// What Pool and Client return was valid at some moment of the last second. Nothing
// needs to go well for that: a poll that succeeds lends the cache one second from the
// moment the poll began, and when no loan is open every call reads the database. What
// is absent is never cached. Configuration reads and writes use the Fresh methods, which
// always read the database.
//
// A snapshot carries the internal pool id, so a pool made anew under a used external id
// never meets the clients, users or tokens of the old one.
package catalog
