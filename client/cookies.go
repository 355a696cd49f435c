package client

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// CookieOptions say how Cookies are set. The zero value is the safe choice for a web
// application served over TLS.
type CookieOptions struct {
	// Domain makes the cookies valid for a domain and its subdomains; empty means only
	// for the host that sets them.
	Domain string
	// Path restricts the cookies to paths below it; empty means "/".
	Path string
	// MaxAge is how long a browser keeps the cookies; 0 means 365 days, as in
	// amazon-cognito-identity-js. The tokens in them expire on their own.
	MaxAge time.Duration
	// SameSite restricts sending the cookies with requests from other sites; the zero
	// value means http.SameSiteLaxMode.
	SameSite http.SameSite
	// Insecure lets the cookies travel over plain HTTP.
	Insecure bool
	// Readable lets scripts of the page read the cookies, as amazon-cognito-identity-js
	// needs to share them. Whatever script runs in the page then has the tokens.
	Readable bool
}

const (
	defaultMaxAge = 365 * 24 * time.Hour
	// maxCookie is what browsers hold of a cookie's name and value together (RFC 6265bis
	// section 5.6); longer values are cut into cookies named <key>.0, <key>.1, ...
	maxCookie = 4096
	// maxPieces bounds how many pieces of one value are read from a request.
	maxPieces = 16
)

// Cookies is a Storage in the cookies of one HTTP exchange: it reads those of the request
// and sets them in the response, so changes have to come before the response's header is
// written. Make one for each request and give it to Pool.WithStorage.
//
// Whoever sends the request chooses what is in its cookies. A handler must not rely on
// the claims of a token from them before something has checked it: the service, through
// Session.UserData, or the handler itself, with the pool's published keys.
type Cookies struct {
	options CookieOptions
	header  http.Header

	mu sync.Mutex
	// jar holds the cookies as the browser will have them after the response.
	jar map[string]string
}

// NewCookies returns the storage in the cookies of r, changed through w.
func NewCookies(w http.ResponseWriter, r *http.Request, options CookieOptions) *Cookies {
	if options.Path == "" {
		options.Path = "/"
	}
	if options.MaxAge == 0 {
		options.MaxAge = defaultMaxAge
	}
	if options.SameSite == 0 {
		options.SameSite = http.SameSiteLaxMode
	}
	c := &Cookies{options: options, header: w.Header(), jar: make(map[string]string)}
	for _, cookie := range r.Cookies() {
		// The first of equal names is the most specific one (RFC 6265 section 5.4).
		if _, seen := c.jar[cookie.Name]; !seen {
			c.jar[cookie.Name] = cookie.Value
		}
	}
	return c
}

// Get returns the items that exist among keys.
func (c *Cookies) Get(_ context.Context, keys ...string) (map[string]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	items := make(map[string]string, len(keys))
	for _, key := range keys {
		if value, ok := c.read(cookieName(key)); ok {
			items[key] = value
		}
	}
	return items, nil
}

// Set stores items.
func (c *Cookies) Set(_ context.Context, items map[string]string) error {
	cookies := make(map[string]string, len(items))
	for key, value := range items {
		name, value := cookieName(key), url.PathEscape(value)
		if room := maxCookie - len(pieceName(name, maxPieces)); len(value) > maxPieces*room {
			return fmt.Errorf("cookies for %s would be too long", name)
		}
		cookies[name] = value
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		c.drop(name)
		c.put(name, cookies[name])
	}
	return nil
}

// Remove removes the items that exist among keys.
func (c *Cookies) Remove(_ context.Context, keys ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		c.drop(cookieName(key))
	}
	return nil
}

// read returns a value, put together again where it was cut.
func (c *Cookies) read(name string) (string, bool) {
	value, ok := c.jar[name]
	if !ok {
		var whole strings.Builder
		for i := range maxPieces {
			piece, more := c.jar[pieceName(name, i)]
			if !more {
				break
			}
			ok = true
			whole.WriteString(piece)
		}
		value = whole.String()
	}
	plain, err := url.PathUnescape(value)
	return plain, ok && err == nil
}

// put stores a value that is escaped, in pieces where it is too long for one cookie.
func (c *Cookies) put(name, value string) {
	if len(name)+len(value) <= maxCookie {
		c.set(name, value, c.options.MaxAge)
		return
	}
	for i := 0; value != ""; i++ {
		piece := pieceName(name, i)
		n := min(len(value), maxCookie-len(piece))
		c.set(piece, value[:n], c.options.MaxAge)
		value = value[n:]
	}
}

// drop removes a value in whichever form the browser has it.
func (c *Cookies) drop(name string) {
	names := []string{name}
	for i := range maxPieces {
		names = append(names, pieceName(name, i))
	}
	for _, name := range names {
		if _, ok := c.jar[name]; ok {
			c.set(name, "", -time.Second)
		}
	}
}

// set puts one cookie into the response, in place of one of the same name that this
// response sets already.
func (c *Cookies) set(name, value string, maxAge time.Duration) {
	cookie := http.Cookie{
		Name:     name,
		Value:    value,
		Domain:   c.options.Domain,
		Path:     c.options.Path,
		MaxAge:   int(maxAge / time.Second),
		Secure:   !c.options.Insecure,
		HttpOnly: !c.options.Readable,
		SameSite: c.options.SameSite,
	}
	const field = "Set-Cookie"
	lines := c.header[field]
	c.header.Del(field)
	for _, line := range lines {
		if !strings.HasPrefix(line, name+"=") {
			c.header.Add(field, line)
		}
	}
	c.header.Add(field, cookie.String())
	if maxAge > 0 {
		c.jar[name] = value
	} else {
		delete(c.jar, name)
	}
}

// cookieName writes a key in the characters of a cookie's name, as the cookies of
// amazon-cognito-identity-js are named.
func cookieName(key string) string {
	var name strings.Builder
	for _, b := range []byte(key) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-_.!~*'#$&+^`|", b) >= 0 {
			name.WriteByte(b)
		} else {
			fmt.Fprintf(&name, "%%%02X", b)
		}
	}
	return name.String()
}

func pieceName(name string, i int) string { return name + "." + strconv.Itoa(i) }
