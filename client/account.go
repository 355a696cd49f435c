package client

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// expiredText is what the service says of an access token that was good until it expired.
const expiredText = "Access Token has expired"

// authorised makes a call with the session's access token. When the service's clock is
// further than this side knew, so that it finds the token expired, the session is
// refreshed and the call made again: it had no effect so far.
func authorised[Out any](ctx context.Context, s *Session, operation string, again repeat, in func(token *string) any) (*Out, error) {
	token, err := s.AccessToken(ctx)
	if err != nil {
		return nil, err
	}
	out, err := call[Out](ctx, s.pool, operation, again, in(&token))
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != ErrNotAuthorized || refusal.Message != expiredText {
		return out, err
	}
	if err := s.renew(ctx, refused(token)); err != nil {
		return nil, err
	}
	token = s.Tokens().Access.JWT()
	return call[Out](ctx, s.pool, operation, again, in(&token))
}

// UserData is what the service knows of a user.
type UserData struct {
	// Username is the canonical user name.
	Username string
	// Attributes are those that the app client may read; sub is always among them.
	Attributes map[string]string
	// PreferredMFA is the second factor that the user prefers, empty when there is none.
	PreferredMFA Factor
	// MFA are the second factors that the user has activated.
	MFA []Factor
}

// UserData asks the service for the user's data, which also proves that the session is good.
func (s *Session) UserData(ctx context.Context) (*UserData, error) {
	out, err := authorised[cognitoidp.GetUserResponse](ctx, s, "GetUser", repeatable, func(token *string) any {
		return &cognitoidp.GetUserRequest{AccessToken: token}
	})
	if err != nil {
		return nil, err
	}
	return &UserData{
		Username:     api.Value(out.Username),
		Attributes:   attributeMap(out.UserAttributes),
		PreferredMFA: Factor(api.Value(out.PreferredMfaSetting)),
		MFA:          factorList(out.UserMFASettingList),
	}, nil
}

// UpdateAttributes sets attributes of the user. It returns where codes went to verify
// changed addresses with. The claims of the ID token follow with the next Refresh.
func (s *Session) UpdateAttributes(ctx context.Context, attributes map[string]string) ([]CodeDelivery, error) {
	out, err := authorised[cognitoidp.UpdateUserAttributesResponse](ctx, s, "UpdateUserAttributes", once, func(token *string) any {
		return &cognitoidp.UpdateUserAttributesRequest{
			AccessToken:    token,
			UserAttributes: attributeList(attributes),
			ClientMetadata: s.pool.metadata,
		}
	})
	if err != nil {
		return nil, err
	}
	var deliveries []CodeDelivery
	for _, details := range out.CodeDeliveryDetailsList {
		deliveries = append(deliveries, *codeDelivery(&details))
	}
	return deliveries, nil
}

// DeleteAttributes removes attributes of the user.
func (s *Session) DeleteAttributes(ctx context.Context, names ...string) error {
	_, err := authorised[cognitoidp.DeleteUserAttributesResponse](ctx, s, "DeleteUserAttributes", once, func(token *string) any {
		return &cognitoidp.DeleteUserAttributesRequest{AccessToken: token, UserAttributeNames: names}
	})
	return err
}

// SendVerificationCode sends a code to the address in an attribute, email or phone_number.
func (s *Session) SendVerificationCode(ctx context.Context, attribute string) (*CodeDelivery, error) {
	out, err := authorised[cognitoidp.GetUserAttributeVerificationCodeResponse](ctx, s, "GetUserAttributeVerificationCode", once, func(token *string) any {
		return &cognitoidp.GetUserAttributeVerificationCodeRequest{
			AccessToken:    token,
			AttributeName:  &attribute,
			ClientMetadata: s.pool.metadata,
		}
	})
	if err != nil {
		return nil, err
	}
	return codeDelivery(out.CodeDeliveryDetails), nil
}

// VerifyAttribute verifies an attribute with the code that was sent to its address.
func (s *Session) VerifyAttribute(ctx context.Context, attribute, code string) error {
	_, err := authorised[cognitoidp.VerifyUserAttributeResponse](ctx, s, "VerifyUserAttribute", once, func(token *string) any {
		return &cognitoidp.VerifyUserAttributeRequest{AccessToken: token, AttributeName: &attribute, Code: &code}
	})
	return err
}

// ChangePassword replaces the user's password. The session goes on.
func (s *Session) ChangePassword(ctx context.Context, previous, proposed string) error {
	_, err := authorised[cognitoidp.ChangePasswordResponse](ctx, s, "ChangePassword", once, func(token *string) any {
		return &cognitoidp.ChangePasswordRequest{
			AccessToken:      token,
			PreviousPassword: &previous,
			ProposedPassword: &proposed,
		}
	})
	return err
}

// DeleteUser deletes the user for good and ends the session.
func (s *Session) DeleteUser(ctx context.Context) error {
	_, err := authorised[api.Empty](ctx, s, "DeleteUser", once, func(token *string) any {
		return &cognitoidp.DeleteUserRequest{AccessToken: token}
	})
	if err != nil {
		return err
	}
	return s.end(ctx)
}
