package userpool

// ParseMetadata lets tests read SAML metadata alone.
var ParseMetadata = parseMetadata
