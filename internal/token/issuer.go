package token

import (
	"context"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/keys"
)

// The hosts of the issuers that AWS uses. Pools with an IssuerConfiguration take them, for
// verifiers that have them built in.
const (
	awsOriginal = "https://cognito-idp."
	awsUpdated  = "https://issuer-cognito-idp."
	awsDomain   = ".amazonaws.com"
)

// Issuer returns the iss claim of the pool's tokens: the public URL and the pool id, or
// AWS's own form where the pool has an IssuerConfiguration.
func (s *Service) Issuer(p *catalog.Pool) string {
	if c := p.Config.IssuerConfiguration; c != nil && c.Type != nil {
		if api.Value(c.Type) == cognitoidp.IssuerTypeUpdated {
			return awsIssuer(awsUpdated, p.ID())
		}
		return awsIssuer(awsOriginal, p.ID())
	}
	return s.publicURL + "/" + p.ID()
}

func awsIssuer(host, poolID string) string {
	region, _, _ := strings.Cut(poolID, "_")
	return host + region + awsDomain + "/" + poolID
}

// poolOf returns the pool id of an issuer, and whether it is an issuer that this server
// uses: any of the forms that Issuer can return, so that changing a pool's
// IssuerConfiguration signs nobody out.
func (s *Service) poolOf(issuer string) (poolID string, ok bool) {
	poolID = issuer[strings.LastIndexByte(issuer, '/')+1:]
	switch issuer {
	case s.publicURL + "/" + poolID, awsIssuer(awsOriginal, poolID), awsIssuer(awsUpdated, poolID):
		return poolID, true
	}
	return "", false
}

// JWKS returns the public keys of the pool as the JSON Web Key Set that verifiers read.
func (s *Service) JWKS(ctx context.Context, p *catalog.Pool) ([]byte, error) {
	pair, err := s.keys.Pair(ctx, p.Internal())
	if err != nil {
		return nil, err
	}
	return keys.JWKS(pair.ID, pair.Access), nil
}
