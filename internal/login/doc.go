// Package login is the pages that users see: for now the one behind the link of a
// confirmation mail. Its pages work without scripts and load nothing.
package login
