package catalog

import "github.com/cenote-id/cenote/api/cognitoidp"

// flowSet is a set of sign-in flows.
type flowSet uint8

const (
	flowSRP flowSet = 1 << iota
	flowPassword
	flowAdminPassword
	flowCustom
	flowRefresh
	flowChoice
)

// effectiveFlows returns what an ExplicitAuthFlows list permits.
//
// No list permits SRP, custom and refresh. Legacy values add to these three (AWS lets a
// client with only ADMIN_NO_SRP_AUTH use SRP and refresh), except that
// CUSTOM_AUTH_FLOW_ONLY takes SRP away. A list of ALLOW_ values permits what it names.
func effectiveFlows(list []cognitoidp.ExplicitAuthFlowsType) flowSet {
	const always = flowSRP | flowCustom | flowRefresh
	if len(list) == 0 {
		return always
	}
	var named, legacy, withdrawn flowSet
	for _, value := range list {
		switch value {
		case cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth:
			named |= flowSRP
		case cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth:
			named |= flowPassword
		case cognitoidp.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth:
			named |= flowAdminPassword
		case cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth:
			named |= flowCustom
		case cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth:
			named |= flowRefresh
		case cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth:
			named |= flowChoice
		case cognitoidp.ExplicitAuthFlowsTypeUserPasswordAuth:
			legacy |= always | flowPassword
		case cognitoidp.ExplicitAuthFlowsTypeAdminNoSrpAuth:
			legacy |= always | flowAdminPassword
		case cognitoidp.ExplicitAuthFlowsTypeCustomAuthFlowOnly:
			legacy |= always
			withdrawn = flowSRP
		}
	}
	return named | legacy&^withdrawn
}

// Allows says whether a sign-in may begin with flow. Which of InitiateAuth and
// AdminInitiateAuth takes which flow is the sign-in's rule, not the client's.
func (c *Client) Allows(flow cognitoidp.AuthFlowType) bool {
	switch flow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return c.flows&flowSRP != 0
	case cognitoidp.AuthFlowTypeUserPasswordAuth:
		return c.flows&flowPassword != 0
	case cognitoidp.AuthFlowTypeAdminNoSrpAuth, cognitoidp.AuthFlowTypeAdminUserPasswordAuth:
		return c.flows&flowAdminPassword != 0
	case cognitoidp.AuthFlowTypeCustomAuth:
		return c.flows&flowCustom != 0
	case cognitoidp.AuthFlowTypeRefreshTokenAuth, cognitoidp.AuthFlowTypeRefreshToken:
		return c.flows&flowRefresh != 0
	case cognitoidp.AuthFlowTypeUserAuth:
		return c.flows&flowChoice != 0
	default:
		return false
	}
}

// Refreshes says whether GetTokensFromRefreshToken may be used: where refresh is allowed,
// and always where refresh tokens rotate, since rotation and ALLOW_REFRESH_TOKEN_AUTH
// exclude each other.
func (c *Client) Refreshes() bool {
	rotates, _ := c.Rotation()
	return rotates || c.flows&flowRefresh != 0
}
