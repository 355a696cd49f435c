package devtools

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// private are top-level domains under which nobody on the Internet can own a name: RFC
// 6761 reserves localhost and test, ICANN keeps internal for private use (containers
// know their host as host.docker.internal).
var private = []string{"localhost", "test", "internal"}

// guard lets through what a developer or a test asks for, and keeps out what a web page
// of somebody else makes a browser ask for.
func (t *Tools) guard(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin") // no <script src> or <img src> from elsewhere
		if !t.knows(r.Host) {
			refuse(w, http.StatusForbidden, "This server is not known by the host name of this request. Ask by IP address or localhost.")
			return
		}
		if err := protection.Check(r); err != nil {
			refuse(w, http.StatusForbidden, "Pages of other origins may change nothing here.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knows says whether host (with or without port) is an IP address or a name that cannot
// have been pointed here by a stranger: one of the server's own, one without a dot (a
// neighbouring container), or one under a private top-level domain.
func (t *Tools) knows(host string) bool {
	name := hostname(host)
	if name == "" {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil || t.hosts[name] {
		return true
	}
	i := strings.LastIndexByte(name, '.')
	return i < 0 || slices.Contains(private, name[i+1:])
}

// hostname returns the name or address in a Host header: without port, brackets and the
// root's dot, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
