package directory_test

import (
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	textSession        = "Invalid session for the user."
	textSessionExpired = "Invalid session for the user, session is expired."
)

// firstFactors are what the pool lets come first, besides passwords, and a client that lets
// its users choose.
func firstFactors(factors ...cognitoidp.AuthFactorType) option {
	return func(p *cognitoidp.UserPoolType, c *store.Client) {
		p.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: append([]cognitoidp.AuthFactorType{"PASSWORD"}, factors...),
		}}
		c.Config.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_AUTH"}
	}
}

func inviteTemplate(text string) option {
	return func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.AdminCreateUserConfig = &cognitoidp.AdminCreateUserConfigType{
			InviteMessageTemplate: &cognitoidp.MessageTemplateType{EmailMessage: &text, EmailSubject: new("Hello")},
		}
	}
}

func (h *house) signUpWithout(username string, attributes ...string) (*cognitoidp.SignUpResponse, error) {
	return h.SignUp(h.t.Context(), h.call(), &cognitoidp.SignUpRequest{
		ClientId: &h.clientID, Username: &username, UserAttributes: list(attributes...),
	})
}

func (h *house) confirmIn(session *string, username, code string) (*string, error) {
	out, err := h.ConfirmSignUp(h.t.Context(), h.call(), &cognitoidp.ConfirmSignUpRequest{
		ClientId: &h.clientID, Username: &username, ConfirmationCode: &code, Session: session,
	})
	if err != nil {
		return nil, err
	}
	return out.Session, nil
}

// registration opens a Session of sign-up as sign-in does.
func (h *house) registration(session string) (proven string, concerns func(string) bool, err error) {
	h.t.Helper()
	client, err := h.catalog.Client(h.t.Context(), h.clientID)
	must(h.t, err)
	r, err := h.OpenRegistration(client, session, h.time())
	if err != nil {
		return "", nil, err
	}
	return r.Proven, func(username string) bool { return r.Concerns(h.user(username)) }, nil
}

func TestSignUpWithoutPassword(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const (
		needed   = "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
		noFactor = "Password is required for users without an attribute that receives one-time passwords."
	)
	for _, tt := range []struct {
		name       string
		factors    []cognitoidp.AuthFactorType
		attributes []string
		text       string
	}{
		{"passwords only", nil, []string{"email", "a@x.com"}, needed},
		{"passkeys", []cognitoidp.AuthFactorType{"WEB_AUTHN"}, []string{"email", "a@x.com"}, needed},
		{"mail", []cognitoidp.AuthFactorType{"EMAIL_OTP"}, []string{"email", "a@x.com"}, ""},
		{"mail, no address", []cognitoidp.AuthFactorType{"EMAIL_OTP"}, []string{"phone_number", "+15555550100"}, noFactor},
		{"phone", []cognitoidp.AuthFactorType{"SMS_OTP"}, []string{"phone_number", "+15555550100"}, ""},
		{"phone, no number", []cognitoidp.AuthFactorType{"SMS_OTP"}, []string{"email", "a@x.com"}, noFactor},
		{"nothing", []cognitoidp.AuthFactorType{"EMAIL_OTP", "SMS_OTP"}, nil, noFactor},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := g.house(t, firstFactors(tt.factors...))
			_, err := h.signUpWithout("ann", tt.attributes...)
			if tt.text != "" {
				wantFault(t, "SignUp", err, "InvalidParameterException", tt.text)
				if _, err := h.find("ann"); err == nil {
					t.Error("the user exists")
				}
				return
			}
			must(t, err)
			if u := h.user("ann"); u.Credential.HasPassword() || u.Status != cognitoidp.UserStatusTypeUnconfirmed {
				t.Errorf("%s, with a password: %v", u.Status, u.Credential.HasPassword())
			}
		})
	}
}

// A user without a password gets one by ChangePassword without the one before, or by the
// code of ForgotPassword.
func TestFirstPasswordLater(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*house) error{
		"ChangePassword": func(h *house) error {
			_, err := h.ChangePassword(h.t.Context(), h.as("ann"), &cognitoidp.ChangePasswordRequest{ProposedPassword: new(goodPassword)})
			return err
		},
		"ForgotPassword": func(h *house) error {
			_, err := h.forgot("ann")
			must(h.t, err)
			return h.confirmForgot("ann", h.lastCode("ann@example.com"), goodPassword)
		},
		"AdminSetUserPassword": func(h *house) error {
			_, err := h.AdminSetUserPassword(h.t.Context(), h.call(), &cognitoidp.AdminSetUserPasswordRequest{
				UserPoolId: &h.poolID, Username: new("ann"), Password: new(goodPassword), Permanent: new(true),
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, firstFactors("EMAIL_OTP"), autoVerify(email))
			_, err := h.signUpWithout("ann", "email", "ann@example.com")
			must(t, err)
			must(t, h.confirm("ann", h.lastCode("ann@example.com"), false))
			if h.passwordWorks("ann", goodPassword) || h.passwordWorks("ann", "") {
				t.Error("some password works")
			}
			must(t, set(h))
			if u := h.user("ann"); !h.passwordWorks("ann", goodPassword) || u.Status != cognitoidp.UserStatusTypeConfirmed {
				t.Errorf("%s, and the password does not work", u.Status)
			}
			_, err = h.ChangePassword(t.Context(), h.as("ann"), &cognitoidp.ChangePasswordRequest{ProposedPassword: new(goodPassword)})
			wantFault(t, "another one without the first", err, "InvalidParameterException", "Missing required parameter PreviousPassword")
		})
	}
}

func TestAdminCreateUserWithoutPassword(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	h := g.house(t, firstFactors("EMAIL_OTP"), require("name"))
	create := func(in cognitoidp.AdminCreateUserRequest) (*cognitoidp.UserType, error) {
		in.UserPoolId, in.DesiredDeliveryMediums = &h.poolID, []cognitoidp.DeliveryMediumType{"EMAIL"}
		out, err := h.AdminCreateUser(t.Context(), h.call(), &in)
		if err != nil {
			return nil, err
		}
		return out.User, nil
	}
	_, err := create(cognitoidp.AdminCreateUserRequest{Username: new("ann"), UserAttributes: list("email", "ann@example.com")})
	wantFault(t, "without a required attribute", err, "InvalidParameterException", "Attributes did not conform to the schema: name: The attribute is required\n")
	got, err := create(cognitoidp.AdminCreateUserRequest{Username: new("ann"), UserAttributes: list("email", "ann@example.com", "name", "Ann")})
	must(t, err)
	if u := h.user("ann"); *got.UserStatus != cognitoidp.UserStatusTypeConfirmed || u.Credential.HasPassword() {
		t.Errorf("%s, with a password: %v", *got.UserStatus, u.Credential.HasPassword())
	}
	if sent := h.inbox.List(message.Filter{To: "ann@example.com", Limit: 1}); len(sent) != 1 || sent[0].Body != "Your username is ann." || sent[0].Code != "" {
		t.Errorf("the invitation is %+v", sent)
	}
	_, err = create(cognitoidp.AdminCreateUserRequest{Username: new("ann"), MessageAction: new(cognitoidp.MessageActionTypeResend)})
	wantFault(t, "RESEND", err, "UnsupportedUserStateException", "Resend not possible. ann status is not FORCE_CHANGE_PASSWORD")

	got, err = create(cognitoidp.AdminCreateUserRequest{Username: new("bob"), UserAttributes: list("email", "bob@example.com"), TemporaryPassword: new(goodPassword)})
	must(t, err)
	if *got.UserStatus != cognitoidp.UserStatusTypeForceChangePassword || !h.passwordWorks("bob", goodPassword) {
		t.Errorf("a user with a temporary password is %s", *got.UserStatus)
	}
	_, err = create(cognitoidp.AdminCreateUserRequest{Username: new("carl"), MessageAction: new(cognitoidp.MessageActionTypeSuppress)})
	must(t, err)
	if u := h.user("carl"); u.Status != cognitoidp.UserStatusTypeForceChangePassword || !u.Credential.HasPassword() {
		t.Error("a user whom no code can reach got no password")
	}
}

func TestInvitationWithoutPassword(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"Welcome, {username}!":            "Welcome, ann!",
		"{username}: the password {####}": "Your username is ann.",
	} {
		h := newHouse(t, firstFactors("EMAIL_OTP"), inviteTemplate(template))
		_, err := h.AdminCreateUser(t.Context(), h.call(), &cognitoidp.AdminCreateUserRequest{
			UserPoolId: &h.poolID, Username: new("ann"), UserAttributes: list("email", "ann@example.com"),
			DesiredDeliveryMediums: []cognitoidp.DeliveryMediumType{"EMAIL"},
		})
		must(t, err)
		if got := h.inbox.List(message.Filter{Limit: 1})[0].Body; got != want {
			t.Errorf("%s became %s", template, got)
		}
	}
}

func TestSessionsOfSignUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, firstFactors("EMAIL_OTP"), autoVerify(email))
	out := h.mustSignUp("ann", "email", "ann@example.com")
	if out.Session == nil || len(*out.Session) < 20 || len(*out.Session) > 2048 {
		t.Fatalf("SignUp answered the Session %v", out.Session)
	}
	if proven, concerns, err := h.registration(*out.Session); err != nil || proven != "" || !concerns("ann") {
		t.Errorf("the Session of SignUp proves %q, %v", proven, err)
	}
	other := h.mustSignUp("bob", "email", "bob@example.com")
	code := h.lastCode("ann@example.com")
	for name, session := range map[string]*string{"garbage": new("AYABe" + *out.Session), "another's": other.Session} {
		_, err := h.confirmIn(session, "ann", code)
		wantFault(t, name, err, "NotAuthorizedException", textSession)
	}
	session, err := h.confirmIn(out.Session, "ann", code)
	must(t, err)
	proven, concerns, err := h.registration(*session)
	if err != nil || proven != "email" || !concerns("ann") || concerns("bob") {
		t.Errorf("the Session of ConfirmSignUp proves %q, %v", proven, err)
	}
	// It is none of SignUp.
	h.setStatus("ann", cognitoidp.UserStatusTypeUnconfirmed)
	_, err = h.confirmIn(session, "ann", code)
	wantFault(t, "the Session of ConfirmSignUp", err, "NotAuthorizedException", textSession)
	h.setStatus("ann", cognitoidp.UserStatusTypeConfirmed)

	must(t, h.adminUpdate("ann", "email", "new@example.com", "email_verified", "true"))
	if concerns("ann") {
		t.Error("the Session proves another address")
	}
	must(t, h.adminUpdate("ann", "email", "ann@example.com", "email_verified", "true"))
	if !concerns("ann") {
		t.Error("the Session proves its address no more")
	}
	h.sleep(time.Second)
	_, err = h.AdminSetUserPassword(t.Context(), h.call(), &cognitoidp.AdminSetUserPasswordRequest{
		UserPoolId: &h.poolID, Username: new("ann"), Password: new("N3w-Passw0rd!"), Permanent: new(true),
	})
	must(t, err)
	if concerns("ann") {
		t.Error("the Session outlives a new password")
	}
	h.sleep(3 * time.Minute)
	_, _, err = h.registration(*session)
	wantFault(t, "later", err, "NotAuthorizedException", textSessionExpired)
	_, err = h.confirmIn(other.Session, "bob", h.lastCode("bob@example.com"))
	wantFault(t, "an old Session", err, "NotAuthorizedException", textSessionExpired)
	session, err = h.confirmIn(nil, "bob", h.lastCode("bob@example.com")) // what was refused used no code up
	if err != nil || session == nil {
		t.Errorf("without a Session: %v, %v", session, err)
	}
}

// A Session says no more of unknown users than of known ones.
func TestSessionOfUnknownUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, firstFactors("EMAIL_OTP"), autoVerify(email), hideUsers)
	ann := h.mustSignUp("ann", "email", "ann@example.com")
	h.mustSignUp("bob", "email", "bob@example.com")
	for _, name := range []string{"bob", "nobody"} {
		for _, session := range []string{*ann.Session, "AYABe-and-some-more-letters"} {
			_, err := h.confirmIn(&session, name, "123456")
			wantFault(t, name, err, "NotAuthorizedException", textSession)
		}
	}
}

func TestNoSessionsWhereNobodyChooses(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]option{
		"another client": {autoVerify(email)},
		"no codes":       {autoVerify(email), firstFactors("WEB_AUTHN")},
	} {
		h := newHouse(t, options...)
		out := h.mustSignUp("ann", "email", "ann@example.com")
		if chooses := len(options) > 1; (out.Session != nil) != chooses {
			t.Errorf("%s: SignUp answered the Session %v", name, api.Value(out.Session))
		}
		session, err := h.confirmIn(nil, "ann", h.lastCode("ann@example.com"))
		if err != nil || session != nil {
			t.Errorf("%s: ConfirmSignUp answered the Session %v, %v", name, session, err)
		}
	}
}
