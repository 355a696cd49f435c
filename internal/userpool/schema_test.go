package userpool_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/cenote-id/cenote/api/cognitoidp"
)

// standardSchema is how AWS shows the attributes of a pool made without Schema.
const standardSchema = `[
	{"Name": "sub", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": false, "Required": true, "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"}},
	{"Name": "name", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "given_name", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "family_name", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "middle_name", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "nickname", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "preferred_username", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "profile", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "picture", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "website", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "email", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "email_verified", "AttributeDataType": "Boolean", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false},
	{"Name": "gender", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "birthdate", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "10", "MaxLength": "10"}},
	{"Name": "zoneinfo", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "locale", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "phone_number", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "phone_number_verified", "AttributeDataType": "Boolean", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false},
	{"Name": "address", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}},
	{"Name": "updated_at", "AttributeDataType": "Number", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "NumberAttributeConstraints": {"MinValue": "0"}}
]`

func text(name string) cognitoidp.SchemaAttributeType {
	return cognitoidp.SchemaAttributeType{Name: &name, AttributeDataType: new(cognitoidp.AttributeDataTypeString)}
}

func number(name string) cognitoidp.SchemaAttributeType {
	return cognitoidp.SchemaAttributeType{Name: &name, AttributeDataType: new(cognitoidp.AttributeDataTypeNumber)}
}

func with(a cognitoidp.SchemaAttributeType, change func(*cognitoidp.SchemaAttributeType)) cognitoidp.SchemaAttributeType {
	change(&a)
	return a
}

func lengths(a cognitoidp.SchemaAttributeType, least, most *string) cognitoidp.SchemaAttributeType {
	a.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: least, MaxLength: most}
	return a
}

func values(a cognitoidp.SchemaAttributeType, least, most *string) cognitoidp.SchemaAttributeType {
	a.NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{MinValue: least, MaxValue: most}
	return a
}

func required(a *cognitoidp.SchemaAttributeType)      { a.Required = new(true) }
func immutable(a *cognitoidp.SchemaAttributeType)     { a.Mutable = new(false) }
func developerOnly(a *cognitoidp.SchemaAttributeType) { a.DeveloperOnlyAttribute = new(true) }

// Every schema entry here becomes the named attribute of the pool.
func TestSchemaEntries(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	tests := []struct {
		name string
		in   cognitoidp.SchemaAttributeType
		want string
	}{
		{
			"required standard", with(cognitoidp.SchemaAttributeType{Name: new("email")}, required),
			`{"Name": "email", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": true, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}}`,
		},
		{
			"immutable standard with a bound", with(lengths(text("name"), nil, new("64")), immutable),
			`{"Name": "name", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": false, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "64"}}`,
		},
		{
			"constraints without a type", lengths(cognitoidp.SchemaAttributeType{Name: new("name")}, nil, new("64")),
			`{"Name": "name", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}}`,
		},
		{
			"standard number", values(number("updated_at"), new("5"), new("10")),
			`{"Name": "updated_at", "AttributeDataType": "Number", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "NumberAttributeConstraints": {"MinValue": "5", "MaxValue": "10"}}`,
		},
		{
			"custom text", text("plan"),
			`{"Name": "custom:plan", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {}}`,
		},
		{
			"custom text with a bound", with(lengths(text("plan"), nil, new("9")), immutable),
			`{"Name": "custom:plan", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": false, "Required": false, "StringAttributeConstraints": {"MaxLength": "9"}}`,
		},
		{
			"custom number", number("age"),
			`{"Name": "custom:age", "AttributeDataType": "Number", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false}`,
		},
		{
			"custom boolean drops constraints", lengths(cognitoidp.SchemaAttributeType{Name: new("on"), AttributeDataType: new(cognitoidp.AttributeDataTypeBoolean)}, new("1"), nil),
			`{"Name": "custom:on", "AttributeDataType": "Boolean", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false}`,
		},
		{
			"developer only", with(text("cost"), developerOnly),
			`{"Name": "dev:custom:cost", "AttributeDataType": "String", "DeveloperOnlyAttribute": true, "Mutable": true, "Required": false, "StringAttributeConstraints": {}}`,
		},
		{
			"email_verified is a custom name", text("email_verified"),
			`{"Name": "custom:email_verified", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false, "StringAttributeConstraints": {}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.createPool(&cognitoidp.CreateUserPoolRequest{Schema: []cognitoidp.SchemaAttributeType{tt.in}}).SchemaAttributes
			changed := got[len(got)-1]
			for _, a := range got[:20] {
				if *a.Name == *tt.in.Name && len(got) == 20 {
					changed = a
				}
			}
			wantJSON(t, changed, tt.want)
		})
	}
}

func TestSchemaErrors(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	tests := []struct {
		name   string
		schema []cognitoidp.SchemaAttributeType
		want   string
	}{
		{
			"custom without type",
			[]cognitoidp.SchemaAttributeType{{Name: new("plan")}},
			"Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
		},
		{
			"required custom",
			[]cognitoidp.SchemaAttributeType{with(text("plan"), required)},
			"Required custom attributes are not supported currently.",
		},
		{
			"standard with another type",
			[]cognitoidp.SchemaAttributeType{number("email")},
			"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
		},
		{
			"standard for developers",
			[]cognitoidp.SchemaAttributeType{with(text("email"), developerOnly)},
			"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
		},
		{
			"custom twice",
			[]cognitoidp.SchemaAttributeType{text("plan"), number("plan")},
			"Duplicate custom attribute names custom:plan are not allowed in a user pool schema.",
		},
		{
			"standard twice",
			[]cognitoidp.SchemaAttributeType{text("email"), text("email")},
			"Duplicate attribute names email are not allowed in a user pool schema.",
		},
		{
			"custom lengths in the wrong order",
			[]cognitoidp.SchemaAttributeType{lengths(text("plan"), new("9"), new("8"))},
			"Attribute custom:plan cannot have a max length shorter than it's min length",
		},
		{
			"custom values in the wrong order",
			[]cognitoidp.SchemaAttributeType{values(number("age"), new("9"), new("8"))},
			"Attribute custom:age cannot have a max value smaller than it's min value",
		},
		{
			"standard lengths in the wrong order",
			[]cognitoidp.SchemaAttributeType{lengths(text("name"), new("9"), new("8"))},
			"user.name: Max length cannot be less than min length.",
		},
		{
			"standard values in the wrong order",
			[]cognitoidp.SchemaAttributeType{values(number("updated_at"), new("9"), new("8"))},
			"user.updated_at: Max value cannot be less than min value.",
		},
		{
			"too long",
			[]cognitoidp.SchemaAttributeType{lengths(text("name"), nil, new("2049"))},
			"user.name: String attributes cannot have a length of more than 2048",
		},
		{
			"no number",
			[]cognitoidp.SchemaAttributeType{lengths(text("name"), nil, new("many"))},
			"Invalid StringAttributeConstraints for schema attribute name",
		},
		{
			"negative number",
			[]cognitoidp.SchemaAttributeType{values(number("age"), new("-1"), nil)},
			"Invalid NumberAttributeConstraints for schema attribute custom:age",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := e.CreateUserPool(t.Context(), e.call(), &cognitoidp.CreateUserPoolRequest{PoolName: new("p"), Schema: tt.schema})
			wantFault(t, err, invalidParameter, tt.want)
		})
	}
}

func TestAddCustomAttributes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{Schema: []cognitoidp.SchemaAttributeType{text("plan"), with(text("cost"), developerOnly)}}).Id
	add := func(list ...cognitoidp.SchemaAttributeType) error {
		_, err := e.AddCustomAttributes(t.Context(), e.call(), &cognitoidp.AddCustomAttributesRequest{UserPoolId: id, CustomAttributes: list})
		return err
	}
	if err := add(text("email"), with(text("plan"), developerOnly)); err != nil {
		t.Fatal(err)
	}
	wantFault(t, add(number("new"), number("plan")), invalidParameter,
		"custom:plan: Existing attribute already has name custom:plan.")
	wantFault(t, add(with(text("cost"), developerOnly)), invalidParameter,
		"custom:cost: Existing attribute already has name dev:custom:cost.")
	wantFault(t, add(cognitoidp.SchemaAttributeType{Name: new("new")}), invalidParameter,
		"Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	wantFault(t, add(with(text("new"), required)), invalidParameter, "Required custom attributes are not supported currently.")

	var names []string
	for _, a := range e.describePool(id).SchemaAttributes[20:] {
		names = append(names, *a.Name)
	}
	if got := fmt.Sprint(names); got != "[custom:plan dev:custom:cost custom:email dev:custom:plan]" {
		t.Errorf("custom attributes %s", got)
	}
}

func TestAddCustomAttributesIsBounded(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var fifty []cognitoidp.SchemaAttributeType
	for i := range 50 {
		fifty = append(fifty, text(fmt.Sprint("a", i)))
	}
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{Schema: fifty}).Id
	_, err := e.AddCustomAttributes(t.Context(), e.call(), &cognitoidp.AddCustomAttributesRequest{
		UserPoolId: id, CustomAttributes: []cognitoidp.SchemaAttributeType{text("more")},
	})
	wantFault(t, err, invalidParameter, "A user pool can have at most 50 custom attributes.")
}

// AddCustomAttributes cannot report a race, so all of a few must get through.
func TestAddCustomAttributesBesideOthers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.createPool(&cognitoidp.CreateUserPoolRequest{}).Id
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			_, err := e.AddCustomAttributes(t.Context(), e.call(), &cognitoidp.AddCustomAttributesRequest{
				UserPoolId: id, CustomAttributes: []cognitoidp.SchemaAttributeType{text(fmt.Sprint("a", i))},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(e.describePool(id).SchemaAttributes); got != 24 {
		t.Errorf("%d attributes", got)
	}
}
