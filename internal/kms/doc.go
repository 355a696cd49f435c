// Package kms keeps the codes that custom senders get secret on their way: it encrypts
// them as Cognito does, in the message format of the AWS Encryption SDK, under keys of this
// server, and answers the KMS operation by which an unmodified handler decrypts them.
//
//	EncryptCode ── data key ── message (code under the data key, data key under ours) ──▶ function
//	                                                                                         │
//	Decrypt ◀── wrapped data key, encryption context ── AWS Encryption SDK in the handler ───┘
//
// The ARN in a pool's KMSKeyID is only a name: the data keys are wrapped by the database's
// key ring, bound to that name and to the encryption context.
package kms
