package devtools

import (
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/cenote-id/cenote/internal/message"
)

//go:embed inbox.html inbox.css inbox.js inboxmessage.js
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
		Script:   template.JS(asset("inboxmessage.js") + asset("inbox.js")),
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
// frame around the mail can go nowhere. The plain defaults are what mail programs do; mails
// made of tables bring their own margins.
const mailHead = `<!doctype html><meta charset="utf-8"><base target="_blank">` +
	`<style>:root{color-scheme:light;background:#fff}body{margin:20px;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}body:has(>table){margin:0}</style>` + "\n"

// showMail serves the HTML of one mail. It is a document of its own because a frame made
// from srcdoc would inherit the page's policy, which forbids the inline styles that mails
// are made of. This policy sandboxes it wherever it is opened: an origin of its own, no
// scripts, no forms. It loads nothing from elsewhere, so that looking at a mail tells nobody;
// with remote=load, images, styles and fonts come as they would in a mail program.
func (t *Tools) showMail(w http.ResponseWriter, r *http.Request) {
	mail, ok := t.mail(w, r)
	if !ok {
		return
	}
	remote := ""
	if r.URL.Query().Get("remote") == "load" {
		remote = " https: http:"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Content-Security-Policy", strings.Join([]string{
		"sandbox allow-popups allow-popups-to-escape-sandbox",
		"default-src 'none'",
		"style-src 'unsafe-inline'" + remote,
		"img-src data:" + remote,
		"font-src data:" + remote,
		"form-action 'none'",
		"frame-ancestors 'self'",
	}, "; "))
	_, _ = io.WriteString(w, mailHead+mail.Body) // fails only when the client is gone
}

// showSource serves one mail as it goes out: headers and encoded parts. A mail that cannot be
// written answers why, since no server would get it.
func (t *Tools) showSource(w http.ResponseWriter, r *http.Request) {
	mail, ok := t.mail(w, r)
	if !ok {
		return
	}
	source, err := mail.Mail()
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "This mail cannot be sent: "+err.Error()+".")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, _ = w.Write(source) // fails only when the client is gone
}

// mail returns the mail that a request names, or answers that there is none: text messages
// are no mails, and what a pool's own function sends nobody here knows.
func (t *Tools) mail(w http.ResponseWriter, r *http.Request) (message.Entry, bool) {
	e, ok := t.inbox.Get(r.PathValue("id"))
	if !ok || e.Medium != string(message.Email) || e.Function != "" {
		refuse(w, http.StatusNotFound, noSuchMessage)
		return message.Entry{}, false
	}
	return e, true
}
