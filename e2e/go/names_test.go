package e2e

import (
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cenote-id/cenote"
)

// Names and values of every script go through unchanged.
func TestUnicode(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(), withSecret)
	for _, name := range []string{
		"müller", "名前", "имя", "اسم", "😀-smile", "e\u0301cole", "école", "a'b\"c<d>&e", `back\slash`, "100%", strings.Repeat("名", 128),
	} {
		secret := "Pässwörd-名-1" + unique("")
		must(s.SignUp(s.ctx, &idp.SignUpInput{
			ClientId: &a.id, SecretHash: a.hash(name), Username: &name, Password: &secret, UserAttributes: attributes("nickname", name),
		}))(t)
		must(s.AdminConfirmSignUp(s.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &name}))(t)
		out, err := s.signInSRP(a, name, secret)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, access := claims(t, s.keySet(a.pool), *out.AuthenticationResult.AccessToken); access["username"] != name {
			t.Errorf("the token names %v, want %s", access["username"], name)
		}
		if got := s.get(out.AuthenticationResult.AccessToken)["nickname"]; got != name {
			t.Errorf("the nickname is %q, want %q", got, name)
		}
		filter := `username = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
		if len(filter) <= 256 {
			if got := s.find(a.pool, filter, 10); len(got) != 1 || got[0] != name {
				t.Errorf("%s finds %v", filter, got)
			}
		}
	}
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, SecretHash: a.hash("名前"), Username: ptr("名前"), Password: ptr(password)})
	refused[*types.UsernameExistsException](t, err, "User already exists")
}

// An address is the same in any case where the pool says so, and is shown as it was given.
func TestCaseOfAddresses(t *testing.T) {
	t.Parallel()
	s := open(t)
	byAddress := func(in *idp.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}
	lower := email()
	upper := strings.ToUpper(lower)
	insensitive := s.app(s.pool(byAddress, func(in *idp.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: ptr(false)}
	}))
	sensitive := s.app(s.pool(byAddress))
	for _, a := range []app{insensitive, sensitive} {
		must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &upper, Password: ptr(password)}))(t)
		must(s.AdminConfirmSignUp(s.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &upper}))(t)
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &lower, Password: ptr(password)})
		if a == insensitive {
			refused[*types.UsernameExistsException](t, err, "An account with the given email already exists.")
			s.tokens(a, lower, password)
		} else if err != nil {
			t.Error(err)
		}
		s.tokens(a, upper, password)
	}
}

// An id that is used again is another pool, and another client.
func TestReusedIDs(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, func(c *cenote.Config) { c.MakeKey = nil })) // the keys for tests repeat
	id := "us-east-1_" + unique("Fixed")
	clientID := unique("fixedclient")
	make := func() app {
		t.Helper()
		pool := s.pool(func(in *idp.CreateUserPoolInput) { in.UserPoolTags = map[string]string{"cenote:id": id} })
		a := s.app(pool, func(in *idp.CreateUserPoolClientInput) { in.ClientName = ptr("_custom_id_:" + clientID) })
		if a.pool != id || a.id != clientID {
			t.Fatalf("got %+v", a)
		}
		return a
	}
	a := make()
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	_, err := s.CreateUserPool(s.ctx, &idp.CreateUserPoolInput{PoolName: ptr("again"), UserPoolTags: map[string]string{"cenote:id": id}})
	refused[*types.InvalidParameterException](t, err, "User pool "+id+" already exists.")
	_, err = s.CreateUserPoolClient(s.ctx, &idp.CreateUserPoolClientInput{UserPoolId: &a.pool, ClientName: ptr("_custom_id_:" + clientID)})
	refused[*types.InvalidParameterException](t, err, "User pool client "+clientID+" already exists.")
	must(s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &a.pool}))(t)
	make()
	_, err = s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &a.pool, Username: &u.name})
	refused[*types.UserNotFoundException](t, err, textNoUser)
	_, err = s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	refused[*types.NotAuthorizedException](t, err, textInvalidAccess)
	_, err = s.refresh(a, *tokens.RefreshToken)
	refused[*types.NotAuthorizedException](t, err, "Invalid Refresh Token.")
	if got := s.find(a.pool, "", 60); len(got) > 0 {
		t.Errorf("the new pool has the users %v", got)
	}
}
