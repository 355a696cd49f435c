package e2e

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// drift is a kind of thing that infrastructure tools keep: made, described, and later set
// to what was described. Values in braces are filled in from the answers so far.
type drift struct {
	name string
	// before are calls that make what the thing needs.
	before []step
	// make makes the thing, with every member that makes sense together.
	make step
	// describe shows it; shown leads to it in the answer.
	describe step
	shown    []string
	// update sets it to what describe showed: its body gets the members that the operation
	// takes. The request keeps what it gives itself.
	update step
	// leaves are the places of what is shown and not sent back, since the API refuses it.
	leaves [][]any
	// moves are the members that an update changes although nothing drifts, such as dates.
	moves []string
}

// step is a call; learn names values in its answer by paths.
type step struct {
	operation string
	body      map[string]any
	learn     map[string][]string
}

// described are members of an update under another name than in the description.
var described = map[string]map[string]string{
	"UpdateUserPool": {"PoolName": "Name"},
}

// drifts are the kinds of things. A row more is a test more.
func drifts() []drift {
	pool := step{"CreateUserPool", map[string]any{"PoolName": "p"}, map[string][]string{"{pool}": {"UserPool", "Id"}}}
	client := step{"CreateUserPoolClient", map[string]any{"UserPoolId": "{pool}", "ClientName": "c"}, map[string][]string{"{client}": {"UserPoolClient", "ClientId"}}}
	domain := step{"CreateUserPoolDomain", map[string]any{"UserPoolId": "{pool}", "Domain": "{unique}"}, nil}
	server := step{"CreateResourceServer", map[string]any{"UserPoolId": "{pool}", "Identifier": "api", "Name": "n", "Scopes": []any{
		map[string]any{"ScopeName": "read", "ScopeDescription": "d"}, map[string]any{"ScopeName": "write", "ScopeDescription": "d"},
	}}, nil}
	// This member mirrors one of the password policy, and both cannot be sent.
	mirrored := []any{"AdminCreateUserConfig", "UnusedAccountValidityDays"}
	guarded := step{"CreateUserPool", map[string]any{"PoolName": "p", "UserPoolAddOns": map[string]any{"AdvancedSecurityMode": "ENFORCED"}}, pool.learn}
	of := func(more map[string]any) map[string]any {
		more["UserPoolId"] = "{pool}"
		return more
	}
	ofClient := func(more map[string]any) map[string]any {
		more["ClientId"] = "{client}"
		return of(more)
	}
	return []drift{
		{
			name: "pool with its name only", make: pool,
			describe: step{"DescribeUserPool", of(map[string]any{}), nil}, shown: []string{"UserPool"},
			update: step{"UpdateUserPool", of(map[string]any{}), nil}, leaves: [][]any{mirrored}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "pool with many settings", make: step{"CreateUserPool", samples()["CreateUserPool"], pool.learn},
			describe: step{"DescribeUserPool", of(map[string]any{}), nil}, shown: []string{"UserPool"},
			update: step{"UpdateUserPool", of(map[string]any{}), nil}, leaves: [][]any{mirrored}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "pool with End User Messaging",
			make: step{"CreateUserPool", map[string]any{"PoolName": "p", "SmsConfiguration": map[string]any{"EumsSms": map[string]any{
				"CallerArn": "arn:aws:iam::000000000000:role/r", "OriginationIdentity": "APP", "ConfigurationSetName": "set",
			}}}, pool.learn},
			describe: step{"DescribeUserPool", of(map[string]any{}), nil}, shown: []string{"UserPool"},
			update: step{"UpdateUserPool", of(map[string]any{}), nil}, leaves: [][]any{mirrored}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "client with its name only", before: []step{pool}, make: client,
			describe: step{"DescribeUserPoolClient", ofClient(map[string]any{}), nil}, shown: []string{"UserPoolClient"},
			update: step{"UpdateUserPoolClient", ofClient(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "client for the OAuth endpoints", before: []step{pool, server},
			make: step{"CreateUserPoolClient", of(map[string]any{
				"ClientName": "c", "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"code"},
				"AllowedOAuthScopes": []any{"openid", "api/read"}, "CallbackURLs": []any{"https://app.example/"}, "LogoutURLs": []any{"https://app.example/out"},
				"DefaultRedirectURI": "https://app.example/", "SupportedIdentityProviders": []any{"COGNITO"},
				"AnalyticsConfiguration": map[string]any{"ApplicationArn": "arn:aws:mobiletargeting:us-east-1:000000000000:apps/a", "UserDataShared": true},
				"TokenValidityUnits":     map[string]any{"AccessToken": "minutes"}, "AccessTokenValidity": 30, "PreventUserExistenceErrors": "ENABLED",
			}), client.learn},
			describe: step{"DescribeUserPoolClient", ofClient(map[string]any{}), nil}, shown: []string{"UserPoolClient"},
			update: step{"UpdateUserPoolClient", ofClient(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "resource server", before: []step{pool}, make: server,
			describe: step{"DescribeResourceServer", of(map[string]any{"Identifier": "api"}), nil}, shown: []string{"ResourceServer"},
			update: step{"UpdateResourceServer", of(map[string]any{}), nil},
		},
		{
			name: "prefix domain", before: []step{pool}, make: domain,
			describe: step{"DescribeUserPoolDomain", map[string]any{"Domain": "{unique}"}, nil}, shown: []string{"DomainDescription"},
			// What tools send for a prefix has no CustomDomainConfig, which is shown empty.
			update: step{"UpdateUserPoolDomain", of(map[string]any{"Domain": "{unique}", "CustomDomainConfig": nil}), nil}, moves: []string{"Version"},
		},
		{
			name: "custom domain", before: []step{pool},
			make: step{"CreateUserPoolDomain", of(map[string]any{
				"Domain": "{unique}.example.com", "ManagedLoginVersion": 2,
				"CustomDomainConfig": map[string]any{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/a", "SecurityPolicy": "TLS_V1_2_2021"},
			}), nil},
			describe: step{"DescribeUserPoolDomain", map[string]any{"Domain": "{unique}.example.com"}, nil}, shown: []string{"DomainDescription"},
			update: step{"UpdateUserPoolDomain", of(map[string]any{}), nil}, moves: []string{"Version"},
		},
		{
			name: "branding", before: []step{pool, client},
			make: step{"CreateManagedLoginBranding", resourceSamples()["CreateManagedLoginBranding"], map[string][]string{
				"{branding}": {"ManagedLoginBranding", "ManagedLoginBrandingId"},
			}},
			describe: step{"DescribeManagedLoginBranding", of(map[string]any{"ManagedLoginBrandingId": "{branding}"}), nil}, shown: []string{"ManagedLoginBranding"},
			update: step{"UpdateManagedLoginBranding", of(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "branding with Cognito's values", before: []step{pool, client},
			make: step{"CreateManagedLoginBranding", ofClient(map[string]any{"UseCognitoProvidedValues": true}), map[string][]string{
				"{branding}": {"ManagedLoginBranding", "ManagedLoginBrandingId"},
			}},
			describe: step{"DescribeManagedLoginBrandingByClient", ofClient(map[string]any{}), nil}, shown: []string{"ManagedLoginBranding"},
			update: step{"UpdateManagedLoginBranding", of(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "risk configuration of a pool", before: []step{guarded},
			make:     step{"SetRiskConfiguration", of(leaveOut(resourceSamples()["SetRiskConfiguration"], "ClientId")), nil},
			describe: step{"DescribeRiskConfiguration", of(map[string]any{}), nil}, shown: []string{"RiskConfiguration"},
			update: step{"SetRiskConfiguration", of(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "risk configuration of a client", before: []step{guarded, client},
			make:     step{"SetRiskConfiguration", resourceSamples()["SetRiskConfiguration"], nil},
			describe: step{"DescribeRiskConfiguration", ofClient(map[string]any{}), nil}, shown: []string{"RiskConfiguration"},
			update: step{"SetRiskConfiguration", ofClient(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "style of the classic pages", before: []step{pool, client, domain},
			make:     step{"SetUICustomization", resourceSamples()["SetUICustomization"], nil},
			describe: step{"GetUICustomization", ofClient(map[string]any{}), nil}, shown: []string{"UICustomization"},
			update: step{"SetUICustomization", ofClient(map[string]any{}), nil}, moves: []string{"LastModifiedDate", "CSSVersion"},
		},
		{
			name: "terms", before: []step{pool, client},
			make:     step{"CreateTerms", resourceSamples()["CreateTerms"], map[string][]string{"{terms}": {"Terms", "TermsId"}}},
			describe: step{"DescribeTerms", of(map[string]any{"TermsId": "{terms}"}), nil}, shown: []string{"Terms"},
			update: step{"UpdateTerms", of(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "group", before: []step{pool},
			make:     step{"CreateGroup", of(map[string]any{"GroupName": "g", "Description": "d", "Precedence": 3, "RoleArn": "arn:aws:iam::000000000000:role/r"}), nil},
			describe: step{"GetGroup", of(map[string]any{"GroupName": "g"}), nil}, shown: []string{"Group"},
			update: step{"UpdateGroup", of(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "identity provider", before: []step{pool},
			make: step{"CreateIdentityProvider", of(map[string]any{
				"ProviderName": "Corp", "ProviderType": "OIDC", "ProviderDetails": oidcDetails(),
				"AttributeMapping": map[string]any{"email": "mail", "username": "sub"}, "IdpIdentifiers": []any{"corp.example"},
			}), nil},
			describe: step{"DescribeIdentityProvider", of(map[string]any{"ProviderName": "Corp"}), nil}, shown: []string{"IdentityProvider"},
			update: step{"UpdateIdentityProvider", of(map[string]any{}), nil}, moves: []string{"LastModifiedDate"},
		},
		{
			name: "second factors", before: []step{pool},
			make:     step{"SetUserPoolMfaConfig", of(map[string]any{"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": map[string]any{"Enabled": true}}), nil},
			describe: step{"GetUserPoolMfaConfig", of(map[string]any{}), nil},
			update:   step{"SetUserPoolMfaConfig", of(map[string]any{}), nil},
		},
		{
			name: "log delivery", before: []step{pool},
			make:     step{"SetLogDeliveryConfiguration", resourceSamples()["SetLogDeliveryConfiguration"], nil},
			describe: step{"GetLogDeliveryConfiguration", of(map[string]any{}), nil}, shown: []string{"LogDeliveryConfiguration"},
			update: step{"SetLogDeliveryConfiguration", of(map[string]any{}), nil},
		},
	}
}

func leaveOut(of sample, name string) map[string]any {
	return change(map[string]any(of), []any{name}, nil).(map[string]any)
}

// Whatever is set to what is described of it stays as it is.
func TestIdempotence(t *testing.T) {
	t.Parallel()
	for _, d := range drifts() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := &world{scene: open(t), tokens: map[string]string{"{unique}": unique("d-")}}
			for _, s := range d.before {
				w.take(s)
			}
			w.take(d.make)
			first := w.take(d.describe, d.shown...)
			if len(first) < 2 {
				t.Fatalf("%s shows %v", d.describe.operation, first)
			}
			var body any = updateOf(d.update, first)
			for _, place := range d.leaves {
				body = change(body, place, nil)
			}
			w.take(step{d.update.operation, body.(map[string]any), nil})
			second := w.take(d.describe, d.shown...)
			for _, name := range d.moves {
				delete(first, name)
				delete(second, name)
			}
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("%s, then %s with what it shows (-before +after):\n%s", d.describe.operation, d.update.operation, diff)
			}
		})
	}
}

// take makes a call, which must succeed, and returns what a path leads to in the answer.
func (w *world) take(s step, path ...string) map[string]any {
	w.t.Helper()
	got := w.post(s.operation, w.fill(jsonOf(s.body)))
	if got.status != 200 {
		w.t.Fatalf("%s of %s: %d %s", s.operation, jsonOf(s.body), got.status, got.body)
	}
	var answer any
	if got.body != "" {
		if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
			w.t.Fatal(err)
		}
	}
	for name, path := range s.learn {
		w.tokens[name] = descend(answer, path).(string)
	}
	shown, _ := descend(answer, path).(map[string]any)
	return shown
}

func descend(v any, path []string) any {
	for _, name := range path {
		v = v.(map[string]any)[name]
	}
	return v
}

// updateOf returns the body that sets a thing to what is described of it: the members that
// the operation takes, by its model, and what the step says.
func updateOf(s step, shown map[string]any) map[string]any {
	body := map[string]any{}
	for _, name := range membersOf(s.operation) {
		source := name
		if other, renamed := described[s.operation][name]; renamed {
			source = other
		}
		if value, ok := shown[source]; ok {
			body[name] = value
		}
	}
	for name, value := range s.body {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}
	return body
}

// membersOf lists the members of an operation's input.
func membersOf(operation string) []string {
	in := reflect.TypeOf(cognitoidp.Service.Operations[operation].NewInput()).Elem()
	var out []string
	for i := range in.NumField() {
		out = append(out, in.Field(i).Name)
	}
	return out
}
