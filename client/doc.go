// Package client signs users in to Cognito user pools from Go: pools of Cenote (by
// endpoint) and of Amazon Cognito (by region) alike.
//
// It is for the places where no other Cognito SDK is at hand: a terminal program, a web
// server that keeps its users' sessions in cookies, a test. It needs no AWS credentials,
// only what a front end knows: the pool's id and the app client's id, and the client's
// secret where it has one. It does what amazon-cognito-identity-js does, and keeps
// sessions under the same names.
//
//	pool, err := client.New(client.Config{
//		UserPoolID: "us-east-1_aB12cDe34",
//		ClientID:   "7ghr5379orhbo88d52vphda6s9",
//		Endpoint:   "http://127.0.0.1:9229", // leave out for AWS
//	})
//	session, err := pool.User("alice").SignIn(ctx, password)
//	token, err := session.AccessToken(ctx) // refreshed when it is about to expire
//
// The types follow a user's way:
//
//	Pool --SignUp--> User --ConfirmSignUp, ForgotPassword...
//	  |               |
//	  |             SignIn (SRP: the password never leaves the process), SignInByChoice
//	  |               |
//	  |               +--> *CodeRequired, *NewPasswordRequired... (errors to answer) --+
//	  |               v                                                                |
//	  +--Current--> Session <----------------------------------------------------------+
//	     Session      |
//	                UserData, SetMFAPreference, ListDevices, ChangePassword, SignOut, ...
//
// A sign-in that asks for more than the password returns an error that can be answered.
// All of them are a *Challenge, which the types wrap:
//
//	*CodeRequired          a code by SMS, by e-mail or of an authenticator app
//	*SelectMFAType         which second factor to use
//	*MFASetup              a second factor, where the user has none
//	*NewPasswordRequired   a password of one's own, for a user whom an administrator made
//	*SelectChallenge       how to sign in at all, where the pool leaves the choice
//	*PasswordRequired      the password, after that choice
//	*PasskeyRequired       a passkey
//
// Where the pool tracks devices, a sign-in registers the device and keeps its secret in the
// storage, and the following sign-ins prove it; RememberDevice and its like say what the
// service shall make of it.
//
// What the service refuses is an *Error; errors.Is compares it with the codes of this
// package, such as ErrNotAuthorized. Calls that change nothing when repeated (refresh,
// revocation, reading the user) are repeated after transport errors, server errors and
// throttling; all others are made once.
//
// Tokens are decoded, not verified: they come over a connection that the caller trusts
// and are meant for others to check. A Pool, a User and a Session are safe for
// concurrent use.
package client
