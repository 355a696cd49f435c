// Package userpool implements the operations on the configuration of user pools and app
// clients.
//
// A configuration record is the API's own type. A create or update goes one way:
//
//	request ── Overlay ──> record ── rules ──> unbuilt ──> defaults ──> store
//	             keep what an update
//	             does not reset
//
// The rules see what the caller said (and what an update keeps), so that a member sent
// and a member left out can be told apart; the defaults then make the record that
// Describe shows. What a member does is decided where it is done; a value whose effect
// does not exist here is refused by the tables of unbuilt.go, never stored.
//
// Reads and writes go to the database, never to the catalog's cache, and every write
// makes the catalog forget what it changed.
//
// Behaviour: the specification's sections on user pool lifecycle and app clients.
package userpool
