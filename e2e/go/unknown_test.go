package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// absent stands for what only some worlds have, where a request does not get that far.
var absent = map[string]string{
	"{device}": "us-east-1_01234567-89ab-cdef-0123-456789abcdef", "{salt}": "AAAA", "{verifier}": "AAAA", "{totp}": "123456",
	"{passkey}": "AAAA", "{clientData}": "AAAA", "{attestation}": "AAAA", "{secret}": "secret", "{domain}": "nowhere",
	"{branding}": "01234567-89ab-4cde-8123-456789abcdef", "{terms}": "01234567-89ab-4cde-8123-456789abcdef",
	"{job}": "import-0123456789", "{event}": "event", "{feedback}": "a.b.c",
}

// with returns the body of a sample in a world with other values of some members, and
// without those that are judged before all others.
func (w *world) with(of sample, changes sample) string {
	changed := maps.Clone(of)
	for _, other := range []string{"NextToken", "PaginationToken", "ContextData", "UserContextData", "SecretHash", "GenerateSecret", "ClientSecret"} {
		delete(changed, other)
	}
	for member, value := range changes {
		if changed[member] = value; value == nil {
			delete(changed, member)
		}
	}
	body := w.fill(jsonOf(changed))
	for name, value := range absent {
		body = strings.ReplaceAll(body, name, value)
	}
	return body
}

// Whatever the operation, a pool, a client or a user that is not there, or is in another
// pool, is told by the same words, and nothing changes.
func TestNotThere(t *testing.T) {
	t.Parallel()
	s := open(t).generated()
	w := newWorld(s, "AuthEvents") // whose pool looks at risk
	foreign := s.app(s.pool())
	stranger := s.member(foreign.pool).name
	before := w.state()
	for name, of := range samples() {
		op := cognitoidp.Service.Operations[name]
		if _, has := of["UserPoolId"]; has {
			const pool = "us-east-1_nowhere"
			w.post(name, w.with(of, sample{"UserPoolId": pool})).is(t, 400, "ResourceNotFoundException", "User pool "+pool+" does not exist.")
		}
		if _, has := of["ClientId"]; has {
			exception, clients := "ResourceNotFoundException", []string{"nowhere"}
			if !slices.Contains(op.Errors, exception) { // RevokeToken
				exception = "UnauthorizedException"
			}
			if of["UserPoolId"] != nil {
				clients = append(clients, foreign.id)
			}
			for _, client := range clients {
				w.post(name, w.with(of, sample{"ClientId": client})).is(t, 400, exception, "User pool client "+client+" does not exist.")
			}
		}
		if _, has := of["Username"]; has && op.Class == api.IAM && name != "AdminCreateUser" {
			for _, user := range []string{"nobody", stranger} {
				w.post(name, w.with(of, sample{"Username": user})).is(t, 400, "UserNotFoundException", textNoUser)
			}
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if after := w.state(); after != before {
		t.Errorf("refused requests changed something:\n%s\n%s", before, after)
	}
}

// Whatever the operation, only an access token that is alive counts, and nothing changes.
func TestWrongTokens(t *testing.T) {
	t.Parallel()
	s := openAlone(t).generated()
	w := newWorld(s, "")
	tokens := func(who person) *types.AuthenticationResultType { return s.tokens(w.app, who.name, who.password) }
	good, revoked := tokens(w.user), tokens(w.user)
	must(s.RevokeToken(s.ctx, &idp.RevokeTokenInput{ClientId: &w.app.id, Token: revoked.RefreshToken}))(t)
	gone, reset, disabled := s.member(w.app.pool), s.member(w.app.pool), s.member(w.app.pool)
	gones, resets, disableds := tokens(gone), tokens(reset), tokens(disabled)
	must(s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &w.app.pool, Username: &gone.name}))(t)
	must(s.AdminResetUserPassword(s.ctx, &idp.AdminResetUserPasswordInput{UserPoolId: &w.app.pool, Username: &reset.name}))(t)
	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &w.app.pool, Username: &disabled.name}))(t)
	const notAuthorized = "NotAuthorizedException"
	kinds := map[string]struct{ token, exception, text string }{
		"none":     {"no.access.token", notAuthorized, textInvalidAccess},
		"ID":       {*good.IdToken, notAuthorized, textInvalidAccess},
		"refresh":  {*good.RefreshToken, notAuthorized, textInvalidAccess},
		"revoked":  {*revoked.AccessToken, notAuthorized, textRevoked},
		"gone":     {*gones.AccessToken, "UserNotFoundException", textNoUser},
		"reset":    {*resets.AccessToken, "PasswordResetRequiredException", "Password reset required for the user"},
		"disabled": {*disableds.AccessToken, notAuthorized, textRevoked},
	}
	before := w.state()
	all := samples()
	for name, of := range all {
		op := cognitoidp.Service.Operations[name]
		if of["AccessToken"] == nil {
			continue
		}
		for kind, k := range kinds {
			exception := k.exception
			if !slices.Contains(op.Errors, exception) {
				exception = notAuthorized
			}
			w.post(name, w.with(of, sample{"AccessToken": k.token})).is(t, 400, exception, k.text)
			if t.Failed() {
				t.Fatalf("%s with a token: %s", name, kind)
			}
		}
		text := "at 'accessToken' failed to satisfy constraint: Member must not be null"
		if op.Class == api.AccessTokenOrSession {
			text = "Exactly one of AccessToken and Session must be given."
		}
		if got := w.post(name, w.with(of, sample{"AccessToken": nil})); got.status != 400 || !strings.Contains(got.body, text) {
			t.Errorf("%s without a token: %s", name, got.body)
		}
	}
	if after := w.state(); after != before {
		t.Errorf("refused requests changed something:\n%s\n%s", before, after)
	}
	s.server.Advance(time.Hour)
	for name, of := range all {
		if of["AccessToken"] != nil {
			w.post(name, w.with(of, sample{"AccessToken": *good.AccessToken})).is(t, 400, notAuthorized, "Access Token has expired")
		}
	}
}

// Whatever the challenge, a Session that Cenote did not make is told by the same words.
func TestWrongSessions(t *testing.T) {
	t.Parallel()
	s := open(t).generated()
	w := newWorld(s, "")
	made := strings.Repeat("AbC-_", 20)
	var answers []string
	for _, name := range types.ChallengeNameType("").Values() {
		answers = append(answers, w.fill(jsonOf(map[string]any{
			"ClientId": "{client}", "ChallengeName": name, "Session": made, "ChallengeResponses": map[string]any{
				"USERNAME": "{user}", "NEW_PASSWORD": password, "ANSWER": "x", "SMS_MFA_CODE": "123456", "SOFTWARE_TOKEN_MFA_CODE": "123456",
				"EMAIL_OTP_CODE": "123456", "SMS_OTP_CODE": "123456", "PASSWORD": password, "CREDENTIAL": "{}", "DEVICE_KEY": absent["{device}"],
				"SRP_A": "abc", "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA", "PASSWORD_CLAIM_SIGNATURE": "AAAA", "TIMESTAMP": "Thu Jan 1 00:00:00 UTC 2026",
			},
		})))
	}
	for _, answer := range answers {
		got := w.post("RespondToAuthChallenge", answer)
		admin := w.post("AdminRespondToAuthChallenge", strings.Replace(answer, "{", `{"UserPoolId":"`+w.app.pool+`",`, 1))
		if strings.Contains(answer, `"PASSWORD_VERIFIER"`) { // a proof needs no Session
			continue
		}
		got.is(t, 400, "NotAuthorizedException", "Invalid session for the user.")
		admin.is(t, 400, "NotAuthorizedException", "Invalid session for the user.")
		if t.Failed() {
			t.Fatal(answer)
		}
	}
	for operation, body := range map[string]string{
		"AssociateSoftwareToken": `{"Session":"` + made + `"}`, "VerifySoftwareToken": `{"UserCode":"123456","Session":"` + made + `"}`,
	} {
		w.post(operation, body).is(t, 400, "NotAuthorizedException", "Invalid session for the user.")
	}
}

// Lists without a greatest length cost work in proportion.
func TestLongLists(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	s.http = http.DefaultClient // the answers are as long
	list := func(element string) string {
		return strings.TrimSuffix(strings.Repeat(element+",", 40_000), ",")
	}
	for operation, body := range map[string]string{
		"SignUp":                    `{"ClientId":"` + a.id + `","Username":"u","Password":"` + password + `","UserAttributes":[` + list(`{"Name":"x"}`) + `]}`,
		"AdminDeleteUserAttributes": `{"UserPoolId":"` + a.pool + `","Username":"u","UserAttributeNames":[` + list(`"nickname"`) + `]}`,
		"ListUsers":                 `{"UserPoolId":"` + a.pool + `","AttributesToGet":[` + list(`"nickname"`) + `]}`,
		"CreateUserPoolClient":      `{"UserPoolId":"` + a.pool + `","ClientName":"c","ReadAttributes":[` + list(`"nickname"`) + `]}`,
	} {
		if got := s.post(operation, body); got.status >= 500 {
			t.Errorf("%s: %d", operation, got.status)
		}
	}
}
