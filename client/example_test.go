package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/cenote-id/cenote/client"
)

// From an unknown visitor to a user who is signed in.
func Example() {
	demo := startDemo() // a Cenote server with a user pool and an app client
	ctx := context.Background()

	pool, err := client.New(client.Config{
		UserPoolID: demo.UserPoolID,
		ClientID:   demo.ClientID,
		Endpoint:   demo.Endpoint, // leave it out and the pool is one of AWS
	})
	if err != nil {
		log.Fatal(err)
	}
	registered, err := pool.SignUp(ctx, client.Registration{
		Username:   "alice",
		Password:   "Passw0rd!",
		Attributes: map[string]string{"email": demo.email("alice")},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := registered.User.ConfirmSignUp(ctx, demo.code()); err != nil {
		log.Fatal(err)
	}
	session, err := registered.User.SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Username(), session.Valid())
	// Output: alice true
}

// A pool of Amazon Cognito, by an app client that has a secret.
func ExampleNew() {
	pool, err := client.New(client.Config{
		UserPoolID:   "eu-west-1_aB12cDe34",
		ClientID:     "7ghr5379orhbo88d52vphda6s9",
		ClientSecret: "1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pool.Endpoint())
	// Output: https://cognito-idp.eu-west-1.amazonaws.com/
}

// Registering a user (use case 1 of amazon-cognito-identity-js).
func ExamplePool_SignUp() {
	demo := startDemo()
	pool, ctx := demo.pool(), context.Background()

	registered, err := pool.SignUp(ctx, client.Registration{
		Username:   "alice",
		Password:   "Passw0rd!",
		Attributes: map[string]string{"email": demo.email("alice"), "phone_number": "+15555555555"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(registered.User.Username(), "confirmed:", registered.Confirmed, "- code by", registered.Delivery.Medium)

	_, err = pool.SignUp(ctx, client.Registration{Username: "alice", Password: "Passw0rd!"})
	fmt.Println(errors.Is(err, client.ErrUsernameExists), err)
	// Output:
	// alice confirmed: false - code by EMAIL
	// true UsernameExistsException: User already exists
}

// Confirming a user with the code from the e-mail (use case 2).
func ExampleUser_ConfirmSignUp() {
	demo := startDemo()
	pool, ctx := demo.pool(), context.Background()
	if _, err := pool.SignUp(ctx, client.Registration{
		Username: "alice", Password: "Passw0rd!", Attributes: map[string]string{"email": demo.email("alice")},
	}); err != nil {
		log.Fatal(err)
	}

	user := pool.User("alice")
	if err := user.ConfirmSignUp(ctx, "0"); errors.Is(err, client.ErrCodeMismatch) {
		fmt.Println(err)
	}
	if err := user.ConfirmSignUp(ctx, demo.code(), client.ForceAlias()); err != nil {
		log.Fatal(err)
	}
	// Output: CodeMismatchException: Invalid verification code provided, please try again.
}

// Sending the confirmation code again (use case 3).
func ExampleUser_ResendConfirmationCode() {
	demo := startDemo()
	pool, ctx := demo.pool(), context.Background()
	if _, err := pool.SignUp(ctx, client.Registration{
		Username: "alice", Password: "Passw0rd!", Attributes: map[string]string{"email": demo.email("alice")},
	}); err != nil {
		log.Fatal(err)
	}

	delivery, err := pool.User("alice").ResendConfirmationCode(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(delivery.Medium, delivery.Attribute)
	// Output: EMAIL email
}

// Signing in (use case 4). The password is proven by SRP and does not leave the process.
func ExampleUser_SignIn() {
	demo := startDemo()
	pool, ctx := demo.registered(), context.Background()

	session, err := pool.User("alice").SignIn(ctx, "Passw0rd!")
	switch {
	case err == nil:
		claims := session.Tokens().ID.Claims()
		fmt.Println(claims.Username, claims.Issuer == demo.Endpoint+"/"+demo.UserPoolID)
	case errors.Is(err, client.ErrNotAuthorized), errors.Is(err, client.ErrUserNotFound):
		fmt.Println("try again")
	case errors.Is(err, client.ErrUserNotConfirmed):
		fmt.Println("enter the code that was sent to you")
	case errors.Is(err, client.ErrPasswordResetRequired):
		fmt.Println("choose a new password")
	default:
		log.Fatal(err)
	}
	// Output: alice true
}

// Signing in by sending the password (use case 30).
func ExampleWithFlow() {
	demo := startDemo()
	pool, ctx := demo.registered(), context.Background()

	session, err := pool.User("alice").SignIn(ctx, "Passw0rd!", client.WithFlow(client.PasswordFlow))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Username())
	// Output: alice
}

// A user whom an administrator made chooses a password at the first sign-in (use case 23).
func ExampleNewPasswordRequired() {
	demo := startDemo()
	pool, ctx := demo.pool(), context.Background()
	demo.invite("bob", "Temp0rary!")

	session, err := pool.User("bob").SignIn(ctx, "Temp0rary!")
	if required, ok := errors.AsType[*client.NewPasswordRequired](err); ok {
		fmt.Println("required besides:", required.RequiredAttributes)
		session, err = required.Answer(ctx, "N3w-Passw0rd!", map[string]string{"given_name": "Bob"})
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Username())
	// Output:
	// required besides: []
	// bob
}

// Challenges that have no type of their own, those of a pool's functions, are answered by
// the names of Cognito's API.
func ExampleChallenge() {
	demo := startDemo()
	pool, ctx := demo.registered(), context.Background()

	session, err := pool.User("alice").SignIn(ctx, "Passw0rd!")
	for err != nil {
		challenge, ok := errors.AsType[*client.Challenge](err)
		if !ok {
			log.Fatal(err)
		}
		if challenge.Name != "CUSTOM_CHALLENGE" {
			log.Fatal(err)
		}
		session, err = challenge.Respond(ctx, map[string]string{"ANSWER": prompt(challenge.Parameters["question"])})
	}
	fmt.Println(session.Username())
	// Output: alice
}

// prompt asks the user.
func prompt(question string) (answer string) {
	fmt.Print(question, ": ")
	if _, err := fmt.Scanln(&answer); err != nil {
		log.Fatal(err)
	}
	return answer
}

// Replacing a forgotten password (use case 12).
func ExampleUser_ForgotPassword() {
	demo := startDemo()
	pool, ctx := demo.registered(), context.Background()

	user := pool.User("alice")
	delivery, err := user.ForgotPassword(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("code by", delivery.Medium)
	if err := user.ConfirmForgotPassword(ctx, demo.code(), "N3w-Passw0rd!"); err != nil {
		log.Fatal(err)
	}
	if _, err := user.SignIn(ctx, "N3w-Passw0rd!"); err != nil {
		log.Fatal(err)
	}
	// Output: code by EMAIL
}

// Telling refusals apart.
func ExampleError() {
	demo := startDemo()
	pool, ctx := demo.registered(), context.Background()

	_, err := pool.User("alice").SignIn(ctx, "wrong")
	if refused, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(refused.Code, refused.Status, refused.Operation)
		fmt.Println(refused.Message)
	}
	// Output:
	// NotAuthorizedException 400 RespondToAuthChallenge
	// Incorrect username or password.
}

// The proof of an app client's secret, for calls that are made without this package.
func ExampleSecretHash() {
	fmt.Println(client.SecretHash("1abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn", "janedoe", "1example23456789"))
	// Output: F3TiLEZhqxn0Ur//VJcpMrDLOzGERdbKWOhU0cLyRHk=
}
