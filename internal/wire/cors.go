package wire

import (
	"net/http"
	"slices"
	"strings"
)

// exposed are the response headers that browser clients read: the error's name, the
// request id, and the date by which the SDKs correct their clocks.
const exposed = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"

// cors answers browsers. Without a list any origin may call, without credentials, as on
// AWS. With a list only its origins may, and then with credentials, which browsers refuse
// together with the wildcard.
type cors struct{ origins []string }

func newCORS(origins []string) cors {
	c := cors{}
	for _, o := range origins {
		c.origins = append(c.origins, strings.TrimSuffix(strings.ToLower(o), "/"))
	}
	return c
}

// apply sets the headers that every response to a request with an Origin carries.
func (c cors) apply(h http.Header, r *http.Request) {
	if len(c.origins) > 0 {
		h.Add("Vary", "Origin") // also without one: caches must tell the two apart
	}
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
		return
	case len(c.origins) == 0:
		h.Set("Access-Control-Allow-Origin", "*")
	case slices.Contains(c.origins, strings.ToLower(origin)):
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	default:
		return
	}
	h.Set("Access-Control-Expose-Headers", exposed)
}

// preflight sets the headers of the answer to a preflight, after apply. Requested
// headers are echoed: apps add their own, so no list would be long enough.
func (c cors) preflight(h http.Header, r *http.Request) {
	if h.Get("Access-Control-Allow-Origin") == "" {
		return
	}
	if headers := r.Header.Values("Access-Control-Request-Headers"); len(headers) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(headers, ","))
	}
	h.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	h.Set("Access-Control-Max-Age", "172800")
}
