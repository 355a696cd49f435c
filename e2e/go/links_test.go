package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// linkSamples are the samples of the operations on users' identities at providers.
func linkSamples() map[string]sample {
	local := map[string]any{"ProviderName": "Cognito", "ProviderAttributeName": "Cognito_Subject", "ProviderAttributeValue": "{user}"}
	external := map[string]any{"ProviderName": "{provider}", "ProviderAttributeName": "Cognito_Subject", "ProviderAttributeValue": "{new}"}
	return map[string]sample{
		"AdminLinkProviderForUser":    {"UserPoolId": "{pool}", "DestinationUser": local, "SourceUser": external},
		"AdminDisableProviderForUser": {"UserPoolId": "{pool}", "User": local},
	}
}

func identity(provider, attribute, value string) *types.ProviderUserIdentifierType {
	return &types.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeName: &attribute, ProviderAttributeValue: &value}
}

func (s *scene) link(pool, user string, from *types.ProviderUserIdentifierType) error {
	_, err := s.AdminLinkProviderForUser(s.ctx, &idp.AdminLinkProviderForUserInput{
		UserPoolId: &pool, DestinationUser: identity("Cognito", "Cognito_Subject", user), SourceUser: from,
	})
	return err
}

func (s *scene) disableProvider(pool string, user *types.ProviderUserIdentifierType) error {
	_, err := s.AdminDisableProviderForUser(s.ctx, &idp.AdminDisableProviderForUserInput{UserPoolId: &pool, User: user})
	return err
}

// A linked identity shows as text among the user's attributes and as a list in the ID token.
func TestLinkedIdentities(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u, other := s.member(a.pool), s.member(a.pool)
	s.provider(a.pool, "Corp")
	before := s.user(a.pool, u.name)
	subject, address := identity("Corp", "Cognito_Subject", unique("sub-")), identity("Corp", "email", email())
	for _, from := range []*types.ProviderUserIdentifierType{subject, address} {
		if err := s.link(a.pool, u.name, from); err != nil {
			t.Fatal(err)
		}
	}
	refused[*types.InvalidParameterException](t, s.link(a.pool, u.name, subject), "SourceUser is already linked to DestinationUser")
	refused[*types.AliasExistsException](t, s.link(a.pool, other.name, subject), "SourceUser is already linked to another user.")
	refused[*types.InvalidParameterException](t, s.link(a.pool, u.name, identity("Cognito", "Cognito_Subject", other.name)),
		"Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser")
	refused[*types.UserNotFoundException](t, s.link(a.pool, "nobody", identity("Corp", "Cognito_Subject", "x")), textNoUser)
	refused[*types.ResourceNotFoundException](t, s.link(a.pool, u.name, identity("None", "Cognito_Subject", "x")), "Identity provider None does not exist.")

	linked := s.user(a.pool, u.name)
	var list []map[string]any
	if err := json.Unmarshal([]byte(valueOf(linked.UserAttributes, "identities")), &list); err != nil {
		t.Fatal(err)
	}
	for i, from := range []*types.ProviderUserIdentifierType{subject, address} {
		made, _ := list[i]["dateCreated"].(float64)
		if at := linked.UserLastModifiedDate.UnixMilli(); made < float64(before.UserCreateDate.UnixMilli()) || made > float64(at)+1 {
			t.Errorf("dateCreated is %v, and the user was changed at %d", made, at)
		}
		want := map[string]any{
			"userId": *from.ProviderAttributeValue, "providerName": "Corp", "providerType": "OIDC", "issuer": nil, "primary": false, "dateCreated": made,
		}
		if diff := cmp.Diff(want, list[i]); diff != "" {
			t.Errorf("identity %d: %s", i, diff)
		}
	}
	if linked.UserStatus != before.UserStatus || len(list) != 2 {
		t.Errorf("the user is %s with %d identities", linked.UserStatus, len(list))
	}

	// The password still signs in, and the ID token tells the identities as texts.
	tokens := s.tokens(a, u.name, u.password)
	if got := s.get(tokens.AccessToken)["identities"]; got != valueOf(linked.UserAttributes, "identities") {
		t.Errorf("GetUser shows %s", got)
	}
	set := s.keySet(a.pool)
	_, id := claims(t, set, *tokens.IdToken)
	for i, one := range id["identities"].([]any) {
		got := one.(map[string]any)
		if got["primary"] != "false" || got["userId"] != list[i]["userId"] || got["issuer"] != nil || got["dateCreated"] == list[i]["dateCreated"] {
			t.Errorf("the claim has %v", got)
		}
		if text, ok := got["dateCreated"].(string); !ok || strings.Trim(text, "0123456789") != "" {
			t.Errorf("dateCreated is %v in the claim", got["dateCreated"])
		}
	}
	if _, access := claims(t, set, *tokens.AccessToken); access["identities"] != nil {
		t.Error("the access token has identities")
	}
	// Users cannot write them.
	_, err := s.update(tokens.AccessToken, "identities", "[]")
	refused[*types.NotAuthorizedException](t, err, "A client attempted to write unauthorized attribute")

	if err := s.disableProvider(a.pool, subject); err != nil {
		t.Fatal(err)
	}
	refused[*types.UserNotFoundException](t, s.disableProvider(a.pool, subject), textNoUser)
	if err := s.link(a.pool, other.name, subject); err != nil {
		t.Errorf("an identity that is free again: %v", err)
	}
	// What was linked can be taken away when the provider is gone.
	must(s.DeleteIdentityProvider(s.ctx, &idp.DeleteIdentityProviderInput{UserPoolId: &a.pool, ProviderName: ptr("Corp")}))(t)
	if err := s.disableProvider(a.pool, address); err != nil {
		t.Fatal(err)
	}
	if got := valueOf(s.user(a.pool, u.name).UserAttributes, "identities"); got != "" {
		t.Errorf("identities are %s", got)
	}
	if _, id := claims(t, set, *s.tokens(a, u.name, u.password).IdToken); id["identities"] != nil {
		t.Error("the ID token has identities")
	}
}

// A user has at most five linked identities (Cognito guide: "Quotas").
func TestSixthIdentity(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	u := s.member(pool)
	s.provider(pool, "Corp")
	for range 5 {
		if err := s.link(pool, u.name, identity("Corp", "Cognito_Subject", unique("sub-"))); err != nil {
			t.Fatal(err)
		}
	}
	before := s.user(pool, u.name)
	refused[*types.LimitExceededException](t, s.link(pool, u.name, identity("Corp", "Cognito_Subject", "sixth")),
		"The limit of 5 linked identities of a user is reached.")
	if after := s.user(pool, u.name); valueOf(after.UserAttributes, "identities") != valueOf(before.UserAttributes, "identities") {
		t.Error("the refused identity is there")
	}
}

// A user whose password is barred signs in by no password until an administrator sets one.
func TestBarredPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	tokens := s.tokens(a, u.name, u.password)
	if err := s.disableProvider(a.pool, identity("Cognito", "Cognito_Subject", u.name)); err != nil {
		t.Fatal(err)
	}
	const wrong = "Incorrect username or password."
	_, err := s.signIn(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, wrong)
	_, err = s.signInSRP(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, wrong)
	_, err = s.forgot(a, u.name)
	refused[*types.NotAuthorizedException](t, err, "User password cannot be reset in the current state.")
	_, err = s.ChangePassword(s.ctx, &idp.ChangePasswordInput{AccessToken: tokens.AccessToken, PreviousPassword: &u.password, ProposedPassword: ptr(password + "2")})
	refused[*types.NotAuthorizedException](t, err, wrong)
	must(s.refresh(a, *tokens.RefreshToken))(t) // sessions stay
	s.setPassword(a.pool, u.name, password+"3")
	s.tokens(a, u.name, password+"3")
}
