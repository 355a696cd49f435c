package client

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// Registration is what a new user gives.
type Registration struct {
	Username string
	// Password may be empty where the pool has choice-based sign-in by other factors.
	Password Secret
	// Attributes are the user's attributes, such as email.
	Attributes map[string]string
	// ValidationData is for the pool's Lambda functions alone and is not stored.
	ValidationData map[string]string
}

// Registered is what became of a Registration.
type Registered struct {
	User *User
	// Sub is the user's unchanging id.
	Sub string
	// Confirmed says that the user may sign in at once, without a code.
	Confirmed bool
	// Delivery says where the confirmation code went; nil when none was sent.
	Delivery *CodeDelivery
}

// CodeDelivery says where a code went.
type CodeDelivery struct {
	// Destination is the masked address, such as a***@e***.
	Destination string
	// Medium is EMAIL or SMS.
	Medium string
	// Attribute is the attribute that holds the address.
	Attribute string
}

// SignUp registers a new user. ErrUsernameExists and ErrInvalidPassword are what callers
// mostly switch on. With ErrCodeDeliveryFailure the user exists nevertheless.
func (p *Pool) SignUp(ctx context.Context, r Registration) (*Registered, error) {
	in := &cognitoidp.SignUpRequest{
		ClientId:       &p.cfg.ClientID,
		SecretHash:     p.secretHash(r.Username),
		Username:       &r.Username,
		UserAttributes: attributeList(r.Attributes),
		ValidationData: attributeList(r.ValidationData),
		ClientMetadata: p.metadata,
	}
	if r.Password != "" {
		in.Password = new(string(r.Password))
	}
	out, err := call[cognitoidp.SignUpResponse](ctx, p, "SignUp", once, in)
	if err != nil {
		return nil, err
	}
	return &Registered{
		User:      &User{pool: p, name: r.Username, signUp: out.Session},
		Sub:       api.Value(out.UserSub),
		Confirmed: api.Value(out.UserConfirmed),
		Delivery:  codeDelivery(out.CodeDeliveryDetails),
	}, nil
}

// User is a user of a pool by name, who need not exist.
type User struct {
	pool   *Pool
	name   string
	signUp *string // the Session of the SignUp that made this User, for ConfirmSignUp
}

// User returns the user of the given name, which may be an alias where the pool has
// aliases. It makes no call.
func (p *Pool) User(name string) *User { return &User{pool: p, name: name} }

// Username returns the name as it was given to Pool.User.
func (u *User) Username() string { return u.name }

// Pool returns the pool that the user is one of.
func (u *User) Pool() *Pool { return u.pool }

// ConfirmOption changes how ConfirmSignUp confirms.
type ConfirmOption func(*confirmation)

type confirmation struct{ forceAlias bool }

// ForceAlias takes an alias (an e-mail address or phone number) away from the user who
// has it, where the new user proves to own it too. Without it there is ErrAliasExists.
func ForceAlias() ConfirmOption { return func(c *confirmation) { c.forceAlias = true } }

// ConfirmSignUp confirms a new user with the code that was sent at sign-up. It fails with
// ErrCodeMismatch, with ErrExpiredCode, and with ErrNotAuthorized when the user is
// confirmed already.
func (u *User) ConfirmSignUp(ctx context.Context, code string, options ...ConfirmOption) error {
	_, err := u.confirm(ctx, code, options)
	return err
}

// confirm confirms a new user and returns the Session to sign in with, if there is one.
func (u *User) confirm(ctx context.Context, code string, options []ConfirmOption) (*string, error) {
	var c confirmation
	for _, option := range options {
		option(&c)
	}
	out, err := call[cognitoidp.ConfirmSignUpResponse](ctx, u.pool, "ConfirmSignUp", once, &cognitoidp.ConfirmSignUpRequest{
		ClientId:           &u.pool.cfg.ClientID,
		SecretHash:         u.pool.secretHash(u.name),
		Username:           &u.name,
		ConfirmationCode:   &code,
		ForceAliasCreation: &c.forceAlias,
		ClientMetadata:     u.pool.metadata,
		Session:            u.signUp,
	})
	if err != nil {
		return nil, err
	}
	return out.Session, nil
}

// ResendConfirmationCode sends a new sign-up code; the old one no longer counts.
func (u *User) ResendConfirmationCode(ctx context.Context) (*CodeDelivery, error) {
	out, err := call[cognitoidp.ResendConfirmationCodeResponse](ctx, u.pool, "ResendConfirmationCode", once, &cognitoidp.ResendConfirmationCodeRequest{
		ClientId:       &u.pool.cfg.ClientID,
		SecretHash:     u.pool.secretHash(u.name),
		Username:       &u.name,
		ClientMetadata: u.pool.metadata,
	})
	if err != nil {
		return nil, err
	}
	return codeDelivery(out.CodeDeliveryDetails), nil
}

// ForgotPassword sends a code with which ConfirmForgotPassword sets a new password. Where
// the app client hides who exists, it succeeds for unknown users too.
func (u *User) ForgotPassword(ctx context.Context) (*CodeDelivery, error) {
	out, err := call[cognitoidp.ForgotPasswordResponse](ctx, u.pool, "ForgotPassword", once, &cognitoidp.ForgotPasswordRequest{
		ClientId:       &u.pool.cfg.ClientID,
		SecretHash:     u.pool.secretHash(u.name),
		Username:       &u.name,
		ClientMetadata: u.pool.metadata,
	})
	if err != nil {
		return nil, err
	}
	return codeDelivery(out.CodeDeliveryDetails), nil
}

// ConfirmForgotPassword sets a new password with the code that ForgotPassword sent. After
// ErrInvalidPassword the code can be used again.
func (u *User) ConfirmForgotPassword(ctx context.Context, code, newPassword string) error {
	_, err := call[cognitoidp.ConfirmForgotPasswordResponse](ctx, u.pool, "ConfirmForgotPassword", once, &cognitoidp.ConfirmForgotPasswordRequest{
		ClientId:         &u.pool.cfg.ClientID,
		SecretHash:       u.pool.secretHash(u.name),
		Username:         &u.name,
		ConfirmationCode: &code,
		Password:         &newPassword,
		ClientMetadata:   u.pool.metadata,
	})
	return err
}

// attributeList returns attributes in the form of the API, ordered by name.
func attributeList(attributes map[string]string) []cognitoidp.AttributeType {
	var list []cognitoidp.AttributeType
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		list = append(list, cognitoidp.AttributeType{Name: &name, Value: new(attributes[name])})
	}
	return list
}

func attributeMap(list []cognitoidp.AttributeType) map[string]string {
	attributes := make(map[string]string, len(list))
	for _, a := range list {
		attributes[api.Value(a.Name)] = api.Value(a.Value)
	}
	return attributes
}

func codeDelivery(details *cognitoidp.CodeDeliveryDetailsType) *CodeDelivery {
	if details == nil {
		return nil
	}
	return &CodeDelivery{
		Destination: printable(api.Value(details.Destination)),
		Medium:      printable(string(api.Value(details.DeliveryMedium))),
		Attribute:   printable(api.Value(details.AttributeName)),
	}
}

// String says where the code went, such as "EMAIL to a***@e***".
func (d CodeDelivery) String() string { return fmt.Sprintf("%s to %s", d.Medium, d.Destination) }
