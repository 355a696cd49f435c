package signin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
	functions "github.com/cenote-id/cenote/internal/function"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/srp"
	"github.com/cenote-id/cenote/internal/store"
)

// owner is a pool's owner whose functions ask for the answer "green", two wrong answers at
// the most. Users named in a way of their own meet other challenges.
type owner struct {
	mu     sync.Mutex
	events []ownerEvent // those of DefineAuthChallenge
	filler string       // makes the private parameters long
	// defined is what DefineAuthChallenge answers instead; "" lets it decide.
	defined string
	fail    string // the trigger that fails
}

type ownerEvent struct {
	TriggerSource string
	UserName      string
	Request       struct {
		UserAttributes map[string]string
		Session        []map[string]any
		ClientMetadata map[string]string
		UserNotFound   *bool

		ChallengeAnswer            string
		PrivateChallengeParameters map[string]string
		Password                   string
		ValidationData             map[string]string
	}
}

// Do implements trigger.Runner.
func (o *owner) Do(_ context.Context, c functions.Call) ([]byte, error) {
	var e ownerEvent
	if err := json.Unmarshal(c.Payload, &e); err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(e.TriggerSource, "_")
	if kind == o.fail {
		return nil, &functions.Error{Message: "not now"}
	}
	answer := `{}`
	switch kind {
	case "DefineAuthChallenge":
		o.mu.Lock()
		o.events = append(o.events, e)
		o.mu.Unlock()
		answer = o.define(e)
	case "CreateAuthChallenge":
		answer = `{"publicChallengeParameters":{"hint":"a colour"},"privateChallengeParameters":{"answer":"green","filler":"` + o.filler + `"},"challengeMetadata":"COLOUR"}`
	case "VerifyAuthChallengeResponse":
		answer = `{"answerCorrect":false}`
		if e.Request.ChallengeAnswer == e.Request.PrivateChallengeParameters["answer"] {
			answer = `{"answerCorrect":true}`
		}
	}
	return []byte(`{"response":` + answer + `}`), nil
}

func (o *owner) define(e ownerEvent) string {
	if o.defined != "" {
		return o.defined
	}
	steps := e.Request.Session
	if len(steps) == 0 {
		return `{"challengeName":"CUSTOM_CHALLENGE"}`
	}
	last := steps[len(steps)-1]
	switch name, right := last["challengeName"].(string), last["challengeResult"].(bool); {
	case name == "SRP_A":
		return `{"challengeName":"PASSWORD_VERIFIER"}`
	case name == "PASSWORD_VERIFIER":
		return `{"challengeName":"CUSTOM_CHALLENGE"}`
	case right:
		return `{"issueTokens":true,"failAuthentication":false}`
	case len(steps) >= 3:
		return `{"issueTokens":false,"failAuthentication":true}`
	default:
		return `{"challengeName":"CUSTOM_CHALLENGE"}`
	}
}

// last returns the newest event of DefineAuthChallenge.
func (o *owner) last() ownerEvent {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.events[len(o.events)-1]
}

// longest returns the longest history that DefineAuthChallenge has seen.
func (o *owner) longest() (steps []map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.events {
		if len(e.Request.Session) > len(steps) {
			steps = e.Request.Session
		}
	}
	return steps
}

// customPool names all three functions.
func customPool(p *cognitoidp.UserPoolType, c *store.Client) {
	function(func(l *cognitoidp.LambdaConfigType, arn *string) {
		l.DefineAuthChallenge, l.CreateAuthChallenge, l.VerifyAuthChallengeResponse = arn, arn, arn
	})(p, c)
}

const customChallenge = cognitoidp.ChallengeNameTypeCustomChallenge

func (e *env) startCustom(c *catalog.Client, name string) *answer {
	e.t.Helper()
	out, err := e.initiate(c, "CUSTOM_AUTH", values{"USERNAME": name})
	return wantChallenge(e.t, customChallenge, out, err)
}

func (e *env) answerCustom(c *catalog.Client, session *string, name, text string) (*answer, error) {
	return e.respond(c, customChallenge, session, values{"USERNAME": name, "ANSWER": text})
}

var failedCustom = failure{"NotAuthorizedException", "Incorrect username or password."}

// The owner's functions decide; each answer makes a new Session and ends the old one.
func TestCustomAuth(t *testing.T) {
	t.Parallel()
	for _, filler := range []string{"", strings.Repeat("x", 4000)} {
		o := &owner{filler: filler}
		e := newEnv(t, o)
		c := e.client("Custom", customPool, flows("ALLOW_CUSTOM_AUTH"))
		e.user(c.Pool, "jane")
		first := e.startCustom(c, "jane")
		if diff := cmp.Diff(api.StringMap{"USERNAME": "jane", "hint": "a colour"}, first.ChallengeParameters); diff != "" {
			t.Errorf("parameters (-want +got):\n%s", diff)
		}
		if len(*first.Session) > 2048 {
			t.Errorf("the Session has %d characters", len(*first.Session))
		}
		out, err := e.answerCustom(c, first.Session, "jane", "red")
		second := wantChallenge(t, customChallenge, out, err)
		_, err = e.answerCustom(c, first.Session, "jane", "green")
		wantFault(t, err, usedSession)
		out, err = e.answerCustom(c, second.Session, "jane", "green")
		wantTokens(t, out, err)
		_, err = e.answerCustom(c, second.Session, "jane", "green")
		wantFault(t, err, usedSession)
		last := o.last()
		if last.UserName != "jane" || last.Request.UserNotFound != nil || last.Request.UserAttributes["email"] != "jane@example.com" {
			t.Errorf("event %+v", last)
		}
		want := []map[string]any{
			{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": false, "challengeMetadata": "COLOUR"},
			{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": true, "challengeMetadata": "COLOUR"},
		}
		if diff := cmp.Diff(want, o.longest()); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	}
}

// Three wrong answers end it, and with it the Session.
func TestCustomAuthFails(t *testing.T) {
	t.Parallel()
	e := newEnv(t, &owner{})
	c := e.client("Fails", customPool, flows("ALLOW_CUSTOM_AUTH"))
	e.user(c.Pool, "jane")
	out := e.startCustom(c, "jane")
	for range 2 {
		next, err := e.answerCustom(c, out.Session, "jane", "red")
		out = wantChallenge(t, customChallenge, next, err)
	}
	for _, want := range []failure{failedCustom, usedSession} {
		_, err := e.answerCustom(c, out.Session, "jane", "red")
		wantFault(t, err, want)
	}
}

// With SRP first the password is proved before the owner's challenge, and a second factor is
// asked for as after any password.
func TestCustomAuthWithSRP(t *testing.T) {
	t.Parallel()
	o := &owner{}
	e := newEnv(t, o)
	c := e.client("First", customPool, flows("ALLOW_CUSTOM_AUTH"))
	e.user(c.Pool, "jane")
	for name, right := range map[string]bool{password: true, "wrong": false} {
		claim, session := e.customClaim(c, "jane", name)
		_, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
		wantFault(t, err, failure{"InvalidParameterException", "Missing required parameter Session"})
		out, err := e.respond(c, "PASSWORD_VERIFIER", session, claim)
		if !right {
			wantFault(t, err, badCredentials)
			continue
		}
		posed := wantChallenge(t, customChallenge, out, err)
		_, err = e.respond(c, "PASSWORD_VERIFIER", session, claim)
		wantFault(t, err, badCredentials)
		out, err = e.answerCustom(c, posed.Session, "jane", "green")
		wantTokens(t, out, err)
		want := []map[string]any{
			{"challengeName": "SRP_A", "challengeResult": true, "challengeMetadata": nil},
			{"challengeName": "PASSWORD_VERIFIER", "challengeResult": true, "challengeMetadata": nil},
			{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": true, "challengeMetadata": "COLOUR"},
		}
		if diff := cmp.Diff(want, o.longest()); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	}
}

// Unknown users meet the same functions where the client hides users, and get nothing.
func TestCustomAuthOfStrangers(t *testing.T) {
	t.Parallel()
	o := &owner{}
	e := newEnv(t, o)
	shows := e.client("Shows", customPool, flows("ALLOW_CUSTOM_AUTH"))
	_, err := e.initiate(shows, "CUSTOM_AUTH", values{"USERNAME": "nobody"})
	wantFault(t, err, noUser)

	hides := e.client("Hides", customPool, hiding, flows("ALLOW_CUSTOM_AUTH"))
	e.user(hides.Pool, "jane")
	for _, name := range []string{"jane", "nobody"} {
		out := e.startCustom(hides, name)
		event := o.last()
		if got := event.Request.UserNotFound; got == nil || *got != (name == "nobody") || event.UserName != name {
			t.Errorf("%s: event %+v", name, event)
		}
		if name == "nobody" && len(event.Request.UserAttributes) > 0 {
			t.Errorf("attributes %v", event.Request.UserAttributes)
		}
		next, err := e.answerCustom(hides, out.Session, name, "green")
		if name == "jane" {
			wantTokens(t, next, err)
		} else {
			wantFault(t, err, failedCustom)
		}
	}
	// Of a disabled user nothing is told until the end.
	e.user(hides.Pool, "gone", disabled)
	out := e.startCustom(hides, "gone")
	_, err = e.answerCustom(hides, out.Session, "gone", "green")
	wantFault(t, err, failure{"NotAuthorizedException", "User is disabled."})
	e.user(shows.Pool, "gone", disabled)
	_, err = e.initiate(shows, "CUSTOM_AUTH", values{"USERNAME": "gone"})
	wantFault(t, err, failure{"NotAuthorizedException", "User is disabled."})
}

// A Session is the user's, the client's, and does not last; a function that fails uses
// nothing up.
func TestCustomSessions(t *testing.T) {
	t.Parallel()
	o := &owner{}
	e := newEnv(t, o)
	c := e.client("Bound", customPool, flows("ALLOW_CUSTOM_AUTH"))
	other := e.sibling(c, "sibling")
	e.user(c.Pool, "jane")
	e.user(c.Pool, "joe")
	out := e.startCustom(c, "jane")
	for name, answer := range map[string]func() (*answer, error){
		"another user":   func() (*answer, error) { return e.answerCustom(c, out.Session, "joe", "green") },
		"another client": func() (*answer, error) { return e.answerCustom(other, out.Session, "jane", "green") },
		"another challenge": func() (*answer, error) {
			return e.respond(c, "SMS_MFA", out.Session, values{"USERNAME": "jane", "SMS_MFA_CODE": "1"})
		},
	} {
		_, err := answer()
		if e := faultOf(err); e != badSession {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, trigger := range []string{"VerifyAuthChallengeResponse", "DefineAuthChallenge"} {
		o.fail = trigger
		_, err := e.answerCustom(c, out.Session, "jane", "green")
		wantFault(t, err, failure{"UserLambdaValidationException", trigger + " failed with error not now."})
	}
	o.fail = ""
	late := e.startCustom(c, "joe")
	next, err := e.answerCustom(c, out.Session, "jane", "green")
	wantTokens(t, next, err)
	e.sleep(3 * time.Minute)
	_, err = e.answerCustom(c, late.Session, "joe", "green")
	wantFault(t, err, failure{"NotAuthorizedException", "Invalid session for the user, session is expired."})
}

func TestCustomDecisions(t *testing.T) {
	t.Parallel()
	unrecognizable := failure{"InvalidLambdaResponseException", "Unrecognizable lambda output"}
	for defined, want := range map[string]failure{
		`{}`:                                             unrecognizable,
		`{"challengeName":"PASSWORD_VERIFIER"}`:          unrecognizable,
		`{"challengeName":"SMS_MFA"}`:                    unrecognizable, // the user has none
		`{"challengeName":"SOMETHING"}`:                  unrecognizable,
		`{"issueTokens":true,"failAuthentication":true}`: failedCustom,
		`{"failAuthentication":true}`:                    failedCustom,
		`{"issueTokens":"perhaps"}`:                      unrecognizable,
		`{"challengeName":7}`:                            unrecognizable,
	} {
		e := newEnv(t, &owner{defined: defined})
		c := e.client("Decides", customPool, flows("ALLOW_CUSTOM_AUTH"))
		e.user(c.Pool, "jane")
		_, err := e.initiate(c, "CUSTOM_AUTH", values{"USERNAME": "jane"})
		if got := faultOf(err); got != want {
			t.Errorf("%s: %v, want %v", defined, got, want)
		}
	}
	e := newEnv(t, &owner{defined: `{"issueTokens":true}`})
	c := e.client("Opens", customPool, flows("ALLOW_CUSTOM_AUTH"))
	e.user(c.Pool, "jane", e.invited(c.Pool))
	out, err := e.initiate(c, "CUSTOM_AUTH", values{"USERNAME": "jane"})
	wantTokens(t, out, err)
}

// faultOf is what a client sees of an error.
func faultOf(err error) failure {
	f, ok := err.(*fault.Error)
	if !ok {
		return failure{}
	}
	return failure{f.Code, f.Message}
}

// customClaim begins CUSTOM_AUTH with SRP and returns the answer to PASSWORD_VERIFIER, and
// its Session.
func (e *env) customClaim(c *catalog.Client, name, password string) (values, *string) {
	e.t.Helper()
	client := must(srp.NewClient(clock.Random(nil)))(e.t)
	begun, err := e.initiate(c, "CUSTOM_AUTH", values{"USERNAME": name, "CHALLENGE_NAME": "SRP_A", "SRP_A": client.A()})
	out := wantChallenge(e.t, "PASSWORD_VERIFIER", begun, err)
	p, stamp := out.ChallengeParameters, srp.Timestamp(e.time())
	id := srp.Identity{Group: naming.PoolName(c.Pool.ID()), User: p["USER_ID_FOR_SRP"]}
	block := must(base64.StdEncoding.DecodeString(p["SECRET_BLOCK"]))(e.t)
	return values{
		"USERNAME": p["USER_ID_FOR_SRP"], "TIMESTAMP": stamp, "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": must(client.Answer(id, password, p["SALT"], p["SRP_B"], block, stamp))(e.t),
	}, out.Session
}

// A challenge that nobody makes or judges is not posed.
func TestCustomIncomplete(t *testing.T) {
	t.Parallel()
	for name, incomplete := range map[string]func(*cognitoidp.LambdaConfigType, *string){
		"NoCreate": func(l *cognitoidp.LambdaConfigType, arn *string) {
			l.DefineAuthChallenge, l.VerifyAuthChallengeResponse = arn, arn
		},
		"NoVerify": func(l *cognitoidp.LambdaConfigType, arn *string) {
			l.DefineAuthChallenge, l.CreateAuthChallenge = arn, arn
		},
	} {
		e := newEnv(t, &owner{})
		c := e.client(name, function(incomplete), flows("ALLOW_CUSTOM_AUTH"))
		e.user(c.Pool, "jane")
		_, err := e.initiate(c, "CUSTOM_AUTH", values{"USERNAME": "jane"})
		wantFault(t, err, failure{"InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool."})
	}
}
