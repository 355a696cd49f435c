package e2e

import (
	"slices"
	"testing"
	"time"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const (
	textNoContact  = "Cannot reset password for the user as there is no registered/verified email or phone_number"
	textAdminReset = "Contact administrator to reset password."
	textState      = "User password cannot be reset in the current state."
)

func (s *scene) forgot(a app, name string) (*types.CodeDeliveryDetailsType, error) {
	out, err := s.ForgotPassword(s.ctx, &idp.ForgotPasswordInput{ClientId: &a.id, SecretHash: a.hash(name), Username: &name})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

func (s *scene) resetBy(a app, name, code, password string) error {
	_, err := s.ConfirmForgotPassword(s.ctx, &idp.ConfirmForgotPasswordInput{
		ClientId: &a.id, SecretHash: a.hash(name), Username: &name, ConfirmationCode: &code, Password: &password,
	})
	return err
}

func TestForgotPassword(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool(), withSecret)
	u := s.member(a.pool)
	old := s.tokens(a, u.name, u.password)
	const second, third = "Second-secret-2", "Third-secret-3"

	refused[*types.ExpiredCodeException](t, s.resetBy(a, u.name, "123456", second), textOldCode) // none was sent
	details, err := s.forgot(a, u.name)
	if diff := cmp.Diff(byEmail(masked(u.email)), details, sameDetails); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got := s.user(a.pool, u.name).UserStatus; got != types.UserStatusTypeConfirmed {
		t.Errorf("the user is %s", got)
	}
	s.tokens(a, u.name, u.password) // the old password still counts
	code := s.codeFor(u.email)
	refused[*types.CodeMismatchException](t, s.resetBy(a, u.name, other(code), second), textBadCode)
	refused[*types.InvalidPasswordException](t, s.resetBy(a, u.name, code, "short"), "Password does not conform to policy: Password not long enough")
	if err := s.resetBy(a, u.name, code, second); err != nil { // a refused password left the code good
		t.Fatal(err)
	}
	refused[*types.ExpiredCodeException](t, s.resetBy(a, u.name, code, third), textOldCode)
	s.tokens(a, u.name, second)
	_, err = s.signIn(a, u.name, u.password)
	refused[*types.NotAuthorizedException](t, err, textBadPassword)
	if _, err := s.GetUser(s.ctx, &idp.GetUserInput{AccessToken: old.AccessToken}); err != nil {
		t.Errorf("a reset signed out: %v", err)
	}

	must(s.forgot(a, u.name))(t)
	code = s.codeFor(u.email)
	s.server.Advance(time.Hour + time.Second)
	refused[*types.ExpiredCodeException](t, s.resetBy(a, u.name, code, third), textOldCode)
	// The limit is of both operations together, and ends with the hour.
	for range 19 {
		must(s.forgot(a, u.name))(t)
	}
	_, err = s.forgot(a, u.name)
	refused[*types.LimitExceededException](t, err, textAttempts)
	refused[*types.LimitExceededException](t, s.resetBy(a, u.name, s.codeFor(u.email), third), textAttempts)
	s.server.Advance(time.Hour)
	must(s.forgot(a, u.name))(t)
	if err := s.resetBy(a, u.name, s.codeFor(u.email), third); err != nil {
		t.Error(err)
	}

	// A reset unlocks.
	for range 5 {
		_, err = s.signIn(a, u.name, "Wr0ng-password!")
		refused[*types.NotAuthorizedException](t, err, textBadPassword)
	}
	must(s.forgot(a, u.name))(t)
	if err := s.resetBy(a, u.name, s.codeFor(u.email), second); err != nil {
		t.Error(err)
	}
	s.tokens(a, u.name, second)
}

// Where the code goes: by what the pool prefers and what the user has verified.
func TestRecoveryMatrix(t *testing.T) {
	t.Parallel()
	s := open(t)
	mechanism := func(names ...types.RecoveryOptionNameType) *types.AccountRecoverySettingType {
		out := &types.AccountRecoverySettingType{}
		for i, name := range names {
			out.RecoveryMechanisms = append(out.RecoveryMechanisms, types.RecoveryOptionType{Name: name, Priority: ptr(int32(i + 1))})
		}
		return out
	}
	const mail, sms, admin = types.RecoveryOptionNameTypeVerifiedEmail, types.RecoveryOptionNameTypeVerifiedPhoneNumber, types.RecoveryOptionNameTypeAdminOnly
	settings := map[string]struct {
		setting *types.AccountRecoverySettingType
		order   []string // attributes
	}{
		"default":      {nil, []string{"email", "phone_number"}},
		"legacy":       {&types.AccountRecoverySettingType{}, []string{"phone_number", "email"}},
		"e-mail first": {mechanism(mail, sms), []string{"email", "phone_number"}},
		"phone first":  {mechanism(sms, mail), []string{"phone_number", "email"}},
		"e-mail only":  {mechanism(mail), []string{"email"}},
		"admin only":   {mechanism(admin), nil},
	}
	for name, setting := range settings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sceneOn(t, s.server)
			pool := s.pool(func(in *idp.CreateUserPoolInput) {
				in.AccountRecoverySetting = setting.setting
				in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: ptr("arn:aws:iam::000000000000:role/sms")}
			})
			legacy, hides := s.app(pool), s.app(pool, hiding)
			for _, has := range [][]string{{"email", "phone_number"}, {"email"}, {"phone_number"}, nil} {
				contacts := map[string]string{"email": email(), "phone_number": phone()}
				var pairs []string
				for attribute, value := range contacts {
					pairs = append(pairs, attribute, value)
					if slices.Contains(has, attribute) {
						pairs = append(pairs, attribute+"_verified", "true")
					}
				}
				user := username()
				must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{
					UserPoolId: &pool, Username: &user, MessageAction: types.MessageActionTypeSuppress, UserAttributes: attributes(pairs...),
				}))(t)
				s.setPassword(pool, user, password)
				var want *types.CodeDeliveryDetailsType
				for _, attribute := range slices.Backward(setting.order) {
					if !slices.Contains(has, attribute) {
						continue
					}
					if want = byEmail(masked(contacts["email"])); attribute == "phone_number" {
						want = bySMS(masked(contacts["phone_number"]))
					}
				}
				for _, a := range []app{legacy, hides} {
					got, err := s.forgot(a, user)
					switch {
					case setting.order == nil:
						refused[*types.NotAuthorizedException](t, err, textAdminReset)
					case want != nil:
						if diff := cmp.Diff(want, got, sameDetails); err != nil || diff != "" {
							t.Errorf("verified %v: %v %s", has, err, diff)
						}
					case a == legacy:
						refused[*types.InvalidParameterException](t, err, textNoContact)
					default:
						if err != nil || got == nil {
							t.Errorf("verified %v: %v %v", has, got, err)
						}
					}
				}
			}
		})
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := openAlone(t)
	a := s.app(s.pool(func(in *idp.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{
			MinimumLength: ptr[int32](10), RequireNumbers: true, PasswordHistorySize: ptr[int32](2),
		}}
	}))
	u := s.member(a.pool)
	token := s.tokens(a, u.name, u.password).AccessToken
	change := func(old *string, next string) error {
		_, err := s.ChangePassword(s.ctx, &idp.ChangePasswordInput{AccessToken: token, PreviousPassword: old, ProposedPassword: &next})
		return err
	}
	const second, third = "second-secret-2", "third-secret-3"
	refused[*types.NotAuthorizedException](t, change(ptr("wrong"), second), textBadPassword)
	refused[*types.InvalidParameterException](t, change(nil, second), "Missing required parameter PreviousPassword")
	refused[*types.InvalidPasswordException](t, change(&u.password, "short-1"), "Password does not conform to policy: Password not long enough")
	refused[*types.PasswordHistoryPolicyViolationException](t, change(&u.password, u.password), "Password has previously been used.")
	if err := change(&u.password, second); err != nil {
		t.Error(err)
	}
	refused[*types.LimitExceededException](t, change(ptr(second), third), textAttempts)
	s.server.Advance(time.Hour)
	token = s.tokens(a, u.name, second).AccessToken
	refused[*types.PasswordHistoryPolicyViolationException](t, change(ptr(second), u.password), "Password has previously been used.")
	if err := change(ptr(second), third); err != nil {
		t.Error(err)
	}
	if err := change(ptr(third), u.password); err != nil { // two others came in between
		t.Error(err)
	}
	// History holds wherever a password is set.
	_, err := s.AdminSetUserPassword(s.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name, Password: ptr(third), Permanent: true})
	refused[*types.PasswordHistoryPolicyViolationException](t, err, "Password has previously been used.")
	_, err = s.AdminSetUserPassword(s.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name, Password: ptr("short-1")})
	refused[*types.InvalidPasswordException](t, err, "Password does not conform to policy: Password not long enough")
	must(s.forgot(a, u.name))(t)
	refused[*types.PasswordHistoryPolicyViolationException](t, s.resetBy(a, u.name, s.codeFor(u.email), third), "Password has previously been used.")
	must(s.AdminSetUserPassword(s.ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &a.pool, Username: &u.name, Password: ptr("temporary-4")}))(t)
	out := must(s.signIn(a, u.name, "temporary-4"))(t)
	_, err = s.RespondToAuthChallenge(s.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &a.id, ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": u.name, "NEW_PASSWORD": u.password},
	})
	refused[*types.PasswordHistoryPolicyViolationException](t, err, "Password has previously been used.")

	// Wrong previous passwords lock like wrong passwords.
	s.setPassword(a.pool, u.name, "fifth-secret-5")
	for range 5 {
		_, err := s.signIn(a, u.name, "Wr0ng-password!")
		refused[*types.NotAuthorizedException](t, err, textBadPassword)
	}
	refused[*types.NotAuthorizedException](t, change(ptr("fifth-secret-5"), "sixth-secret-6"), textLocked)
}

func TestResetByAdministrator(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.app(s.pool())
	reset := func(name string) error {
		_, err := s.AdminResetUserPassword(s.ctx, &idp.AdminResetUserPasswordInput{UserPoolId: &a.pool, Username: &name})
		return err
	}
	fresh := s.newcomer(a)
	refused[*types.NotAuthorizedException](t, reset(fresh.name), textState)
	_, err := s.forgot(a, fresh.name)
	refused[*types.InvalidParameterException](t, err, textNoContact)
	refused[*types.UserNotConfirmedException](t, s.resetBy(a, fresh.name, "123456", password), "User is not confirmed.")
	must(s.AdminConfirmSignUp(s.ctx, &idp.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &fresh.name}))(t)
	refused[*types.InvalidParameterException](t, reset(fresh.name), textNoContact)

	invited := username()
	must(s.AdminCreateUser(s.ctx, &idp.AdminCreateUserInput{UserPoolId: &a.pool, Username: &invited}))(t)
	refused[*types.NotAuthorizedException](t, reset(invited), textState)
	_, err = s.forgot(a, invited)
	refused[*types.NotAuthorizedException](t, err, textState)

	u := s.member(a.pool)
	must(s.AdminDisableUser(s.ctx, &idp.AdminDisableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	refused[*types.NotAuthorizedException](t, reset(u.name), "User is disabled")
	_, err = s.forgot(a, u.name)
	refused[*types.NotAuthorizedException](t, err, "User is disabled.")
	must(s.AdminEnableUser(s.ctx, &idp.AdminEnableUserInput{UserPoolId: &a.pool, Username: &u.name}))(t)
	for range 2 { // it may be repeated
		if err := reset(u.name); err != nil {
			t.Error(err)
		}
	}
	must(s.forgot(a, u.name))(t)
	if err := s.resetBy(a, u.name, s.codeFor(u.email), "Second-secret-2"); err != nil {
		t.Error(err)
	}
	if got := s.user(a.pool, u.name).UserStatus; got != types.UserStatusTypeConfirmed {
		t.Errorf("the user is %s", got)
	}
}
