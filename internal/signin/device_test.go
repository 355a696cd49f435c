package signin_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/trigger"
)

// address is from where users call.
var address = netip.MustParseAddr("192.0.2.7")

var (
	noDevice      = failure{"ResourceNotFoundException", "Device does not exist."}
	badDeviceKey  = invalid("Invalid device key given.")
	badVerifier   = invalid("Invalid device secret verifier configuration given.")
	notTracked    = failure{"InvalidUserPoolConfigurationException", "Device tracking is not enabled for the user pool."}
	deviceKeyForm = regexp.MustCompile(`^us-east-1_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	groupKeyForm  = regexp.MustCompile(`^-[0-9A-Za-z]{8}$`)
)

func TestNewDevice(t *testing.T) {
	t.Parallel()
	for way, signIn := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.client("New")
			e.user(c.Pool, "jane")
			out, err := signIn(e, c, "jane", password)
			tokens := wantTokens(t, out, err)
			if tokens.NewDeviceMetadata != nil || e.deviceKey(tokens) != "" {
				t.Errorf("a pool without devices offers %+v", tokens.NewDeviceMetadata)
			}
			c = e.configure(c, tracking(false, false))
			out, err = signIn(e, c, "jane", password)
			tokens = wantTokens(t, out, err)
			d := tokens.NewDeviceMetadata
			if d == nil || !deviceKeyForm.MatchString(*d.DeviceKey) || !groupKeyForm.MatchString(*d.DeviceGroupKey) {
				t.Fatalf("got %+v", d)
			}
			if got := e.deviceKey(tokens); got != *d.DeviceKey {
				t.Errorf("the access token names %q", got)
			}
			out, err = signIn(e, c, "jane", password)
			if other := wantTokens(t, out, err).NewDeviceMetadata; *other.DeviceKey == *d.DeviceKey || *other.DeviceGroupKey == *d.DeviceGroupKey {
				t.Errorf("two sign-ins were offered one device: %+v", other)
			}
		})
	}
}

// A device proves itself after the first factor, and nothing comes after it.
func TestSignInWithDevice(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("With"), tracking(true, false))
	u := e.user(c.Pool, "jane")
	d := e.register(c, "jane")
	e.sleep(90 * time.Second)
	for way, begin := range map[string]func() (*answer, error){
		"password": func() (*answer, error) { return e.signInWith(c, "jane", d.key) },
		"admin": func() (*answer, error) {
			return e.initiate(c, "ADMIN_USER_PASSWORD_AUTH", values{"USERNAME": "jane", "PASSWORD": password, "DEVICE_KEY": d.key})
		},
		"SRP": func() (*answer, error) {
			claim := must(e.claim(c, "jane", password, nil))(t)
			claim["DEVICE_KEY"] = d.key
			return e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		},
		"SRP, named at the start only": func() (*answer, error) {
			return e.respond(c, "PASSWORD_VERIFIER", nil, must(e.claim(c, "jane", password, values{"DEVICE_KEY": d.key}))(t))
		},
	} {
		out, err := begin()
		out = wantChallenge(t, "DEVICE_SRP_AUTH", out, err)
		if p := out.ChallengeParameters; len(p) != 2 || p["USERNAME"] != "jane" || p["USER_ID_FOR_SRP"] != "jane" {
			t.Errorf("%s: got %v", way, p)
		}
		out, err = e.proveWith(c, d, out.Session)
		tokens := wantTokens(t, out, err)
		if tokens.NewDeviceMetadata != nil || e.deviceKey(tokens) != d.key {
			t.Errorf("%s: the device is %q, offered %+v", way, e.deviceKey(tokens), tokens.NewDeviceMetadata)
		}
	}
	kept := must(e.db.Device(t.Context(), c.Pool.Internal(), u.ID, d.key))(t)
	if !kept.Authenticated.Equal(e.time()) || kept.IP != address.String() || !kept.Tokens.Equal(e.time().Add(c.RefreshTokenTTL())) || kept.Created.Equal(e.time()) {
		t.Errorf("got %+v", kept)
	}

	// Temporary passwords are replaced first, and the device goes along.
	e.change(u, e.invited(c.Pool))
	out, err := e.signInWith(c, "jane", d.key)
	out = wantChallenge(t, newPasswordRequired, out, err)
	out, err = e.respond(c, newPasswordRequired, out.Session, values{"USERNAME": "jane", "NEW_PASSWORD": password2})
	out = wantChallenge(t, "DEVICE_SRP_AUTH", out, err)
	out, err = e.proveWith(c, d, out.Session)
	wantTokens(t, out, err)
}

// A second factor is left out exactly for a remembered device of a pool that says so.
func TestDevicesAndSecondFactors(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890123456789012")
	for _, instead := range []bool{false, true} {
		for _, remembered := range []bool{false, true} {
			e := newEnv(t)
			c := e.configure(e.client("Factors"), tracking(instead, true))
			u := e.user(c.Pool, "jane")
			d := e.register(c, "jane")
			c = e.configure(c, mfa("ON", catalog.FactorTOTP))
			e.change(u, withApp(seed))
			if remembered {
				e.remember(c, "jane", d.key, "remembered")
			}
			out, err := e.signInWith(c, "jane", d.key)
			if instead && remembered {
				out = wantChallenge(t, "DEVICE_SRP_AUTH", out, err)
				out, err = e.proveWith(c, d, out.Session)
				wantTokens(t, out, err)
			} else {
				out = wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err)
				out, err = e.respond(c, "SOFTWARE_TOKEN_MFA", out.Session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed), "DEVICE_KEY": d.key})
				out = wantChallenge(t, "DEVICE_SRP_AUTH", out, err)
				out, err = e.proveWith(c, d, out.Session)
				wantTokens(t, out, err)
			}
			// Without its key it is any device.
			e.sleep(time.Minute)
			out, err = e.signIn(c, "jane", password)
			out = wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err)
			out, err = e.respond(c, "SOFTWARE_TOKEN_MFA", out.Session, values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
			if wantTokens(t, out, err).NewDeviceMetadata == nil {
				t.Error("no device is offered")
			}
		}
	}
}

// amazon-cognito-identity-js answers DEVICE_SRP_AUTH with the Session of the second factor.
func TestSessionBefore(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890123456789012")
	e := newEnv(t)
	c := e.configure(e.client("Before"), tracking(false, false))
	u := e.user(c.Pool, "jane")
	d, second := e.register(c, "jane"), e.register(c, "jane")
	c = e.configure(c, mfa("ON", catalog.FactorTOTP))
	e.change(u, withApp(seed))
	factor := func(more values) (before, after *string) {
		t.Helper()
		e.sleep(time.Minute)
		out, err := e.signInWith(c, "jane", d.key)
		before = wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err).Session
		e.sleep(c.SessionTTL() - time.Second)
		responses := values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)}
		for name, value := range more {
			responses[name] = value
		}
		out, err = e.respond(c, "SOFTWARE_TOKEN_MFA", before, responses)
		return before, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session
	}
	out, err := e.signInWith(c, "jane", d.key)
	unanswered := wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err).Session
	_, err = e.proveWith(c, d, unanswered)
	wantFault(t, err, badSession)

	// It counts as long as the one that came with the challenge, and once with it.
	before, after := factor(nil)
	e.sleep(time.Minute)
	out, err = e.proveWith(c, d, before)
	wantTokens(t, out, err)
	_, err = e.proveWith(c, d, before)
	wantFault(t, err, badSession)
	_, err = e.proveWith(c, d, after)
	wantFault(t, err, usedSession)

	before, after = factor(values{"DEVICE_KEY": second.key})
	_, err = e.proveWith(c, d, after)
	wantFault(t, err, badSession)
	out, err = e.proveWith(c, second, after)
	wantTokens(t, out, err)
	_, err = e.proveWith(c, second, before)
	wantFault(t, err, badSession)

	before, after = factor(nil)
	_, err = e.respond(c, "DEVICE_PASSWORD_VERIFIER", before, values{
		"USERNAME": "jane", "DEVICE_KEY": d.key, "TIMESTAMP": "t", "PASSWORD_CLAIM_SECRET_BLOCK": "b", "PASSWORD_CLAIM_SIGNATURE": "s",
	})
	wantFault(t, err, badSession)
	_, err = e.proveWith(e.sibling(c, "other"), d, before)
	wantFault(t, err, badSession)
	e.sleep(c.SessionTTL())
	_, err = e.proveWith(c, d, before)
	wantFault(t, err, badSession)
	_, err = e.proveWith(c, d, after)
	wantFault(t, err, oldSession)
}

// A Session that a remembered device leaned on does not go for another device.
func TestLeaningSessionsStayWithTheirDevice(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890123456789012")
	e := newEnv(t)
	c := e.configure(e.client("Leaning"), tracking(true, true))
	u := e.user(c.Pool, "jane", with("phone_number", "+15550001234"))
	d, forgettable := e.register(c, "jane"), e.register(c, "jane")
	c = e.configure(c, mfa("ON", catalog.FactorTOTP, catalog.FactorSMS))
	e.change(u, func(u *store.User) {
		withApp(seed)(u)
		u.MFA.SMS = true
	})
	e.remember(c, "jane", d.key, "remembered")

	out, err := e.signIn(c, "jane", password)
	before := wantChallenge(t, "SELECT_MFA_TYPE", out, err).Session
	out, err = e.respond(c, "SELECT_MFA_TYPE", before, values{"USERNAME": "jane", "ANSWER": "SMS_MFA", "DEVICE_KEY": d.key})
	after := wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session
	for _, session := range []*string{before, after} {
		_, err = e.proveWith(c, forgettable, session)
		wantFault(t, err, badSession)
	}
	out, err = e.proveWith(c, d, after)
	wantTokens(t, out, err)
}

// What becomes of the device or the pool while a sign-in leans on it counts.
func TestDevicesThatChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(e *env, c *catalog.Client, d device) *catalog.Client
		want   failure
	}{
		"forgotten": {func(e *env, c *catalog.Client, d device) *catalog.Client {
			e.forget(c, "jane", d.key)
			return c
		}, noDevice},
		"not remembered": {func(e *env, c *catalog.Client, d device) *catalog.Client {
			e.remember(c, "jane", d.key, "not_remembered")
			return c
		}, badSession},
		"not in place of a factor": {func(e *env, c *catalog.Client, _ device) *catalog.Client {
			return e.configure(c, tracking(false, false))
		}, badSession},
		"not tracked": {func(e *env, c *catalog.Client, _ device) *catalog.Client {
			return e.configure(c, untracked)
		}, badSession},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.configure(e.client("Change"), tracking(true, false))
			u := e.user(c.Pool, "jane")
			d := e.register(c, "jane")
			c = e.configure(c, mfa("ON", catalog.FactorTOTP))
			e.change(u, withApp([]byte("12345678901234567890123456789012")))
			out, err := e.signInWith(c, "jane", d.key)
			first := wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session
			out, err = e.signInWith(c, "jane", d.key)
			second, claim, err := e.exchange(c, "jane", d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session)
			if err != nil {
				t.Fatal(err)
			}
			c = tt.change(e, c, d)
			_, err = e.proveWith(c, d, first)
			wantFault(t, err, tt.want)
			_, err = e.respond(c, "DEVICE_PASSWORD_VERIFIER", second.Session, claim)
			wantFault(t, err, tt.want)
		})
	}
}

// Clients that hear of a device that does not exist send the same answer without it.
func TestUnknownDevices(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890123456789012")
	e := newEnv(t)
	c := e.configure(e.client("Unknown"), tracking(true, false))
	u, other := e.user(c.Pool, "jane"), e.user(c.Pool, "john")
	d, gone := e.register(c, "john"), e.register(c, "jane")
	e.forget(c, "jane", gone.key)
	unconfirmed := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil).NewDeviceMetadata.DeviceKey
	for what, key := range map[string]string{
		"no device": "us-east-1_nothing", "another's": d.key, "forgotten": gone.key, "unconfirmed": *unconfirmed, "strange": "\x00ü",
	} {
		_, err := e.signInWith(c, "jane", key)
		wantFault(t, err, noDevice)
		_, err = e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": "jane", "PASSWORD": "wrong", "DEVICE_KEY": key})
		wantFault(t, err, badCredentials)

		claim := must(e.claim(c, "jane", password, values{"DEVICE_KEY": key}))(t)
		claim["DEVICE_KEY"] = key
		_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		wantFault(t, err, noDevice)
		delete(claim, "DEVICE_KEY")
		out, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		if wantTokens(t, out, err).NewDeviceMetadata == nil {
			t.Errorf("%s: no device is offered", what)
		}
	}
	c = e.configure(c, mfa("ON", catalog.FactorTOTP))
	e.change(u, withApp(seed))
	out, err := e.signIn(c, "jane", password)
	session := wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err).Session
	responses := values{"USERNAME": "jane", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed), "DEVICE_KEY": gone.key}
	_, err = e.respond(c, "SOFTWARE_TOKEN_MFA", session, responses)
	wantFault(t, err, noDevice)
	delete(responses, "DEVICE_KEY")
	out, err = e.respond(c, "SOFTWARE_TOKEN_MFA", session, responses)
	wantTokens(t, out, err)

	// A device that is forgotten between two answers is as if it had not been named.
	e.sleep(time.Minute)
	d = e.register(e.configure(c, mfa("OFF")), "john")
	c = e.configure(c, mfa("ON", catalog.FactorTOTP), tracking(false, false))
	e.change(other, withApp(seed))
	out, err = e.signInWith(c, "john", d.key)
	session = wantChallenge(t, "SOFTWARE_TOKEN_MFA", out, err).Session
	e.forget(c, "john", d.key)
	out, err = e.respond(c, "SOFTWARE_TOKEN_MFA", session, values{"USERNAME": "john", "SOFTWARE_TOKEN_MFA_CODE": e.totp(seed)})
	if wantTokens(t, out, err).NewDeviceMetadata == nil {
		t.Error("no device is offered")
	}
}

func TestUnknownDevicesOfHiddenUsers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Hidden", hiding), tracking(true, false))
	e.user(c.Pool, "jane")
	for _, name := range []string{"jane", "nobody"} {
		_, err := e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": name, "PASSWORD": "wrong", "DEVICE_KEY": "us-east-1_x"})
		wantFault(t, err, badCredentials)
		claim := must(e.claim(c, name, "wrong", values{"DEVICE_KEY": "us-east-1_x"}))(t)
		claim["DEVICE_KEY"] = "us-east-1_x"
		_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		wantFault(t, err, badCredentials)
	}
}

func TestDeviceProofs(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Proofs"), tracking(true, false))
	e.user(c.Pool, "jane")
	d, second := e.register(c, "jane"), e.register(c, "jane")
	begin := func() (*answer, values) {
		t.Helper()
		out, err := e.signInWith(c, "jane", d.key)
		out, claim, err := e.exchange(c, "jane", d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session)
		if err != nil {
			t.Fatal(err)
		}
		return out, claim
	}
	_, foreign := begin()
	users := must(e.claim(c, "jane", password, nil))(t)
	out, claim := begin()
	change := func(change ...string) values {
		next := values{}
		for name, value := range claim {
			next[name] = value
		}
		for i := 0; i < len(change); i += 2 {
			next[change[i]] = change[i+1]
		}
		return next
	}
	for what, tt := range map[string]struct {
		responses values
		want      failure
	}{
		"no key":              {change("DEVICE_KEY", ""), invalid("Missing required parameter DEVICE_KEY")},
		"no block":            {change("PASSWORD_CLAIM_SECRET_BLOCK", ""), invalid("Missing required parameter PASSWORD_CLAIM_SECRET_BLOCK")},
		"no signature":        {change("PASSWORD_CLAIM_SIGNATURE", ""), invalid("Missing required parameter PASSWORD_CLAIM_SIGNATURE")},
		"no timestamp":        {change("TIMESTAMP", ""), invalid("Missing required parameter TIMESTAMP")},
		"no such device":      {change("DEVICE_KEY", "us-east-1_x"), noDevice},
		"another device":      {change("DEVICE_KEY", second.key), badSession},
		"another user":        {change("USERNAME", "john"), badSession},
		"another exchange":    {change("PASSWORD_CLAIM_SECRET_BLOCK", foreign["PASSWORD_CLAIM_SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", foreign["PASSWORD_CLAIM_SIGNATURE"]), badCredentials},
		"the user's exchange": {change("PASSWORD_CLAIM_SECRET_BLOCK", users["PASSWORD_CLAIM_SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", users["PASSWORD_CLAIM_SIGNATURE"]), badCredentials},
		"wrong signature":     {change("PASSWORD_CLAIM_SIGNATURE", "AAAA"), badCredentials},
	} {
		if _, err := e.respond(c, "DEVICE_PASSWORD_VERIFIER", out.Session, tt.responses); err == nil {
			t.Errorf("%s is accepted", what)
		} else {
			wantFault(t, err, tt.want)
		}
	}
	// Neither is the device's exchange good for the user's password, nor was anything used up.
	_, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantFault(t, err, badCredentials)
	got, err := e.respond(c, "DEVICE_PASSWORD_VERIFIER", out.Session, claim)
	wantTokens(t, got, err)
	_, err = e.respond(c, "DEVICE_PASSWORD_VERIFIER", out.Session, claim)
	wantFault(t, err, usedSession)

	begun, err := e.signInWith(c, "jane", d.key)
	session := wantChallenge(t, "DEVICE_SRP_AUTH", begun, err).Session
	for what, tt := range map[string]struct {
		responses values
		want      failure
	}{
		"no key":    {values{"USERNAME": "jane", "SRP_A": "ab"}, invalid("Missing required parameter DEVICE_KEY")},
		"no number": {values{"USERNAME": "jane", "DEVICE_KEY": d.key}, invalid("Missing required parameter SRP_A")},
		"zero":      {values{"USERNAME": "jane", "DEVICE_KEY": d.key, "SRP_A": "0"}, invalid("Invalid SRP_A")},
		"other":     {values{"USERNAME": "jane", "DEVICE_KEY": second.key, "SRP_A": "ab"}, badSession},
	} {
		if _, err := e.respond(c, "DEVICE_SRP_AUTH", session, tt.responses); err == nil {
			t.Errorf("%s is accepted", what)
		} else {
			wantFault(t, err, tt.want)
		}
	}
	got, err = e.proveWith(c, d, session)
	wantTokens(t, got, err)
	_, err = e.proveWith(c, d, session)
	wantFault(t, err, usedSession)
}

// Wrong proofs of a device lock like wrong codes.
func TestDeviceLockout(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.configure(e.client("Lock"), tracking(true, false))
	e.user(c.Pool, "jane")
	d := e.register(c, "jane")
	wrong := d
	wrong.password = "guess"
	prove := func(d device) (*answer, error) {
		t.Helper()
		out, err := e.signInWith(c, "jane", d.key)
		return e.proveWith(c, d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session)
	}
	for range 5 {
		_, err := prove(wrong)
		wantFault(t, err, badCredentials)
	}
	_, err := prove(d)
	wantFault(t, err, notAuthorized("Too many invalid credentials attempts. User temporarily locked. Please try again after few seconds."))
	e.sleep(time.Second)
	out, err := prove(d)
	wantTokens(t, out, err)
}

// recorder takes the events of functions and answers them unchanged.
type recorder struct {
	mu     sync.Mutex
	events []event
	during func() // what happens while a function runs; nil for nothing
}

type event struct {
	Source  string `json:"triggerSource"`
	Request struct {
		NewDeviceUsed *bool `json:"newDeviceUsed"`
	} `json:"request"`
}

// Do implements trigger.Runner.
func (r *recorder) Do(_ context.Context, c trigger.Call) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e event
	if err := json.Unmarshal(c.Payload, &e); err != nil {
		return nil, err
	}
	r.events = append(r.events, e)
	if r.during != nil {
		r.during()
	}
	return c.Payload, nil
}

func (r *recorder) take() []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

func TestDeviceTriggers(t *testing.T) {
	t.Parallel()
	functions := new(recorder)
	e := newEnv(t, functions)
	c := e.client("Triggers", function(func(l *cognitoidp.LambdaConfigType, arn *string) {
		l.PostAuthentication, l.PreTokenGeneration = arn, arn
	}))
	e.user(c.Pool, "jane")
	check := func(newDevice bool, source string) {
		t.Helper()
		events := functions.take()
		if len(events) != 2 || events[0].Source != "PostAuthentication_Authentication" || api.Value(events[0].Request.NewDeviceUsed) != newDevice || events[1].Source != source {
			t.Errorf("got %+v", events)
		}
	}
	wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	check(false, "TokenGeneration_Authentication")
	c = e.configure(c, tracking(true, false))
	d := e.register(c, "jane")
	check(true, "TokenGeneration_Authentication")
	out, err := e.signInWith(c, "jane", d.key)
	out, err = e.proveWith(c, d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session)
	wantTokens(t, out, err)
	check(false, "TokenGeneration_AuthenticateDevice")
}

// What becomes of a device while PostAuthentication runs counts, and uses nothing up.
func TestDevicesThatChangeAtLast(t *testing.T) {
	t.Parallel()
	functions := new(recorder)
	e := newEnv(t, functions)
	c := e.configure(e.client("Last", function(func(l *cognitoidp.LambdaConfigType, arn *string) { l.PostAuthentication = arn })), tracking(true, false))
	e.user(c.Pool, "jane")
	d := e.register(c, "jane")
	out, err := e.signInWith(c, "jane", d.key)
	out, claim, err := e.exchange(c, "jane", d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session)
	if err != nil {
		t.Fatal(err)
	}
	functions.during = func() { e.remember(c, "jane", d.key, "not_remembered") }
	_, err = e.respond(c, "DEVICE_PASSWORD_VERIFIER", out.Session, claim)
	wantFault(t, err, noDevice)
	functions.during = nil
	e.remember(c, "jane", d.key, "remembered")
	got, err := e.respond(c, "DEVICE_PASSWORD_VERIFIER", out.Session, claim)
	wantTokens(t, got, err)
}

func TestRefreshWithDevices(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Refresh")
	e.user(c.Pool, "jane")
	before := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	c = e.configure(c, tracking(true, false))
	offered := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)
	d := e.confirm(offered)
	out, err := e.signInWith(c, "jane", d.key)
	bound := wantTokens(t, must(e.proveWith(c, d, wantChallenge(t, "DEVICE_SRP_AUTH", out, err).Session))(t), nil)
	unconfirmed := wantTokens(t, must(e.signIn(c, "jane", password))(t), nil)

	ways := map[string]func(tokens *cognitoidp.AuthenticationResultType, key string) (*cognitoidp.AuthenticationResultType, error){
		"REFRESH_TOKEN_AUTH": func(tokens *cognitoidp.AuthenticationResultType, key string) (*cognitoidp.AuthenticationResultType, error) {
			out, err := e.initiate(c, "REFRESH_TOKEN_AUTH", values{"REFRESH_TOKEN": *tokens.RefreshToken, "DEVICE_KEY": key})
			if err != nil {
				return nil, err
			}
			return out.AuthenticationResult, nil
		},
		"GetTokensFromRefreshToken": func(tokens *cognitoidp.AuthenticationResultType, key string) (*cognitoidp.AuthenticationResultType, error) {
			in := &cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: c.Config.ClientId, RefreshToken: tokens.RefreshToken}
			if key != "" {
				in.DeviceKey = &key
			}
			out, err := e.GetTokensFromRefreshToken(t.Context(), e.call(), in)
			if err != nil {
				return nil, err
			}
			return out.AuthenticationResult, nil
		},
	}
	for way, refresh := range ways {
		for what, tokens := range map[string]*cognitoidp.AuthenticationResultType{"offered": offered, "bound": bound, "unconfirmed": unconfirmed} {
			key := e.deviceKey(tokens)
			got, err := refresh(tokens, key)
			if err != nil {
				t.Fatalf("%s: %s: %v", way, what, err)
			}
			if e.deviceKey(got) != key || got.NewDeviceMetadata != nil {
				t.Errorf("%s: %s: the device is %q, offered %+v", way, what, e.deviceKey(got), got.NewDeviceMetadata)
			}
			for _, wrong := range []string{"", "us-east-1_x", e.deviceKey(unconfirmed) + "0"} {
				_, err = refresh(tokens, wrong)
				wantFault(t, err, badRefresh)
			}
		}
	}
	// The tokens of a sign-in without a device go on without; GetTokensFromRefreshToken offers
	// one, or names one that the user has.
	if got := must(ways["REFRESH_TOKEN_AUTH"](before, d.key))(t); e.deviceKey(got) != "" || got.NewDeviceMetadata != nil {
		t.Errorf("got %q, %+v", e.deviceKey(got), got.NewDeviceMetadata)
	}
	refresh := ways["GetTokensFromRefreshToken"]
	if got := must(refresh(before, d.key))(t); e.deviceKey(got) != d.key || got.NewDeviceMetadata != nil {
		t.Errorf("got %q, %+v", e.deviceKey(got), got.NewDeviceMetadata)
	}
	for _, key := range []string{"", "us-east-1_x"} {
		got := must(refresh(before, key))(t)
		if got.NewDeviceMetadata == nil || e.deviceKey(got) != *got.NewDeviceMetadata.DeviceKey {
			t.Errorf("got %q, %+v", e.deviceKey(got), got.NewDeviceMetadata)
		}
		e.confirm(got)
	}

	// Forgetting a device ends its sign-ins, and no others.
	e.forget(c, "jane", d.key)
	for _, refresh := range ways {
		for _, tokens := range []*cognitoidp.AuthenticationResultType{offered, bound} {
			_, err := refresh(tokens, d.key)
			wantFault(t, err, badRefresh)
		}
		for _, tokens := range []*cognitoidp.AuthenticationResultType{before, unconfirmed} {
			must(refresh(tokens, e.deviceKey(tokens)))(t)
		}
	}
	_, err = e.ConfirmDevice(t.Context(), e.by(offered.AccessToken), &cognitoidp.ConfirmDeviceRequest{
		DeviceKey: &d.key, DeviceSecretVerifierConfig: &cognitoidp.DeviceSecretVerifierConfigType{Salt: new("AQ=="), PasswordVerifier: new("Ag==")},
	})
	wantFault(t, err, badDeviceKey)
}
