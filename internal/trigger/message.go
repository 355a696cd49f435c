package trigger

import (
	"context"
	"encoding/json"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/naming"
)

// MessageSource says why a message is sent; CustomMessage, CustomEmailSender and
// CustomSMSSender share these and put their own name before it.
type MessageSource string

// The reasons for messages.
const (
	MessageSignUp                      MessageSource = "SignUp"
	MessageAdminCreateUser             MessageSource = "AdminCreateUser"
	MessageResendCode                  MessageSource = "ResendCode"
	MessageForgotPassword              MessageSource = "ForgotPassword"
	MessageUpdateUserAttribute         MessageSource = "UpdateUserAttribute"
	MessageVerifyUserAttribute         MessageSource = "VerifyUserAttribute"
	MessageAuthentication              MessageSource = "Authentication"
	MessageAccountTakeOverNotification MessageSource = "AccountTakeOverNotification"
)

// CustomMessageEvent asks for another text than the pool's template.
type CustomMessageEvent struct {
	Subject
	Source MessageSource
	// UsernameParameter is {username} for invitations, else nil.
	UsernameParameter *string
}

// CustomMessageResponse holds the texts to send; empty ones leave the template's.
type CustomMessageResponse struct {
	SMSMessage   string
	EmailMessage string
	EmailSubject string
}

// The placeholders that CustomMessage is told of: Cognito puts the code, a link, or the
// user name in their place.
const (
	codePlaceholder = "{####}"
	linkPlaceholder = "{##Click Here##}"
)

// CustomMessage runs before a message is rendered.
func (s *Service) CustomMessage(ctx context.Context, e CustomMessageEvent) (CustomMessageResponse, error) {
	type response struct {
		SMSMessage   *string `json:"smsMessage"`
		EmailMessage *string `json:"emailMessage"`
		EmailSubject *string `json:"emailSubject"`
	}
	request := struct {
		user
		Code     string  `json:"codeParameter"`
		Link     string  `json:"linkParameter"`
		Username *string `json:"usernameParameter"`
	}{e.user(), codePlaceholder, linkPlaceholder, e.UsernameParameter}
	var r response
	err := s.call(ctx, e.Pool, KindCustomMessage, e.event("CustomMessage_"+string(e.Source), request, r), &r)
	if err != nil {
		return CustomMessageResponse{}, err
	}
	return CustomMessageResponse{api.Value(r.SMSMessage), api.Value(r.EmailMessage), api.Value(r.EmailSubject)}, nil
}

// CustomSenderEvent hands a message's secret to the pool's own sender.
type CustomSenderEvent struct {
	Subject
	Source MessageSource
	// Code is the code or temporary password, encrypted for the function; nil where the
	// message has none (notifications).
	Code *string
	// Facts are request.userAttributes of a notification, in place of the user's own; nil
	// values are null.
	Facts map[string]*string
}

// PreparedSender is a sender's event, ready to be sent now or later. It holds no secret in
// clear.
type PreparedSender struct {
	ARN       string          `json:"arn"`
	Source    string          `json:"source"` // triggerSource
	RequestID string          `json:"id"`     // the same for all attempts
	Payload   json.RawMessage `json:"event"`
}

// PrepareSender makes the event for a pool's own sender of e-mails or text messages
// (KindCustomEmailSender, KindCustomSMSSender).
func (s *Service) PrepareSender(kind Kind, e CustomSenderEvent) (p PreparedSender, err error) {
	request := "customEmailSenderRequestV1"
	if kind == KindCustomSMSSender {
		request = "customSMSSenderRequestV1"
	}
	var attributes any = e.user().Attributes
	if e.Facts != nil {
		attributes = e.Facts
	}
	made := e.event(string(kind)+"_"+string(e.Source), struct {
		Type           string            `json:"type"`
		Code           *string           `json:"code"`
		ClientMetadata map[string]string `json:"clientMetadata"`
		Attributes     any               `json:"userAttributes"`
	}{request, e.Code, e.ClientMetadata, attributes}, nil)
	p = PreparedSender{ARN: arn(e.Pool, kind), Source: made.TriggerSource}
	if p.Payload, err = encode(made); err != nil {
		return p, err
	}
	p.RequestID, err = naming.UUID(s.random)
	return p, err
}

// Send runs a prepared sender. Its error, which no client sees, says that the message is not
// out of the house yet.
func (s *Service) Send(ctx context.Context, p PreparedSender) error {
	if s.runner == nil {
		return errNoFunctions()
	}
	_, err := s.runner.Do(ctx, function.Call{
		ARN: p.ARN, Trigger: p.Source, Payload: p.Payload, Event: true, RequestID: p.RequestID,
	})
	return err
}
