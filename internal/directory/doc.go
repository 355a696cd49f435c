// Package directory knows users: who they are, by which names they are found, what their
// attributes may hold, and how they come, are confirmed, recover and go.
//
// A user's names live in one key space per pool and kind; KeysOf is the only place that
// says which of a user's values are names (Cognito guide, "Customizing sign-in
// attributes"):
//
//	username, sub            always
//	preferred_username       where it is an alias, at once
//	email, phone_number      where they are aliases, once verified;
//	                         where they stand for the user name, always
//
// Status changes (the only ones made here; sign-in adds the answer to
// NEW_PASSWORD_REQUIRED):
//
//	SignUp ──> UNCONFIRMED ──ConfirmSignUp, AdminConfirmSignUp──> CONFIRMED
//	AdminCreateUser ──> FORCE_CHANGE_PASSWORD ──RESEND──> FORCE_CHANGE_PASSWORD
//	AdminCreateUser without a password ──> CONFIRMED
//	CONFIRMED ──AdminResetUserPassword──> RESET_REQUIRED ──ConfirmForgotPassword──> CONFIRMED
//	any ──AdminSetUserPassword──> CONFIRMED (permanent) | FORCE_CHANGE_PASSWORD
//
// Every change of a user is one store transaction whose mutation judges the fresh record.
// Triggers and messages run before or after it, never inside: a failed delivery or
// function leaves what was stored (Cognito: the user stays). A code is hashed at rest, at
// most one of a purpose lives, and it counts only while the user still has the address it
// went to.
//
// Clients with PreventUserExistenceErrors=ENABLED get the same answers, limits and database
// work for unknown names as for known ones. The package writes no SQL, keeps no state and
// issues no tokens; passwords and code hashes are package credential's.
package directory
