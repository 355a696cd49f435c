package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

func action(a cognitoidp.AccountTakeoverEventActionType) *cognitoidp.AccountTakeoverActionType {
	return &cognitoidp.AccountTakeoverActionType{Notify: new(false), EventAction: new(a)}
}

func actions(low, medium, high cognitoidp.AccountTakeoverEventActionType) *cognitoidp.AccountTakeoverRiskConfigurationType {
	return &cognitoidp.AccountTakeoverRiskConfigurationType{Actions: &cognitoidp.AccountTakeoverActionsType{
		LowAction: action(low), MediumAction: action(medium), HighAction: action(high),
	}}
}

func passwords(a cognitoidp.CompromisedCredentialsEventActionType, events ...cognitoidp.EventFilterType) *cognitoidp.CompromisedCredentialsRiskConfigurationType {
	return &cognitoidp.CompromisedCredentialsRiskConfigurationType{
		EventFilter: events, Actions: &cognitoidp.CompromisedCredentialsActionsType{EventAction: new(a)},
	}
}

func TestRiskConfiguration(t *testing.T) {
	t.Parallel()
	high := &cognitoidp.AccountTakeoverRiskConfigurationType{Actions: &cognitoidp.AccountTakeoverActionsType{HighAction: action("MFA_REQUIRED")}}
	exceptions := &cognitoidp.RiskExceptionConfigurationType{BlockedIPRangeList: []string{"192.0.2.1"}}
	ofPool := &catalog.Risk{Name: catalog.RiskOfPool, Config: &cognitoidp.RiskConfigurationType{
		CompromisedCredentialsRiskConfiguration: passwords("NO_ACTION"), AccountTakeoverRiskConfiguration: high,
	}}
	ofClient := &catalog.Risk{Name: "client", Config: &cognitoidp.RiskConfigurationType{RiskExceptionConfiguration: exceptions}}
	byDefault := &cognitoidp.RiskConfigurationType{
		CompromisedCredentialsRiskConfiguration: passwords("BLOCK", "SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"),
		AccountTakeoverRiskConfiguration:        actions("BLOCK", "BLOCK", "BLOCK"),
		RiskExceptionConfiguration:              &cognitoidp.RiskExceptionConfigurationType{},
	}
	pools := &cognitoidp.RiskConfigurationType{
		CompromisedCredentialsRiskConfiguration: passwords("NO_ACTION", "SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"),
		AccountTakeoverRiskConfiguration:        actions("NO_ACTION", "NO_ACTION", "MFA_REQUIRED"),
		RiskExceptionConfiguration:              &cognitoidp.RiskExceptionConfigurationType{},
	}
	own := *byDefault
	own.RiskExceptionConfiguration = exceptions
	for _, c := range []struct {
		name         string
		risks        []*catalog.Risk
		client, pool *cognitoidp.RiskConfigurationType
	}{
		{"nothing set", nil, byDefault, byDefault},
		{"set for the pool", []*catalog.Risk{ofPool}, pools, pools},
		{"set for the client", []*catalog.Risk{ofClient}, &own, byDefault},
		{"set for both", []*catalog.Risk{ofPool, ofClient}, &own, pools},
	} {
		p := catalog.NewPool(&store.Pool{Config: &cognitoidp.UserPoolType{}}, c.risks...)
		client := catalog.NewClient(&store.Client{Config: &cognitoidp.UserPoolClientType{ClientId: new("client")}}, p)
		if diff := cmp.Diff(c.client, client.RiskConfiguration()); diff != "" {
			t.Errorf("%s: client (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.pool, p.RiskConfiguration()); diff != "" {
			t.Errorf("%s: pool (-want +got):\n%s", c.name, diff)
		}
	}
	if ofPool.Config.AccountTakeoverRiskConfiguration.Actions.LowAction != nil {
		t.Error("the stored record was changed")
	}
}

func TestParseIPRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "192.0.2.1": "192.0.2.1/32", "2001:db8::1/32": "2001:db8::/32", "::1": "::1/128",
	} {
		if r, ok := catalog.ParseIPRange(text); !ok || r.String() != want {
			t.Errorf("%s is %v, %v", text, r, ok)
		}
	}
	for _, text := range []string{"", "10.0.0.0/33", "10.0.0", "example.com", "fe80::1%eth0", "10.0.0.0/ 8"} {
		if r, ok := catalog.ParseIPRange(text); ok {
			t.Errorf("%q is %v", text, r)
		}
	}
}
