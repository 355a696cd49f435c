package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	textBadCode       = "Invalid verification code provided, please try again."
	textOldCode       = "Invalid code provided, please request a code again."
	textAttempts      = "Attempt limit exceeded, please try after some time."
	textNoClientUser  = "Username/client id combination not found."
	textNoUser        = "User does not exist."
	textBadPassword   = "Incorrect username or password."
	textWrite         = "A client attempted to write unauthorized attribute"
	textRevoked       = "Access Token has been revoked"
	textInvalidAccess = "Invalid Access Token"
)

// sameDetails compares CodeDeliveryDetails.
var sameDetails = cmpopts.IgnoreUnexported(types.CodeDeliveryDetailsType{})

func byEmail(destination string) *types.CodeDeliveryDetailsType {
	return &types.CodeDeliveryDetailsType{
		AttributeName: ptr("email"), DeliveryMedium: types.DeliveryMediumTypeEmail, Destination: &destination,
	}
}

func bySMS(destination string) *types.CodeDeliveryDetailsType {
	return &types.CodeDeliveryDetailsType{
		AttributeName: ptr("phone_number"), DeliveryMedium: types.DeliveryMediumTypeSms, Destination: &destination,
	}
}

// masked is what an answer shows of an address or a phone number.
func masked(destination string) string {
	if strings.HasPrefix(destination, "+") {
		return "+*******" + destination[len(destination)-4:]
	}
	local, domain, _ := strings.Cut(destination, "@")
	return local[:1] + "***@" + domain[:1] + "***"
}

func (s *scene) confirm(a app, name, code string) error {
	_, err := s.ConfirmSignUp(s.ctx, &idp.ConfirmSignUpInput{
		ClientId: &a.id, SecretHash: a.hash(name), Username: &name, ConfirmationCode: &code,
	})
	return err
}

func (s *scene) resend(a app, name string) (*types.CodeDeliveryDetailsType, error) {
	out, err := s.ResendConfirmationCode(s.ctx, &idp.ResendConfirmationCodeInput{
		ClientId: &a.id, SecretHash: a.hash(name), Username: &name,
	})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

func TestSignUpAndConfirm(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	name, address := username(), email()
	in := &idp.SignUpInput{
		ClientId: &a.id, Username: &name, Password: ptr(password),
		UserAttributes: attributes("email", address, "given_name", "Ann"),
	}
	out := must(s.SignUp(s.ctx, in))(t)
	if out.UserConfirmed || aws.ToString(out.UserSub) == "" || out.Session != nil {
		t.Errorf("got confirmed %v, sub %v, Session %v", out.UserConfirmed, out.UserSub, out.Session)
	}
	if diff := cmp.Diff(byEmail(masked(address)), out.CodeDeliveryDetails, sameDetails); diff != "" {
		t.Error(diff)
	}
	u := s.user(a.pool, name)
	if u.UserStatus != types.UserStatusTypeUnconfirmed || !u.Enabled || valueOf(u.UserAttributes, "sub") != *out.UserSub ||
		valueOf(u.UserAttributes, "email_verified") != "false" {
		t.Errorf("the user is %s, enabled %v, %v", u.UserStatus, u.Enabled, u.UserAttributes)
	}

	_, err := s.SignUp(s.ctx, in)
	refused[*types.UsernameExistsException](t, err, "User already exists")
	_, err = s.signIn(a, name, password)
	refused[*types.UserNotConfirmedException](t, err, "User is not confirmed.")
	_, err = s.signIn(a, name, "Wr0ng-password!")
	refused[*types.NotAuthorizedException](t, err, textBadPassword)

	first := s.codeFor(address)
	refused[*types.CodeMismatchException](t, s.confirm(a, name, other(first)), textBadCode)
	details, err := s.resend(a, name)
	if diff := cmp.Diff(byEmail(masked(address)), details, sameDetails); err != nil || diff != "" {
		t.Error(err, diff)
	}
	second := s.codeFor(address)
	if first != second {
		refused[*types.CodeMismatchException](t, s.confirm(a, name, first), textBadCode)
	}
	if _, err := s.resend(a, name); err != nil { // at once
		t.Error(err)
	}
	if err := s.confirm(a, name, s.codeFor(address)); err != nil {
		t.Fatal(err)
	}
	refused[*types.NotAuthorizedException](t, s.confirm(a, name, second), "User cannot be confirmed. Current status is CONFIRMED")
	_, err = s.resend(a, name)
	refused[*types.InvalidParameterException](t, err, "User is already confirmed.")

	u = s.user(a.pool, name)
	if u.UserStatus != types.UserStatusTypeConfirmed || valueOf(u.UserAttributes, "email_verified") != "true" {
		t.Errorf("the user is %s, %v", u.UserStatus, u.UserAttributes)
	}
	s.tokens(a, name, password)
}

func TestSignUpRefusals(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: ptr("name"), Required: ptr(true)},
			{Name: ptr("family_name"), Required: ptr(true)},
			{Name: ptr("level"), AttributeDataType: types.AttributeDataTypeNumber, NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: ptr("1"), MaxValue: ptr("9")}},
			{Name: ptr("plan"), AttributeDataType: types.AttributeDataTypeString, StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: ptr("2"), MaxLength: ptr("5")}},
			{Name: ptr("vip"), AttributeDataType: types.AttributeDataTypeBoolean},
			{Name: ptr("since"), AttributeDataType: types.AttributeDataTypeDatetime},
			{Name: ptr("score"), AttributeDataType: types.AttributeDataTypeNumber, DeveloperOnlyAttribute: ptr(true)},
		}
	})
	open := s.app(pool)
	narrow := s.app(pool, func(in *idp.CreateUserPoolClientInput) {
		in.WriteAttributes = []string{"name", "family_name", "email"}
	})
	named := []string{"name", "Ann", "family_name", "Lee"}
	const schema = "Attributes did not conform to the schema: "
	tests := []struct {
		name       string
		app        app
		password   string
		attributes []string
		check      func(*testing.T, error)
	}{
		{"required", open, password, nil, wants[*types.InvalidParameterException](schema + "name: The attribute is required\nfamily_name: The attribute is required\n")},
		{"required and empty", open, password, []string{"name", "", "family_name", "Lee"}, wants[*types.InvalidParameterException](schema + "name: The attribute is required\n")},
		{"unknown", open, password, append(named, "custom:firstName", "x"), wants[*types.InvalidParameterException](schema + "custom:firstName: Attribute does not exist in the schema.\n")},
		{"unwritable", narrow, password, append(named, "nickname", "x"), wants[*types.NotAuthorizedException](textWrite)},
		{"verified", open, password, append(named, "email", "a@example.com", "email_verified", "true"), wants[*types.NotAuthorizedException](textWrite)},
		{"sub", open, password, append(named, "sub", "x"), wants[*types.NotAuthorizedException](textWrite)},
		{"developer's", open, password, append(named, "dev:custom:score", "1"), wants[*types.NotAuthorizedException](textWrite)},
		{"number", open, password, append(named, "custom:level", "many"), wants[*types.InvalidParameterException](schema + "custom:level: Number must be an integer\n")},
		{"number too large", open, password, append(named, "custom:level", "10"), wants[*types.InvalidParameterException](schema + "custom:level: Number must be <= 9\n")},
		{"number too small", open, password, append(named, "custom:level", "0"), wants[*types.InvalidParameterException](schema + "custom:level: Number must be >= 1\n")},
		{"text too long", open, password, append(named, "custom:plan", "golden"), wants[*types.InvalidParameterException](schema + "custom:plan: String must be at most 5 characters long\n")},
		{"text too short", open, password, append(named, "custom:plan", "x"), wants[*types.InvalidParameterException](schema + "custom:plan: String must be at least 2 characters long\n")},
		{"boolean", open, password, append(named, "custom:vip", "yes"), wants[*types.InvalidParameterException](schema + "custom:vip: Boolean must be true or false\n")},
		{"date", open, password, append(named, "custom:since", "yesterday"), wants[*types.InvalidParameterException](schema + "custom:since: DateTime must be of ISO 8601 format\n")},
		{"birthdate", open, password, append(named, "birthdate", "1.1.1970"), wants[*types.InvalidParameterException](schema + "birthdate: String must be at least 10 characters long\n")},
		{"email", open, password, append(named, "email", "nobody"), wants[*types.InvalidParameterException]("Invalid email address format.")},
		{"phone number", open, password, append(named, "phone_number", "555-0100"), wants[*types.InvalidParameterException]("Invalid phone number format.")},
		{"2049 characters", open, password, append(named, "nickname", strings.Repeat("x", 2049)), wants[*types.InvalidParameterException](
			"1 validation error detected: Value at 'userAttributes.3.member.value' failed to satisfy constraint: Member must have length less than or equal to 2048")},
		{"short password", open, "Sh0rt!", named, wants[*types.InvalidPasswordException]("Password did not conform with policy: Password not long enough")},
		{"no upper case", open, "corr3ct-horse!", named, wants[*types.InvalidPasswordException]("Password did not conform with policy: Password must have uppercase characters")},
		{"no lower case", open, "CORR3CT-HORSE!", named, wants[*types.InvalidPasswordException]("Password did not conform with policy: Password must have lowercase characters")},
		{"no number", open, "Correct-horse!", named, wants[*types.InvalidPasswordException]("Password did not conform with policy: Password must have numeric characters")},
		{"no symbol", open, "Corr3cthorse", named, wants[*types.InvalidPasswordException]("Password did not conform with policy: Password must have symbol characters")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sceneOn(t, s.server)
			name := username()
			_, err := s.SignUp(s.ctx, &idp.SignUpInput{
				ClientId: &tt.app.id, Username: &name, Password: &tt.password, UserAttributes: attributes(tt.attributes...),
			})
			tt.check(t, err)
			_, err = s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: &name})
			refused[*types.UserNotFoundException](t, err, textNoUser)
		})
	}
	t.Run("good values", func(t *testing.T) {
		t.Parallel()
		s := sceneOn(t, s.server)
		name := username()
		values := append(named, "custom:level", "9", "custom:plan", "gold", "custom:vip", "True", "custom:since", "2026-01-31", "birthdate", "1970-01-31")
		must(s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &open.id, Username: &name, Password: ptr(password), UserAttributes: attributes(values...)}))(t)
		if got := valueOf(s.user(pool, name).UserAttributes, "custom:vip"); got != "true" {
			t.Errorf("custom:vip is %q", got)
		}
	})
}

// wants returns a check for refused.
func wants[E fault](message string) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		t.Helper()
		refused[E](t, err, message)
	}
}

// A request without Password gets the text by which Amplify knows that the pool needs one.
func TestSignUpWithoutPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username())})
	refused[*types.InvalidParameterException](t, err,
		"1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null")
}

func TestSignUpClosed(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}
	}))
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, Username: ptr(username()), Password: ptr(password)})
	refused[*types.NotAuthorizedException](t, err, "SignUp is not permitted for this user pool")
}

func TestSignUpDelivery(t *testing.T) {
	t.Parallel()
	s := open(t)
	address, number := email(), phone()
	sms := &types.SmsConfigurationType{SnsCallerArn: ptr("arn:aws:iam::000000000000:role/sms"), ExternalId: ptr("x")}
	both := []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail, types.VerifiedAttributeTypePhoneNumber}
	tests := []struct {
		name   string
		verify []types.VerifiedAttributeType
		given  []string
		want   *types.CodeDeliveryDetailsType
	}{
		{"nothing is verified", nil, []string{"email", address, "phone_number", number}, nil},
		{"only the other is given", both[1:], []string{"email", address}, nil},
		{"nothing is given", both, nil, nil},
		{"the address", both, []string{"email", address}, byEmail(masked(address))},
		{"the phone number wins", both, []string{"email", address, "phone_number", number}, bySMS(masked(number))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sceneOn(t, s.server)
			a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
				in.AutoVerifiedAttributes, in.SmsConfiguration = tt.verify, sms
			}))
			name := username()
			out := must(s.SignUp(s.ctx, &idp.SignUpInput{
				ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes(tt.given...),
			}))(t)
			if diff := cmp.Diff(tt.want, out.CodeDeliveryDetails, sameDetails); diff != "" {
				t.Error(diff)
			}
			if tt.want == nil {
				_, err := s.resend(a, name)
				refused[*types.NotAuthorizedException](t, err, "Cannot resend codes. Auto verification not turned on.")
				refused[*types.ExpiredCodeException](t, s.confirm(a, name, "123456"), textOldCode)
			}
		})
	}
}

// A duplicate name, or a contact that somebody has, in each kind of pool.
func TestSignUpDuplicates(t *testing.T) {
	t.Parallel()
	s := open(t)
	aliases := func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail, types.AliasAttributeTypePreferredUsername}
	}
	byAddress := func(in *idp.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}
	byNumber := func(in *idp.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypePhoneNumber}
		in.AutoVerifiedAttributes = nil
	}
	either := func(in *idp.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail, types.UsernameAttributeTypePhoneNumber}
	}
	const (
		exists = "User already exists"
		given  = "An account with the given email already exists."
	)
	ann, address, number := username(), email(), phone()
	tests := []struct {
		name          string
		pool          func(*idp.CreateUserPoolInput)
		first, second string // user names
		email         string // of the second
		want          func(*testing.T, error)
	}{
		{"plain, name", func(*idp.CreateUserPoolInput) {}, ann, ann, email(), wants[*types.UsernameExistsException](exists)},
		{"plain, contact", func(*idp.CreateUserPoolInput) {}, ann, username(), address, nil},
		{"plain, name like an address", func(*idp.CreateUserPoolInput) {}, address, email(), "", nil},
		{"alias, name", aliases, ann, ann, email(), wants[*types.UsernameExistsException](exists)},
		{"alias, contact", aliases, ann, username(), address, nil},
		{"alias, name like an address", aliases, ann, email(), "", wants[*types.InvalidParameterException](
			"Username cannot be of email format, since user pool is configured for email alias.")},
		{"by address, name", byAddress, address, address, "", wants[*types.UsernameExistsException](given)},
		{"by address, no address", byAddress, address, username(), "", wants[*types.InvalidParameterException]("Username should be an email.")},
		{"by number, name", byNumber, number, number, "", wants[*types.UsernameExistsException]("An account with the given phone_number already exists.")},
		{"by number, no number", byNumber, number, email(), "", wants[*types.InvalidParameterException]("Username should be a phone number.")},
		{"either, name", either, address, address, "", wants[*types.UsernameExistsException](given)},
		{"either, neither", either, number, username(), "", wants[*types.InvalidParameterException](
			"Username should be either an email or a phone number.")},
		{"either, contact", either, address, phone(), address, wants[*types.UsernameExistsException](given)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sceneOn(t, s.server)
			a := s.app(s.pool(tt.pool))
			var contact []string
			if tt.first == ann {
				contact = []string{"email", address}
			}
			out := must(s.SignUp(s.ctx, &idp.SignUpInput{
				ClientId: &a.id, Username: &tt.first, Password: ptr(password), UserAttributes: attributes(contact...),
			}))(t)
			canonical := aws.ToString(s.user(a.pool, *out.UserSub).Username)
			if byName := tt.first == ann || strings.HasPrefix(tt.name, "plain"); byName != (canonical == tt.first) || !byName && canonical != *out.UserSub {
				t.Errorf("the user name is %q", canonical)
			}
			if must(s.AdminConfirmSignUp(s.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: out.UserSub}))(t); tt.first == ann {
				must(s.AdminUpdateUserAttributes(s.ctx, &idp.AdminUpdateUserAttributesInput{
					UserPoolId: &a.pool, Username: &tt.first, UserAttributes: attributes("email_verified", "true"),
				}))(t)
			}
			contact = nil
			if tt.email != "" {
				contact = []string{"email", tt.email}
			}
			_, err := s.SignUp(s.ctx, &idp.SignUpInput{
				ClientId: &a.id, Username: &tt.second, Password: ptr(password), UserAttributes: attributes(contact...),
			})
			if tt.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			tt.want(t, err)
		})
	}
}

// In a pool with aliases an address belongs to who verified it last.
func TestAliasMoves(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}))
	address := email()
	sign := func() string {
		name := username()
		must(s.SignUp(s.ctx, &idp.SignUpInput{
			ClientId: &a.id, Username: &name, Password: ptr(password), UserAttributes: attributes("email", address),
		}))(t)
		return name
	}
	first := sign()
	_, err := s.signIn(a, address, password) // an alias does not count before it is verified
	refused[*types.UserNotFoundException](t, err, textNoUser)
	if err := s.confirm(a, first, s.codeFor(address)); err != nil {
		t.Fatal(err)
	}
	s.tokens(a, address, password)

	second := sign()
	code := s.codeFor(address)
	refused[*types.AliasExistsException](t, s.confirm(a, second, code), "An account with the email already exists.")
	must(s.ConfirmSignUp(s.ctx, &idp.ConfirmSignUpInput{
		ClientId: &a.id, Username: &second, ConfirmationCode: &code, ForceAliasCreation: true,
	}))(t)
	if got := valueOf(s.user(a.pool, first).UserAttributes, "email_verified"); got != "false" {
		t.Errorf("the former owner's email_verified is %q", got)
	}
	if got := *s.user(a.pool, address).Username; got != second {
		t.Errorf("the alias finds %s, want %s", got, second)
	}
}

func TestCaseInsensitivePool(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: ptr(false)}
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}), withSecret)
	name, address := username(), email()
	upper := strings.ToUpper(name)
	must(s.SignUp(s.ctx, &idp.SignUpInput{
		ClientId: &a.id, SecretHash: a.hash(upper), Username: &upper, Password: ptr(password), UserAttributes: attributes("email", address),
	}))(t)
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, SecretHash: a.hash(name), Username: &name, Password: ptr(password)})
	refused[*types.UsernameExistsException](t, err, "User already exists")
	if err := s.confirm(a, name, s.codeFor(address)); err != nil {
		t.Fatal(err)
	}
	for _, as := range []string{name, upper, address, strings.ToUpper(address)} {
		if out, err := s.signIn(a, as, password); err != nil || out.AuthenticationResult == nil {
			t.Errorf("sign-in as %s: %v", as, err)
		}
		if out, err := s.signInSRP(a, as, password); err != nil || out.AuthenticationResult == nil {
			t.Errorf("sign-in with SRP as %s: %v", as, err)
		}
	}
	if got := *s.user(a.pool, upper).Username; got != name {
		t.Errorf("the user name is %q, want %q", got, name)
	}
}

// Codes end with their time, and their attempts with the hour.
func TestConfirmationOverTime(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool())
	u := s.newcomer(a)
	code := s.codeFor(u.email)
	s.server.Advance(24*time.Hour + time.Second)
	refused[*types.ExpiredCodeException](t, s.confirm(a, u.name, code), textOldCode)
	for range 14 {
		refused[*types.ExpiredCodeException](t, s.confirm(a, u.name, other(code)), textOldCode)
	}
	refused[*types.LimitExceededException](t, s.confirm(a, u.name, code), textAttempts)
	for range 5 {
		if _, err := s.resend(a, u.name); err != nil {
			t.Error(err)
		}
	}
	_, err := s.resend(a, u.name)
	refused[*types.LimitExceededException](t, err, textAttempts)
	code = s.codeFor(u.email)
	refused[*types.LimitExceededException](t, s.confirm(a, u.name, code), textAttempts)
	s.server.Advance(time.Hour)
	if err := s.confirm(a, u.name, code); err != nil {
		t.Error(err)
	}
}

func TestSecretHash(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(), withSecret)
	if len(a.secret) < 51 {
		t.Errorf("the secret has %d characters", len(a.secret))
	}
	u := s.newcomer(a)
	unable := "Unable to verify secret hash for client " + a.id
	for _, hash := range []*string{nil, ptr(secretHash("wrong", u.name, a.id)), ptr("notbase64="), a.hash("somebody")} {
		_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &a.id, SecretHash: hash, Username: &u.name, Password: ptr(password)})
		refused[*types.NotAuthorizedException](t, err, unable)
		_, err = s.ConfirmSignUp(s.ctx, &idp.ConfirmSignUpInput{ClientId: &a.id, SecretHash: hash, Username: &u.name, ConfirmationCode: ptr("1")})
		refused[*types.NotAuthorizedException](t, err, unable)
		_, err = s.ResendConfirmationCode(s.ctx, &idp.ResendConfirmationCodeInput{ClientId: &a.id, SecretHash: hash, Username: &u.name})
		refused[*types.NotAuthorizedException](t, err, unable)
		_, err = s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, SecretHash: hash, Username: &u.name})
		refused[*types.NotAuthorizedException](t, err, unable)
		_, err = s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{ClientId: &a.id, SecretHash: hash, Username: &u.name, ConfirmationCode: ptr("1"), Password: ptr(password)})
		refused[*types.NotAuthorizedException](t, err, unable)
	}
	if err := s.confirm(a, u.name, s.codeFor(u.email)); err != nil {
		t.Fatal(err)
	}

	start := func(hash *string) error {
		parameters := map[string]string{"USERNAME": u.name, "PASSWORD": u.password}
		if hash != nil {
			parameters["SECRET_HASH"] = *hash
		}
		_, err := s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{ClientId: &a.id, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: parameters})
		return err
	}
	missing := "Client " + a.id + " is configured with secret but SECRET_HASH was not received"
	refused[*types.NotAuthorizedException](t, start(nil), missing)
	refused[*types.NotAuthorizedException](t, start(a.hash("somebody")), unable)

	p := newProof()
	out := must(s.startSRP(a, p, u.name))(t)
	responses := p.responses(a.pool, u.password, out.ChallengeParameters)
	answer := func(hash *string) error {
		delete(responses, "SECRET_HASH")
		if hash != nil {
			responses["SECRET_HASH"] = *hash
		}
		_, err := s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
			ClientId: &a.id, ChallengeName: types.ChallengeNameTypePasswordVerifier, ChallengeResponses: responses,
		})
		return err
	}
	refused[*types.NotAuthorizedException](t, answer(nil), missing)
	refused[*types.NotAuthorizedException](t, answer(a.hash("somebody")), unable)
	if err := answer(a.hash(u.name)); err != nil {
		t.Error(err)
	}

	tokens := s.tokens(a, u.name, u.password)
	refresh := func(hash *string) error {
		parameters := map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken}
		if hash != nil {
			parameters["SECRET_HASH"] = *hash
		}
		_, err := s.InitiateAuth(s.ctx, &idp.InitiateAuthInput{ClientId: &a.id, AuthFlow: types.AuthFlowTypeRefreshToken, AuthParameters: parameters})
		return err
	}
	refused[*types.NotAuthorizedException](t, refresh(nil), missing)
	refused[*types.NotAuthorizedException](t, refresh(a.hash("somebody")), unable)
	for _, name := range []string{u.name, valueOf(s.user(a.pool, u.name).UserAttributes, "sub")} {
		if err := refresh(a.hash(name)); err != nil {
			t.Error(err)
		}
	}
}
