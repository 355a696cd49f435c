// Package risk judges sign-ins and remembers what happened to users (Cognito's threat
// protection): which passwords are known to attackers, how unusual a sign-in is and what a
// pool does about it, and the auth events.
//
//	Origin      where a call comes from: address, device, time zone (UserContextData)
//	Compromised whether a password is on the list that ships, or in the operator's file
//	Assess      signals ── points ── level ── the action of the risk configuration
//	Record      events ── bounded queue ── batches ── store; flushed before the server ends
//	            notices ── message
//	Feedback    sealed tokens by which a user says "that was me"
//
// It decides and records; acting is for whoever signs users in. What it knows of a user
// are the user's own recent events, read when a sign-in is judged: nothing else is kept,
// and every node judges alike. Only the failures that one address collects across users
// are counted in memory, by each process for itself.
//
// Nothing is judged or recorded in a pool whose AdvancedSecurityMode is OFF. There is no
// list of places, so City and Country are absent and distance scores nothing.
package risk
