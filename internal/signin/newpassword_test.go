package signin_test

import (
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

const newPasswordRequired = cognitoidp.ChallengeNameTypeNewPasswordRequired

// ask signs an invited user in up to NEW_PASSWORD_REQUIRED.
func (e *env) ask(c *catalog.Client, name string) *answer {
	e.t.Helper()
	out, err := e.signIn(c, name, password)
	return wantChallenge(e.t, newPasswordRequired, out, err)
}

// set answers NEW_PASSWORD_REQUIRED, with attributes.
func (e *env) set(c *catalog.Client, name string, session *string, password string, attributes values) (*answer, error) {
	e.t.Helper()
	responses := values{"USERNAME": name, "NEW_PASSWORD": password}
	for attribute, value := range attributes {
		responses["userAttributes."+attribute] = value
	}
	return e.respond(c, newPasswordRequired, session, responses)
}

func TestNewPassword(t *testing.T) {
	t.Parallel()
	for way, signIn := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.client("New", required("given_name", "name"))
			u := e.user(c.Pool, "jane", e.invited(c.Pool), with("name", "Jane"), with("custom:plan", `a "b"`))
			out, err := signIn(e, c, "jane", password)
			wantChallenge(t, newPasswordRequired, out, err)
			p := out.ChallengeParameters
			var requiredNames []string
			var current map[string]string
			if json.Unmarshal([]byte(p["requiredAttributes"]), &requiredNames) != nil || json.Unmarshal([]byte(p["userAttributes"]), &current) != nil {
				t.Fatalf("got %v", p)
			}
			if diff := cmp.Diff([]string{"userAttributes.given_name"}, requiredNames); diff != "" || p["USER_ID_FOR_SRP"] != "jane" || len(p) != 3 {
				t.Errorf("got %v %s", p, diff)
			}
			if diff := cmp.Diff(map[string]string{"email": "jane@example.com", "email_verified": "true", "name": "Jane", "custom:plan": `a "b"`}, current); diff != "" {
				t.Error(diff)
			}
			e.sleep(time.Minute)
			out, err = e.set(c, "jane", out.Session, password2, values{"given_name": "Jane"})
			tokens := wantTokens(t, out, err)
			if _, _, err := e.tokens.CheckAccess(t.Context(), *tokens.AccessToken); err != nil {
				t.Error(err)
			}
			now := e.fresh(u)
			if now.Status != "CONFIRMED" || now.Attributes["given_name"] != "Jane" || !now.Credential.TemporaryUntil.IsZero() {
				t.Errorf("the user is %+v", now)
			}
			_, err = signIn(e, c, "jane", password)
			wantFault(t, err, badCredentials)
			out, err = signIn(e, c, "jane", password2)
			wantTokens(t, out, err)
		})
	}
}

func TestNewPasswordParametersAreAlwaysJSON(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("JSON", func(_ *cognitoidp.UserPoolType, c *store.Client) { c.Config.ReadAttributes = []string{"name"} })
	e.user(c.Pool, "jane", e.invited(c.Pool))
	p := e.ask(c, "jane").ChallengeParameters
	if p["requiredAttributes"] != "[]" || p["userAttributes"] != "{}" {
		t.Errorf("got %v", p)
	}
}

func TestNewPasswordRefusals(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	options := []option{
		required("given_name"), byEmail,
		func(_ *cognitoidp.UserPoolType, c *store.Client) {
			c.Config.WriteAttributes = []string{"given_name", "email", "custom:tenant", "phone_number"}
		},
	}
	c := e.client("Refused", options...)
	e.user(c.Pool, "joe")
	u := e.user(c.Pool, "jane", e.invited(c.Pool), with("custom:plan", "gold"), with("custom:tenant", "a"))
	policy := func(text string) failure {
		return failure{"InvalidPasswordException", "Password does not conform to policy: " + text}
	}
	good := values{"given_name": "Jane"}
	and := func(name, value string) values { return values{"given_name": "Jane", name: value} }
	session := e.ask(c, "jane").Session
	for name, row := range map[string]struct {
		password   string
		attributes values
		want       failure
	}{
		"short":                 {"x", good, policy("Password not long enough")},
		"weak":                  {"password", good, policy("Password must have uppercase characters")},
		"long":                  {strings.Repeat("Aa1!", 65), good, invalid("1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 256")},
		"blank":                 {"Passw0rd! 2", good, invalid(`1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [\S]+`)},
		"missing":               {password2, nil, invalid("Invalid attributes given, given_name is missing")},
		"emptied":               {password2, values{"given_name": ""}, invalid("Invalid attributes given, given_name is missing")},
		"changed":               {password2, and("email", "other@example.com"), notAuthorized("Cannot modify an already provided email")},
		"verified":              {password2, and("email_verified", "false"), notAuthorized("Cannot modify the non-mutable attribute email_verified")},
		"not writable":          {password2, and("name", "Jane"), notAuthorized("A client attempted to write unauthorized attribute")},
		"sub":                   {password2, and("sub", "x"), notAuthorized("A client attempted to write unauthorized attribute")},
		"phone of no form":      {password2, and("phone_number", "x"), invalid("Invalid phone number format.")},
		"immutable and changed": {password2, and("custom:tenant", "b"), notAuthorized("Cannot modify an already provided custom:tenant")},
	} {
		_, err := e.set(c, "jane", session, row.password, row.attributes)
		if wantFault(t, err, row.want); t.Failed() {
			t.Fatal(name)
		}
	}
	if now := e.fresh(u); now.Version != u.Version {
		t.Error("a refused answer has changed the user")
	}
	// None of them has used the Session up, and what is the same as before is no change.
	attributes := e.ask(c, "jane").ChallengeParameters["userAttributes"]
	echo := values{}
	if err := json.Unmarshal([]byte(attributes), &echo); err != nil {
		t.Fatal(err)
	}
	maps.Copy(echo, good)
	out, err := e.set(c, "jane", session, password2, echo)
	wantTokens(t, out, err)
}

// An alias that somebody else has is refused by the write itself, which changes nothing.
func TestNewPasswordWithTakenAlias(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Taken", byEmail)
	e.user(c.Pool, "joe")
	u := e.user(c.Pool, "jane", e.invited(c.Pool), func(u *store.User) { u.Attributes = map[string]string{} })
	session := e.ask(c, "jane").Session
	_, err := e.set(c, "jane", session, password2, values{"email": "joe@example.com"})
	wantFault(t, err, failure{"AliasExistsException", "An account with the given email already exists."})
	out, err := e.set(c, "jane", session, password2, values{"email": "jane@example.com"})
	wantTokens(t, out, err)
	if now := e.fresh(u); now.Attributes["email"] != "jane@example.com" || now.Attributes["email_verified"] != "false" {
		t.Errorf("got %v", now.Attributes)
	}
	out, err = e.signIn(c, "jane@example.com", password2)
	wantTokens(t, out, err)
}

func TestNewPasswordHistory(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	remembering := e.client("History", func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{PasswordHistorySize: new(1)}}
	})
	forgetting := e.client("NoHistory")
	e.user(remembering.Pool, "jane", e.invited(remembering.Pool))
	e.user(forgetting.Pool, "jane", e.invited(forgetting.Pool))
	session := e.ask(remembering, "jane").Session
	_, err := e.set(remembering, "jane", session, password, nil)
	wantFault(t, err, failure{"PasswordHistoryPolicyViolationException", "Password has previously been used."})
	out, err := e.set(remembering, "jane", session, password2, nil)
	wantTokens(t, out, err)
	// Without history the temporary password may stay.
	out, err = e.set(forgetting, "jane", e.ask(forgetting, "jane").Session, password, nil)
	wantTokens(t, out, err)
}

// Tokens that come with a new password are announced as such.
func TestNewPasswordRunsTriggers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Post", function(func(l *cognitoidp.LambdaConfigType, arn *string) { l.PostAuthentication = arn }))
	u := e.user(c.Pool, "jane", e.invited(c.Pool))
	session := e.ask(c, "jane").Session // no challenge ends a sign-in
	_, err := e.set(c, "jane", session, password2, nil)
	wantFault(t, err, failure{"UnexpectedLambdaException", "PostAuthentication" + noFunction})
	if e.fresh(u).Status != "CONFIRMED" {
		t.Error("the password is not set")
	}
	_, err = e.set(c, "jane", session, password2, nil)
	wantFault(t, err, usedSession)
}

// Of answers sent at once with one Session, one gets through.
func TestNewPasswordOnlyOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Race")
	e.user(c.Pool, "jane", e.invited(c.Pool))
	session := e.ask(c, "jane").Session
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = e.set(c, "jane", session, password2+string(rune('a'+i)), nil) })
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			out, err := e.signIn(c, "jane", password2+string(rune('a'+i)))
			wantTokens(t, out, err)
		} else if !fault.Is(err, "NotAuthorizedException") {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d answers got through", won)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c, other := e.client("Sessions", aliases("email")), e.client("OtherPool")
	sibling := e.sibling(c, "sibling")
	jane, joe := e.user(c.Pool, "jane", e.invited(c.Pool)), e.user(c.Pool, "joe", e.invited(c.Pool))
	e.user(other.Pool, "jane", e.invited(other.Pool))
	set := func(c *catalog.Client, name string, session *string, want failure) {
		t.Helper()
		_, err := e.set(c, name, session, password2, nil)
		wantFault(t, err, want)
	}
	good := e.ask(c, "jane").Session
	set(c, "jane", new("a Session of nobody's making"), badSession)
	set(c, "jane", new((*good)[:len(*good)-1]+"-"), badSession)
	set(c, "jane", new(*good+"\n"), badSession)
	set(sibling, "jane", good, badSession)
	set(other, "jane", good, badSession)
	set(c, "joe", good, badSession)
	set(c, "nobody", good, badSession)
	set(c, "jane", e.ask(c, "joe").Session, badSession)
	for _, challenge := range cognitoidp.ChallengeNameType("").Values() {
		if challenge == "PASSWORD_VERIFIER" || challenge == newPasswordRequired {
			continue
		}
		_, err := e.respond(c, challenge, good, values{
			"USERNAME": "jane", "SMS_MFA_CODE": "123456", "SOFTWARE_TOKEN_MFA_CODE": "123456", "DEVICE_KEY": "k", "SRP_A": "abc",
			"PASSWORD_CLAIM_SECRET_BLOCK": "x", "PASSWORD_CLAIM_SIGNATURE": "x", "TIMESTAMP": "x", "ANSWER": "x",
			"PASSWORD": "x", "SMS_OTP_CODE": "12345678", "CREDENTIAL": "{}",
		})
		if wantFault(t, err, badSession); t.Failed() {
			t.Fatal(challenge)
		}
	}
	e.sleep(c.SessionTTL() - time.Millisecond)
	set(c, "jane@example.com", good, noFault) // by an alias
	set(c, "jane", good, usedSession)
	set(c, "jane", good, usedSession)
	e.sleep(time.Millisecond)
	set(c, "jane", good, oldSession)

	// What happens to the user meanwhile ends the sign-in.
	expired := e.ask(c, "joe").Session
	e.sleep(c.SessionTTL())
	set(c, "joe", expired, oldSession)
	moved := e.ask(c, "joe").Session
	if err := e.db.SignOutEverywhere(t.Context(), joe.Pool, joe.ID, e.time()); err != nil {
		t.Fatal(err)
	}
	set(c, "joe", moved, badSession)
	disabling := e.ask(c, "joe").Session
	e.change(joe, disabled)
	set(c, "joe", disabling, isDisabled)
	e.change(joe, func(u *store.User) { u.Enabled = true })
	set(c, "joe", disabling, noFault)
	e.change(jane, e.invited(c.Pool))
	again := e.ask(c, "jane").Session
	e.change(jane, e.invited(c.Pool)) // an administrator sets another password
	set(c, "jane", again, badSession)
	deleted := e.ask(c, "jane").Session
	if err := e.db.DeleteUser(t.Context(), jane.Pool, jane.ID); err != nil {
		t.Fatal(err)
	}
	set(c, "jane", deleted, badSession)
}

// A temporary password that runs out between the challenge and the answer is no good.
func TestTemporaryPasswordExpiresMeanwhile(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Meanwhile")
	e.user(c.Pool, "jane", e.invited(c.Pool), func(u *store.User) { u.Credential.TemporaryUntil = e.time().Add(time.Minute) })
	session := e.ask(c, "jane").Session
	e.sleep(time.Minute)
	_, err := e.set(c, "jane", session, password2, nil)
	wantFault(t, err, isExpired)
}

// What the admin twins say and take is the same.
func TestAdminTwins(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Twins")
	e.user(c.Pool, "jane", e.invited(c.Pool))
	flow := cognitoidp.AuthFlowTypeAdminUserPasswordAuth
	out, err := e.AdminInitiateAuth(t.Context(), e.call(), &cognitoidp.AdminInitiateAuthRequest{
		UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, AuthFlow: &flow, AuthParameters: values{"USERNAME": "jane", "PASSWORD": password},
	})
	if err != nil {
		t.Fatal(err)
	}
	end, err := e.AdminRespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.AdminRespondToAuthChallengeRequest{
		UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeResponses: values{"USERNAME": "jane", "NEW_PASSWORD": password2},
	})
	wantTokens(t, (*answer)(end), err)
	_, err = e.AdminRespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.AdminRespondToAuthChallengeRequest{
		UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeResponses: values{"USERNAME": "jane", "NEW_PASSWORD": password2},
	})
	wantFault(t, err, usedSession)
}

// The SRP proof of an invited user is used up by the challenge that it leads to.
func TestProofOfTheInvitedIsUsedOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Invited")
	e.user(c.Pool, "jane", e.invited(c.Pool))
	claim := must(e.claim(c, "jane", password, nil))(t)
	out, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantChallenge(t, newPasswordRequired, out, err)
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantFault(t, err, badCredentials)
}

// A Session says for which challenge it is, and in which flow: one of a custom challenge that
// carries no state of a custom sign-in lets nobody in.
func TestSessionOfAnotherFlow(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Foreign")
	e.user(c.Pool, "jane", e.invited(c.Pool))
	bound := seal.Context("sign-in")
	plain := must(e.db.Keyring().OpenText(seal.Session, bound, *e.ask(c, "jane").Session))(t)
	reseal := func(plain string) *string {
		return new(must(e.db.Keyring().SealText(seal.Session, bound, []byte(plain)))(t))
	}
	custom := reseal(strings.Replace(string(plain), "NEW_PASSWORD_REQUIRED", "CUSTOM_CHALLENGE", 1))
	_, err := e.respond(c, "CUSTOM_CHALLENGE", custom, values{"USERNAME": "jane", "ANSWER": "123456"})
	wantFault(t, err, badSession)
	_, err = e.set(c, "jane", reseal("not JSON"), password2, nil)
	wantFault(t, err, badSession)
}

func FuzzSession(f *testing.F) {
	e := newEnv(f)
	c := e.client("Fuzz")
	e.user(c.Pool, "jane", e.invited(c.Pool))
	good := *e.ask(c, "jane").Session
	f.Add(good, "jane", "")
	f.Add(good, "joe", password2)
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, session, name, password string) {
		// The Session is right only with the name, and the policy refuses what is left.
		if password != "" && session == good {
			password = "weak"
		}
		_, err := e.RespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: c.Config.ClientId, ChallengeName: new(newPasswordRequired), Session: &session,
			ChallengeResponses: values{"USERNAME": name, "NEW_PASSWORD": password},
		})
		switch {
		case name == "" || password == "" || session == "":
			if !fault.Is(err, "InvalidParameterException") {
				t.Errorf("got %v", err)
			}
		case session == good && name == "jane":
			if !fault.Is(err, "InvalidPasswordException") {
				t.Errorf("got %v", err)
			}
		case !fault.Is(err, "NotAuthorizedException"):
			t.Errorf("got %v", err)
		}
	})
}
