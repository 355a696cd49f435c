package devtools

import (
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/cenote-id/cenote/internal/message"
)

//go:embed inbox.html inbox.css inbox.js
var assets embed.FS

// pageData fills inbox.html. Style and Script are our own files, not input.
type pageData struct {
	Nonce    string
	Endpoint string // the URL by which this page was asked for, for the commands to try
	Style    template.CSS
	Script   template.JS
}

func parsePage() *template.Template {
	return template.Must(template.ParseFS(assets, "inbox.html"))
}

// showInbox serves the page: one document that loads nothing but messages. Its policy
// allows the two inline blocks that carry this response's nonce, and Trusted Types keep
// the script from ever turning text into HTML.
func (t *Tools) showInbox(w http.ResponseWriter, r *http.Request) {
	var random [16]byte
	if _, err := io.ReadFull(t.random, random[:]); err != nil {
		t.log.ErrorContext(r.Context(), "no randomness for a nonce", "error", err)
		refuse(w, http.StatusInternalServerError, "The page could not be made; the log says why.")
		return
	}
	data := pageData{
		Nonce:    base64.RawURLEncoding.EncodeToString(random[:]),
		Endpoint: "http://" + r.Host,
		Style:    template.CSS(asset("inbox.css")),
		Script:   template.JS(asset("inbox.js")),
	}
	if r.TLS != nil {
		data.Endpoint = "https://" + r.Host
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'",
		"script-src 'nonce-" + data.Nonce + "'",
		"style-src 'nonce-" + data.Nonce + "'",
		"connect-src 'self'",
		"frame-src 'self'",
		"img-src data:",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; "))
	if err := t.page.Execute(w, data); err != nil {
		t.log.WarnContext(r.Context(), "page not written", "error", err)
	}
}

func asset(name string) string {
	text, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // embedded: the compiler has seen it
	}
	return string(text)
}

// mailHead stands before a mail's own HTML. Links open in tabs of their own, since the
// frame around the mail can go nowhere. The plain defaults are what mail programs do.
const mailHead = `<!doctype html><meta charset="utf-8"><base target="_blank">` +
	`<style>:root{color-scheme:light;background:#fff}body{margin:20px;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}</style>` + "\n"

// showMail serves the HTML of one mail. It is a document of its own because a frame made
// from srcdoc would inherit the page's policy, which forbids the inline styles that mails
// are made of. This policy sandboxes it wherever it is opened: an origin of its own, no
// scripts, no forms; images and fonts load as they would in a mail program.
func (t *Tools) showMail(w http.ResponseWriter, r *http.Request) {
	entries := t.inbox.List(message.Filter{Medium: string(message.Email)})
	i := slices.IndexFunc(entries, func(e message.Entry) bool { return e.ID == r.PathValue("id") })
	if i < 0 {
		refuse(w, http.StatusNotFound, noSuchMessage)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.Join([]string{
		"sandbox allow-popups allow-popups-to-escape-sandbox",
		"default-src 'none'",
		"style-src 'unsafe-inline' https: http:",
		"img-src data: https: http:",
		"font-src data: https: http:",
		"form-action 'none'",
		"frame-ancestors 'self'",
	}, "; "))
	_, _ = io.WriteString(w, mailHead+entries[i].Body) // fails only when the client is gone
}
