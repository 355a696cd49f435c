// Package function runs the functions behind the ARNs that pools name as triggers. It
// knows how a function is reached and what may go wrong on the way; what a payload means
// is package trigger's matter.
//
// Off AWS an ARN is only a name. The operator's configuration maps it to one of three
// backends:
//
//	invoke    the Lambda Invoke API at any endpoint: AWS, or a stand-in for it
//	process   a handler file or an executable, run here as warm child processes that speak
//	          the Lambda Runtime API
//	webhook   an HTTPS endpoint that gets the event as a signed body
//
//	Call ── resolve the ARN ── attempt (5 s) ── result
//	                             │ timeout, connection error, throttled: again, 3 attempts in 15 s
//	                             '─ the function's own error, a refusal: at once
//
// Every ARN is a function with processes of its own, so a slow one delays nobody but its
// own callers. A child process gets Lambda's variables, the addresses of this server and
// short-lived credentials; of the server's own environment it gets nothing.
package function
