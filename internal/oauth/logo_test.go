package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
)

func TestLogo(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	pool := s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{PoolName: new("p")}).Id
	cenotetest.Must[cognitoidp.CreateUserPoolDomainResponse](t, s, "CreateUserPoolDomain", &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: pool, Domain: new("app")})
	const jpeg = "\xff\xd8\xff<script>"
	set := cenotetest.Must[cognitoidp.SetUICustomizationResponse](t, s, "SetUICustomization", &cognitoidp.SetUICustomizationRequest{UserPoolId: pool, ImageFile: []byte(jpeg)})
	url := *set.UICustomization.ImageUrl
	if !strings.HasPrefix(url, s.URL+"/"+*pool+"/assets/ALL/") || !strings.HasSuffix(url, "/image.jpg") {
		t.Fatal(url)
	}
	d := get(t, url)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "public, max-age=31536000, immutable",
	} {
		if got := d.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if d.status != http.StatusOK || d.body != jpeg {
		t.Errorf("%d %q", d.status, d.body)
	}
	for _, other := range []string{
		strings.Replace(url, "image.jpg", "image.png", 1), strings.Replace(url, "/ALL/", "/client/", 1),
		strings.Replace(url, "/assets/ALL/", "/assets/ALL/1", 1), strings.Replace(url, *pool, "us-east-1_none", 1),
	} {
		get(t, other).check(t, http.StatusNotFound, "no-store")
	}
}
