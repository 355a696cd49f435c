package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// The attributes that can name a user or receive a code.
const (
	Email             = "email"
	PhoneNumber       = "phone_number"
	PreferredUsername = "preferred_username"
	Sub               = "sub"

	EmailVerified       = "email_verified"
	PhoneNumberVerified = "phone_number_verified"
)

// Names is a small set of attribute names, in the order of the pool's configuration.
type Names []string

// Has says whether name is in the set.
func (n Names) Has(name string) bool { return slices.Contains(n, name) }

// Pool is a user pool's configuration at one moment. It is shared: nobody changes it, nor
// anything that it leads to.
type Pool struct {
	*store.Pool

	schema       map[string]*cognitoidp.SchemaAttributeType
	required     []string
	aliases      Names
	usernames    Names
	autoVerified Names
	keepOriginal Names
	recovery     []cognitoidp.RecoveryOptionNameType
	policy       PasswordPolicy
	risks        map[string]*cognitoidp.RiskConfigurationType
	keepsHashes  bool
}

// TagPasswordHash is the tag that makes a pool keep passwords as hashes; ArgonHash is the
// one value it can have.
const (
	TagPasswordHash = "cenote:password-hash"
	ArgonHash       = "argon2id"
)

// NewPool returns the snapshot of a record and of the pool's risk configurations, which
// must not change any more.
func NewPool(record *store.Pool, risks ...*Risk) *Pool {
	cfg := record.Config
	p := &Pool{
		Pool:         record,
		schema:       make(map[string]*cognitoidp.SchemaAttributeType, len(cfg.SchemaAttributes)),
		aliases:      names(cfg.AliasAttributes),
		usernames:    names(cfg.UsernameAttributes),
		autoVerified: names(cfg.AutoVerifiedAttributes),
		recovery:     recoveryOrder(cfg.AccountRecoverySetting),
		policy:       passwordPolicy(cfg.Policies),
		risks:        effectiveRisks(risks),
		keepsHashes:  cfg.UserPoolTags[TagPasswordHash] == ArgonHash,
	}
	for i := range cfg.SchemaAttributes {
		attribute := &cfg.SchemaAttributes[i]
		name := api.Value(attribute.Name)
		p.schema[name] = attribute
		if api.Value(attribute.Required) && name != Sub {
			p.required = append(p.required, name)
		}
	}
	if s := cfg.UserAttributeUpdateSettings; s != nil {
		p.keepOriginal = names(s.AttributesRequireVerificationBeforeUpdate)
	}
	return p
}

func names[S ~string](list []S) Names {
	out := make(Names, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// ID returns the id by which clients know the pool, such as us-east-1_AbCdEf123.
func (p *Pool) ID() string { return api.Value(p.Config.Id) }

// Internal returns the id under which the pool's rows are stored.
func (p *Pool) Internal() store.PoolID { return p.Pool.ID }

// CaseSensitive says whether user names, preferred user names and e-mail aliases are
// compared as written. A pool without UsernameConfiguration is case-sensitive.
func (p *Pool) CaseSensitive() bool {
	c := p.Config.UsernameConfiguration
	return c == nil || c.CaseSensitive == nil || *c.CaseSensitive
}

// Fold returns the form in which a name of the given kind is compared and stored as a key:
// lower case where the pool ignores case. Phone numbers and subs have one form only.
func (p *Pool) Fold(kind store.KeyKind, value string) string {
	if p.CaseSensitive() {
		return value
	}
	switch kind {
	case store.KeyUsername, store.KeyEmail, store.KeyPreferredUsername:
		return strings.ToLower(value)
	default:
		return value
	}
}

// AliasAttributes are the attributes that can stand for the user name at sign-in:
// email and phone_number once verified, preferred_username at once.
func (p *Pool) AliasAttributes() Names { return p.aliases }

// UsernameAttributes are the attributes of which one is given as the user name at
// sign-up. Where there are any, the real user name is made by the server.
func (p *Pool) UsernameAttributes() Names { return p.usernames }

// UsernameKind says what callers give as the user name of a new user.
type UsernameKind uint8

// The kinds of pools by what names their users.
const (
	// UsernameFree takes any legal name.
	UsernameFree UsernameKind = iota
	// UsernameEmail takes an e-mail address.
	UsernameEmail
	// UsernamePhone takes a phone number.
	UsernamePhone
	// UsernameEmailOrPhone takes either.
	UsernameEmailOrPhone
)

// UsernameKind says what callers give as the user name of a new user in this pool.
func (p *Pool) UsernameKind() UsernameKind {
	email, phone := p.usernames.Has(Email), p.usernames.Has(PhoneNumber)
	switch {
	case email && phone:
		return UsernameEmailOrPhone
	case email:
		return UsernameEmail
	case phone:
		return UsernamePhone
	default:
		return UsernameFree
	}
}

// AutoVerified says whether Cenote sends a code to verify attr (email or phone_number) at
// sign-up and when it changes.
func (p *Pool) AutoVerified(attr string) bool { return p.autoVerified.Has(attr) }

// KeepOriginal says whether a changed attr (email or phone_number) keeps its old value
// until the new one is verified.
func (p *Pool) KeepOriginal(attr string) bool { return p.keepOriginal.Has(attr) }

// Attribute returns the schema entry of an attribute under its full name
// (email, custom:plan, dev:custom:plan).
func (p *Pool) Attribute(name string) (*cognitoidp.SchemaAttributeType, bool) {
	a, ok := p.schema[name]
	return a, ok
}

// RequiredAttributes are the attributes without which nobody signs up, in schema order.
// The server sets sub itself, so it is not among them.
func (p *Pool) RequiredAttributes() []string { return p.required }

// AdminOnlySignUp says whether SignUp is closed and only administrators create users.
func (p *Pool) AdminOnlySignUp() bool {
	c := p.Config.AdminCreateUserConfig
	return c != nil && api.Value(c.AllowAdminCreateUserOnly)
}

// RecoveryMechanisms are the ways to reset a forgotten password, best first. nil is
// the legacy recovery of pools whose AccountRecoverySetting is empty: a verified phone
// number (also where it receives SMS MFA codes), else a verified e-mail address.
func (p *Pool) RecoveryMechanisms() []cognitoidp.RecoveryOptionNameType { return p.recovery }

func recoveryOrder(s *cognitoidp.AccountRecoverySettingType) []cognitoidp.RecoveryOptionNameType {
	if s == nil || len(s.RecoveryMechanisms) == 0 {
		return nil
	}
	options := slices.Clone(s.RecoveryMechanisms)
	slices.SortStableFunc(options, func(a, b cognitoidp.RecoveryOptionType) int {
		return cmp.Compare(api.Value(a.Priority), api.Value(b.Priority))
	})
	out := make([]cognitoidp.RecoveryOptionNameType, len(options))
	for i, o := range options {
		out[i] = api.Value(o.Name)
	}
	return out
}

// The defaults of a password policy's members (Cognito guide: "Adding user pool password
// requirements").
const (
	DefaultMinimumLength         = 8
	DefaultTemporaryPasswordDays = 7
)

// PasswordPolicy is what a pool asks of passwords.
type PasswordPolicy struct {
	MinimumLength                        int // characters
	Uppercase, Lowercase, Number, Symbol bool
	// History is how many passwords, the current one included, may not be used again.
	History int
	// TemporaryValidity is how long a password set by an administrator lets its user in.
	TemporaryValidity time.Duration
}

// KeepsHashes says whether the pool keeps passwords as argon2id hashes, which SRP cannot
// prove, and no SRP verifiers.
func (p *Pool) KeepsHashes() bool { return p.keepsHashes }

// PasswordPolicy is what the pool asks of passwords.
func (p *Pool) PasswordPolicy() PasswordPolicy { return p.policy }

func passwordPolicy(policies *cognitoidp.UserPoolPolicyType) PasswordPolicy {
	var given *cognitoidp.PasswordPolicyType
	if policies != nil {
		given = policies.PasswordPolicy
	}
	in := EffectivePasswordPolicy(given)
	return PasswordPolicy{
		MinimumLength: *in.MinimumLength,
		Uppercase:     *in.RequireUppercase, Lowercase: *in.RequireLowercase,
		Number: *in.RequireNumbers, Symbol: *in.RequireSymbols,
		History:           *in.PasswordHistorySize,
		TemporaryValidity: time.Duration(*in.TemporaryPasswordValidityDays) * day,
	}
}

// EffectivePasswordPolicy returns a pool's policy with every member set. A pool without any has Cognito's
// default, which asks for all four kinds of characters; in a policy that is given, a kind
// left out is not asked for.
func EffectivePasswordPolicy(given *cognitoidp.PasswordPolicyType) *cognitoidp.PasswordPolicyType {
	var in cognitoidp.PasswordPolicyType
	asked := given == nil
	if !asked {
		in = *given
	}
	out := cognitoidp.PasswordPolicyType{
		MinimumLength:                 new(valueOr(in.MinimumLength, DefaultMinimumLength)),
		RequireUppercase:              new(valueOr(in.RequireUppercase, asked)),
		RequireLowercase:              new(valueOr(in.RequireLowercase, asked)),
		RequireNumbers:                new(valueOr(in.RequireNumbers, asked)),
		RequireSymbols:                new(valueOr(in.RequireSymbols, asked)),
		PasswordHistorySize:           new(api.Value(in.PasswordHistorySize)),
		TemporaryPasswordValidityDays: new(api.Value(in.TemporaryPasswordValidityDays)),
	}
	if *out.TemporaryPasswordValidityDays == 0 { // the model: "0 is treated as null"
		*out.TemporaryPasswordValidityDays = DefaultTemporaryPasswordDays
	}
	return &out
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

const day = 24 * time.Hour
