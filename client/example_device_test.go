package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/cenote-id/cenote/client"
)

// Listing the devices that a user has signed in from, page by page (use case 18).
func ExampleSession_ListDevices() {
	demo := startDevicesDemo()
	session, ctx := demo.signedIn(), context.Background()
	_, err := demo.pool().User("alice").SignIn(ctx, "Passw0rd!") // from another device
	if err != nil {
		log.Fatal(err)
	}

	for after, more := "", true; more; more = after != "" {
		devices, next, err := session.ListDevices(ctx, 1, after)
		if err != nil {
			log.Fatal(err)
		}
		for _, device := range devices {
			fmt.Println(device.Name, device.Remembered)
		}
		after = next
	}
	// Output:
	// my program false
	// my program false
}

// What the service knows of the device that a session is on (use case 19).
func ExampleSession_Device() {
	demo := startDevicesDemo()
	session, ctx := demo.signedIn(), context.Background()

	device, err := session.Device(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(device.Key == session.Tokens().Access.Claims().DeviceKey, device.LastIP)
	// Output: true 127.0.0.1
}

// Remembering a device, which then takes the place of the second factor (use case 20).
func ExampleSession_RememberDevice() {
	demo := startDevicesDemo()
	pool, ctx := demo.registered(), context.Background()
	session, err := pool.User("alice").SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	err = session.SetMFAPreference(ctx, client.MFAPreference{SMS: &client.MFASetting{Enabled: true, Preferred: true}})
	if err != nil {
		log.Fatal(err)
	}

	if session.AskToRemember() { // a new device, and the pool leaves it to the user
		if err := session.RememberDevice(ctx, ""); err != nil {
			log.Fatal(err)
		}
	}
	session, err = pool.User("alice").SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Valid())
	_, err = demo.pool().User("alice").SignIn(ctx, "Passw0rd!") // from another device
	_, asked := errors.AsType[*client.CodeRequired](err)
	fmt.Println("a code elsewhere:", asked)
	// Output:
	// true
	// a code elsewhere: true
}

// Not remembering a device any more; it is still known (use case 21).
func ExampleSession_DoNotRememberDevice() {
	demo := startDevicesDemo()
	session, ctx := demo.signedIn(), context.Background()
	if err := session.RememberDevice(ctx, ""); err != nil {
		log.Fatal(err)
	}

	if err := session.DoNotRememberDevice(ctx, ""); err != nil {
		log.Fatal(err)
	}
	device, err := session.Device(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(device.Remembered)
	// Output: false
}

// Forgetting a device: the next sign-in from it is one from a new device (use case 22).
func ExampleSession_ForgetDevice() {
	demo := startDevicesDemo()
	pool, ctx := demo.registered(), context.Background()
	session, err := pool.User("alice").SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	first, err := session.DeviceKey(ctx)
	if err != nil {
		log.Fatal(err)
	}

	if err := session.ForgetDevice(ctx, ""); err != nil {
		log.Fatal(err)
	}
	if session, err = pool.User("alice").SignIn(ctx, "Passw0rd!"); err != nil {
		log.Fatal(err)
	}
	second, err := session.DeviceKey(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(second != "", second != first)
	// Output: true true
}
