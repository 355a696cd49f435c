package trigger

import "context"

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

// CustomMessage runs before a message is rendered.
func (s *Service) CustomMessage(ctx context.Context, e CustomMessageEvent) (CustomMessageResponse, error) {
	return CustomMessageResponse{}, s.call(ctx, e.Pool, KindCustomMessage)
}

// CustomSenderEvent hands a message's secret to the pool's own sender.
type CustomSenderEvent struct {
	Subject
	Source MessageSource
	// Code is the code or temporary password in the clear; it is encrypted for the function.
	Code string
}

// CustomEmailSender hands an e-mail to the pool's own sender; sent is false when the
// pool has none and the message goes the usual way.
func (s *Service) CustomEmailSender(ctx context.Context, e CustomSenderEvent) (sent bool, err error) {
	return s.Configured(e.Pool, KindCustomEmailSender), s.call(ctx, e.Pool, KindCustomEmailSender)
}

// CustomSMSSender hands a text message to the pool's own sender; sent is false when the
// pool has none and the message goes the usual way.
func (s *Service) CustomSMSSender(ctx context.Context, e CustomSenderEvent) (sent bool, err error) {
	return s.Configured(e.Pool, KindCustomSMSSender), s.call(ctx, e.Pool, KindCustomSMSSender)
}
