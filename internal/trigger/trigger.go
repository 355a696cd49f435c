package trigger

import (
	"context"
	"io"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/function"
)

// Kind names a trigger as exceptions name it to clients ("PreSignUp failed with error ...").
type Kind string

// The thirteen triggers.
const (
	KindPreSignUp                   Kind = "PreSignUp"
	KindPostConfirmation            Kind = "PostConfirmation"
	KindPreAuthentication           Kind = "PreAuthentication"
	KindPostAuthentication          Kind = "PostAuthentication"
	KindDefineAuthChallenge         Kind = "DefineAuthChallenge"
	KindCreateAuthChallenge         Kind = "CreateAuthChallenge"
	KindVerifyAuthChallengeResponse Kind = "VerifyAuthChallengeResponse"
	KindPreTokenGeneration          Kind = "PreTokenGeneration"
	KindCustomMessage               Kind = "CustomMessage"
	KindUserMigration               Kind = "UserMigration"
	KindCustomEmailSender           Kind = "CustomEmailSender"
	KindCustomSMSSender             Kind = "CustomSMSSender"
	KindInboundFederation           Kind = "InboundFederation"
)

// ClientNotApplicable is callerContext.clientId of operations that no app client makes.
const ClientNotApplicable = "CLIENT_ID_NOT_APPLICABLE"

// Subject is the part of an event that all triggers share: in which pool, through which
// client, about whom.
type Subject struct {
	Pool *catalog.Pool
	// ClientID is the requesting app client, ClientNotApplicable, or empty, which functions
	// see as null (AdminConfirmSignUp).
	ClientID string
	// Username is the canonical user name, or what was typed where no user exists.
	Username string
	// Attributes are request.userAttributes: the user's attributes as strings, with
	// sub and cognito:user_status where the user exists.
	Attributes map[string]string
	// ClientMetadata is nil when none was sent.
	ClientMetadata map[string]string
}

// Call is what a Runner is asked for.
type Call = function.Call

// Runner runs the function behind an ARN. Its error is *function.Error when the function
// itself failed, *function.InvocationError when it could not be run, or ctx's.
type Runner interface {
	Do(ctx context.Context, c Call) ([]byte, error)
}

// Deps is what a Service needs.
type Deps struct {
	// Runner runs the functions; nil finds none behind any ARN.
	Runner Runner
	Random io.Reader // nil is the operating system's generator
}

// Service makes the calls. It is safe for concurrent use.
type Service struct {
	runner Runner
	random io.Reader
}

// New returns a Service.
func New(d Deps) *Service { return &Service{runner: d.Runner, random: clock.Random(d.Random)} }

// arn returns the function that the pool configures for kind, "" for none.
func arn(p *catalog.Pool, kind Kind) string {
	c := p.Config.LambdaConfig
	if c == nil {
		return ""
	}
	switch kind {
	case KindPreSignUp:
		return api.Value(c.PreSignUp)
	case KindPostConfirmation:
		return api.Value(c.PostConfirmation)
	case KindPreAuthentication:
		return api.Value(c.PreAuthentication)
	case KindPostAuthentication:
		return api.Value(c.PostAuthentication)
	case KindDefineAuthChallenge:
		return api.Value(c.DefineAuthChallenge)
	case KindCreateAuthChallenge:
		return api.Value(c.CreateAuthChallenge)
	case KindVerifyAuthChallengeResponse:
		return api.Value(c.VerifyAuthChallengeResponse)
	case KindPreTokenGeneration:
		if c.PreTokenGenerationConfig != nil {
			return api.Value(c.PreTokenGenerationConfig.LambdaArn)
		}
		return api.Value(c.PreTokenGeneration)
	case KindCustomMessage:
		return api.Value(c.CustomMessage)
	case KindUserMigration:
		return api.Value(c.UserMigration)
	case KindCustomEmailSender:
		if c.CustomEmailSender != nil {
			return api.Value(c.CustomEmailSender.LambdaArn)
		}
	case KindCustomSMSSender:
		if c.CustomSMSSender != nil {
			return api.Value(c.CustomSMSSender.LambdaArn)
		}
	case KindInboundFederation:
		if c.InboundFederation != nil {
			return api.Value(c.InboundFederation.LambdaArn)
		}
	}
	return ""
}

// Configured says whether the pool has a function for kind. Flows ask it where the mere
// presence of a function changes an answer (custom authentication, migration) and where
// two transactions may become one when none stands between them.
func (s *Service) Configured(p *catalog.Pool, kind Kind) bool { return arn(p, kind) != "" }
