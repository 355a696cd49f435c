package e2e

import (
	"strings"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// get returns the caller's attributes by name.
func (s *scene) get(token *string) map[string]string {
	s.t.Helper()
	out := must(s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: token}))(s.t)
	return byName(out.UserAttributes)
}

func byName(list []types.AttributeType) map[string]string {
	values := map[string]string{}
	for _, a := range list {
		values[*a.Name] = *a.Value
	}
	return values
}

func (s *scene) update(token *string, pairs ...string) ([]types.CodeDeliveryDetailsType, error) {
	out, err := s.UpdateUserAttributes(s.ctx, &idp.UpdateUserAttributesInput{AccessToken: token, UserAttributes: attributes(pairs...)})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetailsList, nil
}

func (s *scene) verify(token *string, attribute, code string) error {
	_, err := s.VerifyUserAttribute(s.ctx, &idp.VerifyUserAttributeInput{AccessToken: token, AttributeName: &attribute, Code: &code})
	return err
}

func (s *scene) adminUpdate(pool, name string, pairs ...string) error {
	_, err := s.AdminUpdateUserAttributes(s.ctx, &idp.AdminUpdateUserAttributesInput{
		UserPoolId: &pool, Username: &name, UserAttributes: attributes(pairs...),
	})
	return err
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: ptr("score"), AttributeDataType: types.AttributeDataTypeNumber, DeveloperOnlyAttribute: ptr(true)}}
	})
	wide := s.app(pool)
	narrow := s.app(pool, func(in *idp.CreateUserPoolClientInput) { in.ReadAttributes = []string{"email"} })
	u := s.member(pool, "nickname", "Annie", "dev:custom:score", "5")
	seen := s.user(pool, u.name)
	all := byName(seen.UserAttributes)
	if all["dev:custom:score"] != "5" || *seen.UserAttributes[0].Name != "sub" {
		t.Errorf("an administrator sees %v", all)
	}
	if seen.PreferredMfaSetting != nil || seen.UserMFASettingList != nil || seen.MFAOptions != nil {
		t.Errorf("MFA members: %v %v %v", seen.PreferredMfaSetting, seen.UserMFASettingList, seen.MFAOptions)
	}
	if age := time.Since(*seen.UserCreateDate); age < 0 || age > time.Minute || seen.UserLastModifiedDate.Before(*seen.UserCreateDate) {
		t.Errorf("made %v, changed %v", seen.UserCreateDate, seen.UserLastModifiedDate)
	}
	delete(all, "dev:custom:score")
	out := must(s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: s.tokens(wide, u.name, u.password).AccessToken}))(t)
	if diff := cmp.Diff(all, byName(out.UserAttributes)); diff != "" || *out.Username != u.name {
		t.Errorf("%s %s", *out.Username, diff)
	}
	if out.PreferredMfaSetting != nil || out.UserMFASettingList != nil || out.MFAOptions != nil {
		t.Error("MFA members for a user without MFA")
	}
	tokens := s.tokens(narrow, u.name, u.password)
	if diff := cmp.Diff(map[string]string{"sub": all["sub"], "email": u.email}, s.get(tokens.AccessToken)); diff != "" {
		t.Error(diff)
	}
	if _, id := claims(t, s.keySet(pool), *tokens.IdToken); id["email"] != u.email || id["nickname"] != nil || id["email_verified"] != nil {
		t.Errorf("the ID token says %v", id)
	}
}

func TestUpdateAttributes(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: ptr("family_name"), Required: ptr(true)},
			{Name: ptr("tenant"), AttributeDataType: types.AttributeDataTypeString, Mutable: ptr(false)},
			{Name: ptr("score"), AttributeDataType: types.AttributeDataTypeNumber, DeveloperOnlyAttribute: ptr(true)},
		}
	}))
	narrow := s.app(a.pool, func(in *idp.CreateUserPoolClientInput) { in.WriteAttributes = []string{"family_name"} })
	u := s.member(a.pool, "family_name", "Lee", "custom:tenant", "acme")
	token := s.tokens(a, u.name, u.password).AccessToken
	little := s.tokens(narrow, u.name, u.password).AccessToken
	before := s.get(token)

	for _, try := range []struct {
		token *string
		pair  []string
		check func(*testing.T, error)
	}{
		{little, []string{"nickname", "x"}, wants[*types.NotAuthorizedException](textWrite)},
		{token, []string{"email_verified", "true"}, wants[*types.NotAuthorizedException](textWrite)},
		{token, []string{"sub", "x"}, wants[*types.NotAuthorizedException](textWrite)},
		{token, []string{"dev:custom:score", "1"}, wants[*types.NotAuthorizedException](textWrite)},
		{token, []string{"custom:nothing", "x"}, wants[*types.InvalidParameterException]("user.custom:nothing: Attribute does not exist in the schema.\n")},
		{token, []string{"custom:tenant", "other"}, wants[*types.InvalidParameterException]("user.custom:tenant: Attribute cannot be updated.\n")},
		{token, []string{"family_name", ""}, wants[*types.InvalidParameterException]("user.family_name: The attribute is required\n")},
		{token, []string{"email", "nobody"}, wants[*types.InvalidParameterException]("Invalid email address format.")},
	} {
		_, err := s.update(try.token, append([]string{"given_name", "Ann"}, try.pair...)...)
		if try.token == little {
			_, err = s.update(try.token, append([]string{"family_name", "Other"}, try.pair...)...)
		}
		try.check(t, err)
		if diff := cmp.Diff(before, s.get(token)); diff != "" { // all or nothing
			t.Errorf("%v: %s", try.pair, diff)
		}
	}
	if details, err := s.update(token, "given_name", "Ann", "nickname", "Annie"); err != nil || details == nil || len(details) > 0 {
		t.Errorf("%v %v", details, err)
	}
	if _, err := s.update(token, "nickname", ""); err != nil { // an empty value deletes
		t.Error(err)
	}
	remove := func(token *string, names ...string) error {
		_, err := s.DeleteUserAttributes(s.ctx, &idp.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: names})
		return err
	}
	refused[*types.InvalidParameterException](t, remove(token, "custom:foo", "given_name", "custom:bar"),
		"Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\nuser.custom:bar: Attribute does not exist in the schema.\n")
	refused[*types.NotAuthorizedException](t, remove(little, "given_name"), textWrite)
	refused[*types.NotAuthorizedException](t, remove(token, "sub"), textWrite)
	refused[*types.InvalidParameterException](t, remove(token, "custom:tenant"), "user.custom:tenant: Attribute cannot be updated.\n")
	refused[*types.InvalidParameterException](t, remove(token, "family_name"), "user.family_name: The attribute is required\n")
	if got := s.get(token); got["given_name"] != "Ann" || got["nickname"] != "" {
		t.Errorf("%v", got)
	}
	if err := remove(token, "given_name", "website"); err != nil { // a website was never there
		t.Error(err)
	}
	if diff := cmp.Diff(before, s.get(token)); diff != "" {
		t.Error(diff)
	}
	if err := remove(token, "email"); err != nil {
		t.Error(err)
	}
	if got := s.get(token); got["email"] != "" || got["email_verified"] != "" {
		t.Errorf("%v", got)
	}

	// An administrator may more, and not everything.
	refused[*types.InvalidParameterException](t, s.adminUpdate(a.pool, u.name, "sub", "x"), "user.sub: Attribute cannot be updated.\n")
	refused[*types.InvalidParameterException](t, s.adminUpdate(a.pool, u.name, "custom:tenant", "x"), "user.custom:tenant: Attribute cannot be updated.\n")
	refused[*types.InvalidParameterException](t, s.adminUpdate(a.pool, u.name, "custom:x", "x"), "user.custom:x: Attribute does not exist in the schema.\n")
	refused[*types.InvalidParameterException](t, s.adminUpdate(a.pool, u.name, "email_verified", "true"), "Email is required to verify/un-verify an email")
	refused[*types.InvalidParameterException](t, s.adminUpdate(a.pool, u.name, "phone_number_verified", "true"), "Phone Number is required to verify/un-verify a phone number")
	if err := s.adminUpdate(a.pool, u.name, "dev:custom:score", "5", "email", u.email, "email_verified", "True"); err != nil {
		t.Error(err)
	}
	must(s.AdminDeleteUserAttributes(s.ctx, &idp.AdminDeleteUserAttributesInput{
		UserPoolId: &a.pool, Username: &u.name, UserAttributeNames: []string{"dev:custom:score"},
	}))(t)
	if got := byName(s.user(a.pool, u.name).UserAttributes); got["email_verified"] != "true" || got["dev:custom:score"] != "" {
		t.Errorf("%v", got)
	}
}

func TestVerifyAttribute(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	token := s.tokens(a, u.name, u.password).AccessToken
	ask := func(attribute string) error {
		_, err := s.GetUserAttributeVerificationCode(s.ctx, &idp.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: &attribute})
		return err
	}
	if err := ask("nickname"); err == nil {
		t.Error("a nickname is verified")
	}
	if err := ask("phone_number"); err == nil {
		t.Error("no phone number is verified")
	}
	next := email()
	details := must(s.update(token, "email", next))(t)
	if diff := cmp.Diff([]types.CodeDeliveryDetailsType{*byEmail(masked(next))}, details, sameDetails); diff != "" {
		t.Error(diff)
	}
	if got := s.get(token); got["email"] != next || got["email_verified"] != "false" {
		t.Errorf("%v", got)
	}
	code := s.codeFor(next)
	refused[*types.CodeMismatchException](t, s.verify(token, "email", other(code)), textBadCode)
	refused[*types.ExpiredCodeException](t, s.verify(token, "phone_number", code), textOldCode)
	if err := s.verify(token, "email", code); err != nil {
		t.Error(err)
	}
	refused[*types.ExpiredCodeException](t, s.verify(token, "email", code), textOldCode)
	if got := s.get(token)["email_verified"]; got != "true" {
		t.Errorf("email_verified is %q", got)
	}
	if details := must(s.update(token, "email", next))(t); len(details) > 0 { // the same again
		t.Errorf("%v", details)
	}
	if got := s.get(token)["email_verified"]; got != "true" {
		t.Errorf("email_verified is %q", got)
	}
	for range 5 {
		if err := ask("email"); err != nil {
			t.Error(err)
		}
	}
	refused[*types.LimitExceededException](t, ask("email"), textAttempts)
	if err := s.verify(token, "email", s.codeFor(next)); err != nil {
		t.Error(err)
	}
}

// Where the pool keeps the original, the old address counts until the new one is verified.
func TestKeepOriginal(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
		in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{
			AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		}
	}))
	u := s.member(a.pool)
	token := s.tokens(a, u.email, u.password).AccessToken
	second, third := email(), email()
	for _, next := range []string{second, third} {
		if details := must(s.update(token, "email", next))(t); len(details) != 1 {
			t.Errorf("%v", details)
		}
	}
	if got := s.get(token); got["email"] != u.email || got["email_verified"] != "true" {
		t.Errorf("%v", got)
	}
	s.tokens(a, u.email, u.password)
	_, err := s.signIn(a, third, u.password)
	refused[*types.UserNotFoundException](t, err, textNoUser)
	refused[*types.CodeMismatchException](t, s.verify(token, "email", s.codeFor(second)), textBadCode)
	code := s.codeFor(third)
	s.server.Advance(24*time.Hour + time.Second)
	token = s.tokens(a, u.email, u.password).AccessToken
	refused[*types.ExpiredCodeException](t, s.verify(token, "email", code), textOldCode)
	must(s.GetUserAttributeVerificationCode(s.ctx, &idp.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: ptr("email")}))(t)
	if err := s.verify(token, "email", s.codeFor(third)); err != nil {
		t.Error(err)
	}
	if got := s.get(token); got["email"] != third || got["email_verified"] != "true" {
		t.Errorf("%v", got)
	}
	s.tokens(a, third, u.password)
	_, err = s.signIn(a, u.email, u.password)
	refused[*types.UserNotFoundException](t, err, textNoUser)

	fourth := email()
	if err := s.adminUpdate(a.pool, u.name, "email", fourth); err != nil {
		t.Error(err)
	}
	if got := s.get(token)["email"]; got != third {
		t.Errorf("the address is %s", got)
	}
	if err := s.adminUpdate(a.pool, u.name, "email", fourth, "email_verified", "true"); err != nil {
		t.Error(err)
	}
	s.tokens(a, fourth, u.password)
}

// Addresses that name users belong to one user each.
func TestAddressesThatName(t *testing.T) {
	t.Parallel()
	s := open(t)
	byAddress := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}))
	first, second := email(), email()
	for _, address := range []string{first, second} {
		must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
			UserPoolId: &byAddress.pool, Username: &address, MessageAction: types.MessageActionTypeSuppress,
		}))(t)
		s.setPassword(byAddress.pool, address, password)
	}
	tokens := s.tokens(byAddress, first, password)
	out := must(s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken}))(t)
	if values := byName(out.UserAttributes); *out.Username != values["sub"] || values["email"] != first {
		t.Errorf("%s has %v", *out.Username, values)
	}
	if _, access := claims(t, s.keySet(byAddress.pool), *tokens.AccessToken); access["username"] != access["sub"] {
		t.Errorf("%v", access)
	}
	const given = "An account with the given email already exists."
	_, err := s.update(tokens.AccessToken, "email", second)
	refused[*types.AliasExistsException](t, err, given)
	refused[*types.AliasExistsException](t, s.adminUpdate(byAddress.pool, first, "email", second, "email_verified", "true"), given)
	_, err = s.DeleteUserAttributes(s.ctx, &idp.DeleteUserAttributesInput{AccessToken: tokens.AccessToken, UserAttributeNames: []string{"email"}})
	if err == nil {
		t.Error("the only name of a user was deleted")
	}
	third := email()
	must(s.update(tokens.AccessToken, "email", third))(t)
	for _, name := range []string{third, *out.Username} {
		s.tokens(byAddress, name, password)
		if _, err := s.signInSRP(byAddress, name, password); err != nil {
			t.Errorf("SRP as %s: %v", name, err)
		}
	}
	_, err = s.signIn(byAddress, first, password)
	refused[*types.UserNotFoundException](t, err, textNoUser)

	// An alias is taken at its verification, by an administrator at once.
	aliased := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail, types.AliasAttributeTypePreferredUsername}
	}))
	ann, bob := s.member(aliased.pool), s.member(aliased.pool)
	token := s.tokens(aliased, bob.email, bob.password).AccessToken
	must(s.update(token, "email", ann.email))(t)
	refused[*types.AliasExistsException](t, s.verify(token, "email", s.codeFor(ann.email)), "An account with the email already exists.")
	if err := s.adminUpdate(aliased.pool, bob.name, "email", ann.email, "email_verified", "true"); err != nil {
		t.Error(err)
	}
	if got := byName(s.user(aliased.pool, ann.name).UserAttributes); got["email"] != ann.email || got["email_verified"] != "false" {
		t.Errorf("the former owner has %v", got)
	}
	if got := *s.user(aliased.pool, ann.email).Username; got != bob.name {
		t.Errorf("the address finds %s", got)
	}
	nick := unique("nick-")
	must(s.update(token, "preferred_username", nick))(t)
	s.tokens(aliased, nick, bob.password)
	refused[*types.AliasExistsException](t, s.adminUpdate(aliased.pool, ann.name, "preferred_username", nick),
		"An account with the given preferred_username already exists.")
	_, err = s.SignUp(s.ctx, &idp.SignUpInput{
		ClientId: &aliased.id, Username: ptr(username()), Password: ptr(password), UserAttributes: attributes("preferred_username", "x"),
	})
	if err == nil || !strings.Contains(err.Error(), "InvalidParameterException") {
		t.Errorf("got %v", err)
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.newcomer(a)
	must(s.AdminConfirmSignUp(s.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err := s.AdminConfirmSignUp(s.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &u.name})
	refused[*types.NotAuthorizedException](t, err, "User cannot be confirmed. Current status is CONFIRMED")
	if got := byName(s.user(a.pool, u.name).UserAttributes); got["email_verified"] != "false" {
		t.Errorf("confirming verified the address: %v", got)
	}
	tokens := s.tokens(a, u.name, u.password)
	sub := s.get(tokens.AccessToken)["sub"]
	must(s.DeleteUser(s.ctx, &idp.DeleteUserInput{AccessToken: tokens.AccessToken}))(t)
	_, err = s.DeleteUser(s.ctx, &idp.DeleteUserInput{AccessToken: tokens.AccessToken})
	refused[*types.UserNotFoundException](t, err, textNoUser)
	again := must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &u.name, Password: &u.password}))(t)
	if *again.UserSub == sub {
		t.Error("a new user has an old sub")
	}
	_, err = s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	refused[*types.UserNotFoundException](t, err, textNoUser)
}
