package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
)

// customApp is an app of a pool whose custom challenges are made by handler files.
func (s *scene) customApp() app {
	s.t.Helper()
	pool := s.withLambdas(&types.LambdaConfigType{
		DefineAuthChallenge: functionARN("define"), CreateAuthChallenge: functionARN("create-python"),
		VerifyAuthChallengeResponse: functionARN("verify"),
	})
	return s.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowCustomAuth)
	})
}

func (s *scene) answerSum(a app, session *string, name, sum string) (*idp.RespondToAuthChallengeOutput, error) {
	return s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: types.ChallengeNameTypeCustomChallenge, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": name, "ANSWER": sum},
	})
}

// The three functions of a custom challenge, in two languages.
func TestCustomChallenge(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, withFunctions))
	a := s.customApp()
	u := s.member(a.pool)
	out := must(s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": u.name},
	}))(t)
	if out.ChallengeName != types.ChallengeNameTypeCustomChallenge || out.ChallengeParameters["question"] != "2 + 3" || out.ChallengeParameters["answer"] != "" {
		t.Fatalf("challenge %s, %v", out.ChallengeName, out.ChallengeParameters)
	}
	wrong := must(s.answerSum(a, out.Session, u.name, "6"))(t)
	_, err := s.answerSum(a, out.Session, u.name, "5")
	refused[*types.NotAuthorizedException](t, err, "Invalid session for the user, session can only be used once.")
	right := must(s.answerSum(a, wrong.Session, u.name, "5"))(t)
	if right.AuthenticationResult == nil {
		t.Fatalf("challenge %s", right.ChallengeName)
	}
	admin := must(s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
		UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: types.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": u.name},
	}))(t)
	tokens := must(s.AdminRespondToAuthChallenge(s.ctx, &idp.AdminRespondToAuthChallengeInput{
		UserPoolId: &a.pool, ClientId: &a.id, ChallengeName: admin.ChallengeName, Session: admin.Session,
		ChallengeResponses: map[string]string{"USERNAME": u.name, "ANSWER": "5"},
	}))(t)
	if tokens.AuthenticationResult == nil {
		t.Error("an administrator gets no tokens")
	}
}

// A pool's owner brings in users of an older directory: with the password that they have
// there, or when they have forgotten it.
func TestUserMigration(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, withFunctions))
	pool := s.withLambdas(&types.LambdaConfigType{UserMigration: functionARN("migrate-python")})
	shows, hides := s.app(pool), s.app(pool, hiding)
	const old = "Old-passw0rd!"
	failed := "Exception migrating user in app client "

	name := unique("legacy-")
	_, err := s.signIn(shows, name, "another")
	refused[*types.UserNotFoundException](t, err, failed+shows.id)
	_, err = s.signIn(shows, unique("nobody-"), old)
	refused[*types.UserNotFoundException](t, err, failed+shows.id)
	_, err = s.signIn(hides, unique("nobody-"), old)
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	_, err = s.signInSRP(shows, unique("legacy-"), old)
	refused[*types.UserNotFoundException](t, err, "User does not exist.")

	s.tokens(shows, name, old)
	got := s.user(pool, name)
	if got.UserStatus != types.UserStatusTypeConfirmed || valueOf(got.UserAttributes, "email") != name+"@example.com" || valueOf(got.UserAttributes, "email_verified") != "true" {
		t.Errorf("user %+v", got)
	}
	if out := must(s.signInSRP(shows, name, old))(t); out.AuthenticationResult == nil {
		t.Errorf("the migrated user cannot prove the password by SRP: %s", out.ChallengeName)
	}

	// Who hides users shows this user, who has shown the old password, what to do.
	stale := unique("stale-")
	_, err = s.signIn(hides, stale, "another")
	refused[*types.UserNotFoundException](t, err, failed+hides.id)
	_, err = s.signIn(hides, stale, old)
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	if _, err := s.forgot(hides, stale); err != nil {
		t.Fatal(err)
	}
	if err := s.resetBy(hides, stale, s.codeFor(stale+"@example.com"), password); err != nil {
		t.Fatal(err)
	}
	s.tokens(hides, stale, password)

	forgetful := unique("legacy-")
	details := must(s.forgot(hides, forgetful))(t)
	if *details.AttributeName != "email" {
		t.Errorf("details %+v", details)
	}
	code := s.codeFor(forgetful + "@example.com")
	if err := s.resetBy(hides, forgetful, code, password); err != nil {
		t.Fatal(err)
	}
	s.tokens(hides, forgetful, password)
}

// The same functions behind Lambda's Invoke API, and as an executable.
func TestFunctionsElsewhere(t *testing.T) {
	t.Parallel()
	invoked := make(chan string, 10)
	lambda := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		path, err := url.PathUnescape(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
		}
		invoked <- path + " " + r.Header.Get("X-Amz-Invocation-Type") + " " + strings.SplitN(r.Header.Get("Authorization"), "/", 5)[3]
		switch {
		case strings.Contains(path, ":refusing/"):
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = w.Write([]byte(`{"errorMessage":"go away","errorType":"Error"}`))
		case strings.Contains(path, ":forbidden/"):
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException:http://internal")
			w.WriteHeader(http.StatusForbidden)
		default:
			var event map[string]any
			if err := json.Unmarshal(body, &event); err != nil {
				t.Error(err)
			}
			event["response"] = map[string]any{"autoConfirmUser": true}
			_ = json.NewEncoder(w).Encode(event)
		}
	}))
	t.Cleanup(lambda.Close)
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bootstrap, "../functions/bootstrap").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := sceneOn(t, own(t, func(c *cenote.Config) {
		c.Functions = []cenote.Function{
			{Pattern: "bootstrap", Kind: "process", Runtime: "provided", Command: []string{bootstrap}},
			{Pattern: "*", Kind: "invoke", Endpoint: lambda.URL, Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: "secret"},
		}
	}))
	signUp := func(function string) (*idp.SignUpOutput, error) {
		return s.enrol(s.app(s.withLambdas(&types.LambdaConfigType{PreSignUp: functionARN(function)})), username(), email())
	}
	for _, function := range []string{"bootstrap", "anything"} {
		if out := must(signUp(function))(t); !out.UserConfirmed {
			t.Errorf("%s did not confirm", function)
		}
	}
	want := "/2015-03-31/functions/" + *functionARN("anything") + "/invocations RequestResponse lambda"
	if got := <-invoked; got != want {
		t.Errorf("invoked %q, want %q", got, want)
	}
	_, err := signUp("refusing")
	refused[*types.UserLambdaValidationException](t, err, "PreSignUp failed with error go away.")
	_, err = signUp("forbidden")
	refused[*types.UnexpectedLambdaException](t, err, "PreSignUp invocation failed due to error AccessDeniedException.")
}

// A pool's own sender gets an encrypted code; nothing is mailed, and nobody waits.
func TestSenderFunction(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	events := make(chan map[string]any, 1)
	failures := 1
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if failures > 0 { // the first attempt meets a hook that is away
			failures--
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		var event map[string]any
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
		events <- event
	}))
	t.Cleanup(hook.Close)
	s := sceneOn(t, own(t, func(c *cenote.Config) {
		c.Functions = []cenote.Function{{Pattern: "sender", Kind: "webhook", URL: hook.URL, Secrets: []string{"s"}}}
	}))
	const key = "arn:aws:kms:us-east-1:000000000000:key/11112222-3333-4444-5555-666677778888"
	a := s.app(s.withLambdas(&types.LambdaConfigType{
		KMSKeyID: aws.String(key), CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{
			LambdaArn: functionARN("sender"), LambdaVersion: types.CustomEmailSenderLambdaVersionTypeV10,
		},
	}))
	name := username()
	must(s.enrol(a, name, email()))(t)
	event := <-events
	request, _ := event["request"].(map[string]any)
	code, _ := request["code"].(string)
	if event["triggerSource"] != "CustomEmailSender_SignUp" || event["userName"] != name || request["type"] != "customEmailSenderRequestV1" || !strings.HasPrefix(code, "AYADe") {
		t.Errorf("event %v", event)
	}
}
