package signin_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash of RFC 6238
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/message"
	"github.com/cenote-id/cenote/internal/store"
)

// mfa makes a pool ask for second factors: those named of sms, email and totp.
func mfa(mode cognitoidp.UserPoolMfaType, factors ...catalog.Factor) func(*store.Pool) {
	return func(p *store.Pool) {
		p.Config.MfaConfiguration = &mode
		for _, f := range factors {
			switch f {
			case catalog.FactorSMS:
				p.Config.SmsConfiguration = &cognitoidp.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms")}
			case catalog.FactorEmail:
				p.MFA.EmailMfaConfiguration = new(cognitoidp.EmailMfaConfigType)
			default:
				p.MFA.SoftwareTokenMfaConfiguration = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}
			}
		}
	}
}

// configure changes a pool under a client and returns the client as it then is.
func (e *env) configure(c *catalog.Client, change ...func(*store.Pool)) *catalog.Client {
	e.t.Helper()
	fresh := must(e.catalog.FreshPool(e.t.Context(), c.Pool.ID()))(e.t)
	next := &store.Pool{
		ID: fresh.Internal(), Version: fresh.Version, Config: fresh.Config.Clone(), MFA: fresh.MFA.Clone(),
	}
	for _, f := range change {
		f(next)
	}
	if err := e.db.UpdatePool(e.t.Context(), next); err != nil {
		e.t.Fatal(err)
	}
	e.catalog.DropPool(c.Pool.ID())
	return must(e.catalog.Client(e.t.Context(), c.ID()))(e.t)
}

// code returns the code that was sent last to a destination.
func (e *env) code(to string) string {
	e.t.Helper()
	sent := e.inbox.List(message.Filter{To: to, Limit: 1})
	if len(sent) == 0 {
		e.t.Fatalf("nothing was sent to %s", to)
	}
	return sent[0].Code
}

// totp returns the code that an authenticator app with the seed shows (RFC 6238).
func (e *env) totp(seed []byte) string {
	mac := hmac.New(sha1.New, seed)
	must(mac.Write(binary.BigEndian.AppendUint64(nil, uint64(e.time().Unix()/30))))(e.t)
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1000000)
}

func withApp(seed []byte) func(*store.User) {
	return func(u *store.User) { u.Credential.Seed, u.MFA.TOTP = seed, true }
}

func TestEachSecondFactor(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890123456789012")
	for name, tt := range map[string]struct {
		user       func(*store.User)
		factor     catalog.Factor
		member     string
		parameters values
		code       func(e *env) string
		wrong      failure
	}{
		"text message": {
			user:   func(u *store.User) { u.Attributes["phone_number"], u.MFA.SMS = "+15550001234", true },
			factor: "SMS_MFA", member: "SMS_MFA_CODE",
			parameters: values{"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******1234", "USER_ID_FOR_SRP": "jane"},
			code:       func(e *env) string { return e.code("+15550001234") },
			wrong:      failure{"CodeMismatchException", "Invalid code or auth state for the user."},
		},
		"e-mail": {
			user:   func(u *store.User) { u.MFA.Email = true },
			factor: "EMAIL_OTP", member: "EMAIL_OTP_CODE",
			parameters: values{"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "j***@e***", "USER_ID_FOR_SRP": "jane"},
			code:       func(e *env) string { return e.code("jane@example.com") },
			wrong:      failure{"CodeMismatchException", "Invalid code or auth state for the user."},
		},
		"authenticator app": {
			user: func(u *store.User) { withApp(seed)(u); u.MFA.AppName = "phone" }, factor: "SOFTWARE_TOKEN_MFA", member: "SOFTWARE_TOKEN_MFA_CODE",
			parameters: values{"FRIENDLY_DEVICE_NAME": "phone", "USER_ID_FOR_SRP": "jane"},
			code:       func(e *env) string { return e.totp(seed) },
			wrong:      failure{"CodeMismatchException", "Invalid code received for user"},
		},
	} {
		for way, signIn := range ways {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t)
				c := e.configure(e.client("Factor"), mfa("OPTIONAL", catalog.Factors()...))
				e.user(c.Pool, "jane", tt.user)
				out, err := signIn(e, c, "jane", password)
				out = wantChallenge(t, tt.factor, out, err)
				if len(out.ChallengeParameters) != len(tt.parameters) {
					t.Errorf("got %v", out.ChallengeParameters)
				}
				for name, want := range tt.parameters {
					if got := out.ChallengeParameters[name]; got != want {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
				code := tt.code(e)
				_, err = e.respond(c, tt.factor, out.Session, values{"USERNAME": "jane", tt.member: "1" + code})
				wantFault(t, err, tt.wrong)
				_, err = e.respond(c, tt.factor, out.Session, values{"USERNAME": "jane"})
				wantFault(t, err, invalid("Missing required parameter "+tt.member))
				done, err := e.respond(c, tt.factor, out.Session, values{"USERNAME": "jane", tt.member: code})
				wantTokens(t, done, err)
				_, err = e.respond(c, tt.factor, out.Session, values{"USERNAME": "jane", tt.member: code})
				wantFault(t, err, usedSession)
			})
		}
	}
}

// A code of an authenticator app counts once, whatever Session it comes with; the Session
// stays good for the next code.
func TestTOTPCodeCountsOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Once"), mfa("ON", catalog.FactorTOTP))
	seed := []byte("12345678901234567890")
	e.user(c.Pool, "jane", withApp(seed))
	enter := func(session *string) (*answer, error) {
		return e.respond(c, "SOFTWARE_TOKEN_MFA", session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
	}
	first, err := e.signIn(c, "jane", password)
	wantChallenge(t, "SOFTWARE_TOKEN_MFA", first, err)
	second, err := e.signIn(c, "jane", password)
	wantChallenge(t, "SOFTWARE_TOKEN_MFA", second, err)
	out, err := enter(first.Session)
	wantTokens(t, out, err)
	_, err = enter(second.Session)
	wantFault(t, err, failure{"ExpiredCodeException", "Your software token has already been used once."})
	e.sleep(30e9)
	out, err = enter(second.Session)
	wantTokens(t, out, err)
}

func TestSetUpInSignIn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("SetUp"), mfa("ON", catalog.FactorTOTP))
	u := e.user(c.Pool, "jane")
	s1, err := e.signIn(c, "jane", password)
	wantChallenge(t, "MFA_SETUP", s1, err)
	if got := s1.ChallengeParameters["MFAS_CAN_SETUP"]; got != `["SOFTWARE_TOKEN_MFA"]` {
		t.Errorf("got %s", got)
	}
	s2 := must(e.AssociateSoftwareToken(t.Context(), e.call(), &cognitoidp.AssociateSoftwareTokenRequest{Session: s1.Session}))(t)
	if len(*s2.SecretCode) != 52 {
		t.Errorf("got the secret %s", *s2.SecretCode)
	}
	_, err = e.respond(c, "MFA_SETUP", s2.Session, values{"USERNAME": "jane"})
	wantFault(t, err, badSession)
	seed := must(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(*s2.SecretCode))(t)
	verify := func(code string) (*cognitoidp.VerifySoftwareTokenResponse, error) {
		return e.VerifySoftwareToken(t.Context(), e.call(), &cognitoidp.VerifySoftwareTokenRequest{
			Session: s2.Session, UserCode: &code, FriendlyDeviceName: new("phone"),
		})
	}
	_, err = verify("000000")
	wantFault(t, err, failure{"EnableSoftwareTokenMFAException", "Code mismatch"})
	s3 := must(verify(e.totp(seed)))(t)
	if api.Value(s3.Status) != "SUCCESS" {
		t.Errorf("got %v", s3.Status)
	}
	_, err = verify(e.totp(seed))
	wantFault(t, err, badSession)
	if u = e.fresh(u); !u.MFA.TOTP || u.MFA.AppName != "phone" || len(u.Credential.Seed) == 0 {
		t.Errorf("got %+v", u.MFA)
	}
	out, err := e.respond(c, "MFA_SETUP", s3.Session, values{"USERNAME": "jane"})
	wantTokens(t, out, err)
	_, err = e.respond(c, "MFA_SETUP", s3.Session, values{"USERNAME": "jane"})
	wantFault(t, err, usedSession)
}

// The longest Session, that of a set-up for the longest user names, has room to spare.
func TestSessionsStayShort(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Short"), mfa("ON", catalog.Factors()...), recovering("admin_only"))
	for _, name := range []string{strings.Repeat("<", 128), strings.Repeat("\U0001F4F1", 128)} {
		u := e.user(c.Pool, name, e.invited(c.Pool), func(u *store.User) { clear(u.Attributes) })
		out, err := e.set(c, name, e.ask(c, name).Session, password2, nil)
		posed := wantChallenge(t, "MFA_SETUP", out, err)
		_, session, err := e.associate(e.as(c, u), posed.Session)
		if err != nil || len(*session) > 1600 {
			t.Errorf("%d characters, %v", len(*session), err)
		}
	}
}
