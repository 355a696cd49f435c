package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
)

// functionARN is the name of a function of the folder beside this one.
func functionARN(name string) *string {
	return ptr("arn:aws:lambda:us-east-1:000000000000:function:" + name)
}

// withFunctions lets a server run the handlers of e2e/functions.
func withFunctions(c *cenote.Config) {
	dir := func(name string) string { return filepath.Join("..", "functions", name) }
	c.Functions = []cenote.Function{
		{Pattern: "*", Kind: "process", Runtime: "nodejs", Dir: dir("{name}"), Handler: "index.handler", Timeout: 20 * time.Second},
		{Pattern: "*python", Kind: "process", Runtime: "python", Dir: dir("{name}"), Handler: "index.handler", Timeout: 20 * time.Second},
		{Pattern: "broken", Kind: "process", Runtime: "nodejs", Dir: dir("broken"), Handler: "index.handler", Timeout: 3 * time.Second, Attempts: 1},
	}
}

// withLambdas is a pool whose triggers are the functions.
func (s *scene) withLambdas(l *types.LambdaConfigType) string {
	s.t.Helper()
	return s.pool(func(in *idp.CreateUserPoolInput) { in.LambdaConfig = l })
}

func (s *scene) enrol(a app, name, address string) (*idp.SignUpOutput, error) {
	return s.SignUp(s.ctx, &idp.SignUpInput{
		ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", address),
	})
}

// at returns an address of a domain that no other test uses.
func at(domain string) string {
	address := unique("") + "@" + domain
	book.add("email", address)
	return address
}

// Handler files run as they are: they confirm, refuse, word messages and change tokens.
func TestHandlerFiles(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, withFunctions))
	pool := s.withLambdas(&types.LambdaConfigType{
		PreSignUp: functionARN("presignup"), CustomMessage: functionARN("message"),
		PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{
			LambdaArn: functionARN("claims"), LambdaVersion: types.PreTokenGenerationLambdaVersionTypeV20,
		},
	})
	described := must(s.DescribeUserPool(s.ctx, &idp.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool.LambdaConfig
	if *described.PreTokenGeneration != *functionARN("claims") {
		t.Errorf("the pool shows %+v", described)
	}
	a := s.app(pool)

	_, err := s.enrol(a, username(), at("blocked.example"))
	refused[*types.UserLambdaValidationException](t, err, "PreSignUp failed with error This domain may not sign up.")

	friend := username()
	if out := must(s.enrol(a, friend, at("friends.example")))(t); !out.UserConfirmed || out.CodeDeliveryDetails != nil {
		t.Errorf("the friend is not confirmed: %+v", out)
	}
	tokens, keys := s.tokens(a, friend, password), s.keySet(pool)
	_, id := claims(t, keys, *tokens.IdToken)
	_, access := claims(t, keys, *tokens.AccessToken)
	if id["tier"] != "gold" || id["email"] != nil || access["scope"] != "aws.cognito.signin.user.admin orders/read" {
		t.Errorf("ID token %v, access token %v", id, access)
	}
	if tenant, _ := access["tenant"].(map[string]any); tenant["source"] != "TokenGeneration_Authentication" || tenant["id"] != 7.0 {
		t.Errorf("tenant is %v", access["tenant"])
	}

	other, address := username(), email()
	must(s.enrol(a, other, address))(t)
	code := s.codeFor(address)
	m := s.server.Messages(t.Context(), address)[0]
	if m.Subject != "Welcome, "+other || m.Body != "Your code is <b>"+code+"</b>" {
		t.Errorf("message %q, %q", m.Subject, m.Body)
	}
}

func TestPythonHandler(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, withFunctions))
	pool := s.withLambdas(&types.LambdaConfigType{PreTokenGeneration: functionARN("claims-python")})
	u := s.member(pool)
	_, id := claims(t, s.keySet(pool), *s.tokens(s.app(pool), u.name, u.password).IdToken)
	if id["function"] != "claims-python" || id["email"] != nil {
		t.Errorf("ID token %v", id)
	}
}

// However a function fails, the client is told as AWS tells it, and the next call works.
func TestBrokenHandlers(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, withFunctions))
	a := s.app(s.withLambdas(&types.LambdaConfigType{PreSignUp: functionARN("broken")}))
	for way, check := range map[string]func(*testing.T, error){
		"throws":  wants[*types.UserLambdaValidationException]("PreSignUp failed with error refused by the owner."),
		"garbage": wants[*types.InvalidLambdaResponseException]("Unrecognizable lambda output"),
		"nothing": wants[*types.InvalidLambdaResponseException]("Invalid lambda function output : Invalid JSON"),
		"types":   wants[*types.InvalidLambdaResponseException]("Unrecognizable lambda output"),
		"large":   wants[*types.UserLambdaValidationException]("PreSignUp failed with error Response payload size exceeded maximum allowed payload size (6291556 bytes).."),
		"hangs":   wants[*types.UnexpectedLambdaException]("PreSignUp invocation failed due to error Socket timeout while invoking Lambda function."),
		"dies": func(t *testing.T, err error) {
			t.Helper()
			e, ok := errorAs[*types.UserLambdaValidationException](err)
			if !ok || !strings.HasSuffix(e.ErrorMessage(), "Error: Runtime exited with error: exit status 7.") {
				t.Errorf("error %v", err)
			}
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			_, err := s.enrol(a, unique(way+"-"), email())
			check(t, err)
		})
	}
	alias := s.app(s.withLambdas(&types.LambdaConfigType{PreSignUp: ptr(*functionARN("presignup") + ":live")}))
	if out := must(s.enrol(alias, username(), at("friends.example")))(t); !out.UserConfirmed {
		t.Errorf("an alias of a function is not the function: %+v", out)
	}
}

// A pool whose function nobody has configured says so.
func TestUnresolvedFunction(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.enrol(s.app(s.withLambdas(&types.LambdaConfigType{PreSignUp: functionARN("nobody")})), username(), email())
	refused[*types.UnexpectedLambdaException](t, err, "PreSignUp invocation failed due to error ResourceNotFoundException.")
}
