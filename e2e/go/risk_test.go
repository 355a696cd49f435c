package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// protected makes a pool look at risk.
func protected(mode types.AdvancedSecurityModeType) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) {
		in.UserPoolAddOns = &types.UserPoolAddOnsType{AdvancedSecurityMode: mode}
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: ptr(int32(8))}}
	}
}

// compromised is on the list that ships.
const compromised = "Password123"

// The texts of refusals, as AWS has them.
const (
	textLeaked    = "Provided password cannot be used for security reasons."
	textAtRisk    = "Unable to login because of security reasons."
	textBlockedIP = "Request not allowed due to security reasons."
)

// place is where somebody signs in from.
type place struct{ ip, agent, device, language, zone string }

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	chrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)

var home, away = place{"198.51.100.7", firefox, "home:1", "de-DE", "01:00"}, place{"203.0.113.9", chrome, "away:1", "en-US", "-07:00"}

// encoded is EncodedData as the script for browsers makes it.
func (p place) encoded(a app, name string) *string {
	text, _ := json.Marshal(map[string]any{
		"contextData": map[string]string{"UserAgent": p.agent, "DeviceId": p.device, "DeviceLanguage": p.language, "DevicePlatform": "x", "ClientTimezone": p.zone},
		"username":    name, "userPoolId": a.pool, "timestamp": "1761000000000",
	})
	payload := string(text)
	mac := hmac.New(sha256.New, []byte(a.id))
	mac.Write([]byte("JS20171115" + payload))
	text, _ = json.Marshal(map[string]string{
		"payload": payload, "signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)), "version": "JS20171115",
	})
	return ptr(base64.StdEncoding.EncodeToString(text))
}

// signInFrom signs a user in through a trusted server that tells where the user is.
func (s *scene) signInFrom(a app, p place, name, password string) (*idp.AdminInitiateAuthOutput, error) {
	return s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
		UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
		ContextData: &types.ContextDataType{
			IpAddress: &p.ip, ServerName: ptr("app"), ServerPath: ptr("/"), HttpHeaders: []types.HttpHeader{},
			EncodedData: p.encoded(a, name),
		},
	})
}

// settle lets a user sign in often enough for habits.
func (s *scene) settle(a app, who person) {
	s.t.Helper()
	for range 3 {
		must(s.signInFrom(a, home, who.name, who.password))(s.t)
	}
}

func (s *scene) events(pool, name string) []types.AuthEventType {
	s.t.Helper()
	return must(s.AdminListUserAuthEvents(s.ctx, &idp.AdminListUserAuthEventsInput{UserPoolId: &pool, Username: &name}))(s.t).AuthEvents
}

// told is an event without its id and time.
func told(e types.AuthEventType) string {
	risk := string(e.EventRisk.RiskDecision) + string(e.EventRisk.RiskLevel)
	if aws.ToBool(e.EventRisk.CompromisedCredentialsDetected) {
		risk += "!"
	}
	var challenges []string
	for _, c := range e.ChallengeResponses {
		challenges = append(challenges, string(c.ChallengeName)+string(c.ChallengeResponse))
	}
	return fmt.Sprintf("%s %s %s %v", e.EventType, e.EventResponse, risk, challenges)
}

func allTold(events []types.AuthEventType) (out []string) {
	for _, e := range events {
		out = append(out, told(e))
	}
	return out
}

// eventOf is the event that a token names.
func eventOf(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	var claims struct {
		EventID string `json:"event_id"`
	}
	if err := json.Unmarshal(must(base64.RawURLEncoding.DecodeString(parts[1]))(t), &claims); err != nil {
		t.Fatal(err)
	}
	return claims.EventID
}

func TestAuthEvents(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeAudit)), withSecret, func(in *idp.CreateUserPoolClientInput) {
		in.EnablePropagateAdditionalUserContextData = ptr(true)
	})
	step := func() { s.server.Advance(time.Second) }

	who := s.newcomer(a)
	step()
	must(s.ResendConfirmationCode(s.ctx, &idp.ResendConfirmationCodeInput{ClientId: &a.id, SecretHash: a.hash(who.name), Username: &who.name}))(t)
	code := s.codeFor(who.email)
	step()
	must(s.ConfirmSignUp(s.ctx, &idp.ConfirmSignUpInput{ClientId: &a.id, SecretHash: a.hash(who.name), Username: &who.name, ConfirmationCode: &code}))(t)
	if _, err := s.signIn(a, who.name, "Wr0ng-password!"); err == nil {
		t.Fatal("a wrong password let in")
	}
	step()
	out := must(s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters:  map[string]string{"USERNAME": who.name, "PASSWORD": who.password, "SECRET_HASH": *a.hash(who.name)},
		UserContextData: &types.UserContextDataType{IpAddress: &away.ip, EncodedData: away.encoded(a, who.name)},
	}))(t)
	step()
	must(s.ChangePassword(s.ctx, &idp.ChangePasswordInput{AccessToken: out.AuthenticationResult.AccessToken, PreviousPassword: &who.password, ProposedPassword: ptr("An0ther-one!")}))(t)
	step()
	must(s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, SecretHash: a.hash(who.name), Username: &who.name}))(t)
	code = s.codeFor(who.email)
	if got := told(s.events(a.pool, who.name)[0]); got != "ForgotPassword InProgress NoRisk []" {
		t.Errorf("a code that was sent is %q", got)
	}
	step()
	must(s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{ClientId: &a.id, SecretHash: a.hash(who.name), Username: &who.name, ConfirmationCode: &code, Password: ptr("A-third-0ne!")}))(t)

	events := s.events(a.pool, who.name)
	want := []string{
		"ForgotPassword Pass NoRisk []", "PasswordChange Pass NoRisk [PasswordSuccess]", "SignIn Pass NoRisk [PasswordSuccess]",
		"SignIn Fail NoRisk [PasswordFailure]", "ResendCode Pass NoRisk []", "SignUp Pass NoRisk []",
	}
	if diff := cmp.Diff(want, allTold(events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	from := types.EventContextDataType{IpAddress: &away.ip, DeviceName: ptr("Chrome 126, Windows 10"), Timezone: ptr("-07:00")}
	if diff := cmp.Diff(&from, events[2].EventContextData, cmpopts.IgnoreUnexported(from)); diff != "" {
		t.Errorf("the place (-want +got):\n%s", diff)
	}
	if got := eventOf(t, *out.AuthenticationResult.AccessToken); got != *events[2].EventId {
		t.Errorf("the token's event is %v, the sign-in's %s", got, *events[2].EventId)
	}
	// Page by page it is the same.
	var paged []types.AuthEventType
	pages := idp.NewAdminListUserAuthEventsPaginator(s, &idp.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: &who.name, MaxResults: ptr(int32(4))})
	for pages.HasMorePages() {
		paged = append(paged, must(pages.NextPage(s.ctx))(t).AuthEvents...)
	}
	if diff := cmp.Diff(allTold(events), allTold(paged)); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}

	rate := func(event string) error {
		_, err := s.AdminUpdateAuthEventFeedback(s.ctx, &idp.AdminUpdateAuthEventFeedbackInput{
			UserPoolId: &a.pool, Username: &who.name, EventId: &event, FeedbackValue: types.FeedbackValueTypeValid,
		})
		return err
	}
	if err := rate(*events[2].EventId); err != nil {
		t.Error(err)
	}
	if f := s.events(a.pool, who.name)[2].EventFeedback; f == nil || f.FeedbackValue != "Valid" || *f.Provider != "Admin" {
		t.Errorf("feedback %+v", f)
	}
	refused[*types.ResourceNotFoundException](t, rate("no-event"), "Auth event does not exist.")
	_, err := s.AdminListUserAuthEvents(s.ctx, &idp.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: ptr("nobody")})
	refused[*types.UserNotFoundException](t, err, "User does not exist.")
	_, err = s.AdminListUserAuthEvents(s.ctx, &idp.AdminListUserAuthEventsInput{UserPoolId: &a.pool, Username: &who.name, NextToken: ptr("made-up")})
	refused[*types.InvalidParameterException](t, err, "Paging Marker is Invalid for Request")
	off := s.app(s.pool())
	_, err = s.AdminListUserAuthEvents(s.ctx, &idp.AdminListUserAuthEventsInput{UserPoolId: &off.pool, Username: ptr(s.member(off.pool).name)})
	refused[*types.UserPoolAddOnNotEnabledException](t, err, "User pool add-ons are not enabled.")
}

func TestCompromisedPasswords(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeEnforced)))
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(compromised), UserAttributes: attributes("email", email())})
	refused[*types.InvalidPasswordException](t, err, textLeaked)

	who := s.member(a.pool)
	tokens := s.tokens(a, who.name, who.password)
	_, err = s.ChangePassword(s.ctx, &idp.ChangePasswordInput{AccessToken: tokens.AccessToken, PreviousPassword: &who.password, ProposedPassword: ptr(compromised)})
	refused[*types.InvalidPasswordException](t, err, textLeaked)
	must(s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, Username: &who.name}))(t)
	code := s.codeFor(who.email)
	reset := func(password string) error {
		_, err := s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{ClientId: &a.id, Username: &who.name, ConfirmationCode: &code, Password: &password})
		return err
	}
	refused[*types.InvalidPasswordException](t, reset(compromised), textLeaked)
	if err := reset("A-better-0ne"); err != nil { // the code stayed good
		t.Error(err)
	}

	// An administrator may set it, but nobody gets in with it.
	s.setPassword(a.pool, who.name, compromised)
	_, err = s.signIn(a, who.name, compromised)
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	if got := s.user(a.pool, who.name).UserStatus; got != types.UserStatusTypeResetRequired {
		t.Errorf("the user is %s", got)
	}
	if got := told(s.events(a.pool, who.name)[0]); got != "SignIn Fail Block! [PasswordSuccess]" {
		t.Errorf("the event is %q", got)
	}

	// Where a temporary password is replaced, the new one counts.
	newcomer := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &newcomer, TemporaryPassword: ptr(compromised), MessageAction: types.MessageActionTypeSuppress}))(t)
	out := must(s.signIn(a, newcomer, compromised))(t)
	answer := func(password string) (*idp.RespondToAuthChallengeOutput, error) {
		return s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session,
			ChallengeResponses: map[string]string{"USERNAME": newcomer, "NEW_PASSWORD": password},
		})
	}
	_, err = answer(compromised)
	refused[*types.InvalidPasswordException](t, err, textLeaked)
	must(answer("A-better-0ne"))(t)
	if got := told(s.events(a.pool, newcomer)[0]); got != "SignIn Pass NoRisk [PasswordSuccess]" {
		t.Errorf("the event is %q", got)
	}

	// AUDIT tells and lets pass, and so does an event that is not looked at.
	audit := s.app(s.pool(protected(types.AdvancedSecurityModeTypeAudit)))
	careless := username()
	must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &audit.id, Username: &careless, Password: ptr(compromised), UserAttributes: attributes("email", email())}))(t)
	if got := told(s.events(audit.pool, careless)[0]); got != "SignUp InProgress NoRisk! []" {
		t.Errorf("the event is %q", got)
	}
	s.risk(a, func(in *idp.SetRiskConfigurationInput) {
		in.CompromisedCredentialsRiskConfiguration = &types.CompromisedCredentialsRiskConfigurationType{
			EventFilter: []types.EventFilterType{types.EventFilterTypeSignIn},
			Actions:     &types.CompromisedCredentialsActionsType{EventAction: types.CompromisedCredentialsEventActionTypeBlock},
		}
	})
	must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(compromised), UserAttributes: attributes("email", email())}))(t)
}

// risk sets the risk configuration of an app's pool.
func (s *scene) risk(a app, change func(*idp.SetRiskConfigurationInput)) {
	s.t.Helper()
	in := &idp.SetRiskConfigurationInput{UserPoolId: &a.pool}
	change(in)
	must(s.SetRiskConfiguration(s.ctx, in))(s.t)
}

// acting makes every level of risk have the same effect, with a mail.
func acting(what types.AccountTakeoverEventActionType) func(*idp.SetRiskConfigurationInput) {
	action := func() *types.AccountTakeoverActionType {
		return &types.AccountTakeoverActionType{EventAction: what, Notify: true}
	}
	mail := func(kind string) *types.NotifyEmailType {
		return &types.NotifyEmailType{
			Subject:  ptr(kind + " for {username}"),
			HtmlBody: ptr(kind + "|{username}|{ip-address}|{device-name}|{event-id}|{feedback-token}|{one-click-link-valid}|{city}"),
		}
	}
	return func(in *idp.SetRiskConfigurationInput) {
		in.AccountTakeoverRiskConfiguration = &types.AccountTakeoverRiskConfigurationType{
			Actions: &types.AccountTakeoverActionsType{LowAction: action(), MediumAction: action(), HighAction: action()},
			NotifyConfiguration: &types.NotifyConfigurationType{
				SourceArn:  ptr("arn:aws:ses:us-east-1:000000000000:identity/security@example.com"),
				BlockEmail: mail("blocked"), NoActionEmail: mail("noticed"), MfaEmail: mail("challenged"),
			},
		}
	}
}

func TestBlockedAddresses(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeEnforced)))
	who := s.member(a.pool)
	s.risk(a, func(in *idp.SetRiskConfigurationInput) {
		in.RiskExceptionConfiguration = &types.RiskExceptionConfigurationType{BlockedIPRangeList: []string{"203.0.113.0/24"}, SkippedIPRangeList: []string{"198.51.100.7/32"}}
	})
	_, err := s.signInFrom(a, away, who.name, who.password)
	refused[*types.NotAuthorizedException](t, err, textBlockedIP)
	must(s.signInFrom(a, home, who.name, who.password))(t)
	// Nobody is bound by what a client without a secret says of its address.
	must(s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, Username: &who.name, UserContextData: &types.UserContextDataType{IpAddress: &away.ip}}))(t)
	_, err = s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, Username: &who.name, UserContextData: &types.UserContextDataType{IpAddress: ptr("here")}})
	refused[*types.InvalidParameterException](t, err, "Invalid IP address provided.")
	s.risk(a, func(in *idp.SetRiskConfigurationInput) {
		in.RiskExceptionConfiguration = &types.RiskExceptionConfigurationType{BlockedIPRangeList: []string{"127.0.0.0/8", "::1/128"}}
	})
	for _, name := range []string{who.name, username()} {
		_, err = s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, Username: &name})
		refused[*types.NotAuthorizedException](t, err, textBlockedIP)
	}
	_, err = s.signIn(a, who.name, who.password)
	refused[*types.NotAuthorizedException](t, err, textBlockedIP)
}

func TestUnusualSignIns(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	for action, want := range map[types.AccountTakeoverEventActionType]struct{ kind, text, event string }{
		types.AccountTakeoverEventActionTypeBlock:           {"blocked", textAtRisk, "SignIn Fail BlockLow [PasswordSuccess]"},
		types.AccountTakeoverEventActionTypeNoAction:        {"noticed", "", "SignIn Pass AccountTakeoverLow [PasswordSuccess]"},
		types.AccountTakeoverEventActionTypeMfaIfConfigured: {"challenged", "", "SignIn Pass AccountTakeoverLow [PasswordSuccess]"},
		types.AccountTakeoverEventActionTypeMfaRequired:     {"challenged", textAtRisk, "SignIn Fail BlockLow [PasswordSuccess]"},
	} {
		a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeEnforced)))
		s.risk(a, acting(action))
		who := s.member(a.pool)
		must(s.signInFrom(a, away, who.name, who.password))(t) // nothing is unusual yet
		must(s.signInFrom(a, home, who.name, who.password))(t)
		stranger := place{"192.0.2.1", strings.ReplaceAll(chrome, "Windows NT 10.0", "Linux"), "third", "de-DE", "01:00"}
		s.settle(a, who)
		s.server.Advance(time.Second)
		_, err := s.signInFrom(a, stranger, who.name, who.password)
		if want.text == "" && err != nil {
			t.Errorf("%s: %v", action, err)
		}
		if want.text != "" {
			refused[*types.NotAuthorizedException](t, err, want.text)
		}
		event := s.events(a.pool, who.name)[0]
		if got := told(event); got != want.event {
			t.Errorf("%s: the event is %q, want %q", action, got, want.event)
		}
		s.checkNotice(a, who, event, want.kind)
		// What the user called valid is no risk any more.
		s.server.Advance(time.Second)
		if _, err := s.signInFrom(a, stranger, who.name, who.password); err != nil {
			t.Errorf("%s: after feedback: %v", action, err)
		}
	}
}

// checkNotice reads the mail about an event and says, with its token, that all is well.
func (s *scene) checkNotice(a app, who person, event types.AuthEventType, kind string) {
	s.t.Helper()
	messages := s.server.Messages(s.ctx, who.email)
	if len(messages) == 0 {
		s.t.Fatal("no notice came")
	}
	m := messages[0]
	parts := strings.Split(m.Body, "|")
	if m.Subject != kind+" for "+who.name || len(parts) != 8 {
		s.t.Fatalf("%s: got %q, %q", kind, m.Subject, m.Body)
	}
	token := parts[5]
	book.add("feedback token", token)
	want := []string{kind, who.name, "192.0.2.1", "Chrome 126, Linux", *event.EventId, token, parts[6], "unknown"}
	if diff := cmp.Diff(want, parts); diff != "" {
		s.t.Errorf("the notice (-want +got):\n%s", diff)
	}
	rate := func(event, token string) error {
		_, err := s.UpdateAuthEventFeedback(s.ctx, &idp.UpdateAuthEventFeedbackInput{
			UserPoolId: &a.pool, Username: &who.name, EventId: &event, FeedbackToken: &token, FeedbackValue: types.FeedbackValueTypeValid,
		})
		return err
	}
	refused[*types.NotAuthorizedException](s.t, rate(*event.EventId, token[1:]), "Invalid feedback token.")
	refused[*types.NotAuthorizedException](s.t, rate(*s.events(a.pool, who.name)[1].EventId, token), "Invalid feedback token.")
	link, err := url.Parse(html.UnescapeString(parts[6]))
	if err != nil || !strings.HasPrefix(link.String(), s.url+"/eventFeedback?") || link.Query().Get("value") != "valid" {
		s.t.Fatalf("the link %s", parts[6])
	}
	if page := s.send(http.MethodGet, link.RequestURI(), ""); page.status != 200 || s.events(a.pool, who.name)[0].EventFeedback != nil {
		s.t.Errorf("following the link: %d %s", page.status, page.body)
	}
	form := func(token string) int {
		q := link.Query()
		q.Set("token", token)
		return s.send(http.MethodPost, "/eventFeedback", q.Encode(), "Content-Type", "application/x-www-form-urlencoded").status
	}
	if status := form(token[1:]); status != 400 {
		s.t.Errorf("a form with another token: %d", status)
	}
	if status := form(token); status != 200 {
		s.t.Errorf("the form: %d", status)
	}
	if err := rate(*event.EventId, token); err != nil { // an application may do it, too
		s.t.Error(err)
	}
	if f := s.events(a.pool, who.name)[0].EventFeedback; f == nil || f.FeedbackValue != "Valid" || *f.Provider != "User" {
		s.t.Errorf("feedback %+v", f)
	}
}

// AUDIT judges, and does nothing.
func TestAuditOnlyWatches(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeAudit)))
	s.risk(a, acting(types.AccountTakeoverEventActionTypeBlock))
	who := s.member(a.pool)
	s.settle(a, who)
	must(s.signInFrom(a, away, who.name, who.password))(t)
	if got := told(s.events(a.pool, who.name)[0]); got != "SignIn Pass AccountTakeoverLow [PasswordSuccess]" {
		t.Errorf("the event is %q", got)
	}
}

// Where a second factor is left to users, risk asks for it all the same.
func TestRiskAsksForASecondFactor(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeEnforced), func(in *idp.CreateUserPoolInput) {
		in.MfaConfiguration = types.UserPoolMfaTypeOptional
		in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: ptr("arn:aws:iam::000000000000:role/sms")}
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{{
			Name: types.RecoveryOptionNameTypeVerifiedEmail, Priority: ptr(int32(1)),
		}}}
	}))
	s.risk(a, acting(types.AccountTakeoverEventActionTypeMfaRequired))
	number := phone()
	who := s.member(a.pool, "phone_number", number, "phone_number_verified", "true")
	s.settle(a, who)
	s.server.Advance(time.Second)
	out := must(s.signInFrom(a, away, who.name, who.password))(t)
	if out.ChallengeName != types.ChallengeNameTypeSmsMfa {
		t.Fatalf("got challenge %q", out.ChallengeName)
	}
	if got := told(s.events(a.pool, who.name)[0]); got != "SignIn InProgress AccountTakeoverLow [PasswordSuccess]" {
		t.Errorf("the event is %q", got)
	}
	code := s.codeFor(number)
	answer := func(code string) (*idp.AdminRespondToAuthChallengeOutput, error) {
		return s.AdminRespondToAuthChallenge(s.ctx, &idp.AdminRespondToAuthChallengeInput{
			UserPoolId: &a.pool, ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session,
			ChallengeResponses: map[string]string{"USERNAME": who.name, "SMS_MFA_CODE": code},
			ContextData: &types.ContextDataType{
				IpAddress: &away.ip, ServerName: ptr("app"), ServerPath: ptr("/"), HttpHeaders: []types.HttpHeader{}, EncodedData: away.encoded(a, who.name),
			},
		})
	}
	if _, err := answer(other(code)); err == nil {
		t.Error("a wrong code let in")
	}
	if got := told(s.events(a.pool, who.name)[0]); got != "SignIn Fail AccountTakeoverLow [PasswordSuccess MfaFailure]" {
		t.Errorf("the event is %q", got)
	}
	if in := must(answer(code))(t); in.AuthenticationResult == nil {
		t.Errorf("got %+v", in)
	}
	events := s.events(a.pool, who.name)
	if got := told(events[0]); got != "SignIn Pass AccountTakeoverLow [PasswordSuccess MfaSuccess]" || len(events) != 4 {
		t.Errorf("the event is %q, of %d", got, len(events))
	}
	if m := s.server.Messages(s.ctx, who.email); len(m) == 0 || m[0].Subject != "challenged for "+who.name {
		t.Errorf("the notice is %+v", m)
	}
	// By now the place is known.
	s.server.Advance(time.Second)
	if again := must(s.signInFrom(a, away, who.name, who.password))(t); again.AuthenticationResult == nil {
		t.Errorf("got challenge %q from a known place", again.ChallengeName)
	}
}

// A sign-in that begins on one node and ends on another is one event.
func TestEventsOfTwoNodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left, right := serve(t, dir, sqlite(dir)...).scene(t), serve(t, dir, sqlite(dir)...).scene(t)
	a := left.app(left.pool(protected(types.AdvancedSecurityModeTypeAudit)))
	name := username()
	must(left.AdminCreateUser(left.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &a.pool, Username: &name, TemporaryPassword: ptr(password), MessageAction: types.MessageActionTypeSuppress,
	}))(t)
	out := must(left.signIn(a, name, password))(t)
	if got := allTold(left.events(a.pool, name)); len(got) != 1 || got[0] != "SignIn InProgress NoRisk [PasswordSuccess]" {
		t.Errorf("events %q", got)
	}
	in := must(right.RespondToAuthChallenge(right.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": "An0ther-one!"},
	}))(t)
	events := right.events(a.pool, name)
	if got := allTold(events); len(got) != 1 || got[0] != "SignIn Pass NoRisk [PasswordSuccess]" {
		t.Fatalf("events %q", got)
	}
	if got := eventOf(t, *in.AuthenticationResult.AccessToken); got != *events[0].EventId {
		t.Errorf("the token's event is %s, the sign-in's %s", got, *events[0].EventId)
	}
}

// A sign-in by choice is looked at from the moment that its first factor holds.
func TestRiskOfChosenFactors(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(protected(types.AdvancedSecurityModeTypeEnforced)), func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(allFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	who := s.member(a.pool)
	choose := func(password string) (*idp.RespondToAuthChallengeOutput, error) {
		out := must(s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
			ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserAuth, AuthParameters: map[string]string{"USERNAME": who.name},
		}))(t)
		if out.ChallengeName != types.ChallengeNameTypeSelectChallenge {
			t.Fatalf("got challenge %q", out.ChallengeName)
		}
		return s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session,
			ChallengeResponses: map[string]string{"USERNAME": who.name, "ANSWER": "PASSWORD", "PASSWORD": password},
		})
	}
	if out := must(choose(who.password))(t); out.AuthenticationResult == nil {
		t.Errorf("got challenge %q", out.ChallengeName)
	}
	if got := allTold(s.events(a.pool, who.name)); len(got) != 1 || got[0] != "SignIn Pass NoRisk [PasswordSuccess]" {
		t.Errorf("events %q", got)
	}
	s.setPassword(a.pool, who.name, compromised)
	_, err := choose(compromised)
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	if got := told(s.events(a.pool, who.name)[0]); got != "SignIn Fail Block! [PasswordSuccess]" {
		t.Errorf("the event is %q", got)
	}
}

// eventSamples are the samples of the operations on auth events.
func eventSamples() map[string]sample {
	feedback := func(more sample) sample {
		more["UserPoolId"], more["Username"], more["EventId"], more["FeedbackValue"] = "{pool}", "{user}", "{event}", "Valid"
		return more
	}
	return map[string]sample{
		"AdminListUserAuthEvents":      {"UserPoolId": "{pool}", "Username": "{user}", "MaxResults": 2, "NextToken": "x"},
		"AdminUpdateAuthEventFeedback": feedback(sample{}),
		"UpdateAuthEventFeedback":      feedback(sample{"FeedbackToken": "{feedback}"}),
	}
}

// prepareEvents lets the user sign in from where the user was never before, and reads the
// mail about it.
func (w *world) prepareEvents() {
	if _, events := eventSamples()[w.operation]; !events {
		return
	}
	w.risk(w.app, acting(types.AccountTakeoverEventActionTypeNoAction))
	w.settle(w.app, w.user)
	must(w.signInFrom(w.app, away, w.user.name, w.user.password))(w.t)
	for _, m := range w.server.Messages(w.ctx, w.user.email) {
		if parts := strings.Split(m.Body, "|"); len(parts) == 8 {
			book.add("feedback token", parts[5])
			w.tokens["{event}"], w.tokens["{feedback}"] = parts[4], parts[5]
			return
		}
	}
	w.t.Fatal("no notice came")
}
