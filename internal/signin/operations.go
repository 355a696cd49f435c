package signin

import (
	"context"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/risk"
)

// InitiateAuth begins a sign-in, or refreshes one. A Session counts only in USER_AUTH.
func (s *Service) InitiateAuth(ctx context.Context, call *api.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	client, err := s.catalog.Client(ctx, api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	origin, err := risk.OriginOf(client, call, in.UserContextData)
	if err != nil {
		return nil, err
	}
	return s.initiate(ctx, StartInput{
		Client: client, Flow: api.Value(in.AuthFlow), Session: api.Value(in.Session),
		Parameters: in.AuthParameters, Metadata: in.ClientMetadata, Time: call.Time, Origin: origin,
	})
}

// AdminInitiateAuth is InitiateAuth for a trusted server, with a flow of its own.
func (s *Service) AdminInitiateAuth(ctx context.Context, call *api.Call, in *cognitoidp.AdminInitiateAuthRequest) (*cognitoidp.AdminInitiateAuthResponse, error) {
	client, err := s.catalog.ClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	origin, err := risk.OriginOfAdmin(client, call, in.ContextData)
	if err != nil {
		return nil, err
	}
	out, err := s.initiate(ctx, StartInput{
		Client: client, Admin: true, Flow: api.Value(in.AuthFlow), Session: api.Value(in.Session),
		Parameters: in.AuthParameters, Metadata: in.ClientMetadata, Time: call.Time, Origin: origin,
	})
	return (*cognitoidp.AdminInitiateAuthResponse)(out), err
}

func (s *Service) initiate(ctx context.Context, in StartInput) (*cognitoidp.InitiateAuthResponse, error) {
	if isRefresh(in.Flow) {
		result, err := s.refreshFlow(ctx, in)
		if err != nil {
			return nil, err
		}
		return &cognitoidp.InitiateAuthResponse{ChallengeParameters: api.StringMap{}, AuthenticationResult: result}, nil
	}
	step, err := s.Start(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := s.complete(ctx, step)
	if err != nil {
		return nil, err
	}
	shown := &cognitoidp.InitiateAuthResponse{
		ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeParameters: out.ChallengeParameters, AuthenticationResult: out.AuthenticationResult,
	}
	if step.Challenge != nil {
		shown.AvailableChallenges = step.Challenge.Available
	}
	return shown, nil
}

// RespondToAuthChallenge answers a challenge.
func (s *Service) RespondToAuthChallenge(ctx context.Context, call *api.Call, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	client, err := s.catalog.Client(ctx, api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	origin, err := risk.OriginOf(client, call, in.UserContextData)
	if err != nil {
		return nil, err
	}
	return s.respond(ctx, AnswerInput{
		Client: client, Challenge: api.Value(in.ChallengeName), Session: api.Value(in.Session),
		Responses: in.ChallengeResponses, Metadata: in.ClientMetadata, Time: call.Time, Origin: origin,
	})
}

// AdminRespondToAuthChallenge is RespondToAuthChallenge for a trusted server.
func (s *Service) AdminRespondToAuthChallenge(ctx context.Context, call *api.Call, in *cognitoidp.AdminRespondToAuthChallengeRequest) (*cognitoidp.AdminRespondToAuthChallengeResponse, error) {
	client, err := s.catalog.ClientOf(ctx, api.Value(in.UserPoolId), api.Value(in.ClientId))
	if err != nil {
		return nil, err
	}
	origin, err := risk.OriginOfAdmin(client, call, in.ContextData)
	if err != nil {
		return nil, err
	}
	out, err := s.respond(ctx, AnswerInput{
		Client: client, Admin: true, Challenge: api.Value(in.ChallengeName), Session: api.Value(in.Session),
		Responses: in.ChallengeResponses, Metadata: in.ClientMetadata, Time: call.Time, Origin: origin,
	})
	return (*cognitoidp.AdminRespondToAuthChallengeResponse)(out), err
}

func (s *Service) respond(ctx context.Context, in AnswerInput) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	step, err := s.Answer(ctx, in)
	if err != nil {
		return nil, err
	}
	return s.complete(ctx, step)
}

// complete turns a step into the members that all four operations answer with.
func (s *Service) complete(ctx context.Context, step *Step) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	if c := step.Challenge; c != nil {
		out := &cognitoidp.RespondToAuthChallengeResponse{ChallengeName: &c.Name, ChallengeParameters: c.Parameters}
		if c.Session != "" {
			out.Session = &c.Session
		}
		return out, nil
	}
	result, err := s.tokens.Issue(ctx, *step.Grant)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RespondToAuthChallengeResponse{ChallengeParameters: api.StringMap{}, AuthenticationResult: result}, nil
}
