package directory

import (
	"context"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// GetUser returns the caller, with the attributes that the client may read.
func (s *Service) GetUser(ctx context.Context, call *api.Call, _ *cognitoidp.GetUserRequest) (*cognitoidp.GetUserResponse, error) {
	client, user, err := s.self(ctx, call)
	if err != nil {
		return nil, err
	}
	factors, preferred := MFASettings(user)
	return &cognitoidp.GetUserResponse{
		Username:            new(user.Username),
		UserAttributes:      Attributes(client, user),
		MFAOptions:          mfaOptions(user),
		PreferredMfaSetting: preferred,
		UserMFASettingList:  factors,
	}, nil
}

// AdminGetUser returns a user with all attributes.
func (s *Service) AdminGetUser(ctx context.Context, _ *api.Call, in *cognitoidp.AdminGetUserRequest) (*cognitoidp.AdminGetUserResponse, error) {
	_, user, err := s.administered(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	factors, preferred := MFASettings(user)
	return &cognitoidp.AdminGetUserResponse{
		Username:             new(user.Username),
		UserAttributes:       Attributes(nil, user),
		UserCreateDate:       api.Time(user.Created),
		UserLastModifiedDate: api.Time(user.Modified),
		Enabled:              new(user.Enabled),
		UserStatus:           new(user.Status),
		MFAOptions:           mfaOptions(user),
		PreferredMfaSetting:  preferred,
		UserMFASettingList:   factors,
	}, nil
}

// userType is a user as lists show it. Of its attributes only those named are shown; no
// names show all.
func userType(u *store.User, names []string) *cognitoidp.UserType {
	attributes := Attributes(nil, u)
	if len(names) > 0 {
		attributes = slices.DeleteFunc(attributes, func(a cognitoidp.AttributeType) bool {
			return !slices.Contains(names, *a.Name)
		})
	}
	return &cognitoidp.UserType{
		Username:             new(u.Username),
		Attributes:           attributes,
		UserCreateDate:       api.Time(u.Created),
		UserLastModifiedDate: api.Time(u.Modified),
		Enabled:              new(u.Enabled),
		UserStatus:           new(u.Status),
		MFAOptions:           mfaOptions(u),
	}
}
