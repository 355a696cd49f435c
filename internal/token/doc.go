// Package token makes and judges the three tokens of a user pool: ID and access tokens
// (JWS, RS256) and refresh tokens (sealed, opaque to clients).
//
//	Grant ── Issue ──> ID, access, refresh            PreTokenGeneration, then two signatures
//	raw ── OpenRefresh ──> RefreshToken ── Refresh ──> ID, access (refresh, when they rotate)
//	raw ── Revoke ──> the sign-in's tokens are dead
//	raw ── CheckAccess ──> who is calling, or one of Cognito's six refusals
//
// Only signin makes a Grant. Access and ID tokens are never stored. What kills a token
// before its time is read fresh with the user: an auth_after later than the token's
// auth_time (signed out everywhere), a revoked origin_jti (this sign-in revoked, or a
// rotated refresh token used again), a user disabled or gone.
//
// Times inside tokens are whole seconds. A sign-in takes auth_time = max(now, auth_after),
// so that one right after a global sign-out is good although the sign-out reaches some
// seconds ahead (which covers nodes whose clocks differ).
//
// A refresh token has the look of the JWE that AWS hands out, five base64url parts, since
// gateways test for that; inside it is an envelope of package seal that names the pool's
// internal id, the client, the user and the sign-in.
package token
