package trigger

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
)

// PreSignUpSource says which operation is about to create a user.
type PreSignUpSource string

// The sources of PreSignUp.
const (
	PreSignUpSignUp           PreSignUpSource = "PreSignUp_SignUp"
	PreSignUpAdminCreateUser  PreSignUpSource = "PreSignUp_AdminCreateUser"
	PreSignUpExternalProvider PreSignUpSource = "PreSignUp_ExternalProvider"
)

// PreSignUpEvent asks whether a user may be created.
type PreSignUpEvent struct {
	Subject
	Source         PreSignUpSource
	ValidationData map[string]string // nil when none was sent
}

// PreSignUpResponse says what the new user starts with.
type PreSignUpResponse struct {
	AutoConfirmUser bool
	AutoVerifyEmail bool
	AutoVerifyPhone bool
}

// preSignUpResponse is PreSignUpResponse as events hold it.
type preSignUpResponse struct {
	AutoConfirmUser truth `json:"autoConfirmUser"`
	AutoVerifyEmail truth `json:"autoVerifyEmail"`
	AutoVerifyPhone truth `json:"autoVerifyPhone"`
}

// PreSignUp runs before a user is created; its error refuses the sign-up.
func (s *Service) PreSignUp(ctx context.Context, e PreSignUpEvent) (PreSignUpResponse, error) {
	var r preSignUpResponse
	request := struct {
		user
		ValidationData map[string]string `json:"validationData"`
	}{e.user(), e.ValidationData}
	err := s.call(ctx, e.Pool, KindPreSignUp, e.event(string(e.Source), request, r), &r)
	if err != nil {
		return PreSignUpResponse{}, err
	}
	return PreSignUpResponse{bool(r.AutoConfirmUser), bool(r.AutoVerifyEmail), bool(r.AutoVerifyPhone)}, nil
}

// PostConfirmationSource says what was confirmed.
type PostConfirmationSource string

// The sources of PostConfirmation.
const (
	PostConfirmationConfirmSignUp         PostConfirmationSource = "PostConfirmation_ConfirmSignUp"
	PostConfirmationConfirmForgotPassword PostConfirmationSource = "PostConfirmation_ConfirmForgotPassword"
)

// PostConfirmationEvent tells of a confirmed user.
type PostConfirmationEvent struct {
	Subject
	Source PostConfirmationSource
}

// PostConfirmation runs after the user was confirmed; its error reaches the client but
// undoes nothing (Cognito: the user stays confirmed).
func (s *Service) PostConfirmation(ctx context.Context, e PostConfirmationEvent) error {
	return s.call(ctx, e.Pool, KindPostConfirmation, e.event(string(e.Source), e.user(), none{}), nil)
}

// UserMigrationSource says which operation met the unknown user.
type UserMigrationSource string

// The sources of UserMigration.
const (
	UserMigrationAuthentication UserMigrationSource = "UserMigration_Authentication"
	UserMigrationForgotPassword UserMigrationSource = "UserMigration_ForgotPassword"
)

// UserMigrationEvent asks for a user that the pool does not have. Its Username is what
// was typed.
type UserMigrationEvent struct {
	Subject
	Source         UserMigrationSource
	Password       string // empty for ForgotPassword
	ValidationData map[string]string
}

// UserMigrationResponse is the migrated user; Found is false when there is none, which is
// when the function returns no attributes.
type UserMigrationResponse struct {
	Found                  bool
	Attributes             map[string]string
	FinalUserStatus        string
	MessageAction          string
	DesiredDeliveryMediums []string
	ForceAliasCreation     bool
	EnableSMSMFA           bool
}

// userMigrationResponse is UserMigrationResponse as events hold it.
type userMigrationResponse struct {
	Attributes             texts    `json:"userAttributes"`
	ForceAliasCreation     *truth   `json:"forceAliasCreation"`
	EnableSMSMFA           *truth   `json:"enableSMSMFA"`
	FinalUserStatus        *string  `json:"finalUserStatus"`
	MessageAction          *string  `json:"messageAction"`
	DesiredDeliveryMediums []string `json:"desiredDeliveryMediums"`
}

// UserMigration runs when a password sign-in or a password reset meets an unknown user.
func (s *Service) UserMigration(ctx context.Context, e UserMigrationEvent) (UserMigrationResponse, error) {
	var r userMigrationResponse
	request := struct {
		Password       *string           `json:"password"`
		ValidationData map[string]string `json:"validationData"`
		ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	}{nil, e.ValidationData, e.ClientMetadata}
	if e.Source == UserMigrationAuthentication {
		request.Password = &e.Password
	}
	err := s.call(ctx, e.Pool, KindUserMigration, e.event(string(e.Source), request, r), &r)
	if err != nil || len(r.Attributes) == 0 {
		return UserMigrationResponse{}, err
	}
	return UserMigrationResponse{
		Found: true, Attributes: r.Attributes,
		FinalUserStatus: api.Value(r.FinalUserStatus), MessageAction: api.Value(r.MessageAction),
		DesiredDeliveryMediums: r.DesiredDeliveryMediums,
		ForceAliasCreation:     bool(api.Value(r.ForceAliasCreation)), EnableSMSMFA: bool(api.Value(r.EnableSMSMFA)),
	}, nil
}

// InboundFederationEvent carries what an identity provider answered.
type InboundFederationEvent struct {
	Subject
	ProviderName string
	ProviderType string
	Attributes   map[string]any
}

// InboundFederationResponse replaces the attributes to map when UserAttributesToMap is not nil.
type InboundFederationResponse struct {
	UserAttributesToMap map[string]string
}

// InboundFederation runs on every federated sign-in, before attributes are mapped. Without
// a function, and where it returns an empty map, the provider's attributes stay.
func (s *Service) InboundFederation(ctx context.Context, e InboundFederationEvent) (InboundFederationResponse, error) {
	type response struct {
		UserAttributesToMap texts `json:"userAttributesToMap"`
	}
	request := struct {
		ProviderName string         `json:"providerName"`
		ProviderType string         `json:"providerType"`
		Attributes   map[string]any `json:"attributes"`
	}{e.ProviderName, e.ProviderType, e.Attributes}
	before := response{texts{}}
	var after response
	err := s.call(ctx, e.Pool, KindInboundFederation, e.event("InboundFederation_ExternalProvider", request, before), &after)
	if err == nil && after.UserAttributesToMap == nil && s.Configured(e.Pool, KindInboundFederation) {
		err = unrecognizable(errors.New("userAttributesToMap is missing"))
	}
	if err != nil || len(after.UserAttributesToMap) == 0 {
		return InboundFederationResponse{}, err
	}
	return InboundFederationResponse{after.UserAttributesToMap}, nil
}
