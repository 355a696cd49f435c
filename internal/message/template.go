package message

import (
	"html"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
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

// templateFor returns the pool's own texts, or the defaults where it has none.
// hasCode says whether there is a code, or a password, to tell.
func templateFor(p *catalog.Pool, source trigger.MessageSource, medium Medium, hasCode bool) template {
	switch source {
	case trigger.MessageAdminCreateUser:
		return invitation(p.Config, medium, hasCode)
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

// override lets a CustomMessage response replace the template's texts, member by member.
func (t template) override(r trigger.CustomMessageResponse, medium Medium) template {
	if medium == SMS {
		t.Body = first(&r.SMSMessage, nil, t.Body)
		return t
	}
	t.Subject = first(&r.EmailSubject, nil, t.Subject)
	t.Body = first(&r.EmailMessage, nil, t.Body)
	return t
}

// fill puts the code and, for invitations, the user name into the template. E-mail bodies
// are HTML, so what a user may have chosen is escaped there; {username} stays as it is in
// verification messages, as on AWS.
func (t template) fill(source trigger.MessageSource, medium Medium, username, code string) template {
	escape := func(s string) string { return s }
	if medium == Email {
		escape = html.EscapeString
	}
	pairs := []string{codePlaceholder, escape(code)}
	if source == trigger.MessageAdminCreateUser {
		pairs = append(pairs, usernamePlaceholder, escape(username))
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
