package userpool_test

import (
	"strings"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/userpool"
)

const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/a"

func custom() *cognitoidp.CustomDomainConfigType {
	return &cognitoidp.CustomDomainConfigType{CertificateArn: new(certificate)}
}

func failover(region string) *cognitoidp.RoutingType {
	return &cognitoidp.RoutingType{Failover: &cognitoidp.FailoverType{SecondaryRegion: &region, PrimaryRoute53HealthCheckId: new("check")}}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.PublicURL = "https://id.example.com:8443" })
	pool, other := e.createPool(&cognitoidp.CreateUserPoolRequest{}), e.createPool(&cognitoidp.CreateUserPoolRequest{})
	id := *pool.Id
	create := func(in cognitoidp.CreateUserPoolDomainRequest) (*cognitoidp.CreateUserPoolDomainResponse, error) {
		return e.CreateUserPoolDomain(t.Context(), e.call(), &in)
	}
	update := func(in cognitoidp.UpdateUserPoolDomainRequest) (*cognitoidp.UpdateUserPoolDomainResponse, error) {
		return e.UpdateUserPoolDomain(t.Context(), e.call(), &in)
	}
	describe := func(name string) *cognitoidp.DescribeUserPoolDomainResponse {
		t.Helper()
		return must(e.DescribeUserPoolDomain(t.Context(), e.call(), &cognitoidp.DescribeUserPoolDomainRequest{Domain: &name}))(t)
	}
	wantJSON(t, describe("my-app"), `{"DomainDescription":{}}`)
	wantJSON(t, must(create(cognitoidp.CreateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("my-app")}))(t), `{"ManagedLoginVersion":1}`)
	wantJSON(t, must(create(cognitoidp.CreateUserPoolDomainRequest{
		UserPoolId: pool.Id, Domain: new("auth.example.com"), CustomDomainConfig: custom(), ManagedLoginVersion: new(2),
	}))(t), `{"ManagedLoginVersion":2,"CloudFrontDomain":"id.example.com"}`)
	wantJSON(t, describe("my-app"), `{"DomainDescription":{"UserPoolId":"`+id+`","AWSAccountId":"000000000000","Domain":"my-app",
		"CloudFrontDistribution":"id.example.com","Version":"20231114221320","Status":"ACTIVE","CustomDomainConfig":{},"ManagedLoginVersion":1}}`)
	wantJSON(t, describe("auth.example.com"), `{"DomainDescription":{"UserPoolId":"`+id+`","AWSAccountId":"000000000000","Domain":"auth.example.com",
		"CloudFrontDistribution":"id.example.com","Version":"20231114221320","Status":"ACTIVE",
		"CustomDomainConfig":{"CertificateArn":"`+certificate+`"},"ManagedLoginVersion":2}}`)
	if got := e.describePool(pool.Id); *got.Domain != "my-app" || *got.CustomDomain != "auth.example.com" {
		t.Errorf("the pool shows %v, %v", got.Domain, got.CustomDomain)
	}

	for _, c := range []struct {
		name       string
		custom     bool
		pool, text string
	}{
		{"my-app", false, *other.Id, "Domain already associated with another user pool."},
		{"auth.example.com", true, *other.Id, "Domain already associated with another user pool."},
		{"second", false, id, "User pool already has a domain configured."},
		{"second.example.com", true, id, "User pool already has a domain configured."},
		{"My-App", false, *other.Id, textCharacter},
		{"-app", false, *other.Id, textCharacter},
		{"auth.example.com", false, *other.Id, textCharacter},
		{"prefix", true, *other.Id, "Custom domain is not a valid subdomain"},
		{"auth..example.com", true, *other.Id, "Custom domain is not a valid subdomain"},
		{"my-cognito-app", false, *other.Id, "Domain cannot contain reserved word: cognito"},
		{"aws", false, *other.Id, "Domain cannot contain reserved word: aws"},
	} {
		in := cognitoidp.CreateUserPoolDomainRequest{UserPoolId: &c.pool, Domain: &c.name}
		if c.custom {
			in.CustomDomainConfig = custom()
		}
		_, err := create(in)
		wantFault(t, err, invalidParameter, c.text)
	}
	must(create(cognitoidp.CreateUserPoolDomainRequest{UserPoolId: other.Id, Domain: new("my-awsome-app")}))(t)
	_, err := create(cognitoidp.CreateUserPoolDomainRequest{UserPoolId: other.Id, Domain: new("third"), ManagedLoginVersion: new(3)})
	wantFault(t, err, invalidParameter, "ManagedLoginVersion is 1 or 2.")
	_, err = create(cognitoidp.CreateUserPoolDomainRequest{UserPoolId: new("us-east-1_none"), Domain: new("third")})
	wantFault(t, err, "ResourceNotFoundException", "User pool us-east-1_none does not exist.")

	// An update keeps the kind of domain.
	wantJSON(t, must(update(cognitoidp.UpdateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("my-app"), ManagedLoginVersion: new(2)}))(t), `{"ManagedLoginVersion":2}`)
	wantJSON(t, must(update(cognitoidp.UpdateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("my-app")}))(t), `{"ManagedLoginVersion":2}`)
	_, err = update(cognitoidp.UpdateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("auth.example.com"), ManagedLoginVersion: new(1)})
	wantFault(t, err, invalidParameter, "Cannot convert custom domain to prefix domain.")
	_, err = update(cognitoidp.UpdateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("my-app"), CustomDomainConfig: custom()})
	wantFault(t, err, invalidParameter, "Cannot convert prefix domain to custom domain.")
	_, err = update(cognitoidp.UpdateUserPoolDomainRequest{UserPoolId: other.Id, Domain: new("my-app")})
	wantFault(t, err, invalidParameter, "No such domain or user pool exists.")

	// A pool with a domain is not deleted.
	_, err = e.DeleteUserPool(t.Context(), e.call(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: pool.Id})
	wantFault(t, err, invalidParameter, "User pool cannot be deleted. It has a domain configured that should be deleted first.")
	_, err = e.DeleteUserPoolDomain(t.Context(), e.call(), &cognitoidp.DeleteUserPoolDomainRequest{UserPoolId: other.Id, Domain: new("my-app")})
	wantFault(t, err, invalidParameter, "No such domain or user pool exists.")
	for _, name := range []string{"my-app", "auth.example.com"} {
		wantJSON(t, must(e.DeleteUserPoolDomain(t.Context(), e.call(), &cognitoidp.DeleteUserPoolDomainRequest{UserPoolId: pool.Id, Domain: &name}))(t), `{}`)
	}
	must(e.DeleteUserPool(t.Context(), e.call(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: pool.Id}))(t)
}

const textCharacter = `The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. ` +
	`Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`

func TestReplicas(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	arn := strings.Replace(*pool.Arn, "us-east-1", "eu-west-1", 1)
	create := func(region string) (*cognitoidp.CreateUserPoolReplicaResponse, error) {
		return e.CreateUserPoolReplica(t.Context(), e.call(), &cognitoidp.CreateUserPoolReplicaRequest{UserPoolId: pool.Id, RegionName: &region})
	}
	set := func(region string, status cognitoidp.UpdateReplicaStatusType) error {
		_, err := e.UpdateUserPoolReplica(t.Context(), e.call(), &cognitoidp.UpdateUserPoolReplicaRequest{UserPoolId: pool.Id, RegionName: &region, Status: &status})
		return err
	}
	list := func() *cognitoidp.ListUserPoolReplicasResponse {
		t.Helper()
		return must(e.ListUserPoolReplicas(t.Context(), e.call(), &cognitoidp.ListUserPoolReplicasRequest{UserPoolId: pool.Id}))(t)
	}
	primary := `{"RegionName":"us-east-1","Status":"ACTIVE","Role":"PRIMARY","UserPoolArn":"` + *pool.Arn + `"}`
	secondary := func(status string) string {
		return `{"RegionName":"eu-west-1","Status":"` + status + `","Role":"SECONDARY","UserPoolArn":"` + arn + `"}`
	}
	wantJSON(t, list(), `{"UserPoolReplicas":[`+primary+`]}`)
	_, err := e.CreateUserPoolDomain(t.Context(), e.call(), &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("app"), Routing: failover("eu-west-1")})
	wantFault(t, err, invalidParameter, "The user pool has no replica in eu-west-1.")
	wantJSON(t, must(create("eu-west-1"))(t), `{"UserPoolReplica":`+secondary("CREATING")+`}`)
	wantJSON(t, list(), `{"UserPoolReplicas":[`+primary+`,`+secondary("INACTIVE")+`]}`)
	must(e.CreateUserPoolDomain(t.Context(), e.call(), &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("app"), Routing: failover("eu-west-1")}))(t)
	if err := set("eu-west-1", "ACTIVE"); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, list(), `{"UserPoolReplicas":[`+primary+`,`+secondary("ACTIVE")+`]}`)
	pools := must(e.ListUserPools(t.Context(), e.call(), &cognitoidp.ListUserPoolsRequest{MaxResults: new(1)}))(t).UserPools
	wantJSON(t, pools[0].ReplicaRegions, `["eu-west-1"]`)

	_, err = create("eu-west-1")
	wantFault(t, err, invalidParameter, "The user pool has a replica in eu-west-1 already.")
	_, err = create("us-east-1")
	wantFault(t, err, invalidParameter, "A replica is in another region than the user pool.")
	_, err = create("Mars 1")
	wantFault(t, err, invalidParameter, "The region Mars 1 is not valid.")
	const none = "The user pool has no replica in eu-north-1."
	wantFault(t, set("eu-north-1", "ACTIVE"), "ResourceNotFoundException", none)
	remove := func(region string) (*cognitoidp.DeleteUserPoolReplicaResponse, error) {
		return e.DeleteUserPoolReplica(t.Context(), e.call(), &cognitoidp.DeleteUserPoolReplicaRequest{UserPoolId: pool.Id, RegionName: &region})
	}
	_, err = remove("eu-north-1")
	wantFault(t, err, "ResourceNotFoundException", none)
	_, err = remove("eu-west-1")
	wantFault(t, err, invalidParameter, "A replica that is active cannot be deleted.")
	if err := set("eu-west-1", "INACTIVE"); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, must(remove("eu-west-1"))(t), `{"UserPoolReplica":`+secondary("DELETING")+`}`)
	wantJSON(t, list(), `{"UserPoolReplicas":[`+primary+`]}`)
}
