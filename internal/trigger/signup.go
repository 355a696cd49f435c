package trigger

import "context"

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

// PreSignUp runs before a user is created; its error refuses the sign-up.
func (s *Service) PreSignUp(ctx context.Context, e PreSignUpEvent) (PreSignUpResponse, error) {
	return PreSignUpResponse{}, s.call(ctx, e.Pool, KindPreSignUp)
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
	return s.call(ctx, e.Pool, KindPostConfirmation)
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

// UserMigrationResponse is the migrated user; Found is false when there is none.
type UserMigrationResponse struct {
	Found                  bool
	Attributes             map[string]string
	FinalUserStatus        string
	MessageAction          string
	DesiredDeliveryMediums []string
	ForceAliasCreation     bool
}

// UserMigration runs when a password sign-in or a password reset meets an unknown user.
func (s *Service) UserMigration(ctx context.Context, e UserMigrationEvent) (UserMigrationResponse, error) {
	return UserMigrationResponse{}, s.call(ctx, e.Pool, KindUserMigration)
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

// InboundFederation runs on every federated sign-in, before attributes are mapped.
func (s *Service) InboundFederation(ctx context.Context, e InboundFederationEvent) (InboundFederationResponse, error) {
	return InboundFederationResponse{}, s.call(ctx, e.Pool, KindInboundFederation)
}
