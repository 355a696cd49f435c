package wire_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/wire"
)

// only returns the named headers that a response has.
func only(h http.Header, names ...string) map[string]string {
	got := map[string]string{}
	for _, n := range names {
		if v := h.Get(n); v != "" {
			got[n] = v
		}
	}
	return got
}

var corsNames = []string{
	"Access-Control-Allow-Origin", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Vary",
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const (
		asked   = "amz-sdk-invocation-id,amz-sdk-request,cache-control,content-type,x-amz-target,x-amz-user-agent,x-app"
		exposed = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
	)
	open := start(t, answering(nil), nil)
	listed := start(t, answering(nil), func(c *wire.Config) { c.Origins = []string{"https://app.example/"} })
	tests := []struct {
		name      string
		f         *fixture
		preflight bool
		origin    string
		want      map[string]string
	}{
		{"preflight", open, true, "http://localhost:3000", map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": asked, "Access-Control-Allow-Methods": "POST",
			"Access-Control-Expose-Headers": exposed, "Access-Control-Max-Age": "172800",
		}},
		{"request", open, false, "http://localhost:3000", map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposed,
		}},
		{"request of no browser", open, false, "", map[string]string{}},
		{"preflight of a listed origin", listed, true, "https://app.example", map[string]string{
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true",
			"Access-Control-Allow-Headers": asked, "Access-Control-Allow-Methods": "POST",
			"Access-Control-Expose-Headers": exposed, "Access-Control-Max-Age": "172800", "Vary": "Origin",
		}},
		{"request of a listed origin", listed, false, "https://app.example", map[string]string{
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true",
			"Access-Control-Expose-Headers": exposed, "Vary": "Origin",
		}},
		{"preflight of another origin", listed, true, "https://evil.example", map[string]string{"Vary": "Origin"}},
		{"request of another origin", listed, false, "https://evil.example", map[string]string{"Vary": "Origin"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			headers := []string{"Origin", tt.origin}
			var r reply
			if tt.preflight {
				r = tt.f.send(t, http.MethodOptions, "/", "", append(headers, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", asked)...)
				if r.body != "" || r.header.Get("Content-Length") != "0" || !uuid.MatchString(r.header.Get("x-amzn-RequestId")) {
					t.Errorf("preflight answered %q, headers %v", r.body, r.header)
				}
			} else {
				r = tt.f.post(t, "InitiateAuth", initiate, headers...)
			}
			if r.status != 200 {
				t.Errorf("status %d", r.status)
			}
			if diff := cmp.Diff(tt.want, only(r.header, corsNames...)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}
