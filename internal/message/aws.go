package message

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4"

	"github.com/cenote-id/cenote/internal/clock"
)

// amazon calls one of Amazon's services.
type amazon struct {
	service, region, endpoint string
	credentials               credentials.Credentials
	client                    *http.Client
	clock                     *clock.Clock
	options                   url.Values
}

// newAmazon reads SCHEME://KEY:SECRET@REGION[?endpoint=URL&session-token=TOKEN]. Without an
// endpoint it is the service's own in the region.
func newAmazon(rawURL, service, host string, c *clock.Clock) (*amazon, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.User == nil {
		return nil, fmt.Errorf("the URL must have the form %s://KEY:SECRET@REGION", service)
	}
	secret, _ := u.User.Password()
	a := &amazon{
		service: service, region: u.Host, endpoint: u.Query().Get("endpoint"), options: u.Query(), clock: c,
		credentials: credentials.Credentials{
			AccessKeyID: u.User.Username(), SecretAccessKey: secret, SessionToken: u.Query().Get("session-token"),
		},
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if a.endpoint == "" {
		a.endpoint = "https://" + host + "." + a.region + ".amazonaws.com"
	}
	return a, nil
}

// post sends a signed request. What the service refuses for good stays refused.
func (a *amazon) post(ctx context.Context, path, contentType string, body []byte) error {
	return a.call(ctx, path, http.Header{"Content-Type": {contentType}}, body)
}

func (a *amazon) call(ctx context.Context, path string, header http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make %s request: %w", a.service, err)
	}
	request.Header = header
	hash := sha256.Sum256(body)
	err = sigv4.New().SignRequest(&sigv4.SignRequestInput{
		Request: request, PayloadHash: hash[:], Service: a.service, Region: a.region,
		Credentials: a.credentials, Time: a.clock.Outside(),
	})
	if err != nil {
		return fmt.Errorf("sign %s request: %w", a.service, err)
	}
	return post(a.client, request, a.service)
}

// post sends a request and judges its answer by the status.
func post(client *http.Client, request *http.Request, who string) error {
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("call %s: %w", who, err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // lets the connection be used again
	return statusError(who, answer.StatusCode)
}

// ses sends e-mails through Amazon SES (API version 2, SendEmail).
type ses struct{ *amazon }

func newSES(rawURL string, c *clock.Clock) (*ses, error) {
	a, err := newAmazon(rawURL, "ses", "email", c)
	return &ses{a}, err
}

// Name is the transport's name in metrics and logs.
func (s *ses) Name() string { return "ses" }

// Send asks SES to deliver e, with the pool's configuration set.
func (s *ses) Send(ctx context.Context, e Envelope) error {
	type content struct {
		Data    string
		Charset string
	}
	type bodies struct {
		HTML *content `json:"Html,omitempty"`
		Text *content `json:",omitempty"`
	}
	text := func(data string) *content {
		if data == "" {
			return nil
		}
		return &content{data, "UTF-8"}
	}
	type simple struct {
		Subject *content
		Body    bodies
	}
	in := struct {
		FromEmailAddress     string
		Destination          struct{ ToAddresses []string }
		ReplyToAddresses     []string `json:",omitempty"`
		ConfigurationSetName string   `json:",omitempty"`
		Content              struct{ Simple simple }
	}{FromEmailAddress: e.From, ConfigurationSetName: e.ConfigurationSet}
	in.Destination.ToAddresses = []string{e.Destination}
	if e.ReplyTo != "" {
		in.ReplyToAddresses = []string{e.ReplyTo}
	}
	in.Content.Simple = simple{Subject: &content{e.Subject, "UTF-8"}, Body: bodies{text(e.Body), text(e.Text)}}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode SES request: %w", err)
	}
	return s.post(ctx, "/v2/email/outbound-emails", "application/json", body)
}

// sns sends text messages through Amazon SNS (Publish).
type sns struct{ *amazon }

func newSNS(rawURL string, c *clock.Clock) (*sns, error) {
	a, err := newAmazon(rawURL, "sns", "sns", c)
	return &sns{a}, err
}

// Name is the transport's name in metrics and logs.
func (s *sns) Name() string { return "sns" }

// Send asks SNS to deliver e as a transactional message.
func (s *sns) Send(ctx context.Context, e Envelope) error {
	form := url.Values{
		"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {e.Destination}, "Message": {e.Body},
	}
	attributes := [][2]string{{"AWS.SNS.SMS.SMSType", "Transactional"}}
	if id := s.options.Get("sender-id"); id != "" {
		attributes = append(attributes, [2]string{"AWS.SNS.SMS.SenderID", id})
	}
	for i, a := range attributes {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i+1)
		form.Set(entry+"Name", a[0])
		form.Set(entry+"Value.DataType", "String")
		form.Set(entry+"Value.StringValue", a[1])
	}
	return s.post(ctx, "/", "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// textMessaging sends text messages through AWS End User Messaging (API version 2,
// SendTextMessage).
type textMessaging struct{ *amazon }

func newTextMessaging(rawURL string, c *clock.Clock) (*textMessaging, error) {
	a, err := newAmazon(rawURL, "sms-voice", "sms-voice", c)
	return &textMessaging{a}, err
}

// Name is the transport's name in metrics and logs.
func (s *textMessaging) Name() string { return "sms-voice" }

// Send asks for a transactional message, with what the pool's EumsSms says.
func (s *textMessaging) Send(ctx context.Context, e Envelope) error {
	in := struct {
		DestinationPhoneNumber       string
		OriginationIdentity          string            `json:",omitempty"`
		ConfigurationSetName         string            `json:",omitempty"`
		DestinationCountryParameters map[string]string `json:",omitempty"`
		MessageBody, MessageType     string
	}{
		DestinationPhoneNumber: e.Destination, OriginationIdentity: e.OriginationIdentity, ConfigurationSetName: e.ConfigurationSet,
		MessageBody: e.Body, MessageType: "TRANSACTIONAL",
	}
	if in.OriginationIdentity == "" {
		in.OriginationIdentity = s.options.Get("origination-identity")
	}
	for name, value := range map[string]string{"IN_ENTITY_ID": e.EntityID, "IN_TEMPLATE_ID": e.TemplateID} {
		if value == "" {
			continue
		}
		if in.DestinationCountryParameters == nil {
			in.DestinationCountryParameters = make(map[string]string, 2)
		}
		in.DestinationCountryParameters[name] = value
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode SendTextMessage request: %w", err)
	}
	return s.call(ctx, "/", http.Header{
		"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"PinpointSMSVoiceV2.SendTextMessage"},
	}, body)
}
