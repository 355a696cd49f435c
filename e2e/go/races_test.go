package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// together makes n calls at the same time and returns their errors.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-begin
			errs[i] = call(i)
		})
	}
	close(begin)
	wg.Wait()
	return errs
}

// once checks that one of several calls succeeded, and that the others were refused as
// they should be.
func once(t *testing.T, errs []error, refusal func(*testing.T, error)) {
	t.Helper()
	succeeded := 0
	for _, err := range errs {
		if err == nil {
			succeeded++
			continue
		}
		refusal(t, err)
	}
	if succeeded != 1 {
		t.Errorf("%d of %d calls succeeded", succeeded, len(errs))
	}
}

// What can happen once happens once, however many ask for it at the same time.
func TestOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	const n = 8

	name, address := username(), email()
	once(t, together(n, func(int) error {
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", address)})
		return err
	}), wants[*types.UsernameExistsException]("User already exists"))

	code := s.codeFor(address)
	once(t, together(n, func(int) error { return s.confirm(a, name, code) }), func(t *testing.T, err error) {
		t.Helper()
		if _, used := errorAs[*types.ExpiredCodeException](err); !used {
			refused[*types.NotAuthorizedException](t, err, "User cannot be confirmed. Current status is CONFIRMED")
		}
	})

	p := newProof()
	started := must(s.startSRP(a, p, name))(t)
	responses := p.responses(a.pool, password, started.ChallengeParameters)
	once(t, together(n, func(int) error {
		_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: types.ChallengeNameTypePasswordVerifier, ChallengeResponses: responses,
		})
		return err
	}), wants[*types.NotAuthorizedException](textBadPassword))

	must(s.forgot(a, name))(t)
	code = s.codeFor(address)
	once(t, together(n, func(i int) error { return s.resetBy(a, name, code, fmt.Sprint("Another-secret-", i)) }),
		wants[*types.ExpiredCodeException](textOldCode))

	must(s.AdminSetUserPassword(s.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &a.pool, Username: &name, Password: ptr("Temporary-1")}))(t)
	session := must(s.signIn(a, name, "Temporary-1"))(t).Session
	once(t, together(n, func(i int) error {
		_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: types.ChallengeNameTypeNewPasswordRequired, Session: session,
			ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": fmt.Sprint("Another-secret-", i)},
		})
		return err
	}), func(t *testing.T, err error) {
		t.Helper()
		e, ok := errorAs[*types.NotAuthorizedException](err)
		if !ok || e.ErrorMessage() != textSession && e.ErrorMessage() != textSessionUsed {
			t.Errorf("got %v", err)
		}
	})

	aliased := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypePreferredUsername}
	}))
	nick := unique("nick-")
	var names []string
	for range 4 {
		names = append(names, s.member(aliased.pool).name)
	}
	once(t, together(len(names), func(i int) error { return s.adminUpdate(aliased.pool, names[i], "preferred_username", nick) }),
		wants[*types.AliasExistsException]("An account with the given preferred_username already exists."))

	remove := s.member(a.pool).name
	once(t, together(n, func(int) error {
		_, err := s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &a.pool, Username: &remove})
		return err
	}), wants[*types.UserNotFoundException](textNoUser))

	pool := s.pool()
	once(t, together(n, func(int) error {
		_, err := s.DeleteUserPool(s.ctx, &idp.DeleteUserPoolInput{UserPoolId: &pool})
		return err
	}), wants[*types.ResourceNotFoundException]("User pool "+pool+" does not exist."))
}

// Changes at the same time are all made, or refused by name: none gets lost and none ends
// in an internal error.
func TestAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	const n = 8
	for i, err := range together(n, func(i int) error {
		_, err := s.AddCustomAttributes(s.ctx, &idp.AddCustomAttributesInput{UserPoolId: &a.pool, CustomAttributes: []types.SchemaAttributeType{
			{Name: ptr(fmt.Sprint("a", i)), AttributeDataType: types.AttributeDataTypeString},
		}})
		return err
	}) {
		if err != nil {
			t.Errorf("attribute %d: %v", i, err)
		}
	}
	for i, err := range together(n, func(i int) error { return s.adminUpdate(a.pool, u.name, fmt.Sprint("custom:a", i), "x") }) {
		if err != nil {
			t.Errorf("value %d: %v", i, err)
		}
	}
	values := byName(s.user(a.pool, u.name).UserAttributes)
	for i := range n {
		if values[fmt.Sprint("custom:a", i)] != "x" {
			t.Errorf("a value is lost: %v", values)
		}
	}
	for _, err := range together(n, func(i int) error {
		_, err := s.UpdateUserPool(s.ctx, &idp.UpdateUserPoolInput{UserPoolId: &a.pool, PoolName: ptr(fmt.Sprint("name-", i))})
		return err
	}) {
		if _, lost := errorAs[*types.ConcurrentModificationException](err); err != nil && !lost {
			t.Errorf("got %v", err)
		}
	}
	// Sign-ins while the user is signed out, changed and deleted.
	together(n, func(i int) error {
		switch i {
		case 0:
			s.AdminUserGlobalSignOut(s.ctx, &idp.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: &u.name})
		case 1:
			s.adminUpdate(a.pool, u.name, "nickname", "x")
		case 2:
			s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &a.pool, Username: &u.name})
		default:
			if out, err := s.signIn(a, u.name, u.password); err == nil {
				s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: out.AuthenticationResult.AccessToken})
			}
		}
		return nil
	})
}

// A storm of sign-ins makes some of them wait or come again, and nothing else fails.
func TestStorm(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, own(t, nil))
	a := s.app(s.pool())
	u := s.member(a.pool)
	body := jsonOf(map[string]any{
		"ClientId": a.id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": map[string]string{"USERNAME": u.name, "PASSWORD": u.password},
	})
	done := 0
	var mu sync.Mutex
	together(150, func(int) error {
		got := s.post("InitiateAuth", body)
		mu.Lock()
		defer mu.Unlock()
		if got.status == http.StatusOK {
			done++
			return nil
		}
		got.is(t, 400, "TooManyRequestsException", "Rate exceeded")
		return nil
	})
	if done == 0 {
		t.Error("nobody got in")
	}
	s.tokens(a, u.name, u.password)
}

// Requests that are given up leave nothing half-done.
func TestAbandonedRequests(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	var names []string
	for range 20 {
		names = append(names, username())
	}
	together(len(names), func(i int) error {
		ctx, cancel := context.WithCancel(s.ctx)
		go cancel()
		_, err := s.SignUp(ctx, &idp.SignUpInput{
			ClientId: &a.id, Username: &names[i], Password: ptr(password), UserAttributes: attributes("email", email()),
		})
		return err
	})
	for _, name := range names {
		// The request that was given up is either done, even after this, or can be made again.
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &name, Password: ptr(password)})
		if err != nil {
			refused[*types.UsernameExistsException](t, err, "User already exists")
		}
		if got := s.user(a.pool, name).UserStatus; got != types.UserStatusTypeUnconfirmed {
			t.Errorf("the user is %s", got)
		}
	}
}
