package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// lent is what e2e/functions/lent shows in ID tokens.
type lent struct {
	Source   string
	Metadata map[string]string
	Lent     struct{ ID, Secret, Token, URL string }
}

// shown reads the claims of an ID token that the function added.
func (s *scene) shown(pool, token string) lent {
	s.t.Helper()
	_, all := claims(s.t, s.keySet(pool), token)
	text := must(json.Marshal(all))(s.t)
	var out lent
	if err := json.Unmarshal(text, &out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// deniedWith checks an error that the operation's model does not list.
func deniedWith(t *testing.T, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// A function may call the server that runs it, with the SDK's usual environment, and do
// what its entry allows and nothing else. What a client sends along with a refresh reaches
// it under the source that belongs to the operation.
func TestLentCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	functions := must(filepath.Abs("../functions"))(t)
	config := filepath.Join(dir, "cenote.yaml")
	text := must(json.Marshal(map[string]any{"functions": map[string]any{"lent": map[string]any{
		"kind": "process", "runtime": "nodejs", "dir": filepath.Join(functions, "lent"), "handler": "index.handler",
		"timeout": "20s", "allow": []string{"cognito-idp:AdminGet*", "cognito-idp:AdminAddUserToGroup"},
	}}}))(t)
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	n := serve(t, dir, append(sqlite(dir), "--config", config)...)
	s := n.scene(t)
	pool := s.withLambdas(&types.LambdaConfigType{PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{
		LambdaArn: functionARN("lent"), LambdaVersion: types.PreTokenGenerationLambdaVersionTypeV20,
	}})
	a, name := s.app(pool), s.member(pool).name

	tokens := s.tokens(a, name, password)
	got := s.shown(pool, *tokens.IdToken)
	if got.Source != "TokenGeneration_Authentication" || got.Lent.URL != n.url {
		t.Errorf("the function saw %s at %s", got.Source, got.Lent.URL)
	}
	with := func(token string) *idp.Client {
		return idp.New(idp.Options{
			Region: "us-east-1", BaseEndpoint: &got.Lent.URL, HTTPClient: s.http,
			Credentials: credentials.NewStaticCredentialsProvider(got.Lent.ID, got.Lent.Secret, token),
		})
	}
	borrower := with(got.Lent.Token)
	if out := must(borrower.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: &name}))(t); *out.Username != name {
		t.Errorf("got user %s", *out.Username)
	}
	_, err := borrower.AdminDeleteUser(s.ctx, &idp.AdminDeleteUserInput{UserPoolId: &pool, Username: &name})
	deniedWith(t, err, "AccessDeniedException")
	_, err = borrower.ListUserPools(s.ctx, &idp.ListUserPoolsInput{MaxResults: ptr(int32(1))})
	deniedWith(t, err, "AccessDeniedException")
	_, err = with("").AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: &name})
	deniedWith(t, err, "UnrecognizedClientException")
	if out := s.user(pool, name); out.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("the user is %s", out.UserStatus)
	}

	sent := map[string]string{"tenant": "t1"}
	refreshed := must(s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{
		ClientId: &a.id, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, ClientMetadata: sent,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken},
	}))(t).AuthenticationResult
	if got := s.shown(pool, *refreshed.IdToken); got.Source != "TokenGeneration_RefreshTokens" || got.Metadata["tenant"] != "t1" {
		t.Errorf("on a refresh, the function saw %s with %v", got.Source, got.Metadata)
	}
	other := must(s.GetTokensFromRefreshToken(s.ctx, &idp.GetTokensFromRefreshTokenInput{
		ClientId: &a.id, RefreshToken: tokens.RefreshToken, ClientMetadata: sent,
	}))(t).AuthenticationResult
	if got := s.shown(pool, *other.IdToken); got.Source != "TokenGeneration_Authentication" || got.Metadata["tenant"] != "t1" {
		t.Errorf("on GetTokensFromRefreshToken, the function saw %s with %v", got.Source, got.Metadata)
	}
}
