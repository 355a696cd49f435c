// Package devtools is what `cenote dev` serves under /_cenote/ and what --seed reads: the
// messages that Cenote would have sent, as JSON for tests and as a page for people, the
// clock that can be moved, and the way back to an empty server.
//
//	GET    /_cenote/messages        those that match, newest first; ?wait= for the first one
//	DELETE /_cenote/messages        empties the inbox
//	DELETE /_cenote/messages/{id}   deletes one message
//	GET    /_cenote/inbox           the same as a page
//	GET    /_cenote/inbox/{id}      one mail as its reader sees it, for a sandboxed frame
//	GET    /_cenote/inbox/{id}/source  the same mail as it goes out by SMTP
//	GET    /_cenote/clock           what Cenote takes the time to be
//	POST   /_cenote/clock           moves it, or puts it back
//	POST   /_cenote/reset           deletes all data
//
// Nobody signs in here, so two things keep web pages out that a developer happens to
// visit. A request whose Host is a name that somebody on the Internet could own is
// refused, since that name may have been pointed at this machine (DNS rebinding); and
// browsers' requests that change something must come from Cenote's own pages. There is no
// CORS, so other origins cannot read the answers.
//
// The package decides nothing about users or codes, and serve mode never constructs it.
package devtools
