package message

import (
	"fmt"
	"net/url"

	"github.com/cenote-id/cenote/internal/clock"
)

// NewEmailSender returns the sender that a URL names:
//
//	smtp://, smtps://                       a mail server, see NewSMTP
//	ses://KEY:SECRET@REGION                 Amazon SES
//	http://, https://                       a webhook, signed with secret, see NewWebhook
//	file:DIRECTORY                          a file for each message
//
// The URL's secrets never appear in an error.
func NewEmailSender(rawURL string, secret []byte, c *clock.Clock) (Sender, error) {
	switch scheme(rawURL) {
	case "smtp", "smtps":
		return NewSMTP(rawURL)
	case "ses":
		return newSES(rawURL, c)
	default:
		return newEither(rawURL, secret, c, "smtp[s], ses, http[s], file")
	}
}

// NewSMSSender is NewEmailSender for text messages:
//
//	sns://KEY:SECRET@REGION[?sender-id=ID]          Amazon SNS
//	sms-voice://KEY:SECRET@REGION[?origination-identity=ID]   AWS End User Messaging
//	twilio://ACCOUNT:TOKEN@api.twilio.com?from=%2B1...   Twilio
//	http://, https://, file:DIRECTORY               as for e-mails
func NewSMSSender(rawURL string, secret []byte, c *clock.Clock) (Sender, error) {
	switch scheme(rawURL) {
	case "sns":
		return newSNS(rawURL, c)
	case "sms-voice":
		return newTextMessaging(rawURL, c)
	case "twilio":
		return newTwilio(rawURL)
	default:
		return newEither(rawURL, secret, c, "sns, sms-voice, twilio, http[s], file")
	}
}

// newEither returns a sender that takes both media.
func newEither(rawURL string, secret []byte, c *clock.Clock, known string) (Sender, error) {
	switch scheme(rawURL) {
	case "http", "https":
		return NewWebhook(rawURL, secret, c)
	case "file":
		return newFile(rawURL, c)
	default:
		return nil, fmt.Errorf("the sender's URL begins with none of %s", known)
	}
}

func scheme(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Scheme
}
