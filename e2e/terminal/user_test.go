package terminal

import "testing"

const (
	password = "Corr3ct-horse!"
	another  = "An0ther-horse!"
)

// TestLife signs a user up, confirms, logs in, looks and logs out.
func TestLife(t *testing.T) {
	t.Parallel()
	s := open(t, newApp(t))
	s.start("cenote whoami")
	s.ends(1, "cenote: nobody is signed in. Sign in with: cenote login")

	s.start("cenote signup -a email=ann@example.com")
	s.answer("User name", "ann")
	s.answerHidden("Password", password)
	s.answerHidden("Repeat it", password)
	s.ends(0, "Registered ann with sub ", "cenote confirm ann")

	s.start("cenote login ann")
	s.answerHidden("Password", password)
	s.ends(1, "cenote: UserNotConfirmedException: User is not confirmed.", "Confirm the user first: cenote confirm")

	s.start("cenote confirm ann")
	s.answer("Code", "000000x")
	s.ends(1, "Invalid verification code provided, please try again.")
	s.start("cenote confirm ann")
	s.answer("Code", code(t, "ann@example.com"))
	s.ends(0, "Confirmed ann.")

	s.start("cenote login ann")
	s.answerHidden("Password", password)
	s.ends(0, "Signed in as ann.")
	s.start("cenote whoami")
	s.ends(0, "username: ann", "email: ann@example.com", "email_verified: true")
	s.start("cenote logout")
	s.ends(0, "Signed ann out.")
	s.start("cenote whoami")
	s.ends(1, "nobody is signed in")
}

// TestDifferentPasswords mistypes the repetition of a new password, which registers nobody.
func TestDifferentPasswords(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	s := open(t, a)
	s.start("cenote signup ann")
	s.answerHidden("Password", password)
	s.answerHidden("Repeat it", another)
	s.ends(1, "cenote: the passwords differ")
	if a.hasUser(t, "ann") {
		t.Error("ann is registered")
	}
}

// TestWrongPassword is refused, with the service's words and an exit code.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.createUser(t, "ann", password)
	a.setPassword(t, "ann", password)
	s := open(t, a)
	for _, flow := range []string{"srp", "password"} {
		s.start("cenote login --flow " + flow + " ann")
		s.answerHidden("Password", another)
		s.ends(1, "cenote: NotAuthorizedException: Incorrect username or password.")
	}
	s.start("cenote login nobody")
	s.answerHidden("Password", password)
	s.ends(1, "cenote: UserNotFoundException: User does not exist.")
}

// TestNewPasswordRequired asks for what a user made by an administrator has to give: the
// attributes that the pool demands, and a password, again where it is not accepted.
func TestNewPasswordRequired(t *testing.T) {
	t.Parallel()
	a := newApp(t, "given_name")
	a.createUser(t, "ann", "Temp0rary!")
	s := open(t, a)
	s.start("cenote login")
	s.answer("User name", "ann")
	s.answerHidden("Password", "Temp0rary!")
	s.await("^The password is a temporary one and has to be replaced.$")
	s.answer("Attribute given_name", "Ann")
	s.answerHidden("New password", "sh0rt")
	s.answerHidden("Repeat it", "sh0rt")
	s.await("InvalidPasswordException: Password does not conform to policy: Password not long enough$")
	s.answerHidden("New password", password)
	s.answerHidden("Repeat it", password)
	s.ends(0, "Signed in as ann.")
	s.start("cenote whoami")
	s.ends(0, "given_name: Ann")
	s.start("cenote login ann")
	s.answerHidden("Password", password)
	s.ends(0, "Signed in as ann.")
}

// TestForgotPassword sets a new password with a code.
func TestForgotPassword(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	s := open(t, a)
	s.start("cenote signup -a email=bob@example.com bob")
	s.answerHidden("Password", password)
	s.answerHidden("Repeat it", password)
	s.ends(0)
	s.start("cenote confirm bob " + code(t, "bob@example.com"))
	s.ends(0)
	s.start("cenote forgot-password bob")
	s.await("^A code went by ")
	s.answer("Code", code(t, "bob@example.com"))
	s.answerHidden("New password", another)
	s.answerHidden("Repeat it", another)
	s.ends(0, "The password of bob is changed.")
	s.start("cenote login bob")
	s.answerHidden("Password", another)
	s.ends(0, "Signed in as bob.")
}

// TestInterrupt ends a question with Ctrl-C, which leaves the terminal as it was.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := open(t, newApp(t))
	s.start("cenote login ann")
	s.awaitHidden("Password")
	s.tmux("send-keys", "C-c")
	s.ends(1, "cenote: interrupted")
}
