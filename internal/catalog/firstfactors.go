package catalog

import (
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// FirstFactor says whether a factor may come first where users choose how they sign in
// (USER_AUTH). Passwords always may.
func (p *Pool) FirstFactor(factor cognitoidp.AuthFactorType) bool {
	if factor == cognitoidp.AuthFactorTypePassword {
		return true
	}
	policies := p.Config.Policies
	return policies != nil && policies.SignInPolicy != nil &&
		slices.Contains(policies.SignInPolicy.AllowedFirstAuthFactors, factor)
}

// OneTimeFactor is the first factor of the codes that go to a contact (email or phone_number).
func OneTimeFactor(contact string) cognitoidp.AuthFactorType {
	if contact == PhoneNumber {
		return cognitoidp.AuthFactorTypeSmsOtp
	}
	return cognitoidp.AuthFactorTypeEmailOtp
}

// VerifiesPasskeyUsers says whether passkeys count only where the authenticator has verified
// its user.
func (p *Pool) VerifiesPasskeyUsers() bool {
	c := p.webAuthn()
	return c != nil && api.Value(c.UserVerification) == cognitoidp.UserVerificationTypeRequired
}

// PasskeyIsMFA says whether a passkey whose authenticator has verified its user stands for
// both factors.
func (p *Pool) PasskeyIsMFA() bool {
	c := p.webAuthn()
	return c != nil && api.Value(c.FactorConfiguration) == cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
}

// RelyingPartyID is the domain that the pool's configuration scopes passkeys to; empty
// where that is the pool's own domain.
func (p *Pool) RelyingPartyID() string {
	c := p.webAuthn()
	if c == nil {
		return ""
	}
	return api.Value(c.RelyingPartyId)
}

func (p *Pool) webAuthn() *cognitoidp.WebAuthnConfigurationType {
	if p.MFA == nil {
		return nil
	}
	return p.MFA.WebAuthnConfiguration
}

// ChoosesFactor says whether users of the client may choose how they sign in.
func (c *Client) ChoosesFactor() bool { return c.Allows(cognitoidp.AuthFlowTypeUserAuth) }
