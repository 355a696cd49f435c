package cenote

import (
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// fixedIDPrefix before a client's name asks for a chosen client id. AWS's pattern for
// client names has no colon.
const fixedIDPrefix = "_custom_id_:"

// withoutFixedID returns a CreateUserPoolClient input without the prefix by which
// development mode lets callers choose a client id.
func withoutFixedID(in api.Input) api.Input {
	r, ok := in.(*cognitoidp.CreateUserPoolClientRequest)
	if !ok {
		return in
	}
	name, fixed := strings.CutPrefix(api.Value(r.ClientName), fixedIDPrefix)
	if !fixed {
		return in
	}
	c := *r
	c.ClientName = &name
	return &c
}

// withoutDomainPattern returns an input on domains of which the model's pattern for the
// domain is not checked: AWS reports it in other words than the model's (userpool has
// them), and takes custom domains, whose dots the pattern does not know.
func withoutDomainPattern(in api.Input) api.Input {
	switch r := in.(type) {
	case *cognitoidp.CreateUserPoolDomainRequest:
		c := *r
		c.Domain = asPrefix(r.Domain)
		return &c
	case *cognitoidp.UpdateUserPoolDomainRequest:
		c := *r
		c.Domain = asPrefix(r.Domain)
		return &c
	case *cognitoidp.DescribeUserPoolDomainRequest:
		c := *r
		c.Domain = asPrefix(r.Domain)
		return &c
	case *cognitoidp.DeleteUserPoolDomainRequest:
		c := *r
		c.Domain = asPrefix(r.Domain)
		return &c
	}
	return in
}

const (
	maxPrefix = 63
	maxHost   = 253 // RFC 1035 section 2.3.4, without the root's dot
)

// asPrefix returns a prefix in the place of a domain of legal length.
func asPrefix(domain *string) *string {
	if domain == nil || *domain == "" || len(*domain) > maxHost ||
		len(*domain) > maxPrefix && !strings.Contains(*domain, ".") {
		return domain
	}
	return new("prefix")
}
