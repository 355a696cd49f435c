package risk

import (
	"context"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// maxNotices is how many mails wait for their sending.
const maxNotices = 1000

// notice is a mail that waits for its sending.
type notice struct{ message.Notice }

// FeedbackPath is where the links in notification mails lead, below the public URL.
const FeedbackPath = "/eventFeedback"

// The texts of mails for which a configuration has none; Cognito's own.
const (
	defaultNoticeSubject = "New sign-in attempt"
	defaultBlockSubject  = "Blocked sign-in attempt"
	noticeFacts          = "Time: {login-time}\nDevice: {device-name}\nLocation: {city}, {country}\nIP address: {ip-address}\n"
	defaultNoticeText    = "We observed an unrecognized sign-in to your account with this information:\n" + noticeFacts +
		"If this sign-in was not by you, you should change your password and notify us by following {one-click-link-invalid}\n" +
		"If this sign-in was by you, you can follow {one-click-link-valid} to let us know.\n"
	defaultBlockText = "We blocked an unrecognized sign-in to your account with this information:\n" + noticeFacts +
		"If this sign-in was not by you, you should change your password and notify us by following {one-click-link-invalid}\n" +
		"If this sign-in was by you, you can follow {one-click-link-valid} to let us know.\n"
)

// notify has a mail sent to the user, if the user has a verified address. It does not wait:
// the sign-in that the mail tells of must not last as long as the mail server takes.
func (s *Service) notify(ctx context.Context, c *Case, u *store.User, taken cognitoidp.AccountTakeoverEventActionType, now time.Time) {
	to := u.Attributes[catalog.Email]
	if to == "" || u.Attributes[catalog.EmailVerified] != "true" {
		return
	}
	token, err := s.feedbackToken(c.client.Pool, u, c.id, now)
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a notification mail could not be made", "error", err)
		return
	}
	config := c.client.RiskConfiguration().AccountTakeoverRiskConfiguration.NotifyConfiguration
	if config == nil {
		config = &cognitoidp.NotifyConfigurationType{}
	}
	subject, htmlBody, text := texts(config, taken)
	pairs := s.values(c, u, token, now)
	n := notice{message.Notice{
		Pool: c.client.Pool, ClientID: c.client.ID(), Username: u.Username, Destination: to,
		From: sender(config), ReplyTo: api.Value(config.ReplyTo),
		Subject: strings.NewReplacer(pairs...).Replace(subject), Text: strings.NewReplacer(pairs...).Replace(text),
	}}
	n.Facts = facts(c, u, taken, pairs, now)
	for i := 1; i < len(pairs); i += 2 {
		pairs[i] = html.EscapeString(pairs[i])
	}
	n.HTML = strings.NewReplacer(pairs...).Replace(htmlBody)
	select {
	case s.notices <- n:
	default:
		s.metrics.unsent.Inc()
		s.deps.Log.WarnContext(ctx, "a notification mail was left out: too many wait")
	}
}

// texts returns the template of what was done, with Cognito's own texts where it has none.
func texts(c *cognitoidp.NotifyConfigurationType, taken cognitoidp.AccountTakeoverEventActionType) (subject, htmlBody, text string) {
	own, subject, text := c.NoActionEmail, defaultNoticeSubject, defaultNoticeText
	switch taken {
	case cognitoidp.AccountTakeoverEventActionTypeBlock:
		own, subject, text = c.BlockEmail, defaultBlockSubject, defaultBlockText
	case cognitoidp.AccountTakeoverEventActionTypeMfaIfConfigured, cognitoidp.AccountTakeoverEventActionTypeMfaRequired:
		own = c.MfaEmail
	}
	if own == nil {
		return subject, "", text
	}
	if own.HtmlBody == nil && own.TextBody == nil {
		return api.Value(own.Subject), "", text
	}
	return api.Value(own.Subject), api.Value(own.HtmlBody), api.Value(own.TextBody)
}

// sender is the address that a configuration names: From, else the identity of SourceArn.
func sender(c *cognitoidp.NotifyConfigurationType) string {
	if from := api.Value(c.From); from != "" {
		return from
	}
	_, identity, _ := strings.Cut(api.Value(c.SourceArn), ":identity/")
	if !strings.Contains(identity, "@") {
		return ""
	}
	return identity
}

// values are the placeholders of templates and what they stand for, in turn. Places are
// not known.
func (s *Service) values(c *Case, u *store.User, token string, now time.Time) []string {
	link := func(value cognitoidp.FeedbackValueType) string {
		q := url.Values{
			"user_pool_id": {c.client.Pool.ID()}, "user_name": {u.Username}, "event_id": {c.id},
			"token": {token}, "value": {strings.ToLower(string(value))},
		}
		return s.deps.PublicURL + FeedbackPath + "?" + q.Encode()
	}
	ip := "unknown"
	if c.origin.IP.IsValid() {
		ip = c.origin.IP.String()
	}
	return []string{
		"{username}", u.Username, "{ip-address}", ip, "{city}", "unknown", "{country}", "unknown",
		"{login-time}", now.UTC().Format("Mon Jan 02 15:04:05 MST 2006"), "{device-name}", c.origin.DeviceName,
		"{one-click-link-valid}", link(cognitoidp.FeedbackValueTypeValid),
		"{one-click-link-invalid}", link(cognitoidp.FeedbackValueTypeInvalid),
		"{event-id}", c.id, "{feedback-token}", token,
	}
}

// facts are what a pool's own sender is told of a sign-in; recorded from AWS. What is not
// known is null. pairs are those of values.
func facts(c *Case, u *store.User, taken cognitoidp.AccountTakeoverEventActionType, pairs []string, now time.Time) map[string]*string {
	known := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	ip := ""
	if c.origin.IP.IsValid() {
		ip = c.origin.IP.String()
	}
	value := func(placeholder string) *string { return known(pairs[slices.Index(pairs, placeholder)+1]) }
	return map[string]*string{
		"EVENT_ID": known(c.id), "USER_NAME": known(u.Username), "IP_ADDRESS": known(ip), "CITY": nil, "COUNTRY": nil,
		"LOGIN_TIME":  new(now.UTC().Format("Monday, January 02, 2006 03:04 PM MST")),
		"DEVICE_NAME": known(c.origin.DeviceName), "ACCOUNT_TAKE_OVER_ACTION": new(string(taken)),
		"ONE_CLICK_LINK_VALID": value("{one-click-link-valid}"), "ONE_CLICK_LINK_INVALID": value("{one-click-link-invalid}"),
		"FEEDBACK_TOKEN": value("{feedback-token}"),
	}
}

// sendNotices sends mails as they come, until ctx ends, and then those that still wait.
func (s *Service) sendNotices(ctx context.Context) {
	for {
		select {
		case n := <-s.notices:
			s.send(ctx, n)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
			defer cancel()
			for {
				select {
				case n := <-s.notices:
					s.send(last, n)
				default:
					return
				}
			}
		}
	}
}

func (s *Service) send(ctx context.Context, n notice) {
	if err := s.deps.Messages.Notify(context.WithoutCancel(ctx), n.Notice); err != nil {
		s.metrics.unsent.Inc()
		s.deps.Log.WarnContext(ctx, "a notification mail was not sent", "pool", n.Pool.ID(), "error", err)
	}
}
