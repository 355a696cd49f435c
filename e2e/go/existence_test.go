package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote"
)

// What a client learns about names that nobody has, and about users who cannot be reached,
// by its PreventUserExistenceErrors.
func TestExistence(t *testing.T) {
	t.Parallel()
	s := open(t)
	pool := s.pool()
	legacy, hides := s.app(pool), s.app(pool, hiding)
	nobody := username()
	disabled := s.member(pool)
	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &pool, Username: &disabled.name}))(t)
	newcomer := s.newcomer(legacy)
	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &pool, Username: &newcomer.name}))(t)
	unreachable := s.member(pool)
	if err := s.adminUpdate(pool, unreachable.name, "email_verified", "false"); err != nil {
		t.Fatal(err)
	}
	signIn := func(a app, name string) error { _, err := s.signIn(a, name, "Wr0ng-password!"); return err }
	bySRP := func(a app, name string) error { _, err := s.signInSRP(a, name, "Wr0ng-password!"); return err }
	byAdmin := func(a app, name string) error {
		_, err := s.AdminInitiateAuth(s.ctx, &idp.AdminInitiateAuthInput{
			UserPoolId: &pool, ClientId: &a.id, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": "Wr0ng-password!"},
		})
		return err
	}
	forgot := func(a app, name string) error { _, err := s.forgot(a, name); return err }
	resend := func(a app, name string) error { _, err := s.resend(a, name); return err }
	confirm := func(a app, name string) error { return s.confirm(a, name, "123456") }
	reset := func(a app, name string) error { return s.resetBy(a, name, "123456", password) }
	noUser := wants[*types.UserNotFoundException](textNoUser)
	noClientUser := wants[*types.UserNotFoundException](textNoClientUser)
	wrong := wants[*types.NotAuthorizedException](textBadPassword)
	out := wants[*types.NotAuthorizedException]("User is disabled.")
	fine := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	tests := []struct {
		what          string
		try           func(app, string) error
		user          string
		legacy, hides func(*testing.T, error)
	}{
		{"password, nobody", signIn, nobody, noUser, wrong},
		{"password, disabled", signIn, disabled.name, wrong, wrong},
		{"SRP, nobody", bySRP, nobody, noUser, wrong},
		{"SRP, disabled", bySRP, disabled.name, wrong, wrong},
		{"admin, nobody", byAdmin, nobody, noUser, wrong},
		{"ForgotPassword, nobody", forgot, nobody, noClientUser, fine},
		{"ForgotPassword, disabled", forgot, disabled.name, out, fine},
		{"ForgotPassword, no contact", forgot, unreachable.name, wants[*types.InvalidParameterException](textNoContact), fine},
		{"ConfirmForgotPassword, nobody", reset, nobody, noClientUser, wants[*types.CodeMismatchException](textBadCode)},
		{"ConfirmForgotPassword, disabled", reset, disabled.name, out, wants[*types.CodeMismatchException](textBadCode)},
		{"ConfirmForgotPassword, none sent", reset, unreachable.name, wants[*types.ExpiredCodeException](textOldCode), wants[*types.ExpiredCodeException](textOldCode)},
		{"ResendConfirmationCode, nobody", resend, nobody, noClientUser, fine},
		{"ResendConfirmationCode, disabled", resend, newcomer.name, out, fine},
		{"ConfirmSignUp, nobody", confirm, nobody, noClientUser, wants[*types.ExpiredCodeException](textOldCode)},
	}
	for _, tt := range tests {
		tt.legacy(t, tt.try(legacy, tt.user))
		tt.hides(t, tt.try(hides, tt.user))
		if t.Failed() {
			t.Fatal(tt.what)
		}
	}
	// Sign-up tells of a name that is taken in any case, and administrators see all.
	_, err := s.SignUp(s.ctx, &idp.SignUpInput{ClientId: &hides.id, Username: &disabled.name, Password: ptr(password)})
	refused[*types.UsernameExistsException](t, err, "User already exists")
	_, err = s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &pool, Username: &nobody})
	refused[*types.UserNotFoundException](t, err, textNoUser)
	_, err = s.signIn(hides, disabled.name, disabled.password) // who has the password learns the state
	refused[*types.NotAuthorizedException](t, err, "User is disabled.")
}

// What stands in for users that do not exist has the form of those who do, and does not
// change from call to call.
func TestStrangers(t *testing.T) {
	t.Parallel()
	s := open(t)
	kinds := map[string]struct {
		pool func(*idp.CreateUserPoolInput)
		name func() string // of a stranger
		uuid bool          // users have the names that the server gives them
	}{
		"plain": {func(*idp.CreateUserPoolInput) {}, username, false},
		"alias": {func(in *idp.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
		}, username, false},
		"by address": {func(in *idp.CreateUserPoolInput) {
			in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		}, email, true},
	}
	for kind, k := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := sceneOn(t, s.server)
			a := s.app(s.pool(k.pool), hiding)
			sibling := s.app(a.pool, hiding)
			known, stranger := k.name(), k.name()
			must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
				UserPoolId: &a.pool, Username: &known, MessageAction: types.MessageActionTypeSuppress,
			}))(t)
			s.setPassword(a.pool, known, password)
			p := newProof()
			begin := func(a app, name string) map[string]string {
				t.Helper()
				out := must(s.startSRP(a, p, name))(t)
				if out.ChallengeName != types.ChallengeNameTypePasswordVerifier {
					t.Errorf("got %q", out.ChallengeName)
				}
				return out.ChallengeParameters
			}
			real, first, second, third := begin(a, known), begin(a, stranger), begin(a, stranger), begin(sibling, stranger)
			for _, again := range []map[string]string{second, third} {
				if again["SALT"] != first["SALT"] || again["USER_ID_FOR_SRP"] != first["USER_ID_FOR_SRP"] {
					t.Errorf("the stranger changes: %v %v", first, again)
				}
				if again["SRP_B"] == first["SRP_B"] || again["SECRET_BLOCK"] == first["SECRET_BLOCK"] {
					t.Error("the exchange repeats")
				}
			}
			for _, member := range []string{"SALT", "SRP_B", "SECRET_BLOCK", "USER_ID_FOR_SRP", "USERNAME"} {
				if d := len(real[member]) - len(first[member]); d < -8 || d > 8 {
					t.Errorf("%s: %d and %d characters", member, len(real[member]), len(first[member]))
				}
			}
			if len(real) != len(first) || len(first) != 5 {
				t.Errorf("%v and %v", real, first)
			}
			if got := first["USER_ID_FOR_SRP"]; k.uuid != uuid.MatchString(got) || !k.uuid && got != stranger {
				t.Errorf("the stranger's user name is %q", got)
			}
			if got := real["USER_ID_FOR_SRP"]; k.uuid != uuid.MatchString(got) {
				t.Errorf("the user's name is %q", got)
			}
			_, err := s.finishSRP(a, p.responses(a.pool, password, first))
			refused[*types.NotAuthorizedException](t, err, textBadPassword)

			code := must(s.forgot(a, stranger))(t)
			if again := must(s.forgot(sibling, stranger))(t); !cmp.Equal(code, again, sameDetails) {
				t.Errorf("the destination changes: %v %v", code, again)
			}
			if !regexp.MustCompile(`^[a-z0-9]\*\*\*@[a-z]\*\*\*$`).MatchString(*code.Destination) ||
				strings.Contains(stranger, "@") && *code.Destination != masked(stranger) {
				t.Errorf("the destination is %s", *code.Destination)
			}
		})
	}
}

// Strangers have limits like users: a limit would tell them apart.
func TestStrangersHaveLimits(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(), hiding)
	u := s.newcomer(a)
	for _, name := range []string{u.name, username()} {
		for range 5 {
			must(s.resend(a, name))(t)
		}
		_, err := s.resend(a, name)
		refused[*types.LimitExceededException](t, err, textAttempts)
	}
	v := s.member(a.pool)
	for _, name := range []string{v.name, username()} {
		for range 20 {
			must(s.forgot(a, name))(t)
		}
		_, err := s.forgot(a, name)
		refused[*types.LimitExceededException](t, err, textAttempts)
	}
}

func TestAdminCreateUser(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{
			MinimumLength: ptr[int32](20), RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true,
		}}
	}))
	create := func(name string, change func(*idp.AdminCreateUserInput)) (*types.UserType, error) {
		in := &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &name}
		change(in)
		out, err := s.AdminCreateUser(s.ctx, in)
		if err != nil {
			return nil, err
		}
		return out.User, nil
	}
	name, address := username(), email()
	u := must(create(name, func(in *idp.AdminCreateUserInput) {
		in.UserAttributes = attributes("email", address, "email_verified", "True")
		in.DesiredDeliveryMediums = []types.DeliveryMediumType{types.DeliveryMediumTypeEmail}
	}))(t)
	if u.UserStatus != types.UserStatusTypeForceChangePassword || *u.Username != name || *u.Attributes[0].Name != "sub" ||
		valueOf(u.Attributes, "email_verified") != "true" || u.MFAOptions != nil {
		t.Errorf("%+v", u)
	}
	for range 3 {
		generated := s.codeFor(address)
		for _, class := range []string{`[A-Z]`, `[a-z]`, `[0-9]`, `[^A-Za-z0-9]`, `^\S{20,}$`} {
			if !regexp.MustCompile(class).MatchString(generated) {
				t.Errorf("the generated password breaks the policy: %s", class)
			}
		}
		if out := must(s.signIn(a, name, generated))(t); out.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
			t.Errorf("got %q", out.ChallengeName)
		}
		must(create(name, func(in *idp.AdminCreateUserInput) { in.MessageAction = types.MessageActionTypeResend }))(t)
		_, err := s.signIn(a, name, generated)
		refused[*types.NotAuthorizedException](t, err, textBadPassword)
	}

	for what, try := range map[string]struct {
		name   string
		change func(*idp.AdminCreateUserInput)
		check  func(*testing.T, error)
	}{
		"name taken": {name, func(*idp.AdminCreateUserInput) {}, wants[*types.UsernameExistsException]("User account already exists")},
		"alias taken": {username(), func(in *idp.AdminCreateUserInput) {
			in.UserAttributes = attributes("email", address, "email_verified", "true")
		}, wants[*types.UsernameExistsException]("An account with the email already exists.")},
		"name like an address": {email(), func(*idp.AdminCreateUserInput) {}, wants[*types.InvalidParameterException](
			"Username cannot be of email format, since user pool is configured for email alias.")},
		"weak password": {username(), func(in *idp.AdminCreateUserInput) { in.TemporaryPassword = ptr("short") }, wants[*types.InvalidPasswordException](
			"Password did not conform with password policy: Password not long enough")},
		"unknown attribute": {
			username(), func(in *idp.AdminCreateUserInput) { in.UserAttributes = attributes("custom:role", "x") },
			wants[*types.InvalidParameterException]("Attributes did not conform to the schema: Type for attribute {custom:role} could not be determined"),
		},
		"verified nothing": {
			username(), func(in *idp.AdminCreateUserInput) { in.UserAttributes = attributes("email_verified", "true") },
			wants[*types.InvalidParameterException]("Email is required to verify/un-verify an email"),
		},
		"sub": {
			username(), func(in *idp.AdminCreateUserInput) { in.UserAttributes = attributes("sub", "x") },
			wants[*types.InvalidParameterException]("user.sub: Attribute cannot be updated.\n"),
		},
		"no such contact": {username(), func(in *idp.AdminCreateUserInput) {
			in.DesiredDeliveryMediums = []types.DeliveryMediumType{types.DeliveryMediumTypeSms}
		}, wants[*types.InvalidParameterException]("User does not have an email or phone_number for the requested delivery medium.")},
		"resend to nobody": {
			username(), func(in *idp.AdminCreateUserInput) { in.MessageAction = types.MessageActionTypeResend },
			wants[*types.UserNotFoundException](textNoUser),
		},
	} {
		_, err := create(try.name, try.change)
		try.check(t, err)
		if t.Failed() {
			t.Fatal(what)
		}
		if try.name != name {
			_, err := s.AdminGetUser(s.ctx, &idp.AdminGetUserInput{UserPoolId: &a.pool, Username: &try.name})
			refused[*types.UserNotFoundException](t, err, textNoUser)
		}
	}

	// ForceAliasCreation moves the alias; SUPPRESS sends nothing.
	second := username()
	must(create(second, func(in *idp.AdminCreateUserInput) {
		in.UserAttributes = attributes("email", address, "email_verified", "true")
		in.ForceAliasCreation, in.MessageAction = true, types.MessageActionTypeSuppress
	}))(t)
	if got := valueOf(s.user(a.pool, name).UserAttributes, "email_verified"); got != "false" {
		t.Errorf("the former owner's email_verified is %q", got)
	}
	messages := s.server.Messages(s.ctx, address)
	if slices.ContainsFunc(messages, func(m cenote.Message) bool { return m.Username == second }) {
		t.Error("a suppressed message was sent")
	}
	must(create(username(), func(in *idp.AdminCreateUserInput) { in.TemporaryPassword = ptr("Temporary-password-1") }))(t)
}
