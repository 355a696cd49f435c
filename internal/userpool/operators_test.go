package userpool_test

import (
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/userpool"
)

func TestSigningCertificate(t *testing.T) {
	t.Parallel()
	e := newEnv(t, realKeys)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	get := func() *x509.Certificate {
		t.Helper()
		text := must(e.GetSigningCertificate(t.Context(), e.call(), &cognitoidp.GetSigningCertificateRequest{UserPoolId: pool.Id}))(t).Certificate
		return must(x509.ParseCertificate(must(base64.StdEncoding.DecodeString(*text))(t)))(t)
	}
	first := get()
	if err := first.CheckSignature(first.SignatureAlgorithm, first.RawTBSCertificate, first.Signature); err != nil {
		t.Error(err)
	}
	if first.Subject.CommonName != *pool.Id || !first.NotBefore.Equal(e.now.Truncate(time.Second)) || !first.NotAfter.Equal(e.now.AddDate(10, 0, 0).Truncate(time.Second)) {
		t.Errorf("%v, from %v to %v", first.Subject, first.NotBefore, first.NotAfter)
	}
	e.now = e.now.AddDate(8, 0, 0)
	if again := get(); !again.Equal(first) {
		t.Error("the certificate changed")
	}
	// In its last year another one takes its place, for the same key.
	e.now = e.now.AddDate(1, 0, 1)
	renewed := get()
	if renewed.Equal(first) || !e.now.Before(renewed.NotAfter.AddDate(-9, 0, 0)) {
		t.Errorf("not renewed: to %v", renewed.NotAfter)
	}
	if err := first.CheckSignature(renewed.SignatureAlgorithm, renewed.RawTBSCertificate, renewed.Signature); err != nil {
		t.Errorf("the renewed certificate is of another key: %v", err)
	}
	_, err := e.GetSigningCertificate(t.Context(), e.call(), &cognitoidp.GetSigningCertificateRequest{UserPoolId: new("us-east-1_none")})
	wantFault(t, err, "ResourceNotFoundException", "User pool us-east-1_none does not exist.")
}

func TestTagOperations(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{UserPoolTags: api.StringMap{"a": "1"}})
	replica := strings.Replace(*pool.Arn, "us-east-1", "eu-west-1", 1)
	must(e.CreateUserPoolReplica(t.Context(), e.call(), &cognitoidp.CreateUserPoolReplicaRequest{
		UserPoolId: pool.Id, RegionName: new("eu-west-1"), UserPoolTags: api.StringMap{"r": "1"},
	}))(t)
	tag := func(arn string, tags api.StringMap) error {
		_, err := e.TagResource(t.Context(), e.call(), &cognitoidp.TagResourceRequest{ResourceArn: &arn, Tags: tags})
		return err
	}
	list := func(arn string) any {
		t.Helper()
		return must(e.ListTagsForResource(t.Context(), e.call(), &cognitoidp.ListTagsForResourceRequest{ResourceArn: &arn}))(t)
	}
	for arn, before := range map[string]string{*pool.Arn: "a", replica: "r"} {
		wantJSON(t, list(arn), `{"Tags":{"`+before+`":"1"}}`)
		if err := tag(arn, api.StringMap{before: "2", "b": ""}); err != nil {
			t.Fatal(err)
		}
		wantJSON(t, list(arn), `{"Tags":{"`+before+`":"2","b":""}}`)
		must(e.UntagResource(t.Context(), e.call(), &cognitoidp.UntagResourceRequest{ResourceArn: &arn, TagKeys: []string{before, "none"}}))(t)
		wantJSON(t, list(arn), `{"Tags":{"b":""}}`)
	}
	wantJSON(t, e.describePool(pool.Id).UserPoolTags, `{"b":""}`)

	many := api.StringMap{}
	for i := range 50 {
		many[strconv.Itoa(i)] = ""
	}
	const unknown = "The tag cenote:colour is not known; tags that begin with cenote: are settings of this server."
	for _, c := range []struct {
		arn        string
		tags       api.StringMap
		code, text string
	}{
		{*pool.Arn, many, invalidParameter, "A user pool can have at most 50 tags."},
		{replica, many, invalidParameter, "A user pool can have at most 50 tags."},
		{*pool.Arn, api.StringMap{"cenote:colour": "red"}, invalidParameter, unknown},
		{replica, api.StringMap{"cenote:colour": "red"}, invalidParameter, "Tags that begin with cenote: are settings of user pools."},
		{"arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_none", nil, "ResourceNotFoundException", "Resource arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_none does not exist."},
		{strings.Replace(*pool.Arn, ":000000000000:", ":111111111111:", 1), nil, "ResourceNotFoundException", "Resource " + strings.Replace(*pool.Arn, ":000000000000:", ":111111111111:", 1) + " does not exist."},
		{strings.Replace(*pool.Arn, "us-east-1", "eu-north-1", 1), nil, "ResourceNotFoundException", "The user pool has no replica in eu-north-1."},
		{"arn:aws:s3:us-east-1:000000000000:userpool/x", nil, invalidParameter, "The resource is not a user pool."},
	} {
		wantFault(t, tag(c.arn, c.tags), c.code, c.text)
	}
	wantJSON(t, list(*pool.Arn), `{"Tags":{"b":""}}`)
}

func TestLogDelivery(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	set := func(list ...cognitoidp.LogConfigurationType) (*cognitoidp.SetLogDeliveryConfigurationResponse, error) {
		return e.SetLogDeliveryConfiguration(t.Context(), e.call(), &cognitoidp.SetLogDeliveryConfigurationRequest{UserPoolId: pool.Id, LogConfigurations: list})
	}
	get := func() any {
		t.Helper()
		return must(e.GetLogDeliveryConfiguration(t.Context(), e.call(), &cognitoidp.GetLogDeliveryConfigurationRequest{UserPoolId: pool.Id}))(t)
	}
	none := `{"LogDeliveryConfiguration":{"UserPoolId":"` + *pool.Id + `","LogConfigurations":[]}}`
	wantJSON(t, get(), none)
	const group = "arn:aws:logs:us-east-1:000000000000:log-group:g"
	notifications := cognitoidp.LogConfigurationType{
		LogLevel: new(cognitoidp.LogLevelError), EventSource: new(cognitoidp.EventSourceNameUserNotification),
		CloudWatchLogsConfiguration: &cognitoidp.CloudWatchLogsConfigurationType{LogGroupArn: new(group)},
	}
	events := cognitoidp.LogConfigurationType{
		LogLevel: new(cognitoidp.LogLevelInfo), EventSource: new(cognitoidp.EventSourceNameUserAuthEvents),
		S3Configuration: &cognitoidp.S3ConfigurationType{BucketArn: new("arn:aws:s3:::bucket")},
	}
	want := `{"LogDeliveryConfiguration":{"UserPoolId":"` + *pool.Id + `","LogConfigurations":[
		{"LogLevel":"ERROR","EventSource":"userNotification","CloudWatchLogsConfiguration":{"LogGroupArn":"` + group + `"}},
		{"LogLevel":"INFO","EventSource":"userAuthEvents","S3Configuration":{"BucketArn":"arn:aws:s3:::bucket"}}]}}`
	wantJSON(t, must(set(notifications, events))(t), want)
	wantJSON(t, get(), want)

	elsewhere, info, both, nowhere, toS3 := notifications, notifications, events, events, notifications
	elsewhere.CloudWatchLogsConfiguration = &cognitoidp.CloudWatchLogsConfigurationType{LogGroupArn: new("arn:aws:logs:eu-west-1:000000000000:log-group:g")}
	info.LogLevel = events.LogLevel
	both.CloudWatchLogsConfiguration = notifications.CloudWatchLogsConfiguration
	nowhere.S3Configuration = nil
	toS3.CloudWatchLogsConfiguration, toS3.S3Configuration = nil, events.S3Configuration
	for text, list := range map[string][]cognitoidp.LogConfigurationType{
		"Following event sources appear more then once in a request":              {events, events},
		"ARN does not belong to current region":                                   {elsewhere},
		"The log level of the event source userNotification is ERROR.":            {info},
		"One destination is required for the event source userAuthEvents.":        {notifications, both},
		"The event source userNotification is delivered to CloudWatch Logs only.": {toS3},
	} {
		_, err := set(list...)
		wantFault(t, err, invalidParameter, text)
	}
	_, err := set(nowhere)
	wantFault(t, err, invalidParameter, "One destination is required for the event source userAuthEvents.")
	wantJSON(t, get(), want)
	wantJSON(t, must(set([]cognitoidp.LogConfigurationType{}...))(t).LogDeliveryConfiguration.LogConfigurations, `[]`)
	wantJSON(t, get(), none)
}

func TestProvisionedLimits(t *testing.T) {
	t.Parallel()
	var shown *catalog.Catalog
	e := newEnv(t, func(d *userpool.Deps) {
		d.Rate = func(category string) (int, bool) { return 120, category == "UserAuthentication" }
		shown = d.Catalog
	})
	definition := func(attributes api.StringMap) *cognitoidp.LimitDefinitionType {
		return &cognitoidp.LimitDefinitionType{LimitClass: new(cognitoidp.LimitClassApiCategory), Attributes: attributes}
	}
	known := definition(api.StringMap{"Category": "UserAuthentication"})
	get := func(d *cognitoidp.LimitDefinitionType) (*cognitoidp.GetProvisionedLimitResponse, error) {
		return e.GetProvisionedLimit(t.Context(), e.call(), &cognitoidp.GetProvisionedLimitRequest{LimitDefinition: d})
	}
	set := func(d *cognitoidp.LimitDefinitionType, value int) (*cognitoidp.UpdateProvisionedLimitResponse, error) {
		return e.UpdateProvisionedLimit(t.Context(), e.call(), &cognitoidp.UpdateProvisionedLimitRequest{LimitDefinition: d, RequestedLimitValue: &value})
	}
	limit := func(value string) string {
		return `{"Limit":{"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{"Category":"UserAuthentication"}},"ProvisionedLimitValue":` + value + `,"FreeLimitValue":120}}`
	}
	wantJSON(t, must(get(known))(t), limit("120"))
	if rate, ok := shown.RequestRate(t.Context(), "UserAuthentication"); ok {
		t.Errorf("the rate %v is provisioned", rate)
	}
	wantJSON(t, must(set(known, 500))(t), limit("500"))
	wantJSON(t, must(set(known, 600))(t), limit("600"))
	wantJSON(t, must(get(known))(t), limit("600"))
	if rate, ok := shown.RequestRate(t.Context(), "UserAuthentication"); !ok || rate != 600 {
		t.Errorf("the rate %v, %v is provisioned", rate, ok)
	}
	_, err := set(known, 119)
	wantFault(t, err, invalidParameter, "The requested limit is below the default of 120.")
	_, err = set(known, 1_000_001)
	wantFault(t, err, "ServiceQuotaExceededException", "The requested limit exceeds the maximum of 1000000.")
	_, err = get(definition(api.StringMap{"Category": "Everything"}))
	wantFault(t, err, "ResourceNotFoundException", "The limit of the category Everything does not exist.")
	for _, bad := range []api.StringMap{{}, {"Kind": "UserAuthentication"}, {"Category": "UserAuthentication", "Kind": "x"}} {
		_, err = set(definition(bad), 500)
		wantFault(t, err, invalidParameter, "The limit class API_CATEGORY has the one attribute Category.")
	}
	wantJSON(t, must(get(known))(t), limit("600"))
}
