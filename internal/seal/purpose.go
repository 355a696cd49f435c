package seal

// Purpose keeps envelopes of different kinds apart: each has a key of its own, so that
// none opens as another even under the same context.
type Purpose uint8

// The purposes. Their names below take part in key derivation and so never change;
// their numbers may.
const (
	_               Purpose = iota
	Session                 // Session strings between challenges
	SecretBlock             // SECRET_BLOCK of the SRP flows
	RefreshToken            // refresh tokens
	PageToken               // NextToken and PaginationToken
	AccountToken            // session credentials that sts gives out
	FederationState         // the state that travels through an identity provider
	BrowserCookie           // cookies of the login pages and the console
	Credential              // password verifiers, TOTP seeds, histories of a user or a device
	ClientSecret            // secrets of app clients
	ProviderSecret          // secrets in the details of identity providers
	SigningKey              // private keys of user pools
	Code                    // confirmation, reset and MFA codes, OAuth codes
	AccessKey               // secret access keys
	Message                 // messages that wait for delivery
	UnknownUser             // what stands in for a user who does not exist
	WrappedKey              // data keys of what custom senders get
	AuthFeedback            // tokens by which users rate their own auth events
	Import                  // uploads of user imports, their logs, and the addresses of both
	purposes        = iota
)

// name is what key derivation sees of a purpose.
func (p Purpose) name() string {
	return [purposes]string{
		Session:         "session",
		SecretBlock:     "secret-block",
		RefreshToken:    "refresh-token",
		PageToken:       "page-token",
		AccountToken:    "account-token",
		FederationState: "federation-state",
		BrowserCookie:   "browser-cookie",
		Credential:      "credential",
		ClientSecret:    "client-secret",
		ProviderSecret:  "provider-secret",
		SigningKey:      "signing-key",
		Code:            "code",
		AccessKey:       "access-key",
		Message:         "message",
		UnknownUser:     "unknown-user",
		WrappedKey:      "wrapped-key",
		AuthFeedback:    "auth-feedback",
		Import:          "import",
	}[p]
}

// valid says whether p is one of the constants.
func (p Purpose) valid() bool { return p > 0 && p < purposes }
