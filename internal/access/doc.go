// Package access knows who is calling: it verifies AWS signatures (Signature Version 4,
// in headers and in the query) against the access keys of the store, asks package token
// about access tokens, and decides what a principal may do.
//
//	request -> parse -> scope, date -> key -> canonical request -> compare -> principal
//	                                                                            |
//	                                              action, resource -> decide <--+
//
// Texts and their order are those of AWS's front end (AWS guide: "Troubleshoot Signature
// Version 4 signing for AWS API requests"). A signature is compared in constant time, and
// a refusal does not tell which part of the request differed.
//
// Every access key has full access to the account's resources. What Lend makes for the
// operator's functions is good for named actions, for a time; nothing of it is stored.
package access
