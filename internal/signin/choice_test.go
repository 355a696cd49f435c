package signin_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

var notAvailable = invalid("The answer is none of the available challenges.")

// choosing lets users of the client choose among passwords and the factors named.
func choosing(factors ...cognitoidp.AuthFactorType) option {
	return func(p *cognitoidp.UserPoolType, c *store.Client) {
		p.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: append([]cognitoidp.AuthFactorType{"PASSWORD"}, factors...),
		}}
		c.Config.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_AUTH"}
	}
}

// choose begins USER_AUTH; more are parameters beside the user name.
func (e *env) choose(c *catalog.Client, name string, more values) (*cognitoidp.InitiateAuthResponse, error) {
	e.t.Helper()
	return e.chooseIn(c, nil, name, more)
}

func (e *env) chooseIn(c *catalog.Client, session *string, name string, more values) (*cognitoidp.InitiateAuthResponse, error) {
	e.t.Helper()
	parameters := values{"USERNAME": name}
	maps.Copy(parameters, more)
	return e.InitiateAuth(e.t.Context(), e.call(), &cognitoidp.InitiateAuthRequest{
		ClientId: c.Config.ClientId, AuthFlow: new(cognitoidp.AuthFlowTypeUserAuth), AuthParameters: parameters, Session: session,
	})
}

// wantOffer checks a challenge of InitiateAuth and what is available besides.
func wantOffer(tb testing.TB, name cognitoidp.ChallengeNameType, available string, out *cognitoidp.InitiateAuthResponse, err error) *answer {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	got := make([]string, len(out.AvailableChallenges))
	for i, c := range out.AvailableChallenges {
		got[i] = string(c)
	}
	if strings.Join(got, " ") != available {
		tb.Errorf("available are %v, want %s", got, available)
	}
	return wantChallenge(tb, name, plainAnswer(out), nil)
}

func plainAnswer(out *cognitoidp.InitiateAuthResponse) *answer {
	if out == nil {
		return nil
	}
	return &answer{
		ChallengeName: out.ChallengeName, ChallengeParameters: out.ChallengeParameters,
		Session: out.Session, AuthenticationResult: out.AuthenticationResult,
	}
}

func TestChoiceOffers(t *testing.T) {
	t.Parallel()
	const both = "PASSWORD_SRP PASSWORD"
	withPhone := with("phone_number", "+15550001234")
	nowhere := func(u *store.User) { u.Attributes = map[string]string{} }
	for _, tt := range []struct {
		name      string
		factors   []cognitoidp.AuthFactorType
		pool      []func(*store.Pool)
		user      []func(*store.User)
		preferred string
		want      cognitoidp.ChallengeNameType
		available string
	}{
		{name: "passwords only", want: "SELECT_CHALLENGE", available: both},
		{name: "everything", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"}, user: []func(*store.User){withPhone}, want: "SELECT_CHALLENGE", available: both + " EMAIL_OTP SMS_OTP"},
		{name: "no phone", factors: []cognitoidp.AuthFactorType{"SMS_OTP"}, want: "SELECT_CHALLENGE", available: both},
		{name: "mail only", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP"}, user: []func(*store.User){without}, want: "EMAIL_OTP", available: "EMAIL_OTP"},
		{name: "phone only", factors: []cognitoidp.AuthFactorType{"SMS_OTP"}, user: []func(*store.User){without, withPhone}, want: "SMS_OTP", available: "SMS_OTP"},
		{name: "preferred mail", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP"}, preferred: "EMAIL_OTP", want: "EMAIL_OTP", available: both + " EMAIL_OTP"},
		{name: "preferred phone without one", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP", "SMS_OTP"}, preferred: "SMS_OTP", want: "SELECT_CHALLENGE", available: both + " EMAIL_OTP"},
		{name: "preferred passkey without one", factors: []cognitoidp.AuthFactorType{"WEB_AUTHN"}, preferred: "WEB_AUTHN", want: "SELECT_CHALLENGE", available: both},
		{name: "preferred password", preferred: "PASSWORD", want: "PASSWORD", available: both},
		{name: "preferred SRP", preferred: "PASSWORD_SRP", want: "PASSWORD_SRP", available: both},
		{name: "mail that the pool does not take", preferred: "EMAIL_OTP", want: "SELECT_CHALLENGE", available: both},
		{name: "nothing at all", user: []func(*store.User){without, nowhere}, want: "SELECT_CHALLENGE", available: both},
		{name: "temporary password", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP"}, user: []func(*store.User){status("FORCE_CHANGE_PASSWORD")}, preferred: "EMAIL_OTP", want: "SELECT_CHALLENGE", available: both},
		{
			name: "MFA for all", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP"}, pool: []func(*store.Pool){mfa("ON", catalog.FactorTOTP)},
			preferred: "EMAIL_OTP", want: "SELECT_CHALLENGE", available: both,
		},
		{
			name: "MFA for others", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP"}, pool: []func(*store.Pool){mfa("OPTIONAL", catalog.FactorTOTP)},
			want: "SELECT_CHALLENGE", available: both + " EMAIL_OTP",
		},
		{
			name: "MFA chosen", factors: []cognitoidp.AuthFactorType{"EMAIL_OTP"}, pool: []func(*store.Pool){mfa("OPTIONAL", catalog.FactorTOTP)},
			user: []func(*store.User){withApp([]byte("12345678901234567890"))}, want: "SELECT_CHALLENGE", available: both,
		},
		{
			name: "passwords that SRP cannot prove", pool: []func(*store.Pool){func(p *store.Pool) {
				p.Config.UserPoolTags = api.StringMap{"cenote:password-hash": "argon2id"}
			}},
			user: []func(*store.User){func(u *store.User) { u.Credential = store.Credential{Hash: "$argon2id$x"} }},
			want: "PASSWORD", available: "PASSWORD",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.configure(e.client("Offers", choosing(tt.factors...)), tt.pool...)
			e.user(c.Pool, "jane", tt.user...)
			more := values{}
			if tt.preferred != "" {
				more["PREFERRED_CHALLENGE"] = tt.preferred
			}
			out, err := e.choose(c, "jane", more)
			wantOffer(t, tt.want, tt.available, out, err)
			if name := *out.ChallengeName; name != "EMAIL_OTP" && name != "SMS_OTP" && len(out.ChallengeParameters) > 0 {
				t.Errorf("parameters %v", out.ChallengeParameters)
			}
		})
	}
}

// Each factor leads to tokens: asked for at once, or chosen from the list.
func TestChosenFactors(t *testing.T) {
	t.Parallel()
	for _, selected := range []bool{false, true} {
		e := newEnv(t)
		c := e.client("Chosen", choosing("EMAIL_OTP", "SMS_OTP"))
		e.user(c.Pool, "jane", with("phone_number", "+15550001234"), with("email_verified", "false"))
		// begin asks for a factor, with what comes along.
		begin := func(factor string, more values) (*answer, error) {
			t.Helper()
			if !selected {
				all := values{"PREFERRED_CHALLENGE": factor}
				maps.Copy(all, more)
				out, err := e.choose(c, "jane", all)
				return plainAnswer(out), err
			}
			out, err := e.choose(c, "jane", nil)
			list := wantOffer(t, "SELECT_CHALLENGE", "PASSWORD_SRP PASSWORD EMAIL_OTP SMS_OTP", out, err)
			all := values{"USERNAME": "jane", "ANSWER": factor}
			maps.Copy(all, more)
			return e.respond(c, "SELECT_CHALLENGE", list.Session, all)
		}

		out, err := begin("PASSWORD", values{"PASSWORD": password})
		wantTokens(t, out, err)
		_, err = begin("PASSWORD", values{"PASSWORD": "wrong"})
		wantFault(t, err, badCredentials)
		out, err = begin("PASSWORD", nil)
		asked := wantChallenge(t, "PASSWORD", out, err)
		_, err = e.respond(c, "PASSWORD", asked.Session, values{"USERNAME": "jane", "PASSWORD": "wrong"})
		wantFault(t, err, badCredentials)
		out, err = e.respond(c, "PASSWORD", asked.Session, values{"USERNAME": "jane", "PASSWORD": password})
		wantTokens(t, out, err)
		_, err = e.respond(c, "PASSWORD", asked.Session, values{"USERNAME": "jane", "PASSWORD": password})
		wantFault(t, err, usedSession)

		for factor, to := range map[cognitoidp.ChallengeNameType]string{"EMAIL_OTP": "jane@example.com", "SMS_OTP": "+15550001234"} {
			out, err := begin(string(factor), nil)
			asked := wantChallenge(t, factor, out, err)
			if p := asked.ChallengeParameters; len(p) != 2 || p["CODE_DELIVERY_DESTINATION"] != message.Mask(message.Medium(p["CODE_DELIVERY_DELIVERY_MEDIUM"]), to) {
				t.Errorf("parameters %v", p)
			}
			code := e.code(to)
			if len(code) != 8 {
				t.Errorf("the code is %s", code)
			}
			member := string(factor) + "_CODE"
			for range 4 {
				_, err = e.respond(c, factor, asked.Session, values{"USERNAME": "jane", member: "x" + code[1:]})
				wantFault(t, err, wrongCode)
			}
			out, err = e.respond(c, factor, asked.Session, values{"USERNAME": "jane", member: code})
			wantTokens(t, out, err)
			_, err = e.respond(c, factor, asked.Session, values{"USERNAME": "jane", member: code})
			wantFault(t, err, usedSession)
			attribute := message.AttributeOf(message.Medium(asked.ChallengeParameters["CODE_DELIVERY_DELIVERY_MEDIUM"]))
			u := must(e.users.Find(t.Context(), c.Pool, "jane"))(t)
			if u.Attributes[attribute+"_verified"] != "true" {
				t.Errorf("the code did not verify %s", attribute)
			}
		}

		for _, late := range []bool{false, true} {
			client := must(srp.NewClient(clock.Random(nil)))(t)
			var verifier *answer
			if late {
				out, err = begin("PASSWORD_SRP", nil)
				asked = wantChallenge(t, "PASSWORD_SRP", out, err)
				out, err = e.respond(c, "PASSWORD_SRP", asked.Session, values{"USERNAME": "jane", "SRP_A": client.A()})
				verifier = wantChallenge(t, "PASSWORD_VERIFIER", out, err)
			} else {
				out, err = begin("PASSWORD_SRP", values{"SRP_A": client.A()})
				verifier = wantChallenge(t, "PASSWORD_VERIFIER", out, err)
			}
			claim := e.answerVerifier(c, client, verifier, password)
			_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
			wantFault(t, err, invalid("Missing required parameter Session"))
			_, err = e.respond(c, "PASSWORD_VERIFIER", asked.Session, claim)
			wantFault(t, err, badSession)
			_, err = e.respond(c, "PASSWORD_VERIFIER", verifier.Session, e.answerVerifier(c, client, verifier, "wrong"))
			wantFault(t, err, badCredentials)
			out, err = e.respond(c, "PASSWORD_VERIFIER", verifier.Session, claim)
			wantTokens(t, out, err)
			_, err = e.respond(c, "PASSWORD_VERIFIER", verifier.Session, claim)
			wantFault(t, err, badCredentials)
		}
	}
}

// answerVerifier answers PASSWORD_VERIFIER of a challenge.
func (e *env) answerVerifier(c *catalog.Client, client *srp.Client, out *answer, password string) values {
	e.t.Helper()
	p, stamp := out.ChallengeParameters, srp.Timestamp(e.time())
	id := srp.Identity{Group: naming.PoolName(c.Pool.ID()), User: p["USER_ID_FOR_SRP"]}
	block := must(base64.StdEncoding.DecodeString(p["SECRET_BLOCK"]))(e.t)
	return values{
		"USERNAME": p["USER_ID_FOR_SRP"], "TIMESTAMP": stamp, "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": must(client.Answer(id, password, p["SALT"], p["SRP_B"], block, stamp))(e.t),
	}
}

func TestChoiceRefusals(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Refusals", choosing("EMAIL_OTP"))
	e.user(c.Pool, "jane")
	e.user(c.Pool, "joe")
	for want, more := range map[failure]values{
		invalid("Invalid PREFERRED_CHALLENGE."): {"PREFERRED_CHALLENGE": "SOFTWARE_TOKEN_MFA"},
		invalid("Invalid SRP_A"):                {"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": "no number"},
		badSession:                              nil,
	} {
		var session *string
		if more == nil {
			session = new("a Session of nobody's making")
		}
		_, err := e.chooseIn(c, session, "jane", more)
		wantFault(t, err, want)
	}
	out, err := e.choose(c, "jane", nil)
	list := wantOffer(t, "SELECT_CHALLENGE", "PASSWORD_SRP PASSWORD EMAIL_OTP", out, err)
	for _, factor := range []string{"SMS_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA", "SELECT_CHALLENGE", "x"} {
		_, err := e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "jane", "ANSWER": factor})
		wantFault(t, err, notAvailable)
	}
	_, err = e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "jane"})
	wantFault(t, err, invalid("Missing required parameter ANSWER"))
	_, err = e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "joe", "ANSWER": "PASSWORD"})
	wantFault(t, err, badSession)
	// A list is no password asked for, and a code asked for is none of MFA.
	_, err = e.respond(c, "PASSWORD", list.Session, values{"USERNAME": "jane", "PASSWORD": password})
	wantFault(t, err, badSession)
	asked, err := e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "jane", "ANSWER": "EMAIL_OTP"})
	asked = wantChallenge(t, "EMAIL_OTP", asked, err)
	_, err = e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "jane", "ANSWER": "EMAIL_OTP"})
	wantFault(t, err, usedSession)
	for _, challenge := range []cognitoidp.ChallengeNameType{"SMS_OTP", "SMS_MFA", "SELECT_CHALLENGE"} {
		code := e.code("jane@example.com")
		_, err = e.respond(c, challenge, asked.Session, values{"USERNAME": "jane", "SMS_OTP_CODE": code, "SMS_MFA_CODE": code, "ANSWER": "PASSWORD"})
		wantFault(t, err, badSession)
	}
	// A code is good for the challenge that it was sent for.
	again, err := e.choose(c, "jane", values{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
	wantOffer(t, "EMAIL_OTP", "PASSWORD_SRP PASSWORD EMAIL_OTP", again, err)
	_, err = e.respond(c, "EMAIL_OTP", asked.Session, values{"USERNAME": "jane", "EMAIL_OTP_CODE": e.code("jane@example.com")})
	wantFault(t, err, wrongCode)

	// What the pool does not take any more does not count.
	c = e.configure(c, func(p *store.Pool) {
		p.Config.Policies.SignInPolicy.AllowedFirstAuthFactors = []cognitoidp.AuthFactorType{"PASSWORD"}
	})
	_, err = e.respond(c, "EMAIL_OTP", again.Session, values{"USERNAME": "jane", "EMAIL_OTP_CODE": e.code("jane@example.com")})
	wantFault(t, err, badSession)
	e.sleep(c.SessionTTL())
	_, err = e.respond(c, "EMAIL_OTP", again.Session, values{"USERNAME": "jane", "EMAIL_OTP_CODE": e.code("jane@example.com")})
	wantFault(t, err, oldSession)
	_, err = e.initiate(e.client("Others"), "USER_AUTH", values{"USERNAME": "jane"})
	wantFault(t, err, invalid("USER_AUTH flow not enabled for this client"))
}

// A second factor that a user turns on while a code is on its way is not skipped.
func TestChoiceBeforeMFA(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Before", choosing("EMAIL_OTP")), mfa("OPTIONAL", catalog.FactorSMS))
	u := e.user(c.Pool, "jane", with("phone_number", "+15550001234"))
	asked, err := e.choose(c, "jane", values{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
	wantOffer(t, "EMAIL_OTP", "PASSWORD_SRP PASSWORD EMAIL_OTP", asked, err)
	e.change(u, func(u *store.User) { u.MFA.SMS = true })
	_, err = e.respond(c, "EMAIL_OTP", asked.Session, values{"USERNAME": "jane", "EMAIL_OTP_CODE": e.code("jane@example.com")})
	wantFault(t, err, badSession)
	out, err := e.choose(c, "jane", values{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password})
	if err != nil || out.AvailableChallenges != nil {
		t.Fatalf("got %+v, %v", out, err)
	}
	second := wantChallenge(t, "SMS_MFA", plainAnswer(out), err)
	done, err := e.respond(c, "SMS_MFA", second.Session, values{"USERNAME": "jane", "SMS_MFA_CODE": e.code("+15550001234")})
	wantTokens(t, done, err)
}

func TestChoiceWithTemporaryPassword(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Temporary", choosing("EMAIL_OTP"))
	e.user(c.Pool, "jane", e.invited(c.Pool))
	out, err := e.choose(c, "jane", values{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password})
	asked := wantChallenge(t, newPasswordRequired, plainAnswer(out), err)
	done, err := e.respond(c, newPasswordRequired, asked.Session, values{"USERNAME": "jane", "NEW_PASSWORD": password2})
	wantTokens(t, done, err)
}

func TestChoiceOfUsersWhoCannotSignIn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	shows, hides := e.client("Shows", choosing("EMAIL_OTP")), e.client("Hides", choosing("EMAIL_OTP"), hiding)
	for name, tt := range map[string]struct {
		user  func(*store.User)
		shown failure
		// hidden is the answer to the right code where one was sent.
		sent   bool
		hidden failure
	}{
		"disabled":    {disabled, isDisabled, false, wrongCode},
		"unconfirmed": {status("UNCONFIRMED"), isUnconfirmed, true, isUnconfirmed},
		"reset":       {status("RESET_REQUIRED"), mustReset, true, mustReset},
	} {
		for _, c := range []*catalog.Client{shows, hides} {
			e.user(c.Pool, name, tt.user)
			before := len(e.inbox.List(message.Filter{To: name + "@example.com"}))
			out, err := e.choose(c, name, values{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
			if c == shows {
				wantFault(t, err, tt.shown)
				continue
			}
			asked := wantOffer(t, "EMAIL_OTP", "PASSWORD_SRP PASSWORD EMAIL_OTP", out, err)
			if got := asked.ChallengeParameters["CODE_DELIVERY_DESTINATION"]; got != message.Mask("EMAIL", name+"@example.com") {
				t.Errorf("%s: destination %s", name, got)
			}
			sent := e.inbox.List(message.Filter{To: name + "@example.com"})
			if len(sent) > before != tt.sent {
				t.Errorf("%s: a code was sent: %v", name, !tt.sent)
			}
			_, err = e.respond(c, "EMAIL_OTP", asked.Session, values{"USERNAME": name, "EMAIL_OTP_CODE": "no code"})
			wantFault(t, err, wrongCode)
			code := "12345678"
			if tt.sent {
				code = sent[0].Code
			}
			_, err = e.respond(c, "EMAIL_OTP", asked.Session, values{"USERNAME": name, "EMAIL_OTP_CODE": code})
			wantFault(t, err, tt.hidden)
			list, err := e.choose(c, name, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": name, "ANSWER": "PASSWORD", "PASSWORD": "wrong"})
			wantFault(t, err, badCredentials)
		}
	}
}

func TestChoiceOfUnknownUsers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	shows := e.client("Shows", choosing("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"))
	_, err := e.choose(shows, "nobody", values{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
	wantFault(t, err, noUser)

	c := e.client("Hides", choosing("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"), hiding)
	e.user(c.Pool, "member")
	const both = "PASSWORD_SRP PASSWORD"
	for preferred, want := range map[string][2]string{
		"": {"SELECT_CHALLENGE", both}, "WEB_AUTHN": {"SELECT_CHALLENGE", both},
		"EMAIL_OTP": {"EMAIL_OTP", both + " EMAIL_OTP"}, "SMS_OTP": {"SMS_OTP", both + " SMS_OTP"},
		"PASSWORD": {"PASSWORD", both}, "PASSWORD_SRP": {"PASSWORD_SRP", both},
	} {
		more := values{"PREFERRED_CHALLENGE": preferred}
		out, err := e.choose(c, "nobody", more)
		first := wantOffer(t, cognitoidp.ChallengeNameType(want[0]), want[1], out, err)
		out, err = e.choose(c, "nobody", more)
		if second := wantOffer(t, cognitoidp.ChallengeNameType(want[0]), want[1], out, err); !maps.Equal(first.ChallengeParameters, second.ChallengeParameters) {
			t.Errorf("the answers differ: %v, %v", first.ChallengeParameters, second.ChallengeParameters)
		}
	}
	if n := len(e.inbox.List(message.Filter{})); n != 0 {
		t.Errorf("%d messages were sent", n)
	}

	// A known and an unknown user of names of the same length get Sessions of the same length.
	for _, preferred := range []string{"PASSWORD", "EMAIL_OTP"} {
		known, err := e.choose(c, "member", values{"PREFERRED_CHALLENGE": preferred})
		wantOffer(t, cognitoidp.ChallengeNameType(preferred), both+" EMAIL_OTP", known, err)
		unknown, err := e.choose(c, "nobody", values{"PREFERRED_CHALLENGE": preferred})
		if err != nil || len(*known.Session) != len(*unknown.Session) {
			t.Errorf("%s: Sessions of %d and %d characters, %v", preferred, len(*known.Session), len(*unknown.Session), err)
		}
	}

	// No answer helps, and wrong ones are counted as for users that exist.
	for _, name := range []string{"member", "nobody"} {
		asked, err := e.choose(c, name, values{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
		if err != nil {
			t.Fatal(err)
		}
		var got []failure
		for range 6 {
			_, err = e.respond(c, "EMAIL_OTP", asked.Session, values{"USERNAME": name, "EMAIL_OTP_CODE": "no code"})
			got = append(got, seen(t, err))
		}
		locked := notAuthorized("Too many invalid credentials attempts. User temporarily locked. Please try again after few seconds.")
		if want := append(slices.Repeat([]failure{wrongCode}, 5), locked); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", name, got)
		}
		got = nil
		list, err := e.choose(c, name, nil)
		if err != nil {
			t.Fatal(err)
		}
		asks, err := e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": name, "ANSWER": "PASSWORD"})
		wantChallenge(t, "PASSWORD", asks, err)
		for range 6 {
			_, err = e.respond(c, "PASSWORD", asks.Session, values{"USERNAME": name, "PASSWORD": "wrong"})
			got = append(got, seen(t, err))
		}
		if want := append(slices.Repeat([]failure{badCredentials}, 5), isLocked); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", name, got)
		}
	}
	client := must(srp.NewClient(clock.Random(nil)))(t)
	out, err := e.choose(c, "stranger", values{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": client.A()})
	verifier := wantOffer(t, "PASSWORD_VERIFIER", both, out, err)
	_, err = e.respond(c, "PASSWORD_VERIFIER", verifier.Session, e.answerVerifier(c, client, verifier, password))
	wantFault(t, err, badCredentials)
	out, err = e.choose(c, "stranger", nil)
	wantOffer(t, "SELECT_CHALLENGE", both, out, err)
	_, err = e.respond(c, "SELECT_CHALLENGE", out.Session, values{"USERNAME": "other", "ANSWER": "PASSWORD"})
	wantFault(t, err, badSession)

	// Where the pool asks its users for an address, an unknown one has it.
	c = e.client("Asks", choosing("EMAIL_OTP"), hiding, required("email"))
	out, err = e.choose(c, "nobody@example.com", nil)
	list := wantOffer(t, "SELECT_CHALLENGE", both+" EMAIL_OTP", out, err)
	asked, err := e.respond(c, "SELECT_CHALLENGE", list.Session, values{"USERNAME": "nobody@example.com", "ANSWER": "EMAIL_OTP"})
	if asked = wantChallenge(t, "EMAIL_OTP", asked, err); asked.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "n***@e***" {
		t.Errorf("parameters %v", asked.ChallengeParameters)
	}
}

// seen is an error as the client sees it.
func seen(t *testing.T, err error) failure {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	code, text, _ := strings.Cut(err.Error(), ": ")
	return failure{code, text}
}

// The Session of ConfirmSignUp signs in, once.
func TestChoiceAfterSignUp(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("SignUp", choosing("EMAIL_OTP"), func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email"}
	})
	signUp := func(name string) (signedUp, confirmed *string) {
		t.Helper()
		up, err := e.users.SignUp(t.Context(), e.call(), &cognitoidp.SignUpRequest{
			ClientId: c.Config.ClientId, Username: &name,
			UserAttributes: []cognitoidp.AttributeType{{Name: new("email"), Value: new(name + "@example.com")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := e.users.ConfirmSignUp(t.Context(), e.call(), &cognitoidp.ConfirmSignUpRequest{
			ClientId: c.Config.ClientId, Username: &name, ConfirmationCode: new(e.code(name + "@example.com")), Session: up.Session,
		})
		if err != nil {
			t.Fatal(err)
		}
		return up.Session, out.Session
	}
	early, session := signUp("ann")
	_, other := signUp("bob")
	_, err := e.chooseIn(c, other, "ann", nil)
	wantFault(t, err, badSession)
	out, err := e.chooseIn(c, early, "ann", nil) // which shows no code
	asked := wantOffer(t, "EMAIL_OTP", "EMAIL_OTP", out, err)
	_, err = e.chooseIn(c, asked.Session, "ann", nil)
	wantFault(t, err, badSession)
	_, err = e.respond(c, "EMAIL_OTP", session, values{"USERNAME": "ann", "EMAIL_OTP_CODE": "x"})
	wantFault(t, err, badSession)
	out, err = e.chooseIn(c, session, "ann", values{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
	wantTokens(t, plainAnswer(out), err)
	if out.AvailableChallenges != nil {
		t.Errorf("available are %v", out.AvailableChallenges)
	}
	_, err = e.chooseIn(c, session, "ann", nil)
	wantFault(t, err, usedSession)
	_, err = e.chooseIn(c, session, "nobody", nil)
	wantFault(t, err, noUser)

	// Where codes are no first factor of the user any more, it is worth nothing.
	c = e.configure(c, mfa("ON", catalog.FactorTOTP))
	out, err = e.chooseIn(c, other, "bob", nil)
	wantOffer(t, "SELECT_CHALLENGE", "PASSWORD_SRP PASSWORD", out, err)
	c = e.configure(c, mfa("OFF"))
	e.sleep(3 * time.Minute)
	_, err = e.chooseIn(c, other, "bob", nil)
	wantFault(t, err, oldSession)
}

func TestChoiceForServers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Admin", choosing("EMAIL_OTP"))
	e.user(c.Pool, "jane")
	out, err := e.AdminInitiateAuth(t.Context(), e.call(), &cognitoidp.AdminInitiateAuthRequest{
		UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, AuthFlow: new(cognitoidp.AuthFlowTypeUserAuth),
		AuthParameters: values{"USERNAME": "jane", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
	})
	asked := wantOffer(t, "EMAIL_OTP", "PASSWORD_SRP PASSWORD EMAIL_OTP", (*cognitoidp.InitiateAuthResponse)(out), err)
	done, err := e.AdminRespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.AdminRespondToAuthChallengeRequest{
		UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, ChallengeName: new(cognitoidp.ChallengeNameTypeEmailOtp), Session: asked.Session,
		ChallengeResponses: values{"USERNAME": "jane", "EMAIL_OTP_CODE": e.code("jane@example.com")},
	})
	wantTokens(t, (*answer)(done), err)
}
