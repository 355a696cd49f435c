package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const (
	textSession        = "Invalid session for the user."
	textSessionExpired = "Invalid session for the user, session is expired."
	textSessionUsed    = "Invalid session for the user, session can only be used once."
	textLocked         = "Password attempts exceeded"
)

// Every flow signs in, and what InitiateAuth answers has the members that clients read.
func TestFlows(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	byAdmin := func(flow types.AuthFlowType) (*types.AuthenticationResultType, map[string]string, error) {
		out, err := s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
			UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: flow,
			AuthParameters: map[string]string{"USERNAME": u.name, "PASSWORD": u.password},
		})
		if err != nil {
			return nil, nil, err
		}
		return out.AuthenticationResult, out.ChallengeParameters, nil
	}
	flows := map[string]func() (*types.AuthenticationResultType, map[string]string, error){
		"password": func() (*types.AuthenticationResultType, map[string]string, error) {
			out, err := s.signIn(a, u.name, u.password)
			if err != nil {
				return nil, nil, err
			}
			return out.AuthenticationResult, out.ChallengeParameters, nil
		},
		"srp": func() (*types.AuthenticationResultType, map[string]string, error) {
			out, err := s.signInSRP(a, u.name, u.password)
			if err != nil {
				return nil, nil, err
			}
			return out.AuthenticationResult, out.ChallengeParameters, nil
		},
		"admin": func() (*types.AuthenticationResultType, map[string]string, error) {
			return byAdmin(types.AuthFlowTypeAdminUserPasswordAuth)
		},
		"admin, former name": func() (*types.AuthenticationResultType, map[string]string, error) {
			return byAdmin(types.AuthFlowTypeAdminNoSrpAuth)
		},
	}
	for name, flow := range flows {
		result, parameters, err := flow()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if result == nil || result.AccessToken == nil || result.IdToken == nil || result.RefreshToken == nil ||
			aws.ToString(result.TokenType) != "Bearer" || result.ExpiresIn != 3600 || result.NewDeviceMetadata != nil {
			t.Errorf("%s: %+v", name, result)
		}
		if parameters == nil || len(parameters) > 0 {
			t.Errorf("%s: ChallengeParameters are %v", name, parameters)
		}
	}
}

// AdminRespondToAuthChallenge finishes what AdminInitiateAuth with SRP began.
func TestAdminSRP(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(), withSecret)
	u := s.member(a.pool)
	p := newProof()
	out := must(s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
		UserPoolId: &a.pool, ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": u.name, "SRP_A": p.A.Text(16), "SECRET_HASH": *a.hash(u.name)},
	}))(t)
	responses := p.responses(a.pool, u.password, out.ChallengeParameters)
	responses["SECRET_HASH"] = *a.hash(responses["USERNAME"])
	answer := must(s.AdminRespondToAuthChallenge(s.ctx, &idp.AdminRespondToAuthChallengeInput{
		UserPoolId: &a.pool, ClientId: &a.id, ChallengeName: types.ChallengeNameTypePasswordVerifier, ChallengeResponses: responses,
	}))(t)
	if answer.AuthenticationResult == nil {
		t.Error("no tokens")
	}
}

func TestFlowGate(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	u := s.member(pool)
	flows := func(list ...types.ExplicitAuthFlowsType) app {
		return s.app(pool, func(in *idp.CreateUserPoolClientInput) { in.ExplicitAuthFlows = list })
	}
	standard := flows()
	legacy := flows(types.ExplicitAuthFlowsTypeAdminNoSrpAuth)
	refreshOnly := flows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)
	parameters := map[string]string{"USERNAME": u.name, "PASSWORD": u.password, "SRP_A": "a", "REFRESH_TOKEN": "x"}
	invalid := wants[*types.InvalidParameterException]
	tests := []struct {
		app   app
		flow  types.AuthFlowType
		admin bool
		want  func(*testing.T, error)
	}{
		{standard, types.AuthFlowTypeUserSrpAuth, false, nil},
		{standard, types.AuthFlowTypeUserPasswordAuth, false, invalid("USER_PASSWORD_AUTH flow not enabled for this client")},
		{standard, types.AuthFlowTypeAdminUserPasswordAuth, true, invalid("Auth flow not enabled for this client")},
		{standard, types.AuthFlowTypeAdminNoSrpAuth, true, invalid("Auth flow not enabled for this client")},
		{standard, types.AuthFlowTypeAdminUserPasswordAuth, false, invalid("Initiate Auth method not supported.")},
		{standard, types.AuthFlowTypeAdminNoSrpAuth, false, invalid("Initiate Auth method not supported.")},
		{standard, types.AuthFlowTypeUserPasswordAuth, true, invalid("Initiate Auth method not supported.")},
		{standard, types.AuthFlowTypeCustomAuth, false, invalid("Custom auth lambda trigger is not configured for the user pool.")},
		{standard, types.AuthFlowTypeUserAuth, false, invalid("USER_AUTH flow not enabled for this client")},
		{standard, types.AuthFlowTypeRefreshTokenAuth, false, wants[*types.NotAuthorizedException]("Invalid Refresh Token.")},
		{legacy, types.AuthFlowTypeAdminNoSrpAuth, true, nil},
		{legacy, types.AuthFlowTypeAdminUserPasswordAuth, true, nil},
		{legacy, types.AuthFlowTypeUserSrpAuth, false, nil},
		{legacy, types.AuthFlowTypeRefreshToken, false, wants[*types.NotAuthorizedException]("Invalid Refresh Token.")},
		{legacy, types.AuthFlowTypeUserPasswordAuth, false, invalid("USER_PASSWORD_AUTH flow not enabled for this client")},
		{refreshOnly, types.AuthFlowTypeUserSrpAuth, false, invalid("USER_SRP_AUTH is not enabled for the client.")},
		{refreshOnly, types.AuthFlowTypeCustomAuth, false, invalid("CUSTOM_AUTH is not enabled for the client.")},
	}
	for _, tt := range tests {
		var err error
		if tt.admin {
			_, err = s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{UserPoolId: &pool, ClientId: &tt.app.id, AuthFlow: tt.flow, AuthParameters: parameters})
		} else {
			_, err = s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{ClientId: &tt.app.id, AuthFlow: tt.flow, AuthParameters: parameters})
		}
		switch {
		case tt.want != nil:
			tt.want(t, err)
		case err != nil:
			t.Errorf("%s, admin %v: %v", tt.flow, tt.admin, err)
		}
		if t.Failed() {
			t.Logf("%s, admin %v", tt.flow, tt.admin)
		}
	}
	for flow, missing := range map[types.AuthFlowType][]string{
		types.AuthFlowTypeUserSrpAuth:      {"USERNAME", "SRP_A"},
		types.AuthFlowTypeUserPasswordAuth: {"USERNAME", "PASSWORD"},
		types.AuthFlowTypeRefreshTokenAuth: {"REFRESH_TOKEN"},
	} {
		for _, name := range missing {
			some := map[string]string{}
			for k, v := range parameters {
				if k != name {
					some[k] = v
				}
			}
			everything := s.app(pool)
			_, err := s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{ClientId: &everything.id, AuthFlow: flow, AuthParameters: some})
			refused[*types.InvalidParameterException](t, err, "Missing required parameter "+name)
		}
	}
}

// A wrong proof, a changed block, another client's block: all read the same, and a block
// counts once.
func TestSecretBlock(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	other := s.app(a.pool)
	foreign := s.app(s.pool())
	u := s.member(a.pool)
	p := newProof()
	begin := func() map[string]string {
		t.Helper()
		return p.responses(a.pool, u.password, must(s.startSRP(a, p, u.name))(t).ChallengeParameters)
	}
	bad := func(name string, a app, change func(map[string]string)) {
		t.Helper()
		responses := begin()
		change(responses)
		_, err := s.finishSRP(a, responses)
		refused[*types.NotAuthorizedException](t, err, textBadPassword)
		if t.Failed() {
			t.Log(name)
		}
	}
	flip := func(member string, at int) func(map[string]string) {
		return func(r map[string]string) {
			text := []byte(r[member])
			if text[at]++; text[at] > 'y' || text[at] < 'B' {
				text[at] = 'C'
			}
			r[member] = string(text)
		}
	}
	bad("another client", other, func(map[string]string) {})
	bad("another pool's client", foreign, func(map[string]string) {})
	bad("changed block", a, flip("PASSWORD_CLAIM_SECRET_BLOCK", 40))
	bad("cut block", a, func(r map[string]string) {
		r["PASSWORD_CLAIM_SECRET_BLOCK"] = r["PASSWORD_CLAIM_SECRET_BLOCK"][:40]
	})
	bad("no block", a, func(r map[string]string) { r["PASSWORD_CLAIM_SECRET_BLOCK"] = "not base64" })
	bad("changed proof", a, flip("PASSWORD_CLAIM_SIGNATURE", 10))
	s.unlock(a, u)
	bad("old time", a, func(r map[string]string) { r["TIMESTAMP"] = "Tue Mar 3 09:05:07 UTC 2020" })
	bad("no time", a, func(r map[string]string) { r["TIMESTAMP"] = "yesterday" })
	bad("somebody else", a, func(r map[string]string) { r["USERNAME"] = "somebody" })
	for _, name := range []string{"PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", "USERNAME"} {
		responses := begin()
		delete(responses, name)
		_, err := s.finishSRP(a, responses)
		refused[*types.InvalidParameterException](t, err, "Missing required parameter "+name)
	}
	s.unlock(a, u)

	responses := begin()
	if _, err := s.finishSRP(a, responses); err != nil {
		t.Error(err)
	}
	_, err := s.finishSRP(a, responses)
	refused[*types.NotAuthorizedException](t, err, textBadPassword)
	// Another password than that of the beginning.
	responses = begin()
	s.setPassword(a.pool, u.name, password+"2")
	_, err = s.finishSRP(a, responses)
	refused[*types.NotAuthorizedException](t, err, textBadPassword)
}

// unlock makes failures forgotten, before a fifth locks the user.
func (s *scene) unlock(a app, u person) {
	s.t.Helper()
	s.tokens(a, u.name, u.password)
}

// A number that is zero in the group would make the proof independent of the password.
func TestBadSRPA(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	N := srpN.Text(16)
	for name, text := range map[string]string{
		"zero": "0", "zeros": "0000", "N": N, "N, upper case": strings.ToUpper(N), "twice N": newTimes(2), "not hex": "xyz",
		"negative": "-5", "prefixed": "0x5", "spaced": " 5", "far too long": strings.Repeat("f", 5000), "underscores": "1_0",
	} {
		_, err := s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
			ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": u.name, "SRP_A": text},
		})
		refused[*types.InvalidParameterException](t, err, "Invalid SRP_A")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	p := newProof()
	out := must(s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{ // other clients' spelling
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": u.name, "SRP_A": "00" + strings.ToUpper(p.A.Text(16))},
	}))(t)
	if _, err := s.finishSRP(a, p.responses(a.pool, u.password, out.ChallengeParameters)); err != nil {
		t.Error(err)
	}
}

func newTimes(n int64) string {
	p := newProof()
	return p.A.SetInt64(n).Mul(p.A, srpN).Text(16)
}

func TestNewPasswordRequired(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: ptr("given_name"), Required: ptr(true)},
			{Name: ptr("tenant"), AttributeDataType: types.AttributeDataTypeString, Mutable: ptr(false)},
		}
	}))
	sibling := s.app(a.pool)
	name, address := username(), email()
	created := must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &a.pool, Username: &name, UserAttributes: attributes("email", address, "email_verified", "true"),
	}))(t)
	if created.User.UserStatus != types.UserStatusTypeForceChangePassword || !created.User.Enabled {
		t.Errorf("the user is %s", created.User.UserStatus)
	}
	temporary := s.codeFor(address)
	out := must(s.signIn(a, name, temporary))(t)
	if out.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || out.AuthenticationResult != nil {
		t.Fatalf("got %q", out.ChallengeName)
	}
	var required []string
	var current map[string]string
	if err := json.Unmarshal([]byte(out.ChallengeParameters["requiredAttributes"]), &required); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal([]byte(out.ChallengeParameters["userAttributes"]), &current); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"userAttributes.given_name"}, required); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"email": address, "email_verified": "true"}, current); diff != "" {
		t.Error(diff)
	}
	if out.ChallengeParameters["USER_ID_FOR_SRP"] != name || len(*out.Session) < 20 || len(*out.Session) > 2048 {
		t.Errorf("got %v, a Session of %d", out.ChallengeParameters, len(*out.Session))
	}

	const secret = "An0ther-secret!"
	answer := func(a app, session *string, more ...string) error {
		responses := map[string]string{"USERNAME": name, "NEW_PASSWORD": secret, "userAttributes.given_name": "Ann"}
		for i := 0; i < len(more); i += 2 {
			responses[more[i]] = more[i+1]
		}
		next, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: types.ChallengeNameTypeNewPasswordRequired, Session: session, ChallengeResponses: responses,
		})
		if err == nil && next.AuthenticationResult == nil {
			t.Errorf("got challenge %s", next.ChallengeName)
		}
		return err
	}
	altered := []byte(*out.Session)
	altered[30] ^= 1
	refused[*types.InvalidParameterException](t, answer(a, nil), "Missing required parameter Session")
	refused[*types.NotAuthorizedException](t, answer(a, ptr(string(altered))), textSession)
	refused[*types.NotAuthorizedException](t, answer(a, ptr(strings.Repeat("A", 100))), textSession)
	refused[*types.NotAuthorizedException](t, answer(sibling, out.Session), textSession)
	refused[*types.NotAuthorizedException](t, answer(a, out.Session, "USERNAME", "somebody"), textSession)
	_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: types.ChallengeNameTypeSmsMfa, Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "SMS_MFA_CODE": "123456"},
	})
	refused[*types.NotAuthorizedException](t, err, textSession)
	refused[*types.InvalidParameterException](t, answer(a, out.Session, "NEW_PASSWORD", ""), "Missing required parameter NEW_PASSWORD")
	refused[*types.InvalidPasswordException](t, answer(a, out.Session, "NEW_PASSWORD", "short"), "Password does not conform to policy: Password not long enough")
	refused[*types.InvalidParameterException](t, answer(a, out.Session, "userAttributes.given_name", ""), "Invalid attributes given, given_name is missing")
	refused[*types.NotAuthorizedException](t, answer(a, out.Session, "userAttributes.email", email()), "Cannot modify an already provided email")
	refused[*types.NotAuthorizedException](t, answer(a, out.Session, "userAttributes.phone_number_verified", "true"), "Cannot modify the non-mutable attribute phone_number_verified")
	refused[*types.InvalidParameterException](t, answer(a, out.Session, "userAttributes.custom:tenant", "x"), "user.custom:tenant: Attribute cannot be updated.\n")
	if got := s.user(a.pool, name); got.UserStatus != types.UserStatusTypeForceChangePassword || valueOf(got.UserAttributes, "given_name") != "" {
		t.Errorf("a refused answer changed the user: %s %v", got.UserStatus, got.UserAttributes)
	}
	// Unchanged attributes may come back, as amazon-cognito-identity-js sends them.
	if err := answer(a, out.Session, "userAttributes.email", address, "userAttributes.email_verified", "true"); err != nil {
		t.Fatal(err)
	}
	refused[*types.NotAuthorizedException](t, answer(a, out.Session), textSessionUsed)
	got := s.user(a.pool, name)
	if got.UserStatus != types.UserStatusTypeConfirmed || valueOf(got.UserAttributes, "given_name") != "Ann" {
		t.Errorf("the user is %s, %v", got.UserStatus, got.UserAttributes)
	}
	s.tokens(a, name, secret)
	_, err = s.signIn(a, name, temporary)
	refused[*types.NotAuthorizedException](t, err, textBadPassword)
}

// The password of one answer ends the Sessions of other sign-ins.
func TestSessionDiesWithPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	name := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name, TemporaryPassword: ptr(password)}))(t)
	first := must(s.signIn(a, name, password))(t)
	p := newProof()
	started := must(s.startSRP(a, p, name))(t)
	second := must(s.finishSRP(a, p.responses(a.pool, password, started.ChallengeParameters)))(t)
	if second.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Fatalf("got %q", second.ChallengeName)
	}
	answer := func(session *string) error {
		_, err := s.AdminRespondToAuthChallenge(s.ctx, &idp.AdminRespondToAuthChallengeInput{
			UserPoolId: &a.pool, ClientId: &a.id, ChallengeName: types.ChallengeNameTypeNewPasswordRequired, Session: session,
			ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": "An0ther-secret!"},
		})
		return err
	}
	if err := answer(second.Session); err != nil {
		t.Error(err)
	}
	refused[*types.NotAuthorizedException](t, answer(first.Session), textSession)
}

// Signing out everywhere and disabling end the sign-ins that are under way, too.
func TestSessionDiesWithSignOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	name := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name, TemporaryPassword: ptr(password)}))(t)
	answer := func(session *string) error {
		_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: types.ChallengeNameTypeNewPasswordRequired, Session: session,
			ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": "An0ther-secret!"},
		})
		return err
	}
	session := must(s.signIn(a, name, password))(t).Session
	must(s.AdminUserGlobalSignOut(s.ctx, &idp.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: &name}))(t)
	refused[*types.NotAuthorizedException](t, answer(session), textSession)
	session = must(s.signIn(a, name, password))(t).Session
	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &a.pool, Username: &name}))(t)
	if err := answer(session); err == nil {
		t.Error("a disabled user went on")
	}
	must(s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &a.pool, Username: &name}))(t)
	refused[*types.NotAuthorizedException](t, answer(session), textSession)
}

// The hash of an answer may be made over the name that was typed or the user's own.
func TestNewPasswordWithSecret(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}), withSecret)
	for _, sent := range []string{"name", "email"} {
		for _, over := range []string{"name", "email"} {
			who := map[string]string{"name": username(), "email": email()}
			must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
				UserPoolId: &a.pool, Username: ptr(who["name"]), TemporaryPassword: ptr(password),
				UserAttributes: attributes("email", who["email"], "email_verified", "true"),
			}))(t)
			out := must(s.signIn(a, who["email"], password))(t)
			if got := out.ChallengeParameters["USER_ID_FOR_SRP"]; got != who["name"] {
				t.Errorf("USER_ID_FOR_SRP is %s", got)
			}
			answer := func(hash *string) error {
				responses := map[string]string{"USERNAME": who[sent], "NEW_PASSWORD": "An0ther-secret!"}
				if hash != nil {
					responses["SECRET_HASH"] = *hash
				}
				_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
					ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session, ChallengeResponses: responses,
				})
				return err
			}
			refused[*types.NotAuthorizedException](t, answer(nil), "Client "+a.id+" is configured with secret but SECRET_HASH was not received")
			refused[*types.NotAuthorizedException](t, answer(a.hash("somebody")), "Unable to verify secret hash for client "+a.id)
			if err := answer(a.hash(who[over])); err != nil && (sent == over || over == "name") {
				t.Errorf("sent %s, hashed %s: %v", sent, over, err)
			}
		}
	}
}

func TestSessionOverTime(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	pool := s.pool()
	short := s.app(pool)
	long := s.app(pool, func(in *idp.CreateUserPoolClientInput) { in.AuthSessionValidity = ptr[int32](15) })
	name := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &pool, Username: &name, TemporaryPassword: ptr(password)}))(t)
	answer := func(a app, session *string) error {
		_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: types.ChallengeNameTypeNewPasswordRequired, Session: session,
			ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": "An0ther-secret!"},
		})
		return err
	}
	first, second := must(s.signIn(short, name, password))(t), must(s.signIn(long, name, password))(t)
	p := newProof()
	started := must(s.startSRP(short, p, name))(t)
	s.server.Advance(3*time.Minute + time.Second)
	refused[*types.NotAuthorizedException](t, answer(short, first.Session), textSessionExpired)
	_, err := s.finishSRP(short, p.responses(pool, password, started.ChallengeParameters))
	refused[*types.NotAuthorizedException](t, err, textBadPassword)
	s.server.Advance(11 * time.Minute)
	if err := answer(long, second.Session); err != nil {
		t.Error(err)
	}
}

// Temporary passwords end, and a new one begins a time of its own.
func TestTemporaryPasswordOverTime(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: ptr[int32](8), TemporaryPasswordValidityDays: 2}}
	}))
	name, address := username(), email()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &a.pool, Username: &name, TemporaryPassword: ptr(password), UserAttributes: attributes("email", address),
	}))(t)
	s.server.Advance(48*time.Hour + time.Second)
	_, err := s.signIn(a, name, password)
	refused[*types.NotAuthorizedException](t, err, "Temporary password has expired and must be reset by an administrator.")
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name, MessageAction: types.MessageActionTypeResend}))(t)
	if out := must(s.signIn(a, name, s.codeFor(address)))(t); out.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Errorf("got %q", out.ChallengeName)
	}
	s.setPassword(a.pool, name, password)
	_, err = s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name, MessageAction: types.MessageActionTypeResend})
	refused[*types.UnsupportedUserStateException](t, err, "Resend not possible. "+name+" status is not FORCE_CHANGE_PASSWORD")
	s.server.Advance(48*time.Hour + time.Second)
	s.tokens(a, name, password) // a permanent password stays
}

// The fifth failure locks for a second, each further one for twice as long, whichever way
// the password is proved; refused attempts count for nothing.
func TestLockout(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool())
	hidden := s.app(a.pool, hiding)
	u := s.member(a.pool)
	stranger := username()
	ways := map[string]func(name, password string) error{
		"password": func(name, password string) error {
			_, err := s.signIn(hidden, name, password)
			return err
		},
		"srp": func(name, password string) error {
			_, err := s.signInSRP(hidden, name, password)
			return err
		},
		"admin": func(name, password string) error {
			_, err := s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
				UserPoolId: &hidden.pool, ClientId: &hidden.id, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
				AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
			})
			return err
		},
	}
	for _, name := range []string{u.name, stranger} { // an unknown name behaves as a known one
		for _, way := range []string{"password", "srp", "admin", "password", "srp"} {
			refused[*types.NotAuthorizedException](t, ways[way](name, "Wr0ng-password!"), textBadPassword)
		}
		lock := time.Second
		for range 5 {
			for way, try := range ways {
				refused[*types.NotAuthorizedException](t, try(name, u.password), textLocked)
				if t.Failed() {
					t.Fatalf("%s, locked for %s", way, lock)
				}
			}
			s.server.Advance(lock)
			refused[*types.NotAuthorizedException](t, ways["password"](name, "Wr0ng-password!"), textBadPassword)
			lock *= 2
		}
		refused[*types.NotAuthorizedException](t, ways["srp"](name, u.password), textLocked)
	}
	s.server.Advance(32 * time.Second)
	if err := ways["srp"](u.name, u.password); err != nil {
		t.Error(err)
	}
	for range 4 { // the count begins again
		refused[*types.NotAuthorizedException](t, ways["password"](u.name, "Wr0ng-password!"), textBadPassword)
	}
	if err := ways["password"](u.name, u.password); err != nil {
		t.Error(err)
	}
}

// Guesses sent at the same time are counted like those sent one after the other.
func TestLockoutInParallel(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	judged := 0
	for _, err := range together(24, func(int) error {
		_, err := s.signIn(a, u.name, "Wr0ng-password!")
		return err
	}) {
		if err != nil && strings.Contains(err.Error(), textBadPassword) {
			judged++
			continue
		}
		refused[*types.NotAuthorizedException](t, err, textLocked)
	}
	if judged != 5 {
		t.Errorf("%d guesses were judged", judged)
	}
	_, err := s.signIn(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, textLocked)
}

func TestAccountStates(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	u := s.member(a.pool)
	disable := &idp.AdminDisableUserInput{UserPoolId: &a.pool, Username: &u.name}
	for range 2 { // it may be repeated
		must(s.AdminDisableUser(s.ctx, disable))(t)
	}
	_, err := s.signIn(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, "User is disabled.")
	_, err = s.signIn(a, u.name, "Wr0ng-password!")
	refused[*types.NotAuthorizedException](t, err, textBadPassword)
	_, err = s.signInSRP(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, "User is disabled.")
	must(s.AdminEnableUser(s.ctx, &idp.AdminEnableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	s.tokens(a, u.name, u.password)

	must(s.AdminResetUserPassword(s.ctx, &idp.AdminResetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.signIn(a, u.name, u.password)
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	_, err = s.signInSRP(a, u.name, u.password)
	refused[*types.PasswordResetRequiredException](t, err, "Password reset required for the user")
	if got := s.user(a.pool, u.name).UserStatus; got != types.UserStatusTypeResetRequired {
		t.Errorf("the user is %s", got)
	}
	must(s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{
		ClientId: &a.id, Username: &u.name, ConfirmationCode: ptr(s.codeFor(u.email)), Password: ptr("An0ther-secret!"),
	}))(t)
	s.tokens(a, u.name, "An0ther-secret!")

	must(s.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.signIn(a, u.name, "An0ther-secret!")
	refused[*types.UserNotFoundException](t, err, textNoUser)
}

// Which status leads to which, by whose doing.
func TestStatuses(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	set := func(permanent bool) func(person) error {
		return func(u person) error {
			_, err := s.AdminSetUserPassword(s.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name, Password: ptr("Another-secret-1"), Permanent: permanent})
			return err
		}
	}
	reset := func(u person) error {
		_, err := s.AdminResetUserPassword(s.ctx, &idp.AdminResetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name})
		return err
	}
	confirm := func(u person) error { return s.confirm(a, u.name, s.codeFor(u.email)) }
	recoverBy := func(u person) error { return s.resetBy(a, u.name, s.codeFor(u.email), "Another-secret-1") }
	again := func(u person) error {
		_, err := s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &u.name, MessageAction: types.MessageActionTypeResend})
		return err
	}
	const unconfirmed, confirmed = types.UserStatusTypeUnconfirmed, types.UserStatusTypeConfirmed
	const forced, toReset = types.UserStatusTypeForceChangePassword, types.UserStatusTypeResetRequired
	begin := map[types.UserStatusType]func() person{
		unconfirmed: func() person { return s.newcomer(a) },
		confirmed:   func() person { return s.member(a.pool) },
		forced: func() person {
			u := s.member(a.pool)
			set(false)(u)
			return u
		},
		toReset: func() person {
			u := s.member(a.pool)
			reset(u)
			return u
		},
	}
	for _, tt := range []struct {
		name     string
		from, to types.UserStatusType
		by       func(person) error
	}{
		{"code", unconfirmed, confirmed, confirm},
		{"permanent password", unconfirmed, confirmed, set(true)},
		{"temporary password", unconfirmed, forced, set(false)},
		{"permanent password", forced, confirmed, set(true)},
		{"temporary password", forced, forced, set(false)},
		{"invitation", forced, forced, again},
		{"reset", confirmed, toReset, reset},
		{"temporary password", confirmed, forced, set(false)},
		{"permanent password", confirmed, confirmed, set(true)},
		{"code", toReset, confirmed, recoverBy},
		{"permanent password", toReset, confirmed, set(true)},
		{"temporary password", toReset, forced, set(false)},
		{"reset", toReset, toReset, reset},
	} {
		u := begin[tt.from]()
		if got := s.user(a.pool, u.name).UserStatus; got != tt.from {
			t.Fatalf("begins as %s, want %s", got, tt.from)
		}
		if err := tt.by(u); err != nil {
			t.Errorf("%s, %s: %v", tt.from, tt.name, err)
		}
		if got := s.user(a.pool, u.name).UserStatus; got != tt.to {
			t.Errorf("%s becomes %s by %s, want %s", tt.from, got, tt.name, tt.to)
		}
	}
}
