package signin_test

import (
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

var (
	wrongCode = failure{"CodeMismatchException", "Invalid code or auth state for the user."}
	wrongTOTP = failure{"CodeMismatchException", "Invalid code received for user"}
	usedTOTP  = failure{"ExpiredCodeException", "Your software token has already been used once."}
	codeLock  = notAuthorized("Too many invalid credentials attempts. User temporarily locked. Please try again after few seconds.")
)

func TestSelectingAFactor(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Select"), mfa("OPTIONAL", catalog.Factors()...))
	seed := []byte("12345678901234567890")
	e.user(c.Pool, "jane", withApp(seed), with("phone_number", "+15550001234"), func(u *store.User) { u.MFA.SMS, u.MFA.Email = true, true })
	e.user(c.Pool, "joe", with("phone_number", "+15550005678"), func(u *store.User) { u.MFA.SMS, u.MFA.Email = true, true })
	code := map[string]func() string{
		"SMS_MFA":            func() string { return e.code("+15550001234") },
		"EMAIL_OTP":          func() string { return e.code("jane@example.com") },
		"SOFTWARE_TOKEN_MFA": func() string { return e.totp(seed) },
	}
	for _, row := range []struct {
		answer    string
		challenge cognitoidp.ChallengeNameType
		member    string
	}{
		{"SMS_MFA", "SMS_MFA", "SMS_MFA_CODE"},
		{"EMAIL_OTP", "EMAIL_OTP", "EMAIL_OTP_CODE"},
		{"EMAIL_MFA", "EMAIL_OTP", "EMAIL_MFA_CODE"}, // as the API's text calls them
		{"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE"},
	} {
		out, err := e.signIn(c, "jane", password)
		first := wantChallenge(t, "SELECT_MFA_TYPE", out, err)
		out, err = e.respond(c, "SELECT_MFA_TYPE", first.Session, values{"USERNAME": "jane", "ANSWER": row.answer})
		second := wantChallenge(t, row.challenge, out, err)
		_, err = e.respond(c, "SELECT_MFA_TYPE", first.Session, values{"USERNAME": "jane", "ANSWER": row.answer})
		wantFault(t, err, usedSession)
		_, err = e.respond(c, row.challenge, first.Session, values{"USERNAME": "jane", row.member: "123456"})
		wantFault(t, err, badSession)
		// Clients send the code under the name of text messages, too.
		out, err = e.respond(c, row.challenge, second.Session, values{"USERNAME": "jane", "SMS_MFA_CODE": "x", row.member: code[string(row.challenge)]()})
		wantTokens(t, out, err)
	}
	out, err := e.signIn(c, "joe", password)
	joe := wantChallenge(t, "SELECT_MFA_TYPE", out, err)
	for _, answer := range []string{"SOFTWARE_TOKEN_MFA", "PASSWORD", "sms_mfa"} {
		_, err = e.respond(c, "SELECT_MFA_TYPE", joe.Session, values{"USERNAME": "joe", "ANSWER": answer})
		wantFault(t, err, invalid("The answer is none of the offered second factors."))
	}
	_, err = e.respond(c, "SELECT_MFA_TYPE", joe.Session, values{"USERNAME": "joe"})
	wantFault(t, err, invalid("Missing required parameter ANSWER"))
	out, err = e.respond(c, "SELECT_MFA_TYPE", joe.Session, values{"USERNAME": "joe", "ANSWER": "SMS_MFA"})
	wantChallenge(t, "SMS_MFA", out, err)
}

// Wrong codes leave the Session good, until there were too many; then no Session helps.
func TestWrongCodesLock(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Wrong"), mfa("OPTIONAL", catalog.Factors()...))
	seed := []byte("12345678901234567890")
	e.user(c.Pool, "app", withApp(seed))
	e.user(c.Pool, "mail", func(u *store.User) { u.MFA.Email = true })
	for _, row := range []struct {
		name      string
		challenge cognitoidp.ChallengeNameType
		member    string
		code      func() string
		wrong     failure
	}{
		{"app", "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE", func() string { return e.totp(seed) }, wrongTOTP},
		{"mail", "EMAIL_OTP", "EMAIL_OTP_CODE", func() string { return e.code("mail@example.com") }, wrongCode},
	} {
		enter := func(session *string, code string) (*answer, error) {
			return e.respond(c, row.challenge, session, values{"USERNAME": row.name, row.member: code})
		}
		out, err := e.signIn(c, row.name, password)
		posed := wantChallenge(t, row.challenge, out, err)
		for range 5 {
			_, err = enter(posed.Session, "no")
			wantFault(t, err, row.wrong)
		}
		_, err = enter(posed.Session, row.code())
		wantFault(t, err, codeLock)
		out, err = e.signIn(c, row.name, password) // the password is another matter
		other := wantChallenge(t, row.challenge, out, err)
		_, err = enter(other.Session, row.code())
		wantFault(t, err, codeLock)
		e.sleep(time.Second)
		_, err = enter(other.Session, "no")
		wantFault(t, err, row.wrong)
		e.sleep(time.Second)
		_, err = enter(other.Session, row.code())
		wantFault(t, err, codeLock)
		e.sleep(time.Second)
		out, err = enter(other.Session, row.code())
		wantTokens(t, out, err)
		out, err = e.signIn(c, row.name, password)
		last := wantChallenge(t, row.challenge, out, err)
		_, err = enter(last.Session, "no")
		wantFault(t, err, row.wrong)
	}
}

// Of guesses that come all at once no more are judged than one after another.
func TestGuessedCodesAtOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("AtOnce"), mfa("OPTIONAL", catalog.FactorEmail))
	e.user(c.Pool, "jane", func(u *store.User) { u.MFA.Email = true })
	out, err := e.signIn(c, "jane", password)
	posed := wantChallenge(t, "EMAIL_OTP", out, err)
	var work sync.WaitGroup
	var mu sync.Mutex
	judged := 0
	for range 16 {
		work.Go(func() {
			_, err := e.respond(c, "EMAIL_OTP", posed.Session, values{"USERNAME": "jane", "EMAIL_OTP_CODE": "no"})
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(err.Error(), "CodeMismatch") {
				judged++
			}
		})
	}
	work.Wait()
	if judged != 5 {
		t.Errorf("%d guesses were judged, want 5", judged)
	}
	_, err = e.respond(c, "EMAIL_OTP", posed.Session, values{"USERNAME": "jane", "EMAIL_OTP_CODE": e.code("jane@example.com")})
	wantFault(t, err, codeLock)
}

// A code proves the address that it went to, and counts only while that is the user's.
func TestCodesProveAddresses(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Proves"), mfa("ON", catalog.FactorSMS))
	jane := e.user(c.Pool, "jane", with("phone_number", "+15550001234"))
	ask := func() *answer {
		t.Helper()
		out, err := e.signIn(c, "jane", password)
		return wantChallenge(t, "SMS_MFA", out, err)
	}
	enter := func(posed *answer, code string) (*answer, error) {
		return e.respond(c, "SMS_MFA", posed.Session, values{"USERNAME": "jane", "SMS_MFA_CODE": code})
	}
	moved := ask()
	code := e.code("+15550001234")
	e.change(jane, with("phone_number", "+15550009999"))
	_, err := enter(moved, code)
	wantFault(t, err, wrongCode)
	if got := e.fresh(jane).Attributes["phone_number_verified"]; got != "" {
		t.Errorf("verified is %q", got)
	}
	// Sign-ins at the same time do not void each other's codes.
	first := ask()
	firstCode := e.code("+15550009999")
	second := ask()
	secondCode := e.code("+15550009999")
	if _, err = enter(first, secondCode); firstCode != secondCode {
		wantFault(t, err, wrongCode)
	}
	out, err := enter(first, firstCode)
	wantTokens(t, out, err)
	out, err = enter(second, secondCode)
	wantTokens(t, out, err)
	if got := e.fresh(jane).Attributes["phone_number_verified"]; got != "true" {
		t.Errorf("verified is %q", got)
	}
}

// What a client is told when a code cannot be sent; the password need not be sent again for
// the next try than by a new sign-in.
func TestCodeThatCannotBeSent(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Unsent"), mfa("OPTIONAL", catalog.Factors()...))
	e.user(c.Pool, "sms", with("phone_number", "+15550001234"), func(u *store.User) { u.MFA.SMS = true })
	e.user(c.Pool, "mail", func(u *store.User) { u.MFA.Email = true })
	e.mail.fail = errors.New("down")
	const text = "Failed to deliver the message: the sender refused it."
	_, err := e.signIn(c, "sms", password)
	wantFault(t, err, failure{"InvalidSmsRoleAccessPolicyException", text})
	_, err = e.srp(c, "mail", password)
	wantFault(t, err, failure{"InvalidEmailRoleAccessPolicyException", text})
	e.mail.fail = nil
	out, err := e.srp(c, "mail", password)
	wantChallenge(t, "EMAIL_OTP", out, err)
}

// A used SECRET_BLOCK sends no second code.
func TestReplayedProofSendsNoCode(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Replay"), mfa("OPTIONAL", catalog.FactorEmail))
	e.user(c.Pool, "jane", func(u *store.User) { u.MFA.Email = true })
	claim := must(e.claim(c, "jane", password, nil))(t)
	out, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantChallenge(t, "EMAIL_OTP", out, err)
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantFault(t, err, badCredentials)
	if sent := e.inbox.List(message.Filter{}); len(sent) != 1 {
		t.Errorf("%d codes were sent", len(sent))
	}
}

// A temporary password is replaced before the second factor is asked for.
func TestNewPasswordThenMFA(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Order"), mfa("ON", catalog.FactorTOTP, catalog.FactorEmail))
	seed := []byte("12345678901234567890")
	e.user(c.Pool, "jane", e.invited(c.Pool), func(u *store.User) { u.Credential.Seed, u.MFA.Preferred, u.MFA.TOTP = seed, "SOFTWARE_TOKEN_MFA", true })
	posed := e.ask(c, "jane")
	out, err := e.set(c, "jane", posed.Session, password2, nil)
	second := wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err)
	_, err = e.set(c, "jane", posed.Session, password2, nil)
	wantFault(t, err, usedSession)
	out, err = e.respond(c, "SOFTWARE_TOKEN_MFA", second.Session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
	wantTokens(t, out, err)
}

// The admin twins meet the same challenges and need not sign in through the same operation.
func TestSecondFactorThroughAdmin(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Admin"), mfa("OPTIONAL", catalog.FactorEmail))
	e.user(c.Pool, "jane", func(u *store.User) { u.MFA.Email = true })
	out, err := e.initiate(c, "ADMIN_USER_PASSWORD_AUTH", values{"USERNAME": "jane", "PASSWORD": password})
	posed := wantChallenge(t, "EMAIL_OTP", out, err)
	enter := func(code string) (*answer, error) {
		out, err := e.AdminRespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.AdminRespondToAuthChallengeRequest{
			UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, ChallengeName: new(catalog.FactorEmail), Session: posed.Session,
			ChallengeResponses: values{"USERNAME": "jane", "EMAIL_OTP_CODE": code},
		})
		return (*answer)(out), err
	}
	_, err = enter("no")
	wantFault(t, err, wrongCode)
	out, err = enter(e.code("jane@example.com"))
	wantTokens(t, out, err)
}

// Sessions for a second factor end as all Sessions do.
func TestSessionsOfSecondFactorsEnd(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("End"), mfa("OPTIONAL", catalog.Factors()...))
	other := e.sibling(c, "other")
	seed := []byte("12345678901234567890")
	jane := e.user(c.Pool, "jane", withApp(seed))
	e.user(c.Pool, "joe", withApp(seed))
	ask := func() *string {
		t.Helper()
		out, err := e.signIn(c, "jane", password)
		return wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err).Session
	}
	enter := func(c *catalog.Client, session *string, name string) error {
		_, err := e.respond(c, "SOFTWARE_TOKEN_MFA", session, values{"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
		return err
	}
	wantFault(t, enter(other, ask(), "jane"), badSession)
	wantFault(t, enter(c, ask(), "joe"), badSession)
	late := ask()
	e.sleep(3 * time.Minute)
	wantFault(t, enter(c, late, "jane"), oldSession)
	for name, change := range map[string]func(*store.User){
		"password": func(u *store.User) { u.Credential.Verifier = append([]byte{1}, u.Credential.Verifier[1:]...) },
		"app":      func(u *store.User) { u.Credential.Seed = []byte("another") },
		"sign-out": func(u *store.User) { u.AuthAfter = e.time().Add(time.Second).Truncate(time.Second) },
	} {
		before := jane.Credential
		session := ask()
		e.change(jane, change)
		if err := enter(c, session, "jane"); err == nil {
			t.Errorf("a Session outlives the user's %s", name)
		}
		e.change(jane, func(u *store.User) { u.Credential = before })
	}
	session := ask()
	e.change(jane, disabled)
	wantFault(t, enter(c, session, "jane"), isDisabled)
}

func TestEmailSetUpInSignIn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Mail"), mfa("ON", catalog.FactorEmail, catalog.FactorTOTP), recovering("admin_only"))
	noMail := func(u *store.User) { clear(u.Attributes) }
	for _, member := range []string{"EMAIL", "email"} {
		name := "with-" + member
		u := e.user(c.Pool, name, noMail)
		out, err := e.signIn(c, name, password)
		first := wantChallenge(t, "MFA_SETUP", out, err)
		_, err = e.respond(c, "MFA_SETUP", first.Session, values{"USERNAME": name, member: "nonsense"})
		wantFault(t, err, invalid("Invalid email address format."))
		out, err = e.respond(c, "MFA_SETUP", first.Session, values{"USERNAME": name, member: name + "@example.com"})
		second := wantChallenge(t, "EMAIL_OTP", out, err)
		if got := e.fresh(u).Attributes; got["email"] != name+"@example.com" || got["email_verified"] == "true" {
			t.Errorf("got %v", got)
		}
		_, err = e.respond(c, "MFA_SETUP", first.Session, values{"USERNAME": name, member: "other@example.com"})
		wantFault(t, err, usedSession)
		out, err = e.respond(c, "EMAIL_OTP", second.Session, values{"USERNAME": name, "EMAIL_OTP_CODE": e.code(name + "@example.com")})
		wantTokens(t, out, err)
		if got := e.fresh(u).Attributes; got["email_verified"] != "true" {
			t.Errorf("got %v", got)
		}
		out, err = e.signIn(c, name, password)
		wantChallenge(t, "EMAIL_OTP", out, err)
	}
	// Of two set-ups at once the second comes too late: the first has an address by now.
	e.user(c.Pool, "twice", noMail)
	one, err := e.signIn(c, "twice", password)
	wantChallenge(t, "MFA_SETUP", one, err)
	two, err := e.signIn(c, "twice", password)
	wantChallenge(t, "MFA_SETUP", two, err)
	out, err := e.respond(c, "MFA_SETUP", one.Session, values{"USERNAME": "twice", "EMAIL": "a@example.com"})
	wantChallenge(t, "EMAIL_OTP", out, err)
	_, err = e.respond(c, "MFA_SETUP", two.Session, values{"USERNAME": "twice", "EMAIL": "b@example.com"})
	wantFault(t, err, badSession)

	// What is not offered cannot be set up.
	onlyApp := e.configure(e.client("App"), mfa("ON", catalog.FactorTOTP))
	e.user(onlyApp.Pool, "jane", noMail)
	out, err = e.signIn(onlyApp, "jane", password)
	first := wantChallenge(t, "MFA_SETUP", out, err)
	_, err = e.respond(onlyApp, "MFA_SETUP", first.Session, values{"USERNAME": "jane", "EMAIL": "jane@example.com"})
	wantFault(t, err, invalid("The answer is none of the offered second factors."))
	_, err = e.respond(onlyApp, "MFA_SETUP", first.Session, values{"USERNAME": "jane"})
	wantFault(t, err, badSession)
}

// associate and verify are the two steps of setting an authenticator app up.
func (e *env) associate(call *api.Call, session *string) (seed []byte, next *string, err error) {
	in := &cognitoidp.AssociateSoftwareTokenRequest{Session: session}
	if session == nil {
		in.AccessToken = new("checked before")
	}
	out, err := e.AssociateSoftwareToken(e.t.Context(), call, in)
	if err != nil {
		return nil, nil, err
	}
	return must(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(*out.SecretCode))(e.t), out.Session, nil
}

func (e *env) verify(call *api.Call, session *string, code string) (*string, error) {
	in := &cognitoidp.VerifySoftwareTokenRequest{Session: session, UserCode: &code}
	if session == nil {
		in.AccessToken = new("checked before")
	}
	out, err := e.VerifySoftwareToken(e.t.Context(), call, in)
	if err != nil {
		return nil, err
	}
	return out.Session, nil
}

func TestAppWithAccessToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Token"), mfa("OPTIONAL", catalog.FactorTOTP))
	u := e.user(c.Pool, "jane")
	mismatch := failure{"EnableSoftwareTokenMFAException", "Code mismatch"}
	_, err := e.verify(e.as(c, u), nil, "123456")
	wantFault(t, err, failure{"SoftwareTokenMFANotFoundException", "Software Token MFA has not been associated with the user."})
	unused, _, err := e.associate(e.as(c, u), nil)
	wantFault(t, err, noFault)
	seed, session, err := e.associate(e.as(c, u), nil)
	wantFault(t, err, noFault)
	if session != nil {
		t.Error("a Session came without one")
	}
	_, err = e.verify(e.as(c, u), nil, e.totp(unused))
	wantFault(t, err, mismatch)
	code := e.totp(seed)
	_, err = e.verify(e.as(c, u), nil, code)
	wantFault(t, err, noFault)
	// It is set up, and not asked for until the user says so.
	out, err := e.signIn(c, "jane", password)
	wantTokens(t, out, err)
	wantFault(t, e.twins(c, u)["self"](app(new(true), new(true))), noFault)
	out, err = e.signIn(c, "jane", password)
	posed := wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err)
	if _, named := out.ChallengeParameters["FRIENDLY_DEVICE_NAME"]; named {
		t.Error("an app without a name has one")
	}
	enter := func(code string) (*answer, error) {
		return e.respond(c, "SOFTWARE_TOKEN_MFA", posed.Session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": code})
	}
	_, err = enter(code) // the code that set it up is used
	wantFault(t, err, usedTOTP)
	e.sleep(time.Minute)
	// The old app stays good until the new one is verified.
	next, _, err := e.associate(e.as(c, u), nil)
	wantFault(t, err, noFault)
	_, err = enter(e.totp(next))
	wantFault(t, err, wrongTOTP)
	out, err = enter(e.totp(seed))
	wantTokens(t, out, err)
	_, err = e.verify(e.as(c, u), nil, e.totp(next))
	wantFault(t, err, noFault)
	_, err = e.verify(e.as(c, u), nil, e.totp(next))
	wantFault(t, err, failure{"SoftwareTokenMFANotFoundException", "Software Token MFA has not been associated with the user."})
	if got := e.fresh(u); !got.MFA.TOTP || string(got.Credential.Seed) != string(next) || got.Credential.NewSeed != nil {
		t.Errorf("got %+v", got.MFA)
	}
}

func TestAppThatCannotBeSetUp(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	bare := e.client("Bare")
	u := e.user(bare.Pool, "jane")
	both := invalid("Exactly one of AccessToken and Session must be given.")
	for name, in := range map[string]cognitoidp.AssociateSoftwareTokenRequest{
		"neither": {}, "both": {AccessToken: new("token"), Session: new("session")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.AssociateSoftwareToken(t.Context(), e.as(bare, u), &in)
			wantFault(t, err, both)
			_, err = e.VerifySoftwareToken(t.Context(), e.as(bare, u), &cognitoidp.VerifySoftwareTokenRequest{
				AccessToken: in.AccessToken, Session: in.Session, UserCode: new("123456"),
			})
			wantFault(t, err, both)
		})
	}
	disabled := failure{"SoftwareTokenMFANotFoundException", "Software Token MFA has not been enabled by the userPool."}
	_, _, err := e.associate(e.as(bare, u), nil)
	wantFault(t, err, disabled)
	_, err = e.verify(e.as(bare, u), nil, "123456")
	wantFault(t, err, disabled)
	_, _, err = e.associate(e.as(bare, &store.User{Sub: "gone"}), nil)
	wantFault(t, err, notAuthorized("Access Token has been revoked"))

	c := e.configure(e.client("SetUp"), mfa("ON", catalog.FactorTOTP))
	jane := e.user(c.Pool, "jane")
	joe := e.user(c.Pool, "joe", e.invited(c.Pool))
	ask := func() *string {
		t.Helper()
		out, err := e.signIn(c, "jane", password)
		return wantChallenge(t, "MFA_SETUP", out, err).Session
	}
	for name, session := range map[string]*string{
		"nonsense": new("this is no Session at all"), "of another challenge": e.ask(c, joe.Username).Session,
	} {
		if _, _, err := e.associate(e.call(), session); name != "" {
			wantFault(t, err, badSession)
		}
		_, err := e.verify(e.call(), session, "123456")
		wantFault(t, err, badSession)
	}
	_, err = e.verify(e.call(), ask(), "123456") // no app was associated
	wantFault(t, err, badSession)
	late := ask()
	e.sleep(3 * time.Minute)
	_, _, err = e.associate(e.call(), late)
	wantFault(t, err, oldSession)

	// Whoever knows only the password cannot put another app in the place of one that was set
	// up meanwhile.
	early, mine := ask(), ask()
	_, stolen, err := e.associate(e.call(), early)
	wantFault(t, err, noFault)
	seed, mine, err := e.associate(e.call(), mine)
	wantFault(t, err, noFault)
	done, err := e.verify(e.call(), mine, e.totp(seed))
	wantFault(t, err, noFault)
	for _, session := range []*string{early, mine} {
		_, _, err = e.associate(e.call(), session)
		wantFault(t, err, badSession)
	}
	_, err = e.verify(e.call(), stolen, "123456")
	wantFault(t, err, badSession)
	_, _, err = e.associate(e.call(), done)
	wantFault(t, err, badSession)
	// Abandoned here, the app is set up all the same, and its code is used.
	out, err := e.signIn(c, "jane", password)
	posed := wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err)
	_, err = e.respond(c, "SOFTWARE_TOKEN_MFA", posed.Session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
	wantFault(t, err, usedTOTP)
	if got := e.fresh(jane); string(got.Credential.Seed) != string(seed) {
		t.Error("another app was set up")
	}
}

// Of sign-ins that show one code of an app at the same time, one gets through; the others'
// Sessions stay good.
func TestOneCodeForManySignIns(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Many"), mfa("ON", catalog.FactorTOTP))
	seed := []byte("12345678901234567890")
	e.user(c.Pool, "jane", withApp(seed))
	var sessions []*string
	for range 6 {
		out, err := e.signIn(c, "jane", password)
		sessions = append(sessions, wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err).Session)
	}
	sessions = append(sessions, sessions[0])
	enter := func(session *string) error {
		_, err := e.respond(c, "SOFTWARE_TOKEN_MFA", session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
		return err
	}
	errs := make([]error, len(sessions))
	var work sync.WaitGroup
	for i, session := range sessions {
		work.Go(func() { errs[i] = enter(session) })
	}
	work.Wait()
	through := 0
	for i, err := range errs {
		switch {
		case err == nil:
			through++
		case i == 0 || i == len(errs)-1: // one Session, twice: it may be used by now
			if !strings.Contains(err.Error(), "used once") && !strings.Contains(err.Error(), usedTOTP.message) {
				t.Error(err)
			}
		default:
			wantFault(t, err, usedTOTP)
		}
	}
	if through != 1 {
		t.Errorf("%d sign-ins got through", through)
	}
	e.sleep(30 * time.Second)
	for i, session := range sessions[1:3] {
		if errs[i+1] != nil {
			wantFault(t, enter(session), noFault)
			e.sleep(30 * time.Second)
		}
	}
}
