// Package signin is the authentication state machine of user pools: flows, challenges and
// the Sessions between them. It also ends what it began: refresh, revocation, signing out.
//
// Start and Answer are its doors. Both return a Step: a Challenge to answer, or a Grant,
// which only token.Issue turns into tokens. The operations InitiateAuth,
// RespondToAuthChallenge and their admin twins are thin shells around them.
//
//	Start ── flow gate ── secret hash ── user or Stranger ── lockout ── PreAuthentication
//	  │ choice: SELECT_CHALLENGE ── Answer, or the preferred one: PASSWORD, PASSWORD_SRP,
//	  │         EMAIL_OTP, SMS_OTP, WEB_AUTHN ────┐
//	  │ password: VerifyPassword ─────────────────┤
//	  │ SRP: PASSWORD_VERIFIER ── Answer: proof ──┤
//	  │                                           ▼ count of failures looked at again
//	  │                                        account   disabled, unconfirmed, reset, expired
//	  │                                           ▼
//	  │                                        new password   NEW_PASSWORD_REQUIRED ── Answer ─┐
//	  │                                           ▼ <──────────────────────────────────────────┘
//	  │                                        second factor  SELECT_MFA_TYPE, then one of
//	  │                                           │            SMS_MFA, EMAIL_OTP, SOFTWARE_TOKEN_MFA;
//	  │                                           │            or MFA_SETUP
//	  │                                           ▼
//	  │                                        device
//	  │                                           ▼
//	  └─ no step is skipped ──────────────────▶ PostAuthentication ── spend the proof ── Grant
//
// The stages behind the proof are one list that every flow walks from where it stands, so
// a challenge can only lead to what follows it; which challenge leads where is one table
// (transitions.go). A proof that could be sent twice (a SECRET_BLOCK, a Session) is used
// up by one awaited write that counts on all nodes, before the next challenge or the Grant
// is handed out; what fails before that uses up nothing.
//
// The state between two calls is the client's to carry, sealed: bound to the pool's
// internal id, the client, the user, the challenge, its expiry, and to the user's password
// and auth_after as they were. Nothing is stored for a sign-in under way.
//
// Which first factors a user may choose from is decided anew when one is proved (offers in
// choice.go), so that nothing counts that the pool or the user has ruled out since. Codes
// and passkeys that come first pass for both factors, and so are not offered to who needs
// two, but for passkeys that are both. Passkeys are registered statelessly: the challenge
// is what was sealed.
//
// Which second factor is asked for is one decision table (demandOf in mfa.go). A factor is
// set up within a sign-in by Sessions that lead from one step to the next: only that of the
// last step passes, and none does once the user has another factor. Codes that are sent
// leave no row: their MACs travel in the Sessions. Codes of authenticator apps count once.
//
// A device that a client names by DEVICE_KEY proves itself last: DEVICE_SRP_AUTH, then
// DEVICE_PASSWORD_VERIFIER. Where the second factor was left out because the user remembers
// the device, the Sessions say so, and the device must still be remembered when its sign-in
// is written down. A sign-in without a device is handed the key of a new one.
//
// Where a client hides which users exist, an unknown name meets a Stranger, who walks the
// same path at the same cost until the proof, which cannot hold.
package signin
