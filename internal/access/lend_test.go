package access_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/access"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/fault"
)

func lend(t *testing.T, c *access.Control, actions ...string) access.Credentials {
	t.Helper()
	lent, err := c.Lend("presignup", actions, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return lent
}

// Lent credentials sign like any others, until they end, for what they are good for.
func TestLend(t *testing.T) {
	t.Parallel()
	at := now
	control := newControl(&keyring{}, clock.New(func() time.Time { return at }), false)
	lent := lend(t, control, "cognito-idp:Admin*", "kms:Decrypt")
	r, payload := received(t, signOptions{
		id: lent.AccessKeyID, secret: lent.SecretAccessKey, token: lent.SessionToken,
	}.sign(t, request(t, "http://127.0.0.1/")))
	who, err := control.Signer(t.Context(), cognitoidp.Service, r, payload)
	if err != nil {
		t.Fatal(err)
	}
	want := &api.IAMPrincipal{
		AccessKeyID: lent.AccessKeyID, AccountID: "123456789012", Actions: []string{"cognito-idp:Admin*", "kms:Decrypt"},
		ARN: "arn:aws:sts::123456789012:assumed-role/cenote-function/presignup",
	}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
	for operation, allowed := range map[string]bool{"AdminGetUser": true, "ListUsers": false, "DeleteUserPool": false} {
		op := cognitoidp.Service.Operations[operation]
		err := control.Allow(t.Context(), who, cognitoidp.Service, op, op.NewInput())
		if allowed != (err == nil) || err != nil && !fault.Is(err, "AccessDeniedException") {
			t.Errorf("%s: %v", operation, err)
		}
	}
	at = at.Add(time.Hour)
	r, payload = received(t, signOptions{
		id: lent.AccessKeyID, secret: lent.SecretAccessKey, token: lent.SessionToken, at: at,
	}.sign(t, request(t, "http://127.0.0.1/")))
	if _, err := control.Signer(t.Context(), cognitoidp.Service, r, payload); !fault.Is(err, "ExpiredTokenException") {
		t.Errorf("an hour later: %v", err)
	}
}

func TestLentCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	control := newControl(&keyring{}, fixedClock(), false)
	lent, other := lend(t, control), lend(t, control)
	foreign := lend(t, newControl(&keyring{}, fixedClock(), false))
	for name, c := range map[string]struct {
		options signOptions
		code    string
	}{
		"no session token":  {signOptions{id: lent.AccessKeyID, secret: lent.SecretAccessKey}, "UnrecognizedClientException"},
		"another's token":   {signOptions{id: lent.AccessKeyID, secret: lent.SecretAccessKey, token: other.SessionToken}, "UnrecognizedClientException"},
		"a foreign token":   {signOptions{id: foreign.AccessKeyID, secret: foreign.SecretAccessKey, token: foreign.SessionToken}, "UnrecognizedClientException"},
		"a wrong secret":    {signOptions{id: lent.AccessKeyID, secret: other.SecretAccessKey, token: lent.SessionToken}, "InvalidSignatureException"},
		"garbage for token": {signOptions{id: "AKIAROOT", secret: "root-secret", token: "x"}, "UnrecognizedClientException"},
	} {
		r, payload := received(t, c.options.sign(t, request(t, "http://127.0.0.1/")))
		if _, err := control.Signer(t.Context(), cognitoidp.Service, r, payload); !fault.Is(err, c.code) {
			t.Errorf("%s: error %v, want %s", name, err, c.code)
		}
	}
	r, payload := received(t, signOptions{
		id: lent.AccessKeyID, secret: lent.SecretAccessKey, token: lent.SessionToken,
	}.sign(t, request(t, "http://127.0.0.1/")))
	who, err := control.Signer(t.Context(), cognitoidp.Service, r, payload)
	if err != nil {
		t.Fatal(err)
	}
	op := cognitoidp.Service.Operations["AdminGetUser"]
	if err := control.Allow(t.Context(), who, cognitoidp.Service, op, op.NewInput()); !fault.Is(err, "AccessDeniedException") {
		t.Errorf("credentials without actions: %v", err)
	}
}
