package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// unsignedPayload stands for the body's hash where the signer chose not to hash it.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// matches says, in constant time, whether the request was signed with the secret. Every
// x-amz-* header must be signed, else someone who saw a signed request could send it on
// with another X-Amz-Target; the host was looked for before.
func (s *signature) matches(r *http.Request, body []byte, secret string) bool {
	if !s.coversAmazonHeaders(r.Header) {
		return false
	}
	hash, ok := payloadHash(r.Header, body)
	if !ok {
		return false
	}
	headers, ok := s.canonicalHeaders(r)
	if !ok {
		return false
	}
	query, ok := s.canonicalQuery(r.URL.RawQuery)
	if !ok {
		return false
	}
	canonical := strings.Join([]string{
		r.Method, canonicalPath(r.URL.EscapedPath()), query, headers, strings.Join(s.headers, ";"), hash,
	}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	scope := strings.Join([]string{s.day, s.region, s.service, s.terminator}, "/")
	toSign := strings.Join([]string{algorithm, s.date.Format(basicISO), scope, hex.EncodeToString(digest[:])}, "\n")

	key := []byte("AWS4" + secret)
	for _, part := range []string{s.day, s.region, s.service, s.terminator, toSign} {
		key = sign(key, part)
	}
	return hmac.Equal([]byte(hex.EncodeToString(key)), []byte(s.value))
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (s *signature) coversAmazonHeaders(h http.Header) bool {
	for name := range h {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(s.headers, name) {
			return false
		}
	}
	return true
}

// payloadHash returns the hash that the signature covers; a hash that the client states
// must be that of the body.
func payloadHash(h http.Header, body []byte) (string, bool) {
	digest := sha256.Sum256(body)
	hash := hex.EncodeToString(digest[:])
	switch stated := h.Get("X-Amz-Content-Sha256"); stated {
	case "", hash:
		return hash, true
	case unsignedPayload:
		return unsignedPayload, true
	default:
		return "", false
	}
}

// canonicalHeaders returns the signed headers, one a line, with the values of repeated
// ones joined and runs of spaces made one. It fails when one of them is not there.
func (s *signature) canonicalHeaders(r *http.Request) (string, bool) {
	var b strings.Builder
	for _, name := range s.headers {
		var values []string
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length": // net/http keeps it apart
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		default:
			values = r.Header.Values(name)
		}
		if len(values) == 0 {
			return "", false
		}
		b.WriteString(name)
		b.WriteByte(':')
		for i, v := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.Join(strings.Fields(v), " "))
		}
		b.WriteByte('\n')
	}
	return b.String(), true
}

// canonicalQuery returns the query sorted by encoded name, then value, without the
// signature itself.
func (s *signature) canonicalQuery(raw string) (string, bool) {
	if raw == "" {
		return "", true
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return "", false
		}
		if s.query && name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, [2]string{escape(name, false), escape(value, false)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p[0] + "=" + p[1])
	}
	return b.String(), true
}

// canonicalPath returns the path as it came over the wire, without dot segments and
// encoded once more, as for every service but S3.
func canonicalPath(escaped string) string {
	clean := path.Clean("/" + escaped)
	if strings.HasSuffix(escaped, "/") && clean != "/" {
		clean += "/"
	}
	return escape(clean, true)
}

// escape percent-encodes everything but the unreserved characters of RFC 3986 section
// 2.3 and, in a path, the slash.
func escape(s string, slash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && slash:
			b.WriteByte(c)
		default:
			const hexDigits = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}
