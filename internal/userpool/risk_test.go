package userpool_test

import (
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
)

// guardedPool makes a pool with threat protection and a client in it.
func (e *env) guardedPool() (*cognitoidp.UserPoolType, *cognitoidp.UserPoolClientType) {
	e.t.Helper()
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{UserPoolAddOns: &cognitoidp.UserPoolAddOnsType{
		AdvancedSecurityMode: new(cognitoidp.AdvancedSecurityModeTypeEnforced),
	}})
	return pool, e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id})
}

func (e *env) setRisk(in *cognitoidp.SetRiskConfigurationRequest) *cognitoidp.RiskConfigurationType {
	e.t.Helper()
	return must(e.SetRiskConfiguration(e.t.Context(), e.call(), in))(e.t).RiskConfiguration
}

func (e *env) describeRisk(pool, client *string) *cognitoidp.RiskConfigurationType {
	e.t.Helper()
	in := &cognitoidp.DescribeRiskConfigurationRequest{UserPoolId: pool, ClientId: client}
	return must(e.DescribeRiskConfiguration(e.t.Context(), e.call(), in))(e.t).RiskConfiguration
}

func compromised(action cognitoidp.CompromisedCredentialsEventActionType, events ...cognitoidp.EventFilterType) *cognitoidp.CompromisedCredentialsRiskConfigurationType {
	return &cognitoidp.CompromisedCredentialsRiskConfigurationType{
		EventFilter: events, Actions: &cognitoidp.CompromisedCredentialsActionsType{EventAction: new(action)},
	}
}

func takeover(high cognitoidp.AccountTakeoverEventActionType, notify *cognitoidp.NotifyConfigurationType) *cognitoidp.AccountTakeoverRiskConfigurationType {
	return &cognitoidp.AccountTakeoverRiskConfigurationType{
		NotifyConfiguration: notify,
		Actions: &cognitoidp.AccountTakeoverActionsType{
			HighAction: &cognitoidp.AccountTakeoverActionType{Notify: new(true), EventAction: new(high)},
		},
	}
}

func TestRiskConfiguration(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool, client := e.guardedPool()
	id, clientID := *pool.Id, *client.ClientId
	wantJSON(t, e.describeRisk(pool.Id, nil), `{"UserPoolId":"`+id+`"}`)
	wantJSON(t, e.describeRisk(pool.Id, client.ClientId), `{"UserPoolId":"`+id+`","ClientId":"`+clientID+`"}`)
	set := e.setRisk(&cognitoidp.SetRiskConfigurationRequest{
		UserPoolId: pool.Id, CompromisedCredentialsRiskConfiguration: compromised("NO_ACTION", "SIGN_IN"),
		RiskExceptionConfiguration: &cognitoidp.RiskExceptionConfigurationType{
			BlockedIPRangeList: []string{"10.1.2.3/8", "192.0.2.1"}, SkippedIPRangeList: []string{"2001:db8::/32"},
		},
	})
	want := `{"UserPoolId":"` + id + `","LastModifiedDate":1700000000.123,
		"CompromisedCredentialsRiskConfiguration":{"EventFilter":["SIGN_IN"],"Actions":{"EventAction":"NO_ACTION"}},
		"RiskExceptionConfiguration":{"BlockedIPRangeList":["10.1.2.3/8","192.0.2.1"],"SkippedIPRangeList":["2001:db8::/32"]}}`
	wantJSON(t, set, want)
	wantJSON(t, e.describeRisk(pool.Id, nil), want)

	e.setRisk(&cognitoidp.SetRiskConfigurationRequest{
		UserPoolId: pool.Id, ClientId: client.ClientId, AccountTakeoverRiskConfiguration: takeover("MFA_REQUIRED", nil),
	})
	wantJSON(t, e.describeRisk(pool.Id, client.ClientId), `{"UserPoolId":"`+id+`","ClientId":"`+clientID+`","LastModifiedDate":1700000000.123,
		"AccountTakeoverRiskConfiguration":{"Actions":{"HighAction":{"Notify":true,"EventAction":"MFA_REQUIRED"}}}}`)
	wantJSON(t, e.describeRisk(pool.Id, nil), want)

	// A request without blocks takes back what was set.
	wantJSON(t, e.setRisk(&cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id}), `{"UserPoolId":"`+id+`"}`)
	e.setRisk(&cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id})
	wantJSON(t, e.describeRisk(pool.Id, nil), `{"UserPoolId":"`+id+`"}`)

	// A client takes its configuration with it.
	must(e.DeleteUserPoolClient(t.Context(), e.call(), &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: pool.Id, ClientId: client.ClientId}))(t)
	_, err := catalog.Risks(e.db).Find(t.Context(), must(e.db.Pool(t.Context(), id))(t).ID, clientID)
	if err == nil {
		t.Error("the risk configuration of a deleted client is still there")
	}
}

func TestRiskConfigurationRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool, client := e.guardedPool()
	other, _ := e.guardedPool()
	unguarded := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	notify := func(from, reply *string) *cognitoidp.NotifyConfigurationType {
		return &cognitoidp.NotifyConfigurationType{
			SourceArn: new("arn:aws:ses:us-east-1:000000000000:identity/a@example.com"), From: from, ReplyTo: reply,
		}
	}
	ranges := func(list ...string) *cognitoidp.RiskExceptionConfigurationType {
		return &cognitoidp.RiskExceptionConfigurationType{SkippedIPRangeList: list}
	}
	for name, c := range map[string]struct {
		in         cognitoidp.SetRiskConfigurationRequest
		code, text string
	}{
		"unknown pool":         {cognitoidp.SetRiskConfigurationRequest{UserPoolId: new("us-east-1_none")}, "ResourceNotFoundException", "User pool us-east-1_none does not exist."},
		"unknown client":       {cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id, ClientId: new("none")}, "ResourceNotFoundException", "User pool client none does not exist."},
		"another pool's":       {cognitoidp.SetRiskConfigurationRequest{UserPoolId: other.Id, ClientId: client.ClientId}, "ResourceNotFoundException", "User pool client " + *client.ClientId + " does not exist."},
		"no threat protection": {cognitoidp.SetRiskConfigurationRequest{UserPoolId: unguarded.Id}, "UserPoolAddOnNotEnabledException", "User pool add-ons are not enabled."},
		"no range":             {cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id, RiskExceptionConfiguration: ranges("192.0.2.0/24", "192.0.2.0/33")}, invalidParameter, "Incorrect CIDR format"},
		"no address":           {cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id, RiskExceptionConfiguration: ranges("")}, invalidParameter, "Incorrect CIDR format"},
		"bad sender":           {cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id, AccountTakeoverRiskConfiguration: takeover("BLOCK", notify(new("me"), nil))}, invalidParameter, "Provided From email address is invalid"},
		"bad reply address":    {cognitoidp.SetRiskConfigurationRequest{UserPoolId: pool.Id, AccountTakeoverRiskConfiguration: takeover("BLOCK", notify(nil, new("me")))}, invalidParameter, "Provided ReplyTo email address is invalid"},
	} {
		_, err := e.SetRiskConfiguration(t.Context(), e.call(), &c.in)
		t.Run(name, func(t *testing.T) { wantFault(t, err, c.code, c.text) })
	}
	_, err := e.DescribeRiskConfiguration(t.Context(), e.call(), &cognitoidp.DescribeRiskConfigurationRequest{UserPoolId: unguarded.Id})
	wantFault(t, err, "UserPoolAddOnNotEnabledException", "User pool add-ons are not enabled.")
	wantJSON(t, e.describeRisk(pool.Id, nil), `{"UserPoolId":"`+*pool.Id+`"}`)
}
