package message_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/trigger"
)

func TestMask(t *testing.T) {
	t.Parallel()
	tests := []struct {
		medium   message.Medium
		in, want string
	}{
		{message.Email, "fixture@example.com", "f***@e***"},
		{message.Email, "a@b.c", "a***@b***"},
		{message.Email, "émile@ünder.example", "é***@ü***"},
		{message.SMS, "+15555551234", "+*******1234"},
		{message.SMS, "+491701", "+*******1701"},
	}
	for _, tt := range tests {
		if got := message.Mask(tt.medium, tt.in); got != tt.want {
			t.Errorf("Mask(%s, %q) = %q, want %q", tt.medium, tt.in, got, tt.want)
		}
	}
}

func TestSimulatedDetails(t *testing.T) {
	t.Parallel()
	byPhone := func(c *cognitoidp.UserPoolType) {
		c.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"phone_number"}
	}
	tests := []struct {
		name, username string
		pool           func(*cognitoidp.UserPoolType)
		medium         message.Medium
		prefix         string
	}{
		{"an address masks itself", "nobody@example.com", nil, message.Email, "n***@e***"},
		{"a number masks itself", "+15555550123", nil, message.SMS, "+*******0123"},
		{"a name gets a made-up address", "nobody", nil, message.Email, ""},
		{"a name gets a made-up number", "nobody", byPhone, message.SMS, "+*******"},
	}
	for _, tt := range tests {
		d := message.Simulated(pool(tt.pool), []byte("key"), tt.username)
		again := message.Simulated(pool(tt.pool), []byte("key"), tt.username)
		if *d.DeliveryMedium != tt.medium || !strings.HasPrefix(*d.Destination, tt.prefix) || *d.AttributeName != message.AttributeOf(tt.medium) {
			t.Errorf("%s: got %s to %s (%s)", tt.name, *d.DeliveryMedium, *d.Destination, *d.AttributeName)
		}
		if *again.Destination != *d.Destination {
			t.Errorf("%s: two calls gave %q and %q", tt.name, *d.Destination, *again.Destination)
		}
	}
}

func TestInboxFilters(t *testing.T) {
	t.Parallel()
	console := &strings.Builder{}
	inbox := message.NewInbox(console)
	s := service(t, func(d *message.Deps) { d.Inbox = inbox })
	send := func(username, to, code string) {
		err := s.Deliver(t.Context(), message.Message{
			Pool: pool(nil), Username: username, Source: trigger.MessageSignUp, Medium: message.Email, Destination: to, Code: code,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	send("ann", "ann@example.com", "1")
	send("bob", "bob@example.com", "2")
	send("ann", "ann@example.com", "3")

	codes := func(f message.Filter) (out string) {
		for _, e := range inbox.List(f) {
			out += e.Code
		}
		return out
	}
	for want, f := range map[string]message.Filter{
		"321": {}, "31": {Username: "ann"}, "2": {To: "bob@example.com"}, "3": {Limit: 1},
		"": {Medium: "SMS"},
	} {
		if got := codes(f); got != want {
			t.Errorf("List(%+v) gave codes %q, want %q", f, got, want)
		}
	}
	if got := codes(message.Filter{Medium: "email", UserPoolID: "us-east-1_AbCdEfGhI"}); got != "321" {
		t.Errorf("filtered by medium and pool: %q", got)
	}
	if !strings.Contains(console.String(), "code 2") {
		t.Errorf("the console shows %q", console)
	}
	newest := inbox.List(message.Filter{Limit: 1})[0]
	if !inbox.Delete(newest.ID) || inbox.Delete(newest.ID) || codes(message.Filter{}) != "21" {
		t.Error("one entry is not deleted once")
	}
	inbox.Clear()
	if got := codes(message.Filter{}); got != "" {
		t.Errorf("after Clear: %q", got)
	}
}

func TestInboxWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := message.NewInbox(nil)
		s := service(t, func(d *message.Deps) { d.Inbox = inbox })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got := make(chan []message.Entry)
		go func() { got <- inbox.Wait(ctx, message.Filter{To: "late@example.com"}) }()
		synctest.Wait()
		for _, to := range []string{"other@example.com", "late@example.com"} {
			if err := s.Deliver(t.Context(), message.Message{Pool: pool(nil), Source: trigger.MessageSignUp, Medium: message.Email, Destination: to, Code: to}); err != nil {
				t.Fatal(err)
			}
		}
		if e := <-got; len(e) != 1 || e[0].Destination != "late@example.com" {
			t.Errorf("Wait returned %v", e)
		}
		if e := inbox.Wait(ctx, message.Filter{To: "never@example.com"}); len(e) != 0 {
			t.Errorf("Wait returned %v for nobody", e)
		}
	})
}

// What a pool's own function sends nobody here knows: the inbox has the code that it got.
func TestInboxTellsOfSenderFunctions(t *testing.T) {
	t.Parallel()
	const function = "arn:aws:lambda:us-east-1:000000000000:function:sender"
	inbox := message.NewInbox(nil)
	s := service(t, func(d *message.Deps) {
		d.Inbox = inbox
		d.Encrypt = func(string, string, string) (string, error) { return "sealed", nil }
	})
	own := pool(func(c *cognitoidp.UserPoolType) {
		c.LambdaConfig = &cognitoidp.LambdaConfigType{
			KMSKeyID:          new("arn:aws:kms:us-east-1:000000000000:key/1"),
			CustomEmailSender: &cognitoidp.CustomEmailLambdaVersionConfigType{LambdaArn: new(function), LambdaVersion: new(cognitoidp.CustomEmailSenderLambdaVersionTypeV1_0)},
		}
	})
	err := s.Deliver(t.Context(), message.Message{
		Pool: own, Source: trigger.MessageSignUp, Medium: message.Email, Destination: "ann@example.com", Code: "483920",
	})
	if err != nil {
		t.Fatal(err)
	}
	e := inbox.List(message.Filter{})[0]
	if e.Function != function || e.Code != "483920" || e.Destination != "ann@example.com" {
		t.Errorf("the inbox has %+v", e)
	}
	if got, ok := inbox.Get(e.ID); !ok || got != e {
		t.Errorf("Get returned %+v, %t", got, ok)
	}
	if _, ok := inbox.Get("nobody"); ok {
		t.Error("Get found what there is not")
	}
}
