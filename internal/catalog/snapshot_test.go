package catalog_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

func pool(cfg cognitoidp.UserPoolType) *catalog.Pool {
	cfg.Id = new("us-east-1_Pool")
	return catalog.NewPool(&store.Pool{ID: 7, Config: &cfg})
}

func client(cfg cognitoidp.UserPoolClientType) *catalog.Client {
	cfg.ClientId = new("client")
	return catalog.NewClient(&store.Client{Pool: 7, Config: &cfg}, pool(cognitoidp.UserPoolType{}))
}

func TestClientAllows(t *testing.T) {
	t.Parallel()
	flows := cognitoidp.AuthFlowType("").Values()
	tests := []struct {
		name string
		list []cognitoidp.ExplicitAuthFlowsType
		want []cognitoidp.AuthFlowType
	}{
		{"none", nil, []cognitoidp.AuthFlowType{"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH"}},
		{"only srp", []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"}, []cognitoidp.AuthFlowType{"USER_SRP_AUTH"}},
		{
			"passwords and refresh",
			[]cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
			[]cognitoidp.AuthFlowType{"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH"},
		},
		{
			"legacy admin",
			[]cognitoidp.ExplicitAuthFlowsType{"ADMIN_NO_SRP_AUTH"},
			[]cognitoidp.AuthFlowType{"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH", "ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH"},
		},
		{
			"legacy password",
			[]cognitoidp.ExplicitAuthFlowsType{"USER_PASSWORD_AUTH"},
			[]cognitoidp.AuthFlowType{"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH", "USER_PASSWORD_AUTH"},
		},
		{
			"legacy custom only",
			[]cognitoidp.ExplicitAuthFlowsType{"CUSTOM_AUTH_FLOW_ONLY"},
			[]cognitoidp.AuthFlowType{"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH"},
		},
		{"choice", []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_AUTH"}, []cognitoidp.AuthFlowType{"USER_AUTH"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := client(cognitoidp.UserPoolClientType{ExplicitAuthFlows: tt.list})
			var got []cognitoidp.AuthFlowType
			for _, flow := range flows {
				if c.Allows(flow) {
					got = append(got, flow)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("allowed flows (-want +got):\n%s", diff)
			}
			if c.Allows("OTHER") {
				t.Error("an unknown flow is allowed")
			}
		})
	}
}

func TestClientRefreshesWhereTokensRotate(t *testing.T) {
	t.Parallel()
	c := client(cognitoidp.UserPoolClientType{ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"}})
	if c.Refreshes() {
		t.Error("a client whose list leaves refresh out may refresh")
	}
	c = client(cognitoidp.UserPoolClientType{
		ExplicitAuthFlows:    []cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"},
		RefreshTokenRotation: &cognitoidp.RefreshTokenRotationType{Feature: new(cognitoidp.FeatureTypeEnabled), RetryGracePeriodSeconds: new(10)},
	})
	if on, grace := c.Rotation(); !on || grace != 10*time.Second || !c.Refreshes() {
		t.Errorf("rotation %v, grace %v, refreshes %v", on, grace, c.Refreshes())
	}
	c = client(cognitoidp.UserPoolClientType{
		RefreshTokenRotation: &cognitoidp.RefreshTokenRotationType{Feature: new(cognitoidp.FeatureTypeDisabled), RetryGracePeriodSeconds: new(10)},
	})
	if on, grace := c.Rotation(); on || grace != 0 {
		t.Errorf("rotation %v, grace %v", on, grace)
	}
}

func TestClientLifetimes(t *testing.T) {
	t.Parallel()
	units := func(access, id, refresh cognitoidp.TimeUnitsType) *cognitoidp.TokenValidityUnitsType {
		return &cognitoidp.TokenValidityUnitsType{AccessToken: &access, IdToken: &id, RefreshToken: &refresh}
	}
	tests := []struct {
		name string
		cfg  cognitoidp.UserPoolClientType
		want catalog.Lifetimes
	}{
		{
			"nothing set",
			cognitoidp.UserPoolClientType{},
			catalog.Lifetimes{Access: time.Hour, ID: time.Hour, Refresh: 30 * 24 * time.Hour, Session: 3 * time.Minute},
		},
		{
			"default units",
			cognitoidp.UserPoolClientType{AccessTokenValidity: new(2), IdTokenValidity: new(3), RefreshTokenValidity: new(4), AuthSessionValidity: new(15)},
			catalog.Lifetimes{Access: 2 * time.Hour, ID: 3 * time.Hour, Refresh: 4 * 24 * time.Hour, Session: 15 * time.Minute},
		},
		{"own units", cognitoidp.UserPoolClientType{
			AccessTokenValidity: new(300), IdTokenValidity: new(6), RefreshTokenValidity: new(2),
			TokenValidityUnits: units("seconds", "minutes", "hours"),
		}, catalog.Lifetimes{Access: 5 * time.Minute, ID: 6 * time.Minute, Refresh: 2 * time.Hour, Session: 3 * time.Minute}},
		{"zero is the default, in the given unit", cognitoidp.UserPoolClientType{
			RefreshTokenValidity: new(0), TokenValidityUnits: units("days", "hours", "hours"),
		}, catalog.Lifetimes{Access: 24 * time.Hour, ID: time.Hour, Refresh: 30 * time.Hour, Session: 3 * time.Minute}},
		{
			"longer than can be told",
			cognitoidp.UserPoolClientType{RefreshTokenValidity: new(315360000)},
			catalog.Lifetimes{Access: time.Hour, ID: time.Hour, Refresh: 1<<63 - 1, Session: 3 * time.Minute},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := client(tt.cfg)
			got := catalog.Lifetimes{Access: c.AccessTokenTTL(), ID: c.IDTokenTTL(), Refresh: c.RefreshTokenTTL(), Session: c.SessionTTL()}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestClientPermissions(t *testing.T) {
	t.Parallel()
	every := []string{"sub", "email", "email_verified", "phone_number_verified", "identities", "custom:plan", "dev:custom:secret"}
	tests := []struct {
		name                string
		cfg                 cognitoidp.UserPoolClientType
		readable, writables []string
	}{
		{
			"unset",
			cognitoidp.UserPoolClientType{},
			[]string{"sub", "email", "email_verified", "phone_number_verified", "identities", "custom:plan"},
			[]string{"email", "custom:plan"},
		},
		{
			"empty",
			cognitoidp.UserPoolClientType{ReadAttributes: []string{}, WriteAttributes: []string{}},
			[]string{"sub", "email", "email_verified", "phone_number_verified", "identities", "custom:plan"},
			[]string{"email", "custom:plan"},
		},
		{
			"listed",
			cognitoidp.UserPoolClientType{ReadAttributes: []string{"email_verified"}, WriteAttributes: []string{"custom:plan"}},
			[]string{"sub", "email_verified"},
			[]string{"custom:plan"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := client(tt.cfg)
			for _, attr := range every {
				if got, want := c.Readable(attr), slices.Contains(tt.readable, attr); got != want {
					t.Errorf("Readable(%s) = %v", attr, got)
				}
				if got, want := c.Writable(attr), slices.Contains(tt.writables, attr); got != want {
					t.Errorf("Writable(%s) = %v", attr, got)
				}
			}
		})
	}
}

func TestClientSwitches(t *testing.T) {
	t.Parallel()
	c := client(cognitoidp.UserPoolClientType{})
	if c.HidesUsers() || !c.Revocable() || c.HasSecret() || c.ID() != "client" || c.Proven().Client() != c {
		t.Errorf("defaults: hides %v, revocable %v, secret %v, id %s", c.HidesUsers(), c.Revocable(), c.HasSecret(), c.ID())
	}
	c = client(cognitoidp.UserPoolClientType{
		PreventUserExistenceErrors: new(cognitoidp.PreventUserExistenceErrorTypesEnabled), EnableTokenRevocation: new(false),
	})
	if !c.HidesUsers() || c.Revocable() {
		t.Errorf("hides %v, revocable %v", c.HidesUsers(), c.Revocable())
	}
}

func TestPoolNames(t *testing.T) {
	t.Parallel()
	plain := pool(cognitoidp.UserPoolType{})
	folding := pool(cognitoidp.UserPoolType{UsernameConfiguration: &cognitoidp.UsernameConfigurationType{CaseSensitive: new(false)}})
	for _, kind := range []store.KeyKind{store.KeyUsername, store.KeyEmail, store.KeyPreferredUsername, store.KeyPhone, store.KeySub} {
		if got := plain.Fold(kind, "Ann"); got != "Ann" {
			t.Errorf("a case-sensitive pool folds %s to %s", kind, got)
		}
		want := "ann"
		if kind == store.KeyPhone || kind == store.KeySub {
			want = "Ann"
		}
		if got := folding.Fold(kind, "Ann"); got != want {
			t.Errorf("Fold(%s) = %s", kind, got)
		}
	}
	kinds := map[catalog.UsernameKind][]cognitoidp.UsernameAttributeType{
		catalog.UsernameFree:         nil,
		catalog.UsernameEmail:        {"email"},
		catalog.UsernamePhone:        {"phone_number"},
		catalog.UsernameEmailOrPhone: {"phone_number", "email"},
	}
	for want, list := range kinds {
		if got := pool(cognitoidp.UserPoolType{UsernameAttributes: list}).UsernameKind(); got != want {
			t.Errorf("%v is kind %d, want %d", list, got, want)
		}
	}
}

func TestPoolSchema(t *testing.T) {
	t.Parallel()
	p := pool(cognitoidp.UserPoolType{
		SchemaAttributes: []cognitoidp.SchemaAttributeType{
			{Name: new("sub"), Required: new(true)},
			{Name: new("name"), Required: new(true)},
			{Name: new("email"), Required: new(false)},
			{Name: new("phone_number"), Required: new(true)},
		},
		AutoVerifiedAttributes:      []cognitoidp.VerifiedAttributeType{"email"},
		AliasAttributes:             []cognitoidp.AliasAttributeType{"preferred_username"},
		UserAttributeUpdateSettings: &cognitoidp.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []cognitoidp.VerifiedAttributeType{"email"}},
		AdminCreateUserConfig:       &cognitoidp.AdminCreateUserConfigType{AllowAdminCreateUserOnly: new(true)},
	})
	if diff := cmp.Diff([]string{"name", "phone_number"}, p.RequiredAttributes()); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
	if a, ok := p.Attribute("email"); !ok || *a.Name != "email" {
		t.Error("email is not in the schema")
	}
	if _, ok := p.Attribute("nickname"); ok {
		t.Error("nickname is in the schema")
	}
	if !p.AutoVerified("email") || p.AutoVerified("phone_number") || !p.KeepOriginal("email") || p.KeepOriginal("phone_number") {
		t.Error("verification settings")
	}
	if !p.AliasAttributes().Has("preferred_username") || p.AliasAttributes().Has("email") || len(p.UsernameAttributes()) != 0 {
		t.Error("aliases")
	}
	if !p.AdminOnlySignUp() || pool(cognitoidp.UserPoolType{}).AdminOnlySignUp() {
		t.Error("AdminOnlySignUp")
	}
}

func TestPoolRecoveryMechanisms(t *testing.T) {
	t.Parallel()
	option := func(priority int, name cognitoidp.RecoveryOptionNameType) cognitoidp.RecoveryOptionType {
		return cognitoidp.RecoveryOptionType{Priority: &priority, Name: &name}
	}
	tests := []struct {
		name    string
		setting *cognitoidp.AccountRecoverySettingType
		want    []cognitoidp.RecoveryOptionNameType
	}{
		{"absent", nil, nil},
		{"empty", &cognitoidp.AccountRecoverySettingType{}, nil},
		{"by priority", &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: []cognitoidp.RecoveryOptionType{
			option(2, "verified_email"), option(1, "verified_phone_number"),
		}}, []cognitoidp.RecoveryOptionNameType{"verified_phone_number", "verified_email"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := pool(cognitoidp.UserPoolType{AccountRecoverySetting: tt.setting}).RecoveryMechanisms()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPoolPasswordPolicy(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name  string
		given *cognitoidp.UserPoolPolicyType
		want  catalog.PasswordPolicy
	}{
		{"none", nil, catalog.PasswordPolicy{
			MinimumLength: 8, Uppercase: true, Lowercase: true, Number: true, Symbol: true, TemporaryValidity: 7 * day,
		}},
		{"what is left out is not asked for", &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{
			RequireNumbers: new(true), TemporaryPasswordValidityDays: new(0), PasswordHistorySize: new(3),
		}}, catalog.PasswordPolicy{MinimumLength: 8, Number: true, History: 3, TemporaryValidity: 7 * day}},
		{"all", &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{
			MinimumLength: new(12), RequireUppercase: new(true), RequireLowercase: new(true), RequireSymbols: new(true),
			TemporaryPasswordValidityDays: new(2),
		}}, catalog.PasswordPolicy{MinimumLength: 12, Uppercase: true, Lowercase: true, Symbol: true, TemporaryValidity: 2 * day}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := pool(cognitoidp.UserPoolType{Policies: tt.given}).PasswordPolicy(); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
