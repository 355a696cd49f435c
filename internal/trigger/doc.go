// Package trigger is the thirteen typed calls that a user pool makes to its owner's
// functions (Lambda triggers), at the places where Cognito makes them.
//
// A flow calls the trigger whether or not a function is configured, so that its shape
// does not depend on the configuration: with none configured the call costs nothing and
// its response is the zero value, which every flow takes for "go on". The package knows
// what goes into an event and what may come back; it changes no state itself, and no
// caller holds a transaction open across a call, since a function takes up to five
// seconds and may call back into the server.
//
//	sign-up         PreSignUp > [user stored] > CustomMessage | PostConfirmation
//	confirmation    PostConfirmation
//	sign-in         UserMigration > PreAuthentication > [proof] > PostAuthentication > PreTokenGeneration
//	custom sign-in  DefineAuthChallenge > CreateAuthChallenge > VerifyAuthChallengeResponse > ...
//	messages        CustomMessage > CustomEmailSender | CustomSMSSender
//	federation      InboundFederation > PreSignUp | PreAuthentication ...
package trigger
