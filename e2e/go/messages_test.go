package e2e

import (
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// What users read: the defaults, and a pool's own texts with their placeholders filled.
func TestMessages(t *testing.T) {
	t.Parallel()
	s := open(t)
	sms := func(in *idp.CreateUserPoolInput) {
		in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: ptr("arn:aws:iam::000000000000:role/sms")}
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail, types.VerifiedAttributeTypePhoneNumber}
	}
	plain := s.app(s.pool(sms))
	own := s.app(s.pool(sms, func(in *idp.CreateUserPoolInput) {
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{
			EmailSubject: ptr("Grüße"), EmailMessage: ptr("<b>{####}</b> for {username}"), SmsMessage: ptr("SMS {####}!"),
		}
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{InviteMessageTemplate: &types.MessageTemplateType{
			EmailSubject: ptr("Come in"), EmailMessage: ptr("<i>{username}</i>: {####}"), SMSMessage: ptr("{username} {####}"),
		}}
	}))
	for _, tt := range []struct {
		app                        app
		mailSubject, mail, message string // % stands for the code
		inviteSubject, invite      string // & stands for the user's name
	}{
		{plain, "Your verification code", "Your verification code is %.", "Your verification code is %.", "Your temporary password", "Your username is & and temporary password is %."},
		{own, "Grüße", "<b>%</b> for {username}", "SMS %!", "Come in", "<i>&</i>: %"},
	} {
		check := func(to, subject, body, name string) {
			t.Helper()
			code := s.codeFor(to)
			m := s.server.Messages(s.ctx, to)[0]
			if want := strings.NewReplacer("%", code, "&", name).Replace(body); m.Subject != subject || m.Body != want {
				t.Errorf("got %q, %q; want %q, %q", m.Subject, m.Body, subject, want)
			}
		}
		name, address, number := username(), email(), phone()
		for _, contact := range [][]string{{"email", address}, {"phone_number", number}} {
			who := name + contact[0]
			must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &tt.app.id, Username: &who, Password: ptr(password), UserAttributes: attributes(contact...)}))(t)
		}
		check(address, tt.mailSubject, tt.mail, "")
		check(number, "", tt.message, "")
		invited, there := username(), email()
		must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
			UserPoolId: &tt.app.pool, Username: &invited, UserAttributes: attributes("email", there), TemporaryPassword: ptr(password),
		}))(t)
		check(there, tt.inviteSubject, tt.invite, invited)
	}
	// A user's name is text, not HTML.
	evil, there := "<script>"+unique("")+"</script>", email()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &plain.pool, Username: &evil, UserAttributes: attributes("email", there)}))(t)
	s.codeFor(there)
	if body := s.server.Messages(s.ctx, there)[0].Body; strings.Contains(body, "<script>") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("%s", body)
	}
}
