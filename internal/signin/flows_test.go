package signin_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// begin calls InitiateAuth or AdminInitiateAuth, whether or not it takes the flow.
func (e *env) begin(c *catalog.Client, admin bool, flow cognitoidp.AuthFlowType, parameters values) error {
	if admin {
		_, err := e.AdminInitiateAuth(e.t.Context(), e.call(), &cognitoidp.AdminInitiateAuthRequest{
			UserPoolId: c.Pool.Config.Id, ClientId: c.Config.ClientId, AuthFlow: &flow, AuthParameters: parameters,
		})
		return err
	}
	_, err := e.InitiateAuth(e.t.Context(), e.call(), &cognitoidp.InitiateAuthRequest{
		ClientId: c.Config.ClientId, AuthFlow: &flow, AuthParameters: parameters,
	})
	return err
}

func TestFlowGate(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const (
		srpDenied      = "USER_SRP_AUTH is not enabled for the client."
		passwordDenied = "USER_PASSWORD_AUTH flow not enabled for this client"
		denied         = "Auth flow not enabled for this client"
		customDenied   = "CUSTOM_AUTH is not enabled for the client."
		choiceDenied   = "USER_AUTH flow not enabled for this client"
		wrongOperation = "Initiate Auth method not supported."
		noCustom       = "Custom auth lambda trigger is not configured for the user pool."
	)
	open := e.client("Open")
	closed := e.client("Closed", flows("ALLOW_USER_AUTH"))
	onlySRP := e.client("OnlySRP", flows("ALLOW_USER_SRP_AUTH"))
	unset := e.client("Unset", flows())
	legacy := e.client("Legacy", flows("ADMIN_NO_SRP_AUTH"))
	missing := func(name string) failure { return invalid("Missing required parameter " + name) }
	for _, row := range []struct {
		client *catalog.Client
		flow   cognitoidp.AuthFlowType
		public failure // of InitiateAuth without parameters
		admin  failure
	}{
		{open, "USER_SRP_AUTH", missing("USERNAME"), missing("USERNAME")},
		{open, "USER_PASSWORD_AUTH", missing("USERNAME"), invalid(wrongOperation)},
		{open, "ADMIN_USER_PASSWORD_AUTH", invalid(wrongOperation), missing("USERNAME")},
		{open, "ADMIN_NO_SRP_AUTH", invalid(wrongOperation), missing("USERNAME")},
		{open, "CUSTOM_AUTH", invalid(noCustom), invalid(noCustom)},
		{open, "REFRESH_TOKEN_AUTH", missing("REFRESH_TOKEN"), missing("REFRESH_TOKEN")},
		{open, "REFRESH_TOKEN", missing("REFRESH_TOKEN"), missing("REFRESH_TOKEN")},
		{open, "USER_AUTH", invalid(choiceDenied), invalid(choiceDenied)},
		{open, "NO_FLOW", invalid(wrongOperation), invalid(wrongOperation)},

		{closed, "USER_SRP_AUTH", invalid(srpDenied), invalid(srpDenied)},
		{closed, "USER_PASSWORD_AUTH", invalid(passwordDenied), invalid(wrongOperation)},
		{closed, "ADMIN_USER_PASSWORD_AUTH", invalid(wrongOperation), invalid(denied)},
		{closed, "ADMIN_NO_SRP_AUTH", invalid(wrongOperation), invalid(denied)},
		{closed, "CUSTOM_AUTH", invalid(customDenied), invalid(customDenied)},
		{closed, "REFRESH_TOKEN_AUTH", invalid(denied), invalid(denied)},

		{onlySRP, "USER_SRP_AUTH", missing("USERNAME"), missing("USERNAME")},
		{onlySRP, "REFRESH_TOKEN_AUTH", invalid(denied), invalid(denied)},
		{unset, "USER_SRP_AUTH", missing("USERNAME"), missing("USERNAME")},
		{unset, "REFRESH_TOKEN_AUTH", missing("REFRESH_TOKEN"), missing("REFRESH_TOKEN")},
		{unset, "USER_PASSWORD_AUTH", invalid(passwordDenied), invalid(wrongOperation)},
		{legacy, "USER_SRP_AUTH", missing("USERNAME"), missing("USERNAME")},
		{legacy, "ADMIN_NO_SRP_AUTH", invalid(wrongOperation), missing("USERNAME")},
		{legacy, "REFRESH_TOKEN", missing("REFRESH_TOKEN"), missing("REFRESH_TOKEN")},
	} {
		t.Run(row.client.Pool.ID()+" "+string(row.flow), func(t *testing.T) {
			t.Parallel()
			wantFault(t, e.begin(row.client, false, row.flow, nil), row.public)
			wantFault(t, e.begin(row.client, true, row.flow, nil), row.admin)
		})
	}
	rotates := failure{"UnsupportedOperationException", "This API does not support refresh token rotation"}
	c := e.client("Rotating", rotating, flows("ALLOW_USER_SRP_AUTH"))
	wantFault(t, e.begin(c, false, "REFRESH_TOKEN_AUTH", nil), rotates)
	wantFault(t, e.begin(c, true, "REFRESH_TOKEN", values{"REFRESH_TOKEN": "x"}), rotates)
}

// What a client kept from other times does not count in a pool that asks for nothing.
func TestStaleDevice(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.client("Off", func(p *cognitoidp.UserPoolType, _ *store.Client) {
		p.MfaConfiguration, p.DeviceConfiguration = new(cognitoidp.UserPoolMfaTypeOff), new(cognitoidp.DeviceConfigurationType)
	})
	e.user(c.Pool, "jane")
	out, err := e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": "jane", "PASSWORD": password, "DEVICE_KEY": "us-east-1_stale"})
	wantTokens(t, out, err)
}

func TestMissingParameters(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	// All of these come before the secret hash is looked at.
	c := e.client("Missing", secret("the secret of the client"))
	whole := map[cognitoidp.AuthFlowType][]string{
		"USER_SRP_AUTH": {"USERNAME", "SRP_A"}, "USER_PASSWORD_AUTH": {"USERNAME", "PASSWORD"},
		"ADMIN_USER_PASSWORD_AUTH": {"USERNAME", "PASSWORD"}, "REFRESH_TOKEN_AUTH": {"REFRESH_TOKEN"},
	}
	for flow, names := range whole {
		for _, gone := range names {
			for _, empty := range []bool{false, true} {
				p := values{}
				for _, name := range names {
					if name != gone {
						p[name] = "abc"
					} else if empty {
						p[name] = ""
					}
				}
				_, err := e.initiate(c, flow, p)
				wantFault(t, err, invalid("Missing required parameter "+gone))
			}
		}
	}
	verifier := []string{"USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"}
	for i, gone := range verifier {
		p := values{}
		for _, name := range verifier[:i] {
			p[name] = "abc"
		}
		_, err := e.respond(c, "PASSWORD_VERIFIER", nil, p)
		wantFault(t, err, invalid("Missing required parameter "+gone))
	}
	for _, row := range []struct {
		challenge cognitoidp.ChallengeNameType
		responses values
		want      string
	}{
		{"NEW_PASSWORD_REQUIRED", nil, "USERNAME"},
		{"NEW_PASSWORD_REQUIRED", values{"USERNAME": "jane"}, "NEW_PASSWORD"},
		{"NEW_PASSWORD_REQUIRED", values{"USERNAME": "jane", "NEW_PASSWORD": "x"}, "Session"},
		{"SMS_MFA", values{"USERNAME": "jane"}, "SMS_MFA_CODE"},
		{"SOFTWARE_TOKEN_MFA", values{"USERNAME": "jane"}, "SOFTWARE_TOKEN_MFA_CODE"},
		{"DEVICE_SRP_AUTH", values{"USERNAME": "jane"}, "DEVICE_KEY"},
		{"DEVICE_PASSWORD_VERIFIER", values{"USERNAME": "jane"}, "DEVICE_KEY"},
		{"CUSTOM_CHALLENGE", values{"USERNAME": "jane"}, "ANSWER"},
		{"CUSTOM_CHALLENGE", values{"USERNAME": "jane", "ANSWER": "1"}, "Session"},
	} {
		_, err := e.respond(c, row.challenge, nil, row.responses)
		wantFault(t, err, invalid("Missing required parameter "+row.want))
	}
}

func hash(secret, name string, c *catalog.Client) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(name + c.ID()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestSecretHashes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const value = "the secret of the client"
	c := e.client("Secret", secret(value), aliases("email"))
	u := e.user(c.Pool, "jane")
	absent := notAuthorized("Client clientSecret is configured with secret but SECRET_HASH was not received")
	unable := notAuthorized("Unable to verify secret hash for client clientSecret")

	// Before the user is looked up.
	_, err := e.signIn(c, "nobody", password)
	wantFault(t, err, absent)
	_, err = e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": "nobody", "PASSWORD": password, "SECRET_HASH": hash("other", "nobody", c)})
	wantFault(t, err, unable)

	// Made over what is typed, alias or not.
	for _, name := range []string{"jane", "jane@example.com"} {
		out, err := e.initiate(c, "USER_PASSWORD_AUTH", values{"USERNAME": name, "PASSWORD": password, "SECRET_HASH": hash(value, name, c)})
		tokens := wantTokens(t, out, err)
		for _, owner := range []string{"jane", u.Sub, "jane@example.com"} {
			_, err := e.initiate(c, "REFRESH_TOKEN_AUTH", values{"REFRESH_TOKEN": *tokens.RefreshToken, "SECRET_HASH": hash(value, owner, c)})
			wantFault(t, err, noFault)
		}
		_, err = e.initiate(c, "REFRESH_TOKEN_AUTH", values{"REFRESH_TOKEN": *tokens.RefreshToken, "SECRET_HASH": hash(value, "joe", c)})
		wantFault(t, err, unable)
		_, err = e.initiate(c, "REFRESH_TOKEN_AUTH", values{"REFRESH_TOKEN": *tokens.RefreshToken})
		wantFault(t, err, absent)
	}

	claim := must(e.claim(c, "jane@example.com", password, values{"SECRET_HASH": hash(value, "jane@example.com", c)}))(t)
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantFault(t, err, absent)
	claim["SECRET_HASH"] = hash(value, "joe", c)
	_, err = e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantFault(t, err, unable)
	claim["SECRET_HASH"] = hash(value, "jane@example.com", c) // of the name at the start, USERNAME is the canonical one
	out, err := e.respond(c, "PASSWORD_VERIFIER", nil, claim)
	wantTokens(t, out, err)
}

func TestClients(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c, other := e.client("Pool"), e.client("OtherPool")
	flow, challenge := cognitoidp.AuthFlowTypeUserSrpAuth, cognitoidp.ChallengeNameTypePasswordVerifier
	noClient, noPool := failure{"ResourceNotFoundException", "User pool client nil does not exist."}, failure{"ResourceNotFoundException", "User pool us-east-1_Nil does not exist."}
	foreign := failure{"ResourceNotFoundException", "User pool client clientOtherPool does not exist."}

	_, err := e.InitiateAuth(t.Context(), e.call(), &cognitoidp.InitiateAuthRequest{ClientId: new("nil"), AuthFlow: &flow})
	wantFault(t, err, noClient)
	_, err = e.RespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.RespondToAuthChallengeRequest{ClientId: new("nil"), ChallengeName: &challenge})
	wantFault(t, err, noClient)
	_, err = e.GetTokensFromRefreshToken(t.Context(), e.call(), &cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: new("nil"), RefreshToken: new("x")})
	wantFault(t, err, noClient)
	_, err = e.RevokeToken(t.Context(), e.call(), &cognitoidp.RevokeTokenRequest{ClientId: new("nil"), Token: new("x")})
	wantFault(t, err, failure{"UnauthorizedException", noClient.message})
	for _, row := range []struct {
		pool, client string
		want         failure
	}{{"us-east-1_Nil", "nil", noPool}, {c.Pool.ID(), "nil", noClient}, {c.Pool.ID(), other.ID(), foreign}} {
		_, err := e.AdminInitiateAuth(t.Context(), e.call(), &cognitoidp.AdminInitiateAuthRequest{UserPoolId: &row.pool, ClientId: &row.client, AuthFlow: &flow})
		wantFault(t, err, row.want)
		_, err = e.AdminRespondToAuthChallenge(t.Context(), e.call(), &cognitoidp.AdminRespondToAuthChallengeRequest{UserPoolId: &row.pool, ClientId: &row.client, ChallengeName: &challenge})
		wantFault(t, err, row.want)
	}
	if _, err := e.AdminUserGlobalSignOut(t.Context(), e.call(), &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: new("us-east-1_Nil"), Username: new("x")}); !fault.Is(err, "ResourceNotFoundException") {
		t.Errorf("got %v", err)
	}
}
