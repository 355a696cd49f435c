package httpd

import (
	"net/http"
	"net/netip"
	"strings"
)

// BelieveProxies returns a handler that sees the client's address, and the host that the
// client asked for, where a trusted proxy forwarded the request. The address is the
// right-most one of X-Forwarded-For that is no trusted proxy: anything to the left of it
// was written by the client, who may write what they like. The host is that of
// X-Forwarded-Host; AWS signatures cover it, so a proxy that changes Host must tell.
// Requests from elsewhere keep their own, whatever their headers say.
func BelieveProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && within(trusted, from.Addr()) {
			r = r.Clone(r.Context())
			if client, ok := forwarded(trusted, r.Header.Values("X-Forwarded-For")); ok {
				r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
			}
			if hosts := r.Header.Values("X-Forwarded-Host"); len(hosts) > 0 {
				last := hosts[len(hosts)-1]
				r.Host = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
			}
		}
		next.ServeHTTP(w, r)
	})
}

func forwarded(trusted []netip.Prefix, headers []string) (netip.Addr, bool) {
	hops := strings.Split(strings.Join(headers, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return netip.Addr{}, false
		}
		if !within(trusted, addr) {
			return addr.Unmap(), true
		}
	}
	return netip.Addr{}, false
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap()
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
