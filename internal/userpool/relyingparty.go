package userpool

import (
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
)

// checkRelyingParty refuses a relying party ID that browsers take for none: what is no
// domain in lower case, and top-level domains. Browsers know which other domains are public
// suffixes, and refuse them. localhost is one, for development.
func checkRelyingParty(c *cognitoidp.WebAuthnConfigurationType) error {
	if c == nil || c.RelyingPartyId == nil {
		return nil
	}
	id := api.Value(c.RelyingPartyId)
	if id == "localhost" {
		return nil
	}
	if !domainShaped(id) {
		return fault.InvalidParameter("RelyingPartyId must be a domain.") // chosen here
	}
	return nil
}

// domainShaped says whether s is a domain of letters, digits and hyphens (RFC 1123 section
// 2.1), with a last label that is no number, as that of an address is.
func domainShaped(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
			strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return len(labels) > 1 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
