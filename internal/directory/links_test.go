package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/directory"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// provide stores an identity provider that maps an e-mail address.
func (h *house) provide(name string, kind cognitoidp.IdentityProviderTypeType) {
	h.t.Helper()
	x := &store.Provider{Pool: h.pool.ID, Name: name, Config: &cognitoidp.IdentityProviderType{
		ProviderName: &name, ProviderType: &kind, AttributeMapping: api.StringMap{"email": "mail"},
	}}
	must(h.t, h.store.Providers().Create(h.t.Context(), h.poolID, x))
}

func who(provider, attribute, value string) *cognitoidp.ProviderUserIdentifierType {
	return &cognitoidp.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeName: &attribute, ProviderAttributeValue: &value}
}

// subjectOf is an identity by what its provider calls it.
func subjectOf(provider, subject string) *cognitoidp.ProviderUserIdentifierType {
	return who(provider, "Cognito_Subject", subject)
}

func (h *house) link(to, from *cognitoidp.ProviderUserIdentifierType) error {
	_, err := h.AdminLinkProviderForUser(h.t.Context(), h.call(), &cognitoidp.AdminLinkProviderForUserRequest{
		UserPoolId: &h.poolID, DestinationUser: to, SourceUser: from,
	})
	return err
}

func (h *house) disableProvider(user *cognitoidp.ProviderUserIdentifierType) error {
	_, err := h.AdminDisableProviderForUser(h.t.Context(), h.call(), &cognitoidp.AdminDisableProviderForUserRequest{UserPoolId: &h.poolID, User: user})
	return err
}

// identities is a user's attribute of that name, "" for none.
func (h *house) identities(username string) string {
	h.t.Helper()
	out, err := h.AdminGetUser(h.t.Context(), h.call(), &cognitoidp.AdminGetUserRequest{UserPoolId: &h.poolID, Username: &username})
	must(h.t, err)
	return attribute(out.UserAttributes, "identities")
}

// finds says whom an identity finds, "" for nobody.
func (h *house) finds(provider, attribute, value string) string {
	h.t.Helper()
	u, err := h.store.FindUser(h.t.Context(), h.pool.ID, store.IdentityKey(provider, attribute, value))
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	must(h.t, err)
	return u.Username
}

func TestLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.provide("Google", cognitoidp.IdentityProviderTypeTypeGoogle)
	h.provide("Corp", cognitoidp.IdentityProviderTypeTypeSaml)
	h.add("ann", "email", "ann@example.com")
	must(t, h.link(subjectOf("Cognito", "ann"), subjectOf("Google", "1234")))
	at := h.time().UnixMilli()
	first := fmt.Sprintf(`{"userId":"1234","providerName":"Google","providerType":"Google","issuer":null,"primary":false,"dateCreated":%d}`, at)
	if got := h.identities("ann"); got != "["+first+"]" {
		t.Errorf("identities are %s", got)
	}
	must(t, h.link(who("Cognito", "ignored", h.user("ann").Sub), who("Corp", "email", "Ann@corp.example")))
	second := fmt.Sprintf(`{"userId":"Ann@corp.example","providerName":"Corp","providerType":"SAML","issuer":null,"primary":false,"dateCreated":%d}`, at)
	if got := h.identities("ann"); got != "["+first+","+second+"]" {
		t.Errorf("identities are %s", got)
	}
	// Links outlive changes of the user, and the password stays.
	must(t, h.adminUpdate("ann", "email", "new@example.com", "nickname", "Annie"))
	if h.finds("Google", "Cognito_Subject", "1234") != "ann" || h.finds("Corp", "email", "Ann@corp.example") != "ann" || h.finds("Corp", "Cognito_Subject", "Ann@corp.example") != "" {
		t.Error("the identities do not find ann")
	}
	if h.user("ann").Status != cognitoidp.UserStatusTypeConfirmed {
		t.Error("a link changed the status")
	}

	must(t, h.disableProvider(subjectOf("Google", "1234")))
	if got := h.identities("ann"); got != "["+second+"]" {
		t.Errorf("identities are %s", got)
	}
	wantFault(t, "another name of the link", h.disableProvider(subjectOf("Corp", "Ann@corp.example")), "UserNotFoundException", "User does not exist.")
	must(t, h.disableProvider(who("Corp", "email", "Ann@corp.example")))
	if got := h.identities("ann"); got != "" {
		t.Errorf("identities are %s", got)
	}
	wantFault(t, "a link that is gone", h.disableProvider(subjectOf("Google", "1234")), "UserNotFoundException", "User does not exist.")
	must(t, h.link(subjectOf("Cognito", "ann"), subjectOf("Google", "1234")))
}

func TestLinkRules(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	g.limits = directory.Limits{LinksPerUser: 5}
	h := g.house(t)
	h.provide("Google", cognitoidp.IdentityProviderTypeTypeGoogle)
	h.provide("Corp", cognitoidp.IdentityProviderTypeTypeOidc)
	h.add("ann")
	h.add("bob")
	h.add("Google_local")
	h.add("Google_777")
	h.setStatus("Google_777", cognitoidp.UserStatusTypeExternalProvider)
	h.add("eve", "custom:tenant", "t1") // immutable
	ann, bob := subjectOf("Cognito", "ann"), subjectOf("Cognito", "bob")
	must(t, h.link(ann, subjectOf("Google", "1")))
	const (
		invalid   = "InvalidParameterException"
		noName    = "ProviderAttributeName of %s must be Cognito_Subject, or an attribute that an OIDC or SAML provider maps."
		noValue   = "ProviderAttributeValue must have 1 to 2048 characters."
		merging   = "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"
		localUser = "Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser"
	)
	for _, tt := range []struct {
		what       string
		to, from   *cognitoidp.ProviderUserIdentifierType
		code, text string
	}{
		{"twice", ann, subjectOf("Google", "1"), invalid, "SourceUser is already linked to DestinationUser"},
		{"to nowhere", &cognitoidp.ProviderUserIdentifierType{ProviderAttributeValue: new("ann")}, subjectOf("Google", "2"), invalid, "Missing required parameter ProviderName"},
		{"to another", bob, subjectOf("Google", "1"), "AliasExistsException", "SourceUser is already linked to another user."},
		{"a user of the pool", bob, subjectOf("Cognito", "ann"), invalid, localUser},
		{"an unknown provider", bob, subjectOf("None", "1"), "ResourceNotFoundException", "Identity provider None does not exist."},
		{"no provider", bob, &cognitoidp.ProviderUserIdentifierType{}, invalid, "Missing required parameter ProviderName"},
		{"a social attribute", bob, who("Google", "email", "b@example.com"), invalid, strings.Replace(noName, "%s", "Google", 1)},
		{"an attribute that is not mapped", bob, who("Corp", "name", "Bob"), invalid, strings.Replace(noName, "%s", "Corp", 1)},
		{"no value", bob, subjectOf("Google", ""), invalid, noValue},
		{"a long value", bob, subjectOf("Google", strings.Repeat("é", 2049)), invalid, noValue},
		{"to nobody", subjectOf("Cognito", "nobody"), subjectOf("Google", "2"), "UserNotFoundException", "User does not exist."},
		{"to nobody of a provider", subjectOf("Google", "2"), subjectOf("Google", "3"), "UserNotFoundException", "User does not exist."},
		{"to an unknown provider", subjectOf("None", "2"), subjectOf("Google", "3"), "ResourceNotFoundException", "Identity provider None does not exist."},
		{"a profile", bob, subjectOf("Google", "777"), invalid, merging},
		{"to an immutable profile", subjectOf("Cognito", "eve"), subjectOf("Google", "2"), invalid, "DestinationUser has values of immutable custom attributes."},
	} {
		wantFault(t, tt.what, h.link(tt.to, tt.from), tt.code, tt.text)
	}
	if h.identities("bob") != "" || h.identities("eve") != "" {
		t.Error("a refused link is there")
	}
	// A local user may be called like a profile.
	must(t, h.link(bob, subjectOf("Google", "local")))
	// A profile can be a destination, by its subject.
	must(t, h.link(subjectOf("Google", "777"), subjectOf("Corp", "9")))
	if h.finds("Corp", "Cognito_Subject", "9") != "Google_777" {
		t.Error("the identity does not find the profile")
	}
	must(t, h.link(ann, subjectOf("Corp", strings.Repeat("é", 2048))))
	for i := range 3 {
		must(t, h.link(ann, subjectOf("Google", fmt.Sprint("x", i))))
	}
	wantFault(t, "a sixth", h.link(ann, subjectOf("Google", "x6")), "LimitExceededException", "The limit of 5 linked identities of a user is reached.")

	// The profile that an identity has of its own is no link.
	must(t, func() error {
		_, err := h.store.UpdateUser(t.Context(), h.pool.ID, h.user("Google_777").ID, store.UpdateOptions{}, func(u *store.User) error {
			u.Keys = append(u.Keys, store.IdentityKey("Google", "Cognito_Subject", "778"))
			return u.SetIdentities([]store.Identity{{UserID: "778", ProviderName: "Google", ProviderType: "Google", Primary: true}})
		})
		return err
	}())
	wantFault(t, "a profile's identity", h.link(bob, subjectOf("Google", "778")), invalid, merging)
	wantFault(t, "unlink of an unknown provider", h.disableProvider(subjectOf("None", "1")), "ResourceNotFoundException", "Identity provider None does not exist.")
}

// An identity that several users are to get at the same time becomes one user's.
func TestLinkRace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.provide("Google", cognitoidp.IdentityProviderTypeTypeGoogle)
	const users = 6
	for i := range users {
		h.add(fmt.Sprint("user", i))
	}
	var wg sync.WaitGroup
	results := make([]error, users)
	for i := range users {
		wg.Go(func() { results[i] = h.link(subjectOf("Cognito", fmt.Sprint("user", i)), subjectOf("Google", "1")) })
	}
	wg.Wait()
	won := 0
	for i, err := range results {
		switch {
		case err == nil:
			won++
			if h.identities(fmt.Sprint("user", i)) == "" {
				t.Errorf("user%d has no identity", i)
			}
		case !fault.Is(err, "AliasExistsException"):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d users got the identity", won)
	}
}

// A password that an administrator has barred comes back only through an administrator.
func TestBarredPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, autoVerify("email"))
	h.add("ann", "email", "ann@example.com", "email_verified", "true")
	setPassword := func() {
		t.Helper()
		_, err := h.AdminSetUserPassword(t.Context(), h.call(), &cognitoidp.AdminSetUserPasswordRequest{
			UserPoolId: &h.poolID, Username: new("ann"), Password: new(goodPassword), Permanent: new(true),
		})
		must(t, err)
	}
	setPassword()
	_, err := h.forgot("ann")
	must(t, err)
	code := h.lastCode("ann@example.com")
	wantFault(t, "another attribute name", h.disableProvider(who("Cognito", "email", "ann")), "InvalidParameterException",
		"ProviderAttributeName of Cognito must be Cognito_Subject, or an attribute that an OIDC or SAML provider maps.")
	wantFault(t, "nobody", h.disableProvider(subjectOf("Cognito", "nobody")), "UserNotFoundException", "User does not exist.")
	if !h.passwordWorks("ann", goodPassword) {
		t.Fatal("refused requests took the password")
	}
	must(t, h.disableProvider(subjectOf("Cognito", "ann")))
	if h.passwordWorks("ann", goodPassword) {
		t.Error("the barred password works")
	}
	const state = "User password cannot be reset in the current state."
	_, err = h.forgot("ann")
	wantFault(t, "ForgotPassword", err, "NotAuthorizedException", state)
	wantFault(t, "ConfirmForgotPassword", h.confirmForgot("ann", code, goodPassword+"2"), "NotAuthorizedException", state)
	_, err = h.AdminResetUserPassword(t.Context(), h.call(), &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: &h.poolID, Username: new("ann")})
	wantFault(t, "AdminResetUserPassword", err, "NotAuthorizedException", state)
	_, err = h.ChangePassword(t.Context(), h.as("ann"), &cognitoidp.ChangePasswordRequest{ProposedPassword: new(goodPassword + "3")})
	if err == nil {
		t.Error("the user set a password without having one")
	}
	_, err = h.ChangePassword(t.Context(), h.as("ann"), &cognitoidp.ChangePasswordRequest{PreviousPassword: new(goodPassword), ProposedPassword: new(goodPassword + "3")})
	wantFault(t, "ChangePassword", err, "NotAuthorizedException", "Incorrect username or password.")
	setPassword()
	if !h.passwordWorks("ann", goodPassword) || h.user("ann").Credential.Barred {
		t.Error("an administrator's password does not work")
	}
	_, err = h.forgot("ann")
	must(t, err)
	if diff := cmp.Diff(h.user("ann").Status, cognitoidp.UserStatusTypeConfirmed); diff != "" {
		t.Error(diff)
	}
}
