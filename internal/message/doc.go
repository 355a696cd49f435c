// Package message turns a code into what a person receives: it chooses the template,
// fills the placeholders and hands the result to a sender.
//
//	Deliver > trigger.CustomMessage > template > trigger.Custom{Email,SMS}Sender | sender
//	                                                                     > inbox (development)
//
// A delivery waits up to five seconds for the sender's acceptance; refusal or time-out is
// CodeDeliveryFailureException, and what was stored before stays (Cognito: the user
// exists, a code can be asked for again). The package writes nothing to the database and
// knows nothing of codes' lifetimes.
package message
