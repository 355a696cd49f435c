package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/cenote-id/cenote/client"
)

// Signing in by what the user chooses of what the pool allows.
func ExampleUser_SignInByChoice() {
	demo := startChoiceDemo()
	pool, ctx := demo.registered(), context.Background()

	_, err := pool.User("alice").SignInByChoice(ctx, "")
	selection, ok := errors.AsType[*client.SelectChallenge](err)
	if !ok {
		log.Fatal(err)
	}
	fmt.Println("choose one of", selection.Choices)
	_, err = selection.Choose(ctx, client.EmailOTP)
	code, ok := errors.AsType[*client.CodeRequired](err)
	if !ok {
		log.Fatal(err)
	}
	fmt.Println(code.Delivery.Medium)
	session, err := code.Answer(ctx, demo.code())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Valid())
	// Output:
	// choose one of [PASSWORD_SRP PASSWORD EMAIL_OTP]
	// EMAIL
	// true
}

// A user without a password, who is signed in as soon as the address is confirmed.
func ExampleUser_ConfirmAndSignIn() {
	demo := startChoiceDemo()
	pool, ctx := demo.pool(), context.Background()

	registered, err := pool.SignUp(ctx, client.Registration{Username: "alice", Attributes: map[string]string{"email": demo.email("alice")}})
	if err != nil {
		log.Fatal(err)
	}
	session, err := registered.User.ConfirmAndSignIn(ctx, demo.code())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Username(), session.Valid())

	_, err = pool.User("alice").SignInByChoice(ctx, client.EmailOTP)
	if code, ok := errors.AsType[*client.CodeRequired](err); ok {
		session, err = code.Answer(ctx, demo.code())
	}
	fmt.Println(session.Valid(), err)
	// Output:
	// alice true
	// true <nil>
}
