package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cenote-id/cenote/client"
)

func TestNew(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg      client.Config
		endpoint string // empty when New fails
	}{
		"AWS":                    {client.Config{UserPoolID: "eu-west-1_aB12cDe34", ClientID: clientID}, "https://cognito-idp.eu-west-1.amazonaws.com/"},
		"AWS with its region":    {client.Config{UserPoolID: "eu-west-1_aB12cDe34", ClientID: clientID, Region: "eu-west-1"}, "https://cognito-idp.eu-west-1.amazonaws.com/"},
		"AWS in China":           {client.Config{UserPoolID: "cn-north-1_aB12cDe34", ClientID: clientID}, "https://cognito-idp.cn-north-1.amazonaws.com.cn/"},
		"Cenote":                 {client.Config{UserPoolID: poolID, ClientID: clientID, Endpoint: "http://127.0.0.1:9229"}, "http://127.0.0.1:9229"},
		"an endpoint and region": {client.Config{UserPoolID: poolID, ClientID: clientID, Endpoint: "https://id.test/c", Region: "us-east-1"}, "https://id.test/c"},
		"no pool":                {cfg: client.Config{ClientID: clientID}},
		"pool without region":    {cfg: client.Config{UserPoolID: "aB12cDe34", ClientID: clientID}},
		"pool with a dot":        {cfg: client.Config{UserPoolID: "us-east-1.evil.test/_x", ClientID: clientID}},
		"pool with two halves":   {cfg: client.Config{UserPoolID: "us_east_1", ClientID: clientID}},
		"pool too long":          {cfg: client.Config{UserPoolID: "us-east-1_" + strings.Repeat("x", 46), ClientID: clientID}},
		"no client":              {cfg: client.Config{UserPoolID: poolID}},
		"client with a space":    {cfg: client.Config{UserPoolID: poolID, ClientID: "a b"}},
		"client with a newline":  {cfg: client.Config{UserPoolID: poolID, ClientID: "a\n"}},
		"client too long":        {cfg: client.Config{UserPoolID: poolID, ClientID: strings.Repeat("x", 129)}},
		"another region":         {cfg: client.Config{UserPoolID: poolID, ClientID: clientID, Region: "eu-west-1"}},
		"endpoint without host":  {cfg: client.Config{UserPoolID: poolID, ClientID: clientID, Endpoint: "127.0.0.1:9229"}},
		"endpoint of a file":     {cfg: client.Config{UserPoolID: poolID, ClientID: clientID, Endpoint: "file:///etc/passwd"}},
		"endpoint no URL":        {cfg: client.Config{UserPoolID: poolID, ClientID: clientID, Endpoint: "http://[::1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, err := client.New(test.cfg)
			if test.endpoint == "" {
				if err == nil {
					t.Error("New succeeded")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := pool.Endpoint(); got != test.endpoint {
				t.Errorf("endpoint %q, want %q", got, test.endpoint)
			}
			if pool.UserPoolID() != test.cfg.UserPoolID || pool.ClientID() != test.cfg.ClientID {
				t.Errorf("ids %q, %q", pool.UserPoolID(), pool.ClientID())
			}
		})
	}
}

// The formula's vector is that of Cognito's documentation of SECRET_HASH.
func TestSecretHash(t *testing.T) {
	t.Parallel()
	got := client.SecretHash("1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn", "janedoe", "1example23456789")
	if want := "F3TiLEZhqxn0Ur//VJcpMrDLOzGERdbKWOhU0cLyRHk="; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	const secret = "hush"
	token, err := client.ParseToken(jwt(map[string]any{"iat": 1, "exp": 2, "sub": secret}))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"config":       client.Config{ClientSecret: secret},
		"registration": client.Registration{Password: secret},
		"tokens":       client.Tokens{ID: token, Access: token, Refresh: secret},
		"token":        token,
		"secret":       client.Secret(secret),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
			fmt.Fprintf(&log, "%v %+v %#v %s %q", value, value, value, value, value)
			if _, is := value.(client.Config); !is { // a function is no JSON
				data, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				log.Write(data)
			}
			if text := log.String(); strings.Contains(text, secret) || strings.Contains(text, token.JWT()) {
				t.Errorf("printed: %s", text)
			}
		})
	}
}
