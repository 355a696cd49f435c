package client_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

func TestParseToken(t *testing.T) {
	t.Parallel()
	set := tokenSet(signedAt, 1)
	issued := time.Unix(signedAt.Unix(), 0)
	common := client.Claims{
		Subject: "11111111-2222-4333-8444-555555555555", Username: "alice", ID: "1", SignInID: "o",
		AuthTime: issued, IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
	}
	id, access := common, common
	id.Use, id.Audience = "id", clientID
	access.Use, access.ClientID = "access", clientID
	access.Groups, access.Scopes = []string{"admins"}, []string{"aws.cognito.signin.user.admin"}
	tests := map[string]struct {
		text string
		want client.Claims
	}{
		"id":     {set["IdToken"].(string), id},
		"access": {set["AccessToken"].(string), access},
		"times with fraction and exponent": {
			jwt(map[string]any{"iat": 1.5, "exp": 2e3, "token_use": "id"}),
			client.Claims{Use: "id", Scopes: []string{}, IssuedAt: time.Unix(1, 0), ExpiresAt: time.Unix(2000, 0)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := client.ParseToken(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if test.want.Scopes == nil {
				test.want.Scopes = []string{}
			}
			if diff := cmp.Diff(test.want, token.Claims()); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if token.JWT() != test.text {
				t.Errorf("text %q, want %q", token.JWT(), test.text)
			}
		})
	}
}

func TestDecodeClaims(t *testing.T) {
	t.Parallel()
	token, err := client.ParseToken(tokenSet(signedAt, 1)["IdToken"].(string))
	if err != nil {
		t.Fatal(err)
	}
	var custom struct{ Email string }
	if err := token.DecodeClaims(&custom); err != nil || custom.Email != "a@example.com" {
		t.Errorf("email %q, error %v", custom.Email, err)
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(tokenSet(signedAt, 1)["IdToken"].(string))
	f.Add("..")
	f.Add("a.e30.c")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := client.ParseToken(text)
		if err != nil {
			return
		}
		if token.JWT() != text || token.Claims().ExpiresAt.Year() > 9999 {
			t.Errorf("%q became %q, expiring %v", text, token.JWT(), token.Claims().ExpiresAt)
		}
	})
}
