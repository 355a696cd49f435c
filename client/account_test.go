package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/client"
)

const delivery = `{"Destination":"a***@e***","DeliveryMedium":"EMAIL","AttributeName":"email"}`

var delivered = client.CodeDelivery{Destination: "a***@e***", Medium: "EMAIL", Attribute: "email"}

// The members are those that amazon-cognito-identity-js sends, but for those whose value
// it leaves empty.
func TestRequests(t *testing.T) {
	t.Parallel()
	const secret = "1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn"
	hash := client.SecretHash(secret, "alice", clientID)
	meta := map[string]any{"tenant": "7"}
	set := tokenSet(time.Now(), 1)
	access := set["AccessToken"]
	tests := map[string]struct {
		operation string
		do        func(context.Context, *client.Pool, *client.Session) (any, error)
		in        map[string]any
		reply     string
		want      any
	}{
		"sign up": {
			operation: "SignUp",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				r, err := p.SignUp(ctx, client.Registration{
					Username: "alice", Password: "Passw0rd!",
					Attributes:     map[string]string{"phone_number": "+15555555555", "email": "a@example.com"},
					ValidationData: map[string]string{"invite": "x"},
				})
				if err != nil {
					return nil, err
				}
				return []any{r.User.Username(), r.Sub, r.Confirmed, *r.Delivery}, nil
			},
			in: map[string]any{
				"ClientId": clientID, "SecretHash": hash, "Username": "alice", "Password": "Passw0rd!", "ClientMetadata": meta,
				"UserAttributes": []any{
					map[string]any{"Name": "email", "Value": "a@example.com"},
					map[string]any{"Name": "phone_number", "Value": "+15555555555"},
				},
				"ValidationData": []any{map[string]any{"Name": "invite", "Value": "x"}},
			},
			reply: `{"UserConfirmed":false,"UserSub":"s","CodeDeliveryDetails":` + delivery + `}`,
			want:  []any{"alice", "s", false, delivered},
		},
		"sign up without a code": {
			operation: "SignUp",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				r, err := p.SignUp(ctx, client.Registration{Username: "alice"})
				if err != nil {
					return nil, err
				}
				return []any{r.Confirmed, r.Delivery == nil}, nil
			},
			in:    map[string]any{"ClientId": clientID, "SecretHash": hash, "Username": "alice", "ClientMetadata": meta},
			reply: `{"UserConfirmed":true,"UserSub":"s"}`,
			want:  []any{true, true},
		},
		"confirm": {
			operation: "ConfirmSignUp",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				return nil, p.User("alice").ConfirmSignUp(ctx, "123456")
			},
			in: map[string]any{
				"ClientId": clientID, "SecretHash": hash, "Username": "alice", "ConfirmationCode": "123456",
				"ForceAliasCreation": false, "ClientMetadata": meta,
			},
			reply: `{}`,
		},
		"confirm and take the alias": {
			operation: "ConfirmSignUp",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				return nil, p.User("alice").ConfirmSignUp(ctx, "123456", client.ForceAlias())
			},
			in: map[string]any{
				"ClientId": clientID, "SecretHash": hash, "Username": "alice", "ConfirmationCode": "123456",
				"ForceAliasCreation": true, "ClientMetadata": meta,
			},
			reply: `{"Session":"AYABe"}`,
		},
		"resend": {
			operation: "ResendConfirmationCode",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				return p.User("alice").ResendConfirmationCode(ctx)
			},
			in:    map[string]any{"ClientId": clientID, "SecretHash": hash, "Username": "alice", "ClientMetadata": meta},
			reply: `{"CodeDeliveryDetails":` + delivery + `}`,
			want:  &delivered,
		},
		"forgot password": {
			operation: "ForgotPassword",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				return p.User("alice").ForgotPassword(ctx)
			},
			in:    map[string]any{"ClientId": clientID, "SecretHash": hash, "Username": "alice", "ClientMetadata": meta},
			reply: `{"CodeDeliveryDetails":` + delivery + `}`,
			want:  &delivered,
		},
		"confirm forgot password": {
			operation: "ConfirmForgotPassword",
			do: func(ctx context.Context, p *client.Pool, _ *client.Session) (any, error) {
				return nil, p.User("alice").ConfirmForgotPassword(ctx, "123456", "N3w-passw0rd")
			},
			in: map[string]any{
				"ClientId": clientID, "SecretHash": hash, "Username": "alice", "ConfirmationCode": "123456",
				"Password": "N3w-passw0rd", "ClientMetadata": meta,
			},
			reply: `{}`,
		},
		"user data": {
			operation: "GetUser",
			do: func(ctx context.Context, _ *client.Pool, s *client.Session) (any, error) {
				return s.UserData(ctx)
			},
			in: map[string]any{"AccessToken": access},
			reply: `{"Username":"alice","UserAttributes":[{"Name":"sub","Value":"s"},{"Name":"email","Value":"a@example.com"}],
				"PreferredMfaSetting":"SMS_MFA","UserMFASettingList":["SMS_MFA"]}`,
			want: &client.UserData{
				Username: "alice", Attributes: map[string]string{"sub": "s", "email": "a@example.com"},
				PreferredMFA: "SMS_MFA", MFA: []client.Factor{"SMS_MFA"},
			},
		},
		"update attributes": {
			operation: "UpdateUserAttributes",
			do: func(ctx context.Context, _ *client.Pool, s *client.Session) (any, error) {
				return s.UpdateAttributes(ctx, map[string]string{"nickname": "joe", "email": "b@example.com"})
			},
			in: map[string]any{
				"AccessToken": access, "ClientMetadata": meta,
				"UserAttributes": []any{
					map[string]any{"Name": "email", "Value": "b@example.com"}, map[string]any{"Name": "nickname", "Value": "joe"},
				},
			},
			reply: `{"CodeDeliveryDetailsList":[` + delivery + `]}`,
			want:  []client.CodeDelivery{delivered},
		},
		"delete attributes": {
			operation: "DeleteUserAttributes",
			do: func(ctx context.Context, _ *client.Pool, s *client.Session) (any, error) {
				return nil, s.DeleteAttributes(ctx, "nickname", "name")
			},
			in:    map[string]any{"AccessToken": access, "UserAttributeNames": []any{"nickname", "name"}},
			reply: `{}`,
		},
		"send verification code": {
			operation: "GetUserAttributeVerificationCode",
			do: func(ctx context.Context, _ *client.Pool, s *client.Session) (any, error) {
				return s.SendVerificationCode(ctx, "email")
			},
			in:    map[string]any{"AccessToken": access, "AttributeName": "email", "ClientMetadata": meta},
			reply: `{"CodeDeliveryDetails":` + delivery + `}`,
			want:  &delivered,
		},
		"verify attribute": {
			operation: "VerifyUserAttribute",
			do: func(ctx context.Context, _ *client.Pool, s *client.Session) (any, error) {
				return nil, s.VerifyAttribute(ctx, "email", "123456")
			},
			in:    map[string]any{"AccessToken": access, "AttributeName": "email", "Code": "123456"},
			reply: `{}`,
		},
		"change password": {
			operation: "ChangePassword",
			do: func(ctx context.Context, _ *client.Pool, s *client.Session) (any, error) {
				return nil, s.ChangePassword(ctx, "old", "new")
			},
			in:    map[string]any{"AccessToken": access, "PreviousPassword": "old", "ProposedPassword": "new"},
			reply: `{}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": func(request) answer { return signedIn(set) },
				test.operation: func(r request) answer {
					if diff := cmp.Diff(test.in, r.in); diff != "" {
						t.Errorf("%s (-want +got):\n%s", test.operation, diff)
					}
					return ok(test.reply)
				},
			}}
			pool := newPool(t, s, func(c *client.Config) { c.ClientSecret = secret }).WithClientMetadata(map[string]string{"tenant": "7"})
			got, err := test.do(t.Context(), pool, passwordSession(t, pool))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// Where the service's clock runs ahead, it finds tokens expired that look good here.
func TestExpiredOnTheServiceIsRefreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tests := map[string]struct {
			refused error
			works   bool
		}{
			"Access Token has expired":      {works: true},
			"Access Token has been revoked": {refused: client.ErrNotAuthorized},
		}
		for text, test := range tests {
			good := refreshed(tokenSet(time.Now(), 2))
			s := &service{tb: t, handlers: map[string]func(request) answer{
				"InitiateAuth": flow(func(request) answer { return signedIn(good) }),
				"ChangePassword": func(r request) answer {
					if r.text("AccessToken") != good["AccessToken"] {
						return refuse(400, "NotAuthorizedException", text)
					}
					return ok("{}")
				},
			}}
			err := passwordSession(t, newPool(t, s)).ChangePassword(t.Context(), "old", "new")
			if !errors.Is(err, test.refused) || (err == nil) != test.works {
				t.Errorf("%s: %v, want %v", text, err, test.refused)
			}
		}
	})
}

func TestExpiredOnTheServiceAndRefused(t *testing.T) {
	t.Parallel()
	s := &service{tb: t, handlers: map[string]func(request) answer{
		"InitiateAuth": flow(func(request) answer { return refuse(400, "NotAuthorizedException", revokedText) }),
		"GetUser":      func(request) answer { return refuse(400, "NotAuthorizedException", "Access Token has expired") },
	}}
	_, err := passwordSession(t, newPool(t, s)).UserData(t.Context())
	if !errors.Is(err, client.ErrNotSignedIn) {
		t.Errorf("%v, want %v", err, client.ErrNotSignedIn)
	}
}
