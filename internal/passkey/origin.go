package passkey

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// androidOrigin begins the origins of Android apps, which Android lets speak for an RP ID
// whose site lists them in its Digital Asset Links.
const androidOrigin = "android:apk-key-hash:"

// originAllowed says whether a page or an app of an origin may speak for a relying party:
// the host is the RP ID or lies under it (WebAuthn section 7.1 step 9, section 5.1.3), and
// is reached in a way that browsers call secure. localhost is without TLS, too (W3C "Secure
// Contexts" section 3.1).
func originAllowed(origin, rpID string) bool {
	if hash, ok := strings.CutPrefix(origin, androidOrigin); ok {
		b, err := base64.RawURLEncoding.DecodeString(hash)
		return err == nil && len(b) == 32
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin {
		return false
	}
	host := u.Hostname()
	if !under(host, rpID) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && under(host, "localhost")
}

// under says whether a host is a domain or a subdomain of it.
func under(host, domain string) bool {
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}
