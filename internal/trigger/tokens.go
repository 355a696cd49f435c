package trigger

import (
	"context"
	"encoding/json"

	"github.com/cenote-id/cenote/api"
)

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

// ClaimsChange adds or overrides claims of one token and takes others out; what is taken
// out stays out. Values are JSON as the function wrote it, so that numbers keep all digits.
type ClaimsChange struct {
	AddOrOverride map[string]json.RawMessage
	Suppress      []string
}

// PreTokenGenerationResponse changes what the tokens carry; the zero value changes nothing.
type PreTokenGenerationResponse struct {
	IDToken          ClaimsChange
	AccessToken      ClaimsChange
	ScopesToAdd      []string
	ScopesToSuppress []string
	// Groups replace the user's, or take them out where they are empty; nil leaves them.
	Groups *GroupConfiguration
}

// groupConfiguration is GroupConfiguration as events hold it.
type groupConfiguration struct {
	Groups    []string `json:"groupsToOverride"`
	Roles     []string `json:"iamRolesToOverride"`
	Preferred *string  `json:"preferredRole"`
}

// claimsChange is ClaimsChange as events hold it.
type claimsChange struct {
	AddOrOverride    map[string]json.RawMessage `json:"claimsToAddOrOverride"`
	Suppress         []string                   `json:"claimsToSuppress"`
	ScopesToAdd      []string                   `json:"scopesToAdd"`
	ScopesToSuppress []string                   `json:"scopesToSuppress"`
}

func (c *claimsChange) change() ClaimsChange {
	if c == nil {
		return ClaimsChange{}
	}
	return ClaimsChange{c.AddOrOverride, c.Suppress}
}

// The responses of the event's versions. A group override that is null stands for one
// without groups, which is why it is read as a text.
type (
	claimsOverride struct {
		Details *struct {
			AddOrOverride texts           `json:"claimsToAddOrOverride"`
			Suppress      []string        `json:"claimsToSuppress"`
			Groups        json.RawMessage `json:"groupOverrideDetails"`
		} `json:"claimsOverrideDetails"`
	}
	claimsAndScopeOverride struct {
		Details *struct {
			ID     *claimsChange   `json:"idTokenGeneration"`
			Access *claimsChange   `json:"accessTokenGeneration"`
			Groups json.RawMessage `json:"groupOverrideDetails"`
		} `json:"claimsAndScopeOverrideDetails"`
	}
)

// PreTokenGeneration runs before tokens are signed.
func (s *Service) PreTokenGeneration(ctx context.Context, e PreTokenGenerationEvent) (PreTokenGenerationResponse, error) {
	if !s.Configured(e.Pool, KindPreTokenGeneration) {
		return PreTokenGenerationResponse{}, nil
	}
	groups := groupConfiguration{Groups: e.Groups.GroupsToOverride, Roles: e.Groups.IAMRolesToOverride}
	if groups.Groups == nil {
		groups.Groups = []string{}
	}
	if groups.Roles == nil {
		groups.Roles = []string{}
	}
	if e.Groups.PreferredRole != "" {
		groups.Preferred = &e.Groups.PreferredRole
	}
	type request struct {
		user
		Groups groupConfiguration `json:"groupConfiguration"`
	}
	if version(e.Pool) == "1" {
		return s.tokensV1(ctx, e, request{e.user(), groups})
	}
	var r claimsAndScopeOverride
	made := e.event(string(e.Source), struct {
		request
		Scopes []string `json:"scopes"`
	}{request{e.user(), groups}, e.Scopes}, r)
	made.Version = version(e.Pool)
	if err := s.call(ctx, e.Pool, KindPreTokenGeneration, made, &r); err != nil || r.Details == nil {
		return PreTokenGenerationResponse{}, err
	}
	out := PreTokenGenerationResponse{IDToken: r.Details.ID.change(), AccessToken: r.Details.Access.change()}
	if a := r.Details.Access; a != nil {
		out.ScopesToAdd, out.ScopesToSuppress = a.ScopesToAdd, a.ScopesToSuppress
	}
	var err error
	out.Groups, err = overriddenGroups(r.Details.Groups)
	return out, err
}

// tokensV1 is the first version: its claims are texts, and go into the ID token only.
func (s *Service) tokensV1(ctx context.Context, e PreTokenGenerationEvent, request any) (PreTokenGenerationResponse, error) {
	var r claimsOverride
	made := e.event(string(e.Source), request, r)
	if err := s.call(ctx, e.Pool, KindPreTokenGeneration, made, &r); err != nil || r.Details == nil {
		return PreTokenGenerationResponse{}, err
	}
	out := PreTokenGenerationResponse{IDToken: ClaimsChange{map[string]json.RawMessage{}, r.Details.Suppress}}
	for name, value := range r.Details.AddOrOverride {
		text, err := json.Marshal(value)
		if err != nil {
			return PreTokenGenerationResponse{}, unrecognizable(err)
		}
		out.IDToken.AddOrOverride[name] = text
	}
	var err error
	out.Groups, err = overriddenGroups(r.Details.Groups)
	return out, err
}

// overriddenGroups reads groupOverrideDetails: absent leaves the groups as they are (the
// result is nil), null and an empty object suppress them.
func overriddenGroups(text json.RawMessage) (*GroupConfiguration, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // absent and empty differ
	}
	var g groupConfiguration
	if err := json.Unmarshal(text, &g); err != nil {
		return nil, unrecognizable(err)
	}
	return &GroupConfiguration{g.Groups, g.Roles, api.Value(g.Preferred)}, nil
}
