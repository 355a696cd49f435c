package e2e

import (
	"encoding/json"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/internal/passkey/passkeytest"
)

const webPage = "http://localhost:3000"

// choicePool makes a pool with the first factors named besides passwords, whose passkeys are
// localhost's, and a client whose users may choose.
func (s *scene) choicePool(factors ...types.AuthFactorType) app {
	s.t.Helper()
	pool := s.pool(firstFactors(factors...))
	s.setRelyingParty(pool)
	return s.app(pool, choosing)
}

// firstFactors lets factors besides passwords come first.
func firstFactors(factors ...types.AuthFactorType) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: append([]types.AuthFactorType{types.AuthFactorTypePassword}, factors...),
		}}
	}
}

// setRelyingParty makes passkeys of the pool localhost's.
func (s *scene) setRelyingParty(pool string) {
	s.t.Helper()
	must(s.SetUserPoolMfaConfig(s.ctx, &idp.SetUserPoolMfaConfigInput{
		UserPoolId: &pool, MfaConfiguration: types.UserPoolMfaTypeOff,
		WebAuthnConfiguration: &types.WebAuthnConfigurationType{RelyingPartyId: ptr("localhost")},
	}))(s.t)
}

func choosing(in *idp.CreateUserPoolClientInput) {
	in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}
}

// choose begins USER_AUTH; parameters are names and values in turn.
func (s *scene) choose(a app, name string, session *string, parameters ...string) (*idp.InitiateAuthOutput, error) {
	in := &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserAuth, Session: session, AuthParameters: map[string]string{"USERNAME": name},
	}
	if hash := a.hash(name); hash != nil {
		in.AuthParameters["SECRET_HASH"] = *hash
	}
	for i := 0; i < len(parameters); i += 2 {
		in.AuthParameters[parameters[i]] = parameters[i+1]
	}
	return s.InitiateAuth(s.ctx, in)
}

// reply answers a challenge; responses are names and values in turn.
func (s *scene) reply(a app, name string, challenge types.ChallengeNameType, session *string, responses ...string) (*idp.RespondToAuthChallengeOutput, error) {
	in := &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: challenge, Session: session, ChallengeResponses: map[string]string{"USERNAME": name},
	}
	if hash := a.hash(name); hash != nil {
		in.ChallengeResponses["SECRET_HASH"] = *hash
	}
	for i := 0; i < len(responses); i += 2 {
		in.ChallengeResponses[responses[i]] = responses[i+1]
	}
	return s.RespondToAuthChallenge(s.ctx, in)
}

// offers checks the challenge of a start, and what is available besides.
func offers(t *testing.T, out *idp.InitiateAuthOutput, err error, name types.ChallengeNameType, available ...types.ChallengeNameType) *idp.InitiateAuthOutput {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if out.ChallengeName != name || out.Session == nil || out.AuthenticationResult != nil || !cmp.Equal(out.AvailableChallenges, available) {
		t.Fatalf("got %s with %v, want %s with %v", out.ChallengeName, out.AvailableChallenges, name, available)
	}
	return out
}

// signedIn checks that the tokens are the user's.
func (s *scene) signedIn(name string, result *types.AuthenticationResultType, err error) *types.AuthenticationResultType {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	if result == nil {
		s.t.Fatal("no tokens")
	}
	if got := must(s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: result.AccessToken}))(s.t); *got.Username != name {
		s.t.Errorf("the tokens are %s's, not %s's", *got.Username, name)
	}
	return result
}

func result(out *idp.RespondToAuthChallengeOutput) *types.AuthenticationResultType {
	if out == nil {
		return nil
	}
	return out.AuthenticationResult
}

const (
	selectChallenge = types.ChallengeNameTypeSelectChallenge
	choicePassword  = types.ChallengeNameTypePassword
	choiceSRP       = types.ChallengeNameTypePasswordSrp
	choiceEmail     = types.ChallengeNameTypeEmailOtp
	choiceSMS       = types.ChallengeNameTypeSmsOtp
	choicePasskey   = types.ChallengeNameTypeWebAuthn
)

// valueIn returns what a JSON text says.
func valueIn(t *testing.T, text []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// A user signs up without a password, signs in with the Session of ConfirmSignUp, adds a
// passkey, and signs in by each way that there is.
func TestWithoutPassword(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.choicePool(types.AuthFactorTypeEmailOtp, types.AuthFactorTypeWebAuthn)
	name, address := username(), email()
	up := must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: &name, UserAttributes: attributes("email", address)}))(t)
	if up.Session == nil || up.UserConfirmed {
		t.Fatalf("got %+v", up)
	}
	_, err := s.choose(a, name, nil, "PREFERRED_CHALLENGE", "EMAIL_OTP")
	refused[*types.UserNotConfirmedException](t, err, "User is not confirmed.")
	confirmed := must(s.ConfirmSignUp(s.ctx, &idp.ConfirmSignUpInput{
		ClientId: &a.id, Username: &name, ConfirmationCode: ptr(s.codeFor(address)), Session: up.Session,
	}))(t)
	out, err := s.choose(a, name, confirmed.Session)
	if err != nil {
		t.Fatal(err)
	}
	tokens := s.signedIn(name, out.AuthenticationResult, err)
	_, err = s.choose(a, name, confirmed.Session)
	refused[*types.NotAuthorizedException](t, err, "Invalid session for the user, session can only be used once.")

	out, err = s.choose(a, name, nil) // the only factor
	asked := offers(t, out, err, choiceEmail, choiceEmail)
	if want := map[string]string{"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": masked(address)}; !cmp.Equal(asked.ChallengeParameters, want) {
		t.Errorf("got %v", asked.ChallengeParameters)
	}
	code := s.codeFor(address)
	if len(code) != 8 {
		t.Errorf("the code is %s", code)
	}
	_, err = s.reply(a, name, choiceEmail, asked.Session, "EMAIL_OTP_CODE", "x"+code[1:])
	refused[*types.CodeMismatchException](t, err, "Invalid code or auth state for the user.")
	done, err := s.reply(a, name, choiceEmail, asked.Session, "EMAIL_OTP_CODE", code)
	s.signedIn(name, result(done), err)
	_, err = s.reply(a, name, choiceEmail, asked.Session, "EMAIL_OTP_CODE", code)
	refused[*types.NotAuthorizedException](t, err, "Invalid session for the user, session can only be used once.")

	authenticator := new(passkeytest.Authenticator)
	s.addPasskey(tokens, authenticator)
	out, err = s.choose(a, name, nil)
	list := offers(t, out, err, selectChallenge, choiceEmail, choicePasskey)
	chosen := must(s.reply(a, name, selectChallenge, list.Session, "ANSWER", "WEB_AUTHN"))(t)
	signature := must(authenticator.Get([]byte(chosen.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), webPage))(t)
	done, err = s.reply(a, name, choicePasskey, chosen.Session, "CREDENTIAL", string(signature))
	s.signedIn(name, result(done), err)

	// Then a password, without one before.
	must(s.ChangePassword(s.ctx, &idp.ChangePasswordInput{AccessToken: tokens.AccessToken, ProposedPassword: ptr(password)}))(t)
	out, err = s.choose(a, name, nil, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
	if err != nil {
		t.Fatal(err)
	}
	s.signedIn(name, out.AuthenticationResult, err)
	factors := must(s.GetUserAuthFactors(s.ctx, &idp.GetUserAuthFactorsInput{AccessToken: tokens.AccessToken}))(t)
	if want := []types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN"}; !cmp.Equal(factors.ConfiguredUserAuthFactors, want) {
		t.Errorf("factors %v", factors.ConfiguredUserAuthFactors)
	}
}

func (s *scene) addPasskey(tokens *types.AuthenticationResultType, a *passkeytest.Authenticator) {
	s.t.Helper()
	started := must(s.StartWebAuthnRegistration(s.ctx, &idp.StartWebAuthnRegistrationInput{AccessToken: tokens.AccessToken}))(s.t)
	options := must(started.CredentialCreationOptions.MarshalSmithyDocument())(s.t)
	created := must(a.Create(options, webPage))(s.t)
	must(s.CompleteWebAuthnRegistration(s.ctx, &idp.CompleteWebAuthnRegistrationInput{
		AccessToken: tokens.AccessToken, Credential: document.NewLazyDocument(valueIn(s.t, created)),
	}))(s.t)
}

func TestChosenPasswords(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.choicePool(types.AuthFactorTypeSmsOtp).pool
	for kind, a := range map[string]app{"public": s.app(pool, choosing), "confidential": s.app(pool, choosing, withSecret)} {
		t.Run(kind, func(t *testing.T) {
			u := s.member(pool, "phone_number", phone())
			for _, late := range []bool{false, true} {
				p := newProof()
				var verifier *idp.RespondToAuthChallengeOutput
				if late {
					out, err := s.choose(a, u.name, nil)
					list := offers(t, out, err, selectChallenge, choiceSRP, choicePassword, choiceSMS)
					verifier = must(s.reply(a, u.name, selectChallenge, list.Session, "ANSWER", "PASSWORD_SRP", "SRP_A", p.A.Text(16)))(t)
				} else {
					out, err := s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", p.A.Text(16))
					offers(t, out, err, types.ChallengeNameTypePasswordVerifier, choiceSRP, choicePassword, choiceSMS)
					verifier = &idp.RespondToAuthChallengeOutput{ChallengeParameters: out.ChallengeParameters, Session: out.Session}
				}
				var claim []string
				for name, value := range p.responses(pool, u.password, verifier.ChallengeParameters) {
					claim = append(claim, name, value)
				}
				_, err := s.reply(a, u.name, types.ChallengeNameTypePasswordVerifier, nil, claim...)
				refused[*types.InvalidParameterException](t, err, "Missing required parameter Session")
				done, err := s.reply(a, u.name, types.ChallengeNameTypePasswordVerifier, verifier.Session, claim...)
				s.signedIn(u.name, result(done), err)
			}
			out, err := s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "SMS_OTP")
			asked := offers(t, out, err, choiceSMS, choiceSRP, choicePassword, choiceSMS)
			_, err = s.reply(a, u.name, types.ChallengeNameTypeSmsMfa, asked.Session, "SMS_MFA_CODE", "no code at all")
			refused[*types.NotAuthorizedException](t, err, "Invalid session for the user.")
			_, err = s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "Wr0ng-horse!")
			refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
			out, err = s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "PASSWORD")
			asked = offers(t, out, err, choicePassword, choiceSRP, choicePassword, choiceSMS)
			done, err := s.reply(a, u.name, choicePassword, asked.Session, "PASSWORD", u.password)
			s.signedIn(u.name, result(done), err)
		})
	}
}

// Where a client hides its users, nobody learns from the beginning of a sign-in who exists.
func TestChoiceHidesUsers(t *testing.T) {
	t.Parallel()
	s := open(t)
	shown := s.choicePool(types.AuthFactorTypeEmailOtp)
	_, err := s.choose(shown, "nobody", nil)
	refused[*types.UserNotFoundException](t, err, "User does not exist.")
	a := s.app(shown.pool, choosing, hiding)
	known, unknown := s.member(shown.pool, "email", email()).name, username()
	for _, parameters := range [][]string{{}, {"PREFERRED_CHALLENGE", "EMAIL_OTP"}, {"PREFERRED_CHALLENGE", "PASSWORD"}} {
		real := must(s.choose(a, known, nil, parameters...))(t)
		fake := must(s.choose(a, unknown, nil, parameters...))(t)
		if real.ChallengeName != fake.ChallengeName || !cmp.Equal(real.AvailableChallenges, fake.AvailableChallenges) ||
			len(real.ChallengeParameters) != len(fake.ChallengeParameters) || len(*real.Session) != len(*fake.Session) {
			t.Errorf("%v: %s %v (%d) and %s %v (%d)", parameters, real.ChallengeName, real.AvailableChallenges, len(*real.Session),
				fake.ChallengeName, fake.AvailableChallenges, len(*fake.Session))
		}
	}
	for _, name := range []string{known, unknown} {
		asked := must(s.choose(a, name, nil, "PREFERRED_CHALLENGE", "EMAIL_OTP"))(t)
		_, err := s.reply(a, name, choiceEmail, asked.Session, "EMAIL_OTP_CODE", "no code")
		refused[*types.CodeMismatchException](t, err, "Invalid code or auth state for the user.")
		_, err = s.choose(a, name, nil, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "Wr0ng-horse!")
		refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	}
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.choicePool(types.AuthFactorTypeWebAuthn)
	u := s.member(a.pool)
	out, err := s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", u.password)
	if err != nil {
		t.Fatal(err)
	}
	tokens := s.signedIn(u.name, out.AuthenticationResult, err)
	authenticator := &passkeytest.Authenticator{Algorithm: passkeytest.RS256}
	s.addPasskey(tokens, authenticator)
	listed := must(s.ListWebAuthnCredentials(s.ctx, &idp.ListWebAuthnCredentialsInput{AccessToken: tokens.AccessToken}))(t)
	if len(listed.Credentials) != 1 || *listed.Credentials[0].RelyingPartyId != "localhost" || time.Since(*listed.Credentials[0].CreatedAt).Abs() > time.Minute {
		t.Fatalf("got %+v", listed.Credentials)
	}

	// A page of somebody else's cannot register, nor sign in.
	started := must(s.StartWebAuthnRegistration(s.ctx, &idp.StartWebAuthnRegistrationInput{AccessToken: tokens.AccessToken}))(t)
	options := must(started.CredentialCreationOptions.MarshalSmithyDocument())(t)
	created := must(new(passkeytest.Authenticator).Create(options, "https://evil.example"))(t)
	_, err = s.CompleteWebAuthnRegistration(s.ctx, &idp.CompleteWebAuthnRegistrationInput{
		AccessToken: tokens.AccessToken, Credential: document.NewLazyDocument(valueIn(t, created)),
	})
	refused[*types.WebAuthnOriginNotAllowedException](t, err, "The origin does not belong to the relying party.")
	out, err = s.choose(a, u.name, nil, "PREFERRED_CHALLENGE", "WEB_AUTHN")
	asked := offers(t, out, err, choicePasskey, choiceSRP, choicePassword, choicePasskey)
	request := []byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"])
	_, err = s.reply(a, u.name, choicePasskey, asked.Session, "CREDENTIAL", string(must(authenticator.Get(request, "https://evil.example"))(t)))
	refused[*types.NotAuthorizedException](t, err, "The passkey could not be verified.")
	done, err := s.reply(a, u.name, choicePasskey, asked.Session, "CREDENTIAL", string(must(authenticator.Get(request, webPage))(t)))
	s.signedIn(u.name, result(done), err)

	must(s.DeleteWebAuthnCredential(s.ctx, &idp.DeleteWebAuthnCredentialInput{
		AccessToken: tokens.AccessToken, CredentialId: listed.Credentials[0].CredentialId,
	}))(t)
	out, err = s.choose(a, u.name, nil)
	offers(t, out, err, selectChallenge, choiceSRP, choicePassword)
	must(s.AdminUserGlobalSignOut(s.ctx, &idp.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	_, err = s.StartWebAuthnRegistration(s.ctx, &idp.StartWebAuthnRegistrationInput{AccessToken: tokens.AccessToken})
	refused[*types.NotAuthorizedException](t, err, textRevoked)
}

// passkeySamples are good requests of the operations on passkeys, for the tests of bad input.
func passkeySamples() map[string]sample {
	const access = "{access}"
	return map[string]sample{
		"StartWebAuthnRegistration": {"AccessToken": access},
		"CompleteWebAuthnRegistration": {"AccessToken": access, "Credential": map[string]any{
			"id": "{passkey}", "rawId": "{passkey}", "type": "public-key", "authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{},
			"response": map[string]any{"clientDataJSON": "{clientData}", "attestationObject": "{attestation}", "transports": []any{"internal"}},
		}},
		"ListWebAuthnCredentials":  {"AccessToken": access, "MaxResults": 2, "NextToken": "x"},
		"DeleteWebAuthnCredential": {"AccessToken": access, "CredentialId": "{passkey}"},
	}
}

// preparePasskeys makes a passkey of the user, or lets a browser make one.
func (w *world) preparePasskeys() {
	if _, passkeys := passkeySamples()[w.operation]; !passkeys {
		return
	}
	w.setRelyingParty(w.app.pool)
	access := w.tokens["{access}"]
	started := must(w.StartWebAuthnRegistration(w.ctx, &idp.StartWebAuthnRegistrationInput{AccessToken: &access}))(w.t)
	options := must(started.CredentialCreationOptions.MarshalSmithyDocument())(w.t)
	created := must(new(passkeytest.Authenticator).Create(options, webPage))(w.t)
	var made struct {
		ID       string
		Response struct{ ClientDataJSON, AttestationObject string }
	}
	if err := json.Unmarshal(created, &made); err != nil {
		w.t.Fatal(err)
	}
	w.tokens["{passkey}"], w.tokens["{clientData}"], w.tokens["{attestation}"] = made.ID, made.Response.ClientDataJSON, made.Response.AttestationObject
	if w.operation != "CompleteWebAuthnRegistration" {
		must(w.CompleteWebAuthnRegistration(w.ctx, &idp.CompleteWebAuthnRegistrationInput{
			AccessToken: &access, Credential: document.NewLazyDocument(valueIn(w.t, created)),
		}))(w.t)
	}
}
