package trigger

import (
	"context"
	"errors"

	"github.com/cenote-id/cenote/api"
)

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
	request := struct {
		user
		ValidationData map[string]string `json:"validationData"`
		UserNotFound   *bool             `json:"userNotFound,omitempty"`
	}{e.user(), e.ValidationData, e.UserNotFound}
	return s.call(ctx, e.Pool, KindPreAuthentication, e.event("PreAuthentication_Authentication", request, none{}), nil)
}

// PostAuthenticationEvent tells of a sign-in that passed its last challenge.
type PostAuthenticationEvent struct {
	Subject
	NewDeviceUsed bool
}

// PostAuthentication runs after the last challenge and before tokens are made.
func (s *Service) PostAuthentication(ctx context.Context, e PostAuthenticationEvent) error {
	request := struct {
		user
		NewDeviceUsed bool `json:"newDeviceUsed"`
	}{e.user(), e.NewDeviceUsed}
	return s.call(ctx, e.Pool, KindPostAuthentication, e.event("PostAuthentication_Authentication", request, none{}), nil)
}

// ChallengeResult is one step of a custom sign-in, as its functions see it.
type ChallengeResult struct {
	ChallengeName   string `json:"challengeName"`
	ChallengeResult bool   `json:"challengeResult"`
	// ChallengeMetadata is what CreateAuthChallenge said of the challenge, nil where it was
	// not made by it.
	ChallengeMetadata *string `json:"challengeMetadata"`
}

// history is the session of a custom sign-in, never null.
func history(session []ChallengeResult) []ChallengeResult {
	if session == nil {
		return []ChallengeResult{}
	}
	return session
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
	type response struct {
		ChallengeName      *string `json:"challengeName"`
		IssueTokens        *truth  `json:"issueTokens"`
		FailAuthentication *truth  `json:"failAuthentication"`
	}
	request := struct {
		user
		Session      []ChallengeResult `json:"session"`
		UserNotFound *bool             `json:"userNotFound,omitempty"`
	}{e.user(), history(e.Session), e.UserNotFound}
	var r response
	err := s.call(ctx, e.Pool, KindDefineAuthChallenge, e.event("DefineAuthChallenge_Authentication", request, r), &r)
	if err != nil {
		return DefineAuthChallengeResponse{}, err
	}
	out := DefineAuthChallengeResponse{
		ChallengeName: api.Value(r.ChallengeName),
		IssueTokens:   bool(api.Value(r.IssueTokens)), FailAuthentication: bool(api.Value(r.FailAuthentication)),
	}
	if out == (DefineAuthChallengeResponse{}) && s.Configured(e.Pool, KindDefineAuthChallenge) {
		return out, unrecognizable(errors.New("it decides nothing"))
	}
	return out, nil
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
	ChallengeMetadata          *string
}

// CreateAuthChallenge runs when DefineAuthChallenge asked for CUSTOM_CHALLENGE.
func (s *Service) CreateAuthChallenge(ctx context.Context, e CreateAuthChallengeEvent) (CreateAuthChallengeResponse, error) {
	type response struct {
		Public   texts   `json:"publicChallengeParameters"`
		Private  texts   `json:"privateChallengeParameters"`
		Metadata *string `json:"challengeMetadata"`
	}
	request := struct {
		user
		ChallengeName string            `json:"challengeName"`
		Session       []ChallengeResult `json:"session"`
		UserNotFound  *bool             `json:"userNotFound,omitempty"`
	}{e.user(), e.ChallengeName, history(e.Session), e.UserNotFound}
	var r response
	err := s.call(ctx, e.Pool, KindCreateAuthChallenge, e.event("CreateAuthChallenge_Authentication", request, r), &r)
	if err != nil {
		return CreateAuthChallengeResponse{}, err
	}
	return CreateAuthChallengeResponse{r.Public, r.Private, r.Metadata}, nil
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
	type response struct {
		AnswerCorrect *truth `json:"answerCorrect"`
	}
	private := e.PrivateChallengeParameters
	if private == nil {
		private = map[string]string{}
	}
	request := struct {
		user
		Private      map[string]string `json:"privateChallengeParameters"`
		Answer       string            `json:"challengeAnswer"`
		UserNotFound *bool             `json:"userNotFound,omitempty"`
	}{e.user(), private, e.ChallengeAnswer, e.UserNotFound}
	var r response
	err = s.call(ctx, e.Pool, KindVerifyAuthChallengeResponse, e.event("VerifyAuthChallengeResponse_Authentication", request, r), &r)
	if err == nil && r.AnswerCorrect == nil && s.Configured(e.Pool, KindVerifyAuthChallengeResponse) {
		err = unrecognizable(errors.New("answerCorrect is missing"))
	}
	return err == nil && bool(api.Value(r.AnswerCorrect)), err
}
