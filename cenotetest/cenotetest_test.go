package cenotetest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
)

func TestStory(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	pool := s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{
		PoolName: new("app"), AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{"email"},
	})
	app := s.CreateClient(t, &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: pool.Id, ClientName: new("web"),
		ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	cenotetest.Must[cognitoidp.SignUpResponse](t, s, "SignUp", &cognitoidp.SignUpRequest{
		ClientId: app.ClientId, Username: new("ann"), Password: new("Passw0rd!"),
		UserAttributes: []cognitoidp.AttributeType{{Name: new("email"), Value: new("ann@example.com")}},
	})
	signIn := &cognitoidp.InitiateAuthRequest{
		ClientId: app.ClientId, AuthFlow: new(cognitoidp.AuthFlowTypeUserPasswordAuth),
		AuthParameters: api.StringMap{"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
	}
	_, err := cenotetest.Call[cognitoidp.InitiateAuthResponse](t.Context(), s, "InitiateAuth", signIn)
	if refusal, ok := errors.AsType[*cenotetest.Error](err); !ok || refusal.Code != "UserNotConfirmedException" || refusal.Message != "User is not confirmed." {
		t.Errorf("before confirmation: %v", err)
	}
	cenotetest.Must[cognitoidp.ConfirmSignUpResponse](t, s, "ConfirmSignUp", &cognitoidp.ConfirmSignUpRequest{
		ClientId: app.ClientId, Username: new("ann"), ConfirmationCode: new(s.Code(t, "ann@example.com")),
	})
	tokens := cenotetest.Must[cognitoidp.InitiateAuthResponse](t, s, "InitiateAuth", signIn).AuthenticationResult
	user := &cognitoidp.GetUserRequest{AccessToken: tokens.AccessToken}
	if got := cenotetest.Must[cognitoidp.GetUserResponse](t, s, "GetUser", user); api.Value(got.Username) != "ann" {
		t.Errorf("GetUser: %v", got)
	}
	s.Advance(61 * time.Minute)
	if _, err := cenotetest.Call[cognitoidp.GetUserResponse](t.Context(), s, "GetUser", user); err == nil ||
		err.Error() != "GetUser: NotAuthorizedException: Access Token has expired" {
		t.Errorf("an hour later: %v", err)
	}
}

func TestTwoServersInOneProcess(t *testing.T) {
	t.Parallel()
	a, b := cenotetest.Start(t), cenotetest.Start(t)
	pool := a.CreatePool(t, &cognitoidp.CreateUserPoolRequest{PoolName: new("app")})
	_, err := cenotetest.Call[cognitoidp.DescribeUserPoolResponse](t.Context(), b, "DescribeUserPool", &cognitoidp.DescribeUserPoolRequest{UserPoolId: pool.Id})
	if err == nil || err.Error() != "DescribeUserPool: ResourceNotFoundException: User pool "+*pool.Id+" does not exist." {
		t.Errorf("the other server: %v", err)
	}
}
