package signin

import (
	"context"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/credential"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/trigger"
)

// The names of AuthParameters and ChallengeResponses.
const (
	paramUsername     = "USERNAME"
	paramPassword     = "PASSWORD"
	paramNewPassword  = "NEW_PASSWORD"
	paramSRPA         = "SRP_A"
	paramRefreshToken = "REFRESH_TOKEN"
	paramSecretHash   = "SECRET_HASH"
	paramDeviceKey    = "DEVICE_KEY"
	paramClaimBlock   = "PASSWORD_CLAIM_SECRET_BLOCK"
	paramClaim        = "PASSWORD_CLAIM_SIGNATURE"
	paramTimestamp    = "TIMESTAMP"
	paramUserID       = "USER_ID_FOR_SRP"
	paramSession      = "Session"
	paramAnswer       = "ANSWER"
	paramSMSCode      = "SMS_MFA_CODE"
	paramTOTPCode     = "SOFTWARE_TOKEN_MFA_CODE"
	paramEmailCode    = "EMAIL_OTP_CODE"
	paramSMSOTP       = "SMS_OTP_CODE"
	paramPreferred    = "PREFERRED_CHALLENGE"
	paramCredential   = "CREDENTIAL"
)

// flow is how a sign-in begins.
type flow struct {
	public, admin bool     // taken by InitiateAuth, by AdminInitiateAuth
	denied        string   // what the client's ExplicitAuthFlows not naming it answers
	required      []string // parameters, in the order in which they are asked for
	// begin goes on with an attempt whose client is proven; nil for the flows that begin no
	// sign-in.
	begin func(*Service, context.Context, *attempt, StartInput) (*Step, error)
}

// flowOf returns the flow of a name; ADMIN_NO_SRP_AUTH and REFRESH_TOKEN are the former
// names of two.
func flowOf(name cognitoidp.AuthFlowType) (flow, bool) {
	switch name {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return flow{true, true, textSRPDenied, []string{paramUsername, paramSRPA}, (*Service).beginSRP}, true
	case cognitoidp.AuthFlowTypeUserPasswordAuth:
		return flow{true, false, textPasswordDenied, []string{paramUsername, paramPassword}, (*Service).beginPassword}, true
	case cognitoidp.AuthFlowTypeAdminUserPasswordAuth, cognitoidp.AuthFlowTypeAdminNoSrpAuth:
		return flow{false, true, textFlowDenied, []string{paramUsername, paramPassword}, (*Service).beginPassword}, true
	case cognitoidp.AuthFlowTypeCustomAuth:
		return flow{true, true, textCustomDenied, []string{paramUsername}, (*Service).beginCustom}, true
	case cognitoidp.AuthFlowTypeUserAuth:
		return flow{true, true, textChoiceDenied, []string{paramUsername}, (*Service).beginChoice}, true
	case cognitoidp.AuthFlowTypeRefreshTokenAuth, cognitoidp.AuthFlowTypeRefreshToken:
		return flow{true, true, textFlowDenied, []string{paramRefreshToken}, nil}, true
	default:
		return flow{}, false
	}
}

// isRefresh says whether a flow goes on with a sign-in instead of beginning one.
func isRefresh(name cognitoidp.AuthFlowType) bool {
	return name == cognitoidp.AuthFlowTypeRefreshTokenAuth || name == cognitoidp.AuthFlowTypeRefreshToken
}

// admit is the flow gate: it returns the flow when the operation takes it, the client
// allows it and its parameters are there. An empty parameter is a missing one.
func (s *Service) admit(in StartInput) (flow, error) {
	f, ok := flowOf(in.Flow)
	if !ok || in.Admin && !f.admin || !in.Admin && !f.public {
		return flow{}, refuse(reasonFlow, fault.InvalidParameter(textWrongOperation))
	}
	if isRefresh(in.Flow) {
		if rotates, _ := in.Client.Rotation(); rotates {
			return flow{}, refuse(reasonFlow, fault.UnsupportedOperation(textRotates))
		}
	}
	if !in.Client.Allows(in.Flow) {
		return flow{}, refuse(reasonFlow, fault.InvalidParameter(f.denied))
	}
	if err := s.served(in); err != nil {
		return flow{}, err
	}
	return f, require(in.Parameters, f.required...)
}

// served refuses the flows that the pool does not have.
func (s *Service) served(in StartInput) error {
	switch in.Flow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return because(reasonFlow, credential.CheckSRP(in.Client.Pool))
	case cognitoidp.AuthFlowTypeCustomAuth:
		if !s.triggers.Configured(in.Client.Pool, trigger.KindDefineAuthChallenge) {
			return refuse(reasonFlow, fault.InvalidParameter(textNoCustom))
		}
	}
	return nil
}

// operation returns the name of an operation or of its admin twin.
func operation(admin bool, name string) string {
	if admin {
		return "Admin" + name
	}
	return name
}

// require refuses parameters of which one is missing or empty.
func require(parameters map[string]string, names ...string) error {
	for _, name := range names {
		if parameters[name] == "" {
			return missing(name)
		}
	}
	return nil
}

func missing(name string) error {
	return refuse(reasonOther, fault.InvalidParameter(textMissing+name))
}

// optional returns a parameter that need not be there, as the member that it stands for.
func optional(parameters map[string]string, name string) *string {
	if value, ok := parameters[name]; ok {
		return &value
	}
	return nil
}
