// Package httpd is the listener and the one route table: which path leads to which
// handler, on which port, within which time limits. It knows handlers, not what they do.
//
//	public port   POST (any path) > API      /{pool}/.well-known/* > discovery, keys
//	              /_cenote/* > development tools (dev)     /healthz /readyz /metrics (dev)
//	ops port      /healthz /readyz /metrics (serve)
package httpd
