// Package login is the pages that users see: for now those behind the links of
// confirmation mails and of mails about unusual sign-ins. Its pages work without scripts and load nothing.
package login
