package trigger

import (
	"context"

	"github.com/cenote-id/cenote/api"
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
}

// CustomEmailSender hands an e-mail to the pool's own sender. Its error, which no client
// sees, says that the message is not out of the house yet: the caller tries again later.
func (s *Service) CustomEmailSender(ctx context.Context, e CustomSenderEvent) error {
	return s.sender(ctx, KindCustomEmailSender, "customEmailSenderRequestV1", e)
}

// CustomSMSSender is CustomEmailSender for a text message.
func (s *Service) CustomSMSSender(ctx context.Context, e CustomSenderEvent) error {
	return s.sender(ctx, KindCustomSMSSender, "customSMSSenderRequestV1", e)
}

func (s *Service) sender(ctx context.Context, kind Kind, request string, e CustomSenderEvent) error {
	attributes := e.user().Attributes
	_, err := s.run(ctx, arn(e.Pool, kind), e.event(string(kind)+"_"+string(e.Source), struct {
		Type           string            `json:"type"`
		Code           *string           `json:"code"`
		ClientMetadata map[string]string `json:"clientMetadata"`
		Attributes     map[string]string `json:"userAttributes"`
	}{request, e.Code, e.ClientMetadata, attributes}, nil), true)
	return err
}
