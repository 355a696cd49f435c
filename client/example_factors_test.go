package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/cenote-id/cenote/client"
)

// Turning second factors on in the way that was before SetMFAPreference (use case 9).
func ExampleSession_EnableMFA() {
	demo := startFactorsDemo("OPTIONAL")
	session, ctx := demo.signedIn(), context.Background()
	if err := session.EnableMFA(ctx); err != nil {
		log.Fatal(err)
	}

	_, err := demo.pool().User("alice").SignIn(ctx, "Passw0rd!")
	code, ok := errors.AsType[*client.CodeRequired](err)
	if !ok {
		log.Fatal(err)
	}
	fmt.Println(code.Factor)
	session, err = code.Answer(ctx, demo.sms())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Valid())
	// Output:
	// SMS_MFA
	// true
}

// Turning second factors off again (use case 10).
func ExampleSession_DisableMFA() {
	demo := startFactorsDemo("OPTIONAL")
	session, ctx := demo.signedIn(), context.Background()
	if err := session.EnableMFA(ctx); err != nil {
		log.Fatal(err)
	}

	if err := session.DisableMFA(ctx); err != nil {
		log.Fatal(err)
	}
	session, err := demo.pool().User("alice").SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Valid())
	// Output: true
}

// Which second factors a user has (use case 24).
func ExampleSession_UserData_secondFactors() {
	demo := startFactorsDemo("OPTIONAL")
	session, ctx := demo.signedIn(), context.Background()
	for _, setting := range []client.MFASetting{{Enabled: true, Preferred: true}, {}} {
		if err := session.SetMFAPreference(ctx, client.MFAPreference{SMS: &setting}); err != nil {
			log.Fatal(err)
		}
		user, err := session.UserData(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.MFA, user.PreferredMFA)
	}
	// Output:
	// [SMS_MFA] SMS_MFA
	// []
}

// A sign-in by a program that answers whatever is asked (use case 27).
func ExampleSelectMFAType() {
	demo := startFactorsDemo("OPTIONAL")
	ctx := context.Background()
	app := demo.app(demo.signedIn(), client.MFAPreference{
		SMS: &client.MFASetting{Enabled: true}, SoftwareToken: &client.MFASetting{Enabled: true},
	})

	session, err := demo.pool().User("alice").SignIn(ctx, "Passw0rd!")
	for session == nil {
		if selection, ok := errors.AsType[*client.SelectMFAType](err); ok {
			fmt.Println("choose one of", selection.Choices)
			session, err = selection.Choose(ctx, client.SoftwareTokenMFA)
			continue
		}
		if code, ok := errors.AsType[*client.CodeRequired](err); ok {
			fmt.Println("give a code:", code.Factor)
			session, err = code.Answer(ctx, app.code(1))
			continue
		}
		log.Fatal(err)
	}
	fmt.Println(session.Valid())
	// Output:
	// choose one of [SMS_MFA SOFTWARE_TOKEN_MFA]
	// give a code: SOFTWARE_TOKEN_MFA
	// true
}

// Setting up an authenticator app while signing in to a pool that demands a second factor
// (use case 27).
func ExampleMFASetup() {
	demo := startFactorsDemo("ON")
	ctx := context.Background()
	demo.invite("bob", "Temp0rary!")

	_, err := demo.pool().User("bob").SignIn(ctx, "Temp0rary!")
	if required, ok := errors.AsType[*client.NewPasswordRequired](err); ok {
		_, err = required.Answer(ctx, "Passw0rd!", nil)
	}
	setup, ok := errors.AsType[*client.MFASetup](err)
	if !ok {
		log.Fatal(err)
	}
	secret, err := setup.AssociateSoftwareToken(ctx)
	if err != nil {
		log.Fatal(err)
	}
	uri := client.SoftwareTokenURI(secret, "My App", "bob") // for a QR code
	session, err := setup.VerifySoftwareToken(ctx, appOf(uri).code(0), "my phone")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Username(), session.Valid())
	// Output: bob true
}

// Preferring codes by SMS (use case 28).
func ExampleSession_SetMFAPreference_sms() {
	demo := startFactorsDemo("OPTIONAL")
	session, ctx := demo.signedIn(), context.Background()

	err := session.SetMFAPreference(ctx, client.MFAPreference{SMS: &client.MFASetting{Enabled: true, Preferred: true}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = demo.pool().User("alice").SignIn(ctx, "Passw0rd!")
	if code, ok := errors.AsType[*client.CodeRequired](err); ok {
		session, err = code.Answer(ctx, demo.sms())
	}
	fmt.Println(session.Valid(), err)
	// Output: true <nil>
}

// Preferring the codes of an authenticator app, after setting it up (use case 29).
func ExampleSession_SetMFAPreference_app() {
	demo := startFactorsDemo("OPTIONAL")
	session, ctx := demo.signedIn(), context.Background()

	secret, err := session.AssociateSoftwareToken(ctx)
	if err != nil {
		log.Fatal(err)
	}
	app := appOf(client.SoftwareTokenURI(secret, "My App", "alice")) // from a QR code
	if err := session.VerifySoftwareToken(ctx, app.code(0), "my phone"); err != nil {
		log.Fatal(err)
	}
	err = session.SetMFAPreference(ctx, client.MFAPreference{SoftwareToken: &client.MFASetting{Enabled: true, Preferred: true}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = demo.pool().User("alice").SignIn(ctx, "Passw0rd!")
	if code, ok := errors.AsType[*client.CodeRequired](err); ok {
		fmt.Println(code)
		session, err = code.Answer(ctx, app.code(1))
	}
	fmt.Println(session.Valid(), err)
	// Output:
	// client: sign-in needs a code of the authenticator app
	// true <nil>
}
