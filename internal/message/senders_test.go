package message_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/trigger"
)

// request is what a carrier's API got.
type request struct {
	path, authorization, contentType, target, body string
}

// api is a carrier that answers with a status.
func api(t *testing.T, status int) (at string, got *request) {
	t.Helper()
	got = &request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*got = request{r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Target"), string(body)}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func envelope(medium message.Medium) message.Envelope {
	e := message.Envelope{ID: "id-1", Medium: medium, Destination: "+15555550100", Body: "Your code is 1."}
	if medium == message.Email {
		e.Destination, e.From, e.ReplyTo, e.Subject = "ann@example.com", "App <app@example.com>", "help@example.com", "Grüße"
		e.ConfigurationSet = "set"
	}
	return e
}

func TestSES(t *testing.T) {
	t.Parallel()
	at, got := api(t, 200)
	s, err := message.NewEmailSender("ses://AKID:secret@eu-west-1?endpoint="+url.QueryEscape(at), nil, clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), envelope(message.Email)); err != nil {
		t.Fatal(err)
	}
	const body = `{"FromEmailAddress":"App \u003capp@example.com\u003e","Destination":{"ToAddresses":["ann@example.com"]},` +
		`"ReplyToAddresses":["help@example.com"],"ConfigurationSetName":"set","Content":{"Simple":{"Subject":{"Data":"Grüße","Charset":"UTF-8"},` +
		`"Body":{"Html":{"Data":"Your code is 1.","Charset":"UTF-8"}}}}}`
	if got.path != "/v2/email/outbound-emails" || got.body != body || !strings.Contains(got.authorization, "/eu-west-1/ses/aws4_request") {
		t.Errorf("got %+v", got)
	}
}

func TestSNS(t *testing.T) {
	t.Parallel()
	at, got := api(t, 200)
	s, err := message.NewSMSSender("sns://AKID:secret@eu-west-1?sender-id=APP&endpoint="+url.QueryEscape(at), nil, clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), envelope(message.SMS)); err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(got.body)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {"+15555550100"}, "Message": {"Your code is 1."},
		"MessageAttributes.entry.1.Name": {"AWS.SNS.SMS.SMSType"}, "MessageAttributes.entry.1.Value.DataType": {"String"},
		"MessageAttributes.entry.1.Value.StringValue": {"Transactional"},
		"MessageAttributes.entry.2.Name":              {"AWS.SNS.SMS.SenderID"}, "MessageAttributes.entry.2.Value.DataType": {"String"},
		"MessageAttributes.entry.2.Value.StringValue": {"APP"},
	}
	if diff := cmp.Diff(want, form); diff != "" || !strings.Contains(got.authorization, "/eu-west-1/sns/aws4_request") {
		t.Errorf("authorization %s, form (-want +got):\n%s", got.authorization, diff)
	}
}

func TestTextMessaging(t *testing.T) {
	t.Parallel()
	at, got := api(t, 200)
	s, err := message.NewSMSSender("sms-voice://AKID:secret@eu-west-1?origination-identity=APP&endpoint="+url.QueryEscape(at), nil, clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	service := service(t, func(d *message.Deps) { d.SMS = s })
	for want, settings := range map[string]*cognitoidp.SmsConfigurationType{
		`{"DestinationPhoneNumber":"+15555550100","OriginationIdentity":"APP","MessageBody":"Your verification code is 246802.","MessageType":"TRANSACTIONAL"}`: nil,
		`{"DestinationPhoneNumber":"+15555550100","OriginationIdentity":"POOL","ConfigurationSetName":"set",` +
			`"DestinationCountryParameters":{"IN_ENTITY_ID":"1","IN_TEMPLATE_ID":"2"},"MessageBody":"Your verification code is 246802.","MessageType":"TRANSACTIONAL"}`: {
			EumsSms: &cognitoidp.EumsSmsConfigurationType{
				OriginationIdentity: new("POOL"), ConfigurationSetName: new("set"), InEntityId: new("1"), InTemplateId: new("2"),
			},
		},
	} {
		p := pool(func(c *cognitoidp.UserPoolType) { c.SmsConfiguration = settings })
		m := message.Message{Pool: p, Source: trigger.MessageSignUp, Medium: message.SMS, Destination: "+15555550100", Code: "246802"}
		if err := service.Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got.target != "PinpointSMSVoiceV2.SendTextMessage" || got.contentType != "application/x-amz-json-1.0" || got.body != want ||
			!strings.Contains(got.authorization, "/eu-west-1/sms-voice/aws4_request") {
			t.Errorf("got %+v", got)
		}
	}
}

func TestTwilio(t *testing.T) {
	t.Parallel()
	at, got := api(t, 201)
	s, err := message.NewSMSSender("twilio://AC1:token@"+strings.TrimPrefix(at, "http://")+"?from=%2B15555550199", nil, clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), envelope(message.SMS)); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"To": {"+15555550100"}, "From": {"+15555550199"}, "Body": {"Your code is 1."}}.Encode()
	if got.path != "/2010-04-01/Accounts/AC1/Messages.json" || got.body != want || got.authorization != "Basic QUMxOnRva2Vu" {
		t.Errorf("got %+v", got)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	s, err := message.NewEmailSender("file:"+dir, nil, clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, medium := range []message.Medium{message.Email, message.SMS} {
		if err := s.Send(t.Context(), envelope(medium)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*-id-1.*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		to := "To: +15555550100"
		if filepath.Ext(name) == ".eml" {
			to = "To: <ann@example.com>"
		}
		if !strings.Contains(string(text), to) || !strings.Contains(string(text), "Your code is 1.") {
			t.Errorf("%s holds %s", name, text)
		}
	}
}

func TestSenderURLs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "nonsense:hunter2", "ses://eu-west-1", "ses://hunter2:x@", "file:", "sns://hunter2:x@eu-west-1", "twilio://hunter2:x@api.twilio.com"} {
		if _, err := message.NewEmailSender(text, nil, clock.New(nil)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("e-mails by %q: %v", text, err)
		}
	}
	for _, text := range []string{"", "smtp://host", "sns://eu-west-1", "twilio://AC:hunter2@api.twilio.com", "twilio://api.twilio.com?from=1"} {
		if _, err := message.NewSMSSender(text, nil, clock.New(nil)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("text messages by %q: %v", text, err)
		}
	}
}
