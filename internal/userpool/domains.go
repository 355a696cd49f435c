package userpool

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/store"
)

// Texts of the operations on domains, as tools report them from AWS (docs: Cognito guide,
// "Configuring a user pool domain").
const (
	textDomainTaken     = "Domain already associated with another user pool."
	textDomainCharacter = `The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. ` +
		`Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`
	textNoSubdomain   = "Custom domain is not a valid subdomain"
	textNoSuchDomain  = "No such domain or user pool exists."
	textDomainChanged = "The domain was changed by another request."
)

var (
	prefixShape = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	hostShape   = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)+$`)
)

// reservedWords are refused in prefixes, as whole words between hyphens.
var reservedWords = []string{"aws", "amazon", "cognito"}

// The versions of the login pages: the classic hosted UI and managed login.
const (
	classicPages = 1
	managedLogin = 2
)

// CreateUserPoolDomain gives a pool a domain: a prefix, or with CustomDomainConfig a name
// of the operator's.
func (s *Service) CreateUserPoolDomain(ctx context.Context, call *api.Call, in *cognitoidp.CreateUserPoolDomainRequest) (*cognitoidp.CreateUserPoolDomainResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	r := &cognitoidp.DomainDescriptionType{}
	r.Overlay(in)
	r = r.Clone()
	setDefault(&r.ManagedLoginVersion, classicPages)
	if err := checkDomainName(*r.Domain, r.CustomDomainConfig != nil); err != nil {
		return nil, err
	}
	if err := s.settleDomain(ctx, pool, r, call.Time); err != nil {
		return nil, err
	}
	err = s.deps.Store.CreateDomain(ctx, pool.ID(), &store.Domain{Name: *r.Domain, Pool: pool.Internal(), Config: r})
	if errors.Is(err, store.ErrHasDomain) {
		return nil, fault.InvalidParameter("User pool already has a domain configured.")
	}
	if exists, ok := errors.AsType[*store.ExistsError](err); ok {
		return nil, fault.InvalidParameter(textDomainTaken).Because(exists)
	}
	if err := s.wrotePool(pool.ID(), err); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolDomainResponse{
		ManagedLoginVersion: r.ManagedLoginVersion, CloudFrontDomain: s.customTarget(r), Routing: r.Routing,
	}, nil
}

func checkDomainName(name string, custom bool) error {
	if custom {
		if !hostShape.MatchString(name) {
			return fault.InvalidParameter(textNoSubdomain)
		}
		return nil
	}
	if !prefixShape.MatchString(name) {
		return fault.InvalidParameter(textDomainCharacter)
	}
	for word := range strings.SplitSeq(name, "-") {
		if slices.Contains(reservedWords, word) {
			return fault.InvalidParameter("Domain cannot contain reserved word: " + word)
		}
	}
	return nil
}

// settleDomain checks what can change about a domain, and dates it. The certificate is not
// asked for: TLS is the operator's.
func (s *Service) settleDomain(ctx context.Context, pool *catalog.Pool, r *cognitoidp.DomainDescriptionType, now time.Time) error {
	if v := api.Value(r.ManagedLoginVersion); v != classicPages && v != managedLogin {
		return fault.InvalidParameter("ManagedLoginVersion is 1 or 2.")
	}
	if r.Routing != nil && r.Routing.Failover != nil {
		region := api.Value(r.Routing.Failover.SecondaryRegion)
		_, err := replicas(s.deps.Store).Find(ctx, pool.Internal(), region)
		if errors.Is(err, store.ErrNotFound) {
			return fault.InvalidParameter("The user pool has no replica in " + region + ".")
		}
		if err != nil {
			return err
		}
	}
	r.Version = new(now.UTC().Format(versionLayout))
	return nil
}

// versionLayout is the form of the versions of domains and styles.
const versionLayout = "20060102150405"

// customTarget is where the name server entry of a custom domain leads: this server, which
// stands in the place of the CloudFront distribution. It is nil for a prefix.
func (s *Service) customTarget(r *cognitoidp.DomainDescriptionType) *string {
	if r.CustomDomainConfig == nil {
		return nil
	}
	return &s.host
}

// DescribeUserPoolDomain shows a domain; one that no pool has is shown empty, as on AWS.
func (s *Service) DescribeUserPoolDomain(ctx context.Context, _ *api.Call, in *cognitoidp.DescribeUserPoolDomainRequest) (*cognitoidp.DescribeUserPoolDomainResponse, error) {
	d, err := s.deps.Store.Domain(ctx, api.Value(in.Domain))
	if errors.Is(err, store.ErrNotFound) {
		return &cognitoidp.DescribeUserPoolDomainResponse{DomainDescription: &cognitoidp.DomainDescriptionType{}}, nil
	}
	if err != nil {
		return nil, err
	}
	out := *d.Config
	out.AWSAccountId = &s.deps.Place.AccountID
	out.CloudFrontDistribution = &s.host
	out.Status = new(cognitoidp.DomainStatusTypeActive)
	setDefault(&out.CustomDomainConfig, cognitoidp.CustomDomainConfigType{})
	return &cognitoidp.DescribeUserPoolDomainResponse{DomainDescription: &out}, nil
}

// domainOf finds a domain of a pool.
func (s *Service) domainOf(ctx context.Context, poolID, name *string) (*catalog.Pool, *store.Domain, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(poolID))
	if err != nil {
		return nil, nil, err
	}
	d, err := s.deps.Store.Domain(ctx, api.Value(name))
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Pool != pool.Internal() {
		return nil, nil, noSuchDomain()
	}
	return pool, d, err
}

// UpdateUserPoolDomain changes a domain's certificate, the version of its pages and its
// routing. The version is kept where the request leaves it out.
func (s *Service) UpdateUserPoolDomain(ctx context.Context, call *api.Call, in *cognitoidp.UpdateUserPoolDomainRequest) (*cognitoidp.UpdateUserPoolDomainResponse, error) {
	pool, d, err := s.domainOf(ctx, in.UserPoolId, in.Domain)
	if err != nil {
		return nil, err
	}
	switch given := in.CustomDomainConfig != nil; {
	case d.Custom() && !given:
		return nil, fault.InvalidParameter("Cannot convert custom domain to prefix domain.")
	case !d.Custom() && given:
		return nil, fault.InvalidParameter("Cannot convert prefix domain to custom domain.")
	}
	r := *d.Config
	r.Overlay(in)
	setDefault(&r.ManagedLoginVersion, api.Value(d.Config.ManagedLoginVersion))
	next := r.Clone()
	if err := s.settleDomain(ctx, pool, next, call.Time); err != nil {
		return nil, err
	}
	d.Config = next
	if err := s.wroteResource(pool, s.deps.Store.UpdateDomain(ctx, pool.ID(), d), noSuchDomain(), textDomainChanged); err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolDomainResponse{
		ManagedLoginVersion: next.ManagedLoginVersion, CloudFrontDomain: s.customTarget(next), Routing: next.Routing,
	}, nil
}

// DeleteUserPoolDomain takes a domain from a pool; its name is free at once.
func (s *Service) DeleteUserPoolDomain(ctx context.Context, _ *api.Call, in *cognitoidp.DeleteUserPoolDomainRequest) (*cognitoidp.DeleteUserPoolDomainResponse, error) {
	pool, d, err := s.domainOf(ctx, in.UserPoolId, in.Domain)
	if err != nil {
		return nil, err
	}
	if err := s.wroteResource(pool, s.deps.Store.DeleteDomain(ctx, pool.ID(), pool.Internal(), d.Name), noSuchDomain(), textDomainChanged); err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserPoolDomainResponse{}, nil
}

func noSuchDomain() error { return fault.InvalidParameter(textNoSuchDomain) }

// showDomains completes a pool that is shown with its domains.
func (s *Service) showDomains(ctx context.Context, pool store.PoolID, out *cognitoidp.UserPoolType) error {
	domains, err := s.deps.Store.PoolDomains(ctx, pool)
	for _, d := range domains {
		if d.Custom() {
			out.CustomDomain = &d.Name
		} else {
			out.Domain = &d.Name
		}
	}
	return err
}
