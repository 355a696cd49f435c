package userpool

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

const (
	maxCustomAttributes = 50   // per pool
	maxAttributeLength  = 2048 // characters of a value

	textNoType = "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
)

// standardAttributes returns the attributes that every pool has, in the order and with the
// constraints that AWS shows.
func standardAttributes() []cognitoidp.SchemaAttributeType {
	text := func(name, minimum, maximum string) cognitoidp.SchemaAttributeType {
		a := standardAttribute(name, cognitoidp.AttributeDataTypeString)
		a.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: &minimum, MaxLength: &maximum}
		return a
	}
	free := func(name string) cognitoidp.SchemaAttributeType { return text(name, "0", "2048") }
	flag := func(name string) cognitoidp.SchemaAttributeType {
		return standardAttribute(name, cognitoidp.AttributeDataTypeBoolean)
	}
	sub := text(catalog.Sub, "1", "2048")
	sub.Mutable, sub.Required = new(false), new(true)
	updatedAt := standardAttribute("updated_at", cognitoidp.AttributeDataTypeNumber)
	updatedAt.NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{MinValue: new("0")}
	return []cognitoidp.SchemaAttributeType{
		sub, free("name"), free("given_name"), free("family_name"), free("middle_name"), free("nickname"),
		free(catalog.PreferredUsername), free("profile"), free("picture"), free("website"),
		free(catalog.Email), flag(catalog.EmailVerified), free("gender"), text("birthdate", "10", "10"),
		free("zoneinfo"), free("locale"), free(catalog.PhoneNumber), flag(catalog.PhoneNumberVerified),
		free("address"), updatedAt,
	}
}

func standardAttribute(name string, dataType cognitoidp.AttributeDataType) cognitoidp.SchemaAttributeType {
	return cognitoidp.SchemaAttributeType{
		Name: &name, AttributeDataType: &dataType,
		DeveloperOnlyAttribute: new(false), Mutable: new(true), Required: new(false),
	}
}

// newSchema returns the attributes of a new pool: the standard ones as the request changes
// them, then the custom ones in its order. The two *_verified attributes cannot be
// changed: as names in a request they are custom ones.
func newSchema(requested []cognitoidp.SchemaAttributeType) ([]cognitoidp.SchemaAttributeType, error) {
	schema := standardAttributes()
	standard := len(schema)
	var changed []string
	for _, in := range requested {
		name := api.Value(in.Name)
		i := slices.IndexFunc(schema[:standard], func(a cognitoidp.SchemaAttributeType) bool {
			return *a.Name == name && name != catalog.EmailVerified && name != catalog.PhoneNumberVerified
		})
		if i < 0 {
			a, err := customAttribute(in)
			if err != nil {
				return nil, err
			}
			if hasAttribute(schema, *a.Name) {
				return nil, fault.InvalidParameter("Duplicate custom attribute names " + *a.Name + " are not allowed in a user pool schema.")
			}
			schema = append(schema, a)
			continue
		}
		if slices.Contains(changed, name) {
			return nil, fault.InvalidParameter("Duplicate attribute names " + name + " are not allowed in a user pool schema.")
		}
		changed = append(changed, name)
		if err := changeStandard(&schema[i], in); err != nil {
			return nil, err
		}
	}
	return schema, nil
}

// extendSchema returns a pool's schema with more custom attributes.
func extendSchema(schema, requested []cognitoidp.SchemaAttributeType) ([]cognitoidp.SchemaAttributeType, error) {
	schema = slices.Clone(schema)
	for _, in := range requested {
		a, err := customAttribute(in)
		if err != nil {
			return nil, err
		}
		if hasAttribute(schema, *a.Name) {
			return nil, fault.InvalidParameter(catalog.CustomPrefix + api.Value(in.Name) +
				": Existing attribute already has name " + *a.Name + ".")
		}
		schema = append(schema, a)
	}
	if custom := len(schema) - len(standardAttributes()); custom > maxCustomAttributes {
		return nil, fault.InvalidParameter(fmt.Sprintf("A user pool can have at most %d custom attributes.", maxCustomAttributes))
	}
	return schema, nil
}

func hasAttribute(schema []cognitoidp.SchemaAttributeType, name string) bool {
	return slices.ContainsFunc(schema, func(a cognitoidp.SchemaAttributeType) bool { return *a.Name == name })
}

// changeStandard applies a request to a standard attribute. Constraints sent without the
// attribute's type are ignored, as on AWS.
func changeStandard(a *cognitoidp.SchemaAttributeType, in cognitoidp.SchemaAttributeType) error {
	otherType := in.AttributeDataType != nil && *in.AttributeDataType != *a.AttributeDataType
	if otherType || api.Value(in.DeveloperOnlyAttribute) {
		return fault.InvalidParameter("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute " + *a.Name)
	}
	if in.Mutable != nil {
		a.Mutable = new(*in.Mutable)
	}
	if in.Required != nil {
		a.Required = new(*in.Required)
	}
	if in.AttributeDataType == nil {
		return nil
	}
	if given := in.StringAttributeConstraints; given != nil && a.StringAttributeConstraints != nil {
		merged := *a.StringAttributeConstraints
		replace(&merged.MinLength, given.MinLength)
		replace(&merged.MaxLength, given.MaxLength)
		a.StringAttributeConstraints = &merged
	}
	if given := in.NumberAttributeConstraints; given != nil && a.NumberAttributeConstraints != nil {
		merged := *a.NumberAttributeConstraints
		replace(&merged.MinValue, given.MinValue)
		replace(&merged.MaxValue, given.MaxValue)
		a.NumberAttributeConstraints = &merged
	}
	return checkConstraints(a,
		"user."+*a.Name+": Max length cannot be less than min length.",
		"user."+*a.Name+": Max value cannot be less than min value.")
}

func replace(member **string, given *string) {
	if given != nil {
		*member = new(*given)
	}
}

// customAttribute returns the schema entry of a custom attribute, under its full name.
func customAttribute(in cognitoidp.SchemaAttributeType) (cognitoidp.SchemaAttributeType, error) {
	name := catalog.CustomPrefix + api.Value(in.Name)
	developer := api.Value(in.DeveloperOnlyAttribute)
	if developer {
		name = catalog.DeveloperPrefix + name
	}
	if in.AttributeDataType == nil {
		return cognitoidp.SchemaAttributeType{}, fault.InvalidParameter(textNoType)
	}
	if api.Value(in.Required) {
		return cognitoidp.SchemaAttributeType{}, fault.InvalidParameter("Required custom attributes are not supported currently.")
	}
	a := cognitoidp.SchemaAttributeType{
		Name: &name, AttributeDataType: in.AttributeDataType, DeveloperOnlyAttribute: &developer,
		Mutable: new(in.Mutable == nil || *in.Mutable), Required: new(false),
	}
	switch *in.AttributeDataType {
	case cognitoidp.AttributeDataTypeString:
		a.StringAttributeConstraints = in.StringAttributeConstraints.Clone()
		setDefault(&a.StringAttributeConstraints, cognitoidp.StringAttributeConstraintsType{})
	case cognitoidp.AttributeDataTypeNumber:
		a.NumberAttributeConstraints = in.NumberAttributeConstraints.Clone()
	}
	return a, checkConstraints(&a,
		"Attribute "+name+" cannot have a max length shorter than it's min length",
		"Attribute "+name+" cannot have a max value smaller than it's min value")
}

// checkConstraints checks the bounds of an attribute. The two texts are for bounds in the
// wrong order, which AWS words differently for standard and custom attributes.
func checkConstraints(a *cognitoidp.SchemaAttributeType, textLength, textValue string) error {
	if c := a.StringAttributeConstraints; c != nil {
		least, most, err := bounds(*a.Name, "StringAttributeConstraints", c.MinLength, c.MaxLength)
		switch {
		case err != nil:
			return err
		case max(least, most) > maxAttributeLength:
			return fault.InvalidParameter("user." + *a.Name + ": String attributes cannot have a length of more than 2048")
		case c.MinLength != nil && c.MaxLength != nil && least > most:
			return fault.InvalidParameter(textLength)
		}
	}
	if c := a.NumberAttributeConstraints; c != nil {
		least, most, err := bounds(*a.Name, "NumberAttributeConstraints", c.MinValue, c.MaxValue)
		switch {
		case err != nil:
			return err
		case c.MinValue != nil && c.MaxValue != nil && least > most:
			return fault.InvalidParameter(textValue)
		}
	}
	return nil
}

func bounds(name, member string, least, most *string) (low, high int64, err error) {
	for _, b := range []struct {
		text *string
		into *int64
	}{{least, &low}, {most, &high}} {
		if b.text == nil {
			continue
		}
		if *b.into, err = strconv.ParseInt(*b.text, 10, 64); err != nil || *b.into < 0 {
			return 0, 0, fault.InvalidParameter("Invalid " + member + " for schema attribute " + name)
		}
	}
	return low, high, nil
}
