package message_test

import (
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/trigger"
)

func TestInboxTellsWhatAMailSays(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"Your code is {####}.": "Your code is 12.",
		"<b>1</b>{####}":       "112",
		"<p>Hello,</p>\n<p>your\n  code: <b>{####}</b></p>":                 "Hello,\n\nyour code: 12",
		"one<br>two<BR/>three<hr>{####}":                                    "one\ntwo\nthree\n12",
		"<table><tr><td>a</td><td>b</td></tr></table>{####}":                "a b\n\n12",
		"<ul><li>a<li>b</ul>{####}":                                         "a\nb\n\n12",
		"<head><title>no</title></head>{####}":                              "12",
		"<style>p > a {}</style><script>no()</script>{####}":                "12",
		"<!-- <p>no</p> -->{####}":                                          "12",
		"Tom &amp; &lt;b&gt;&nbsp;{####}":                                   "Tom & <b> 12",
		"2 < 3 and {####}":                                                  "2 < 3 and 12",
		`<a class=x href="https://a.example/?b&amp;c"><b>Go</b></a> {####}`: "Go (https://a.example/?b&c) 12",
		`<a href='https://a.example/'>https://a.example/</a> {####}`:        "https://a.example/ 12",
		`<a href="https://a.example/"><img src=x></a> {####}`:               "https://a.example/ 12",
		"<p>never closed {####}":                                            "never closed 12",
	} {
		inbox := message.NewInbox(nil)
		s := service(t, func(d *message.Deps) { d.Inbox = inbox })
		own := pool(func(c *cognitoidp.UserPoolType) {
			c.VerificationMessageTemplate = &cognitoidp.VerificationMessageTemplateType{EmailMessage: new(body)}
		})
		err := s.Deliver(t.Context(), message.Message{
			Pool: own, Source: trigger.MessageSignUp, Medium: message.Email, Destination: "ann@example.com", Code: "12",
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := inbox.List(message.Filter{})[0].Text; got != want {
			t.Errorf("%q says %q, want %q", body, got, want)
		}
	}
}
