package client_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
	"github.com/cenote-id/cenote/internal/srp"
)

// signedAt is the time of the SRP vectors: Tue Mar 3 09:05:07 UTC 2026.
var signedAt = time.Date(2026, 3, 3, 9, 5, 7, 0, time.UTC)

const (
	aliceID     = "34c84488-e0e1-70ae-d2ee-991ad1a898c8"
	secretBlock = "aAOFxrpzUNo1J5u4QInZMg=="
)

// The vectors hold what an independent implementation of the formulas computes from the
// same numbers; for an exponent a of 1024 bits that implementation agrees with
// amazon-cognito-identity-js.
func TestSignInProvesThePassword(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		secret         string // the client's a
		user, password string
		salt, serverB  string
		want           string
	}{
		"ascii": {
			secret: "4e1195df020de59e0d65a33a4279f1183e7ae4e5d980e309f8b55adff2e61c3e",
			user:   aliceID, password: "Passw0rd!", salt: "8f1c2e3d4b5a69788796a5b4c3d2e1f0",
			serverB: "1aed8933afed616fa8f34ed4f1d7e31c8c5708fac32404c5dea15970c5114dc09ae3d267d8ec81536bf093c4e4bb44f055da4880d26dd870eb7ea366047df3a27ce4d70b4d14c74882c249d1aa36c5b7a27ed4b43a480227ceb2cb3ab8a1ef016f63b84fb94e5b0e84a0057b44aa240edfb94cfcd4e0848c347be89491948d53051e8d3118359f366cae0911cda10f64e95e2df1ca7346c3729defb244feb4ff51d52a6d232ef0d5d65052c657623dd7ddc8abe050090ffea2a0536c317748624f639959a0d3069c8ace0053737e377f10b5902502381c311eaf2c98cd1ba32779b74e8a624d391d6868cf5111c27a26c81d549004837a6bf138acaed49280c9b65d1593832c74b13281818f28d1539efc986832a9ce9d7323eec526419f38a6893fd1775d3a1cf733c6587758fd803b521222635cb5a6349e401b760fba47136289e1163c1befdeec0db71e9a077c54714ee1f788161cf928d8020ac5a10626ade598e9198d77c313ca17fb373641d363fa8786c8409db7953d684f5f172318",
			want:    "mjK2VN2w0c5yKVghzjdAGicHLjl7th0MaD3ygIz8JHc=",
		},
		"beyond ascii": {
			secret: strings.Repeat("05", 32),
			user:   "zoë@example.com", password: "pässwörd-日本", salt: "1c2e3d4b5a69788796a5b4c3d2e1f0",
			serverB: "4653ab9e7453fecc326aa369107d7cd63d34316168677785419589848725b5d330f4867434957920e702ca294298599a947033c02366429b95df06fbf2e81d1c0199ac0b31af584f8d4ed327508ea3da300d04bf9851deb30e8939295918632fb4bcc23f10518d75e3ff17daac8c1bc9fda617e020ce2d0379db7672e38cf60c88c17b020980f99d169b4859d635b3fda00bd288facf66d505cff94e868a86d75978fab061bf9675d5e12d6caf06953df381b6510c4ab20f0c9b847b1be9ac3539a4c7231370959fe05de3588524985cce03e852ca7fd05ac5e4c4b5807e770de1954922c7bb6a7aff25ea2a34829debd51c2bd36ef213ee8a897dce49aaf645d3f580e02353796228342a5e2d4b43922ccfda6e3cc1ad601e2f6be45d4c7869b7c5683cea8e7d78a5a95fe6da96ff19c9a4e6e7ebe14e94763e88b9b9b438dfd71fd952246cdcfd3e2824a6b8138cb71a36d3c8be7fcdaafcb164a0780550acd5ce16e95a37dd1568bc711762abcea0a33723443dd553324ba82f1da4346698",
			want:    "C9oVNaVc0EcaaqWUDobNE6AuxJrYncCGef+FHrcfbCE=",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": func(request) answer {
					return passwordVerifier(test.user, test.salt, test.serverB)
				},
				"RespondToAuthChallenge": func(r request) answer {
					want := map[string]any{
						"ChallengeName": "PASSWORD_VERIFIER", "ClientId": clientID,
						"ChallengeResponses": map[string]any{
							"USERNAME":                    test.user,
							"PASSWORD_CLAIM_SECRET_BLOCK": secretBlock,
							"PASSWORD_CLAIM_SIGNATURE":    test.want,
							"TIMESTAMP":                   "Tue Mar 3 09:05:07 UTC 2026",
						},
					}
					if diff := cmp.Diff(want, r.in); diff != "" {
						t.Errorf("RespondToAuthChallenge (-want +got):\n%s", diff)
					}
					return signedIn(tokenSet(signedAt, 1))
				},
			}}
			secret, err := hex.DecodeString(test.secret)
			if err != nil {
				t.Fatal(err)
			}
			pool := newPool(t, s, at(signedAt), func(c *client.Config) { c.Random = bytes.NewReader(secret) })
			if _, err := pool.User("alice@example.com").SignIn(t.Context(), test.password); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// at stops the client's clock.
func at(now time.Time) func(*client.Config) {
	return func(c *client.Config) { c.Now = func() time.Time { return now } }
}

func passwordVerifier(user, salt, serverB string) answer {
	return ok(map[string]any{
		"ChallengeName": "PASSWORD_VERIFIER",
		"ChallengeParameters": map[string]string{
			"SALT": salt, "SRP_B": serverB, "SECRET_BLOCK": secretBlock, "USERNAME": user, "USER_ID_FOR_SRP": user,
		},
	})
}

// srpServer is the service's side of SRP for one user.
type srpServer struct {
	tb             testing.TB
	id             srp.Identity
	salt, verifier []byte
	secret         []byte
	a, b           *big.Int
}

func newSRPServer(tb testing.TB, user, password string) *srpServer {
	tb.Helper()
	s := &srpServer{tb: tb, id: srp.Identity{Group: "AbCdEfGhI", User: user}}
	var err error
	if s.salt, err = srp.NewSalt(rand.Reader); err != nil {
		tb.Fatal(err)
	}
	var m *srp.Arithmetic
	s.verifier = m.Verifier(s.id, password, s.salt)
	return s
}

func (s *srpServer) initiate(r request) answer {
	var m *srp.Arithmetic
	var err error
	if s.a, err = srp.ParseA(r.text("AuthParameters.SRP_A")); err != nil {
		s.tb.Errorf("SRP_A: %v", err)
	}
	s.secret = make([]byte, srp.SecretSize)
	if _, err := rand.Read(s.secret); err != nil {
		s.tb.Error(err)
	}
	s.b = m.Challenge(s.secret, s.verifier)
	return passwordVerifier(s.id.User, hex.EncodeToString(s.salt), s.b.Text(16))
}

func (s *srpServer) respond(r request) answer {
	var m *srp.Arithmetic
	key, err := m.Key(s.a, s.b, s.secret, s.verifier)
	if err != nil {
		s.tb.Error(err)
	}
	block, err := base64.StdEncoding.DecodeString(secretBlock)
	if err != nil {
		s.tb.Error(err)
	}
	timestamp, signature := r.text("ChallengeResponses.TIMESTAMP"), r.text("ChallengeResponses.PASSWORD_CLAIM_SIGNATURE")
	if !srp.CheckSignature(key, s.id, block, timestamp, signature) {
		return refuse(400, "NotAuthorizedException", "Incorrect username or password.")
	}
	return signedIn(tokenSet(time.Now(), 1))
}

func TestSignInBySRP(t *testing.T) {
	t.Parallel()
	server := newSRPServer(t, aliceID, "Passw0rd!")
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": server.initiate, "RespondToAuthChallenge": server.respond,
	}}
	pool := newPool(t, s)
	_, err := pool.User("alice").SignIn(t.Context(), "passw0rd!")
	if !errors.Is(err, client.ErrNotAuthorized) {
		t.Errorf("with a wrong password: %v, want %v", err, client.ErrNotAuthorized)
	}
	if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
		t.Errorf("CurrentSession after a refusal: %v, want %v", err, client.ErrNotSignedIn)
	}
	session, err := pool.User("alice").SignIn(t.Context(), "Passw0rd!")
	if err != nil {
		t.Fatal(err)
	}
	if session.Username() != "alice" || !session.Valid() {
		t.Errorf("session of %q, valid %t; want alice's, valid", session.Username(), session.Valid())
	}
	current, err := pool.CurrentSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := current.Tokens().Access.JWT(), session.Tokens().Access.JWT(); got != want {
		t.Errorf("stored access token %q, want %q", got, want)
	}
}

func TestSignInRequests(t *testing.T) {
	t.Parallel()
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": func(r request) answer {
			want := map[string]any{
				"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "1example23456789",
				"AuthParameters": map[string]any{
					"USERNAME": "janedoe", "PASSWORD": "pass word",
					"SECRET_HASH": "F3TiLEZhqxn0Ur//VJcpMrDLOzGERdbKWOhU0cLyRHk=",
				},
				"ClientMetadata": map[string]any{"tenant": "7"},
			}
			if diff := cmp.Diff(want, r.in); diff != "" {
				t.Errorf("InitiateAuth (-want +got):\n%s", diff)
			}
			for name, want := range map[string]string{
				"Content-Type": "application/x-amz-json-1.1",
				"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
			} {
				if got := r.header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			return signedIn(tokenSet(time.Now(), 1))
		},
	}}
	pool := newPool(t, s, func(c *client.Config) {
		c.ClientID = "1example23456789"
		c.ClientSecret = "1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn"
	})
	user := pool.WithClientMetadata(map[string]string{"tenant": "7"}).User("janedoe")
	if _, err := user.SignIn(t.Context(), "pass word", client.WithFlow(client.PasswordFlow)); err != nil {
		t.Fatal(err)
	}
	if _, err := user.SignIn(t.Context(), "pass word", client.WithFlow("REFRESH_TOKEN_AUTH")); err == nil {
		t.Error("SignIn by a flow without a password succeeded")
	}
}

// A service that asks for what SRP has no answer to gets no proof.
func TestSignInRefusesUnusableAnswers(t *testing.T) {
	t.Parallel()
	challenge := func(change string, value any) string {
		parameters := fmt.Sprintf(`"SALT":"8f","SRP_B":"1aed","SECRET_BLOCK":"%s","USER_ID_FOR_SRP":"u"`, secretBlock)
		if change != "" {
			parameters += fmt.Sprintf(`,%q:%q`, change, value)
		}
		return `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{` + parameters + `}}`
	}
	tests := map[string]string{
		"no JSON":            `<html>`,
		"an array":           `[]`,
		"nothing":            ``,
		"null":               `null`,
		"wrong types":        `{"ChallengeName":7}`,
		"other challenge":    `{"ChallengeName":"SMS_MFA","ChallengeParameters":{}}`,
		"tokens at once":     `{"AuthenticationResult":{}}`,
		"no parameters":      `{"ChallengeName":"PASSWORD_VERIFIER"}`,
		"salt no hex":        challenge("SALT", "xyz"),
		"salt signed":        challenge("SALT", "-8f"),
		"block no base64":    challenge("SECRET_BLOCK", "%"),
		"no user":            challenge("USER_ID_FOR_SRP", ""),
		"B no hex":           challenge("SRP_B", ""),
		"B zero":             challenge("SRP_B", "0"),
		"B far too long":     challenge("SRP_B", strings.Repeat("f", 100_000)),
		"endless":            `{"ChallengeName":"` + strings.Repeat("x", 2<<20) + `"}`,
		"not UTF-8":          "{\"ChallengeName\":\"\xff\"}",
		"deep":               strings.Repeat(`{"ChallengeParameters":`, 20_000),
		"map of wrong types": `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{"SALT":{}}}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": func(request) answer { return ok(body) }}}
			_, err := newPool(t, s).User("alice").SignIn(t.Context(), "Passw0rd!")
			if !errors.Is(err, client.ErrBadAnswer) {
				t.Errorf("%v, want %v", err, client.ErrBadAnswer)
			}
		})
	}
}

func TestSignInRefusesUnusableTokens(t *testing.T) {
	t.Parallel()
	good := tokenSet(time.Now(), 1)
	tests := map[string]map[string]any{
		"none":              {},
		"no ID token":       {"AccessToken": good["AccessToken"]},
		"no access token":   {"IdToken": good["IdToken"]},
		"two parts":         {"AccessToken": "a.b", "IdToken": good["IdToken"]},
		"no base64":         {"AccessToken": "a.!.c", "IdToken": good["IdToken"]},
		"no claims":         {"AccessToken": "a.bm8.c", "IdToken": good["IdToken"]},
		"no expiry":         {"AccessToken": jwt(map[string]any{"iat": 1}), "IdToken": good["IdToken"]},
		"expiry of a text":  {"AccessToken": jwt(map[string]any{"iat": 1, "exp": "2"}), "IdToken": good["IdToken"]},
		"expiry far off":    {"AccessToken": jwt(map[string]any{"iat": 1, "exp": 1e300}), "IdToken": good["IdToken"]},
		"groups of a text":  {"AccessToken": jwt(map[string]any{"iat": 1, "exp": 2, "cognito:groups": "x"}), "IdToken": good["IdToken"]},
		"claims of a list":  {"AccessToken": "a." + base64.RawURLEncoding.EncodeToString([]byte("[]")) + ".c", "IdToken": good["IdToken"]},
		"ID token unusable": {"AccessToken": good["AccessToken"], "IdToken": "x"},
	}
	for name, set := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storage := new(client.Memory)
			s := &service{tb: t, handlers: map[string]func(request) answer{"InitiateAuth": func(request) answer { return signedIn(set) }}}
			pool := newPool(t, s, func(c *client.Config) { c.Storage = storage })
			_, err := pool.User("alice").SignIn(t.Context(), "x", client.WithFlow(client.PasswordFlow))
			if !errors.Is(err, client.ErrBadAnswer) {
				t.Errorf("%v, want %v", err, client.ErrBadAnswer)
			}
			if _, err := pool.CurrentSession(t.Context()); !errors.Is(err, client.ErrNotSignedIn) {
				t.Errorf("something was stored: %v", err)
			}
		})
	}
}
