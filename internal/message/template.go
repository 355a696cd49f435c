package message

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/trigger"
)

// Placeholders of Cognito's templates.
const (
	codePlaceholder     = "{####}"
	usernamePlaceholder = "{username}"
)

// Defaults of Cognito's templates, used where a pool has none of its own.
const (
	defaultVerificationSubject = "Your verification code"
	defaultVerificationBody    = "Your verification code is {####}."
	defaultLinkSubject         = "Your verification link"
	defaultLinkBody            = "Please click the link below to verify your email address. {##Verify Email##} "
	defaultInvitationSubject   = "Your temporary password"
	defaultInvitationBody      = "Your username is {username} and temporary password is {####}."
	// For users without a password; chosen here, as AWS's is not known.
	passwordlessInvitationSubject = "Your account"
	passwordlessInvitationBody    = "Your username is {username}."
	defaultAuthenticationSMS      = "Your authentication code is {####}."
	defaultAuthenticationTitle    = "Your sign-in code"
	defaultAuthenticationMail     = "Your code is {####}."
)

// template is a message before its placeholders are filled; Subject is empty for SMS.
type template struct {
	Subject, Body string
}

// templateFor returns the pool's own texts for a message, or the defaults where it has none.
func templateFor(m Message) template {
	p := m.Pool
	if m.Link != "" && m.Medium == Email {
		return byLink(p.Config.VerificationMessageTemplate)
	}
	source, medium := m.Source, m.Medium
	switch source {
	case trigger.MessageAdminCreateUser:
		return invitation(p.Config, medium, m.Code != "")
	case trigger.MessageAuthentication:
		return authentication(p.MFA, p.Config, medium)
	default:
		return verification(p.Config, medium)
	}
}

func verification(c *cognitoidp.UserPoolType, medium Medium) template {
	t := c.VerificationMessageTemplate
	if t == nil {
		t = &cognitoidp.VerificationMessageTemplateType{}
	}
	if medium == SMS {
		return template{Body: first(t.SmsMessage, c.SmsVerificationMessage, defaultVerificationBody)}
	}
	return template{
		Subject: first(t.EmailSubject, c.EmailVerificationSubject, defaultVerificationSubject),
		Body:    first(t.EmailMessage, c.EmailVerificationMessage, defaultVerificationBody),
	}
}

// byLink is the mail whose reader clicks instead of typing a code.
func byLink(t *cognitoidp.VerificationMessageTemplateType) template {
	if t == nil {
		t = &cognitoidp.VerificationMessageTemplateType{}
	}
	return template{
		Subject: first(t.EmailSubjectByLink, nil, defaultLinkSubject),
		Body:    first(t.EmailMessageByLink, nil, defaultLinkBody),
	}
}

// invitation tells users without a password nothing of one: a text of the pool with the
// password's placeholder is not for them.
func invitation(c *cognitoidp.UserPoolType, medium Medium, hasPassword bool) template {
	subject, body := defaultInvitationSubject, defaultInvitationBody
	t := &cognitoidp.MessageTemplateType{}
	if a := c.AdminCreateUserConfig; a != nil && a.InviteMessageTemplate != nil {
		t = a.InviteMessageTemplate
	}
	sms, mail, title := t.SMSMessage, t.EmailMessage, t.EmailSubject
	if !hasPassword {
		subject, body = passwordlessInvitationSubject, passwordlessInvitationBody
		if strings.Contains(api.Value(sms), codePlaceholder) {
			sms = nil
		}
		if strings.Contains(api.Value(mail), codePlaceholder) {
			mail, title = nil, nil
		}
	}
	if medium == SMS {
		return template{Body: first(sms, nil, body)}
	}
	return template{Subject: first(title, nil, subject), Body: first(mail, nil, body)}
}

func authentication(m *cognitoidp.GetUserPoolMfaConfigResponse, c *cognitoidp.UserPoolType, medium Medium) template {
	if medium == SMS {
		var own *string
		if m != nil && m.SmsMfaConfiguration != nil {
			own = m.SmsMfaConfiguration.SmsAuthenticationMessage
		}
		return template{Body: first(own, c.SmsAuthenticationMessage, defaultAuthenticationSMS)}
	}
	own := &cognitoidp.EmailMfaConfigType{}
	if m != nil && m.EmailMfaConfiguration != nil {
		own = m.EmailMfaConfiguration
	}
	return template{
		Subject: first(own.Subject, nil, defaultAuthenticationTitle),
		Body:    first(own.Message, nil, defaultAuthenticationMail),
	}
}

// The most characters that the texts of CustomMessage may have (the model's limits for the
// pool's own).
const (
	longestBody    = 20_000
	longestSubject = 140
	longestSMS     = 140
)

// override lets a CustomMessage response replace the template's texts, member by member. A
// text without the placeholders that the message cannot do without does not count, which
// is what Cognito was seen to do; fits says so. One that is too long is an
// InvalidLambdaResponseException.
func (t template) override(r trigger.CustomMessageResponse, m Message) (out template, fits bool, err error) {
	given, longest := r.EmailMessage, longestBody
	if m.Medium == SMS {
		given, longest, r.EmailSubject = r.SMSMessage, longestSMS, ""
	}
	if utf8.RuneCountInString(given) > longest || utf8.RuneCountInString(r.EmailSubject) > longestSubject {
		return t, true, fault.InvalidLambdaResponse(textTooLong)
	}
	if fits = given == "" || complete(given, m); !fits {
		return t, false, nil
	}
	t.Subject = first(&r.EmailSubject, nil, t.Subject)
	t.Body = first(&given, nil, t.Body)
	return t, true, nil
}

const textTooLong = "Unrecognizable lambda output" // the texts have no error of their own

// linkPlaceholder is where a link goes; its text stands between the marks.
var linkPlaceholder = regexp.MustCompile(`\{##(.+?)##\}`)

// complete says whether a text has the placeholders of a message.
func complete(text string, m Message) bool {
	switch {
	case m.Link != "" && m.Medium == Email:
		return linkPlaceholder.MatchString(text)
	case m.Source == trigger.MessageAdminCreateUser:
		return strings.Contains(text, codePlaceholder) == (m.Code != "") && strings.Contains(text, usernamePlaceholder)
	default:
		return strings.Contains(text, codePlaceholder)
	}
}

// fill puts the code, the link and, for invitations, the user name into the template.
// E-mail bodies are HTML, so what a user may have chosen is escaped there; {username} stays
// as it is in verification messages, as on AWS.
func (t template) fill(m Message) template {
	escape := func(s string) string { return s }
	if m.Medium == Email {
		escape = html.EscapeString
	}
	if m.Link != "" && m.Medium == Email {
		t.Body = linkPlaceholder.ReplaceAllStringFunc(t.Body, func(found string) string {
			label := linkPlaceholder.FindStringSubmatch(found)[1]
			return `<a href="` + html.EscapeString(m.Link) + `">` + label + `</a>`
		})
	}
	pairs := []string{codePlaceholder, escape(m.Code)}
	if m.Source == trigger.MessageAdminCreateUser {
		pairs = append(pairs, usernamePlaceholder, escape(m.Username))
	}
	t.Body = strings.NewReplacer(pairs...).Replace(t.Body)
	return t
}

// first returns the first text that is given and not empty.
func first(a, b *string, fallback string) string {
	if s := api.Value(a); s != "" {
		return s
	}
	if s := api.Value(b); s != "" {
		return s
	}
	return fallback
}
