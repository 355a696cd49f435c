package trigger

import "context"

// PreAuthenticationEvent asks whether an attempt to sign in may go on. It runs before
// the password is checked, so it also sees attempts that fail.
type PreAuthenticationEvent struct {
	Subject
	ValidationData map[string]string // InitiateAuth's ClientMetadata; nil when none was sent
	// UserNotFound is nil unless the client hides user existence.
	UserNotFound *bool
}

// PreAuthentication runs at the start of a sign-in; its error refuses it.
func (s *Service) PreAuthentication(ctx context.Context, e PreAuthenticationEvent) error {
	return s.call(ctx, e.Pool, KindPreAuthentication)
}

// PostAuthenticationEvent tells of a sign-in that passed its last challenge.
type PostAuthenticationEvent struct {
	Subject
	NewDeviceUsed bool
}

// PostAuthentication runs after the last challenge and before tokens are made.
func (s *Service) PostAuthentication(ctx context.Context, e PostAuthenticationEvent) error {
	return s.call(ctx, e.Pool, KindPostAuthentication)
}

// ChallengeResult is one step of a custom sign-in, as its functions see it.
type ChallengeResult struct {
	ChallengeName     string
	ChallengeResult   bool
	ChallengeMetadata string
}

// DefineAuthChallengeEvent asks what a custom sign-in does next.
type DefineAuthChallengeEvent struct {
	Subject
	Session      []ChallengeResult
	UserNotFound *bool
}

// DefineAuthChallengeResponse decides: tokens, failure, or the named challenge.
type DefineAuthChallengeResponse struct {
	ChallengeName      string
	IssueTokens        bool
	FailAuthentication bool
}

// DefineAuthChallenge runs at the start of CUSTOM_AUTH and after each answered challenge.
func (s *Service) DefineAuthChallenge(ctx context.Context, e DefineAuthChallengeEvent) (DefineAuthChallengeResponse, error) {
	return DefineAuthChallengeResponse{}, s.call(ctx, e.Pool, KindDefineAuthChallenge)
}

// CreateAuthChallengeEvent asks for a custom challenge's parameters.
type CreateAuthChallengeEvent struct {
	Subject
	ChallengeName string
	Session       []ChallengeResult
	UserNotFound  *bool
}

// CreateAuthChallengeResponse is the challenge: what the client sees, and what only
// VerifyAuthChallengeResponse sees.
type CreateAuthChallengeResponse struct {
	PublicChallengeParameters  map[string]string
	PrivateChallengeParameters map[string]string
	ChallengeMetadata          string
}

// CreateAuthChallenge runs when DefineAuthChallenge asked for CUSTOM_CHALLENGE.
func (s *Service) CreateAuthChallenge(ctx context.Context, e CreateAuthChallengeEvent) (CreateAuthChallengeResponse, error) {
	return CreateAuthChallengeResponse{}, s.call(ctx, e.Pool, KindCreateAuthChallenge)
}

// VerifyAuthChallengeResponseEvent carries the client's answer to a custom challenge.
type VerifyAuthChallengeResponseEvent struct {
	Subject
	PrivateChallengeParameters map[string]string
	ChallengeAnswer            string
	UserNotFound               *bool
}

// VerifyAuthChallengeResponse says whether the answer to a custom challenge is right.
// With no function configured no answer is.
func (s *Service) VerifyAuthChallengeResponse(ctx context.Context, e VerifyAuthChallengeResponseEvent) (answerCorrect bool, err error) {
	return false, s.call(ctx, e.Pool, KindVerifyAuthChallengeResponse)
}

// TokenSource says what tokens are about to be made for.
type TokenSource string

// The sources of PreTokenGeneration.
const (
	TokenHostedAuth           TokenSource = "TokenGeneration_HostedAuth"
	TokenAuthentication       TokenSource = "TokenGeneration_Authentication"
	TokenNewPasswordChallenge TokenSource = "TokenGeneration_NewPasswordChallenge"
	TokenAuthenticateDevice   TokenSource = "TokenGeneration_AuthenticateDevice"
	TokenRefreshTokens        TokenSource = "TokenGeneration_RefreshTokens"
	TokenClientCredentials    TokenSource = "TokenGeneration_ClientCredentials"
)

// GroupConfiguration is what a user's groups bring into the tokens.
type GroupConfiguration struct {
	GroupsToOverride   []string
	IAMRolesToOverride []string
	PreferredRole      string
}

// PreTokenGenerationEvent shows what the tokens will carry.
type PreTokenGenerationEvent struct {
	Subject
	Source TokenSource
	Groups GroupConfiguration
	Scopes []string
}

// ClaimsChange adds or overrides claims of one token and takes others out.
type ClaimsChange struct {
	AddOrOverride map[string]any
	Suppress      []string
}

// PreTokenGenerationResponse changes what the tokens carry; the zero value changes nothing.
type PreTokenGenerationResponse struct {
	IDToken          ClaimsChange
	AccessToken      ClaimsChange
	ScopesToAdd      []string
	ScopesToSuppress []string
	Groups           *GroupConfiguration
}

// PreTokenGeneration runs before tokens are signed.
func (s *Service) PreTokenGeneration(ctx context.Context, e PreTokenGenerationEvent) (PreTokenGenerationResponse, error) {
	return PreTokenGenerationResponse{}, s.call(ctx, e.Pool, KindPreTokenGeneration)
}
