package generate

// Service says what is generated for a service beyond what its model says.
type Service struct {
	Model   string // name of the file in api/model, without .json
	Package string // name of the package below api

	// Show are shapes that the model marks sensitive although their values are no
	// secret: they are shown in violations and logs.
	Show []string
	// Hide are shapes, or members in the form Structure.Member, that are treated as
	// sensitive although the model does not mark them.
	Hide []string
	// Redact are shapes or members whose values AWS shows in violations, but which
	// carry secrets or personal data and are left out of logs.
	Redact []string
	// Status are the HTTP statuses of exceptions that differ from the model's.
	Status map[string]int
	// EnumOrder are the values of enums in the order in which AWS was seen to list
	// them in a violation, where it is not the model's.
	EnumOrder map[string][]string
	// Records are the structures that are stored as they are: the API's type is the
	// record of configuration.
	Records []Record
}

// Record is a structure that is stored as it is. It gets Clone, and Overlay from the
// requests whose members replace its own.
type Record struct {
	Shape    string
	Requests []string
}

// Services are the services whose packages are generated.
var Services = []Service{{
	Model:   "cognito-idp",
	Package: "cognitoidp",
	// AWS prints client ids (recorded), and every token and log names them.
	Show: []string{"ClientIdType"},
	Hide: []string{
		"ChallengeParametersType",
		"ClientMetadataType",
		"ConfirmationCodeType",
		"DeviceSecretVerifierConfigType",
		"HttpHeader.headerValue",
		"PreSignedUrlType",
		"ProviderDetailsType",
	},
	Redact: []string{
		"ContextDataType.EncodedData",
		"CompleteWebAuthnRegistrationRequest.Credential",
		"ProviderUserIdentifierType.ProviderAttributeValue",
		"StartWebAuthnRegistrationResponse.CredentialCreationOptions", // names the user
		"UserFilterType", // holds attribute values; AWS shows it (recorded)
	},
	Status: map[string]int{"ForbiddenException": 403},
	EnumOrder: map[string][]string{
		"AccountTakeoverEventActionType": {"MFA_IF_CONFIGURED", "BLOCK", "NO_ACTION", "MFA_REQUIRED"},
		"OAuthFlowType":                  {"implicit", "client_credentials", "code"},
	},
	Records: []Record{
		{"UserPoolType", []string{"CreateUserPoolRequest", "UpdateUserPoolRequest"}},
		{"UserPoolClientType", []string{"CreateUserPoolClientRequest", "UpdateUserPoolClientRequest"}},
		{"GetUserPoolMfaConfigResponse", []string{"SetUserPoolMfaConfigRequest"}},
		{"GroupType", []string{"CreateGroupRequest", "UpdateGroupRequest"}},
		{"IdentityProviderType", []string{"CreateIdentityProviderRequest", "UpdateIdentityProviderRequest"}},
		{"ResourceServerType", []string{"CreateResourceServerRequest", "UpdateResourceServerRequest"}},
		{"DomainDescriptionType", []string{"CreateUserPoolDomainRequest", "UpdateUserPoolDomainRequest"}},
		{"ManagedLoginBrandingType", []string{"CreateManagedLoginBrandingRequest", "UpdateManagedLoginBrandingRequest"}},
		{"TermsType", []string{"CreateTermsRequest", "UpdateTermsRequest"}},
		{"RiskConfigurationType", []string{"SetRiskConfigurationRequest"}},
		{"LogDeliveryConfigurationType", []string{"SetLogDeliveryConfigurationRequest"}},
		{"UICustomizationType", []string{"SetUICustomizationRequest"}},
		{"UserImportJobType", []string{"CreateUserImportJobRequest"}},
	},
}, {
	// The one operation that the functions of custom senders need.
	Model:   "kms",
	Package: "kms",
}}
