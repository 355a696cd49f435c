package oauth_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/cenotetest"
)

type document struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, url string) document {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "https://app.example")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return document{response.StatusCode, response.Header, string(body)}
}

func (d document) check(t *testing.T, status int, cache string) {
	t.Helper()
	if d.status != status || d.header.Get("Content-Type") != "application/json" ||
		d.header.Get("Cache-Control") != cache || d.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("status %d, headers %v", d.status, d.header)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	id := *s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{PoolName: new("p")}).Id
	want := `{"id_token_signing_alg_values_supported":["RS256"],"issuer":"` + s.URL + "/" + id +
		`","jwks_uri":"` + s.URL + "/" + id + `/.well-known/jwks.json","response_types_supported":["code","token"],` +
		`"scopes_supported":["openid","email","phone","profile"],"subject_types_supported":["public"]}`
	for _, path := range []string{
		"/" + id + "/.well-known/openid-configuration",       // OpenID Connect Discovery 4
		"/.well-known/openid-configuration/" + id,            // RFC 8414 section 5
		"/.well-known/oauth-authorization-server/" + id,      // RFC 8414 section 3
		"/" + id + "/.well-known/openid-configuration?x=%zz", // a query changes nothing
	} {
		d := get(t, s.URL+path)
		d.check(t, http.StatusOK, "public, max-age=3600")
		if diff := cmp.Diff(want, d.body); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestUnknownPools(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	for _, id := range []string{"us-east-1_nobody", "eu-central-1_abcdefghi", "x", `us-east-1_"<b>`} {
		for _, name := range []string{"openid-configuration", "jwks.json"} {
			d := get(t, s.URL+"/"+strings.NewReplacer(`"`, "%22", "<", "%3C", ">", "%3E").Replace(id)+"/.well-known/"+name)
			d.check(t, http.StatusNotFound, "no-store")
			var got struct{ Message string }
			if err := json.Unmarshal([]byte(d.body), &got); err != nil || got.Message != "User pool "+id+" does not exist." {
				t.Errorf("%s of %s: %s", name, id, d.body)
			}
		}
	}
}

// A token is verified as any relying party does it: by the key that its header names.
func TestKeysVerifyTokens(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	id := *s.CreatePool(t, &cognitoidp.CreateUserPoolRequest{PoolName: new("p")}).Id
	tokens := signIn(t, s, id)
	d := get(t, s.URL+"/"+id+"/.well-known/jwks.json")
	d.check(t, http.StatusOK, "public, max-age=3600")
	var set struct {
		Keys []struct{ Alg, E, Kid, Kty, N, Use string }
	}
	if err := json.Unmarshal([]byte(d.body), &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 2 || !strings.HasPrefix(d.body, `{"keys":[{"alg":"RS256","e":"AQAB","kid":"`) {
		t.Fatalf("keys: %s", d.body)
	}
	verified := map[string]bool{}
	for _, token := range []string{*tokens.IdToken, *tokens.AccessToken} {
		parts := strings.Split(token, ".")
		var header struct{ Alg, Kid string }
		if err := json.Unmarshal(raw(t, parts[0]), &header); err != nil {
			t.Fatal(err)
		}
		for _, k := range set.Keys {
			if k.Kid != header.Kid {
				continue
			}
			if id, err := base64.StdEncoding.DecodeString(k.Kid); err != nil || len(id) != 32 || k.Kty != "RSA" || k.Use != "sig" {
				t.Errorf("key %+v", k)
			}
			digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			public := &rsa.PublicKey{N: new(big.Int).SetBytes(raw(t, k.N)), E: 65537}
			if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], raw(t, parts[2])); err != nil {
				t.Error(err)
			}
			verified[k.Kid] = true
		}
	}
	if len(verified) != 2 {
		t.Errorf("ID and access token are signed by %d published keys, want one each", len(verified))
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := cenotetest.Start(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL+"/us-east-1_x/.well-known/jwks.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "https://app.example")
	request.Header.Set("Access-Control-Request-Method", "GET")
	request.Header.Set("Access-Control-Request-Headers", "x-trace")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	h := response.Header
	if response.StatusCode/100 != 2 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") != "x-trace" {
		t.Errorf("status %d, headers %v", response.StatusCode, h)
	}
}

func raw(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signIn makes a client and a user of the pool and signs the user in.
func signIn(t *testing.T, s *cenotetest.Server, pool string) *cognitoidp.AuthenticationResultType {
	t.Helper()
	app := s.CreateClient(t, &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: &pool, ClientName: new("c"), ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
	})
	cenotetest.Must[cognitoidp.AdminCreateUserResponse](t, s, "AdminCreateUser", &cognitoidp.AdminCreateUserRequest{
		UserPoolId: &pool, Username: new("ann"), MessageAction: new(cognitoidp.MessageActionType("SUPPRESS")),
	})
	cenotetest.Must[cognitoidp.AdminSetUserPasswordResponse](t, s, "AdminSetUserPassword", &cognitoidp.AdminSetUserPasswordRequest{
		UserPoolId: &pool, Username: new("ann"), Password: new("Passw0rd!"), Permanent: new(true),
	})
	return cenotetest.Must[cognitoidp.InitiateAuthResponse](t, s, "InitiateAuth", &cognitoidp.InitiateAuthRequest{
		ClientId: app.ClientId, AuthFlow: new(cognitoidp.AuthFlowTypeUserPasswordAuth),
		AuthParameters: api.StringMap{"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
	}).AuthenticationResult
}
