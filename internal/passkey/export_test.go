package passkey

// OriginAllowed is originAllowed.
var OriginAllowed = originAllowed
