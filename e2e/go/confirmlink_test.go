package e2e

import (
	"net/http"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Where a pool sends links, following one confirms the user, again and again, and nothing
// else does.
func TestConfirmationLinks(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{
			DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithLink,
			EmailMessageByLink: ptr("Press {##this button##} & go"), EmailSubjectByLink: ptr("Confirm"),
		}
	})
	a := s.app(pool)
	u := s.newcomer(a)
	s.codeFor(u.email)
	m := s.server.Messages(t.Context(), u.email)[0]
	if m.Subject != "Confirm" || m.Link == "" || !strings.HasPrefix(m.Link, s.url+"/"+pool+"/confirmUser?") {
		t.Fatalf("message %+v", m)
	}
	want := `Press <a href="` + strings.ReplaceAll(m.Link, "&", "&amp;") + `">this button</a> & go`
	if m.Body != want {
		t.Errorf("body %s, want %s", m.Body, want)
	}
	follow := func(link string) answer {
		t.Helper()
		return s.send(http.MethodGet, strings.TrimPrefix(link, s.url), "")
	}
	for name, link := range map[string]string{
		"another user": strings.Replace(m.Link, u.name, username(), 1),
		"another code": strings.Replace(m.Link, m.Code, other(m.Code), 1),
		"another app":  strings.Replace(m.Link, a.id, s.app(pool).id, 1),
		"another pool": strings.Replace(m.Link, pool, s.pool(), 1),
		"no mark":      m.Link[:strings.Index(m.Link, "mark=")],
	} {
		if got := follow(link); got.status != http.StatusBadRequest || !strings.Contains(got.body, "not valid any more") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if status := s.user(pool, u.name).UserStatus; status != types.UserStatusTypeUnconfirmed {
		t.Fatalf("the user is %s", status)
	}
	for range 2 {
		if got := follow(m.Link); got.status != http.StatusOK || !strings.Contains(got.body, "Your registration is confirmed") {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if got := s.user(pool, u.name); got.UserStatus != types.UserStatusTypeConfirmed || valueOf(got.UserAttributes, "email_verified") != "true" {
		t.Errorf("the user is %s, %v", got.UserStatus, got.UserAttributes)
	}
	s.tokens(a, u.name, u.password)
}
