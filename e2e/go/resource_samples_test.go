package e2e

import (
	"encoding/base64"
	"strings"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// logo is as much of a PNG as is looked at.
const logo = "\x89PNG\r\n\x1a\nrest"

// resourceSamples are those of the operations on what else a pool holds.
func resourceSamples() map[string]sample {
	scopes := []any{map[string]any{"ScopeName": "read", "ScopeDescription": "d"}}
	pool := func(more sample) sample {
		more["UserPoolId"] = "{pool}"
		return more
	}
	client := func(more sample) sample {
		more["ClientId"] = "{client}"
		return pool(more)
	}
	image := base64.StdEncoding.EncodeToString([]byte(logo))
	assets := []any{map[string]any{"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": image, "ResourceId": "x"}}
	settings := map[string]any{"categories": map[string]any{"global": map[string]any{"colorSchemeMode": "DARK"}}}
	links := map[string]any{"cognito:default": "https://app.example/terms"}
	mail := map[string]any{"Subject": "s", "HtmlBody": "<b>html</b>", "TextBody": "the text"}
	action := map[string]any{"Notify": true, "EventAction": "BLOCK"}
	definition := map[string]any{"LimitClass": "API_CATEGORY", "Attributes": map[string]any{"Category": "UserRead"}}
	routing := map[string]any{"Failover": map[string]any{"SecondaryRegion": "eu-west-1", "PrimaryRoute53HealthCheckId": "x"}}
	return map[string]sample{
		"AddUserPoolClientSecret":    client(sample{"ClientSecret": strings.Repeat("s", 30)}),
		"ListUserPoolClientSecrets":  client(sample{"NextToken": "x"}),
		"DeleteUserPoolClientSecret": client(sample{"ClientSecretId": "{secret}"}),

		"CreateResourceServer":   pool(sample{"Identifier": "new", "Name": "n", "Scopes": scopes}),
		"DescribeResourceServer": pool(sample{"Identifier": "{server}"}),
		"UpdateResourceServer":   pool(sample{"Identifier": "{server}", "Name": "n", "Scopes": scopes}),
		"DeleteResourceServer":   pool(sample{"Identifier": "{server}"}),
		"ListResourceServers":    pool(sample{"MaxResults": 2, "NextToken": "x"}),

		"CreateUserPoolDomain":   pool(sample{"Domain": "{newdomain}", "ManagedLoginVersion": 2, "Routing": routing}),
		"DescribeUserPoolDomain": {"Domain": "{domain}"},
		"UpdateUserPoolDomain":   pool(sample{"Domain": "{domain}", "ManagedLoginVersion": 1, "Routing": routing}),
		"DeleteUserPoolDomain":   pool(sample{"Domain": "{domain}"}),

		"SetUICustomization": client(sample{"CSS": ".label-customizable {color: red}", "ImageFile": image}),
		"GetUICustomization": client(sample{}),

		"CreateManagedLoginBranding":           client(sample{"Settings": settings, "Assets": assets}),
		"DescribeManagedLoginBranding":         pool(sample{"ManagedLoginBrandingId": "{branding}", "ReturnMergedResources": true}),
		"DescribeManagedLoginBrandingByClient": client(sample{"ReturnMergedResources": true}),
		"UpdateManagedLoginBranding":           pool(sample{"ManagedLoginBrandingId": "{branding}", "Settings": settings, "Assets": assets, "UseCognitoProvidedValues": false}),
		"DeleteManagedLoginBranding":           pool(sample{"ManagedLoginBrandingId": "{branding}"}),

		"CreateTerms":   client(sample{"TermsName": "privacy-policy", "TermsSource": "LINK", "Enforcement": "NONE", "Links": links}),
		"DescribeTerms": pool(sample{"TermsId": "{terms}"}),
		"UpdateTerms":   pool(sample{"TermsId": "{terms}", "TermsName": "privacy-policy", "TermsSource": "LINK", "Enforcement": "NONE", "Links": links}),
		"DeleteTerms":   pool(sample{"TermsId": "{terms}"}),
		"ListTerms":     pool(sample{"MaxResults": 2, "NextToken": "x"}),

		"SetRiskConfiguration": client(sample{
			"CompromisedCredentialsRiskConfiguration": map[string]any{"EventFilter": []any{"SIGN_IN"}, "Actions": map[string]any{"EventAction": "BLOCK"}},
			"AccountTakeoverRiskConfiguration": map[string]any{
				"Actions": map[string]any{"LowAction": action, "MediumAction": action, "HighAction": action},
				"NotifyConfiguration": map[string]any{
					"SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a", "From": "a@app.example", "ReplyTo": "b@app.example",
					"BlockEmail": mail, "NoActionEmail": mail, "MfaEmail": mail,
				},
			},
			"RiskExceptionConfiguration": map[string]any{"BlockedIPRangeList": []any{"192.0.2.0/24"}, "SkippedIPRangeList": []any{"198.51.100.1"}},
		}),
		"DescribeRiskConfiguration": client(sample{}),

		"SetLogDeliveryConfiguration": pool(sample{"LogConfigurations": []any{
			map[string]any{"LogLevel": "ERROR", "EventSource": "userNotification", "CloudWatchLogsConfiguration": map[string]any{"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:g"}},
			map[string]any{"LogLevel": "INFO", "EventSource": "userAuthEvents", "FirehoseConfiguration": map[string]any{"StreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/s"}},
		}}),
		"GetLogDeliveryConfiguration": pool(sample{}),

		"TagResource":           {"ResourceArn": "{arn}", "Tags": map[string]any{"a": "b"}},
		"UntagResource":         {"ResourceArn": "{arn}", "TagKeys": []any{"a"}},
		"ListTagsForResource":   {"ResourceArn": "{arn}"},
		"GetSigningCertificate": pool(sample{}),

		"CreateUserPoolReplica": pool(sample{"RegionName": "eu-north-1", "UserPoolTags": map[string]any{"a": "b"}}),
		"UpdateUserPoolReplica": pool(sample{"RegionName": "eu-west-1", "Status": "INACTIVE"}),
		"DeleteUserPoolReplica": pool(sample{"RegionName": "eu-west-1"}),
		"ListUserPoolReplicas":  pool(sample{"NextToken": "x"}),

		"GetProvisionedLimit":    {"LimitDefinition": definition},
		"UpdateProvisionedLimit": {"LimitDefinition": definition, "RequestedLimitValue": 1000},
	}
}

// prepareResources makes what the operations on resources are about.
func (w *world) prepareResources() {
	pool, client := &w.app.pool, &w.app.id
	w.tokens["{newdomain}"], w.tokens["{arn}"] = unique("d-"), "arn:aws:cognito-idp:us-east-1:000000000000:userpool/"+*pool
	w.tokens["{server}"] = "https://api.example/v1"
	must(w.CreateResourceServer(w.ctx, &idp.CreateResourceServerInput{UserPoolId: pool, Identifier: ptr(w.tokens["{server}"]), Name: ptr("n")}))(w.t)
	switch {
	case strings.HasSuffix(w.operation, "ClientSecret"), strings.HasSuffix(w.operation, "ClientSecrets"):
		a := w.scene.app(*pool, withSecret)
		w.tokens["{client}"] = a.id
		if w.operation == "DeleteUserPoolClientSecret" {
			added := must(w.AddUserPoolClientSecret(w.ctx, &idp.AddUserPoolClientSecretInput{UserPoolId: pool, ClientId: &a.id}))(w.t)
			w.tokens["{secret}"] = *added.ClientSecretDescriptor.ClientSecretId
		}
	case strings.HasSuffix(w.operation, "RiskConfiguration"):
		must(w.UpdateUserPool(w.ctx, &idp.UpdateUserPoolInput{
			UserPoolId: pool, AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
			UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit},
		}))(w.t)
	case strings.HasSuffix(w.operation, "Replica"), strings.HasSuffix(w.operation, "Replicas"):
		w.replica()
	case w.operation == "CreateUserPoolDomain":
		w.replica()
	case strings.HasSuffix(w.operation, "Domain"), strings.HasSuffix(w.operation, "UICustomization"):
		w.replica()
		w.tokens["{domain}"] = unique("d-")
		must(w.CreateUserPoolDomain(w.ctx, &idp.CreateUserPoolDomainInput{UserPoolId: pool, Domain: ptr(w.tokens["{domain}"])}))(w.t)
	case strings.Contains(w.operation, "ManagedLoginBranding") && w.operation != "CreateManagedLoginBranding":
		made := must(w.CreateManagedLoginBranding(w.ctx, &idp.CreateManagedLoginBrandingInput{UserPoolId: pool, ClientId: client, UseCognitoProvidedValues: true}))(w.t)
		w.tokens["{branding}"] = *made.ManagedLoginBranding.ManagedLoginBrandingId
	case strings.HasSuffix(w.operation, "Terms"):
		made := must(w.CreateTerms(w.ctx, &idp.CreateTermsInput{
			UserPoolId: pool, ClientId: client, TermsName: ptr("terms-of-use"), TermsSource: types.TermsSourceTypeLink, Enforcement: types.TermsEnforcementTypeNone,
		}))(w.t)
		w.tokens["{terms}"] = *made.Terms.TermsId
	}
}

func (w *world) replica() {
	must(w.CreateUserPoolReplica(w.ctx, &idp.CreateUserPoolReplicaInput{UserPoolId: &w.app.pool, RegionName: ptr("eu-west-1")}))(w.t)
}
