package catalog

import (
	"context"
	"math"
	"net/netip"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// RiskOfPool is the name of a pool's own risk configuration; those of clients are named by
// the client's id, which never has a star.
const RiskOfPool = "*"

// Risks is the table of risk configurations.
func Risks(db *store.DB) store.Resources[cognitoidp.RiskConfigurationType] {
	return store.NewResources[cognitoidp.RiskConfigurationType](db, "risk")
}

// Risk is the stored risk configuration of a pool or of a client.
type Risk = store.Resource[cognitoidp.RiskConfigurationType]

// ThreatProtection is what a pool does about risk: OFF judges nothing, AUDIT judges and
// records, ENFORCED also acts.
func (p *Pool) ThreatProtection() cognitoidp.AdvancedSecurityModeType {
	return threatProtection(p.Config)
}

func threatProtection(c *cognitoidp.UserPoolType) cognitoidp.AdvancedSecurityModeType {
	if c.UserPoolAddOns == nil || c.UserPoolAddOns.AdvancedSecurityMode == nil {
		return cognitoidp.AdvancedSecurityModeTypeOff
	}
	return *c.UserPoolAddOns.AdvancedSecurityMode
}

// RiskConfiguration is how risk is judged for the users of a client: by the client's own
// configuration, as a whole, if it has one, else by the pool's, else by Cognito's default.
// The three blocks in it are never nil, nor are the three actions on accounts or the
// events that compromised passwords are looked for at. It is shared: nobody changes it.
// It is meaningful only where ThreatProtection is not OFF.
func (c *Client) RiskConfiguration() *cognitoidp.RiskConfigurationType {
	if r, ok := c.Pool.risks[c.ID()]; ok {
		return r
	}
	return c.Pool.RiskConfiguration()
}

// RiskConfiguration is Client.RiskConfiguration where no client takes part.
func (p *Pool) RiskConfiguration() *cognitoidp.RiskConfigurationType { return p.risks[RiskOfPool] }

// effectiveRisks returns the completed configurations by their names, the pool's always.
func effectiveRisks(risks []*Risk) map[string]*cognitoidp.RiskConfigurationType {
	out := map[string]*cognitoidp.RiskConfigurationType{RiskOfPool: effectiveRisk(&cognitoidp.RiskConfigurationType{})}
	for _, r := range risks {
		out[r.Name] = effectiveRisk(r.Config)
	}
	return out
}

// effectiveRisk completes a configuration. Where one of the blocks is missing, compromised
// passwords are refused at every event, and accounts at risk are blocked without a message
// (Cognito guide: "Threat protection", the defaults of full-function mode). An action that a
// block leaves out is no action.
func effectiveRisk(given *cognitoidp.RiskConfigurationType) *cognitoidp.RiskConfigurationType {
	r := given.Clone()
	if r.CompromisedCredentialsRiskConfiguration == nil {
		r.CompromisedCredentialsRiskConfiguration = &cognitoidp.CompromisedCredentialsRiskConfigurationType{
			Actions: &cognitoidp.CompromisedCredentialsActionsType{EventAction: new(cognitoidp.CompromisedCredentialsEventActionTypeBlock)},
		}
	}
	if c := r.CompromisedCredentialsRiskConfiguration; len(c.EventFilter) == 0 {
		c.EventFilter = []cognitoidp.EventFilterType{
			cognitoidp.EventFilterTypeSignIn, cognitoidp.EventFilterTypePasswordChange, cognitoidp.EventFilterTypeSignUp,
		}
	}
	missing := cognitoidp.AccountTakeoverEventActionTypeNoAction
	if r.AccountTakeoverRiskConfiguration == nil {
		missing = cognitoidp.AccountTakeoverEventActionTypeBlock
		r.AccountTakeoverRiskConfiguration = &cognitoidp.AccountTakeoverRiskConfigurationType{Actions: &cognitoidp.AccountTakeoverActionsType{}}
	}
	actions := r.AccountTakeoverRiskConfiguration.Actions // required
	for _, a := range []**cognitoidp.AccountTakeoverActionType{&actions.LowAction, &actions.MediumAction, &actions.HighAction} {
		if *a == nil {
			*a = &cognitoidp.AccountTakeoverActionType{Notify: new(false), EventAction: new(missing)}
		}
	}
	if r.RiskExceptionConfiguration == nil {
		r.RiskExceptionConfiguration = &cognitoidp.RiskExceptionConfigurationType{}
	}
	return r
}

// risks reads the risk configurations of a pool that makes use of them.
func (c *Catalog) risks(ctx context.Context, pool *store.Pool) ([]*Risk, error) {
	if threatProtection(pool.Config) == cognitoidp.AdvancedSecurityModeTypeOff {
		return nil, nil
	}
	return Risks(c.deps.Store).List(ctx, pool.ID, "", math.MaxInt32)
}

// ParseIPRange reads an entry of a configuration's IP lists: a range in CIDR notation, or a
// single address.
func ParseIPRange(text string) (r netip.Prefix, ok bool) {
	if r, err := netip.ParsePrefix(text); err == nil {
		return r.Masked(), true
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	return netip.Prefix{}, false
}

// ThreatProtectionOff is the error for what needs threat protection in a pool that has
// switched it off. AWS's text is not recorded.
func ThreatProtectionOff() *fault.Error {
	return fault.UserPoolAddOnNotEnabled("User pool add-ons are not enabled.")
}
